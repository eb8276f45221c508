import { describe, expect, it } from 'vitest';
import { movingOf, toTraffic } from '../../../src-renderer/topology/moves';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster, makeJob, makeProgress } from '../cluster-fixture';

const fixture = makeCluster({ workers: 4, emptyWorkers: 1, families: 2, shardCount: 12 });
const shards = mapShards(fixture.snapshot, fixture.sizes);
const { nodes } = fixture.snapshot;

describe('toTraffic', () => {
  it('bundles the moves of a job by source and target, with what is left', () => {
    const traffic = toTraffic(makeProgress(fixture, 5, { done: 2, waiting: 5 }), nodes, shards);
    expect(traffic.flows.reduce((sum, flow) => sum + flow.groupsTotal, 0)).toBe(8);
    expect(traffic.flows.reduce((sum, flow) => sum + flow.groupsLeft, 0)).toBe(6);
    expect(traffic.flows.filter((flow) => flow.isRunning)).toHaveLength(1);
    expect(new Set(traffic.flows.map((flow) => flow.id)).size).toBe(traffic.flows.length);
    // Two arrived and one is under way.
    expect(traffic.nodes.get(5)).toMatchObject({ receiving: 8, received: 3, sending: 0 });
    expect(traffic.movingGroups.size).toBe(6);
  });

  it('adds up the bytes of whole shard groups, and says unknown where one is not known', () => {
    const progress = makeProgress(fixture, 5, { done: 0, waiting: 3 });
    const known = toTraffic(progress, nodes, shards);
    const expected = progress.tasks
      .filter((task) => task.shardId !== null)
      .reduce(
        (sum, task) =>
          sum + (shards.groupByKey.get(shards.groupOfShard.get(task.shardId ?? '') ?? '')?.bytes ?? NaN),
        0,
      );
    expect(known.flows.reduce((sum, flow) => sum + (flow.bytesLeft ?? NaN), 0)).toBe(expected);

    const unknown = toTraffic({ ...progress, moves: [] }, nodes, mapShards(fixture.snapshot, null));
    expect(unknown.flows.every((flow) => flow.bytesLeft === null)).toBe(true);
  });

  it('draws nothing for a job that ended, for dropped tasks, and for done bundles', () => {
    const progress = makeProgress(fixture, 5, { done: 1, waiting: 2 });
    for (const state of ['finished', 'cancelled', 'failed'] as const) {
      expect(movingOf({ ...progress, job: makeJob({ state }) }, [])).toBeNull();
    }
    const dropped = {
      ...progress,
      moves: [],
      tasks: progress.tasks.map((task) => ({ ...task, status: 'unscheduled' })),
    };
    expect(toTraffic(dropped, nodes, shards).flows).toEqual([]);
    const done = {
      ...progress,
      moves: [],
      tasks: progress.tasks.map((task) => ({ ...task, status: 'done' })),
    };
    expect(toTraffic(done, nodes, shards).flows).toEqual([]);
    expect(toTraffic(null, nodes, shards).flows).toEqual([]);
  });

  it('shows a move that has no task, as one started by hand has none', () => {
    const progress = makeProgress(fixture, 5, { done: 0, waiting: 0 });
    const traffic = toTraffic({ ...progress, tasks: [] }, nodes, shards);
    expect(traffic.flows).toMatchObject([{ targetNodeId: 5, groupsLeft: 1, isRunning: true }]);
  });
});
