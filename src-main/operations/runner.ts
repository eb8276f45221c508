/** Runs one operation: looks, notes, acts, looks again, notes. Never acts on what it has not looked at. */
import { cancelBackend } from '../citus/backend-changes';
import { readBackend, readBackendWorks, readRole } from '../citus/operation-reads';
import type { Writer } from '../connections/database';
import { assertNever, FailureError, toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { Operation, Plan } from '../contract/operations';
import { log } from '../log/log';
import type { MoveTimes } from '../plans/move-estimate';
import { auditedWriter } from './audited-writer';
import type { AuditAppender, ClusterAccess, EngineTiming } from './engine-parts';
import { failureWords, isLostConnection } from './failures';
import type { Journal, StepMemory } from './journal';
import { JournalError, createLedger } from './ledger';
import type { OperationRecord } from './record';
import { stepFor } from './steps';
import type { StepTable } from './steps';
import type { Observation, Step, StepContext, StepResult } from './steps/step';

export interface RunnerParts {
  readonly access: (clusterId: string) => ClusterAccess;
  readonly look: (clusterId: string, signal: AbortSignal) => ReturnType<StepContext['look']>;
  readonly audit: AuditAppender;
  readonly moveTimes: MoveTimes;
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
 * - `look`: after a restart; follows what runs, executes nothing that changes anything.
 */
export type RunMode = 'execute' | 'person' | 'look';

export interface Runner {
  readonly operation: () => Operation;
  readonly isRunning: () => boolean;
  /** Resolves when the operation waits or has ended; never throws. A second call while it runs joins the first. */
  readonly run: (mode: RunMode) => Promise<void>;
  /** Another plan takes the place of what is left, and is run. */
  readonly runInstead: (plan: Plan) => Promise<void>;
  readonly pause: () => Promise<void>;
  readonly cancel: () => Promise<void>;
  readonly abandon: () => Promise<void>;
  /** Stops without deciding anything: what is open is looked at by the next start. */
  readonly close: () => Promise<void>;
}

/** What became of one step. */
type Onward = 'next' | 'stop';

export function createRunner(parts: RunnerParts, found: OperationRecord, wasFound: boolean): Runner {
  const { timing } = parts;
  const ledger = createLedger(parts, found, wasFound);
  const { note, setState, endStep, show, isLive, doneSoFar } = ledger;
  let running: Promise<void> | null = null;
  let controller = new AbortController();
  let pauseWanted = false;
  let cancelWanted = wasFound && found.operation.state === 'cancelling';
  /** No further step is begun. */
  let leaving = false;
  /** Nothing is waited for any more, and nothing more is noted. */
  let closing = false;
  const access = (): ClusterAccess => parts.access(ledger.operation().clusterId);

  const auditedBy = (writer: Writer): Writer =>
    auditedWriter(writer, parts.audit, {
      clusterId: ledger.operation().clusterId,
      clusterName: access().name,
      operationId: ledger.operation().operationId,
    });
  const audited = (): Writer => auditedBy(access().writer);

  const contextOf = (stepId: string): StepContext => ({
    action: ledger.step(stepId).action,
    reader: () => access().reader,
    writer: audited,
    role: () => readRole(access().reader, { timeoutMs: timing.readLimitMs }),
    memory: ledger.memoryOf(stepId),
    jobId: ledger.operation().jobId,
    signal: controller.signal,
    timing,
    wait: (milliseconds) => parts.wait(milliseconds, controller.signal),
    report: (report) => {
      if (!closing) ledger.report(stepId, report);
    },
    now: parts.now,
    holding: () => pauseWanted,
    lane: async (index) => auditedBy(await access().lane(index)),
    aside: () => access().aside(),
    items: {
      all: () => ledger.step(stepId).items,
      add: (item) => ledger.addItem(stepId, item),
      backendOf: (itemId) => ledger.itemBackend(stepId, itemId),
      note: async (itemId, change, backend) => {
        // Its end is what the next start looks for, also when this app is about to leave.
        await ledger.noteItem(stepId, itemId, change, backend ?? null);
      },
      show: (live) => {
        if (!closing) ledger.showItems(stepId, live);
      },
    },
    times: {
      samples: () => parts.moveTimes.samples(ledger.operation().clusterId),
      note: (sample) => parts.moveTimes.note(ledger.operation().clusterId, sample),
    },
    look: () => parts.look(ledger.operation().clusterId, controller.signal),
    balance: {
      report: () => ledger.operation().report,
      note: (report) => note({ type: 'report', report }),
    },
  });

  /** First whether the process that was left alone still works, then what the step itself sees. */
  const observe = async (stepId: string, step: Step): Promise<Observation> => {
    const backend = ledger.isOpen(stepId) ? ledger.backendOf(stepId) : null;
    if (backend && (await readBackendWorks(access().reader, backend, { timeoutMs: timing.readLimitMs }))) {
      return { state: 'underway', words: `server process ${backend.pid} still works on it` };
    }
    return step.observe(contextOf(stepId));
  };

  /** Looks as soon as the cluster can be reached again, within the limit. */
  const observeWhenReached = async (stepId: string, step: Step): Promise<Observation> => {
    const before = ledger.operation().attention;
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
    const backend = ledger.backendOf(stepId);
    const works = async (): Promise<boolean> =>
      backend !== null
      && (await readBackendWorks(access().reader, backend, { timeoutMs: timing.readLimitMs }));
    while (await works()) {
      if (closing) throw closedWhileFollowing();
      ledger.report(stepId, { outcome: `server process ${backend?.pid ?? ''} still works on it` });
      await parts.wait(timing.pollMs, controller.signal);
    }
    if (step.follow && (await step.observe(contextOf(stepId))).state === 'underway') {
      return step.follow(contextOf(stepId));
    }
    return { outcome: '', notices: [] };
  };

  const onConflict = async (stepId: string, words: string, failure: Failure | null): Promise<Onward> => {
    const { title } = ledger.step(stepId);
    await endStep(stepId, 'conflict', words, { failure });
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
  ): Promise<Onward | 'execute'> => {
    const { title } = ledger.step(stepId);
    if (cancelWanted) {
      await endStep(stepId, ledger.isOpen(stepId) ? 'cancelled' : 'waiting', seen.words, {
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
      await endStep(stepId, 'waiting', seen.words, { failure });
      await setState(
        'paused',
        `The connection was lost during "${title}", which had no effect (${seen.words}). Resume runs it again.`,
      );
      return 'stop';
    }
    if (failure) {
      await endStep(stepId, 'failed', seen.words, { failure });
      await setState(
        'failed',
        `"${title}" failed: ${failureWords(failure)} Now: ${seen.words}. ${doneSoFar()}`,
      );
      return 'stop';
    }
    if (executed) {
      return onConflict(stepId, `the server reported success, but it is not there (${seen.words})`, null);
    }
    if (mode === 'look' && step.onlyReads !== true) {
      const wasStarted = ledger.isOpen(stepId);
      if (wasStarted && !step.retrySafe) {
        return onConflict(
          stepId,
          `it had begun and has left no trace (${seen.words}); repeating it may do harm`,
          null,
        );
      }
      if (wasStarted) await endStep(stepId, 'waiting', seen.words);
      await setState('paused', `Next is "${title}" (now: ${seen.words}). Resume goes on from here.`);
      return 'stop';
    }
    if (mode === 'execute' && ledger.isOpen(stepId) && !step.retrySafe) {
      return onConflict(
        stepId,
        `it had begun and has left no trace (${seen.words}); repeating it may do harm`,
        null,
      );
    }
    return 'execute';
  };

  const finishCancelled = (): Promise<void> => setState('cancelled', `Cancelled. ${doneSoFar()}`);

  const runStep = async (stepId: string, mode: RunMode): Promise<Onward> => {
    const step = stepFor(parts.steps, ledger.step(stepId).action);
    let failure: Failure | null = null;
    let result: StepResult | null = null;
    for (;;) {
      let seen: Observation;
      try {
        seen = await observeWhenReached(stepId, step);
        const isOver = seen.state === 'absent' || seen.state === 'done';
        if (isOver && ledger.isOpen(stepId)) await step.settle?.(contextOf(stepId));
      } catch (error) {
        if (closing) return 'stop';
        if (error instanceof JournalError) throw error;
        return onUnseen(stepId, toFailure(error), failure);
      }
      if (closing) return 'stop';
      switch (seen.state) {
        case 'done': {
          const already = result === null && !ledger.isOpen(stepId) ? 'already so: ' : '';
          await endStep(stepId, 'done', already + seen.words, {
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
          if (result?.held !== undefined && !cancelWanted) return onHeld(stepId, step, result);
          break;
        }
        default:
          return assertNever(seen);
      }
    }
  };

  /** What is left of it is done when a person resumes; unless nothing is left. */
  const onHeld = async (stepId: string, step: Step, result: StepResult): Promise<Onward> => {
    const seen = await observeWhenReached(stepId, step);
    const { title } = ledger.step(stepId);
    if (seen.state === 'done') {
      await endStep(stepId, 'done', seen.words, { notices: result.notices });
      return 'next';
    }
    await endStep(stepId, 'waiting', seen.words, { notices: result.notices });
    await setState('paused', `${result.held ?? 'Paused'} in the middle of "${title}": ${seen.words}.`);
    return 'stop';
  };

  const executeStep = async (stepId: string, step: Step): Promise<StepResult> => {
    const prepared = (await step.prepare?.(contextOf(stepId))) ?? {};
    const backend = await readBackend(access().writer, { timeoutMs: timing.readLimitMs });
    const memory: StepMemory = backend
      ? { ...prepared, backendPid: backend.pid, backendStartedAt: backend.startedAt }
      : prepared;
    ledger.remember(stepId, {});
    await note({ type: 'step-starting', stepId, memory });
    const result = await step.execute(contextOf(stepId));
    if (result.memory) ledger.remember(stepId, result.memory);
    return result;
  };

  /** Null: look again. */
  const followStep = async (stepId: string, step: Step): Promise<Onward | null> => {
    if (!ledger.isOpen(stepId)) await note({ type: 'step-starting', stepId, memory: {} });
    if (ledger.operation().state === 'interrupted') await setState('running', null);
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
      await endStep(stepId, cancelled ? 'cancelled' : 'failed', failure.message, { failure });
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
  const onUnseen = async (stepId: string, unseen: Failure, failure: Failure | null): Promise<Onward> => {
    const { title } = ledger.step(stepId);
    const begun = ledger.isOpen(stepId);
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
    const current = ledger.operation().steps.find((step) => step.state === 'running');
    if (!current) return;
    const step = stepFor(parts.steps, current.action);
    if (step.stop) {
      await step.stop(contextOf(current.stepId));
      return;
    }
    const backends = [
      ledger.backendOf(current.stepId),
      ...current.items
        .filter((item) => item.state === 'running')
        .map((item) => ledger.itemBackend(current.stepId, item.itemId)),
    ];
    for (const backend of backends) {
      if (backend && (await readBackendWorks(access().reader, backend, { timeoutMs: timing.readLimitMs }))) {
        await cancelBackend(audited(), backend, { timeoutMs: timing.readLimitMs });
      }
    }
  };

  const loop = async (mode: RunMode): Promise<void> => {
    if (mode !== 'look' && ledger.operation().state !== 'running') await setState('running', null);
    for (const { stepId } of ledger.operation().steps) {
      if (ledger.step(stepId).state === 'done') continue;
      if (cancelWanted && !ledger.isOpen(stepId)) return finishCancelled();
      if (pauseWanted) {
        const words = leaving ? 'The app was closed' : 'Paused';
        return setState('paused', `${words} before "${ledger.step(stepId).title}". ${doneSoFar()}`);
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
        log.error('operation stopped', { operationId: ledger.operation().operationId, words });
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
    operation: ledger.operation,
    isRunning: () => running !== null,
    run,
    async runInstead(plan) {
      if (running) throw refused('It runs; pause it first.');
      await note({ type: 'replanned', plan });
      void run('execute');
    },
    async pause() {
      const { steps } = ledger.operation();
      const current = steps.find((step) => step.state === 'running');
      const canHold = current !== undefined && stepFor(parts.steps, current.action).canHold === true;
      const rest = steps.filter((step) => step.state === 'waiting');
      if (!running || ledger.operation().state !== 'running') {
        throw refused(`It is ${ledger.operation().state}, so it cannot be paused.`);
      }
      if (rest.length === 0 && !canHold) {
        throw refused(
          'Its last step runs; there is nothing left to hold back. Cancel stops the step itself.',
        );
      }
      pauseWanted = true;
      await setState('pausing', null, isLive);
    },
    async cancel() {
      if (!running) {
        if (['paused', 'interrupted', 'needs-person'].includes(ledger.operation().state)) {
          cancelWanted = true;
          await setState('cancelling', null);
          void run('look');
          return;
        }
        throw refused(`It is ${ledger.operation().state}; there is nothing to cancel.`);
      }
      if (cancelWanted) return;
      cancelWanted = true;
      await setState('cancelling', null, isLive);
      const current = ledger.operation().steps.find((step) => step.state === 'running');
      if (current && stepFor(parts.steps, current.action).stop) {
        try {
          await stopWork();
        } catch (error) {
          cancelWanted = false;
          const words = `It could not be stopped: ${failureWords(toFailure(error))}`;
          await setState('running', words, isLive);
          throw error;
        }
        return;
      }
      controller.abort();
    },
    async abandon() {
      if (running) throw refused('It runs; cancel it instead.');
      const { jobId } = ledger.operation();
      const job = jobId === null ? '' : ` If job ${jobId} still runs, it goes on by itself.`;
      await setState(
        'cancelled',
        `Abandoned. ${doneSoFar()} Steps that were open were left as they are.${job}`,
      );
    },
    async close() {
      leaving = true;
      pauseWanted = true;
      const isStatement = ledger.operation().steps.some(({ state, action }) => {
        const { follow, canHold } = stepFor(parts.steps, action);
        return state === 'running' && (!follow || canHold === true);
      });
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

function refused(message: string): FailureError {
  return new FailureError({ kind: 'conflict', message });
}

function closedWhileFollowing(): FailureError {
  return new FailureError({ kind: 'cancelled', message: 'No longer followed.' });
}
