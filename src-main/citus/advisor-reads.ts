/**
 * The schema and its statistics for the advisor: four statements over the coordinator's catalogs, whatever the number of
 * tables. No worker is asked, and no row of a table is read.
 */
import type { Reader, StatementOptions } from '../connections/database';
import type { AdvisorColumn, AdvisorTable } from '../contract/advisor-facts';
import type { CitusTableType } from '../contract/cluster';
import type { CatalogFacts } from './capabilities';
import { baseType, hashableTypes } from './describe-table';
import { tableTypeExpression } from './distributed-tables';
import { keyNames, tableSource } from './practice-catalogs';
import { action, exclusionColumns, negativeScale } from './table-facts';
import { columnNames } from './table-facts';
import { readPlainTables, relationBytes } from './tables';

/** Common values kept of a column: more change no judgement. */
const commonValueLimit = 20;
/** Characters of a value: longer ones are texts, not keys. */
const valueLengthLimit = 200;

const partitionRows = `
  CASE WHEN c.relkind = 'p'
       THEN (SELECT CASE WHEN bool_or(l.reltuples >= 0) THEN sum(greatest(l.reltuples, 0)) ELSE -1 END
               FROM pg_catalog.pg_partition_tree(c.oid) t JOIN pg_catalog.pg_class l ON l.oid = t.relid
              WHERE t.isleaf)
       ELSE c.reltuples END`;

const obstacle = `
  CASE WHEN NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
       THEN 'belongs to ' || pg_catalog.pg_get_userbyid(c.relowner) || ', as whom this role may not act'
       WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
         OR (c.relkind <> 'p' AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid))
       THEN 'takes part in table inheritance'
       WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class s ON s.oid = i.inhrelid
                     WHERE i.inhparent = c.oid AND s.relkind = 'p')
       THEN 'has partitions that are partitioned again' END`;

function tablesText(catalog: CatalogFacts): string {
  const source = tableSource(catalog);
  return `
SELECT c.oid::text AS oid, k.oid::text AS key_oid, n.nspname::text AS schema, c.relname::text AS name,
       (${source.isPartitioned}) AS partitioned, (${partitionRows})::float8 AS rows, ${relationBytes} AS bytes,
       CASE WHEN p.logicalrelid IS NULL THEN ${obstacle} END AS obstacle,
       (s.n_tup_ins + s.n_tup_upd + s.n_tup_del)::float8 AS writes,
       (SELECT coalesce(json_agg(g.tgname ORDER BY g.tgname), '[]')::text
          FROM pg_catalog.pg_trigger g WHERE g.tgrelid = k.oid AND NOT g.tgisinternal) AS triggers,
       CASE WHEN p.logicalrelid IS NOT NULL THEN ${tableTypeExpression} END AS citus_type,
       CASE WHEN p.partkey IS NOT NULL THEN pg_catalog.column_to_column_name(p.logicalrelid, p.partkey) END AS citus_column,
       p.colocationid AS colocation,
       (SELECT count(*)::int FROM pg_catalog.pg_dist_shard d WHERE d.logicalrelid = c.oid) AS shards
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  ${source.joins}
  LEFT JOIN pg_catalog.pg_dist_partition p ON p.logicalrelid = c.oid
  LEFT JOIN pg_catalog.pg_stat_user_tables s ON s.relid = c.oid
 WHERE NOT c.relispartition AND (p.logicalrelid IS NOT NULL OR c.oid = ANY ($1::text::oid[]))
 ORDER BY n.nspname, c.relname`;
}

const columnsText = `
WITH ${hashableTypes}
SELECT a.attrelid::text AS oid,
       json_agg(json_build_object(
         'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, NULL),
         'collation', l.collname, 'isCollationDeterministic', coalesce(l.collisdeterministic, true),
         'isNullable', NOT a.attnotnull, 'isGenerated', a.attgenerated <> '',
         'isHashable', EXISTS (SELECT FROM hashable h WHERE h.oid = ${baseType}),
         'hasNegativeScale', ${negativeScale},
         'hasSequenceDefault', a.attidentity <> '' OR coalesce(
            pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false),
         'statistics', CASE WHEN s.attname IS NOT NULL THEN json_build_object(
            'distinct', s.n_distinct, 'nullFraction', s.null_frac, 'correlation', s.correlation,
            'commonValues', coalesce((SELECT json_agg(left(v, ${valueLengthLimit})) FROM unnest(
               (s.most_common_vals::text::text[])[1:${commonValueLimit}]) v), '[]'),
            'commonShares', coalesce((SELECT json_agg(f) FROM unnest(s.most_common_freqs[1:${commonValueLimit}]) f), '[]')
         ) END) ORDER BY a.attnum)::text AS columns
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation AND a.attcollation <> 0
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
   AND s.attname = a.attname AND s.inherited = (c.relkind = 'p')
 WHERE a.attrelid = ANY ($1::text::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
 GROUP BY a.attrelid`;

const uniquenessText = `
SELECT o.conrelid::text AS oid, o.conname::text AS name,
       CASE o.contype WHEN 'p' THEN 'primary-key' WHEN 'u' THEN 'unique' ELSE 'exclusion' END AS kind,
       (CASE WHEN o.contype = 'x' THEN ${exclusionColumns} ELSE ${columnNames('o.conrelid', 'o.conkey')} END)::text AS columns,
       o.contype <> 'x' AND NOT o.condeferrable AS plain
  FROM pg_catalog.pg_constraint o
 WHERE o.conrelid = ANY ($1::text::oid[]) AND o.contype IN ('p', 'u', 'x')
UNION ALL
SELECT i.indrelid::text, x.relname::text, 'unique-index',
       (SELECT coalesce(json_agg(a.attname ORDER BY q.position), '[]')
          FROM unnest(i.indkey::int2[]) WITH ORDINALITY q (attnum, position)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = q.attnum
         WHERE q.position <= i.indnkeyatts AND q.attnum <> 0)::text,
       i.indpred IS NULL AND i.indexprs IS NULL
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
 WHERE i.indrelid = ANY ($1::text::oid[]) AND i.indisunique
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
                    WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x'))
 ORDER BY 1, 2`;

function foreignKeysText(catalog: CatalogFacts): string {
  const names = keyNames(catalog);
  return `
SELECT o.conrelid::text AS oid, o.conname::text AS name, rn.nspname::text AS schema, r.relname::text AS table,
       ${columnNames('o.conrelid', 'o.conkey')}::text AS columns,
       ${columnNames('o.confrelid', 'o.confkey')}::text AS referenced,
       ${action('o.confdeltype')} AS on_delete, ${action('o.confupdtype')} AS on_update, ${names.definition} AS definition
  FROM pg_catalog.pg_constraint o
  JOIN pg_catalog.pg_class r ON r.oid = ${names.shown('o.confrelid')}
  JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
 WHERE o.contype = 'f' AND o.conparentid = 0 AND o.conrelid = ANY ($1::text::oid[])
 ORDER BY o.conrelid, o.conname`;
}

interface TableRow {
  readonly oid: string;
  readonly key_oid: string;
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  readonly rows: number;
  readonly bytes: string;
  readonly obstacle: string | null;
  readonly writes: number | null;
  readonly triggers: string;
  readonly citus_type: CitusTableType | null;
  readonly citus_column: string | null;
  readonly colocation: number | null;
  readonly shards: number;
}

interface ForeignKeyRow {
  readonly oid: string;
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  readonly columns: string;
  readonly referenced: string;
  readonly on_delete: AdvisorTable['foreignKeys'][number]['onDelete'];
  readonly on_update: AdvisorTable['foreignKeys'][number]['onUpdate'];
  readonly definition: string;
}

/** Tables of people: plain ones and those that Citus knows, partitions with their parents. */
export async function readAdvisorTables(
  reader: Reader,
  catalog: CatalogFacts,
  options?: StatementOptions,
): Promise<readonly AdvisorTable[]> {
  const plain = await readPlainTables(reader, catalog, options);
  const tables = await reader.read<TableRow>(
    { text: tablesText(catalog), values: [oidList(plain.map(({ oid }) => String(oid)))] },
    options,
  );
  const all = oidList(tables.map(({ oid }) => oid));
  // On the practice emulator the keys of a distributed table are on its twin.
  const keyed = oidList(tables.map(({ key_oid: oid }) => oid));
  const columns = await reader.read<{ readonly oid: string; readonly columns: string }>(
    { text: columnsText, values: [all] },
    options,
  );
  const uniqueness = await reader.read<{
    readonly oid: string;
    readonly name: string;
    readonly kind: AdvisorTable['uniqueness'][number]['kind'];
    readonly columns: string;
    readonly plain: boolean;
  }>({ text: uniquenessText, values: [keyed] }, options);
  const foreignKeys = await reader.read<ForeignKeyRow>(
    { text: foreignKeysText(catalog), values: [keyed] },
    options,
  );
  const columnsByOid = new Map(columns.map((row) => [row.oid, JSON.parse(row.columns) as AdvisorColumn[]]));
  const uniquenessByOid = byOid(uniqueness);
  const keysByOid = byOid(foreignKeys);
  return tables.map((row) => ({
    schema: row.schema,
    name: row.name,
    isPartitioned: row.partitioned,
    rows: row.rows,
    bytes: Number(row.bytes),
    columns: columnsByOid.get(row.oid) ?? [],
    uniqueness: (uniquenessByOid.get(row.key_oid) ?? []).map((one) => ({
      name: one.name,
      kind: one.kind,
      columns: JSON.parse(one.columns) as string[],
      isPlain: one.plain,
    })),
    foreignKeys: (keysByOid.get(row.key_oid) ?? []).map((one) => ({
      name: one.name,
      columns: JSON.parse(one.columns) as string[],
      references: { schema: one.schema, name: one.table },
      referencedColumns: JSON.parse(one.referenced) as string[],
      onDelete: one.on_delete,
      onUpdate: one.on_update,
      definition: one.definition,
    })),
    triggers: JSON.parse(row.triggers) as string[],
    obstacle: row.obstacle,
    writes: row.writes,
    citus:
      row.citus_type === null
        ? null
        : {
            type: row.citus_type,
            column: row.citus_column,
            colocationId: row.colocation ?? 0,
            shardCount: row.shards,
          },
  }));
}

function oidList(oids: readonly string[]): string {
  return `{${oids.join(',')}}`;
}

function byOid<Row extends { readonly oid: string }>(
  rows: readonly Row[],
): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.oid);
    if (group) group.push(row);
    else groups.set(row.oid, [row]);
  }
  return groups;
}
