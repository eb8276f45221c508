/**
 * A full read of a large cluster's catalogs, 100 nodes, 300 tables, 40,000 shards, against one client that copies the
 * same rows out and does nothing with them, in turns. The rows are written into the catalogs of a practice coordinator;
 * the tables are real and empty.
 */
import pg from 'pg';
import { readSnapshot } from '../../src-main/citus/snapshot';
import type { Database, Reader } from '../../src-main/connections/database';
import { startPracticeCluster } from '../support/practice';
import { median } from '../support/wait';
import type { BenchFigure } from './figure';

const nodeCount = 100;
const tableCount = 300;
const shardCount = 40_000;
const rounds = 21;

export async function run(): Promise<readonly BenchFigure[]> {
  const cluster = await startPracticeCluster({ workers: 1 });
  try {
    const database = await cluster.connect();
    await writeCatalogs(database);
    const endpoint = await cluster.endpoint();
    const client = new pg.Client({ ...endpoint, ssl: false });
    await client.connect();
    try {
      return await compare(database, client);
    } finally {
      await client.end();
    }
  } finally {
    await cluster.end();
  }
}

async function compare(database: Database, client: pg.Client): Promise<readonly BenchFigure[]> {
  let statements = 0;
  const reader: Reader = {
    address: database.address,
    read: (statement, options) => {
      statements += 1;
      return database.read(statement, options);
    },
  };
  const reads: number[] = [];
  const copies: number[] = [];
  const ratios: number[] = [];
  // The first round of both fills caches and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const began = performance.now();
    const snapshot = await readSnapshot(reader);
    const read = performance.now() - began;
    const copy = await copyOut(client);
    check('nodes', snapshot.nodes.length, nodeCount);
    check('tables', snapshot.tables.length, tableCount);
    check('shards', snapshot.shards.length, shardCount);
    check('placements', snapshot.shards.filter((shard) => shard.groupIds.length === 1).length, shardCount);
    if (round === 0) continue;
    reads.push(read);
    copies.push(copy);
    ratios.push(read / copy);
  }
  const ratio = round(median(ratios), 2);
  const each = statements / (rounds + 1);
  return [
    { figure: 'read', value: round(median(reads), 1), unit: 'ms', goal: '', holds: null },
    { figure: 'copy', value: round(median(copies), 1), unit: 'ms', goal: '', holds: null },
    { figure: 'read / copy', value: ratio, unit: 'ratio', goal: '<= 2', holds: ratio <= 2 },
    { figure: 'statements per refresh', value: each, unit: 'statements', goal: '<= 5', holds: each <= 5 },
  ];
}

function check(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${found} ${what} were read, ${expected} were written`);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** The same rows, as a client would copy them that only wants to have them. */
const copied = [
  'COPY pg_catalog.pg_dist_node TO STDOUT',
  `COPY (SELECT p.logicalrelid::oid, n.nspname, c.relname, c.relowner, c.relkind, c.relpersistence, c.relreplident,
               p.partmethod, p.partkey, p.colocationid, p.repmodel
          FROM pg_catalog.pg_dist_partition p
          JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) TO STDOUT`,
  'COPY pg_catalog.pg_dist_colocation TO STDOUT',
  'COPY pg_catalog.pg_dist_rebalance_strategy TO STDOUT',
  'COPY pg_catalog.pg_dist_background_job TO STDOUT',
  `COPY (SELECT s.logicalrelid::oid, s.shardid, s.shardminvalue, s.shardmaxvalue, p.groupid
          FROM pg_catalog.pg_dist_shard s
          JOIN pg_catalog.pg_dist_placement p ON p.shardid = s.shardid AND p.shardstate = 1) TO STDOUT`,
];

/** Milliseconds until the last row of the last table is here. */
async function copyOut(client: pg.Client): Promise<number> {
  const began = performance.now();
  let rows = 0;
  for (const text of copied) rows += await copyOne(client, text);
  const took = performance.now() - began;
  if (rows < nodeCount + tableCount + shardCount) throw new Error(`only ${rows} rows were copied`);
  return took;
}

/** What the driver calls on something that it runs: the protocol's messages, unparsed. */
function copyOne(client: pg.Client, text: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let rows = 0;
    let failure: Error | null = null;
    const ignore = (): void => undefined;
    const query = {
      submit: (connection: { query(text: string): void }): void => connection.query(text),
      // PostgreSQL sends each row in a message of its own.
      handleCopyData: (): void => void (rows += 1),
      handleError: (error: Error): void => void (failure = error),
      handleReadyForQuery: (): void => (failure ? reject(failure) : resolve(rows)),
      handleCommandComplete: ignore,
      handleRowDescription: ignore,
      handleDataRow: ignore,
      handlePortalSuspended: ignore,
      handleEmptyQuery: ignore,
    };
    client.query(query as unknown as pg.Submittable);
  });
}

/** Straight into the catalogs, without the triggers that would carry every row to nodes that do not exist. */
async function writeCatalogs(database: Database): Promise<void> {
  const run = (text: string): Promise<unknown> => database.change({ text }, { timeoutMs: 120_000 });
  await run(
    `DO $$ BEGIN
       FOR i IN 1..${tableCount} LOOP
         EXECUTE format('CREATE TABLE bench_%s (tenant_id bigint PRIMARY KEY, body text)', i);
       END LOOP;
     END $$`,
  );
  await run(`SET session_replication_role = replica`);
  await run(`SET allow_system_table_mods = on`);
  await run(
    `INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport, hasmetadata, isactive, metadatasynced)
     SELECT 1000 + i, 1000 + i, 'worker-' || i || '.invalid', 5432, true, true, true
       FROM generate_series(1, ${nodeCount} - (SELECT count(*)::int FROM pg_dist_node)) i`,
  );
  await run(
    `INSERT INTO pg_dist_colocation SELECT 1000 + i, 128, 1, 'bigint'::regtype, 0 FROM generate_series(0, 9) i`,
  );
  await run(
    `INSERT INTO pg_dist_partition (logicalrelid, partmethod, partkey, colocationid, repmodel)
     SELECT t.rel, 'h', column_name_to_column(t.rel, 'tenant_id'), 1000 + t.i % 10, 's'
       FROM (SELECT i, ('bench_' || i)::regclass AS rel FROM generate_series(1, ${tableCount}) i) t`,
  );
  // As evenly as it goes: some tables have one shard more.
  await run(
    `WITH tables AS (
       SELECT i, ${shardCount} / ${tableCount} + CASE WHEN i <= ${shardCount} % ${tableCount} THEN 1 ELSE 0 END AS shards
         FROM generate_series(1, ${tableCount}) i
     ), shards AS (
       SELECT i, shards, k, 4294967296 / shards AS width, row_number() OVER (ORDER BY i, k) AS place
         FROM tables, generate_series(0, shards - 1) k
     ), written AS (
       INSERT INTO pg_dist_shard (logicalrelid, shardid, shardstorage, shardminvalue, shardmaxvalue)
       SELECT ('bench_' || i)::regclass, 200000 + place, 't', (k * width - 2147483648)::text,
              CASE WHEN k = shards - 1 THEN '2147483647' ELSE ((k + 1) * width - 2147483649)::text END
         FROM shards
     )
     INSERT INTO pg_dist_placement (placementid, shardid, shardstate, shardlength, groupid)
     SELECT 500000 + place, 200000 + place, 1, 0,
            (SELECT array_agg(groupid ORDER BY groupid) FROM pg_dist_node WHERE groupid > 0)[1 + place % ${nodeCount - 1}]
       FROM shards`,
  );
  await run('RESET session_replication_role');
  await run('VACUUM ANALYZE pg_dist_shard');
  await run('VACUUM ANALYZE pg_dist_placement');
}
