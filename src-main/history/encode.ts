/** What was read of a cluster, as the texts that are kept of it, and back. Pure. */
import type {
  BackgroundJob,
  Capabilities,
  ClusterNode,
  ClusterReachability,
  ClusterSizes,
  ClusterSnapshot,
  ClusterTable,
  ColocationGroup,
  NodeReachability,
  RebalanceStrategy,
  Shard,
} from '../contract/cluster';
import type { Failure } from '../contract/failure';
import type { ClusterPast } from '../contract/history';
import type { ClusterNodeStates, NodeCondition } from '../contract/node-states';
import type { ClusterVersions } from '../contract/sessions';
import { decodeShards, encodeShards } from './shard-code';
import type { World } from './world';

/**
 * Reach and sizes stay as they are. Parts that are the very objects of `before`, whose texts the world holds, are not
 * written out again.
 */
export function withSnapshot(world: World, snapshot: ClusterSnapshot, before: ClusterSnapshot | null): World {
  const isHeld = (...parts: readonly (keyof ClusterSnapshot)[]): boolean =>
    before !== null && parts.every((part) => before[part] === snapshot[part]);
  const { shards, places } = isHeld('tables', 'shards')
    ? world
    : encodeShards(snapshot.tables, snapshot.shards);
  return {
    ...world,
    base: new Map([
      ...world.base,
      ['versions', JSON.stringify(snapshot.versions)],
      ['capabilities', JSON.stringify(snapshot.capabilities)],
      ['strategies', JSON.stringify(snapshot.rebalanceStrategies)],
      ['cleanup', JSON.stringify(snapshot.cleanupRecords)],
    ]),
    nodes: isHeld('nodes') ? world.nodes : textsOf(snapshot.nodes, ({ nodeId }) => nodeId),
    groups: isHeld('colocationGroups')
      ? world.groups
      : textsOf(snapshot.colocationGroups, ({ colocationId }) => colocationId),
    tables: isHeld('tables') ? world.tables : textsOf(snapshot.tables, ({ oid }) => oid),
    // How many tasks are left changes all the time and is no part of the topology.
    jobs: isHeld('jobs')
      ? world.jobs
      : textsOf(
          snapshot.jobs.map((job) => ({ ...job, taskCounts: {} })),
          ({ jobId }) => jobId,
        ),
    shards,
    places,
  };
}

export function withConnection(world: World, isConnected: boolean): World {
  return { ...world, base: new Map([...world.base, ['connected', JSON.stringify(isConnected)]]) };
}

type KeptReach = Pick<NodeReachability, 'state' | 'since'> & { readonly failure: Failure | null };

/** A node that was not tried yet keeps what was known of it; one that stays as it is keeps since when. */
export function withReachability(world: World, reachability: ClusterReachability): World {
  const reach = new Map<string, string>();
  for (const node of reachability.nodes) {
    const key = String(node.nodeId);
    const text = world.reach.get(key);
    const known = text === undefined ? null : (JSON.parse(text) as KeptReach);
    const isSame = known !== null && (node.state === 'unknown' || known.state === node.state);
    if (isSame && text !== undefined) reach.set(key, text);
    else reach.set(key, JSON.stringify(toKept(node)));
  }
  return isEqual(reach, world.reach) ? world : { ...world, reach };
}

function toKept({ state, since, failure }: NodeReachability): KeptReach {
  if (failure === null) return { state, since, failure: null };
  const { kind, message } = failure;
  return { state, since, failure: { kind, message } };
}

/** A node that stays in its state keeps why; since when is new after a time in which nobody looked. */
export function withConditions(world: World, states: ClusterNodeStates): World {
  const conditions = new Map<string, string>();
  for (const condition of states.nodes) {
    const key = String(condition.nodeId);
    const text = world.conditions.get(key);
    const known = text === undefined ? null : (JSON.parse(text) as NodeCondition);
    const isSame =
      known !== null
      && known.state === condition.state
      && known.role === condition.role
      && known.since === condition.since;
    conditions.set(key, isSame && text !== undefined ? text : JSON.stringify(condition));
  }
  return isEqual(conditions, world.conditions) ? world : { ...world, conditions };
}

/**
 * By table, in the order of its shards, with two digits. A table is renewed when a size was unknown or differs by more than a tenth:
 * sizes change all the time, and none of it would be news.
 */
export function withSizes(world: World, snapshot: ClusterSnapshot, sizes: ClusterSizes): World {
  const byTable = new Map<string, (number | null)[]>();
  for (const { tableOid, shardId } of snapshot.shards) {
    const list = byTable.get(String(tableOid));
    const bytes = sizes.shardBytes[shardId] ?? null;
    if (list === undefined) byTable.set(String(tableOid), [bytes]);
    else list.push(bytes);
  }
  const kept = new Map<string, string>();
  for (const [oid, list] of byTable) {
    const text = world.sizes.get(oid);
    const known = text === undefined ? [] : (JSON.parse(text) as readonly (number | null)[]);
    const isClose =
      known.length === list.length && list.every((bytes, index) => isNear(known[index] ?? null, bytes));
    if (isClose && text !== undefined) kept.set(oid, text);
    else if (list.some((bytes) => bytes !== null)) kept.set(oid, JSON.stringify(list.map(rounded)));
  }
  if (isEqual(kept, world.sizes)) return world;
  const base = new Map([...world.base, ['sizedAt', JSON.stringify(sizes.takenAt)] as const]);
  return { ...world, sizes: kept, base };
}

function isNear(known: number | null, bytes: number | null): boolean {
  if (known === null || bytes === null) return known === bytes;
  return Math.abs(known - bytes) <= 0.1 * Math.max(known, bytes);
}

function rounded(bytes: number | null): number | null {
  return bytes === null ? null : Number(bytes.toPrecision(2));
}

function textsOf<T>(list: readonly T[], keyOf: (one: T) => number | string): ReadonlyMap<string, string> {
  return new Map(list.map((one) => [String(keyOf(one)), JSON.stringify(one)]));
}

function isEqual(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  if (one.size !== other.size) return false;
  for (const [key, text] of one) if (other.get(key) !== text) return false;
  return true;
}

/** Null for a moment before the catalogs were read. */
export function toPast(world: World, clusterId: string, at: string): ClusterPast | null {
  const versions = world.base.get('versions');
  if (versions === undefined) return null;
  const value = <T>(key: string, otherwise: T): T => {
    const text = world.base.get(key);
    return text === undefined ? otherwise : (JSON.parse(text) as T);
  };
  const shards = decodeShards(world);
  const snapshot: ClusterSnapshot = {
    clusterId,
    revision: 0,
    takenAt: at,
    versions: JSON.parse(versions) as ClusterVersions,
    capabilities: JSON.parse(world.base.get('capabilities') ?? '{}') as Capabilities,
    nodes: valuesOf<ClusterNode>(world.nodes),
    tables: valuesOf<ClusterTable>(world.tables),
    colocationGroups: valuesOf<ColocationGroup>(world.groups),
    shards,
    jobs: valuesOf<BackgroundJob>(world.jobs),
    cleanupRecords: value('cleanup', 0),
    rebalanceStrategies: value<readonly RebalanceStrategy[]>('strategies', []),
  };
  const sizedAt = value<string | null>('sizedAt', null);
  return {
    outcome: 'past',
    at,
    snapshot,
    sizes:
      sizedAt === null
        ? null
        : {
            clusterId,
            revision: 0,
            takenAt: sizedAt,
            shardBytes: decodeSizes(world, shards),
            incomplete: null,
          },
    reachability: { clusterId, revision: 0, takenAt: at, nodes: decodeReach(world) },
    conditions: {
      clusterId,
      revision: 0,
      takenAt: at,
      nodes: valuesOf<NodeCondition>(world.conditions),
      removed: [],
    },
    isConnected: value('connected', true),
  };
}

export function valuesOf<T>(texts: ReadonlyMap<string, string>): readonly T[] {
  return [...texts]
    .sort(([one], [other]) => Number(one) - Number(other))
    .map(([, text]) => JSON.parse(text) as T);
}

export function decodeReach(world: World): readonly NodeReachability[] {
  return [...world.reach].map(([nodeId, text]) => {
    const { state, since, failure } = JSON.parse(text) as KeptReach;
    return { nodeId: Number(nodeId), state, since, lastSeenAt: null, latencyMs: null, failure };
  });
}

function decodeSizes(world: World, shards: readonly Shard[]): Record<string, number> {
  const bytesOf = new Map<number, readonly (number | null)[]>();
  for (const [oid, text] of world.sizes)
    bytesOf.set(Number(oid), JSON.parse(text) as readonly (number | null)[]);
  const position = new Map<number, number>();
  const result: Record<string, number> = {};
  for (const { tableOid, shardId } of shards) {
    const index = position.get(tableOid) ?? 0;
    position.set(tableOid, index + 1);
    const bytes = bytesOf.get(tableOid)?.[index] ?? null;
    if (bytes !== null) result[shardId] = bytes;
  }
  return result;
}
