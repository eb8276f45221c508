/**
 * How long the window would stand still: the longest pause of the main process while a schema of 2,000 tables is advised
 * on and while a rebalance of 100 nodes and 40,000 shards is tried out, planned by a thread and, for comparison, in the
 * main process itself. The best of several rounds counts: what is left out is what else the machine did. On a machine with
 * nothing else to do a thread leaves pauses of about 25 ms; the goal is the ratio, which holds on any.
 */
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createExplorer } from '../../src-main/planning/explorer';
import { startPlannerThread } from '../../src-main/planning/planner-thread';
import type { PlannerThread } from '../../src-main/planning/planner-thread';
import { createPlannerTasks } from '../../src-main/planning/tasks';
import type { HeldCluster, InputOf } from '../../src-main/planning/tasks';
import { learnPace } from '../../src-main/plans/move-estimate';
import { hashShards, node, snapshot, table } from '../main/plans/fixtures';
import { plainSql } from '../support/advisor-schemas';
import { generatedSchema, largeSchema } from './advisor-scale';
import type { BenchFigure } from './figure';
import { asItIs } from '../../src-main/plans/explore-rebalance';
import { noLimits } from '../support/rebalance-limits';

const rounds = 5;
const goal = 0.5;
const file = resolve(import.meta.dirname, '../../out/main/planner-thread.cjs');
const startThread = (): PlannerThread => startPlannerThread(() => new Worker(file));

export async function run(): Promise<readonly BenchFigure[]> {
  const facts = generatedSchema(largeSchema);
  const advice = { facts, adviceId: 'a', clusterId: 'c', takenAt: '2026-01-01T00:00:00Z', growth: 1 };
  const cluster = largeCluster();
  const here = createPlannerTasks(plainSql);
  const subjects = [
    {
      name: 'advice on 2,000 tables',
      inMain: () => Promise.resolve(here['advisor.advise'](advice)),
      byThread: async () => {
        const thread = startThread();
        await thread.ask('advisor.advise', advice);
        thread.end();
      },
    },
    {
      name: 'a rebalance of 40,000 shards tried out',
      inMain: () => {
        // Told anew, as a thread that has just begun is: nothing is known of it yet.
        here['rebalance.hold']({ snapshot: { ...cluster.snapshot }, shardBytes: [cluster.shardBytes] });
        return Promise.resolve(here['rebalance.explore'](asked));
      },
      byThread: async () => {
        let thread: PlannerThread | null = null;
        const explorer = createExplorer(() => (thread = startThread()), 60_000);
        await explorer.explore(cluster, asked, new AbortController().signal);
        (thread as PlannerThread | null)?.end();
      },
    },
  ];
  const figures: BenchFigure[] = [];
  for (const { name, inMain, byThread } of subjects) {
    // In turns; the first round warms the engine and is not counted.
    const pauses: { inMain: number; byThread: number }[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const one = { inMain: await longestPause(inMain), byThread: await longestPause(byThread) };
      if (round > 0) pauses.push(one);
    }
    const mainMs = Math.min(...pauses.map((one) => one.inMain));
    const threadMs = Math.min(...pauses.map((one) => one.byThread));
    figures.push(
      { figure: `${name}, in the main process`, value: rounded(mainMs), unit: 'ms', goal: '', holds: null },
      { figure: `${name}, by a thread`, value: rounded(threadMs), unit: 'ms', goal: '', holds: null },
      {
        figure: `${name}, by a thread / in the main process`,
        value: Number((threadMs / mainMs).toFixed(2)),
        unit: 'times',
        goal: `<= ${goal}`,
        holds: threadMs / mainMs <= goal,
      },
    );
  }
  return figures;
}

/** Between two turns of the event loop while the work goes on, and at its end. */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let goesOn = true;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (goesOn) setImmediate(look);
  };
  setImmediate(look);
  await work();
  goesOn = false;
  look();
  return longest;
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}

function largeCluster(): HeldCluster {
  const tables = Array.from({ length: 100 }, (_, index) =>
    table(1_000 + index, `table_${index}`, { shardCount: 400, colocationId: 1 + (index % 4) }),
  );
  // A fifth of the nodes is empty, so that there is something to move.
  const full = Array.from({ length: 80 }, (_, index) => index + 1);
  const shards = tables.flatMap((one, index) => hashShards(one, 1_000_000 + 1_000 * index, full));
  return {
    snapshot: snapshot({
      nodes: Array.from({ length: 101 }, (_, groupId) => node(groupId)),
      tables,
      shards,
    }),
    shardBytes: Object.fromEntries(
      shards.map(({ shardId }, index) => [shardId, (1 + (index % 7)) * 2 ** 28]),
    ),
  };
}

const asked: InputOf<'rebalance.explore'> = {
  planning: { disks: new Map(), baseCostBytes: 100 * 2 ** 20 },
  constraints: { ...noLimits, parallelMoves: 4 },
  whatIf: asItIs,
  pace: learnPace([]),
};
