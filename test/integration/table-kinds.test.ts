/** Every other kind of change through the operations engine, seen in the catalogs and row for row; on real Citus too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import type { Operation, OperationRequest, PlanReply, RequestOf } from '../../src-main/contract/operations';
import { runDaemon } from '../../src-main/practice/daemon';
import { fingerprint } from '../support/fingerprint';
import { operate } from '../support/operated-cluster';
import type { OperatedCluster } from '../support/operated-cluster';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';

const named = (name: string, schema = 'public'): { schema: string; name: string } => ({ schema, name });

for (const engine of await engines()) {
  describe(`changing other kinds of tables (${engine.name})`, { timeout: 300_000 }, () => {
    let cluster: PracticeClusterForTest;
    let operated: OperatedCluster;
    let database: Database;
    let folder: string;

    beforeAll(async () => {
      cluster = await startPracticeCluster({
        engine,
        workers: 2,
        startDaemon: engine.isEmulator ? runDaemon : null,
      });
      folder = await mkdtemp(join(tmpdir(), 'shardboard-kinds-'));
      operated = await operate(cluster, folder);
      database = await cluster.connect();
    });
    afterAll(async () => {
      await operated?.end();
      await cluster?.end();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    const run = async (text: string): Promise<void> => void (await database.change({ text }));
    const done = async (request: OperationRequest): Promise<Operation> => {
      const operation = await operated.carryOut(request);
      const failed = operation.steps.find((step) => step.state !== 'done');
      expect(`${operation.state} ${operation.attention ?? ''} ${failed?.title ?? ''}`.trim()).toBe('done');
      return operation;
    };
    const distribute = (
      name: string,
      column: string,
      shardCount: number,
      more: Partial<Extract<RequestOf<'distribute-table'>['as'], { type: 'hash' }>> = {},
    ): Promise<Operation> =>
      done({
        kind: 'distribute-table',
        table: named(name),
        as: { type: 'hash', column, shardCount, colocateWith: 'none', ...more },
      });
    const codes = (reply: PlanReply): readonly string[] =>
      reply.outcome === 'refusal' ? reply.reasons.map(({ code }) => code) : [];
    const groupOf = async (name: string): Promise<number | undefined> =>
      (await operated.snapshot()).tables.find((one) => one.name === name)?.colocationId;
    const nodesOf = async (table: string): Promise<readonly number[]> => {
      const snapshot = await operated.snapshot();
      const oid = snapshot.tables.find((one) => `${one.schema}.${one.name}` === table)?.oid;
      const groups = snapshot.shards.filter((one) => one.tableOid === oid).flatMap((one) => one.groupIds);
      return snapshot.nodes.filter((node) => groups.includes(node.groupId)).map((node) => node.nodeId);
    };

    it('splits a shard at points of its range, and what is colocated with it', async () => {
      await run(`CREATE TABLE readings (id bigint PRIMARY KEY, v text);
                 CREATE TABLE notes (id bigint PRIMARY KEY, body text);
                 INSERT INTO readings SELECT i, 'r' || i FROM generate_series(1, 2000) i;
                 INSERT INTO notes SELECT i, 'n' || i FROM generate_series(1, 500) i`);
      const before = [await fingerprint(database, 'readings'), await fingerprint(database, 'notes')];
      await distribute('readings', 'id', 2);
      await distribute('notes', 'id', 2, { shardCount: null, colocateWith: named('readings') });
      const snapshot = await operated.snapshot();
      const oid = snapshot.tables.find((one) => one.name === 'readings')?.oid;
      const shard = snapshot.shards.find((one) => one.tableOid === oid && Number(one.minValue) < 0);
      const takers = snapshot.nodes.filter((node) => node.shouldHaveShards).map((node) => node.nodeId);
      const [here = 0, there = 0] = takers;
      const request = {
        kind: 'split-shard',
        shardId: shard?.shardId ?? '',
        points: [-2_000_000_000, -5],
        nodeIds: [here, there, here],
        transferMode: 'block_writes',
      } satisfies OperationRequest;
      expect(codes(await operated.plan({ ...request, points: [-5, -5] }))).toEqual(['points-order']);
      expect(codes(await operated.plan({ ...request, points: [-5, 7] }))).toEqual(['point-outside']);
      await done(request);
      const now = await operated.snapshot();
      for (const name of ['readings', 'notes']) {
        const table = now.tables.find((one) => one.name === name)?.oid;
        const ranges = now.shards
          .filter((one) => one.tableOid === table)
          .map((one) => [Number(one.minValue), Number(one.maxValue)] as const)
          .toSorted(([one], [other]) => one - other);
        expect(ranges).toEqual([
          [-2_147_483_648, -2_000_000_000],
          [-1_999_999_999, -5],
          [-4, -1],
          [0, 2_147_483_647],
        ]);
      }
      expect([await fingerprint(database, 'readings'), await fingerprint(database, 'notes')]).toEqual(before);
    });

    it('distributes, moves and takes back a schema', async () => {
      await run(`CREATE SCHEMA tenant;
                 CREATE TABLE tenant.parents (id int PRIMARY KEY);
                 CREATE TABLE tenant.children (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES tenant.parents);
                 INSERT INTO tenant.parents SELECT generate_series(1, 50);
                 INSERT INTO tenant.children (parent) SELECT id FROM tenant.parents`);
      const before = await fingerprint(database, 'tenant.children');
      await done({ kind: 'distribute-schema', schema: 'tenant' });
      const [home] = await nodesOf('tenant.children');
      const target = (await operated.snapshot()).nodes.find(
        (node) => node.shouldHaveShards && node.nodeId !== home,
      );
      await done({
        kind: 'move-schema',
        schema: 'tenant',
        nodeId: target?.nodeId ?? 0,
        transferMode: 'auto',
      });
      expect(await nodesOf('tenant.children')).toEqual([target?.nodeId]);
      expect(await nodesOf('tenant.parents')).toEqual([target?.nodeId]);
      expect(await fingerprint(database, 'tenant.children')).toBe(before);
      const back = { kind: 'undistribute-schema', schema: 'tenant' } satisfies OperationRequest;
      expect(codes(await operated.plan(back))).toEqual(['identity-column']);
      await done({ ...back, repairs: ['identity tenant.children'] });
      expect(await nodesOf('tenant.children')).toEqual([]);
      expect(await fingerprint(database, 'tenant.children')).toBe(before);
      await run('INSERT INTO tenant.children (parent) VALUES (1)');
      const [last] = await database.read<{ readonly id: number }>({
        text: 'SELECT max(id) AS id FROM tenant.children',
      });
      expect(last?.id).toBe(51);
    });

    it('distributes a partitioned table with its partitions, adds some and drops the oldest', async () => {
      await run(`CREATE TABLE visits (tenant bigint NOT NULL, at timestamptz NOT NULL, v int) PARTITION BY RANGE (at);
                 CREATE TABLE visits_p2026_01 PARTITION OF visits FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-02-01 00:00+00');
                 CREATE TABLE visits_p2026_02 PARTITION OF visits FOR VALUES FROM ('2026-02-01 00:00+00') TO ('2026-03-01 00:00+00');
                 INSERT INTO visits SELECT i % 20, timestamptz '2026-01-01 00:00+00' + i * interval '1 hour', i FROM generate_series(1, 1200) i`);
      const before = await fingerprint(database, 'visits');
      await distribute('visits', 'tenant', 4);
      const partitions = async (): Promise<readonly string[]> => {
        const { tables } = await operated.snapshot();
        const parent = tables.find((one) => one.name === 'visits');
        return tables
          .filter((one) => one.parentOid === parent?.oid && one.colocationId === parent?.colocationId)
          .map((one) => one.name)
          .toSorted();
      };
      expect(await partitions()).toEqual(['visits_p2026_01', 'visits_p2026_02']);
      expect(await fingerprint(database, 'visits')).toBe(before);
      await done({
        kind: 'create-partitions',
        table: named('visits'),
        interval: '1 month',
        from: '2026-03-01 00:00+00',
        to: '2026-05-01 00:00+00',
      });
      expect(await partitions()).toHaveLength(4);
      await run(`INSERT INTO visits VALUES (3, '2026-04-10 12:00+00', 1201)`);
      await done({ kind: 'drop-partitions', table: named('visits'), olderThan: '2026-02-01 00:00+00' });
      expect(await partitions()).toHaveLength(3);
      const [kept] = await database.read<{ readonly rows: string }>({
        text: 'SELECT count(*)::text AS rows FROM visits',
      });
      expect(kept?.rows).toBe('458');
    });

    it('joins a colocation group by its metadata or by copying, and leaves it', async () => {
      await run(`CREATE TABLE left_side (id bigint PRIMARY KEY, v text);
                 CREATE TABLE right_side (id bigint PRIMARY KEY, v text);
                 CREATE TABLE narrow (id bigint PRIMARY KEY, v text);
                 INSERT INTO left_side SELECT i, 'l' FROM generate_series(1, 300) i;
                 INSERT INTO narrow SELECT i, 'n' FROM generate_series(1, 300) i`);
      const before = await fingerprint(database, 'narrow');
      await distribute('left_side', 'id', 4);
      await distribute('right_side', 'id', 4);
      await distribute('narrow', 'id', 3);
      expect(await groupOf('right_side')).not.toBe(await groupOf('left_side'));
      for (const name of ['right_side', 'narrow']) {
        await done({
          kind: 'change-colocation',
          table: named(name),
          colocateWith: named('left_side'),
        });
        expect(await groupOf(name)).toBe(await groupOf('left_side'));
      }
      const joined = await database.read<{ readonly rows: string }>({
        text: 'SELECT count(*)::text AS rows FROM left_side JOIN narrow USING (id)',
      });
      expect(joined).toEqual([{ rows: '300' }]);
      await done({ kind: 'change-colocation', table: named('narrow'), colocateWith: 'none' });
      expect(await groupOf('narrow')).not.toBe(await groupOf('left_side'));
      expect(await fingerprint(database, 'narrow')).toBe(before);
    });

    it('distributes without holding up writes', async () => {
      await run(`CREATE TABLE busy (id bigint PRIMARY KEY, v text);
                 INSERT INTO busy SELECT i, 'b' || i FROM generate_series(1, 1000) i`);
      const before = await fingerprint(database, 'busy');
      const operation = await distribute('busy', 'id', 4, { concurrently: true });
      expect(operation.steps.flatMap((step) => step.statements.map((one) => one.shown)).join()).toContain(
        'create_distributed_table_concurrently',
      );
      const { tables } = await operated.snapshot();
      expect(tables.find((one) => one.name === 'busy')).toMatchObject({ type: 'distributed', shardCount: 4 });
      expect(await fingerprint(database, 'busy')).toBe(before);
    });

    it('numbers by a sequence what stays distributed and had an identity', async () => {
      await run(`CREATE TABLE numbered (id bigint GENERATED BY DEFAULT AS IDENTITY (START 100 INCREMENT 5), tenant int NOT NULL);
                 INSERT INTO numbered (tenant) SELECT i % 7 FROM generate_series(1, 50) i`);
      await distribute('numbered', 'tenant', 2);
      const before = await fingerprint(database, 'numbered');
      const request = {
        kind: 'alter-table',
        table: named('numbered'),
        column: null,
        shardCount: 5,
        cascade: null,
      } satisfies OperationRequest;
      expect(codes(await operated.plan(request))).toEqual(['identity-column']);
      await done({ ...request, repairs: ['identity public.numbered'] });
      expect(await fingerprint(database, 'numbered')).toBe(before);
      await run('INSERT INTO numbered (tenant) VALUES (1)');
      const worker = await cluster.connect('worker-1');
      await worker.change({ text: 'INSERT INTO numbered (tenant) VALUES (2)' });
      const rows = await database.read<{ readonly id: string }>({
        text: 'SELECT id::text FROM numbered ORDER BY numbered.id DESC LIMIT 2',
      });
      // The worker takes its numbers from a range of its own.
      expect(rows[1]?.id).toBe('350');
      expect(Number(rows[0]?.id)).toBeGreaterThan(2 ** 48);
    });

    it('distributes an empty table by append, and takes it back with what was loaded into its shards', async () => {
      await run(`CREATE TABLE appended (k int, v text);
                 INSERT INTO appended VALUES (1, 'a')`);
      const request = {
        kind: 'distribute-table',
        table: named('appended'),
        as: { type: 'append', column: 'k' },
      } satisfies OperationRequest;
      expect(codes(await operated.plan(request))).toEqual(['not-empty']);
      await run('TRUNCATE appended');
      await done(request);
      const { tables } = await operated.snapshot();
      expect(tables.find((one) => one.name === 'appended')).toMatchObject({
        type: 'distributed',
        method: 'append',
        distributionColumn: 'k',
        shardCount: 0,
      });
      await run(`SELECT master_create_empty_shard('appended')`);
      await run(`INSERT INTO appended VALUES (1, 'a'), (2, 'b')`);
      const loaded = await fingerprint(database, 'appended');
      await done({ kind: 'undistribute-table', table: named('appended'), cascade: false });
      expect(await fingerprint(database, 'appended')).toBe(loaded);
    });

    it('stores a table by columns and back, where the server can', async () => {
      await run(`CREATE TABLE stored (id bigint NOT NULL, v text);
                 INSERT INTO stored SELECT i, 's' || i FROM generate_series(1, 1000) i`);
      const before = await fingerprint(database, 'stored');
      await distribute('stored', 'id', 3);
      const to = (accessMethod: string): OperationRequest => ({
        kind: 'change-access-method',
        table: named('stored'),
        accessMethod,
      });
      const [columnar] = await database.read<{ readonly found: boolean }>({
        text: `SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citus_columnar') AS found`,
      });
      if (columnar?.found !== true) {
        process.stderr.write(
          `columnar on ${engine.name}: refusal tested only (no extension citus_columnar)\n`,
        );
        expect(codes(await operated.plan(to('columnar')))).toEqual(['no-access-method']);
        return;
      }
      await run('CREATE EXTENSION citus_columnar');
      for (const method of ['columnar', 'heap']) {
        await done(to(method));
        const { tables } = await operated.snapshot();
        expect(tables.find((one) => one.name === 'stored')).toMatchObject({
          accessMethod: method,
          shardCount: 3,
        });
        expect(await fingerprint(database, 'stored')).toBe(before);
      }
    });
  });
}
