/** Pure: a running job on three levels: the job, its tasks, the phase of what moves now; errors in words. */
import type { BackgroundJob, JobProgress, MoveProgress, TaskProgress } from '../../src-main/contract/cluster';
import type { Operation } from '../../src-main/contract/operations';
import type { NodeTitle } from '../nodes/node-names';
import { familyWords } from '../topology/shard-groups';
import type { ShardMap } from '../topology/shard-groups';
import { formatBytes, formatCounted } from '../ui/format';
import type { ShownState } from '../ui/states';

export interface StateWords {
  readonly level: ShownState;
  readonly text: string;
}

export function jobState(job: BackgroundJob): StateWords {
  switch (job.state) {
    case 'scheduled':
      return { level: 'busy', text: 'scheduled, begins within seconds' };
    case 'running':
      return { level: 'busy', text: 'running' };
    case 'cancelling':
      return { level: 'busy', text: 'is being stopped' };
    case 'failing':
      return { level: 'bad', text: 'failing, the rest still runs' };
    case 'finished':
      return { level: 'ok', text: 'finished' };
    case 'cancelled':
      return { level: 'mute', text: 'stopped' };
    case 'failed':
      return { level: 'bad', text: 'failed' };
  }
}

/** pg_dist_background_task.status, one of eight words of Citus's own; an unknown one is shown as it is. */
export function taskState(task: TaskProgress): StateWords {
  switch (task.status) {
    case 'done':
      return { level: 'ok', text: 'done' };
    case 'running':
      return task.retryCount > 0
        ? { level: 'mind', text: `running, try ${task.retryCount + 1}` }
        : { level: 'busy', text: 'running' };
    case 'runnable':
      return task.retryCount > 0
        ? { level: 'mind', text: `failed ${formatCounted(task.retryCount, 'time')}, tries again` }
        : { level: 'mute', text: 'next' };
    case 'blocked':
      return { level: 'mute', text: 'waits' };
    case 'cancelling':
      return { level: 'busy', text: 'is being stopped' };
    case 'cancelled':
      return { level: 'mute', text: 'stopped' };
    case 'error':
      return { level: 'bad', text: 'failed' };
    case 'unscheduled':
      return { level: 'bad', text: 'will not run' };
    default:
      return { level: 'mute', text: task.status };
  }
}

/** Phases of get_rebalance_progress().status, and what each does to those who use the shards. */
const phases: Readonly<Record<string, string>> = {
  'Not Started Yet': 'not started yet',
  'Setting Up': 'sets up the copy',
  'Copying Data': 'copies rows',
  'Catching Up': 'catches up with writes made meanwhile',
  'Creating Constraints': 'builds indexes and constraints',
  'Final Catchup': 'switches over, writes wait',
  'Creating Foreign Keys': 'creates foreign keys, writes wait',
  Completing: 'completes',
  Completed: 'completed',
};

export function phaseWords(phase: string): string {
  return phases[phase] ?? phase.toLowerCase();
}

/** What a task's error means; the server's own text is shown beside it. Matched by fragments that Citus 11 to 14 use. */
export function messageWords(message: string): string | null {
  const rules: readonly (readonly [RegExp, string])[] = [
    [
      /REPLICA IDENTITY or PRIMARY KEY/i,
      'A table of the group has neither primary key nor replica identity.',
    ],
    [/not enough empty space|disk/i, 'The target has not enough free disk space.'],
    [/could not acquire the lock required to move/i, 'Another change of the same tables held the lock.'],
    [
      /connection (to the remote node )?.*(failed|refused|lost|reset|timed? ?out)|could not connect|server closed the connection/i,
      'A node did not answer.',
    ],
    [/deadlock/i, 'Two statements waited for each other; the move was given up.'],
    [/lock timeout|canceling statement due to/i, 'It waited too long for a lock.'],
    [
      /replication slot|max_wal_senders|max_replication_slots/i,
      'The source has no free replication slot or sender.',
    ],
    [/must be owner|permission denied/i, 'The role that started the job may not move this table.'],
    [/missing reference tables/i, 'Reference tables are missing on a node.'],
  ];
  if (message.trim() === '') return null;
  return rules.find(([pattern]) => pattern.test(message))?.[1] ?? null;
}

export interface TaskRow {
  readonly key: string;
  readonly position: number;
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly state: StateWords;
  /** Of the move that runs now, with its bytes. */
  readonly phase: string | null;
  /** 0..1 of the rows copied; null where it cannot be told. */
  readonly share: number | null;
  readonly bytes: number | null;
  readonly retries: number;
  readonly meaning: string | null;
  /** The server's own text. */
  readonly message: string;
}

function rank(task: TaskProgress): number {
  if (task.status === 'running' || task.status === 'cancelling') return 0;
  if (task.status === 'error' || task.retryCount > 0) return 1;
  if (task.status === 'runnable') return 2;
  if (task.status === 'blocked') return 3;
  return task.status === 'done' ? 5 : 4;
}

/** What runs first, then what failed, then what comes, then what is done. */
export function toTaskRows(
  progress: JobProgress,
  shards: ShardMap,
  titles: ReadonlyMap<number, NodeTitle>,
): readonly TaskRow[] {
  const keyOf = (shardId: string): string => shards.groupOfShard.get(shardId) ?? shardId;
  const moves = new Map(progress.moves.map((move) => [keyOf(move.shardId), move]));
  return progress.tasks
    .map((task, index) => ({ task, index }))
    .sort((a, b) => rank(a.task) - rank(b.task) || a.index - b.index)
    .map(({ task, index }) => {
      const key = task.shardId === null ? null : keyOf(task.shardId);
      const group = key === null ? undefined : shards.groupByKey.get(key);
      const move = key === null || task.status !== 'running' ? undefined : moves.get(key);
      const title = (nodeId: number | null): string =>
        nodeId === null ? '' : (titles.get(nodeId)?.title ?? `node ${nodeId}`);
      return {
        key: task.taskId,
        position: index + 1,
        what: whatWords(task, group?.familyKey, shards),
        from: title(task.sourceNodeId),
        to: title(task.targetNodeId),
        state: taskState(task),
        phase: move === undefined ? null : phaseText(move),
        share: move === undefined ? null : copiedShare(move),
        bytes: group?.bytes ?? move?.sourceBytes ?? null,
        retries: task.retryCount,
        meaning: messageWords(task.message),
        // What a finished task left is its command tag, which tells nobody anything.
        message: task.status === 'done' ? '' : task.message.trim(),
      };
    });
}

function whatWords(task: TaskProgress, familyKey: string | undefined, shards: ShardMap): string {
  if (task.shardId === null) {
    return /replicate_reference_tables|copy_one_shard_placement/i.test(task.command)
      ? 'Copy reference tables'
      : 'Prepare';
  }
  const family = familyKey === undefined ? undefined : shards.familyByKey.get(familyKey);
  return family === undefined ? `Shard ${task.shardId}` : `${task.shardId}, ${familyWords(family)}`;
}

function copiedShare(move: MoveProgress): number | null {
  if (move.sourceBytes === null || move.targetBytes === null || move.sourceBytes <= 0) return null;
  return Math.min(1, move.targetBytes / move.sourceBytes);
}

function phaseText(move: MoveProgress): string {
  const words = phaseWords(move.phase);
  if (move.sourceBytes === null || move.targetBytes === null) return words;
  return `${words}, ${formatBytes(Math.min(move.targetBytes, move.sourceBytes))} of ${formatBytes(move.sourceBytes)}`;
}

export interface JobFigures {
  readonly done: number;
  readonly total: number;
  readonly failed: number;
  readonly retried: number;
  /** 0..1 by bytes where they are known, else by moves. */
  readonly share: number | null;
  /** "61 MB of 164 MB"; null where sizes are not known. */
  readonly bytes: string | null;
}

export function toJobFigures(progress: JobProgress): JobFigures {
  const moves = progress.tasks.filter((task) => task.shardId !== null);
  const done = moves.filter((task) => task.status === 'done').length;
  const { bytesDone, bytesTotal } = progress;
  const byBytes = bytesDone !== null && bytesTotal !== null && bytesTotal > 0;
  return {
    done,
    total: moves.length,
    failed: progress.tasks.filter((task) => task.status === 'error').length,
    retried: progress.tasks.filter((task) => task.retryCount > 0 && task.status !== 'done').length,
    share: byBytes ? Math.min(1, bytesDone / bytesTotal) : moves.length === 0 ? null : done / moves.length,
    bytes: byBytes ? `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}` : null,
  };
}

/** The operation of this app that started the job and has not ended; undefined when somebody else did. */
export function ownOperation(operations: readonly Operation[], jobId: string): Operation | undefined {
  return operations.find(
    (operation) => operation.jobId === jobId && !['done', 'failed', 'cancelled'].includes(operation.state),
  );
}
