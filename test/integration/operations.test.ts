/** The three operations to their end on real PostgreSQL processes, judged by the catalogs and by the rows. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qualified } from '../../src-main/connections/database';
import type { Database } from '../../src-main/connections/database';
import type { OperationRequest, RequestOf } from '../../src-main/contract/operations';
import { runDaemon } from '../../src-main/practice/daemon';
import { operate } from '../support/operated-cluster';
import type { OperatedCluster } from '../support/operated-cluster';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { waitFor } from '../support/wait';

const hostileNames = [
  { schema: 'select', name: '"; drop table x; --' },
  { schema: 'select', name: `it's.a "table" $1` },
  { schema: 'public', name: 'Größe_漢字_😀' },
  { schema: 'public', name: 'default' },
  { schema: 'public', name: 'none' },
  { schema: 'a.b', name: 'n'.repeat(63) },
] as const;
const hostileColumn = `"key'; --`;

type Distribute = RequestOf<'distribute-table'>;

function byHash(
  name: string,
  column: string,
  more: Partial<Extract<Distribute['as'], { type: 'hash' }>> = {},
): Distribute {
  return {
    kind: 'distribute-table',
    table: { schema: 'public', name },
    as: { type: 'hash', column, shardCount: null, colocateWith: 'default', ...more },
  };
}

const rebalance: OperationRequest = {
  kind: 'rebalance',
  strategy: 'by_shard_count',
  drainOnly: false,
  transferMode: 'auto',
};

describe.each(await engines())('operations on $name', (engine) => {
  let cluster: PracticeClusterForTest;
  let coordinator: Database;
  let operated: OperatedCluster;
  let folder = '';

  const run = async (text: string): Promise<void> => void (await coordinator.change({ text }));
  const value = async (text: string): Promise<unknown> => {
    const [row] = await coordinator.read<Record<string, unknown>>({ text });
    return Object.values(row ?? {})[0];
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'operations-'));
    cluster = await startPracticeCluster({
      engine,
      workers: 2,
      startDaemon: engine.isEmulator ? runDaemon : null,
    });
    coordinator = await cluster.connect();
    operated = await operate(cluster, folder);
    if (!engine.isEmulator) {
      // Citus looks for tasks every five seconds; a test need not wait that long.
      await run('ALTER SYSTEM SET citus.background_task_queue_interval = 500');
      await run('SELECT pg_reload_conf()');
    }
    await run('CREATE TABLE permit_types (code text PRIMARY KEY, title text)');
    await run(`INSERT INTO permit_types VALUES ('BLD', 'Building'), ('ELE', 'Electric')`);
    await run('CREATE TABLE agencies (agency_id bigint PRIMARY KEY, name text)');
    await run(`INSERT INTO agencies SELECT i, 'Agency ' || i FROM generate_series(1, 200) i`);
    await run(`CREATE TABLE permits (
      permit_id bigint GENERATED ALWAYS AS IDENTITY, agency_id bigint NOT NULL REFERENCES agencies,
      code text, PRIMARY KEY (agency_id, permit_id))`);
    await run(
      `INSERT INTO permits (agency_id, code) SELECT 1 + i % 200, 'BLD' FROM generate_series(1, 5000) i`,
    );
  });
  afterAll(async () => {
    await operated?.end();
    await cluster?.end();
    await rm(folder, { recursive: true, force: true });
  });

  it('refuses with every reason what Citus would refuse with one', async () => {
    await run(`CREATE TABLE complaints (id int PRIMARY KEY, agency_id bigint REFERENCES agencies,
      code text REFERENCES permit_types)`);
    const reply = await operated.plan(byHash('complaints', 'code', { shardCount: 4 }));
    await run('DROP TABLE complaints');
    if (reply.outcome !== 'refusal') throw new Error('was planned');
    expect(reply.reasons.map((reason) => reason.code).sort()).toEqual([
      'foreign-key-to-plain',
      'foreign-key-to-plain',
      'uniqueness-without-column',
    ]);
    for (const reason of reply.reasons) expect(reason.fix).not.toBe('');
  });

  it('makes a reference table with a copy on every node', async () => {
    const request: Distribute = {
      kind: 'distribute-table',
      table: { schema: 'public', name: 'permit_types' },
      as: { type: 'reference' },
    };
    const operation = await operated.carryOut(request);
    expect(operation.attention).toBeNull();
    expect(operation.state).toBe('done');
    expect(operation.steps[0]?.outcome).toContain('2 rows before and after');
    const table = (await operated.snapshot()).tables.find((one) => one.name === 'permit_types');
    expect(table?.type).toBe('reference');
    expect(await value('SELECT count(*)::int FROM permit_types')).toBe(2);
  });

  it('distributes by hash exactly where the plan said', async () => {
    const plan = await operated.planned(byHash('agencies', 'agency_id', { shardCount: 8 }));
    if (plan.details.kind !== 'distribute-table') throw new Error('wrong kind');
    expect(plan.findings.map((finding) => finding.code)).toContain('referenced-by-plain');
    const operation = await operated.settled(await operated.start(plan));
    expect(operation.attention).toBeNull();
    expect(operation.state).toBe('done');
    const snapshot = await operated.snapshot();
    const table = snapshot.tables.find((one) => one.name === 'agencies');
    const nodes = new Map(snapshot.nodes.map((node) => [node.groupId, `${node.name}:${node.port}`]));
    const found = snapshot.shards
      .filter((shard) => shard.tableOid === table?.oid)
      .map((shard) => ({
        minValue: shard.minValue,
        maxValue: shard.maxValue,
        node: nodes.get(shard.groupIds[0] ?? -1),
      }))
      .sort((one, other) => (one.minValue ?? 0) - (other.minValue ?? 0));
    expect(
      plan.details.placement.map(({ minValue, maxValue, node }) => ({ minValue, maxValue, node })),
    ).toEqual(found);
    expect(await value('SELECT count(*)::int FROM agencies')).toBe(200);
  });

  it('colocates, compares rows, and drops the hidden local copy as a step of its own', async () => {
    const plan = await operated.planned(
      byHash('permits', 'agency_id', { colocateWith: { schema: 'public', name: 'agencies' } }),
    );
    expect(plan.details).toMatchObject({ colocatedWith: ['agencies'] });
    expect(plan.steps.map((step) => step.action.type)).toEqual(['distribute-table', 'truncate-local-data']);
    const operation = await operated.settled(await operated.start(plan));
    expect(operation.attention).toBeNull();
    expect(operation.state).toBe('done');
    expect(operation.steps[0]?.outcome).toContain('8 shards, 5000 rows before and after');
    expect(await value('SELECT count(*)::int FROM permits')).toBe(5000);
    expect(await value(`SELECT pg_relation_size('permits')::int`)).toBe(0);
    const snapshot = await operated.snapshot();
    const [agencies, permits] = ['agencies', 'permits'].map((name) =>
      snapshot.tables.find((one) => one.name === name),
    );
    expect(permits?.colocationId).toBe(agencies?.colocationId);
  });

  it('adds a local table to the metadata', async () => {
    await run('CREATE TABLE offices (id int PRIMARY KEY)');
    const operation = await operated.carryOut({
      kind: 'distribute-table',
      table: { schema: 'public', name: 'offices' },
      as: { type: 'local' },
    });
    expect(operation.attention).toBeNull();
    expect((await operated.snapshot()).tables.find((one) => one.name === 'offices')?.type).toBe('local');
  });

  it.each(hostileNames)('distributes the table $name of schema $schema and harms nothing', async (table) => {
    await run(`CREATE SCHEMA IF NOT EXISTS "${table.schema}"`);
    await run(`CREATE TABLE IF NOT EXISTS x (id int)`);
    await run(`CREATE TABLE ${qualified(table)} ("${hostileColumn.replaceAll('"', '""')}" int PRIMARY KEY)`);
    await run(`INSERT INTO ${qualified(table)} SELECT generate_series(1, 50)`);
    const operation = await operated.carryOut({
      kind: 'distribute-table',
      table,
      as: { type: 'hash', column: hostileColumn, shardCount: 4, colocateWith: 'none' },
    });
    expect(operation.attention).toBeNull();
    expect(operation.state).toBe('done');
    const found = (await operated.snapshot()).tables.find(
      (one) => one.schema === table.schema && one.name === table.name,
    );
    expect(found).toMatchObject({ type: 'distributed', distributionColumn: hostileColumn, shardCount: 4 });
    expect(await value(`SELECT count(*)::int FROM ${qualified(table)}`)).toBe(50);
    expect(await value(`SELECT to_regclass('public.x') IS NOT NULL`)).toBe(true);
    await run(`DROP TABLE ${qualified(table)}`);
  });

  it('goes back to review when the table changed between plan and start', async () => {
    await run('CREATE TABLE moving_target (id int PRIMARY KEY)');
    const plan = await operated.planned(byHash('moving_target', 'id'));
    await run('ALTER TABLE moving_target ADD COLUMN more text');
    const reply = await operated.operations.start(plan.planId);
    if (reply.outcome !== 'changed') throw new Error('was started');
    expect(reply.differences.join()).toContain('more text');
    expect(
      await value(
        `SELECT count(*)::int FROM pg_dist_partition WHERE logicalrelid = 'moving_target'::regclass`,
      ),
    ).toBe(0);
  });

  it('fails with the words of the server and says what is true, when it is refused after all', async () => {
    // A lock held by someone else: no plan can foresee it.
    const other = await cluster.connect();
    await run('CREATE TABLE busy_table (id int PRIMARY KEY)');
    const plan = await operated.planned(byHash('busy_table', 'id'));
    await other.change({ text: 'BEGIN' });
    await other.change({ text: 'LOCK TABLE busy_table IN ROW EXCLUSIVE MODE' });
    const operation = await operated.settled(await operated.start(plan));
    await other.change({ text: 'ROLLBACK' });
    expect(operation.state).toBe('failed');
    expect(operation.steps[0]?.failure).toMatchObject({ sqlState: '55P03' });
    expect(operation.attention).toContain('Now: an ordinary table');
    await operated.operations.decide(operation.operationId, 'retry');
    expect((await operated.settled(operation.operationId)).state).toBe('done');
  });

  it('adds a node, copies the reference tables, then lets it take shards', async () => {
    const { host, port } = await cluster.service.addNode(cluster.practiceId);
    const request: OperationRequest = { kind: 'add-node', host, port, shouldHaveShards: true };
    const plan = await operated.planned(request);
    expect(plan.steps.map((step) => step.action.type)).toEqual([
      'add-node',
      'set-should-have-shards',
      'replicate-reference-tables',
      'set-should-have-shards',
    ]);
    expect(plan.findings.filter((finding) => finding.level === 'stops')).toEqual([]);
    const operation = await operated.settled(await operated.start(plan));
    expect(operation.attention).toBeNull();
    expect(operation.state).toBe('done');
    expect(operation.steps[2]?.outcome).toContain('1 copied, 2 rows, every copy alike');
    const snapshot = await operated.snapshot();
    const node = snapshot.nodes.find((one) => one.port === port);
    expect(node).toMatchObject({ isActive: true, metadataSynced: true, shouldHaveShards: true });
    const reply = await operated.plan(request);
    expect(reply).toMatchObject({ outcome: 'refusal', reasons: [{ code: 'already-a-node' }] });
  });

  it('refuses a node that does not answer and one that is not ready', async () => {
    const reply = await operated.plan({
      kind: 'add-node',
      host: '127.0.0.1',
      port: 1,
      shouldHaveShards: true,
    });
    if (reply.outcome !== 'refusal') throw new Error('was planned');
    expect(reply.reasons.map((reason) => reason.code)).toContain('not-reached');
  });

  it('names the table that would stop the whole rebalance', async () => {
    await run('CREATE TABLE norid (id bigint NOT NULL)');
    const made = await operated.carryOut(
      byHash('norid', 'id', { colocateWith: { schema: 'public', name: 'agencies' } }),
    );
    expect(made.state).toBe('done');
    const reply = await operated.plan(rebalance);
    if (reply.outcome !== 'refusal') throw new Error('was planned');
    const reason = reply.reasons.find((one) => one.code === 'no-replica-identity');
    expect(reason?.message).toContain('norid');
    await run(reason?.fixSql ?? '');
    expect((await operated.plan(rebalance)).outcome).toBe('plan');
  });

  it('rebalances as planned, move by move, and every row is still there', async () => {
    const plan = await operated.planned(rebalance);
    if (plan.details.kind !== 'rebalance') throw new Error('wrong kind');
    expect(plan.details.moves.length).toBeGreaterThan(1);
    const operation = await operated.settled(await operated.start(plan));
    expect(operation.attention).toBeNull();
    expect(operation.state).toBe('done');
    expect(operation.jobId).toMatch(/^\d+$/);
    const snapshot = await operated.snapshot();
    const groups = new Map(snapshot.nodes.map((node) => [node.groupId, `${node.name}:${node.port}`]));
    for (const move of plan.details.moves) {
      const shard = snapshot.shards.find((one) => one.shardId === move.shardId);
      expect(shard?.groupIds.map((group) => groups.get(group))).toEqual([move.targetNode]);
    }
    const items = operation.steps.find((step) => step.stepId === 'follow')?.items ?? [];
    expect(items.map(({ move }) => [move?.shardId, move?.sourceNode, move?.targetNode])).toEqual(
      plan.details.moves.map((move) => [move.shardId, move.sourceNode, move.targetNode]),
    );
    expect(items.map(({ move }) => move?.tables)).toEqual(plan.details.moves.map(({ tables }) => tables));
    for (const item of items) {
      expect(item).toMatchObject({ state: 'done', attempts: 1, outcome: 'moved' });
      // A move that is shorter than the beat between two looks was never seen to run.
      if (item.startedAt === null) expect(item.endedAt).toBeNull();
      else expect(Date.parse(item.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(item.startedAt));
    }
    expect(await value('SELECT count(*)::int FROM permits')).toBe(5000);
    const again = await operated.plan(rebalance);
    if (again.outcome !== 'refusal') throw new Error('was planned');
    expect(again.reasons).toHaveLength(1);
    expect(['balanced', 'within-threshold', 'improvement-threshold']).toContain(again.reasons[0]?.code);
  });

  describe('a rebalance that meets trouble', () => {
    const keepAway = async (node: string, value_: boolean): Promise<void> => {
      const { port } = await cluster.endpoint(node);
      await run(`SELECT citus_set_node_property('127.0.0.1', ${port}, 'shouldhaveshards', ${value_})`);
    };

    it('is stopped by a cancel; finished moves stay', async () => {
      await keepAway('worker-1', false);
      const plan = await operated.planned({ ...rebalance, drainOnly: true });
      const id = await operated.start(plan);
      await waitFor('the job to be followed', () => operated.current(id).steps[1]?.state === 'running');
      await operated.operations.cancel(id);
      const operation = await operated.settled(id);
      expect(operation.state).toBe('cancelled');
      expect(operation.attention).toContain('Finished moves stay');
      expect(await value(`SELECT state::text FROM pg_dist_background_job ORDER BY job_id DESC LIMIT 1`)).toBe(
        'cancelled',
      );
      expect(await value('SELECT count(*)::int FROM permits')).toBe(5000);
    });

    it('is found and followed again by the app after a restart', async () => {
      const first = operated;
      const id = await first.start(await first.planned({ ...rebalance, drainOnly: true }));
      await waitFor('the job to be followed', () => first.current(id).steps[1]?.state === 'running');
      await first.end();
      operated = await operate(cluster, folder);
      const { open } = await operated.operations.recover();
      expect(open.map((one) => one.operationId)).toEqual([id]);
      await operated.operations.look('practice');
      const operation = operated.current(id);
      expect(operation.attention).toBeNull();
      expect(operation.state).toBe('done');
      const { port } = await cluster.endpoint('worker-1');
      expect(
        await value(`SELECT count(*)::int FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
                      JOIN pg_dist_shard s USING (shardid) JOIN pg_dist_partition t USING (logicalrelid)
                      WHERE n.nodeport = ${port} AND t.repmodel <> 't'`),
      ).toBe(0);
    });

    it('says which task is tried again while a node is down, and ends when it is back', async () => {
      await keepAway('worker-1', true);
      const plan = await operated.planned(rebalance);
      await cluster.service.killNode(cluster.practiceId, 'worker-1');
      const reply = await operated.operations.start(plan.planId);
      if (reply.outcome !== 'changed') throw new Error('was started with a node down');
      expect(reply.differences.join()).toContain('does not reach');

      await cluster.service.reviveNode(cluster.practiceId, 'worker-1');
      await waitFor('the revived node', async () => (await operated.plan(rebalance)).outcome === 'plan');
      const id = await operated.start(await operated.planned(rebalance));
      await cluster.service.killNode(cluster.practiceId, 'worker-1');
      const tried = await waitFor('a task that is tried again', () => operated.current(id).attention, 60_000);
      expect(tried).toContain('is tried again');
      await cluster.service.reviveNode(cluster.practiceId, 'worker-1');
      const operation = await operated.settled(id, 110_000);
      expect(operation.state).toBe('done');
      expect(await value('SELECT count(*)::int FROM permits')).toBe(5000);
    });
  });

  it('has every statement that changed something in a trail that verifies', async () => {
    const { entries } = await operated.audit.list({ clusterId: 'practice', offset: 0, limit: 1000 });
    const started = entries.filter((entry) => entry.outcome === 'started').map((entry) => entry.statement);
    expect(started).toContain(`SELECT create_reference_table('"public"."permit_types"')`);
    expect(started).toContain(
      `SELECT create_distributed_table('"public"."permits"', 'agency_id', colocate_with => '"public"."agencies"')`,
    );
    expect(started.some((statement) => statement.includes('citus_rebalance_stop'))).toBe(true);
    expect(started.some((statement) => statement.includes('pg_backend_pid'))).toBe(false);
    expect(await operated.audit.verify()).toMatchObject({ outcome: 'intact', entries: entries.length });
  });
});
