/** What the list of tables shows and exports. */
import { formatBytes, formatCount, formatEstimate, formatFactor } from '../ui/format';
import type { TableColumn } from '../ui/table-rows';
import type { TableRow } from './table-list';

export function onlineWords(row: TableRow): string {
  if (row.online.isPossible === null) return 'not moved';
  return row.online.isPossible ? 'yes' : 'no';
}

export function rowsWords(row: TableRow): string {
  if (row.rows === null) return 'unknown';
  return `${row.unanalysedShards > 0 ? 'over ' : ''}${formatEstimate(row.rows)}`;
}

export const tableColumns: readonly TableColumn<TableRow>[] = [
  { id: 'table', label: 'Table', value: (row) => row.label, strong: true },
  { id: 'type', label: 'Type', value: (row) => row.shortType, width: '108px' },
  {
    id: 'column',
    label: 'Distributed by',
    value: (row) => row.column,
    text: (row) => row.column ?? '–',
    mono: true,
    width: '102px',
  },
  {
    id: 'group',
    label: 'Group',
    meaning: 'Colocation group: tables whose shards lie and move together',
    value: (row) => row.group,
    text: (row) => row.group ?? '–',
    width: '88px',
  },
  {
    id: 'shards',
    label: 'Shards',
    value: (row) => row.shardCount,
    text: (row) => formatCount(row.shardCount),
    align: 'end',
    width: '64px',
  },
  {
    id: 'bytes',
    label: 'Size',
    meaning: 'Of one copy, indexes and partitions included',
    value: (row) => row.bytes,
    text: (row) => formatBytes(row.bytes),
    align: 'end',
    width: '82px',
  },
  {
    id: 'rows',
    label: 'Rows',
    meaning: "Estimated from the nodes' own statistics",
    value: (row) => row.rows,
    text: rowsWords,
    align: 'end',
    width: '80px',
  },
  {
    id: 'skew',
    label: 'Skew',
    meaning: 'Largest shard by the median shard',
    value: (row) => row.skew,
    text: (row) => (row.skew === null ? '–' : formatFactor(row.skew)),
    align: 'end',
    width: '64px',
  },
  {
    id: 'online',
    label: 'Online',
    meaning: 'Whether shards move while they are written to',
    value: onlineWords,
    width: '82px',
  },
  {
    id: 'keys',
    label: 'Keys',
    meaning: 'Foreign keys of the table and to it',
    value: (row) => row.keyCount,
    text: (row) => (row.keyCount === null ? 'unknown' : row.keyCount === 0 ? '–' : formatCount(row.keyCount)),
    align: 'end',
    width: '56px',
  },
];

/** For a file, what the list says in chips and panels is written out. */
export const exportColumns: readonly TableColumn<TableRow>[] = [
  { id: 'schema', label: 'schema', value: (row) => row.table.schema },
  { id: 'table', label: 'table', value: (row) => row.table.name },
  { id: 'type', label: 'type', value: (row) => row.type },
  { id: 'column', label: 'distribution_column', value: (row) => row.column },
  { id: 'colocation', label: 'colocation_id', value: (row) => row.colocationId },
  { id: 'shards', label: 'shards', value: (row) => row.shardCount },
  { id: 'bytes', label: 'bytes', value: (row) => row.bytes },
  { id: 'rows', label: 'rows_estimated', value: (row) => row.rows },
  { id: 'skew', label: 'skew', value: (row) => (row.skew === null ? null : Number(row.skew.toFixed(3))) },
  { id: 'online', label: 'moves_online', value: onlineWords },
  { id: 'why', label: 'why_not', value: (row) => row.online.why },
  { id: 'keys', label: 'foreign_keys', value: (row) => row.keyCount },
  { id: 'partitioned', label: 'partitioned', value: (row) => row.table.isPartitioned },
  { id: 'partition', label: 'partition_of', value: (row) => row.partitionOf },
  { id: 'access', label: 'access_method', value: (row) => row.table.accessMethod },
  { id: 'owner', label: 'owner', value: (row) => row.table.owner },
];
