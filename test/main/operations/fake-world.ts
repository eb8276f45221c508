/** A small world with effects that can be counted, for the engine's tests: no database, no clock. */
import { FailureError } from '../../../src-main/contract/failure';
import type {
  OperationRequest,
  Plan,
  PlanReply,
  PlanStep,
  StepAction,
} from '../../../src-main/contract/operations';
import type { ChangeResult, Reader, Statement, Writer } from '../../../src-main/connections/database';
import type { ClusterAccess, OperationsOptions } from '../../../src-main/operations/engine-parts';
import { createJournal } from '../../../src-main/operations/journal';
import type { Journal, JournalRecord } from '../../../src-main/operations/journal';
import { createOperations } from '../../../src-main/operations/operations';
import type { Operations } from '../../../src-main/operations/operations';
import { planSql } from '../../../src-main/operations/statements';
import type { StepTable } from '../../../src-main/operations/steps';
import type { Observation, Step } from '../../../src-main/operations/steps/step';
import type { AuditLine } from '../../../src-main/storage/audit-trail';

export const clusterId = 'cluster-1';

export interface World {
  /** Times each effect took place, by step id. */
  readonly effects: Map<string, number>;
  /** Looks that a job still needs until it is finished. */
  jobTicks: number;
  jobState: 'none' | 'running' | 'finished' | 'cancelled' | 'failed';
  jobsStarted: number;
  reachable: boolean;
  /** Steps whose traces nobody can see. */
  readonly blind: Set<string>;
  /** What executing a step throws instead of acting; afterwards it acts. */
  readonly failures: Map<string, Error>;
  /** What executing a step throws after it acted. */
  readonly lateFailures: Map<string, Error>;
  /** Called in the middle of executing a step, before its effect. */
  onExecute: (stepId: string, signal: AbortSignal) => Promise<void>;
  readonly executed: string[];
  readonly observed: string[];
}

export function createWorld(): World {
  return {
    effects: new Map(),
    jobTicks: 3,
    jobState: 'none',
    jobsStarted: 0,
    reachable: true,
    blind: new Set(),
    failures: new Map(),
    lateFailures: new Map(),
    onExecute: async () => undefined,
    executed: [],
    observed: [],
  };
}

/** The step id is carried in the action's host, so one implementation serves every step. */
function action(stepId: string): StepAction {
  return { type: 'add-node', host: stepId, port: 5432 };
}

export function worldSteps(world: World, retrySafe = true): StepTable {
  const idOf = (one: StepAction): string => ('host' in one ? one.host : one.type);
  const plain: Step = {
    retrySafe,
    async execute({ action: one, signal, writer }) {
      const id = idOf(one);
      world.executed.push(id);
      await world.onExecute(id, signal);
      const failure = world.failures.get(id);
      if (failure) {
        world.failures.delete(id);
        throw failure;
      }
      await writer().change({ text: `SELECT act('${id}')` });
      world.effects.set(id, (world.effects.get(id) ?? 0) + 1);
      const late = world.lateFailures.get(id);
      if (late) {
        world.lateFailures.delete(id);
        throw late;
      }
      return { outcome: 'acted', notices: ['NOTICE: acted'] };
    },
    async observe({ action: one, reader, memory }): Promise<Observation> {
      const id = idOf(one);
      world.observed.push(id);
      await reader().read({ text: 'SELECT look' });
      if (world.blind.has(id)) {
        return memory['mark'] === 'seen'
          ? { state: 'done', words: 'there' }
          : { state: 'absent', words: 'no trace' };
      }
      return world.effects.has(id)
        ? { state: 'done', words: 'there' }
        : { state: 'absent', words: 'not there' };
    },
  };
  const start: Step = {
    retrySafe: true,
    prepare: async () => ({ jobsBefore: world.jobsStarted }),
    async execute({ writer }) {
      await writer().change({ text: 'SELECT start_job()' });
      world.executed.push('start');
      world.jobsStarted += 1;
      world.jobState = 'running';
      return { outcome: 'job 7', notices: [] };
    },
    async observe({ reader, memory }): Promise<Observation> {
      await reader().read({ text: 'SELECT look' });
      const before = memory['jobsBefore'];
      return typeof before === 'number' && world.jobsStarted > before
        ? { state: 'done', words: 'job 7 scheduled', jobId: '7' }
        : { state: 'absent', words: 'no job' };
    },
  };
  const followJob: Step['execute'] = async ({ report, wait, reader, signal }) => {
    for (;;) {
      await reader().read({ text: 'SELECT look' });
      if (world.jobState === 'finished') return { outcome: 'finished', notices: [] };
      if (world.jobState === 'cancelled') {
        throw new FailureError({ kind: 'cancelled', message: 'Job 7 was cancelled.' });
      }
      if (world.jobState === 'failed') throw new FailureError({ kind: 'database', message: 'Job 7 failed.' });
      report({ progress: 0.5, outcome: 'job 7 running' });
      await wait(1);
      if (signal.aborted) throw new FailureError({ kind: 'cancelled', message: 'No longer followed.' });
      world.jobTicks -= 1;
      if (world.jobTicks <= 0) world.jobState = 'finished';
    }
  };
  const follow: Step = {
    retrySafe: true,
    execute: followJob,
    follow: followJob,
    async observe({ reader, jobId }): Promise<Observation> {
      await reader().read({ text: 'SELECT look' });
      if (jobId === null) return { state: 'done', words: 'no job' };
      return world.jobState === 'finished'
        ? { state: 'done', words: 'finished' }
        : { state: 'underway', words: world.jobState };
    },
    async stop({ writer }) {
      await writer().change({ text: 'SELECT stop_job()' });
      world.jobState = 'cancelled';
    },
  };
  const every = {
    'set-coordinator-host': plain,
    'add-node': plain,
    'set-should-have-shards': plain,
    'replicate-reference-tables': plain,
    'distribute-table': plain,
    'truncate-local-data': plain,
    'start-rebalance': start,
    'follow-job': follow,
    'move-shards': plain,
    'check-balance': plain,
  };
  return every as unknown as StepTable;
}

const request: OperationRequest = { kind: 'add-node', host: 'new', port: 5432, shouldHaveShards: true };
export const anyRequest = request;

function planStep(stepId: string, one: StepAction): PlanStep {
  return {
    stepId,
    title: `Step ${stepId}`,
    where: 'c:5432',
    statements: planSql.statements(one),
    blocks: 'nothing',
    undo: 'none',
    canBeUndone: true,
    expectedMs: null,
    countsAsDoneWhen: 'it is there',
    ifInterrupted: 'the next start looks',
    action: one,
  };
}

export type StepKind = 'one' | 'two' | 'three' | 'job';

export function worldPlan(kinds: readonly StepKind[], planId = 'plan', basis = '{}'): Plan {
  const steps = kinds.flatMap((kind) =>
    kind === 'job'
      ? [
          planStep('start', {
            type: 'start-rebalance',
            strategy: null,
            drainOnly: false,
            transferMode: 'auto',
          }),
          planStep('follow', { type: 'follow-job' }),
        ]
      : [planStep(kind, action(kind))],
  );
  return {
    planId,
    clusterId,
    createdAt: '2026-01-01T00:00:00.000Z',
    request,
    title: 'Change the world',
    summary: 'It is different.',
    steps,
    findings: [],
    details: { kind: 'add-node', node: 'new:5432', referenceTables: [] },
    basis,
  };
}

/** A life of the app: when it is over nothing of it reaches the world, the journal or the audit trail any more. */
export interface Life {
  over: boolean;
}

export class Crash extends Error {}

export function worldAccess(world: World, life: Life): ClusterAccess {
  const guard = async (): Promise<void> => {
    await Promise.resolve();
    if (life.over) throw new Crash('over');
    if (!world.reachable) {
      throw new FailureError({ kind: 'unreachable', message: 'c:5432 closed the connection.' });
    }
  };
  const reader: Reader = {
    address: 'c:5432',
    read: async <Row extends object>(): Promise<readonly Row[]> => {
      await guard();
      return [];
    },
  };
  const writer: Writer = {
    ...reader,
    change: async <Row extends object>(statement: Statement): Promise<ChangeResult<Row>> => {
      await guard();
      const rows = statement.text.includes('pg_backend_pid') ? [{ pid: 99, startedAt: '2026-01-01' }] : [];
      return { rows: rows as unknown as Row[], command: 'SELECT', notices: [] };
    },
  };
  return {
    reader,
    writer,
    name: 'Cluster one',
    address: 'c:5432',
    lane: async () => writer,
    aside: async () => reader,
    node: async () => Promise.reject(new FailureError({ kind: 'unreachable', message: 'no' })),
  };
}

export interface WorldEngine {
  readonly operations: Operations;
  readonly audit: AuditLine[];
  readonly published: OperationPublished[];
}
type OperationPublished = Parameters<OperationsOptions['publish']>[0];

export function worldEngine(
  world: World,
  folder: string,
  settings: {
    readonly kinds?: readonly StepKind[];
    readonly life?: Life;
    readonly journal?: Journal;
    readonly retrySafe?: boolean;
    readonly audit?: AuditLine[];
    readonly plan?: () => PlanReply;
    readonly reconnectLimitMs?: number;
  } = {},
): WorldEngine {
  const life = settings.life ?? { over: false };
  const audit = settings.audit ?? [];
  const published: OperationPublished[] = [];
  let ids = 0;
  const operations = createOperations({
    session: () => {
      if (life.over) throw new Crash('over');
      return worldAccess(world, life);
    },
    snapshot: async () => ({}) as never,
    sizes: async () => ({}) as never,
    audit: {
      append: async (record) => {
        if (life.over) throw new Crash('over');
        audit.push(record);
      },
    },
    explore: async () => {
      throw new Error('not asked here');
    },
    health: async () => {
      throw new Error('not asked here');
    },
    moveTimes: { samples: () => [], note: () => undefined },
    journalFolder: folder,
    publish: (operation) => {
      if (!life.over) published.push(operation);
    },
    now: () => new Date(Date.UTC(2026, 0, 1, 0, 0, ids)),
    newId: () => `id-${(ids += 1)}`,
    timing: { pollMs: 1, retryMs: 1, reconnectLimitMs: settings.reconnectLimitMs ?? 5, closeLimitMs: 50 },
    journal: settings.journal,
    steps: worldSteps(world, settings.retrySafe ?? true),
    makePlan: async (_source, _request, context) =>
      settings.plan?.() ?? {
        outcome: 'plan',
        plan: worldPlan(settings.kinds ?? ['one', 'two'], context.planId),
      },
    wait: async (milliseconds, signal) => {
      if (signal.aborted || life.over) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 1)));
    },
  });
  return { operations, audit, published };
}

/** Resolves when the operation waits for a person or has ended; fails after two seconds with what it saw last. */
export async function untilSettled(operations: Operations, operationId: string): Promise<OperationPublished> {
  const deadline = Date.now() + 2_000;
  for (;;) {
    const operation = operations.list(null).find((one) => one.operationId === operationId);
    if (!operation) throw new Error('no such operation');
    const settled = ['paused', 'cancelled', 'interrupted', 'needs-person', 'done', 'failed'];
    if (
      settled.includes(operation.state)
      && !operations.running().some((one) => one.operationId === operationId)
    ) {
      return operation;
    }
    if (Date.now() > deadline) throw new Error(`still ${operation.state}: ${operation.attention ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export type CrashKind = 'before' | 'torn' | 'after';

/** Writes as the real journal does until the n-th write, where the life ends: before, within or after it. */
export function crashingJournal(
  folder: string,
  life: Life,
  crash: { readonly at: number; readonly kind: CrashKind },
  tear: (operationId: string, line: string) => Promise<void>,
): { readonly journal: Journal; readonly writes: () => number } {
  const real = createJournal(folder);
  let writes = 0;
  return {
    writes: () => writes,
    journal: {
      readAll: () => real.readAll(),
      async append(operationId: string, record: JournalRecord) {
        if (life.over) throw new Crash('over');
        writes += 1;
        if (writes !== crash.at) return real.append(operationId, record);
        if (crash.kind === 'after') await real.append(operationId, record);
        if (crash.kind === 'torn') await tear(operationId, JSON.stringify(record));
        life.over = true;
        throw new Crash('crash');
      },
    },
  };
}
