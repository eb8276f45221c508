import { describe, expect, it } from 'vitest';
import type { ExploredPlan, RebalanceExploration } from '../../../src-main/contract/rebalance';
import { exportPlan } from '../../../src-renderer/rebalance/plan-export';

const plan: ExploredPlan = {
  moves: [
    {
      shardId: '102008',
      sourceNodeId: 2,
      targetNodeId: 3,
      tableSet: 0,
      bytes: 2_048,
      cost: null,
      targetFreeBytes: null,
    },
  ],
  bytes: 2_048,
  durationMs: [1_000, 2_000],
  largestFactor: 1.05,
  notes: [],
};

const exploration: RebalanceExploration = {
  clusterId: 'c',
  revision: 1,
  nodes: [
    { nodeId: 2, label: 'db-w1:5432' },
    { nodeId: 3, label: '[fd00::2]:5433' },
  ].map((one) => ({
    ...one,
    isNew: false,
    isRemoved: false,
    capacity: 1,
    rule: null,
    bytes: 0,
    groups: 0,
    cost: null,
    disk: null,
  })),
  tableSets: [['permits', 'documents']],
  before: { largestFactor: 2 },
  verdicts: [],
  citus: plan,
  ours: plan,
  unknown: null,
  isolatedShardId: null,
};

const options = { isTriedOut: false };

describe('exportPlan', () => {
  it('lists the moves as CSV', () => {
    expect(exportPlan(plan, exploration, 'csv', options).split('\r\n')).toEqual([
      'move,shard,tables,from,to,bytes',
      '1,102008,"permits, documents",db-w1:5432,[fd00::2]:5433,2048',
      '',
    ]);
  });

  it('keeps the figures in JSON, and that they were only tried out', () => {
    expect(JSON.parse(exportPlan(plan, exploration, 'json', { isTriedOut: true }))).toMatchObject({
      moves: [{ position: 1, shardId: '102008', source: 'db-w1:5432', bytes: 2048 }],
      bytes: 2048,
      triedOut: true,
    });
  });
});
