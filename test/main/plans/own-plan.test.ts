import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planOwn } from '../../../src-main/plans/own-plan';
import type { OwnPlanInput } from '../../../src-main/plans/own-plan';
import { compareWithCitus, toOwnInput } from '../../support/own-plan-cases';
import { readPlannerCases } from '../../support/planner-cases';
import { plannerWorlds } from '../../support/planner-worlds';

function loadsAfter(input: OwnPlanInput, moves: OwnPlanInput['reference']): ReadonlyMap<number, number> {
  const weights = new Map(input.groups.map(({ shardId, weight }) => [shardId, weight]));
  const loads = new Map(input.nodes.map(({ nodeId }) => [nodeId, 0]));
  const add = (nodeId: number, weight: number): void =>
    void loads.set(nodeId, (loads.get(nodeId) ?? 0) + weight);
  for (const { nodeId, weight } of input.groups) add(nodeId, weight);
  for (const { shardId, sourceNodeId, targetNodeId } of moves) {
    add(sourceNodeId, -(weights.get(shardId) ?? 0));
    add(targetNodeId, weights.get(shardId) ?? 0);
  }
  return loads;
}

function bytesOf(input: OwnPlanInput, moves: OwnPlanInput['reference']): number {
  const bytes = new Map(input.groups.map((group) => [group.shardId, group.bytes]));
  return moves.reduce((sum, { shardId }) => sum + (bytes.get(shardId) ?? 0), 0);
}

describe('planOwn', () => {
  it('moves each group once at most, from where it lies to where it may lie', () => {
    fc.assert(
      fc.property(plannerWorlds({ isIrregular: true }), (world) => {
        const input = toOwnInput(world);
        const places = new Map(
          input.groups.map(({ shardId }) => [
            shardId,
            new Set(input.groups.filter((one) => one.shardId === shardId).map(({ nodeId }) => nodeId)),
          ]),
        );
        const moved = new Set<string>();
        for (const { shardId, sourceNodeId, targetNodeId } of planOwn(input).moves) {
          const at = places.get(shardId);
          expect(moved.has(`${shardId} ${sourceNodeId}`)).toBe(false);
          expect(at?.has(sourceNodeId)).toBe(true);
          expect(at?.has(targetNodeId)).toBe(false);
          expect(world.isAllowed(shardId, targetNodeId)).toBe(true);
          at?.delete(sourceNodeId);
          at?.add(targetNodeId);
          moved.add(`${shardId} ${targetNodeId}`);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('is no less even than Citus, and moves no more bytes than it', () => {
    fc.assert(
      fc.property(plannerWorlds({ isIrregular: false }), (world) => {
        const { ownBytes, citusBytes, ownLargest, citusLargest } = compareWithCitus(world);
        expect(ownBytes).toBeLessThanOrEqual(citusBytes);
        expect(ownLargest).toBeLessThanOrEqual(citusLargest * (1 + 1e-8));
      }),
      { numRuns: 25 },
    );
  });

  it('leaves nothing on a node that may hold none, unless no node may hold it', () => {
    fc.assert(
      fc.property(plannerWorlds({ isIrregular: true }), (world) => {
        const input = toOwnInput(world);
        const plan = planOwn(input);
        const left = new Map(input.groups.map(({ shardId, nodeId }) => [`${shardId} ${nodeId}`, shardId]));
        for (const { shardId, sourceNodeId } of plan.moves) left.delete(`${shardId} ${sourceNodeId}`);
        const stuck = new Set(plan.stuck.map(({ shardId, nodeId }) => `${shardId} ${nodeId}`));
        for (const [key, shardId] of left) {
          const nodeId = Number(key.split(' ')[1]);
          expect(world.isAllowed(shardId, nodeId) || stuck.has(key)).toBe(true);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('finds the fewest bytes there are where every way can be tried', () => {
    const tiny = fc.record({
      nodes: fc.integer({ min: 2, max: 3 }),
      costs: fc.array(fc.record({ node: fc.nat({ max: 2 }), cost: fc.integer({ min: 1, max: 12 }) }), {
        minLength: 2,
        maxLength: 7,
      }),
    });
    fc.assert(
      fc.property(tiny, ({ nodes, costs }) => {
        const input = toOwnInput({
          nodes: Array.from({ length: nodes }, (_, index) => ({ nodeId: index + 1, capacity: 1 })),
          groups: [
            costs.map(({ node, cost }, index) => ({
              shardId: String(index + 1),
              nodeId: (node % nodes) + 1,
              cost,
            })),
          ],
          threshold: 0.1,
          improvementThreshold: 0.5,
          maxShardMoves: 100,
          drainOnly: false,
          isAllowed: () => true,
        });
        const plan = planOwn(input);
        const floors = floorsOf(input, plan.average);
        let fewest = Number.POSITIVE_INFINITY;
        for (let way = 0; way < nodes ** costs.length; way += 1) {
          const moves = input.groups.flatMap(({ shardId, nodeId }, index) => {
            const targetNodeId = (Math.floor(way / nodes ** index) % nodes) + 1;
            return targetNodeId === nodeId ? [] : [{ shardId, sourceNodeId: nodeId, targetNodeId }];
          });
          const loads = loadsAfter(input, moves);
          const keeps = [...loads].every(
            ([nodeId, load]) => load <= plan.ceiling && load >= (floors.get(nodeId) ?? 0),
          );
          if (keeps) fewest = Math.min(fewest, bytesOf(input, moves));
        }
        // A move costs a fiftieth of an ordinary group for itself.
        const mean = costs.reduce((sum, { cost }) => sum + cost, 0) / costs.length;
        expect(bytesOf(input, plan.moves)).toBeLessThanOrEqual(fewest + (costs.length * mean) / 50);
      }),
      { numRuns: 20 },
    );
  });

  it('keeps to a limit with the best balance found for it', () => {
    fc.assert(
      fc.property(
        plannerWorlds({ isIrregular: true }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 0, max: 1_000_000_000 }),
        (world, maxMoves, maxBytes) => {
          const input = toOwnInput(world);
          const plan = planOwn({ ...input, limits: { ...input.limits, maxMoves, maxBytes } });
          expect(plan.moves.length).toBeLessThanOrEqual(maxMoves);
          expect(bytesOf(input, plan.moves)).toBeLessThanOrEqual(maxBytes);
          if (plan.isCutShort) expect(plan.limitsHit).not.toEqual([]);
          else if (plan.limitsHit.length > 0) {
            // Nobody is told that the limit kept the plan from its target, and so it did not.
            const loads = loadsAfter(input, plan.moves);
            for (const { nodeId, capacity, isHeld } of input.nodes) {
              if (isHeld) expect(loads.get(nodeId)).toBeLessThanOrEqual(plan.ceiling * capacity * (1 + 1e-6));
            }
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('makes the shortest move first where that is asked, as long as no node gets fuller than the fullest was', () => {
    const recorded = readPlannerCases().find(({ id }) => id === 'plan-1-1');
    if (!recorded) throw new Error('the recording has no plan-1-1');
    const { moves } = planOwn({ ...toOwnInput(recorded.input), order: 'shortest-first' });
    const bytes = moves.map((move) => move.bytes);
    expect(bytes.length).toBeGreaterThan(5);
    expect(bytes).toEqual(bytes.toSorted((one, other) => one - other));
  });

  it('gives the same plan for the same cluster', () => {
    for (const { input } of readPlannerCases().slice(0, 5)) {
      expect(planOwn(toOwnInput(input)).moves).toEqual(planOwn(toOwnInput(input)).moves);
    }
  });
});

/** A node that is empty is filled half as far as the threshold asks, or as Citus fills the emptiest. */
function floorsOf(input: OwnPlanInput, average: number): ReadonlyMap<number, number> {
  const emptiest = Math.min(...loadsAfter(input, input.reference).values());
  return new Map(
    [...loadsAfter(input, [])].map(([nodeId, load]) => [
      nodeId,
      load === 0 ? Math.min(emptiest, average * (1 - input.threshold)) / 2 : 0,
    ]),
  );
}
