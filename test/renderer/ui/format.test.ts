import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatDurationRange,
  formatEstimate,
  formatFactor,
  formatList,
  formatShare,
  formatTime,
} from '../../../src-renderer/ui/format';

const kib = 1024;

describe('formatBytes', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [8192, '8 kB'],
    [1.5 * kib * kib, '1.5 MB'],
    [214 * kib * kib, '214 MB'],
    [999.6 * kib * kib, '1 GB'],
    [41.2 * kib ** 4, '41 TB'],
    [-8192, '−8 kB'],
    [null, 'unknown'],
    [Number.NaN, 'unknown'],
  ])('%s is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('never needs more than three digits and stays within 5 % of the value', () => {
    const scale: Record<string, number> = {
      bytes: 1,
      kB: kib,
      MB: kib ** 2,
      GB: kib ** 3,
      TB: kib ** 4,
      PB: kib ** 5,
    };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 53 - 1 }), (bytes) => {
        const [figure = '', unit = ''] = formatBytes(bytes).split(' ');
        expect(figure.replace('.', '').length).toBeLessThanOrEqual(3);
        expect(Math.abs(Number(figure) * (scale[unit] ?? Number.NaN) - bytes) / bytes).toBeLessThan(0.051);
      }),
    );
  });
});

describe('formatCount', () => {
  it('groups by three with narrow no-break spaces', () => {
    expect(formatCount(40064)).toBe('40\u202f064');
    expect(formatCount(999)).toBe('999');
    expect(formatCount(-1234567)).toBe('−1\u202f234\u202f567');
    expect(formatCount(undefined)).toBe('unknown');
  });

  it('keeps every digit', () => {
    fc.assert(
      fc.property(fc.nat(), (count) => {
        expect(formatCount(count).replaceAll('\u202f', '')).toBe(String(count));
      }),
    );
  });

  it('counts one and many', () => {
    expect(formatCounted(1, 'shard')).toBe('1 shard');
    expect(formatCounted(0, 'shard')).toBe('0 shards');
    expect(formatCounted(2, 'copy', 'copies')).toBe('2 copies');
  });

  it('shortens estimates and knows that -1 is none', () => {
    expect(formatEstimate(48_100_000)).toBe('48 M');
    expect(formatEstimate(1_240_000_000)).toBe('1.2 G');
    expect(formatEstimate(5120)).toBe('5\u202f120');
    expect(formatEstimate(-1)).toBe('unknown');
  });
});

describe('durations and times', () => {
  it.each([
    [300, 'under 1 s'],
    [4_000, '4 s'],
    [59_600, '1 min'],
    [72_000, '1 min 12 s'],
    [41 * 60_000, '41 min'],
    [125 * 60_000, '2 h 5 min'],
    [76 * 3_600_000, '3 d 4 h'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it.each([
    [[40_000, 70_000], '40 to 70 s'],
    [[240_000, 420_000], '4 to 7 min'],
    [[50_000, 120_000], '50 s to 2 min'],
    [[2_000, 2_300], '2 s'],
    [[5_400_000, 9_000_000], '1.5 to 2.5 h'],
  ] as const)('%j is %s', (range, text) => {
    expect(formatDurationRange(range)).toBe(text);
  });

  it('ages by one unit, rounded down', () => {
    const now = Date.UTC(2026, 2, 1, 12, 0, 0);
    expect(formatAge(now - 200, now)).toBe('now');
    expect(formatAge(now - 2_900, now)).toBe('2 s ago');
    expect(formatAge(now - 119_000, now)).toBe('1 min ago');
    expect(formatAge(now - 50 * 3_600_000, now)).toBe('2 d ago');
    expect(formatAge('no date', now)).toBe('unknown');
  });

  it('writes the day only where it is another one', () => {
    const now = new Date(2026, 2, 1, 12, 4, 31).getTime();
    expect(formatTime(now, now)).toBe('12:04:31');
    expect(formatTime(new Date(2026, 1, 28, 9, 5, 7), now)).toBe('2026-02-28 09:05:07');
  });
});

describe('words', () => {
  it('lists a few and counts the rest', () => {
    expect(formatList([])).toBe('');
    expect(formatList(['a'])).toBe('a');
    expect(formatList(['a', 'b', 'c'])).toBe('a, b and c');
    expect(formatList(['a', 'b', 'c', 'd', 'e'], 2)).toBe('a, b and 3 more');
  });

  it('shares and factors', () => {
    expect(formatShare(0.004)).toBe('under 1 %');
    expect(formatShare(0.27)).toBe('27 %');
    expect(formatFactor(1.064)).toBe('1.06 ×');
    expect(formatFactor(12.4)).toBe('12 ×');
  });
});
