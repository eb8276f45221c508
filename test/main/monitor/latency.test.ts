import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addProbe, noLatency, toPace } from '../../../src-main/monitor/latency';
import { slowWords } from '../../../src-main/plans/node-state';

const after = (probes: readonly (number | 'late' | 'none')[]) =>
  toPace(probes.reduce((latency, probe) => addProbe(latency, probe), noLatency));

describe('what is usual', () => {
  it('is the middle of the answers', () => {
    expect(after([4, 1, 2])).toEqual({ recent: [4, 1, 2], usualMs: 2 });
    expect(after(['none', 'late']).usualMs).toBeNull();
  });

  it('is not what was slow: a node stays suspect for as long as it is slow', () => {
    const pace = after([...Array<number>(10).fill(3), ...Array<number>(200).fill(900)]);
    expect(pace.usualMs).toBe(3);
    expect(slowWords(pace)).not.toBeNull();
  });

  it('is what the line gives from the beginning', () => {
    expect(slowWords(after(Array<number>(50).fill(700)))).toBeNull();
  });

  it('follows a pace that changes a little', () => {
    expect(after([...Array<number>(40).fill(20), ...Array<number>(40).fill(60)]).usualMs).toBe(60);
  });

  it('keeps five probes, whatever comes', () => {
    const probe = fc.oneof(
      fc.double({ min: 0, max: 5_000, noNaN: true }),
      fc.constant('late' as const),
      fc.constant('none' as const),
    );
    fc.assert(
      fc.property(fc.array(probe), (probes) => {
        expect(after(probes).recent).toEqual(probes.slice(-5));
      }),
    );
  });
});
