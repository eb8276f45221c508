import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ForeignKey, TableKeys, TableRowEstimates } from '../../../src-main/contract/tables';
import { exportColumns } from '../../../src-renderer/tables/table-columns';
import {
  facetOptions,
  filterRows,
  hasFacet,
  schemaOptions,
  sectionOf,
  tablesSummary,
} from '../../../src-renderer/tables/table-filter';
import type { Facet } from '../../../src-renderer/tables/table-filter';
import { skewOf, toTableRows } from '../../../src-renderer/tables/table-list';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { toCsv } from '../../../src-renderer/ui/table-rows';
import { makeCluster, makeTable, takenAt } from '../cluster-fixture';

const fixture = makeCluster({
  workers: 3,
  families: 4,
  tablesPerFamily: 2,
  shardCount: 6,
  referenceTables: 1,
});
const shards = mapShards(fixture.snapshot, fixture.sizes);
const rows = toTableRows(shards, { shardBytes: fixture.sizes.shardBytes });
const all = { text: '', facet: 'all' as Facet, schema: '' };

/** A parent without rows of its own, two partitions of two shards each, in two ranges. */
const parent = makeTable(1, { name: 'events', isPartitioned: true, colocationId: 7, shardCount: 2 });
const january = makeTable(2, { name: 'events_01', parentOid: 1, colocationId: 7, shardCount: 2 });
const february = makeTable(3, { name: 'events_02', parentOid: 1, colocationId: 7, shardCount: 2 });
const partitioned = mapShards(
  {
    nodes: fixture.snapshot.nodes,
    tables: [parent, january, february],
    colocationGroups: [],
    shards: [parent, january, february].flatMap((table) =>
      [-5, 5].map((minValue) => ({
        shardId: `${table.oid}${minValue === 5 ? 1 : 0}`,
        tableOid: table.oid,
        minValue,
        maxValue: minValue + 1,
        groupIds: [1],
      })),
    ),
  },
  null,
);
const bytes = { '10': 0, '11': 0, '20': 100, '21': 300, '30': 200, '31': 600 };

const key: ForeignKey = {
  name: 'k',
  fromOid: 2,
  toOid: 1,
  columns: ['a'],
  referencedColumns: ['a'],
  columnTypes: ['bigint'],
  referencedTypes: ['bigint'],
  onDelete: 'no action',
  onUpdate: 'no action',
  isValidated: true,
  definition: '',
};

describe('toTableRows', () => {
  it('lists each logical table once, with the bytes of one copy', () => {
    expect(rows.map((row) => row.table.oid).sort()).toEqual(
      fixture.snapshot.tables.map((table) => table.oid).sort(),
    );
    expect(rows.find((row) => row.table.type === 'reference')?.bytes).toBe(120_000);
    const sum = rows.reduce((total, row) => total + (row.bytes ?? NaN), 0);
    expect(sum).toBe(Object.values(fixture.sizes.shardBytes).reduce((total, one) => total + one, 0));
    const unread = toTableRows(shards, {});
    expect(unread.every((row) => row.bytes === null && row.rows === null && row.keyCount === null)).toBe(
      true,
    );
  });

  it('counts partitions into their table: size, skew by range, rows', () => {
    const estimates: TableRowEstimates = {
      takenAt,
      estimates: {
        2: { rows: 10, unanalysedShards: 0 },
        3: { rows: 5, unanalysedShards: 1 },
      },
      incomplete: null,
    };
    const keys: TableKeys = { takenAt, foreignKeys: [key], onlineMoveFixes: {} };
    const [events, first, second] = toTableRows(partitioned, { shardBytes: bytes, estimates, keys });
    expect(events).toMatchObject({ bytes: 1_200, rows: 15, unanalysedShards: 1, parentKey: null });
    expect(events?.skew).toBeCloseTo(900 / 600);
    expect(first).toMatchObject({ bytes: 400, rows: 10, skew: 1.5, parentKey: '1', partitionOf: 'events' });
    expect(second).toMatchObject({ rows: 5, keyCount: 0 });
    expect([events?.keyCount, first?.keyCount]).toEqual([1, 1]);
  });

  it('says nothing about rows while a node is silent, nothing about a size that is not whole', () => {
    const estimates: TableRowEstimates = {
      takenAt,
      estimates: { 2: { rows: 10, unanalysedShards: 0 } },
      incomplete: 'Rows on db-w2 are not counted: no answer.',
    };
    const known = toTableRows(partitioned, { shardBytes: { ...bytes, '31': undefined as never }, estimates });
    expect(known.map((row) => row.rows)).toEqual([null, null, null]);
    expect(known.map((row) => row.bytes)).toEqual([null, 400, null]);
    expect(known[0]?.skew).toBeNull();
  });

  it('takes tables that were never analysed as unknown, not as empty', () => {
    const estimates: TableRowEstimates = {
      takenAt,
      estimates: { 2: { rows: 0, unanalysedShards: 2 }, 3: { rows: 0, unanalysedShards: 0 } },
      incomplete: null,
    };
    expect(toTableRows(partitioned, { estimates }).map((row) => row.rows)).toEqual([0, null, 0]);
  });
});

describe('skewOf', () => {
  it('is the largest by the median, at least 1, and the same in any order', () => {
    expect(skewOf([10])).toBeNull();
    expect(skewOf([0, 0, 8])).toBeNull();
    expect(skewOf([2, 4, 40, 4])).toBe(10);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 2 }), (sizes) => {
        const skew = skewOf(sizes) ?? 0;
        expect(skew).toBeGreaterThanOrEqual(1);
        expect(skewOf([...sizes].reverse())).toBe(skew);
      }),
    );
  });
});

describe('filter, facets and sections', () => {
  it('finds a table by every word of its name, column, group or owner, and by facet and schema', () => {
    expect(filterRows(rows, { ...all, text: 'AUDIT_NO' }).map((row) => row.label)).toEqual(['audit_notes']);
    expect(filterRows(rows, { ...all, facet: 'reference' })).toHaveLength(1);
    expect(
      filterRows(rows, { ...all, text: 'agency permits', facet: 'hash' }).map((row) => row.label),
    ).toEqual(['agencies', 'permits']);
    expect(filterRows(rows, { ...all, schema: 'other' })).toHaveLength(0);
  });

  it('offers only facets that some table has, with the count that choosing it shows', () => {
    for (const { value, label } of facetOptions(rows)) {
      const left = filterRows(rows, { ...all, facet: value }).length;
      expect(left).toBeGreaterThan(0);
      if (value !== 'all') expect(label).toContain(`(${left})`);
    }
    expect(facetOptions(rows).some(({ value }) => value === 'columnar')).toBe(false);
    expect(schemaOptions(rows.map(({ table }) => table)).map(({ label }) => label)).toEqual([
      'all schemas',
      'public (9)',
    ]);
    const columnar = toTableRows(
      mapShards(
        { ...fixture.snapshot, tables: [makeTable(9, { accessMethod: 'columnar' })], shards: [] },
        null,
      ),
      {},
    );
    expect(columnar.map((row) => [hasFacet(row, 'columnar'), row.shortType])).toEqual([
      [true, 'hash, columnar'],
    ]);
  });

  it('puts colocated tables into one section, those in none last', () => {
    const sections = rows.map((row) => sectionOf(row, 'group'));
    expect(new Set(sections.map(({ key: one }) => one)).size).toBe(
      new Set(rows.map((row) => row.colocationId)).size,
    );
    expect(tablesSummary(rows)).toBe('8 distributed, 1 reference, 2 cannot move online');
  });

  it('exports hostile names as text, one line a table', () => {
    const hostile = makeTable(9, {
      schema: '=cmd()',
      name: 'a","b\r\nc',
      colocationId: 0,
      type: 'local',
      method: 'none',
    });
    const [row] = toTableRows(mapShards({ ...fixture.snapshot, tables: [hostile], shards: [] }, null), {});
    const csv = toCsv(exportColumns, row === undefined ? [] : [row]);
    expect(csv.split('\r\n')[1]).toMatch(/^'=cmd\(\),"a"",""b$/);
  });
});
