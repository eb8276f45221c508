import { describe, expect, it } from 'vitest';
import type { NodeLoad } from '../../../src-main/contract/operations';
import { toRebalanceReport } from '../../../src-main/plans/rebalance-report';

const gigabyte = 1024 ** 3;

function load(
  node: string,
  before: number,
  after: number,
  groups: [number, number] = [before, after],
): NodeLoad {
  return {
    node,
    bytesBefore: before * gigabyte,
    bytesAfter: after * gigabyte,
    shardGroupsBefore: groups[0],
    shardGroupsAfter: groups[1],
  };
}

function report(
  planned: readonly NodeLoad[],
  found: readonly NodeLoad[],
  measure: 'bytes' | 'groups' = 'bytes',
): ReturnType<typeof toRebalanceReport> {
  return toRebalanceReport({ madeAt: '2026-01-01T00:00:00.000Z', measure, planned, found, leftovers: [] });
}

const scaleOut = [load('a', 6, 4), load('b', 6, 4), load('c', 0, 4)];

describe('toRebalanceReport', () => {
  it('has no shortfall where the plan came true', () => {
    const made = report(scaleOut, [load('a', 4, 4), load('b', 4, 4), load('c', 4, 4)]);
    expect(made.shortfalls).toEqual([]);
    expect(made.spreadBefore).toBeCloseTo(1.5);
    expect(made.spreadAfter).toBeCloseTo(1);
    expect(made.nodes.map((node) => node.bytesAfter)).toEqual([4, 4, 4].map((size) => size * gigabyte));
  });

  it('names a node that stayed empty', () => {
    const made = report(scaleOut, [load('a', 6, 6), load('b', 6, 6), load('c', 0, 0)]);
    expect(made.shortfalls[0]).toContain('c should hold shards now');
  });

  it('says so when a promised balance did not come', () => {
    const made = report([load('a', 8, 5), load('b', 2, 5)], [load('a', 8, 8), load('b', 2, 2)]);
    expect(made.shortfalls).toEqual([
      expect.stringMatching(
        /held 1\.\d+ times the average before, 1\.00 were planned, and it holds 1\.\d+ now/,
      ),
    ]);
  });

  it('holds a plan that makes the balance worse to what it said', () => {
    const planned = [load('a', 4, 6), load('b', 4, 2)];
    expect(report(planned, [load('a', 6, 6), load('b', 2, 2)]).shortfalls).toEqual([]);
    expect(report(planned, [load('a', 7, 7), load('b', 1, 1)]).shortfalls).toHaveLength(1);
  });

  it('wants a drained node to be empty, and leaves it out of the balance', () => {
    const planned = [load('a', 4, 6), load('b', 4, 6), load('c', 4, 0)];
    expect(report(planned, [load('a', 6, 6), load('b', 6, 6)]).shortfalls).toEqual([]);
    expect(report(planned, [load('a', 6, 6), load('b', 5, 5), load('c', 1, 1)]).shortfalls).toEqual([
      'c should be empty now and still hold shards.',
    ]);
  });

  it('counts groups where a strategy does', () => {
    const made = report(
      scaleOut,
      [load('a', 9, 9, [4, 4]), load('b', 1, 1, [4, 4]), load('c', 1, 1, [4, 4])],
      'groups',
    );
    expect(made.spreadAfter).toBe(1);
    expect(made.shortfalls).toEqual([]);
  });

  it('knows no spread where a size is unknown, and still sees an empty node', () => {
    const planned = scaleOut.map((one) => ({ ...one, bytesBefore: null, bytesAfter: null }));
    const made = report(planned, [load('a', 6, 6), load('b', 6, 6), load('c', 0, 0)]);
    expect(made.spreadBefore).toBeNull();
    expect(made.shortfalls).toEqual(['c should hold shards now and hold none.']);
  });
});
