/**
 * Memory of the app's own processes with a practice cluster open (PostgreSQL's are left out), against an empty
 * window on the same runtime, in turns. Proportional set size, so that shared pages count once.
 */
import { basename } from 'node:path';
import { emptyWindowApp, repository, startBare } from '../support/bare-start';
import type { BareApp } from '../support/bare-start';
import { executableOf, processTree, proportionalBytes } from '../support/processes';
import { recordedClusters } from '../support/practice-endpoint';
import { median, waitFor } from '../support/wait';
import type { BenchFigure } from './figure';

const rounds = 3;

export async function run(): Promise<readonly BenchFigure[]> {
  const empty = emptyWindowApp();
  const own: number[] = [];
  const bare: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      own.push(
        await measured(repository, ['--practice'], async (app) => {
          await waitFor(
            'the practice cluster with its sample data',
            () => recordedClusters(app.dataFolder)[0]?.sampleData === 'loaded',
            120_000,
          );
        }),
      );
      bare.push(await measured(empty.folder, [], (app) => app.interactiveAfterMs()));
    }
  } finally {
    empty.remove();
  }
  const ratio = median(own.map((bytes, index) => bytes / (bare[index] ?? Number.NaN)));
  const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
  return [
    {
      figure: 'app with a practice cluster',
      value: megabytes(median(own)),
      unit: 'MiB',
      goal: '',
      holds: null,
    },
    { figure: 'empty window', value: megabytes(median(bare)), unit: 'MiB', goal: '', holds: null },
    { figure: 'ratio', value: Number(ratio.toFixed(3)), unit: 'x', goal: '<= 1.5', holds: ratio <= 1.5 },
  ];
}

async function measured(
  folder: string,
  args: readonly string[],
  until: (app: BareApp) => Promise<unknown>,
): Promise<number> {
  const app = startBare(folder, args);
  try {
    await until(app);
    // The figure wanted is the settled one: the same reading three times in a row, within 2 %.
    let last = 0;
    let same = 0;
    return await waitFor(
      'memory to settle',
      () => {
        const bytes = processTree(app.pid)
          .filter((pid) => basename(executableOf(pid)) !== 'postgres')
          .reduce((sum, pid) => sum + proportionalBytes(pid), 0);
        same = Math.abs(bytes - last) < last * 0.02 ? same + 1 : 0;
        last = bytes;
        return same >= 3 ? bytes : null;
      },
      60_000,
      1_000,
    );
  } finally {
    await app.close();
  }
}
