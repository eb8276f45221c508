import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../src-main/contract/failure';
import { createPlannerTasks } from '../../../src-main/planning/tasks';
import type { PlannerTasks } from '../../../src-main/planning/tasks';
import { plainSql, toFacts } from '../../support/advisor-schemas';
import { plannerForTest } from '../../support/planner-port';

const facts = toFacts({
  about: '',
  workers: 2,
  tables: Array.from({ length: 120 }, (_, index) => ({
    name: `t${index}`,
    rows: 1_000_000,
    bytes: '900 MB',
    key: ['tenant_id', 'id'],
    columns: [
      ['tenant_id', 'bigint', 5_000],
      ['id', 'bigint', -1],
    ],
  })),
});
const asked = { facts, adviceId: 'a', clusterId: 'c', takenAt: '2026-01-01T00:00:00Z', growth: 1 };
const tasks = (): PlannerTasks => createPlannerTasks(plainSql);
const none = { designId: '', choices: [] };

describe('a planner thread', () => {
  it('answers as the plans do, with long lists whole, and keeps what it was told', async () => {
    const { thread } = plannerForTest(tasks());
    const here = tasks();
    const advice = await thread.ask('advisor.advise', asked);
    expect(advice).toEqual(here['advisor.advise'](asked));
    const first = { designId: advice.designs[0]?.designId ?? '', choices: [] };
    expect(await thread.ask('advisor.design', first)).toEqual(here['advisor.design'](first));
    const text = await thread.ask('advisor.text', { ...first, format: 'sql' });
    expect(text?.text).toContain('create_distributed_table');
    thread.end();
  });

  it('answers null where it holds nothing', async () => {
    const { thread } = plannerForTest(tasks());
    expect(await thread.ask('advisor.design', none)).toBeNull();
    thread.end();
  });

  it('answers in the order of asking, a long call before a short one', async () => {
    const { thread } = plannerForTest(tasks());
    const order: string[] = [];
    await Promise.all([
      thread.ask('advisor.advise', asked).then(() => order.push('long')),
      thread.ask('advisor.design', none).then(() => order.push('short')),
    ]);
    expect(order).toEqual(['long', 'short']);
    thread.end();
  });

  it('hands on what a plan throws, and goes on', async () => {
    const failure = { kind: 'invalid-input', message: 'A name is empty.' } as const;
    const { thread } = plannerForTest({
      ...tasks(),
      'advisor.design': () => {
        throw new FailureError(failure);
      },
    });
    await expect(thread.ask('advisor.design', none)).rejects.toMatchObject({ failure });
    expect(await thread.ask('advisor.text', { ...none, format: 'sql' })).toBeNull();
    thread.end();
  });

  it('ends at an abort, with every call that waits for it', async () => {
    const { thread } = plannerForTest(tasks());
    const controller = new AbortController();
    const given = thread.ask('advisor.advise', asked, controller.signal);
    const other = thread.ask('advisor.design', none);
    const ends = Promise.allSettled([given, other]);
    // A turn of the event loop: the first call is on its way then.
    await new Promise<void>((resolve) => setImmediate(resolve));
    controller.abort();
    for (const end of await ends) {
      expect(end).toMatchObject({ status: 'rejected', reason: { failure: { kind: 'cancelled' } } });
    }
    expect(thread.isEnded()).toBe(true);
    await expect(thread.ask('advisor.design', none)).rejects.toMatchObject({
      failure: { kind: 'cancelled' },
    });
  });

  it('tells those who wait when it dies', async () => {
    const { thread, fail } = plannerForTest(tasks());
    const end = thread.ask('advisor.advise', asked);
    const seen = expect(end).rejects.toMatchObject({
      failure: { kind: 'internal', detail: 'out of memory' },
    });
    await new Promise<void>((resolve) => setImmediate(resolve));
    fail(new Error('out of memory'));
    await seen;
    expect(thread.isEnded()).toBe(true);
  });
});
