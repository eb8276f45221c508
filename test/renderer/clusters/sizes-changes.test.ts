import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterSizes } from '../../../src-main/contract/cluster';
import { toSizesChange } from '../../../src-main/monitor/sizes-changes';
import { applySizesChange } from '../../../src-renderer/clusters/sizes-changes';
import type { HeldSizes } from '../../../src-renderer/clusters/sizes-changes';

const sizesOf = (revision: number, shardBytes: ClusterSizes['shardBytes']) => ({
  clusterId: 'c1',
  revision,
  bytesRevision: revision,
  takenAt: '2026-01-01T00:00:00.000Z',
  incomplete: null,
  shardBytes,
});

const bytes = fc.dictionary(fc.integer({ min: 1, max: 30 }).map(String), fc.integer({ min: 0, max: 3 }));

/** Every size that can be looked up. */
function listed(sizes: HeldSizes | null): Record<string, number> {
  const all: Record<string, number> = {};
  for (const shardId in sizes?.shardBytes) all[shardId] = sizes.shardBytes[shardId] ?? Number.NaN;
  return all;
}

describe('applySizesChange', () => {
  it('makes of the sizes before, and what differs, the sizes after', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const [before, after] = [sizesOf(1, one), sizesOf(2, other)];
        const first = applySizesChange(undefined, toSizesChange(null, before));
        expect(first).toEqual(before);
        const next = applySizesChange(first ?? undefined, toSizesChange(before, after));
        expect({ ...next, shardBytes: listed(next) }).toMatchObject(after);
        expect(listed(next)).toEqual(other);
        const ids = [...new Set([...Object.keys(one), ...Object.keys(other)])];
        const differing = ids.filter((id) => one[id] !== other[id]);
        expect([...(next?.changed?.shardIds ?? [])].sort()).toEqual(differing.sort());
      }),
    );
  });

  it('is the last of many changes, one on top of the other, of few sizes and of thousands', () => {
    const many = (from: number, count: number, value: number): ClusterSizes['shardBytes'] =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [String(from + index), value]));
    let expected = many(1, 5_000, 0);
    let revision = 1;
    let held = applySizesChange(undefined, toSizesChange(null, sizesOf(revision, expected)));
    for (const [from, count] of [
      [1, 10],
      [5, 10],
      [100, 1_900],
      [3_000, 1_900],
      [7_000, 5],
      [2, 1],
    ] as const) {
      const before = sizesOf(revision, expected);
      expected = { ...expected, ...many(from, count, (revision += 1)) };
      held = applySizesChange(held ?? undefined, toSizesChange(before, sizesOf(revision, expected)));
      expect(listed(held)).toEqual(expected);
      for (const id of ['1', '7', '150', '4500', '7004', '9999']) {
        expect(held?.shardBytes[id]).toBe(expected[id]);
        expect(id in (held?.shardBytes ?? {})).toBe(id in expected);
      }
    }
    const { '7': gone, ...rest } = expected;
    expect(gone).toBeDefined();
    const change = toSizesChange(sizesOf(revision, expected), sizesOf(revision + 1, rest));
    const without = applySizesChange(held ?? undefined, change);
    expect(listed(without)).toEqual(rest);
    expect('7' in (without?.shardBytes ?? {})).toBe(false);
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
