/**
 * Ranked designs for a whole schema. A handful of value domains is tried as the main key, each with and without columns
 * to be added, beside one design that uses schemas and one that leaves everything where it is. Pure; linear in the size
 * of the schema for each of the designs tried.
 */
import type {
  Advice,
  AdviceEvidence,
  Design,
  DesignChoice,
  DesignFigures,
  DesignSummary,
} from '../../contract/advisor';
import { counted, listed, readable } from '../plan';
import { formatShare } from '../words';
import { asItIs, assign, toJudge } from './assignment';
import type { Assignment, Placed } from './assignment';
import { applyChoices } from './choices';
import { evaluate, skewOfLargest, toDesign } from './design';
import type { Advising, Evaluated } from './design';
import type { AdvisorFacts } from '../../contract/advisor-facts';
import type { SqlQuoting } from '../plan';
import { toModel } from './model';
import type { Domain, Model } from './model';
import { toObserved } from './observed';
import { assignSchemas } from './schemas';
import { toWorkload } from './workload';

/** Main keys that are tried; further ones cover less and would be ranked below. */
const triedDomains = 8;
const shownDesigns = 6;

export interface Adviser {
  readonly advice: Advice;
  /** Null when there is no design of that id. */
  design(designId: string, choices: readonly DesignChoice[]): Design | null;
  /** For what is told about one table in it. */
  evaluated(designId: string, choices: readonly DesignChoice[]): Evaluated | null;
  readonly advising: Advising;
}

interface Candidate {
  readonly designId: string;
  readonly assignment: Assignment;
  readonly evaluated: Evaluated;
}

export function advise(
  facts: AdvisorFacts,
  asked: {
    readonly adviceId: string;
    readonly clusterId: string;
    readonly takenAt: string;
    readonly growth: number;
    readonly sql: SqlQuoting;
  },
): Adviser {
  const model = toModel(facts);
  const workload = toWorkload(model);
  const judge = toJudge(model, toObserved(workload));
  const advising: Advising = {
    adviceId: asked.adviceId,
    judge,
    workload,
    growth: asked.growth,
    sql: asked.sql,
  };
  const candidates = rank(advising, [
    ...mainDomains(model, judge).flatMap((domain) => [
      assign(judge, domain, true),
      ...(domain.members.size > 1 ? [assign(judge, domain, false)] : []),
    ]),
    ...[assignSchemas(judge)].filter((one) => one !== null),
    { id: 'local', primary: null, placed: asItIs(judge) },
  ]);
  const best = candidates[0];
  const summaries = candidates.map((one): DesignSummary => ({
    ...wordsOf(advising, one, best),
    kind: one.evaluated.kind,
    score: Math.round(one.evaluated.score),
    counts: one.evaluated.counts,
    kept: one.evaluated.kept,
    figures: { ...one.evaluated.figures, skew: skewOfLargest(advising, one.evaluated) },
    shardCount: one.evaluated.shardCount.count,
    shardCountWhy: one.evaluated.shardCount.why,
  }));
  const changed = (
    designId: string,
    choices: readonly DesignChoice[],
  ): { candidate: Candidate; evaluated: Evaluated; problems: readonly string[] } | null => {
    const candidate = candidates.find((one) => one.designId === designId);
    if (!candidate) return null;
    if (choices.length === 0) return { candidate, evaluated: candidate.evaluated, problems: [] };
    const { placed, problems } = applyChoices(judge, candidate.assignment, choices);
    return { candidate, evaluated: evaluate(advising, placed), problems };
  };
  return {
    advising,
    advice: {
      adviceId: asked.adviceId,
      clusterId: asked.clusterId,
      takenAt: asked.takenAt,
      growth: asked.growth,
      workers: facts.workers,
      evidence: evidenceOf(facts, advising),
      designs: summaries,
    },
    design(designId, choices) {
      const found = changed(designId, choices);
      if (!found) return null;
      return toDesign(
        advising,
        found.evaluated,
        wordsOf(advising, { ...found.candidate, evaluated: found.evaluated }, best),
        choices,
        found.problems,
      );
    },
    evaluated: (designId, choices) => changed(designId, choices)?.evaluated ?? null,
  };
}

/** Domains with values enough, by the bytes that they hold or reach over foreign keys. */
function mainDomains(model: Model, judge: Advising['judge']): readonly Domain[] {
  const able = model.domains.filter((domain) =>
    [...domain.members].some(([table, columns]) => columns.some((column) => judge.isUsable(table, column))),
  );
  // Reaching is counted for those only that hold much or that many keys point to.
  const byBytes = able.toSorted((one, other) => other.bytes - one.bytes).slice(0, 3 * triedDomains);
  const pointedAt = (domain: Domain): number =>
    domain.root ? (model.incoming[domain.root.table]?.length ?? 0) : 0;
  const byKeys = able.toSorted((one, other) => pointedAt(other) - pointedAt(one)).slice(0, 3 * triedDomains);
  const measured = [...new Set([...byBytes, ...byKeys])].map((domain) => {
    const reached = reach(model, domain);
    return { domain, bytes: domain.bytes + reached.bytes, tables: domain.members.size + reached.tables };
  });
  // A key that ties nothing is no main key; tables get such keys of their own in any design.
  const tying = measured.filter(({ tables }) => tables > 1);
  return (tying.length > 0 ? tying : measured)
    .toSorted((one, other) => other.bytes - one.bytes || one.domain.id - other.domain.id)
    .slice(0, triedDomains)
    .map(({ domain }) => domain);
}

/** Tables that have no column of the domain but reach it over foreign keys. */
function reach(model: Model, domain: Domain): { readonly bytes: number; readonly tables: number } {
  const seen = new Set(domain.members.keys());
  const queue = [...seen];
  let bytes = 0;
  for (let at = 0; at < queue.length; at += 1) {
    for (const link of model.incoming[queue[at] as number] ?? []) {
      if (link.key === null || seen.has(link.from)) continue;
      seen.add(link.from);
      queue.push(link.from);
      bytes += model.tables[link.from]?.bytes ?? 0;
    }
  }
  return { bytes, tables: seen.size - domain.members.size };
}

/** Best first; of equal designs the one with fewer groups, then the one made first, which covers more. */
function rank(advising: Advising, assignments: readonly Assignment[]): readonly Candidate[] {
  const seen = new Set<string>();
  const candidates: Candidate[] = [];
  for (const assignment of assignments) {
    const signature = signatureOf(assignment.placed);
    if (seen.has(signature)) continue;
    seen.add(signature);
    candidates.push({
      designId: assignment.id,
      assignment,
      evaluated: evaluate(advising, assignment.placed),
    });
  }
  const ranked = candidates.toSorted((one, other) => other.evaluated.score - one.evaluated.score);
  const shown = ranked.slice(0, shownDesigns);
  const stays = ranked.find(({ designId }) => designId === 'local');
  return stays && !shown.includes(stays) ? [...shown.slice(0, -1), stays] : shown;
}

/** Groups by what lies in them, whatever their numbers. */
function signatureOf(placed: readonly Placed[]): string {
  const numbers = new Map<number, number>();
  return placed
    .map(({ becomes, column, group }) => {
      if (group !== null && !numbers.has(group)) numbers.set(group, numbers.size);
      return `${becomes} ${column ?? ''} ${group === null ? '' : (numbers.get(group) ?? '')}`;
    })
    .join('\n');
}

function wordsOf(
  advising: Advising,
  { designId, assignment, evaluated }: Candidate,
  best: Candidate | undefined,
): { readonly designId: string; readonly title: string; readonly why: string } {
  const why = reasonWords(advising, evaluated, best?.designId === designId);
  if (evaluated.kind === 'local') {
    const anyKept = evaluated.placed.some(({ isKept }) => isKept);
    return { designId, title: anyKept ? 'Leave it as it is' : 'Stay on one server', why };
  }
  if (evaluated.kind === 'schemas') return { designId, title: 'A schema for each tenant', why };
  return { designId, title: keyTitle(advising.judge.model, assignment, evaluated), why };
}

function keyTitle(model: Model, assignment: Assignment, evaluated: Evaluated): string {
  const bytes = new Map<string, number>();
  evaluated.placed.forEach((one, index) => {
    if (one.becomes !== 'distributed' || one.column === null) return;
    const domain =
      one.group === assignment.primary?.id ? assignment.primary : model.domainOf(index, one.column);
    const label = domain?.label ?? one.column;
    bytes.set(label, (bytes.get(label) ?? 0) + (model.tables[index]?.bytes ?? 0));
  });
  const labels = [...bytes].sort((one, other) => other[1] - one[1]).map(([label]) => label);
  const adds = evaluated.placed.some(({ derived }) => derived !== null);
  return `By ${listed(labels, 3)}${adds ? ', with columns to be added' : ''}`;
}

function reasonWords(advising: Advising, evaluated: Evaluated, isBest: boolean): string {
  const { figures, kind, counts } = evaluated;
  if (kind === 'local') return localWords(advising, isBest);
  const parts: string[] = [];
  parts.push(`${formatShare(figures.spread)} of the bytes spread or copied`);
  if (figures.workload) {
    parts.push(`${formatShare(figures.workload.oneShard)} of the observed calls on one shard`);
    if (figures.workload.refused > 0)
      parts.push(`${formatShare(figures.workload.refused)} refused as they are`);
  }
  parts.push(keyWords(figures));
  if (counts.schema > 0) parts.push('each tenant on one node');
  const columns = evaluated.placed.filter(({ derived }) => derived !== null).length;
  if (columns > 0) parts.push(`${counted(columns, 'table')} must get the column first`);
  const words = parts.join('; ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function keyWords({ foreignKeys, foreignKeysLost }: Omit<DesignFigures, 'skew'>): string {
  if (foreignKeys === 0) return 'there are no foreign keys to lose';
  return foreignKeysLost === 0
    ? `${foreignKeys === 1 ? 'the foreign key is' : `all ${foreignKeys} foreign keys are`} kept`
    : `${foreignKeysLost} of ${counted(foreignKeys, 'foreign key')} lost`;
}

function localWords(advising: Advising, isBest: boolean): string {
  const { growth, judge } = advising;
  const grown = growth === 1 ? 'the data' : `the data, ${growth} times as much,`;
  const bytes = judge.model.totalBytes * growth;
  if (!isBest) return 'Nothing changes; one server carries all of it.';
  return bytes <= 10 * 1024 ** 3
    ? `One server carries ${grown} easily; distributing it would cost more than it brings.`
    : 'No column ties enough of the schema together: every design tried would lose rules or send rows between nodes.';
}

function evidenceOf(facts: AdvisorFacts, { workload, judge }: Advising): AdviceEvidence {
  const blind = judge.model.tables.filter(
    (table) => table.citus === null && table.columns.every(({ statistics }) => statistics === null),
  );
  const sampled = new Map(facts.samples.map(({ table, rows }) => [readable(table), rows]));
  return {
    tables: facts.tables.length,
    tablesWithoutStatistics: blind.length,
    tablesSampled: sampled.size,
    rowsSampled: [...sampled.values()].reduce((sum, rows) => sum + rows, 0),
    statements: workload
      ? {
          statements: workload.statements,
          calls: workload.calls,
          notUnderstood: workload.notUnderstood,
        }
      : null,
    statementsMissing:
      workload !== null
        ? null
        : (facts.statementsMissing ?? {
            why: 'No statement was seen yet that touches these tables.',
            remedy: 'Let the application run for a while, then advise again.',
          }),
    gaps: facts.gaps,
  };
}
