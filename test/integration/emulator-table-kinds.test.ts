/** Local tables, schemas, partitions by time, append tables, and tables distributed while they are in use. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import { startChangedTables } from '../support/changed-tables';
import type { ChangedTables } from '../support/changed-tables';
import { refusal, rows, value } from '../support/moves-data';
import { engines } from '../support/practice';

describe.each(await engines())('other kinds of tables on $name', (engine) => {
  let tables: ChangedTables;
  let coordinator: Database;

  beforeAll(async () => {
    tables = await startChangedTables(engine);
    ({ coordinator } = tables);
  });
  afterAll(() => tables?.end());

  it('ties local tables to a reference table and lets them go with it', async () => {
    await tables.run('CREATE TABLE stays (id int PRIMARY KEY, kind text REFERENCES kinds)');
    await tables.run(`CREATE TABLE follows (id int PRIMARY KEY REFERENCES stays)`);
    const local = `SELECT logicalrelid::text FROM pg_dist_partition
                    WHERE logicalrelid::text IN ('stays', 'follows') ORDER BY 1`;
    expect(await rows(coordinator, local)).toEqual([['follows'], ['stays']]);
    await tables.run(`INSERT INTO stays VALUES (1, 'a')`);
    expect(await refusal(coordinator, `INSERT INTO follows VALUES (2)`)).toMatchObject({ code: '23503' });
    expect(await refusal(coordinator, `SELECT create_distributed_table('stays', 'id')`)).toMatchObject({
      code: '0A000',
      detail:
        'Reference tables and local tables can only have foreign keys to reference tables and local tables',
    });
    await tables.run('ALTER TABLE stays DROP CONSTRAINT stays_kind_fkey');
    expect(await rows(coordinator, local)).toEqual([]);
    expect(await value(coordinator, 'SELECT count(*)::int FROM stays')).toBe(1);
  });

  it('takes local tables along with their triggers, and gets none back that has an identity column', async () => {
    await tables.run(`CREATE FUNCTION add_one() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN NEW.n := NEW.n + 1; RETURN NEW; END'`);
    await tables.run('CREATE TABLE lists (code text PRIMARY KEY)');
    await tables.run('CREATE TABLE firsts (id int PRIMARY KEY, code text REFERENCES lists, n int DEFAULT 0)');
    await tables.run(
      'CREATE TABLE seconds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text REFERENCES lists, first int REFERENCES firsts)',
    );
    await tables.run(
      'CREATE TRIGGER counted BEFORE INSERT ON firsts FOR EACH ROW EXECUTE FUNCTION add_one()',
    );
    await tables.run(`INSERT INTO lists VALUES ('a')`);
    await tables.run(`INSERT INTO firsts VALUES (1, 'a', 10)`);
    await tables.run(`SELECT create_reference_table('lists')`);
    await tables.run(`INSERT INTO firsts VALUES (2, 'a', 20)`);
    await tables.run('DROP TRIGGER counted ON firsts');
    await tables.run(`INSERT INTO firsts VALUES (3, 'a', 30)`);
    await tables.run('CREATE TRIGGER again BEFORE INSERT ON firsts FOR EACH ROW EXECUTE FUNCTION add_one()');
    await tables.run(`INSERT INTO firsts VALUES (4, 'a', 40)`);
    expect(await rows(coordinator, 'SELECT n FROM firsts ORDER BY id')).toEqual([[11], [21], [30], [41]]);
    expect(await refusal(coordinator, `SELECT create_distributed_table('firsts', 'id')`)).toMatchObject({
      code: 'XX000',
      message: 'cannot distribute relation "firsts" because it has triggers',
    });
    expect(await refusal(coordinator, `SELECT create_distributed_table('seconds', 'id')`)).toMatchObject({
      code: '0A000',
      message: 'cannot complete operation on a table with identity column',
    });
    await tables.run('DROP TABLE seconds, firsts, lists');
    await tables.run('DROP FUNCTION add_one()');
  });

  it('distributes, moves and undistributes a schema', async () => {
    await tables.run('CREATE SCHEMA tenant_a');
    await tables.run('CREATE TABLE tenant_a.parents (id int PRIMARY KEY, kind text REFERENCES kinds)');
    await tables.run(
      'CREATE TABLE tenant_a.children (id int PRIMARY KEY, parent int REFERENCES tenant_a.parents)',
    );
    await tables.run('ALTER TABLE tenant_a.parents DROP CONSTRAINT parents_kind_fkey');
    await tables.run(`INSERT INTO tenant_a.parents SELECT i, 'a' FROM generate_series(1, 50) i`);
    await tables.run('INSERT INTO tenant_a.children SELECT i, 1 + i % 50 FROM generate_series(1, 100) i');
    await tables.run(`SELECT citus_schema_distribute('tenant_a')`);
    const places = `SELECT DISTINCT groupid FROM pg_dist_placement JOIN pg_dist_shard USING (shardid)
                     WHERE logicalrelid::text LIKE 'tenant_a.%'`;
    const [[home]] = (await rows(coordinator, places)) as [[number]];
    await tables.run(
      `SELECT citus_schema_move('tenant_a', (SELECT nodeid FROM pg_dist_node WHERE groupid NOT IN (0, ${home})))`,
    );
    expect(await rows(coordinator, places)).not.toEqual([[home]]);
    expect(await refusal(coordinator, `SELECT undistribute_table('tenant_a.parents')`)).toMatchObject({
      code: 'XX000',
      message:
        'tenant_a.parents is not allowed for undistribute_table because it belongs to a distributed schema',
    });
    for (const node of tables.nodes) {
      expect(
        await value(
          node,
          'SELECT count(*)::int FROM tenant_a.children c JOIN tenant_a.parents p ON p.id = c.parent',
        ),
      ).toBe(100);
    }
    await tables.run(`SELECT citus_schema_undistribute('tenant_a')`);
    expect(await value(coordinator, 'SELECT count(*)::int FROM tenant_a.children')).toBe(100);
    expect(await refusal(coordinator, 'INSERT INTO tenant_a.children VALUES (900, 900)')).toMatchObject({
      code: '23503',
    });
  });

  it('distributes concurrently, without a hidden copy, and copes with columns that were dropped', async () => {
    await tables.run('CREATE TABLE gone (a int, k bigint PRIMARY KEY, s bigserial, v text)');
    await tables.run(`INSERT INTO gone (a, k, v) SELECT i, i, 'v' FROM generate_series(1, 100) i`);
    await tables.run('ALTER TABLE gone DROP COLUMN a');
    await tables.run(`SELECT create_distributed_table_concurrently('gone', 'k', shard_count := 3)`);
    await tables.run(`SELECT alter_distributed_table('gone', shard_count := 4)`);
    await tables.expectInPlace('gone', 'k');
    await tables.run(`INSERT INTO gone (k, v) VALUES (101, 'w')`);
    expect(await value(coordinator, 'SELECT count(DISTINCT s)::int FROM gone')).toBe(101);
    await tables.run('CREATE TABLE identified (k bigint, i int GENERATED ALWAYS AS IDENTITY)');
    await tables.run(
      `SELECT create_distributed_table('identified', 'k', shard_count := 2, colocate_with := 'none')`,
    );
    for (const call of [
      `alter_distributed_table('identified', shard_count := 3)`,
      `undistribute_table('identified')`,
    ]) {
      expect(await refusal(coordinator, `SELECT ${call}`)).toMatchObject({
        code: '0A000',
        message: 'cannot complete operation on a table with identity column',
      });
    }
  });

  it('keeps partitions by time together', async () => {
    await tables.run(
      'CREATE TABLE events (tenant bigint, at timestamptz NOT NULL, v int) PARTITION BY RANGE (at)',
    );
    await tables.run(
      `SELECT create_time_partitions('events', interval '1 month', '2026-04-01', '2026-01-01')`,
    );
    await tables.run(
      `INSERT INTO events SELECT i % 20, timestamptz '2026-01-01' + i * interval '2 hours', i FROM generate_series(1, 900) i`,
    );
    await tables.run(
      `SELECT create_distributed_table('events', 'tenant', shard_count := 2, colocate_with := 'none')`,
    );
    await tables.run(
      `SELECT create_time_partitions('events', interval '1 month', '2026-05-01', '2026-01-01')`,
    );
    await tables.run(`SELECT alter_distributed_table('events', shard_count := 3)`);
    await tables.run(`SELECT isolate_tenant_to_new_shard('events', 5, 'CASCADE', 'block_writes')`);
    await tables.expectInPlace('events', 'tenant');
    await tables.run(`CALL drop_old_time_partitions('events', '2026-02-01')`);
    expect(
      await rows(
        coordinator,
        `SELECT partition::text FROM time_partitions WHERE parent_table = 'events'::regclass ORDER BY 1`,
      ),
    ).toEqual([['events_p2026_02'], ['events_p2026_03'], ['events_p2026_04']]);
    for (const node of tables.nodes)
      expect(await value(node, 'SELECT count(*)::int FROM events')).toBe(900 - 371);
    await tables.run(`SELECT undistribute_table('events')`);
    expect(await value(coordinator, 'SELECT count(*)::int FROM events')).toBe(900 - 371);
  });

  it('gives an append table its shards one by one', async () => {
    await tables.run('CREATE TABLE appended (k int, v text)');
    await tables.run(`SELECT create_distributed_table('appended', 'k', 'append')`);
    expect(await refusal(coordinator, `INSERT INTO appended VALUES (1, 'a')`)).toMatchObject({
      code: '55000',
      message: 'could not find any shards',
    });
    await tables.run(`SELECT master_create_empty_shard('appended')`);
    await tables.run(`INSERT INTO appended VALUES (1, 'a')`);
    expect(await value(coordinator, 'SELECT count(*)::int FROM appended')).toBe(1);
    await tables.run(`SELECT undistribute_table('appended')`);
    expect(await value(coordinator, 'SELECT count(*)::int FROM appended')).toBe(1);
  });
});
