/** What every step is made of: act once, and look at any time. */
import type { BackendIdentity } from '../../citus/operation-reads';
import type { Reader, Writer } from '../../connections/database';
import type { ClusterSizes, ClusterSnapshot, Stall } from '../../contract/cluster';
import type {
  DurationRange,
  ItemProgress,
  PlannedItem,
  StepAction,
  StepItem,
} from '../../contract/operations';
import type { RebalanceReport } from '../../contract/rebalance';
import type { MoveSample } from '../../plans/move-estimate';
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
  /** Until it has ended, where that can be told. */
  readonly remainingMs?: DurationRange | null;
  /** Null: it comes on. */
  readonly stall?: Stall | null;
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
  readonly now: () => Date;
  /** A person wants to pause: what runs is finished, nothing more is begun. */
  readonly holding: () => boolean;
  /** Sessions for statements side by side, numbered from 0. Each is opened when first asked for. */
  readonly lane: (index: number) => Promise<Writer>;
  /** For reads that wait for other nodes. */
  readonly aside: () => Promise<Reader>;
  readonly items: StepItems;
  /** How long the moves of this cluster took. */
  readonly times: {
    readonly samples: () => readonly MoveSample[];
    readonly note: (sample: MoveSample) => void;
  };
  /** The cluster as it is now, sizes included. */
  readonly look: () => Promise<{ readonly snapshot: ClusterSnapshot; readonly sizes: ClusterSizes }>;
  readonly balance: { readonly report: () => RebalanceReport | null; readonly note: NoteReport };
}

export type NoteReport = (report: RebalanceReport) => Promise<void>;

/** Parts of the step that begin and end by themselves. */
export interface StepItems {
  readonly all: () => readonly StepItem[];
  /** One that the cluster alone knew of; resolves when it is in the journal. */
  readonly add: (item: PlannedItem) => Promise<void>;
  /** The server process that was told to act on one last. */
  readonly backendOf: (itemId: string) => BackendIdentity | null;
  /** Resolves when it is in the journal: before a part is begun, and after it has ended. */
  readonly note: (
    itemId: string,
    change: Partial<Omit<StepItem, 'itemId' | 'live'>>,
    backend?: BackendIdentity,
  ) => Promise<void>;
  /** Shown and not kept. */
  readonly show: (live: ReadonlyMap<string, ItemProgress>) => void;
}

export interface StepResult {
  readonly outcome: string;
  readonly notices: readonly string[];
  /** Known from here on, also to `observe`. */
  readonly memory?: StepMemory;
  /** It was asked to hold, or cannot go on unasked: why. Executing it again does what is left. */
  readonly held?: string;
}

export interface Step<A extends StepAction = StepAction> {
  /** Whether executing it a second time, once it was seen to be absent, can do no harm. */
  readonly retrySafe: boolean;
  /** Changes nothing, so that it needs nobody's word after a restart. */
  readonly onlyReads?: boolean;
  /** Heeds `holding`, so that it can be paused in its middle. */
  readonly canHold?: boolean;
  /** Reads what must be known afterwards; written to the journal before `execute`. */
  readonly prepare?: (context: StepContext<A>) => Promise<StepMemory>;
  /** Sends the statements. Resolves when the server said yes; throws `FailureError` otherwise. */
  readonly execute: (context: StepContext<A>) => Promise<StepResult>;
  readonly observe: (context: StepContext<A>) => Promise<Observation>;
  /** Notes how its parts stand, where an attempt left some open; after `observe` found nothing at work. */
  readonly settle?: (context: StepContext<A>) => Promise<void>;
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
