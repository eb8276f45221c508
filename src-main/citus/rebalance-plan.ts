/** What Citus would move. It opens a connection to the nodes for sizes, and changes nothing. */
import type { Reader, SqlValue, StatementOptions } from '../connections/database';

/** As SHOW gives it; "0" before Citus 12.0, which adds nothing. */
export async function readBaseCost(reader: Reader, options?: StatementOptions): Promise<string> {
  const [row] = await reader.read<{ readonly setting: string }>(
    {
      text: `SELECT coalesce(current_setting('citus.rebalancer_by_disk_size_base_cost', true), '0') AS setting`,
    },
    options,
  );
  return row?.setting ?? '0';
}

export interface RebalancePlanRow {
  readonly schema: string;
  readonly table: string;
  readonly shardId: string;
  readonly sourceName: string;
  readonly sourcePort: number;
  readonly targetName: string;
  readonly targetPort: number;
}

export interface RebalancePlanChoice {
  readonly strategy: string | null;
  readonly drainOnly: boolean;
  /** Shares as in 0.1; null: the strategy's own. A lower one than its minimum is raised by Citus. */
  readonly threshold?: number | null;
  readonly improvementThreshold?: number | null;
}

/** Rows in Citus's order; the rows of one shard group stand together. */
export function readRebalancePlan(
  reader: Reader,
  choice: RebalancePlanChoice,
  options?: StatementOptions,
): Promise<readonly RebalancePlanRow[]> {
  const values: SqlValue[] = [choice.drainOnly];
  const parts = ['drain_only => $1'];
  const add = (name: string, type: string, value: SqlValue): void => {
    values.push(value);
    parts.push(`${name} => $${values.length}::${type}`);
  };
  if (choice.strategy !== null) add('rebalance_strategy', 'name', choice.strategy);
  if (choice.threshold !== undefined && choice.threshold !== null) add('threshold', 'real', choice.threshold);
  if (choice.improvementThreshold !== undefined && choice.improvementThreshold !== null) {
    add('improvement_threshold', 'real', choice.improvementThreshold);
  }
  return reader.read(
    {
      text: `SELECT n.nspname AS schema, c.relname AS "table", p.shardid::text AS "shardId",
       p.sourcename AS "sourceName", p.sourceport AS "sourcePort",
       p.targetname AS "targetName", p.targetport AS "targetPort"
  FROM get_rebalance_table_shards_plan(${parts.join(', ')}) WITH ORDINALITY
       AS p(table_name, shardid, shard_size, sourcename, sourceport, targetname, targetport, position)
  JOIN pg_class c ON c.oid = p.table_name
  JOIN pg_namespace n ON n.oid = c.relnamespace
 ORDER BY p.position`,
      values,
    },
    options,
  );
}
