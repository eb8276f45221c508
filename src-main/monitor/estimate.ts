/** How long a job still takes, from the pace seen so far. */

export interface Sample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly bytesDone: number | null;
  readonly movesDone: number;
}

export interface Remaining {
  readonly bytes: number | null;
  readonly moves: number;
}

/** Shorter looks than this tell nothing. */
const shortestLookMs = 5_000;
/**
 * Bytes arrive in the middle of a move: setting up and catching up take seconds without any. Before a whole move was seen,
 * their pace counts only after a look that is long against those seconds.
 */
const shortestLookAtPartMs = 30_000;
const recentMs = 60_000;

/**
 * A range of seconds, or null until a pace was seen.
 *
 * Up to four paces are looked at: bytes and moves, since the beginning and in the last minute. They differ where shards
 * differ in size or the servers' load changes, and how much they differ is what the range says; it is widened a little
 * because the coming moves are not those that were seen.
 */
export function estimateRemaining(
  samples: readonly Sample[],
  remaining: Remaining,
): readonly [number, number] | null {
  const last = samples.at(-1);
  const first = samples[0];
  if (!first || !last) return null;
  const recent = samples.find((sample) => sample.atMs >= last.atMs - recentMs) ?? first;
  const candidates = [first, recent].flatMap((from) => {
    const elapsedMs = last.atMs - from.atMs;
    if (elapsedMs < shortestLookMs) return [];
    const found: number[] = [];
    const moves = last.movesDone - from.movesDone;
    if (moves > 0) found.push((remaining.moves / moves) * elapsedMs);
    const sawEnough = moves > 0 || elapsedMs >= shortestLookAtPartMs;
    if (sawEnough && remaining.bytes !== null && last.bytesDone !== null && from.bytesDone !== null) {
      const bytes = last.bytesDone - from.bytesDone;
      if (bytes > 0) found.push((remaining.bytes / bytes) * elapsedMs);
    }
    return found;
  });
  if (candidates.length === 0) return null;
  const low = Math.floor((Math.min(...candidates) * 0.8) / 1000);
  const high = Math.ceil((Math.max(...candidates) * 1.3) / 1000);
  return [Math.max(low, 0), Math.max(high, 1)];
}

/** Adds a sample; keeps the first, for the pace since the beginning, and those of the last two minutes. */
export function addSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const [first, ...rest] = samples;
  if (!first) return [next];
  return [first, ...rest.filter((sample) => sample.atMs >= next.atMs - 2 * recentMs), next];
}
