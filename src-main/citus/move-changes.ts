/** Moving one shard group, and what is left of earlier moves. */
import type { ChangeResult, Reader, Statement, StatementOptions, Writer } from '../connections/database';
import type { OrderedMove, ShardTransferMode } from '../contract/rebalance';

export interface MoveChoice {
  readonly transferMode: ShardTransferMode;
  /** False: Citus 11.1, which knows nodes by host and port only. */
  readonly byNodeId: boolean;
}

export function moveShardStatement(
  move: Pick<OrderedMove, 'shardId' | 'sourceNodeId' | 'targetNodeId' | 'source' | 'target'>,
  choice: MoveChoice,
): Statement {
  return choice.byNodeId
    ? {
        text: 'SELECT citus_move_shard_placement($1, $2, $3, $4)',
        values: [move.shardId, move.sourceNodeId, move.targetNodeId, choice.transferMode],
      }
    : {
        text: 'SELECT citus_move_shard_placement($1, $2, $3, $4, $5, $6)',
        values: [
          move.shardId,
          move.source.host,
          move.source.port,
          move.target.host,
          move.target.port,
          choice.transferMode,
        ],
      };
}

/** Resolves when the group lies on the target; the copy on the source is dropped later by Citus itself. */
export function moveShard(
  writer: Writer,
  move: OrderedMove,
  choice: MoveChoice,
  options?: StatementOptions,
): Promise<ChangeResult<object>> {
  return writer.change(moveShardStatement(move, choice), options);
}

/** Node ids of the primaries on which each shard lies now; a shard that is gone is absent. */
export async function readPlacements(
  reader: Reader,
  shardIds: readonly string[],
  options?: StatementOptions,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await reader.read<{ readonly shard: string; readonly nodes: readonly number[] }>(
    {
      text: `SELECT s.shardid::text AS shard,
       coalesce(array_agg(n.nodeid ORDER BY n.nodeid) FILTER (WHERE n.nodeid IS NOT NULL), '{}') AS nodes
  FROM pg_catalog.pg_dist_shard s
  LEFT JOIN pg_catalog.pg_dist_placement p ON p.shardid = s.shardid AND p.shardstate = 1
  LEFT JOIN pg_catalog.pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'
 WHERE s.shardid = ANY ($1::bigint[])
 GROUP BY s.shardid`,
      values: [`{${shardIds.join(',')}}`],
    },
    options,
  );
  return new Map(rows.map(({ shard, nodes }) => [shard, nodes]));
}

export interface Leftover {
  readonly what: string;
  readonly name: string;
  readonly node: string;
}

/** Records of pg_dist_cleanup (Citus 11.1): what Citus has still to remove, and where. Empty where there is no such table. */
export async function readLeftovers(
  reader: Reader,
  options?: StatementOptions,
): Promise<readonly Leftover[]> {
  const [found] = await reader.read<{ readonly exists: boolean }>(
    { text: `SELECT to_regclass('pg_catalog.pg_dist_cleanup') IS NOT NULL AS exists` },
    options,
  );
  if (!found?.exists) return [];
  return reader.read<Leftover>(
    {
      text: `SELECT CASE c.object_type WHEN 1 THEN 'copy of a shard' WHEN 2 THEN 'subscription'
            WHEN 3 THEN 'replication slot' WHEN 4 THEN 'publication' WHEN 5 THEN 'role' ELSE 'database' END AS what,
       c.object_name AS name,
       coalesce(n.nodename || ':' || n.nodeport, 'node group ' || c.node_group_id || ', which is gone') AS node
  FROM pg_catalog.pg_dist_cleanup c
  LEFT JOIN pg_catalog.pg_dist_node n ON n.groupid = c.node_group_id AND n.noderole = 'primary'
 ORDER BY c.record_id LIMIT 500`,
    },
    options,
  );
}
