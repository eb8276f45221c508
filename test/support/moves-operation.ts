/** An operation that moves shard groups one by one, with its items in any state. */
import type { Operation, OperationStep, StepItem } from '../../src-main/contract/operations';
import type { OrderedMove } from '../../src-main/contract/rebalance';
import { anOperation } from './cluster-records';

export function anItem(itemId: string, over: Partial<StepItem> = {}): StepItem {
  return {
    itemId,
    title: 'permits: a:5432 → b:5432',
    bytes: 1_000_000,
    state: 'waiting',
    startedAt: null,
    endedAt: null,
    attempts: 0,
    outcome: null,
    live: null,
    ...over,
  };
}

export function movesOperation(items: readonly StepItem[], over: Partial<Operation> = {}): Operation {
  const moves = items.map(({ itemId, bytes }): OrderedMove => ({
    shardId: itemId,
    sourceNodeId: 2,
    targetNodeId: 3,
    source: { host: 'a', port: 5432 },
    target: { host: 'b', port: 5432 },
    colocationId: 1,
    tables: ['permits', 'agencies', 'inspections'],
    shardIds: [itemId],
    bytes,
  }));
  const step: OperationStep = {
    stepId: 'moves',
    title: 'Move shard groups',
    where: 'c:5432',
    statements: [],
    blocks: 'nothing',
    undo: '',
    canBeUndone: true,
    expectedMs: null,
    countsAsDoneWhen: '',
    ifInterrupted: '',
    state: 'running',
    startedAt: null,
    endedAt: null,
    outcome: null,
    progress: null,
    remainingMs: null,
    stall: null,
    notices: [],
    failure: null,
    items,
    action: {
      type: 'move-shards',
      moves,
      transferMode: 'auto',
      parallelMoves: 1,
      movesPerNode: 1,
      window: null,
      oneOfGroupAtATime: false,
      byNodeId: true,
    },
  };
  return anOperation({
    kind: 'rebalance-moves',
    jobId: null,
    request: {
      kind: 'rebalance-moves',
      moves: moves.map(({ shardId, sourceNodeId, targetNodeId }) => ({
        shardId,
        sourceNodeId,
        targetNodeId,
      })),
      transferMode: 'auto',
      parallelMoves: 1,
      movesPerNode: 1,
      window: null,
      constraints: null,
    },
    steps: [step],
    ...over,
  });
}
