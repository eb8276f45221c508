import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterSizes } from '../../../src-main/contract/cluster';
import { toSizesChange } from '../../../src-main/monitor/sizes-changes';
import { applySizesChange } from '../../../src-renderer/clusters/sizes-changes';

const sizesOf = (revision: number, shardBytes: ClusterSizes['shardBytes']) => ({
  clusterId: 'c1',
  revision,
  bytesRevision: revision,
  takenAt: '2026-01-01T00:00:00.000Z',
  incomplete: null,
  shardBytes,
});

const bytes = fc.dictionary(fc.integer({ min: 1, max: 30 }).map(String), fc.integer({ min: 0, max: 3 }));

describe('applySizesChange', () => {
  it('makes of the sizes before, and what differs, the sizes after', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const [before, after] = [sizesOf(1, one), sizesOf(2, other)];
        const first = applySizesChange(undefined, toSizesChange(null, before));
        expect(first).toEqual(before);
        const next = applySizesChange(first ?? undefined, toSizesChange(before, after));
        expect(next).toMatchObject(after);
        expect(next?.shardBytes).toEqual(other);
        const ids = [...new Set([...Object.keys(one), ...Object.keys(other)])];
        const differing = ids.filter((id) => one[id] !== other[id]);
        expect([...(next?.changed?.shardIds ?? [])].sort()).toEqual(differing.sort());
      }),
    );
  });

  it('keeps equal bytes as the same object', () => {
    const before = sizesOf(1, { '1': 10 });
    const again = { ...before, revision: 2, takenAt: '2026-01-01T00:01:00.000Z' };
    const next = applySizesChange(before, toSizesChange(before, again));
    expect(next?.shardBytes).toBe(before.shardBytes);
    expect(next?.takenAt).toBe(again.takenAt);
  });

  it('refuses a change of bytes that are not held', () => {
    const [before, after] = [sizesOf(1, { '1': 10 }), sizesOf(3, { '1': 11 })];
    const change = toSizesChange(sizesOf(2, { '1': 10 }), after);
    expect(applySizesChange(before, change)).toBeNull();
    expect(applySizesChange(undefined, change)).toBeNull();
  });
});
