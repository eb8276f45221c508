/** Whether a rebalance is needed by bytes and by number of shard groups, and why not. */
import type { RebalanceStrategy } from '../contract/cluster';
import type { MeasureVerdict, PlanMeasure, RebalanceExploration } from '../contract/rebalance';
import { planAnew, planWorldAsCitus, thresholdsFor, weightOf } from './citus-reference';
import type { Thresholds } from './citus-reference';
import { counted, sizeWords } from './plan';
import type { PlannerWorld } from './planner-world';
import { rememberFor } from './remember';

/** By what Citus ships with. */
export function judgeWorld(
  world: PlannerWorld,
  strategies: readonly RebalanceStrategy[],
): RebalanceExploration['verdicts'] {
  const unsized = unsizedGroups(world);
  return (['bytes', 'groups'] as const).map((measure) =>
    measure === 'bytes' && unsized > 0
      ? { measure, unknown: `The size of ${counted(unsized, 'shard group')} is not known.` }
      : judge(world, measure, thresholdsFor(measure, strategies, undefined)),
  );
}

export function unsizedGroups(world: PlannerWorld): number {
  return world.groups.filter(({ bytes }) => bytes === null).length;
}

export interface Fullness {
  readonly largestFactor: number | null;
  readonly largestNode: string | null;
}

interface Weights {
  readonly byNode: ReadonlyMap<number, number>;
  readonly byShard: ReadonlyMap<string, number>;
  readonly total: number;
}

const weights = {
  bytes: rememberFor((world: PlannerWorld) => weigh(world, 'bytes')),
  groups: rememberFor((world: PlannerWorld) => weigh(world, 'groups')),
  cost: rememberFor((world: PlannerWorld) => weigh(world, 'cost')),
};

function weigh(world: PlannerWorld, measure: PlanMeasure): Weights {
  const byNode = new Map<number, number>();
  const byShard = new Map<string, number>();
  let total = 0;
  for (const group of world.groups) {
    const weight = weightOf(group, world, measure);
    byShard.set(group.shardId, weight);
    for (const nodeId of group.nodeIds) {
      byNode.set(nodeId, (byNode.get(nodeId) ?? 0) + weight);
      total += weight;
    }
  }
  return { byNode, byShard, total };
}

/** Fullest of the nodes that take shards against the average, by weight after the moves. */
export function fullnessOf(
  world: PlannerWorld,
  measure: PlanMeasure,
  moves: readonly {
    readonly shardId: string;
    readonly sourceNodeId: number;
    readonly targetNodeId: number;
  }[],
): Fullness {
  const { byNode, byShard, total } = weights[measure](world);
  const loads = new Map(byNode);
  for (const { shardId, sourceNodeId, targetNodeId } of moves) {
    const weight = byShard.get(shardId) ?? 0;
    loads.set(sourceNodeId, (loads.get(sourceNodeId) ?? 0) - weight);
    loads.set(targetNodeId, (loads.get(targetNodeId) ?? 0) + weight);
  }
  const takers = world.nodes.filter(({ capacity }) => capacity > 0);
  const capacity = takers.reduce((sum, node) => sum + node.capacity, 0);
  if (capacity === 0 || total === 0) return { largestFactor: null, largestNode: null };
  const average = total / capacity;
  const fullest = takers
    .map((node) => ({ label: node.label, factor: (loads.get(node.nodeId) ?? 0) / node.capacity / average }))
    .reduce((most, one) => (one.factor > most.factor ? one : most));
  return { largestFactor: fullest.factor, largestNode: fullest.label };
}

export function judge(world: PlannerWorld, measure: PlanMeasure, thresholds: Thresholds): MeasureVerdict {
  const result = planWorldAsCitus(world, measure, thresholds);
  const before = fullnessOf(world, measure, []);
  return {
    measure,
    strategy: thresholds.name,
    isNeeded: result.moves.length > 0,
    moves: result.moves.length,
    ...before,
    threshold: thresholds.defaultThreshold,
    reason: reasonFor(world, measure, thresholds, result.moves, result.ignoredMoves, before),
  };
}

function reasonFor(
  world: PlannerWorld,
  measure: PlanMeasure,
  thresholds: Thresholds,
  moves: ReturnType<typeof planWorldAsCitus>['moves'],
  ignoredMoves: number,
  before: Fullness,
): string {
  const { name, defaultThreshold, improvementThreshold } = thresholds;
  if (moves.length > 0) return whyNeeded(world, thresholds, moves, before);
  if (world.groups.length === 0) return 'No table is distributed, so there is nothing to move.';
  if (world.nodes.filter(({ capacity }) => capacity > 0).length < 2)
    return 'Only one node takes shards; there is nowhere to move them.';
  if (ignoredMoves > 0)
    return `A move could help, but every one improves the balance by less than ${percent(improvementThreshold)} of the shard that moves.`;
  if (planAnew(world, measure, 0, 0).moves.length === 0)
    return `Strategy ${name} has nothing to gain: ${countsAlike(world, measure)}whole shard groups cannot lie more evenly.`;
  return `Every node is within the threshold of ${percent(defaultThreshold)} around the average.`;
}

function whyNeeded(
  world: PlannerWorld,
  { defaultThreshold }: Thresholds,
  moves: ReturnType<typeof planWorldAsCitus>['moves'],
  { largestFactor, largestNode }: Fullness,
): string {
  const byId = new Map(world.nodes.map((node) => [node.nodeId, node]));
  const leaves = moves.map(({ sourceNodeId }) => byId.get(sourceNodeId)).find((node) => node?.capacity === 0);
  if (leaves) return `${leaves.label} holds shards and takes none: it is to be emptied.`;
  const held = weights.groups(world).byNode;
  const empty = world.nodes.find(({ nodeId, capacity }) => capacity > 0 && !held.has(nodeId));
  if (empty) return `${empty.label} holds nothing yet.`;
  if (largestFactor !== null && largestNode !== null && largestFactor > 1 + defaultThreshold)
    return `${largestNode} holds ${largestFactor.toFixed(2)} times the average.`;
  return 'As a whole the nodes are even; the shards of some tables are not.';
}

/** Bytes that differ look like something to gain, where Citus sees hardly a difference. */
function countsAlike(world: PlannerWorld, measure: PlanMeasure): string {
  const largest = world.groups.reduce((most, { bytes }) => Math.max(most, bytes ?? 0), 0);
  if (measure !== 'bytes' || world.baseCostBytes < largest) return '';
  return `Citus counts ${sizeWords(world.baseCostBytes)} for each on top, more than any holds, and `;
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
