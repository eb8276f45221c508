/** What every judgement is made of, and how words and levels are chosen the same way in all of them. */
import type { HealthCheck, HealthEvidence, HealthLevel, HealthMend } from '../../contract/health';
import { counted, listed } from '../plan';
import type { Fact, HealthFacts, NodeHealthFacts } from './facts';

/** A check without since when: a judgement knows no time but may know since when a node is away. */
export type Judged = Omit<HealthCheck, 'since' | 'word'> & {
  readonly since?: string;
  readonly word?: string;
  /** It was asked on every node that answers: those that do not are named with it. */
  readonly asksNodes?: boolean;
};

export type Judgement = (facts: HealthFacts) => Judged;

export const levelWords: Readonly<Record<HealthLevel, string>> = {
  stops: 'stops work',
  mind: 'mind',
  unknown: 'not known',
  fine: 'fine',
};

export const onEachNode = 'Asked on every node, each over its own session.';
export const fromCatalogs = "Read with the coordinator's catalogs; this statement answers the same question.";

export function evidence(subject: string, value: string, isFinding = false): HealthEvidence {
  return { subject, value, isFinding };
}

/** Nodes that gave the fact, and those that did not with the reason. */
export function answersOf<T>(
  nodes: readonly NodeHealthFacts[],
  pick: (node: NodeHealthFacts) => Fact<T>,
): {
  readonly answers: readonly { readonly node: NodeHealthFacts; readonly value: T }[];
  readonly silent: readonly { readonly node: NodeHealthFacts; readonly why: string }[];
} {
  const answers: { node: NodeHealthFacts; value: T }[] = [];
  const silent: { node: NodeHealthFacts; why: string }[] = [];
  for (const node of nodes) {
    const fact = pick(node);
    if (fact.known) answers.push({ node, value: fact.value });
    else silent.push({ node, why: fact.why });
  }
  return { answers, silent };
}

interface NodeCheck<T> {
  readonly id: string;
  /** What it is about, as in "wal_level". */
  readonly subject: string;
  readonly pick: (node: NodeHealthFacts) => Fact<T>;
  /** What one node's answer shows and whether it is a finding. */
  readonly judge: (
    value: T,
    node: NodeHealthFacts,
  ) => { readonly value: string; readonly isFinding: boolean };
  readonly level: 'stops' | 'mind';
  readonly word?: string;
  /** Of the nodes it was found on. */
  readonly title: (addresses: readonly string[]) => string;
  readonly found: (addresses: readonly string[]) => string;
  readonly fine: { readonly title: string; readonly found: string };
  readonly means: string;
  readonly how: HealthCheck['how'];
  readonly mend: HealthMend;
}

/** The shape of most checks: every node is asked the same, and some answers are findings. */
export function judgeNodes<T>(facts: HealthFacts, check: NodeCheck<T>): Judged {
  const { answers, silent } = answersOf(facts.nodes, check.pick);
  const seen = answers.map(({ node, value }) => ({ node, ...check.judge(value, node) }));
  const findings = seen.filter(({ isFinding }) => isFinding).map(({ node }) => node.address);
  const rows = [
    ...seen.map(({ node, value, isFinding }) => evidence(node.address, value, isFinding)),
    ...silent.map(({ node, why }) => evidence(node.address, `not known: ${why}`)),
  ].sort((one, other) => Number(other.isFinding) - Number(one.isFinding));
  const rest = { id: check.id, asksNodes: true, means: check.means, how: check.how, evidence: rows };
  if (findings.length > 0) {
    return {
      ...rest,
      level: check.level,
      word: check.word,
      title: check.title(findings),
      found: check.found(findings) + silentWords(silent.length),
      mend: check.mend,
    };
  }
  if (silent.length > 0) {
    return { ...rest, ...unknownFor(check.subject, silent, facts.nodes.length), mend: null };
  }
  return { ...rest, level: 'fine', title: check.fine.title, found: check.fine.found, mend: null };
}

function silentWords(silent: number): string {
  return silent === 0 ? '' : ` ${counted(silent, 'node')} could not be asked.`;
}

/** "wal_level of 14 nodes", and why. */
export function unknownFor(
  subject: string,
  silent: readonly { readonly node: NodeHealthFacts; readonly why: string }[],
  all: number,
): Pick<Judged, 'level' | 'title' | 'found'> {
  const names = silent.map(({ node }) => node.address);
  const whose =
    silent.length === all ? '' : ` of ${names.length === 1 ? listed(names) : counted(names.length, 'node')}`;
  const reasons = [...new Set(silent.map(({ why }) => why))];
  return {
    level: 'unknown',
    title: `${subject}${whose}`,
    found:
      reasons.length === 1
        ? (reasons[0] ?? '')
        : `${reasons[0] ?? ''} Other nodes: other reasons, see below.`,
  };
}

/** "db-w1:5432 does", "db-w1:5432 and db-w2:5432 do", "12 nodes do". */
export function nodesDo(addresses: readonly string[], one: string, many: string): string {
  if (addresses.length > 2) return `${addresses.length} nodes ${many}`;
  return `${listed(addresses)} ${addresses.length === 1 ? one : many}`;
}

/** "on db-w1:5432", "on 12 nodes". */
export function onNodes(addresses: readonly string[]): string {
  return addresses.length > 2 ? `on ${addresses.length} nodes` : `on ${listed(addresses)}`;
}

export function numberOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
