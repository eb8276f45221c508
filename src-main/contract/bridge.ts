import type { EventName, Events } from './events';
import type { Result } from './failure';
import type { InputOf, ReplyOf, RequestName } from './requests';

/** What the preload script offers the page as `window.shardboard`; nothing else crosses. */
export interface Bridge {
  /** `callId` is the caller's own and serves to cancel. */
  request<N extends RequestName>(name: N, input: InputOf<N>, callId: string): Promise<Result<ReplyOf<N>>>;
  cancel(callId: string): void;
  /** Returns the function that ends the subscription. */
  on<E extends EventName>(event: E, listener: (record: Events[E]) => void): () => void;
}
