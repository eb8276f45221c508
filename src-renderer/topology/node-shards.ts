/** Pure: what lies on each node group. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import type { GroupFamily, NodeShards, ShardGroup } from './shard-groups';

interface Filling {
  readonly groupId: number;
  groups: ShardGroup[];
  bytes: number;
  isComplete: boolean;
  shardCount: number;
  onlyCopies: number;
  bytesByFamily: Map<string, number>;
  countByFamily: Map<string, number>;
  unsizedFamilies: Set<string>;
}

function add(node: Filling, group: ShardGroup, isReference: boolean): void {
  const { familyKey, bytes } = group;
  node.groups.push(group);
  node.shardCount += group.shards.length;
  node.countByFamily.set(familyKey, (node.countByFamily.get(familyKey) ?? 0) + 1);
  if (group.groupIds.length === 1 && !isReference) node.onlyCopies += 1;
  if (bytes === null) {
    node.isComplete = false;
    node.unsizedFamilies.add(familyKey);
  } else {
    node.bytes += bytes;
    node.bytesByFamily.set(familyKey, (node.bytesByFamily.get(familyKey) ?? 0) + bytes);
  }
}

function emptyFilling(groupId: number): Filling {
  return {
    groupId,
    groups: [],
    bytes: 0,
    isComplete: true,
    shardCount: 0,
    onlyCopies: 0,
    bytesByFamily: new Map(),
    countByFamily: new Map(),
    unsizedFamilies: new Set(),
  };
}

/** One node group with exactly these shard groups. */
export function fillNode(
  groupId: number,
  groups: readonly ShardGroup[],
  familyByKey: ReadonlyMap<string, GroupFamily>,
): NodeShards {
  const filling = emptyFilling(groupId);
  for (const group of groups) add(filling, group, familyByKey.get(group.familyKey)?.kind === 'reference');
  return filling;
}

/** By group id: those of `nodes`, and any other that holds something. */
export function fillNodes(
  nodes: readonly ClusterNode[],
  groups: readonly ShardGroup[],
  familyByKey: ReadonlyMap<string, GroupFamily>,
): ReadonlyMap<number, NodeShards> {
  const filling = new Map<number, Filling>();
  const of = (groupId: number): Filling => {
    const known = filling.get(groupId);
    if (known !== undefined) return known;
    const fresh = emptyFilling(groupId);
    filling.set(groupId, fresh);
    return fresh;
  };
  for (const { groupId } of nodes) of(groupId);
  for (const group of groups) {
    const isReference = familyByKey.get(group.familyKey)?.kind === 'reference';
    for (const groupId of group.groupIds) add(of(groupId), group, isReference);
  }
  return filling;
}

/** What holds the very same shard groups as before stays the same object. */
export function keepNodes(
  before: ReadonlyMap<number, NodeShards>,
  after: ReadonlyMap<number, NodeShards>,
): ReadonlyMap<number, NodeShards> {
  return new Map(
    [...after].map(([groupId, node]) => {
      const known = before.get(groupId);
      return [groupId, known !== undefined && hasSameGroups(known, node) ? known : node];
    }),
  );
}

function hasSameGroups(one: NodeShards, other: NodeShards): boolean {
  return (
    one.groups.length === other.groups.length
    && one.groups.every((group, index) => group === other.groups[index])
  );
}
