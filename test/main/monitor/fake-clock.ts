import type { Clock } from '../../../src-main/monitor/clock';

export interface FakeClock extends Clock {
  /** Lets time pass, running what is due in its order, and lets promises settle after each. */
  pass(ms: number): Promise<void>;
}

/** Enough turns for the longest chain of promises between two timers. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
}

export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let time = start;
  const due: { at: number; act: () => void }[] = [];
  return {
    now: () => time,
    after(ms, act) {
      const entry = { at: time + ms, act };
      due.push(entry);
      return () => {
        const index = due.indexOf(entry);
        if (index >= 0) due.splice(index, 1);
      };
    },
    async pass(ms) {
      const end = time + ms;
      await settle();
      for (;;) {
        due.sort((a, b) => a.at - b.at);
        const next = due[0];
        if (!next || next.at > end) break;
        due.shift();
        time = next.at;
        next.act();
        await settle();
      }
      time = end;
      await settle();
    },
  };
}
