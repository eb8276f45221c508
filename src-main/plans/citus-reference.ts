/** Citus's planner over a planner's world: its moves, and where every group lies after them. */
import { planAsCitus, planningGroups } from './citus-planner';
import type { PlannerPlacement, PlannerResult } from './citus-planner';
import type { RebalanceStrategy } from '../contract/cluster';
import type { RebalanceConstraints } from '../contract/rebalance';
import type { PlannerWorld, WorldGroup } from './planner-world';
import { rememberLast } from './remember';

export type Measure = RebalanceConstraints['measure'];

export type Thresholds = Pick<RebalanceStrategy, 'name' | 'defaultThreshold' | 'improvementThreshold'>;

/** What Citus ships with, where the cluster's own strategy of that name is not known. */
const shipped: Readonly<Record<Measure, Thresholds>> = {
  bytes: { name: 'by_disk_size', defaultThreshold: 0.1, improvementThreshold: 0.5 },
  groups: { name: 'by_shard_count', defaultThreshold: 0, improvementThreshold: 0 },
};

/** The strategy that evens out what is measured. */
export function thresholdsFor(measure: Measure, strategies: readonly RebalanceStrategy[]): Thresholds {
  return strategies.find(({ name }) => name === shipped[measure].name) ?? shipped[measure];
}

/** What a group counts for. A size that is not known counts nothing beside what Citus adds to each. */
export function weightOf(group: WorldGroup, world: PlannerWorld, measure: Measure): number {
  return measure === 'groups' ? 1 : (group.bytes ?? 0) + world.baseCostBytes;
}

/** As its strategy would have it; the verdict, the plan shown and the measure of ours are the same one. */
export function planWorldAsCitus(
  world: PlannerWorld,
  measure: Measure,
  thresholds: Thresholds,
): PlannerResult {
  return (measure === 'bytes' ? planByBytes : planByGroups)(
    world,
    thresholds.defaultThreshold,
    thresholds.improvementThreshold,
  );
}

const planByBytes = rememberLast((world: PlannerWorld, threshold: number, improvement: number) =>
  planAnew(world, 'bytes', threshold, improvement),
);
const planByGroups = rememberLast((world: PlannerWorld, threshold: number, improvement: number) =>
  planAnew(world, 'groups', threshold, improvement),
);

export function planAnew(
  world: PlannerWorld,
  measure: Measure,
  threshold: number,
  improvementThreshold: number,
): PlannerResult {
  const sets = new Map<string, PlannerPlacement[]>();
  for (const group of world.groups) {
    const placements = sets.get(group.set) ?? [];
    const cost = weightOf(group, world, measure);
    for (const nodeId of group.nodeIds) placements.push({ shardId: group.shardId, nodeId, cost });
    sets.set(group.set, placements);
  }
  const eligible = new Set(world.nodes.filter(({ capacity }) => capacity > 0).map(({ nodeId }) => nodeId));
  return planAsCitus({
    nodes: world.nodes.map(({ nodeId, capacity }) => ({ nodeId, capacity })),
    groups: planningGroups([...sets.values()], eligible.size),
    threshold,
    improvementThreshold,
    maxShardMoves: 1_000_000,
    drainOnly: false,
    isAllowed: (_shardId, nodeId) => eligible.has(nodeId),
  });
}
