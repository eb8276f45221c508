import type { JobProgress } from '../../src-main/contract/cluster';
import type { Operation, OperationState, OperationStep } from '../../src-main/contract/operations';
import { formatBytes, formatDurationRange } from '../ui/format';
import type { ShownState } from '../ui/states';

/** States in which an operation is neither ended nor given up. */
const unended: readonly OperationState[] = [
  'running',
  'pausing',
  'paused',
  'cancelling',
  'interrupted',
  'needs-person',
];

export function isUnended(operation: Operation): boolean {
  return unended.includes(operation.state);
}

/** The right end of the status bar: what waits for a person first, then what runs with its estimate; null for nothing. */
export function runningLine(
  operations: readonly Operation[],
  progress: JobProgress | undefined,
): { readonly state: ShownState; readonly text: string } | null {
  const waiting = operations.find(({ state }) => state === 'needs-person' || state === 'interrupted');
  if (waiting !== undefined) return { state: 'bad', text: `${waiting.title}: waits for a decision` };
  const active = operations.find(isUnended);
  // An operation that is done has seen its job end: a record of the job from before that says nothing any more.
  const isOver = operations.some(({ state, jobId }) => state === 'done' && jobId === progress?.job.jobId);
  const job = progress === undefined || isOver ? null : jobWords(progress);
  if (active === undefined) return job === null ? null : { state: 'busy', text: job };
  if (active.state === 'paused') return { state: 'mind', text: `${active.title}: paused` };
  if (job !== null && active.jobId === progress?.job.jobId) return { state: 'busy', text: job };
  const at = active.steps.findIndex(({ state }) => state === 'running');
  const running = active.steps[at];
  if (running !== undefined && running.items.length > 0) {
    return { state: 'busy', text: `${active.title}: ${itemsWords(running)}` };
  }
  const step = at === -1 ? '' : `, step ${at + 1} of ${active.steps.length}`;
  return { state: 'busy', text: `${active.title}${step}` };
}

/** "3 of 8 done, 40 to 70 s left" */
function itemsWords(step: OperationStep): string {
  const done = step.items.filter((item) => item.state === 'done').length;
  const left = step.remainingMs === null ? '' : `, ${formatDurationRange(step.remainingMs)} left`;
  return `${done} of ${step.items.length} done${left}`;
}

/** "Rebalance: 3 of 8 moves, 61 of 164 MB, 40 to 70 s left" */
export function jobWords(progress: JobProgress): string {
  const { job, bytesDone, bytesTotal, remainingSeconds } = progress;
  const name = job.jobType.replaceAll('_', ' ');
  const counts = Object.entries(job.taskCounts);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const done = job.taskCounts['done'] ?? 0;
  const parts = [
    total === 0 ? job.state : `${done} of ${total} moves`,
    bytesTotal === null || bytesDone === null ? '' : bytesOf(bytesDone, bytesTotal),
    remainingSeconds === null
      ? ''
      : `${formatDurationRange([remainingSeconds[0] * 1000, remainingSeconds[1] * 1000])} left`,
  ];
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${parts.filter((part) => part !== '').join(', ')}`;
}

/** The unit once where both ends have the same: "61 of 164 MB". */
function bytesOf(done: number, total: number): string {
  const [doneText, totalText] = [formatBytes(done), formatBytes(total)];
  const unit = totalText.slice(totalText.indexOf(' '));
  return `${doneText.endsWith(unit) ? doneText.slice(0, -unit.length) : doneText} of ${totalText}`;
}
