import type {
  Capabilities,
  ClusterNode,
  ClusterReachability,
  ClusterSnapshot,
  ClusterTable,
  JobProgress,
  Shard,
} from '../../src-main/contract/cluster';
import type { Operation } from '../../src-main/contract/operations';
import type { PracticeCluster } from '../../src-main/contract/practice';
import type { Profile } from '../../src-main/contract/profiles';
import type { ClusterVersions, SessionState } from '../../src-main/contract/sessions';

/** Records as main would send them, with what a test cares about written over. */

export const at = '2026-03-01T12:00:00.000Z';

export const versions: ClusterVersions = {
  citus: '13.2.2',
  extension: '13.2-1',
  postgres: '17.4',
  isPracticeEmulator: false,
};

export const capabilities: Capabilities = {
  backgroundRebalance: true,
  jobStatus: true,
  moveByNodeId: true,
  schemaSharding: true,
  clones: false,
  parallelTransfer: false,
  isSuperuser: true,
  role: 'postgres',
  isCoordinator: true,
};

export function aSession(over: Partial<SessionState> = {}): SessionState {
  return {
    clusterId: 'c1',
    revision: 1,
    phase: 'open',
    since: at,
    address: '127.0.0.1:9800',
    encrypted: true,
    versions,
    ...over,
  };
}

export function aNode(over: Partial<ClusterNode> = {}): ClusterNode {
  return {
    nodeId: 1,
    groupId: 0,
    name: '127.0.0.1',
    port: 9800,
    rack: 'default',
    role: 'primary',
    nodeCluster: 'default',
    isActive: true,
    hasMetadata: true,
    metadataSynced: true,
    shouldHaveShards: false,
    isClone: false,
    ...over,
  };
}

export function aTable(over: Partial<ClusterTable> = {}): ClusterTable {
  return {
    oid: 16_400,
    schema: 'public',
    name: 'permits',
    type: 'distributed',
    method: 'hash',
    distributionColumn: 'agency_id',
    colocationId: 1,
    shardCount: 32,
    owner: 'postgres',
    accessMethod: 'heap',
    isPartitioned: false,
    parentOid: null,
    hasReplicaIdentity: true,
    isUnlogged: false,
    ...over,
  };
}

export function aShard(over: Partial<Shard> = {}): Shard {
  return { shardId: '102008', tableOid: 16_400, minValue: 0, maxValue: 1, groupIds: [1], ...over };
}

export function aSnapshot(over: Partial<ClusterSnapshot> = {}): ClusterSnapshot {
  return {
    clusterId: 'c1',
    revision: 1,
    takenAt: at,
    versions,
    capabilities,
    nodes: [aNode(), aNode({ nodeId: 2, groupId: 1, port: 9801, shouldHaveShards: true })],
    tables: [aTable()],
    colocationGroups: [
      {
        colocationId: 1,
        shardCount: 32,
        replicationFactor: 1,
        distributionColumnType: 'bigint',
        distributionColumnCollation: null,
      },
    ],
    shards: [aShard()],
    jobs: [],
    cleanupRecords: 0,
    rebalanceStrategies: [],
    ...over,
  };
}

export function aReachability(
  states: readonly ClusterReachability['nodes'][number]['state'][],
  over: Partial<ClusterReachability> = {},
): ClusterReachability {
  return {
    clusterId: 'c1',
    revision: 1,
    takenAt: at,
    nodes: states.map((state, index) => ({
      nodeId: index + 1,
      state,
      since: at,
      lastSeenAt: state === 'unreachable' ? null : at,
      latencyMs: 1,
      failure: null,
    })),
    ...over,
  };
}

export function aProfile(over: Partial<Profile> = {}): Profile {
  return {
    id: 'c1',
    name: 'permits-prod',
    host: 'db-c1',
    port: 5432,
    database: 'permits',
    user: 'postgres',
    tls: { mode: 'verify-full' },
    origin: 'person',
    hasStoredPassword: false,
    createdAt: at,
    ...over,
  };
}

export function aPractice(over: Partial<PracticeCluster> = {}): PracticeCluster {
  return {
    practiceId: 'p1',
    clusterId: 'c1',
    name: 'Practice A',
    phase: 'running',
    doing: null,
    progress: null,
    nodes: [
      { name: 'coordinator', host: '127.0.0.1', port: 9800, state: 'running', isMember: true },
      { name: 'worker-1', host: '127.0.0.1', port: 9801, state: 'running', isMember: true },
      { name: 'worker-2', host: '127.0.0.1', port: 9802, state: 'killed', isMember: true },
    ],
    failure: null,
    createdAt: at,
    engine: 'emulator',
    ...over,
  };
}

export function anOperation(over: Partial<Operation> = {}): Operation {
  return {
    operationId: 'o1',
    revision: 1,
    clusterId: 'c1',
    kind: 'rebalance',
    request: { kind: 'rebalance', strategy: null, drainOnly: false, transferMode: 'auto' },
    title: 'Rebalance',
    summary: '8 moves',
    state: 'running',
    attention: null,
    createdAt: at,
    endedAt: null,
    steps: [],
    details: { kind: 'rebalance', strategy: 'by_disk_size', moves: [], nodes: [] },
    jobId: '7',
    report: null,
    ...over,
  };
}

export function aProgress(over: Partial<JobProgress> = {}): JobProgress {
  return {
    clusterId: 'c1',
    revision: 1,
    takenAt: at,
    job: {
      jobId: '7',
      state: 'running',
      jobType: 'rebalance',
      description: 'Rebalance all colocation groups',
      startedAt: at,
      finishedAt: null,
      taskCounts: { done: 3, running: 1, runnable: 4 },
    },
    tasks: [],
    moves: [],
    bytesDone: 61 * 1024 * 1024,
    bytesTotal: 164 * 1024 * 1024,
    remainingSeconds: [40, 70],
    stall: null,
    ...over,
  };
}
