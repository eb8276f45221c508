import { afterEach, describe, expect, it } from 'vitest';
import { createExplorer } from '../../../src-main/planning/explorer';
import type { PlannerThread } from '../../../src-main/planning/planner-thread';
import { createPlannerTasks } from '../../../src-main/planning/tasks';
import type { HeldCluster, InputOf } from '../../../src-main/planning/tasks';
import { learnPace } from '../../../src-main/plans/move-estimate';
import { plainSql } from '../../support/advisor-schemas';
import { plannerForTest } from '../../support/planner-port';
import { hashShards, node, snapshot, table } from '../plans/fixtures';
import { asItIs } from '../../../src-main/plans/explore-rebalance';
import { noLimits } from '../../support/rebalance-limits';

const permits = table(100, 'permits', { shardCount: 8, colocationId: 1 });
const cluster: HeldCluster = {
  snapshot: snapshot({
    nodes: [node(0), node(1), node(2)],
    tables: [permits],
    shards: hashShards(permits, 1_000, [1]),
  }),
  shardBytes: Object.fromEntries(Array.from({ length: 8 }, (_, index) => [String(1_000 + index), 1e9])),
};
const asked: InputOf<'rebalance.explore'> = {
  planning: { disks: new Map(), baseCostBytes: 0 },
  constraints: noLimits,
  whatIf: asItIs,
  pace: learnPace([]),
};

describe('an explorer', () => {
  let started: PlannerThread[] = [];
  let told = 0;
  afterEach(() => {
    for (const thread of started) thread.end();
    started = [];
    told = 0;
  });
  const explorer = createExplorer(() => {
    const tasks = createPlannerTasks(plainSql);
    const { thread } = plannerForTest({
      ...tasks,
      'rebalance.hold': (held) => {
        told += 1;
        return tasks['rebalance.hold'](held);
      },
    });
    started.push(thread);
    return thread;
  }, 60_000);

  it('tells the cluster once, and again when it was read anew', async () => {
    const { signal } = new AbortController();
    const first = await explorer.explore(cluster, asked, signal);
    expect(first.ours?.moves.length).toBeGreaterThan(0);
    await explorer.explore(cluster, asked, signal);
    expect(told).toBe(1);
    await explorer.explore({ ...cluster, snapshot: { ...cluster.snapshot } }, asked, signal);
    expect(told).toBe(2);
    expect(started).toHaveLength(1);
  });

  it('answers one call though another is given up, which takes the thread with it', async () => {
    const controller = new AbortController();
    const given = explorer.explore(cluster, asked, controller.signal);
    const kept = explorer.explore(cluster, asked, new AbortController().signal);
    const end = expect(given).rejects.toMatchObject({ failure: { kind: 'cancelled' } });
    controller.abort();
    await end;
    expect((await kept).ours?.moves.length).toBeGreaterThan(0);
  });
});
