import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planAsCitus } from '../../../src-main/plans/citus-planner';
import type { PlannerInput } from '../../../src-main/plans/citus-planner';
import { planPlainly } from '../../support/plain-citus-planner';
import { plannedMoves, readPlannerCases } from '../../support/planner-cases';
import { plannerWorlds } from '../../support/planner-worlds';

describe('planAsCitus', () => {
  it.each(readPlannerCases())('$id: the same moves in the same order as Citus', ({ input, expected }) => {
    expect(plannedMoves(input)).toEqual(expected);
  });

  it('makes the moves of a planner that is as plain as the source of Citus', () => {
    fc.assert(
      fc.property(plannerWorlds({ isIrregular: true }), (input) => {
        expect(plannedMoves(input)).toEqual(planPlainly(input));
      }),
      { numRuns: 300 },
    );
  });

  const clusters = fc
    .record({
      capacities: fc.array(fc.constantFrom(0, 1, 1, 1, 2), { minLength: 2, maxLength: 8 }),
      costs: fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 40 }),
      seed: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
      threshold: fc.constantFrom(0, 0.1, 0.5),
      improvementThreshold: fc.constantFrom(0, 0.5),
      maxShardMoves: fc.constantFrom(0, 3, 1_000_000),
      drainOnly: fc.boolean(),
    })
    .map(({ capacities, costs, seed, ...rest }): PlannerInput => {
      const nodes = capacities.map((capacity, index) => ({ nodeId: index + 1, capacity }));
      return {
        nodes,
        groups: [
          costs.map((cost, index) => ({
            shardId: String(102_008 + index),
            nodeId: ((seed[index] ?? 0) % nodes.length) + 1,
            cost,
          })),
        ],
        isAllowed: (_shardId, nodeId) => (nodes[nodeId - 1]?.capacity ?? 0) > 0,
        ...rest,
      };
    });

  it('moves each shard from where it is to where it may be, and never onto its own node', () => {
    fc.assert(
      fc.property(clusters, (input) => {
        const at = new Map(input.groups.flat().map(({ shardId, nodeId }) => [shardId, nodeId]));
        for (const move of planAsCitus(input).moves) {
          expect(at.get(move.shardId)).toBe(move.sourceNodeId);
          expect(move.targetNodeId).not.toBe(move.sourceNodeId);
          expect(input.isAllowed(move.shardId, move.targetNodeId)).toBe(true);
          at.set(move.shardId, move.targetNodeId);
        }
      }),
    );
  });

  it('leaves nothing on a node that may hold none, unless no node may hold it', () => {
    fc.assert(
      fc.property(clusters, (input) => {
        const at = new Map(input.groups.flat().map(({ shardId, nodeId }) => [shardId, nodeId]));
        const result = planAsCitus(input);
        for (const move of result.moves) at.set(move.shardId, move.targetNodeId);
        const anyAllowed = input.nodes.some(({ capacity }) => capacity > 0);
        for (const [shardId, nodeId] of at) {
          expect(input.isAllowed(shardId, nodeId) || result.stuckShards.includes(shardId)).toBe(true);
        }
        if (anyAllowed) expect(result.stuckShards).toEqual([]);
      }),
    );
  });

  it('never makes the fullest node of equal capacity fuller', () => {
    fc.assert(
      fc.property(clusters, (input) => {
        const equal = {
          ...input,
          nodes: input.nodes.map((node) => ({ ...node, capacity: 1 })),
          isAllowed: () => true,
        };
        const load = new Map(equal.nodes.map(({ nodeId }) => [nodeId, 0]));
        for (const { nodeId, cost } of equal.groups.flat()) load.set(nodeId, (load.get(nodeId) ?? 0) + cost);
        const before = Math.max(...load.values());
        for (const { cost, sourceNodeId, targetNodeId } of planAsCitus(equal).moves) {
          load.set(sourceNodeId, (load.get(sourceNodeId) ?? 0) - cost);
          load.set(targetNodeId, (load.get(targetNodeId) ?? 0) + cost);
        }
        expect(Math.max(...load.values())).toBeLessThanOrEqual(before);
      }),
    );
  });
});
