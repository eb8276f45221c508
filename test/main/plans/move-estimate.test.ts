import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  estimateMoves,
  expectedMovesMs,
  learnPace,
  likelyMoveMs,
  mannerOf,
  paceOf,
} from '../../../src-main/plans/move-estimate';

const megabyte = 1024 * 1024;

/** Moves of a cluster that takes 3 s and 20 MB/s, each a little off. */
function moves(count: number, off = 0.05): { bytes: number; ms: number }[] {
  return Array.from({ length: count }, (_, index) => {
    const bytes = (20 + ((index * 37) % 11) * 40) * megabyte;
    return { bytes, ms: (3_000 + bytes / ((20 * megabyte) / 1000)) * (1 + (index % 2 === 0 ? off : -off)) };
  });
}

describe('learnPace', () => {
  it('assumes something, and says that it was learned from nothing, before any move', () => {
    const pace = learnPace([]);
    expect(pace.samples).toBe(0);
    expect(pace.msPerByte).toBeGreaterThan(0);
  });

  it('finds overhead and rate of moves of different size', () => {
    const pace = learnPace(moves(20));
    expect(pace.overheadMs).toBeGreaterThan(2_000);
    expect(pace.overheadMs).toBeLessThan(4_000);
    expect(1 / pace.msPerByte / megabyte / 0.02).toBeCloseTo(1, 0);
  });

  it('is not turned by one move that stalled', () => {
    const calm = learnPace(moves(15));
    const stalled = learnPace([...moves(15), { bytes: 100 * megabyte, ms: 900_000 }]);
    expect(likelyMoveMs(stalled, 200 * megabyte) / likelyMoveMs(calm, 200 * megabyte)).toBeLessThan(1.3);
  });

  it('makes do with moves of one size', () => {
    const pace = learnPace(Array.from({ length: 5 }, () => ({ bytes: 100 * megabyte, ms: 8_000 })));
    expect(likelyMoveMs(pace, 100 * megabyte)).toBeCloseTo(8_000, -2);
  });

  it('follows a pace that has changed', () => {
    const slow = moves(12).map((move) => ({ ...move, ms: move.ms * 3 }));
    const pace = learnPace([...moves(30), ...slow]);
    const ratio = likelyMoveMs(pace, 300 * megabyte) / likelyMoveMs(learnPace(moves(30)), 300 * megabyte);
    expect(ratio).toBeGreaterThan(1.2);
    expect(pace.drift).toBeGreaterThan(learnPace(moves(30)).drift);
  });
});

describe('paceOf', () => {
  const logical = moves(12).map((move) => ({ ...move, manner: 'logical' as const }));
  const blocking = moves(12).map((move) => ({ ...move, ms: move.ms / 4, manner: 'blocking' as const }));
  const both = logical.flatMap((move, index) => [move, ...blocking.slice(index, index + 1)]);

  it('learns from the moves of its own manner alone', () => {
    expect(paceOf(both, 'logical')).toEqual(paceOf(logical, 'logical'));
    expect(paceOf(both, 'blocking')).toEqual(paceOf(blocking, 'blocking'));
    const size = 100 * megabyte;
    expect(
      likelyMoveMs(paceOf(both, 'logical'), size) / likelyMoveMs(paceOf(both, 'blocking'), size),
    ).toBeCloseTo(4, 0);
  });

  it('takes moves of a manner that was not noted for either', () => {
    const old = moves(12).map((move) => ({ ...move, manner: null }));
    expect(paceOf(old, 'logical').samples).toBe(12);
    expect(paceOf(old, 'blocking').samples).toBe(12);
  });

  it('takes the other manner as a hint only, as wide as knowing nothing', () => {
    const hint = paceOf(blocking, 'logical');
    expect(hint.msPerByte).toBe(paceOf(blocking, 'blocking').msPerByte);
    expect(hint.samples).toBe(0);
    expect([hint.spread, hint.drift]).toEqual([learnPace([]).spread, learnPace([]).drift]);
  });

  it('knows how each transfer mode moves rows', () => {
    expect(['auto', 'force_logical', 'block_writes'].map((mode) => mannerOf(mode as 'auto'))).toEqual([
      'logical',
      'logical',
      'blocking',
    ]);
  });
});

describe('estimateMoves', () => {
  it('narrows with what was seen', () => {
    const width = (seen: number): number => {
      const [low, high] = estimateMoves(learnPace(moves(seen)), {
        waiting: Array.from({ length: 10 }, () => 100 * megabyte),
        running: [],
        parallel: 1,
      });
      return high / low;
    };
    expect(width(0)).toBeGreaterThan(width(5));
    expect(width(5)).toBeGreaterThan(width(40));
  });

  it('counts on moves side by side, and never on less than the longest', () => {
    const pace = learnPace(moves(40));
    const waiting = [10, 10, 10, 10].map((size) => size * megabyte);
    const alone = estimateMoves(pace, { waiting, running: [], parallel: 1 });
    const four = estimateMoves(pace, { waiting, running: [], parallel: 4 });
    expect(four[1]).toBeLessThan(alone[1]);
    const long = estimateMoves(pace, { waiting: [...waiting, 2_000 * megabyte], running: [], parallel: 4 });
    expect(long[1]).toBeGreaterThan(likelyMoveMs(pace, 2_000 * megabyte));
  });

  it('gives a range in order, without nonsense, whatever was seen', () => {
    const sample = fc.record({
      bytes: fc.integer({ min: 0, max: 1e12 }),
      ms: fc.integer({ min: 0, max: 1e8 }),
    });
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 30 }),
        fc.array(fc.integer({ min: 0, max: 1e12 }), { maxLength: 20 }),
        fc.integer({ min: 0, max: 1e8 }),
        fc.integer({ min: 1, max: 8 }),
        (seen, waiting, elapsedMs, parallel) => {
          const [low, high] = estimateMoves(learnPace(seen), {
            waiting,
            running: [{ bytes: 1e9, elapsedMs, arrivedBytes: elapsedMs % 2 === 0 ? null : 5e8 }],
            parallel,
          });
          expect(Number.isFinite(low) && Number.isFinite(high)).toBe(true);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeGreaterThan(low);
        },
      ),
    );
  });
});

describe('expectedMovesMs', () => {
  it('is not known where a size is not', () => {
    expect(expectedMovesMs([], 'auto', [{ bytes: 1 }, { bytes: null }], 1)).toBeNull();
    expect(expectedMovesMs([], 'auto', [{ bytes: 1 }], 1)).not.toBeNull();
  });
});
