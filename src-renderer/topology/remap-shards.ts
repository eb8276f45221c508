/**
 * Pure: the map of the shards, and the next one from the one before. A refresh that changed a hundred shards of 40,000
 * makes a hundred shard groups anew; all other parts stay the same objects, so what is drawn from them holds.
 */
import type { ClusterTable, Shard } from '../../src-main/contract/cluster';
import type { HeldSizes } from '../clusters/sizes-changes';
import type { HeldSnapshot } from '../clusters/snapshot-changes';
import { fillNode, fillNodes, keepNodes } from './node-shards';
import { holdersOf, isSameList, mapShards, sumBytes } from './shard-groups';
import type { MappedCatalogs, NodeShards, ShardGroup, ShardMap } from './shard-groups';

/** Catalogs with what in them was replaced since the ones before, where that is known. */
type ToldCatalogs = MappedCatalogs & Pick<HeldSnapshot, 'revision' | 'replaced'>;

/** A map with what it was made from. */
export interface MappedShards {
  readonly catalogs: ToldCatalogs;
  readonly sizes: HeldSizes | null;
  readonly map: ShardMap;
}

/** Equal to `mapShards` of the same catalogs and sizes; `map` is that of `before` where nothing differs. */
export function remapShards(
  before: MappedShards | null,
  catalogs: ToldCatalogs,
  sizes: HeldSizes | null,
): MappedShards {
  if (before === null) return { catalogs, sizes, map: mapShards(catalogs, sizes) };
  const moved = hasSameTables(before.catalogs.tables, catalogs.tables) ? movedShards(before, catalogs) : null;
  if (moved === null) return { catalogs, sizes, map: mapShards(catalogs, sizes) };
  const replaced = replacedGroups(before, moved, sizes);
  if (replaced === null && hasSameGroupIds(before.catalogs, catalogs)) {
    return { catalogs, sizes, map: before.map };
  }
  const groups = replaced?.groups ?? before.map.groups;
  const map: ShardMap = {
    ...before.map,
    groups,
    groupByKey: withReplaced(before.map.groupByKey, replaced?.changed),
    nodes: nodesOf(before, catalogs, groups, replaced),
  };
  return { catalogs, sizes, map };
}

function withReplaced(
  before: ReadonlyMap<string, ShardGroup>,
  changed: ReadonlyMap<string, ShardGroup> | undefined,
): ReadonlyMap<string, ShardGroup> {
  if (changed === undefined) return before;
  const groupByKey = new Map(before);
  for (const [key, group] of changed) groupByKey.set(key, group);
  return groupByKey;
}

/** Only what holds one of the changed shard groups, or held it, is filled anew. */
function nodesOf(
  before: MappedShards,
  catalogs: ToldCatalogs,
  groups: readonly ShardGroup[],
  replaced: ReplacedGroups | null,
): ReadonlyMap<number, NodeShards> {
  const { familyByKey, nodes, placeOfGroup } = before.map;
  if (!hasSameGroupIds(before.catalogs, catalogs)) {
    return keepNodes(nodes, fillNodes(catalogs.nodes, groups, familyByKey));
  }
  const changed = replaced?.changed ?? new Map<string, ShardGroup>();
  const placeOf = (group: ShardGroup): number => placeOfGroup.get(group.key) ?? 0;
  const next = new Map(nodes);
  for (const groupId of replaced?.holders ?? []) {
    const kept = nodes.get(groupId)?.groups.filter((group) => !changed.has(group.key)) ?? [];
    const come = [...changed.values()].filter((group) => group.groupIds.includes(groupId));
    const held = [...kept, ...come].sort((one, other) => placeOf(one) - placeOf(other));
    // A group id that no node has is known only while something lies there.
    if (held.length > 0 || catalogs.nodes.some((node) => node.groupId === groupId)) {
      next.set(groupId, fillNode(groupId, held, familyByKey));
    } else next.delete(groupId);
  }
  return next;
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
function movedShards(before: MappedShards, after: ToldCatalogs): ReadonlyMap<string, Shard> | null {
  const moved = new Map<string, Shard>();
  const { catalogs, map } = before;
  if (catalogs.shards === after.shards) return moved;
  const isTold = after.replaced !== undefined && after.replaced.since === catalogs.revision;
  if (!isTold && catalogs.shards.length !== after.shards.length) return null;
  const shards = isTold ? (after.replaced?.shards ?? []) : after.shards;
  const heldShard = isTold ? heldShardsOf(map) : () => undefined;
  for (let index = 0; index < shards.length; index += 1) {
    const other = shards[index];
    const one = isTold ? heldShard(other?.shardId ?? '') : catalogs.shards[index];
    if (one === other) continue;
    if (one === undefined || other === undefined || !isSameShard(one, other)) return null;
    if (!isSameList(one.groupIds, other.groupIds)) moved.set(other.shardId, other);
  }
  return moved;
}

/** Shards as the map has them, by id; the shards of a group are looked through once, since they move together. */
function heldShardsOf(map: ShardMap): (shardId: string) => Shard | undefined {
  const known = new Map<string, ReadonlyMap<string, Shard>>();
  return (shardId) => {
    const key = map.groupOfShard.get(shardId) ?? '';
    let byId = known.get(key);
    if (byId === undefined) {
      byId = new Map(map.groupByKey.get(key)?.shards.map((shard) => [shard.shardId, shard]));
      known.set(key, byId);
    }
    return byId.get(shardId);
  };
}

function isSameShard(one: Shard, other: Shard): boolean {
  return (
    one.shardId === other.shardId
    && one.tableOid === other.tableOid
    && one.minValue === other.minValue
    && one.maxValue === other.maxValue
  );
}

interface ReplacedGroups {
  readonly groups: readonly ShardGroup[];
  readonly changed: ReadonlyMap<string, ShardGroup>;
  /** Group ids of the nodes that hold one of the changed, or held it. */
  readonly holders: ReadonlySet<number>;
}

/** The shard groups with the new places and sizes; null when there is nothing new. */
function replacedGroups(
  before: MappedShards,
  moved: ReadonlyMap<string, Shard>,
  sizes: HeldSizes | null,
): ReplacedGroups | null {
  const { map } = before;
  const resized = resizedShards(before.sizes, sizes);
  const keysOf = (shardIds: Iterable<string>): ReadonlySet<string> =>
    new Set([...shardIds].map((shardId) => map.groupOfShard.get(shardId) ?? ''));
  const touched = keysOf(moved.keys());
  const changed = new Map<string, ShardGroup>();
  const holders = new Set<number>();
  for (const key of resized === null ? map.groupByKey.keys() : new Set([...touched, ...keysOf(resized)])) {
    const group = map.groupByKey.get(key);
    if (group === undefined) continue;
    const isTouched = touched.has(key);
    const bytes = sumBytes(group.shards, sizes?.shardBytes);
    if (!isTouched && bytes === group.bytes) continue;
    const shards = isTouched ? group.shards.map((shard) => moved.get(shard.shardId) ?? shard) : group.shards;
    const groupIds = isTouched ? holdersOf(shards) : group.groupIds;
    changed.set(key, { ...group, shards, groupIds, bytes });
    for (const groupId of [...group.groupIds, ...groupIds]) holders.add(groupId);
  }
  if (changed.size === 0) return null;
  const groups = [...map.groups];
  for (const [key, group] of changed) groups[map.placeOfGroup.get(key) ?? 0] = group;
  return { groups, changed, holders };
}

const none: readonly string[] = [];

/** Shards whose bytes may differ; null when every one has to be looked at. */
function resizedShards(before: HeldSizes | null, after: HeldSizes | null): readonly string[] | null {
  if (before?.shardBytes === after?.shardBytes) return none;
  const changed = after?.changed;
  return changed !== undefined && changed.since === before?.bytesRevision ? changed.shardIds : null;
}
