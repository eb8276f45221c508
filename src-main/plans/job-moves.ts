/** The tasks of a background job as moves of shard groups: what travels along, from where to where. Pure. */
import type { ClusterSnapshot, TaskProgress } from '../contract/cluster';
import type { PlannedItem } from '../contract/operations';
import { addressOf, listed, readable } from './plan';
import { groupKey } from './rebalance-moves';
import type { ShardBytes } from './rebalance-moves';

/** By task id; tasks that move no shard are left out. */
export function jobMoves(
  snapshot: Pick<ClusterSnapshot, 'nodes' | 'tables' | 'shards'>,
  shardBytes: ShardBytes,
  tasks: readonly TaskProgress[],
): ReadonlyMap<string, PlannedItem> {
  const tables = new Map(snapshot.tables.map((table) => [table.oid, table]));
  const nodes = new Map(snapshot.nodes.map((node) => [node.nodeId, addressOf(node)]));
  const keyOf = new Map<string, string>();
  const members = new Map<string, { readonly shardId: string; readonly table: string }[]>();
  for (const shard of snapshot.shards) {
    const table = tables.get(shard.tableOid);
    if (!table) continue;
    const key = groupKey(shard, table);
    keyOf.set(shard.shardId, key);
    const member = { shardId: shard.shardId, table: readable(table) };
    const known = members.get(key);
    if (!known) members.set(key, [member]);
    else known.push(member);
  }
  const items = new Map<string, PlannedItem>();
  for (const { taskId, shardId, sourceNodeId, targetNodeId } of tasks) {
    if (shardId === null) continue;
    const group = members.get(keyOf.get(shardId) ?? '') ?? [];
    const own = group.filter((member) => member.shardId === shardId);
    const names = [...own, ...group.filter((member) => member.shardId !== shardId)].map(({ table }) => table);
    const bytes = group.reduce<number | null>((sum, member) => {
      const size = shardBytes[member.shardId];
      return sum === null || size === undefined ? null : sum + size;
    }, 0);
    const what = names.length === 0 ? `shard ${shardId}` : listed(names, 1);
    if (sourceNodeId === null || targetNodeId === null) {
      items.set(taskId, { itemId: taskId, title: what, bytes: group.length === 0 ? null : bytes });
      continue;
    }
    const sourceNode = nodes.get(sourceNodeId) ?? `node ${sourceNodeId}`;
    const targetNode = nodes.get(targetNodeId) ?? `node ${targetNodeId}`;
    items.set(taskId, {
      itemId: taskId,
      title: `${what}: ${sourceNode} → ${targetNode}`,
      bytes: group.length === 0 ? null : bytes,
      move: { shardId, sourceNodeId, targetNodeId, tables: names, sourceNode, targetNode },
    });
  }
  return items;
}
