/** What only use and rows can tell the advisor: observed statements, and small samples with a limit on each. */
import { identifier, qualified } from '../connections/database';
import type { Reader } from '../connections/database';
import type { TableName } from '../contract/cluster';
import { toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';

export interface StatementsReading {
  readonly statements:
    readonly { readonly text: string; readonly calls: number; readonly totalMs: number }[] | null;
  readonly missing: { readonly why: string; readonly remedy: string } | null;
  readonly gap: string | null;
}

/** Those called most and those that took longest. */
const statementLimit = 1_000;
const statementTimeoutMs = 10_000;

export async function readObservedStatements(
  reader: Reader,
  signal?: AbortSignal,
): Promise<StatementsReading> {
  const options = { signal, timeoutMs: statementTimeoutMs };
  const [extension] = await reader.read<{ readonly schema: string | null; readonly role: string }>(
    {
      text: `SELECT (SELECT n.nspname::text FROM pg_catalog.pg_extension e
         JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements') AS schema, current_user::text AS role`,
    },
    options,
  );
  if (!extension || extension.schema === null) {
    return missing(
      'The extension pg_stat_statements is not installed in this database.',
      'CREATE EXTENSION pg_stat_statements; (its library must be in shared_preload_libraries), then let the application run for a while.',
    );
  }
  const view = qualified({ schema: extension.schema, name: 'pg_stat_statements' });
  try {
    const rows = await reader.read<{
      readonly text: string | null;
      readonly calls: string;
      readonly total_ms: number;
      readonly hidden: string;
    }>(
      {
        text: `
WITH seen AS (
  SELECT query, sum(calls) AS calls, sum(total_exec_time) AS total_ms
    FROM ${view}
   WHERE dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
   GROUP BY query
), ranked AS (
  SELECT *, row_number() OVER (ORDER BY calls DESC) AS by_calls, row_number() OVER (ORDER BY total_ms DESC) AS by_time
    FROM seen WHERE query <> '<insufficient privilege>'
)
SELECT query AS text, calls::text AS calls, total_ms::float8 AS total_ms,
       (SELECT coalesce(sum(calls), 0)::text FROM seen WHERE query = '<insufficient privilege>') AS hidden
  FROM ranked WHERE least(by_calls, by_time) <= ${statementLimit / 2}`,
      },
      options,
    );
    const hidden = Number(rows[0]?.hidden ?? 0);
    return {
      statements: rows.map((row) => ({
        text: row.text ?? '',
        calls: Number(row.calls),
        totalMs: row.total_ms,
      })),
      missing: null,
      gap:
        hidden > 0
          ? `Statements of other roles are hidden from ${extension.role} (${hidden} calls); GRANT pg_read_all_stats TO ${identifier(extension.role)} shows them.`
          : null,
    };
  } catch (error) {
    const failure = passingFailure(error);
    return missing(
      `pg_stat_statements could not be read: ${failure.serverMessage ?? failure.message}`,
      failure.sqlState === '55000'
        ? 'Add pg_stat_statements to shared_preload_libraries (after citus) and restart the coordinator.'
        : 'Connect as a role that may read it, as a member of pg_monitor.',
    );
  }
}

function missing(why: string, remedy: string): StatementsReading {
  return { statements: null, missing: { why, remedy }, gap: null };
}

/** What stops one reading of many is told; what ends all of them is thrown on. */
function passingFailure(error: unknown): Failure {
  const failure = toFailure(error);
  if (['timeout', 'permission', 'database'].includes(failure.kind)) return failure;
  throw error;
}

const sampleRows = 3_000;
const sampleValues = 1_000;
/** Each look may take as long; it is meant to be a glance. */
const sampleTimeoutMs = 1_500;
const valueLengthLimit = 200;

export interface SampleReading {
  readonly rows: number;
  readonly columns: readonly {
    readonly column: string;
    readonly values: readonly (readonly [value: string, count: number])[];
  }[];
}

/** Null when it took too long or is not allowed. `rowEstimate` sets how much of the table is looked at. */
export async function readSample(
  reader: Reader,
  table: TableName,
  columns: readonly string[],
  rowEstimate: number,
  signal?: AbortSignal,
): Promise<SampleReading | null> {
  const counted = columns.map(
    (_, index) => `
  (SELECT coalesce(json_agg(json_build_array(v, n) ORDER BY n DESC, v), '[]') FROM (
     SELECT c${index} AS v, count(*) AS n FROM s WHERE length(c${index}) <= ${valueLengthLimit}
      GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${sampleValues}) x)`,
  );
  const [row] = await glance<{ readonly sample: string }>(
    reader,
    `WITH s AS MATERIALIZED (
  SELECT ${columns.map((column, index) => `${identifier(column)}::text AS c${index}`).join(', ')}
    FROM ${qualified(table)}${sampleClause(rowEstimate)} LIMIT ${sampleRows})
SELECT json_build_object('rows', (SELECT count(*) FROM s), 'columns', json_build_array(${counted.join(',')}))::text AS sample`,
    signal,
  );
  if (!row) return null;
  const sample = JSON.parse(row.sample) as {
    readonly rows: number;
    readonly columns: readonly (readonly (readonly [string, number])[])[];
  };
  return {
    rows: sample.rows,
    columns: columns.map((column, index) => ({ column, values: sample.columns[index] ?? [] })),
  };
}

export interface AgreementReading {
  readonly rows: number;
  /** In the order of `columns`: rows whose parent holds another value. */
  readonly differing: readonly number[];
}

/** Joins some rows to their parents over a foreign key; null when it took too long or is not allowed. */
export async function readAgreement(
  reader: Reader,
  asked: {
    readonly table: TableName;
    readonly rowEstimate: number;
    readonly parent: TableName;
    readonly on: readonly (readonly [column: string, parentColumn: string])[];
    readonly columns: readonly (readonly [column: string, parentColumn: string])[];
  },
  signal?: AbortSignal,
): Promise<AgreementReading | null> {
  const pairs = asked.columns.map(
    ([column, parentColumn]) =>
      `count(*) FILTER (WHERE c.${identifier(column)} IS DISTINCT FROM p.${identifier(parentColumn)})`,
  );
  const [row] = await glance<{ readonly counts: string }>(
    reader,
    `SELECT json_build_array(count(*), ${pairs.join(', ')})::text AS counts
  FROM (SELECT * FROM ${qualified(asked.table)}${sampleClause(asked.rowEstimate)} LIMIT ${sampleRows}) c
  JOIN ${qualified(asked.parent)} p
    ON ${asked.on.map(([column, parentColumn]) => `c.${identifier(column)} = p.${identifier(parentColumn)}`).join(' AND ')}`,
    signal,
  );
  if (!row) return null;
  const [rows = 0, ...differing] = JSON.parse(row.counts) as readonly number[];
  return { rows, differing };
}

/** Some pages of a large table, all of a small one. */
function sampleClause(rowEstimate: number): string {
  if (rowEstimate <= 2 * sampleRows) return '';
  const percent = Math.min(100, (100 * 2 * sampleRows) / rowEstimate);
  return ` TABLESAMPLE SYSTEM (${percent.toFixed(6)})`;
}

async function glance<Row extends object>(
  reader: Reader,
  text: string,
  signal?: AbortSignal,
): Promise<readonly Row[]> {
  try {
    return await reader.read<Row>({ text }, { signal, timeoutMs: sampleTimeoutMs });
  } catch (error) {
    passingFailure(error);
    return [];
  }
}
