/** A whole design: every table's place, what it costs, how it would serve the statements that were seen. Pure. */
import type {
  Becomes,
  Design,
  DesignChoice,
  DesignFigures,
  DesignKind,
  DesignTable,
  ForeignKeyFate,
} from '../../contract/advisor';
import type { TableName } from '../../contract/cluster';
import type { ColumnPreparation } from '../../contract/table-changes';
import type { Judge, Placed } from './assignment';
import { designChanges } from './changes';
import { shortened } from './columns';
import type { AdvisorTable, ColumnSample } from '../../contract/advisor-facts';
import type { SqlQuoting } from '../plan';
import { settleGroups } from './groups';
import type { Grouped, WidenedType } from './groups';
import { foreignKeyFates, uniqueFates } from './key-fates';
import type { KeyFate, UniqueFate } from './key-fates';
import { scoreOf, spreadOf } from './score';
import { keptShardCounts, shardCountFor } from './shard-count';
import type { ShardCount } from './shard-count';
import { simulateShards, skewOf } from './shard-sizes';
import type { Simulation } from './shard-sizes';
import { routeAll } from './routing';
import type { Role, Routed } from './routing';
import type { Workload } from './workload';

export interface Advising {
  readonly adviceId: string;
  readonly judge: Judge;
  readonly workload: Workload | null;
  readonly growth: number;
  readonly sql: SqlQuoting;
}

/** What is known of an assignment before it is put into words: enough to rank it. */
export interface Evaluated {
  readonly placed: readonly Placed[];
  readonly grouped: Grouped;
  readonly keys: readonly KeyFate[];
  readonly uniques: readonly UniqueFate[];
  readonly routed: Routed | null;
  readonly shardCount: ShardCount;
  readonly figures: Omit<DesignFigures, 'skew'>;
  readonly score: number;
  readonly counts: Readonly<Record<Becomes, number>>;
  readonly kept: number;
  readonly kind: DesignKind;
}

export function evaluate(advising: Advising, assigned: readonly Placed[]): Evaluated {
  const { judge, workload } = advising;
  const { model } = judge;
  const grouped = settleGroups(model, assigned);
  const { placed } = grouped;
  const keys = foreignKeyFates(model, placed);
  const uniques = uniqueFates(model, placed);
  const routed = workload ? routeAll(workload, (table) => roleOf(placed, table)) : null;
  const counts: Record<Becomes, number> = { distributed: 0, reference: 0, local: 0, schema: 0 };
  for (const one of placed) if (!one.isKept) counts[one.becomes] += 1;
  const groups = new Set(
    placed.flatMap((one) => (one.becomes === 'distributed' && !one.isKept ? [one.group] : [])),
  ).size;
  const fates = (fate: KeyFate['fate']): number => keys.filter((key) => key.fate === fate).length;
  const figures = {
    spread: spreadOf(judge, placed),
    referenceBytes: sumOf(placed, (one, index) =>
      one.becomes === 'reference' ? (model.tables[index]?.bytes ?? 0) : 0,
    ),
    foreignKeys: keys.length,
    foreignKeysKept: fates('kept'),
    foreignKeysWidened: fates('widened'),
    foreignKeysLost: fates('lost'),
    keysWidened: uniques.filter((one) => one.fate === 'widened').length,
    keysLost: uniques.filter((one) => one.fate === 'lost').length,
    bytesRewritten: sumOf(placed, (one, index) =>
      one.derived !== null || grouped.typeChanges.has(index) ? (model.tables[index]?.bytes ?? 0) : 0,
    ),
    workload: routed?.shares ?? null,
  };
  return {
    placed,
    grouped,
    keys,
    uniques,
    routed,
    shardCount: shardCountFor(advising, placed),
    figures,
    score: scoreOf(advising, { placed, keys, uniques, routed, figures, groups }),
    counts,
    kept: placed.filter(({ isKept }) => isKept).length,
    kind: counts.schema > 0 ? 'schemas' : groups === 0 ? 'local' : groups === 1 ? 'one-key' : 'several-keys',
  };
}

function sumOf(placed: readonly Placed[], value: (one: Placed, index: number) => number): number {
  return placed.reduce((sum, one, index) => sum + value(one, index), 0);
}

function roleOf(placed: readonly Placed[], table: number): Role {
  const one = placed[table];
  return {
    becomes: one?.becomes ?? 'local',
    column: one?.becomes === 'distributed' ? one.column : null,
    group: one?.group ?? 0,
    derived: one?.derived ?? null,
  };
}

export function toDesign(
  advising: Advising,
  evaluated: Evaluated,
  words: { readonly designId: string; readonly title: string; readonly why: string },
  choices: readonly DesignChoice[],
  problems: readonly string[],
): Design {
  const { judge, sql } = advising;
  const { model } = judge;
  const changes = designChanges(model, evaluated.grouped, evaluated.keys, evaluated.uniques, sql);
  const changing = new Set(changes.map(({ table }) => `${table.schema}\0${table.name}`));
  const simulate = simulator(advising, evaluated);
  const firsts = firstOfGroups(advising, evaluated);
  const tables = model.tables.map((table, index): DesignTable => {
    const one = evaluated.placed[index] as Placed;
    const first = one.group === null ? undefined : firsts.get(one.group);
    const isFirst = first === index;
    const isHash = one.becomes === 'distributed';
    const simulation = isHash && !one.isKept ? simulate(index, one) : null;
    return {
      schema: table.schema,
      name: table.name,
      becomes: one.becomes,
      column: isHash ? one.column : null,
      colocateWith: isHash && first !== undefined && !isFirst ? nameOf(model.tables[first]) : null,
      shardCount: isHash && isFirst && !one.isKept ? evaluated.shardCount.count : null,
      isKept: one.isKept,
      why: one.why,
      rows: table.rows >= 0 && !(one.isKept && one.becomes !== 'local') ? table.rows : null,
      bytes: table.bytes,
      shards: simulation?.shares ?? null,
      shardsFrom: simulation?.from ?? (one.isKept ? 'as it lies now' : shardsWords(one.becomes)),
      mustChange: changing.has(`${table.schema}\0${table.name}`),
      prepare: preparationOf(one, evaluated.grouped.typeChanges.get(index)),
    };
  });
  return {
    ...words,
    adviceId: advising.adviceId,
    kind: evaluated.kind,
    score: Math.round(evaluated.score),
    counts: evaluated.counts,
    kept: evaluated.kept,
    figures: { ...evaluated.figures, skew: skewOfLargest(advising, evaluated) },
    shardCount: evaluated.shardCount.count,
    shardCountWhy: evaluated.shardCount.why,
    choices,
    tables,
    foreignKeys: evaluated.keys.map((key) => toFate(model.tables, key)),
    changes,
    refused: (evaluated.routed?.refused ?? []).slice(0, 50).map(({ statement, why }) => ({
      text: shortened(statement.observed.text.replaceAll(/\s+/g, ' ').trim(), 300),
      calls: statement.observed.calls,
      why,
    })),
    problems,
  };
}

function preparationOf(one: Placed, type: WidenedType | undefined): ColumnPreparation | null {
  if (one.derived?.link.key)
    return { how: 'add', foreignKey: one.derived.link.key.name, parentColumn: one.derived.parentColumn };
  return type === undefined ? null : { how: 'widen', type };
}

export function toFate(tables: readonly AdvisorTable[], key: KeyFate): ForeignKeyFate {
  return {
    name: key.link.key?.name ?? '',
    from: nameOf(tables[key.link.from]),
    to: nameOf(tables[key.link.to]),
    fate: key.fate,
    why: key.why,
  };
}

function nameOf(table: TableName | undefined): TableName {
  return { schema: table?.schema ?? '', name: table?.name ?? '' };
}

function shardsWords(becomes: Becomes): string {
  switch (becomes) {
    case 'reference':
      return 'one copy a node';
    case 'local':
      return 'coordinator only';
    case 'schema':
      return 'one node, with its schema';
    case 'distributed':
      return '';
  }
}

/** The table that others are colocated with: one that is there already, else the domain's root, else the largest. */
export function firstOfGroups(advising: Advising, { placed }: Evaluated): ReadonlyMap<number, number> {
  const { model } = advising.judge;
  const firsts = new Map<number, number>();
  const rank = (index: number): number => {
    const one = placed[index];
    if (one?.isKept) return Infinity;
    const column = one?.column ?? null;
    const domain = column === null ? undefined : model.domainOf(index, column);
    const isRoot = domain?.root?.table === index;
    return isRoot ? Number.MAX_VALUE : one?.derived ? -1 : (model.tables[index]?.bytes ?? 0);
  };
  placed.forEach((one, index) => {
    if (one.becomes !== 'distributed' || one.group === null) return;
    const first = firsts.get(one.group);
    if (first === undefined || rank(index) > rank(first)) firsts.set(one.group, index);
  });
  return firsts;
}

/** Remembers what it has simulated: a column that is added spreads as the parent's does. */
export function simulator(
  advising: Advising,
  evaluated: Evaluated,
): (table: number, one: Pick<Placed, 'column' | 'derived'>) => Simulation {
  const { model } = advising.judge;
  const kept = keptShardCounts(advising, evaluated.placed);
  const samples = new Map<string, ColumnSample>(
    model.facts.samples.map((sample) => [`${model.indexOf(sample.table) ?? -1}\0${sample.column}`, sample]),
  );
  return (index, one) => {
    let table = index;
    let column = one.column ?? '';
    if (one.derived) {
      table = one.derived.link.to;
      column = one.derived.parentColumn;
    }
    const facts = model.tables[table];
    const described = model.column(table, column);
    if (!facts || !described) return { shares: null, from: 'not simulated: the column is still to be added' };
    const shardCount = kept.get(evaluated.placed[index]?.group ?? Number.NaN) ?? evaluated.shardCount.count;
    const made = simulateShards(facts, described, shardCount, samples.get(`${table}\0${column}`));
    return one.derived && made.shares !== null ? { ...made, from: `as its parent: ${made.from}` } : made;
  };
}

/** Largest shard / median of the largest distributed table. */
export function skewOfLargest(advising: Advising, evaluated: Evaluated): number | null {
  const { tables } = advising.judge.model;
  let largest: number | null = null;
  evaluated.placed.forEach(({ becomes }, index) => {
    if (becomes !== 'distributed') return;
    if (largest === null || (tables[index]?.bytes ?? 0) > (tables[largest]?.bytes ?? 0)) largest = index;
  });
  if (largest === null) return null;
  const simulate = simulator(advising, evaluated);
  const skew = skewOf(simulate(largest, evaluated.placed[largest] as Placed).shares);
  return skew !== null && Number.isFinite(skew) ? skew : null;
}
