/**
 * Of the errors that a real Citus answered to distributing and changing tables (errors.json), how many the planner
 * foresees: each is brought about on a practice cluster, the plan is asked for, and its refusal has to name the cause.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Database } from '../../src-main/connections/database';
import type { OperationRequest, PlanReply } from '../../src-main/contract/operations';
import { foresightCases, foresightGround } from '../support/foresight-cases';
import type { ForesightCase } from '../support/foresight-cases';
import { operate } from '../support/operated-cluster';
import type { OperatedCluster } from '../support/operated-cluster';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeEngine } from '../support/practice';
import { readRecording } from '../support/recordings';
import type { BenchFigure } from './figure';

const families =
  /^(distribute|reference|undistribute|alter|isolate|split|schema)\.|^on_worker\.create_distributed/;

export async function run(): Promise<readonly BenchFigure[]> {
  const figures: BenchFigure[] = [];
  // The recordings are of Citus 13.2.2; where it is found, what the planner reads comes from the real thing too.
  for (const engine of await engines()) {
    const { total, misses } = await foresee(engine);
    for (const miss of misses) process.stderr.write(`${engine.name}: not foreseen: ${miss}\n`);
    const share = (total - misses.length) / total;
    figures.push({
      figure: `${total} recorded errors foreseen, ${engine.name}`,
      value: share,
      unit: 'share',
      goal: '= 1',
      holds: share === 1,
    });
  }
  return figures;
}

export async function foresee(
  engine?: PracticeEngine,
): Promise<{ readonly total: number; readonly misses: readonly string[] }> {
  const file = resolve(import.meta.dirname, '../support/recordings/errors.json');
  const recorded = readRecording(file).recorded.filter((entry) => entry.error && families.test(entry.id));
  const cluster = await startPracticeCluster({ workers: 2, engine });
  const folder = await mkdtemp(join(tmpdir(), 'shardboard-foresight-'));
  const onCoordinator = await operate(cluster, folder);
  const onWorker = await operate({ ...cluster, endpoint: () => cluster.endpoint('worker-1') }, folder);
  try {
    const database = await cluster.connect();
    // One transaction each: Citus alters no table in the one that made its shards in parallel.
    for (const text of foresightGround.split(/;\s*(?:\n|$)/))
      if (text.trim() !== '') await database.change({ text });
    const misses: string[] = [];
    for (const entry of recorded) {
      const known = foresightCases.find((one) => one.id === entry.id);
      const found = known
        ? await missOf(known, database, known.onWorker ? onWorker : onCoordinator)
        : 'no case for it';
      if (found !== null) misses.push(`${entry.id} (${entry.error?.message ?? ''}): ${found}`);
    }
    return { total: recorded.length, misses };
  } finally {
    await onWorker.end();
    await onCoordinator.end();
    await cluster.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Null when it is foreseen. */
async function missOf(
  one: ForesightCase,
  database: Database,
  operated: OperatedCluster,
): Promise<string | null> {
  if (one.setup) await database.change({ text: one.setup });
  const reply = await operated.plan(await placed(one.request, database));
  if (one.avoids) return one.avoids(reply) ? null : `planned otherwise: ${words(reply)}`;
  const isNamed =
    reply.outcome === 'refusal'
    && reply.reasons.some((reason) => reason.code === one.code && reason.message !== '' && reason.fix !== '');
  return isNamed ? null : `${one.code ?? ''} expected, ${words(reply)}`;
}

/** Names that only the cluster knows: the schema of temporary tables, the number of a shard. */
async function placed(request: OperationRequest, database: Database): Promise<OperationRequest> {
  if (request.kind === 'distribute-table' && request.table.schema === 'pg_temp') {
    const [row] = await database.read<{ readonly schema: string }>({
      text: 'SELECT pg_my_temp_schema()::regnamespace::text AS schema',
    });
    return { ...request, table: { ...request.table, schema: row?.schema ?? '' } };
  }
  if (request.kind === 'split-shard') {
    const [row] = await database.read<{ readonly shard: string }>({
      text: `SELECT min(shardid)::text AS shard FROM pg_dist_shard WHERE logicalrelid = 'conc'::regclass`,
    });
    return { ...request, shardId: row?.shard ?? '' };
  }
  return request;
}

function words(reply: PlanReply): string {
  return reply.outcome === 'plan'
    ? `planned "${reply.plan.title}"`
    : reply.reasons.map((reason) => reason.code).join(', ');
}
