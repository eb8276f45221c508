/**
 * A cluster of 200 nodes on one machine: real servers answer for all of them. The coordinator's catalogs are written, as
 * are the sizes; addresses of the loopback network, one a node, lead to three servers in turn. One node has no way to it.
 */
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import type { Database } from '../../src-main/connections/database';
import type { PracticeEndpoint } from '../../src-main/practice/practice-service';
import { freePort } from './plain-postgres';
import { startPracticeCluster } from './practice';

export const largeCluster = { nodes: 200, tables: 1_000, shards: 40_000, racks: 8 } as const;
/** Nodes that hold nothing yet, the last ones. */
const emptyNodes = 6;
/** Address of the node that nobody answers for, and of the one that is disabled. */
export const lostHost = '127.0.1.58';
export const inactiveHost = '127.0.1.120';

/** Tables, shards each, colocation id, and how large a shard is in megabytes. */
interface Family {
  readonly name: string;
  readonly tables: number;
  readonly shards: number;
  readonly megabytes: number;
}
const families: readonly Family[] = [
  { name: 'permits', tables: 40, shards: 400, megabytes: 900 },
  { name: 'documents', tables: 30, shards: 400, megabytes: 800 },
  { name: 'events', tables: 21, shards: 400, megabytes: 600 },
  { name: 'audit_events', tables: 40, shards: 32, megabytes: 300 },
  { name: 'invoices', tables: 40, shards: 32, megabytes: 200 },
  ...Array.from({ length: 21 }, (_, index) => ({
    name: `archive_${index + 1}`,
    ...{ tables: 10, shards: 2, megabytes: 40 },
  })),
  { name: 'archive_22', tables: 1, shards: 2, megabytes: 40 },
  ...Array.from({ length: 61 }, (_, index) => ({
    name: `project_${index + 1}`,
    ...{ tables: 10, shards: 1, megabytes: 20 },
  })),
  { name: 'project_62', tables: 8, shards: 1, megabytes: 20 },
];

export interface LargeCluster {
  readonly endpoint: PracticeEndpoint;
  readonly database: Database;
  end(): Promise<void>;
}

export async function startLargeCluster(): Promise<LargeCluster> {
  const cluster = await startPracticeCluster({ workers: 2 });
  const fronts: Server[] = [];
  const end = async (): Promise<void> => {
    for (const front of fronts) front.close();
    await cluster.end();
  };
  try {
    const database = await cluster.connect();
    const endpoint = await cluster.endpoint();
    const workers = [await cluster.endpoint('worker-1'), await cluster.endpoint('worker-2')];
    const targets = [endpoint, ...workers].map(({ port }) => port);
    const port = await freePort();
    const written = largeCluster.nodes - targets.length;
    for (let node = 1; node <= written; node += 1) {
      const host = `127.0.1.${node}`;
      if (host !== lostHost) fronts.push(await startFront(host, port, targets[node % 3] ?? endpoint.port));
    }
    await writeLargeCatalogs(database, written, port);
    return { endpoint, database, end };
  } catch (error) {
    await end();
    throw error;
  }
}

function startFront(host: string, port: number, target: number): Promise<Server> {
  const front = createServer((client) => {
    const server = connect(target, '127.0.0.1');
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  });
  return new Promise((resolve, reject) => {
    front.once('error', reject);
    front.listen(port, host, () => resolve(front));
  });
}

/** Straight into the catalogs, without the triggers that would carry every row to nodes that do not know it. */
async function writeLargeCatalogs(database: Database, nodes: number, port: number): Promise<void> {
  const run = (text: string): Promise<unknown> => database.change({ text }, { timeoutMs: 120_000 });
  const rows = families.map(
    ({ name, tables, shards, megabytes }, index) =>
      `(${index}, '${name}', ${tables}, ${shards}, ${megabytes})`,
  );
  await run(
    `CREATE TEMPORARY TABLE written AS
       SELECT row_number() OVER (ORDER BY f.family, t) AS place, 1000 + f.family AS colocation, f.shards, f.megabytes,
              f.name || CASE WHEN t = 1 THEN '' ELSE '_part_' || t END AS name, t AS member
         FROM (VALUES ${rows.join(', ')}) f (family, name, tables, shards, megabytes), generate_series(1, f.tables) t`,
  );
  await run(
    `DO $$ DECLARE one record; BEGIN
       FOR one IN SELECT name FROM written ORDER BY place LOOP
         EXECUTE format('CREATE TABLE %I (tenant_id bigint PRIMARY KEY)', one.name);
       END LOOP;
     END $$`,
  );
  await run('SET session_replication_role = replica');
  await run('SET allow_system_table_mods = on');
  await run(
    `INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport, noderack, hasmetadata, isactive, metadatasynced)
     SELECT 1000 + i, 1000 + i, '127.0.1.' || i, ${port},
            'rack ' || chr(65 + (i - 1) * ${largeCluster.racks} / ${nodes}), true, '127.0.1.' || i <> '${inactiveHost}', true
       FROM generate_series(1, ${nodes}) i`,
  );
  await run(`UPDATE pg_dist_node SET noderack = 'rack A' WHERE nodeid < 1000 AND groupid > 0`);
  await run(
    `INSERT INTO pg_dist_colocation SELECT DISTINCT colocation, shards, 1, 'bigint'::regtype, 0 FROM written`,
  );
  await run(
    `INSERT INTO pg_dist_partition (logicalrelid, partmethod, partkey, colocationid, repmodel)
     SELECT name::regclass, 'h', column_name_to_column(name::regclass, 'tenant_id'), colocation, 's' FROM written`,
  );
  // Shards of one range of a colocation group lie together; sizes differ by range, by table and a little by chance.
  await run(
    `WITH holders AS (
       SELECT array_agg(groupid ORDER BY nodeid) AS ids FROM (
         SELECT groupid, nodeid FROM pg_dist_node WHERE groupid > 0 ORDER BY nodeid LIMIT ${largeCluster.nodes - 1 - emptyNodes}) n
     ), shards AS (
       SELECT w.*, k, 4294967296 / shards AS width, row_number() OVER (ORDER BY place, k) AS number
         FROM written w, generate_series(0, shards - 1) k
     ), inserted AS (
       INSERT INTO pg_dist_shard (logicalrelid, shardid, shardstorage, shardminvalue, shardmaxvalue)
       SELECT name::regclass, 200000 + number, 't', (k * width - 2147483648)::text,
              CASE WHEN k = shards - 1 THEN '2147483647' ELSE ((k + 1) * width - 2147483649)::text END
         FROM shards
     )
     INSERT INTO pg_dist_placement (placementid, shardid, shardstate, shardlength, groupid)
     SELECT 500000 + number, 200000 + number, 1,
            (megabytes * 1048576::bigint * (0.4 + 0.9 * abs(sin(k * 12.9898 + colocation))) / (0.6 + 0.4 * member))::bigint,
            ids[1 + (k * 7 + colocation * 31) % array_length(ids, 1)]
       FROM shards, holders`,
  );
  // The tables are empty; their sizes are those that the catalogs name.
  await run(
    `CREATE OR REPLACE FUNCTION pg_catalog.citus_shard_sizes(OUT shard_id int, OUT size bigint) RETURNS SETOF record
     LANGUAGE sql STRICT AS 'SELECT shardid::int, shardlength FROM pg_catalog.pg_dist_placement'`,
  );
  await run('RESET session_replication_role');
  await run('DROP TABLE written');
  await run('VACUUM ANALYZE pg_dist_shard');
  await run('VACUUM ANALYZE pg_dist_placement');
}
