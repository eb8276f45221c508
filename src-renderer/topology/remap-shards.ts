/**
 * Pure: the map of the shards, and the next one from the one before. A refresh that changed a hundred shards of 40,000
 * makes a hundred shard groups anew; all other parts stay the same objects, so what is drawn from them holds.
 */
import type { ClusterSizes, ClusterTable, Shard } from '../../src-main/contract/cluster';
import { fillNodes } from './node-shards';
import { holdersOf, isSameList, mapShards, sumBytes } from './shard-groups';
import type { MappedCatalogs, ShardGroup, ShardMap } from './shard-groups';

/** A map with what it was made from. */
export interface MappedShards {
  readonly catalogs: MappedCatalogs;
  readonly sizes: ClusterSizes | null;
  readonly map: ShardMap;
}

/** Equal to `mapShards` of the same catalogs and sizes; `map` is that of `before` where nothing differs. */
export function remapShards(
  before: MappedShards | null,
  catalogs: MappedCatalogs,
  sizes: ClusterSizes | null,
): MappedShards {
  if (before === null) return { catalogs, sizes, map: mapShards(catalogs, sizes) };
  const moved = hasSameTables(before.catalogs.tables, catalogs.tables)
    ? movedShards(before.catalogs.shards, catalogs.shards)
    : null;
  if (moved === null) return { catalogs, sizes, map: mapShards(catalogs, sizes) };
  const groups = replacedGroups(before, moved, sizes);
  const map =
    groups === null && hasSameGroupIds(before.catalogs, catalogs)
      ? before.map
      : withGroups(before.map, groups ?? before.map.groups, catalogs);
  return { catalogs, sizes, map };
}

function withGroups(map: ShardMap, groups: readonly ShardGroup[], catalogs: MappedCatalogs): ShardMap {
  return {
    ...map,
    groups,
    groupByKey: groups === map.groups ? map.groupByKey : new Map(groups.map((group) => [group.key, group])),
    nodes: fillNodes(catalogs.nodes, groups, map.familyByKey, map.nodes),
  };
}

function hasSameTables(one: readonly ClusterTable[], other: readonly ClusterTable[]): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function hasSameGroupIds(one: MappedCatalogs, other: MappedCatalogs): boolean {
  return (
    one.nodes === other.nodes
    || (one.nodes.length === other.nodes.length
      && one.nodes.every((node, index) => node.groupId === other.nodes[index]?.groupId))
  );
}

/** Shards that lie elsewhere than before, by id; null when more than that differs. */
function movedShards(before: readonly Shard[], after: readonly Shard[]): ReadonlyMap<string, Shard> | null {
  const moved = new Map<string, Shard>();
  if (before === after) return moved;
  if (before.length !== after.length) return null;
  for (let index = 0; index < after.length; index += 1) {
    const [one, other] = [before[index], after[index]];
    if (one === other) continue;
    if (one === undefined || other === undefined || !isSameShard(one, other)) return null;
    if (!isSameList(one.groupIds, other.groupIds)) moved.set(other.shardId, other);
  }
  return moved;
}

function isSameShard(one: Shard, other: Shard): boolean {
  return (
    one.shardId === other.shardId
    && one.tableOid === other.tableOid
    && one.minValue === other.minValue
    && one.maxValue === other.maxValue
  );
}

/** The shard groups with the new places and sizes; null when there is nothing new. */
function replacedGroups(
  before: MappedShards,
  moved: ReadonlyMap<string, Shard>,
  sizes: ClusterSizes | null,
): readonly ShardGroup[] | null {
  const { map } = before;
  const touched = new Set<string>();
  for (const shardId of moved.keys()) touched.add(map.groupOfShard.get(shardId) ?? '');
  const shardBytes = sizes?.shardBytes;
  const isResized = shardBytes !== before.sizes?.shardBytes;
  let isChanged = false;
  const groups = map.groups.map((group) => {
    const isTouched = touched.has(group.key);
    const bytes = isResized ? sumBytes(group.shards, shardBytes) : group.bytes;
    if (!isTouched && bytes === group.bytes) return group;
    isChanged = true;
    if (!isTouched) return { ...group, bytes };
    const shards = group.shards.map((shard) => moved.get(shard.shardId) ?? shard);
    return { ...group, shards, groupIds: holdersOf(shards), bytes };
  });
  return isChanged ? groups : null;
}
