/** How many rows the shards are believed to have, by each node's own statistics. */
import type { Reader, StatementOptions } from '../connections/database';
import type { ClusterSnapshot } from '../contract/cluster';
import type { RowEstimate, TableRowEstimates } from '../contract/tables';
import { readAnswersThroughCoordinator } from './health-reads';
import type { NodeQuestion, RelayedAnswer } from './health-reads';
import { nodeAddress } from './nodes';

interface TableOnNode extends RowEstimate {
  /** Some shard of the table: oids differ from node to node, shard ids do not. */
  readonly shardId: string;
}

/**
 * Tables of the node that is asked. Of a shard with several copies only the one in the lowest group is counted.
 * Partitioned shards hold no rows of their own and are left out.
 */
const rowsQuestion: NodeQuestion<readonly TableOnNode[]> = {
  text: `SELECT min(s.shardid)::text AS "shardId", sum(greatest(c.reltuples, 0)) AS rows,
       (count(*) FILTER (WHERE c.reltuples < 0))::int AS "unanalysedShards"
  FROM pg_catalog.pg_dist_local_group g
  JOIN pg_catalog.pg_dist_placement p ON p.groupid = g.groupid
  JOIN pg_catalog.pg_dist_shard s USING (shardid)
  JOIN pg_catalog.pg_class c ON c.oid = to_regclass(pg_catalog.shard_name(s.logicalrelid, s.shardid))
 WHERE c.relkind <> 'p'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_placement o WHERE o.shardid = p.shardid AND o.groupid < p.groupid)
 GROUP BY s.logicalrelid`,
  parse: (rows) => rows as readonly TableOnNode[],
};

/** Asks every active primary at once over the coordinator's own connections; a node that is away is left out. */
export async function readRowEstimates(
  reader: Reader,
  snapshot: Pick<ClusterSnapshot, 'nodes' | 'shards'>,
  options?: StatementOptions,
): Promise<Omit<TableRowEstimates, 'takenAt'>> {
  return toEstimates(await readAnswersThroughCoordinator(reader, { rows: rowsQuestion }, options), snapshot);
}

export function toEstimates(
  answers: ReadonlyMap<number, RelayedAnswer>,
  snapshot: Pick<ClusterSnapshot, 'nodes' | 'shards'>,
): Omit<TableRowEstimates, 'takenAt'> {
  const tableOf = new Map(snapshot.shards.map((shard) => [shard.shardId, shard.tableOid]));
  const estimates: Record<string, RowEstimate> = {};
  for (const answer of answers.values()) {
    if (!answer.ok) continue;
    for (const one of rowsQuestion.parse(answer.rows['rows'] ?? [])) {
      const oid = tableOf.get(one.shardId);
      if (oid === undefined) continue;
      const known = estimates[oid];
      estimates[oid] = {
        rows: (known?.rows ?? 0) + one.rows,
        unanalysedShards: (known?.unanalysedShards ?? 0) + one.unanalysedShards,
      };
    }
  }
  const holders = new Set(snapshot.shards.flatMap((shard) => shard.groupIds));
  const silent = snapshot.nodes.filter(
    (node) => node.role === 'primary' && holders.has(node.groupId) && answers.get(node.nodeId)?.ok !== true,
  );
  return {
    estimates,
    incomplete:
      silent.length === 0
        ? null
        : `Rows on ${silent.slice(0, 3).map(nodeAddress).join(', ')}${silent.length > 3 ? ` and ${silent.length - 3} more nodes` : ''} are not counted: no answer.`,
  };
}
