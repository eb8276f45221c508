/** All about one table that matters for distributing it. */
import type { Reader, StatementOptions } from '../connections/database';
import type {
  CitusTableType,
  TableColumn,
  TableConstraint,
  TableDescription,
  TableName,
} from '../contract/cluster';
import { FailureError } from '../contract/failure';
import type { CatalogFacts } from './capabilities';
import { tableTypeExpression } from './distributed-tables';
import { keySource, tableSource } from './practice-catalogs';
import { relationBytes } from './tables';

/**
 * SQL: whether type `oid` has a default hash operator class, found as PostgreSQL finds it: its own, one of a type it is
 * binary coercible to (varchar has text's), or the one of its kind (arrays, enums, ranges, rows), for arrays that of the
 * elements too. Domains count as what they are made of.
 */
export const hashableTypes = `
  hash_input AS (
    SELECT o.opcintype AS oid FROM pg_catalog.pg_opclass o
      JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname = 'hash' WHERE o.opcdefault
  ), hashable_scalar AS (
    SELECT t.oid FROM pg_catalog.pg_type t
     WHERE t.oid IN (SELECT oid FROM hash_input)
        OR t.typtype = 'e' OR t.typtype = 'r' OR t.typtype = 'm'
        OR (t.typtype = 'c' AND 'record'::regtype IN (SELECT oid FROM hash_input))
        OR EXISTS (SELECT FROM pg_catalog.pg_cast k
                    WHERE k.castsource = t.oid AND k.castmethod = 'b' AND k.castcontext = 'i'
                      AND k.casttarget IN (SELECT oid FROM hash_input))
  ), hashable AS (
    SELECT oid FROM hashable_scalar
     UNION SELECT typarray FROM pg_catalog.pg_type
            WHERE typarray <> 0 AND oid IN (SELECT oid FROM hashable_scalar)
  )`;

export const baseType = `
  (WITH RECURSIVE base AS (
     SELECT t.oid, t.typtype, t.typbasetype FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid
     UNION ALL
     SELECT t.oid, t.typtype, t.typbasetype FROM pg_catalog.pg_type t JOIN base b
         ON b.typtype = 'd' AND t.oid = b.typbasetype)
   SELECT oid FROM base WHERE typtype <> 'd')`;

const columnsOf = `
  (SELECT coalesce(json_agg(json_build_object(
            'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
            'isNullable', NOT a.attnotnull, 'isGenerated', a.attgenerated <> '',
            'isIdentity', a.attidentity <> '',
            'isHashable', EXISTS (SELECT FROM hashable h WHERE h.oid = ${baseType}),
            'distinctEstimate', s.n_distinct, 'nullFraction', s.null_frac) ORDER BY a.attnum), '[]')::text
     FROM pg_catalog.pg_attribute a
     LEFT JOIN pg_catalog.pg_stats s
       ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
      AND s.inherited = (c.relkind = 'p')
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

const triggersOf = `
  (SELECT coalesce(json_agg(g.tgname ORDER BY g.tgname), '[]')::text
     FROM pg_catalog.pg_trigger g WHERE g.tgrelid = k.oid AND NOT g.tgisinternal)`;

interface DescriptionRow {
  readonly oid: string;
  readonly kind: string;
  readonly bytes: string;
  readonly row_estimate: number;
  readonly owner: string;
  readonly temporary: boolean;
  readonly partition: boolean;
  readonly citus_type: CitusTableType | null;
  readonly columns: string;
  readonly constraints: string;
  readonly referenced_by: string;
  readonly unique_indexes: string;
  readonly triggers: string;
}

/**
 * One statement; asks no worker, so the bytes and the estimate of a table that is distributed already are those of its
 * empty shell on the coordinator.
 * @throws FailureError `not-found`
 */
export async function describeTable(
  reader: Reader,
  catalog: CatalogFacts,
  table: TableName,
  options?: StatementOptions,
): Promise<TableDescription> {
  const source = tableSource(catalog);
  const keys = keySource(catalog);
  const [row] = await reader.read<DescriptionRow>(
    {
      text: `
WITH ${hashableTypes}
SELECT c.oid::text AS oid, (${source.kind})::text AS kind, ${relationBytes} AS bytes,
       c.reltuples AS row_estimate, pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
       c.relpersistence = 't' AS temporary, c.relispartition AS partition,
       (SELECT ${tableTypeExpression} FROM pg_catalog.pg_dist_partition p WHERE p.logicalrelid = c.oid) AS citus_type,
       ${columnsOf} AS columns,
       ${keys.constraints} AS constraints,
       ${keys.referencedBy} AS referenced_by,
       ${keys.uniqueIndexes} AS unique_indexes,
       ${triggersOf} AS triggers
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  ${source.joins}
 WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'f', 'v', 'm')`,
      values: [table.schema, table.name],
    },
    options,
  );
  if (!row) {
    throw new FailureError({
      kind: 'not-found',
      message: `There is no table ${table.schema}.${table.name} on the coordinator.`,
      remedy: 'It may have been dropped or renamed; refresh the list of tables.',
      node: reader.address,
    });
  }
  return {
    oid: Number(row.oid),
    schema: table.schema,
    name: table.name,
    bytes: Number(row.bytes),
    rowEstimate: row.row_estimate,
    isPartitioned: row.kind === 'p',
    owner: row.owner,
    columns: JSON.parse(row.columns) as readonly TableColumn[],
    constraints: JSON.parse(row.constraints) as readonly TableConstraint[],
    referencedBy: JSON.parse(row.referenced_by) as TableDescription['referencedBy'],
    uniqueIndexes: JSON.parse(row.unique_indexes) as TableDescription['uniqueIndexes'],
    triggers: JSON.parse(row.triggers) as readonly string[],
    relationKind: kindInWords(row.kind),
    isTemporary: row.temporary,
    isPartition: row.partition,
    citusType: row.citus_type,
  };
}

function kindInWords(relkind: string): TableDescription['relationKind'] {
  switch (relkind) {
    case 'r':
      return 'table';
    case 'p':
      return 'partitioned';
    case 'f':
      return 'foreign';
    case 'v':
      return 'view';
    default:
      return 'other';
  }
}
