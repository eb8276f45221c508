import { getCurrentScope, onScopeDispose } from 'vue';
import type { Bridge } from '../../src-main/contract/bridge';
import type { EventName, Events } from '../../src-main/contract/events';
import type { Failure, Result } from '../../src-main/contract/failure';
import type { InputOf, ReplyOf, RequestName } from '../../src-main/contract/requests';

declare global {
  interface Window {
    readonly shardboard?: Bridge;
  }
}

/** Unique per window and reload, so that a call of the page before is never cancelled by mistake. */
const windowId = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;
let lastCall = 0;

const withoutBridge: Failure = {
  kind: 'internal',
  message: 'This window is not connected to the app.',
  meaning: 'Nothing can be read or changed from here.',
  remedy: 'Close the window and start Shardboard again.',
};

export interface RequestOptions {
  /** Aborting it cancels the call in main; the answer is a failure of kind `cancelled` unless it was done already. */
  readonly signal?: AbortSignal;
}

/** Asks main. Never throws: what goes wrong comes back as a `Failure`. A request without input takes `undefined`. */
export async function request<N extends RequestName>(
  name: N,
  input: InputOf<N>,
  options: RequestOptions = {},
): Promise<Result<ReplyOf<N>>> {
  const bridge = window.shardboard;
  if (bridge === undefined) return { ok: false, failure: withoutBridge };
  const { signal } = options;
  const cancelled: Result<never> = { ok: false, failure: { kind: 'cancelled', message: 'Cancelled.' } };
  if (signal?.aborted === true) return cancelled;

  lastCall += 1;
  const callId = `${windowId}-${lastCall}`;
  const onAbort = (): void => bridge.cancel(callId);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    // A success that came in spite of the cancelling is told: what was done must not read as not done.
    return await bridge.request(name, input, callId);
  } catch (thrown) {
    return {
      ok: false,
      failure: {
        kind: 'internal',
        message: 'The app did not answer.',
        meaning: 'What was asked for may or may not have been done.',
        remedy: 'Look at the current state before asking again; the log holds the details.',
        serverMessage: thrown instanceof Error ? thrown.message : String(thrown),
      },
    };
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Listens until the component (or effect scope) around it ends; outside of one, until the returned function is called. */
export function onEvent<E extends EventName>(event: E, listener: (record: Events[E]) => void): () => void {
  const off = window.shardboard?.on(event, listener) ?? (() => undefined);
  if (getCurrentScope() !== undefined) onScopeDispose(off);
  return off;
}

/** Puts text on the clipboard through main. True when it is there. */
export async function copyText(text: string): Promise<boolean> {
  return (await request('app.copyText', { text })).ok;
}

/** Asks where to, then writes. Null when the person closed the dialog. */
export function saveTextFile(
  suggestedName: string,
  text: string,
): Promise<Result<{ readonly path: string } | null>> {
  return request('app.saveTextFile', { suggestedName, text });
}
