/** A list of moves brought to what has to be known to carry each out, or to why it cannot be. Pure. */
import type { ClusterNode, ClusterSnapshot } from '../contract/cluster';
import type { RefusalReason } from '../contract/operations';
import type { MoveOrder, OrderedMove } from '../contract/rebalance';
import { addressOf, readable } from './plan';
import { groupKey } from './rebalance-moves';
import type { PlanRow, ShardBytes } from './rebalance-moves';

export interface OrderedMoves {
  readonly moves: readonly OrderedMove[];
  readonly reasons: readonly RefusalReason[];
}

/** Each order with what has to be known to carry it out, or why it cannot be. */
export function checkMoves(
  facts: { readonly snapshot: ClusterSnapshot; readonly shardBytes: ShardBytes },
  orders: readonly MoveOrder[],
): OrderedMoves {
  const { snapshot } = facts;
  const nodes = new Map(snapshot.nodes.map((node) => [node.nodeId, node]));
  const shards = new Map(snapshot.shards.map((shard) => [shard.shardId, shard]));
  const tables = new Map(snapshot.tables.map((table) => [table.oid, table]));
  const members = new Map<string, string[]>();
  for (const shard of snapshot.shards) {
    const table = tables.get(shard.tableOid);
    if (!table) continue;
    const key = groupKey(shard, table);
    const known = members.get(key);
    if (known) known.push(shard.shardId);
    else members.set(key, [shard.shardId]);
  }
  const moves: OrderedMove[] = [];
  const reasons: RefusalReason[] = [];
  const seen = new Set<string>();
  const refuse = (code: string, message: string, fix: string): void =>
    void reasons.push({ code, message, fix });

  for (const { shardId, sourceNodeId, targetNodeId } of orders) {
    const shard = shards.get(shardId);
    const table = shard ? tables.get(shard.tableOid) : undefined;
    const source = nodes.get(sourceNodeId);
    const target = nodes.get(targetNodeId);
    if (!shard || !table) {
      refuse('no-shard', `There is no shard ${shardId} any more.`, 'Plan the moves afresh.');
      continue;
    }
    if (table.type === 'reference' || table.type === 'local') {
      refuse(
        'not-movable',
        `Shard ${shardId} belongs to ${readable(table)}, a ${table.type} table, which has no shard to move.`,
        'Leave it out.',
      );
      continue;
    }
    if (!source || !shard.groupIds.includes(source.groupId)) {
      refuse(
        'not-there',
        `Shard ${shardId} of ${readable(table)} does not lie on ${source ? addressOf(source) : `node ${sourceNodeId}`} any more.`,
        'Plan the moves afresh: somebody moved it.',
      );
      continue;
    }
    const problem = targetProblem(target, source);
    if (!target || problem !== null) {
      refuse(
        'no-target',
        `Shard ${shardId} cannot go to ${target ? addressOf(target) : `node ${targetNodeId}`}: ${problem ?? 'there is no such node'}.`,
        'Choose another node, or let this one take shards.',
      );
      continue;
    }
    const key = groupKey(shard, table);
    if (seen.has(key)) {
      refuse(
        'moved-twice',
        `The group of shard ${shardId} is moved twice.`,
        'Keep one move of each shard group; colocated shards travel along.',
      );
      continue;
    }
    seen.add(key);
    const shardIds = [shardId, ...(members.get(key) ?? []).filter((id) => id !== shardId)];
    moves.push({
      shardId,
      sourceNodeId,
      targetNodeId,
      source: { host: source.name, port: source.port },
      target: { host: target.name, port: target.port },
      colocationId: table.colocationId,
      shardIds,
      tables: shardIds.flatMap((id) => {
        const one = tables.get(shards.get(id)?.tableOid ?? -1);
        return one ? [readable(one)] : [];
      }),
      bytes: shardIds.reduce<number | null>((sum, id) => {
        const bytes = facts.shardBytes[id];
        return sum === null || bytes === undefined ? null : sum + bytes;
      }, 0),
    });
  }
  return { moves, reasons };
}

/** Citus's own conditions on a target, in its order. */
function targetProblem(target: ClusterNode | undefined, source: ClusterNode): string | null {
  if (!target) return 'there is no such node';
  if (target.nodeId === source.nodeId) return 'it lies there already';
  if (!target.isActive) return 'the node is not active';
  if (target.role !== 'primary' || target.isClone) return 'the node is no primary';
  if (!target.shouldHaveShards) return 'the node takes no shards';
  return null;
}

/** As Citus's planner would list the move: a row a shard. */
export function rowsOf(snapshot: ClusterSnapshot, move: OrderedMove): readonly PlanRow[] {
  const shards = new Map(snapshot.shards.map((shard) => [shard.shardId, shard.tableOid]));
  const tables = new Map(snapshot.tables.map((table) => [table.oid, table]));
  return move.shardIds.flatMap((shardId) => {
    const table = tables.get(shards.get(shardId) ?? -1);
    if (!table) return [];
    return [
      {
        schema: table.schema,
        table: table.name,
        shardId,
        sourceName: move.source.host,
        sourcePort: move.source.port,
        targetName: move.target.host,
        targetPort: move.target.port,
      },
    ];
  });
}
