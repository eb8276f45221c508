import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../src-main/contract/operations';
import type {
  OrderedMove,
  RebalanceConstraints,
  RebalanceMovesRequest,
} from '../../../src-main/contract/rebalance';
import { constraintsOfRest, moveDifferences, restOfMoves } from '../../../src-main/plans/rest-of-moves';
import { anItem, movesOperation } from '../../support/moves-operation';
import { hashShards, node, snapshot, table } from './fixtures';

function requestOf({ request }: Operation): RebalanceMovesRequest {
  if (request.kind !== 'rebalance-moves') throw new Error('no moves');
  return request;
}

/** Four shards, 1 to 4, on nodes of these groups; moves go from node 2 to node 3. */
function worldOf(...groups: readonly number[]) {
  const permits = table(100, 'permits', { shardCount: groups.length });
  const shards = hashShards(permits, 1, [1]).map((shard, index) => ({
    ...shard,
    groupIds: [groups[index] ?? 0],
  }));
  return snapshot({
    nodes: [node(0), node(1, { nodeId: 2 }), node(2, { nodeId: 3 })],
    tables: [permits],
    shards,
  });
}

describe('restOfMoves', () => {
  const operation = movesOperation([
    anItem('1', { state: 'done' }),
    anItem('2', { state: 'conflict' }),
    anItem('3', { state: 'failed' }),
    anItem('4'),
  ]);

  it('leaves what was neither made nor left out', () => {
    const rest = restOfMoves(operation, requestOf(operation), worldOf(2, 1, 1, 1));
    expect(rest.request?.moves.map(({ shardId }) => shardId)).toEqual(['3', '4']);
    expect(rest.made.map(({ move }) => move.shardId)).toEqual(['1']);
  });

  it('counts a shard that lies on its target as moved, whatever the journal missed', () => {
    const rest = restOfMoves(operation, requestOf(operation), worldOf(2, 1, 2, 1));
    expect(rest.left.map(({ shardId }) => shardId)).toEqual(['4']);
    expect(rest.made.map(({ move }) => move.shardId)).toEqual(['1', '3']);
  });

  it('is nothing where every move was made, and of plans that were replaced', () => {
    const done = movesOperation([anItem('1', { state: 'done' })]);
    expect(restOfMoves(done, requestOf(done), worldOf(2)).request).toBeNull();
    const [step] = operation.steps;
    if (!step) throw new Error('no step');
    const replaced = { ...operation, steps: [{ ...step, state: 'done' as const }] };
    expect(restOfMoves(replaced, requestOf(operation), worldOf(2, 1, 1, 1)).left).toEqual([]);
  });
});

describe('constraintsOfRest', () => {
  const constraints: RebalanceConstraints = {
    measure: 'bytes',
    target: { type: 'as-citus' },
    nodeRules: [],
    pinnedTables: [],
    pinnedShards: [],
    maxBytes: 5_000_000,
    maxMoves: 3,
    maxHours: 2,
    parallelMoves: 2,
    movesPerNode: 1,
    keepFreeShare: null,
    order: 'shortest-first',
  };
  const operation = movesOperation([
    anItem('1', { state: 'done', startedAt: '2026-03-01T12:00:00Z', endedAt: '2026-03-01T13:00:00Z' }),
    anItem('2', { state: 'done', startedAt: '2026-03-01T12:00:00Z', endedAt: '2026-03-01T13:00:00Z' }),
    anItem('3'),
  ]);
  const { made } = restOfMoves(operation, requestOf(operation), worldOf(2, 2, 1));

  it('leaves of each limit what the moves that were made have not used up', () => {
    expect(constraintsOfRest(constraints, made)).toEqual({
      ...constraints,
      maxBytes: 3_000_000,
      maxMoves: 1,
      maxHours: 1,
    });
  });

  it('never asks for less than nothing, and leaves what is not limited alone', () => {
    const tight = constraintsOfRest({ ...constraints, maxBytes: 1, maxMoves: 1, maxHours: 0.5 }, made);
    expect([tight.maxBytes, tight.maxMoves]).toEqual([0, 0]);
    expect(tight.maxHours).toBeGreaterThan(0);
    const open = { ...constraints, maxBytes: null, maxMoves: null, maxHours: null };
    expect(constraintsOfRest(open, made)).toEqual(open);
  });
});

describe('moveDifferences', () => {
  const move = (shardId: string, targetNodeId: number, shardIds = [shardId]): OrderedMove => ({
    shardId,
    sourceNodeId: 2,
    targetNodeId,
    source: { host: 'a', port: 5432 },
    target: { host: `n${targetNodeId}`, port: 5432 },
    colocationId: 1,
    tables: ['permits'],
    shardIds,
    bytes: 1,
  });

  it('tells what is kept, goes elsewhere, is dropped and added', () => {
    const differences = moveDifferences(
      [move('1', 3), move('2', 3), move('3', 3)],
      [move('4', 3), move('2', 4), move('1', 3)],
    );
    expect(
      differences.map(({ kind, shardId, oldTarget, freshTarget }) => [kind, shardId, oldTarget, freshTarget]),
    ).toEqual([
      ['kept', '1', 'n3:5432', 'n3:5432'],
      ['changed', '2', 'n3:5432', 'n4:5432'],
      ['dropped', '3', 'n3:5432', null],
      ['added', '4', null, 'n3:5432'],
    ]);
  });

  it('knows a group that each plan names by another of its shards', () => {
    const differences = moveDifferences([move('9', 3, ['9', '10'])], [move('10', 3, ['10', '9'])]);
    expect(differences.map(({ kind }) => kind)).toEqual(['kept']);
  });
});
