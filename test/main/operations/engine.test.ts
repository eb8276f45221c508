import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FailureError, toFailure } from '../../../src-main/contract/failure';
import type { Failure } from '../../../src-main/contract/failure';
import type { Operation } from '../../../src-main/contract/operations';
import type { Operations } from '../../../src-main/operations/operations';
import {
  Crash,
  anyRequest,
  clusterId,
  crashingJournal,
  createWorld,
  untilSettled,
  worldEngine,
  worldPlan,
} from './fake-world';
import type { Life, StepKind, World } from './fake-world';

let folder = '';
let world: World = createWorld();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engine-'));
  world = createWorld();
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

async function begin(operations: Operations): Promise<string> {
  const reply = await operations.plan(clusterId, anyRequest, new AbortController().signal);
  if (reply.outcome !== 'plan') throw new Error('refused');
  const started = await operations.start(reply.plan.planId);
  if (started.outcome !== 'started') throw new Error('changed');
  return started.operation.operationId;
}

async function runToRest(
  kinds: readonly StepKind[],
  settings: Omit<NonNullable<Parameters<typeof worldEngine>[2]>, 'kinds'> = {},
): Promise<{ readonly operation: Operation; readonly operations: Operations; readonly audit: string[] }> {
  const { operations, audit } = worldEngine(world, folder, { kinds, ...settings });
  const id = await begin(operations);
  const operation = await untilSettled(operations, id);
  return { operation, operations, audit: audit.map((line) => `${line.outcome} ${line.statement}`) };
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  return work.then(
    () => {
      throw new Error('it should have been refused');
    },
    (error: unknown) => toFailure(error),
  );
}

/** A promise that a test resolves, to hold a step in the middle of its work. */
function gate(): {
  readonly passed: Promise<void>;
  readonly open: () => void;
  readonly reached: Promise<void>;
  readonly arrive: () => void;
} {
  let open = (): void => undefined;
  let arrive = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  return { passed, open: () => open(), reached, arrive: () => arrive() };
}

describe('an operation', () => {
  it('runs its steps in order, looks before and after each, and publishes rising revisions', async () => {
    const { operations, published } = worldEngine(world, folder, { kinds: ['one', 'two'] });
    const operation = await untilSettled(operations, await begin(operations));
    expect(operation.state).toBe('done');
    expect(world.executed).toEqual(['one', 'two']);
    expect(world.observed).toEqual(['one', 'one', 'two', 'two']);
    expect(operation.steps.map((step) => step.outcome)).toEqual(['there', 'there']);
    const revisions = published.map((one) => one.revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(new Set(revisions).size).toBe(revisions.length);
    expect(operation.endedAt).not.toBeNull();
  });

  it('puts every change into the audit trail, before it is sent and after', async () => {
    const { audit } = await runToRest(['one', 'job']);
    expect(audit).toEqual([
      `started SELECT act('one')`,
      `succeeded SELECT act('one')`,
      'started SELECT start_job()',
      'succeeded SELECT start_job()',
    ]);
  });

  it('does not repeat what is already so', async () => {
    world.effects.set('one', 1);
    const { operation } = await runToRest(['one', 'two']);
    expect(operation.state).toBe('done');
    expect(world.executed).toEqual(['two']);
    expect(operation.steps[0]?.outcome).toContain('already so');
  });

  it('fails with the whole failure and says what is true now', async () => {
    const failure: Failure = {
      kind: 'database',
      message: 'cannot',
      sqlState: 'XX000',
      detail: 'because',
      hint: 'try otherwise',
    };
    world.failures.set('two', new FailureError(failure));
    const { operation } = await runToRest(['one', 'two', 'three']);
    expect(operation.state).toBe('failed');
    expect(operation.steps.map((step) => step.state)).toEqual(['done', 'failed', 'waiting']);
    expect(operation.steps[1]?.failure).toEqual(failure);
    expect(operation.attention).toContain('Now: not there');
    expect(operation.attention).toContain('Done and kept: Step one');
  });

  it('can be tried again after a failure, and repeats only what is missing', async () => {
    world.failures.set('two', new FailureError({ kind: 'database', message: 'cannot', sqlState: 'XX000' }));
    const { operation, operations } = await runToRest(['one', 'two']);
    await operations.decide(operation.operationId, 'retry');
    const after = await untilSettled(operations, operation.operationId);
    expect(after.state).toBe('done');
    expect(world.effects).toEqual(
      new Map([
        ['one', 1],
        ['two', 1],
      ]),
    );
  });

  it('counts a step as done when the statement failed and its effect is there all the same', async () => {
    world.lateFailures.set('one', new FailureError({ kind: 'unreachable', message: 'connection lost' }));
    const { operation } = await runToRest(['one', 'two']);
    expect(operation.state).toBe('done');
    expect(world.effects.get('one')).toBe(1);
    expect(operation.steps[0]?.notices.join()).toContain('connection lost');
  });

  it('asks when the server says yes and nothing is there', async () => {
    world.blind.add('one');
    const { operation } = await runToRest(['one']);
    expect(operation.state).toBe('needs-person');
    expect(operation.steps[0]?.state).toBe('conflict');
    expect(operation.attention).toContain('the server reported success');
  });
});

describe('a lost connection', () => {
  it('is waited for, and then the step is looked at before anything else', async () => {
    world.onExecute = async () => {
      world.reachable = false;
      setTimeout(() => (world.reachable = true), 3);
      world.onExecute = async () => undefined;
      throw new FailureError({ kind: 'unreachable', message: 'c:5432 closed the connection.' });
    };
    const { operation, operations } = await runToRest(['one', 'two'], { reconnectLimitMs: 500 });
    expect(operation.state).toBe('paused');
    expect(operation.attention).toContain('had no effect');
    await operations.resume(operation.operationId);
    expect((await untilSettled(operations, operation.operationId)).state).toBe('done');
    expect(world.effects.get('one')).toBe(1);
  });

  it('that does not come back leaves the step to a person', async () => {
    world.onExecute = async () => {
      world.reachable = false;
      throw new FailureError({ kind: 'unreachable', message: 'c:5432 closed the connection.' });
    };
    const { operation, operations } = await runToRest(['one'], { reconnectLimitMs: 3 });
    expect(operation.state).toBe('needs-person');
    expect(operation.attention).toContain('Whether it took effect is not known');
    world.reachable = true;
    world.onExecute = async () => undefined;
    await operations.decide(operation.operationId, 'retry');
    expect((await untilSettled(operations, operation.operationId)).state).toBe('done');
    expect(world.effects.get('one')).toBe(1);
  });

  it('is not a node of the cluster that Citus cannot reach', async () => {
    world.failures.set(
      'one',
      new FailureError({
        kind: 'unreachable',
        message: 'connection to the remote node failed',
        sqlState: '08006',
      }),
    );
    const { operation } = await runToRest(['one']);
    expect(operation.state).toBe('failed');
  });
});

describe('pause and cancel', () => {
  it('pauses after the step that runs', async () => {
    const held = gate();
    world.onExecute = async (id) => {
      if (id !== 'one') return;
      held.arrive();
      await held.passed;
    };
    const { operations } = worldEngine(world, folder, { kinds: ['one', 'two'] });
    const id = await begin(operations);
    await held.reached;
    expect((await operations.pause(id)).state).toBe('pausing');
    held.open();
    const paused = await untilSettled(operations, id);
    expect(paused.state).toBe('paused');
    expect(world.executed).toEqual(['one']);
    await operations.resume(id);
    expect((await untilSettled(operations, id)).state).toBe('done');
  });

  it('refuses to pause the last step, and says what can be done', async () => {
    const held = gate();
    world.onExecute = async () => {
      held.arrive();
      await held.passed;
    };
    const { operations } = worldEngine(world, folder, { kinds: ['one'] });
    const id = await begin(operations);
    await held.reached;
    expect(await failureOf(operations.pause(id))).toMatchObject({ kind: 'conflict' });
    held.open();
    expect((await untilSettled(operations, id)).state).toBe('done');
  });

  it('cancels the statement that runs and says what is left', async () => {
    const reached = gate();
    world.onExecute = (id, signal) =>
      id !== 'two'
        ? Promise.resolve()
        : new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () =>
              reject(new FailureError({ kind: 'cancelled', message: 'Cancelled.' })),
            );
            reached.arrive();
          });
    const { operations } = worldEngine(world, folder, { kinds: ['one', 'two', 'three'] });
    const id = await begin(operations);
    await reached.reached;
    await operations.cancel(id);
    const operation = await untilSettled(operations, id);
    expect(operation.state).toBe('cancelled');
    expect(operation.steps.map((step) => step.state)).toEqual(['done', 'cancelled', 'waiting']);
    expect(operation.attention).toContain('Done and kept: Step one');
    expect(world.effects.has('three')).toBe(false);
  });

  it('stops a job that the cluster runs, by a statement that is audited', async () => {
    world.jobTicks = 1_000_000;
    const { operations, audit } = worldEngine(world, folder, { kinds: ['job'] });
    const id = await begin(operations);
    await expect.poll(() => operations.list(null)[0]?.steps[1]?.progress).toBe(0.5);
    await operations.cancel(id);
    const operation = await untilSettled(operations, id);
    expect(operation.state).toBe('cancelled');
    expect(audit.map((line) => line.statement)).toContain('SELECT stop_job()');
  });

  it('cancels an operation that waits without touching the cluster', async () => {
    world.failures.set('one', new FailureError({ kind: 'unreachable', message: 'gone' }));
    const { operation, operations } = await runToRest(['one', 'two']);
    expect(operation.state).toBe('paused');
    const before = world.executed.length;
    await operations.cancel(operation.operationId);
    expect((await untilSettled(operations, operation.operationId)).state).toBe('cancelled');
    expect(world.executed.length).toBe(before);
  });
});

describe('starting', () => {
  it('refuses a second operation on a cluster and names the first', async () => {
    const held = gate();
    world.onExecute = async () => {
      held.arrive();
      await held.passed;
    };
    const { operations } = worldEngine(world, folder, { kinds: ['one'] });
    const id = await begin(operations);
    await held.reached;
    const failure = await failureOf(begin(operations));
    expect(failure).toMatchObject({ kind: 'conflict' });
    expect(failure.message).toContain('Change the world');
    held.open();
    await untilSettled(operations, id);
    expect(await begin(operations)).not.toBe(id);
  });

  it('lets only one of two simultaneous starts win', async () => {
    const { operations } = worldEngine(world, folder, { kinds: ['one'] });
    const signal = new AbortController().signal;
    const first = await operations.plan(clusterId, anyRequest, signal);
    const second = await operations.plan(clusterId, anyRequest, signal);
    if (first.outcome !== 'plan' || second.outcome !== 'plan') throw new Error('refused');
    const results = await Promise.allSettled([
      operations.start(first.plan.planId),
      operations.start(second.plan.planId),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('goes back to review when what the plan was made from has changed', async () => {
    const bases = [`{"Nodes":"a"}`, `{"Nodes":"a and b"}`];
    let made = 0;
    const { operations } = worldEngine(world, folder, {
      plan: () => ({ outcome: 'plan', plan: worldPlan(['one'], `plan-${made}`, bases[made++] ?? '{}') }),
    });
    const reply = await operations.plan(clusterId, anyRequest, new AbortController().signal);
    if (reply.outcome !== 'plan') throw new Error('refused');
    const started = await operations.start(reply.plan.planId);
    expect(started).toMatchObject({
      outcome: 'changed',
      differences: ['Nodes: a before, a and b now.'],
      reply: { outcome: 'plan', plan: { planId: 'plan-1' } },
    });
    expect(world.executed).toEqual([]);
  });

  it('goes back to review when the plan is refused by now', async () => {
    let made = 0;
    const { operations } = worldEngine(world, folder, {
      plan: () =>
        made++ === 0
          ? { outcome: 'plan', plan: worldPlan(['one']) }
          : {
              outcome: 'refusal',
              title: 'x',
              reasons: [{ code: 'a', message: 'A node is down.', fix: 'start it' }],
            },
    });
    const reply = await operations.plan(clusterId, anyRequest, new AbortController().signal);
    if (reply.outcome !== 'plan') throw new Error('refused');
    expect(await operations.start(reply.plan.planId)).toMatchObject({
      outcome: 'changed',
      differences: ['A node is down.'],
    });
  });

  it('knows no plan twice', async () => {
    const { operations } = worldEngine(world, folder, { kinds: ['one'] });
    const reply = await operations.plan(clusterId, anyRequest, new AbortController().signal);
    if (reply.outcome !== 'plan') throw new Error('refused');
    const started = await operations.start(reply.plan.planId);
    if (started.outcome !== 'started') throw new Error('changed');
    await untilSettled(operations, started.operation.operationId);
    expect(await failureOf(operations.start(reply.plan.planId))).toMatchObject({ kind: 'not-found' });
  });
});

describe('the journal', () => {
  it('that cannot be written stops the operation before it acts', async () => {
    const { operations } = worldEngine(world, folder, {
      kinds: ['one'],
      journal: {
        readAll: async () => [],
        append: async (_id, record) => {
          if (record.type === 'step-starting') throw new Error('ENOSPC: no space left');
        },
      },
    });
    const operation = await untilSettled(operations, await begin(operations));
    expect(operation.state).toBe('needs-person');
    expect(operation.attention).toContain('ENOSPC');
    expect(world.executed).toEqual([]);
  });

  it('of another version or broken in its middle is kept aside and reported', async () => {
    await runToRest(['one']);
    await writeFile(join(folder, 'x.jsonl'), 'no json\n{"version":1,"type":"state"}\n');
    await writeFile(join(folder, 'y.jsonl'), '{"version":99,"type":"whatever"}\n');
    const { operations } = worldEngine(world, folder);
    const report = await operations.recover();
    expect(report.open).toEqual([]);
    expect(report.keptAside.map((one) => one.reason)).toEqual([
      'line 1 cannot be read',
      'line 1 was written by a newer version of the app',
    ]);
    expect((await readdir(folder)).filter((name) => name.endsWith('.unreadable')).sort()).toEqual([
      'x.jsonl.unreadable',
      'y.jsonl.unreadable',
    ]);
    expect(operations.list(null).map((one) => one.state)).toEqual(['done']);
  });

  it('leaves an audit trail that cannot be written as a reason not to act', async () => {
    const { operations } = worldEngine(world, folder, {
      kinds: ['one'],
      audit: new Proxy([], {
        get: (target, key) =>
          key === 'push'
            ? () => {
                throw new FailureError({ kind: 'storage', message: 'The audit trail could not be written.' });
              }
            : Reflect.get(target, key),
      }),
    });
    const operation = await untilSettled(operations, await begin(operations));
    expect(operation.state).toBe('failed');
    expect(world.effects.size).toBe(0);
  });
});

describe('a restart', () => {
  it('finds a job that went on by itself and follows it to its end', async () => {
    world.jobTicks = 1_000_000;
    const life: Life = { over: false };
    const first = worldEngine(world, folder, { kinds: ['job'], life });
    await begin(first.operations);
    await expect.poll(() => first.operations.list(null)[0]?.steps[1]?.progress).toBe(0.5);
    await first.operations.close();
    life.over = true;

    world.jobTicks = 3;
    const { operations, audit } = worldEngine(world, folder);
    const { open } = await operations.recover();
    expect(open.map((one) => one.state)).toEqual(['interrupted']);
    await operations.look(clusterId);
    const operation = operations.list(null)[0];
    expect(operation?.state).toBe('done');
    expect(operation?.jobId).toBe('7');
    expect(world.jobsStarted).toBe(1);
    expect(audit).toEqual([]);
  });

  it('after a crash between effect and note does not repeat the effect', async () => {
    const life: Life = { over: false };
    world.lateFailures.set('one', new Crash('power cut'));
    world.onExecute = async (id) => {
      if (id === 'one') queueMicrotask(() => undefined);
    };
    const first = worldEngine(world, folder, {
      kinds: ['one', 'two'],
      life,
      audit: new Proxy([], {
        get: (target, key) =>
          key === 'push'
            ? (line: { outcome: string }) => {
                if (line.outcome === 'succeeded') life.over = true;
                return 0;
              }
            : Reflect.get(target, key),
      }),
    });
    await untilSettled(first.operations, await begin(first.operations));
    expect(world.effects.get('one')).toBe(1);

    const { operations } = worldEngine(world, folder);
    await operations.recover();
    await operations.look(clusterId);
    const waiting = operations.list(null)[0];
    expect(waiting?.state).toBe('paused');
    await operations.resume(waiting?.operationId ?? '');
    await untilSettled(operations, waiting?.operationId ?? '');
    expect(world.effects).toEqual(
      new Map([
        ['one', 1],
        ['two', 1],
      ]),
    );
  });

  it('goes on cancelling what was being cancelled', async () => {
    world.jobTicks = 1_000_000;
    const life: Life = { over: false };
    // Created, start begun, start ended, follow begun; the fifth line is "cancelling", and the life ends with it.
    const { journal } = crashingJournal(folder, life, { at: 5, kind: 'after' }, async () => undefined);
    const first = worldEngine(world, folder, { kinds: ['job'], life, journal });
    const id = await begin(first.operations);
    await expect.poll(() => first.operations.list(null)[0]?.steps[1]?.progress).toBe(0.5);
    await failureOf(first.operations.cancel(id));
    expect(world.jobState).toBe('running');

    const { operations } = worldEngine(world, folder);
    await operations.recover();
    await operations.look(clusterId);
    expect(operations.list(null)[0]?.state).toBe('cancelled');
    expect(world.jobState).toBe('cancelled');
  });

  it('keeps a cluster busy until what was found is decided', async () => {
    const life: Life = { over: false };
    world.onExecute = async () => {
      life.over = true;
    };
    const first = worldEngine(world, folder, { kinds: ['one'], life });
    await untilSettled(first.operations, await begin(first.operations));
    world.onExecute = async () => undefined;
    const { operations } = worldEngine(world, folder, { kinds: ['one'] });
    await operations.recover();
    expect(await failureOf(begin(operations))).toMatchObject({ kind: 'conflict' });
    const found = operations.list(null)[0]?.operationId ?? '';
    expect((await operations.decide(found, 'abandon')).state).toBe('cancelled');
    expect(await begin(operations)).not.toBe('');
  });
});

describe('closing', () => {
  it('waits for the statement that runs, begins no further step, and notes its end', async () => {
    const held = gate();
    world.onExecute = async () => {
      held.arrive();
      await held.passed;
    };
    const { operations } = worldEngine(world, folder, { kinds: ['one', 'two'] });
    await begin(operations);
    await held.reached;
    const closing = operations.close();
    held.open();
    await closing;
    expect(world.executed).toEqual(['one']);
    const again = worldEngine(world, folder);
    const { open } = await again.operations.recover();
    expect(open[0]?.steps.map((step) => step.state)).toEqual(['done', 'waiting']);
    expect(
      await failureOf(operations.plan(clusterId, anyRequest, new AbortController().signal)),
    ).toMatchObject({
      kind: 'conflict',
    });
  });
});
