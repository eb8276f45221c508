/** What the pages about tables read, on the emulator and, where there is one, on real Citus. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainStatement } from '../../src-main/citus/routing';
import { readServerFacts } from '../../src-main/citus/capabilities';
import { readRowEstimates } from '../../src-main/citus/row-estimates';
import { readSnapshot } from '../../src-main/citus/snapshot';
import { readForeignKeys } from '../../src-main/citus/table-keys';
import { qualified } from '../../src-main/connections/database';
import type { Database } from '../../src-main/connections/database';
import type { Registry } from '../../src-main/connections/registry';
import type { ClusterTable } from '../../src-main/contract/cluster';
import type { StatementRoute } from '../../src-main/contract/routing';
import { FailureError } from '../../src-main/contract/failure';
import type { Failure } from '../../src-main/contract/failure';
import { routingHandlers } from '../../src-main/ipc/handlers/routing';
import type { Monitor } from '../../src-main/monitor/monitor';
import { onlineMoveFixes } from '../../src-main/plans/online-moves';
import { runDaemon } from '../../src-main/practice/daemon';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { waitFor } from '../support/wait';

describe.each(await engines())('the pages about tables on $name', (engine) => {
  let cluster: PracticeClusterForTest;
  let database: Database;

  beforeAll(async () => {
    cluster = await startPracticeCluster({
      engine,
      workers: 2,
      sampleData: true,
      startDaemon: engine.isEmulator ? runDaemon : null,
    });
    database = await cluster.connect();
  });

  afterAll(async () => {
    await cluster?.end();
  });

  const run = async (text: string): Promise<void> => void (await database.change({ text }));
  const tableNamed = async (name: string): Promise<ClusterTable> => {
    const table = (await readSnapshot(database)).tables.find((one) => one.name === name);
    if (!table) throw new Error(`no table ${name}`);
    return table;
  };

  it('reads foreign keys between tables as people see them, and none of shards', async () => {
    const { catalog } = await readServerFacts(database);
    const [permits, types, inspections] = await Promise.all(
      ['permits', 'permit_types', 'inspections'].map(tableNamed),
    );
    const snapshot = await readSnapshot(database);
    const known = new Set(snapshot.tables.map(({ oid }) => oid));
    const keys = (await readForeignKeys(database, catalog)).filter(
      (key) => known.has(key.fromOid) && known.has(key.toOid),
    );
    expect(keys).toEqual([
      {
        name: 'permits_code_fk',
        fromOid: permits?.oid,
        toOid: types?.oid,
        columns: ['code'],
        referencedColumns: ['code'],
        columnTypes: ['text'],
        referencedTypes: ['text'],
        onDelete: 'no action',
        onUpdate: 'no action',
        isValidated: true,
        definition: 'FOREIGN KEY (code) REFERENCES permit_types(code)',
      },
      expect.objectContaining({
        name: 'inspections_permit_fk',
        fromOid: inspections?.oid,
        toOid: permits?.oid,
        columns: ['agency_id', 'permit_id'],
        columnTypes: ['bigint', 'bigint'],
      }),
    ]);
  });

  it('estimates rows from what each node knows, and says whose are missing', async () => {
    const snapshot = await readSnapshot(database);
    const permits = await tableNamed('permits');
    const all = await readRowEstimates(database, snapshot);
    expect(all.incomplete).toBeNull();
    expect(all.estimates[permits.oid]).toEqual({ rows: 24_000, unanalysedShards: 0 });
    const parent = await tableNamed('audit_events');
    expect(all.estimates[parent.oid]).toBeUndefined();

    await cluster.service.killNode(cluster.practiceId, 'worker-2');
    try {
      const partial = await readRowEstimates(database, snapshot, { timeoutMs: 20_000 });
      expect(partial.incomplete).toMatch(/^Rows on 127\.0\.0\.1:\d+ are not counted: no answer\.$/);
      expect(partial.estimates[permits.oid]?.rows).toBeLessThan(24_000);
    } finally {
      await cluster.service.reviveNode(cluster.practiceId, 'worker-2');
    }
  });

  it('offers a statement that really lets a stuck table move online', async () => {
    await run('CREATE TABLE "Stuck; --" (agency_id bigint, words text)');
    await run(`SELECT create_distributed_table('"Stuck; --"', 'agency_id', colocate_with => 'none')`);
    const stuck = await tableNamed('Stuck; --');
    const fixes = onlineMoveFixes((await readSnapshot(database)).tables, qualified);
    expect(Object.keys(fixes)).toEqual([String(stuck.oid)]);
    await run(fixes[stuck.oid] ?? '');
    expect(onlineMoveFixes((await readSnapshot(database)).tables, qualified)).toEqual({});
  });

  describe('routing', () => {
    const signal = new AbortController().signal;
    const lens = () =>
      routingHandlers({
        registry: {
          coordinator: () => database,
          aside: () => Promise.resolve(database),
        } as unknown as Registry,
        monitor: {
          snapshot: () => null,
          refresh: async () => ({
            ...(await readSnapshot(database)),
            clusterId: 'c',
            revision: 1,
            takenAt: '2026-03-01T12:00:00.000Z',
          }),
        } as unknown as Monitor,
      });
    const routeValue = (name: string, value: string) =>
      lens()['routing.value']({ clusterId: 'c', table: { schema: 'public', name }, value }, signal);
    const routeStatement = (statement: string): Promise<StatementRoute> =>
      Promise.resolve(lens()['routing.statement']({ clusterId: 'c', statement }, signal));
    const failureOf = async (work: () => unknown): Promise<Failure> => {
      try {
        await work();
      } catch (error) {
        if (error instanceof FailureError) return error.failure;
        throw error;
      }
      throw new Error('it did not fail');
    };

    it('agrees with the server on the shard of a value, and finds its rows there', async () => {
      const route = await routeValue('permits', '7');
      expect(route).toMatchObject({ columnType: 'bigint', agrees: true, own: { hash: -978_793_473 } });
      const counted = await lens()['routing.countRows'](
        { clusterId: 'c', table: { schema: 'public', name: 'permits' }, value: '7' },
        signal,
      );
      const [row] = await database.read<{ rows: string }>({
        text: 'SELECT count(*) AS rows FROM permits WHERE agency_id = 7',
      });
      expect(counted.rows).toBe(row?.rows);
      const statement = await routeStatement('SELECT * FROM permits WHERE agency_id = 7');
      expect(statement.shardIds).toEqual([route.server.shardId]);
    });

    it('explains a value typed wrongly by the type of its column', async () => {
      expect(await failureOf(() => routeValue('permits', "7'; DROP TABLE permits; --"))).toMatchObject({
        kind: 'invalid-input',
        remedy: 'Write a whole number from -9223372036854775808 to 9223372036854775807.',
      });
      expect(await failureOf(() => routeValue('permit_types', 'BLD'))).toMatchObject({
        message: 'permit_types has no distribution column: its rows are not routed by a value.',
      });
    });

    it('takes the server as the only witness for a composite type, and says how its values are written', async () => {
      await run('CREATE TYPE place AS (region text, number integer)');
      await run('CREATE TABLE visits (place place, at timestamptz)');
      await run(`SELECT create_distributed_table('visits', 'place', colocate_with => 'none')`);
      const route = await routeValue('visits', '(North,7)');
      expect(route).toMatchObject({ own: null, agrees: null, columnType: 'place' });
      expect(route.server.shardId).toMatch(/^\d+$/);
      expect(await failureOf(() => routeValue('visits', 'North, 7'))).toMatchObject({
        remedy: 'Write 2 parts in brackets (region text, number integer), as in ("text",1).',
      });
    });

    it.each([
      ['SELECT count(*) FROM permits', 'many-shards', 12],
      ['SELECT count(*) FROM permits WHERE agency_id IN (1, 2, 3)', 'many-shards', 3],
      ['UPDATE permits SET status = status WHERE agency_id = 7', 'one-shard', 1],
      [
        'SELECT * FROM permits JOIN inspections USING (agency_id, permit_id) WHERE agency_id = 7',
        'one-shard',
        2,
      ],
      ['SELECT * FROM tenant_a.notes', 'one-shard', 1],
      ['SELECT * FROM payments', 'coordinator', 0],
      ['SELECT * FROM permits WHERE agency_id = 7 AND agency_id = 8', 'nothing', 0],
    ] as const)('%s is %s', async (statement, kind, shards) => {
      const route = await routeStatement(statement);
      expect([route.kind, route.shardIds.length, route.isWhole]).toEqual([kind, shards, true]);
    });

    it('changes nothing: no row, no sequence, no setting, and refuses a second statement', async () => {
      const state = async (): Promise<unknown> =>
        database.read({
          text: `SELECT (SELECT count(*) FROM agencies) AS rows, current_setting('citus.explain_all_tasks', true) AS setting,
                        current_setting('transaction_read_only') AS readonly`,
        });
      await run('CREATE SEQUENCE touched');
      await run(
        `CREATE FUNCTION touch() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT nextval('touched') $$`,
      );
      const before = await state();
      const inserted = await routeStatement(`INSERT INTO agencies VALUES (4711, 'x', 'y')`);
      const [home] = await database.read<{ shard: string }>({
        text: `SELECT get_shard_id_for_distribution_column('agencies', 4711::bigint)::text AS shard`,
      });
      expect([inserted.kind, inserted.shardIds, inserted.isWhole]).toEqual([
        'one-shard',
        [home?.shard],
        true,
      ]);
      await routeStatement('DELETE FROM agencies');
      // A function that lies about being immutable is worked out while planning.
      expect(await failureOf(() => routeStatement('SELECT touch()'))).toMatchObject({ sqlState: '25006' });
      expect(
        await failureOf(() => explainStatement(database, 'SELECT 1; CREATE TABLE hacked (a int)', false)),
      ).toMatchObject({ sqlState: '42601' });
      expect(await failureOf(() => routeStatement('SELECT * FROM nothing_here'))).toMatchObject({
        sqlState: '42P01',
      });
      expect(await state()).toEqual(before);
      const [sequence] = await database.read<{ called: boolean }>({
        text: 'SELECT is_called AS called FROM touched',
      });
      expect(sequence?.called).toBe(false);
    });

    it('is left in order when it is cancelled half way', async () => {
      const stop = new AbortController();
      const sleeping = failureOf(() =>
        database.read({ text: 'SELECT pg_sleep(30)' }, { isolated: {}, signal: stop.signal }),
      );
      const watcher = await cluster.connect();
      await waitFor('the statement to run', async () => {
        const [row] = await watcher.read<{ found: boolean }>({
          text: `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)' AND state = 'active') AS found`,
        });
        return row?.found;
      });
      stop.abort();
      expect((await sleeping).kind).toBe('cancelled');
      await run('CREATE TABLE after_cancel (a int)');
      expect(await routeStatement('SELECT * FROM after_cancel')).toMatchObject({ kind: 'coordinator' });
    });
  });
});
