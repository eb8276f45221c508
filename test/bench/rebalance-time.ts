/**
 * How long planning takes in a large cluster, 100 nodes of which 20 are empty and 10,000 shard groups, against 10 nodes
 * of which 2 are empty and 1,000 groups: Citus's plan reproduced, and our own plan with it. The best of several rounds
 * counts: what is left out is what else the machine did.
 */
import { planAsCitus } from '../../src-main/plans/citus-planner';
import type { PlannerInput } from '../../src-main/plans/citus-planner';
import { planOwn } from '../../src-main/plans/own-plan';
import { toOwnInput } from '../support/own-plan-cases';
import { createRandom } from '../support/random';
import type { BenchFigure } from './figure';

const goal = 20;

export function run(): Promise<readonly BenchFigure[]> {
  const [small, large] = [cluster(10, 1_000), cluster(100, 10_000)];
  const subjects = [
    { name: "Citus's plan", rounds: 100, plan: (input: PlannerInput) => planAsCitus(input).moves.length },
    { name: 'our plan', rounds: 20, plan: (input: PlannerInput) => planOwn(toOwnInput(input)).moves.length },
  ];
  return Promise.resolve(
    subjects.flatMap(({ name, rounds, plan }) => {
      // In turns; the first round warms the engine and is not counted.
      const times: { small: number; large: number }[] = [];
      for (let round = 0; round <= rounds; round += 1) {
        const one = { small: timed(() => plan(small)), large: timed(() => plan(large)) };
        if (round > 0) times.push(one);
      }
      const smallMs = Math.min(...times.map((one) => one.small));
      const largeMs = Math.min(...times.map((one) => one.large));
      const ratio = Number((largeMs / smallMs).toFixed(1));
      process.stderr.write(`${name}: ${plan(small)} and ${plan(large)} moves\n`);
      return [
        { figure: `${name}, 10 nodes`, value: Number(smallMs.toFixed(1)), unit: 'ms', goal: '', holds: null },
        {
          figure: `${name}, 100 nodes`,
          value: Number(largeMs.toFixed(1)),
          unit: 'ms',
          goal: '',
          holds: null,
        },
        {
          figure: `${name}, 100 / 10 nodes`,
          value: ratio,
          unit: 'ratio',
          goal: `<= ${goal}`,
          holds: ratio <= goal,
        },
      ];
    }),
  );
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/** A fifth of the nodes is empty; groups of 100 MB to 1 GB on the others. */
function cluster(nodeCount: number, groupCount: number): PlannerInput {
  const random = createRandom(7);
  const full = (nodeCount * 4) / 5;
  return {
    nodes: Array.from({ length: nodeCount }, (_, index) => ({ nodeId: index + 1, capacity: 1 })),
    groups: [
      Array.from({ length: groupCount }, (_, index) => ({
        shardId: String(102_008 + index),
        nodeId: (index % full) + 1,
        cost: Math.round(1e8 + random() * 9e8),
      })),
    ],
    threshold: 0.1,
    improvementThreshold: 0.5,
    maxShardMoves: 1_000_000,
    drainOnly: false,
    isAllowed: () => true,
  };
}
