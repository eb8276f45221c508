import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBeat, nextInterval } from '../../../src-main/monitor/beat';
import { createFakeClock } from './fake-clock';

const pace = { baseMs: 5_000, longestMs: 60_000 };

describe('nextInterval', () => {
  it('stays at the base while readings are quick', () => {
    expect(nextInterval(5_000, 900, pace)).toBe(5_000);
  });

  it('doubles while a reading takes more than a fifth, up to the limit', () => {
    expect(nextInterval(5_000, 1_100, pace)).toBe(10_000);
    expect(nextInterval(10_000, 2_100, pace)).toBe(20_000);
    expect(nextInterval(40_000, 30_000, pace)).toBe(60_000);
  });

  it('comes back by halves and does not swing between two', () => {
    expect(nextInterval(20_000, 2_500, pace)).toBe(20_000);
    expect(nextInterval(20_000, 1_500, pace)).toBe(10_000);
    expect(nextInterval(10_000, 100, pace)).toBe(5_000);
  });

  it('lets a longer setting stand', () => {
    expect(nextInterval(5_000, 10, { baseMs: 300_000, longestMs: 60_000 })).toBe(300_000);
    expect(nextInterval(300_000, 299_000, { baseMs: 300_000, longestMs: 60_000 })).toBe(300_000);
  });

  it('settles where a reading of a steady length takes no more than a fifth, or at the limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30_000 }), (tookMs) => {
        let interval = pace.baseMs;
        for (let round = 0; round < 10; round += 1) interval = nextInterval(interval, tookMs, pace);
        expect(nextInterval(interval, tookMs, pace)).toBe(interval);
        expect(tookMs <= 0.2 * interval || interval === pace.longestMs).toBe(true);
      }),
    );
  });
});

describe('a beat', () => {
  it('reads at once, then one interval after the end of the last reading', async () => {
    const clock = createFakeClock();
    const times: number[] = [];
    const beat = createBeat(
      clock,
      () => pace,
      () => {
        times.push(clock.now());
        return new Promise((resolve) => void clock.after(500, () => resolve(500)));
      },
    );
    const start = clock.now();
    beat.start();
    await clock.pass(11_100);
    beat.stop();
    await clock.pass(60_000);
    expect(times.map((time) => time - start)).toEqual([0, 5_500, 11_000]);
  });

  it('goes on after a failure, at the same pace', async () => {
    const clock = createFakeClock();
    let count = 0;
    const beat = createBeat(
      clock,
      () => pace,
      async () => {
        count += 1;
        throw new Error('no');
      },
    );
    beat.start();
    await clock.pass(10_000);
    expect(count).toBe(3);
  });

  it('does not run twice when it is stopped and started while it reads', async () => {
    const clock = createFakeClock();
    let running = 0;
    let most = 0;
    let count = 0;
    const beat = createBeat(
      clock,
      () => pace,
      () => {
        running += 1;
        count += 1;
        most = Math.max(most, running);
        return new Promise(
          (resolve) =>
            void clock.after(100, () => {
              running -= 1;
              resolve(100);
            }),
        );
      },
    );
    beat.start();
    await clock.pass(10);
    beat.stop();
    await clock.pass(200);
    beat.start();
    await clock.pass(15_000);
    expect(most).toBe(1);
    expect(count).toBe(4);
  });

  it('takes up a changed setting with the next beat', async () => {
    const clock = createFakeClock();
    let baseMs = 5_000;
    let count = 0;
    const beat = createBeat(
      clock,
      () => ({ baseMs, longestMs: 60_000 }),
      async () => {
        count += 1;
        return 1;
      },
    );
    beat.start();
    await clock.pass(1_000);
    baseMs = 20_000;
    await clock.pass(4_000);
    expect(count).toBe(2);
    await clock.pass(19_000);
    expect(count).toBe(2);
    await clock.pass(1_000);
    expect(count).toBe(3);
  });
});
