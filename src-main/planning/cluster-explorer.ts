/** Rebalances of a cluster as they might be: what is known of it is gathered here, once for all who ask, and planned with by a thread. */
import type { ClusterSizes, ClusterSnapshot } from '../contract/cluster';
import type { RebalanceExploration } from '../contract/rebalance';
import type { AskedRebalance } from '../plans/explore-rebalance';
import { mannerOf, paceOf } from '../plans/move-estimate';
import type { MoveSample } from '../plans/move-estimate';
import type { StrategyAnswers, WorldFacts } from '../plans/planner-world';
import type { Explorer } from './explorer';

/** Ages are in milliseconds. */
export interface ClusterReadings {
  sizes(clusterId: string, maxAgeMs: number): Promise<ClusterSizes>;
  planningFacts(
    clusterId: string,
    maxAgeMs: number,
  ): Promise<Pick<WorldFacts, 'disks' | 'baseCostBytes'> & { readonly moveTimes: readonly MoveSample[] }>;
  strategyAnswers(
    clusterId: string,
    name: string,
    snapshot: ClusterSnapshot,
    maxAgeMs: number,
  ): Promise<StrategyAnswers | string>;
}

export interface ClusterExplorer {
  /** Throws `FailureError`. An abort ends the work at once. */
  explore(
    snapshot: ClusterSnapshot,
    asked: AskedRebalance,
    sizesMaxAgeMs: number,
    signal: AbortSignal,
  ): Promise<RebalanceExploration>;
}

/** Old enough not to ask every node while a slider is dragged. */
const factsMaxAgeMs = 60_000;
/** One object, so that it is told again only when sizes come. */
const noBytes = {};

export function createClusterExplorer(readings: ClusterReadings, explorer: Explorer): ClusterExplorer {
  return {
    async explore(snapshot, { constraints, whatIf, transferMode }, sizesMaxAgeMs, signal) {
      const { clusterId } = snapshot;
      const [sizes, facts, strategy] = await Promise.all([
        // Without sizes the number of groups can still be evened out.
        readings.sizes(clusterId, sizesMaxAgeMs).catch(() => null),
        readings.planningFacts(clusterId, factsMaxAgeMs),
        constraints.measure === 'cost' && constraints.strategy !== undefined
          ? readings.strategyAnswers(clusterId, constraints.strategy, snapshot, factsMaxAgeMs)
          : undefined,
      ]);
      const { disks, baseCostBytes, moveTimes } = facts;
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
  };
}
