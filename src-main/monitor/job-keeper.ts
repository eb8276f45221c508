/** Follows the background job that runs, whoever started it. */
import { hasEnded, mergeMoves, parseTaskMode, readJob, readShardProgress } from '../citus/jobs';
import type { JobWithTasks, ShardProgressRow } from '../citus/jobs';
import type { Reader } from '../connections/database';
import type { ClusterSizes, ClusterSnapshot, JobProgress, TaskProgress } from '../contract/cluster';
import { toFailure } from '../contract/failure';
import { log } from '../log/log';
import { estimateMoves, learnPace, mannerOf, paceOf } from '../plans/move-estimate';
import type { MoveManner, MoveTime, MoveTimes } from '../plans/move-estimate';
import { createBeat } from './beat';
import { isoTime } from './clock';
import type { Clock } from './clock';
import { groupShards, toJobProgress } from './job-progress';
import type { ShardGroups } from './job-progress';
import { createJobStall } from './job-stall';
import type { Publish } from './parts';
import type { Revisions } from './revisions';

const pollMs = 1_000;
const longestPollMs = 10_000;
/** Workers that do not tell their sizes in this time are left out of one reading. */
const movesTimeoutMs = 5_000;
/** Tasks are shown without waiting longer than this for the moves. */
const movesPatienceMs = 700;
/** Sizes that are older than this are read again when a job is found. */
const sizesAgeMs = 600_000;

export interface JobKeeperParts {
  readonly clusterId: string;
  readonly coordinator: () => Reader;
  readonly aside: () => Promise<Reader>;
  readonly sizes: (maxAgeMs: number) => Promise<ClusterSizes>;
  readonly lastSizes: () => ClusterSizes | null;
  readonly moveTimes: MoveTimes;
  /** Called when a move or the job has ended: shards lie elsewhere now. */
  readonly onMoved: () => void;
  readonly publish: Publish;
  readonly clock: Clock;
  readonly revisions: Revisions;
}

export interface JobKeeper {
  last(): JobProgress | null;
  onSnapshot(snapshot: ClusterSnapshot): void;
  pause(): void;
}

export function createJobKeeper(parts: JobKeeperParts): JobKeeper {
  const { clusterId, clock } = parts;
  let jobId: string | null = null;
  let shown: JobProgress | null = null;
  let groups: ShardGroups = { keyOf: () => undefined, shardIds: new Map() };
  let groupedRevision = -1;
  let rows: readonly ShardProgressRow[] = [];
  let rowsRunning: Promise<void> | null = null;
  /** When each running task was first seen to run. */
  const beganMs = new Map<string, number>();
  /** Moves of this job, where no size is known: then only these compare with each other. */
  let unsized: readonly MoveTime[] = [];
  /** Most tasks seen at the same time. */
  let parallel = 1;
  /** Bytes of a move as its source told them while it ran; a move that is done has no size any more. */
  const seenBytes = new Map<string, number>();
  let stop = new AbortController();
  const stalls = createJobStall({ aside: parts.aside, clock });

  const bytesOfTask = (task: TaskProgress): number | null => {
    const seen = seenBytes.get(task.taskId);
    if (seen !== undefined) return seen;
    const sizes = parts.lastSizes();
    if (!sizes || task.shardId === null) return null;
    const ids = groups.shardIds.get(groups.keyOf(task.shardId) ?? '') ?? [task.shardId];
    let total = 0;
    for (const id of ids) {
      const bytes = sizes.shardBytes[id];
      if (bytes === undefined) return null;
      total += bytes;
    }
    return total;
  };

  const readRows = (): Promise<void> => {
    rowsRunning ??= parts
      .aside()
      .then((reader) => readShardProgress(reader, { signal: stop.signal, timeoutMs: movesTimeoutMs }))
      .then(
        (next) => {
          rows = next;
        },
        // The last good rows stay; those of tasks that ended since are left out when they are shown.
        (error: unknown) => log.warn(`the moves of ${clusterId} were not read`, toFailure(error)),
      )
      .finally(() => (rowsRunning = null));
    return rowsRunning;
  };

  const noteSeenBytes = (job: JobWithTasks): void => {
    const moves = mergeMoves(rows, groups.keyOf);
    for (const task of job.tasks) {
      if (task.status !== 'running' || task.shardId === null) continue;
      const key = groups.keyOf(task.shardId) ?? task.shardId;
      const move = moves.find((candidate) => (groups.keyOf(candidate.shardId) ?? candidate.shardId) === key);
      if (move?.sourceBytes) seenBytes.set(task.taskId, move.sourceBytes);
    }
  };

  /** A task that was tried again says nothing of how long a move takes. */
  const noteTimes = (job: JobWithTasks): void => {
    for (const task of job.tasks) {
      if (task.shardId === null) continue;
      const began = beganMs.get(task.taskId);
      if (task.status === 'running' && began === undefined) beganMs.set(task.taskId, clock.now());
      if (task.status !== 'done' || began === undefined) continue;
      beganMs.delete(task.taskId);
      if (task.retryCount > 0) continue;
      const bytes = bytesOfTask(task);
      const ms = clock.now() - began;
      if (bytes === null) unsized = [...unsized, { bytes: 1, ms }];
      else parts.moveTimes.note(clusterId, { bytes, ms, manner: mannerOfTask(task) });
    }
    const running = job.tasks.filter((task) => task.status === 'running' && task.shardId !== null);
    parallel = Math.max(parallel, running.length);
  };

  /** Seconds; null while sizes are unknown and no move of the job has ended. */
  const remainingOf = (job: JobWithTasks, moves: JobProgress['moves']): JobProgress['remainingSeconds'] => {
    const open = job.tasks.filter(
      (task) => task.shardId !== null && !['done', 'error', 'cancelled', 'unscheduled'].includes(task.status),
    );
    // Nobody knows when what stands in its way will be gone.
    if (open.some((task) => task.retryCount > 0)) return null;
    const sizes = open.map(bytesOfTask);
    const isSized = sizes.every((bytes) => bytes !== null);
    if (!isSized && unsized.length === 0) return null;
    const [next] = open;
    if (next === undefined) return null;
    const pace = isSized
      ? paceOf(parts.moveTimes.samples(clusterId), mannerOfTask(next))
      : learnPace(unsized);
    const bytesOf = (index: number): number => (isSized ? (sizes[index] ?? 0) : 1);
    const [low, high] = estimateMoves(pace, {
      waiting: open.flatMap((task, index) => (task.status === 'running' ? [] : [bytesOf(index)])),
      running: open.flatMap((task, index) => {
        if (task.status !== 'running') return [];
        const key = groups.keyOf(task.shardId ?? '') ?? task.shardId;
        const move = moves.find((one) => (groups.keyOf(one.shardId) ?? one.shardId) === key);
        return [
          {
            bytes: bytesOf(index),
            elapsedMs: clock.now() - (beganMs.get(task.taskId) ?? clock.now()),
            arrivedBytes: isSized ? (move?.targetBytes ?? null) : null,
          },
        ];
      }),
      parallel,
    });
    return [Math.floor(low / 1000), Math.ceil(high / 1000)];
  };

  const show = (job: JobWithTasks): void => {
    const draft = toJobProgress({
      clusterId,
      revision: 0,
      takenAt: isoTime(clock),
      job,
      rows,
      groups,
      bytesOfTask,
      remainingSeconds: null,
      stall: null,
    });
    const stall = hasEnded(job.job) ? null : stalls.of(draft, stop.signal);
    const remainingSeconds = hasEnded(job.job) || stall !== null ? null : remainingOf(job, draft.moves);
    shown = { ...draft, revision: parts.revisions.next(), remainingSeconds, stall };
    parts.publish('progress.changed', shown);
  };

  const poll = async (): Promise<number | null> => {
    const id = jobId;
    if (id === null) return null;
    const { signal } = stop;
    const began = clock.now();
    const job = await readJob(parts.coordinator(), id, { signal });
    const tookMs = clock.now() - began;
    if (signal.aborted || jobId !== id) return null;
    if (!job) {
      leave();
      return null;
    }
    if (job.tasks.some((task) => task.status === 'running')) {
      await Promise.race([readRows(), patience(clock, movesPatienceMs)]);
      if (signal.aborted || jobId !== id) return null;
    } else {
      rows = [];
    }
    const before = shown?.job.jobId === id ? shown : null;
    noteSeenBytes(job);
    noteTimes(job);
    show(job);
    if (hasEnded(job.job)) {
      leave();
      parts.onMoved();
    } else if (before && doneCount(before.tasks) !== doneCount(job.tasks)) {
      parts.onMoved();
    }
    return tookMs;
  };

  const beat = createBeat(clock, () => ({ baseMs: pollMs, longestMs: longestPollMs }), poll);

  const leave = (): void => {
    beat.stop();
    jobId = null;
  };

  return {
    last: () => shown,
    onSnapshot(snapshot) {
      // The catalogs know already that it has ended: its last record is not left to the next beat.
      if (snapshot.jobs.some((job) => job.jobId === jobId && hasEnded(job))) {
        beat.stop();
        beat.start();
      }
      // The newest: of several jobs it is the one that somebody has just started.
      const running = snapshot.jobs.filter((job) => !hasEnded(job)).at(-1);
      if (!running) return;
      if (groupedRevision !== snapshot.revision) {
        groups = groupShards(snapshot);
        groupedRevision = snapshot.revision;
      }
      if (running.jobId === jobId) return;
      leave();
      stop = new AbortController();
      if (shown?.job.jobId !== running.jobId) {
        beganMs.clear();
        unsized = [];
        parallel = 1;
        seenBytes.clear();
        rows = [];
      }
      jobId = running.jobId;
      void parts.sizes(sizesAgeMs).catch((error: unknown) => {
        log.warn(`the sizes of ${clusterId} were not read`, toFailure(error));
      });
      beat.start();
    },
    pause() {
      leave();
      stop.abort();
    },
  };
}

function doneCount(tasks: readonly TaskProgress[]): number {
  return tasks.filter((task) => task.status === 'done').length;
}

/** Citus writes the same mode into every task of a job. */
function mannerOfTask(task: TaskProgress): MoveManner {
  return mannerOf(parseTaskMode(task.command) ?? 'auto');
}

function patience(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
