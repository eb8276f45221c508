/** A planner's world under what a person demands of the plan, in the terms of our own planner. */
import type { ClusterSnapshot } from '../contract/cluster';
import type { NodeRule, RebalanceConstraints } from '../contract/rebalance';
import { planWorldAsCitus, weightOf } from './citus-reference';
import type { Thresholds } from './citus-reference';
import type { Pace } from './move-estimate';
import type { OwnPlanInput } from './own-plan';
import { sameTable } from './plan';
import type { PlannerWorld, WorldGroup, WorldNode } from './planner-world';

export function rulesOf(constraints: RebalanceConstraints): ReadonlyMap<number, NodeRule> {
  return new Map(constraints.nodeRules.map(({ nodeId, rule }) => [nodeId, rule]));
}

/** Keys of the sets whose tables are pinned: what is colocated with a pinned table stays with it. */
export function pinnedSets(
  world: PlannerWorld,
  snapshot: Pick<ClusterSnapshot, 'tables'>,
  constraints: RebalanceConstraints,
): ReadonlySet<string> {
  const keys = snapshot.tables
    .filter((table) => constraints.pinnedTables.some((pinned) => sameTable(pinned, table)))
    .map((table) => (table.colocationId === 0 ? `table ${table.oid}` : String(table.colocationId)));
  return new Set(keys.filter((key) => world.tables.has(key)));
}

/** Without the nodes that count in nothing, and with those that are to be drained as nodes that take no shards. */
export function countedWorld(world: PlannerWorld, constraints: RebalanceConstraints): PlannerWorld {
  const rules = rulesOf(constraints);
  // The very same one, so that what is known of it holds.
  if (![...rules.values()].some((rule) => rule === 'exempt' || rule === 'drain')) return world;
  const isExempt = (nodeId: number): boolean => rules.get(nodeId) === 'exempt';
  return {
    ...world,
    nodes: world.nodes
      .filter(({ nodeId }) => !isExempt(nodeId))
      .map((node) => (rules.get(node.nodeId) === 'drain' ? { ...node, capacity: 0 } : node)),
    groups: world.groups.map((group) => ({
      ...group,
      nodeIds: group.nodeIds.filter((nodeId) => !isExempt(nodeId)),
    })),
  };
}

/** `thresholds`: of the strategy that Citus would use for the same measure. */
export function toOwnPlanInput(
  world: PlannerWorld,
  snapshot: Pick<ClusterSnapshot, 'tables'>,
  constraints: RebalanceConstraints,
  thresholds: Thresholds,
  pace: Pace,
): OwnPlanInput {
  const rules = rulesOf(constraints);
  const counted = countedWorld(world, constraints);
  const fillsOnly = [...rules.values()].includes('fill');
  const sets = pinnedSets(world, snapshot, constraints);
  const shards = new Set(constraints.pinnedShards);
  const capacities = new Map(counted.nodes.map(({ nodeId, capacity }) => [nodeId, capacity]));
  const isPinned = (group: WorldGroup, nodeId: number): boolean =>
    sets.has(group.set)
    || (constraints.drainOnly === true && (capacities.get(nodeId) ?? 0) > 0)
    || (shards.size > 0 && group.shardIds.some((shardId) => shards.has(shardId)))
    || rules.get(nodeId) === 'freeze';
  const { measure } = constraints;
  const refused = world.strategy?.refused.size ? world.strategy.refused : null;
  return {
    nodes: counted.nodes.map((node) => {
      const rule = rules.get(node.nodeId);
      return {
        nodeId: node.nodeId,
        capacity: node.capacity,
        takes: node.capacity > 0 && (fillsOnly ? rule === 'fill' : rule === undefined),
        isHeld: rule !== 'freeze',
        isFilled: rule === 'fill',
        roomBytes: roomOf(node, constraints),
      };
    }),
    groups: counted.groups.flatMap((group) =>
      group.nodeIds.map((nodeId) => ({
        shardId: group.shardId,
        nodeId,
        set: group.set,
        weight: weightOf(group, world, measure),
        bytes: group.bytes ?? 0,
        isPinned: isPinned(group, nodeId),
      })),
    ),
    ...(refused && { isAllowed: (shardId, nodeId) => !refused.has(`${shardId} ${nodeId}`) }),
    reference: planWorldAsCitus(counted, measure, thresholds, constraints.drainOnly).moves,
    threshold: thresholds.defaultThreshold,
    target: constraints.target,
    limits: constraints,
    order: constraints.order,
    pace,
  };
}

/** Without a demand the whole disk; a disk that is not known cannot be held to one, so then nothing comes to it. */
function roomOf(node: WorldNode, { keepFreeShare }: RebalanceConstraints): number {
  if (node.disk === null) return keepFreeShare === null ? Number.POSITIVE_INFINITY : 0;
  return node.disk.availableBytes - (keepFreeShare ?? 0) * node.disk.totalBytes;
}
