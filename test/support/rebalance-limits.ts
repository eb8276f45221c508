/** What a plan of ours is to keep to, in tests. */
import type { RebalanceConstraints } from '../../src-main/contract/rebalance';

/** As even by bytes as Citus would make it, and no limit. */
export const noLimits: RebalanceConstraints = {
  measure: 'bytes',
  target: { type: 'as-citus' },
  nodeRules: [],
  pinnedTables: [],
  pinnedShards: [],
  maxBytes: null,
  maxMoves: null,
  maxHours: null,
  parallelMoves: 1,
  movesPerNode: 1,
  keepFreeShare: null,
  order: 'most-relief-first',
};

/** As many shard groups on each node, and no limit. */
export const evenGroups: RebalanceConstraints = {
  ...noLimits,
  measure: 'groups',
  target: { type: 'within', share: 0 },
  order: 'shortest-first',
};
