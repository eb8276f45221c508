import { describe, expect, it } from 'vitest';
import type {
  ClusterReachability,
  ClusterSnapshot,
  JobProgress,
  NodeReachability,
} from '../../../src-main/contract/cluster';
import { createRevisions } from '../../../src-main/monitor/revisions';
import { createStatesKeeper, removedShownMs } from '../../../src-main/monitor/states-keeper';
import { hashShards, node, snapshot as snapshotOf, table } from '../plans/fixtures';
import { createPublished } from './fake-cluster';
import { createFakeClock } from './fake-clock';

const permits = table(20, 'permits');

function keep() {
  const clock = createFakeClock();
  const published = createPublished();
  const world: {
    snapshot: ClusterSnapshot | null;
    reachability: ClusterReachability | null;
    progress: JobProgress | null;
  } = { snapshot: null, reachability: null, progress: null };
  const keeper = createStatesKeeper({
    clusterId: 'c',
    snapshot: () => world.snapshot,
    reachability: () => world.reachability,
    progress: () => world.progress,
    publish: published.publish,
    clock,
    revisions: createRevisions(),
  });
  let revision = 0;
  return {
    clock,
    keeper,
    published: () => published.of('states.changed'),
    nodes(...groupIds: number[]) {
      revision += 1;
      world.snapshot = snapshotOf({
        revision,
        nodes: groupIds.map((groupId) => node(groupId)),
        tables: [permits],
        shards: hashShards(permits, 100, [1]),
      });
      keeper.look();
    },
    reach(states: Readonly<Record<number, NodeReachability['state']>>, since = '2026-01-01T00:00:00.000Z') {
      world.reachability = {
        clusterId: 'c',
        revision: 1,
        takenAt: since,
        nodes: Object.entries(states).map(([nodeId, state]) => ({
          nodeId: Number(nodeId),
          state,
          since,
          lastSeenAt: null,
          latencyMs: 1,
          failure: null,
        })),
      };
      keeper.look();
    },
    of: (nodeId: number) => keeper.last()?.nodes.find((one) => one.nodeId === nodeId),
  };
}

describe('the states of the nodes', () => {
  it('are told when one of them changes, and not before', async () => {
    const world = keep();
    world.keeper.look();
    expect(world.keeper.last()).toBeNull();
    world.nodes(0, 1);
    world.reach({ 1: 'reachable', 2: 'reachable' });
    const count = world.published().length;
    await world.clock.pass(10_000);
    world.reach({ 1: 'reachable', 2: 'reachable' });
    expect(world.published()).toHaveLength(count);
    expect(world.of(2)).toMatchObject({ state: 'active', role: 'primary' });
    world.reach({ 1: 'reachable', 2: 'unreachable' }, '2026-01-01T00:00:07.000Z');
    expect(world.published()).toHaveLength(count + 1);
    expect(world.of(2)).toMatchObject({ state: 'unreachable', since: '2026-01-01T00:00:07.000Z' });
  });

  it('keep since when while they hold, also across a time in which nothing was known', async () => {
    const world = keep();
    world.nodes(0, 1);
    world.reach({ 1: 'reachable', 2: 'reachable' });
    const since = world.of(2)?.since;
    await world.clock.pass(60_000);
    world.reach({ 1: 'reachable', 2: 'unknown' });
    expect(world.of(2)?.since).not.toBe(since);
    await world.clock.pass(60_000);
    world.reach({ 1: 'reachable', 2: 'reachable' });
    expect(world.of(2)).toMatchObject({ state: 'active', since });
    world.nodes(0, 1, 2);
    expect(world.of(2)?.since).toBe(since);
    expect(world.of(3)).toMatchObject({ state: 'added' });
  });

  it('tell of a node that was removed for ten minutes, or until its address is back', async () => {
    const world = keep();
    world.nodes(0, 1, 2);
    world.reach({ 1: 'reachable', 2: 'reachable', 3: 'reachable' });
    world.nodes(0, 1);
    expect(world.keeper.last()?.removed).toMatchObject([
      { nodeId: 3, state: 'removed', why: expect.stringContaining('added without shards') as string },
    ]);
    await world.clock.pass(removedShownMs - 1);
    world.keeper.look();
    expect(world.keeper.last()?.removed).toHaveLength(1);
    await world.clock.pass(1);
    world.keeper.look();
    expect(world.keeper.last()?.removed).toEqual([]);

    world.nodes(0, 1, 2);
    world.nodes(0, 1);
    world.nodes(0, 1, 2);
    expect(world.keeper.last()?.removed).toEqual([]);
  });
});
