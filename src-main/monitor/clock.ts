/** Time, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `act` once after `ms`; returns what takes it back. */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    // A reading that is due does not keep the process alive.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export function isoTime(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
