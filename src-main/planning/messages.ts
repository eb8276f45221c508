/** What a planner thread and its owner say to one another. */
import type { Failure } from '../contract/failure';
import type { PlannerTask } from './tasks';
import type { Slice } from './slices';

export type ToThread =
  | { readonly type: 'begin'; readonly callId: number; readonly rest: unknown }
  | { readonly type: 'more'; readonly callId: number; readonly slice: Slice }
  | { readonly type: 'call'; readonly callId: number; readonly task: PlannerTask };

export type FromThread =
  | { readonly type: 'answer'; readonly callId: number; readonly output: unknown }
  | { readonly type: 'failed'; readonly callId: number; readonly failure: Failure };

/** A worker, or a port to one. */
export interface Port<Sent, Received> {
  postMessage(message: Sent): void;
  on(event: 'message', listener: (message: Received) => void): unknown;
}
