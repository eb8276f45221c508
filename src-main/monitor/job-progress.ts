/** Job, tasks and moves put together into one record. Pure. */
import { hasEnded, mergeMoves } from '../citus/jobs';
import type { JobWithTasks, ShardProgressRow } from '../citus/jobs';
import type { ClusterSnapshot, JobProgress, MoveProgress, TaskProgress } from '../contract/cluster';

/** Names the shard group of a shard: the shards that travel together. */
export type GroupKeyOf = (shardId: string) => string | undefined;

export interface ShardGroups {
  readonly keyOf: GroupKeyOf;
  /** Shard ids by group key. */
  readonly shardIds: ReadonlyMap<string, readonly string[]>;
}

/** Colocated hash shards of one range, or the single shards of one schema, travel together; any other shard alone. */
export function groupShards(snapshot: Pick<ClusterSnapshot, 'tables' | 'shards'>): ShardGroups {
  const tables = new Map(snapshot.tables.map((table) => [table.oid, table]));
  const keys = new Map<string, string>();
  const shardIds = new Map<string, string[]>();
  for (const shard of snapshot.shards) {
    const table = tables.get(shard.tableOid);
    const travelsTogether =
      table !== undefined
      && (table.type === 'schema' || (table.type === 'distributed' && table.method === 'hash'));
    const key = travelsTogether ? `${table.colocationId}:${shard.minValue ?? ''}` : shard.shardId;
    keys.set(shard.shardId, key);
    const group = shardIds.get(key);
    if (group) group.push(shard.shardId);
    else shardIds.set(key, [shard.shardId]);
  }
  return { keyOf: (shardId) => keys.get(shardId), shardIds };
}

export interface ProgressInput {
  readonly clusterId: string;
  readonly revision: number;
  readonly takenAt: string;
  readonly job: JobWithTasks;
  /** The last good answer of get_rebalance_progress(). */
  readonly rows: readonly ShardProgressRow[];
  readonly groups: ShardGroups;
  /** Bytes of a move by its task, as known from sizes or seen while it ran. */
  readonly bytesOfTask: (task: TaskProgress) => number | null;
  readonly remainingSeconds: JobProgress['remainingSeconds'];
  readonly stall: JobProgress['stall'];
}

export function toJobProgress(input: ProgressInput): JobProgress {
  const { job, tasks } = input.job;
  const moves = currentMoves(input);
  return {
    clusterId: input.clusterId,
    revision: input.revision,
    takenAt: input.takenAt,
    job,
    tasks,
    moves,
    ...sumBytes(tasks, moves, input.groups.keyOf, input.bytesOfTask),
    remainingSeconds: hasEnded(job) ? null : input.remainingSeconds,
    stall: hasEnded(job) ? null : input.stall,
  };
}

/** Rows of a task that no longer runs are of a reading that is older than the tasks. */
function currentMoves(input: ProgressInput): readonly MoveProgress[] {
  const { keyOf } = input.groups;
  const running = input.job.tasks.filter((task) => task.status === 'running');
  const runningKeys = new Set(
    running.flatMap((task) => (task.shardId === null ? [] : [keyOf(task.shardId) ?? task.shardId])),
  );
  const copiesAll = running.some((task) => task.shardId === null);
  return mergeMoves(input.rows, keyOf).filter(
    (move) => copiesAll || runningKeys.has(keyOf(move.shardId) ?? move.shardId),
  );
}

/** Null where one of the bytes that would have to be added is not known. */
export function sumBytes(
  tasks: readonly TaskProgress[],
  moves: readonly MoveProgress[],
  keyOf: GroupKeyOf,
  bytesOfTask: (task: TaskProgress) => number | null,
): Pick<JobProgress, 'bytesDone' | 'bytesTotal'> {
  const moveTasks = tasks.filter((task) => task.shardId !== null);
  if (moveTasks.length === 0) return { bytesDone: null, bytesTotal: null };
  const moveByKey = new Map(moves.map((move) => [keyOf(move.shardId) ?? move.shardId, move]));
  let done: number | null = 0;
  let total: number | null = 0;
  for (const task of moveTasks) {
    const bytes = bytesOfTask(task);
    total = total === null || bytes === null ? null : total + bytes;
    if (task.status === 'done') {
      done = done === null || bytes === null ? null : done + bytes;
    } else if (task.status === 'running' && done !== null) {
      const move = moveByKey.get(keyOf(task.shardId ?? '') ?? task.shardId ?? '');
      // The copy may grow past the original by bloat that it does not have; it is done when the task is.
      done += Math.min(move?.targetBytes ?? 0, bytes ?? move?.sourceBytes ?? 0);
    }
  }
  return { bytesDone: done, bytesTotal: total };
}
