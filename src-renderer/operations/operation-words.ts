/** Pure: operations, steps and estimates in words. */
import type {
  DurationRange,
  Operation,
  OperationState,
  Plan,
  PlanStep,
  StepState,
} from '../../src-main/contract/operations';
import { assertNever } from '../api/assert-never';
import { formatDuration, formatDurationRange } from '../ui/format';
import type { ShownState } from '../ui/states';

export function operationState(state: OperationState): { readonly state: ShownState; readonly text: string } {
  switch (state) {
    case 'running':
      return { state: 'busy', text: 'running' };
    case 'pausing':
      return { state: 'busy', text: 'pauses after this step' };
    case 'paused':
      return { state: 'mind', text: 'paused' };
    case 'cancelling':
      return { state: 'busy', text: 'is being cancelled' };
    case 'cancelled':
      return { state: 'mute', text: 'cancelled' };
    case 'interrupted':
      return { state: 'mind', text: 'interrupted' };
    case 'needs-person':
      return { state: 'bad', text: 'waits for a decision' };
    case 'done':
      return { state: 'ok', text: 'done' };
    case 'failed':
      return { state: 'bad', text: 'failed' };
    default:
      return assertNever(state);
  }
}

export function stepState(state: StepState): { readonly state: ShownState; readonly text: string } {
  switch (state) {
    case 'waiting':
      return { state: 'mute', text: 'waits' };
    case 'running':
      return { state: 'busy', text: 'running' };
    case 'done':
      return { state: 'ok', text: 'done' };
    case 'failed':
      return { state: 'bad', text: 'failed' };
    case 'cancelled':
      return { state: 'mute', text: 'cancelled' };
    case 'conflict':
      return { state: 'bad', text: 'not as expected' };
    default:
      return assertNever(state);
  }
}

export function expectedWords(range: DurationRange | null): string {
  if (range === null) return 'unknown';
  return range[1] < 1_000 ? 'under 1 s' : formatDurationRange(range);
}

/** The sum of the steps' estimates; null as soon as one of them is unknown. */
export function totalExpected(steps: readonly PlanStep[]): DurationRange | null {
  return steps.reduce<DurationRange | null>(
    (sum, { expectedMs }) =>
      sum === null || expectedMs === null ? null : [sum[0] + expectedMs[0], sum[1] + expectedMs[1]],
    [0, 0],
  );
}

/** "review: 3 steps, 2 to 5 s, nothing has changed yet" */
export function reviewLine(plan: Plan): string {
  const count = plan.steps.length === 1 ? '1 step' : `${plan.steps.length} steps`;
  const total = totalExpected(plan.steps);
  const time = total === null ? 'duration unknown' : `about ${expectedWords(total)}`;
  return `review: ${count}, ${time}, nothing has changed yet`;
}

export function runText(plan: Plan): string {
  return plan.steps.length === 1 ? 'Run 1 step' : `Run ${plan.steps.length} steps`;
}

/** The whole plan as a script that a person can keep, or run by hand with psql. */
export function planScript(plan: Plan): string {
  const lines = [`-- ${plan.title}`, `-- ${plan.summary}`, `-- planned ${plan.createdAt}`, ''];
  plan.steps.forEach((step, index) => {
    lines.push(
      `-- ${index + 1}. ${step.title} (on ${step.where}; blocks: ${step.blocks}; undo: ${step.undo})`,
    );
    for (const statement of step.statements) lines.push(`${statement.shown.replace(/;?\s*$/, '')};`);
    lines.push('');
  });
  return lines.join('\n');
}

export function hasEnded(operation: Operation): boolean {
  return ['done', 'failed', 'cancelled'].includes(operation.state);
}

/** "12 s" from the first to the last moment known; null before it began. */
export function tookWords(from: string | null, until: string | null, nowMs: number): string | null {
  if (from === null) return null;
  const end = until === null ? nowMs : new Date(until).getTime();
  return formatDuration(end - new Date(from).getTime());
}

export function doneSteps(operation: Operation): number {
  return operation.steps.filter(({ state }) => state === 'done').length;
}
