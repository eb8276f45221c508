/** Answers the page's requests: sender checked, input parsed, cancel wired, whatever is thrown turned into a `Failure`. */
import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent } from 'electron';
import type { ZodError } from 'zod';
import { failed, success, toFailure } from '../contract/failure';
import type { Failure, Result } from '../contract/failure';
import { requestInputs } from '../contract/requests';
import type { ParsedInputOf, ReplyOf, RequestName } from '../contract/requests';
import { log } from '../log/log';
import { channels } from './channels';

export type Handler<N extends RequestName> = (
  input: ParsedInputOf<N>,
  signal: AbortSignal,
) => Promise<ReplyOf<N>> | ReplyOf<N>;

export type Handlers = { readonly [N in RequestName]: Handler<N> };

export interface ServeOptions {
  readonly ipcMain: Pick<IpcMain, 'handle' | 'on'>;
  /** A promise while the app is still being put together: requests wait for it. */
  readonly handlers: Handlers | Promise<Handlers>;
  /** True only for the main frame of the app's own page. */
  readonly isTrusted: (event: IpcMainInvokeEvent | IpcMainEvent) => boolean;
}

/** Returns a function that refuses new requests and cancels those under way. */
export function serve({ ipcMain, handlers, isTrusted }: ServeOptions): () => void {
  /** By the page that asked and its own call id, so that one page cannot cancel another's call. */
  const underWay = new Map<string, AbortController>();
  let closing = false;

  ipcMain.handle(channels.request, async (event, name: unknown, input: unknown, callId: unknown) => {
    if (!isTrusted(event)) {
      log.warn('refused a request from an unknown sender', { name });
      return failed({ kind: 'permission', message: 'This page may not talk to Shardboard.' });
    }
    if (closing) return failed({ kind: 'cancelled', message: 'Shardboard is closing.' });
    if (typeof name !== 'string' || !Object.hasOwn(requestInputs, name) || typeof callId !== 'string') {
      return failed({ kind: 'invalid-input', message: 'There is no such request.' });
    }
    const key = `${event.sender.id}:${callId}`;
    if (underWay.has(key)) {
      return failed({ kind: 'invalid-input', message: 'This call id is in use.' });
    }
    const controller = new AbortController();
    underWay.set(key, controller);
    try {
      const ready = await handlers;
      if (controller.signal.aborted) return failed({ kind: 'cancelled', message: 'Cancelled.' });
      return await answer(ready, name as RequestName, input, controller.signal);
    } catch (thrown) {
      // Only the parts that never came together end here; `answer` turns everything else into a value.
      return failed(toFailure(thrown));
    } finally {
      underWay.delete(key);
    }
  });

  ipcMain.on(channels.cancel, (event, callId: unknown) => {
    if (isTrusted(event)) underWay.get(`${event.sender.id}:${String(callId)}`)?.abort();
  });

  return () => {
    closing = true;
    for (const controller of underWay.values()) controller.abort();
  };
}

/** Parses the input and runs the handler; never throws. */
export async function answer<N extends RequestName>(
  handlers: Handlers,
  name: N,
  input: unknown,
  signal: AbortSignal,
): Promise<Result<ReplyOf<N>>> {
  const parsed = requestInputs[name].safeParse(input);
  if (!parsed.success) return failed(invalidInput(parsed.error));
  try {
    const handler = handlers[name] as Handler<N>;
    return success(await handler(parsed.data as ParsedInputOf<N>, signal));
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.kind === 'internal') log.error(`request ${name} failed`, thrown);
    return failed(failure);
  }
}

function invalidInput(error: ZodError): Failure {
  const issues = error.issues.map((issue) => {
    const path = issue.path.map(String).join('.');
    return path ? `${path}: ${issue.message}` : issue.message;
  });
  return {
    kind: 'invalid-input',
    message: `Not accepted: ${issues.join('; ')}.`,
    remedy: 'Correct the entry and try again. Nothing was changed.',
  };
}
