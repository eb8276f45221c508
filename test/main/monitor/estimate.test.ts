import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addSample, estimateRemaining } from '../../../src-main/monitor/estimate';
import type { Sample } from '../../../src-main/monitor/estimate';

const at = (seconds: number, bytesDone: number | null, movesDone = 0): Sample => ({
  atMs: 1_000_000 + seconds * 1000,
  bytesDone,
  movesDone,
});

describe('estimateRemaining', () => {
  it('says nothing before a pace was seen', () => {
    expect(estimateRemaining([], { bytes: 100, moves: 3 })).toBeNull();
    expect(estimateRemaining([at(0, 0)], { bytes: 100, moves: 3 })).toBeNull();
    expect(estimateRemaining([at(0, 0), at(3, 50)], { bytes: 100, moves: 3 })).toBeNull();
    expect(estimateRemaining([at(0, 0), at(60, 0)], { bytes: 100, moves: 3 })).toBeNull();
  });

  it('holds the true rest of a steady pace between its ends', () => {
    const range = estimateRemaining([at(0, 0), at(10, 100), at(40, 400)], { bytes: 1_000, moves: 5 });
    expect(range).toEqual([80, 130]);
  });

  it('waits for a whole move, or for half a minute, before it trusts bytes', () => {
    expect(estimateRemaining([at(0, 0), at(20, 200)], { bytes: 1_000, moves: 5 })).toBeNull();
    expect(estimateRemaining([at(0, 0), at(30, 300)], { bytes: 1_000, moves: 5 })).not.toBeNull();
    expect(estimateRemaining([at(0, 0), at(20, 200, 1)], { bytes: 1_000, moves: 5 })).toEqual([80, 130]);
  });

  it('widens when the pace changed', () => {
    const samples = [at(0, 0), at(100, 1_000), at(130, 1_030), at(160, 1_060)];
    const [low, high] = estimateRemaining(samples, { bytes: 600, moves: 5 }) ?? [0, 0];
    // 600 bytes: 91 s at the pace of the whole, 600 s at that of the last minute.
    expect(low).toBeLessThanOrEqual(91);
    expect(high).toBeGreaterThanOrEqual(600);
  });

  it('uses moves where bytes are not known', () => {
    expect(estimateRemaining([at(0, null, 1), at(20, null, 3)], { bytes: null, moves: 4 })).toEqual([32, 52]);
  });

  it('ignores a pace that runs backwards, as when a move fails and begins again', () => {
    expect(estimateRemaining([at(0, 500), at(20, 100)], { bytes: 900, moves: 4 })).toBeNull();
  });

  it('always gives an ordered range of whole seconds that are not negative', () => {
    const sample = fc.record({
      bytesDone: fc.option(fc.nat(1e9)),
      movesDone: fc.nat(50),
      step: fc.integer({ min: 1, max: 120_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 30 }),
        fc.option(fc.nat(1e9)),
        fc.nat(60),
        (steps, bytes, moves) => {
          let time = 0;
          let samples: readonly Sample[] = [];
          for (const { step, ...rest } of steps) {
            time += step;
            samples = addSample(samples, { atMs: time, ...rest });
          }
          const range = estimateRemaining(samples, { bytes, moves });
          if (!range) return;
          expect(range.every((end) => Number.isInteger(end) && end >= 0)).toBe(true);
          expect(range[0]).toBeLessThanOrEqual(range[1]);
        },
      ),
    );
  });
});

describe('addSample', () => {
  it('keeps the first and the last two minutes', () => {
    let samples: readonly Sample[] = [];
    for (let second = 0; second <= 1_000; second += 1) samples = addSample(samples, at(second, second));
    expect(samples[0]).toEqual(at(0, 0));
    expect(samples[1]).toEqual(at(880, 880));
    expect(samples.at(-1)).toEqual(at(1_000, 1_000));
    expect(samples).toHaveLength(122);
  });
});
