import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database, Statement } from '../../../src-main/connections/database';
import { FailureError } from '../../../src-main/contract/failure';
import type { Failure } from '../../../src-main/contract/failure';
import { runDaemon } from '../../../src-main/practice/daemon';
import type { DaemonEvent } from '../../../src-main/practice/daemon';
import { failureMessage } from '../../../src-main/practice/daemon-executor';
import { waitFor } from '../../support/wait';

const task = { jobId: '5', taskId: '61', command: 'SELECT 1' };
const context = 'Citus Background Task Queue Executor: postgres/postgres for (5/61)';

describe('the message a failed task keeps', () => {
  it.each<[string, Failure, string]>([
    [
      "the server's own words",
      { kind: 'database', message: 'm', serverMessage: 'node with node id 7 could not be found' },
      `ERROR: node with node id 7 could not be found\nCONTEXT: ${context}\n`,
    ],
    [
      'the node it happened on',
      {
        kind: 'database',
        message: 'm',
        serverMessage: 'relation "public.permit_types_102056" does not exist',
        detail: 'while executing command on 127.0.0.1:9704',
      },
      `ERROR: relation "public.permit_types_102056" does not exist\nCONTEXT: while executing command on 127.0.0.1:9704\n${context}\n`,
    ],
    [
      'detail and hint',
      { kind: 'database', message: 'm', serverMessage: 's', detail: 'd', hint: 'h' },
      `ERROR: s\nDETAIL: d\nHINT: h\nCONTEXT: ${context}\n`,
    ],
    [
      'a cancellation',
      { kind: 'cancelled', message: 'Cancelled.' },
      `ERROR: canceling statement due to user request\nCONTEXT: ${context}\n`,
    ],
    [
      'a failure without a server',
      { kind: 'unreachable', message: 'gone' },
      `ERROR: gone\nCONTEXT: ${context}\n`,
    ],
  ])('is %s', (_name, failure, expected) => {
    expect(failureMessage(failure, task)).toBe(expected);
  });
});

const lost: Failure = { kind: 'unreachable', message: '127.0.0.1:1 closed the connection.' };

/** A coordinator with one task, in memory. `answer` may throw to play a failure. */
function coordinator(answer: (text: string, session: { isOpen: boolean }) => readonly object[]): {
  readonly statements: string[];
  readonly connect: () => Promise<Database>;
  opened: number;
  closed: number;
} {
  const state = {
    statements: [] as string[],
    opened: 0,
    closed: 0,
    connect: (): Promise<Database> => {
      state.opened += 1;
      const session = { isOpen: true };
      const run = async (statement: Statement): Promise<readonly object[]> => {
        if (!session.isOpen) throw new FailureError(lost);
        state.statements.push(statement.text);
        return answer(statement.text, session);
      };
      return Promise.resolve({
        address: '127.0.0.1:1',
        get isOpen() {
          return session.isOpen;
        },
        encrypted: false,
        backendPid: 1,
        read: run,
        change: async (statement: Statement) => ({
          rows: await run(statement),
          command: 'SELECT',
          notices: [],
        }),
        onLost: () => () => undefined,
        close: () => {
          state.closed += 1;
          session.isOpen = false;
          return Promise.resolve();
        },
      } as unknown as Database);
    },
  };
  return state;
}

const idle = { due: false, active: false, cancelling: [], leftovers: false, cleanup_every_ms: 15_000 };

function start(connect: () => Promise<Database>): { readonly events: DaemonEvent[]; stop(): Promise<void> } {
  const ending = new AbortController();
  const events: DaemonEvent[] = [];
  const ended = runDaemon({
    connect,
    signal: ending.signal,
    onEvent: (event) => events.push(event),
    idleBeatMs: 5,
    activeBeatMs: 5,
  });
  const stop = async (): Promise<void> => {
    ending.abort();
    await ended;
  };
  onTestFinished(stop);
  return { events, stop };
}

describe('the daemon', () => {
  it('tries again while the coordinator cannot be reached, and ends when told', async () => {
    let attempts = 0;
    const alive = coordinator((text) => (text.includes('daemon_look') ? [idle] : [{ count: 0 }]));
    const daemon = start(() => {
      attempts += 1;
      return attempts < 3 ? Promise.reject(new FailureError(lost)) : alive.connect();
    });
    await waitFor('a connection', () => daemon.events.some((event) => event.type === 'connected'));
    expect(daemon.events.filter((event) => event.type === 'lost')).toEqual([
      { type: 'lost', message: lost.message },
      { type: 'lost', message: lost.message },
    ]);
    await daemon.stop();
    expect(alive.closed).toBe(alive.opened);
  });

  it('connects anew when its session ends', async () => {
    const server = coordinator((text, session) => {
      if (!text.includes('daemon_look')) return [{ count: 0 }];
      if (server.opened === 1) {
        session.isOpen = false;
        throw new FailureError(lost);
      }
      return [idle];
    });
    const daemon = start(server.connect);
    await waitFor(
      'a second connection',
      () => daemon.events.filter((event) => event.type === 'connected').length === 2,
    );
  });

  it('writes the outcome over another session when the task took its own along', async () => {
    let claimed = false;
    const outcomes: string[] = [];
    const server = coordinator((text, session) => {
      if (text.includes('daemon_look')) return [{ ...idle, due: !claimed, active: true }];
      if (text.includes('claim_task')) {
        if (claimed) return [];
        claimed = true;
        return [{ job_id: '1', task_id: '2', command: 'SELECT moved', owner_name: 'postgres' }];
      }
      if (text === 'SELECT moved') {
        session.isOpen = false;
        throw new FailureError(lost);
      }
      if (text.includes('finish_task')) {
        outcomes.push(text);
        return [{ status: 'runnable' }];
      }
      return [{ count: 0 }];
    });
    const daemon = start(server.connect);
    await waitFor('the task to end', () => daemon.events.some((event) => event.type === 'task-ended'));
    expect(daemon.events.find((event) => event.type === 'task-ended')).toEqual({
      type: 'task-ended',
      task: { jobId: '1', taskId: '2', command: 'SELECT moved' },
      outcome: 'runnable',
    });
    expect(outcomes).toHaveLength(1);
    expect(server.statements).toContain('SELECT pg_citus_practice.reconcile()');
    await daemon.stop();
    expect(server.closed).toBe(server.opened);
  });

  it('asks one thing at a time while nothing is to be done', async () => {
    const server = coordinator((text) => (text.includes('daemon_look') ? [idle] : [{ count: 0 }]));
    const daemon = start(server.connect);
    await waitFor(
      'a few looks',
      () => server.statements.filter((text) => text.includes('daemon_look')).length > 5,
    );
    await daemon.stop();
    expect(server.opened).toBe(1);
    expect(server.statements.filter((text) => !text.includes('daemon_look'))).toHaveLength(2);
  });
});
