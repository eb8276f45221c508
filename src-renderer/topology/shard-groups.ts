/** Pure: which shard groups lie on which node, from the catalogs and the last known sizes. */
import type { ClusterSizes, ClusterSnapshot, ClusterTable, Shard } from '../../src-main/contract/cluster';
import { fillNodes } from './node-shards';

/** A colocation group as a person knows it. */
export interface GroupFamily {
  /** Its place among all, from 0: orders and colours it. */
  readonly index: number;
  /** `c12` for a colocation group, `t16400` for a table that is in none. */
  readonly key: string;
  readonly colocationId: number;
  /** First table, or the schema of a sharded schema, or "reference". */
  readonly name: string;
  readonly kind: 'distributed' | 'schema' | 'reference' | 'local';
  readonly tableOids: readonly number[];
  /** Shard groups it has in the whole cluster. */
  readonly groupCount: number;
}

/** Shards that travel together: the same hash range of every table of a colocation group. */
export interface ShardGroup {
  readonly key: string;
  readonly familyKey: string;
  /** Position in the hash range, from 0. */
  readonly index: number;
  readonly minValue: number | null;
  readonly maxValue: number | null;
  /** Smallest shard id first. */
  readonly shards: readonly Shard[];
  readonly groupIds: readonly number[];
  /** Of one copy. Null when the size of any of its shards is not known. */
  readonly bytes: number | null;
}

/** What lies on one node group. */
export interface NodeShards {
  readonly groupId: number;
  readonly groups: readonly ShardGroup[];
  /** Sum of what is known. */
  readonly bytes: number;
  /** False when the size of at least one shard here is not known. */
  readonly isComplete: boolean;
  readonly shardCount: number;
  /** Shard groups that have no other copy, reference tables aside. */
  readonly onlyCopies: number;
  readonly bytesByFamily: ReadonlyMap<string, number>;
  /** Shard groups of each family here. */
  readonly countByFamily: ReadonlyMap<string, number>;
  /** Families of which a shard here has no known size: their bytes are at least what `bytesByFamily` says. */
  readonly unsizedFamilies: ReadonlySet<string>;
}

export interface ShardMap {
  readonly families: readonly GroupFamily[];
  readonly familyByKey: ReadonlyMap<string, GroupFamily>;
  readonly groups: readonly ShardGroup[];
  readonly groupByKey: ReadonlyMap<string, ShardGroup>;
  /** Of each key, its place in `groups`. */
  readonly placeOfGroup: ReadonlyMap<string, number>;
  readonly groupOfShard: ReadonlyMap<string, string>;
  readonly nodes: ReadonlyMap<number, NodeShards>;
  readonly tables: ReadonlyMap<number, ClusterTable>;
  /** Shard groups whose loss would be felt: all but copies of reference tables. */
  readonly countedGroups: number;
}

interface Building {
  readonly key: string;
  readonly familyKey: string;
  readonly minValue: number | null;
  readonly maxValue: number | null;
  readonly shards: Shard[];
}

function familyKeyOf(table: ClusterTable): string {
  return table.colocationId === 0 ? `t${table.oid}` : `c${table.colocationId}`;
}

/**
 * Hash shards of a colocation group with the same range travel together. Shards of append and range tables are
 * colocated with nothing but themselves, and a reference table is copied on its own.
 */
function groupKeyOf(table: ClusterTable, shard: Shard, familyKey: string): string {
  if (table.type === 'reference' || table.method === 'append' || table.method === 'range') {
    return `${familyKey}/${shard.shardId}`;
  }
  return `${familyKey}/${shard.minValue ?? 'all'}`;
}

function kindOf(table: ClusterTable): GroupFamily['kind'] {
  return table.type;
}

function nameOf(kind: GroupFamily['kind'], first: ClusterTable): string {
  if (kind === 'reference') return 'reference';
  if (kind === 'schema') return first.schema;
  return first.name;
}

/** Biggest families first, so that those with many shard groups keep a colour of their own; ties by id. */
function compareFamilies(a: GroupFamily, b: GroupFamily): number {
  const rank = (family: GroupFamily): number => (family.kind === 'local' ? 1 : 0);
  return rank(a) - rank(b) || b.groupCount - a.groupCount || a.colocationId - b.colocationId;
}

function byShardId(a: Shard, b: Shard): number {
  return a.shardId.length - b.shardId.length || (a.shardId < b.shardId ? -1 : a.shardId > b.shardId ? 1 : 0);
}

/** Groups that hold at least one of the shards, each once, in their order. */
export function holdersOf(shards: readonly Shard[]): readonly number[] {
  const first = shards[0]?.groupIds ?? [];
  // Colocated shards lie together: nearly always it is the list of the first.
  if (shards.every((shard) => isSameList(shard.groupIds, first)) && first.length < 2) return first;
  return [...new Set(shards.flatMap((shard) => shard.groupIds))].sort((a, b) => a - b);
}

export function isSameList(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

export function sumBytes(
  shards: readonly Shard[],
  shardBytes: ClusterSizes['shardBytes'] | undefined,
): number | null {
  if (shardBytes === undefined) return null;
  let sum = 0;
  for (const shard of shards) {
    const bytes = shardBytes[shard.shardId];
    if (bytes === undefined) return null;
    sum += bytes;
  }
  return sum;
}

/** What the map is made from. */
export type MappedCatalogs = Pick<ClusterSnapshot, 'tables' | 'shards' | 'nodes' | 'colocationGroups'>;

/** Everything anew, in time linear in the number of shards: 40,000 take some tens of milliseconds. */
export function mapShards(snapshot: MappedCatalogs, sizes: ClusterSizes | null): ShardMap {
  const tables = new Map(snapshot.tables.map((table) => [table.oid, table]));
  const building = new Map<string, Building>();
  const groupOfShard = new Map<string, string>();
  for (const shard of snapshot.shards) {
    const table = tables.get(shard.tableOid);
    if (table === undefined) continue;
    const familyKey = familyKeyOf(table);
    const key = groupKeyOf(table, shard, familyKey);
    groupOfShard.set(shard.shardId, key);
    const known = building.get(key);
    if (known === undefined) {
      building.set(key, {
        key,
        familyKey,
        minValue: shard.minValue,
        maxValue: shard.maxValue,
        shards: [shard],
      });
    } else {
      known.shards.push(shard);
    }
  }

  const byFamily = new Map<string, Building[]>();
  for (const group of building.values()) {
    const list = byFamily.get(group.familyKey);
    if (list === undefined) byFamily.set(group.familyKey, [group]);
    else list.push(group);
  }

  const families = toFamilies(snapshot.tables, byFamily);
  const groups: ShardGroup[] = [];
  for (const family of families) {
    const list = byFamily.get(family.key) ?? [];
    for (const group of list) group.shards.sort(byShardId);
    list.sort((a, b) => (a.minValue ?? 0) - (b.minValue ?? 0) || compareFirstShards(a, b));
    list.forEach((group, index) => {
      groups.push({
        ...group,
        index,
        groupIds: holdersOf(group.shards),
        bytes: sumBytes(group.shards, sizes?.shardBytes),
      });
    });
  }

  const familyByKey = new Map(families.map((family) => [family.key, family]));
  return {
    families,
    familyByKey,
    groups,
    groupByKey: new Map(groups.map((group) => [group.key, group])),
    placeOfGroup: new Map(groups.map((group, index) => [group.key, index])),
    groupOfShard,
    nodes: fillNodes(snapshot.nodes, groups, familyByKey),
    tables,
    countedGroups: groups.filter((group) => familyByKey.get(group.familyKey)?.kind !== 'reference').length,
  };
}

function compareFirstShards(a: Building, b: Building): number {
  const [first, second] = [a.shards[0], b.shards[0]];
  return first === undefined || second === undefined ? 0 : byShardId(first, second);
}

function toFamilies(
  tables: readonly ClusterTable[],
  byFamily: ReadonlyMap<string, readonly Building[]>,
): GroupFamily[] {
  const members = new Map<string, ClusterTable[]>();
  for (const table of tables) {
    const key = familyKeyOf(table);
    const list = members.get(key);
    if (list === undefined) members.set(key, [table]);
    else list.push(table);
  }
  const families: GroupFamily[] = [];
  for (const [key, list] of members) {
    list.sort((a, b) => a.oid - b.oid);
    // A partition is never what a person thinks of first.
    const first = list.find((table) => table.parentOid === null) ?? list[0];
    if (first === undefined) continue;
    const kind = kindOf(first);
    families.push({
      index: 0,
      key,
      colocationId: first.colocationId,
      name: nameOf(kind, first),
      kind,
      tableOids: list.map((table) => table.oid),
      groupCount: byFamily.get(key)?.length ?? 0,
    });
  }
  return families.sort(compareFamilies).map((family, index) => ({ ...family, index }));
}

/** "permits", "permits and 3 more". */
export function familyWords(family: GroupFamily): string {
  const more = family.tableOids.length - 1;
  if (family.kind === 'reference' || family.kind === 'schema' || more === 0) return family.name;
  return `${family.name} and ${more} more`;
}
