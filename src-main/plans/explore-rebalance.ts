/** What a rebalance would come to, as the cluster is or as it might be: the verdict, Citus's plan, and ours beside it. */
import type { ClusterSnapshot } from '../contract/cluster';
import type {
  ExploredMove,
  ExploredPlan,
  PlanNote,
  RebalanceConstraints,
  RebalanceExploration,
  ShardTransferMode,
  WhatIf,
} from '../contract/rebalance';
import { planWorldAsCitus, thresholdsFor, weightOf } from './citus-reference';
import type { Thresholds } from './citus-reference';
import { countedWorld, rulesOf, toOwnPlanInput } from './constrained-world';
import { freeWhileMoving } from './move-order';
import { planTime } from './move-time';
import type { Parallelism } from './move-time';
import type { Pace } from './move-estimate';
import { planOwn } from './own-plan';
import { counted, listed } from './plan';
import { notesOn } from './plan-notes';
import { applyWhatIf, toWorld } from './planner-world';
import type { PlannerWorld, WorldFacts, WorldGroup } from './planner-world';
import { rememberFor, rememberLast } from './remember';
import { fullnessOf, judge, judgeWorld, unsizedGroups } from './rebalance-verdict';

/** A rebalance that is thought about. */
export interface AskedRebalance {
  readonly constraints: RebalanceConstraints;
  readonly whatIf: WhatIf;
  readonly transferMode: ShardTransferMode;
}

/** Nothing is tried out. */
export const asItIs: WhatIf = {
  addedNodes: 0,
  removedNodeIds: [],
  capacities: [],
  growth: 1,
  isolated: null,
};

/** As citus.max_background_task_executors and ..._per_node have it when nobody set them. */
const citusParallelism: Parallelism = { parallelMoves: 1, movesPerNode: 1 };

export function exploreRebalance(
  facts: WorldFacts & { readonly snapshot: ClusterSnapshot },
  constraints: RebalanceConstraints,
  whatIf: WhatIf,
  pace: Pace,
): RebalanceExploration {
  const { snapshot } = facts;
  const plain = worldUnder(worldOf(snapshot, { ...facts, strategy: undefined }), whatIf);
  const isOwn = constraints.measure === 'cost';
  const world =
    isOwn && typeof facts.strategy === 'object'
      ? worldUnder(strategyWorldOf(snapshot, facts), whatIf)
      : plain;
  const unknown = unknownOf(facts, plain, constraints);
  const sets = [...world.tables.keys()];
  const setIndexes = new Map(sets.map((set, index) => [set, index]));
  const notes = assumptionsOf(world, whatIf);
  const shown: Shown = { world, constraints, setIndexes, pace, notes };
  const verdicts = judgeWorld(plain, snapshot.rebalanceStrategies);
  const thresholds = thresholdsFor(constraints.measure, snapshot.rebalanceStrategies, constraints.strategy);
  return {
    clusterId: snapshot.clusterId,
    revision: snapshot.revision,
    nodes: nodesOf(world, constraints),
    tableSets: sets.map((set) => world.tables.get(set) ?? []),
    before: {
      largestFactor: unknown === null ? fullnessOf(world, constraints.measure, []).largestFactor : null,
    },
    verdicts: !isOwn
      ? verdicts
      : [unknown === null ? judge(world, 'cost', thresholds) : { measure: 'cost', unknown }, ...verdicts],
    ...(unknown === null ? plansOf(shown, snapshot, thresholds) : { citus: null, ours: null }),
    unknown,
    isolatedShardId: world.isolatedShardId,
  };
}

/** Why nothing can be planned; null where it can. */
function unknownOf(
  { strategy }: WorldFacts,
  world: PlannerWorld,
  { measure, strategy: name }: RebalanceConstraints,
): string | null {
  const needsBytes = measure === 'bytes' || (typeof strategy === 'object' && strategy.costs === 'bytes');
  if (measure === 'cost' && typeof strategy !== 'object')
    return strategy ?? `What strategy ${name ?? ''} answers for the shards was not read.`;
  const unsized = unsizedGroups(world);
  return needsBytes && measure !== 'groups' && unsized > 0
    ? `The size of ${counted(unsized, 'shard group')} is not known, so bytes cannot be evened out.`
    : null;
}

/** While somebody turns knobs the cluster is the same, and as a rule what is tried out is as well. */
const rememberWorld = () =>
  rememberLast(
    (_snapshot: ClusterSnapshot, facts: WorldFacts) => toWorld(facts),
    ([one], [other]) => one.shardBytes === other.shardBytes && isSameReading(one, other),
  );
/** By value: what comes from another thread is a copy each time. */
function isSameReading(one: WorldFacts, other: WorldFacts): boolean {
  const [own, theirs] = [one.strategy, other.strategy];
  const isSameStrategy =
    typeof own === 'object' && typeof theirs === 'object'
      ? own.name === theirs.name && own.readAtMs === theirs.readAtMs
      : own === theirs;
  return (
    isSameStrategy
    && one.baseCostBytes === other.baseCostBytes
    && one.disks.size === other.disks.size
    && [...one.disks].every(([nodeId, disk]) => {
      const known = other.disks.get(nodeId);
      return known?.availableBytes === disk.availableBytes && known.totalBytes === disk.totalBytes;
    })
  );
}
const worldOf = rememberWorld();
const strategyWorldOf = rememberWorld();
const worldUnder = rememberLast(
  (world: PlannerWorld, whatIf: WhatIf) => applyWhatIf(world, whatIf),
  ([one], [other]) => JSON.stringify(one) === JSON.stringify(other),
);
const groupsOf = rememberFor(
  (world: PlannerWorld) => new Map(world.groups.map((group) => [group.shardId, group])),
);

interface Shown {
  readonly world: PlannerWorld;
  readonly constraints: RebalanceConstraints;
  readonly setIndexes: ReadonlyMap<string, number>;
  readonly pace: Pace;
  /** On both plans. */
  readonly notes: readonly PlanNote[];
}

function plansOf(
  shown: Shown,
  snapshot: ClusterSnapshot,
  thresholds: Thresholds,
): { readonly citus: ExploredPlan; readonly ours: ExploredPlan } {
  const { world, constraints, pace } = shown;
  const citus = planWorldAsCitus(world, constraints.measure, thresholds, constraints.drainOnly);
  const input = toOwnPlanInput(world, snapshot, constraints, thresholds, pace);
  const own = planOwn(input);
  return {
    citus: toExplored(shown, world, citus.moves, citusParallelism, []),
    ours: toExplored(
      shown,
      // What is exempt or to be drained is no measure of how even the rest is.
      countedWorld(world, constraints),
      own.moves,
      constraints,
      notesOn(own, input, world, constraints),
    ),
  };
}

function toExplored(
  { world, constraints, setIndexes, pace, notes: always }: Shown,
  judged: PlannerWorld,
  moves: readonly {
    readonly shardId: string;
    readonly sourceNodeId: number;
    readonly targetNodeId: number;
  }[],
  parallelism: Parallelism,
  notes: ExploredPlan['notes'],
): ExploredPlan {
  const byShard = groupsOf(world);
  const timed = moves.map((move) => ({ ...move, bytes: byShard.get(move.shardId)?.bytes ?? 0 }));
  const isSized = moves.every(({ shardId }) => typeof byShard.get(shardId)?.bytes === 'number');
  const available = new Map(
    world.nodes.flatMap(({ nodeId, disk }): [number, number][] =>
      disk === null ? [] : [[nodeId, disk.availableBytes]],
    ),
  );
  const free = freeWhileMoving(timed, available, parallelism.movesPerNode);
  return {
    moves: moves.map(({ shardId, sourceNodeId, targetNodeId }, index): ExploredMove => ({
      shardId,
      sourceNodeId,
      targetNodeId,
      tableSet: setIndexes.get(byShard.get(shardId)?.set ?? '') ?? 0,
      bytes: byShard.get(shardId)?.bytes ?? null,
      cost: costOf(world, byShard.get(shardId)),
      targetFreeBytes: isSized ? (free[index] ?? null) : null,
    })),
    bytes: isSized ? timed.reduce((sum, { bytes }) => sum + bytes, 0) : null,
    durationMs: isSized ? planTime(timed, pace, parallelism) : null,
    largestFactor: fullnessOf(judged, constraints.measure, moves).largestFactor,
    notes: [...notes, ...always],
  };
}

/** A function can answer nothing of what is only tried out. */
function assumptionsOf({ strategy, nodes }: PlannerWorld, whatIf: WhatIf): readonly PlanNote[] {
  if (strategy === null) return [];
  const assumed = [
    ...(nodes.some(({ isNew }) => isNew) && strategy.capacities !== null
      ? ['new nodes have the capacity of the others on average']
      : []),
    ...(nodes.some(({ isNew }) => isNew) && strategy.refused.size > 0 ? ['new nodes take every shard'] : []),
    ...(whatIf.growth !== 1 && typeof strategy.costs !== 'string' ? ['shards cost as much as now'] : []),
    ...(whatIf.isolated !== null && typeof strategy.costs !== 'string'
      ? ['a tenant takes its share of the cost along']
      : []),
  ];
  if (assumed.length === 0) return [];
  return [
    {
      level: 'mind',
      code: 'strategy-assumed',
      message: `The functions of ${strategy.name} cannot be asked about what does not exist yet. Taken for granted: ${listed(assumed)}.`,
    },
  ];
}

/** Null where no functions were asked. */
function costOf(world: PlannerWorld, group: WorldGroup | undefined): number | null {
  return world.strategy === null || group === undefined ? null : weightOf(group, world, 'cost');
}

function nodesOf(world: PlannerWorld, constraints: RebalanceConstraints): RebalanceExploration['nodes'] {
  const rules = rulesOf(constraints);
  const bytes = new Map<number, number | null>();
  const counts = new Map<number, number>();
  const costs = new Map<number, number>();
  for (const group of world.groups) {
    for (const nodeId of group.nodeIds) {
      const sum = bytes.get(nodeId) === undefined ? 0 : (bytes.get(nodeId) ?? null);
      bytes.set(nodeId, sum === null || group.bytes === null ? null : sum + group.bytes);
      counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
      if (world.strategy !== null) costs.set(nodeId, (costs.get(nodeId) ?? 0) + (costOf(world, group) ?? 0));
    }
  }
  return world.nodes
    .filter(({ nodeId, capacity, isRemoved }) => capacity > 0 || isRemoved || (counts.get(nodeId) ?? 0) > 0)
    .map((node) => ({
      nodeId: node.nodeId,
      label: node.label,
      isNew: node.isNew,
      isRemoved: node.isRemoved,
      capacity: node.capacity,
      rule: rules.get(node.nodeId) ?? null,
      bytes: bytes.get(node.nodeId) === undefined ? 0 : (bytes.get(node.nodeId) ?? null),
      groups: counts.get(node.nodeId) ?? 0,
      cost: world.strategy === null ? null : (costs.get(node.nodeId) ?? 0),
      disk: node.disk,
    }));
}
