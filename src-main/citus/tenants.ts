/** The values of a distribution column that have most rows, from the statistics of each shard, and who asks most. */
import { qualified, shownStatement } from '../connections/database';
import type { Reader, StatementOptions } from '../connections/database';
import type { TableName } from '../contract/cluster';
import { toFailure } from '../contract/failure';
import type { Tenant, TenantList } from '../contract/table-changes';

const mostTenants = 20;

interface ShardTenants {
  readonly rows: number;
  readonly values: readonly { readonly value: string; readonly share: number }[] | null;
}

/** ANALYZE on the shards makes these statistics; nothing is counted here. One small statement a shard, run by its node. */
export async function readTenants(
  reader: Reader,
  table: TableName,
  column: string,
  options?: StatementOptions,
): Promise<TenantList> {
  const command = `SELECT json_build_object('rows', greatest(c.reltuples, 0), 'values', (
    SELECT json_agg(json_build_object('value', v.value, 'share', v.share))
      FROM pg_stats s
      CROSS JOIN LATERAL unnest(s.most_common_vals::text::text[], s.most_common_freqs) v (value, share)
     WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = ${shownStatement({ text: '$1', values: [column] }).shown}))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = '%s'::regclass`;
  const rows = await reader.read<{ readonly result: string | null }>(
    {
      text: `SELECT result FROM run_command_on_shards($1, $2) WHERE success`,
      values: [qualified(table), command],
    },
    options,
  );
  const shards = rows.flatMap(({ result }) =>
    result === null || result === '' ? [] : [JSON.parse(result) as ShardTenants],
  );
  const queries = await readTenantQueries(reader, table, options);
  return toTenants(shards, queries);
}

/** Null where citus_stat_tenants is not there, is switched off, or may not be read. */
async function readTenantQueries(
  reader: Reader,
  table: TableName,
  options?: StatementOptions,
): Promise<ReadonlyMap<string, number> | null> {
  try {
    const rows = await reader.read<{ readonly value: string; readonly queries: number }>(
      {
        text: `SELECT t.tenant_attribute AS value,
       sum(t.query_count_in_this_period + t.query_count_in_last_period)::float8 AS queries
  FROM citus_stat_tenants t JOIN pg_dist_partition p ON p.colocationid = t.colocation_id
 WHERE p.logicalrelid = to_regclass($1) GROUP BY 1`,
        values: [qualified(table)],
      },
      options,
    );
    return rows.length === 0 ? null : new Map(rows.map((row) => [row.value, row.queries]));
  } catch (error) {
    if (toFailure(error).sqlState === undefined) throw error;
    return null;
  }
}

export function toTenants(
  shards: readonly ShardTenants[],
  queries: ReadonlyMap<string, number> | null,
): TenantList {
  const total = shards.reduce((sum, shard) => sum + shard.rows, 0);
  const known = new Map<string, number>();
  for (const shard of shards) {
    for (const { value, share } of shard.values ?? []) {
      known.set(value, (known.get(value) ?? 0) + share * shard.rows);
    }
  }
  for (const value of queries?.keys() ?? []) if (!known.has(value)) known.set(value, Number.NaN);
  const tenants = [...known].map(([value, count]): Tenant => ({
    value,
    rowShare: Number.isNaN(count) || total === 0 ? null : count / total,
    queries: queries?.get(value) ?? null,
  }));
  tenants.sort(
    (one, other) => (other.rowShare ?? 0) - (one.rowShare ?? 0) || (other.queries ?? 0) - (one.queries ?? 0),
  );
  const analysed = shards.filter((shard) => shard.values !== null).length;
  return {
    tenants: tenants.slice(0, mostTenants),
    evidence:
      (analysed === 0
        ? 'no shard has statistics; ANALYZE makes them'
        : `statistics of ${analysed} of ${shards.length} shards`)
      + (queries === null ? '' : ', and citus_stat_tenants'),
  };
}
