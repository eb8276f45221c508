/** A connection that is opened when it is first needed, closed when nobody needs it, and opened again after a loss. */
import { FailureError } from '../contract/failure';
import type { Database, Writer } from './database';

export interface IdleConnection {
  readonly writer: Writer;
  /** Opens now, so that a failure shows before the first statement. */
  ready(): Promise<void>;
  /** Takes no more statements; lets those that run end before it closes. */
  retire(): Promise<void>;
  /** Takes no more statements and stops those that run. */
  close(): Promise<void>;
}

/** @param open bounded by its own limits; never called twice at a time. */
export function createIdleConnection(
  address: string,
  open: (signal: AbortSignal) => Promise<Database>,
  idleMs: number,
): IdleConnection {
  let database: Database | null = null;
  let opening: Promise<Database> | null = null;
  let timer: NodeJS.Timeout | null = null;
  const ended = new AbortController();
  const running = new Set<Promise<unknown>>();

  const watchIdle = (): void => {
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      if (database?.isBusy) watchIdle();
      else void dropDatabase();
    }, idleMs);
  };

  const dropDatabase = async (): Promise<void> => {
    const current = database;
    database = null;
    await current?.close();
  };

  const use = async (): Promise<Database> => {
    if (ended.signal.aborted) {
      throw new FailureError({
        kind: 'not-connected',
        message: `${address} is not connected.`,
        node: address,
      });
    }
    if (database?.isOpen) {
      watchIdle();
      return database;
    }
    opening ??= open(ended.signal)
      .then(async (opened) => {
        if (ended.signal.aborted) await opened.close();
        else database = opened;
        return opened;
      })
      .finally(() => (opening = null));
    const opened = await opening;
    watchIdle();
    return opened;
  };

  const run = async <T>(work: (current: Database) => Promise<T>): Promise<T> => {
    const promise = work(await use());
    running.add(promise);
    try {
      return await promise;
    } finally {
      running.delete(promise);
    }
  };

  const end = async (): Promise<void> => {
    ended.abort();
    if (timer) clearTimeout(timer);
    await opening?.catch(() => undefined);
  };

  return {
    writer: {
      address,
      read: (statement, options) => run((current) => current.read(statement, options)),
      change: (statement, options) => run((current) => current.change(statement, options)),
    },
    ready: async () => void (await use()),
    async retire() {
      await end();
      await Promise.allSettled(running);
      await dropDatabase();
    },
    async close() {
      await end();
      await dropDatabase();
    },
  };
}
