/** Pure: tables in their colocation groups, foreign keys between them, and what is wrong with each. */
import type { ClusterTable, PlainTable } from '../../src-main/contract/cluster';
import type { ForeignKey } from '../../src-main/contract/tables';
import { labelOf } from '../tables/table-words';
import type { ShardMap } from '../topology/shard-groups';
import { judgeKey } from './key-problems';
import type { KeyProblem } from './key-problems';

export type SchemaTableKind = ClusterTable['type'] | 'plain';

export interface SchemaTable {
  readonly oid: number;
  /** `schema.name`, without "public". */
  readonly label: string;
  readonly kind: SchemaTableKind;
  readonly groupKey: string;
  readonly colocationId: number;
  readonly column: string | null;
}

export interface SchemaEdge {
  readonly id: string;
  readonly key: ForeignKey;
  readonly from: SchemaTable;
  readonly to: SchemaTable;
  readonly problem: KeyProblem | null;
}

export interface SchemaGroup {
  readonly key: string;
  readonly name: string;
  readonly kind: SchemaTableKind;
  /** Place of its colour; null for one that shares the last colour. */
  readonly familyIndex: number | null;
  /** "hash, 32 shards", "on every node". */
  readonly note: string;
  /** By label. */
  readonly tables: readonly SchemaTable[];
}

export interface SchemaModel {
  readonly groups: readonly SchemaGroup[];
  readonly tables: ReadonlyMap<number, SchemaTable>;
  readonly edges: readonly SchemaEdge[];
  /** Edges with a problem, worst first. */
  readonly problems: readonly SchemaEdge[];
}

/** More groups of one kind than this stand together as one. */
const mostOfAKind = 24;

/**
 * Partitions are left out: their keys are those of their table. Shards are no tables, so a key between two shards of
 * the coordinator finds neither end.
 */
export function toSchema(
  shards: ShardMap,
  plain: readonly PlainTable[],
  keys: readonly ForeignKey[],
): SchemaModel {
  const groups = [...citusGroups(shards), ...plainGroup(plain)];
  const tables = new Map(groups.flatMap((group) => group.tables.map((table) => [table.oid, table])));
  const edges = keys.flatMap((key): SchemaEdge[] => {
    const [from, to] = [tables.get(key.fromOid), tables.get(key.toOid)];
    if (from === undefined || to === undefined) return [];
    return [{ id: `e:${key.fromOid}:${key.name}`, key, from, to, problem: judgeKey(key, from, to) }];
  });
  const rank = (edge: SchemaEdge): number => (edge.problem?.level === 'bad' ? 0 : 1);
  return {
    groups,
    tables,
    edges,
    problems: edges.filter((edge) => edge.problem !== null).sort((a, b) => rank(a) - rank(b)),
  };
}

function citusGroups(shards: ShardMap): readonly SchemaGroup[] {
  const counts = new Map<string, number>();
  for (const { kind } of shards.families) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const building = new Map<string, { group: Omit<SchemaGroup, 'tables'>; tables: SchemaTable[] }>();
  for (const family of shards.families) {
    // Each local table is a family of its own; they have nothing but their place in common, which is the coordinator.
    const isMerged =
      family.kind === 'local' || (family.kind === 'schema' && (counts.get('schema') ?? 0) > mostOfAKind);
    const key = isMerged ? family.kind : family.key;
    const known = building.get(key) ?? {
      group: {
        key,
        kind: family.kind,
        name: isMerged ? mergedNames[family.kind] : family.name,
        familyIndex: isMerged ? null : family.index,
        note: noteOf(family.kind, family.groupCount),
      },
      tables: [],
    };
    building.set(key, known);
    for (const oid of family.tableOids) {
      const table = shards.tables.get(oid);
      if (table === undefined || table.parentOid !== null) continue;
      known.tables.push({
        oid,
        label: labelOf(table),
        kind: table.type,
        groupKey: key,
        colocationId: table.colocationId,
        column: table.distributionColumn,
      });
    }
  }
  return [...building.values()]
    .map(({ group, tables }) => ({ ...group, tables: byLabel(tables) }))
    .filter(({ tables }) => tables.length > 0);
}

const mergedNames = {
  distributed: 'distributed',
  reference: 'reference',
  schema: 'sharded schemas',
  local: 'local, in metadata',
} as const;

function noteOf(kind: ClusterTable['type'], groupCount: number): string {
  switch (kind) {
    case 'distributed':
      return groupCount === 1 ? 'one shard' : `${groupCount} shards`;
    case 'reference':
      return 'on every node';
    case 'schema':
      return 'on one node each';
    case 'local':
      return 'on the coordinator';
  }
}

function plainGroup(plain: readonly PlainTable[]): readonly SchemaGroup[] {
  if (plain.length === 0) return [];
  const tables = plain.map((table): SchemaTable => ({
    oid: table.oid,
    label: labelOf(table),
    kind: 'plain',
    groupKey: 'plain',
    colocationId: 0,
    column: null,
  }));
  return [
    {
      key: 'plain',
      name: 'plain tables',
      kind: 'plain',
      familyIndex: null,
      note: 'not known to Citus',
      tables: byLabel(tables),
    },
  ];
}

function byLabel(tables: readonly SchemaTable[]): readonly SchemaTable[] {
  return [...tables].sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
}

/** So many tables are drawn one by one; beyond, groups are drawn closed, so that the whole can be read. */
const openTables = 80;

/** Groups that are drawn as one box at first: the largest, and those with problems last. */
export function closedAtFirst(model: SchemaModel): ReadonlySet<string> {
  const troubled = new Set(model.problems.flatMap(({ from, to }) => [from.groupKey, to.groupKey]));
  const bySize = [...model.groups].sort(
    (a, b) => Number(troubled.has(b.key)) - Number(troubled.has(a.key)) || a.tables.length - b.tables.length,
  );
  const closed = new Set<string>();
  let open = 0;
  for (const { key, tables } of bySize) {
    if (open + tables.length > openTables) closed.add(key);
    else open += tables.length;
  }
  return closed;
}
