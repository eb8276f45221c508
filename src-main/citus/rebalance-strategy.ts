/** What the functions of a rebalance strategy answer. They are somebody's own: asked in a read-only transaction, with a limit. */
import { qualified } from '../connections/database';
import type { Reader, StatementOptions } from '../connections/database';

interface FunctionName {
  readonly schema: string;
  readonly name: string;
}

export interface StrategyFunctions {
  readonly cost: FunctionName;
  readonly capacity: FunctionName;
  readonly allowed: FunctionName;
}

/** Null where the cluster has no strategy of that name. */
export async function readStrategyFunctions(
  reader: Reader,
  strategy: string,
  options?: StatementOptions,
): Promise<StrategyFunctions | null> {
  const [row] = await reader.read<{ readonly names: StrategyFunctions }>(
    {
      text: `SELECT jsonb_object_agg(part.kind, jsonb_build_object('schema', n.nspname, 'name', p.proname)) AS names
  FROM pg_dist_rebalance_strategy s
 CROSS JOIN LATERAL (VALUES ('cost', s.shard_cost_function), ('capacity', s.node_capacity_function),
                            ('allowed', s.shard_allowed_on_node_function)) AS part(kind, function)
  JOIN pg_proc p ON p.oid = part.function
  JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE s.name = $1
HAVING count(*) = 3`,
      values: [strategy],
    },
    options,
  );
  return row?.names ?? null;
}

/** float4, as Citus adds it up; by shard id. */
export async function readShardCosts(
  reader: Reader,
  cost: FunctionName,
  shardIds: readonly string[],
  options?: StatementOptions,
): Promise<ReadonlyMap<string, number>> {
  const rows = await reader.read<{ readonly shardId: string; readonly cost: number }>(
    {
      text: `SELECT shard::text AS "shardId", ${qualified(cost)}(shard)::float8 AS cost
  FROM unnest(string_to_array($1, ',')::bigint[]) AS shard`,
      values: [shardIds.join()],
    },
    options,
  );
  return new Map(rows.map((row) => [row.shardId, row.cost]));
}

/** By node id. */
export async function readNodeCapacities(
  reader: Reader,
  capacity: FunctionName,
  nodeIds: readonly number[],
  options?: StatementOptions,
): Promise<ReadonlyMap<number, number>> {
  const rows = await reader.read<{ readonly nodeId: number; readonly capacity: number }>(
    {
      text: `SELECT node AS "nodeId", ${qualified(capacity)}(node)::float8 AS capacity
  FROM unnest(string_to_array($1, ',')::integer[]) AS node`,
      values: [nodeIds.join()],
    },
    options,
  );
  return new Map(rows.map((row) => [row.nodeId, row.capacity]));
}

/** Pairs that the strategy refuses. An answer of null refuses, as FunctionCall takes it for false. */
export async function readRefusedPlaces(
  reader: Reader,
  allowed: FunctionName,
  shardIds: readonly string[],
  nodeIds: readonly number[],
  options?: StatementOptions,
): Promise<readonly { readonly shardId: string; readonly nodeId: number }[]> {
  return reader.read(
    {
      text: `SELECT shard::text AS "shardId", node AS "nodeId"
  FROM unnest(string_to_array($1, ',')::bigint[]) AS shard CROSS JOIN unnest(string_to_array($2, ',')::integer[]) AS node
 WHERE ${qualified(allowed)}(shard, node) IS NOT TRUE`,
      values: [shardIds.join(), nodeIds.join()],
    },
    options,
  );
}
