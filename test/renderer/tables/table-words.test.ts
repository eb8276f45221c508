import { describe, expect, it } from 'vitest';
import {
  exportColumns,
  filterRows,
  groupByColocation,
  tablesSummary,
} from '../../../src-renderer/tables/table-columns';
import { placesOf, toOnlineMove, toTableRows, typeWords } from '../../../src-renderer/tables/table-words';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { toCsv } from '../../../src-renderer/ui/table-rows';
import { makeCluster, makeTable } from '../cluster-fixture';

const fixture = makeCluster({
  workers: 3,
  families: 4,
  tablesPerFamily: 2,
  shardCount: 6,
  referenceTables: 1,
});
const shards = mapShards(fixture.snapshot, fixture.sizes);
const rows = toTableRows(shards, fixture.sizes.shardBytes);

describe('typeWords', () => {
  it('has a word for every type', () => {
    expect(
      [
        makeTable(1),
        makeTable(2, { method: 'range' }),
        makeTable(3, { method: 'none' }),
        makeTable(4, { type: 'reference' }),
        makeTable(5, { type: 'local' }),
        makeTable(6, { type: 'schema' }),
      ].map(typeWords),
    ).toEqual([
      'distributed by hash',
      'distributed by range',
      'distributed, one shard',
      'reference',
      'local',
      'schema-sharded',
    ]);
  });
});

describe('toOnlineMove', () => {
  const plain = makeTable(1, { name: 'permits' });
  const culprit = makeTable(2, { name: 'audit_events', hasReplicaIdentity: false });

  it('is held back by the table itself or by one that moves with it', () => {
    expect(toOnlineMove(plain, [plain])).toEqual({ isPossible: true, why: '' });
    expect(toOnlineMove(culprit, [plain, culprit])).toMatchObject({
      isPossible: false,
      why: 'It has neither primary key nor replica identity.',
    });
    expect(toOnlineMove(plain, [plain, culprit]).why).toBe(
      'It moves together with audit_events, which has neither primary key nor replica identity.',
    );
    expect(toOnlineMove(makeTable(3, { isUnlogged: true }), []).isPossible).toBe(false);
  });

  it('does not blame a partitioned table, which has no rows, and never speaks of reference tables moving', () => {
    const parent = makeTable(4, { isPartitioned: true, hasReplicaIdentity: false });
    expect(toOnlineMove(parent, [parent]).isPossible).toBe(true);
    expect(toOnlineMove(makeTable(5, { type: 'reference' }), []).isPossible).toBeNull();
  });
});

describe('toTableRows', () => {
  it('lists each logical table once, with the bytes of one copy', () => {
    expect(rows.map((row) => row.table.oid).sort()).toEqual(
      fixture.snapshot.tables.map((table) => table.oid).sort(),
    );
    const reference = rows.find((row) => row.table.type === 'reference');
    expect(reference?.bytes).toBe(120_000);
    const sum = rows.reduce((total, row) => total + (row.bytes ?? NaN), 0);
    expect(sum).toBe(Object.values(fixture.sizes.shardBytes).reduce((total, bytes) => total + bytes, 0));
    expect(toTableRows(shards, undefined).every((row) => row.bytes === null)).toBe(true);
  });

  it('finds a table by name, column or type, and puts colocated tables beside each other', () => {
    expect(filterRows(rows, 'AUDIT_EV', 'all').map((row) => row.label)).toEqual(['audit_events']);
    expect(filterRows(rows, '', 'reference')).toHaveLength(1);
    expect(filterRows(rows, 'permit', 'distributed').map((row) => row.label)).toEqual(['permits']);
    const ids = groupByColocation(rows).map((row) => row.colocationId);
    expect(ids.filter((id, index) => id !== ids[index - 1])).toHaveLength(new Set(ids).size);
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

describe('placesOf', () => {
  it('tells where the shards of a table lie', () => {
    const places = placesOf(16_400, shards, fixture.sizes.shardBytes);
    expect([...places.values()].reduce((sum, place) => sum + place.shardCount, 0)).toBe(6);
    expect([...placesOf(16_400, shards, {}).values()].every((place) => place.bytes === null)).toBe(true);
  });
});
