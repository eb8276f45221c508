import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { healthStatements } from '../../src-main/citus/health-reads';
import type { Database } from '../../src-main/connections/database';
import type { HealthCheck, HealthReport } from '../../src-main/contract/health';
import { createMonitor } from '../../src-main/monitor/monitor';
import type { Monitor } from '../../src-main/monitor/monitor';
import { runDaemon } from '../../src-main/practice/daemon';
import { connectTo, engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';

describe.each(await engines())('the health of a cluster on $name', (engine) => {
  let cluster: PracticeClusterForTest;
  let database: Database;
  let monitor: Monitor;
  const opened: Database[] = [];
  const published: HealthReport[] = [];

  const run = async (text: string): Promise<void> => void (await database.change({ text }));
  const check = (): Promise<HealthReport> => monitor.checkHealth('c');
  const one = (report: HealthReport, id: string): HealthCheck => {
    const found = report.checks.find((each) => each.id === id);
    if (!found) throw new Error(`no check ${id} in ${report.checks.map((each) => each.id).join(', ')}`);
    return found;
  };

  beforeAll(async () => {
    cluster = await startPracticeCluster({
      engine,
      workers: 2,
      startDaemon: engine.isEmulator ? runDaemon : null,
    });
    database = await cluster.connect();
    await run('CREATE TABLE permits (id bigint PRIMARY KEY, note text)');
    await run(`SELECT create_distributed_table('permits', 'id', shard_count := 8)`);
    await run('CREATE TABLE agencies (id bigint PRIMARY KEY)');
    await run(`SELECT create_reference_table('agencies')`);
    const open = async (port?: number): Promise<Database> => {
      const endpoint = await cluster.endpoint();
      const connection = await connectTo({ ...endpoint, port: port ?? endpoint.port });
      opened.push(connection);
      return connection;
    };
    const coordinator = await open();
    const aside = await open();
    const nodes = new Map<number, Database>();
    monitor = createMonitor({
      moveTimes: { samples: () => [], note: () => undefined },
      sessions: {
        coordinator: () => coordinator,
        aside: async () => aside,
        // As the registry does: one session a node, opened again when it was lost.
        node: async (_clusterId, { port }) => {
          const session = nodes.get(port);
          if (session?.isOpen) return session;
          const next = await open(port);
          nodes.set(port, next);
          return next;
        },
      },
      publish: (event, record) => {
        if (event === 'health.changed') published.push(record as HealthReport);
      },
      settings: () => ({ refreshSeconds: 60 }),
    });
    monitor.watch('c');
  });

  afterAll(async () => {
    monitor?.stop();
    await Promise.all(opened.map((connection) => connection.close()));
    await cluster?.end();
  });

  it('has nothing that stops a healthy cluster, and says of every check how it was found', async () => {
    const report = await check();
    if (process.env['SHOW_HEALTH']) {
      for (const each of report.checks)
        process.stderr.write(`${each.level} ${each.id}: ${each.title} — ${each.found}\n`);
      process.stderr.write(`${report.verdict.words} in ${report.tookMs} ms\n`);
    }
    expect(report.checks.filter(({ level }) => level === 'stops')).toEqual([]);
    expect(
      report.checks.filter(({ level }) => level === 'unknown').map(({ id, found }) => [id, found]),
    ).toEqual([]);
    expect(one(report, 'reachability').found).toContain('3 nodes answer');
    expect(one(report, 'connectivity').found).toMatch(/^6 connections/);
    expect(one(report, 'settings-agree').level).toBe('fine');
    expect(report.checks.every(({ means, how }) => means !== '' && how.words !== '')).toBe(true);
    expect(published.at(-1)).toEqual(report);
    expect(monitor.healthReport('c')).toEqual(report);
  });

  it.each(Object.entries(healthStatements))(
    'shows a statement for %s that can be run by hand',
    async (_what, text) => {
      await expect(database.read({ text })).resolves.toBeInstanceOf(Array);
    },
  );

  it('names a table without a key, with a statement that mends it', async () => {
    await run('CREATE TABLE audit_events (id bigint, what text)');
    await run(`SELECT create_distributed_table('audit_events', 'id', colocate_with := 'permits')`);
    const found = one(await check(), 'online-moves');
    expect(found).toMatchObject({ level: 'mind', title: 'audit_events cannot move online' });
    await run(found.mend?.sql ?? 'SELECT 1/0');
    expect(one(await check(), 'online-moves').level).toBe('fine');
  });

  it('leaves a prepared transaction alone while it is younger than a minute', async () => {
    const worker = await cluster.connect('worker-1');
    // The number of a transaction that nobody runs, of a process that does not exist.
    const gid = 'citus_0_999999_77777_1';
    await worker.change({ text: 'BEGIN' });
    await worker.change({ text: 'CREATE TABLE in_doubt (id int)' });
    await worker.change({ text: `PREPARE TRANSACTION '${gid}'` });
    try {
      const report = await check();
      // Younger than a minute: the daemon has not had its turn.
      expect(one(report, 'in-doubt').level).toBe('fine');
    } finally {
      await worker.change({ text: `ROLLBACK PREPARED '${gid}'` }).catch(() => undefined);
    }
  });

  it('finds the record of an object whose node is gone, and the statement that removes it', async () => {
    await run(
      `INSERT INTO pg_dist_cleanup (record_id, operation_id, object_type, object_name, node_group_id, policy_type)
       VALUES (900001, 1, 1, 'public.permits_1', 77, 0)`,
    );
    const found = one(await check(), 'cleanup');
    expect(found).toMatchObject({ level: 'mind', title: '1 cleanup record of a node that is gone' });
    await run(found.mend?.sql ?? 'SELECT 1/0');
    expect(one(await check(), 'cleanup').level).toBe('fine');
  });

  it('finds a copy of a shard that nothing knows of, and the statements that remove it on its node', async () => {
    const [shard] = await database.read<{ name: string; id: string; groupid: number }>({
      text: `SELECT 'permits_' || s.shardid AS name, s.shardid::text AS id, p.groupid FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
 WHERE s.logicalrelid = 'permits'::regclass ORDER BY s.shardid LIMIT 1`,
    });
    const [other] = await database.read<{ port: number }>({
      text: `SELECT nodeport AS port FROM pg_dist_node WHERE groupid NOT IN (0, ${shard?.groupid ?? 0}) ORDER BY nodeid LIMIT 1`,
    });
    const nodes = (await cluster.service.list()).clusters[0]?.nodes ?? [];
    const name = nodes.find(({ port }) => port === other?.port)?.name ?? '';
    const worker = await cluster.connect(name);
    expect(one(await check(), 'leftover-tables').level).toBe('fine');
    await worker.change({ text: `CREATE TABLE ${shard?.name} (id bigint)` });
    // A table of somebody's own that ends in the number of a shard is none.
    await worker.change({ text: `CREATE TABLE own_${shard?.id} (id bigint)` });
    const found = one(await check(), 'leftover-tables');
    expect(found).toMatchObject({ level: 'mind', title: '1 table is left over from shards' });
    const [finding] = found.evidence.filter(({ isFinding }) => isFinding);
    expect(finding?.subject).toContain(String(other?.port));
    expect(finding?.value).toContain(`${shard?.name}`);
    for (const text of (found.mend?.sql ?? 'SELECT 1/0').split('\n')) await worker.change({ text });
    expect(one(await check(), 'leftover-tables').level).toBe('fine');
    await worker.change({ text: `DROP TABLE own_${shard?.id}` });
  });

  it('advises a rebalance when a node takes no part, and names reference tables that it lacks', async () => {
    const added = await cluster.service.addNode(cluster.practiceId);
    await run(`SELECT citus_add_node('${added.host}', ${added.port})`);
    const report = await check();
    expect(one(report, 'reference-tables')).toMatchObject({ level: 'mind' });
    expect(one(report, 'rebalance')).toMatchObject({ level: 'mind', title: 'A rebalance is advisable' });
    const [plan] = await database.read<{ moves: number }>({
      text: 'SELECT count(DISTINCT (p.shardminvalue))::int AS moves FROM get_rebalance_table_shards_plan() m JOIN pg_dist_shard p USING (shardid)',
    });
    expect(one(report, 'rebalance').found).toContain(`${plan?.moves} move`);
    await run(`SELECT citus_remove_node('${added.host}', ${added.port})`);
  });

  it('tells of a killed worker once, knows the others, and sees it return', async () => {
    const nodes = (await cluster.service.list()).clusters[0]?.nodes ?? [];
    const victim = nodes.find(({ name }) => name === 'worker-2');
    if (!victim) throw new Error('no worker-2');
    await cluster.service.killNode(cluster.practiceId, victim.name);
    const sick = await check();
    const reach = one(sick, 'reachability');
    expect(reach).toMatchObject({ level: 'stops' });
    expect(reach.title).toContain(`${victim.port} does not answer`);
    expect(reach.found).toMatch(/shards? ha(s|ve) the only copy there/);
    expect(sick.verdict.level).toBe('stops');
    for (const id of [
      'wal-level',
      'version-postgres',
      'extension',
      'connection-budget',
      'idle-slots',
      'connectivity',
      'in-doubt',
    ])
      expect([id, one(sick, id).level]).toEqual([id, 'fine']);
    expect(one(sick, 'wal-level').found).toContain('Not asked');
    expect(sick.tookMs).toBeLessThan(20_000);

    await cluster.service.reviveNode(cluster.practiceId, victim.name);
    const well = await check();
    expect(one(well, 'reachability').level).toBe('fine');
    expect(Date.parse(one(well, 'reachability').since)).toBeGreaterThan(
      Date.parse(one(sick, 'reachability').since),
    );
    expect(one(well, 'wal-level').since).toBe(one(sick, 'wal-level').since);
  });

  it('is stopped by the one who asked for it', async () => {
    const stop = new AbortController();
    const asked = monitor.checkHealth('c', stop.signal);
    stop.abort();
    await expect(asked).rejects.toMatchObject({ failure: { kind: 'cancelled' } });
    expect((await check()).checks.length).toBeGreaterThan(20);
  });
});
