/** What the pages about tables read, on the emulator and, where there is one, on real Citus. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readServerFacts } from '../../src-main/citus/capabilities';
import { readRowEstimates } from '../../src-main/citus/row-estimates';
import { readSnapshot } from '../../src-main/citus/snapshot';
import { readForeignKeys } from '../../src-main/citus/table-keys';
import { qualified } from '../../src-main/connections/database';
import type { Database } from '../../src-main/connections/database';
import type { ClusterTable } from '../../src-main/contract/cluster';
import { onlineMoveFixes } from '../../src-main/plans/online-moves';
import { runDaemon } from '../../src-main/practice/daemon';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';

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
});
