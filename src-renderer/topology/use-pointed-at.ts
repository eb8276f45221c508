import { watch } from 'vue';
import type { Ref } from 'vue';
import { useRoute } from 'vue-router';
import type { ShardMap } from './shard-groups';
import { useTopologyStore } from './topology-store';
import type { ClusterMap } from './use-cluster-map';

/** What another page points at: a node (?node=3), a table (?table=16405), or a shard (?shard=102024). */
export function usePointedAt(map: ClusterMap, shards: Readonly<Ref<ShardMap | null>>): void {
  const route = useRoute();
  const view = useTopologyStore();
  watch(
    () => [route.query['node'], route.query['table']] as const,
    ([nodeId, oid]) => {
      if (typeof nodeId === 'string' && /^\d+$/.test(nodeId)) view.selectNode(Number(nodeId));
      if (typeof oid === 'string' && /^\d+$/.test(oid)) view.lightTable(Number(oid));
    },
    { immediate: true },
  );
  // The group of a shard is known once the shards are read; it is shown once, and a person may go on from there.
  watch(
    [() => route.query['shard'], shards] as const,
    ([shardId, known], [before, knownBefore]) => {
      if (typeof shardId !== 'string' || known === null) return;
      if (shardId === before && knownBefore !== null) return;
      const group = known.groupByKey.get(known.groupOfShard.get(shardId) ?? '');
      const node = map.nodes.value.find(
        ({ role, groupId }) => role === 'primary' && group?.groupIds.includes(groupId),
      );
      if (group !== undefined && node !== undefined) view.showGroup(node.nodeId, group.familyKey, group.key);
    },
    { immediate: true },
  );
}
