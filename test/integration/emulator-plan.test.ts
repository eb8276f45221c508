/** The emulator's plan and job beside a recorded one: the same tables, shards and nodes, so the same moves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import { toFailure } from '../../src-main/contract/failure';
import { startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';

interface Entry {
  readonly id: string;
  readonly rows: readonly (readonly unknown[])[];
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly detail: string;
    readonly hint: string;
  };
  readonly notices?: readonly {
    readonly message: string;
    readonly detail?: string;
    readonly hint?: string;
  }[];
}

const { recorded } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../support/recordings/rebalance-live.json'), 'utf8'),
) as { recorded: readonly Entry[] };

function entry(id: string): Entry {
  const found = recorded.find((candidate) => candidate.id === id);
  if (!found) throw new Error(`nothing is recorded as ${id}`);
  return found;
}

/** The recorded cluster at the moment of its plan. Shard and node ids are set where the recording had come to them. */
const state = `
  CREATE TABLE agencies (agency_id bigint PRIMARY KEY, name text NOT NULL, region text);
  CREATE TABLE permit_types (code text PRIMARY KEY, title text NOT NULL);
  CREATE TABLE permits (permit_id bigint, agency_id bigint NOT NULL, code text NOT NULL, PRIMARY KEY (agency_id, permit_id));
  CREATE TABLE inspections (inspection_id bigint, agency_id bigint NOT NULL, permit_id bigint, PRIMARY KEY (agency_id, inspection_id));
  CREATE TABLE audit_events (agency_id bigint NOT NULL, at timestamptz NOT NULL, what text) PARTITION BY RANGE (at);
  CREATE TABLE audit_events_2026_01 PARTITION OF audit_events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
  CREATE TABLE audit_events_2026_02 PARTITION OF audit_events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
  SELECT create_distributed_table('agencies', 'agency_id', shard_count := 8);
  SELECT create_distributed_table('permits', 'agency_id', colocate_with := 'agencies');
  SELECT create_distributed_table('inspections', 'agency_id', colocate_with := 'agencies');
  SELECT create_distributed_table('audit_events', 'agency_id', colocate_with := 'agencies');
  SELECT create_reference_table('permit_types');
  CREATE TABLE idn (a int);
  CREATE TABLE rl (a int);
  CREATE TABLE conc (a bigint PRIMARY KEY);
  CREATE TABLE conc2 (a int);
  ALTER SEQUENCE pg_catalog.pg_dist_shardid_seq RESTART 102174;
  SELECT create_distributed_table('idn', 'a', shard_count := 32, colocate_with := 'none');
  SELECT create_distributed_table('rl', 'a', colocate_with := 'idn');
  ALTER SEQUENCE pg_catalog.pg_dist_shardid_seq RESTART 102244;
  SELECT create_distributed_table('conc2', 'a', colocate_with := 'idn');
  ALTER SEQUENCE pg_catalog.pg_dist_shardid_seq RESTART 102239;
  SELECT create_distributed_table('conc', 'a', shard_count := 4, colocate_with := 'none')`;

let cluster: PracticeClusterForTest;
let coordinator: Database;
/** Recorded port -> port here. */
const ports = new Map<unknown, unknown>();

async function rows(text: string): Promise<readonly unknown[][]> {
  return (await coordinator.read<Record<string, unknown>>({ text })).map((row) => Object.values(row));
}

/** Shards go round the nodes by port, sources are chosen by node id: as recorded, both must rise together. */
async function registerByPort(): Promise<void> {
  const workers = (await rows('SELECT nodeport FROM pg_dist_node WHERE groupid > 0')).map(([port]) =>
    Number(port),
  );
  for (const port of workers) {
    await coordinator.change({ text: `SELECT citus_remove_node('127.0.0.1', ${port})` });
  }
  for (const name of ['worker-1', 'worker-2']) {
    // Their node ids are given again, so they have to forget whom these belonged to.
    await (await cluster.connect(name)).change({ text: 'DELETE FROM pg_dist_node' });
  }
  await coordinator.change({ text: 'ALTER SEQUENCE pg_catalog.pg_dist_node_nodeid_seq RESTART 2' });
  for (const port of workers.sort((a, b) => a - b)) {
    await coordinator.change({ text: `SELECT citus_add_node('127.0.0.1', ${port})` });
  }
}

beforeAll(async () => {
  cluster = await startPracticeCluster({ workers: 2 });
  coordinator = await cluster.connect();
  await registerByPort();
  for (const statement of state.split(';\n')) await coordinator.change({ text: statement });
  const { port } = await cluster.service.addNode(cluster.practiceId);
  await coordinator.change({ text: 'ALTER SEQUENCE pg_catalog.pg_dist_node_nodeid_seq RESTART 6' });
  await coordinator.change({ text: `SELECT citus_add_node('127.0.0.1', ${port})` });
  const known = await rows('SELECT nodeport FROM pg_dist_node ORDER BY nodeid');
  [9700, 9701, 9702, 9703].forEach((recordedPort, index) => ports.set(recordedPort, known[index]?.[0]));
});
afterAll(() => cluster?.end());

describe('a rebalance of the recorded tables', () => {
  it('is planned as recorded, row by row', async () => {
    const expected = entry('plan.by_shard_count').rows.map((row) =>
      row.map((cell) => ports.get(cell) ?? cell),
    );
    expect(expected.length).toBeGreaterThan(40);
    const planned =
      await rows(`SELECT table_name::text, shardid, shard_size, sourcename, sourceport, targetname, targetport
      FROM get_rebalance_table_shards_plan(rebalance_strategy := 'by_shard_count')`);
    expect(planned).toEqual(expected);
  });

  it('is refused as recorded without replica identities, and scheduled as recorded with them', async () => {
    const refused = await coordinator
      .change({ text: `SELECT citus_rebalance_start('by_shard_count')` })
      .then(() => null, toFailure);
    const { code, message, detail, hint } = entry('start.no_replica_identity').error ?? {};
    expect(refused).toMatchObject({ sqlState: code, serverMessage: message, detail, hint });
    for (const table of ['audit_events_2026_01', 'audit_events_2026_02', 'idn', 'rl', 'conc2']) {
      await coordinator.change({ text: `ALTER TABLE ${table} REPLICA IDENTITY FULL` });
    }
    const started = await coordinator.change<{ citus_rebalance_start: string }>({
      text: `SELECT citus_rebalance_start('by_shard_count')`,
    });
    const job = Number(started.rows[0]?.citus_rebalance_start);
    const notice = entry('start').notices?.[0];
    expect(started.notices[0]).toMatchObject({
      message: notice?.message.replace('job 2', `job ${job}`),
      detail: notice?.detail,
      hint: notice?.hint,
    });

    const [status] = await rows(
      'SELECT state::text, job_type, description, details FROM citus_rebalance_status()',
    );
    expect(status).toEqual(entry('poll.status.0').rows[0]?.slice(1));

    const first = Number((await rows('SELECT min(task_id) FROM pg_dist_background_task'))[0]?.[0]);
    const tasks =
      await rows(`SELECT task_id, status::text, command, retry_count, not_before IS NOT NULL, message, nodes_involved
      FROM pg_dist_background_task ORDER BY task_id`);
    const expectedTasks = entry('poll.tasks.0')
      .rows.filter(([jobId]) => jobId === '2')
      .map(([, taskId, status, command, ...rest]) => [
        String(Number(taskId) - 15 + first),
        status,
        // By size, which the tables here do not have, the recorded cluster chose another shard of the first group.
        String(command).replace('102015', '102009'),
        ...rest,
      ]);
    expect(tasks).toEqual(expectedTasks);
    const depends = await rows(
      'SELECT task_id, depends_on FROM pg_dist_background_task_depend ORDER BY 1, 2',
    );
    expect(depends).toEqual(
      entry('after.depend')
        .rows.filter(([jobId]) => jobId === '2')
        .map((row) => row.slice(1).map((id) => String(Number(id) - 15 + first))),
    );

    await coordinator.change({ text: 'SELECT citus_rebalance_stop()' });
    const [stopped] = await rows('SELECT state::text, details FROM citus_rebalance_status()');
    expect(stopped).toEqual(entry('stop.status').rows[0]);
  });
});
