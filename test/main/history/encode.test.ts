import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterSnapshot, Shard } from '../../../src-main/contract/cluster';
import { toPast, withReachability, withSizes, withSnapshot } from '../../../src-main/history/encode';
import { parseLine, toText } from '../../../src-main/history/lines';
import { decodeShards, encodeShards } from '../../../src-main/history/shard-code';
import { applyDelta, diffWorlds, emptyWorld, mergeDeltas } from '../../../src-main/history/world';
import type { Section, World } from '../../../src-main/history/world';
import { makeCluster } from '../../renderer/cluster-fixture';
import { aReachability, aSnapshot, aTable, at } from '../../support/cluster-records';

/** Ids that jump, ranges that are not even, several copies, tables that lie unlike those they are colocated with. */
const anyShards: fc.Arbitrary<{
  readonly colocationIds: readonly number[];
  readonly shards: readonly Shard[];
}> = fc
  .array(
    fc.record({
      colocationId: fc.integer({ min: 0, max: 2 }),
      firstId: fc.bigInt({ min: 1n, max: 9_000_000_000_000_000_000n }),
      shards: fc.array(
        fc.record({
          step: fc.integer({ min: 1, max: 3 }),
          range: fc.option(fc.tuple(fc.integer(), fc.integer())),
          groupIds: fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 3 }),
        }),
        { maxLength: 70 },
      ),
    }),
    { maxLength: 5 },
  )
  .map((tables) => ({
    colocationIds: tables.map(({ colocationId }) => colocationId),
    shards: tables.flatMap(({ firstId, shards }, table) => {
      const hasRanges = shards.every(({ range }) => range !== null);
      let id = firstId;
      return shards.map(({ step, range, groupIds }): Shard => {
        id += BigInt(step);
        return {
          shardId: String(id),
          tableOid: 1 + table,
          minValue: hasRanges ? (range?.[0] ?? null) : null,
          maxValue: hasRanges ? (range?.[1] ?? null) : null,
          groupIds,
        };
      });
    }),
  }));

const anyWorld: fc.Arbitrary<World> = fc
  .record({
    nodes: fc.dictionary(fc.string(), fc.json(), { maxKeys: 4 }),
    places: fc.dictionary(fc.constantFrom('a/0', 'a/1', 'b/0'), fc.json()),
  })
  .map(({ nodes, places }) => {
    // Texts are those that JSON.stringify writes, and "__proto__" is no id.
    const section = (texts: Record<string, string>): ReadonlyMap<string, string> =>
      new Map(
        Object.entries(texts)
          .filter(([key]) => key !== '__proto__')
          .map(([key, text]) => [key, JSON.stringify(JSON.parse(text))])
          .filter((entry): entry is [string, string] => entry[1] !== 'null'),
      );
    return { ...emptyWorld, nodes: section(nodes), places: section(places) };
  });

function plain(world: World): unknown {
  const of = (section: Section): unknown => Object.fromEntries([...world[section]].sort());
  return { nodes: of('nodes'), places: of('places') };
}

describe('what is kept of shards', () => {
  it('gives back the very shards', () => {
    fc.assert(
      fc.property(anyShards, ({ colocationIds, shards }) => {
        const tables = colocationIds.map((colocationId, index) => aTable({ oid: 1 + index, colocationId }));
        expect(decodeShards(encodeShards(tables, shards))).toEqual(shards);
      }),
    );
  });

  it('takes little room where tables are colocated', () => {
    const { snapshot } = makeCluster({ workers: 20, families: 4, tablesPerFamily: 25, shardCount: 40 });
    const world = withSnapshot(emptyWorld, snapshot, null);
    const line = toText({
      type: 'frame',
      at,
      isWhole: true,
      events: [],
      delta: diffWorlds(emptyWorld, world) ?? {},
    });
    expect(snapshot.shards.length).toBeGreaterThan(4_000);
    expect(line.length).toBeLessThan(snapshot.shards.length * 4);
  });
});

describe('a world', () => {
  it('is another one after their difference is applied, however it was written', () => {
    fc.assert(
      fc.property(anyWorld, anyWorld, (one, other) => {
        const delta = diffWorlds(one, other);
        if (delta === null) {
          expect(plain(one)).toEqual(plain(other));
          return;
        }
        const line = parseLine(toText({ type: 'frame', at, isWhole: false, events: [], delta }));
        expect(line?.type).toBe('frame');
        if (line?.type === 'frame') expect(plain(applyDelta(one, line.delta))).toEqual(plain(other));
      }),
    );
  });

  it('is the same by two differences or by both merged', () => {
    fc.assert(
      fc.property(anyWorld, anyWorld, anyWorld, (one, two, three) => {
        const first = diffWorlds(one, two) ?? {};
        const second = diffWorlds(two, three) ?? {};
        expect(plain(applyDelta(one, mergeDeltas(first, second)))).toEqual(plain(three));
      }),
    );
  });
});

describe('the past', () => {
  it('is the snapshot that was kept', () => {
    const { snapshot, reachability, sizes } = makeCluster({
      workers: 4,
      families: 2,
      tablesPerFamily: 2,
      referenceTables: 1,
    });
    let world = withSnapshot(emptyWorld, snapshot, null);
    world = withReachability(world, reachability);
    world = withSizes(world, snapshot, sizes);
    const past = toPast(world, snapshot.clusterId, snapshot.takenAt);
    const sorted = (list: readonly Shard[]): readonly Shard[] =>
      [...list].sort((a, b) => a.tableOid - b.tableOid || Number(a.shardId) - Number(b.shardId));
    expect({
      ...past?.snapshot,
      revision: snapshot.revision,
      shards: sorted(past?.snapshot.shards ?? []),
    }).toEqual({
      ...snapshot,
      jobs: snapshot.jobs.map((job) => ({ ...job, taskCounts: {} })),
      shards: sorted(snapshot.shards),
    });
    expect(past?.reachability.nodes.map(({ nodeId, state, since }) => ({ nodeId, state, since }))).toEqual(
      reachability.nodes.map(({ nodeId, state, since }) => ({ nodeId, state, since })),
    );
    for (const [shardId, bytes] of Object.entries(sizes.shardBytes)) {
      expect(Math.abs((past?.sizes?.shardBytes[shardId] ?? 0) - bytes)).toBeLessThanOrEqual(0.1 * bytes);
    }
  });

  it('writes out only the parts that are new objects', () => {
    const before: ClusterSnapshot = aSnapshot();
    const world = withSnapshot(emptyWorld, before, null);
    const next = withSnapshot(world, { ...before, cleanupRecords: 3 }, before);
    expect(next.shards).toBe(world.shards);
    expect(diffWorlds(world, next)).toEqual({ base: { cleanup: '3' } });
  });

  it('keeps the last known state of a node that was not tried yet', () => {
    const seen = withReachability(emptyWorld, aReachability(['reachable', 'unreachable']));
    expect(withReachability(seen, aReachability(['unknown', 'unknown']))).toBe(seen);
  });

  it('leaves small changes of sizes alone', () => {
    const snapshot = aSnapshot();
    const sizes = {
      clusterId: 'c1',
      revision: 1,
      takenAt: at,
      incomplete: null,
      shardBytes: { '102008': 1_000_000 },
    };
    const world = withSizes(emptyWorld, snapshot, sizes);
    expect(withSizes(world, snapshot, { ...sizes, shardBytes: { '102008': 1_050_000 } })).toBe(world);
    const grown = withSizes(world, snapshot, { ...sizes, shardBytes: { '102008': 1_234_567 } });
    expect(grown.sizes.get('16400')).toBe('[1200000]');
  });
});
