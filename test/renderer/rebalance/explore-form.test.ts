import { describe, expect, it } from 'vitest';
import {
  demandsOf,
  initialLimits,
  isTriedOut,
  limitErrors,
  measureOf,
  nothingTried,
  suitedPlan,
  toConstraints,
} from '../../../src-renderer/rebalance/explore-form';

const tables = [
  { schema: 'public', name: 'permits' },
  { schema: 'public', name: 'fees' },
];

const plain = { measure: 'bytes', strategy: 'by_disk_size', drainOnly: false } as const;

describe('toConstraints', () => {
  it('begins without limits, but for the free disk that Citus asks for itself', () => {
    expect(toConstraints(initialLimits, plain, tables)).toEqual({
      measure: 'bytes',
      target: { type: 'as-citus' },
      nodeRules: [],
      pinnedTables: [],
      pinnedShards: [],
      maxBytes: null,
      maxMoves: null,
      maxHours: null,
      parallelMoves: 1,
      movesPerNode: 1,
      keepFreeShare: 0.1,
      order: 'most-relief-first',
    });
  });

  it('takes over what was typed, and tables that are still there', () => {
    const form = {
      ...initialLimits,
      target: 'within' as const,
      within: ' 25 ',
      maxGigabytes: '1.5',
      maxMoves: '4',
      maxHours: '0.5',
      keepFree: '',
      rules: { 3: 'drain' as const },
      pinnedTables: ['public.fees', 'public.dropped'],
      pinnedTenants: [{ shardId: '102008', words: 'permits agency_id = 7' }],
    };
    expect(
      toConstraints(form, { ...plain, measure: 'groups', strategy: 'by_shard_count' }, tables),
    ).toMatchObject({
      measure: 'groups',
      target: { type: 'within', share: 0.25 },
      nodeRules: [{ nodeId: 3, rule: 'drain' }],
      pinnedTables: [{ schema: 'public', name: 'fees' }],
      pinnedShards: ['102008'],
      maxBytes: 1.5 * 1024 ** 3,
      maxMoves: 4,
      maxHours: 0.5,
      keepFreeShare: null,
    });
    expect(demandsOf(form)).toEqual([
      '1 node with a rule',
      '3 pins',
      'at most 4 moves',
      'at most 1.5 GB',
      'at most 0.5 h',
      'within 25 %',
    ]);
  });

  it('names the strategy whose functions are to be asked, and what is only to be drained', () => {
    const own = { measure: measureOf('by_tenant'), strategy: 'by_tenant', drainOnly: true };
    expect(toConstraints(initialLimits, own, tables)).toMatchObject({
      measure: 'cost',
      strategy: 'by_tenant',
      drainOnly: true,
    });
    expect(['by_disk_size', 'by_shard_count', undefined].map(measureOf)).toEqual([
      'bytes',
      'groups',
      'bytes',
    ]);
  });

  it.each([
    ['parallelMoves', '', 'A whole number from 1 to 64.'],
    ['parallelMoves', '2.5', 'A whole number from 1 to 64.'],
    ['maxMoves', '-1', 'A whole number from 0 to 1000000.'],
    ['keepFree', 'half', 'A number from 0 to 95.'],
  ] as const)('%s %j is told and asks nothing', (field, text, words) => {
    const form = { ...initialLimits, [field]: text };
    expect(limitErrors(form)).toEqual({ [field]: words });
    expect(toConstraints(form, plain, tables)).toBeNull();
  });
});

it('knows what is tried out', () => {
  expect(isTriedOut(nothingTried)).toBe(false);
  expect(isTriedOut({ ...nothingTried, growth: 2 })).toBe(true);
});

describe('suitedPlan', () => {
  const plan = (moves: number, bytes: number | null) => ({
    moves: Array.from({ length: moves }, (_, index) => ({
      shardId: String(102_008 + index),
      sourceNodeId: 2,
      targetNodeId: 3,
      tableSet: 0,
      bytes: null,
      cost: null,
      targetFreeBytes: null,
    })),
    bytes,
    durationMs: null,
    largestFactor: 1,
    notes: [],
  });

  it.each([
    ['fewer bytes', plan(3, 30), plan(3, 31), false, 'ours'],
    ['as many bytes: a job survives the app', plan(3, 30), plan(3, 30), false, 'citus'],
    ['sizes not known, fewer moves', plan(2, null), plan(3, null), false, 'ours'],
    ['nothing to move', plan(0, 0), plan(2, 20), false, 'citus'],
    ['a limit that Citus does not know of', plan(3, 40), plan(3, 30), true, 'ours'],
    ['nothing known', null, null, true, 'citus'],
  ] as const)('%s', (_words, ours, citus, isDemanding, suited) => {
    expect(suitedPlan({ ours, citus }, isDemanding)).toBe(suited);
  });
});
