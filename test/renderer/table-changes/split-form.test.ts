import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  equalPoints,
  nodesOfParts,
  parsePoints,
  partsOf,
  pointsAround,
  sizeWords,
  splitPoints,
} from '../../../src-renderer/table-changes/split-form';

const whole = { minValue: -2_147_483_648, maxValue: 2_147_483_647 };
const small = { minValue: -100, maxValue: 99 };

describe('splitting a shard', () => {
  it.each([
    ['-50', '0', [-50, 0], [null, null]],
    ['0', ' −50 ', [-50, 0], [null, null]],
    ['5', '5', null, [null, 'It is there twice.']],
    ['99', '-100', null, ['Outside -100 to 98.', null]],
    ['-101', '', null, ['Outside -100 to 98.', 'A whole number, as in −1000000.']],
    ['1.5', '1e3', null, ['A whole number, as in −1000000.', 'A whole number, as in −1000000.']],
  ] as const)('reads the points %s and %s', (one, other, points, errors) => {
    expect(parsePoints([one, other], small)).toEqual({ points, errors });
  });

  it('makes parts that lie side by side and fill the range, whatever the points', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: whole.minValue, max: whole.maxValue - 1 }), {
          minLength: 1,
          maxLength: 64,
        }),
        (typed) => {
          const { points } = parsePoints(typed.map(String), whole);
          const parts = partsOf(whole, points ?? []);
          expect(parts).toHaveLength(typed.length + 1);
          expect(parts[0]?.minValue).toBe(whole.minValue);
          expect(parts.at(-1)?.maxValue).toBe(whole.maxValue);
          parts.forEach((part, index) => {
            expect(part.maxValue).toBeGreaterThanOrEqual(part.minValue);
            if (index > 0) expect(part.minValue).toBe((parts[index - 1]?.maxValue ?? 0) + 1);
          });
          expect(parts.reduce((sum, part) => sum + part.share, 0)).toBeCloseTo(1, 9);
        },
      ),
    );
  });

  it('divide a range without a gap and without an empty part', () => {
    const range = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 100 });
    fc.assert(
      fc.property(range, fc.integer({ min: 16, max: 99 }), fc.constantFrom(2, 4, 8), (min, width, parts) => {
        const ends = [min - 1, ...equalPoints({ minValue: min, maxValue: min + width }, parts), min + width];
        expect(ends).toHaveLength(parts + 1);
        for (let index = 1; index < ends.length; index += 1) {
          expect(ends[index]).toBeGreaterThan(ends[index - 1] ?? 0);
        }
      }),
    );
  });

  it('cuts around a hash, also at the ends of the range', () => {
    expect(pointsAround(7, small)).toEqual([6, 7]);
    expect(pointsAround(-100, small)).toEqual([-100]);
    expect(pointsAround(99, small)).toEqual([98]);
    expect(partsOf(small, pointsAround(7, small))[1]).toMatchObject({ minValue: 7, maxValue: 7 });
  });

  it('makes equal parts, and says about how much each holds', () => {
    const { points } = splitPoints({ parts: '4', points: [] }, small);
    expect(points).toEqual([-51, -1, 49]);
    const [part] = partsOf(small, points ?? []);
    expect(part && sizeWords(part, 800_000_000)).toMatch(/^95 MB to 381 MB$/);
    expect(part && sizeWords(part, null)).toBe('unknown');
    expect(sizeWords({ minValue: 1, maxValue: 1, share: 0.005 }, 800_000_000)).toBe('up to 763 MB');
  });

  it('sends parts where each was told to go, else all to one node, else to the nodes in turn', () => {
    expect(nodesOfParts(3, '', [], [2, 3])).toEqual([2, 3, 2]);
    expect(nodesOfParts(3, '3', [], [2, 3])).toEqual([3, 3, 3]);
    expect(nodesOfParts(3, '3', ['', '2'], [2, 3])).toEqual([3, 2, 3]);
  });
});
