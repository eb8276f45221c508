/** The tasks of a background job as parts of the step that follows it: when each was seen to run, and when to have ended. */
import { readJob } from '../../citus/jobs';
import type { TaskProgress } from '../../contract/cluster';
import { toFailure } from '../../contract/failure';
import type { PlannedItem, StepItem, StepState } from '../../contract/operations';
import { log } from '../../log/log';
import { jobMoves } from '../../plans/job-moves';
import type { ActionOf, StepContext } from './step';

type Context = StepContext<ActionOf<'follow-job'>>;

/** The words of pg_dist_background_task.status that say more than that it waits. */
const states: Readonly<Record<string, StepState>> = {
  done: 'done',
  running: 'running',
  cancelling: 'running',
  cancelled: 'cancelled',
  error: 'failed',
  unscheduled: 'cancelled',
};

/** Brings the items to what the catalogs say. */
export async function noteTasks(context: Context, jobId: string): Promise<void> {
  const job = await readJob(context.reader(), jobId, { timeoutMs: context.timing.readLimitMs });
  const tasks = (job?.tasks ?? []).filter((task) => task.shardId !== null);
  const known = new Map(context.items.all().map((item) => [item.itemId, item]));
  const unknown = tasks.filter((task) => !known.has(task.taskId));
  if (unknown.length > 0) {
    const planned = await describe(context, unknown);
    for (const { taskId, shardId } of unknown) {
      await context.items.add(
        planned.get(taskId) ?? { itemId: taskId, title: `shard ${shardId ?? ''}`, bytes: null },
      );
    }
  }
  const now = context.now().toISOString();
  for (const task of tasks) {
    const change = changeOf(task, known.get(task.taskId), now);
    if (change !== null) await context.items.note(task.taskId, change);
  }
}

/** Without names and sizes the moves are still counted and timed. */
async function describe(
  context: Context,
  tasks: readonly TaskProgress[],
): Promise<ReadonlyMap<string, PlannedItem>> {
  try {
    const { snapshot, sizes } = await context.look();
    return jobMoves(snapshot, sizes.shardBytes, tasks);
  } catch (error) {
    log.warn('the tasks of a job were not named', toFailure(error));
    return new Map();
  }
}

type ItemChange = Pick<StepItem, 'state' | 'startedAt' | 'endedAt' | 'attempts' | 'outcome'>;

/**
 * What is new of a task; null where nothing is. Citus keeps no times of its tasks, so one that nobody saw is not known.
 * @param now ISO 8601
 */
export function changeOf(task: TaskProgress, known: StepItem | undefined, now: string): ItemChange | null {
  const state = states[task.status] ?? 'waiting';
  const hasEnded = state !== 'waiting' && state !== 'running';
  const startedAt = known?.startedAt ?? (state === 'running' ? now : null);
  const change: ItemChange = {
    state,
    startedAt,
    endedAt: hasEnded && startedAt !== null ? (known?.endedAt ?? now) : null,
    attempts: state === 'waiting' && task.retryCount === 0 ? 0 : task.retryCount + 1,
    outcome: state === 'done' ? 'moved' : (task.message.trim().split('\n')[0] ?? '') || null,
  };
  const keys = Object.keys(change) as (keyof ItemChange)[];
  return known && keys.every((key) => known[key] === change[key]) ? null : change;
}
