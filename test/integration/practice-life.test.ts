import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import { FailureError } from '../../src-main/contract/failure';
import type { PracticeCluster } from '../../src-main/contract/practice';
import { runDaemon } from '../../src-main/practice/daemon';
import { isOurServer } from '../../src-main/practice/pid-file';
import { childrenOf, commandOf, isAlive } from '../../src-main/practice/processes';
import { connectTo, engines, practiceServiceForTest } from '../support/practice';
import type { PracticeServiceForTest } from '../support/practice';
import { serversBelow } from '../support/practice-servers';
import { waitFor } from '../support/wait';

let around: PracticeServiceForTest | null = null;
const open: Database[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((database) => database.close()));
  await around?.end();
  around = null;
});

async function connect(cluster: PracticeCluster, node?: string): Promise<Database> {
  if (!around) throw new Error('no service');
  const database = await connectTo(await around.service.endpointOf(cluster.practiceId, node));
  open.push(database);
  return database;
}

async function value(database: Database, text: string): Promise<unknown> {
  const [row] = await database.read<Record<string, unknown>>({ text });
  return Object.values(row ?? {})[0];
}

const nodesOf = (cluster: PracticeCluster): readonly string[] =>
  cluster.nodes.map((node) => `${node.name} ${node.state} ${node.isMember ? 'member' : 'outside'}`);

describe.each(await engines())('a practice cluster on $name', (engine) => {
  it('is created registered, lives through stop and start, grows, and leaves nothing behind', async () => {
    around = await practiceServiceForTest({ engine });
    const { service, options } = around;
    const created = await service.create({ sampleData: false });

    expect(created).toMatchObject({ name: 'Practice A', phase: 'running', failure: null, doing: null });
    expect(created.engine).toBe(engine.isEmulator ? 'emulator' : '13.2.2');
    expect(nodesOf(created)).toEqual([
      'coordinator running member',
      'worker-1 running member',
      'worker-2 running member',
    ]);
    const coordinator = await connect(created);
    const members = await coordinator.read<{ nodeport: number; groupid: number }>({
      text: 'SELECT nodeport, groupid FROM pg_dist_node WHERE isactive ORDER BY nodeid',
    });
    expect(members).toEqual(created.nodes.map((node, index) => ({ nodeport: node.port, groupid: index })));
    expect(await value(coordinator, 'SHOW wal_level')).toBe('logical');
    expect(await value(coordinator, 'SHOW listen_addresses')).toBe('127.0.0.1');
    await coordinator.change({ text: 'CREATE TABLE kept (id int)' });

    const servers = serversBelow(options.dataFolder);
    expect(servers).toHaveLength(3);
    const stopped = await service.stop(created.practiceId);
    expect(stopped).toMatchObject({ phase: 'stopped', failure: null });
    expect(new Set(stopped.nodes.map((node) => node.state))).toEqual(new Set(['stopped']));
    expect(serversBelow(options.dataFolder)).toEqual([]);
    expect(await Promise.all(servers.map(isAlive))).toEqual([false, false, false]);

    const started = await service.start(created.practiceId);
    expect(nodesOf(started)).toEqual(nodesOf(created));
    expect(started.nodes.map((node) => node.port)).toEqual(created.nodes.map((node) => node.port));
    expect(await value(await connect(started), `SELECT to_regclass('kept')::text`)).toBe('kept');

    const added = await service.addNode(created.practiceId);
    expect(added.name).toBe('worker-3');
    const list = await service.list();
    expect(list.clusters[0]?.nodes[3]).toMatchObject({ name: 'worker-3', state: 'running', isMember: false });
    const fresh = await connect(created, 'worker-3');
    expect(await value(fresh, `SELECT extversion FROM pg_extension WHERE extname = 'citus'`)).toBe('13.2-1');
    const again = await connect(created);
    expect(await value(again, 'SELECT count(*) FROM pg_dist_node')).toBe('3');
    await again.change({ text: 'SELECT citus_add_node($1, $2)', values: [added.host, added.port] });
    await service.noteMembers(created.practiceId, [...created.nodes.map((node) => node.port), added.port]);
    expect((await service.list()).clusters[0]?.nodes[3]?.isMember).toBe(true);

    await Promise.all(open.splice(0).map((database) => database.close()));
    await service.remove(created.practiceId);
    expect((await service.list()).clusters).toEqual([]);
    expect(serversBelow(options.dataFolder)).toEqual([]);
    expect(existsSync(join(options.dataFolder, 'clusters', created.practiceId))).toBe(false);
  });

  it('loses a node with all its processes, and takes it back with its data', async () => {
    around = await practiceServiceForTest({ engine });
    const { service } = around;
    const created = await service.create({ sampleData: false });
    const worker = await connect(created, 'worker-1');
    await worker.change({ text: 'CREATE TABLE before_the_kill AS SELECT 1 AS id' });
    const postmaster = serversBelow(around.options.dataFolder, 'worker-1')[0] ?? -1;
    expect(isOurServer(await commandOf(postmaster), 'elsewhere')).toBe(false);
    const family = [postmaster, ...(await childrenOf(postmaster))];
    expect(family.length).toBeGreaterThan(3);

    const killed = await service.killNode(created.practiceId, 'worker-1');
    expect(nodesOf(killed)[1]).toBe('worker-1 killed member');
    expect(killed.phase).toBe('running');
    expect(await Promise.all(family.map(isAlive))).toEqual(family.map(() => false));
    await expect(connect(created, 'worker-1')).rejects.toMatchObject({ failure: { kind: 'unreachable' } });
    expect(await value(await connect(created), 'SELECT count(*) FROM pg_dist_node')).toBe('3');

    const revived = await service.reviveNode(created.practiceId, 'worker-1');
    expect(nodesOf(revived)).toEqual(nodesOf(created));
    expect(await value(await connect(created, 'worker-1'), 'SELECT count(*) FROM before_the_kill')).toBe('1');
  });

  it('shows a node as failed when its server ends by itself', async () => {
    around = await practiceServiceForTest({ engine });
    const { service, options } = around;
    const created = await service.create({ sampleData: false, workers: 1 });
    process.kill(serversBelow(options.dataFolder, 'worker-1')[0] ?? -1, 'SIGKILL');
    const list = await waitFor('worker-1 to be seen failed', async () => {
      const now = await service.list();
      return now.clusters[0]?.nodes[1]?.state === 'failed' ? now : null;
    });
    expect(list.revision).toBeGreaterThan(0);
    expect(nodesOf(await service.reviveNode(created.practiceId, 'worker-1'))[1]).toBe(
      'worker-1 running member',
    );
  });

  it('loads the sample data after it is there, and goes back to it when reset', async () => {
    around = await practiceServiceForTest({ engine });
    const { service, announced } = around;
    const created = await service.create({});
    expect(['loading', 'running']).toContain(created.phase);
    const loaded = await service.settled(created.practiceId);
    expect(loaded).toMatchObject({ phase: 'running', failure: null, doing: null, progress: null });
    const seen = announced.flatMap((list) => list.clusters.map((cluster) => cluster.phase));
    expect(seen.filter((phase, index) => phase !== seen[index - 1])).toEqual([
      'creating',
      'loading',
      'running',
    ]);
    const revisions = announced.map((list) => list.revision);
    expect(revisions).toEqual([...revisions].sort((one, other) => one - other));

    const coordinator = await connect(created);
    const counts = `SELECT (SELECT count(*) FROM permits) || ' ' || (SELECT count(*) FROM inspections) || ' '
      || (SELECT count(*) FROM audit_events) || ' ' || (SELECT count(*) FROM tenant_a.notes)`;
    expect(await value(coordinator, counts)).toBe('24000 24000 6000 500');
    const share = await value(
      coordinator,
      'SELECT round(100.0 * count(*) FILTER (WHERE agency_id = 7) / count(*)) FROM permits',
    );
    expect(Number(share)).toBeGreaterThanOrEqual(40);
    expect(Number(share)).toBeLessThan(45);
    const types = await coordinator.read<{ table_name: string; citus_table_type: string }>({
      text: `SELECT table_name::text, citus_table_type FROM citus_tables ORDER BY table_name::text`,
    });
    expect(types.map((row) => `${row.table_name} ${row.citus_table_type}`)).toEqual([
      'agencies distributed',
      'audit_events distributed',
      'audit_events_2026_01 distributed',
      'audit_events_2026_02 distributed',
      'holidays local',
      'inspections distributed',
      'permit_types reference',
      'permits distributed',
      'tenant_a.notes schema',
    ]);

    await coordinator.change({ text: 'CREATE TABLE made_by_hand (id int)' });
    await Promise.all(open.splice(0).map((database) => database.close()));
    await service.addNode(created.practiceId);
    const before = await service.endpointOf(created.practiceId);
    await service.reset(created.practiceId);
    const reset = await service.settled(created.practiceId);
    expect(nodesOf(reset)).toEqual(nodesOf(created));
    expect(reset.failure).toBeNull();
    const after = await service.endpointOf(created.practiceId);
    expect(after.password).not.toBe(before.password);
    const fresh = await connect(reset);
    expect(await value(fresh, counts)).toBe('24000 24000 6000 500');
    expect(await value(fresh, `SELECT to_regclass('made_by_hand')::text`)).toBeNull();
  });
});

describe.each(await engines())('the sample data on $name', (engine) => {
  it('is rebalanced online to a new node, as it is', async () => {
    around = await practiceServiceForTest({ engine, startDaemon: runDaemon });
    const { service } = around;
    const created = await service.create({});
    const added = await service.addNode(created.practiceId);
    expect(await service.settled(created.practiceId)).toMatchObject({ phase: 'running', failure: null });
    const coordinator = await connect(created);
    const sum =
      'SELECT count(*) || $$ $$ || sum(permit_id * agency_id) FROM permits JOIN inspections USING (agency_id, permit_id)';
    const before = await value(coordinator, sum);
    await coordinator.change({ text: 'SELECT citus_add_node($1, $2)', values: [added.host, added.port] });
    await coordinator.change({ text: 'SELECT citus_rebalance_start()' });
    await waitFor(
      'the rebalance to finish',
      async () => {
        const state = await value(coordinator, 'SELECT state::text FROM citus_rebalance_status()');
        if (state === 'failed' || state === 'cancelled') throw new Error(`it ${String(state)}`);
        return state === 'finished';
      },
      100_000,
      250,
    );
    expect(await value(coordinator, sum)).toBe(before);
    const spread = `SELECT string_agg(shards::text, ' ' ORDER BY shards) FROM (SELECT count(*) AS shards
      FROM citus_shards WHERE table_name = 'permits'::regclass GROUP BY nodeport) s`;
    expect(await value(coordinator, spread)).toBe('4 4 4');
  });
});

describe('practice clusters', () => {
  it('stand side by side, each with its own name, ports and password', async () => {
    around = await practiceServiceForTest();
    const { service } = around;
    const made = await Promise.all([
      service.create({ sampleData: false, workers: 1 }),
      service.create({ sampleData: false, workers: 1 }),
    ]);
    expect(made.map((cluster) => cluster.name)).toEqual(['Practice A', 'Practice B']);
    const ports = made.flatMap((cluster) => cluster.nodes.map((node) => node.port));
    expect(new Set(ports).size).toBe(4);
    const [a, b] = await Promise.all(made.map((cluster) => service.endpointOf(cluster.practiceId)));
    expect(a?.password).not.toBe(b?.password);
    if (!a || !b) throw new Error('no endpoints');
    await expect(connectTo({ ...a, password: b.password })).rejects.toMatchObject({
      failure: { kind: 'authentication' },
    });
    await expect(connectTo({ ...a, password: '' })).rejects.toBeInstanceOf(FailureError);

    await service.stop(made[0].practiceId);
    expect(await value(await connect(made[1]), 'SELECT count(*) FROM pg_dist_node')).toBe('2');
    await expect(service.create({ name: 'Practice B' })).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    });
    await expect(service.addNode(made[0].practiceId)).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    });
    await expect(service.killNode(made[1].practiceId, 'worker-9')).rejects.toMatchObject({
      failure: { kind: 'not-found' },
    });
    await expect(service.start('practice-00000000')).rejects.toMatchObject({
      failure: { kind: 'not-found' },
    });
  });
});
