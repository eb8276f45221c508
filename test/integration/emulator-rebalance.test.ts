/** Rebalances, drains, stops and failures of the practice emulator, with its daemon, on real PostgreSQL processes. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import {
  everything,
  movesSchema,
  refusal,
  rows,
  setMoveDelay,
  spread,
  startDaemonOn,
  value,
} from '../support/moves-data';
import type { DaemonForTest } from '../support/moves-data';
import { startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { waitFor } from '../support/wait';

let cluster: PracticeClusterForTest;
let coordinator: Database;
let daemon: DaemonForTest | null = null;

async function rebalanceState(): Promise<string> {
  return String(await value(coordinator, 'SELECT state::text FROM citus_rebalance_status()'));
}

/** Adds, or finds, the third worker. */
async function thirdWorker(): Promise<{
  readonly name: string;
  readonly port: number;
  readonly nodeId: number;
}> {
  const list = await cluster.service.list();
  const known = list.clusters[0]?.nodes.find((node) => node.name === 'worker-3');
  const { name, port } = known ?? (await cluster.service.addNode(cluster.practiceId));
  const nodeId = Number(await value(coordinator, `SELECT citus_add_node('127.0.0.1', ${port})`));
  return { name, port, nodeId };
}

/** Back to two workers with shards and everything of the third moved away. */
async function emptyThirdWorker(): Promise<void> {
  const third = await thirdWorker();
  await coordinator.change({ text: `SELECT citus_drain_node('127.0.0.1', ${third.port}, 'force_logical')` });
  await coordinator.change({
    text: `SELECT citus_set_node_property('127.0.0.1', ${third.port}, 'shouldhaveshards', true)`,
  });
  await coordinator.change({ text: 'CALL citus_cleanup_orphaned_resources()' });
}

beforeAll(async () => {
  cluster = await startPracticeCluster({ workers: 2 });
  coordinator = await cluster.connect('coordinator', {
    connectTimeoutMs: 10_000,
    statementTimeoutMs: 120_000,
    lockTimeoutMs: 20_000,
  });
  await coordinator.change({ text: movesSchema });
  await setMoveDelay(coordinator, 0);
});
afterAll(() => cluster?.end());
beforeEach(() => {
  daemon = null;
});
afterEach(() => daemon?.stop());

describe('a rebalance', () => {
  it('spreads over a third node, copies reference tables first, shows its progress and ends', async () => {
    const before = await value(coordinator, everything);
    const third = await thirdWorker();
    await setMoveDelay(coordinator, 150);
    const plan = await rows(coordinator, `SELECT DISTINCT targetport FROM get_rebalance_table_shards_plan()`);
    expect(plan).toEqual([[third.port]]);
    expect(await refusal(coordinator, 'SELECT citus_rebalance_start()')).toMatchObject({ code: '0A000' });

    const { rows: started, notices } = await coordinator.change<{ citus_rebalance_start: string }>({
      text: `SELECT citus_rebalance_start(shard_transfer_mode := 'force_logical')`,
    });
    const job = started[0]?.citus_rebalance_start;
    expect(notices[0]).toMatchObject({
      severity: 'NOTICE',
      message: expect.stringMatching(new RegExp(`^Scheduled \\d+ moves as job ${job}$`)) as string,
      detail: 'Rebalance scheduled as background job',
      hint: 'To monitor progress, run: SELECT * FROM citus_rebalance_status();',
    });
    const tasks = await rows(
      coordinator,
      `SELECT command, status::text, retry_count, message, nodes_involved::text
      FROM pg_dist_background_task WHERE job_id = ${job} ORDER BY task_id`,
    );
    expect(tasks[0]).toEqual([
      `SELECT pg_catalog.replicate_reference_tables('force_logical')`,
      'runnable',
      0,
      '',
      null,
    ]);
    expect(tasks[1]?.[1]).toBe('blocked');
    expect(await refusal(coordinator, 'SELECT citus_rebalance_start()')).toEqual({
      code: 'XX000',
      message: `A rebalance is already running as job ${job}`,
      detail: 'A rebalance was already scheduled as background job',
      hint: 'To monitor progress, run: SELECT * FROM citus_rebalance_status();',
    });

    daemon = startDaemonOn(cluster);
    const phases = new Set<unknown>();
    const operations = new Set<unknown>();
    let running: unknown;
    await waitFor(
      'the rebalance to finish',
      async () => {
        for (const [status, operation, progress, from, to] of await rows(
          coordinator,
          'SELECT status, operation_type, progress, source_shard_size, target_shard_size FROM get_rebalance_progress()',
        )) {
          phases.add(status);
          operations.add(operation);
          expect(progress).toBe('1');
          expect([typeof from, typeof to]).toEqual(['string', 'string']);
        }
        const [row] = await rows(coordinator, 'SELECT state::text, details FROM citus_rebalance_status()');
        const details = row?.[1] as { tasks: { state: string; phase?: string }[] };
        running ??= details.tasks.find((task) => task.state === 'running' && task.phase === 'Copying Data');
        return row?.[0] === 'finished';
      },
      60_000,
      20,
    );
    expect([...operations].sort()).toEqual(['copy', 'move']);
    expect([...phases]).toEqual(expect.arrayContaining(['Setting Up', 'Copying Data', 'Catching Up']));
    expect(running).toMatchObject({
      state: 'running',
      retried: 0,
      message: '',
      size: { source: expect.stringMatching(/ (kB|bytes|MB)$/) as string },
      hosts: { target: `127.0.0.1:${third.port}` },
      LSN: { source: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/) as string, target: null },
    });
    expect(
      await rows(
        coordinator,
        `SELECT DISTINCT status::text, message FROM pg_dist_background_task WHERE job_id = ${job}`,
      ),
    ).toEqual([['done', 'SELECT 1\n']]);
    expect(await value(coordinator, everything)).toBe(before);
    const counts = await rows(coordinator, spread);
    expect(counts.map(([id]) => id)).toContain(third.nodeId);
    for (const name of ['worker-1', 'worker-2', 'worker-3']) {
      expect(await value(await cluster.connect(name), everything), name).toBe(before);
    }
    // Written through one node, a reference row is on all of them, the new one included.
    await coordinator.change({ text: `INSERT INTO permit_types VALUES ('NEW', 'New')` });
    const fresh = await cluster.connect('worker-3');
    const shard = await value(
      fresh,
      `SELECT shardid FROM pg_dist_shard WHERE logicalrelid = 'permit_types'::regclass`,
    );
    expect(await value(fresh, `SELECT count(*) FROM permit_types_${shard} WHERE code = 'NEW'`)).toBe('1');
    await coordinator.change({ text: `DELETE FROM permit_types WHERE code = 'NEW'` });
    await setMoveDelay(coordinator, 0);
  });

  it('drops the old copies after a while', async () => {
    await coordinator.change({
      text: `ALTER DATABASE postgres SET citus.defer_shard_delete_interval = '200'`,
    });
    daemon = startDaemonOn(cluster);
    await waitFor(
      'the old copies to be dropped',
      async () => (await value(coordinator, 'SELECT count(*) FROM pg_dist_cleanup')) === '0',
    );
    await coordinator.change({ text: 'ALTER DATABASE postgres RESET citus.defer_shard_delete_interval' });
    for (const name of ['worker-1', 'worker-2', 'worker-3']) {
      const node = await cluster.connect(name);
      expect(
        await value(
          node,
          `SELECT string_agg(c.relname, ' ') FROM pg_class c WHERE c.relkind = 'r' AND c.relname ~ '^(agencies|permits|inspections|norid)_\\d+$'
          AND NOT EXISTS (SELECT FROM pg_dist_placement p JOIN pg_dist_local_group g USING (groupid)
            WHERE c.relname LIKE '%\\_' || p.shardid)`,
        ),
        name,
      ).toBeNull();
    }
  });

  it('drains a node, and keeps every row', async () => {
    const before = await value(coordinator, everything);
    const third = await thirdWorker();
    await emptyThirdWorker();
    expect((await rows(coordinator, spread)).map(([id]) => id)).not.toContain(third.nodeId);
    expect(await value(coordinator, everything)).toBe(before);
  });

  it('stops when told, in the middle of a move', async () => {
    const before = await value(coordinator, everything);
    await setMoveDelay(coordinator, 2_000);
    await coordinator.change({
      text: `SELECT citus_rebalance_start(shard_transfer_mode := 'force_logical')`,
    });
    daemon = startDaemonOn(cluster);
    await waitFor(
      'a move to copy',
      async () => (await rows(coordinator, 'SELECT * FROM get_rebalance_progress()')).length > 0,
    );
    await coordinator.change({ text: 'SELECT citus_rebalance_stop()' });
    await waitFor('the job to be cancelled', async () => (await rebalanceState()) === 'cancelled');
    expect(await rows(coordinator, 'SELECT count(*)::int FROM get_rebalance_progress()')).toEqual([[0]]);
    expect(
      await rows(
        coordinator,
        `SELECT DISTINCT status::text FROM pg_dist_background_task WHERE job_id = (SELECT max(job_id) FROM pg_dist_background_job)`,
      ),
    ).toEqual([['cancelled']]);
    expect(await value(coordinator, everything)).toBe(before);
    await setMoveDelay(coordinator, 0);
    await coordinator.change({ text: 'CALL citus_cleanup_orphaned_resources()' });
    expect(await value(coordinator, 'SELECT count(*) FROM pg_dist_cleanup')).toBe('0');
  });

  it('goes on with another daemon when the first ends in the middle of a task', async () => {
    const before = await value(coordinator, everything);
    await setMoveDelay(coordinator, 1_000);
    await coordinator.change({
      text: `SELECT citus_rebalance_start(shard_transfer_mode := 'force_logical')`,
    });
    const first = startDaemonOn(cluster);
    await waitFor(
      'a move to copy',
      async () => (await rows(coordinator, 'SELECT * FROM get_rebalance_progress()')).length > 0,
    );
    await first.stop();
    expect(
      await value(coordinator, `SELECT count(*) FROM pg_dist_background_task WHERE status = 'running'`),
    ).toBe('1');
    await setMoveDelay(coordinator, 0);
    daemon = startDaemonOn(cluster);
    await waitFor('the rebalance to finish', async () => (await rebalanceState()) === 'finished', 60_000);
    expect(daemon.events.find((event) => event.type === 'connected')).toEqual({
      type: 'connected',
      recoveredTasks: 1,
    });
    expect(await value(coordinator, everything)).toBe(before);
    await emptyThirdWorker();
  });

  it('tries again while its target is down, says why, and goes on when it is back', async () => {
    const before = await value(coordinator, everything);
    const third = await thirdWorker();
    await setMoveDelay(coordinator, 1_000);
    await coordinator.change({
      text: `SELECT citus_rebalance_start(shard_transfer_mode := 'force_logical')`,
    });
    daemon = startDaemonOn(cluster);
    await waitFor(
      'a move to copy',
      async () => (await rows(coordinator, 'SELECT * FROM get_rebalance_progress()')).length > 0,
    );
    await cluster.service.killNode(cluster.practiceId, third.name);
    const failed = await waitFor('the task to fail', async () => {
      const [row] = await rows(
        coordinator,
        `SELECT status::text, message FROM pg_dist_background_task
        WHERE retry_count = 1 AND job_id = (SELECT max(job_id) FROM pg_dist_background_job)`,
      );
      return row;
    });
    expect(failed[0]).toBe('runnable');
    expect(failed[1]).toMatch(
      new RegExp(
        `^ERROR: connection to the remote node postgres@127.0.0.1:${third.port} failed with the following error: .*\n`,
      ),
    );
    expect(failed[1]).toMatch(
      /CONTEXT: .*Citus Background Task Queue Executor: postgres\/postgres for \(\d+\/\d+\)\n$/s,
    );
    expect(await rebalanceState()).toBe('running');
    const [status] = await rows(coordinator, 'SELECT details FROM citus_rebalance_status()');
    expect((status?.[0] as { tasks: unknown[] }).tasks[0]).toMatchObject({
      state: 'runnable',
      retried: 1,
      message: failed[1],
    });
    // Nothing of what others hold is touched.
    expect(await value(coordinator, everything)).toBe(before);

    await setMoveDelay(coordinator, 0);
    await cluster.service.reviveNode(cluster.practiceId, third.name);
    await waitFor('the rebalance to finish', async () => (await rebalanceState()) === 'finished', 60_000);
    expect(await value(coordinator, everything)).toBe(before);
    expect(await value(await cluster.connect(third.name), everything)).toBe(before);
    await emptyThirdWorker();
  });

  it('runs moves side by side where the settings allow it', async () => {
    const before = await value(coordinator, everything);
    await setMoveDelay(coordinator, 600);
    await coordinator.change({
      text: `ALTER DATABASE postgres SET citus.max_background_task_executors = '4';
      ALTER DATABASE postgres SET citus.max_background_task_executors_per_node = '2'`,
    });
    await coordinator.change({
      text: `SELECT citus_rebalance_start('by_shard_count', shard_transfer_mode := 'force_logical', parallel_transfer_colocated_shards := true)`,
    });
    daemon = startDaemonOn(cluster);
    let atOnce = 0;
    await waitFor(
      'the rebalance to finish',
      async () => {
        atOnce = Math.max(
          atOnce,
          Number(
            await value(coordinator, `SELECT count(*) FROM pg_dist_background_task WHERE status = 'running'`),
          ),
        );
        return (await rebalanceState()) === 'finished';
      },
      60_000,
    );
    // The third node is the target of all, and takes two.
    expect(atOnce).toBe(2);
    expect(
      await rows(
        coordinator,
        `SELECT DISTINCT retry_count FROM pg_dist_background_task
      WHERE job_id = (SELECT max(job_id) FROM pg_dist_background_job)`,
      ),
    ).toEqual([[0]]);
    expect(await value(coordinator, everything)).toBe(before);
    await coordinator.change({
      text: `ALTER DATABASE postgres RESET citus.max_background_task_executors;
      ALTER DATABASE postgres RESET citus.max_background_task_executors_per_node`,
    });
    await setMoveDelay(coordinator, 0);
    await emptyThirdWorker();
  });

  it('outlives a restart of the coordinator', async () => {
    const before = await value(coordinator, everything);
    await setMoveDelay(coordinator, 1_000);
    await coordinator.change({
      text: `SELECT citus_rebalance_start(shard_transfer_mode := 'force_logical')`,
    });
    daemon = startDaemonOn(cluster);
    await waitFor(
      'a move to copy',
      async () => (await rows(coordinator, 'SELECT * FROM get_rebalance_progress()')).length > 0,
    );
    await setMoveDelay(coordinator, 0);
    await cluster.service.killNode(cluster.practiceId, 'coordinator');
    await cluster.service.reviveNode(cluster.practiceId, 'coordinator');
    coordinator = await cluster.connect();
    await waitFor('the rebalance to finish', async () => (await rebalanceState()) === 'finished', 60_000);
    expect(daemon.events.filter((event) => event.type === 'connected').length).toBeGreaterThan(1);
    expect(await value(coordinator, everything)).toBe(before);
  });
});
