import { describe, expect, it } from 'vitest';
import type { PlainTable } from '../../../src-main/contract/cluster';
import type { ForeignKey } from '../../../src-main/contract/tables';
import {
  filterPlain,
  hasPlainFacet,
  plainExportColumns,
  plainFacets,
  plainSectionOf,
  toPlainRows,
} from '../../../src-renderer/tables/plain-list';
import { toCells } from '../../../src-renderer/ui/table-rows';

const table = (oid: number, name: string, more: Partial<PlainTable> = {}): PlainTable => ({
  oid,
  schema: 'public',
  name,
  bytes: oid * 1_000,
  rowEstimate: 10,
  isPartitioned: false,
  owner: 'app',
  ...more,
});
const key = (fromOid: number, toOid: number): ForeignKey => ({
  name: `k${fromOid}_${toOid}`,
  fromOid,
  toOid,
  columns: ['a'],
  referencedColumns: ['a'],
  columnTypes: ['int'],
  referencedTypes: ['int'],
  onDelete: 'no action',
  onUpdate: 'no action',
  isValidated: true,
  definition: '',
});

const tables = [
  table(1, 'agencies'),
  table(2, 'permits', { bytes: 2 * 1024 ** 3 }),
  table(3, 'visits'),
  table(4, 'log', { schema: 'audit', rowEstimate: -1, owner: 'dba' }),
  table(5, 'days', { rowEstimate: 0, isPartitioned: true }),
];
// 99 is a table that Citus knows: no family of plain tables goes through it.
const rows = toPlainRows(tables, [key(2, 1), key(3, 2), key(4, 99), key(5, 99), key(3, 3)]);
const names = (of: readonly { readonly label: string }[]): readonly string[] => of.map(({ label }) => label);

describe('the list of plain tables', () => {
  it('puts tables that keys tie over any number of hops in one section, named by the largest', () => {
    expect(rows.map(({ family }) => family)).toEqual(['permits', 'permits', 'permits', null, null]);
    expect(rows.map((row) => plainSectionOf(row, 'family').label)).toEqual([
      'permits',
      'permits',
      'permits',
      'tied to no other table',
      'tied to no other table',
    ]);
  });

  it('filters by words, schema and what a table is', () => {
    const all = { text: '', facet: 'all', schema: '' } as const;
    expect(names(filterPlain(rows, { ...all, text: 'dba LOG' }))).toEqual(['audit.log']);
    expect(names(filterPlain(rows, { ...all, schema: 'audit' }))).toEqual(['audit.log']);
    expect(plainFacets.map((facet) => names(filterPlain(rows, { ...all, facet })).join(' '))).toEqual([
      'agencies permits visits audit.log days',
      'permits',
      'days',
      'audit.log',
      'days',
      'agencies permits visits audit.log days',
      '',
    ]);
  });

  it('says nothing of keys that were not read', () => {
    const unread = toPlainRows(tables, null);
    expect(unread.some((row) => hasPlainFacet(row, 'keyed') || hasPlainFacet(row, 'alone'))).toBe(false);
    expect(toCells(plainExportColumns, unread)[1]).toEqual([
      'public',
      'agencies',
      10,
      1_000,
      null,
      null,
      false,
      'app',
    ]);
  });
});
