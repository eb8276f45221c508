/**
 * How long moves take, as a range learned from the moves that this cluster has made. Pure.
 *
 * A move costs a moment for setting up, catching up and switching, and then time for its bytes:
 * `ms = overhead + bytes × msPerByte`. Both are fitted to the moves seen so far; how far those lie beside the line is how
 * wide the range is. What is not known widens it: few moves, moves of one size only, a pace that changes.
 */
import type { DurationRange, ShardTransferMode } from '../contract/operations';

/** What one move carried and how long it took. */
export interface MoveTime {
  readonly bytes: number;
  /** Milliseconds from its begin to its end, retries left out. */
  readonly ms: number;
}

/** `logical`: rows are copied while writes go on, and then caught up with; `blocking`: writes wait while they are copied. */
export type MoveManner = 'logical' | 'blocking';

export interface MoveSample extends MoveTime {
  /** Null where it was not noted: of moves made before manners were told apart. */
  readonly manner: MoveManner | null;
}

/** With `auto` Citus copies logically, or refuses a table that it could not copy so. */
export function mannerOf(mode: ShardTransferMode): MoveManner {
  return mode === 'block_writes' ? 'blocking' : 'logical';
}

/** The moves that each cluster has made, oldest first. */
export interface MoveTimes {
  samples(clusterId: string): readonly MoveSample[];
  note(clusterId: string, sample: MoveSample): void;
}

export interface Pace {
  readonly overheadMs: number;
  readonly msPerByte: number;
  /** Standard deviation of the logarithm of (real / fitted) of one move, what few samples leave open included. */
  readonly spread: number;
  /** The same for a whole run: a pace that all moves share and that may change, as when the servers' load does. */
  readonly drift: number;
  /** How many moves it was learned from. */
  readonly samples: number;
}

/** Before anything was seen: 2 s and 30 MB/s, and a range from a third to three times that. */
const unseen = { overheadMs: 2_000, msPerByte: 1 / 30_000, spread: 0.6, drift: 0.45 } as const;
/** How many moves weigh as much as what is assumed before any. */
const priorWeight = 2;
/** A move counts half as much as one that many moves later: what was learned last year is not today's load. */
const halfLife = 15;
const leastSpread = 0.12;
const leastDrift = 0.14;
/** Beyond a fiftieth to fifty times nobody learns anything from a range. */
const widest = 2;
/** 19 of 20 where the logarithms are normal. */
const width = 1.96;

/**
 * The pace of moves in one manner. Where none was made in it yet, the pace of the other is a hint, as wide as knowing
 * nothing.
 * @param samples oldest first
 */
export function paceOf(samples: readonly MoveSample[], manner: MoveManner): Pace {
  const own = samples.filter((sample) => sample.manner === manner || sample.manner === null);
  if (own.length > 0) return learnPace(own);
  const hint = learnPace(samples);
  return {
    ...hint,
    spread: Math.max(hint.spread, unseen.spread),
    drift: Math.max(hint.drift, unseen.drift),
    samples: 0,
  };
}

/** @param samples oldest first */
export function learnPace(samples: readonly MoveTime[]): Pace {
  const usable = samples.filter((sample) => sample.ms > 0 && sample.bytes >= 0).slice(-200);
  if (usable.length === 0) return { ...unseen, samples: 0 };
  const weights = usable.map((_, index) => 0.5 ** ((usable.length - 1 - index) / halfLife));
  const line = fit(usable, weights);
  const ratios = usable.map((sample) => sample.ms / likelyMoveMs(line, sample.bytes));
  const total = sum(weights);
  // The line goes through the middle; what a run adds up to is the mean, which a few slow moves pull up.
  const mean = sum(ratios.map((ratio, index) => (weights[index] ?? 0) * Math.min(ratio, 4))) / total;
  const residuals = ratios.map((ratio) => Math.log(ratio / mean));
  const variance = sum(residuals.map((residual, index) => (weights[index] ?? 0) * residual ** 2)) / total;
  const blended = (variance * total + unseen.spread ** 2 * priorWeight) / (total + priorWeight);
  // The last moves against all: a pace that is changing lies to one side, further than chance would put it.
  const recent = residuals.slice(-5);
  const lean = recent.length < 4 ? 0 : (sum(recent) / recent.length) ** 2 - variance / recent.length;
  const openDrift = (unseen.drift * priorWeight) / (total + priorWeight);
  return {
    overheadMs: line.overheadMs * mean,
    msPerByte: line.msPerByte * mean,
    spread: Math.max(leastSpread, Math.sqrt(blended)),
    drift: Math.max(leastDrift, Math.sqrt(openDrift ** 2 + Math.max(0, lean) + variance / total)),
    samples: usable.length,
  };
}

/** Median of slopes between moves of different size, which one slow move does not turn; then the overhead that remains. */
function fit(
  samples: readonly MoveTime[],
  weights: readonly number[],
): { readonly overheadMs: number; readonly msPerByte: number } {
  const slopes: Weighted[] = [];
  const sizes = samples.map((sample) => sample.bytes);
  const enough = (Math.max(...sizes) - Math.min(...sizes)) * 0.2;
  for (const [i, one] of samples.entries()) {
    for (const [j, other] of samples.slice(0, i).entries()) {
      const difference = one.bytes - other.bytes;
      if (Math.abs(difference) <= enough) continue;
      const value = (one.ms - other.ms) / difference;
      slopes.push({ value, weight: (weights[i] ?? 0) * (weights[j] ?? 0) * Math.abs(difference) });
    }
  }
  const all = (of: (sample: MoveTime) => number): number =>
    weightedMedian(samples.map((sample, index) => ({ value: of(sample), weight: weights[index] ?? 0 })));
  const slope = slopes.length >= 3 ? Math.max(0, weightedMedian(slopes)) : null;
  if (slope !== null) {
    const overheadMs = all((sample) => sample.ms - slope * sample.bytes);
    if (overheadMs >= 0) return { overheadMs: Math.max(overheadMs, 1), msPerByte: slope };
  }
  // Sizes that hardly differ, or time that bytes alone explain: the pace is what it took for what it carried.
  const overheadMs = Math.min(unseen.overheadMs, all((sample) => sample.ms) / 2);
  const msPerByte = all((sample) => Math.max(0, sample.ms - overheadMs) / Math.max(sample.bytes, 1));
  return { overheadMs, msPerByte };
}

/** Milliseconds that one move of that size takes, most likely. */
export function likelyMoveMs(pace: Pick<Pace, 'overheadMs' | 'msPerByte'>, bytes: number): number {
  return pace.overheadMs + pace.msPerByte * bytes;
}

/** Part of a run that has still to be done. */
export interface RemainingMoves {
  /** Bytes of each move that has not begun. */
  readonly waiting: readonly number[];
  readonly running: readonly RunningMove[];
  /** Moves at the same time. */
  readonly parallel: number;
}

export interface RunningMove {
  readonly bytes: number;
  readonly elapsedMs: number;
  /** Bytes that have arrived; null where it is not told. */
  readonly arrivedBytes: number | null;
}

/** Milliseconds until the last move has ended, shortest to longest expected. */
export function estimateMoves(pace: Pace, remaining: RemainingMoves): DurationRange {
  const waiting = remaining.waiting.map((bytes) => likelyMoveMs(pace, bytes));
  const running = remaining.running.map((move) => remainingOfMove(pace, move));
  const parts = [...waiting, ...running.map(({ ms }) => ms)];
  const work = sum(parts);
  const parallel = Math.max(1, Math.min(remaining.parallel, parts.length));
  // No list of moves ends before its longest, however many run beside it.
  const likely = Math.max(work / parallel, ...parts, 0);
  const squares = sum(waiting.map((ms) => (ms * pace.spread) ** 2));
  const runningSquares = sum(running.map(({ ms, slack }) => (ms * pace.spread) ** 2 + slack ** 2));
  const independent = Math.sqrt(squares + runningSquares) / parallel;
  const relative = likely === 0 ? 0 : Math.min(Math.hypot(independent / likely, pace.drift), widest);
  const slack = sum(running.map((move) => move.slack)) / parallel;
  return [
    Math.max(0, likely * Math.exp(-width * relative) - slack),
    likely * Math.exp(width * relative) + slack + 1_000,
  ];
}

/** Of moves that have not begun; null where the size of one is not known. */
export function expectedMovesMs(
  samples: readonly MoveSample[],
  mode: ShardTransferMode,
  moves: readonly { readonly bytes: number | null }[],
  parallel: number,
): DurationRange | null {
  const sizes = moves.map(({ bytes }) => bytes);
  if (sizes.some((bytes) => bytes === null)) return null;
  return estimateMoves(paceOf(samples, mannerOf(mode)), {
    waiting: sizes.map((bytes) => bytes ?? 0),
    running: [],
    parallel,
  });
}

/**
 * A move that runs longer than expected says that it is a slow one. Arrived bytes tell how far it is; the time for
 * catching up and switching comes after them.
 */
function remainingOfMove(pace: Pace, move: RunningMove): { readonly ms: number; readonly slack: number } {
  const expected = likelyMoveMs(pace, move.bytes);
  const late = Math.max(0, move.elapsedMs - expected);
  const byClock = Math.max(expected - move.elapsedMs, 0);
  if (move.arrivedBytes === null || move.bytes === 0) return { ms: byClock, slack: late * 0.6 };
  const left = Math.max(0, 1 - move.arrivedBytes / move.bytes) * pace.msPerByte * move.bytes;
  const byBytes = left + (move.arrivedBytes >= move.bytes ? byClock : pace.overheadMs / 2);
  return { ms: (byClock + byBytes) / 2, slack: Math.abs(byClock - byBytes) / 2 + late * 0.6 };
}

interface Weighted {
  readonly value: number;
  readonly weight: number;
}

function weightedMedian(values: readonly Weighted[]): number {
  const sorted = values.toSorted((one, other) => one.value - other.value);
  const half = sum(sorted.map(({ weight }) => weight)) / 2;
  let passed = 0;
  for (const { value, weight } of sorted) {
    passed += weight;
    if (passed >= half) return value;
  }
  return sorted.at(-1)?.value ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
