import { describe, expect, it } from 'vitest';
import type { PlanReply } from '../../../src-main/contract/operations';
import type { MoveDifference, RestPlans } from '../../../src-main/contract/rest-plans';
import { differenceLine, differenceRows, restCards } from '../../../src-renderer/rebalance/rest-words';
import { movesOperation } from '../../support/moves-operation';

const difference = (kind: MoveDifference['kind'], shardId = '1'): MoveDifference => ({
  kind,
  shardId,
  tables: ['permits'],
  sourceNode: 'a:1',
  oldTarget: 'b:1',
  freshTarget: 'b:1',
  bytes: 1,
});
const { steps, request } = movesOperation([]);
const plan: PlanReply = {
  outcome: 'plan',
  plan: {
    planId: 'p',
    clusterId: 'c',
    createdAt: '',
    request,
    title: '',
    summary: '',
    steps: steps.map((step) => ({ ...step, expectedMs: [1_000, 60_000] })),
    findings: [],
    details: {
      kind: 'rebalance',
      strategy: '',
      moves: [{ shardId: '1', tables: [], sourceNode: 'a:1', targetNode: 'b:1', bytes: 2_048 }],
      nodes: [],
    },
    basis: '{}',
  },
};
const refusal: PlanReply = { outcome: 'refusal', title: '', reasons: [] };
const plans = (over: Partial<RestPlans>): RestPlans => ({
  operationId: 'o',
  rest: plan,
  fresh: plan,
  freshWords: [],
  differences: [difference('kept'), difference('added', '2')],
  ...over,
});

describe('the two plans', () => {
  it('stand beside each other where they differ, in moves, bytes and time', () => {
    const cards = restCards(plans({}));
    expect(cards?.map(({ id }) => id)).toEqual(['rest', 'fresh']);
    expect(cards?.[0]?.figures.map(({ value }) => value)).toEqual(['1', '2 kB', '1 to 60 s']);
  });

  it('are one where there is no fresh plan, or where it is the same', () => {
    expect(restCards(plans({ fresh: null }))).toBeNull();
    expect(restCards(plans({ differences: [difference('kept')] }))).toBeNull();
  });

  it('are both shown where the rest can no longer be run, even with the same moves', () => {
    const cards = restCards(plans({ rest: refusal, differences: [difference('kept')] }));
    expect(cards?.[0]?.chip?.text).toBe('differs from the cluster');
  });
});

describe('the differences', () => {
  it('are counted by kind, and what differs stands first', () => {
    const all = [difference('kept'), difference('dropped', '2'), difference('changed', '3')];
    expect(differenceLine(all)).toBe(
      'Against the rest of the plan: 1 move kept, 1 with another target and 1 dropped.',
    );
    expect(differenceRows(all).map(({ kind }) => kind)).toEqual(['dropped', 'changed', 'kept']);
  });
});
