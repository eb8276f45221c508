import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readServerFacts } from '../../src-main/citus/capabilities';
import type { ServerFacts } from '../../src-main/citus/capabilities';
import { describeTable } from '../../src-main/citus/describe-table';
import { recognise } from '../../src-main/citus/recognise';
import { readRoleNames } from '../../src-main/citus/roles';
import { readShardSizes, toSizes } from '../../src-main/citus/sizes';
import { isSameGlance, readCatalogCounts, readGlance, readSnapshot } from '../../src-main/citus/snapshot';
import { readPlainTables } from '../../src-main/citus/tables';
import { qualified } from '../../src-main/connections/database';
import type { Database, Reader } from '../../src-main/connections/database';
import type { ClusterSnapshot, JobProgress } from '../../src-main/contract/cluster';
import type { EventName, Events } from '../../src-main/contract/events';
import { FailureError } from '../../src-main/contract/failure';
import { createMonitor } from '../../src-main/monitor/monitor';
import { runDaemon } from '../../src-main/practice/daemon';
import { createPlainPostgres } from '../support/plain-postgres';
import { connectTo, engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import recording from '../support/recordings/catalog.json' with { type: 'json' };
import { waitFor } from '../support/wait';

interface Recorded {
  readonly id: string;
  readonly sql: string;
  readonly rows?: readonly (readonly unknown[])[];
}

const recorded = recording.recorded as readonly Recorded[];

function rowsOf(id: string): readonly (readonly unknown[])[] {
  const rows = recorded.find((entry) => entry.id === id)?.rows;
  if (!rows) throw new Error(`no rows recorded under ${id}`);
  return rows;
}

/** The statements that made the recorded schema, in their order. */
const making = recorded.filter((entry) =>
  /^(schema\.create|distribute\.|reference\.|local\.|schema_based\.)/.test(entry.id),
);

/** A reader that keeps what it was asked. */
function counting(reader: Reader): { readonly reader: Reader; readonly texts: string[] } {
  const texts: string[] = [];
  return {
    texts,
    reader: {
      address: reader.address,
      read: (statement, options) => {
        texts.push(statement.text);
        return reader.read(statement, options);
      },
    },
  };
}

async function failureOf(work: Promise<unknown>): Promise<FailureError['failure']> {
  try {
    await work;
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
  throw new Error('it did not fail');
}

const nameOf = (table: { readonly schema: string; readonly name: string }): string =>
  table.schema === 'public' ? table.name : `${table.schema}.${table.name}`;

const hostile = [
  { schema: 'select', name: '"; drop table x; --' },
  { schema: 'select', name: `it's.a "table"` },
  { schema: 'public', name: 'Größe_漢字_😀' },
  { schema: 'public', name: 'n'.repeat(63) },
] as const;

describe.each(await engines())('reading a cluster on $name', (engine) => {
  let cluster: PracticeClusterForTest;
  let database: Database;
  let facts: ServerFacts;

  const run = async (text: string): Promise<void> => void (await database.change({ text }));

  beforeAll(async () => {
    cluster = await startPracticeCluster({
      engine,
      workers: 2,
      startDaemon: engine.isEmulator ? runDaemon : null,
    });
    database = await cluster.connect();
    for (const entry of making) await run(entry.sql);
    await run(`INSERT INTO permit_types VALUES ('BLD', 'Building')`);
    await run(`INSERT INTO agencies SELECT i, 'Agency ' || i FROM generate_series(1, 50) i`);
    facts = await readServerFacts(database);
  });

  afterAll(async () => {
    await cluster?.end();
  });

  /** A monitor with sessions of its own, as in the app. */
  const watching = async () => {
    const opened: Database[] = [];
    const open = async (port?: number): Promise<Database> => {
      const endpoint = await cluster.endpoint();
      const database = await connectTo({ ...endpoint, port: port ?? endpoint.port });
      opened.push(database);
      return database;
    };
    const coordinator = await open();
    const aside = await open();
    const published: { readonly event: EventName; readonly record: Events[EventName] }[] = [];
    const monitor = createMonitor({
      moveTimes: { samples: () => [], note: () => undefined },
      sessions: {
        coordinator: () => coordinator,
        aside: async () => aside,
        node: (_clusterId, { port }) => open(port),
      },
      publish: (event, record) => void published.push({ event, record }),
      settings: () => ({ refreshSeconds: 2 }),
    });
    const end = async (): Promise<void> => {
      monitor.stop();
      await Promise.all(opened.map((database) => database.close()));
    };
    return { monitor, published, end };
  };

  it('recognises the coordinator', async () => {
    const stages: string[] = [];
    const recognised = await recognise(database, (stage) => stages.push(stage));
    expect(stages).toEqual(['citus', 'topology']);
    expect(recognised).toMatchObject({
      nodeCount: 3,
      versions: { isPracticeEmulator: engine.isEmulator, citus: '13.2.2', extension: '13.2-1' },
      capabilities: {
        isCoordinator: true,
        isSuperuser: true,
        backgroundRebalance: true,
        parallelTransfer: true,
      },
      findings: [],
    });
  });

  it('shows the recorded schema: tables, types, columns, groups', async () => {
    const snapshot = await readSnapshot(database);
    const shown = snapshot.tables.map((table) => [
      nameOf(table),
      table.type,
      table.distributionColumn ?? '<none>',
      table.colocationId,
      String(table.shardCount),
      table.accessMethod,
    ]);
    const expected = rowsOf('catalog.citus_tables').map((row) => [
      row[0],
      row[1],
      row[2],
      row[3],
      row[5],
      row[7],
    ]);
    expect(new Set(shown.map((row) => JSON.stringify(row)))).toEqual(
      new Set(expected.map((row) => JSON.stringify(row))),
    );
    expect(snapshot.tables.find((table) => table.name === 'audit_events')).toMatchObject({
      isPartitioned: true,
      parentOid: null,
      hasReplicaIdentity: true,
    });
    const parent = snapshot.tables.find((table) => table.name === 'audit_events')?.oid;
    expect(snapshot.tables.find((table) => table.name === 'audit_events_2026_01')).toMatchObject({
      isPartitioned: false,
      parentOid: parent,
      hasReplicaIdentity: false,
      method: 'hash',
    });
    expect(snapshot.tables.find((table) => table.name === 'permits')?.hasReplicaIdentity).toBe(true);
    expect(
      snapshot.colocationGroups.map((group) => [
        group.colocationId,
        group.shardCount,
        group.replicationFactor,
      ]),
    ).toEqual(rowsOf('catalog.colocation').map((row) => row.slice(0, 3)));
    expect(snapshot.colocationGroups[0]?.distributionColumnType).toBe('bigint');
    expect(snapshot.rebalanceStrategies.map((strategy) => [strategy.name, strategy.isDefault])).toEqual(
      rowsOf('catalog.strategies').map((row) => [row[0], row[1]]),
    );
  });

  it('shows the recorded shards where they were recorded', async () => {
    const snapshot = await readSnapshot(database);
    const byOid = new Map(snapshot.tables.map((table) => [table.oid, nameOf(table)]));
    const groupsOf = new Map<string, number[]>();
    for (const row of rowsOf('catalog.placements')) {
      groupsOf.set(String(row[1]), [...(groupsOf.get(String(row[1])) ?? []), Number(row[4])].sort());
    }
    const expected = rowsOf('catalog.shards').map((row) => ({
      table: row[0],
      shardId: row[1],
      minValue: row[3] === null ? null : Number(row[3]),
      maxValue: row[4] === null ? null : Number(row[4]),
      groupIds: groupsOf.get(String(row[1])),
    }));
    // Citus deals shards out in the order of ports, which here are any that were free.
    const order = snapshot.nodes
      .filter((node) => node.groupId !== 0)
      .sort((a, b) => a.port - b.port)
      .map((node) => node.groupId);
    const shown = snapshot.shards.map(({ tableOid, ...shard }) => ({
      table: byOid.get(tableOid),
      ...shard,
      groupIds: shard.groupIds.map((groupId) => order.indexOf(groupId) + 1).sort(),
    }));
    const byId = (a: { shardId: unknown }, b: { shardId: unknown }): number =>
      Number(a.shardId) - Number(b.shardId);
    expect(shown.sort(byId)).toEqual(expected.sort(byId));
  });

  it('takes two statements, of which none names a view that asks the workers', async () => {
    const { reader, texts } = counting(database);
    await readSnapshot(reader);
    expect(texts).toHaveLength(2);
    expect(texts.join(' ')).not.toMatch(/(FROM|JOIN) (pg_catalog\.)?citus_/);
    expect(texts.join(' ')).not.toMatch(/(sizes?|progress|run_command_\w+)\(/);
  });

  it('sees with a glance that nothing changed, and every kind of change', async () => {
    const changes = [
      'CREATE TABLE glanced (id bigint PRIMARY KEY, note text)',
      `SELECT create_distributed_table('glanced', 'id', shard_count := 4)`,
      'ALTER TABLE glanced REPLICA IDENTITY FULL',
      'ALTER TABLE glanced RENAME TO looked_at',
      `SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', false) FROM pg_dist_node WHERE groupid = 1`,
      `SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', true) FROM pg_dist_node WHERE groupid = 1`,
      'DROP TABLE looked_at',
    ];
    const seen: boolean[] = [];
    let before = await readGlance(database);
    for (const change of changes) {
      await run(change);
      const after = await readGlance(database);
      seen.push(!isSameGlance(before, after));
      before = await readGlance(database);
      expect(isSameGlance(after, before)).toBe(true);
    }
    // A table that is only PostgreSQL's is none of the cluster's.
    expect(seen).toEqual([false, true, true, true, true, true, true]);
  });

  it('counts every change of the catalogs of Citus, and nothing else', async () => {
    expect(facts.catalog.countsPromptly).toBe(true);
    const count = (): Promise<string> => readCatalogCounts(database, facts.catalog);
    const counted = async (change: string): Promise<void> => {
      const before = await count();
      await run(change);
      await waitFor(`the count of: ${change}`, async () => (await count()) !== before, 60_000);
    };
    await run('CREATE TABLE counted (id bigint PRIMARY KEY)');
    await counted(`SELECT create_distributed_table('counted', 'id', shard_count := 4)`);
    await counted(
      `SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', false) FROM pg_dist_node WHERE groupid = 1`,
    );
    await counted(
      `SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', true) FROM pg_dist_node WHERE groupid = 1`,
    );
    await counted('DROP TABLE counted');
    // What is still to be told of before, or is tidied up in the background, may fall into the first rounds.
    await waitFor('a round of reading, and of PostgreSQL by itself, that is not counted', async () => {
      const before = await count();
      await readSnapshot(database);
      await readGlance(database);
      await run('CREATE TABLE not_counted (id bigint)');
      await run('DROP TABLE not_counted');
      await run('SELECT pg_stat_force_next_flush()');
      return (await count()) === before;
    });
  });

  it('names every role of the server but those that each has', async () => {
    await run(`CREATE ROLE "Clerk, o'Neill"`);
    try {
      const names = await readRoleNames(database);
      expect(names).toContain("Clerk, o'Neill");
      expect(names).toContain(facts.capabilities.role);
      expect(names.filter((name) => name.startsWith('pg_'))).toEqual([]);
    } finally {
      await run(`DROP ROLE "Clerk, o'Neill"`);
    }
  });

  it('does not count a shard twice when its node has a read replica', async () => {
    const before = await readSnapshot(database);
    const worker = before.nodes.find((node) => node.groupId === 1);
    if (!worker) throw new Error('no worker');
    await run(
      `SELECT citus_add_secondary_node('replica.invalid', 5432, '${worker.name}', ${worker.port}, 'readers')`,
    );
    try {
      const after = await readSnapshot(database);
      expect(after.nodes).toHaveLength(before.nodes.length + 1);
      expect(after.nodes.find((node) => node.name === 'replica.invalid')).toMatchObject({
        role: 'secondary',
        groupId: 1,
        nodeCluster: 'readers',
      });
      expect(after.shards).toEqual(before.shards);
    } finally {
      await run(`SELECT citus_remove_node('replica.invalid', 5432)`);
    }
  });

  it('lists plain tables only: no Citus table, shard, partition, temporary table', async () => {
    await run('CREATE TEMPORARY TABLE passing (a int)');
    await run('CREATE TABLE plain_102008 (a int)');
    await run('CREATE TABLE measured (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)');
    await run(
      `CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
    );
    await run(`INSERT INTO measured SELECT i, '2026-02-02' FROM generate_series(1, 500) i`);
    await run('ANALYZE measured');
    // Shards are hidden from clients by default; they must not show where they are not.
    await run('SET citus.override_table_visibility = off');
    try {
      const tables = await readPlainTables(database, facts.catalog);
      expect(tables.map((table) => table.name)).toEqual(['measured', 'orphans', 'plain_102008']);
      expect(tables[0]).toMatchObject({ isPartitioned: true, rowEstimate: 500 });
      expect(tables[0]?.bytes).toBeGreaterThan(8192);
      expect(tables[1]).toMatchObject({ isPartitioned: false, rowEstimate: -1, schema: 'public' });
    } finally {
      await run('RESET citus.override_table_visibility');
      await run('DROP TABLE plain_102008, measured, passing');
    }
  });

  it('reads, describes and measures tables with hostile names', async () => {
    await run('CREATE SCHEMA "select"');
    for (const [index, table] of hostile.entries()) {
      await run(`CREATE TABLE ${qualified(table)} (id bigint PRIMARY KEY, "col""umn; --" text)`);
      if (index % 2 === 0) {
        await database.change({
          text: `SELECT create_distributed_table($1::regclass, 'id', shard_count => 4, colocate_with => 'none')`,
          values: [qualified(table)],
        });
      }
    }
    const snapshot = await readSnapshot(database);
    const plain = await readPlainTables(database, facts.catalog);
    const sizes = toSizes(await readShardSizes(database, facts.catalog), snapshot);
    expect(sizes.incomplete).toBeNull();
    for (const [index, table] of hostile.entries()) {
      const description = await describeTable(database, facts.catalog, table);
      expect(description).toMatchObject({ ...table, citusType: index % 2 === 0 ? 'distributed' : null });
      expect(description.columns.map((column) => column.name)).toEqual(['id', 'col"umn; --']);
      expect(description.constraints[0]).toMatchObject({ type: 'primary-key', columns: ['id'] });
      const isIn = (list: readonly { schema: string; name: string }[]): boolean =>
        list.some((one) => one.schema === table.schema && one.name === table.name);
      expect([isIn(snapshot.tables), isIn(plain)]).toEqual([index % 2 === 0, index % 2 === 1]);
    }
  });

  it('describes what matters for distributing a table', async () => {
    await run(`CREATE TYPE mood AS ENUM ('fine', 'bad')`);
    await run('CREATE DOMAIN short AS varchar(10)');
    await run(`CREATE TABLE kinds (
      id int GENERATED ALWAYS AS IDENTITY UNIQUE, twice int GENERATED ALWAYS AS (1 + 1) STORED,
      big bigint NOT NULL, note varchar, mood mood, short short, list int[], places point[], place point,
      document json, better jsonb, amount numeric(10,2))`);
    await run('CREATE UNIQUE INDEX kinds_note ON kinds (lower(note), big) INCLUDE (amount)');
    await run('CREATE TABLE kinds_child (kind int REFERENCES kinds (id))');
    await run(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'`);
    await run('CREATE TRIGGER "keep it" BEFORE INSERT ON kinds FOR EACH ROW EXECUTE FUNCTION keep()');
    await run(`INSERT INTO kinds (big) SELECT i % 10 FROM generate_series(1, 1000) i`);
    await run('ANALYZE kinds');
    const kinds = await describeTable(database, facts.catalog, { schema: 'public', name: 'kinds' });
    const hashable = kinds.columns.filter((column) => column.isHashable).map((column) => column.name);
    expect(hashable).toEqual(['id', 'twice', 'big', 'note', 'mood', 'short', 'list', 'better', 'amount']);
    expect(kinds.columns.find((column) => column.name === 'id')).toMatchObject({ isIdentity: true });
    expect(kinds.columns.find((column) => column.name === 'twice')).toMatchObject({ isGenerated: true });
    expect(kinds.columns.find((column) => column.name === 'big')).toMatchObject({
      type: 'bigint',
      isNullable: false,
      distinctEstimate: 10,
      nullFraction: 0,
    });
    expect(kinds.columns.find((column) => column.name === 'amount')?.type).toBe('numeric(10,2)');
    expect(kinds).toMatchObject({
      rowEstimate: 1000,
      relationKind: 'table',
      isTemporary: false,
      isPartition: false,
      citusType: null,
      triggers: ['keep it'],
      referencedBy: [{ schema: 'public', name: 'kinds_child', constraint: 'kinds_child_kind_fkey' }],
      constraints: [{ name: 'kinds_id_key', type: 'unique', columns: ['id'] }],
      uniqueIndexes: [{ name: 'kinds_note', columns: ['lower(note::text)', 'big'] }],
    });
    await run('CREATE VIEW kinds_seen AS SELECT 1 AS one');
    expect(
      (await describeTable(database, facts.catalog, { schema: 'public', name: 'kinds_seen' })).relationKind,
    ).toBe('view');
    expect(
      await failureOf(describeTable(database, facts.catalog, { schema: 'public', name: 'no such' })),
    ).toMatchObject({ kind: 'not-found' });
    await run('DROP VIEW kinds_seen');
    await run('DROP TABLE kinds_child, kinds');
  });

  it('describes keys of a distributed table as Citus has them', async () => {
    const permits = await describeTable(database, facts.catalog, { schema: 'public', name: 'permits' });
    expect(permits.constraints).toEqual([
      {
        name: 'permits_code_fk',
        type: 'foreign-key',
        columns: ['code'],
        references: { schema: 'public', name: 'permit_types', columns: ['code'] },
        definition: 'FOREIGN KEY (code) REFERENCES permit_types(code)',
      },
      {
        name: 'permits_pkey',
        type: 'primary-key',
        columns: ['agency_id', 'permit_id'],
        references: null,
        definition: 'PRIMARY KEY (agency_id, permit_id)',
      },
    ]);
    expect(permits.referencedBy).toEqual([
      { schema: 'public', name: 'inspections', constraint: 'inspections_permit_fk' },
    ]);
    expect(permits).toMatchObject({ relationKind: 'table', isPartitioned: false, citusType: 'distributed' });
    const events = await describeTable(database, facts.catalog, { schema: 'public', name: 'audit_events' });
    expect(events).toMatchObject({ relationKind: 'partitioned', isPartitioned: true });
  });

  it('measures every shard, as Citus adds them up', async () => {
    const snapshot = await readSnapshot(database);
    const sizes = toSizes(await readShardSizes(database, facts.catalog), snapshot);
    expect(sizes.incomplete).toBeNull();
    expect(Object.keys(sizes.shardBytes)).toHaveLength(snapshot.shards.length);
    const agencies = snapshot.tables.find((table) => table.name === 'agencies');
    const added = snapshot.shards
      .filter((shard) => shard.tableOid === agencies?.oid)
      .reduce((total, shard) => total + (sizes.shardBytes[shard.shardId] ?? Number.NaN), 0);
    const [row] = await database.read<{ bytes: string }>({
      text: `SELECT citus_total_relation_size('agencies')::text AS bytes`,
    });
    expect(added).toBe(Number(row?.bytes));
    expect(added).toBeGreaterThan(0);
  });

  it('recognises a worker and offers the coordinator that it knows', async () => {
    const worker = await cluster.connect('worker-1');
    const failure = await failureOf(recognise(worker, () => undefined));
    expect(failure).toMatchObject({ kind: 'not-coordinator', node: worker.address });
    expect(failure.remedy).toContain(database.address.split(':')[1]);
  });

  it('recognises a role with few rights, lets it look, and says what it cannot do', async () => {
    await run(`CREATE ROLE looker LOGIN PASSWORD 'look'`);
    const endpoint = await cluster.endpoint();
    const looker = await connectTo({ ...endpoint, user: 'looker', password: 'look' });
    try {
      const recognised = await recognise(looker, () => undefined);
      expect(recognised.capabilities).toMatchObject({
        isSuperuser: false,
        role: 'looker',
        parallelTransfer: true,
      });
      expect(recognised.findings.map((finding) => finding.code)).toEqual([
        'role-not-superuser',
        'role-owns-too-little',
      ]);
      expect((await readSnapshot(looker)).shards).toEqual((await readSnapshot(database)).shards);
    } finally {
      await looker.close();
    }
    await run('REVOKE SELECT ON pg_catalog.pg_dist_node FROM PUBLIC');
    const again = await connectTo({ ...endpoint, user: 'looker', password: 'look' });
    try {
      expect(await failureOf(recognise(again, () => undefined))).toMatchObject({
        kind: 'permission',
        sqlState: '42501',
      });
    } finally {
      await again.close();
      await run('GRANT SELECT ON pg_catalog.pg_dist_node TO PUBLIC');
    }
  });

  it('recognises a database without the extension, one whose Citus is too old, and a coordinator not registered', async () => {
    await run('CREATE DATABASE empty');
    const endpoint = await cluster.endpoint();
    const empty = await connectTo({ ...endpoint, database: 'empty' });
    try {
      const without = await failureOf(recognise(empty, () => undefined));
      expect(without).toMatchObject({ kind: 'not-citus' });
      expect(without.remedy).toContain('CREATE EXTENSION citus;');
      await empty.change({ text: 'CREATE EXTENSION citus' });
      const recognised = await recognise(empty, () => undefined);
      expect(recognised.nodeCount).toBe(0);
      expect(recognised.findings.map((finding) => finding.code)).toEqual(['coordinator-not-registered']);
      await empty.change({ text: `UPDATE pg_extension SET extversion = '10.2-4' WHERE extname = 'citus'` });
      expect(await failureOf(recognise(empty, () => undefined))).toMatchObject({
        kind: 'unsupported-version',
      });
    } finally {
      await empty.close();
    }
    if (engine.isEmulator) return;
    // A library that refuses to work with the extension it finds: only real Citus has one.
    const setting = await connectTo({ ...endpoint, database: 'empty' });
    await setting.change({ text: `UPDATE pg_extension SET extversion = '12.1-1' WHERE extname = 'citus'` });
    await setting.close();
    const mixed = await connectTo({ ...endpoint, database: 'empty' });
    try {
      const failure = await failureOf(recognise(mixed, () => undefined));
      expect(failure).toMatchObject({ kind: 'unsupported-version' });
      expect(failure.remedy).toContain('ALTER EXTENSION citus UPDATE; in database "empty"');
      // The catalogs can be read meanwhile, which is what somebody in the middle of an upgrade needs.
      expect((await readSnapshot(mixed)).versions.extension).toBe('12.1-1');
    } finally {
      await mixed.close();
    }
  });

  it('follows a rebalance that somebody else started, from its first move to its end', async () => {
    for (const table of ['audit_events_2026_01', 'audit_events_2026_02']) {
      await run(`ALTER TABLE ${table} REPLICA IDENTITY FULL`);
    }
    const added = await cluster.service.addNode(cluster.practiceId);
    await database.change({ text: 'SELECT citus_add_node($1, $2)', values: [added.host, added.port] });
    const { monitor, published, end } = await watching();
    try {
      monitor.watch('c');
      const before = await monitor.refresh('c');
      const target = before.nodes.find((node) => node.port === added.port);
      // Somebody who writes to every shard holds up the first move until it was seen.
      const writer = await cluster.connect();
      await writer.change({ text: 'BEGIN' });
      await writer.change({ text: `INSERT INTO agencies SELECT i, 'x' FROM generate_series(1000, 1200) i` });
      await run(`SELECT citus_rebalance_start('by_shard_count', shard_transfer_mode => 'block_writes')`);
      const address = `${added.host}:${added.port}`;
      await waitFor(
        'a move to the new node',
        () => monitor.progress('c')?.moves.some((move) => move.targetNode === address),
        60_000,
      );
      await writer.change({ text: 'COMMIT' });
      await waitFor('the rebalance to end', () => monitor.progress('c')?.job.state === 'finished', 90_000);
      const seen = published
        .filter((one) => one.event === 'progress.changed')
        .map((one) => one.record as JobProgress);
      expect(seen[0]?.job.state).not.toBe('finished');
      const last = seen.at(-1);
      const moves = last?.tasks.filter((task) => task.shardId !== null) ?? [];
      expect(moves.length).toBeGreaterThan(1);
      expect(moves.every((task) => task.targetNodeId === target?.nodeId && task.status === 'done')).toBe(
        true,
      );
      expect(last?.bytesTotal).toBeGreaterThan(0);
      expect(last?.bytesDone).toBe(last?.bytesTotal);
      const after = await waitFor('the shards on the new node', () => {
        const snapshot = monitor.snapshot('c');
        const there = snapshot?.shards.filter((shard) => shard.groupIds.includes(target?.groupId ?? -1));
        return there && moves.every((task) => there.some((shard) => shard.shardId === task.shardId)) && there;
      });
      expect(after.length).toBeGreaterThan(moves.length);
    } finally {
      await end();
    }
  });

  it('goes on reading when a worker dies: who is gone is known, sizes say what is missing', async () => {
    const snapshotBefore = await readSnapshot(database);
    const { monitor, end } = await watching();
    try {
      monitor.watch('c');
      await waitFor('every node to answer', () =>
        monitor.reachability('c')?.nodes.every((one) => one.state === 'reachable'),
      );
      const before = await monitor.sizes('c', 0);
      expect(before.incomplete).toBeNull();

      await cluster.service.killNode(cluster.practiceId, 'worker-2');
      const began = Date.now();
      const reached = await monitor.probe('c');
      expect(reached.nodes.map((one) => one.state)).toEqual([
        'reachable',
        'reachable',
        'unreachable',
        'reachable',
      ]);
      expect(reached.nodes[2]?.failure?.kind).toBe('unreachable');
      const snapshot: ClusterSnapshot = await monitor.refresh('c');
      expect(Date.now() - began).toBeLessThan(10_000);
      expect(snapshot.shards).toEqual(snapshotBefore.shards);

      const dead = snapshot.nodes[2];
      const after = await monitor.sizes('c', 0);
      expect(after.incomplete).toContain(`${dead?.name}:${dead?.port}`);
      const missing = snapshot.shards.filter((shard) => after.shardBytes[shard.shardId] === undefined);
      expect(missing.length).toBeGreaterThan(0);
      expect(missing.every((shard) => shard.groupIds.every((groupId) => groupId === dead?.groupId))).toBe(
        true,
      );
    } finally {
      await end();
      await cluster.service.reviveNode(cluster.practiceId, 'worker-2');
    }
  });
});

describe('a server that never had Citus', () => {
  it('is recognised, and what to install is said', async () => {
    const server = await createPlainPostgres(['host all all 127.0.0.1/32 scram-sha-256']);
    try {
      const database = await connectTo({
        host: '127.0.0.1',
        port: server.port,
        database: 'postgres',
        user: server.user,
        password: server.password,
      });
      try {
        const failure = await failureOf(recognise(database, () => undefined));
        expect(failure).toMatchObject({ kind: 'not-citus' });
        expect(failure.remedy).toMatch(/install the Citus package for PostgreSQL 18/);
      } finally {
        await database.close();
      }
    } finally {
      await server.remove();
    }
  });
});
