/** Clusters made to measure for tests of what the views show. Deterministic: the same call gives the same cluster. */
import type {
  BackgroundJob,
  ClusterNode,
  ClusterReachability,
  ClusterSizes,
  ClusterSnapshot,
  ClusterTable,
  ColocationGroup,
  JobProgress,
  NodeReachability,
  Shard,
  TaskProgress,
} from '../../src-main/contract/cluster';
import type { ClusterNodeStates } from '../../src-main/contract/node-states';
import type { Plan, PlanStep } from '../../src-main/contract/operations';
import { heldShards, holdsNothing, judgeNode } from '../../src-main/plans/node-state';
import { aNode, aTable, capabilities } from '../support/cluster-records';

export const clusterId = 'cluster-1';
export const takenAt = '2026-03-01T12:09:31.000Z';

export interface FixtureOptions {
  readonly workers?: number;
  /** Each with `tablesPerFamily` tables of `shardCount` shards. */
  readonly families?: number;
  readonly tablesPerFamily?: number;
  readonly shardCount?: number;
  readonly referenceTables?: number;
  /** Workers that hold nothing, the last ones. */
  readonly emptyWorkers?: number;
  readonly racks?: number;
  /** Hosts of their own, or 127.0.0.1 with ports. */
  readonly hosts?: boolean;
}

export interface Fixture {
  readonly snapshot: ClusterSnapshot;
  readonly sizes: ClusterSizes;
  readonly reachability: ClusterReachability;
}

export function makeNode(nodeId: number, change: Partial<ClusterNode> = {}): ClusterNode {
  return aNode({
    nodeId,
    groupId: nodeId - 1,
    port: 9799 + nodeId,
    shouldHaveShards: nodeId !== 1,
    ...change,
  });
}

export function makeTable(oid: number, change: Partial<ClusterTable> = {}): ClusterTable {
  return aTable({ oid, name: `table_${oid}`, ...change });
}

const familyNames = [
  ['permits', 'agencies', 'inspections', 'fees'],
  ['documents', 'document_pages', 'signatures', 'scans'],
  ['events', 'event_notes', 'event_people', 'event_files'],
  ['audit_events', 'audit_notes', 'audit_files', 'audit_people'],
] as const;

/** Spreads values 0..1 without a random source. */
export function wobble(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43758.5453;
  return value - Math.floor(value);
}

function toNodes(options: FixtureOptions): ClusterNode[] {
  const workers = options.workers ?? 4;
  const racks = options.racks ?? 1;
  const nodes = [makeNode(1, options.hosts ? { name: 'db-c1', port: 5432 } : {})];
  for (let worker = 1; worker <= workers; worker += 1) {
    const rack =
      racks === 1
        ? 'default'
        : `rack ${String.fromCharCode(65 + Math.floor(((worker - 1) * racks) / workers))}`;
    nodes.push(
      makeNode(worker + 1, { rack, ...(options.hosts ? { name: `db-w${worker}`, port: 5432 } : {}) }),
    );
  }
  return nodes;
}

export function makeCluster(options: FixtureOptions = {}): Fixture {
  const families = options.families ?? 2;
  const tablesPerFamily = options.tablesPerFamily ?? 2;
  const shardCount = options.shardCount ?? 32;
  const nodes = toNodes(options);
  const workers = nodes.slice(1);
  const holders = workers.slice(0, Math.max(1, workers.length - (options.emptyWorkers ?? 0)));
  const tables: ClusterTable[] = [];
  const shards: Shard[] = [];
  const colocationGroups: ColocationGroup[] = [];
  const shardBytes: Record<string, number> = {};
  let shardId = 102_008;
  const width = Math.floor(2 ** 32 / shardCount);
  for (let family = 0; family < families; family += 1) {
    const colocationId = family + 2;
    colocationGroups.push({
      colocationId,
      shardCount,
      replicationFactor: 1,
      distributionColumnType: 'bigint',
      distributionColumnCollation: null,
    });
    for (let member = 0; member < tablesPerFamily; member += 1) {
      const oid = 16_400 + family * 100 + member;
      const name = familyNames[family]?.[member] ?? `table_${family}_${member}`;
      tables.push(
        makeTable(oid, { name, colocationId, shardCount, hasReplicaIdentity: name !== 'audit_events' }),
      );
      for (let index = 0; index < shardCount; index += 1) {
        const holder = holders[(index + family) % holders.length];
        const minValue = -(2 ** 31) + index * width;
        shardId += 1;
        shards.push({
          shardId: String(shardId),
          tableOid: oid,
          minValue,
          maxValue: index === shardCount - 1 ? 2 ** 31 - 1 : minValue + width - 1,
          groupIds: [holder?.groupId ?? 0],
        });
        shardBytes[shardId] = Math.round(2_000_000 + 9_000_000 * wobble(family * 1000 + index) ** 2);
      }
    }
  }
  for (let index = 0; index < (options.referenceTables ?? 2); index += 1) {
    const oid = 18_000 + index;
    tables.push(
      makeTable(oid, {
        name: ['permit_types', 'agencies_kinds', 'holidays'][index] ?? `reference_${index}`,
        type: 'reference',
        method: 'none',
        distributionColumn: null,
        colocationId: 1,
        shardCount: 1,
      }),
    );
    shardId += 1;
    shards.push({
      shardId: String(shardId),
      tableOid: oid,
      minValue: null,
      maxValue: null,
      groupIds: [0, ...holders.map((node) => node.groupId)],
    });
    shardBytes[shardId] = 120_000;
  }
  return {
    snapshot: {
      clusterId,
      revision: 1,
      takenAt,
      versions: { citus: '13.2.2', extension: '13.2-1', postgres: '18.4', isPracticeEmulator: true },
      capabilities,
      nodes,
      tables,
      colocationGroups,
      shards,
      jobs: [],
      cleanupRecords: 0,
      rebalanceStrategies: [
        {
          name: 'by_disk_size',
          isDefault: true,
          defaultThreshold: 0.1,
          minimumThreshold: 0.01,
          improvementThreshold: 0.5,
        },
        {
          name: 'by_shard_count',
          isDefault: false,
          defaultThreshold: 0,
          minimumThreshold: 0,
          improvementThreshold: 0,
        },
      ],
    },
    sizes: { clusterId, revision: 1, takenAt, shardBytes, incomplete: null },
    reachability: {
      clusterId,
      revision: 1,
      takenAt,
      nodes: nodes.map((node) => makeReachable(node.nodeId)),
    },
  };
}

/** The states as main would judge them; `since` is that of the reach. */
export function makeConditions({
  snapshot,
  reachability,
}: Pick<Fixture, 'snapshot' | 'reachability'>): ClusterNodeStates {
  const held = heldShards(snapshot);
  const reach = new Map(reachability.nodes.map((one) => [one.nodeId, one]));
  return {
    clusterId,
    revision: reachability.revision,
    takenAt,
    nodes: snapshot.nodes.map((node) => ({
      nodeId: node.nodeId,
      since: reach.get(node.nodeId)?.since ?? takenAt,
      ...judgeNode({
        node,
        reachability: reach.get(node.nodeId),
        held: held.get(node.groupId) ?? holdsNothing,
        clusterHasShards: held.size > 0,
        isGivingAway: false,
      }),
    })),
    removed: [],
  };
}

export function makeReachable(nodeId: number, change: Partial<NodeReachability> = {}): NodeReachability {
  return {
    nodeId,
    state: 'reachable',
    since: '2026-03-01T08:00:00.000Z',
    lastSeenAt: takenAt,
    latencyMs: 2,
    failure: null,
    ...change,
  };
}

export function makeUnreachable(nodeId: number): NodeReachability {
  return makeReachable(nodeId, {
    state: 'unreachable',
    since: '2026-03-01T12:04:31.000Z',
    lastSeenAt: '2026-03-01T12:04:29.000Z',
    latencyMs: null,
    failure: { kind: 'unreachable', message: 'Refuses connections.' },
  });
}

export function makeJob(change: Partial<BackgroundJob> = {}): BackgroundJob {
  return {
    jobId: '2',
    state: 'running',
    jobType: 'rebalance',
    description: 'Rebalance all colocation groups',
    startedAt: takenAt,
    finishedAt: null,
    taskCounts: {},
    ...change,
  };
}

export function makeTask(change: Partial<TaskProgress> = {}): TaskProgress {
  return {
    taskId: '1',
    status: 'blocked',
    command: '',
    retryCount: 0,
    message: '',
    shardId: null,
    sourceNodeId: null,
    targetNodeId: null,
    ...change,
  };
}

/** A rebalance that fills `targetNodeId` with the first shard groups of the given family, one of them under way. */
export function makeProgress(
  fixture: Fixture,
  targetNodeId: number,
  counts: { readonly done: number; readonly waiting: number },
): JobProgress {
  const { snapshot } = fixture;
  const oid = snapshot.tables[0]?.oid;
  const nodeOf = (groupId: number): number =>
    snapshot.nodes.find((node) => node.groupId === groupId)?.nodeId ?? 0;
  const target = snapshot.nodes.find((node) => node.nodeId === targetNodeId);
  const candidates = snapshot.shards
    .filter((shard) => shard.tableOid === oid && !shard.groupIds.includes(target?.groupId ?? -1))
    .slice(0, counts.done + 1 + counts.waiting);
  const tasks = candidates.map((shard, index) => {
    const source = nodeOf(shard.groupIds[0] ?? 0);
    return makeTask({
      taskId: String(index + 2),
      status: index < counts.done ? 'done' : index === counts.done ? 'running' : 'blocked',
      command: `SELECT pg_catalog.citus_move_shard_placement(${shard.shardId},${source},${targetNodeId},'auto')`,
      shardId: shard.shardId,
      sourceNodeId: source,
      targetNodeId,
    });
  });
  const running = candidates[counts.done];
  const source = snapshot.nodes.find((node) => node.groupId === running?.groupIds[0]);
  const addressOf = (node: ClusterNode | undefined): string => `${node?.name ?? ''}:${node?.port ?? 0}`;
  return {
    clusterId,
    revision: 1,
    takenAt,
    job: makeJob({ taskCounts: { done: counts.done, running: 1, blocked: counts.waiting } }),
    tasks: [
      makeTask({
        taskId: '1',
        status: 'done',
        command: "SELECT pg_catalog.replicate_reference_tables('auto')",
      }),
      ...tasks,
    ],
    moves:
      running === undefined
        ? []
        : [
            {
              shardId: running.shardId,
              tables: ['permits', 'agencies'],
              sourceNode: addressOf(source),
              targetNode: addressOf(target),
              operation: 'move',
              phase: 'Copying Data',
              sourceBytes: 31_000_000,
              targetBytes: 12_000_000,
              sourceLsn: null,
              targetLsn: null,
            },
          ],
    bytesDone: 61_000_000,
    bytesTotal: 164_000_000,
    remainingSeconds: [40, 70],
    stall: null,
  };
}

export function makeRebalancePlan(fixture: Fixture, change: Partial<Plan> = {}): Plan {
  const { snapshot, sizes } = fixture;
  const [first] = snapshot.tables;
  const target = snapshot.nodes.at(-1);
  const addressOf = (node: ClusterNode | undefined): string => `${node?.name ?? ''}:${node?.port ?? 0}`;
  const moving = snapshot.shards.filter((shard) => shard.tableOid === first?.oid).slice(0, 6);
  const moves = moving.map((shard) => ({
    shardId: shard.shardId,
    tables: ['permits', 'agencies', 'inspections', 'fees'],
    sourceNode: addressOf(snapshot.nodes.find((node) => node.groupId === shard.groupIds[0])),
    targetNode: addressOf(target),
    bytes: sizes.shardBytes[shard.shardId] ?? null,
  }));
  const loads = snapshot.nodes.slice(1).map((node, index) => ({
    node: addressOf(node),
    bytesBefore: node === target ? 0 : (index + 1) * 92_000_000,
    bytesAfter: 150_000_000 + index * 4_000_000,
    shardGroupsBefore: node === target ? 0 : 20,
    shardGroupsAfter: 16,
  }));
  const step: Omit<PlanStep, 'stepId' | 'title' | 'statements' | 'action'> = {
    where: '127.0.0.1:9800',
    blocks: 'nothing',
    undo: 'SELECT citus_rebalance_stop()',
    canBeUndone: true,
    expectedMs: [60_000, 120_000],
    countsAsDoneWhen: 'The job reads finished.',
    ifInterrupted: 'The job goes on by itself.',
  };
  return {
    planId: 'plan-1',
    clusterId,
    createdAt: takenAt,
    request: { kind: 'rebalance', strategy: null, drainOnly: false, transferMode: 'auto' },
    title: `Rebalance the shards: ${moves.length} moves`,
    summary: `${moves.length} moves of shard groups.`,
    steps: [
      {
        ...step,
        stepId: 'start',
        title: `Schedule ${moves.length} moves as a background job`,
        statements: [
          {
            text: 'SELECT citus_rebalance_start($1)',
            values: ['auto'],
            shown: "SELECT pg_catalog.citus_rebalance_start(shard_transfer_mode := 'auto')",
          },
        ],
        action: { type: 'start-rebalance', strategy: null, drainOnly: false, transferMode: 'auto' },
      },
      { ...step, stepId: 'follow', title: 'Follow the job', statements: [], action: { type: 'follow-job' } },
    ],
    findings: [
      { level: 'fine', code: 'goes-on-without', message: 'The moves run in the background of the cluster.' },
      {
        level: 'mind',
        code: 'reference-first',
        message: `Reference tables are copied to ${addressOf(target)} before the first move.`,
      },
    ],
    details: { kind: 'rebalance', strategy: 'by_disk_size', moves, nodes: loads },
    basis: 'basis',
    ...change,
  };
}
