import { describe, expect, it } from 'vitest';
import type { TaskProgress } from '../../../src-main/contract/cluster';
import type { StepItem } from '../../../src-main/contract/operations';
import { changeOf } from '../../../src-main/operations/steps/job-items';

const t0 = '2026-03-01T12:00:00.000Z';
const t1 = '2026-03-01T12:01:00.000Z';

function task(status: string, retryCount = 0, message = ''): TaskProgress {
  const command = "SELECT pg_catalog.citus_move_shard_placement(10,2,3,'auto')";
  return {
    taskId: '1',
    status,
    command,
    retryCount,
    message,
    shardId: '10',
    sourceNodeId: 2,
    targetNodeId: 3,
  };
}

function item(over: Partial<StepItem> = {}): StepItem {
  return {
    itemId: '1',
    title: 'permits: a → b',
    bytes: 10,
    state: 'waiting',
    startedAt: null,
    endedAt: null,
    attempts: 0,
    outcome: null,
    live: null,
    ...over,
  };
}

describe('what is new of a task', () => {
  it('is its begin when it is first seen to run, and its end when it is first seen to be done', () => {
    const began = changeOf(task('running'), item(), t0);
    expect(began).toMatchObject({ state: 'running', startedAt: t0, endedAt: null, attempts: 1 });
    const running = item({ ...began });
    expect(changeOf(task('running'), running, t1)).toBeNull();
    const ended = changeOf(task('done', 0, 'SELECT 1'), running, t1);
    expect(ended).toMatchObject({ state: 'done', startedAt: t0, endedAt: t1, outcome: 'moved' });
    expect(changeOf(task('done'), item({ ...ended }), '2026-03-01T12:09:00.000Z')).toBeNull();
  });

  it('has no time where nobody saw it run', () => {
    expect(changeOf(task('done'), undefined, t1)).toMatchObject({
      state: 'done',
      startedAt: null,
      endedAt: null,
      attempts: 1,
    });
  });

  it('counts tries and keeps the first line of the last error', () => {
    const failed = changeOf(task('runnable', 2, 'no room\nCONTEXT: copy'), item({ startedAt: t0 }), t1);
    expect(failed).toEqual({
      state: 'waiting',
      startedAt: t0,
      endedAt: null,
      attempts: 3,
      outcome: 'no room',
    });
  });

  it.each([
    ['error', 'failed'],
    ['cancelled', 'cancelled'],
    ['unscheduled', 'cancelled'],
    ['cancelling', 'running'],
    ['blocked', 'waiting'],
    ['a word of a later Citus', 'waiting'],
  ])('reads %s as %s', (status, state) => {
    expect(changeOf(task(status, 1), item(), t1)?.state).toBe(state);
  });
});
