/** The last good sizes of one cluster, read only when somebody looks. */
import { readShardSizes, toSizes } from '../citus/sizes';
import type { CatalogFacts } from '../citus/capabilities';
import type { Reader } from '../connections/database';
import type { ClusterSizes, ClusterSnapshot, SizesWanted } from '../contract/cluster';
import { toFailure } from '../contract/failure';
import { isoTime } from './clock';
import type { Clock } from './clock';
import type { Publish } from './parts';
import type { Revisions } from './revisions';
import { diffSizes, isEmptyChange, toSizesChange } from './sizes-changes';
import type { GoodSizes } from './sizes-changes';

/**
 * Between two readings for those who only look, the nodes rest for so many times what the last one took, up to the usual
 * rest; those that take long have a longer one.
 */
const restFactor = 4_000;
const shortestRestMs = 30_000;
const usualRestMs = 300_000;
const longRestFactor = 1_200;
const longestRestMs = 3_600_000;
/** And twice as long after each reading that was like the one before it, up to this. */
const steadyRestMs = 600_000;
/** One that failed, as where a node hangs, has held up the coordinator for long. */
const failedRestMs = 120_000;

export interface SizesKeeperParts {
  readonly clusterId: string;
  readonly aside: () => Promise<Reader>;
  /** The catalogs to hold the answer against; reads them where they were not read yet. */
  readonly catalogs: () => Promise<{ readonly snapshot: ClusterSnapshot; readonly catalog: CatalogFacts }>;
  /** Of the last good snapshot. */
  readonly snapshotRevision: () => number | null;
  readonly publish: Publish;
  readonly clock: Clock;
  readonly revisions: Revisions;
}

export interface SizesKeeper {
  last(): ClusterSizes | null;
  /**
   * An answer not older than `maxAgeMs`; joins a reading that is under way. When it fails, the last good answer with its
   * own time and words on what failed; throws where there is none.
   */
  read(maxAgeMs: number): Promise<ClusterSizes>;
  /** The same, as old as those may be who look: the dearer a reading is, and the longer nothing changed, the older. */
  look(wanted: SizesWanted): Promise<ClusterSizes>;
}

/** Milliseconds between two readings while sizes change, when one takes `tookMs`. */
export function sizesRestMs(tookMs: number): number {
  const usual = Math.min(restFactor * tookMs, usualRestMs);
  return Math.min(Math.max(shortestRestMs, usual, longRestFactor * tookMs), longestRestMs);
}

export function createSizesKeeper(parts: SizesKeeperParts): SizesKeeper {
  const { clusterId, clock } = parts;
  let good: GoodSizes | null = null;
  let shown: ClusterSizes | null = null;
  let running: Promise<ClusterSizes> | null = null;
  let tookMs = 0;
  let failedAt = Number.NEGATIVE_INFINITY;
  /** Of the snapshot that `good` was held against. */
  let heldAgainst: number | null = null;
  /** Readings one after the other that were like the one before. */
  let steady = 0;

  const show = (sizes: GoodSizes, before: GoodSizes | null): ClusterSizes => {
    shown = sizes;
    parts.publish('sizes.changed', toSizesChange(before, sizes));
    return sizes;
  };

  const readOnce = async (): Promise<ClusterSizes> => {
    const before = good;
    try {
      const { snapshot, catalog } = await parts.catalogs();
      const reader = await parts.aside();
      const began = clock.now();
      const bytes = await readShardSizes(reader, catalog);
      tookMs = clock.now() - began;
      const sizes = toSizes(bytes, snapshot);
      const revision = parts.revisions.next();
      const isSame = before !== null && isEmptyChange(diffSizes(before.shardBytes, sizes.shardBytes));
      steady = isSame && heldAgainst === snapshot.revision ? steady + 1 : 0;
      heldAgainst = snapshot.revision;
      failedAt = Number.NEGATIVE_INFINITY;
      good = {
        clusterId,
        revision,
        takenAt: isoTime(clock),
        incomplete: sizes.incomplete,
        shardBytes: isSame ? before.shardBytes : sizes.shardBytes,
        bytesRevision: isSame ? before.bytesRevision : revision,
      };
      return show(good, before);
    } catch (error) {
      failedAt = clock.now();
      if (!before) throw error;
      const words = `Reading the sizes again failed at ${isoTime(clock)}: ${toFailure(error).message}`;
      return show(
        {
          ...before,
          revision: parts.revisions.next(),
          incomplete: before.incomplete ? `${words} ${before.incomplete}` : words,
        },
        before,
      );
    }
  };

  const readNow = (): Promise<ClusterSizes> => {
    running ??= readOnce().finally(() => (running = null));
    return running;
  };

  const read = (maxAgeMs: number): Promise<ClusterSizes> =>
    !running && good && clock.now() - Date.parse(good.takenAt) <= maxAgeMs
      ? Promise.resolve(shown ?? good)
      : readNow();

  const restMs = (wanted: Exclude<SizesWanted, 'now'>): number => {
    const baseMs = sizesRestMs(tookMs);
    const isMoved = parts.snapshotRevision() !== heldAgainst;
    return wanted === 'arriving' || isMoved
      ? baseMs
      : Math.min(baseMs * 2 ** Math.min(steady, 10), Math.max(baseMs, steadyRestMs));
  };

  return {
    last: () => shown,
    read,
    look(wanted) {
      if (wanted === 'now') return readNow();
      if (shown && clock.now() - failedAt < failedRestMs) return Promise.resolve(shown);
      return read(restMs(wanted));
    },
  };
}
