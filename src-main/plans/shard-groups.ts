/** The shards of all tables of a colocation group that lie and travel together, with their size. */
import type { ClusterSnapshot } from '../contract/cluster';

export interface ShardGroup {
  readonly colocationId: number;
  /** The shard of the table that stands for the group. */
  readonly shardId: string;
  /** That table: the oldest, as it comes first in pg_dist_partition. */
  readonly tableOid: number;
  readonly groupIds: readonly number[];
  /** Of all its shards; null when the size of one is not known. */
  readonly bytes: number | null;
  /** Of all its tables. */
  readonly tableOids: readonly number[];
  readonly shardIds: readonly string[];
}

type Draft = { -readonly [K in keyof ShardGroup]: ShardGroup[K] } & {
  tableOids: number[];
  shardIds: string[];
};

/** `shardBytes`: bytes by shard id; one that is absent is not known. */
export function shardGroupsOf(
  snapshot: Pick<ClusterSnapshot, 'tables' | 'shards'>,
  shardBytes: Readonly<Record<string, number>>,
): readonly ShardGroup[] {
  const byOid = new Map(snapshot.tables.map((table) => [table.oid, table]));
  const groups = new Map<string, Draft>();
  for (const shard of snapshot.shards) {
    const table = byOid.get(shard.tableOid);
    if (!table || (table.type !== 'distributed' && table.type !== 'schema')) continue;
    // Range and append tables that are colocated with nothing: every shard is a group of its own.
    const isAlone = table.colocationId === 0 || table.method === 'append';
    const key = isAlone ? `shard ${shard.shardId}` : `${table.colocationId} ${shard.minValue ?? ''}`;
    const bytes = shardBytes[shard.shardId] ?? null;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, {
        colocationId: table.colocationId,
        tableOid: table.oid,
        shardId: shard.shardId,
        groupIds: shard.groupIds,
        bytes,
        tableOids: [table.oid],
        shardIds: [shard.shardId],
      });
      continue;
    }
    group.bytes = group.bytes === null || bytes === null ? null : group.bytes + bytes;
    group.tableOids.push(table.oid);
    group.shardIds.push(shard.shardId);
    if (table.oid < group.tableOid)
      Object.assign(group, { tableOid: table.oid, shardId: shard.shardId, groupIds: shard.groupIds });
  }
  return [...groups.values()];
}
