/** The plan that is reproduced from catalogs and sizes, beside the one that the server makes at that moment. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readServerFacts } from '../../src-main/citus/capabilities';
import { readBaseCost, readRebalancePlan } from '../../src-main/citus/rebalance-plan';
import { readShardSizes, toSizes } from '../../src-main/citus/sizes';
import { readSnapshot } from '../../src-main/citus/snapshot';
import type { Database } from '../../src-main/connections/database';
import type { RebalanceConstraints } from '../../src-main/contract/rebalance';
import { createDisksKeeper } from '../../src-main/monitor/disks-keeper';
import { systemClock } from '../../src-main/monitor/clock';
import { exploreRebalance } from '../../src-main/plans/explore-rebalance';
import { learnPace } from '../../src-main/plans/move-estimate';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';

const free: RebalanceConstraints = {
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

describe.each(await engines())('$name', (engine) => {
  let cluster: PracticeClusterForTest;
  let database: Database;

  beforeAll(async () => {
    cluster = await startPracticeCluster({ workers: 3, engine });
    database = await cluster.connect();
    const worker = await cluster.endpoint('worker-3');
    // Only two nodes take shards while the tables are made; the third is there to be filled.
    for (const text of [
      `SELECT citus_set_node_property('${worker.host}', ${worker.port}, 'shouldhaveshards', false)`,
      'CREATE TABLE permits (agency_id bigint PRIMARY KEY, what text)',
      'CREATE TABLE documents (agency_id bigint PRIMARY KEY, body text)',
      'CREATE TABLE fees (id bigint PRIMARY KEY)',
      "SELECT create_distributed_table('permits', 'agency_id', shard_count := 8)",
      "SELECT create_distributed_table('documents', 'agency_id', colocate_with := 'permits')",
      "SELECT create_distributed_table('fees', 'id', shard_count := 2, colocate_with := 'none')",
      "INSERT INTO documents SELECT g, repeat('x', 400) FROM generate_series(1, 400) g",
      `SELECT citus_set_node_property('${worker.host}', ${worker.port}, 'shouldhaveshards', true)`,
    ])
      await database.change({ text });
  });
  afterAll(() => cluster?.end());

  it.each(['bytes', 'groups'] as const)('reproduces the plan of the server by %s', async (measure) => {
    const snapshot = { ...(await readSnapshot(database)), clusterId: 'c', revision: 1, takenAt: '' };
    const { catalog } = await readServerFacts(database);
    const { shardBytes } = toSizes(await readShardSizes(database, catalog), snapshot);
    const facts = await createDisksKeeper({
      aside: () => Promise.resolve(database),
      clock: systemClock,
    }).read(0);
    const { citus, ours, nodes } = exploreRebalance(
      { snapshot, shardBytes, ...facts },
      { ...free, measure },
      { addedNodes: 0, removedNodeIds: [], capacities: [], growth: 1, isolated: null },
      learnPace([]),
    );
    const byAddress = new Map(snapshot.nodes.map((node) => [`${node.name}:${node.port}`, node.nodeId]));
    const rows = await readRebalancePlan(database, {
      strategy: measure === 'bytes' ? 'by_disk_size' : 'by_shard_count',
      drainOnly: false,
    });
    const stands = new Set(citus?.moves.map(({ shardId }) => shardId));
    const asked = rows
      .filter(({ shardId }) => stands.has(shardId))
      .map(
        (row) =>
          `${row.shardId} ${byAddress.get(`${row.sourceName}:${row.sourcePort}`) ?? ''} ${byAddress.get(`${row.targetName}:${row.targetPort}`) ?? ''}`,
      );
    expect(asked.length).toBeGreaterThan(1);
    expect(
      citus?.moves.map(
        ({ shardId, sourceNodeId, targetNodeId }) => `${shardId} ${sourceNodeId} ${targetNodeId}`,
      ),
    ).toEqual(asked);
    expect(ours?.bytes).toBeLessThanOrEqual(citus?.bytes ?? 0);
    for (const { disk } of nodes) expect(disk?.availableBytes).toBeGreaterThan(0);
  });

  it('knows what Citus adds to the size of a group', async () => {
    expect(await readBaseCost(database)).toMatch(/^(100MB|104857600)$/);
  });
});
