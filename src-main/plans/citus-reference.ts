/** Citus's planner over a planner's world: its moves, and where every group lies after them. */
import { planAsCitus, planningGroups } from './citus-planner';
import type { PlannerPlacement, PlannerResult } from './citus-planner';
import type { RebalanceStrategy } from '../contract/cluster';
import type { PlanMeasure } from '../contract/rebalance';
import type { PlannerWorld, WorldGroup } from './planner-world';
import { rememberLast } from './remember';

export type Thresholds = Pick<RebalanceStrategy, 'name' | 'defaultThreshold' | 'improvementThreshold'>;

/** What Citus ships with, where the cluster's own strategy of that name is not known. */
const shipped: Readonly<Record<'bytes' | 'groups', Thresholds>> = {
  bytes: { name: 'by_disk_size', defaultThreshold: 0.1, improvementThreshold: 0.5 },
  groups: { name: 'by_shard_count', defaultThreshold: 0, improvementThreshold: 0 },
};

/** The strategy that evens out what is measured. `own`: the name of the cluster's own one, where its costs are. */
export function thresholdsFor(
  measure: PlanMeasure,
  strategies: readonly RebalanceStrategy[],
  own: string | undefined,
): Thresholds {
  if (measure === 'cost') {
    const name = own ?? '';
    return strategies.find((one) => one.name === name) ?? { ...shipped.groups, name };
  }
  return strategies.find(({ name }) => name === shipped[measure].name) ?? shipped[measure];
}

/** What a group counts for. A size that is not known counts nothing beside what Citus adds to each. */
export function weightOf(group: WorldGroup, world: PlannerWorld, measure: PlanMeasure): number {
  switch (measure) {
    case 'bytes':
      return (group.bytes ?? 0) + world.baseCostBytes;
    case 'groups':
      return 1;
    case 'cost': {
      const costs = world.strategy?.costs ?? 'groups';
      return typeof costs === 'string' ? weightOf(group, world, costs) : (costs.get(group.shardId) ?? 0);
    }
  }
}

/** As its strategy would have it; the verdict, the plan shown and the measure of ours are the same one. */
export function planWorldAsCitus(
  world: PlannerWorld,
  measure: PlanMeasure,
  thresholds: Thresholds,
  drainOnly = false,
): PlannerResult {
  return plansByMeasure[measure](
    world,
    thresholds.defaultThreshold,
    thresholds.improvementThreshold,
    drainOnly,
  );
}

const remembered = (measure: PlanMeasure) =>
  rememberLast((world: PlannerWorld, threshold: number, improvement: number, drainOnly: boolean) =>
    planAnew(world, measure, threshold, improvement, drainOnly),
  );
const plansByMeasure = {
  bytes: remembered('bytes'),
  groups: remembered('groups'),
  cost: remembered('cost'),
};

export function planAnew(
  world: PlannerWorld,
  measure: PlanMeasure,
  threshold: number,
  improvementThreshold: number,
  drainOnly = false,
): PlannerResult {
  const sets = new Map<string, PlannerPlacement[]>();
  for (const group of world.groups) {
    const placements = sets.get(group.set) ?? [];
    const cost = weightOf(group, world, measure);
    for (const nodeId of group.nodeIds) placements.push({ shardId: group.shardId, nodeId, cost });
    sets.set(group.set, placements);
  }
  const eligible = new Set(world.nodes.filter(({ capacity }) => capacity > 0).map(({ nodeId }) => nodeId));
  // Where nothing is refused no text is put together for each place.
  const refused = world.strategy?.refused.size ? world.strategy.refused : null;
  return planAsCitus({
    nodes: world.nodes.map(({ nodeId, capacity }) => ({ nodeId, capacity })),
    groups: planningGroups([...sets.values()], eligible.size),
    threshold,
    improvementThreshold,
    maxShardMoves: 1_000_000,
    drainOnly,
    isAllowed: (shardId, nodeId) => eligible.has(nodeId) && !refused?.has(`${shardId} ${nodeId}`),
  });
}
