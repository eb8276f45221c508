/** Citus's plan rows as moves of whole shard groups, and the load of each node before and after them. */
import type { ClusterSnapshot, ClusterTable, Shard } from '../contract/cluster';
import type { NodeLoad, PlannedMove } from '../contract/operations';
import { activePrimaries, addressOf, readable } from './plan';

/** One row of get_rebalance_table_shards_plan, in its order. */
export interface PlanRow {
  readonly schema: string;
  readonly table: string;
  readonly shardId: string;
  readonly sourceName: string;
  readonly sourcePort: number;
  readonly targetName: string;
  readonly targetPort: number;
}

/** Shards that move together: same colocation group, same hash range. */
export function groupKey(shard: Shard, table: ClusterTable): string {
  const alone = table.colocationId === 0 || table.method === 'range' || table.method === 'append';
  return alone ? `shard ${shard.shardId}` : `${table.colocationId} ${shard.minValue ?? 'all'}`;
}

function indexSnapshot(snapshot: ClusterSnapshot): {
  readonly tables: ReadonlyMap<number, ClusterTable>;
  readonly shards: ReadonlyMap<string, Shard>;
} {
  return {
    tables: new Map(snapshot.tables.map((table) => [table.oid, table])),
    shards: new Map(snapshot.shards.map((shard) => [shard.shardId, shard])),
  };
}

export type ShardBytes = Readonly<Record<string, number>>;

/** The rows of one group stand together in Citus's answer; a group that moves twice gives two moves. */
export function groupMoves(
  snapshot: ClusterSnapshot,
  rows: readonly PlanRow[],
  shardBytes: ShardBytes,
): readonly PlannedMove[] {
  const { tables, shards } = indexSnapshot(snapshot);
  const moves: { key: string; move: PlannedMove; unknown: boolean }[] = [];
  for (const row of rows) {
    const shard = shards.get(row.shardId);
    const table = shard ? tables.get(shard.tableOid) : undefined;
    const source = addressOf({ name: row.sourceName, port: row.sourcePort });
    const target = addressOf({ name: row.targetName, port: row.targetPort });
    const group = shard && table ? groupKey(shard, table) : `shard ${row.shardId}`;
    const key = `${group} ${source} ${target}`;
    const name = readable({ schema: row.schema, name: row.table });
    const bytes = shardBytes[row.shardId] ?? null;
    const last = moves.at(-1);
    if (last && last.key === key) {
      last.move = {
        ...last.move,
        tables: [...last.move.tables, name],
        bytes: last.move.bytes === null || bytes === null ? null : last.move.bytes + bytes,
      };
    } else {
      moves.push({
        key,
        move: { shardId: row.shardId, tables: [name], sourceNode: source, targetNode: target, bytes },
        unknown: bytes === null,
      });
    }
  }
  return moves.map(({ move }) => move);
}

/** Tables of the groups that move, each once. */
export function movedTables(snapshot: ClusterSnapshot, rows: readonly PlanRow[]): readonly ClusterTable[] {
  const { tables, shards } = indexSnapshot(snapshot);
  const moved = new Map<number, ClusterTable>();
  for (const row of rows) {
    const shard = shards.get(row.shardId);
    const table = shard ? tables.get(shard.tableOid) : undefined;
    if (table) moved.set(table.oid, table);
  }
  return [...moved.values()];
}

/** Only what a rebalance can move counts: reference and local tables lie where they lie. */
export function nodeLoads(
  snapshot: ClusterSnapshot,
  rows: readonly PlanRow[],
  shardBytes: ShardBytes,
): readonly NodeLoad[] {
  const { tables, shards } = indexSnapshot(snapshot);
  const nodes = activePrimaries(snapshot);
  const labelOfGroup = new Map(nodes.map((node) => [node.groupId, addressOf(node)]));
  const before = new Map<string, Load>(nodes.map((node) => [addressOf(node), emptyLoad()]));
  const after = new Map<string, Load>(nodes.map((node) => [addressOf(node), emptyLoad()]));
  const movedTo = new Map<string, Map<string, string>>();
  for (const row of rows) {
    const source = addressOf({ name: row.sourceName, port: row.sourcePort });
    const ofShard = movedTo.get(row.shardId) ?? new Map<string, string>();
    ofShard.set(source, addressOf({ name: row.targetName, port: row.targetPort }));
    movedTo.set(row.shardId, ofShard);
  }
  for (const shard of shards.values()) {
    const table = tables.get(shard.tableOid);
    if (!table || table.type === 'reference' || table.type === 'local') continue;
    for (const groupId of shard.groupIds) {
      const node = labelOfGroup.get(groupId);
      if (node === undefined) continue;
      const key = groupKey(shard, table);
      const bytes = shardBytes[shard.shardId] ?? null;
      addShard(before, node, key, bytes);
      addShard(after, lastStop(movedTo.get(shard.shardId), node), key, bytes);
    }
  }
  return nodes
    .map((node) => ({ node, was: before.get(addressOf(node)), is: after.get(addressOf(node)) }))
    .filter(
      ({ node, was, is }) =>
        node.shouldHaveShards || (was?.groups.size ?? 0) > 0 || (is?.groups.size ?? 0) > 0,
    )
    .map(({ node, was, is }) => ({
      node: addressOf(node),
      bytesBefore: was?.bytes ?? null,
      bytesAfter: is?.bytes ?? null,
      shardGroupsBefore: was?.groups.size ?? 0,
      shardGroupsAfter: is?.groups.size ?? 0,
    }));
}

interface Load {
  /** Null as soon as one shard on it is of unknown size. */
  readonly bytes: number | null;
  readonly groups: ReadonlySet<string>;
}

function emptyLoad(): Load {
  return { bytes: 0, groups: new Set() };
}

function addShard(loads: Map<string, Load>, node: string, group: string, bytes: number | null): void {
  const load = loads.get(node) ?? emptyLoad();
  loads.set(node, {
    bytes: load.bytes === null || bytes === null ? null : load.bytes + bytes,
    groups: new Set(load.groups).add(group),
  });
}

/** A shard may be moved more than once; the chain is followed, each hop once. */
function lastStop(hops: ReadonlyMap<string, string> | undefined, start: string): string {
  let node = start;
  const seen = new Set<string>();
  while (hops && !seen.has(node)) {
    const next = hops.get(node);
    if (next === undefined) return node;
    seen.add(node);
    node = next;
  }
  return node;
}
