/** A thread that plans, so that the window never waits for a plan; ended, it forgets what it holds. */
import { FailureError } from '../contract/failure';
import type { FromThread, Port, ToThread } from './messages';
import { split } from './slices';
import type { InputOf, OutputOf, PlannerTask } from './tasks';

export interface PlannerThread {
  /**
   * Calls are answered in the order of asking. Throws `FailureError`; an abort ends the thread where the call has been
   * sent, because nothing else stops a plan that is being made.
   */
  ask<T extends PlannerTask>(task: T, input: InputOf<T>, signal?: AbortSignal): Promise<OutputOf<T>>;
  readonly isEnded: () => boolean;
  end(): void;
}

export interface ThreadPort extends Port<ToThread, FromThread> {
  on(event: 'message', listener: (message: FromThread) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  terminate(): unknown;
}

/** Milliseconds of copying, after which others have their turn. */
const turnMs = 8;

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: FailureError) => void;
}

export function startPlannerThread(open: () => ThreadPort): PlannerThread {
  const port = open();
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  let ended = false;
  /** A call begins to be sent when the one before has been. */
  let sending: Promise<void> = Promise.resolve();

  const endWith = (failure: ConstructorParameters<typeof FailureError>[0]): void => {
    if (ended) return;
    ended = true;
    port.terminate();
    for (const { reject } of waiting.values()) reject(new FailureError(failure));
    waiting.clear();
  };
  port.on('message', (message: FromThread) => {
    const call = waiting.get(message.callId);
    waiting.delete(message.callId);
    if (message.type === 'answer') call?.resolve(message.output);
    else call?.reject(new FailureError(message.failure));
  });
  port.on('error', (error: Error) =>
    endWith({ kind: 'internal', message: 'The thread that plans has ended.', detail: error.message }),
  );

  const send = async (callId: number, task: PlannerTask, input: unknown): Promise<void> => {
    const { rest, slices } = split(input);
    port.postMessage({ type: 'begin', callId, rest });
    let began = performance.now();
    for (const slice of slices) {
      port.postMessage({ type: 'more', callId, slice });
      if (performance.now() - began < turnMs) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (ended) return;
      began = performance.now();
    }
    port.postMessage({ type: 'call', callId, task });
  };

  return {
    isEnded: () => ended,
    end: () => endWith({ kind: 'cancelled', message: 'Cancelled.' }),
    async ask<T extends PlannerTask>(task: T, input: InputOf<T>, signal?: AbortSignal): Promise<OutputOf<T>> {
      const callId = (calls += 1);
      const stop = (): void => endWith({ kind: 'cancelled', message: 'Cancelled.' });
      const turn = sending;
      let sent: () => void = () => undefined;
      sending = new Promise((resolve) => (sent = resolve));
      try {
        await turn;
        if (ended || signal?.aborted) throw new FailureError({ kind: 'cancelled', message: 'Cancelled.' });
        const answer = new Promise<unknown>((resolve, reject) => waiting.set(callId, { resolve, reject }));
        // A rejection while the input is still being sent is seen below.
        answer.catch(() => undefined);
        signal?.addEventListener('abort', stop, { once: true });
        await send(callId, task, input);
        sent();
        return (await answer) as OutputOf<T>;
      } finally {
        sent();
        waiting.delete(callId);
        signal?.removeEventListener('abort', stop);
      }
    },
  };
}
