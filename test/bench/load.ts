/**
 * What an open topology page costs the coordinator, from its own pg_stat_statements: three minutes of it, as an hour, against
 * an hour of a client that asks for citus_shards and citus_tables every ten seconds. 100 tables of 32 shards. Sizes are
 * counted as often as the page reads them while they change; of what Citus asks itself with nobody there, every figure of
 * the page has its share, and it is told beside them.
 */
import type { Database } from '../../src-main/connections/database';
import { sizesRestMs } from '../../src-main/monitor/sizes-keeper';
import { emulator, engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest, PracticeEngine } from '../support/practice';
import { median } from '../support/wait';
import { watchCluster, watchedId } from '../support/watched-cluster';
import type { BenchFigure } from './figure';

const tables = 100;
const shardsPerTable = 32;
const watchedMs = 180_000;
const hourMs = 3_600_000;
const pollsAnHour = hourMs / 10_000;
const aloneMs = 60_000;

interface Cost {
  readonly statements: number;
  /** Planning and execution. */
  readonly totalMs: number;
}

export async function run(): Promise<readonly BenchFigure[]> {
  const found = (await engines()).find(({ isEmulator }) => !isEmulator);
  return measure(found ?? emulator);
}

async function measure(engine: PracticeEngine): Promise<readonly BenchFigure[]> {
  const cluster = await startPracticeCluster({ engine, workers: 2 });
  try {
    await countStatements(cluster);
    const database = await cluster.connect();
    await makeTables(database);
    const poll = await costOfPolling(database);
    const alone = await costOf(database, aloneMs);
    const page = await costOfPage(cluster, database);
    const [ours, theirs] = [page.totalMs, poll.totalMs];
    const share = Number(((100 * ours) / theirs).toFixed(2));
    return [
      told(
        'shards',
        tables * shardsPerTable,
        engine.isEmulator ? 'shards on the emulator' : 'shards on Citus',
      ),
      told('page: statements a minute', perMinute(page), 'statements'),
      told('page: an hour', Math.round(ours), 'ms'),
      told('of which nobody asked: statements a minute', perMinute(alone), 'statements'),
      told('of which nobody asked: an hour', Math.round(alone.totalMs), 'ms'),
      told('polling: an hour', Math.round(theirs), 'ms'),
      { figure: 'page / polling', value: share, unit: '%', goal: '<= 5', holds: share <= 5 },
    ];
  } finally {
    await cluster.end();
  }
}

function told(figure: string, value: number, unit: string): BenchFigure {
  return { figure, value, unit, goal: '', holds: null };
}

/** The library has to be loaded at the start of the server. */
async function countStatements(cluster: PracticeClusterForTest): Promise<void> {
  const database = await cluster.connect();
  const libraries = cluster.engine.isEmulator ? 'pg_stat_statements' : 'citus,pg_stat_statements';
  await database.change({ text: `ALTER SYSTEM SET shared_preload_libraries = ${libraries}` });
  await cluster.service.killNode(cluster.practiceId, 'coordinator');
  await cluster.service.reviveNode(cluster.practiceId, 'coordinator');
  const again = await cluster.connect();
  await again.change({ text: 'CREATE EXTENSION pg_stat_statements' });
  await again.change({ text: 'ALTER SYSTEM SET pg_stat_statements.track_planning = on' });
  await again.change({ text: 'SELECT pg_reload_conf()' });
}

async function makeTables(database: Database): Promise<void> {
  for (let index = 1; index <= tables; index += 1) {
    await database.change({ text: `CREATE TABLE load_${index} (id bigint PRIMARY KEY, body text)` });
    await database.change(
      { text: `SELECT create_distributed_table('load_${index}', 'id', shard_count := ${shardsPerTable})` },
      { timeoutMs: 120_000 },
    );
  }
}

async function counted(database: Database): Promise<Cost> {
  const [row] = await database.read<Cost>({
    text: `SELECT coalesce(sum(calls), 0)::int AS statements,
       coalesce(sum(total_exec_time + total_plan_time), 0) AS "totalMs"
  FROM pg_stat_statements WHERE query !~ 'pg_stat_statements'`,
  });
  if (!row) throw new Error('pg_stat_statements told nothing');
  return row;
}

const forget = (database: Database): Promise<unknown> =>
  database.read({ text: 'SELECT pg_stat_statements_reset()' });

/** The median of some polls, as often as an hour has them. */
async function costOfPolling(database: Database): Promise<Cost> {
  const costs: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    await forget(database);
    const shards = await database.read({ text: 'SELECT * FROM citus_shards' });
    await database.read({ text: 'SELECT * FROM citus_tables' });
    if (shards.length < tables * shardsPerTable) throw new Error(`only ${shards.length} shards were listed`);
    // The first fills caches.
    if (round > 0) costs.push((await counted(database)).totalMs);
  }
  return { statements: 2 * pollsAnHour, totalMs: median(costs) * pollsAnHour };
}

const perMinute = ({ statements }: Cost): number => Number((statements / 60).toFixed(1));

/** An hour of what goes on by itself, from a shorter time. */
async function costOf(database: Database, watchedMs: number): Promise<Cost> {
  await forget(database);
  await new Promise((resolve) => setTimeout(resolve, watchedMs));
  const seen = await counted(database);
  const hours = watchedMs / hourMs;
  return { statements: seen.statements / hours, totalMs: seen.totalMs / hours };
}

async function costOfPage(cluster: PracticeClusterForTest, database: Database): Promise<Cost> {
  const watched = await watchCluster(await cluster.endpoint());
  try {
    const catalogs = await costOf(database, watchedMs);
    const readings = watched.of('snapshot.seen').length + watched.of('snapshot.changed').length;
    if (readings < watchedMs / 10_000) throw new Error(`the catalogs were read only ${readings} times`);
    // The first opens connections.
    await watched.monitor.lookAtSizes(watchedId, 'now');
    await forget(database);
    const began = performance.now();
    await watched.monitor.lookAtSizes(watchedId, 'now');
    const sizesAnHour = hourMs / sizesRestMs(performance.now() - began);
    const sizes = await counted(database);
    return {
      statements: catalogs.statements + sizes.statements * sizesAnHour,
      totalMs: catalogs.totalMs + sizes.totalMs * sizesAnHour,
    };
  } finally {
    await watched.end();
  }
}
