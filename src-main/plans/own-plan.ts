/**
 * A plan of our own: the fewest bytes for a balance that is no worse than Citus's, within the limits a person set.
 * Each group moves once at most.
 */
import { findFewestBytes } from './fewest-bytes';
import type { Assignment, BalanceProblem } from './fewest-bytes';
import { orderMoves } from './move-order';
import type { OrderedMove } from './move-order';
import { planTime } from './move-time';
import { prepare } from './own-problem';
import type { Prepared } from './own-problem';
import type { Parallelism } from './move-time';
import type { Pace } from './move-estimate';
import type { RebalanceConstraints } from '../contract/rebalance';

export interface OwnNode {
  readonly nodeId: number;
  /** 0 for one that takes no groups and is to be left by those it holds. */
  readonly capacity: number;
  readonly takes: boolean;
  /** It is judged: no fuller than the target allows. */
  readonly isHeld: boolean;
  /** It shall be filled as far as the threshold asks, whether or not that relieves another. */
  readonly isFilled: boolean;
  readonly roomBytes: number;
}

/** One placement of a shard group. */
export interface OwnGroup {
  readonly shardId: string;
  readonly nodeId: number;
  readonly set: string;
  readonly weight: number;
  readonly bytes: number;
  readonly isPinned: boolean;
}

export interface OwnPlanInput {
  readonly nodes: readonly OwnNode[];
  readonly groups: readonly OwnGroup[];
  readonly isAllowed?: (shardId: string, nodeId: number) => boolean;
  /** Citus's moves in the same world: the measure of ours, and where ours begins from. */
  readonly reference: readonly {
    readonly shardId: string;
    readonly sourceNodeId: number;
    readonly targetNodeId: number;
  }[];
  /** Of Citus's strategy, as in 0.1. */
  readonly threshold: number;
  readonly target: RebalanceConstraints['target'];
  readonly limits: Pick<RebalanceConstraints, 'maxBytes' | 'maxMoves' | 'maxHours'> & Parallelism;
  readonly order: RebalanceConstraints['order'];
  readonly pace: Pace;
}

export type LimitHit = 'bytes' | 'moves' | 'hours';

export interface OwnPlan {
  readonly moves: readonly OrderedMove[];
  /** Utilisation: weight for each unit of capacity. */
  readonly average: number;
  readonly ceiling: number;
  /** Weight by node id afterwards. */
  readonly weights: ReadonlyMap<number, number>;
  /** Limits that the plan with the fewest bytes for the target would break. */
  readonly limitsHit: readonly LimitHit[];
  /** Whether the limits keep the plan from its target, rather than from moving fewer bytes for it. */
  readonly isCutShort: boolean;
  /** Groups that may not stay and found no other place. */
  readonly stuck: readonly OwnGroup[];
  /** No way was found that moves fewer bytes than Citus's: these are its moves, each group once. */
  readonly isReference: boolean;
}

const mostTightenings = 8;
/** So little off is on it: sums of many sizes lose their last digits. */
export const tolerance = 1e-6;

/**
 * Of what the threshold asks for, an empty node that nobody wants filled gets this much at least: the target is the
 * fullest node, and what is moved beyond its relief is moved for nothing.
 */
const emptyShare = 0.5;

export function planOwn(input: OwnPlanInput): OwnPlan {
  const world = prepare(input);
  const full = solve(input, world, world.ceiling, 'thorough');
  const hit = limitsHit(input, full);
  if (hit.length === 0) return outcome(input, world, full, []);
  return outcome(input, world, withinLimits(input, world), hit);
}

function solve(
  input: OwnPlanInput,
  world: Prepared,
  ceiling: number,
  effort: 'quick' | 'thorough',
): readonly OrderedMove[] {
  const problem: BalanceProblem = {
    ...world.problem,
    nodes: nodesOf(input, world, ceiling),
  };
  const starts = ceiling === world.ceiling && input.target.type === 'as-citus' ? [world.reference] : [];
  return toMoves(input, world, findFewestBytes(problem, starts, effort));
}

/** How full each node may and shall be, in weight. */
function nodesOf(input: OwnPlanInput, world: Prepared, ceiling: number): BalanceProblem['nodes'] {
  return input.nodes.map((node, index) => {
    const isFilled = node.isFilled || input.target.type === 'within';
    const share = isFilled ? 1 : world.loads[index] === 0 ? emptyShare : 0;
    return {
      nodeId: node.nodeId,
      capacity: node.capacity,
      takes: node.takes,
      ceiling: node.isHeld ? ceiling * node.capacity : Number.POSITIVE_INFINITY,
      floor: node.isHeld && node.takes ? share * world.floor * node.capacity : 0,
      roomBytes: node.roomBytes,
    };
  });
}

function toMoves(input: OwnPlanInput, world: Prepared, places: Assignment): readonly OrderedMove[] {
  const moves: OrderedMove[] = [];
  input.groups.forEach(({ shardId, nodeId, set, weight, bytes }, index) => {
    const target = input.nodes[places[index] as number];
    if (!target || target.nodeId === nodeId) return;
    moves.push({ shardId, set, weight, bytes, sourceNodeId: nodeId, targetNodeId: target.nodeId });
  });
  const fills = input.nodes.map(({ nodeId, capacity }, index) => ({
    nodeId,
    capacity,
    weight: world.loads[index] as number,
  }));
  return orderMoves(moves, fills, input.order);
}

function limitsHit(input: OwnPlanInput, moves: readonly OrderedMove[]): readonly LimitHit[] {
  const { maxBytes, maxMoves, maxHours } = input.limits;
  const hit: LimitHit[] = [];
  if (maxMoves !== null && moves.length > maxMoves) hit.push('moves');
  if (maxBytes !== null && moves.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytes) hit.push('bytes');
  if (maxHours !== null && planTime(moves, input.pace, input.limits)[1] > maxHours * 3_600_000)
    hit.push('hours');
  return hit;
}

/** The lowest ceiling whose plan keeps the limits, closed in on; where even none does, the first moves that keep them. */
function withinLimits(input: OwnPlanInput, world: Prepared): readonly OrderedMove[] {
  let low = world.ceiling;
  let high = Math.max(world.fullest, low);
  let best = solve(input, world, high, 'quick');
  for (let round = 0; round < mostTightenings; round += 1) {
    const middle = (low + high) / 2;
    const moves = solve(input, world, middle, 'quick');
    if (limitsHit(input, moves).length === 0) {
      best = moves;
      high = middle;
    } else low = middle;
  }
  let kept = best;
  while (kept.length > 0 && limitsHit(input, kept).length > 0) kept = kept.slice(0, -1);
  return kept;
}

function outcome(
  input: OwnPlanInput,
  world: Prepared,
  moves: readonly OrderedMove[],
  hit: readonly LimitHit[],
): OwnPlan {
  const weights = new Map(input.nodes.map(({ nodeId }, index) => [nodeId, world.loads[index] as number]));
  const add = (nodeId: number, weight: number): void =>
    void weights.set(nodeId, (weights.get(nodeId) ?? 0) + weight);
  for (const { sourceNodeId, targetNodeId, weight } of moves) {
    add(sourceNodeId, -weight);
    add(targetNodeId, weight);
  }
  const moved = new Set(moves.map(({ shardId, sourceNodeId }) => `${shardId} ${sourceNodeId}`));
  const reached = nodesOf(input, world, world.ceiling).every(({ nodeId, ceiling, floor }) => {
    const weight = weights.get(nodeId) ?? 0;
    return weight <= ceiling * (1 + tolerance) && weight >= floor * (1 - tolerance);
  });
  return {
    moves,
    average: world.average,
    ceiling: world.ceiling,
    weights,
    limitsHit: hit,
    isCutShort: hit.length > 0 && !reached,
    stuck: input.groups.filter(
      (group, index) =>
        world.problem.groups[index]?.mustMove === true && !moved.has(`${group.shardId} ${group.nodeId}`),
    ),
    isReference: moves.length > 0 && isReference(input, world, moves),
  };
}

function isReference(input: OwnPlanInput, world: Prepared, moves: readonly OrderedMove[]): boolean {
  const key = (shardId: string, sourceNodeId: number, targetNodeId: number): string =>
    `${shardId} ${sourceNodeId} ${targetNodeId}`;
  const keys = new Set(moves.map((move) => key(move.shardId, move.sourceNodeId, move.targetNodeId)));
  let count = 0;
  return (
    input.groups.every(({ shardId, nodeId }, index) => {
      const target = input.nodes[world.reference[index] as number]?.nodeId ?? nodeId;
      if (target === nodeId) return true;
      count += 1;
      return keys.has(key(shardId, nodeId, target));
    }) && count === moves.length
  );
}
