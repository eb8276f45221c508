/** Asks the server where a value lies, and how it would run a statement. */
import { identifier, qualified } from '../connections/database';
import type { Reader, StatementOptions } from '../connections/database';
import type { TableName } from '../contract/cluster';

export interface DistributionColumn {
  readonly name: string;
  /** pg_attribute.attnum. */
  readonly position: number;
  /** format_type without modifier, as it may stand in SQL. */
  readonly type: string;
  /** pg_type.typtype in words. */
  readonly kind: 'base' | 'composite' | 'domain' | 'enum' | 'range' | 'other';
  /** Of a composite type, in order. */
  readonly parts: readonly { readonly name: string; readonly type: string }[];
  /** Of an enum, in order. */
  readonly labels: readonly string[];
}

const kinds: Readonly<Record<string, DistributionColumn['kind']>> = {
  b: 'base',
  c: 'composite',
  d: 'domain',
  e: 'enum',
  r: 'range',
};

/** Null when the table has no such column. */
export async function readDistributionColumn(
  reader: Reader,
  tableOid: number,
  column: string,
  options?: StatementOptions,
): Promise<DistributionColumn | null> {
  const [row] = await reader.read<{
    readonly type: string;
    readonly position: number;
    readonly kind: string;
    readonly parts: DistributionColumn['parts'];
    readonly labels: readonly string[];
  }>(
    {
      text: `
SELECT pg_catalog.format_type(a.atttypid, NULL) AS type, a.attnum AS position, t.typtype::text AS kind,
       (SELECT coalesce(json_agg(json_build_object('name', p.attname, 'type', pg_catalog.format_type(p.atttypid, p.atttypmod))
                                 ORDER BY p.attnum), '[]')
          FROM pg_catalog.pg_attribute p
         WHERE p.attrelid = t.typrelid AND p.attnum > 0 AND NOT p.attisdropped AND t.typrelid <> 0) AS parts,
       (SELECT coalesce(json_agg(e.enumlabel ORDER BY e.enumsortorder), '[]')
          FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) AS labels
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
 WHERE a.attrelid = $1::oid AND a.attname = $2 AND NOT a.attisdropped`,
      values: [tableOid, column],
    },
    options,
  );
  return row ? { ...row, name: column, kind: kinds[row.kind] ?? 'other' } : null;
}

/** The shard that the server chooses for a value given as text, and the hash it has; "0" is no shard. */
export async function readRouteOfValue(
  reader: Reader,
  table: TableName,
  column: Pick<DistributionColumn, 'type'>,
  value: string,
  options?: StatementOptions,
): Promise<{ readonly shardId: string; readonly hash: number | null }> {
  const [row] = await reader.read<{ readonly shardId: string; readonly hash: number | null }>(
    {
      text: `SELECT pg_catalog.get_shard_id_for_distribution_column($1::regclass, v)::text AS "shardId",
       pg_catalog.worker_hash(v) AS hash
  FROM (SELECT $2::text::${column.type} AS v) AS given`,
      values: [qualified(table), value],
    },
    options,
  );
  return row ?? { shardId: '0', hash: null };
}

/** Rows with the value, counted on its shard; int8 as text. */
export async function countRowsOfValue(
  reader: Reader,
  table: TableName,
  column: Pick<DistributionColumn, 'name' | 'type'>,
  value: string,
  options?: StatementOptions,
): Promise<string> {
  const [row] = await reader.read<{ readonly rows: string }>(
    {
      text: `SELECT count(*) AS rows FROM ${qualified(table)}
 WHERE ${identifier(column.name)} = $1::text::${column.type}`,
      values: [value],
    },
    options,
  );
  return row?.rows ?? '0';
}

/**
 * The plan of a statement that somebody typed, as JSON. It is planned in a read-only transaction that is rolled back and
 * never run; Citus asks one node for the plan of one task, with `allTasks` each task's node for its own.
 * @param statement one statement that `checkStatement` let through.
 */
export async function explainStatement(
  reader: Reader,
  statement: string,
  allTasks: boolean,
  options?: StatementOptions,
): Promise<unknown> {
  const [row] = await reader.read<{ readonly 'QUERY PLAN': unknown }>(
    { text: `EXPLAIN (VERBOSE, FORMAT JSON) ${statement}` },
    {
      ...options,
      isolated: { settings: { 'citus.explain_all_tasks': allTasks ? 'on' : 'off' } },
    },
  );
  return row?.['QUERY PLAN'];
}
