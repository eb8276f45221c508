import type { Bridge } from '../../src-main/contract/bridge';
import type { EventName, Events } from '../../src-main/contract/events';
import type { Result } from '../../src-main/contract/failure';
import type { InputOf, ReplyOf, RequestName } from '../../src-main/contract/requests';

type Answer<N extends RequestName> = (
  input: InputOf<N>,
  signal: AbortSignal,
) => ReplyOf<N> | Result<ReplyOf<N>> | Promise<ReplyOf<N> | Result<ReplyOf<N>>>;
export type Answers = { readonly [N in RequestName]?: Answer<N> };

export interface FakeBridge extends Bridge {
  /** Every request so far, in order. */
  readonly calls: readonly {
    readonly name: RequestName;
    readonly input: unknown;
    readonly callId: string;
  }[];
  /** Ids of the calls that were cancelled. */
  readonly cancelled: readonly string[];
  emit<E extends EventName>(event: E, record: Events[E]): void;
  /** How many listen to an event now. */
  listenerCount(event: EventName): number;
  /** Replaces or adds answers. */
  answer(answers: Answers): void;
}

/**
 * Stands in for the preload script's bridge. An answer is a value or a whole `Result`; a request without an answer
 * fails with a message that names it. A cancelled call answers with the failure `cancelled`, as main does.
 */
export function createFakeBridge(initial: Answers = {}): FakeBridge {
  const answers = new Map<string, Answer<never>>();
  const listeners = new Map<EventName, Set<(record: never) => void>>();
  const open = new Map<string, AbortController>();
  const calls: { name: RequestName; input: unknown; callId: string }[] = [];
  const cancelled: string[] = [];

  const bridge: FakeBridge = {
    calls,
    cancelled,
    async request(name, input, callId) {
      calls.push({ name, input, callId });
      const answer = answers.get(name);
      if (answer === undefined) {
        return {
          ok: false,
          failure: { kind: 'internal', message: `The fake bridge has no answer for ${name}.` },
        };
      }
      const controller = new AbortController();
      open.set(callId, controller);
      const aborted = new Promise<Result<never>>((resolve) => {
        controller.signal.addEventListener('abort', () =>
          resolve({ ok: false, failure: { kind: 'cancelled', message: 'Cancelled.' } }),
        );
      });
      const answered = Promise.resolve(answer(input as never, controller.signal)).then(toResult);
      const result = await Promise.race([answered, aborted]);
      open.delete(callId);
      return result as Result<ReplyOf<typeof name>>;
    },
    cancel(callId) {
      cancelled.push(callId);
      open.get(callId)?.abort();
    },
    on(event, listener) {
      const of = listeners.get(event) ?? new Set();
      listeners.set(event, of);
      of.add(listener as (record: never) => void);
      return () => of.delete(listener as (record: never) => void);
    },
    emit(event, record) {
      for (const listener of listeners.get(event) ?? []) listener(record as never);
    },
    listenerCount: (event) => listeners.get(event)?.size ?? 0,
    answer(more) {
      for (const [name, one] of Object.entries(more)) answers.set(name, one as Answer<never>);
    },
  };
  bridge.answer(initial);
  return bridge;
}

function toResult(value: unknown): Result<unknown> {
  const isResult =
    typeof value === 'object' && value !== null && 'ok' in value && typeof value.ok === 'boolean';
  return isResult ? (value as Result<unknown>) : { ok: true, value };
}

/** Puts it where the page looks for it; the returned function takes it away. */
export function installBridge(bridge: Bridge): () => void {
  Object.defineProperty(window, 'shardboard', { value: bridge, configurable: true });
  return () => {
    Object.defineProperty(window, 'shardboard', { value: undefined, configurable: true });
  };
}
