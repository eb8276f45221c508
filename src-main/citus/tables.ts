/** Ordinary tables on the coordinator that could be distributed. */
import type { Reader, StatementOptions } from '../connections/database';
import type { PlainTable } from '../contract/cluster';
import type { CatalogFacts } from './capabilities';

/** SQL: bytes of a row `c` of pg_class, of all its partitions where it is partitioned. */
export const relationBytes = `
  CASE WHEN c.relkind = 'p'
       THEN (SELECT coalesce(sum(pg_catalog.pg_total_relation_size(t.relid)), 0)::text
               FROM pg_catalog.pg_partition_tree(c.oid) t WHERE t.isleaf)
       WHEN c.relkind IN ('r', 'm') THEN coalesce(pg_catalog.pg_total_relation_size(c.oid), 0)::text
       ELSE '0' END`;

/**
 * Tables that Citus does not know, in schemas of people, that belong to no extension and are no shard.
 *
 * Citus hides shards from a client unless a setting says otherwise; here they are left out by themselves: by their name
 * where Citus knows the shard (a name that would be too long is shortened, its end stays), and by the cleanup records
 * where it no longer does.
 */
export async function readPlainTables(
  reader: Reader,
  catalog: CatalogFacts,
  options?: StatementOptions,
): Promise<readonly PlainTable[]> {
  const notLeftOver = catalog.hasCleanupRecords
    ? `AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_cleanup u
                        WHERE u.object_type = 1
                          AND u.object_name = pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname))`
    : '';
  const rows = await reader.read<{
    oid: string;
    schema: string;
    name: string;
    bytes: string;
    row_estimate: number;
    partitioned: boolean;
    owner: string;
  }>(
    {
      text: `
SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, ${relationBytes} AS bytes,
       c.reltuples AS row_estimate, c.relkind = 'p' AS partitioned,
       pg_catalog.pg_get_userbyid(c.relowner)::text AS owner
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'citus', 'citus_internal', 'columnar', 'columnar_internal')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_partition p WHERE p.logicalrelid = c.oid)
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_shard s
                     JOIN pg_catalog.pg_class l ON l.oid = s.logicalrelid
                    WHERE s.shardid = CASE WHEN c.relname ~ '_\\d{1,18}$'
                                           THEN substring(c.relname from '_(\\d{1,18})$')::bigint END
                      AND l.relnamespace = c.relnamespace
                      AND (c.relname = l.relname || '_' || s.shardid
                           OR octet_length(l.relname || '_' || s.shardid) > 63))
   ${notLeftOver}
 ORDER BY n.nspname, c.relname`,
    },
    options,
  );
  return rows.map((row) => ({
    oid: Number(row.oid),
    schema: row.schema,
    name: row.name,
    bytes: Number(row.bytes),
    rowEstimate: row.row_estimate,
    isPartitioned: row.partitioned,
    owner: row.owner,
  }));
}
