/** Which colocation group a table joins, and where its shards will lie: Citus's own rules, foreseen. */
import type { ClusterSnapshot, ClusterTable, ColocationGroup, TableName } from '../contract/cluster';
import type { PlannedShard } from '../contract/operations';
import { uniformRanges } from './hash-routing';
import { activePrimaries, addressOf, sameTable, shardNodes } from './plan';

export interface ColumnKind {
  readonly type: string;
  readonly collation: string | null;
}

export type ColocationChoice =
  | { readonly outcome: 'joins'; readonly group: ColocationGroup; readonly tables: readonly ClusterTable[] }
  | { readonly outcome: 'new'; readonly shardCount: number }
  /** The table named is not there, or not hash-distributed, or its column has another type or collation. */
  | {
      readonly outcome: 'impossible';
      readonly why: 'no-table' | 'not-hash' | 'type-differs';
      readonly expected: string;
    };

/** What `create_distributed_table` decides from colocate_with and shard_count. */
export function chooseColocation(
  snapshot: ClusterSnapshot,
  column: ColumnKind,
  wanted: {
    readonly colocateWith: 'default' | 'none' | TableName;
    readonly shardCount: number | null;
  },
  settings: { readonly shardCount: number; readonly replicationFactor: number },
): ColocationChoice {
  const shardCount = wanted.shardCount ?? settings.shardCount;
  if (wanted.colocateWith === 'none') return { outcome: 'new', shardCount };
  if (wanted.colocateWith !== 'default') {
    const named = wanted.colocateWith;
    const table = snapshot.tables.find((one) => sameTable(one, named));
    if (!table) return { outcome: 'impossible', why: 'no-table', expected: '' };
    if (table.type !== 'distributed' || table.method !== 'hash') {
      return { outcome: 'impossible', why: 'not-hash', expected: '' };
    }
    const group = snapshot.colocationGroups.find((one) => one.colocationId === table.colocationId);
    if (!group) return { outcome: 'impossible', why: 'not-hash', expected: '' };
    if (!sameColumn(group, column)) {
      return {
        outcome: 'impossible',
        why: 'type-differs',
        expected: group.distributionColumnType ?? 'unknown',
      };
    }
    return { outcome: 'joins', group, tables: tablesOf(snapshot, group) };
  }
  const candidates = snapshot.colocationGroups
    .filter(
      (group) =>
        group.shardCount === shardCount
        && group.replicationFactor === settings.replicationFactor
        && sameColumn(group, column),
    )
    .toSorted((one, other) => one.colocationId - other.colocationId)
    .map((group) => ({ group, tables: tablesOf(snapshot, group) }))
    .filter(({ tables }) => tables.length > 0 && tables.every((table) => table.method === 'hash'))
    // An explicit count also has to be the true one: splits do not rewrite the recorded count.
    .filter(({ tables }) => wanted.shardCount === null || tables[0]?.shardCount === shardCount);
  const chosen = candidates[0];
  return chosen ? { outcome: 'joins', ...chosen } : { outcome: 'new', shardCount };
}

function sameColumn(group: ColocationGroup, column: ColumnKind): boolean {
  if (group.distributionColumnType !== column.type) return false;
  return (
    group.distributionColumnCollation === null
    || column.collation === null
    || withoutSchema(group.distributionColumnCollation) === withoutSchema(column.collation)
  );
}

/** Collations are named with or without pg_catalog, and with or without quotes, by different readers. */
function withoutSchema(collation: string): string {
  return collation.replace(/^"?pg_catalog"?\./, '').replace(/^"|"$/g, '');
}

function tablesOf(snapshot: ClusterSnapshot, group: ColocationGroup): readonly ClusterTable[] {
  return snapshot.tables.filter((table) => table.colocationId === group.colocationId);
}

/** Round robin over the nodes that take shards, or the placement of the group that is joined. */
export function placementOf(snapshot: ClusterSnapshot, choice: ColocationChoice): readonly PlannedShard[] {
  if (choice.outcome === 'impossible') return [];
  if (choice.outcome === 'new') {
    const nodes = shardNodes(snapshot);
    if (nodes.length === 0) return [];
    return uniformRanges(choice.shardCount).map((range, index) => {
      const node = nodes[index % nodes.length];
      return { index, ...range, node: node ? addressOf(node) : 'unknown' };
    });
  }
  const model = choice.tables[0];
  if (!model) return [];
  const byGroup = new Map(activePrimaries(snapshot).map((node) => [node.groupId, addressOf(node)]));
  return snapshot.shards
    .filter((shard) => shard.tableOid === model.oid && shard.minValue !== null && shard.maxValue !== null)
    .toSorted((one, other) => (one.minValue ?? 0) - (other.minValue ?? 0))
    .map((shard, index) => ({
      index,
      minValue: shard.minValue ?? 0,
      maxValue: shard.maxValue ?? 0,
      node: byGroup.get(shard.groupIds[0] ?? -1) ?? 'unknown',
    }));
}
