/** Rebalances that are tried out: read once, planned as often as somebody turns a knob. */
import { moveScript } from '../../citus/move-script';
import type { ClusterSnapshot } from '../../contract/cluster';
import type { ScriptedMove } from '../../contract/rebalance';
import type { ParsedInputOf } from '../../contract/requests';
import type { Monitor } from '../../monitor/monitor';
import { createExplorer } from '../../planning/explorer';
import type { PlannerThread } from '../../planning/planner-thread';
import { mannerOf, paceOf } from '../../plans/move-estimate';
import type { Handlers } from '../serve';

type RebalanceHandlers = Pick<Handlers, Extract<keyof Handlers, `rebalance.${string}`>>;

/** Old enough not to ask every node while a slider is dragged. */
const sizesMaxAgeMs = 600_000;
const disksMaxAgeMs = 60_000;

/** One object, so that it is told again only when sizes come. */
const noBytes = {};
/** Between two turns of a knob a person thinks; after that the thread only takes memory. */
const idleThreadMs = 120_000;

export interface RebalanceParts {
  readonly monitor: Monitor;
  readonly startThread: () => PlannerThread;
}

export function rebalanceHandlers({ monitor, startThread }: RebalanceParts): RebalanceHandlers {
  const explorer = createExplorer(startThread, idleThreadMs);
  return {
    'rebalance.explore': async ({ clusterId, constraints, whatIf, transferMode }, signal) => {
      const snapshot = monitor.snapshot(clusterId) ?? (await monitor.refresh(clusterId, signal));
      const [sizes, planning, strategy] = await Promise.all([
        // Without sizes the number of groups can still be evened out.
        monitor.sizes(clusterId, sizesMaxAgeMs).catch(() => null),
        monitor.planningFacts(clusterId, disksMaxAgeMs),
        constraints.measure === 'cost' && constraints.strategy !== undefined
          ? monitor.strategyAnswers(clusterId, constraints.strategy, snapshot, disksMaxAgeMs)
          : undefined,
      ]);
      const { disks, baseCostBytes, moveTimes } = planning;
      return explorer.explore(
        { snapshot, shardBytes: sizes?.shardBytes ?? noBytes },
        {
          planning: { disks, baseCostBytes, strategy },
          constraints,
          whatIf,
          pace: paceOf(moveTimes, mannerOf(transferMode)),
        },
        signal,
      );
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
