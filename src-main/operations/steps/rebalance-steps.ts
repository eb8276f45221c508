import { readJobOverview, readLastJobId, readRebalanceAfter } from '../../citus/operation-reads';
import type { JobOverview } from '../../citus/operation-reads';
import { startRebalance, stopRebalance } from '../../citus/rebalance-changes';
import { FailureError } from '../../contract/failure';
import { noteTasks } from './job-items';
import type { ActionOf, Step, StepContext, StepResult } from './step';
import { noticeWords } from './step';

export const startRebalanceStep: Step<ActionOf<'start-rebalance'>> = {
  retrySafe: true,
  /** Jobs are numbered upwards: one with a higher number, in this role's name, is the one that this step started. */
  async prepare({ reader, timing }) {
    return { lastJobId: await readLastJobId(reader(), { timeoutMs: timing.readLimitMs }) };
  },
  async execute({ action, writer, signal }): Promise<StepResult> {
    const result = await startRebalance(writer(), action, { signal, timeoutMs: 0 });
    const jobId = result.rows[0]?.job_id ?? null;
    const none = jobId === null || jobId === '0';
    return {
      outcome: none ? 'nothing to move' : `job ${jobId} scheduled`,
      notices: noticeWords(result.notices),
      memory: none ? { nothingToMove: true } : { jobId },
    };
  },
  async observe({ memory, reader, timing, role }) {
    if (memory['nothingToMove'] === true) return { state: 'done', words: 'nothing to move' };
    const last = memory['lastJobId'];
    if (typeof last !== 'string') return { state: 'absent', words: 'not started yet' };
    const job = await readRebalanceAfter(reader(), last, { timeoutMs: timing.readLimitMs });
    if (!job) return { state: 'absent', words: `no job after ${last}` };
    const known = memory['jobId'];
    if (known !== job.jobId && !job.owners.includes(await role())) {
      return { state: 'conflict', words: `job ${job.jobId} was started by ${job.owners.join(', ')}` };
    }
    const moves = job.total === 1 ? '1 task' : `${job.total} tasks`;
    return { state: 'done', words: `job ${job.jobId} scheduled, ${moves}`, jobId: job.jobId };
  },
};

export const followJobStep: Step<ActionOf<'follow-job'>> = {
  retrySafe: true,
  execute: follow,
  async observe(context) {
    const { jobId, reader, timing } = context;
    if (jobId === null) return { state: 'done', words: 'no job was needed' };
    const job = await readJobOverview(reader(), jobId, { timeoutMs: timing.readLimitMs });
    if (!job) return { state: 'conflict', words: `job ${jobId} is not in pg_dist_background_job any more` };
    if (job.state === 'finished') {
      // It may have ended while nobody followed it.
      await noteTasks(context, jobId);
      return { state: 'done', words: finishedWords(job) };
    }
    return { state: 'underway', words: `job ${jobId} is ${job.state}, ${job.done} of ${job.total} done` };
  },
  follow,
  async stop({ jobId, writer, reader, timing }) {
    if (jobId === null) return;
    const job = await readJobOverview(reader(), jobId, { timeoutMs: timing.readLimitMs });
    // citus_rebalance_stop stops whichever rebalance runs, so it is only sent while that is this one.
    if (!job || !['scheduled', 'running', 'failing'].includes(job.state)) return;
    await stopRebalance(writer(), { timeoutMs: timing.readLimitMs });
  },
};

function finishedWords(job: JobOverview): string {
  return `job ${job.jobId} finished, ${job.done} of ${job.total} tasks done`;
}

async function follow(
  context: StepContext<ActionOf<'follow-job'>>,
): Promise<{ readonly outcome: string; readonly notices: readonly string[] }> {
  const { jobId, reader, report, timing } = context;
  if (jobId === null) return { outcome: 'no job was needed', notices: [] };
  for (;;) {
    const job = await readJobOverview(reader(), jobId, { timeoutMs: timing.readLimitMs });
    if (!job) {
      throw new FailureError({
        kind: 'not-found',
        message: `Job ${jobId} is not in pg_dist_background_job any more.`,
        meaning: 'Its record was removed on the coordinator; what it moved stays moved.',
      });
    }
    await noteTasks(context, jobId);
    if (job.state === 'finished') return { outcome: finishedWords(job), notices: [] };
    if (job.state === 'cancelled') {
      throw new FailureError({
        kind: 'cancelled',
        message: `Job ${jobId} was cancelled after ${job.done} of ${job.total} tasks.`,
        meaning: 'Finished moves stay where they are.',
        remedy: 'Plan a rebalance again to move the rest, or to move shards back.',
      });
    }
    if (job.state === 'failed') {
      throw new FailureError({
        kind: 'database',
        message: `Job ${jobId} failed after ${job.done} of ${job.total} tasks.`,
        meaning: 'Finished moves stay; the failed one was given up after its last attempt.',
        remedy: 'Mend what the server names, then plan a rebalance again for the rest.',
        serverMessage: job.message.trim() || undefined,
      });
    }
    report({
      progress: job.total === 0 ? 0 : job.done / job.total,
      outcome: `job ${jobId} ${job.state}, ${job.done} of ${job.total} tasks done`,
      // Citus goes on trying for about half an hour while the job still reads "running".
      attention:
        job.retries > 0
          ? `A task of job ${jobId} failed and is tried again (attempt ${job.retries + 1}): ${firstLine(job.message)}`
          : null,
    });
    await context.wait(timing.pollMs);
    if (context.signal.aborted) throw new FailureError({ kind: 'cancelled', message: 'No longer followed.' });
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
