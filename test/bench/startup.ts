/** Cold start to an interactive welcome, against an empty window on the same runtime, in turns. */
import { emptyWindowApp, repository, startBare } from '../support/bare-start';
import { median } from '../support/wait';
import type { BenchFigure } from './figure';

const rounds = 7;

export async function run(): Promise<readonly BenchFigure[]> {
  const empty = emptyWindowApp();
  const own: number[] = [];
  const bare: number[] = [];
  try {
    // The first round of each warms the disk cache and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      for (const [folder, times] of [
        [repository, own],
        [empty.folder, bare],
      ] as const) {
        const app = startBare(folder);
        try {
          const ms = await app.interactiveAfterMs();
          if (round > 0) times.push(ms);
        } finally {
          await app.close();
        }
      }
    }
  } finally {
    empty.remove();
  }
  const ratio = median(own.map((ms, index) => ms / (bare[index] ?? Number.NaN)));
  return [
    { figure: 'interactive welcome', value: Math.round(median(own)), unit: 'ms', goal: '', holds: null },
    { figure: 'empty window', value: Math.round(median(bare)), unit: 'ms', goal: '', holds: null },
    { figure: 'ratio', value: Number(ratio.toFixed(3)), unit: 'x', goal: '<= 1.5', holds: ratio <= 1.5 },
  ];
}
