/** An operation as it follows from its journal: the same function serves a running one and one found at start. Pure. */
import type { BackendIdentity } from '../citus/operation-reads';
import type { Operation, OperationState, OperationStep, StepItem } from '../contract/operations';
import type { JournalRecord, StepMemory } from './journal';
import { toOperationStep } from './planned-steps';
import { withPlan } from './replanned';

export interface OperationRecord {
  readonly operation: Operation;
  /** By step id: what the step noted before it acted, also of attempts that ended. */
  readonly memory: Readonly<Record<string, StepMemory>>;
  /** By step id and item id: the server process that was told to act on it last. */
  readonly itemBackends: Readonly<Record<string, Readonly<Record<string, BackendIdentity>>>>;
  /** Steps whose start is in the journal and whose end is not: what they did is not known. */
  readonly openSteps: ReadonlySet<string>;
}

const endedStates: readonly OperationState[] = ['cancelled', 'done', 'failed'];

/** Nothing more comes of it by itself or by a decision that waits. */
export function hasEnded(operation: Operation): boolean {
  return endedStates.includes(operation.state);
}

export function createdRecord(record: JournalRecord & { readonly type: 'created' }): OperationRecord {
  const { plan } = record;
  const steps = plan.steps.map(toOperationStep);
  return {
    operation: {
      operationId: record.operationId,
      revision: 1,
      clusterId: plan.clusterId,
      kind: plan.request.kind,
      request: plan.request,
      title: plan.title,
      summary: plan.summary,
      state: 'running',
      attention: null,
      createdAt: record.at,
      endedAt: null,
      steps,
      details: plan.details,
      jobId: null,
      report: null,
    },
    memory: {},
    itemBackends: {},
    openSteps: new Set(),
  };
}

/** The record after one more line of the journal. */
export function applyRecord(current: OperationRecord, record: JournalRecord): OperationRecord {
  switch (record.type) {
    case 'created':
    case 'torn-line':
      return current;
    case 'step-starting':
      return {
        ...current,
        operation: changeStep(current.operation, record.stepId, {
          state: 'running',
          startedAt: record.at,
          endedAt: null,
          outcome: null,
          progress: null,
          remainingMs: null,
          stall: null,
          failure: null,
        }),
        memory: { ...current.memory, [record.stepId]: record.memory },
        openSteps: new Set(current.openSteps).add(record.stepId),
      };
    case 'step-ended': {
      const openSteps = new Set(current.openSteps);
      openSteps.delete(record.stepId);
      const changed = changeStep(current.operation, record.stepId, {
        state: record.state,
        endedAt: record.state === 'waiting' ? null : record.at,
        outcome: record.outcome,
        progress: null,
        remainingMs: null,
        stall: null,
        notices: record.notices,
        failure: record.failure,
      });
      return {
        ...current,
        operation: { ...changed, jobId: record.jobId ?? changed.jobId },
        openSteps,
      };
    }
    case 'item': {
      const { stepId, item, backend } = record;
      const ofStep = current.itemBackends[stepId] ?? {};
      return {
        ...current,
        operation: putItem(current.operation, stepId, { ...item, live: null }),
        itemBackends: backend
          ? { ...current.itemBackends, [stepId]: { ...ofStep, [item.itemId]: backend } }
          : current.itemBackends,
      };
    }
    case 'replanned':
      return { ...current, operation: withPlan(current.operation, record.plan, record.at) };
    case 'report':
      return {
        ...current,
        operation: {
          ...current.operation,
          revision: current.operation.revision + 1,
          report: record.report,
        },
      };
    case 'state':
      return {
        ...current,
        operation: {
          ...current.operation,
          revision: current.operation.revision + 1,
          state: record.state,
          attention: record.attention,
          endedAt: endedStates.includes(record.state) ? record.at : null,
        },
      };
  }
}

export function changeStep(operation: Operation, stepId: string, change: Partial<OperationStep>): Operation {
  return {
    ...operation,
    revision: operation.revision + 1,
    steps: operation.steps.map((step) => (step.stepId === stepId ? { ...step, ...change } : step)),
  };
}

/** In its place, or as the last one. */
function putItem(operation: Operation, stepId: string, item: StepItem): Operation {
  const step = operation.steps.find((one) => one.stepId === stepId);
  if (!step) return operation;
  const isKnown = step.items.some(({ itemId }) => itemId === item.itemId);
  return changeStep(operation, stepId, {
    items: isKnown
      ? step.items.map((one) => (one.itemId === item.itemId ? item : one))
      : [...step.items, item],
  });
}

/** Null when the first line is not the one that creates an operation. */
export function foldJournal(records: readonly JournalRecord[]): OperationRecord | null {
  const [first, ...rest] = records;
  if (!first || first.type !== 'created') return null;
  return rest.reduce(applyRecord, createdRecord(first));
}
