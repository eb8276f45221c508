/** What is left of moves that were begun, and how it differs from a plan made afresh. Pure. */
import type { ClusterSnapshot } from '../contract/cluster';
import type { Operation, OperationStep, StepAction, StepItem } from '../contract/operations';
import type { OrderedMove, RebalanceConstraints, RebalanceMovesRequest } from '../contract/rebalance';
import type { MoveDifference } from '../contract/rest-plans';
import { addressOf } from './plan';

type MovesAction = Extract<StepAction, { type: 'move-shards' }>;

/** Moves of all steps of an operation, each with how it stands. */
export interface RestOfMoves {
  /** What was asked for, with the moves that are left; null where none is. */
  readonly request: RebalanceMovesRequest | null;
  readonly left: readonly OrderedMove[];
  readonly made: readonly { readonly move: OrderedMove; readonly item: StepItem }[];
}

/** By the journal and, for a move whose end it may have missed, by where the shard lies now. */
export function restOfMoves(
  operation: Operation,
  request: RebalanceMovesRequest,
  snapshot: ClusterSnapshot,
): RestOfMoves {
  const groupOf = new Map(snapshot.nodes.map((node) => [node.nodeId, node.groupId]));
  const places = new Map(snapshot.shards.map((shard) => [shard.shardId, shard.groupIds]));
  const left: OrderedMove[] = [];
  const made: { move: OrderedMove; item: StepItem }[] = [];
  for (const step of operation.steps) {
    const { action } = step;
    if (action.type !== 'move-shards') continue;
    const items = new Map(step.items.map((item) => [item.itemId, item]));
    for (const move of action.moves) {
      const item = items.get(move.shardId);
      if (!item || item.state === 'conflict') continue;
      const isThere = places.get(move.shardId)?.includes(groupOf.get(move.targetNodeId) ?? -1) === true;
      if (item.state === 'done') made.push({ move, item });
      else if (step.state === 'done') continue;
      else if (isThere) made.push({ move, item });
      else left.push(move);
    }
  }
  const orders = left.map(({ shardId, sourceNodeId, targetNodeId }) => ({
    shardId,
    sourceNodeId,
    targetNodeId,
  }));
  return { request: orders.length === 0 ? null : { ...request, moves: orders }, left, made };
}

/** Limits on bytes, moves and hours hold for the operation as a whole: what was made has used up its part. */
export function constraintsOfRest(
  constraints: RebalanceConstraints,
  made: RestOfMoves['made'],
): RebalanceConstraints {
  const bytes = made.reduce((sum, { move }) => sum + (move.bytes ?? 0), 0);
  const hours = made.reduce((sum, { item }) => sum + tookHours(item), 0) / constraints.parallelMoves;
  const { maxBytes, maxMoves, maxHours } = constraints;
  return {
    ...constraints,
    maxBytes: maxBytes === null ? null : Math.max(0, maxBytes - bytes),
    maxMoves: maxMoves === null ? null : Math.max(0, maxMoves - made.length),
    maxHours: maxHours === null ? null : Math.max(leastHours, maxHours - hours),
  };
}

/** A second: a limit of no time at all cannot be asked for. */
const leastHours = 1 / 3_600;

function tookHours({ startedAt, endedAt }: StepItem): number {
  return startedAt === null || endedAt === null
    ? 0
    : (Date.parse(endedAt) - Date.parse(startedAt)) / 3_600_000;
}

/** The moves that a plan's or an operation's steps make. */
export function movesOfSteps(steps: readonly Pick<OperationStep, 'action'>[]): readonly OrderedMove[] {
  return steps.flatMap(({ action }) => (isMoves(action) ? action.moves : []));
}

function isMoves(action: StepAction): action is MovesAction {
  return action.type === 'move-shards';
}

/** A group may be named by another of its shards in each plan. */
export function moveDifferences(
  old: readonly OrderedMove[],
  fresh: readonly OrderedMove[],
): readonly MoveDifference[] {
  const freshOf = new Map(fresh.map((move) => [groupOf(move), move]));
  const known = new Set(old.map(groupOf));
  const ofOld = old.map((move): MoveDifference => {
    const other = freshOf.get(groupOf(move));
    const kind =
      other === undefined ? 'dropped' : other.targetNodeId === move.targetNodeId ? 'kept' : 'changed';
    return toDifference(kind, other ?? move, move, other);
  });
  const added = fresh.filter((move) => !known.has(groupOf(move)));
  return [...ofOld, ...added.map((move) => toDifference('added', move, undefined, move))];
}

function toDifference(
  kind: MoveDifference['kind'],
  shown: OrderedMove,
  old: OrderedMove | undefined,
  fresh: OrderedMove | undefined,
): MoveDifference {
  return {
    kind,
    shardId: shown.shardId,
    tables: shown.tables,
    sourceNode: toAddress(shown.source),
    oldTarget: old ? toAddress(old.target) : null,
    freshTarget: fresh ? toAddress(fresh.target) : null,
    bytes: shown.bytes,
  };
}

function toAddress({ host, port }: OrderedMove['source']): string {
  return addressOf({ name: host, port });
}

function groupOf({ shardIds, shardId }: OrderedMove): string {
  return [shardId, ...shardIds].reduce((least, id) => (BigInt(id) < BigInt(least) ? id : least));
}
