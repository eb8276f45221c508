/** Recorded plans of Citus that our planner reproduces move for move; `cases` names another file of the same form. */
import { plannedMoves, readPlannerCases } from '../support/planner-cases';
import type { BenchFigure } from './figure';

export async function run(options: { readonly cases?: string }): Promise<readonly BenchFigure[]> {
  const cases = readPlannerCases(options.cases);
  const missed = cases.filter(({ input, expected }) => plannedMoves(input).join() !== expected.join());
  for (const { id } of missed) process.stderr.write(`not reproduced: ${id}\n`);
  const share = (cases.length - missed.length) / cases.length;
  return [{ figure: `${cases.length} plans`, value: share, unit: 'share', goal: '= 1', holds: share === 1 }];
}
