/** Pure: what a logical table is, in words, and whether its shards can be moved while it is written to. */
import type { ClusterTable } from '../../src-main/contract/cluster';
import type { ShardMap } from '../topology/shard-groups';

export function typeWords(table: Pick<ClusterTable, 'type' | 'method'>): string {
  switch (table.type) {
    case 'reference':
      return 'reference';
    case 'local':
      return 'local';
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

function obstacle(table: ClusterTable): string | null {
  if (table.isUnlogged) return 'is unlogged, and logical replication does not carry unlogged tables';
  // A partitioned table has no rows of its own; its partitions are asked one by one.
  if (!table.hasReplicaIdentity && !table.isPartitioned)
    return 'has neither primary key nor replica identity';
  return null;
}

/** Shards of a colocation group move together, so one table without replica identity holds all of them back. */
export function toOnlineMove(table: ClusterTable, colocated: readonly ClusterTable[]): OnlineMove {
  if (table.type === 'reference') return { isPossible: null, why: 'Reference tables are copied, not moved.' };
  if (table.type === 'local') return { isPossible: null, why: 'Local tables stay on the coordinator.' };
  const own = obstacle(table);
  if (own !== null) return { isPossible: false, why: `It ${own}.` };
  const culprit = colocated.find((other) => obstacle(other) !== null);
  if (culprit !== undefined) {
    return {
      isPossible: false,
      why: `It moves together with ${culprit.name}, which ${obstacle(culprit) ?? ''}.`,
    };
  }
  return { isPossible: true, why: '' };
}

export interface TableRow {
  readonly key: string;
  readonly table: ClusterTable;
  /** `schema.name`, without "public". */
  readonly label: string;
  readonly type: string;
  readonly column: string | null;
  /** Name of the colocation group; null for a table in none. */
  readonly group: string | null;
  readonly colocationId: number;
  readonly shardCount: number;
  /** Of one copy; null when the size of any of its shards is not known. */
  readonly bytes: number | null;
  readonly online: OnlineMove;
  /** Name of the partitioned table it belongs to. */
  readonly partitionOf: string | null;
}

export function labelOf(table: Pick<ClusterTable, 'schema' | 'name'>): string {
  return table.schema === 'public' ? table.name : `${table.schema}.${table.name}`;
}

/** Bytes by table, of one copy of each shard; null for a table with a shard of unknown size. */
export function bytesByTable(
  shards: ShardMap,
  shardBytes: Readonly<Record<string, number>> | undefined,
): ReadonlyMap<number, number | null> {
  const result = new Map<number, number | null>();
  for (const oid of shards.tables.keys()) result.set(oid, shardBytes === undefined ? null : 0);
  if (shardBytes === undefined) return result;
  for (const group of shards.groups) {
    for (const shard of group.shards) {
      const known = result.get(shard.tableOid);
      const bytes = shardBytes[shard.shardId];
      if (known === null) continue;
      result.set(shard.tableOid, bytes === undefined ? null : (known ?? 0) + bytes);
    }
  }
  return result;
}

export function toTableRows(
  shards: ShardMap,
  shardBytes: Readonly<Record<string, number>> | undefined,
): readonly TableRow[] {
  const bytes = bytesByTable(shards, shardBytes);
  const rows: TableRow[] = [];
  for (const family of shards.families) {
    const colocated = family.tableOids.flatMap((oid) => shards.tables.get(oid) ?? []);
    for (const table of colocated) {
      const parent = table.parentOid === null ? undefined : shards.tables.get(table.parentOid);
      rows.push({
        key: String(table.oid),
        table,
        label: labelOf(table),
        type: typeWords(table),
        column: table.distributionColumn,
        group: table.colocationId === 0 ? null : family.name,
        colocationId: table.colocationId,
        shardCount: table.shardCount,
        bytes: bytes.get(table.oid) ?? null,
        online: toOnlineMove(table, colocated),
        partitionOf: parent === undefined ? null : labelOf(parent),
      });
    }
  }
  return rows.sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
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
