/** Plans for what is left of paused moves: the rest as it was planned, and afresh under the same constraints. */
import type { ClusterSnapshot } from '../contract/cluster';
import { FailureError } from '../contract/failure';
import type { Operation, OperationRequest, PlanReply } from '../contract/operations';
import type { RebalanceExploration, RebalanceMovesRequest } from '../contract/rebalance';
import type { RestPlans } from '../contract/rest-plans';
import { asItIs } from '../plans/explore-rebalance';
import type { AskedRebalance } from '../plans/explore-rebalance';
import { constraintsOfRest, moveDifferences, movesOfSteps, restOfMoves } from '../plans/rest-of-moves';
import type { RestOfMoves } from '../plans/rest-of-moves';

export interface RestParts {
  readonly snapshot: () => Promise<ClusterSnapshot>;
  readonly explore: (snapshot: ClusterSnapshot, asked: AskedRebalance) => Promise<RebalanceExploration>;
  readonly plan: (request: OperationRequest) => Promise<PlanReply>;
}

export async function planRest(parts: RestParts, operation: Operation): Promise<RestPlans> {
  const { request, operationId } = operation;
  if (request.kind !== 'rebalance-moves') {
    throw new FailureError({ kind: 'conflict', message: `"${operation.title}" makes no moves one by one.` });
  }
  const snapshot = await parts.snapshot();
  const found = restOfMoves(operation, request, snapshot);
  const rest = found.request === null ? null : await parts.plan(found.request);
  const afresh = await planAfresh(parts, snapshot, request, found);
  const fresh = afresh.request === null ? null : await parts.plan(afresh.request);
  return {
    operationId,
    rest,
    fresh,
    freshWords: afresh.words,
    differences: fresh?.outcome === 'plan' ? moveDifferences(found.left, movesOfSteps(fresh.plan.steps)) : [],
  };
}

async function planAfresh(
  parts: RestParts,
  snapshot: ClusterSnapshot,
  request: RebalanceMovesRequest,
  { made }: RestOfMoves,
): Promise<{ readonly request: RebalanceMovesRequest | null; readonly words: readonly string[] }> {
  const { constraints } = request;
  if (constraints === null) {
    return {
      request: null,
      words: [
        'These moves were listed, not planned under constraints, so there is nothing to plan afresh by.',
      ],
    };
  }
  const { ours, unknown } = await parts.explore(snapshot, {
    constraints: constraintsOfRest(constraints, made),
    whatIf: asItIs,
    transferMode: request.transferMode,
  });
  if (ours === null) return { request: null, words: unknown === null ? [] : [unknown] };
  const words = ours.notes.filter(({ level }) => level === 'mind').map(({ message }) => message);
  if (ours.moves.length === 0) {
    return {
      request: null,
      words: ['Planned afresh under the same constraints, nothing is left to move.', ...words],
    };
  }
  const moves = ours.moves.map(({ shardId, sourceNodeId, targetNodeId }) => ({
    shardId,
    sourceNodeId,
    targetNodeId,
  }));
  return { request: { ...request, moves }, words };
}
