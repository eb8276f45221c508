import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExploredMove, ExploredNode } from '../../../src-main/contract/rebalance';
import { frameAt, toScale } from '../../../src-renderer/rebalance/plan-frames';

function node(nodeId: number, more: Partial<ExploredNode> = {}): ExploredNode {
  return {
    nodeId,
    label: `db-w${nodeId}:5432`,
    isNew: false,
    isRemoved: false,
    capacity: 1,
    rule: null,
    bytes: 100,
    groups: 10,
    cost: null,
    disk: { availableBytes: 1_000, totalBytes: 2_000 },
    ...more,
  };
}

function move(source: number, target: number, bytes: number | null): ExploredMove {
  return {
    shardId: '1',
    sourceNodeId: source,
    targetNodeId: target,
    tableSet: 0,
    bytes,
    cost: null,
    targetFreeBytes: bytes === null ? null : 500,
  };
}

describe('frameAt', () => {
  const nodes = [node(1), node(2), node(3, { disk: null })];

  it('holds before the first step what the nodes hold now', () => {
    const frame = frameAt(nodes, [move(1, 2, 30)], 0);
    expect(frame.get(1)).toEqual({
      nodeId: 1,
      bytes: 100,
      groups: 10,
      cost: null,
      freeBytes: 1_000,
      role: null,
    });
    expect(frame.get(3)?.freeBytes).toBeNull();
  });

  it('gives and takes with each step, and keeps the copy on the source until it is cleaned up', () => {
    const moves = [move(1, 2, 30), { ...move(1, 3, 20), targetFreeBytes: null }];
    const first = frameAt(nodes, moves, 1);
    expect(first.get(1)).toMatchObject({ bytes: 70, groups: 9, cost: null, freeBytes: 1_000, role: 'gives' });
    // While it takes, what is left at the narrowest moment.
    expect(first.get(2)).toMatchObject({ bytes: 130, groups: 11, cost: null, freeBytes: 500, role: 'takes' });
    const second = frameAt(nodes, moves, 2);
    expect(second.get(2)).toMatchObject({ freeBytes: 970, role: null });
    expect(second.get(3)).toMatchObject({ bytes: 120, freeBytes: null, role: 'takes' });
  });

  it('shows a sum as unknown once a move of unknown size was part of it', () => {
    const frame = frameAt(nodes, [move(1, 2, null)], 1);
    expect(frame.get(1)).toMatchObject({ bytes: null, groups: 9 });
    expect(frame.get(2)).toMatchObject({ bytes: null, freeBytes: null });
  });

  it('loses and invents nothing', () => {
    const plans = fc.array(
      fc.record({
        source: fc.integer({ min: 1, max: 3 }),
        target: fc.integer({ min: 1, max: 3 }),
        bytes: fc.nat({ max: 50 }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(plans, fc.nat({ max: 20 }), (plan, step) => {
        const moves = plan.map(({ source, target, bytes }) => move(source, target, bytes));
        const frames = [...frameAt(nodes, moves, step).values()];
        expect(frames.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)).toBe(300);
        expect(frames.reduce((sum, { groups }) => sum + groups, 0)).toBe(30);
      }),
    );
  });
});

describe('toScale', () => {
  it('measures against the longest bar of any step, and the average of the nodes that stay', () => {
    const nodes = [node(1, { bytes: 300 }), node(2, { bytes: 0 }), node(3, { bytes: 0, rule: 'drain' })];
    const moves = [move(1, 2, 150)];
    const frames = { now: frameAt(nodes, moves, 0), after: frameAt(nodes, moves, 1) };
    const scale = toScale(nodes, frames, 'bytes', 0.1);
    expect(scale.bars).toEqual([
      { nodeId: 1, before: 1, now: 1, after: 0.5 },
      { nodeId: 2, before: 0, now: 0, after: 0.5 },
      { nodeId: 3, before: 0, now: 0, after: 0 },
    ]);
    expect(scale.average).toBe(0.5);
    expect(scale.upper).toBeCloseTo(0.55);
    expect(scale.lower).toBeCloseTo(0.45);
  });

  it('draws no threshold where the strategy has none, and no average where nothing lies', () => {
    const nodes = [node(1, { bytes: 0, groups: 0 })];
    const frames = { now: frameAt(nodes, [], 0), after: frameAt(nodes, [], 0) };
    expect(toScale(nodes, frames, 'groups', 0)).toMatchObject({ average: null, upper: null, lower: null });
  });
});
