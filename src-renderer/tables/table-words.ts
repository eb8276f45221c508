/** Pure: what a logical table is, in words, and whether its shards can be moved while it is written to. */
import type { ClusterTable } from '../../src-main/contract/cluster';
import type { ShardMap } from '../topology/shard-groups';

export function typeWords(table: Pick<ClusterTable, 'type' | 'method'>): string {
  switch (table.type) {
    case 'reference':
      return 'reference';
    case 'local':
      return 'local, in metadata';
    case 'schema':
      return 'schema-sharded';
    case 'distributed':
      return table.method === 'none' ? 'distributed, one shard' : `distributed by ${table.method}`;
  }
}

/** Explains the type to somebody who meets it for the first time. */
export function typeMeaning(table: Pick<ClusterTable, 'type' | 'method'>): string {
  switch (table.type) {
    case 'reference':
      return 'Every node holds a copy of all rows.';
    case 'local':
      return 'Lies on the coordinator only, and is known to the other nodes.';
    case 'schema':
      return 'Lies on one node, together with its whole schema.';
    case 'distributed':
      return table.method === 'none'
        ? 'Has one shard, on one node.'
        : 'Its rows are spread over shards by the value of the distribution column.';
  }
}

export interface OnlineMove {
  /** Null: there is nothing to move. */
  readonly isPossible: boolean | null;
  /** Empty when it is possible. */
  readonly why: string;
}

/** "hash", "reference", "hash, columnar": what fits into a column. */
export function shortTypeWords(table: ClusterTable): string {
  const method = table.method === 'none' ? 'one shard' : table.method;
  const type = table.type === 'distributed' ? method : table.type;
  return table.accessMethod === 'columnar' ? `${type}, columnar` : type;
}

function obstacle(table: ClusterTable): string | null {
  if (table.isUnlogged) return 'is unlogged, and logical replication does not carry unlogged tables';
  // A partitioned table has no rows of its own; its partitions are asked one by one.
  if (!table.hasReplicaIdentity && !table.isPartitioned)
    return 'has neither primary key nor replica identity';
  return null;
}

/** Shards of a colocation group move together, so one table without replica identity holds all of them back. */
export function toOnlineMove(table: ClusterTable, colocated: readonly ClusterTable[]): OnlineMove {
  return onlineMoveBeside(table, findObstacle(colocated));
}

export function findObstacle(colocated: readonly ClusterTable[]): ClusterTable | undefined {
  return colocated.find((other) => obstacle(other) !== null);
}

/** `culprit`: the first table of the colocation group that holds it back. */
export function onlineMoveBeside(table: ClusterTable, culprit: ClusterTable | undefined): OnlineMove {
  if (table.type === 'reference') return { isPossible: null, why: 'Reference tables are copied, not moved.' };
  if (table.type === 'local') return { isPossible: null, why: 'Local tables stay on the coordinator.' };
  const own = obstacle(table);
  if (own !== null) return { isPossible: false, why: `It ${own}.` };
  if (culprit !== undefined) {
    return {
      isPossible: false,
      why: `It moves together with ${culprit.name}, which ${obstacle(culprit) ?? ''}.`,
    };
  }
  return { isPossible: true, why: '' };
}

export function labelOf(table: Pick<ClusterTable, 'schema' | 'name'>): string {
  return table.schema === 'public' ? table.name : `${table.schema}.${table.name}`;
}

/** Bytes and count of the table's shards by node group. */
export function placesOf(
  oid: number,
  shards: ShardMap,
  shardBytes: Readonly<Record<string, number>> | undefined,
): ReadonlyMap<number, { readonly shardCount: number; readonly bytes: number | null }> {
  const places = new Map<number, { shardCount: number; bytes: number | null }>();
  for (const group of shards.groups) {
    for (const shard of group.shards) {
      if (shard.tableOid !== oid) continue;
      const bytes = shardBytes?.[shard.shardId] ?? null;
      for (const groupId of shard.groupIds) {
        const place = places.get(groupId) ?? { shardCount: 0, bytes: 0 };
        places.set(groupId, {
          shardCount: place.shardCount + 1,
          bytes: place.bytes === null || bytes === null ? null : place.bytes + bytes,
        });
      }
    }
  }
  return places;
}
