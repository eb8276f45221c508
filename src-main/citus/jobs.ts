/** Background jobs, their tasks, and how far the moves of the running ones are. */
import type { Reader, StatementOptions } from '../connections/database';
import type { BackgroundJob, JobState, MoveProgress, TaskProgress } from '../contract/cluster';
import type { ShardTransferMode } from '../contract/operations';
import type { CatalogFacts } from './capabilities';
import { compareShardIds } from './shards';

const endedStates: readonly JobState[] = ['finished', 'cancelled', 'failed'];

export function hasEnded(job: { readonly state: JobState }): boolean {
  return endedStates.includes(job.state);
}

const jobFields = `
  json_build_object(
    'jobId', j.job_id::text, 'state', j.state, 'jobType', j.job_type, 'description', j.description,
    'startedAt', j.started_at, 'finishedAt', j.finished_at,
    'taskCounts', coalesce(
      (SELECT json_object_agg(t.status, t.tasks ORDER BY t.status)
         FROM (SELECT status, count(*) AS tasks FROM pg_catalog.pg_dist_background_task
                WHERE job_id = j.job_id GROUP BY status) t), '{}'))`;

/** A scalar subquery: the jobs that have not ended and the newest that has, as JSON text. */
export function jobsColumn(catalog: CatalogFacts): string {
  if (!catalog.hasBackgroundJobs) return `'[]'`;
  return `
  (SELECT coalesce(json_agg(${jobFields} ORDER BY j.job_id), '[]')::text
     FROM pg_catalog.pg_dist_background_job j
    WHERE j.state NOT IN ('finished', 'cancelled', 'failed')
       OR j.job_id = (SELECT max(e.job_id) FROM pg_catalog.pg_dist_background_job e
                       WHERE e.state IN ('finished', 'cancelled', 'failed')))`;
}

export function parseJobs(text: string): readonly BackgroundJob[] {
  return JSON.parse(text) as BackgroundJob[];
}

export interface JobWithTasks {
  readonly job: BackgroundJob;
  readonly tasks: readonly TaskProgress[];
}

/** A job and its tasks, from the coordinator's own catalogs: contacts no worker. Null when there is no such job. */
export async function readJob(
  reader: Reader,
  jobId: string,
  options?: StatementOptions,
): Promise<JobWithTasks | null> {
  const [row] = await reader.read<{ job: string; tasks: string }>(
    {
      text: `
SELECT ${jobFields}::text AS job,
       (SELECT coalesce(json_agg(json_build_object(
                 'taskId', t.task_id::text, 'status', t.status, 'command', t.command,
                 'retryCount', coalesce(t.retry_count, 0), 'message', coalesce(t.message, '')
               ) ORDER BY t.task_id), '[]')::text
          FROM pg_catalog.pg_dist_background_task t WHERE t.job_id = j.job_id) AS tasks
  FROM pg_catalog.pg_dist_background_job j
 WHERE j.job_id = $1::bigint`,
      values: [jobId],
    },
    options,
  );
  if (!row) return null;
  const tasks = JSON.parse(row.tasks) as Omit<TaskProgress, keyof TaskTarget>[];
  return {
    job: JSON.parse(row.job) as BackgroundJob,
    tasks: tasks.map((task) => ({ ...task, ...parseTaskCommand(task.command) })),
  };
}

export interface TaskTarget {
  readonly shardId: string | null;
  readonly sourceNodeId: number | null;
  readonly targetNodeId: number | null;
}

/**
 * What a task moves, out of the command that Citus wrote for it:
 * "SELECT pg_catalog.citus_move_shard_placement(102008,2,6,'auto')". All null where it is another command, such as
 * replicate_reference_tables, or the form with host names that Citus 11.1 wrote.
 */
export function parseTaskCommand(command: string): TaskTarget {
  const byId = /\bcitus_(?:move|copy)_shard_placement\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,/.exec(command);
  if (byId) {
    return { shardId: byId[1] ?? null, sourceNodeId: Number(byId[2]), targetNodeId: Number(byId[3]) };
  }
  const byName = /\bcitus_(?:move|copy)_shard_placement\(\s*(\d+)\s*,/.exec(command);
  return { shardId: byName?.[1] ?? null, sourceNodeId: null, targetNodeId: null };
}

/** How a task's command moves rows; null where it moves none. */
export function parseTaskMode(command: string): ShardTransferMode | null {
  const mode = /\bcitus_(?:move|copy)_shard_placement\(.*'(auto|force_logical|block_writes)'\s*\)/.exec(
    command,
  );
  return (mode?.[1] as ShardTransferMode | undefined) ?? null;
}

/** A row of get_rebalance_progress(): one shard on its way. */
export interface ShardProgressRow {
  readonly sessionId: number;
  readonly table: string;
  readonly shardId: string;
  readonly sourceNode: string;
  readonly targetNode: string;
  /** 0 waits, 1 moves, 2 has moved. */
  readonly progress: number;
  readonly sourceBytes: number | null;
  readonly targetBytes: number | null;
  readonly operation: 'move' | 'copy';
  readonly status: string | null;
  readonly sourceLsn: string | null;
  readonly targetLsn: string | null;
}

/** Asks the workers involved for sizes, so it takes as long as they do: not for the session that others wait for. */
export async function readShardProgress(
  reader: Reader,
  options?: StatementOptions,
): Promise<readonly ShardProgressRow[]> {
  // Whole rows: operation_type came with Citus 11.1, the positions in the log and the status with 11.2.
  const rows = await reader.read<{ shard: string; whole: string }>(
    {
      text: `
SELECT p.shardid::text AS shard, to_json(p)::text AS whole
  FROM pg_catalog.get_rebalance_progress() p ORDER BY p.sessionid, p.shardid`,
    },
    options,
  );
  return rows.map(({ shard, whole }) => {
    const row = JSON.parse(whole) as {
      readonly sessionid: number;
      readonly table_name: string;
      readonly sourcename: string;
      readonly sourceport: number;
      readonly targetname: string;
      readonly targetport: number;
      readonly progress: number;
      readonly source_shard_size: number | null;
      readonly target_shard_size: number | null;
      readonly operation_type?: string | null;
      readonly status?: string | null;
      readonly source_lsn?: string | null;
      readonly target_lsn?: string | null;
    };
    return {
      sessionId: row.sessionid,
      table: row.table_name,
      shardId: shard,
      sourceNode: `${row.sourcename}:${row.sourceport}`,
      targetNode: `${row.targetname}:${row.targetport}`,
      progress: row.progress,
      sourceBytes: row.source_shard_size,
      targetBytes: row.target_shard_size,
      operation: row.operation_type === 'copy' ? 'copy' : 'move',
      status: row.status ?? null,
      sourceLsn: row.source_lsn ?? null,
      targetLsn: row.target_lsn ?? null,
    };
  });
}

/**
 * The rows of colocated shards, which travel together, as one move.
 * @param groupKeyOf names the shard group of a shard; shards it does not know stand alone.
 */
export function mergeMoves(
  rows: readonly ShardProgressRow[],
  groupKeyOf: (shardId: string) => string | undefined,
): readonly MoveProgress[] {
  const groups = new Map<string, ShardProgressRow[]>();
  for (const row of rows) {
    const key = `${row.sessionId} ${row.sourceNode} ${row.targetNode} ${groupKeyOf(row.shardId) ?? row.shardId}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()].map((group) => {
    const ordered = [...group].sort((a, b) => compareShardIds(a.shardId, b.shardId));
    const first = ordered[0] as ShardProgressRow;
    // Shards of a group enter a phase one after the other; the group is where most of its bytes are.
    const heaviest = ordered.reduce((a, b) => ((b.sourceBytes ?? 0) > (a.sourceBytes ?? 0) ? b : a), first);
    return {
      shardId: first.shardId,
      tables: ordered.map((row) => row.table),
      sourceNode: first.sourceNode,
      targetNode: first.targetNode,
      operation: first.operation,
      phase: heaviest.status ?? phaseOf(heaviest.progress),
      sourceBytes: sum(ordered.map((row) => row.sourceBytes)),
      targetBytes: sum(ordered.map((row) => row.targetBytes)),
      sourceLsn: heaviest.sourceLsn,
      targetLsn: heaviest.targetLsn,
    };
  });
}

/** Citus before 11.2 tells no phase; its own words for the three states. */
function phaseOf(progress: number): string {
  return progress <= 0 ? 'Not Started Yet' : progress === 1 ? 'Setting Up' : 'Completed';
}

function sum(values: readonly (number | null)[]): number | null {
  let total = 0;
  for (const value of values) {
    if (value === null) return null;
    total += value;
  }
  return total;
}
