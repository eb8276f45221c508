/** All that decides whether and how a table can be distributed, in one statement that asks no worker. */
import { identifier, qualified } from '../connections/database';
import type { Reader, StatementOptions } from '../connections/database';
import type { TableName } from '../contract/cluster';
import { toFailure } from '../contract/failure';
import type { DistributionSettings, TableFacts } from '../contract/table-facts';
import type { CatalogFacts } from './capabilities';
import { baseType, hashableTypes } from './describe-table';
import { keyNames, tableSource } from './practice-catalogs';

const parts = `
  parts AS (
    SELECT t.oid FROM target t WHERE t.relkind IN ('r', 'm', 'f')
    UNION ALL
    SELECT i.relid FROM target t CROSS JOIN LATERAL pg_catalog.pg_partition_tree(t.oid) i
     WHERE t.relkind = 'p' AND i.isleaf)`;

const nameOf = (relation: string): string => `
  (SELECT json_build_object('schema', nn.nspname, 'name', cc.relname)
     FROM pg_catalog.pg_class cc JOIN pg_catalog.pg_namespace nn ON nn.oid = cc.relnamespace
    WHERE cc.oid = ${relation})`;

export const columnNames = (relation: string, numbers: string): string => `
  (SELECT coalesce(json_agg(a.attname ORDER BY q.position), '[]')
     FROM unnest(${numbers}) WITH ORDINALITY q (attnum, position)
     JOIN pg_catalog.pg_attribute a ON a.attrelid = ${relation} AND a.attnum = q.attnum)`;

/** numeric's modifier holds the scale in its low 11 bits, offset by 4 and signed. */
export const negativeScale = `
  (a.atttypid = 'numeric'::regtype AND a.atttypmod >= 4
   AND ((((a.atttypmod - 4) & 2047) # 1024) - 1024) < 0)`;

const identity = `
  (SELECT json_build_object('generated', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
            'sequence', ${nameOf('q.seqrelid')},
            'options', format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s', q.seqstart, q.seqincrement,
                              q.seqmin, q.seqmax, q.seqcache, CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END))
     FROM pg_catalog.pg_depend b JOIN pg_catalog.pg_sequence q ON q.seqrelid = b.objid
    WHERE a.attidentity <> '' AND b.classid = 'pg_class'::regclass AND b.refclassid = 'pg_class'::regclass
      AND b.refobjid = a.attrelid AND b.refobjsubid = a.attnum AND b.deptype = 'i')`;

const columns = `
  (SELECT coalesce(json_agg(json_build_object(
            'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, NULL),
            'collation', l.collname, 'isCollationDeterministic', coalesce(l.collisdeterministic, true),
            'isGenerated', a.attgenerated <> '', 'identity', ${identity}, 'isNullable', NOT a.attnotnull,
            'isHashable', EXISTS (SELECT FROM hashable h WHERE h.oid = ${baseType}),
            'hasNegativeScale', ${negativeScale},
            'hasSequenceDefault', a.attidentity <> '' OR coalesce(
               pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false),
            'distinctEstimate', s.n_distinct) ORDER BY a.attnum), '[]')
     FROM pg_catalog.pg_attribute a
     LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation AND a.attcollation <> 0
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = t.nspname AND s.tablename = t.relname
      AND s.attname = a.attname AND s.inherited = (t.relkind = 'p')
    WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

/** For an exclusion only the columns compared by an operator that is the equality of its type count. */
export const exclusionColumns = `
  (SELECT coalesce(json_agg(a.attname ORDER BY q.position), '[]')
     FROM unnest(o.conkey, o.conexclop) WITH ORDINALITY q (attnum, operator, position)
     JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = q.attnum
     JOIN pg_catalog.pg_operator p ON p.oid = q.operator AND p.oprname = '=')`;

const uniqueness = `
  (SELECT coalesce(json_agg(u ORDER BY u->>'name'), '[]') FROM (
     SELECT json_build_object('name', o.conname,
              'kind', CASE o.contype WHEN 'p' THEN 'primary-key' WHEN 'u' THEN 'unique' ELSE 'exclusion' END,
              'columns', CASE WHEN o.contype = 'x' THEN ${exclusionColumns} ELSE ${columnNames('o.conrelid', 'o.conkey')} END,
              'definition', pg_catalog.pg_get_constraintdef(o.oid)) AS u
       FROM pg_catalog.pg_constraint o WHERE o.conrelid = t.keyid AND o.contype IN ('p', 'u', 'x')
     UNION ALL
     SELECT json_build_object('name', x.relname, 'kind', 'unique-index', 'columns',
              (SELECT coalesce(json_agg(a.attname ORDER BY q.position), '[]')
                 FROM unnest(i.indkey::int2[]) WITH ORDINALITY q (attnum, position)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = q.attnum
                WHERE q.position <= i.indnkeyatts AND q.attnum <> 0),
              'definition', pg_catalog.pg_get_indexdef(i.indexrelid))
       FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      WHERE i.indrelid = t.keyid AND i.indisunique
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
                         WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x'))) every_kind)`;

export const action = (column: string): string => `
  CASE ${column} WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' WHEN 'd' THEN 'set default'
       WHEN 'r' THEN 'restrict' ELSE 'no action' END`;

const foreignKeys = `
  (SELECT coalesce(json_agg(json_build_object(
            'name', e.conname, 'columns', ${columnNames('e.conrelid', 'e.conkey')},
            'references', ${nameOf('e.toid')},
            'referencedColumns', ${columnNames('e.confrelid', 'e.confkey')},
            'onDelete', ${action('e.confdeltype')}, 'onUpdate', ${action('e.confupdtype')},
            'definition', e.definition) ORDER BY e.conname), '[]')
     FROM edges e WHERE e.fromid = t.oid)`;

const referencedBy = `
  (SELECT coalesce(json_agg(json_build_object('name', e.conname, 'table', ${nameOf('e.fromid')},
            'definition', e.definition) ORDER BY e.conname), '[]')
     FROM edges e WHERE e.toid = t.oid AND e.fromid <> t.oid)`;

const connectedKeys = `
  (SELECT coalesce(json_agg(json_build_object('name', e.conname, 'from', ${nameOf('e.fromid')},
            'to', ${nameOf('e.toid')}, 'definition', e.definition) ORDER BY e.oid), '[]')
     FROM edges e WHERE e.fromid IN (SELECT oid FROM connected) OR e.toid IN (SELECT oid FROM connected))`;

/** Views over views are made again by Citus too; functions that take or return rows of the table, or name it in a SQL body, are not. */
const dependents = `
  (SELECT coalesce(json_agg(json_build_object('kind', d.kind, 'name', d.name) ORDER BY d.kind, d.name), '[]') FROM (
     WITH RECURSIVE seen AS (
       SELECT t.oid UNION
       SELECT r.ev_class FROM seen s
         JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid AND d.classid = 'pg_rewrite'::regclass
         JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid)
     SELECT CASE v.relkind WHEN 'm' THEN 'materialized-view' ELSE 'view' END AS kind, v.oid::regclass::text AS name
       FROM seen s JOIN pg_catalog.pg_class v ON v.oid = s.oid AND v.relkind IN ('v', 'm')
     UNION
     SELECT 'function', d.objid::regprocedure::text FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_proc'::regclass
        AND ((d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid)
          OR (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (
                SELECT y.oid FROM pg_catalog.pg_type y WHERE y.typrelid = t.oid
                UNION ALL SELECT y.typarray FROM pg_catalog.pg_type y WHERE y.typrelid = t.oid)))) d)`;

/** `edges` are the foreign keys between tables as people see them, `connected` the tables that they tie to the target. */
function factsText(catalog: Pick<CatalogFacts, 'isPracticeEmulator'>): string {
  const source = tableSource(catalog);
  const keys = keyNames(catalog);
  return `
WITH RECURSIVE ${hashableTypes},
  target AS (
    SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relispartition, c.relowner, n.nspname,
           k.oid AS keyid, k.relreplident, ${source.kind} AS kind, ${source.accessMethod} AS accessmethod
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
      ${source.joins}
     WHERE n.nspname = $1 AND c.relname = $2),
  ${parts},
  edges AS (
    SELECT o.oid, o.conname, o.conrelid, o.confrelid, o.conkey, o.confkey, o.confdeltype, o.confupdtype,
           ${keys.shown('o.conrelid')} AS fromid, ${keys.shown('o.confrelid')} AS toid, ${keys.definition} AS definition
      FROM pg_catalog.pg_constraint o WHERE o.contype = 'f' AND o.conparentid = 0),
  connected AS (
    SELECT t.oid FROM target t
     UNION
    SELECT CASE WHEN e.fromid = c.oid THEN e.toid ELSE e.fromid END
      FROM connected c JOIN edges e ON c.oid IN (e.fromid, e.toid))
SELECT json_build_object(
  'oid', t.oid::bigint,
  'kind', CASE t.kind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned' WHEN 'f' THEN 'foreign'
                      WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' ELSE 'other' END,
  'isTemporary', t.relpersistence = 't',
  'isUnlogged', t.relpersistence = 'u',
  'isCatalog', t.nspname IN ('pg_catalog', 'information_schema', 'pg_toast'),
  'parent', (SELECT ${nameOf('i.inhparent')} FROM pg_catalog.pg_inherits i WHERE i.inhrelid = t.oid AND t.relispartition LIMIT 1),
  'partitionedPartitions', (SELECT coalesce(json_agg(${nameOf('i.inhrelid')}), '[]')
       FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid
      WHERE i.inhparent = t.oid AND p.relkind = 'p'),
  'isInInheritance', (t.relkind <> 'p' AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = t.oid))
       OR (NOT t.relispartition AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = t.oid)),
  'owner', pg_catalog.pg_get_userbyid(t.relowner),
  'actsAsOwner', pg_catalog.pg_has_role(t.relowner, 'USAGE'),
  'heapBytes', (SELECT coalesce(sum(pg_catalog.pg_relation_size(p.oid)), 0) FROM parts p),
  'totalBytes', (SELECT coalesce(sum(pg_catalog.pg_total_relation_size(p.oid)), 0) FROM parts p),
  'rowEstimate', (SELECT CASE WHEN bool_or(c.reltuples >= 0) THEN sum(greatest(c.reltuples, 0)) ELSE -1 END
                    FROM parts p JOIN pg_catalog.pg_class c ON c.oid = p.oid),
  'columns', ${columns},
  'uniqueness', ${uniqueness},
  'foreignKeys', ${foreignKeys},
  'referencedBy', ${referencedBy},
  'connectedKeys', ${connectedKeys},
  'longestNameBytes', (SELECT max(octet_length(c.relname)) FROM pg_catalog.pg_class c
                        WHERE c.oid = t.oid OR c.oid IN (SELECT oid FROM parts)),
  'triggers', (SELECT coalesce(json_agg(g.tgname ORDER BY g.tgname), '[]')
       FROM pg_catalog.pg_trigger g WHERE g.tgrelid = t.keyid AND NOT g.tgisinternal),
  'hasReplicaIdentity', t.relreplident = 'f' OR EXISTS (SELECT FROM pg_catalog.pg_index x
       WHERE x.indrelid = t.keyid AND x.indisvalid AND x.indimmediate
         AND CASE t.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident ELSE false END),
  'accessMethod', t.accessmethod,
  'droppedColumns', (SELECT count(*) FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = t.oid AND a.attnum > 0 AND a.attisdropped),
  'dependents', ${dependents},
  'columnsInViews', (SELECT coalesce(json_agg(DISTINCT a.attname::text), '[]')
       FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND r.ev_class <> t.oid
       JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = t.oid AND d.refobjsubid > 0),
  'partitionedBy', (SELECT coalesce(json_agg(json_build_object('name', a.attname,
                       'type', pg_catalog.format_type(a.atttypid, NULL))), '[]')
       FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_attribute a
         ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[])
      WHERE p.partrelid = t.keyid)
)::text AS facts
  FROM target t`;
}

/** Null when no relation of that name exists. Sequences, indexes and types come back as kind `other`. */
export async function readTableFacts(
  reader: Reader,
  catalog: Pick<CatalogFacts, 'isPracticeEmulator'>,
  table: TableName,
  options?: StatementOptions,
): Promise<TableFacts | null> {
  const rows = await reader.read<{ readonly facts: string }>(
    { text: factsText(catalog), values: [table.schema, table.name] },
    options,
  );
  const row = rows[0];
  if (!row) return null;
  return {
    schema: table.schema,
    name: table.name,
    ...(JSON.parse(row.facts) as Omit<TableFacts, keyof TableName>),
  };
}

/** Whether a column holds NULL, found by looking; `unknown` when that takes longer than `timeoutMs`. */
export async function readColumnHasNull(
  reader: Reader,
  table: TableName,
  column: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<boolean | 'unknown'> {
  try {
    const rows = await reader.read<{ readonly found: boolean }>(
      {
        text: `SELECT EXISTS (SELECT FROM ${qualified(table)} WHERE ${identifier(column)} IS NULL) AS found`,
      },
      { timeoutMs, signal },
    );
    return rows[0]?.found ?? 'unknown';
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'timeout' || failure.kind === 'permission' || failure.kind === 'database')
      return 'unknown';
    throw error;
  }
}

/** Settings that are not listed in pg_settings on every version are asked one by one. */
export async function readDistributionSettings(
  reader: Reader,
  options?: StatementOptions,
): Promise<DistributionSettings> {
  const rows = await reader.read<{
    readonly shards: string | null;
    readonly factor: string | null;
    readonly unsafe: string | null;
    readonly triggers: string | null;
    readonly libraries: string | null;
    readonly wal: string;
    readonly gist: boolean;
    readonly concurrently: boolean;
  }>(
    {
      text: `SELECT current_setting('citus.shard_count', true) AS shards,
       current_setting('citus.shard_replication_factor', true) AS factor,
       current_setting('citus.allow_unsafe_constraints', true) AS unsafe,
       current_setting('citus.enable_unsafe_triggers', true) AS triggers,
       current_setting('output_plugin_libraries', true) AS libraries, current_setting('wal_level') AS wal,
       EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'btree_gist') AS gist,
       EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = 'create_distributed_table_concurrently') AS concurrently`,
    },
    options,
  );
  const row = rows[0];
  return {
    shardCount: Number(row?.shards ?? 32),
    replicationFactor: Number(row?.factor ?? 1),
    allowUnsafeConstraints: row?.unsafe === 'on',
    enableUnsafeTriggers: row?.triggers === 'on',
    decoderAllowed:
      row === undefined
      || row.libraries === null
      || row.libraries === ''
      || row.libraries.split(',').some((one) => ['citus', '*'].includes(one.trim())),
    walLevel: row?.wal ?? 'unknown',
    hasBtreeGist: row?.gist ?? false,
    hasConcurrently: row?.concurrently ?? false,
  };
}
