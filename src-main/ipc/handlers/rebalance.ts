/** Rebalances that are tried out: read once, planned as often as somebody turns a knob. */
import type { Monitor } from '../../monitor/monitor';
import { exploreRebalance } from '../../plans/explore-rebalance';
import { mannerOf, paceOf } from '../../plans/move-estimate';
import type { Handlers } from '../serve';

type RebalanceHandlers = Pick<Handlers, Extract<keyof Handlers, `rebalance.${string}`>>;

/** Old enough not to ask every node while a slider is dragged. */
const sizesMaxAgeMs = 600_000;
const disksMaxAgeMs = 60_000;

export function rebalanceHandlers({ monitor }: { readonly monitor: Monitor }): RebalanceHandlers {
  return {
    'rebalance.explore': async ({ clusterId, constraints, whatIf, transferMode }, signal) => {
      const snapshot = monitor.snapshot(clusterId) ?? (await monitor.refresh(clusterId, signal));
      const [sizes, planning] = await Promise.all([
        // Without sizes the number of groups can still be evened out.
        monitor.sizes(clusterId, sizesMaxAgeMs).catch(() => null),
        monitor.planningFacts(clusterId, disksMaxAgeMs),
      ]);
      return exploreRebalance(
        { snapshot, shardBytes: sizes?.shardBytes ?? {}, ...planning },
        constraints,
        whatIf,
        paceOf(planning.moveTimes, mannerOf(transferMode)),
      );
    },
  };
}
