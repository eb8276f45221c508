/** What every step is made of: act once, and look at any time. */
import type { Reader, Writer } from '../../connections/database';
import type { StepAction } from '../../contract/operations';
import type { EngineTiming } from '../engine-parts';
import type { StepMemory } from '../journal';

export type ActionOf<T extends StepAction['type']> = Extract<StepAction, { type: T }>;

/**
 * What the world says about a step, whatever the journal says:
 * - `absent`: nothing of it is there, or too little; executing it (again) is what remains.
 * - `underway`: the cluster still works on it without this app.
 * - `done`: what the step is for holds.
 * - `conflict`: something else is there; a person has to decide.
 */
export type Observation =
  | { readonly state: 'absent'; readonly words: string }
  | { readonly state: 'underway'; readonly words: string }
  | { readonly state: 'done'; readonly words: string; readonly jobId?: string }
  | { readonly state: 'conflict'; readonly words: string };

export interface StepReport {
  /** 0..1 */
  readonly progress?: number;
  readonly outcome?: string;
  /** Null takes an earlier one back. */
  readonly attention?: string | null;
  readonly notices?: readonly string[];
}

export interface StepContext<A extends StepAction = StepAction> {
  readonly action: A;
  /** Asked anew at each use: a session may have been replaced meanwhile. Both throw while it is not open. */
  readonly reader: () => Reader;
  readonly writer: () => Writer;
  /** Role that the session runs as. */
  readonly role: () => Promise<string>;
  /** What `prepare` noted before the latest attempt; empty when there was none. */
  readonly memory: StepMemory;
  /** Job that an earlier step of the operation started. */
  readonly jobId: string | null;
  readonly signal: AbortSignal;
  readonly timing: EngineTiming;
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly report: (report: StepReport) => void;
}

export interface StepResult {
  readonly outcome: string;
  readonly notices: readonly string[];
  /** Known from here on, also to `observe`. */
  readonly memory?: StepMemory;
}

export interface Step<A extends StepAction = StepAction> {
  /** Whether executing it a second time, once it was seen to be absent, can do no harm. */
  readonly retrySafe: boolean;
  /** Reads what must be known afterwards; written to the journal before `execute`. */
  readonly prepare?: (context: StepContext<A>) => Promise<StepMemory>;
  /** Sends the statements. Resolves when the server said yes; throws `FailureError` otherwise. */
  readonly execute: (context: StepContext<A>) => Promise<StepResult>;
  readonly observe: (context: StepContext<A>) => Promise<Observation>;
  /** For work that the cluster does by itself: resolves when it has ended well, throws when it has not. */
  readonly follow?: (context: StepContext<A>) => Promise<StepResult>;
  /** Asks the cluster to stop what `follow` follows. Without it the statement that runs is cancelled. */
  readonly stop?: (context: StepContext<A>) => Promise<void>;
}

export function noticeWords(
  notices: readonly { readonly severity: string; readonly message: string; readonly detail?: string }[],
): readonly string[] {
  return notices.map(
    (notice) => `${notice.severity}: ${notice.message}${notice.detail ? ` (${notice.detail})` : ''}`,
  );
}
