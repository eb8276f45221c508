/** Moves, rebalances and drains of the practice emulator, with its daemon, on real PostgreSQL processes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import { FailureError } from '../../src-main/contract/failure';
import { runDaemon } from '../../src-main/practice/daemon';
import type { DaemonEvent } from '../../src-main/practice/daemon';
import { readPlannerCases } from '../support/planner-cases';
import { startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { waitFor } from '../support/wait';

const agencies = 40;
/** Names that break what does not quote: quotes, dots, a semicolon, letters of two bytes, 63 bytes. */
const hostile = '"se.lect ""é"""."Tâ;b-- drop"';
const longName = `"${'n'.repeat(61)}é"`;
const schema = `
  CREATE SCHEMA "se.lect ""é""";
  CREATE TABLE ${hostile} ("k""ey é" bigint PRIMARY KEY, "select" text, kind "char", at timestamptz, list text[], data jsonb);
  CREATE TABLE ${longName} (a bigint PRIMARY KEY, b text);
  CREATE TABLE events (agency_id bigint NOT NULL, at date NOT NULL, what text, PRIMARY KEY (agency_id, at, what)) PARTITION BY RANGE (at);
  CREATE TABLE events_01 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
  CREATE TABLE events_02 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
  CREATE SCHEMA tenant;
  CREATE TABLE tenant.notes (id int PRIMARY KEY, body text);
  CREATE TABLE permit_types (code text PRIMARY KEY, title text NOT NULL);
  INSERT INTO permit_types VALUES ('BLD', 'Building'), ('ELE', 'Electrical'), ('EVT', 'Event');
  CREATE TABLE agencies (agency_id bigint PRIMARY KEY, name text NOT NULL, region text);
  CREATE TABLE permits (permit_id bigint, agency_id bigint NOT NULL, code text NOT NULL REFERENCES permit_types (code),
    fee numeric(10,2), doubled numeric GENERATED ALWAYS AS (fee * 2) STORED, note text, PRIMARY KEY (agency_id, permit_id));
  CREATE INDEX permits_by_fee ON permits (fee);
  CREATE TABLE inspections (inspection_id bigint, agency_id bigint NOT NULL, permit_id bigint NOT NULL,
    PRIMARY KEY (agency_id, inspection_id), FOREIGN KEY (agency_id, permit_id) REFERENCES permits (agency_id, permit_id));
  SELECT create_reference_table('permit_types');
  SELECT create_distributed_table('agencies', 'agency_id', shard_count := 8);
  SELECT create_distributed_table('permits', 'agency_id', colocate_with := 'agencies');
  SELECT create_distributed_table('inspections', 'agency_id', colocate_with := 'agencies');
  SELECT create_distributed_table('events', 'agency_id', colocate_with := 'agencies');
  SELECT create_distributed_table('${hostile}', 'k"ey é', colocate_with := 'agencies');
  SELECT create_distributed_table('${longName}', 'a', colocate_with := 'agencies');
  SELECT citus_schema_distribute('tenant');
  INSERT INTO tenant.notes SELECT i, 'note ' || i FROM generate_series(1, 50) i;
  INSERT INTO events SELECT 1 + i % ${agencies}, date '2026-01-01' + i % 59, 'e' || i FROM generate_series(1, 500) i;
  INSERT INTO ${hostile} SELECT i, chr(92) || ' '' " ' || chr(10) || i, 'x', now(), ARRAY['a', NULL, '{"'], '{"a": [1, null]}'
    FROM generate_series(1, 200) i;
  INSERT INTO ${longName} SELECT i, repeat('é', 50) FROM generate_series(1, 200) i;
  CREATE TABLE norid (a bigint, b text);
  SELECT create_distributed_table('norid', 'a', shard_count := 4, colocate_with := 'none');
  INSERT INTO agencies SELECT i, 'Agency ' || i, 'North' FROM generate_series(1, ${agencies}) i;
  INSERT INTO permits (permit_id, agency_id, code, fee, note) SELECT i, 1 + i % ${agencies}, (ARRAY['BLD', 'ELE', 'EVT'])[1 + i % 3], i % 97,
    CASE WHEN i % 7 = 0 THEN NULL ELSE 'quote '' and "double", line' || chr(10) || i END FROM generate_series(1, 6000) i;
  INSERT INTO inspections SELECT i, 1 + i % ${agencies}, i FROM generate_series(1, 600) i;
  INSERT INTO norid SELECT i, 'x' || i FROM generate_series(1, 100) i`;

let cluster: PracticeClusterForTest;
let coordinator: Database;
let daemon: { readonly events: DaemonEvent[]; stop(): Promise<void> } | null = null;

/** One value. */
async function value(database: Database, text: string): Promise<unknown> {
  const [row] = await database.read<Record<string, unknown>>({ text });
  return Object.values(row ?? {})[0];
}

async function rows(database: Database, text: string): Promise<readonly unknown[][]> {
  return (await database.read<Record<string, unknown>>({ text })).map((row) => Object.values(row));
}

async function refusal(database: Database, text: string): Promise<unknown> {
  try {
    await database.change({ text });
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { sqlState: code, serverMessage: message, detail, hint } = error.failure;
    return { code, message, ...(detail ? { detail } : {}), ...(hint ? { hint } : {}) };
  }
  throw new Error(`was not refused: ${text}`);
}

/** Every row of every table, as one text that differs when any does. */
const everything = `SELECT string_agg(f, ' ' ORDER BY f) FROM (
  SELECT 'agencies ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) AS f FROM agencies t
  UNION ALL SELECT 'permits ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM permits t
  UNION ALL SELECT 'inspections ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM inspections t
  UNION ALL SELECT 'norid ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM norid t
  UNION ALL SELECT 'events ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM events t
  UNION ALL SELECT 'hostile ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM ${hostile} t
  UNION ALL SELECT 'long ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM ${longName} t
  UNION ALL SELECT 'notes ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM tenant.notes t
  UNION ALL SELECT 'permit_types ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM permit_types t) x`;

const spread = `SELECT n.nodeid, count(*)::int FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
  JOIN pg_dist_shard s USING (shardid) WHERE s.logicalrelid <> 'permit_types'::regclass GROUP BY 1 ORDER BY 1`;

function startDaemon(): { readonly events: DaemonEvent[]; stop(): Promise<void> } {
  const ending = new AbortController();
  const events: DaemonEvent[] = [];
  const ended = runDaemon({
    connect: () => cluster.connect('coordinator'),
    signal: ending.signal,
    onEvent: (event) => events.push(event),
    idleBeatMs: 100,
    activeBeatMs: 50,
  });
  return {
    events,
    async stop() {
      ending.abort();
      await ended;
    },
  };
}

async function setDelay(ms: number): Promise<void> {
  await coordinator.change({
    text: `ALTER DATABASE postgres SET shardboard.practice_move_delay_ms = '${ms}'`,
  });
}

async function rebalanceState(): Promise<string> {
  return String(await value(coordinator, 'SELECT state::text FROM citus_rebalance_status()'));
}

async function nodeIds(): Promise<readonly number[]> {
  return (await rows(coordinator, 'SELECT nodeid FROM pg_dist_node ORDER BY nodeid')).map(([id]) =>
    Number(id),
  );
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

const recorded = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../support/recordings/errors.json'), 'utf8')) as {
    recorded: readonly {
      id: string;
      error?: Record<string, string>;
      notices?: readonly Record<string, string>[];
    }[];
  }
).recorded;

function recordedError(id: string): Record<string, string> {
  const { severity: _severity, ...error } = recorded.find((entry) => entry.id === id)?.error ?? {};
  if (!error['message']) throw new Error(`nothing is recorded as ${id}`);
  return error;
}

beforeAll(async () => {
  cluster = await startPracticeCluster({ workers: 2 });
  coordinator = await cluster.connect('coordinator', {
    connectTimeoutMs: 10_000,
    statementTimeoutMs: 120_000,
    lockTimeoutMs: 20_000,
  });
  await coordinator.change({ text: schema });
  await setDelay(0);
});
afterAll(() => cluster?.end());
beforeEach(() => {
  daemon = null;
});
afterEach(() => daemon?.stop());

describe('the planner', () => {
  it('finds every recorded plan, move by move', async () => {
    const cases = readPlannerCases();
    expect(cases.length).toBeGreaterThanOrEqual(60);
    for (const { id, input, expected } of cases) {
      const placements = input.groups.flatMap((group, index) =>
        group.map((placement) => ({ ...placement, group: index + 1 })),
      );
      const array = (values: readonly (string | number | boolean)[]): string => `{${values.join(',')}}`;
      const moves = await coordinator.read<{ move: string }>({
        text: `SELECT shardid || ' ' || source_node || ' ' || target_node AS move FROM pg_citus_practice.plan_moves(
          $1::int[], $2::text[], $3::real[], $4, $5::bigint[], $6::int[], $7::int[], $8::real[], $9::boolean[], $10, $11, $12, $13)`,
        values: [
          array(input.nodes.map((node) => node.nodeId)),
          array(input.nodes.map((node) => `worker${node.nodeId}`)),
          array(input.nodes.map((node) => node.capacity)),
          // The groups of the recording are already put together as Citus does it.
          0,
          array(placements.map((placement) => placement.shardId)),
          array(placements.map((placement) => placement.group)),
          array(placements.map((placement) => placement.nodeId)),
          array(placements.map((placement) => placement.cost)),
          array(
            placements.flatMap(({ shardId }) =>
              input.nodes.map(({ nodeId }) => input.isAllowed(shardId, nodeId)),
            ),
          ),
          input.threshold,
          input.maxShardMoves,
          input.drainOnly,
          input.improvementThreshold,
        ],
      });
      expect(
        moves.map(({ move }) => move),
        id,
      ).toEqual(expected);
    }
  });
});

describe('a move', () => {
  it('keeps every row, in sight of every node, while others read and write', async () => {
    const before = await value(coordinator, everything);
    const [, first, second] = await nodeIds();
    const shards = await rows(
      coordinator,
      `SELECT s.shardid FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
      JOIN pg_dist_node n USING (groupid) WHERE s.logicalrelid = 'permits'::regclass AND n.nodeid = ${first} ORDER BY 1`,
    );
    const writer = await cluster.connect();
    const reader = await cluster.connect('worker-2');
    let moving = true;
    const written: number[] = [];
    const writes = (async () => {
      for (let id = 100_000; moving; id += 1) {
        await writer.change({
          text: `INSERT INTO permits (permit_id, agency_id, code, fee) VALUES (${id}, ${1 + (id % agencies)}, 'BLD', 1)`,
        });
        written.push(id);
      }
    })();
    const reads = (async () => {
      let answers = 0;
      for (; moving; answers += 1) {
        expect(Number(await value(reader, 'SELECT count(*) FROM agencies'))).toBe(agencies);
      }
      return answers;
    })();
    for (const [shard] of shards) {
      await coordinator.change({ text: `SELECT citus_move_shard_placement(${shard}, ${first}, ${second})` });
    }
    moving = false;
    await writes;
    expect(await reads).toBeGreaterThan(0);
    expect(written.length).toBeGreaterThan(5);

    for (const name of ['coordinator', 'worker-1', 'worker-2']) {
      const node = await cluster.connect(name);
      expect(await value(node, 'SELECT count(*) FROM permits WHERE permit_id >= 100000'), name).toBe(
        String(written.length),
      );
      expect(
        await rows(
          node,
          `SELECT count(*)::int FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
        JOIN pg_dist_shard s USING (shardid) WHERE s.logicalrelid = 'permits'::regclass AND n.nodeid = ${first}`,
        ),
      ).toEqual([[0]]);
    }
    await coordinator.change({ text: 'DELETE FROM permits WHERE permit_id >= 100000' });
    expect(await value(coordinator, everything)).toBe(before);

    // The keys travelled along.
    const duplicate = await refusal(
      coordinator,
      `INSERT INTO permits (permit_id, agency_id, code) VALUES (80, 1, 'BLD')`,
    );
    expect(duplicate).toMatchObject({ code: '23505' });
    expect(
      await refusal(coordinator, `INSERT INTO permits (permit_id, agency_id, code) VALUES (99999, 1, 'XXX')`),
    ).toMatchObject({ code: '23503' });
    // The old copies are still there, and noted; then they are not.
    expect(
      Number(await value(coordinator, 'SELECT count(*) FROM pg_dist_cleanup WHERE policy_type = 2')),
    ).toBeGreaterThan(0);
    await coordinator.change({ text: 'CALL citus_cleanup_orphaned_resources()' });
    expect(await value(coordinator, 'SELECT count(*) FROM pg_dist_cleanup')).toBe('0');
    const old = await cluster.connect('worker-1');
    expect(
      await value(old, `SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^permits_\\d+$'`),
    ).toBe('0');

    for (const [shard] of shards) {
      await coordinator.change({ text: `SELECT citus_move_shard_placement(${shard}, ${second}, ${first})` });
    }
    expect(await value(coordinator, everything)).toBe(before);
  });

  it('rolls back with its transaction', async () => {
    const before = await rows(
      coordinator,
      'SELECT shardid, groupid FROM pg_dist_placement ORDER BY placementid',
    );
    const sum = await value(coordinator, everything);
    const [, first, second] = await nodeIds();
    const shard = await value(
      coordinator,
      `SELECT min(s.shardid) FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
      JOIN pg_dist_node n USING (groupid) WHERE s.logicalrelid = 'permits'::regclass AND n.nodeid = ${first}`,
    );
    await coordinator.change({ text: 'BEGIN' });
    await coordinator.change({ text: `SELECT citus_move_shard_placement(${shard}, ${first}, ${second})` });
    await coordinator.change({ text: 'ROLLBACK' });
    for (const name of ['coordinator', 'worker-1', 'worker-2']) {
      const node = await cluster.connect(name);
      expect(
        await rows(node, 'SELECT shardid, groupid FROM pg_dist_placement ORDER BY placementid'),
        name,
      ).toEqual(before);
    }
    expect(await value(coordinator, everything)).toBe(sum);
    await coordinator.change({ text: 'CALL citus_cleanup_orphaned_resources()' });
    expect(await value(coordinator, 'SELECT count(*) FROM pg_dist_cleanup')).toBe('0');
  });

  it('is refused in the recorded words', async () => {
    const [, first, second] = await nodeIds();
    const ports = await rows(
      coordinator,
      'SELECT nodeport FROM pg_dist_node WHERE groupid > 0 ORDER BY nodeid',
    );
    const [one, two] = ports.map(([port]) => port);
    const shard = await value(
      coordinator,
      `SELECT min(shardid) FROM pg_dist_shard WHERE logicalrelid = 'permits'::regclass`,
    );
    const reference = await value(
      coordinator,
      `SELECT shardid FROM pg_dist_shard WHERE logicalrelid = 'permit_types'::regclass`,
    );
    const norid = await rows(
      coordinator,
      `SELECT s.shardid, n.nodeid FROM pg_dist_shard s JOIN pg_dist_placement USING (shardid)
      JOIN pg_dist_node n USING (groupid) WHERE s.logicalrelid = 'norid'::regclass ORDER BY 1 LIMIT 1`,
    );
    const [noridShard, noridNode] = norid[0] ?? [];
    const move = (what: unknown, from: unknown, to: unknown): string =>
      `SELECT citus_move_shard_placement(${what}, '127.0.0.1', ${from}, '127.0.0.1', ${to})`;

    expect(await refusal(coordinator, move(shard, one, one))).toEqual(recordedError('move.same_node'));
    expect(await refusal(coordinator, move(1, one, two))).toEqual(recordedError('move.unknown_shard'));
    expect(await refusal(coordinator, move(reference, one, two))).toEqual(recordedError('move.reference'));
    expect(
      await refusal(
        coordinator,
        `SELECT citus_move_shard_placement(${noridShard}, ${noridNode}, ${noridNode === first ? second : first})`,
      ),
    ).toEqual(recordedError('move.no_replica_identity_call'));
    expect(
      await refusal(coordinator, `SELECT citus_move_shard_placement(${shard}, ${first}, 99)`),
    ).toMatchObject({
      code: 'XX000',
      message: 'node with node id 99 could not be found',
    });
    expect(await refusal(coordinator, move(shard, one, 1))).toMatchObject({
      code: '0A000',
      message: 'Moving shards to a non-existing node is not supported',
    });
    const place = Number(
      await value(
        coordinator,
        `SELECT nodeid FROM pg_dist_placement JOIN pg_dist_node USING (groupid) WHERE shardid = ${shard}`,
      ),
    );
    const { notices } = await coordinator.change({
      text: `SELECT citus_move_shard_placement(${shard}, ${place === first ? second : first}, ${place})`,
    });
    expect(notices[0]).toMatchObject({ severity: 'WARNING', detail: 'Move may have already completed.' });
    expect(notices[0]?.message).toMatch(/^shard is already present on node 127\.0\.0\.1:\d+$/);
  });

  it('has its rebalance functions refuse in the recorded words', async () => {
    expect(await refusal(coordinator, 'SELECT citus_rebalance_stop()')).toEqual(
      recordedError('rebalance.stop_none'),
    );
    expect(await refusal(coordinator, `SELECT citus_rebalance_start('nosuch')`)).toEqual(
      recordedError('rebalance.unknown_strategy'),
    );
    expect((await coordinator.change({ text: 'SELECT citus_rebalance_start()' })).notices[0]?.message).toBe(
      'No moves available for rebalancing',
    );
    expect((await coordinator.change({ text: 'SELECT citus_rebalance_wait()' })).notices[0]).toMatchObject({
      severity: 'WARNING',
      message: 'no ongoing rebalance that can be waited on',
    });
    const { notices } = await coordinator.change({
      text: 'SELECT * FROM get_rebalance_table_shards_plan(threshold := -1)',
    });
    expect(notices[0]).toMatchObject({
      severity: 'WARNING',
      message:
        'the given threshold is lower than the minimum threshold allowed by the rebalance strategy, using the minimum allowed threshold instead',
      detail: 'Using threshold of 0.01',
    });
  });
});

describe('a rebalance', () => {
  it('spreads over a third node, copies reference tables first, shows its progress and ends', async () => {
    const before = await value(coordinator, everything);
    const third = await thirdWorker();
    await setDelay(150);
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

    daemon = startDaemon();
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
    await setDelay(0);
  });

  it('drops the old copies after a while', async () => {
    await coordinator.change({
      text: `ALTER DATABASE postgres SET citus.defer_shard_delete_interval = '200'`,
    });
    daemon = startDaemon();
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
    await setDelay(2_000);
    await coordinator.change({
      text: `SELECT citus_rebalance_start(shard_transfer_mode := 'force_logical')`,
    });
    daemon = startDaemon();
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
    await setDelay(0);
    await coordinator.change({ text: 'CALL citus_cleanup_orphaned_resources()' });
    expect(await value(coordinator, 'SELECT count(*) FROM pg_dist_cleanup')).toBe('0');
  });

  it('goes on with another daemon when the first ends in the middle of a task', async () => {
    const before = await value(coordinator, everything);
    await setDelay(1_000);
    await coordinator.change({
      text: `SELECT citus_rebalance_start(shard_transfer_mode := 'force_logical')`,
    });
    const first = startDaemon();
    await waitFor(
      'a move to copy',
      async () => (await rows(coordinator, 'SELECT * FROM get_rebalance_progress()')).length > 0,
    );
    await first.stop();
    expect(
      await value(coordinator, `SELECT count(*) FROM pg_dist_background_task WHERE status = 'running'`),
    ).toBe('1');
    await setDelay(0);
    daemon = startDaemon();
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
    await setDelay(1_000);
    await coordinator.change({
      text: `SELECT citus_rebalance_start(shard_transfer_mode := 'force_logical')`,
    });
    daemon = startDaemon();
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

    await setDelay(0);
    await cluster.service.reviveNode(cluster.practiceId, third.name);
    await waitFor('the rebalance to finish', async () => (await rebalanceState()) === 'finished', 60_000);
    expect(await value(coordinator, everything)).toBe(before);
    expect(await value(await cluster.connect(third.name), everything)).toBe(before);
    await emptyThirdWorker();
  });

  it('outlives a restart of the coordinator', async () => {
    const before = await value(coordinator, everything);
    await setDelay(1_000);
    await coordinator.change({
      text: `SELECT citus_rebalance_start(shard_transfer_mode := 'force_logical')`,
    });
    daemon = startDaemon();
    await waitFor(
      'a move to copy',
      async () => (await rows(coordinator, 'SELECT * FROM get_rebalance_progress()')).length > 0,
    );
    await setDelay(0);
    await cluster.service.killNode(cluster.practiceId, 'coordinator');
    await cluster.service.reviveNode(cluster.practiceId, 'coordinator');
    coordinator = await cluster.connect();
    await waitFor('the rebalance to finish', async () => (await rebalanceState()) === 'finished', 60_000);
    expect(daemon.events.filter((event) => event.type === 'connected').length).toBeGreaterThan(1);
    expect(await value(coordinator, everything)).toBe(before);
  });
});
