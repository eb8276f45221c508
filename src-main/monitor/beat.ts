/** Repeats a reading, more seldom while it is slow. */
import type { Clock } from './clock';

export interface Pace {
  /** Milliseconds between two readings when they are quick. */
  readonly baseMs: number;
  /** Milliseconds it is never stretched beyond, unless the base is longer. */
  readonly longestMs: number;
}

/** A reading may take this share of the time between two, so that the server is at rest for most of it. */
const share = 0.2;

/**
 * The next interval: doubled while a reading takes more than a fifth of it, halved when a fifth of the half would do.
 * Between the two it stays, so it does not swing.
 */
export function nextInterval(currentMs: number, tookMs: number, pace: Pace): number {
  const longest = Math.max(pace.longestMs, pace.baseMs);
  const current = Math.min(Math.max(currentMs, pace.baseMs), longest);
  if (tookMs > share * current) return Math.min(current * 2, longest);
  if (tookMs <= (share * current) / 2) return Math.max(current / 2, pace.baseMs);
  return current;
}

export interface Beat {
  start(): void;
  stop(): void;
}

/**
 * @param act one reading; resolves with the milliseconds it took, or null to keep the interval (it failed, or joined
 *   another). The next is due one interval after its end, so two never run at a time.
 * @param pace asked before each, so a changed setting counts from the next beat on.
 */
export function createBeat(clock: Clock, pace: () => Pace, act: () => Promise<number | null>): Beat {
  let running = false;
  let intervalMs = 0;
  let round = 0;
  let takeBack: (() => void) | null = null;

  const schedule = (): void => {
    intervalMs = Math.max(intervalMs, pace().baseMs);
    takeBack = clock.after(intervalMs, () => void turn());
  };
  const turn = async (): Promise<void> => {
    takeBack = null;
    const mine = round;
    const tookMs = await act().catch(() => null);
    if (!running || mine !== round) return;
    if (tookMs !== null) intervalMs = nextInterval(intervalMs, tookMs, pace());
    schedule();
  };

  return {
    start() {
      if (running) return;
      running = true;
      round += 1;
      intervalMs = pace().baseMs;
      void turn();
    },
    stop() {
      running = false;
      round += 1;
      takeBack?.();
      takeBack = null;
    },
  };
}
