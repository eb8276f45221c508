/** What state each node is in, why, and since when: judged in main, so that every view and every reload tell the same. */
import type { ClusterNode } from './cluster';

/** Their words and exact meanings stand in `contract/words.ts`. */
export type NodeStateName =
  | 'active'
  | 'added'
  | 'draining'
  | 'to-be-drained'
  | 'drained'
  | 'suspect'
  | 'not-synced'
  | 'unreachable'
  | 'inactive'
  | 'removed'
  | 'unknown';

export type NodeRoleName =
  | 'coordinator'
  | 'coordinator-with-shards'
  | 'primary'
  | 'secondary'
  | 'coordinator-secondary'
  | 'clone'
  | 'unavailable';

export interface NodeCondition {
  readonly nodeId: number;
  readonly state: NodeStateName;
  readonly role: NodeRoleName;
  /** One or two sentences, without the time. */
  readonly why: string;
  /** ISO 8601: since when it is in this state, as far as this app has seen without a break. */
  readonly since: string;
  /** ISO 8601 both: it was in the same state before a time in which nobody looked. Absent: not, or not known. */
  readonly before?: { readonly since: string; readonly until: string };
}

/** What was known of the nodes when they were last watched, before the app ended or the session was closed. */
export interface LastSeenStates {
  /** ISO 8601: until when they were watched. */
  readonly at: string;
  readonly nodes: readonly ClusterNode[];
  readonly conditions: readonly NodeCondition[];
}

/** A node that is in the catalogs no more; its row as it was last read. */
export interface RemovedNode extends NodeCondition {
  readonly node: ClusterNode;
}

export interface ClusterNodeStates {
  readonly clusterId: string;
  readonly revision: number;
  /** ISO 8601, of the last change of any of them. */
  readonly takenAt: string;
  readonly nodes: readonly NodeCondition[];
  /** Those that went within the last ten minutes, newest first. */
  readonly removed: readonly RemovedNode[];
}
