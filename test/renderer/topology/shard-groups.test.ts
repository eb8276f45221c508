import { describe, expect, it } from 'vitest';
import { familyWords, mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster, makeNode, makeTable } from '../cluster-fixture';

describe('mapShards', () => {
  it('puts colocated shards of one hash range into one group', () => {
    const { snapshot, sizes } = makeCluster({
      workers: 2,
      families: 1,
      tablesPerFamily: 3,
      shardCount: 4,
      referenceTables: 0,
    });
    const shards = mapShards(snapshot, sizes);
    expect(shards.groups).toHaveLength(4);
    expect(shards.groups.map((group) => group.shards.length)).toEqual([3, 3, 3, 3]);
    for (const group of shards.groups) {
      expect(new Set(group.shards.map((shard) => shard.minValue)).size).toBe(1);
      const sum = group.shards.reduce((bytes, shard) => bytes + (sizes.shardBytes[shard.shardId] ?? NaN), 0);
      expect(group.bytes).toBe(sum);
    }
    expect(shards.groups.map((group) => group.index)).toEqual([0, 1, 2, 3]);
  });

  it('counts every copy once on each node, and the bytes of all nodes add up', () => {
    const { snapshot, sizes } = makeCluster({ workers: 3, families: 2, shardCount: 8, referenceTables: 1 });
    const shards = mapShards(snapshot, sizes);
    const expected = snapshot.shards.reduce(
      (sum, shard) => sum + shard.groupIds.length * (sizes.shardBytes[shard.shardId] ?? 0),
      0,
    );
    expect([...shards.nodes.values()].reduce((sum, node) => sum + node.bytes, 0)).toBe(expected);
    expect([...shards.nodes.values()].reduce((sum, node) => sum + node.shardCount, 0)).toBe(
      snapshot.shards.reduce((sum, shard) => sum + shard.groupIds.length, 0),
    );
  });

  it('does not count a replica of a node as a second holder', () => {
    const fixture = makeCluster({ workers: 2, families: 1, shardCount: 4 });
    const withReplica = {
      ...fixture.snapshot,
      nodes: [...fixture.snapshot.nodes, makeNode(9, { groupId: 1, role: 'secondary' })],
    };
    const before = mapShards(fixture.snapshot, fixture.sizes);
    const after = mapShards(withReplica, fixture.sizes);
    expect(after.nodes.get(1)?.shardCount).toBe(before.nodes.get(1)?.shardCount);
  });

  it('says unknown, not zero, where a size is missing', () => {
    const fixture = makeCluster({
      workers: 2,
      families: 1,
      tablesPerFamily: 1,
      shardCount: 2,
      referenceTables: 0,
    });
    const [first, second] = fixture.snapshot.shards;
    const shards = mapShards(fixture.snapshot, {
      ...fixture.sizes,
      shardBytes: { [second?.shardId ?? '']: 500 },
    });
    const holder = shards.nodes.get(first?.groupIds[0] ?? -1);
    expect(shards.groupByKey.get(shards.groupOfShard.get(first?.shardId ?? '') ?? '')?.bytes).toBeNull();
    expect(holder?.isComplete).toBe(false);
    expect(mapShards(fixture.snapshot, null).groups.every((group) => group.bytes === null)).toBe(true);
  });

  it('keeps reference tables apart and out of the only copies', () => {
    const { snapshot, sizes } = makeCluster({ workers: 1, families: 0, referenceTables: 2 });
    const shards = mapShards(
      { ...snapshot, shards: snapshot.shards.map((shard) => ({ ...shard, groupIds: [1] })) },
      sizes,
    );
    expect(shards.groups).toHaveLength(2);
    expect(shards.nodes.get(1)?.onlyCopies).toBe(0);
    expect(shards.countedGroups).toBe(0);
  });

  it('treats append shards as travelling alone, and a sharded schema as one group named after it', () => {
    const { snapshot } = makeCluster({ workers: 1, families: 0, referenceTables: 0 });
    const shard = (shardId: string, tableOid: number) => ({
      shardId,
      tableOid,
      minValue: null,
      maxValue: null,
      groupIds: [1],
    });
    const shards = mapShards(
      {
        ...snapshot,
        tables: [
          makeTable(1, { method: 'append', colocationId: 7 }),
          makeTable(2, { type: 'schema', method: 'none', schema: 'select', colocationId: 8 }),
          makeTable(3, { type: 'schema', method: 'none', schema: 'select', colocationId: 8 }),
          makeTable(4, { type: 'local', method: 'none', colocationId: 0 }),
          makeTable(5, { type: 'local', method: 'none', colocationId: 0 }),
        ],
        shards: [
          shard('11', 1),
          shard('12', 1),
          shard('20', 2),
          shard('21', 3),
          shard('30', 4),
          shard('31', 5),
        ],
      },
      null,
    );
    const keys = ['11', '12', '20', '21', '30', '31'].map((id) => shards.groupOfShard.get(id));
    expect(keys[0]).not.toBe(keys[1]);
    expect(keys[2]).toBe(keys[3]);
    expect(keys[4]).not.toBe(keys[5]);
    const schema = shards.families.find((family) => family.kind === 'schema');
    expect(schema && familyWords(schema)).toBe('select');
    // Local tables come last, so that they take no colour from those that are spread.
    expect(shards.families.slice(-2).map((family) => family.kind)).toEqual(['local', 'local']);
  });

  it('orders shard ids as numbers, beyond what a double holds', () => {
    const { snapshot } = makeCluster({ workers: 1, families: 0, referenceTables: 0 });
    const ids = ['9007199254740993', '9007199254740992', '99'];
    const shards = mapShards(
      {
        ...snapshot,
        tables: [makeTable(1), makeTable(2), makeTable(3)],
        shards: ids.map((shardId, index) => ({
          shardId,
          tableOid: index + 1,
          minValue: 0,
          maxValue: 1,
          groupIds: [1],
        })),
      },
      null,
    );
    expect(shards.groups[0]?.shards.map((one) => one.shardId)).toEqual([
      '99',
      '9007199254740992',
      '9007199254740993',
    ]);
  });
});
