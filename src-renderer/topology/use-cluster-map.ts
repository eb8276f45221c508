/**
 * What the views of a cluster have in common, worked out once per record that changed. What a record did not change stays
 * the same object, so that nothing that hangs on it is worked out again.
 */
import { computed } from 'vue';
import type { ComputedRef, MaybeRefOrGetter } from 'vue';
import type { ClusterNode, NodeReachability } from '../../src-main/contract/cluster';
import type { PastReply } from '../../src-main/contract/history';
import { useCluster } from '../clusters/cluster-store';
import type { ClusterRecords } from '../clusters/cluster-store';
import { usePast } from '../history/use-past';
import { toNodeTitles } from '../nodes/node-names';
import type { NodeTitle } from '../nodes/node-names';
import { reachabilityByNode, toNodeState } from '../nodes/node-words';
import type { NodeState } from '../nodes/node-words';
import { useNow } from '../ui/now';
import { movingOf, noTraffic, toTraffic } from './moves';
import type { Traffic } from './moves';
import { keepEqualEntries } from '../ui/keep-equal';
import { remapShards } from './remap-shards';
import type { MappedShards } from './remap-shards';
import type { ShardMap } from './shard-groups';

export interface ClusterMap extends ClusterRecords {
  readonly nodes: ComputedRef<readonly ClusterNode[]>;
  readonly titles: ComputedRef<ReadonlyMap<number, NodeTitle>>;
  readonly states: ComputedRef<ReadonlyMap<number, NodeState>>;
  /** Nodes that were in the catalogs a short while ago. */
  readonly removed: ComputedRef<readonly { readonly node: ClusterNode; readonly state: NodeState }[]>;
  readonly reachabilityOf: ComputedRef<ReadonlyMap<number, NodeReachability>>;
  /** Null until the catalogs were read once. */
  readonly shards: ComputedRef<ShardMap | null>;
  readonly traffic: ComputedRef<Traffic>;
  /** ISO 8601: the moment in the past that all of this is of; null when it is of now. */
  readonly pastAt: ComputedRef<string | null>;
  /** Why nothing may be changed from here; null when it may. */
  readonly blocked: ComputedRef<string | null>;
}

/** Ages inside sentences are renewed this often; each renewal draws the graph again. */
const beatMs = 30_000;

/**
 * The shards for a view that is shown only once they are known, so that it asks for them itself: handed down from view to view, each
 * change of one shard would draw every view on the way anew. While such a view is being left they are the last that were known.
 */
export function useKnownShards(map: () => ClusterMap): ComputedRef<ShardMap> {
  return computed<ShardMap>((before) => {
    const known = map().shards.value ?? before;
    if (known === undefined) throw new Error('shown before the catalogs were read');
    return known;
  });
}

/** @param past what is shown instead of now; `gap` is a moment of which nothing is known. */
export function useClusterMap(
  clusterId: MaybeRefOrGetter<string>,
  past: MaybeRefOrGetter<PastReply | null> = null,
): ClusterMap {
  const cluster = usePast(useCluster(clusterId), past);
  const now = useNow();
  const coarseNow = computed(() =>
    cluster.pastAt.value === null ? Math.ceil(now.value / beatMs) * beatMs : Date.parse(cluster.pastAt.value),
  );

  const nodes = computed(() => cluster.snapshot.value?.nodes ?? []);
  const titles = computed<ReadonlyMap<number, NodeTitle>>((before) =>
    keepEqualEntries(before, toNodeTitles(nodes.value, cluster.practice.value?.nodes ?? [])),
  );
  const reachabilityOf = computed(() => reachabilityByNode(cluster.reachability.value ?? null));
  const mapped = computed<MappedShards | null>((before) => {
    const snapshot = cluster.snapshot.value;
    return snapshot === undefined ? null : remapShards(before ?? null, snapshot, cluster.sizes.value ?? null);
  });
  const shards = computed(() => mapped.value?.map ?? null);
  const traffic = computed(() =>
    shards.value === null
      ? noTraffic
      : toTraffic(movingOf(cluster.progress.value, cluster.operations.value), nodes.value, shards.value),
  );
  const states = computed<ReadonlyMap<number, NodeState>>((before) => {
    const conditions = new Map(cluster.conditions.value?.nodes.map((one) => [one.nodeId, one]));
    const [flows, nowMs] = [traffic.value, coarseNow.value];
    return keepEqualEntries(
      before,
      new Map(
        nodes.value.map(({ nodeId }) => [
          nodeId,
          toNodeState({ condition: conditions.get(nodeId), traffic: flows, nowMs }),
        ]),
      ),
    );
  });
  const removed = computed(() =>
    (cluster.conditions.value?.removed ?? []).map((one) => ({
      node: one.node,
      state: toNodeState({ condition: one, traffic: noTraffic, nowMs: coarseNow.value }),
    })),
  );
  return { ...cluster, nodes, titles, states, removed, reachabilityOf, shards, traffic };
}
