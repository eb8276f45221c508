/** How large shards are. The coordinator asks every node for this, so it is read seldom and beside everything else. */
import type { Reader, StatementOptions } from '../connections/database';
import type { ClusterSizes, ClusterSnapshot } from '../contract/cluster';
import type { CatalogFacts } from './capabilities';
import { nodeAddress } from './nodes';

/** Milliseconds: a node that hangs would hold the statement for citus.node_connection_timeout, 30 s by default. */
export const sizesTimeoutMs = 25_000;

/**
 * Bytes of each shard with its indexes, the largest of its placements. Shards on nodes that did not answer are absent.
 *
 * citus_shard_sizes() gives shard ids as int4; ids beyond it make the server refuse the statement, which reaches the
 * caller as a failure. Before Citus 11.3.1 it gives the shards' names, which end in their ids.
 */
export async function readShardSizes(
  reader: Reader,
  catalog: CatalogFacts,
  options: StatementOptions = { timeoutMs: sizesTimeoutMs },
): Promise<ReadonlyMap<string, number>> {
  const shardId = catalog.sizesByShardId ? 's.shard_id::text' : `substring(s.table_name from '_(\\d+)"?$')`;
  const [row] = await reader.read<{ ids: string | null; bytes: string | null }>(
    {
      text: `
SELECT string_agg(id, ',') AS ids, string_agg(bytes::text, ',') AS bytes
  FROM (SELECT ${shardId} AS id, max(s.size) AS bytes
          FROM pg_catalog.citus_shard_sizes() s GROUP BY 1) g
 WHERE id IS NOT NULL AND bytes IS NOT NULL`,
    },
    options,
  );
  const sizes = new Map<string, number>();
  if (!row?.ids || !row.bytes) return sizes;
  const bytes = row.bytes.split(',');
  row.ids.split(',').forEach((id, index) => sizes.set(id, Number(bytes[index])));
  return sizes;
}

/** The answer held against what the catalogs list: says in words whose sizes are missing. */
export function toSizes(
  sizes: ReadonlyMap<string, number>,
  snapshot: Pick<ClusterSnapshot, 'nodes' | 'shards'>,
): Pick<ClusterSizes, 'shardBytes' | 'incomplete'> {
  const missingByGroup = new Map<number, number>();
  const shardBytes: Record<string, number> = {};
  let missing = 0;
  for (const shard of snapshot.shards) {
    const bytes = sizes.get(shard.shardId);
    if (bytes !== undefined) {
      shardBytes[shard.shardId] = bytes;
      continue;
    }
    missing += 1;
    for (const groupId of shard.groupIds) {
      missingByGroup.set(groupId, (missingByGroup.get(groupId) ?? 0) + 1);
    }
  }
  return {
    shardBytes,
    incomplete: missing === 0 ? null : incompleteInWords(missing, missingByGroup, snapshot),
  };
}

function incompleteInWords(
  missing: number,
  missingByGroup: ReadonlyMap<number, number>,
  snapshot: Pick<ClusterSnapshot, 'nodes'>,
): string {
  const shards = missing === 1 ? '1 shard has' : `${missing} shards have`;
  const nodes = snapshot.nodes
    .filter((node) => node.role === 'primary' && missingByGroup.has(node.groupId))
    .map(nodeAddress);
  if (nodes.length === 0) return `${shards} no known size.`;
  const named =
    nodes.length > 3 ? `${nodes.slice(0, 3).join(', ')} and ${nodes.length - 3} more` : nodes.join(', ');
  return (
    `${shards} no known size: ${named} gave the coordinator none. `
    + 'A node that is unreachable does so, and one where the role lacks USAGE on a schema of shards.'
  );
}
