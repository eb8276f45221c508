/** Two tables tied by a key, and one tied to a reference table; and what must be true of them whatever is changed. */
import { expect } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import { refusal, rows, value } from './moves-data';
import { startPracticeCluster } from './practice';
import type { PracticeEngine } from './practice';

const tenants = 40;

const schema = [
  `CREATE TABLE kinds (kind text PRIMARY KEY);
   INSERT INTO kinds VALUES ('a'), ('b')`,
  `SELECT create_reference_table('kinds')`,
  `CREATE TABLE orders (tenant bigint, id bigint, note text DEFAULT 'none', PRIMARY KEY (tenant, id));
   CREATE INDEX orders_note ON orders (note);
   INSERT INTO orders SELECT i % ${tenants}, i, 'order ' || i FROM generate_series(1, 2000) i;
   CREATE TABLE lines (tenant bigint, id bigint, order_id bigint, kind text,
     PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, order_id) REFERENCES orders (tenant, id));
   INSERT INTO lines SELECT i % ${tenants}, i, i, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, 2000) i`,
  `SELECT create_distributed_table('orders', 'tenant', shard_count := 4)`,
  `SELECT create_distributed_table('lines', 'tenant', colocate_with := 'orders')`,
  // Not before: Citus takes a local table that refers to a reference table into the metadata at once.
  'ALTER TABLE lines ADD CONSTRAINT lines_kind_fkey FOREIGN KEY (kind) REFERENCES kinds',
];

const content = (table: string, columns: string): string =>
  `SELECT count(*) || ' ' || sum(hashtext(concat_ws(',', ${columns}))::bigint) FROM ${table}`;
const ordersContent = content('orders', 'tenant, id, note');
const linesContent = content('lines', 'tenant, id, order_id, kind');

export interface ChangedTables {
  readonly coordinator: Database;
  readonly nodes: readonly Database[];
  run(text: string): Promise<unknown>;
  /** Distribution column and number of shards. */
  shape(table: string): Promise<unknown>;
  areColocated(one: string, other: string): Promise<unknown>;
  /** The same rows in sight of every node, each in the shard that Citus would look for it in. */
  expectEverything(): Promise<void>;
  expectInPlace(table: string, column: string): Promise<void>;
  expectKeys(): Promise<void>;
  readContent(): Promise<readonly unknown[]>;
  readonly before: readonly unknown[];
  end(): Promise<void>;
}

/** A cluster with two workers; call in beforeAll, and `end` in afterAll. */
export async function startChangedTables(engine: PracticeEngine): Promise<ChangedTables> {
  const cluster = await startPracticeCluster({ engine, workers: 2 });
  const coordinator = await cluster.connect();
  const nodes = [coordinator, await cluster.connect('worker-1'), await cluster.connect('worker-2')];
  const run = (text: string): Promise<unknown> => coordinator.change({ text });
  const contentOn = async (node: Database): Promise<readonly unknown[]> => [
    await value(node, ordersContent),
    await value(node, linesContent),
  ];
  try {
    for (const text of schema) await run(text);
  } catch (error) {
    await cluster.end();
    throw error;
  }
  const before = await contentOn(coordinator);
  const expectInPlace = async (table: string, column: string): Promise<void> => {
    const placed = await rows(
      coordinator,
      `SELECT shardid::int8::text, unnest(string_to_array(result, ','))
         FROM run_command_on_shards('${table}', 'SELECT string_agg(DISTINCT ${column}::text, '','') FROM %s')`,
    );
    expect(placed.length).toBeGreaterThan(0);
    const sought = await rows(
      coordinator,
      `SELECT get_shard_id_for_distribution_column('${table}', v)::text, v
         FROM unnest('{${placed.map(([, key]) => String(key)).join(',')}}'::text[]) v`,
    );
    expect(placed.toSorted()).toEqual(sought.toSorted());
    expect(new Set(placed.map(([, key]) => key)).size).toBe(placed.length);
  };
  return {
    coordinator,
    nodes,
    run,
    before,
    readContent: () => contentOn(coordinator),
    expectInPlace,
    shape: async (table) =>
      (
        await rows(
          coordinator,
          `SELECT column_to_column_name(logicalrelid, partkey), count(*)::int
             FROM pg_dist_partition JOIN pg_dist_shard USING (logicalrelid)
            WHERE logicalrelid = '${table}'::regclass GROUP BY 1`,
        )
      )[0],
    areColocated: (one, other) =>
      value(
        coordinator,
        `SELECT count(DISTINCT colocationid) = 1 FROM pg_dist_partition
          WHERE logicalrelid IN ('${one}'::regclass, '${other}'::regclass)`,
      ),
    async expectEverything() {
      for (const node of nodes) {
        expect(await contentOn(node)).toEqual(before);
        expect(await value(node, `SELECT count(*)::int FROM orders WHERE tenant = 7`)).toBe(50);
      }
      for (const table of ['orders', 'lines']) await expectInPlace(table, 'tenant');
    },
    async expectKeys() {
      expect(await refusal(coordinator, `INSERT INTO lines VALUES (1, 90000, 77777, 'a')`)).toMatchObject({
        code: '23503',
      });
      expect(await refusal(coordinator, `INSERT INTO lines VALUES (1, 90000, 1, 'z')`)).toMatchObject({
        code: '23503',
      });
      expect(await refusal(coordinator, `INSERT INTO orders VALUES (1, 1)`)).toMatchObject({ code: '23505' });
    },
    end: () => cluster.end(),
  };
}
