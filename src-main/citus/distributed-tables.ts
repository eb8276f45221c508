/** Tables that Citus knows, with their colocation groups. */
import type { CitusTableType, ClusterTable, ColocationGroup } from '../contract/cluster';
import type { CatalogFacts } from './capabilities';
import { tableSource } from './practice-catalogs';

/** SQL for the type of the table of a row `p` of pg_dist_partition, in the words of citus_tables.citus_table_type. */
export const tableTypeExpression = `
  CASE WHEN p.partmethod <> 'n' THEN 'distributed'
       WHEN p.repmodel = 't' THEN 'reference'
       WHEN p.colocationid <> 0 THEN 'schema'
       ELSE 'local' END`;

/**
 * SQL: whether logical replication can carry every change of `k`, a row of pg_class. The rules are PostgreSQL's: the
 * identity is the whole row, or an immediate index that is the primary key or was named. Partitioned tables hold no rows.
 */
const replicaIdentity = `
  (k.relkind IN ('p', 'f') OR k.relreplident = 'f' OR EXISTS (
     SELECT FROM pg_catalog.pg_index x
      WHERE x.indrelid = k.oid AND x.indisvalid AND x.indimmediate
        AND CASE k.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident ELSE false END))`;

/**
 * SQL: the column in pg_dist_partition.partkey. Citus keeps a PostgreSQL expression node there, whose attribute number is
 * read here, since column_to_column_name refuses to work in the middle of an upgrade of Citus. Other forms are left to it.
 */
const distributionColumn = `
  CASE WHEN p.partkey ~ ':varattno [0-9]+ '
       THEN (SELECT v.attname::text FROM pg_catalog.pg_attribute v
              WHERE v.attrelid = p.logicalrelid
                AND v.attnum = substring(p.partkey FROM ':varattno ([0-9]+) ')::int)
       WHEN p.partkey IS NOT NULL THEN pg_catalog.column_to_column_name(p.logicalrelid, p.partkey) END`;

/** A scalar subquery: every Citus table as JSON text. Does not depend on the view citus_tables, which asks every worker. */
export function tablesColumn(catalog: CatalogFacts): string {
  const source = tableSource(catalog);
  return `
  (SELECT coalesce(json_agg(json_build_array(
            c.oid, n.nspname, c.relname, ${tableTypeExpression}, p.partmethod::text,
            ${distributionColumn},
            p.colocationid, pg_catalog.pg_get_userbyid(c.relowner), ${source.accessMethod},
            ${source.isPartitioned},
            (SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition),
            ${replicaIdentity}, k.relpersistence = 'u') ORDER BY n.nspname, c.relname), '[]')::text
     FROM pg_catalog.pg_dist_partition p
     JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
     ${source.joins})`;
}

type TableRow = [
  oid: number | string,
  schema: string,
  name: string,
  type: CitusTableType,
  method: string,
  column: string | null,
  colocationId: number,
  owner: string,
  accessMethod: string | null,
  partitioned: boolean,
  parent: number | string | null,
  identity: boolean,
  unlogged: boolean,
];

export function parseTables(text: string, shardCounts: ReadonlyMap<number, number>): readonly ClusterTable[] {
  return (JSON.parse(text) as TableRow[]).map((row) => ({
    oid: Number(row[0]),
    schema: row[1],
    name: row[2],
    type: row[3],
    method: methodInWords(row[4]),
    distributionColumn: row[5],
    colocationId: row[6],
    shardCount: shardCounts.get(Number(row[0])) ?? 0,
    owner: row[7],
    accessMethod: row[8],
    isPartitioned: row[9],
    parentOid: row[10] === null ? null : Number(row[10]),
    hasReplicaIdentity: row[11],
    isUnlogged: row[12],
  }));
}

function methodInWords(partmethod: string): ClusterTable['method'] {
  switch (partmethod) {
    case 'h':
      return 'hash';
    case 'r':
      return 'range';
    case 'a':
      return 'append';
    default:
      return 'none';
  }
}

/** A scalar subquery: pg_dist_colocation as JSON text. */
export const groupsColumn = `
  (SELECT coalesce(json_agg(json_build_array(
            g.colocationid, g.shardcount, g.replicationfactor,
            CASE WHEN g.distributioncolumntype <> 0
                 THEN pg_catalog.format_type(g.distributioncolumntype, NULL) END,
            (SELECT l.collname FROM pg_catalog.pg_collation l WHERE l.oid = g.distributioncolumncollation)
          ) ORDER BY g.colocationid), '[]')::text
     FROM pg_catalog.pg_dist_colocation g)`;

type GroupRow = [id: number, shards: number, factor: number, type: string | null, collation: string | null];

/** Splits do not update pg_dist_colocation.shardcount, so the shards of a table of the group are counted instead. */
export function parseGroups(text: string, tables: readonly ClusterTable[]): readonly ColocationGroup[] {
  const counted = new Map<number, number>();
  for (const table of tables) {
    counted.set(table.colocationId, Math.max(counted.get(table.colocationId) ?? 0, table.shardCount));
  }
  return (JSON.parse(text) as GroupRow[]).map(([colocationId, recorded, factor, type, collation]) => ({
    colocationId,
    shardCount: counted.get(colocationId) || recorded,
    replicationFactor: factor,
    distributionColumnType: type,
    distributionColumnCollation: collation,
  }));
}
