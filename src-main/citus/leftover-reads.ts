/** Tables on a node that look like shards and are none that the catalogs place there. */
import type { NodeQuestion } from './health-reads';

export interface LeftoverAnswer {
  readonly schema: string;
  readonly name: string;
  /** int8 as text, from the end of its name. */
  readonly shardId: string;
  /** Whose shard the catalogs know under that id, with its schema; null where they know no such shard any more. */
  readonly of: { readonly schema: string; readonly name: string } | null;
  readonly bytes: number | null;
}

/**
 * Citus names a shard after its table, with the shard's id at the end; names beyond 63 bytes are cut before it. Names are
 * taken from pg_type, where each table has its row type: Citus leaves the shards it knows out of every reading of pg_class.
 * Held against the node's own copy of the catalogs, so of use only where that is synced. Step by step, because planned as
 * one join it takes seconds for a thousand shards.
 */
export const leftoversQuestion: NodeQuestion<readonly LeftoverAnswer[]> = {
  text: `WITH here AS MATERIALIZED (
  SELECT p.shardid FROM pg_catalog.pg_dist_placement p JOIN pg_catalog.pg_dist_local_group g USING (groupid)
), unplaced AS MATERIALIZED (
  SELECT t.typname::text AS name, t.typnamespace AS space, t.typrelid AS relid, t.shardid
    FROM (SELECT typname, typnamespace, typrelid, substring(typname::text FROM '_([0-9]{1,18})$')::bigint AS shardid
            FROM pg_catalog.pg_type WHERE typtype = 'c') t
   WHERE t.shardid IS NOT NULL AND t.shardid NOT IN (SELECT shardid FROM here)
     AND EXISTS (SELECT FROM pg_catalog.pg_dist_local_group)
     AND t.typrelid NOT IN (SELECT logicalrelid FROM pg_catalog.pg_dist_partition)
), known AS MATERIALIZED (
  SELECT u.*, (SELECT s.logicalrelid::oid FROM pg_catalog.pg_dist_shard s WHERE s.shardid = u.shardid) AS ofid FROM unplaced u
), named AS MATERIALIZED (
  SELECT k.*, (SELECT c.relname::text FROM pg_catalog.pg_class c WHERE c.oid = k.ofid) AS ofname,
         (SELECT c.relnamespace FROM pg_catalog.pg_class c WHERE c.oid = k.ofid) AS ofspace FROM known k
)
SELECT n.nspname AS schema, t.name, t.shardid::text AS "shardId", o.nspname AS "ofSchema", t.ofname AS "ofName",
       pg_total_relation_size(t.relid)::text AS bytes
  FROM named t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.space AND n.nspname !~ '^pg_'
  LEFT JOIN pg_catalog.pg_namespace o ON o.oid = t.ofspace
 WHERE pg_relation_filenode(t.relid) IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_class'::regclass AND e.objid = t.relid AND e.deptype = 'e')
   AND (t.ofid IS NULL
        OR t.ofspace = t.space
           AND (t.name = t.ofname || '_' || t.shardid OR octet_length(t.ofname || '_' || t.shardid) > 63))
 ORDER BY 1, 2 LIMIT 200`,
  parse: (rows) =>
    (
      rows as readonly {
        readonly schema: string;
        readonly name: string;
        readonly shardId: string;
        readonly ofSchema: string | null;
        readonly ofName: string | null;
        readonly bytes: string | null;
      }[]
    ).map(({ ofSchema, ofName, bytes, ...table }) => ({
      ...table,
      of: ofSchema === null || ofName === null ? null : { schema: ofSchema, name: ofName },
      bytes: bytes === null ? null : Number(bytes),
    })),
};
