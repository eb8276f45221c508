/** Pure: the ordinary tables as they are listed: what a filter leaves, and the sections they are put in. */
import type { PlainTable } from '../../src-main/contract/cluster';
import type { ForeignKey } from '../../src-main/contract/tables';
import { formatBytes, formatCount, formatEstimate } from '../ui/format';
import type { TableSection } from '../ui/table-lines';
import type { TableColumn } from '../ui/table-rows';
import { matcher } from './table-filter';
import { labelOf } from './table-words';

export interface PlainRow {
  readonly key: string;
  readonly table: PlainTable;
  /** `schema.name`, without "public". */
  readonly label: string;
  /** Foreign keys of it and to it; null while they were not read. */
  readonly keyCount: number | null;
  /** The tables that foreign keys tie together over any number of hops, by the name of the largest; null for a table alone. */
  readonly family: string | null;
}

/** @param keys null while they were not read. */
export function toPlainRows(
  tables: readonly PlainTable[],
  keys: readonly ForeignKey[] | null,
): readonly PlainRow[] {
  const counts = new Map<number, number>();
  const count = (oid: number): void => void counts.set(oid, (counts.get(oid) ?? 0) + 1);
  for (const { fromOid, toOid } of keys ?? []) {
    count(fromOid);
    if (toOid !== fromOid) count(toOid);
  }
  const families = familiesOf(tables, keys ?? []);
  return tables.map((table) => ({
    key: String(table.oid),
    table,
    label: labelOf(table),
    keyCount: keys === null ? null : (counts.get(table.oid) ?? 0),
    family: families.get(table.oid) ?? null,
  }));
}

function familiesOf(tables: readonly PlainTable[], keys: readonly ForeignKey[]): ReadonlyMap<number, string> {
  const above = new Map(tables.map(({ oid }) => [oid, oid]));
  const rootOf = (oid: number): number => {
    let root = oid;
    for (let next = above.get(root); next !== undefined && next !== root; next = above.get(root)) {
      above.set(root, above.get(next) ?? next);
      root = next;
    }
    return root;
  };
  for (const { fromOid, toOid } of keys) {
    if (above.has(fromOid) && above.has(toOid)) above.set(rootOf(fromOid), rootOf(toOid));
  }
  const members = new Map<number, PlainTable[]>();
  for (const table of tables) {
    const root = rootOf(table.oid);
    const list = members.get(root);
    if (list === undefined) members.set(root, [table]);
    else list.push(table);
  }
  const found = new Map<number, string>();
  for (const family of members.values()) {
    if (family.length < 2) continue;
    const largest = family.reduce((one, other) => (other.bytes > one.bytes ? other : one));
    for (const { oid } of family) found.set(oid, labelOf(largest));
  }
  return found;
}

export const plainFacets = ['all', 'large', 'empty', 'unanalysed', 'partitioned', 'keyed', 'alone'] as const;
export type PlainFacet = (typeof plainFacets)[number];

/** From here on distributing a table is worth a thought; a smaller one fits into the memory of one server. */
const largeBytes = 1024 ** 3;

export function plainFacetWords(facet: PlainFacet): string {
  switch (facet) {
    case 'all':
      return 'all tables';
    case 'large':
      return '1 GB or more';
    case 'empty':
      return 'without rows';
    case 'unanalysed':
      return 'never analysed';
    case 'partitioned':
      return 'partitioned';
    case 'keyed':
      return 'with foreign keys';
    case 'alone':
      return 'without foreign keys';
  }
}

export function hasPlainFacet({ table, keyCount }: PlainRow, facet: PlainFacet): boolean {
  switch (facet) {
    case 'all':
      return true;
    case 'large':
      return table.bytes >= largeBytes;
    case 'empty':
      return table.rowEstimate === 0;
    case 'unanalysed':
      return table.rowEstimate < 0;
    case 'partitioned':
      return table.isPartitioned;
    case 'keyed':
      return keyCount !== null && keyCount > 0;
    case 'alone':
      return keyCount === 0;
  }
}

export function filterPlain(
  rows: readonly PlainRow[],
  filter: { readonly text: string; readonly facet: PlainFacet; readonly schema: string },
): readonly PlainRow[] {
  const matches = matcher(filter.text);
  return rows.filter(
    (row) =>
      (filter.schema === '' || row.table.schema === filter.schema)
      && hasPlainFacet(row, filter.facet)
      && matches(`${row.table.schema}.${row.table.name} ${row.table.owner} ${row.family ?? ''}`),
  );
}

export const plainGroupings = ['none', 'schema', 'family', 'owner'] as const;
export type PlainGrouping = (typeof plainGroupings)[number];

export function plainGroupingWords(grouping: PlainGrouping): string {
  switch (grouping) {
    case 'none':
      return 'not grouped';
    case 'schema':
      return 'by schema';
    case 'family':
      return 'by foreign keys';
    case 'owner':
      return 'by owner';
  }
}

export function plainSectionOf(
  { table, family }: PlainRow,
  grouping: Exclude<PlainGrouping, 'none'>,
): TableSection {
  switch (grouping) {
    case 'schema':
      return { key: table.schema, label: table.schema };
    case 'owner':
      return { key: table.owner, label: table.owner };
    case 'family':
      return family === null
        ? { key: '-', label: 'tied to no other table', rank: 1 }
        : { key: family, label: family, note: 'and what foreign keys tie to it' };
  }
}

export const plainColumns: readonly TableColumn<PlainRow>[] = [
  { id: 'schema', label: 'Schema', value: ({ table }) => table.schema, width: '130px' },
  { id: 'name', label: 'Table', value: ({ table }) => table.name, strong: true },
  {
    id: 'rows',
    label: 'Rows, estimated',
    value: ({ table }) => (table.rowEstimate < 0 ? null : table.rowEstimate),
    text: ({ table }) => (table.rowEstimate < 0 ? 'never analysed' : formatEstimate(table.rowEstimate)),
    align: 'end',
    width: '128px',
  },
  {
    id: 'bytes',
    label: 'Bytes',
    value: ({ table }) => table.bytes,
    text: ({ table }) => formatBytes(table.bytes),
    align: 'end',
    width: '96px',
  },
  {
    id: 'keys',
    label: 'Keys',
    meaning: 'Foreign keys of the table and to it',
    value: (row) => row.keyCount,
    text: (row) => (row.keyCount === null ? 'unknown' : row.keyCount === 0 ? '–' : formatCount(row.keyCount)),
    align: 'end',
    width: '72px',
  },
  {
    id: 'partitioned',
    label: 'Partitioned',
    value: ({ table }) => table.isPartitioned,
    text: ({ table }) => (table.isPartitioned ? 'yes' : 'no'),
    width: '96px',
  },
  { id: 'owner', label: 'Owner', value: ({ table }) => table.owner, width: '120px' },
  { id: 'action', label: 'Action', value: () => '', sortable: false, align: 'end', width: '128px' },
];

export const plainExportColumns: readonly TableColumn<PlainRow>[] = [
  { id: 'schema', label: 'schema', value: ({ table }) => table.schema },
  { id: 'table', label: 'table', value: ({ table }) => table.name },
  {
    id: 'rows',
    label: 'rows_estimated',
    value: ({ table }) => (table.rowEstimate < 0 ? null : table.rowEstimate),
  },
  { id: 'bytes', label: 'bytes', value: ({ table }) => table.bytes },
  { id: 'keys', label: 'foreign_keys', value: (row) => row.keyCount },
  { id: 'family', label: 'tied_by_keys_to', value: (row) => row.family },
  { id: 'partitioned', label: 'partitioned', value: ({ table }) => table.isPartitioned },
  { id: 'owner', label: 'owner', value: ({ table }) => table.owner },
];
