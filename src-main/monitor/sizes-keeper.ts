/** The last good sizes of one cluster, read only when somebody looks. */
import { readShardSizes, toSizes } from '../citus/sizes';
import type { CatalogFacts } from '../citus/capabilities';
import type { Reader } from '../connections/database';
import type { ClusterSizes, ClusterSnapshot } from '../contract/cluster';
import { toFailure } from '../contract/failure';
import { isoTime } from './clock';
import type { Clock } from './clock';
import type { Publish } from './parts';
import type { Revisions } from './revisions';

export interface SizesKeeperParts {
  readonly clusterId: string;
  readonly aside: () => Promise<Reader>;
  /** The catalogs to hold the answer against; reads them where they were not read yet. */
  readonly catalogs: () => Promise<{ readonly snapshot: ClusterSnapshot; readonly catalog: CatalogFacts }>;
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
}

export function createSizesKeeper(parts: SizesKeeperParts): SizesKeeper {
  const { clusterId, clock } = parts;
  let good: ClusterSizes | null = null;
  let shown: ClusterSizes | null = null;
  let running: Promise<ClusterSizes> | null = null;

  const show = (sizes: ClusterSizes): ClusterSizes => {
    shown = sizes;
    parts.publish('sizes.changed', sizes);
    return sizes;
  };

  const readOnce = async (): Promise<ClusterSizes> => {
    try {
      const { snapshot, catalog } = await parts.catalogs();
      const reader = await parts.aside();
      const began = clock.now();
      const bytes = await readShardSizes(reader, catalog);
      const tookMs = clock.now() - began;
      const sizes = toSizes(bytes, snapshot);
      const revision = parts.revisions.next();
      const bytesRevision =
        good && isSameBytes(good.shardBytes, sizes.shardBytes) ? good.bytesRevision : revision;
      good = { clusterId, revision, takenAt: isoTime(clock), tookMs, ...sizes, bytesRevision };
      return show(good);
    } catch (error) {
      if (!good) throw error;
      const words = `Reading the sizes again failed at ${isoTime(clock)}: ${toFailure(error).message}`;
      return show({
        ...good,
        revision: parts.revisions.next(),
        incomplete: good.incomplete ? `${words} ${good.incomplete}` : words,
      });
    }
  };

  return {
    last: () => shown,
    read(maxAgeMs) {
      if (running) return running;
      if (good && clock.now() - Date.parse(good.takenAt) <= maxAgeMs) return Promise.resolve(shown ?? good);
      const current = readOnce().finally(() => (running = null));
      running = current;
      return current;
    },
  };
}

function isSameBytes(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): boolean {
  const ids = Object.keys(one);
  return ids.length === Object.keys(other).length && ids.every((id) => one[id] === other[id]);
}
