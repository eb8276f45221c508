/** Rebalances that are tried out: read once, planned as often as somebody turns a knob. */
import { moveScript } from '../../citus/move-script';
import type { ClusterSnapshot } from '../../contract/cluster';
import type { ScriptedMove } from '../../contract/rebalance';
import type { ParsedInputOf } from '../../contract/requests';
import type { Monitor } from '../../monitor/monitor';
import type { ClusterExplorer } from '../../planning/cluster-explorer';
import type { Handlers } from '../serve';

type RebalanceHandlers = Pick<Handlers, Extract<keyof Handlers, `rebalance.${string}`>>;

/** Old enough not to ask every node while a slider is dragged. */
const sizesMaxAgeMs = 600_000;

export interface RebalanceParts {
  readonly monitor: Pick<Monitor, 'snapshot' | 'refresh'>;
  readonly explorer: ClusterExplorer;
}

export function rebalanceHandlers({ monitor, explorer }: RebalanceParts): RebalanceHandlers {
  return {
    'rebalance.explore': async ({ clusterId, ...asked }, signal) => {
      const snapshot = monitor.snapshot(clusterId) ?? (await monitor.refresh(clusterId, signal));
      return explorer.explore(snapshot, asked, sizesMaxAgeMs, signal);
    },
    'rebalance.script': async (input, signal) => {
      const snapshot = monitor.snapshot(input.clusterId) ?? (await monitor.refresh(input.clusterId, signal));
      return moveScript(
        toScripted(snapshot, input),
        { byNodeId: snapshot.capabilities.moveByNodeId, transferMode: input.transferMode },
        { isTriedOut: input.isTriedOut },
      );
    },
  };
}

function toScripted(
  { nodes }: ClusterSnapshot,
  { moves, tableSets, labels, isolatedShardId }: ParsedInputOf<'rebalance.script'>,
): readonly ScriptedMove[] {
  const addresses = new Map(nodes.map(({ nodeId, name, port }) => [nodeId, { host: name, port }]));
  const titles = new Map(labels.map(({ nodeId, label }) => [nodeId, label]));
  return moves.map(({ tableSet, ...order }) => {
    // The shard of a tenant that is isolated on trial has an id that it will hardly get.
    const isReal = order.shardId !== isolatedShardId;
    const nodeOf = (nodeId: number): ScriptedMove['source'] => ({
      label: titles.get(nodeId) ?? String(nodeId),
      address: isReal ? (addresses.get(nodeId) ?? null) : null,
    });
    return {
      order,
      source: nodeOf(order.sourceNodeId),
      target: nodeOf(order.targetNodeId),
      tables: tableSets[tableSet] ?? [],
    };
  });
}
