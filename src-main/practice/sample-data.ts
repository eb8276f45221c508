/** The sample data set: SQL files cut into steps, each one transaction, so that a person sees it grow. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../connections/database';

export interface SampleStep {
  /** Shown while it runs: "Filing permits". */
  readonly title: string;
  readonly sql: string;
}

/** Each step begins with a line "-- step: title"; what stands before the first one is left out. */
export function parseSampleSteps(text: string): readonly SampleStep[] {
  return text
    .split(/^-- step:[ \t]*/m)
    .slice(1)
    .map((part) => {
      const lineEnd = part.indexOf('\n');
      const title = (lineEnd === -1 ? part : part.slice(0, lineEnd)).trim();
      return { title, sql: lineEnd === -1 ? '' : part.slice(lineEnd + 1).trim() };
    })
    .filter((step) => step.sql !== '');
}

/** All steps of the files in `folder`, in the order of the file names. */
export async function readSampleSteps(folder: string): Promise<readonly SampleStep[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap(parseSampleSteps);
}

/** Runs the steps. `onStep` is told before each, with the share that is done. */
export async function loadSampleData(
  database: Database,
  steps: readonly SampleStep[],
  onStep: (step: SampleStep, progress: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    onStep(step, index / steps.length);
    await database.change({ text: step.sql }, { signal, timeoutMs: 120_000 });
  }
}
