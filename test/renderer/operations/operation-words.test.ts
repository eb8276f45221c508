import { describe, expect, it } from 'vitest';
import type { Plan, PlanStep } from '../../../src-main/contract/operations';
import {
  expectedWords,
  planScript,
  reviewLine,
  totalExpected,
} from '../../../src-renderer/operations/operation-words';

const step = (more: Partial<PlanStep>): PlanStep => ({
  stepId: 's',
  title: 'Register the node',
  where: 'db-c1',
  statements: [{ text: 'SELECT f($1)', values: ['x'], shown: "SELECT f('x')" }],
  blocks: 'nothing',
  undo: 'citus_remove_node',
  canBeUndone: true,
  expectedMs: [1_000, 4_000],
  countsAsDoneWhen: '',
  ifInterrupted: '',
  action: { type: 'follow-job' },
  ...more,
});
const plan = (steps: readonly PlanStep[]): Plan => ({
  planId: 'p',
  clusterId: 'c',
  createdAt: '2026-01-01T00:00:00.000Z',
  request: { kind: 'rebalance', strategy: null, drainOnly: false, transferMode: 'auto' },
  title: 'Rebalance',
  summary: 'Evens out.',
  steps,
  findings: [],
  details: { kind: 'rebalance', strategy: 'by_disk_size', moves: [], nodes: [] },
  basis: '',
});

describe('estimates', () => {
  it('add up, and one that is unknown makes the sum unknown', () => {
    expect(totalExpected([step({}), step({})])).toEqual([2_000, 8_000]);
    expect(totalExpected([step({}), step({ expectedMs: null })])).toBeNull();
  });

  it.each([
    [null, 'unknown'],
    [[100, 900] as const, 'under 1 s'],
    [[1_000, 4_000] as const, '1 to 4 s'],
  ])('%j reads %s', (range, words) => {
    expect(expectedWords(range)).toBe(words);
  });

  it('stand in the line below the title', () => {
    expect(reviewLine(plan([step({})]))).toBe('review: 1 step, about 1 to 4 s, nothing has changed yet');
    expect(reviewLine(plan([step({ expectedMs: null }), step({})]))).toContain('2 steps, duration unknown');
  });
});

describe('planScript', () => {
  it('holds every statement with its values, ended once', () => {
    const script = planScript(
      plan([step({}), step({ statements: [{ text: 'SELECT 1;', values: [], shown: 'SELECT 1;' }] })]),
    );
    expect(script).toContain("SELECT f('x');\n");
    expect(script).toContain('SELECT 1;\n');
    expect(script).not.toContain(';;');
    expect(script).toContain('-- 2. Register the node (on db-c1; blocks: nothing; undo: citus_remove_node)');
  });
});
