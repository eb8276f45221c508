/** Pure: every shard of the cluster as a line, and what a filter leaves. */
import type { ClusterNode, ClusterTable } from '../../src-main/contract/cluster';
import type { NodeTitle } from '../nodes/node-names';
import type { ShardMap } from '../topology/shard-groups';
import { formatBytes, formatCount } from '../ui/format';
import type { TableColumn } from '../ui/table-rows';
import { labelOf } from './table-words';

export interface ShardRow {
  readonly key: string;
  readonly shardId: string;
  readonly tableOid: number;
  readonly table: string;
  readonly kind: ClusterTable['type'];
  readonly minValue: number | null;
  readonly maxValue: number | null;
  /** Titles of the nodes that hold a copy. */
  readonly nodes: string;
  readonly nodeIds: readonly number[];
  readonly copies: number;
  /** Of one copy; null when it is not known. */
  readonly bytes: number | null;
}

export function toShardRows(
  shards: ShardMap,
  nodes: readonly ClusterNode[],
  titles: ReadonlyMap<number, NodeTitle>,
  shardBytes: Readonly<Record<string, number>> | undefined,
): readonly ShardRow[] {
  const primaries = new Map(
    nodes.filter((node) => node.role === 'primary').map((node) => [node.groupId, node.nodeId]),
  );
  const rows: ShardRow[] = [];
  for (const group of shards.groups) {
    for (const shard of group.shards) {
      const table = shards.tables.get(shard.tableOid);
      if (table === undefined) continue;
      const nodeIds = shard.groupIds.flatMap((groupId) => primaries.get(groupId) ?? []);
      rows.push({
        key: shard.shardId,
        shardId: shard.shardId,
        tableOid: shard.tableOid,
        table: labelOf(table),
        kind: table.type,
        minValue: shard.minValue,
        maxValue: shard.maxValue,
        nodes:
          nodeIds.length === 0
            ? 'on no known node'
            : nodeIds.map((nodeId) => titles.get(nodeId)?.title ?? String(nodeId)).join(', '),
        nodeIds,
        copies: shard.groupIds.length,
        bytes: shardBytes?.[shard.shardId] ?? null,
      });
    }
  }
  return rows.sort((a, b) => a.shardId.length - b.shardId.length || (a.shardId < b.shardId ? -1 : 1));
}

/** The bounds of its hashes, "reference" or "local"; append and range tables have no hashes. */
export function rangeWords(row: ShardRow): string {
  if (row.minValue !== null && row.maxValue !== null) {
    return `${formatCount(row.minValue)} … ${formatCount(row.maxValue)}`;
  }
  return row.kind === 'reference' || row.kind === 'local' ? row.kind : '–';
}

export interface ShardFilter {
  /** Part of an id, a table or a node. */
  readonly text: string;
  readonly tableOid: number | null;
  readonly nodeId: number | null;
}

export function filterShards(rows: readonly ShardRow[], filter: ShardFilter): readonly ShardRow[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(
    (row) =>
      (filter.tableOid === null || row.tableOid === filter.tableOid)
      && (filter.nodeId === null || row.nodeIds.includes(filter.nodeId))
      && words.every((word) => `${row.shardId} ${row.table} ${row.nodes}`.toLowerCase().includes(word)),
  );
}

export const shardColumns: readonly TableColumn<ShardRow>[] = [
  {
    id: 'shard',
    label: 'Shard',
    value: (row) => Number(row.shardId),
    text: (row) => row.shardId,
    mono: true,
    width: '120px',
  },
  { id: 'table', label: 'Table', value: (row) => row.table, strong: true },
  {
    id: 'range',
    label: 'Hash range',
    value: (row) => row.minValue,
    text: rangeWords,
    width: '250px',
  },
  { id: 'nodes', label: 'Node', value: (row) => row.nodes, width: '240px' },
  { id: 'copies', label: 'Copies', value: (row) => row.copies, align: 'end', width: '76px' },
  {
    id: 'bytes',
    label: 'Size',
    value: (row) => row.bytes,
    text: (row) => formatBytes(row.bytes),
    align: 'end',
    width: '96px',
  },
];

export const shardExportColumns: readonly TableColumn<ShardRow>[] = [
  { id: 'shard', label: 'shard_id', value: (row) => row.shardId },
  { id: 'table', label: 'table', value: (row) => row.table },
  { id: 'min', label: 'hash_min', value: (row) => row.minValue },
  { id: 'max', label: 'hash_max', value: (row) => row.maxValue },
  { id: 'nodes', label: 'nodes', value: (row) => row.nodes },
  { id: 'copies', label: 'copies', value: (row) => row.copies },
  { id: 'bytes', label: 'bytes', value: (row) => row.bytes },
];
