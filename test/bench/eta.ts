/**
 * Whether the estimates of a run of moves come true: runs whose end is known are replayed second by second, and from a fifth
 * of the work on each estimate is held against the real end.
 *
 * Replayed are runs that a real cluster made (test/bench/eta/*.json: bytes and milliseconds of each move, in order) and runs
 * made up here from a seed: other paces and overheads, moves that differ from each other, servers that slow down in the
 * middle, single moves that stall. Half of the made-up runs know an earlier run of their cluster, half know nothing. Of
 * those in the third figure the cluster has made moves in the other manner too, or only in that, at another pace. The
 * estimator sees what the app sees: moves that have ended, and bytes and age of the one that runs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { estimateMoves, paceOf } from '../../src-main/plans/move-estimate';
import type { MoveSample, MoveTime } from '../../src-main/plans/move-estimate';
import { median } from '../support/wait';
import type { BenchFigure } from './figure';

interface Replay {
  readonly name: string;
  readonly known: readonly MoveSample[];
  readonly moves: readonly MoveTime[];
}

export function run(options: { readonly cases?: string } = {}): readonly BenchFigure[] {
  const recorded = readRecorded(options.cases);
  const figures: BenchFigure[] = [];
  for (const [name, replays] of [
    ['recorded', recorded],
    ['made up', madeUp()],
    ['made up, both manners', madeUp().map(inBothManners)],
  ] as const) {
    const looks = replays.flatMap(looksOf);
    const inside = looks.filter((look) => look.inside).length / looks.length;
    const widths = looks.map((look) => look.high / Math.max(look.low, 1_000));
    figures.push(
      { figure: `${name}: runs`, value: replays.length, unit: 'runs', goal: '', holds: null },
      {
        figure: `${name}: true end inside the range`,
        value: Number(inside.toFixed(3)),
        unit: 'share of estimates',
        goal: '>= 0.9',
        holds: inside >= 0.9,
      },
      {
        figure: `${name}: longest / shortest, median`,
        value: Number(median(widths).toFixed(2)),
        unit: 'ratio',
        goal: '',
        holds: null,
      },
    );
  }
  return figures;
}

interface Look {
  readonly inside: boolean;
  readonly low: number;
  readonly high: number;
}

const looksPerRun = 40;

function looksOf({ known, moves }: Replay): readonly Look[] {
  const totalMs = sum(moves.map((move) => move.ms));
  const totalBytes = sum(moves.map((move) => move.bytes));
  const looks: Look[] = [];
  for (let look = 0; look < looksPerRun; look += 1) {
    const atMs = (totalMs * look) / looksPerRun;
    let began = 0;
    let index = 0;
    while (index < moves.length - 1 && began + (moves[index]?.ms ?? 0) <= atMs) {
      began += moves[index]?.ms ?? 0;
      index += 1;
    }
    const current = moves[index];
    if (!current) continue;
    const elapsedMs = atMs - began;
    // Bytes arrive between setting up and catching up.
    const arrivedBytes = current.bytes * Math.min(1, Math.max(0, elapsedMs / current.ms - 0.1) / 0.7);
    const done = sum(moves.slice(0, index).map((move) => move.bytes)) + arrivedBytes;
    if (done < totalBytes * 0.2) continue;
    const pace = paceOf([...known, ...moves.slice(0, index).map(asLogical)], 'logical');
    const [low, high] = estimateMoves(pace, {
      waiting: moves.slice(index + 1).map((move) => move.bytes),
      running: [{ bytes: current.bytes, elapsedMs, arrivedBytes }],
      parallel: 1,
    });
    const left = totalMs - atMs;
    looks.push({ inside: left >= low && left <= high, low, high });
  }
  return looks;
}

/** Each recorded run as a cluster's first, and as one after the run before it. */
function readRecorded(cases: string | undefined): readonly Replay[] {
  const folder = join(import.meta.dirname, 'eta');
  const files = cases
    ? [cases]
    : readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .sort()
        .map((name) => join(folder, name));
  return files.flatMap((file) => {
    const { runs } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly runs: readonly { readonly name: string; readonly moves: readonly MoveTime[] }[];
    };
    return runs.flatMap(({ name, moves }, index) => {
      const before = runs[index - 1]?.moves;
      return [{ name, known: [], moves }, ...(before ? [{ name, known: before.map(asLogical), moves }] : [])];
    });
  });
}

function madeUp(): readonly Replay[] {
  const random = seeded(20_261);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const between = (low: number, high: number): number => low * (high / low) ** random();
  return Array.from({ length: 200 }, (_, number) => {
    const overheadMs = between(800, 12_000);
    const bytesPerMs = between(5_000, 80_000);
    const noise = between(0.08, 0.3);
    const typical = between(20e6, 8e9);
    const slowsDown = number % 5 === 1 ? between(1.2, 1.7) : 1;
    const stalls = number % 7 === 2;
    const runOf = (count: number, isLater: boolean): MoveTime[] =>
      Array.from({ length: count }, (_one, index) => {
        const bytes = typical * Math.exp(0.5 * normal());
        const slow = isLater && index > count / 2 ? slowsDown : 1;
        const stall = isLater && stalls && index === Math.floor(count * 0.6) ? 3 : 1;
        const ms = (overheadMs + (bytes / bytesPerMs) * slow) * stall * Math.exp(noise * normal());
        return { bytes, ms };
      });
    const count = Math.round(between(6, 120));
    return {
      name: `${number}`,
      known: number % 2 === 0 ? runOf(12, false).map(asLogical) : [],
      moves: runOf(count, true),
    };
  });
}

/** A run of the other manner lies between what was known and now: it takes from a fifth to the whole of the time. */
function inBothManners({ name, known, moves }: Replay, number: number): Replay {
  const share = 0.2 + 0.8 * ((number % 10) / 9);
  const other = moves.slice(0, 30).map(({ bytes, ms }): MoveSample => ({
    bytes,
    ms: ms * share,
    manner: 'blocking',
  }));
  return { name, known: [...known, ...other], moves };
}

function asLogical(move: MoveTime): MoveSample {
  return { ...move, manner: 'logical' };
}

/** A small generator of our own, so that every machine replays the same runs. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
