/** Queries of the practice emulator go where the rows are: shown by EXPLAIN, and by nodes that are not there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import { toFailure } from '../../src-main/contract/failure';
import { connectTo, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { waitFor } from '../support/wait';

const shardCount = 12;

let cluster: PracticeClusterForTest;
let coordinator: Database;
/** Port of the node that has a shard, by shard id. */
let portOf: ReadonlyMap<string, string>;

beforeAll(async () => {
  cluster = await startPracticeCluster({ workers: 2, sampleData: true });
  coordinator = await cluster.connect();
  const placements = await coordinator.read<{ shardid: string; nodeport: number }>({
    text: 'SELECT shardid::text, nodeport FROM citus_shards',
  });
  portOf = new Map(placements.map(({ shardid, nodeport }) => [shardid, String(nodeport)]));
});
afterAll(() => cluster?.end());

interface PlanNode {
  readonly 'Remote SQL'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** What the coordinator would send away: the SQL, the shards named in it, the node that has them. */
async function sentFor(sql: string) {
  const [row] = await coordinator.read<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>({
    text: `EXPLAIN (VERBOSE, FORMAT JSON) ${sql}`,
  });
  const remote = (node: PlanNode): readonly string[] => [
    ...(node['Remote SQL'] === undefined ? [] : [node['Remote SQL']]),
    ...(node.Plans ?? []).flatMap(remote),
  ];
  return (row?.['QUERY PLAN'] ?? [])
    .flatMap(({ Plan }) => remote(Plan))
    .map((text) => {
      const shards = [...text.matchAll(/_(\d{6,})\b/g)].map(([, shardId]) => shardId ?? '');
      return { text, shards, ports: [...new Set(shards.map((shardId) => portOf.get(shardId)))] };
    });
}

async function shardOf(table: string, agency: number): Promise<string> {
  const [row] = await coordinator.read<{ id: string }>({
    text: 'SELECT get_shard_id_for_distribution_column($1, $2::bigint)::text AS id',
    values: [table, agency],
  });
  return row?.id ?? '';
}

async function answer(sql: string): Promise<readonly string[]> {
  return (await coordinator.read<{ row: string }>({ text: `SELECT q::text AS row FROM (${sql}) q` }))
    .map(({ row }) => row)
    .toSorted();
}

describe('a statement with the distribution column in its filter', () => {
  it.each([
    'SELECT * FROM permits WHERE agency_id = 7',
    'SELECT * FROM permits WHERE agency_id = 7::smallint',
    'SELECT count(*), sum(fee) FROM permits WHERE agency_id = 7',
    'SELECT agency_id, count(*) FROM permits WHERE agency_id = 7 GROUP BY agency_id',
    "UPDATE permits SET status = 'open' WHERE agency_id = 7",
    'DELETE FROM permits WHERE agency_id = 7 AND permit_id = 3',
  ])('is sent to one shard on one node: %s', async (sql) => {
    const sent = await sentFor(sql);
    expect(sent.map(({ shards }) => shards)).toEqual([[await shardOf('permits', 7)]]);
    expect(sent[0]?.ports).toHaveLength(1);
  });

  it('takes the shards of its colocated tables along', async () => {
    const sent = await sentFor(
      `SELECT a.name, p.status, i.passed FROM agencies a JOIN permits p USING (agency_id)
         JOIN inspections i USING (agency_id, permit_id) WHERE a.agency_id = 7`,
    );
    const group = ['agencies', 'permits', 'inspections'].map((table) => shardOf(table, 7));
    expect(sent.map(({ shards }) => shards.toSorted())).toEqual([(await Promise.all(group)).toSorted()]);
    expect(sent[0]?.ports).toHaveLength(1);
  });

  it('names every shard without such a filter', async () => {
    const sent = await sentFor('SELECT * FROM permits WHERE permit_id = 3');
    expect(new Set(sent.flatMap(({ shards }) => shards)).size).toBe(shardCount);
    expect(new Set(sent.flatMap(({ ports }) => ports)).size).toBe(2);
  });
});

describe.each(['as they were loaded', 'analysed'])('tables %s', (state) => {
  beforeAll(async () => {
    if (state !== 'analysed') return;
    // Every shard with rows enough: of a few rows PostgreSQL knows then that they may as well be counted here.
    await coordinator.change({
      text: `INSERT INTO permits (agency_id, code, fee) SELECT 1 + i % 60, 'BLD', i % 100 FROM generate_series(1, 30000) i`,
    });
    for (const table of ['agencies', 'permits', 'inspections']) {
      await coordinator.change({ text: `ANALYZE ${table}` });
    }
  });

  it.each([
    'SELECT agency_id, count(*), sum(fee) FROM permits GROUP BY agency_id',
    'SELECT agency_id, status, avg(fee) FROM permits GROUP BY 1, 2 HAVING count(*) > 3 ORDER BY 1, 2',
    'SELECT a.agency_id, a.name, count(*) FROM agencies a JOIN permits p USING (agency_id) GROUP BY 1, 2',
  ])('have their groups counted by the nodes: %s', async (sql) => {
    const sent = await sentFor(sql);
    expect(sent).toHaveLength(shardCount);
    for (const { text, ports } of sent) {
      expect(text).toMatch(/(count|avg)\(.* GROUP BY /);
      expect(ports).toHaveLength(1);
    }
  });

  it.each([
    'SELECT p.status, i.passed FROM permits p JOIN inspections i USING (agency_id, permit_id)',
    'SELECT a.name, p.status FROM agencies a LEFT JOIN permits p USING (agency_id)',
    'SELECT name FROM agencies a WHERE EXISTS (SELECT FROM permits p WHERE p.agency_id = a.agency_id AND fee > 900)',
  ])('are joined by the nodes where they are colocated: %s', async (sql) => {
    const sent = await sentFor(sql);
    expect(sent).toHaveLength(shardCount);
    for (const { shards, ports } of sent) {
      expect(shards).toHaveLength(2);
      expect(ports).toHaveLength(1);
    }
  });
});

describe('what is sent away', () => {
  const settings = ['enable_partitionwise_join', 'enable_partitionwise_aggregate'];
  const here = async <T>(work: () => Promise<T>): Promise<T> => {
    for (const name of settings) await coordinator.change({ text: `SET ${name} = off` });
    try {
      return await work();
    } finally {
      for (const name of settings) await coordinator.change({ text: `RESET ${name}` });
    }
  };

  it.each([
    'SELECT agency_id, status, count(*), sum(fee), min(filed_at) FROM permits GROUP BY 1, 2',
    'SELECT a.name, count(p.permit_id) FROM agencies a LEFT JOIN permits p USING (agency_id) GROUP BY 1',
    'SELECT p.code, t.title, count(*) FROM permits p JOIN permit_types t USING (code) GROUP BY 1, 2',
    `SELECT p.permit_id, count(*) FILTER (WHERE i.passed) FROM permits p
       JOIN inspections i USING (agency_id, permit_id) WHERE p.agency_id IN (7, 8) GROUP BY p.agency_id, 1`,
  ])('gives the same answer as rows counted here: %s', async (sql) => {
    const away = await answer(sql);
    expect(away.length).toBeGreaterThan(3);
    expect(away).toEqual(await here(() => answer(sql)));
  });

  it.each([
    `UPDATE permits p SET fee = fee + i.permit_id % 5 FROM inspections i
      WHERE p.agency_id = i.agency_id AND p.permit_id = i.permit_id AND NOT i.passed`,
    `UPDATE inspections i SET inspector = p.status FROM permits p
      WHERE p.agency_id = i.agency_id AND p.permit_id = i.permit_id AND i.agency_id = 7`,
    `DELETE FROM inspections i USING agencies a WHERE a.agency_id = i.agency_id AND a.region = 'North'`,
  ])('changes the same rows as rows joined here: %s', async (sql) => {
    const effect = async (): Promise<readonly string[]> => {
      await coordinator.change({ text: 'BEGIN' });
      try {
        await coordinator.change({ text: sql });
        return [
          ...(await answer('SELECT agency_id, count(*), sum(fee) FROM permits GROUP BY 1')),
          ...(await answer('SELECT agency_id, inspector, count(*) FROM inspections GROUP BY 1, 2')),
        ];
      } finally {
        await coordinator.change({ text: 'ROLLBACK' });
      }
    };
    const away = await effect();
    expect(away).toEqual(await here(effect));
    expect(away).not.toEqual([
      ...(await answer('SELECT agency_id, count(*), sum(fee) FROM permits GROUP BY 1')),
      ...(await answer('SELECT agency_id, inspector, count(*) FROM inspections GROUP BY 1, 2')),
    ]);
  });
});

describe('who is no superuser', () => {
  it("changes tables of his own, and nobody else's", async () => {
    const own = await cluster.connect();
    await own.change({ text: 'CREATE ROLE owner_of_tables' });
    await own.change({ text: 'GRANT CREATE ON SCHEMA public TO owner_of_tables' });
    await own.change({ text: 'SET ROLE owner_of_tables' });
    await own.change({
      text: 'CREATE TABLE owned (id int PRIMARY KEY); INSERT INTO owned VALUES (1), (2), (3)',
    });
    for (const call of [
      `create_distributed_table_concurrently('owned', 'id', shard_count := 2, colocate_with := 'none')`,
      `alter_distributed_table('owned', shard_count := 3)`,
      `isolate_tenant_to_new_shard('owned', 2)`,
      `update_distributed_table_colocation('owned', 'none')`,
      `undistribute_table('owned')`,
    ]) {
      await own.change({ text: `SELECT ${call}` });
    }
    expect(await own.read({ text: 'SELECT count(*)::int AS n FROM owned' })).toEqual([{ n: 3 }]);
    for (const call of [
      `alter_distributed_table('permits', shard_count := 3)`,
      `undistribute_table('permits')`,
      `isolate_tenant_to_new_shard('permits', 2, 'CASCADE')`,
      `update_distributed_table_colocation('permits', 'none')`,
      `create_reference_table('permits')`,
    ]) {
      await expect(own.change({ text: `SELECT ${call}` })).rejects.toMatchObject({
        failure: { sqlState: '42501', serverMessage: 'must be owner of table permits' },
      });
    }
  });
});

describe('what README names as a limit of the emulator', () => {
  it.each([
    ["INSERT INTO agencies VALUES (7, 'x', 'y') ON CONFLICT (agency_id) DO NOTHING", '42P10'],
    ["UPDATE permits SET fee = 1 WHERE agency_id = current_setting('app.tenant')::bigint", /^(0A000|42P01)$/],
    ['CREATE INDEX CONCURRENTLY ON permits (status)', '0A000'],
    [
      'CREATE TRIGGER t BEFORE INSERT ON permits FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
      'XX000',
    ],
    ["SELECT citus_add_clone_node('127.0.0.1', 1, '127.0.0.1', 2)", '0A000'],
  ])('is refused: %s', async (sql, sqlState) => {
    await coordinator.change({ text: "SET app.tenant = '7'" });
    await expect(coordinator.change({ text: sql })).rejects.toMatchObject({
      failure: { sqlState: expect.stringMatching(sqlState) as string },
    });
  });

  it('lets the second of two writers of one row wait and fail', async () => {
    const second = await cluster.connect();
    const port = Number(portOf.get(await shardOf('agencies', 7)));
    const workerOfSeven = await connectTo({ ...(await cluster.endpoint()), port });
    const write = { text: 'UPDATE agencies SET region = region WHERE agency_id = 7' };
    await coordinator.change({ text: 'BEGIN' });
    await coordinator.change(write);
    const waiting = second.change(write).then(() => 'written', toFailure);
    await waitFor('the second writer to wait for the first', async () => {
      const [row] = await workerOfSeven.read<{ n: number }>({
        text: 'SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted',
      });
      return row?.n === 1;
    });
    await coordinator.change({ text: 'COMMIT' });
    expect(await waiting).toMatchObject({ sqlState: '40001' });
    await workerOfSeven.close();
  });
});

describe('with a node gone', () => {
  it('a tenant of the other node is answered, one of its own is not', async () => {
    const { clusters } = await cluster.service.list();
    const gone = clusters[0]?.nodes.find(({ name }) => name === 'worker-1');
    const tenants = Array.from({ length: 20 }, (_, index) => index + 1);
    const ports = await Promise.all(
      tenants.map(async (agency) => portOf.get(await shardOf('permits', agency))),
    );
    const there = tenants.filter((_, index) => ports[index] !== String(gone?.port));
    const [lost] = tenants.filter((_, index) => ports[index] === String(gone?.port));
    expect(there.length).toBeGreaterThan(3);

    await cluster.service.killNode(cluster.practiceId, 'worker-1');
    for (const agency of there) {
      const [row] = await coordinator.read<{ n: string }>({
        text: 'SELECT count(*) AS n FROM agencies LEFT JOIN permits USING (agency_id) WHERE agency_id = $1',
        values: [agency],
      });
      expect(Number(row?.n)).toBeGreaterThan(0);
    }
    await expect(
      coordinator.read({ text: 'SELECT count(*) FROM permits WHERE agency_id = $1', values: [lost ?? 0] }),
    ).rejects.toMatchObject({ failure: { sqlState: expect.stringMatching(/^08/) as string } });
  });
});
