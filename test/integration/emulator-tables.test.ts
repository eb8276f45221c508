/** Distributed tables changed, split and taken back: what is refused, and that no row is lost or misplaced. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import { startChangedTables } from '../support/changed-tables';
import type { ChangedTables } from '../support/changed-tables';
import { refusal, rows, value } from '../support/moves-data';
import { engines } from '../support/practice';

describe.each(await engines())('changing distributed tables on $name', (engine) => {
  let tables: ChangedTables;
  let coordinator: Database;

  beforeAll(async () => {
    tables = await startChangedTables(engine);
    ({ coordinator } = tables);
  });
  afterAll(() => tables?.end());

  it('refuses what Citus refuses, in its words', async () => {
    await tables.run('CREATE TABLE plain (id int PRIMARY KEY)');
    const refused: readonly (readonly [sql: string, code: string, message: string])[] = [
      [
        `alter_distributed_table('plain', shard_count := 3)`,
        'XX000',
        'cannot alter table because the table is not distributed',
      ],
      [
        `alter_distributed_table('kinds', shard_count := 3)`,
        'XX000',
        'cannot alter table because the table is not distributed',
      ],
      [
        `alter_distributed_table('orders')`,
        'XX000',
        'you have to specify at least one of the distribution_column, shard_count or colocate_with parameters',
      ],
      [
        `alter_distributed_table('orders', shard_count := 4)`,
        'XX000',
        `this call doesn't change any properties of the table`,
      ],
      [
        `alter_distributed_table('orders', shard_count := 8)`,
        'XX000',
        'cascade_to_colocated parameter is necessary',
      ],
      [
        `alter_distributed_table('orders', distribution_column := 'nope')`,
        '42703',
        'column "nope" of relation "orders" does not exist',
      ],
      [
        `alter_distributed_table('orders', distribution_column := 'id', cascade_to_colocated := true)`,
        'XX000',
        'distribution_column cannot be cascaded to colocated tables',
      ],
      [
        `alter_distributed_table('orders', colocate_with := 'none', cascade_to_colocated := true)`,
        'XX000',
        `colocate_with := 'none' cannot be cascaded to colocated tables`,
      ],
      [
        `alter_distributed_table('orders', colocate_with := 'kinds')`,
        'XX000',
        'cannot colocate with kinds because it is not a distributed table',
      ],
      [
        `alter_table_set_access_method('orders', 'heap')`,
        'XX000',
        'cannot complete operation because table orders is referenced by a foreign key',
      ],
      [
        `alter_table_set_access_method('plain', 'heap')`,
        'XX000',
        'the access method of public.plain is already heap',
      ],
      [
        `alter_table_set_access_method('plain', 'nothing')`,
        '42704',
        'access method "nothing" does not exist',
      ],
      [
        `undistribute_table('plain')`,
        'XX000',
        'cannot undistribute table because the table is not distributed',
      ],
      [
        `undistribute_table('orders')`,
        'XX000',
        'cannot complete operation because table orders is referenced by a foreign key',
      ],
      [
        `isolate_tenant_to_new_shard('orders', 7)`,
        '0A000',
        'cannot isolate tenant because "orders" has colocated tables',
      ],
      [
        `citus_split_shard_by_split_points((SELECT min(shardid) FROM pg_dist_shard WHERE logicalrelid = 'orders'::regclass), '{5}', '{2}', 'block_writes')`,
        '42601',
        `Number of worker node ids should be one greater split points. NodeId count is '1' and SplitPoint count is '1'.`,
      ],
      [
        `update_distributed_table_colocation('plain', colocate_with := 'none')`,
        '0A000',
        'relation plain should be a hash or single shard distributed table',
      ],
      [`citus_schema_distribute('public')`, 'XX000', 'public schema cannot be distributed'],
      [`master_create_empty_shard('orders')`, 'XX000', 'relation "orders" is a hash partitioned table'],
    ];
    for (const [sql, code, message] of refused) {
      expect(await refusal(coordinator, `SELECT ${sql}`), sql).toMatchObject({ code, message });
    }
  });

  it('changes the number of shards of a whole group', async () => {
    await tables.run(
      `SELECT alter_distributed_table('orders', shard_count := 6, cascade_to_colocated := true)`,
    );
    expect([await tables.shape('orders'), await tables.shape('lines')]).toEqual([
      ['tenant', 6],
      ['tenant', 6],
    ]);
    expect(await tables.areColocated('orders', 'lines')).toBe(true);
    await tables.expectEverything();
    await tables.expectKeys();
  });

  it('isolates a tenant, and splits a shard between two nodes', async () => {
    const isolated = await value(
      coordinator,
      `SELECT isolate_tenant_to_new_shard('lines', 7, 'CASCADE', shard_transfer_mode := 'block_writes')`,
    );
    expect(await value(coordinator, `SELECT get_shard_id_for_distribution_column('lines', 7)`)).toEqual(
      isolated,
    );
    expect(
      await refusal(
        coordinator,
        `SELECT isolate_tenant_to_new_shard('orders', 7, 'CASCADE', 'block_writes')`,
      ),
    ).toMatchObject({ code: '55000', message: 'table orders has already been isolated for the given value' });
    await tables.expectEverything();
    await tables.run(
      `SELECT citus_split_shard_by_split_points(shardid, ARRAY[(shardmaxvalue::bigint - 100000000)::text],
                ARRAY(SELECT nodeid FROM pg_dist_node WHERE groupid > 0 ORDER BY nodeid), 'block_writes')
         FROM pg_dist_shard WHERE logicalrelid = 'orders'::regclass AND shardminvalue = '-2147483648'`,
    );
    expect([await tables.shape('orders'), await tables.shape('lines')]).toEqual([
      ['tenant', 9],
      ['tenant', 9],
    ]);
    await tables.expectEverything();
    await tables.expectKeys();
    await tables.run(`INSERT INTO orders VALUES (7, 90001), (8, 90002), (9, 90003)`);
    for (const node of tables.nodes) {
      expect(await value(node, `SELECT count(*)::int FROM orders WHERE tenant = 7 AND id > 90000`)).toBe(1);
    }
    await tables.expectInPlace('orders', 'tenant');
    await tables.run('DELETE FROM orders WHERE id > 90000');
  });

  it('keeps every row in place when a group is split that a table has left or joined', async () => {
    for (const name of ['left_table', 'joined_table']) {
      await tables.run(`CREATE TABLE ${name} (k int PRIMARY KEY)`);
      await tables.run(`INSERT INTO ${name} SELECT generate_series(1, 200)`);
      await tables.run(
        `SELECT create_distributed_table('${name}', 'k', shard_count := 3, colocate_with := 'none')`,
      );
    }
    await tables.run(
      `SELECT update_distributed_table_colocation('joined_table', colocate_with := 'left_table')`,
    );
    await tables.run(`SELECT isolate_tenant_to_new_shard('left_table', 5, 'CASCADE', 'block_writes')`);
    await tables.run(`SELECT update_distributed_table_colocation('joined_table', colocate_with := 'none')`);
    await tables.run(
      `SELECT isolate_tenant_to_new_shard('left_table', 6, shard_transfer_mode := 'block_writes')`,
    );
    expect([await tables.shape('left_table'), await tables.shape('joined_table')]).toEqual([
      ['k', 7],
      ['k', 5],
    ]);
    for (const name of ['left_table', 'joined_table']) {
      await tables.expectInPlace(name, 'k');
      for (const node of tables.nodes) {
        expect(await rows(node, `SELECT k FROM ${name} WHERE k IN (5, 6, 7) ORDER BY 1`)).toEqual([
          [5],
          [6],
          [7],
        ]);
      }
    }
    expect(
      await refusal(coordinator, `SELECT update_distributed_table_colocation('joined_table', 'left_table')`),
    ).toMatchObject({ code: 'XX000', detail: `Shard counts don't match for left_table and joined_table.` });
  });

  it('leaves a group alone, drops the keys that cannot stay, and comes back', async () => {
    await tables.run(
      `SELECT alter_distributed_table('lines', shard_count := 5, cascade_to_colocated := false)`,
    );
    expect(await tables.areColocated('orders', 'lines')).toBe(false);
    await tables.expectEverything();
    await tables.run(`SELECT alter_distributed_table('lines', colocate_with := 'orders')`);
    expect(await tables.areColocated('orders', 'lines')).toBe(true);
    await tables.expectEverything();
    await tables.run(`SELECT alter_distributed_table('orders', distribution_column := 'id')`);
    expect(await tables.shape('orders')).toEqual(['id', 9]);
    await tables.expectInPlace('orders', 'id');
    await tables.run(`SELECT alter_distributed_table('orders', distribution_column := 'tenant')`);
    await tables.expectEverything();
    await tables.run('ALTER TABLE lines ADD FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, id)');
    await tables.expectKeys();
  });

  it('takes a family of tables back, with views, and distributes it again', async () => {
    await tables.run(
      'CREATE VIEW order_count AS SELECT tenant, count(*) AS orders FROM orders GROUP BY tenant',
    );
    await tables.run('CREATE MATERIALIZED VIEW order_total AS SELECT count(*)::int AS total FROM orders');
    await tables.run(`SELECT undistribute_table('lines', cascade_via_foreign_keys := true)`);
    expect(
      await rows(
        coordinator,
        `SELECT logicalrelid::text FROM pg_dist_partition WHERE logicalrelid::text IN ('orders', 'lines', 'kinds')`,
      ),
    ).toEqual([]);
    expect(await tables.readContent()).toEqual(tables.before);
    await tables.expectKeys();
    expect(await value(coordinator, 'SELECT sum(orders)::int FROM order_count')).toBe(2000);
    expect(await value(coordinator, 'SELECT total FROM order_total')).toBe(2000);
    await tables.run('DROP MATERIALIZED VIEW order_total');
    // A local table between the two would make the reference table pull all of them into the metadata.
    await tables.run('ALTER TABLE lines DROP CONSTRAINT lines_kind_fkey');
    await tables.run(`SELECT create_distributed_table('orders', 'tenant', shard_count := 4)`);
    await tables.run(`SELECT create_distributed_table('lines', 'tenant', colocate_with := 'orders')`);
    await tables.run(`SELECT create_reference_table('kinds')`);
    await tables.run('ALTER TABLE lines ADD CONSTRAINT lines_kind_fkey FOREIGN KEY (kind) REFERENCES kinds');
    expect(await value(coordinator, 'SELECT sum(orders)::int FROM order_count')).toBe(2000);
    await tables.expectEverything();
    await tables.expectKeys();
  });
});
