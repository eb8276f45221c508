/**
 * A design as a choice for every table, made from one value domain: tables that hold the domain's value are distributed
 * by it; tables that reach it over foreign keys get the column (where that is wanted); small tables that these are tied
 * to become reference tables; large ones that are left are distributed by a key of their own; the rest stays local. Pure.
 */
import type { Becomes } from '../../contract/advisor';
import { readable } from '../plan';
import { formatShare } from '../words';
import { judgeColumn } from './columns';
import type { ColumnJudgement } from './columns';
import type { AdvisorTable } from '../../contract/advisor-facts';
import type { Domain, Link, Model } from './model';
import { isWrittenOften, referenceLimitBytes } from './observed';
import type { Observed } from './observed';
import { placeOwnKeys, placeReferences } from './placing';

export interface Placed {
  readonly becomes: Becomes;
  readonly column: string | null;
  /** Tables with the same number lie together; a domain's id, or below zero for a group of what is there already. */
  readonly group: number | null;
  /** The column is still to be added, filled over this foreign key from that column of the parent. */
  readonly derived: { readonly link: Link; readonly parentColumn: string } | null;
  readonly isKept: boolean;
  readonly why: string;
}

export interface Assignment {
  readonly id: string;
  readonly primary: Domain | null;
  readonly placed: readonly Placed[];
}

/** What every assignment asks again and again. */
export interface Judge {
  readonly model: Model;
  readonly observed: Observed;
  readonly columnOf: (table: number, column: string) => ColumnJudgement | null;
  readonly isUsable: (table: number, column: string) => boolean;
  readonly isSmall: (table: number) => boolean;
  /** Of the columns by which tables are distributed already. */
  readonly keptDomains: readonly Domain[];
}

export function toJudge(model: Model, observed: Observed): Judge {
  const known = model.tables.map(() => new Map<string, ColumnJudgement | null>());
  const limit = referenceLimitBytes(model);
  const samples = new Map(
    model.facts.samples.map((sample) => [`${model.indexOf(sample.table) ?? -1}\0${sample.column}`, sample]),
  );
  const columnOf = (table: number, name: string): ColumnJudgement | null => {
    const cached = known[table]?.get(name);
    if (cached !== undefined) return cached;
    const facts = model.tables[table];
    const column = model.column(table, name);
    const made =
      facts && column
        ? judgeColumn(facts, column, model.facts.workers, samples.get(`${table}\0${name}`))
        : null;
    known[table]?.set(name, made);
    return made;
  };
  return {
    model,
    observed,
    columnOf,
    isUsable: (table, column) => {
      const judgement = columnOf(table, column);
      return judgement !== null && judgement.forbidden === null && judgement.poor === null;
    },
    keptDomains: [
      ...new Set(
        model.tables.flatMap(({ citus }, table) => {
          const isHash = citus?.type === 'distributed' && citus.column !== null;
          const domain = isHash ? model.domainOf(table, citus.column) : undefined;
          return domain ? [domain] : [];
        }),
      ),
    ],
    isSmall: (table) => {
      const facts = model.tables[table];
      return facts !== undefined && facts.bytes <= limit && !facts.isPartitioned;
    },
  };
}

/** As it is now: what Citus knows stays what it is, the rest is local. */
export function asItIs(judge: Judge): readonly Placed[] {
  return judge.model.tables.map((table) => keptPlace(judge.model, table) ?? local(table.obstacle ?? ''));
}

export function keptPlace(model: Model, table: AdvisorTable): Placed | null {
  const { citus } = table;
  // Citus takes a local table of its metadata like any other.
  if (citus === null || citus.type === 'local') return null;
  const index = model.indexOf(table);
  const domain =
    citus.column !== null && index !== undefined ? model.domainOf(index, citus.column) : undefined;
  return {
    becomes: citus.type,
    column: citus.column,
    group:
      citus.type === 'distributed'
        ? domain && isOnlyKeptGroup(model, domain, citus.colocationId)
          ? domain.id
          : -1 - citus.colocationId
        : citus.type === 'schema'
          ? -1 - citus.colocationId
          : null,
    derived: null,
    isKept: true,
    why: `already ${citus.type === 'schema' ? 'part of a distributed schema' : citus.type}`,
  };
}

/** New tables join what is there only where it is clear which group that is. */
function isOnlyKeptGroup(model: Model, domain: Domain, colocationId: number): boolean {
  for (const [table, columns] of domain.members) {
    const citus = model.tables[table]?.citus;
    if (citus?.type === 'distributed' && citus.column !== null && columns.includes(citus.column))
      return citus.colocationId === colocationId;
  }
  return false;
}

export function local(why: string): Placed {
  return { becomes: 'local', column: null, group: null, derived: null, isKept: false, why };
}

export function assign(judge: Judge, primary: Domain, derives: boolean): Assignment {
  const { model } = judge;
  const placed: (Placed | null)[] = model.tables.map(
    (table) =>
      keptPlace(model, table) ?? (table.obstacle === null ? null : local(`stays: it ${table.obstacle}`)),
  );
  placeMembers(judge, primary, placed);
  // What belongs to tables that are distributed already is put beside them.
  for (const domain of judge.keptDomains) placeMembers(judge, domain, placed);
  if (derives) placeDerived(judge, primary, placed);
  placeReferences(judge, placed);
  placeOwnKeys(judge, placed);
  placeReferences(judge, placed);
  return {
    id: `${primary.id}${derives ? '+' : ''}`,
    primary,
    placed: placed.map((one, index) => one ?? local(localWhy(judge, index))),
  };
}

function placeMembers(judge: Judge, domain: Domain, placed: (Placed | null)[]): void {
  for (const [table, columns] of domain.members) {
    if (placed[table] !== null) continue;
    const column = bestMember(judge, domain, table, columns);
    if (column === null) continue;
    placed[table] = {
      becomes: 'distributed',
      column,
      group: domain.id,
      derived: null,
      isKept: false,
      why: memberWhy(judge, domain, table, column),
    };
  }
}

/** Of several columns of one domain in a table, as supplier and home warehouse: by use, then by key, then by name. */
export function bestMember(
  judge: Judge,
  domain: Domain,
  table: number,
  columns: readonly string[],
): string | null {
  const facts = judge.model.tables[table];
  if (!facts) return null;
  let best: { column: string; weight: number } | null = null;
  for (const column of columns) {
    if (!judge.isUsable(table, column)) continue;
    const isInKey = facts.uniqueness.some(
      (one) => one.kind === 'primary-key' && one.columns.includes(column),
    );
    // A key of few columns leads to the top of the hierarchy, one of many to something beside it.
    const nearness = Math.max(
      0,
      ...facts.foreignKeys.filter((key) => key.columns.includes(column)).map((key) => 1 / key.columns.length),
    );
    const weight =
      3 * (judge.observed.comparedShare(table, column) ?? 0)
      + (isInKey ? 2 : 0)
      + nearness
      + (column === domain.label ? 0.5 : 0);
    if (!best || weight > best.weight) best = { column, weight };
  }
  return best?.column ?? null;
}

function memberWhy(judge: Judge, domain: Domain, table: number, column: string): string {
  const { model } = judge;
  const parts: string[] = [];
  const compared = judge.observed.comparedShare(table, column);
  if (compared !== null && compared > 0) parts.push(`in ${formatShare(compared)} of its statements`);
  const isRoot = domain.root?.table === table && domain.root.column === column;
  if (isRoot) {
    const children = new Set(
      (model.incoming[table] ?? []).filter((link) => link.from !== table).map((link) => link.from),
    ).size;
    parts.push(
      children > 0
        ? `its key; ${children === 1 ? '1 table points' : `${children} tables point`} to it`
        : 'its key',
    );
  } else {
    const link = (model.outgoing[table] ?? []).find((one) => one.columns.includes(column));
    const parent = link ? model.tables[link.to] : undefined;
    if (link && parent)
      parts.push(
        link.key
          ? `foreign key to ${readable(parent)}`
          : `named and typed like the key of ${readable(parent)}; no foreign key says so`,
      );
    else parts.push('in its key, and in other tables by this name');
  }
  return parts.join('; ');
}

function placeDerived(judge: Judge, domain: Domain, placed: (Placed | null)[]): void {
  const { model } = judge;
  const queue = [...placed.keys()].filter((table) => placed[table]?.group === domain.id);
  for (let at = 0; at < queue.length; at += 1) {
    const parent = queue[at] as number;
    const parentColumn = placed[parent]?.column ?? null;
    if (parentColumn === null) continue;
    for (const link of model.incoming[parent] ?? []) {
      const child = model.tables[link.from];
      if (link.key === null || placed[link.from] !== null || !child) continue;
      if (link.columns.some((column) => mayBeNull(judge, link.from, column))) continue;
      const parentName = model.tables[parent];
      const column = freeName(child, parentColumn, domain.label, parentName?.name ?? '');
      placed[link.from] = {
        becomes: 'distributed',
        column,
        group: domain.id,
        derived: { link, parentColumn },
        isKept: false,
        why: `reaches it over ${parentName ? readable(parentName) : ''}; the column must be added first`,
      };
      queue.push(link.from);
    }
  }
}

function mayBeNull(judge: Judge, table: number, column: string): boolean {
  const facts = judge.model.column(table, column);
  return !facts || (facts.isNullable && (facts.statistics?.nullFraction ?? 1) > 0);
}

function freeName(child: AdvisorTable, parentColumn: string, label: string, parent: string): string {
  const wanted = [parentColumn === 'id' ? label : parentColumn, label, `${parent}_${parentColumn}`];
  const free = wanted.find((name) => !child.columns.some((column) => column.name === name));
  return (free ?? `${parent}_${label}_key`).slice(0, 63);
}

function localWhy(judge: Judge, table: number): string {
  const facts = judge.model.tables[table];
  if (!judge.isSmall(table)) return 'no column of it can carry a distribution; it stays on the coordinator';
  if (facts && isWrittenOften(facts, table, judge.observed))
    return 'written often, tied to no distributed table';
  return 'nothing ties it to a distributed table';
}
