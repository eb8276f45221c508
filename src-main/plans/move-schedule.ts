/** Which moves may begin now: order, parallelism and time of day. Pure. */
import type { StepState } from '../contract/operations';
import type { MoveWindow, OrderedMove } from '../contract/rebalance';

export interface ScheduleLimits {
  readonly parallelMoves: number;
  readonly movesPerNode: number;
  /** Citus up to 13.1 locks a whole colocation group while one of its shards moves. */
  readonly oneOfGroupAtATime: boolean;
}

/**
 * Positions of the moves that may begin beside those that run, in the order of the plan.
 *
 * A move waits for every earlier one that leaves the node it goes to, as Citus's own jobs do: the plan counted on the room
 * that this makes.
 */
export function movesToBegin(
  moves: readonly OrderedMove[],
  states: readonly StepState[],
  limits: ScheduleLimits,
): readonly number[] {
  const perNode = new Map<number, number>();
  const groups = new Set<number>();
  const stillLeaving = new Set<number>();
  let running = 0;
  const occupy = (move: OrderedMove): void => {
    running += 1;
    for (const node of [move.sourceNodeId, move.targetNodeId])
      perNode.set(node, (perNode.get(node) ?? 0) + 1);
    groups.add(move.colocationId);
  };
  moves.forEach((move, index) => states[index] === 'running' && occupy(move));

  const begun: number[] = [];
  for (const [index, move] of moves.entries()) {
    const state = states[index];
    if (state === 'running') stillLeaving.add(move.sourceNodeId);
    if (state !== 'waiting') continue;
    const isFree =
      running < limits.parallelMoves
      && (perNode.get(move.sourceNodeId) ?? 0) < limits.movesPerNode
      && (perNode.get(move.targetNodeId) ?? 0) < limits.movesPerNode
      && !(limits.oneOfGroupAtATime && move.colocationId !== 0 && groups.has(move.colocationId))
      && !stillLeaving.has(move.targetNodeId);
    stillLeaving.add(move.sourceNodeId);
    if (!isFree) continue;
    occupy(move);
    begun.push(index);
  }
  return begun;
}

const minutesPerDay = 24 * 60;

function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/**
 * Minutes until moves may begin; 0 inside the window. A window whose end is its begin is open all day.
 * @param minuteOfDay local time, 0 to 1439
 */
export function minutesUntilWindow(window: MoveWindow | null, minuteOfDay: number): number {
  if (window === null) return 0;
  const from = minutesOf(window.from);
  const length = (minutesOf(window.to) - from + minutesPerDay) % minutesPerDay || minutesPerDay;
  const since = (minuteOfDay - from + minutesPerDay) % minutesPerDay;
  return since < length ? 0 : minutesPerDay - since;
}
