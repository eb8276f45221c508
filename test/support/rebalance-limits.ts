/** What a plan of ours is to keep to, in tests. */
import type { RebalanceConstraints } from '../../src-main/contract/rebalance';

/** As many shard groups on each node, and no limit. */
export const evenGroups: RebalanceConstraints = {
  measure: 'groups',
  target: { type: 'within', share: 0 },
  nodeRules: [],
  pinnedTables: [],
  pinnedShards: [],
  maxBytes: null,
  maxMoves: null,
  maxHours: null,
  parallelMoves: 1,
  movesPerNode: 1,
  keepFreeShare: null,
  order: 'shortest-first',
};
