/** The cluster in a planner's terms, and the same cluster after changes that are only tried out. */
import type { ClusterSnapshot } from '../contract/cluster';
import type { WhatIf } from '../contract/rebalance';
import { activePrimaries, addressOf, readable } from './plan';
import { shardGroupsOf } from './shard-groups';

export interface DiskSpace {
  readonly availableBytes: number;
  readonly totalBytes: number;
}

export interface WorldNode {
  readonly nodeId: number;
  /** `host:port`; for a node that does not exist yet its working title. */
  readonly label: string;
  /** 1 for an ordinary node; 0 for one that takes no shards. */
  readonly capacity: number;
  readonly isNew: boolean;
  readonly isRemoved: boolean;
  /** Null where it is not known. */
  readonly disk: DiskSpace | null;
}

export interface WorldGroup {
  readonly shardId: string;
  /** Key of the tables that lie alike; see `PlannerWorld.tables`. */
  readonly set: string;
  readonly bytes: number | null;
  readonly nodeIds: readonly number[];
  /** All shards that travel together, its own among them. */
  readonly shardIds: readonly string[];
}

export interface PlannerWorld {
  readonly nodes: readonly WorldNode[];
  readonly groups: readonly WorldGroup[];
  /** Tables by set, oldest first, as a person reads them. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
  /** citus.rebalancer_by_disk_size_base_cost: what Citus adds to the bytes of each group. */
  readonly baseCostBytes: number;
  /** The id of the group that an isolated tenant gets, while one is tried out. */
  readonly isolatedShardId: string | null;
  /** Null where the strategy is one that Citus ships. */
  readonly strategy: StrategyAnswers | null;
}

/** What the functions of a strategy answered. Of nodes and groups that are only tried out they can answer nothing. */
export interface StrategyAnswers {
  readonly name: string;
  /** Milliseconds since 1970: tells one reading from another, also where it was copied. */
  readonly readAtMs: number;
  /** By the shard that stands for its group; `bytes` and `groups` where the function is one that Citus ships. */
  readonly costs: ReadonlyMap<string, number> | 'bytes' | 'groups';
  /** By node id; null where every node has 1. */
  readonly capacities: ReadonlyMap<number, number> | null;
  /** "shard node" of places that are refused. */
  readonly refused: ReadonlySet<string>;
}

export interface WorldFacts {
  readonly snapshot: ClusterSnapshot;
  readonly shardBytes: Readonly<Record<string, number>>;
  /** By node id; a node that is absent told none. */
  readonly disks: ReadonlyMap<number, DiskSpace>;
  readonly baseCostBytes: number;
  /** Of the strategy that is planned by, where it is the cluster's own; a text says why they are not known. */
  readonly strategy?: StrategyAnswers | string | undefined;
}

/** Bytes; the default of citus.rebalancer_by_disk_size_base_cost since Citus 12.0. */
export const defaultBaseCostBytes = 100 * 1024 * 1024;

/** A setting as SHOW gives it, in bytes; the default where it is not known. */
export function toBaseCost(setting: string | null): number {
  const match = /^(\d+)\s*(B|kB|MB|GB|TB)?$/.exec(setting ?? '');
  if (match === null) return defaultBaseCostBytes;
  const factor = { B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 }[match[2] ?? 'B'] ?? 1;
  return Number(match[1]) * factor;
}

export function toWorld(facts: WorldFacts): PlannerWorld {
  const { snapshot } = facts;
  const strategy = typeof facts.strategy === 'object' ? facts.strategy : null;
  const nodes = activePrimaries(snapshot);
  const byGroupId = new Map(nodes.map((node) => [node.groupId, node.nodeId]));
  const names = new Map(snapshot.tables.map((table) => [table.oid, readable(table)]));
  const tables = new Map<string, Set<number>>();
  const groups = shardGroupsOf(snapshot, facts.shardBytes)
    .map((group) => {
      // Tables that are colocated with nothing are balanced each on its own.
      const set = group.colocationId === 0 ? `table ${group.tableOid}` : String(group.colocationId);
      const ofSet = tables.get(set) ?? new Set();
      for (const oid of group.tableOids) ofSet.add(oid);
      tables.set(set, ofSet);
      return {
        tableOid: group.tableOid,
        group: {
          shardId: group.shardId,
          set,
          bytes: group.bytes,
          nodeIds: group.groupIds.flatMap((groupId) => byGroupId.get(groupId) ?? []),
          shardIds: group.shardIds,
        },
      };
    })
    .toSorted((one, other) => one.tableOid - other.tableOid)
    .map(({ group }) => group);
  return {
    nodes: nodes.map((node) => ({
      nodeId: node.nodeId,
      label: addressOf(node),
      capacity: node.shouldHaveShards ? capacityOf(strategy, node.nodeId) : 0,
      isNew: false,
      isRemoved: false,
      disk: facts.disks.get(node.nodeId) ?? null,
    })),
    groups,
    tables: new Map(
      [...tables].map(([set, oids]) => [
        set,
        [...oids].sort((one, other) => one - other).map((oid) => names.get(oid) ?? String(oid)),
      ]),
    ),
    baseCostBytes: facts.baseCostBytes,
    isolatedShardId: null,
    strategy,
  };
}

/** A node that joined since its functions were asked takes nothing, until they are asked again. */
function capacityOf(strategy: StrategyAnswers | null, nodeId: number): number {
  return strategy?.capacities ? Math.max(0, strategy.capacities.get(nodeId) ?? 0) : 1;
}

/** In the order in which they would be done: data grows, a tenant moves out, nodes come, change and go. */
export function applyWhatIf(world: PlannerWorld, whatIf: WhatIf): PlannerWorld {
  const grown = whatIf.growth === 1 ? world : grow(world, whatIf.growth);
  const split =
    whatIf.isolated === null ? grown : isolate(grown, whatIf.isolated.shardId, whatIf.isolated.share);
  const factors = new Map(whatIf.capacities.map(({ nodeId, factor }) => [nodeId, factor]));
  const removed = new Set(whatIf.removedNodeIds);
  const known = split.nodes.map((node) => {
    if (removed.has(node.nodeId)) return { ...node, capacity: 0, isRemoved: true };
    return { ...node, capacity: node.capacity * (factors.get(node.nodeId) ?? 1) };
  });
  return { ...split, nodes: [...known, ...newNodes(split.nodes, whatIf.addedNodes)] };
}

function grow(world: PlannerWorld, factor: number): PlannerWorld {
  const growthByNode = new Map<number, number>();
  for (const { bytes, nodeIds } of world.groups) {
    for (const nodeId of nodeIds)
      growthByNode.set(nodeId, (growthByNode.get(nodeId) ?? 0) + (bytes ?? 0) * (factor - 1));
  }
  return {
    ...world,
    groups: world.groups.map((group) => ({
      ...group,
      bytes: group.bytes === null ? null : group.bytes * factor,
    })),
    nodes: world.nodes.map((node) => ({
      ...node,
      disk: node.disk && {
        ...node.disk,
        availableBytes: Math.max(0, node.disk.availableBytes - (growthByNode.get(node.nodeId) ?? 0)),
      },
    })),
  };
}

function isolate(world: PlannerWorld, shardId: string, share: number): PlannerWorld {
  const group = world.groups.find((one) => one.shardIds.includes(shardId));
  if (!group) return world;
  const highest = world.groups
    .flatMap(({ shardIds }) => shardIds.map(BigInt))
    .reduce((most, id) => (id > most ? id : most), 0n);
  const isolatedShardId = String(highest + 1n);
  const part = (of: number): number | null => (group.bytes === null ? null : group.bytes * of);
  return {
    ...world,
    groups: world.groups.flatMap((one) =>
      one === group
        ? [
            { ...group, bytes: part(1 - share) },
            { ...group, bytes: part(share), shardId: isolatedShardId, shardIds: [isolatedShardId] },
          ]
        : [one],
    ),
    isolatedShardId,
    strategy: world.strategy && withTenant(world.strategy, group.shardId, isolatedShardId, share),
  };
}

/** The tenant takes its share of the cost along, and may lie where its group may. */
function withTenant(
  strategy: StrategyAnswers,
  shardId: string,
  isolatedShardId: string,
  share: number,
): StrategyAnswers {
  const { costs, refused } = strategy;
  const cost = typeof costs === 'string' ? 0 : (costs.get(shardId) ?? 0);
  const places = [...refused].filter((place) => place.startsWith(`${shardId} `));
  return {
    ...strategy,
    costs:
      typeof costs === 'string'
        ? costs
        : new Map([...costs, [shardId, cost * (1 - share)], [isolatedShardId, cost * share]]),
    refused: new Set([...refused, ...places.map((place) => place.replace(shardId, isolatedShardId))]),
  };
}

/** Nodes without a shard, with the capacity and the disk of those that are there on average. */
function newNodes(nodes: readonly WorldNode[], count: number): readonly WorldNode[] {
  const disks = nodes.flatMap(({ disk }) => disk ?? []);
  const totalBytes =
    disks.length === 0 ? null : disks.reduce((sum, disk) => sum + disk.totalBytes, 0) / disks.length;
  const highest = nodes.reduce((id, node) => Math.max(id, node.nodeId), 0);
  const takers = nodes.filter(({ capacity }) => capacity > 0);
  const capacity =
    takers.length === 0 ? 1 : takers.reduce((sum, node) => sum + node.capacity, 0) / takers.length;
  return Array.from({ length: count }, (_, index) => ({
    nodeId: highest + 1 + index,
    label: `new node ${index + 1}`,
    capacity,
    isNew: true,
    isRemoved: false,
    disk: totalBytes === null ? null : { availableBytes: totalBytes, totalBytes },
  }));
}
