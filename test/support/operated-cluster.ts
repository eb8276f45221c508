/** The operations engine over a practice cluster's real processes, with a real journal and audit trail in a folder. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readServerFacts } from '../../src-main/citus/capabilities';
import { readShardSizes, toSizes } from '../../src-main/citus/sizes';
import { readSnapshot } from '../../src-main/citus/snapshot';
import type { Database } from '../../src-main/connections/database';
import type { ClusterSizes, ClusterSnapshot } from '../../src-main/contract/cluster';
import type { Operation, OperationRequest, Plan, PlanReply } from '../../src-main/contract/operations';
import type { EngineTiming } from '../../src-main/operations/engine-parts';
import { createJournal } from '../../src-main/operations/journal';
import type { Journal } from '../../src-main/operations/journal';
import { createOperations } from '../../src-main/operations/operations';
import type { Operations } from '../../src-main/operations/operations';
import { exploreRebalance } from '../../src-main/plans/explore-rebalance';
import { mannerOf, paceOf } from '../../src-main/plans/move-estimate';
import { defaultBaseCostBytes } from '../../src-main/plans/planner-world';
import { createAuditTrail } from '../../src-main/storage/audit-trail';
import type { AuditTrail } from '../../src-main/storage/audit-trail';
import { connectTo } from './practice';
import type { PracticeClusterForTest } from './practice';
import { waitFor } from './wait';

export const operatedClusterId = 'practice';

export interface OperatedCluster {
  readonly operations: Operations;
  readonly audit: AuditTrail;
  readonly published: Operation[];
  snapshot(): Promise<ClusterSnapshot>;
  plan(request: OperationRequest): Promise<PlanReply>;
  /** Fails when the request is refused, and says why. */
  planned(request: OperationRequest): Promise<Plan>;
  /** Plans, starts and waits until it waits for a person or has ended. */
  carryOut(request: OperationRequest): Promise<Operation>;
  start(plan: Plan): Promise<string>;
  settled(operationId: string, limitMs?: number): Promise<Operation>;
  current(operationId: string): Operation;
  end(): Promise<void>;
}

/** A second one on the same folder is the app after a restart. */
export async function operate(
  cluster: Pick<PracticeClusterForTest, 'endpoint'>,
  folder: string,
  timing: Partial<EngineTiming> = {},
  journal: Journal = createJournal(join(folder, 'operations')),
): Promise<OperatedCluster> {
  const open: Database[] = [];
  const connect = async (node?: string): Promise<Database> => {
    const database = await connectTo(await cluster.endpoint(node));
    open.push(database);
    return database;
  };
  // As in the app: reading goes on while a long change runs.
  const reader = await connect();
  const writer = await connect();
  const lanes: Database[] = [];
  let beside: Database | null = null;
  const audit = await createAuditTrail({ folder, person: 'tester' });
  const published: Operation[] = [];

  const snapshot = async (): Promise<ClusterSnapshot> => ({
    ...(await readSnapshot(reader)),
    clusterId: operatedClusterId,
    revision: 1,
    takenAt: new Date().toISOString(),
  });

  const sizes = async (): Promise<ClusterSizes> => {
    const [facts, now] = [await readServerFacts(reader), await snapshot()];
    const read = toSizes(await readShardSizes(reader, facts.catalog), now);
    return { ...read, clusterId: operatedClusterId, revision: 1, takenAt: now.takenAt };
  };
  const operations = createOperations({
    session: () => ({
      reader,
      writer,
      name: 'Practice',
      address: reader.address,
      node: async ({ port }) => {
        // All nodes of a practice cluster have one password.
        const database = await connectTo({ ...(await cluster.endpoint()), port });
        open.push(database);
        return database;
      },
      lane: async (index) => {
        lanes[index] ??= await connect();
        return lanes[index];
      },
      aside: async () => {
        beside ??= await connect();
        return beside;
      },
    }),
    snapshot,
    sizes,
    audit,
    explore: async (now, { constraints, whatIf, transferMode }) =>
      exploreRebalance(
        {
          snapshot: now,
          shardBytes: (await sizes()).shardBytes,
          disks: new Map(),
          baseCostBytes: defaultBaseCostBytes,
        },
        constraints,
        whatIf,
        paceOf([], mannerOf(transferMode)),
      ),
    health: async () => {
      throw new Error('not asked here');
    },
    moveTimes: { samples: () => [], note: () => undefined },
    journalFolder: join(folder, 'operations'),
    journal,
    publish: (operation) => published.push(operation),
    now: () => new Date(),
    newId: randomUUID,
    timing: { pollMs: 100, retryMs: 200, ...timing },
  });

  const plan = (request: OperationRequest): Promise<PlanReply> =>
    operations.plan(operatedClusterId, request, new AbortController().signal);
  const planned = async (request: OperationRequest): Promise<Plan> => {
    const reply = await plan(request);
    if (reply.outcome === 'plan') return reply.plan;
    throw new Error(
      `refused: ${reply.reasons.map((reason) => `${reason.code}: ${reason.message}`).join(' ')}`,
    );
  };
  const start = async (made: Plan): Promise<string> => {
    const reply = await operations.start(made.planId);
    if (reply.outcome === 'started') return reply.operation.operationId;
    throw new Error(`changed: ${reply.differences.join(' ')}`);
  };
  const current = (operationId: string): Operation => {
    const operation = operations.list(null).find((one) => one.operationId === operationId);
    if (!operation) throw new Error(`no operation ${operationId}`);
    return operation;
  };
  const settled = (operationId: string, limitMs = 240_000): Promise<Operation> =>
    waitFor(
      `operation ${operationId} to settle`,
      () => {
        const operation = current(operationId);
        const runs = operations.running().some((one) => one.operationId === operationId);
        return runs ? null : operation;
      },
      limitMs,
    );

  return {
    operations,
    audit,
    published,
    snapshot,
    plan,
    planned,
    start,
    settled,
    current,
    async carryOut(request) {
      return settled(await start(await planned(request)));
    },
    async end() {
      await operations.close();
      await audit.close();
      await Promise.all(open.map((database) => database.close()));
    },
  };
}
