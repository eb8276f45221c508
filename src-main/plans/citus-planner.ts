/**
 * The rebalance planner of Citus, reproduced move for move: which shard groups its greedy search moves where, for
 * given nodes, costs, capacities and permissions. Source of the rules: operations/shard_rebalancer.c of Citus 13.2.2
 * and 14.0.1 (the same planner since 12.1).
 *
 * Citus adds up costs in float4, so every sum here is rounded to float32 after each step; a rounding left out would
 * change moves where two nodes are nearly equal.
 */

export interface PlannerNode {
  readonly nodeId: number;
  /** 0 for a node that may hold no shards; its utilisation then counts as infinite. */
  readonly capacity: number;
}

/** One placement of a representative shard; the shards colocated with it travel along. */
export interface PlannerPlacement {
  readonly shardId: string;
  readonly nodeId: number;
  /** As the strategy's cost function gives it. */
  readonly cost: number;
}

export interface PlannerInput {
  readonly nodes: readonly PlannerNode[];
  /** Sets that are balanced each on its own, in this order; see `planningGroups`. */
  readonly groups: readonly (readonly PlannerPlacement[])[];
  readonly threshold: number;
  readonly improvementThreshold: number;
  readonly maxShardMoves: number;
  readonly drainOnly: boolean;
  /** Whether the strategy lets a shard lie on a node. */
  readonly isAllowed: (shardId: string, nodeId: number) => boolean;
}

export interface PlannerMove {
  readonly shardId: string;
  readonly sourceNodeId: number;
  readonly targetNodeId: number;
  readonly cost: number;
}

export interface PlannerResult {
  readonly moves: readonly PlannerMove[];
  /** Moves that would have improved the balance, by too little for their cost. */
  readonly ignoredMoves: number;
  /** Shards that are where they may not be, and may be nowhere else. */
  readonly stuckShards: readonly string[];
  /** The search ended because `maxShardMoves` was reached. */
  readonly stoppedEarly: boolean;
}

interface Cost {
  readonly shardId: string;
  /** The id as a number: rounded beyond 2^53, and never in another order. */
  readonly rank: number;
  readonly cost: number;
  /** Nodes with a placement of the shard. */
  readonly holders: number[];
}

interface Fill {
  readonly nodeId: number;
  readonly capacity: number;
  totalCost: number;
  utilisation: number;
  /** Dearest first, then by id. */
  readonly shards: Cost[];
}

interface State {
  /** Emptiest first. */
  fills: Fill[];
  readonly misplaced: { readonly cost: Cost; readonly fill: Fill }[];
  readonly totalCost: number;
  readonly totalCapacity: number;
}

const f32 = Math.fround;

/**
 * Citus balances each colocation group on its own, but those with fewer placements than there are nodes together, as
 * one last set (since 11.3). `eligibleNodes` counts the nodes that may hold shards.
 */
export function planningGroups(
  representatives: readonly (readonly PlannerPlacement[])[],
  eligibleNodes: number,
): readonly (readonly PlannerPlacement[])[] {
  const large = representatives.filter((placements) => placements.length >= eligibleNodes);
  const small = representatives.filter((placements) => placements.length < eligibleNodes).flat();
  return small.length > 0 ? [...large, small] : large;
}

export function planAsCitus(input: PlannerInput): PlannerResult {
  const moves: PlannerMove[] = [];
  const stuckShards: string[] = [];
  let ignoredMoves = 0;
  let stoppedEarly = false;
  const states = input.groups.map((placements) => initialState(input, placements));

  for (const state of states) {
    state.misplaced.sort((a, b) => byCostDescending(a.cost, b.cost));
    for (const { cost, fill } of state.misplaced) {
      const target = state.fills.find(
        ({ nodeId }) => !cost.holders.includes(nodeId) && input.isAllowed(cost.shardId, nodeId),
      );
      if (target) moves.push(move(state, fill, target, cost));
      else stuckShards.push(cost.shardId);
    }
  }
  if (input.drainOnly) return { moves, ignoredMoves, stuckShards, stoppedEarly };

  for (const state of states) {
    const average = f32(state.totalCost / state.totalCapacity);
    const lower = f32((1 - input.threshold) * average);
    const upper = f32((1 + input.threshold) * average);
    let more = true;
    while (moves.length < input.maxShardMoves && more) {
      const found = nextMove(input, state, lower, upper);
      ignoredMoves += found.ignored;
      if (found.step) moves.push(move(state, found.step.source, found.step.target, found.step.cost));
      else more = false;
    }
    if (more) {
      stoppedEarly = true;
      break;
    }
  }
  return { moves, ignoredMoves, stuckShards, stoppedEarly };
}

function initialState(input: PlannerInput, placements: readonly PlannerPlacement[]): State {
  let totalCapacity = 0;
  const fills = input.nodes.map(({ nodeId, capacity }): Fill => {
    totalCapacity = f32(totalCapacity + f32(capacity));
    return {
      nodeId,
      capacity: f32(capacity),
      totalCost: 0,
      utilisation: utilisationOf(0, f32(capacity)),
      shards: [],
    };
  });
  const byNode = new Map(fills.map((fill) => [fill.nodeId, fill]));
  const holders = new Map<string, number[]>();
  const misplaced: { cost: Cost; fill: Fill }[] = [];
  let totalCost = 0;
  for (const { shardId, nodeId, cost } of placements) {
    const fill = byNode.get(nodeId);
    if (!fill) continue;
    const nodeIds = holders.get(shardId) ?? [];
    if (nodeIds.push(nodeId) === 1) holders.set(shardId, nodeIds);
    const entry: Cost = { shardId, rank: Number(shardId), cost: f32(cost), holders: nodeIds };
    fill.totalCost = f32(fill.totalCost + entry.cost);
    fill.shards.push(entry);
    totalCost = f32(totalCost + entry.cost);
    if (!input.isAllowed(shardId, nodeId)) misplaced.push({ cost: entry, fill });
  }
  for (const fill of fills) {
    fill.utilisation = utilisationOf(fill.totalCost, fill.capacity);
    fill.shards.sort(byCostDescending);
  }
  return { fills: fills.sort(byFullness), misplaced, totalCost, totalCapacity };
}

function nextMove(
  input: PlannerInput,
  state: State,
  lower: number,
  upper: number,
): { readonly step: { source: Fill; target: Fill; cost: Cost } | null; readonly ignored: number } {
  let ignored = 0;
  for (let fullest = state.fills.length - 1; fullest >= 0; fullest -= 1) {
    const source = state.fills[fullest];
    if (!source || source.utilisation <= lower) return { step: null, ignored };
    for (const target of state.fills) {
      if (target.utilisation >= upper) break;
      if (target.utilisation >= lower && source.utilisation <= upper) break;
      for (const cost of source.shards) {
        const judgement = judge(input, source, target, cost);
        if (judgement === 'take') return { step: { source, target, cost }, ignored };
        if (judgement === 'ignore') ignored += 1;
      }
    }
  }
  return { step: null, ignored };
}

/** `ignore`: a better balance, but not by enough for what it costs to move. */
function judge(input: PlannerInput, source: Fill, target: Fill, cost: Cost): 'take' | 'skip' | 'ignore' {
  if (cost.holders.includes(target.nodeId)) return 'skip';
  if (!input.isAllowed(cost.shardId, target.nodeId)) return 'skip';
  const targetAfter = utilisationOf(f32(target.totalCost + cost.cost), target.capacity);
  const sourceAfter = utilisationOf(f32(source.totalCost - cost.cost), source.capacity);
  if (targetAfter <= sourceAfter) return 'take';
  if (targetAfter > source.utilisation) return 'skip';
  if (targetAfter === source.utilisation && sourceAfter <= target.utilisation) return 'skip';
  const gain = Math.max(f32(source.utilisation - targetAfter), f32(sourceAfter - target.utilisation));
  const added = Math.min(f32(targetAfter - target.utilisation), f32(source.utilisation - sourceAfter));
  return f32(gain / added) < f32(input.improvementThreshold) ? 'ignore' : 'take';
}

function move(state: State, source: Fill, target: Fill, cost: Cost): PlannerMove {
  takeOut(state.fills, source, byFullness);
  takeOut(state.fills, target, byFullness);
  source.totalCost = f32(source.totalCost - cost.cost);
  source.utilisation = utilisationOf(source.totalCost, source.capacity);
  takeOut(source.shards, cost, byCostDescending);
  target.totalCost = f32(target.totalCost + cost.cost);
  target.utilisation = utilisationOf(target.totalCost, target.capacity);
  putIn(target.shards, cost, byCostDescending);
  cost.holders[cost.holders.indexOf(source.nodeId)] = target.nodeId;
  putIn(state.fills, source, byFullness);
  putIn(state.fills, target, byFullness);
  return {
    shardId: cost.shardId,
    sourceNodeId: source.nodeId,
    targetNodeId: target.nodeId,
    cost: cost.cost,
  };
}

function utilisationOf(totalCost: number, capacity: number): number {
  return capacity <= 0 ? Number.POSITIVE_INFINITY : f32(totalCost / capacity);
}

/** Emptiest first; of equally empty nodes the one with more capacity, then the lower id. */
function byFullness(a: Fill, b: Fill): number {
  if (a.utilisation !== b.utilisation) return a.utilisation < b.utilisation ? -1 : 1;
  if (a.capacity !== b.capacity) return a.capacity > b.capacity ? -1 : 1;
  return a.nodeId - b.nodeId;
}

function byCostDescending(a: Cost, b: Cost): number {
  if (a.cost !== b.cost) return a.cost > b.cost ? -1 : 1;
  if (a.rank !== b.rank) return a.rank - b.rank;
  // As numbers: int8 in text, without leading zeros.
  if (a.shardId.length !== b.shardId.length) return a.shardId.length - b.shardId.length;
  return a.shardId < b.shardId ? -1 : a.shardId > b.shardId ? 1 : 0;
}

/** Order is total in both lists, so a place is found by halving; only what a move touches changes place. */
function positionFor<T>(sorted: readonly T[], entry: T, compare: (a: T, b: T) => number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(sorted[middle] as T, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function putIn<T>(sorted: T[], entry: T, compare: (a: T, b: T) => number): void {
  sorted.splice(positionFor(sorted, entry, compare), 0, entry);
}

function takeOut<T>(sorted: T[], entry: T, compare: (a: T, b: T) => number): void {
  sorted.splice(positionFor(sorted, entry, compare), 1);
}
