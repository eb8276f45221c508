/** Why the shards of a table cannot be moved while it is written to, and the statement that mends it. */
import type { ClusterTable, TableName } from '../contract/cluster';

/** Tables that hold all of their colocation group back. A partitioned table has no rows: its partitions are asked. */
export function isStuckTable(table: ClusterTable): boolean {
  return (
    (table.type === 'distributed' || table.type === 'schema')
    && !table.isPartitioned
    && (table.isUnlogged || !table.hasReplicaIdentity)
  );
}

export function onlineMoveFix(table: ClusterTable, qualified: (table: TableName) => string): string {
  return table.isUnlogged
    ? `ALTER TABLE ${qualified(table)} SET LOGGED;`
    : `ALTER TABLE ${qualified(table)} REPLICA IDENTITY FULL;`;
}

/** By oid. */
export function onlineMoveFixes(
  tables: readonly ClusterTable[],
  qualified: (table: TableName) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tables.filter(isStuckTable).map((table) => [table.oid, onlineMoveFix(table, qualified)]),
  );
}
