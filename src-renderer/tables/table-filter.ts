/** Pure: which tables a filter leaves, and the sections they are put in. */
import type { SelectOption } from '../ui/BaseSelect.vue';
import { formatCount, formatCounted } from '../ui/format';
import type { TableSection } from '../ui/table-lines';
import type { TableRow } from './table-list';

export const facets = [
  'all',
  'hash',
  'append',
  'range',
  'one-shard',
  'schema',
  'reference',
  'local',
  'partitioned',
  'columnar',
  'stuck',
  'skewed',
  'keyed',
] as const;
export type Facet = (typeof facets)[number];

/** From here on a table is called skewed: its largest shard is this many times the median one. */
export const skewedFrom = 3;

export function facetWords(facet: Facet): string {
  switch (facet) {
    case 'all':
      return 'all tables';
    case 'hash':
      return 'distributed by hash';
    case 'append':
      return 'distributed by append';
    case 'range':
      return 'distributed by range';
    case 'one-shard':
      return 'distributed, one shard';
    case 'schema':
      return 'schema-sharded';
    case 'reference':
      return 'reference';
    case 'local':
      return 'local, in metadata';
    case 'partitioned':
      return 'partitioned';
    case 'columnar':
      return 'columnar';
    case 'stuck':
      return 'cannot move online';
    case 'skewed':
      return `skew ${skewedFrom} × or more`;
    case 'keyed':
      return 'with foreign keys';
  }
}

export function hasFacet(row: TableRow, facet: Facet): boolean {
  switch (facet) {
    case 'all':
      return true;
    case 'hash':
    case 'append':
    case 'range':
      return row.table.type === 'distributed' && row.table.method === facet;
    case 'one-shard':
      return row.table.type === 'distributed' && row.table.method === 'none';
    case 'schema':
    case 'reference':
    case 'local':
      return row.table.type === facet;
    case 'partitioned':
      return row.table.isPartitioned;
    case 'columnar':
      return row.table.accessMethod === 'columnar';
    case 'stuck':
      return row.online.isPossible === false;
    case 'skewed':
      return row.skew !== null && row.skew >= skewedFrom;
    case 'keyed':
      return (row.keyCount ?? 0) > 0;
  }
}

const properties: ReadonlySet<Facet> = new Set(['partitioned', 'columnar', 'stuck', 'skewed', 'keyed']);

/** Facets that some row has, each with how many; the first is the one that leaves every row. */
export function countedOptions<Value extends string, Row>(
  values: readonly Value[],
  rows: readonly Row[],
  has: (row: Row, value: Value) => boolean,
  words: (value: Value) => string,
  groupOf: (value: Value) => string | undefined,
): readonly SelectOption<Value>[] {
  return values.flatMap((value, index): SelectOption<Value>[] => {
    if (index === 0) return [{ value, label: words(value) }];
    const count = rows.filter((row) => has(row, value)).length;
    if (count === 0) return [];
    const group = groupOf(value);
    return [
      {
        value,
        label: `${words(value)} (${formatCount(count)})`,
        ...(group === undefined ? {} : { group }),
      },
    ];
  });
}

export function facetOptions(rows: readonly TableRow[]): readonly SelectOption<Facet>[] {
  return countedOptions(facets, rows, hasFacet, facetWords, (facet) =>
    properties.has(facet) ? 'Property' : 'Type',
  );
}

/** "" is every schema. */
export function schemaOptions(tables: readonly { readonly schema: string }[]): readonly SelectOption[] {
  const counts = new Map<string, number>();
  for (const { schema } of tables) counts.set(schema, (counts.get(schema) ?? 0) + 1);
  return [
    { value: '', label: 'all schemas' },
    ...[...counts]
      .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
      .map(([schema, count]) => ({ value: schema, label: `${schema} (${formatCount(count)})` })),
  ];
}

/** Every word that was typed is somewhere in the text. */
export function matcher(typed: string): (text: string) => boolean {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return (text) => {
    const lower = text.toLowerCase();
    return words.every((word) => lower.includes(word));
  };
}

export interface TableFilter {
  readonly text: string;
  readonly facet: Facet;
  /** "" is every schema. */
  readonly schema: string;
}

/** Every word must be somewhere in the name, the column, the colocation group or the owner. */
export function filterRows(rows: readonly TableRow[], filter: TableFilter): readonly TableRow[] {
  const matches = matcher(filter.text);
  return rows.filter(
    (row) =>
      (filter.schema === '' || row.table.schema === filter.schema)
      && hasFacet(row, filter.facet)
      && matches(
        `${row.table.schema}.${row.table.name} ${row.column ?? ''} ${row.group ?? ''} ${row.table.owner}`,
      ),
  );
}

export const groupings = ['none', 'group', 'type', 'schema'] as const;
export type Grouping = (typeof groupings)[number];

export function groupingWords(grouping: Grouping): string {
  switch (grouping) {
    case 'none':
      return 'not grouped';
    case 'group':
      return 'by colocation group';
    case 'type':
      return 'by type';
    case 'schema':
      return 'by schema';
  }
}

/** A partition stands below its table, so it asks nothing of its own here. */
export function sectionOf(row: TableRow, grouping: Exclude<Grouping, 'none'>): TableSection {
  switch (grouping) {
    case 'group':
      return row.group === null
        ? { key: '-', label: 'in no colocation group', rank: 1 }
        : {
            key: String(row.colocationId),
            label: row.group,
            note: `group ${row.colocationId}, ${formatCounted(row.shardCount, 'shard')} each`,
          };
    case 'type':
      return { key: row.type, label: row.type };
    case 'schema':
      return { key: row.table.schema, label: row.table.schema };
  }
}

/** "9 tables: 5 distributed, 2 reference, 2 cannot move online". */
export function tablesSummary(rows: readonly TableRow[]): string {
  const parts = (['distributed', 'schema', 'reference', 'local'] as const)
    .map((type) => ({ type, count: rows.filter((row) => row.table.type === type).length }))
    .filter(({ count }) => count > 0)
    .map(({ type, count }) => `${formatCount(count)} ${type === 'schema' ? 'schema-sharded' : type}`);
  const held = rows.filter((row) => row.online.isPossible === false).length;
  if (held > 0) parts.push(`${formatCount(held)} cannot move online`);
  return parts.join(', ');
}
