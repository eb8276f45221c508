import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toSizesChange } from '../../../src-main/monitor/sizes-changes';
import { diffContent } from '../../../src-main/monitor/snapshot-changes';
import { applySizesChange } from '../../../src-renderer/clusters/sizes-changes';
import { applySnapshotChange } from '../../../src-renderer/clusters/snapshot-changes';
import { remapShards } from '../../../src-renderer/topology/remap-shards';
import type { MappedShards } from '../../../src-renderer/topology/remap-shards';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster, makeNode, makeTable } from '../cluster-fixture';
import type { Fixture } from '../cluster-fixture';

const start = makeCluster({ workers: 3, families: 2, tablesPerFamily: 2, shardCount: 6, referenceTables: 1 });

type Change = (fixture: Fixture) => Fixture;
const withSnapshot = (fixture: Fixture, change: Partial<Fixture['snapshot']>): Fixture => ({
  ...fixture,
  snapshot: { ...fixture.snapshot, ...change },
});

/** What can happen to a cluster between two readings. */
const changes: fc.Arbitrary<Change> = fc.oneof(
  // The same world in new objects, as it comes from another process.
  fc.constant<Change>((fixture) => structuredClone(fixture)),
  fc.record({ at: fc.nat(200), groups: fc.uniqueArray(fc.nat(3), { minLength: 0, maxLength: 3 }) }).map(
    ({ at, groups }): Change =>
      (fixture) =>
        withSnapshot(fixture, {
          shards: fixture.snapshot.shards.map((shard, index) =>
            index === at % fixture.snapshot.shards.length
              ? { ...shard, groupIds: [...groups].sort((a, b) => a - b) }
              : shard,
          ),
        }),
  ),
  fc
    .record({ at: fc.nat(200), bytes: fc.option(fc.nat(1_000_000)) })
    .map(({ at, bytes }): Change => (fixture) => {
      const shardId = fixture.snapshot.shards[at % fixture.snapshot.shards.length]?.shardId ?? '';
      const { [shardId]: _gone, ...others } = fixture.sizes.shardBytes;
      const shardBytes = bytes === null ? others : { ...others, [shardId]: bytes };
      const before = { ...fixture.sizes, bytesRevision: fixture.sizes.bytesRevision ?? 0 };
      const after = { ...before, shardBytes, bytesRevision: before.bytesRevision + 1 };
      return { ...fixture, sizes: applySizesChange(before, toSizesChange(before, after)) ?? after };
    }),
  fc.constant<Change>((fixture) =>
    withSnapshot(fixture, {
      nodes: [...fixture.snapshot.nodes, makeNode(9 + fixture.snapshot.nodes.length)],
    }),
  ),
  fc.constant<Change>((fixture) =>
    withSnapshot(fixture, {
      tables: [...fixture.snapshot.tables, makeTable(20_000 + fixture.snapshot.tables.length)],
    }),
  ),
  fc.constant<Change>((fixture) =>
    withSnapshot(fixture, {
      shards: fixture.snapshot.shards.slice(0, Math.max(1, fixture.snapshot.shards.length - 1)),
    }),
  ),
);

/** As it comes from main: only what changed is told, and the rest stays the same objects. */
function told(before: Fixture, after: Fixture): Fixture {
  const content = ({ clusterId: _id, revision: _revision, takenAt: _at, ...rest }: Fixture['snapshot']) =>
    rest;
  const change = diffContent(content(before.snapshot), content(after.snapshot));
  if (change === null) return { ...after, snapshot: before.snapshot };
  const { clusterId, revision, takenAt } = before.snapshot;
  const snapshot = applySnapshotChange(before.snapshot, {
    ...{ clusterId, takenAt, base: revision, revision: revision + 1 },
    ...change,
  });
  return { ...after, snapshot: snapshot ?? after.snapshot };
}

describe('remapShards', () => {
  it('gives what mapping everything anew gives, whatever happened', () => {
    fc.assert(
      fc.property(fc.array(changes, { minLength: 1, maxLength: 6 }), fc.boolean(), (steps, isTold) => {
        let fixture = start;
        let mapped: MappedShards = remapShards(null, fixture.snapshot, fixture.sizes);
        for (const step of steps) {
          fixture = isTold ? told(fixture, step(fixture)) : step(fixture);
          mapped = remapShards(mapped, fixture.snapshot, fixture.sizes);
          expect(mapped.map).toEqual(mapShards(fixture.snapshot, fixture.sizes));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('gives the same map for the same world in other objects', () => {
    const before = remapShards(null, start.snapshot, start.sizes);
    const again = structuredClone(start);
    expect(remapShards(before, again.snapshot, again.sizes).map).toBe(before.map);
  });

  it('leaves the nodes and shard groups that nothing happened to as they are', () => {
    const before = remapShards(null, start.snapshot, start.sizes);
    const moved = start.snapshot.shards.map((shard, index) =>
      index === 0 ? { ...shard, groupIds: [2] } : shard,
    );
    const { map } = remapShards(before, { ...start.snapshot, shards: moved }, start.sizes);
    expect(map.nodes.get(2)).not.toBe(before.map.nodes.get(2));
    expect(map.nodes.get(3)).toBe(before.map.nodes.get(3));
    expect(map.groups.filter((group, index) => group !== before.map.groups[index])).toHaveLength(1);
  });
});
