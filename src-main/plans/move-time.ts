/** How long a list of moves takes under limits on what runs at the same time. */
import type { DurationRange } from '../contract/operations';
import { estimateMoves, likelyMoveMs } from './move-estimate';
import type { Pace } from './move-estimate';

export interface TimedMove {
  readonly sourceNodeId: number;
  readonly targetNodeId: number;
  readonly bytes: number;
}

export interface Parallelism {
  /** Moves at the same time. */
  readonly parallelMoves: number;
  /** Of these, how many may touch one node. */
  readonly movesPerNode: number;
}

/** Milliseconds, shortest to longest expected. */
export function planTime(moves: readonly TimedMove[], pace: Pace, limits: Parallelism): DurationRange {
  return estimateMoves(pace, {
    waiting: moves.map(({ bytes }) => bytes),
    running: [],
    parallel: usedParallel(moves, pace, limits),
  });
}

/** How many run at the same time on average: the node that most moves touch may let fewer run than are allowed. */
function usedParallel(moves: readonly TimedMove[], pace: Pace, limits: Parallelism): number {
  let total = 0;
  const byNode = new Map<number, number>();
  for (const { sourceNodeId, targetNodeId, bytes } of moves) {
    const ms = likelyMoveMs(pace, bytes);
    total += ms;
    for (const nodeId of [sourceNodeId, targetNodeId]) byNode.set(nodeId, (byNode.get(nodeId) ?? 0) + ms);
  }
  const busiest = Math.max(0, ...byNode.values()) / limits.movesPerNode;
  return busiest === 0 ? limits.parallelMoves : Math.min(limits.parallelMoves, total / busiest);
}
