import { describe, expect, it } from 'vitest';
import type {
  ClusterReachability,
  ClusterSnapshot,
  JobProgress,
  NodeReachability,
} from '../../../src-main/contract/cluster';
import type { LastSeenStates } from '../../../src-main/contract/node-states';
import { createRevisions } from '../../../src-main/monitor/revisions';
import { createStatesKeeper, removedShownMs } from '../../../src-main/monitor/states-keeper';
import { hashShards, node, snapshot as snapshotOf, table } from '../plans/fixtures';
import { createPublished } from './fake-cluster';
import { createFakeClock } from './fake-clock';

const permits = table(20, 'permits');

async function keep(lastSeen: LastSeenStates | null = null) {
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
    lastSeen: () => Promise.resolve(lastSeen),
    publish: published.publish,
    clock,
    revisions: createRevisions(),
  });
  // What was seen before is read.
  await clock.pass(0);
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
    const world = await keep();
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
    const world = await keep();
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

  const seen = (at: string, port = 5432): LastSeenStates => ({
    at,
    nodes: [node(0), { ...node(1), port }],
    conditions: [
      { nodeId: 1, state: 'active', role: 'coordinator', why: '', since: '2025-12-31T08:00:00.000Z' },
      { nodeId: 2, state: 'unreachable', role: 'primary', why: '', since: '2025-12-31T09:00:00.000Z' },
    ],
  });
  const restarted = async (
    lastSeen: LastSeenStates,
    second: NodeReachability['state'],
  ): Promise<Awaited<ReturnType<typeof keep>>> => {
    const world = await keep(lastSeen);
    world.nodes(0, 1);
    world.reach({ 1: 'unknown', 2: 'unknown' });
    await world.clock.pass(1_000);
    world.reach({ 1: 'reachable', 2: second }, '2026-01-01T00:00:01.000Z');
    return world;
  };

  it('go on with their since when watching was broken off for a moment only', async () => {
    const world = await restarted(seen('2025-12-31T23:59:30.000Z'), 'unreachable');
    expect(world.of(1)).toMatchObject({ state: 'active', since: '2025-12-31T08:00:00.000Z' });
    expect(world.of(2)).toMatchObject({ state: 'unreachable', since: '2025-12-31T09:00:00.000Z' });
    expect(world.of(2)).not.toHaveProperty('before');
  });

  it('begin anew after a longer break, and say what they were before it', async () => {
    const world = await restarted(seen('2025-12-31T20:00:00.000Z'), 'unreachable');
    const before = { since: '2025-12-31T09:00:00.000Z', until: '2025-12-31T20:00:00.000Z' };
    expect(world.of(2)).toMatchObject({ state: 'unreachable', since: '2026-01-01T00:00:01.000Z', before });
    // It stays told while the state holds, and not for one that comes later.
    world.reach({ 1: 'reachable', 2: 'unknown' });
    expect(world.of(2)).not.toHaveProperty('before');
    world.reach({ 1: 'reachable', 2: 'unreachable' });
    expect(world.of(2)).toMatchObject({ since: '2026-01-01T00:00:01.000Z', before });
    world.reach({ 1: 'reachable', 2: 'reachable' });
    world.reach({ 1: 'reachable', 2: 'unreachable' }, '2026-01-01T00:05:00.000Z');
    expect(world.of(2)).toMatchObject({ since: '2026-01-01T00:05:00.000Z' });
    expect(world.of(2)).not.toHaveProperty('before');
  });

  it.each<[string, LastSeenStates, NodeReachability['state']]>([
    ['another state', seen('2025-12-31T23:59:30.000Z'), 'reachable'],
    ['another address', seen('2025-12-31T23:59:30.000Z', 5999), 'unreachable'],
  ])('say nothing of before for a node that had %s', async (_what, lastSeen, second) => {
    const world = await restarted(lastSeen, second);
    expect(Date.parse(world.of(2)?.since ?? '')).toBeGreaterThanOrEqual(Date.parse('2026-01-01'));
    expect(world.of(2)).not.toHaveProperty('before');
  });

  it('tell of a node that was removed for ten minutes, or until its address is back', async () => {
    const world = await keep();
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
