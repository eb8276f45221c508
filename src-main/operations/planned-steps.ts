/** Steps and their parts as they stand before anything of them has begun. Pure. */
import type { OperationStep, PlannedItem, PlanStep, StepItem } from '../contract/operations';

export function toOperationStep(step: PlanStep): OperationStep {
  return {
    ...step,
    state: 'waiting',
    startedAt: null,
    endedAt: null,
    outcome: null,
    progress: null,
    remainingMs: null,
    stall: null,
    notices: [],
    failure: null,
    items: (step.items ?? []).map(toStepItem),
  };
}

/** A part that has not begun. */
export function toStepItem(item: PlannedItem): StepItem {
  return {
    ...item,
    state: 'waiting',
    startedAt: null,
    endedAt: null,
    attempts: 0,
    outcome: null,
    live: null,
  };
}
