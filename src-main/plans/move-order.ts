/** In which order moves are made, and what every node holds and has free at each of them. */
import type { RebalanceConstraints } from '../contract/rebalance';

export interface OrderedMove {
  readonly shardId: string;
  readonly sourceNodeId: number;
  readonly targetNodeId: number;
  readonly set: string;
  readonly weight: number;
  /** 0 where it is not known. */
  readonly bytes: number;
}

/** Weight by node id, before any move, and capacity. */
export interface NodeFill {
  readonly nodeId: number;
  readonly weight: number;
  readonly capacity: number;
}

/**
 * Shortest first, or always what relieves the node that is fullest then. Of what stands next, a move that would make a
 * node fuller than the fullest was at the beginning waits until that node has given something away.
 */
export function orderMoves(
  moves: readonly OrderedMove[],
  fills: readonly NodeFill[],
  order: RebalanceConstraints['order'],
): readonly OrderedMove[] {
  const weights = new Map(fills.map(({ nodeId, weight }) => [nodeId, weight]));
  const capacities = new Map(fills.map(({ nodeId, capacity }) => [nodeId, capacity]));
  const fullness = (nodeId: number, added = 0): number => {
    const capacity = capacities.get(nodeId) ?? 0;
    const weight = (weights.get(nodeId) ?? 0) + added;
    return capacity > 0 ? weight / capacity : weight > 0 ? Number.POSITIVE_INFINITY : 0;
  };
  const fullest = fills.reduce(
    (most, { capacity, weight }) => (capacity > 0 ? Math.max(most, weight / capacity) : most),
    0,
  );
  const goesFirst = (one: OrderedMove, other: OrderedMove): boolean =>
    order === 'shortest-first'
      ? byBytes(one, other) < 0
      : (descending(fullness(one.sourceNodeId), fullness(other.sourceNodeId))
          || one.sourceNodeId - other.sourceNodeId) < 0;
  const waiting = toQueues(moves, order);
  const ordered: OrderedMove[] = [];
  while (ordered.length < moves.length) {
    let first: OrderedMove | null = null;
    let firstFitting: OrderedMove | null = null;
    for (const queue of waiting.values()) {
      const head = queue.at(-1);
      if (head === undefined) continue;
      if (first === null || goesFirst(head, first)) first = head;
      if (fullness(head.targetNodeId, head.weight) > fullest) continue;
      if (firstFitting === null || goesFirst(head, firstFitting)) firstFitting = head;
    }
    const next = firstFitting ?? first;
    if (next === null) break;
    waiting.get(next.sourceNodeId)?.pop();
    weights.set(next.sourceNodeId, (weights.get(next.sourceNodeId) ?? 0) - next.weight);
    weights.set(next.targetNodeId, (weights.get(next.targetNodeId) ?? 0) + next.weight);
    ordered.push(next);
  }
  return ordered;
}

/** A stack for each source, its best move on top. */
function toQueues(
  moves: readonly OrderedMove[],
  order: RebalanceConstraints['order'],
): Map<number, OrderedMove[]> {
  const bySource = new Map<number, OrderedMove[]>();
  for (const move of moves) {
    const queue = bySource.get(move.sourceNodeId) ?? [];
    queue.push(move);
    bySource.set(move.sourceNodeId, queue);
  }
  for (const queue of bySource.values()) {
    queue.sort((a, b) =>
      order === 'shortest-first' ? byBytes(b, a) : descending(b.weight, a.weight) || byBytes(b, a),
    );
  }
  return bySource;
}

/** Infinite values compare equal, where their difference would be no number. */
function descending(one: number, other: number): number {
  return one === other ? 0 : one > other ? -1 : 1;
}

function byBytes(a: OrderedMove, b: OrderedMove): number {
  return a.bytes - b.bytes || Number(BigInt(a.shardId) - BigInt(b.shardId));
}

type Arrival = Pick<OrderedMove, 'targetNodeId' | 'bytes'>;

/**
 * Bytes left on the target's disk at the narrowest moment of each move, by position; null for a node whose disk is not
 * known. What the sources gave away counts as still there, for it goes only when Citus cleans up; and each move that
 * may touch the node at that time writes as much WAL as it copies.
 */
export function freeWhileMoving(
  moves: readonly Arrival[],
  available: ReadonlyMap<number, number>,
  movesPerNode: number,
): readonly (number | null)[] {
  const came = new Map<number, number>();
  const largest = largestByTarget(moves);
  return moves.map(({ targetNodeId, bytes }) => {
    const sum = (came.get(targetNodeId) ?? 0) + bytes;
    came.set(targetNodeId, sum);
    const free = available.get(targetNodeId);
    return free === undefined ? null : free - sum - movesPerNode * (largest.get(targetNodeId) ?? 0);
  });
}

function largestByTarget(moves: readonly Arrival[]): ReadonlyMap<number, number> {
  const largest = new Map<number, number>();
  for (const { targetNodeId, bytes } of moves)
    largest.set(targetNodeId, Math.max(largest.get(targetNodeId) ?? 0, bytes));
  return largest;
}
