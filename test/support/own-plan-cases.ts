/** A case of Citus's planner put to ours, and what both come to. */
import { planAsCitus } from '../../src-main/plans/citus-planner';
import type { PlannerInput } from '../../src-main/plans/citus-planner';
import { learnPace } from '../../src-main/plans/move-estimate';
import { planOwn } from '../../src-main/plans/own-plan';
import type { OwnPlan, OwnPlanInput } from '../../src-main/plans/own-plan';

export interface Comparison {
  readonly plan: OwnPlan;
  readonly ownBytes: number;
  readonly citusBytes: number;
  /** Utilisation of the fullest node afterwards. */
  readonly ownLargest: number;
  readonly citusLargest: number;
}

/** `cost` stands for bytes and for what is evened out. */
export function toOwnInput(input: PlannerInput): OwnPlanInput {
  return {
    nodes: input.nodes.map(({ nodeId, capacity }) => ({
      nodeId,
      capacity,
      takes: capacity > 0,
      isHeld: true,
      isFilled: false,
      roomBytes: Number.POSITIVE_INFINITY,
    })),
    groups: input.groups.flatMap((placements, set) =>
      placements.map(({ shardId, nodeId, cost }) => ({
        shardId,
        nodeId,
        set: String(set),
        weight: cost,
        bytes: cost,
        isPinned: false,
      })),
    ),
    isAllowed: input.isAllowed,
    reference: planAsCitus(input).moves,
    threshold: input.threshold,
    target: { type: 'as-citus' },
    limits: { maxBytes: null, maxMoves: null, maxHours: null, parallelMoves: 1, movesPerNode: 1 },
    order: 'most-relief-first',
    pace: learnPace([]),
  };
}

export function compareWithCitus(input: PlannerInput): Comparison {
  const own = toOwnInput(input);
  const plan = planOwn(own);
  const costs = new Map(own.groups.map(({ shardId, bytes }) => [shardId, bytes]));
  const bytesOf = (moves: readonly { readonly shardId: string }[]): number =>
    moves.reduce((sum, { shardId }) => sum + (costs.get(shardId) ?? 0), 0);
  const largest = (moves: OwnPlanInput['reference']): number => {
    const loads = new Map<number, number>();
    const add = (nodeId: number, cost: number): void =>
      void loads.set(nodeId, (loads.get(nodeId) ?? 0) + cost);
    for (const { nodeId, weight } of own.groups) add(nodeId, weight);
    for (const { shardId, sourceNodeId, targetNodeId } of moves) {
      add(sourceNodeId, -(costs.get(shardId) ?? 0));
      add(targetNodeId, costs.get(shardId) ?? 0);
    }
    return Math.max(...input.nodes.map(({ nodeId, capacity }) => (loads.get(nodeId) ?? 0) / capacity));
  };
  return {
    plan,
    ownBytes: bytesOf(plan.moves),
    citusBytes: bytesOf(own.reference),
    ownLargest: largest(plan.moves),
    citusLargest: largest(own.reference),
  };
}
