/**
 * Bytes that our plan moves, against Citus's, with no node fuller than the fullest after Citus's plan: for the recorded
 * plans of clusters with equal nodes and nothing to drain. `cases` names another file of the same form.
 */
import { compareWithCitus } from '../support/own-plan-cases';
import { readPlannerCases } from '../support/planner-cases';
import { median } from '../support/wait';
import type { BenchFigure } from './figure';

export async function run(options: { readonly cases?: string }): Promise<readonly BenchFigure[]> {
  const compared = readPlannerCases(options.cases)
    .filter(
      ({ input }) => !input.drainOnly && new Set(input.nodes.map(({ capacity }) => capacity)).size === 1,
    )
    .map(({ id, input }) => ({ id, ...compareWithCitus(input) }))
    .filter(({ citusBytes }) => citusBytes > 0);
  const ratios = compared.map(({ ownBytes, citusBytes }) => ownBytes / citusBytes);
  for (const { id, ownBytes, citusBytes, ownLargest, citusLargest } of compared) {
    process.stderr.write(
      `${id}: bytes ${(ownBytes / citusBytes).toFixed(3)}, largest node ${(ownLargest / citusLargest).toFixed(3)}\n`,
    );
  }
  const worse = compared.filter(({ ownLargest, citusLargest }) => ownLargest > citusLargest).length;
  const middle = Number(median(ratios).toFixed(4));
  const most = Math.max(...ratios);
  return [
    {
      figure: `median of ${ratios.length} plans`,
      value: middle,
      unit: 'ratio',
      goal: '<= 0.8',
      holds: middle <= 0.8,
    },
    { figure: 'most', value: Number(most.toFixed(4)), unit: 'ratio', goal: '<= 1', holds: most <= 1 },
    {
      figure: 'plans with a fuller largest node',
      value: worse,
      unit: 'plans',
      goal: '= 0',
      holds: worse === 0,
    },
  ];
}
