/** The last good snapshot of one cluster, read again on a beat and when asked to. */
import { explainCitusError } from '../citus/citus-errors';
import {
  isSameGlance,
  isSameText,
  parseSnapshot,
  readCatalogCounts,
  readGlance,
  readSnapshotText,
} from '../citus/snapshot';
import type { Glance, SnapshotContent, SnapshotText } from '../citus/snapshot';
import type { Reader } from '../connections/database';
import type { ClusterSnapshot } from '../contract/cluster';
import { FailureError, toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import { createBeat } from './beat';
import { isoTime } from './clock';
import type { Clock } from './clock';
import type { Publish } from './parts';
import type { Revisions } from './revisions';
import { diffContent, keepSame, wholeContent } from './snapshot-changes';

export const longestRefreshMs = 60_000;
/** Between two full readings a glance is enough, as long as it shows nothing new. */
export const fullReadingEveryMs = 120_000;
/** Between two glances the counts of what was written are enough, as long as they are the same. */
export const glanceEveryMs = 30_000;

export interface SnapshotKeeperParts {
  readonly clusterId: string;
  readonly coordinator: () => Reader;
  readonly publish: Publish;
  readonly refreshSeconds: () => number;
  readonly clock: Clock;
  readonly revisions: Revisions;
  readonly onSnapshot: (snapshot: ClusterSnapshot) => void;
  /** A failure that the session's own state does not tell; once until a reading succeeds again. */
  readonly onTrouble: (failure: Failure) => void;
}

export interface SnapshotKeeper {
  /** The last good one, with the time of its last reading. Null before the first. */
  last(): ClusterSnapshot | null;
  /** What the last good one was made from. */
  lastText(): SnapshotText | null;
  /** A reading that begins after this call; those who ask meanwhile share the next. Throws `FailureError`. */
  refresh(signal?: AbortSignal): Promise<ClusterSnapshot>;
  start(): void;
  /** Readings stop; the last good one stays. */
  pause(): void;
}

export function createSnapshotKeeper(parts: SnapshotKeeperParts): SnapshotKeeper {
  const { clusterId, clock } = parts;
  let record: ClusterSnapshot | null = null;
  let known: { readonly text: SnapshotText; readonly content: SnapshotContent } | null = null;
  let fullAt = Number.NEGATIVE_INFINITY;
  let lastGlance: Glance | null = null;
  let glancedAt = Number.NEGATIVE_INFINITY;
  /** Taken before the last glance. */
  let lastCounts: string | null = null;
  let isTroubled = false;
  let tookMs: number | null = null;
  let running: Promise<ClusterSnapshot> | null = null;
  let queued: Promise<ClusterSnapshot> | null = null;
  let stop = new AbortController();
  /** Of the reading that runs. */
  let stopRunning = stop;

  /** Null when nothing differs from what is known. */
  const changeIn = (next: SnapshotText) => {
    if (known && isSameText(next, known.text)) return null;
    const content = parseSnapshot(next, known);
    const change = known ? diffContent(known.content, content) : wholeContent(content);
    known = {
      text: next,
      content: !known ? content : change ? keepSame(known.content, content, change) : known.content,
    };
    return change && { change, content: known.content };
  };

  const seenAgain = (seen: ClusterSnapshot, takenAt: string): ClusterSnapshot => {
    record = { ...seen, takenAt };
    parts.publish('snapshot.seen', { clusterId, revision: record.revision, takenAt });
    parts.onSnapshot(record);
    return record;
  };

  const accept = (next: SnapshotText): ClusterSnapshot => {
    const takenAt = isoTime(clock);
    const found = changeIn(next);
    if (record && !found) return seenAgain(record, takenAt);
    if (found) {
      const base = record?.revision ?? null;
      record = { clusterId, revision: parts.revisions.next(), takenAt, ...found.content };
      parts.publish('snapshot.changed', {
        clusterId,
        revision: record.revision,
        takenAt,
        base,
        ...found.change,
      });
    } else throw new Error('a first reading without content');
    parts.onSnapshot(record);
    return record;
  };

  const readOnce = async (): Promise<ClusterSnapshot> => {
    tookMs = null;
    const began = clock.now();
    stopRunning = stop;
    const { signal } = stopRunning;
    try {
      const next = await readSnapshotText(parts.coordinator(), { signal });
      if (signal.aborted) throw new FailureError({ kind: 'cancelled', message: 'Cancelled.' });
      tookMs = clock.now() - began;
      isTroubled = false;
      fullAt = began;
      return accept(next);
    } catch (thrown) {
      // What a glance has shown was not read: the next one must not take it for known.
      lastGlance = null;
      const error = explainCitusError(thrown, 'the database of the profile');
      const failure = toFailure(error);
      // A slow server that ran into the time limit is left alone for longer; any other failure says nothing about its pace.
      if (failure.kind === 'timeout') tookMs = clock.now() - began;
      if (!isTroubled && !signal.aborted && !isToldBySession(failure)) {
        isTroubled = true;
        parts.onTrouble(failure);
      }
      throw error;
    }
  };

  /** True when no catalog was written to since the last glance, which is not long ago. */
  const isCountedSame = async (reader: Reader, signal: AbortSignal): Promise<boolean> => {
    const catalog = known?.text.facts.catalog;
    const counts = catalog?.countsPromptly ? await readCatalogCounts(reader, catalog, { signal }) : null;
    const isSame = counts !== null && counts === lastCounts;
    lastCounts = counts;
    return isSame && lastGlance !== null && clock.now() - glancedAt < glanceEveryMs;
  };

  const isGlancedSame = async (reader: Reader, signal: AbortSignal): Promise<boolean> => {
    const before = lastGlance;
    lastGlance = null;
    const began = clock.now();
    const seen = await readGlance(reader, { signal });
    lastGlance = seen;
    glancedAt = began;
    return before !== null && isSameGlance(seen, before);
  };

  /**
   * True when counts or a glance show the world as it was read; anything else asks for a full reading. What they are held
   * against was taken before the last full reading, so that a change between the two shows with the next.
   */
  const glance = async (): Promise<boolean> => {
    if (!record || running) return false;
    const began = clock.now();
    const { signal } = stop;
    try {
      const reader = parts.coordinator();
      const isSame = (await isCountedSame(reader, signal)) || (await isGlancedSame(reader, signal));
      if (!isSame || signal.aborted || began - fullAt >= fullReadingEveryMs) return false;
    } catch {
      return false;
    }
    tookMs = clock.now() - began;
    isTroubled = false;
    seenAgain(record, isoTime(clock));
    return true;
  };

  const begin = (): Promise<ClusterSnapshot> => {
    const current = readOnce().finally(() => {
      if (running === current) running = null;
    });
    running = current;
    return current;
  };

  const refresh = (): Promise<ClusterSnapshot> => {
    if (!running) return begin();
    // The one that runs may have begun before the change that somebody wants to see.
    queued ??= running
      .catch(() => undefined)
      .then(() => {
        queued = null;
        return begin();
      });
    return queued;
  };

  const beat = createBeat(
    clock,
    () => ({ baseMs: parts.refreshSeconds() * 1000, longestMs: longestRefreshMs }),
    async () => {
      if (await glance()) return tookMs;
      // One that was stopped when the session was lost is of no use to the session that is open now.
      const isUseful = running && !stopRunning.signal.aborted;
      await (isUseful ? running : refresh())?.catch(() => undefined);
      return tookMs;
    },
  );

  return {
    last: () => record,
    lastText: () => known?.text ?? null,
    refresh: (signal) => withSignal(refresh(), signal),
    start() {
      stop = new AbortController();
      beat.start();
    },
    pause() {
      beat.stop();
      stop.abort();
    },
  };
}

/** These the state of the session tells already, or nobody waits for them. */
function isToldBySession(failure: Failure): boolean {
  return ['not-connected', 'unreachable', 'cancelled'].includes(failure.kind);
}

/** Gives up waiting when `signal` says so; what is waited for goes on for those who share it. */
export async function withSignal<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  const cancelled = (): FailureError => new FailureError({ kind: 'cancelled', message: 'Cancelled.' });
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(cancelled());
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
