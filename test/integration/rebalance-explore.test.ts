/** The plan that is reproduced from catalogs and sizes, beside the one that the server makes at that moment. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readServerFacts } from '../../src-main/citus/capabilities';
import { readBaseCost, readRebalancePlan } from '../../src-main/citus/rebalance-plan';
import { readShardSizes, toSizes } from '../../src-main/citus/sizes';
import { readSnapshot } from '../../src-main/citus/snapshot';
import type { Database } from '../../src-main/connections/database';
import type {
  ExploredPlan,
  RebalanceConstraints,
  RebalanceExploration,
} from '../../src-main/contract/rebalance';
import { createDisksKeeper } from '../../src-main/monitor/disks-keeper';
import { systemClock } from '../../src-main/monitor/clock';
import { createStrategyKeeper } from '../../src-main/monitor/strategy-keeper';
import { exploreRebalance } from '../../src-main/plans/explore-rebalance';
import { learnPace } from '../../src-main/plans/move-estimate';
import { shardGroupsOf } from '../../src-main/plans/shard-groups';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { noLimits } from '../support/rebalance-limits';

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

  /** What is explored, and the server's own moves of the same groups: "shard source target". */
  async function explore(
    constraints: RebalanceConstraints,
    strategy: string,
  ): Promise<RebalanceExploration & { readonly asked: readonly string[] }> {
    const snapshot = { ...(await readSnapshot(database)), clusterId: 'c', revision: 1, takenAt: '' };
    const { catalog } = await readServerFacts(database);
    const { shardBytes } = toSizes(await readShardSizes(database, catalog), snapshot);
    const parts = { aside: () => Promise.resolve(database), clock: systemClock };
    const exploration = exploreRebalance(
      {
        snapshot,
        shardBytes,
        ...(await createDisksKeeper(parts).read(0)),
        strategy: await createStrategyKeeper(parts).read(strategy, snapshot, 0),
      },
      constraints,
      { addedNodes: 0, removedNodeIds: [], capacities: [], growth: 1, isolated: null },
      learnPace([]),
    );
    const byAddress = new Map(snapshot.nodes.map((node) => [`${node.name}:${node.port}`, node.nodeId]));
    const rows = await readRebalancePlan(database, {
      strategy,
      drainOnly: constraints.drainOnly === true,
    });
    const stands = new Set(shardGroupsOf(snapshot, {}).map(({ shardId }) => shardId));
    const asked = rows
      .filter(({ shardId }) => stands.has(shardId))
      .map(
        (row) =>
          `${row.shardId} ${byAddress.get(`${row.sourceName}:${row.sourcePort}`) ?? ''} ${byAddress.get(`${row.targetName}:${row.targetPort}`) ?? ''}`,
      );
    return { ...exploration, asked };
  }

  const wordsOf = (plan: ExploredPlan | null): readonly string[] =>
    plan?.moves.map(({ shardId, sourceNodeId, targetNodeId }) => `${shardId} ${sourceNodeId} ${targetNodeId}`)
    ?? [];

  it.each(['bytes', 'groups'] as const)('reproduces the plan of the server by %s', async (measure) => {
    const { citus, ours, nodes, asked } = await explore(
      { ...noLimits, measure },
      measure === 'bytes' ? 'by_disk_size' : 'by_shard_count',
    );
    expect(asked.length).toBeGreaterThan(1);
    expect(wordsOf(citus)).toEqual(asked);
    expect(ours?.bytes).toBeLessThanOrEqual(citus?.bytes ?? 0);
    for (const { disk } of nodes) expect(disk?.availableBytes).toBeGreaterThan(0);
  });

  it('reproduces the plan of a strategy with functions of its own, whatever they are called', async () => {
    const worker = await cluster.endpoint('worker-3');
    for (const text of [
      'CREATE SCHEMA "Own ""rules"""',
      `CREATE FUNCTION "Own ""rules""".cost(bigint) RETURNS real LANGUAGE sql AS 'SELECT (1 + $1 % 3)::real'`,
      `CREATE FUNCTION "Own ""rules""".capacity(integer) RETURNS real LANGUAGE sql AS
         'SELECT (CASE WHEN nodeport = ${worker.port} THEN 2 ELSE 1 END)::real FROM pg_dist_node WHERE nodeid = $1'`,
      `CREATE FUNCTION "Own ""rules""".allowed(bigint, integer) RETURNS boolean LANGUAGE sql AS
         'SELECT $1 % 4 <> 0 OR nodeport <> ${worker.port} FROM pg_dist_node WHERE nodeid = $2'`,
      `SELECT citus_add_rebalance_strategy('own', '"Own ""rules""".cost', '"Own ""rules""".capacity',
         '"Own ""rules""".allowed', 0.1)`,
    ])
      await database.change({ text });
    const own: RebalanceConstraints = { ...noLimits, measure: 'cost', strategy: 'own' };
    const { citus, ours, asked, verdicts, nodes } = await explore(own, 'own');
    expect(asked.length).toBeGreaterThan(1);
    expect(wordsOf(citus)).toEqual(asked);
    expect(verdicts[0]).toMatchObject({ measure: 'cost', strategy: 'own', isNeeded: true });
    const filled = nodes.find(({ capacity }) => capacity === 2)?.nodeId;
    expect(filled).toBeDefined();
    for (const plan of [citus, ours]) {
      expect(plan?.moves.length).toBeGreaterThan(0);
      for (const { shardId, targetNodeId } of plan?.moves ?? [])
        expect(targetNodeId === filled && Number(shardId) % 4 === 0).toBe(false);
    }
    expect(ours?.largestFactor).toBeLessThanOrEqual((citus?.largestFactor ?? 0) * (1 + 1e-6));
    // Nothing lies where nothing may lie, so there is nothing to drain.
    const drained = await explore({ ...own, drainOnly: true }, 'own');
    expect([drained.asked, wordsOf(drained.citus), wordsOf(drained.ours)]).toEqual([[], [], []]);
  });

  it('says what the server said where a function of a strategy fails, and plans nothing by it', async () => {
    await database.change({
      text: `CREATE OR REPLACE FUNCTION "Own ""rules""".cost(bigint) RETURNS real LANGUAGE plpgsql AS
               $body$ BEGIN RAISE EXCEPTION 'no price for %', $1; END $body$`,
    });
    const parts = { aside: () => Promise.resolve(database), clock: systemClock };
    const snapshot = { ...(await readSnapshot(database)), clusterId: 'c', revision: 2, takenAt: '' };
    const keeper = createStrategyKeeper(parts);
    const strategy = await keeper.read('own', snapshot, 60_000);
    expect(strategy).toMatch(/^The functions of strategy own could not be asked: .*no price for \d+/);
    const { citus, ours, unknown } = exploreRebalance(
      { snapshot, shardBytes: {}, disks: new Map(), baseCostBytes: 0, strategy },
      { ...noLimits, measure: 'cost', strategy: 'own' },
      { addedNodes: 0, removedNodeIds: [], capacities: [], growth: 1, isolated: null },
      learnPace([]),
    );
    expect([citus, ours, unknown]).toEqual([null, null, strategy]);
    expect(await keeper.read('another', snapshot, 60_000)).toBe(
      'There is no rebalance strategy another any more.',
    );
  });

  it('knows what Citus adds to the size of a group', async () => {
    expect(await readBaseCost(database)).toMatch(/^(100MB|104857600)$/);
  });
});
