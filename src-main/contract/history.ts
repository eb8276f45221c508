/** What is kept on this workstation of a cluster's past: what changed, and how the topology was. */
import { z } from 'zod';
import type { ClusterReachability, ClusterSizes, ClusterSnapshot } from './cluster';
import type { ClusterNodeStates } from './node-states';

/** What a change is about; the timeline is filtered by it. */
export type HistoryKind = 'node' | 'placement' | 'table' | 'version' | 'operation' | 'job' | 'connection';

export interface HistoryEvent {
  /** Unique in the history of its cluster; later ones are larger. */
  readonly eventId: number;
  /** ISO 8601: when it was seen. */
  readonly at: string;
  /** ISO 8601: set when it happened while nothing was recorded, some time after this. */
  readonly notBefore: string | null;
  readonly kind: HistoryKind;
  /** How it weighs: something broke, wants attention, began, is well again, or only happened. */
  readonly level: 'bad' | 'mind' | 'busy' | 'ok' | 'mute';
  /** `host:port`, table, title of an operation. */
  readonly subject: string;
  /** What happened to it, without its name: "went away: connection refused". */
  readonly text: string;
  /** `host:port` of every node it concerns. */
  readonly nodes: readonly string[];
}

/** ISO 8601 both: between them the cluster was looked at. Outside of every span nothing is known. */
export interface HistorySpan {
  readonly from: string;
  readonly to: string;
}

export interface HistoryRecord {
  readonly clusterId: string;
  readonly revision: number;
  /** Oldest first, without overlap. */
  readonly spans: readonly HistorySpan[];
  /** The newest, oldest first. */
  readonly events: readonly HistoryEvent[];
  /** How many are kept; more than `events` where that many were not asked for. */
  readonly total: number;
  readonly sizeBytes: number;
  /** Bytes beyond which the oldest is thinned. */
  readonly limitBytes: number;
  /** What could not be read or written, in words. */
  readonly problem: string | null;
}

/** The cluster as it was at a moment. Running moves and latencies are not kept. */
export interface ClusterPast {
  readonly outcome: 'past';
  /** ISO 8601, as asked for. */
  readonly at: string;
  readonly snapshot: ClusterSnapshot;
  /** Kept with two digits, and renewed where they changed by a tenth. Null when they were not known. */
  readonly sizes: ClusterSizes | null;
  readonly reachability: ClusterReachability;
  readonly conditions: ClusterNodeStates;
  /** Whether the coordinator answered; else the catalogs are those of before. */
  readonly isConnected: boolean;
}

export type PastReply =
  | ClusterPast
  /** Nothing was recorded at that moment; null where there is nothing on that side. */
  | {
      readonly outcome: 'gap';
      readonly at: string;
      readonly before: string | null;
      readonly after: string | null;
    };

const clusterId = z.string().min(1).max(80);
export const historyInput = z.object({ clusterId, limit: z.number().int().min(1).max(20_000) });
export const pastInput = z.object({ clusterId, at: z.string().datetime() });
