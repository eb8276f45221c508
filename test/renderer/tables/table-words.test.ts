import { describe, expect, it } from 'vitest';
import { placesOf, toOnlineMove, typeWords } from '../../../src-renderer/tables/table-words';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster, makeTable } from '../cluster-fixture';

const fixture = makeCluster({
  workers: 3,
  families: 4,
  tablesPerFamily: 2,
  shardCount: 6,
  referenceTables: 1,
});
const shards = mapShards(fixture.snapshot, fixture.sizes);

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
      'local, in metadata',
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

describe('placesOf', () => {
  it('tells where the shards of a table lie', () => {
    const places = placesOf(16_400, shards, fixture.sizes.shardBytes);
    expect([...places.values()].reduce((sum, place) => sum + place.shardCount, 0)).toBe(6);
    expect([...placesOf(16_400, shards, {}).values()].every((place) => place.bytes === null)).toBe(true);
  });
});
