/** The state of one operation: written to the journal first, then held here and published. */
import type { Failure } from '../contract/failure';
import type {
  ItemProgress,
  Operation,
  OperationState,
  OperationStep,
  PlannedItem,
  StepItem,
} from '../contract/operations';
import type { BackendIdentity } from '../citus/operation-reads';
import { redact } from '../log/redact';
import { journalVersion } from './journal';
import type { Journal, JournalEvent, JournalRecord, StepMemory } from './journal';
import { toStepItem } from './planned-steps';
import { applyRecord, changeStep, hasEnded } from './record';
import type { OperationRecord } from './record';
import type { StepReport } from './steps/step';

/** A journal that cannot be written, told apart from everything that a step may throw: it ends the run at once. */
export class JournalError extends Error {
  constructor(cause: unknown) {
    const words = cause instanceof Error ? cause.message : String(cause);
    super(`The journal of this operation could not be written (${words}).`, { cause });
    this.name = 'JournalError';
  }
}

export type StepEnd = 'done' | 'failed' | 'cancelled' | 'conflict' | 'waiting';

/** What else is noted at the end of a step. */
export interface StepRemains {
  readonly notices?: readonly string[];
  readonly failure?: Failure | null;
  readonly jobId?: string | null;
}

export interface Ledger {
  readonly operation: () => Operation;
  readonly step: (stepId: string) => OperationStep;
  /** Its start is in the journal and its end is not. */
  readonly isOpen: (stepId: string) => boolean;
  /** What the step noted before it acted, and what it learned since. */
  readonly memoryOf: (stepId: string) => StepMemory;
  /** The server process that was told to act. */
  readonly backendOf: (stepId: string) => BackendIdentity | null;
  /** Kept until the app ends; `observe` does without it after a restart. */
  readonly remember: (stepId: string, memory: StepMemory) => void;
  /** One line at a time, in order of asking; throws `JournalError` alone. */
  readonly note: (event: JournalEvent, onlyWhile?: () => boolean) => Promise<void>;
  readonly setState: (
    state: OperationState,
    attention: string | null,
    onlyWhile?: () => boolean,
  ) => Promise<void>;
  readonly endStep: (
    stepId: string,
    state: StepEnd,
    outcome: string | null,
    remains?: StepRemains,
  ) => Promise<void>;
  /** Published and not kept: what a restart finds out by looking. */
  readonly show: (change: Partial<Operation>) => void;
  readonly report: (stepId: string, report: StepReport) => void;
  readonly noteItem: (
    stepId: string,
    itemId: string,
    change: Partial<Omit<StepItem, 'itemId' | 'live'>>,
    backend: BackendIdentity | null,
  ) => Promise<void>;
  /** A part that the cluster alone knew of when the step was planned. */
  readonly addItem: (stepId: string, item: PlannedItem) => Promise<void>;
  readonly itemBackend: (stepId: string, itemId: string) => BackendIdentity | null;
  /** Shown and not kept. */
  readonly showItems: (stepId: string, live: ReadonlyMap<string, ItemProgress>) => void;
  readonly isLive: () => boolean;
  /** Steps that are done, in a sentence. */
  readonly doneSoFar: () => string;
}

export interface LedgerParts {
  readonly journal: Journal;
  readonly publish: (operation: Operation) => void;
  readonly now: () => Date;
}

/** `wasFound`: read from the journal of an earlier life; it is shown as not looked at yet. */
export function createLedger(parts: LedgerParts, found: OperationRecord, wasFound: boolean): Ledger {
  let record = wasFound ? asFound(found) : found;
  let writing: Promise<void> = Promise.resolve();
  let freshMemory: Readonly<Record<string, StepMemory>> = {};

  const publish = (): void => parts.publish(record.operation);

  /** One line at a time, in order of asking; throws `JournalError` alone. */
  const note = (event: JournalEvent, onlyWhile = (): boolean => true): Promise<void> => {
    const turn = writing.then(async () => {
      if (!onlyWhile()) return;
      const at = parts.now().toISOString();
      const line: JournalRecord = { ...withoutSecrets(event), version: journalVersion, at };
      try {
        await parts.journal.append(record.operation.operationId, line);
      } catch (error) {
        throw new JournalError(error);
      }
      record = applyRecord(record, line);
      publish();
    });
    writing = turn.catch(() => undefined);
    return turn;
  };

  const step = (stepId: string): OperationStep => {
    const one = record.operation.steps.find((each) => each.stepId === stepId);
    if (!one) throw new Error(`no step ${stepId}`);
    return one;
  };

  const memoryOf = (stepId: string): StepMemory => ({ ...record.memory[stepId], ...freshMemory[stepId] });

  return {
    operation: () => record.operation,
    step,
    isOpen: (stepId) => record.openSteps.has(stepId),
    memoryOf,
    backendOf(stepId) {
      const memory = memoryOf(stepId);
      const pid = memory['backendPid'];
      const startedAt = memory['backendStartedAt'];
      return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : null;
    },
    remember(stepId, memory) {
      freshMemory = { ...freshMemory, [stepId]: memory };
    },
    note,
    setState: (state, attention, onlyWhile) => note({ type: 'state', state, attention }, onlyWhile),
    endStep: (stepId, state, outcome, { notices = [], failure = null, jobId = null } = {}) =>
      note({ type: 'step-ended', stepId, state, outcome, notices, failure, jobId }),
    show(change) {
      const revision = record.operation.revision + 1;
      record = { ...record, operation: { ...record.operation, revision, ...change } };
      publish();
    },
    report(stepId, { attention, ...rest }) {
      const operation = changeStep(record.operation, stepId, rest);
      record = {
        ...record,
        operation: attention === undefined ? operation : { ...operation, attention },
      };
      publish();
    },
    noteItem(stepId, itemId, change, backend) {
      const known = step(stepId).items.find((one) => one.itemId === itemId);
      if (!known) throw new Error(`no item ${itemId} in step ${stepId}`);
      const { live: _live, ...kept } = known;
      return note({ type: 'item', stepId, item: { ...kept, ...change }, backend });
    },
    addItem: (stepId, item) => note({ type: 'item', stepId, item: toStepItem(item), backend: null }),
    itemBackend: (stepId, itemId) => record.itemBackends[stepId]?.[itemId] ?? null,
    showItems(stepId, live) {
      const items = step(stepId).items.map((item) => {
        const shown = item.state === 'running' ? (live.get(item.itemId) ?? item.live) : null;
        return shown === item.live ? item : { ...item, live: shown };
      });
      record = { ...record, operation: changeStep(record.operation, stepId, { items }) };
      publish();
    },
    isLive: () => !hasEnded(record.operation),
    doneSoFar() {
      const done = record.operation.steps.filter((one) => one.state === 'done').map((one) => one.title);
      return done.length === 0 ? 'Nothing was changed before it.' : `Done and kept: ${done.join('; ')}.`;
    },
  };
}

function asFound(found: OperationRecord): OperationRecord {
  const { state, attention } = found.operation;
  const waits = state === 'paused' || state === 'needs-person';
  return {
    ...found,
    operation: {
      ...found.operation,
      state: state === 'needs-person' ? 'needs-person' : 'interrupted',
      attention: waits ? attention : 'Found in the journal after a restart; it has not been looked at yet.',
    },
  };
}

/** Words of servers may hold anything; a plan's own values must stay as they are, since they are executed. */
function withoutSecrets(event: JournalEvent): JournalEvent {
  if (event.type !== 'step-ended' && event.type !== 'state' && event.type !== 'item') return event;
  return JSON.parse(
    JSON.stringify(event, (_key, value: unknown) => (typeof value === 'string' ? redact(value) : value)),
  ) as JournalEvent;
}
