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
 * Held against the node's own copy of the catalogs, so of use only where that is synced.
 */
export const leftoversQuestion: NodeQuestion<readonly LeftoverAnswer[]> = {
  text: `SELECT n.nspname AS schema, t.typname AS name, t.shardid::text AS "shardId", o.nspname AS "ofSchema", c.relname AS "ofName",
       pg_total_relation_size(t.typrelid)::text AS bytes
  FROM (SELECT typname, typnamespace, typrelid, substring(typname::text FROM '_([0-9]{1,18})$')::bigint AS shardid
          FROM pg_catalog.pg_type WHERE typtype = 'c' AND typname::text ~ '_[0-9]{1,18}$') t
  CROSS JOIN pg_catalog.pg_dist_local_group g
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace AND n.nspname !~ '^pg_'
  LEFT JOIN pg_catalog.pg_dist_shard s ON s.shardid = t.shardid
  LEFT JOIN pg_catalog.pg_class c ON c.oid = s.logicalrelid
  LEFT JOIN pg_catalog.pg_namespace o ON o.oid = c.relnamespace
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_dist_placement p WHERE p.shardid = t.shardid AND p.groupid = g.groupid)
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_partition d WHERE d.logicalrelid = t.typrelid)
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_class'::regclass AND e.objid = t.typrelid AND e.deptype = 'e')
   AND pg_relation_filenode(t.typrelid) IS NOT NULL
   AND (s.shardid IS NULL
        OR c.relnamespace = t.typnamespace
           AND (t.typname::text = c.relname || '_' || s.shardid OR octet_length(c.relname || '_' || s.shardid) > 63))
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
