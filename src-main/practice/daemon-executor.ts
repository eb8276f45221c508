/** Runs background tasks of a practice cluster, one after another, on a session of its own. */
import { identifier } from '../connections/database';
import type { Database } from '../connections/database';
import { toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import { log } from '../log/log';

export interface DaemonTask {
  /** int8 as text. */
  readonly jobId: string;
  readonly taskId: string;
  readonly command: string;
}

export type TaskOutcome = 'done' | 'runnable' | 'error' | 'cancelled' | 'unknown';

export interface ExecutorOptions {
  readonly connect: () => Promise<Database>;
  /** Aborted when the daemon ends. What runs is cancelled and started again by the next daemon. */
  readonly signal: AbortSignal;
  onStart(task: DaemonTask, cancel: () => void): void;
  onEnd(task: DaemonTask, outcome: TaskOutcome): void;
}

interface ClaimedRow {
  readonly job_id: string;
  readonly task_id: string;
  readonly command: string;
  readonly owner_name: string;
}

/** As long as a move may take: what limits a task is its cancellation, not the clock. */
const withoutLimit = { timeoutMs: 0, lockTimeoutMs: 0 } as const;

/** Takes and runs tasks until none may run now. Never throws: what goes wrong stands in the task's message. */
export async function runTasks(options: ExecutorOptions): Promise<void> {
  let session: Database | null = null;
  try {
    session = await options.connect();
    await introduce(session);
    while (!options.signal.aborted && session.isOpen) {
      if (!(await runNextTask(session, options))) return;
    }
  } catch (error) {
    if (!options.signal.aborted) log.warn('an executor of background tasks ended', toFailure(error));
  } finally {
    await session?.close();
  }
}

/** Under the name Citus gives its executors; by it, a running task is told from one whose session is gone. */
async function introduce(session: Database): Promise<void> {
  await session.change({
    text: `SELECT set_config('application_name', 'citus_rebalancer gpid='
      || (pg_catalog.citus_coordinator_nodeid()::bigint * 10000000000 + pg_backend_pid()), false)`,
  });
}

async function runNextTask(session: Database, options: ExecutorOptions): Promise<boolean> {
  const { rows } = await session.change<ClaimedRow>({
    text: 'SELECT job_id, task_id, command, owner_name FROM pg_citus_practice.claim_task(pg_backend_pid())',
  });
  const row = rows[0];
  if (!row) return false;
  const task: DaemonTask = { jobId: row.job_id, taskId: row.task_id, command: row.command };
  const cancelling = new AbortController();
  const cancel = (): void => cancelling.abort();
  options.signal.addEventListener('abort', cancel, { once: true });
  options.onStart(task, cancel);
  let outcome: TaskOutcome = 'unknown';
  try {
    const said = await execute(session, task, row.owner_name, cancelling.signal);
    // A daemon that ends leaves its task as it is: the next one finds it without a session and runs it again.
    if (!options.signal.aborted) outcome = await settle(session, options, task, said);
  } finally {
    options.signal.removeEventListener('abort', cancel);
    options.onEnd(task, outcome);
  }
  return true;
}

interface Said {
  readonly succeeded: boolean;
  readonly message: string;
}

async function execute(
  session: Database,
  task: DaemonTask,
  owner: string,
  signal: AbortSignal,
): Promise<Said> {
  try {
    await session.change({ text: `SET ROLE ${identifier(owner)}` });
    const result = await session.change({ text: task.command }, { ...withoutLimit, signal });
    return { succeeded: true, message: `${result.command} ${result.rows.length}\n` };
  } catch (error) {
    return { succeeded: false, message: failureMessage(toFailure(error), task) };
  } finally {
    if (session.isOpen) await session.change({ text: 'RESET ROLE' }).catch(() => undefined);
  }
}

/** Writes the outcome down; over another session when the task took its own along. */
async function settle(
  session: Database,
  options: ExecutorOptions,
  task: DaemonTask,
  said: Said,
): Promise<TaskOutcome> {
  const statement = {
    text: 'SELECT pg_citus_practice.finish_task($1, $2, $3) AS status',
    values: [task.taskId, said.succeeded, said.message],
  };
  const write = async (over: Database): Promise<TaskOutcome> => {
    const { rows } = await over.change<{ status: TaskOutcome | null }>(statement);
    if (!said.succeeded) {
      // A commit may have reached some nodes before it failed on another.
      await over.change({ text: 'SELECT pg_citus_practice.reconcile()' }).catch(() => undefined);
    }
    return rows[0]?.status ?? 'unknown';
  };
  if (session.isOpen) return write(session);
  const other = await options.connect();
  try {
    return await write(other);
  } finally {
    await other.close();
  }
}

/** In the words Citus keeps with a task that failed. */
export function failureMessage(failure: Failure, task: DaemonTask): string {
  const context = `Citus Background Task Queue Executor: postgres/postgres for (${task.jobId}/${task.taskId})`;
  const where = /^while executing command on /.test(failure.detail ?? '') ? failure.detail : undefined;
  const said =
    failure.kind === 'cancelled'
      ? 'canceling statement due to user request'
      : (failure.serverMessage ?? failure.message);
  return [
    `ERROR: ${said}`,
    failure.detail && !where ? `DETAIL: ${failure.detail}` : null,
    failure.hint ? `HINT: ${failure.hint}` : null,
    `CONTEXT: ${where ? `${where}\n` : ''}${context}`,
    '',
  ]
    .filter((line) => line !== null)
    .join('\n');
}
