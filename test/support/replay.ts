/** Runs recordings from beginning to end on a practice cluster, with the state each of them presupposes. */
import { basename, join, resolve } from 'node:path';
import { emulator, startPracticeCluster } from './practice';
import type { PracticeClusterForTest, PracticeEngine } from './practice';
import { differences, openSession, PortMap, readRecording, recordedPorts } from './recordings';
import type { RecordedEntry, Recording, ReplaySession } from './recordings';

export const recordingsFolder = resolve(import.meta.dirname, 'recordings');

export interface Miss {
  readonly id: string;
  readonly what: readonly string[];
}

export interface ReplayResult {
  readonly file: string;
  readonly kind: 'catalog' | 'routing' | 'errors' | 'tables-change';
  readonly entries: number;
  readonly misses: readonly Miss[];
}

/**
 * What the recorders did between two entries and did not record, inferred from what comes after: 20,000 permits, of
 * agencies that put as many into each shard as route.shards_count counts there.
 */
const unrecorded: Readonly<Record<string, string>> = {
  'discover.extension': 'create extension if not exists pg_stat_statements',
  'catalog.citus_tables': `
    insert into permits (agency_id, code, status, filed_at, fee)
      select (array[1, 8, 15, 20, 24, 25, 26, 31, 5, 10, 35, 48, 4, 7, 3, 19, 36, 2, 27, 32, 41, 42, 9, 11, 12])[1 + i % 25],
             (array['BLD','ELE','EVT'])[1 + i % 3], 'open',
             timestamptz '2026-01-01' + i * interval '2 minutes', i % 500 from generate_series(1, 20000) i;
    insert into inspections (agency_id, permit_id, inspector, passed, at)
      select agency_id, permit_id, 'Inspector ' || permit_id % 9, true, filed_at from permits;
    insert into audit_events
      select i, 1 + i % 90, timestamptz '2026-01-01' + (i % 80000) * interval '1 minute', 'filed'
        from generate_series(1, 6000) i;
    insert into holidays values ('2026-01-01', 'New year');
    insert into tenant_a.notes values (1, 'note')`,
  // Between the catalogs and the changes of tables lay a day of mistakes, of rebalances, and of two more nodes.
  'isolate.call': `select setval('pg_dist_shardid_seq', 102312, false)`,
  'split.call': `select citus_add_node('127.0.0.1', 9703)`,
  'split.ranges': `select replicate_reference_tables('block_writes')`,
  'schema.move': `
    insert into pg_dist_cleanup
      select nextval('pg_dist_cleanup_recordid_seq'), 1, 1, 'tenant_a.notes_' || shardid, 99, 2
        from pg_dist_shard where logicalrelid = 'tenant_a.notes'::regclass`,
  'tables.after': `
    create table conc (id int primary key, note text);
    create table conc2 (id int, note text);
    create table idn (t bigint, n int);
    create table rl (id int, note text);
    create table orphans_local (id int primary key);
    select create_distributed_table('conc', 'id', shard_count := 4, colocate_with := 'none');
    select create_distributed_table('conc2', 'id', shard_count := 32, colocate_with := 'none');
    select create_distributed_table('idn', 't', shard_count := 32, colocate_with := 'none');
    select create_distributed_table('rl', 'id', colocate_with := 'conc2')`,
};

/** The tables that errors.json names without making them. */
const mistakesSetUp = [
  `create table u1 (id int primary key, tenant int);
   create table u2 (id int unique, tenant int);
   create table parent (id int primary key);
   create table child (id int, parent_id int references parent);
   create table conc (id int primary key, note text);
   create table conc2 (id int, note text);
   create table norid (id int, note text)`,
  `select create_distributed_table('norid', 'id', shard_count := 4)`,
] as const;

const plainUser = 'plain_user';

/** Replays on one cluster: files in the order given share its state, as the recorded ones did. */
export async function replay(
  files: readonly string[],
  engine: PracticeEngine = emulator,
): Promise<readonly ReplayResult[]> {
  const recordings = files.map((file) => ({ file, recording: readRecording(file) }));
  const ports = recordedPorts((recordings[0] ?? { recording: { cluster: '' } as Recording }).recording);
  const cluster = await startPracticeCluster({ engine, workers: Math.max(1, ports.length - 1) });
  try {
    const player = await createPlayer(cluster, ports.length > 1 ? ports : [9700, 9701]);
    const results: ReplayResult[] = [];
    for (const { file, recording } of recordings) results.push(await player.play(file, recording));
    await player.close();
    return results;
  } finally {
    await cluster.end();
  }
}

export function recordingFile(name: string): string {
  return join(recordingsFolder, `${name}.json`);
}

/** A file that starts from where catalog.json ends needs it played before. */
export function presupposes(recording: Recording): readonly string[] {
  return /as catalog\.json leaves/.test(recording.cluster) ? [recordingFile('catalog')] : [];
}

function kindOf(file: string, recording: Recording): ReplayResult['kind'] {
  const { recorded } = recording;
  if (basename(file).includes('tables-change')) return 'tables-change';
  if (recorded.some((entry) => entry.sql === undefined)) return 'routing';
  const isMostlyErrors = recorded.filter((entry) => entry.error).length * 2 > recorded.length;
  return isMostlyErrors || basename(file).includes('error') ? 'errors' : 'catalog';
}

interface Player {
  play(file: string, recording: Recording): Promise<ReplayResult>;
  close(): Promise<void>;
}

async function createPlayer(cluster: PracticeClusterForTest, recorded: readonly number[]): Promise<Player> {
  const ports = new PortMap();
  const view = (await cluster.service.list()).clusters[0];
  recorded.forEach((port, index) => ports.add(port, view?.nodes[index]?.port ?? 0));
  const sessions = new Map<string, ReplaySession>();
  const coordinator = await openSession(await cluster.endpoint());
  sessions.set('coordinator', coordinator);
  const typeNames = new Map<number, string>();

  const must = async (sql: string): Promise<void> => {
    const { error } = await coordinator.ask(ports.toHere(sql));
    if (error) throw new Error(`set-up failed: ${error.message} ${error.detail ?? ''}: ${sql.slice(0, 200)}`);
  };
  const learnTypes = async (): Promise<void> => {
    const { rows } = await coordinator.ask('select oid::int8, typname from pg_type');
    for (const [oid, name] of rows) typeNames.set(Number(oid), String(name));
  };
  const sessionOf = async (entry: RecordedEntry): Promise<ReplaySession> => {
    const place = entry.id.startsWith('on_worker.')
      ? 'worker-1'
      : entry.id.startsWith('as_plain_user.')
        ? plainUser
        : 'coordinator';
    const open = sessions.get(place);
    if (open) return open;
    const endpoint = await cluster.endpoint(place === 'worker-1' ? 'worker-1' : 'coordinator');
    if (place === plainUser) await must(`create role ${plainUser} login password '${endpoint.password}'`);
    const made = await openSession({ ...endpoint, user: place === plainUser ? plainUser : endpoint.user });
    sessions.set(place, made);
    return made;
  };
  /** Nodes that a recording adds are started empty when they are first named. */
  const prepareNodes = async (sql: string): Promise<void> => {
    for (const match of sql.matchAll(/_node\s*\(\s*'127\.0\.0\.1'\s*,\s*(97\d\d)\b/g)) {
      const port = Number(match[1]);
      if (!ports.has(port)) ports.add(port, (await cluster.service.addNode(cluster.practiceId)).port);
    }
  };

  const playStatement = async (entry: RecordedEntry): Promise<readonly string[]> => {
    const before = unrecorded[entry.id] ?? '';
    await prepareNodes(`${before} ${entry.sql ?? ''}`);
    if (before) await must(before);
    const session = await sessionOf(entry);
    const answer = await session.ask(ports.toHere(entry.sql ?? ''), entry.params);
    if (answer.columns.some((column) => !typeNames.has(column.typeId))) await learnTypes();
    return differences(entry, answer, ports, (oid) => typeNames.get(oid) ?? String(oid));
  };

  const playRoute = async (entry: RecordedEntry): Promise<readonly string[]> => {
    const table = tableOf(entry);
    const { rows, error } = await coordinator.ask(
      `select worker_hash($1::${entry.type}),
              (select n - 1 from (select shardid, row_number() over (order by shardminvalue::int) as n
                                    from pg_dist_shard where logicalrelid = '${table}'::regclass) s
                where shardid = get_shard_id_for_distribution_column('${table}', $1::${entry.type})),
              (select count(*) from pg_dist_shard where logicalrelid = '${table}'::regclass)`,
      [entry.value],
    );
    if (error) return [`${error.code} ${error.message}`];
    const [hash, index, count] = rows[0] ?? [];
    const found: string[] = [];
    if (Number(hash) !== entry.hash) found.push(`hash ${String(hash)}, not ${entry.hash}`);
    if (Number(index) !== Number(entry.shardIndex)) {
      found.push(`shard index ${String(index)}, not ${entry.shardIndex}`);
    }
    if (Number(count) !== entry.shardCount) found.push(`${String(count)} shards, not ${entry.shardCount}`);
    return found;
  };

  return {
    async play(file, recording) {
      const kind = kindOf(file, recording);
      if (kind === 'routing') await makeRoutingTables(recording, must);
      if (/\b(norid|conc2?|u1|u2|child)\b/.test(recording.recorded.map((entry) => entry.sql).join(' '))) {
        const { rows } = await coordinator.ask(`select to_regclass('norid')`);
        if (rows[0]?.[0] === null) for (const sql of mistakesSetUp) await must(sql);
      }
      const misses: Miss[] = [];
      for (const entry of recording.recorded) {
        const what = entry.sql === undefined ? await playRoute(entry) : await playStatement(entry);
        if (what.length > 0) misses.push({ id: entry.value ? `${entry.id} ${entry.value}` : entry.id, what });
      }
      return { file, kind, entries: recording.recorded.length, misses };
    },
    async close() {
      await Promise.all([...sessions.values()].map((session) => session.close()));
    },
  };
}

const tableOf = (entry: RecordedEntry): string => entry.id.replace(/^route\./, '');

async function makeRoutingTables(recording: Recording, must: (sql: string) => Promise<void>): Promise<void> {
  const tables = new Map(
    recording.recorded
      .filter((entry) => entry.sql === undefined)
      .map((entry) => [tableOf(entry), entry] as const),
  );
  for (const [table, { type, shardCount }] of tables) {
    await must(`create table ${table} (k ${type})`);
    await must(
      `select create_distributed_table('${table}', 'k', shard_count := ${shardCount}, colocate_with := 'none')`,
    );
  }
}
