/**
 * A plan of our own: the fewest bytes for a balance that is no worse than Citus's, within the limits a person set.
 * Each group moves once at most.
 */
import { findFewestBytes } from './fewest-bytes';
import type { Assignment, BalanceProblem } from './fewest-bytes';
import { orderMoves } from './move-order';
import type { OrderedMove } from './move-order';
import { planTime } from './move-time';
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
  /** Limits that keep the plan from its target. */
  readonly limitsHit: readonly LimitHit[];
  /** Groups that may not stay and found no other place. */
  readonly stuck: readonly OwnGroup[];
  /** No way was found that moves fewer bytes than Citus's: these are its moves, each group once. */
  readonly isReference: boolean;
}

const mostTightenings = 8;

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

interface Prepared {
  readonly problem: Omit<BalanceProblem, 'nodes'>;
  readonly reference: Assignment;
  readonly nodeIndexes: ReadonlyMap<number, number>;
  readonly average: number;
  readonly ceiling: number;
  /** Utilisation that a node which is to be filled shall reach. */
  readonly floor: number;
  readonly isEmpty: readonly boolean[];
  /** Utilisation of the fullest node that is held to the target, now. */
  readonly fullest: number;
}

function prepare(input: OwnPlanInput): Prepared {
  const nodeIndexes = new Map(input.nodes.map(({ nodeId }, index) => [nodeId, index]));
  const groups = input.groups.map((group) => ({ ...group, home: nodeIndexes.get(group.nodeId) ?? 0 }));
  const before = Int32Array.from(groups, ({ home }) => home);
  const reference = followMoves(input, nodeIndexes, before);
  const sets = [...new Set(groups.map(({ set }) => set))];
  const setIndexes = new Map(sets.map((set, index) => [set, index]));
  const utilisations = (places: Assignment, set?: string): readonly number[] => {
    const loads = input.nodes.map(() => 0);
    groups.forEach((group, index) => {
      const place = places[index] as number;
      if (set === undefined || group.set === set) loads[place] = (loads[place] ?? 0) + group.weight;
    });
    return loads.map((load, index) => {
      const node = input.nodes[index] as OwnNode;
      return node.capacity > 0 && node.isHeld ? load / node.capacity : 0;
    });
  };
  const weight = groups.reduce((sum, group) => sum + group.weight, 0);
  const capacity = input.nodes.reduce((sum, node) => sum + node.capacity, 0);
  const average = capacity > 0 ? weight / capacity : 0;
  const now = utilisations(before);
  const after = utilisations(reference);
  const emptiest = Math.min(...after.filter((_one, index) => input.nodes[index]?.takes === true));
  const { target } = input;
  return {
    problem: {
      groups: groups.map((group) => ({
        shardId: group.shardId,
        home: group.home,
        weight: group.weight,
        bytes: group.bytes,
        set: setIndexes.get(group.set) ?? 0,
        isPinned: group.isPinned,
        mustMove: !group.isPinned && isMisplaced(input, group, input.nodes[group.home]),
      })),
      reserveFactor: input.limits.movesPerNode,
      // No set ends more uneven than it is, or than Citus would leave it: its queries stay spread.
      setCeilings: spreadOf(input, groups, before, reference, sets),
      ...(input.isAllowed ? { isAllowed: input.isAllowed } : {}),
    },
    reference,
    nodeIndexes,
    average,
    ceiling: target.type === 'as-citus' ? Math.max(...after, 0) : average * (1 + target.share),
    floor:
      target.type === 'as-citus'
        ? Math.min(emptiest, average * (1 - input.threshold))
        : average * Math.max(0, 1 - target.share),
    isEmpty: now.map((one) => one === 0),
    fullest: Math.max(...now, 0),
  };
}

function isMisplaced(input: OwnPlanInput, group: OwnGroup, node: OwnNode | undefined): boolean {
  if (!node || node.capacity <= 0) return true;
  return input.isAllowed?.(group.shardId, group.nodeId) === false;
}

function followMoves(
  input: OwnPlanInput,
  nodeIndexes: ReadonlyMap<number, number>,
  before: Assignment,
): Assignment {
  const places = Int32Array.from(before);
  const lies = new Map(input.groups.map((group, index) => [`${group.shardId} ${group.nodeId}`, index]));
  for (const { shardId, sourceNodeId, targetNodeId } of input.reference) {
    const index = lies.get(`${shardId} ${sourceNodeId}`);
    if (index === undefined) continue;
    lies.delete(`${shardId} ${sourceNodeId}`);
    lies.set(`${shardId} ${targetNodeId}`, index);
    places[index] = nodeIndexes.get(targetNodeId) ?? (places[index] as number);
  }
  return places;
}

function spreadOf(
  input: OwnPlanInput,
  groups: readonly OwnGroup[],
  before: Assignment,
  after: Assignment,
  sets: readonly string[],
): readonly number[] {
  const setIndexes = new Map(sets.map((set, index) => [set, index]));
  const highest = (places: Assignment): Float64Array => {
    const loads = sets.map(() => new Float64Array(input.nodes.length));
    groups.forEach((group, index) => {
      const ofSet = loads[setIndexes.get(group.set) ?? 0] as Float64Array;
      const place = places[index] as number;
      ofSet[place] = (ofSet[place] as number) + group.weight;
    });
    return Float64Array.from(loads, (ofSet) =>
      input.nodes.reduce(
        (most, { capacity }, node) =>
          capacity > 0 ? Math.max(most, (ofSet[node] as number) / capacity) : most,
        0,
      ),
    );
  };
  const [was, is] = [highest(before), highest(after)];
  return sets.map((_set, index) => Math.max(was[index] as number, is[index] as number));
}

function solve(
  input: OwnPlanInput,
  world: Prepared,
  ceiling: number,
  effort: 'quick' | 'thorough',
): readonly OrderedMove[] {
  const problem: BalanceProblem = {
    ...world.problem,
    nodes: input.nodes.map((node, index) => {
      const isFilled = node.isFilled || input.target.type === 'within';
      const share = isFilled ? 1 : world.isEmpty[index] === true ? emptyShare : 0;
      return {
        nodeId: node.nodeId,
        capacity: node.capacity,
        takes: node.takes,
        ceiling: node.isHeld ? ceiling * node.capacity : Number.POSITIVE_INFINITY,
        floor: node.isHeld && node.takes ? share * world.floor * node.capacity : 0,
        roomBytes: node.roomBytes,
      };
    }),
  };
  const starts = ceiling === world.ceiling && input.target.type === 'as-citus' ? [world.reference] : [];
  return toMoves(input, world, findFewestBytes(problem, starts, effort));
}

function toMoves(input: OwnPlanInput, world: Prepared, places: Assignment): readonly OrderedMove[] {
  const moves = input.groups.flatMap((group, index): OrderedMove[] => {
    const target = input.nodes[places[index] as number];
    if (!target || target.nodeId === group.nodeId) return [];
    const { shardId, nodeId, set, weight, bytes } = group;
    return [{ shardId, set, weight, bytes, sourceNodeId: nodeId, targetNodeId: target.nodeId }];
  });
  const weights = input.nodes.map(() => 0);
  for (const group of input.groups) {
    const index = world.nodeIndexes.get(group.nodeId) ?? 0;
    weights[index] = (weights[index] ?? 0) + group.weight;
  }
  const fills = input.nodes.map(({ nodeId, capacity }, index) => ({
    nodeId,
    capacity,
    weight: weights[index] ?? 0,
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
  const weights = new Map(input.nodes.map(({ nodeId }) => [nodeId, 0]));
  const add = (nodeId: number, weight: number): void =>
    void weights.set(nodeId, (weights.get(nodeId) ?? 0) + weight);
  for (const group of input.groups) add(group.nodeId, group.weight);
  for (const { sourceNodeId, targetNodeId, weight } of moves) {
    add(sourceNodeId, -weight);
    add(targetNodeId, weight);
  }
  const moved = new Set(moves.map(({ shardId, sourceNodeId }) => `${shardId} ${sourceNodeId}`));
  const byReference = toMoves(input, world, world.reference);
  return {
    moves,
    average: world.average,
    ceiling: world.ceiling,
    weights,
    limitsHit: hit,
    stuck: input.groups.filter(
      (group) =>
        !group.isPinned
        && isMisplaced(input, group, input.nodes[world.nodeIndexes.get(group.nodeId) ?? -1])
        && !moved.has(`${group.shardId} ${group.nodeId}`),
    ),
    isReference: moves.length > 0 && sameMoves(moves, byReference),
  };
}

function sameMoves(one: readonly OrderedMove[], other: readonly OrderedMove[]): boolean {
  const key = ({ shardId, sourceNodeId, targetNodeId }: OrderedMove): string =>
    `${shardId} ${sourceNodeId} ${targetNodeId}`;
  const keys = new Set(other.map(key));
  return one.length === other.length && one.every((move) => keys.has(key(move)));
}
