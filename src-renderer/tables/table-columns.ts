/** What the list of tables shows and exports, which rows a filter leaves, and their order when grouped. */
import { formatBytes, formatCount } from '../ui/format';
import type { TableColumn } from '../ui/table-rows';
import type { TableRow } from './table-words';

export const kinds = ['all', 'distributed', 'schema', 'reference', 'local'] as const;
export type Kind = (typeof kinds)[number];

export function kindWords(kind: Kind): string {
  switch (kind) {
    case 'all':
      return 'all types';
    case 'distributed':
      return 'distributed';
    case 'schema':
      return 'schema-sharded';
    case 'reference':
      return 'reference';
    case 'local':
      return 'local';
  }
}

export function onlineWords(row: TableRow): string {
  if (row.online.isPossible === null) return 'not moved';
  return row.online.isPossible ? 'yes' : 'no';
}

export const tableColumns: readonly TableColumn<TableRow>[] = [
  { id: 'table', label: 'Table', value: (row) => row.label, strong: true },
  { id: 'type', label: 'Type', value: (row) => row.type },
  {
    id: 'column',
    label: 'Distributed by',
    value: (row) => row.column,
    text: (row) => row.column ?? '–',
    mono: true,
  },
  { id: 'group', label: 'Colocation group', value: (row) => row.group, text: (row) => row.group ?? '–' },
  {
    id: 'shards',
    label: 'Shards',
    value: (row) => row.shardCount,
    text: (row) => formatCount(row.shardCount),
    align: 'end',
  },
  {
    id: 'bytes',
    label: 'Bytes',
    value: (row) => row.bytes,
    text: (row) => formatBytes(row.bytes),
    align: 'end',
  },
  { id: 'online', label: 'Moves online', value: onlineWords },
  { id: 'owner', label: 'Owner', value: (row) => row.table.owner },
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
  { id: 'online', label: 'moves_online', value: onlineWords },
  { id: 'why', label: 'why_not', value: (row) => row.online.why },
  { id: 'partition', label: 'partition_of', value: (row) => row.partitionOf },
  { id: 'owner', label: 'owner', value: (row) => row.table.owner },
];

export function filterRows(rows: readonly TableRow[], wanted: string, kind: Kind): readonly TableRow[] {
  const text = wanted.trim().toLowerCase();
  return rows.filter(
    (row) =>
      (kind === 'all' || row.table.type === kind)
      && `${row.table.schema}.${row.table.name} ${row.column ?? ''} ${row.table.owner}`
        .toLowerCase()
        .includes(text),
  );
}

/** Tables of a colocation group beside each other; those in none at the end. */
export function groupByColocation(rows: readonly TableRow[]): readonly TableRow[] {
  const rank = (row: TableRow): number => (row.colocationId === 0 ? 1 : 0);
  return [...rows].sort(
    (a, b) =>
      rank(a) - rank(b)
      || (a.group ?? '').localeCompare(b.group ?? '', 'en')
      || a.colocationId - b.colocationId
      || a.label.localeCompare(b.label, 'en', { numeric: true }),
  );
}

/** "9 tables: 5 distributed, 2 reference, 2 local". */
export function tablesSummary(rows: readonly TableRow[]): string {
  const parts = (['distributed', 'schema', 'reference', 'local'] as const)
    .map((kind) => ({ kind, count: rows.filter((row) => row.table.type === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${formatCount(count)} ${kindWords(kind)}`);
  const held = rows.filter((row) => row.online.isPossible === false).length;
  if (held > 0) parts.push(`${formatCount(held)} cannot move online`);
  return parts.join(', ');
}
