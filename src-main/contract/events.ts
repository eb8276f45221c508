import type { Notice, SettingsRecord } from './app';
import type { ClusterReachability, JobProgress, SizesChange, SnapshotChange } from './cluster';
import type { HealthReport } from './health';
import type { ClusterNodeStates } from './node-states';
import type { Operation } from './operations';
import type { PracticeList } from './practice';
import type { ProfileList } from './profiles';
import type { SessionState } from './sessions';

/**
 * Each event carries the whole record with its revision, so a lost or late one does no harm: the reader keeps
 * the highest revision it has seen of each record. Of a snapshot and of sizes, the largest records by far, it carries what
 * differs from the revision before; a reader that does not hold that one asks for the whole.
 */
export interface Events {
  'session.changed': SessionState;
  /** Sent only when the revision rose; `snapshot.seen` says that the world was read again and is the same. */
  'snapshot.changed': SnapshotChange;
  'snapshot.seen': { readonly clusterId: string; readonly revision: number; readonly takenAt: string };
  'reachability.changed': ClusterReachability;
  'states.changed': ClusterNodeStates;
  'sizes.changed': SizesChange;
  'progress.changed': JobProgress;
  'health.changed': HealthReport;
  /** Without its content, which is asked for by those who look. `seenAt`: until when it reaches. */
  'history.changed': {
    readonly clusterId: string;
    readonly revision: number;
    readonly seenAt: string;
    readonly total: number;
  };
  'operation.changed': Operation;
  'practice.changed': PracticeList;
  'profiles.changed': ProfileList;
  'settings.changed': SettingsRecord;
  notice: Notice;
}

export type EventName = keyof Events;
