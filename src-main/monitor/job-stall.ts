/** Whether the job that runs comes on, and where it does not for minutes, why. */
import { readStalledNodes } from '../citus/stall-reads';
import type { Reader } from '../connections/database';
import type { JobProgress, Stall } from '../contract/cluster';
import { toFailure } from '../contract/failure';
import { log } from '../log/log';
import { stallMs, stallReadMs, stallReason } from '../plans/move-stall';
import { isoTime } from './clock';
import type { Clock } from './clock';

/** Nodes that are away are given up after three seconds each. */
const readLimitMs = 15_000;

export interface JobStallParts {
  readonly aside: () => Promise<Reader>;
  readonly clock: Clock;
}

export interface JobStall {
  /** Null while it comes on, and until the reason has been read. */
  of(progress: JobProgress, signal: AbortSignal): Stall | null;
}

export function createJobStall({ aside, clock }: JobStallParts): JobStall {
  let mark = '';
  let since = '';
  let sinceMs = 0;
  let stall: Stall | null = null;
  let askedMs = Number.NEGATIVE_INFINITY;

  /** Not waited for: the job is shown meanwhile. */
  const ask = (progress: JobProgress, signal: AbortSignal): void => {
    const askedMark = mark;
    askedMs = clock.now();
    const busy = progress.tasks.filter((task) => task.status === 'running' || task.retryCount > 0);
    const again = busy.find((task) => task.retryCount > 0 && task.status !== 'done');
    void aside()
      .then((reader) => readStalledNodes(reader, stallMs, { signal, timeoutMs: readLimitMs }))
      .catch((error: unknown) => {
        log.warn('the reason of a stall was not read', toFailure(error));
        return null;
      })
      .then((nodes) => {
        if (mark !== askedMark || signal.aborted) return;
        const reason = stallReason({
          nodes,
          touched: busy.flatMap(({ sourceNodeId, targetNodeId }) =>
            [sourceNodeId, targetNodeId].filter((nodeId) => nodeId !== null),
          ),
          retried: again
            ? {
                what: again.shardId === null ? `task ${again.taskId}` : `shard ${again.shardId}`,
                message: again.message.trim().split('\n')[0] ?? '',
              }
            : null,
        });
        stall = { since, ...reason };
      });
  };

  return {
    of(progress, signal) {
      const now = markOf(progress);
      if (now !== mark) {
        mark = now;
        since = isoTime(clock);
        sinceMs = clock.now();
        stall = null;
        askedMs = Number.NEGATIVE_INFINITY;
      }
      if (clock.now() - sinceMs < stallMs) return null;
      if (clock.now() - askedMs >= stallReadMs) ask(progress, signal);
      return stall;
    },
  };
}

/** Changes with every byte, position in the log, phase and ended task; not with another failed try. */
function markOf({ job, tasks, moves }: JobProgress): string {
  return JSON.stringify([
    job.jobId,
    tasks.filter((task) => task.status === 'done').length,
    moves.map((move) => [move.shardId, move.phase, move.targetBytes, move.targetLsn]),
  ]);
}
