/** How long moves take: a range, from a pace that is a range itself. */
import type { DurationRange } from '../contract/operations';

export interface MovePace {
  /** Milliseconds that a move takes whatever its size: setting up, catching up, switching over. */
  readonly moveMs: DurationRange;
  /** Bytes a millisecond, slowest to quickest. */
  readonly bytesPerMs: readonly [number, number];
}

/** Where nothing was measured on a cluster yet: 5 to 100 MB/s, and 1.5 to 15 s a move. */
export const assumedPace: MovePace = { moveMs: [1_500, 15_000], bytesPerMs: [5_000, 100_000] };

export interface TimedMove {
  readonly sourceNodeId: number;
  readonly targetNodeId: number;
  readonly bytes: number;
}

export function moveTime(bytes: number, pace: MovePace): DurationRange {
  return [pace.moveMs[0] + bytes / pace.bytesPerMs[1], pace.moveMs[1] + bytes / pace.bytesPerMs[0]];
}

export interface Parallelism {
  /** Moves at the same time. */
  readonly parallelMoves: number;
  /** Of these, how many may touch one node. */
  readonly movesPerNode: number;
}

/** Of all moves, each begun in its turn as soon as the limits let it. */
export function planTime(moves: readonly TimedMove[], pace: MovePace, limits: Parallelism): DurationRange {
  return [
    makespan(moves, ({ bytes }) => moveTime(bytes, pace)[0], limits),
    makespan(moves, ({ bytes }) => moveTime(bytes, pace)[1], limits),
  ];
}

function makespan(
  moves: readonly TimedMove[],
  lengthOf: (move: TimedMove) => number,
  { parallelMoves, movesPerNode }: Parallelism,
): number {
  if (parallelMoves === 1) return moves.reduce((sum, move) => sum + lengthOf(move), 0);
  const slots = new Array<number>(parallelMoves).fill(0);
  const byNode = new Map<number, number[]>();
  const slotsOf = (nodeId: number): number[] => {
    const known = byNode.get(nodeId) ?? new Array<number>(movesPerNode).fill(0);
    byNode.set(nodeId, known);
    return known;
  };
  for (const move of moves) {
    const taken = [slots, slotsOf(move.sourceNodeId), slotsOf(move.targetNodeId)];
    const begin = Math.max(...taken.map((ends) => Math.min(...ends)));
    for (const ends of taken) ends[ends.indexOf(Math.min(...ends))] = begin + lengthOf(move);
  }
  return Math.max(0, ...slots);
}
