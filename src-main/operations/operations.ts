/** Plans, starts, lists and steers operations; one at a time on each cluster. */
import { FailureError } from '../contract/failure';
import type { Operation, OperationRequest, Plan, PlanReply, StartReply } from '../contract/operations';
import type { RestPlans } from '../contract/rest-plans';
import { log } from '../log/log';
import { defaultTiming, waitFor } from './engine-parts';
import type { OperationsOptions } from './engine-parts';
import { makePlan } from './facts';
import { createJournal, journalVersion } from './journal';
import type { JournalRecord } from './journal';
import { createdRecord, foldJournal, hasEnded } from './record';
import { differencesOf } from './plan-differences';
import { planRest } from './rest-plans';
import { createRunner } from './runner';
import type { Runner, RunnerParts } from './runner';
import { planSql } from './statements';
import { stepTable } from './steps';

export interface RecoveryReport {
  /** Operations that had not ended. */
  readonly open: readonly Operation[];
  /** Journal files that could not be read: renamed, not removed. */
  readonly keptAside: readonly { readonly path: string; readonly reason: string }[];
}

export interface Operations {
  /** Reads the cluster and makes a plan; changes nothing. */
  plan(clusterId: string, request: OperationRequest, signal: AbortSignal): Promise<PlanReply>;
  /** Reads the cluster again; runs the plan only if what it was made from still holds. */
  start(planId: string): Promise<StartReply>;
  /** Newest first. */
  list(clusterId: string | null): readonly Operation[];
  pause(operationId: string): Promise<Operation>;
  resume(operationId: string): Promise<Operation>;
  /** What is left of paused moves, and a fresh plan beside it; changes nothing. */
  planRest(operationId: string, signal: AbortSignal): Promise<RestPlans>;
  /** Reads the cluster again; runs the plan in the place of what is left, only if what it was made from still holds. */
  resumeWith(operationId: string, planId: string): Promise<StartReply>;
  cancel(operationId: string): Promise<Operation>;
  decide(operationId: string, decision: 'retry' | 'abandon'): Promise<Operation>;
  /** Once, at the start of the app: reads the journals and executes nothing. */
  recover(): Promise<RecoveryReport>;
  /** Whenever a cluster's session has opened: looks at what a restart left open, and follows what runs. */
  look(clusterId: string): Promise<void>;
  /** Whether something runs that closing the app would interrupt or leave unwatched. */
  running(): readonly Operation[];
  /** The operation of a cluster that has not ended: it runs, or waits for a connection or a person. */
  unfinished(clusterId: string): Operation | undefined;
  close(): Promise<void>;
}

/** Plans kept for their review; an older one has to be made again. */
const plansKept = 50;

export function createOperations(options: OperationsOptions): Operations {
  const timing = { ...defaultTiming, ...options.timing };
  const journal = options.journal ?? createJournal(options.journalFolder);
  const wait = options.wait ?? waitFor;
  const plans = new Map<string, Plan>();
  const runners = new Map<string, Runner>();
  /** Clusters on which a start is being checked: the check takes a moment, and only one may win. */
  const starting = new Set<string>();
  let closing = false;

  const parts: RunnerParts = {
    access: options.session,
    look: async (clusterId, signal) => ({
      snapshot: await options.snapshot(clusterId, signal),
      sizes: await options.sizes(clusterId, signal),
    }),
    audit: options.audit,
    moveTimes: options.moveTimes,
    journal,
    publish: options.publish,
    now: options.now,
    wait,
    timing,
    steps: options.steps ?? stepTable,
  };

  const keep = (reply: PlanReply): PlanReply => {
    if (reply.outcome === 'plan') {
      plans.set(reply.plan.planId, reply.plan);
      const oldest = plans.size > plansKept ? plans.keys().next().value : undefined;
      if (oldest !== undefined) plans.delete(oldest);
    }
    return reply;
  };

  const plan = async (
    clusterId: string,
    request: OperationRequest,
    signal: AbortSignal,
  ): Promise<PlanReply> => {
    refuseWhenClosing();
    const access = options.session(clusterId);
    const snapshot = await options.snapshot(clusterId, signal);
    const reply = await (options.makePlan ?? makePlan)(
      {
        access,
        snapshot,
        sizes: () => options.sizes(clusterId, signal),
        moveTimes: options.moveTimes.samples(clusterId),
        health: () => options.health(clusterId, signal),
        readLimitMs: timing.readLimitMs,
        signal,
      },
      request,
      {
        planId: options.newId(),
        clusterId,
        createdAt: options.now().toISOString(),
        clusterName: access.name,
        coordinator: access.address,
        sql: planSql,
      },
    );
    return keep(reply);
  };

  const refuseWhenClosing = (): void => {
    if (closing) throw new FailureError({ kind: 'conflict', message: 'The app is closing.' });
  };

  const unfinished = (clusterId: string, except?: string): Operation | undefined =>
    [...runners.values()]
      .map((runner) => runner.operation())
      .find((one) => one.clusterId === clusterId && !hasEnded(one) && one.operationId !== except);

  const refuseWhenBusy = (clusterId: string, except?: string): void => {
    const busy = unfinished(clusterId, except);
    if (busy) {
      throw new FailureError({
        kind: 'conflict',
        message: `"${busy.title}" is ${busy.state} on this cluster.`,
        meaning: 'Two operations at a time could spoil what each was planned from.',
        remedy:
          busy.state === 'running'
            ? 'Wait for its end, or cancel it.'
            : 'Resume, cancel or abandon it first.',
      });
    }
    if (starting.has(clusterId)) {
      throw new FailureError({
        kind: 'conflict',
        message: 'Another operation is being started on this cluster.',
      });
    }
  };

  const runnerOf = (operationId: string): Runner => {
    const runner = runners.get(operationId);
    if (!runner) {
      throw new FailureError({ kind: 'not-found', message: 'There is no such operation.' });
    }
    return runner;
  };

  /** Does `begin` with a plan that still holds. */
  const consent = async (
    planId: string,
    except: string | undefined,
    begin: (consented: Plan) => Promise<Runner>,
  ): Promise<StartReply> => {
    refuseWhenClosing();
    const consented = plans.get(planId);
    if (!consented) {
      throw new FailureError({
        kind: 'not-found',
        message: 'This plan is not known any more.',
        remedy: 'Make it again and review it.',
      });
    }
    const { clusterId } = consented;
    refuseWhenBusy(clusterId, except);
    starting.add(clusterId);
    try {
      const fresh = await plan(clusterId, consented.request, new AbortController().signal);
      const differences = differencesOf(consented, fresh);
      if (differences.length > 0) return { outcome: 'changed', differences, reply: fresh };
      if (fresh.outcome === 'plan') plans.delete(fresh.plan.planId);
      plans.delete(planId);
      const runner = await begin(consented);
      return { outcome: 'started', operation: runner.operation() };
    } finally {
      starting.delete(clusterId);
    }
  };

  const start = (planId: string): Promise<StartReply> =>
    consent(planId, undefined, async (consented) => {
      const operationId = options.newId();
      const record: JournalRecord & { type: 'created' } = {
        type: 'created',
        version: journalVersion,
        at: options.now().toISOString(),
        operationId,
        plan: consented,
      };
      await journal.append(operationId, record);
      const runner = createRunner(parts, createdRecord(record), false);
      runners.set(operationId, runner);
      options.publish(runner.operation());
      void runner.run('execute');
      return runner;
    });

  const requireState = (operation: Operation, states: readonly Operation['state'][], verb: string): void => {
    if (states.includes(operation.state)) return;
    throw new FailureError({
      kind: 'conflict',
      message: `"${operation.title}" is ${operation.state} and cannot be ${verb}.`,
    });
  };

  return {
    plan,
    start,
    list(clusterId) {
      return [...runners.values()]
        .map((runner) => runner.operation())
        .filter((operation) => clusterId === null || operation.clusterId === clusterId)
        .sort((one, other) => other.createdAt.localeCompare(one.createdAt));
    },
    async pause(operationId) {
      const runner = runnerOf(operationId);
      await runner.pause();
      return runner.operation();
    },
    async resume(operationId) {
      refuseWhenClosing();
      const runner = runnerOf(operationId);
      requireState(runner.operation(), ['paused', 'interrupted'], 'resumed');
      if (runner.isRunning()) return runner.operation();
      void runner.run('execute');
      return runner.operation();
    },
    planRest(operationId, signal) {
      const operation = runnerOf(operationId).operation();
      const { clusterId } = operation;
      requireState(operation, ['paused'], 'planned afresh');
      return planRest(
        {
          snapshot: () => options.snapshot(clusterId, signal),
          explore: (snapshot, asked) => options.explore(snapshot, asked, signal),
          plan: (request) => plan(clusterId, request, signal),
        },
        operation,
      );
    },
    resumeWith(operationId, planId) {
      const runner = runnerOf(operationId);
      return consent(planId, operationId, async (consented) => {
        const operation = runner.operation();
        requireState(operation, ['paused'], 'resumed');
        if (consented.clusterId !== operation.clusterId || consented.request.kind !== operation.kind) {
          throw new FailureError({ kind: 'conflict', message: 'This plan is not one for that operation.' });
        }
        await runner.runInstead(consented);
        return runner;
      });
    },
    async cancel(operationId) {
      const runner = runnerOf(operationId);
      await runner.cancel();
      return runner.operation();
    },
    async decide(operationId, decision) {
      refuseWhenClosing();
      const runner = runnerOf(operationId);
      if (decision === 'abandon') {
        requireState(runner.operation(), ['paused', 'interrupted', 'needs-person'], 'abandoned');
        await runner.abandon();
        return runner.operation();
      }
      requireState(runner.operation(), ['paused', 'interrupted', 'needs-person', 'failed'], 'tried again');
      refuseWhenBusy(runner.operation().clusterId, operationId);
      void runner.run('person');
      return runner.operation();
    },
    async recover() {
      const files = await journal.readAll();
      const keptAside: { path: string; reason: string }[] = [];
      for (const file of files) {
        if (file.outcome === 'kept-aside') {
          keptAside.push({ path: file.path, reason: file.reason });
          log.warn('journal kept aside', { path: file.path, reason: file.reason });
          continue;
        }
        const record = foldJournal(file.records);
        if (!record || runners.has(file.operationId)) continue;
        runners.set(file.operationId, createRunner(parts, record, !hasEnded(record.operation)));
      }
      const open = [...runners.values()].map((one) => one.operation()).filter((one) => !hasEnded(one));
      for (const operation of open) options.publish(operation);
      return { open, keptAside };
    },
    async look(clusterId) {
      if (closing) return;
      const waiting = [...runners.values()].filter(
        (runner) =>
          runner.operation().clusterId === clusterId
          && runner.operation().state === 'interrupted'
          && !runner.isRunning(),
      );
      await Promise.all(waiting.map((runner) => runner.run('look')));
    },
    running() {
      return [...runners.values()].filter((runner) => runner.isRunning()).map((runner) => runner.operation());
    },
    unfinished: (clusterId) => unfinished(clusterId),
    async close() {
      closing = true;
      await Promise.all([...runners.values()].map((runner) => runner.close()));
    },
  };
}
