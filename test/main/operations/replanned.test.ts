import { describe, expect, it } from 'vitest';
import type { NodeLoad, Plan, PlanStep } from '../../../src-main/contract/operations';
import { withPlan } from '../../../src-main/operations/replanned';
import { anItem, movesOperation } from '../../support/moves-operation';

const at = '2026-03-01T12:30:00.000Z';
const load = (node: string, before: number, after: number): NodeLoad => ({
  node,
  bytesBefore: before * 10,
  bytesAfter: after * 10,
  shardGroupsBefore: before,
  shardGroupsAfter: after,
});

/** A plan that moves these shards, with the check at its end. */
function planFor(shardIds: readonly string[], nodes: readonly NodeLoad[]): Plan {
  const operation = movesOperation(shardIds.map((shardId) => anItem(shardId)));
  const [moves] = operation.steps;
  if (!moves) throw new Error('no step');
  const check: PlanStep = {
    ...moves,
    stepId: 'check',
    items: [],
    action: { type: 'check-balance', measure: 'groups', nodes },
  };
  return {
    planId: 'p2',
    clusterId: 'c1',
    createdAt: at,
    request: operation.request,
    title: 'not shown',
    summary: 'Two moves.',
    steps: [moves, check],
    findings: [],
    details: { kind: 'rebalance', strategy: null, moves: [], nodes },
    basis: '{}',
  };
}

const paused = movesOperation(
  [anItem('1', { state: 'done' }), anItem('2', { state: 'failed', outcome: 'no room' }), anItem('3')],
  { details: { kind: 'rebalance', strategy: 'x', moves: [], nodes: [load('a', 6, 4), load('b', 0, 2)] } },
);
const steps = paused.steps.map((step) => ({ ...step, state: 'waiting' as const }));
const operation = { ...paused, steps };

describe('a plan taken in the middle', () => {
  const taken = withPlan(operation, planFor(['4', '5'], [load('a', 5, 3), load('b', 1, 3)]), at);

  it('keeps what was moved, says of the rest that it is left out, and goes on with its own steps', () => {
    expect(taken.steps.map(({ stepId, state }) => [stepId, state])).toEqual([
      ['moves', 'done'],
      ['moves-2', 'waiting'],
      ['check-2', 'waiting'],
    ]);
    expect(taken.steps[0]?.items.map(({ state, outcome }) => [state, outcome])).toEqual([
      ['done', null],
      ['failed', 'no room'],
      ['cancelled', 'not in the new plan'],
    ]);
    expect(taken.title).toBe('Move 3 shard groups');
    expect(taken.summary).toBe('Planned afresh after 1 move: Two moves.');
    expect(taken.revision).toBe(operation.revision + 1);
  });

  it('measures the balance from before the first move of all', () => {
    const action = taken.steps.at(-1)?.action;
    expect(action?.type === 'check-balance' ? action.nodes : []).toEqual([load('a', 6, 3), load('b', 0, 3)]);
  });

  it('can be taken again, under names of its own', () => {
    const again = withPlan(taken, planFor(['6'], [load('a', 5, 3)]), at);
    // Nothing of the second plan was done, so nothing of it is kept.
    expect(again.steps.map(({ stepId }) => stepId)).toEqual(['moves', 'moves-3', 'check-3']);
  });
});
