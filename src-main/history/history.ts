/** The histories of all clusters. Those that are not open are read when somebody asks, and not written. */
import { join } from 'node:path';
import type { ClusterSizes, ClusterSnapshot } from '../contract/cluster';
import type { EventName, Events } from '../contract/events';
import type { HistoryRecord, PastReply } from '../contract/history';
import type { LastSeenStates } from '../contract/node-states';
import type { SessionState } from '../contract/sessions';
import { removeHistoryFile } from '../storage/history-file';
import { createRecording } from './recording';
import type { Recording } from './recording';

export interface History {
  onSession(state: SessionState): void;
  /** To be told every record that is published. */
  onRecord<E extends EventName>(event: E, record: Events[E]): void;
  /** The nodes as they were when the cluster was last watched, before what is recorded now. */
  lastSeen(clusterId: string): Promise<LastSeenStates | null>;
  read(clusterId: string, limit: number): Promise<HistoryRecord>;
  past(clusterId: string, at: string): Promise<PastReply>;
  /** Removes what is kept of a cluster. */
  forget(clusterId: string): Promise<void>;
  close(): Promise<void>;
}

export interface HistoryOptions {
  readonly folder: string;
  readonly publish: (record: Events['history.changed']) => void;
  /** The last good one. */
  readonly snapshot: (clusterId: string) => ClusterSnapshot | null;
  readonly sizes: (clusterId: string) => ClusterSizes | null;
  readonly refreshSeconds: () => number;
  readonly onProblem: (clusterId: string, words: string) => void;
  readonly now?: () => Date;
  readonly limitBytes?: number;
}

const defaultLimitBytes = 5 * 1024 * 1024;
/** Readings are stretched to a minute while the server is slow. */
const shortestGapMs = 180_000;

export function createHistory(options: HistoryOptions): History {
  const recordings = new Map<string, Recording>();
  const revisions = new Map<string, number>();
  /** A file is not opened again before it was closed. */
  const ending = new Map<string, Promise<void>>();

  const pathOf = (clusterId: string): string =>
    join(options.folder, `${encodeURIComponent(clusterId).replaceAll('.', '%2E')}.jsonl`);

  const of = (clusterId: string): Recording => {
    const known = recordings.get(clusterId);
    if (known !== undefined) return known;
    const fresh = createRecording({
      clusterId,
      ready: ending.get(clusterId) ?? Promise.resolve(),
      path: pathOf(clusterId),
      limitBytes: options.limitBytes ?? defaultLimitBytes,
      now: options.now ?? (() => new Date()),
      gapMs: () => Math.max(shortestGapMs, options.refreshSeconds() * 3_000),
      onWritten: (seenAt, total) => {
        const revision = (revisions.get(clusterId) ?? 0) + 1;
        revisions.set(clusterId, revision);
        options.publish({ clusterId, revision, seenAt, total });
      },
      onProblem: (words) => options.onProblem(clusterId, words),
    });
    recordings.set(clusterId, fresh);
    return fresh;
  };

  const end = async (clusterId: string): Promise<void> => {
    const recording = recordings.get(clusterId);
    recordings.delete(clusterId);
    if (recording === undefined) return ending.get(clusterId);
    const closed = recording.close().finally(() => {
      if (ending.get(clusterId) === closed) ending.delete(clusterId);
    });
    ending.set(clusterId, closed);
    await closed;
  };

  return {
    onSession(state) {
      if (state.phase === 'closed' || state.phase === 'failed')
        void end(state.clusterId).catch(() => undefined);
      else if (state.phase !== 'connecting') of(state.clusterId).onSession(state);
    },
    onRecord(event, record) {
      switch (event) {
        case 'snapshot.changed': {
          const { clusterId } = record as Events['snapshot.changed'];
          const snapshot = options.snapshot(clusterId);
          if (snapshot !== null) of(clusterId).onSnapshot(snapshot);
          return;
        }
        case 'snapshot.seen':
          recordings.get((record as Events['snapshot.seen']).clusterId)?.onSeen();
          return;
        case 'reachability.changed': {
          const reachability = record as Events['reachability.changed'];
          recordings.get(reachability.clusterId)?.onReachability(reachability);
          return;
        }
        case 'states.changed': {
          const states = record as Events['states.changed'];
          recordings.get(states.clusterId)?.onConditions(states);
          return;
        }
        case 'sizes.changed': {
          const { clusterId } = record as Events['sizes.changed'];
          const sizes = options.sizes(clusterId);
          if (sizes !== null) recordings.get(clusterId)?.onSizes(sizes);
          return;
        }
        case 'operation.changed': {
          const operation = record as Events['operation.changed'];
          recordings.get(operation.clusterId)?.onOperation(operation);
          return;
        }
        default:
      }
    },
    lastSeen: (clusterId) => of(clusterId).lastSeen(),
    read: (clusterId, limit) => of(clusterId).read(limit, revisions.get(clusterId) ?? 0),
    past: (clusterId, at) => of(clusterId).past(at),
    async forget(clusterId) {
      await end(clusterId);
      await removeHistoryFile(pathOf(clusterId));
    },
    async close() {
      await Promise.all([...recordings.keys()].map(end));
      await Promise.all(ending.values());
    },
  };
}
