/** Reasons against copying a shard somewhere: the target, and what following writes meanwhile needs. */
import type { ClusterSnapshot } from '../../contract/cluster';
import type { ShardTransferMode } from '../../contract/operations';
import type { Reason } from '../mend';
import { addressOf, listed, readable, sizeWords } from '../plan';
import type { TableFacts } from '../../contract/table-facts';
import type { ChangeFacts, DiskFacts } from './change-facts';

/** citus.desired_percent_disk_available_after_move is not asked here; Citus itself refuses at its limit. */
export function targetReasons(
  snapshot: ClusterSnapshot,
  nodeId: number,
  bytes: number,
  disk: DiskFacts,
): readonly Reason[] {
  const node = snapshot.nodes.find((one) => one.nodeId === nodeId);
  if (!node) {
    return [
      {
        code: 'no-node',
        message: `There is no node ${nodeId}.`,
        fix: 'Choose one of the nodes of the cluster.',
      },
    ];
  }
  const reasons: Reason[] = [];
  if (!node.isActive || node.role !== 'primary' || !node.shouldHaveShards) {
    reasons.push({
      code: 'node-takes-no-shards',
      message: `${addressOf(node)} ${node.isActive ? 'takes no shards' : 'is not active'}.`,
      fix: 'Choose a node that takes shards.',
    });
  }
  const free = disk.byNode[nodeId];
  if (free !== undefined && free < bytes * 1.1) {
    reasons.push({
      code: 'disk-space',
      message: `${addressOf(node)} has ${sizeWords(free)} free; the copy takes about ${sizeWords(bytes)}.`,
      fix: 'Make room there first, or choose another node.',
    });
  }
  return reasons;
}

export function transferReasons(
  facts: Pick<ChangeFacts, 'snapshot' | 'answers' | 'settings'>,
  tables: readonly TableFacts[],
  mode: ShardTransferMode,
): readonly Reason[] {
  if (mode === 'block_writes') return [];
  const reasons: Reason[] = [];
  const blocking = 'Or let writes wait while rows are copied.';
  const without = tables.filter((table) => !table.hasReplicaIdentity && table.kind !== 'partitioned');
  if (mode === 'auto' && without.length > 0) {
    reasons.push({
      code: 'no-replica-identity',
      message: `${listed(without.map(readable))} ${without.length === 1 ? 'has' : 'have'} no primary key and no replica identity; UPDATE and DELETE could not be followed while rows are copied.`,
      fix: `Add a primary key that contains the distribution column. ${blocking}`,
    });
  }
  const levels = facts.answers.filter((answer) => answer.walLevel !== null && answer.walLevel !== 'logical');
  if (facts.settings.walLevel !== 'logical' || levels.length > 0) {
    reasons.push({
      code: 'wal-level',
      message: 'wal_level is not "logical" on every node; changes made meanwhile could not be followed.',
      fix: `Set it and restart PostgreSQL. ${blocking}`,
      fixSql: 'ALTER SYSTEM SET wal_level TO logical;',
    });
  }
  return reasons;
}

/** Splits need the decoder that Citus brings; moves do with the one of PostgreSQL. */
export function decoderReasons(
  facts: Pick<ChangeFacts, 'settings'>,
  mode: ShardTransferMode,
): readonly Reason[] {
  if (mode === 'block_writes' || facts.settings.decoderAllowed) return [];
  return [
    {
      code: 'decoder',
      message:
        'output_plugin_libraries does not list citus, so PostgreSQL refuses the decoder that splits the writes.',
      fix: 'Add citus to it on every node, or let writes wait while rows are copied.',
      fixSql:
        "ALTER SYSTEM SET output_plugin_libraries TO 'pgoutput', 'test_decoding', 'citus'; SELECT pg_reload_conf();",
    },
  ];
}
