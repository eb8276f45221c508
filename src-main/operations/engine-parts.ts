/** What the engine is given from outside. Everything that touches the world comes through here, so tests can replace it. */
import type { Reader, Writer } from '../connections/database';
import type { ClusterSizes, ClusterSnapshot } from '../contract/cluster';
import type { HealthReport } from '../contract/health';
import type { Operation } from '../contract/operations';
import type { RebalanceExploration } from '../contract/rebalance';
import type { AuditLine } from '../storage/audit-trail';
import type { AskedRebalance } from '../plans/explore-rebalance';
import type { MoveTimes } from '../plans/move-estimate';
import { stallMs } from '../plans/move-stall';
import type { MakePlan } from './facts';
import type { Journal } from './journal';
import type { StepTable } from './steps';

/** A way to the cluster. It may end at any time; the engine asks for it anew each time it needs one. */
export interface ClusterAccess {
  readonly reader: Reader;
  /** Changes the coordinator. The engine puts the audit trail in front of it. */
  readonly writer: Writer;
  /** The cluster as the person named it. */
  readonly name: string;
  /** `host:port` as dialled. */
  readonly address: string;
  /** Sessions with the coordinator for changes side by side, numbered from 0; closed by themselves when idle. */
  lane(index: number): Promise<Writer>;
  /** For reads that wait for other nodes, so that they hold up no other read. */
  aside(): Promise<Reader>;
  /** Another server by the cluster's credentials. Throws `FailureError` when this workstation does not reach it. */
  node(address: { readonly host: string; readonly port: number }): Promise<Writer>;
}

export interface AuditAppender {
  /** Resolves when the line is on the disk. */
  append(line: AuditLine): Promise<unknown>;
}

/** Milliseconds. */
export interface EngineTiming {
  /** Between two looks at a job or a process that is followed. */
  readonly pollMs: number;
  /** Between two attempts to reach the cluster again. */
  readonly retryMs: number;
  /** How long a lost connection is waited for in the middle of a step. */
  readonly reconnectLimitMs: number;
  /** How long `close` waits for a statement that runs. */
  readonly closeLimitMs: number;
  /** Limit for the reads that plans and observations make. */
  readonly readLimitMs: number;
  /** Before another attempt at a move; after the last a person is asked. Citus's own jobs try for half an hour. */
  readonly moveRetriesMs: readonly number[];
  /** Without progress for so long, a move is asked about. */
  readonly stallMs: number;
}

export const defaultTiming: EngineTiming = {
  pollMs: 1_000,
  retryMs: 2_000,
  reconnectLimitMs: 120_000,
  closeLimitMs: 3_000,
  readLimitMs: 30_000,
  moveRetriesMs: [5_000, 20_000, 60_000],
  stallMs,
};

export interface OperationsOptions {
  /** Throws `FailureError` (`not-connected`) while the cluster's session is not open. */
  readonly session: (clusterId: string) => ClusterAccess;
  /** Read now, not from memory. */
  readonly snapshot: (clusterId: string, signal: AbortSignal) => Promise<ClusterSnapshot>;
  readonly sizes: (clusterId: string, signal: AbortSignal) => Promise<ClusterSizes>;
  /** A rebalance as it would be now, under these constraints. */
  readonly explore: (
    snapshot: ClusterSnapshot,
    asked: AskedRebalance,
    signal: AbortSignal,
  ) => Promise<RebalanceExploration>;
  /** The last report of the health page, made afresh where it is old. */
  readonly health: (clusterId: string, signal: AbortSignal) => Promise<HealthReport>;
  readonly audit: AuditAppender;
  readonly moveTimes: MoveTimes;
  /** One file an operation lies here. */
  readonly journalFolder: string;
  /** Called with the whole record after every change of it. */
  readonly publish: (operation: Operation) => void;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly timing?: Partial<EngineTiming>;
  /** Replaced in tests; the default writes to `journalFolder`. */
  readonly journal?: Journal;
  /** Replaced in tests, to run the engine over a world of their own. */
  readonly steps?: StepTable;
  readonly makePlan?: MakePlan;
  /** Waits, or ends early when the signal aborts. Replaced in tests. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export async function waitFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener('abort', finish, { once: true });
  });
}
