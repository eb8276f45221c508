/**
 * How much of what a real Citus answered the practice emulator answers, too. `cases` replays another file of the
 * same form instead. How answers are compared: test/support/recordings.ts.
 */
import { readRecording } from '../support/recordings';
import { presupposes, recordingFile, replay } from '../support/replay';
import type { ReplayResult } from '../support/replay';
import type { BenchFigure } from './figure';

const goals = { catalog: 0.9, routing: 1, errors: 0.7, 'tables-change': 0.9 } as const;

export async function run(options: { readonly cases?: string }): Promise<readonly BenchFigure[]> {
  const results = options.cases
    ? (await replay([...presupposes(readRecording(options.cases)), options.cases])).slice(-1)
    : [
        ...(await replay([recordingFile('catalog'), recordingFile('errors')])),
        ...(await replay([recordingFile('routing')])),
        ...(await replay([recordingFile('catalog'), recordingFile('tables-change')])).slice(-1),
      ];
  for (const result of results) report(result);
  return results.map((result) => {
    const value = (result.entries - result.misses.length) / result.entries;
    const goal = goals[result.kind];
    return { figure: result.kind, value, unit: 'share', goal: `>= ${goal}`, holds: value >= goal };
  });
}

function report(result: ReplayResult): void {
  for (const miss of result.misses) {
    process.stderr.write(`missed: ${result.kind} ${miss.id}: ${miss.what.join('; ')}\n`);
  }
  process.stderr.write(
    `${result.kind}: ${result.entries - result.misses.length} of ${result.entries} as recorded\n`,
  );
}
