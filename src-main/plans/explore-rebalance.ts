/** What a rebalance would come to, as the cluster is or as it might be: the verdict, Citus's plan, and ours beside it. */
import type { ClusterSnapshot } from '../contract/cluster';
import type {
  ExploredMove,
  ExploredPlan,
  RebalanceConstraints,
  RebalanceExploration,
  WhatIf,
} from '../contract/rebalance';
import { planWorldAsCitus, thresholdsFor } from './citus-reference';
import { countedWorld, rulesOf, toOwnPlanInput } from './constrained-world';
import { freeWhileMoving } from './move-order';
import { planTime } from './move-time';
import type { Parallelism } from './move-time';
import type { Pace } from './move-estimate';
import { planOwn } from './own-plan';
import { counted } from './plan';
import { notesOn } from './plan-notes';
import { applyWhatIf, toWorld } from './planner-world';
import type { PlannerWorld, WorldFacts } from './planner-world';
import { rememberFor, rememberLast } from './remember';
import { fullnessOf, judgeWorld } from './rebalance-verdict';

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
  const world = worldUnder(worldOf(snapshot, facts), whatIf);
  const { measure } = constraints;
  const unsized = world.groups.filter(({ bytes }) => bytes === null).length;
  const unknown =
    measure === 'bytes' && unsized > 0
      ? `The size of ${counted(unsized, 'shard group')} is not known, so bytes cannot be evened out.`
      : null;
  const sets = [...world.tables.keys()];
  const setIndexes = new Map(sets.map((set, index) => [set, index]));
  const shown: Shown = { world, constraints, setIndexes, pace };
  return {
    clusterId: snapshot.clusterId,
    revision: snapshot.revision,
    nodes: nodesOf(world, constraints),
    tableSets: sets.map((set) => world.tables.get(set) ?? []),
    before: { largestFactor: fullnessOf(world, measure, []).largestFactor },
    verdicts: judgeWorld(world, snapshot.rebalanceStrategies),
    ...(unknown === null ? plansOf(shown, snapshot) : { citus: null, ours: null }),
    unknown,
    isolatedShardId: world.isolatedShardId,
  };
}

/** While somebody turns knobs the cluster is the same, and as a rule what is tried out is as well. */
const worldOf = rememberLast(
  (_snapshot: ClusterSnapshot, facts: WorldFacts) => toWorld(facts),
  ([one], [other]) =>
    one.shardBytes === other.shardBytes
    && one.disks === other.disks
    && one.baseCostBytes === other.baseCostBytes,
);
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
}

function plansOf(
  shown: Shown,
  snapshot: ClusterSnapshot,
): { readonly citus: ExploredPlan; readonly ours: ExploredPlan } {
  const { world, constraints, pace } = shown;
  const thresholds = thresholdsFor(constraints.measure, snapshot.rebalanceStrategies);
  const citus = planWorldAsCitus(world, constraints.measure, thresholds);
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
  { world, constraints, setIndexes, pace }: Shown,
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
      targetFreeBytes: isSized ? (free[index] ?? null) : null,
    })),
    bytes: isSized ? timed.reduce((sum, { bytes }) => sum + bytes, 0) : null,
    durationMs: isSized ? planTime(timed, pace, parallelism) : null,
    largestFactor: fullnessOf(judged, constraints.measure, moves).largestFactor,
    notes,
  };
}

function nodesOf(world: PlannerWorld, constraints: RebalanceConstraints): RebalanceExploration['nodes'] {
  const rules = rulesOf(constraints);
  const bytes = new Map<number, number | null>();
  const counts = new Map<number, number>();
  for (const group of world.groups) {
    for (const nodeId of group.nodeIds) {
      const sum = bytes.get(nodeId) === undefined ? 0 : (bytes.get(nodeId) ?? null);
      bytes.set(nodeId, sum === null || group.bytes === null ? null : sum + group.bytes);
      counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
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
      disk: node.disk,
    }));
}
