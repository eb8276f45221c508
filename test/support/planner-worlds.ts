/** Clusters of any shape for properties of the planners. */
import fc from 'fast-check';
import type { PlannerInput, PlannerPlacement } from '../../src-main/plans/citus-planner';

export interface WorldOptions {
  /** Nodes that may not hold shards, unequal nodes, shards that some nodes do not take, shards with two copies. */
  readonly isIrregular: boolean;
}

export function plannerWorlds({ isIrregular }: WorldOptions): fc.Arbitrary<PlannerInput> {
  return fc
    .record({
      capacities: fc.array(isIrregular ? fc.constantFrom(0, 1, 1, 2, 3) : fc.constant(1), {
        minLength: 1,
        maxLength: 7,
      }),
      sets: fc.array(
        fc.array(
          fc.record({
            node: fc.nat({ max: 100 }),
            isCopy: isIrregular ? fc.nat({ max: 9 }).map((of) => of === 0) : fc.constant(false),
            cost: fc.oneof(
              fc.constant(1),
              fc.integer({ min: 0, max: 9 }),
              fc.integer({ min: 0, max: 2_000_000_000 }),
            ),
          }),
          { minLength: 1, maxLength: 24 },
        ),
        { minLength: 1, maxLength: 3 },
      ),
      threshold: fc.constantFrom(0, 0.02, 0.1, 0.5),
      improvementThreshold: fc.constantFrom(0, 0.1, 0.5),
      maxShardMoves: fc.constantFrom(1_000_000, 1_000_000, 3),
      drainOnly: isIrregular ? fc.constantFrom(false, false, false, true) : fc.constant(false),
      refused: isIrregular
        ? fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 6 })))
        : fc.constant<[number, number][]>([]),
    })
    .map(({ capacities, sets, refused, ...rest }) => {
      const nodes = capacities.map((capacity, index) => ({ nodeId: index + 1, capacity }));
      const refusals = new Set(refused.map(([shard, node]) => `${102_000 + shard} ${node + 1}`));
      let shard = 102_000;
      return {
        ...rest,
        nodes,
        groups: sets.map((placements) =>
          placements.reduce<PlannerPlacement[]>((placed, { node, cost, isCopy }) => {
            const nodeId = (node % nodes.length) + 1;
            const last = placed.at(-1);
            const isSecond = last && placed.at(-2)?.shardId === last.shardId;
            const copies = isCopy && last && !isSecond && last.nodeId !== nodeId;
            placed.push(copies ? { ...last, nodeId } : { shardId: String(shard++), nodeId, cost });
            return placed;
          }, []),
        ),
        isAllowed: (shardId, nodeId) =>
          (nodes[nodeId - 1]?.capacity ?? 0) > 0 && !refusals.has(`${shardId} ${nodeId}`),
      } satisfies PlannerInput;
    });
}
