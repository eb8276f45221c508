/** Runs one operation: looks, notes, acts, looks again, notes. Never acts on what it has not looked at. */
import { cancelBackend } from '../citus/backend-changes';
import { readBackend, readBackendWorks, readRole } from '../citus/operation-reads';
import type { BackendIdentity } from '../citus/operation-reads';
import type { Writer } from '../connections/database';
import { assertNever, FailureError, toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { Operation, OperationState, OperationStep } from '../contract/operations';
import { log } from '../log/log';
import { redact } from '../log/redact';
import { auditedWriter } from './audited-writer';
import type { AuditAppender, ClusterAccess, EngineTiming } from './engine-parts';
import { failureWords, isLostConnection } from './failures';
import { journalVersion } from './journal';
import type { Journal, JournalEvent, JournalRecord, StepMemory } from './journal';
import { applyRecord, changeStep, hasEnded } from './record';
import type { OperationRecord } from './record';
import { stepFor } from './steps';
import type { StepTable } from './steps';
import type { Observation, Step, StepContext, StepReport, StepResult } from './steps/step';

export interface RunnerParts {
  readonly access: (clusterId: string) => ClusterAccess;
  readonly audit: AuditAppender;
  readonly journal: Journal;
  readonly publish: (operation: Operation) => void;
  readonly now: () => Date;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly timing: EngineTiming;
  readonly steps: StepTable;
}

/**
 * - `execute`: a person consented to the plan or resumed it.
 * - `person`: a person decided to go on after being asked; also repeats a step that is not safe to repeat unasked.
 * - `look`: after a restart; follows what runs, executes nothing.
 */
export type RunMode = 'execute' | 'person' | 'look';

export interface Runner {
  readonly operation: () => Operation;
  readonly isRunning: () => boolean;
  /** Resolves when the operation waits or has ended; never throws. A second call while it runs joins the first. */
  readonly run: (mode: RunMode) => Promise<void>;
  readonly pause: () => Promise<void>;
  readonly cancel: () => Promise<void>;
  readonly abandon: () => Promise<void>;
  /** Stops without deciding anything: what is open is looked at by the next start. */
  readonly close: () => Promise<void>;
}

/** A journal that cannot be written, told apart from everything that a step may throw: it ends the run at once. */
class JournalError extends Error {
  constructor(cause: unknown) {
    const words = cause instanceof Error ? cause.message : String(cause);
    super(`The journal of this operation could not be written (${words}).`, { cause });
    this.name = 'JournalError';
  }
}

/** What became of one step. */
type StepEnd = 'next' | 'stop';

export function createRunner(parts: RunnerParts, found: OperationRecord, wasFound: boolean): Runner {
  const { timing } = parts;
  let record = found;
  let running: Promise<void> | null = null;
  let controller = new AbortController();
  let pauseWanted = false;
  let cancelWanted = wasFound && found.operation.state === 'cancelling';
  /** No further step is begun. */
  let leaving = false;
  /** Nothing is waited for any more, and nothing more is noted. */
  let closing = false;
  let writing: Promise<void> = Promise.resolve();
  /** Results of this run that a crash would lose; `observe` works without them. */
  let freshMemory: Readonly<Record<string, StepMemory>> = {};

  if (wasFound) {
    const attention =
      record.operation.state === 'paused' || record.operation.state === 'needs-person'
        ? record.operation.attention
        : 'Found in the journal after a restart; it has not been looked at yet.';
    const state = record.operation.state === 'needs-person' ? 'needs-person' : 'interrupted';
    record = { ...record, operation: { ...record.operation, state, attention } };
  }

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

  const setState = async (state: OperationState, attention: string | null): Promise<void> =>
    note({ type: 'state', state, attention });

  /** Shown, and not kept: what a restart finds by looking. */
  const show = (change: Partial<Operation>): void => {
    record = {
      ...record,
      operation: { ...record.operation, revision: record.operation.revision + 1, ...change },
    };
    publish();
  };

  const isLive = (): boolean => !hasEnded(record.operation);

  const access = (): ClusterAccess => parts.access(record.operation.clusterId);

  const audited = (): Writer => {
    const { writer, name } = access();
    return auditedWriter(writer, parts.audit, {
      clusterId: record.operation.clusterId,
      clusterName: name,
      operationId: record.operation.operationId,
    });
  };

  const stepNow = (stepId: string): OperationStep => {
    const step = record.operation.steps.find((one) => one.stepId === stepId);
    if (!step) throw new Error(`no step ${stepId}`);
    return step;
  };

  const memoryOf = (stepId: string): StepMemory => ({ ...record.memory[stepId], ...freshMemory[stepId] });

  const backendOf = (stepId: string): BackendIdentity | null => {
    const memory = memoryOf(stepId);
    const pid = memory['backendPid'];
    const startedAt = memory['backendStartedAt'];
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : null;
  };

  const contextOf = (stepId: string): StepContext => ({
    action: stepNow(stepId).action,
    reader: () => access().reader,
    writer: audited,
    role: () => readRole(access().reader, { timeoutMs: timing.readLimitMs }),
    memory: memoryOf(stepId),
    jobId: record.operation.jobId,
    signal: controller.signal,
    timing,
    wait: (milliseconds) => parts.wait(milliseconds, controller.signal),
    report: (report) => onReport(stepId, report),
  });

  const onReport = (stepId: string, report: StepReport): void => {
    if (closing) return;
    const { attention, ...rest } = report;
    record = { ...record, operation: changeStep(record.operation, stepId, rest) };
    if (attention !== undefined) record = { ...record, operation: { ...record.operation, attention } };
    publish();
  };

  /** First whether the process that was left alone still works, then what the step itself sees. */
  const observe = async (stepId: string, step: Step): Promise<Observation> => {
    const backend = record.openSteps.has(stepId) ? backendOf(stepId) : null;
    if (backend && (await readBackendWorks(access().reader, backend, { timeoutMs: timing.readLimitMs }))) {
      return { state: 'underway', words: `server process ${backend.pid} still works on it` };
    }
    return step.observe(contextOf(stepId));
  };

  /** Looks as soon as the cluster can be reached again, within the limit. */
  const observeWhenReached = async (stepId: string, step: Step): Promise<Observation> => {
    const before = record.operation.attention;
    let waiting = false;
    for (let waitedMs = 0; ; waitedMs += timing.retryMs) {
      try {
        const seen = await observe(stepId, step);
        if (waiting) show({ attention: before });
        return seen;
      } catch (error) {
        const failure = toFailure(error);
        if (closing || !isLostConnection(failure) || waitedMs >= timing.reconnectLimitMs) throw error;
        if (!waiting) {
          waiting = true;
          show({
            attention: `The connection is lost (${failure.message}) The step is looked at when it is back.`,
          });
        }
        await parts.wait(timing.retryMs, closing ? controller.signal : new AbortController().signal);
      }
    }
  };

  const followOf = async (stepId: string, step: Step): Promise<StepResult> => {
    const backend = backendOf(stepId);
    const works = async (): Promise<boolean> =>
      backend !== null
      && (await readBackendWorks(access().reader, backend, { timeoutMs: timing.readLimitMs }));
    while (await works()) {
      if (closing) throw closedWhileFollowing();
      onReport(stepId, { outcome: `server process ${backend?.pid ?? ''} still works on it` });
      await parts.wait(timing.pollMs, controller.signal);
    }
    if (step.follow && (await step.observe(contextOf(stepId))).state === 'underway') {
      return step.follow(contextOf(stepId));
    }
    return { outcome: '', notices: [] };
  };

  const finishStep = (
    stepId: string,
    state: 'done' | 'failed' | 'cancelled' | 'conflict' | 'waiting',
    outcome: string | null,
    more: { notices?: readonly string[]; failure?: Failure | null; jobId?: string | null } = {},
  ): Promise<void> =>
    note({
      type: 'step-ended',
      stepId,
      state,
      outcome,
      notices: more.notices ?? [],
      failure: more.failure ?? null,
      jobId: more.jobId ?? null,
    });

  const doneSoFar = (): string => {
    const done = record.operation.steps.filter((step) => step.state === 'done').map((step) => step.title);
    return done.length === 0 ? 'Nothing was changed before it.' : `Done and kept: ${done.join('; ')}.`;
  };

  const onConflict = async (stepId: string, words: string, failure: Failure | null): Promise<StepEnd> => {
    const { title } = stepNow(stepId);
    await finishStep(stepId, 'conflict', words, { failure });
    await setState(
      'needs-person',
      `"${title}": ${words}. Retry looks again and repeats only what is missing; abandon leaves everything as it is.`,
    );
    return 'stop';
  };

  const onAbsent = async (
    stepId: string,
    step: Step,
    mode: RunMode,
    seen: Observation,
    failure: Failure | null,
    executed: boolean,
  ): Promise<StepEnd | 'execute'> => {
    const { title } = stepNow(stepId);
    if (cancelWanted) {
      await finishStep(stepId, record.openSteps.has(stepId) ? 'cancelled' : 'waiting', seen.words, {
        failure,
      });
      await finishCancelled();
      return 'stop';
    }
    if (failure && isLostConnection(failure) && !step.retrySafe) {
      return onConflict(
        stepId,
        `the connection was lost and it left no trace (${seen.words}); repeating it may do harm`,
        failure,
      );
    }
    if (failure && isLostConnection(failure)) {
      await finishStep(stepId, 'waiting', seen.words, { failure });
      await setState(
        'paused',
        `The connection was lost during "${title}", which had no effect (${seen.words}). Resume runs it again.`,
      );
      return 'stop';
    }
    if (failure) {
      await finishStep(stepId, 'failed', seen.words, { failure });
      await setState(
        'failed',
        `"${title}" failed: ${failureWords(failure)} Now: ${seen.words}. ${doneSoFar()}`,
      );
      return 'stop';
    }
    if (executed) {
      return onConflict(stepId, `the server reported success, but it is not there (${seen.words})`, null);
    }
    if (mode === 'look') {
      const wasStarted = record.openSteps.has(stepId);
      if (wasStarted && !step.retrySafe) {
        return onConflict(
          stepId,
          `it had begun and has left no trace (${seen.words}); repeating it may do harm`,
          null,
        );
      }
      if (wasStarted) await finishStep(stepId, 'waiting', seen.words);
      await setState('paused', `Next is "${title}" (now: ${seen.words}). Resume goes on from here.`);
      return 'stop';
    }
    if (mode === 'execute' && record.openSteps.has(stepId) && !step.retrySafe) {
      return onConflict(
        stepId,
        `it had begun and has left no trace (${seen.words}); repeating it may do harm`,
        null,
      );
    }
    return 'execute';
  };

  const finishCancelled = (): Promise<void> => setState('cancelled', `Cancelled. ${doneSoFar()}`);

  const runStep = async (stepId: string, mode: RunMode): Promise<StepEnd> => {
    const step = stepFor(parts.steps, stepNow(stepId).action);
    let failure: Failure | null = null;
    let result: StepResult | null = null;
    for (;;) {
      let seen: Observation;
      try {
        seen = await observeWhenReached(stepId, step);
      } catch (error) {
        if (closing) return 'stop';
        return onUnseen(stepId, toFailure(error), failure);
      }
      if (closing) return 'stop';
      switch (seen.state) {
        case 'done': {
          const already = result === null && !record.openSteps.has(stepId) ? 'already so: ' : '';
          await finishStep(stepId, 'done', already + seen.words, {
            notices: result?.notices ?? (failure ? [failureWords(failure)] : []),
            jobId: seen.jobId ?? null,
          });
          return 'next';
        }
        case 'conflict':
          return onConflict(stepId, seen.words, failure);
        case 'underway': {
          const ended = await followStep(stepId, step);
          if (ended !== null) return ended;
          break;
        }
        case 'absent': {
          const next = await onAbsent(stepId, step, mode, seen, failure, result !== null);
          if (next !== 'execute') return next;
          try {
            result = await executeStep(stepId, step);
          } catch (error) {
            if (error instanceof JournalError) throw error;
            failure = toFailure(error);
          }
          if (closing) return 'stop';
          break;
        }
        default:
          return assertNever(seen);
      }
    }
  };

  const executeStep = async (stepId: string, step: Step): Promise<StepResult> => {
    const prepared = (await step.prepare?.(contextOf(stepId))) ?? {};
    const backend = await readBackend(access().writer, { timeoutMs: timing.readLimitMs });
    const memory: StepMemory = backend
      ? { ...prepared, backendPid: backend.pid, backendStartedAt: backend.startedAt }
      : prepared;
    freshMemory = { ...freshMemory, [stepId]: {} };
    await note({ type: 'step-starting', stepId, memory });
    const result = await step.execute(contextOf(stepId));
    if (result.memory) freshMemory = { ...freshMemory, [stepId]: result.memory };
    return result;
  };

  /** Null: look again. */
  const followStep = async (stepId: string, step: Step): Promise<StepEnd | null> => {
    if (!record.openSteps.has(stepId)) await note({ type: 'step-starting', stepId, memory: {} });
    if (record.operation.state === 'interrupted') await setState('running', null);
    try {
      if (cancelWanted) await stopWork();
      await followOf(stepId, step);
      return null;
    } catch (error) {
      if (closing) return 'stop';
      if (error instanceof JournalError) throw error;
      const failure = toFailure(error);
      if (isLostConnection(failure) || failure.kind === 'timeout') return null;
      const cancelled = failure.kind === 'cancelled';
      await finishStep(stepId, cancelled ? 'cancelled' : 'failed', failure.message, { failure });
      await setState(
        cancelled ? 'cancelled' : 'failed',
        [failureWords(failure), failure.meaning, failure.serverMessage, failure.remedy]
          .filter((part) => part)
          .join(' '),
      );
      return 'stop';
    }
  };

  /** Neither the journal nor the world says how far the step came. */
  const onUnseen = async (stepId: string, unseen: Failure, failure: Failure | null): Promise<StepEnd> => {
    const { title } = stepNow(stepId);
    const begun = record.openSteps.has(stepId);
    show({
      state: begun ? 'needs-person' : 'interrupted',
      attention:
        `"${title}" could not be looked at: ${failureWords(unseen)} `
        + (begun ? 'Whether it took effect is not known. ' : 'It has not begun. ')
        + (failure ? `Before that: ${failureWords(failure)} ` : '')
        + 'When the cluster answers again, retry looks first.',
    });
    // Not in the journal on purpose: the open step is, and that is what the next start goes by.
    return 'stop';
  };

  const stopWork = async (): Promise<void> => {
    const current = record.operation.steps.find((step) => step.state === 'running');
    if (!current) return;
    const step = stepFor(parts.steps, current.action);
    if (step.stop) {
      await step.stop(contextOf(current.stepId));
      return;
    }
    const backend = backendOf(current.stepId);
    if (backend && (await readBackendWorks(access().reader, backend, { timeoutMs: timing.readLimitMs }))) {
      await cancelBackend(audited(), backend, { timeoutMs: timing.readLimitMs });
    }
  };

  const loop = async (mode: RunMode): Promise<void> => {
    if (mode !== 'look' && record.operation.state !== 'running') await setState('running', null);
    for (const { stepId } of record.operation.steps) {
      if (stepNow(stepId).state === 'done') continue;
      if (cancelWanted && !record.openSteps.has(stepId)) return finishCancelled();
      if (pauseWanted) {
        const words = leaving ? 'The app was closed' : 'Paused';
        return setState('paused', `${words} before "${stepNow(stepId).title}". ${doneSoFar()}`);
      }
      if ((await runStep(stepId, mode)) === 'stop') return;
    }
    await setState('done', null);
  };

  const run = (mode: RunMode): Promise<void> => {
    if (running) return running;
    if (leaving) return Promise.resolve();
    controller = new AbortController();
    pauseWanted = false;
    running = loop(mode)
      .catch((error: unknown) => {
        const failure = toFailure(error);
        const words =
          error instanceof JournalError ? error.message : (failure.serverMessage ?? failure.message);
        log.error('operation stopped', { operationId: record.operation.operationId, words });
        // Without a journal nothing more may be done; what is open there is what the next start looks at.
        show({
          state: 'needs-person',
          attention: `Stopped by an error of the app itself: ${words} Nothing more is executed; retry looks first.`,
        });
      })
      .finally(() => {
        running = null;
        cancelWanted = false;
      });
    return running;
  };

  return {
    operation: () => record.operation,
    isRunning: () => running !== null,
    run,
    async pause() {
      const rest = record.operation.steps.filter((step) => step.state === 'waiting');
      if (!running || record.operation.state !== 'running') {
        throw refused(`It is ${record.operation.state}, so it cannot be paused.`);
      }
      if (rest.length === 0) {
        throw refused(
          'Its last step runs; there is nothing left to hold back. Cancel stops the step itself.',
        );
      }
      pauseWanted = true;
      await note({ type: 'state', state: 'pausing', attention: null }, isLive);
    },
    async cancel() {
      if (!running) {
        if (['paused', 'interrupted', 'needs-person'].includes(record.operation.state)) {
          cancelWanted = true;
          await setState('cancelling', null);
          void run('look');
          return;
        }
        throw refused(`It is ${record.operation.state}; there is nothing to cancel.`);
      }
      if (cancelWanted) return;
      cancelWanted = true;
      await note({ type: 'state', state: 'cancelling', attention: null }, isLive);
      const current = record.operation.steps.find((step) => step.state === 'running');
      if (current && stepFor(parts.steps, current.action).stop) {
        try {
          await stopWork();
        } catch (error) {
          cancelWanted = false;
          const words = `It could not be stopped: ${failureWords(toFailure(error))}`;
          await note({ type: 'state', state: 'running', attention: words }, isLive);
          throw error;
        }
        return;
      }
      controller.abort();
    },
    async abandon() {
      if (running) throw refused('It runs; cancel it instead.');
      const { jobId } = record.operation;
      const job = jobId === null ? '' : ` If job ${jobId} still runs, it goes on by itself.`;
      await setState(
        'cancelled',
        `Abandoned. ${doneSoFar()} Steps that were open were left as they are.${job}`,
      );
    },
    async close() {
      leaving = true;
      pauseWanted = true;
      const isStatement = record.operation.steps.some(
        (step) => step.state === 'running' && !stepFor(parts.steps, step.action).follow,
      );
      const settled = running ?? Promise.resolve();
      if (isStatement) {
        // A statement in the middle of its work may end by itself; then its end is still noted.
        await Promise.race([settled, parts.wait(timing.closeLimitMs, new AbortController().signal)]);
      }
      closing = true;
      controller.abort();
      await Promise.race([settled, parts.wait(timing.closeLimitMs, new AbortController().signal)]);
    },
  };
}

/** Words of servers may hold anything; a plan's own values must stay as they are, since they are executed. */
function withoutSecrets(event: JournalEvent): JournalEvent {
  if (event.type !== 'step-ended' && event.type !== 'state') return event;
  return JSON.parse(
    JSON.stringify(event, (_key, value: unknown) => (typeof value === 'string' ? redact(value) : value)),
  ) as JournalEvent;
}

function refused(message: string): FailureError {
  return new FailureError({ kind: 'conflict', message });
}

function closedWhileFollowing(): FailureError {
  return new FailureError({ kind: 'cancelled', message: 'No longer followed.' });
}
