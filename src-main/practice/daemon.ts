/**
 * Does for a practice cluster what Citus's maintenance daemon does and SQL cannot: runs background tasks, tries
 * failed ones again, drops what moves leave behind. All state is in the coordinator's catalogs, so a daemon that
 * ends in the middle of anything is followed by one that goes on.
 */
import type { Database } from '../connections/database';
import { toFailure } from '../contract/failure';
import { log } from '../log/log';
import { runTasks } from './daemon-executor';
import type { DaemonTask, TaskOutcome } from './daemon-executor';

export type DaemonEvent =
  | { readonly type: 'connected'; readonly recoveredTasks: number }
  | { readonly type: 'lost'; readonly message: string }
  | { readonly type: 'task-started'; readonly task: DaemonTask }
  | { readonly type: 'task-ended'; readonly task: DaemonTask; readonly outcome: TaskOutcome }
  | { readonly type: 'cleaned'; readonly dropped: number; readonly failed: number };

export interface DaemonOptions {
  /** A new session on the coordinator, as superuser. */
  readonly connect: () => Promise<Database>;
  /** Ends the daemon. */
  readonly signal: AbortSignal;
  readonly onEvent?: (event: DaemonEvent) => void;
  /** Milliseconds between two looks while nothing is to be done. */
  readonly idleBeatMs?: number;
  /** Milliseconds between two looks while a task is open. */
  readonly activeBeatMs?: number;
}

interface LookRow {
  readonly due: boolean;
  readonly active: boolean;
  readonly cancelling: readonly string[];
  readonly leftovers: boolean;
  readonly cleanup_every_ms: number;
}

const backoffMs = [250, 500, 1_000, 2_000, 5_000] as const;

/** Runs until `signal` is aborted; resolves then and never rejects. A coordinator that is down is waited for. */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    let session: Database | null = null;
    try {
      session = await options.connect();
      failures = 0;
      await serve(session, options);
    } catch (error) {
      if (signal.aborted) break;
      const failure = toFailure(error);
      if (failures === 0) log.info('the practice daemon lost its coordinator', failure);
      options.onEvent?.({ type: 'lost', message: failure.message });
    } finally {
      await session?.close();
    }
    await pause(backoffMs[Math.min(failures, backoffMs.length - 1)] ?? 5_000, signal);
    failures += 1;
  }
}

/** One connection's worth of work; ends by throwing when the connection does, or quietly with the signal. */
async function serve(session: Database, options: DaemonOptions): Promise<void> {
  const { signal } = options;
  const running = new Map<string, { readonly cancel: () => void }>();
  const work = new Set<Promise<void>>();
  let wake = (): void => undefined;
  let isClaiming = false;
  let cleaning: Promise<void> | null = null;
  let cleanedAt = Date.now();

  const inBackground = (job: Promise<void>): void => {
    const tracked = job.finally(() => {
      work.delete(tracked);
      wake();
    });
    work.add(tracked);
  };
  const startExecutor = (): void => {
    isClaiming = true;
    const executor = runTasks({
      connect: options.connect,
      signal,
      onStart(task, cancel) {
        isClaiming = false;
        running.set(task.taskId, { cancel });
        options.onEvent?.({ type: 'task-started', task });
        wake();
      },
      onEnd(task, outcome) {
        running.delete(task.taskId);
        options.onEvent?.({ type: 'task-ended', task, outcome });
      },
    });
    inBackground(executor.finally(() => (isClaiming = false)));
  };

  try {
    const [recovered] = await session.read<{ count: number }>({
      text: 'SELECT pg_citus_practice.recover_tasks() AS count',
    });
    options.onEvent?.({ type: 'connected', recoveredTasks: recovered?.count ?? 0 });
    await session.change({ text: 'SELECT pg_citus_practice.reconcile()' });
    while (!signal.aborted) {
      const [look] = await session.read<LookRow>({ text: 'SELECT * FROM pg_citus_practice.daemon_look()' });
      if (!look) throw new Error('daemon_look() answered nothing');
      for (const taskId of look.cancelling) running.get(taskId)?.cancel();
      // One executor claims at a time; it goes on with the next task by itself.
      if (look.due && !isClaiming) startExecutor();
      const isCleanupDue = look.cleanup_every_ms >= 0 && Date.now() - cleanedAt >= look.cleanup_every_ms;
      if (look.leftovers && isCleanupDue && !cleaning) {
        cleaning = clean(options).finally(() => {
          cleaning = null;
          cleanedAt = Date.now();
        });
        inBackground(cleaning);
      }
      const beat = look.active ? (options.activeBeatMs ?? 250) : (options.idleBeatMs ?? 1_000);
      await Promise.race([pause(beat, signal), new Promise<void>((resolve) => (wake = resolve))]);
    }
  } finally {
    // The sessions of executors end with the signal, or with the server that this one was lost to.
    await Promise.all(work);
  }
}

/** Drops old copies on a session of its own, since a lock may have to be waited for. */
async function clean(options: DaemonOptions): Promise<void> {
  let session: Database | null = null;
  try {
    session = await options.connect();
    const { rows } = await session.change<{ dropped: number; failed: number }>(
      { text: 'SELECT dropped, failed FROM pg_citus_practice.clean_up()' },
      { timeoutMs: 120_000, signal: options.signal },
    );
    options.onEvent?.({ type: 'cleaned', dropped: rows[0]?.dropped ?? 0, failed: rows[0]?.failed ?? 0 });
  } catch (error) {
    if (!options.signal.aborted) log.info('old shard copies are dropped later', toFailure(error));
  } finally {
    await session?.close();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
