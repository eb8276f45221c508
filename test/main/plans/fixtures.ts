/** Clusters and tables for the plans' tests, as small as they can be. */
import type { ClusterNode, ClusterSnapshot, ClusterTable, Shard } from '../../../src-main/contract/cluster';
import type { PlanReply, RefusalReason } from '../../../src-main/contract/operations';
import { planSql } from '../../../src-main/operations/statements';
import type { NodeAnswer, PlanContext } from '../../../src-main/plans/plan';
import { uniformRanges } from '../../../src-main/plans/hash-routing';
import type { ColumnFacts, TableFacts } from '../../../src-main/contract/table-facts';
import type { DistributeFacts } from '../../../src-main/plans/distribute-facts';

export const context: PlanContext = {
  planId: 'plan-1',
  clusterId: 'c',
  createdAt: '2026-01-01T00:00:00.000Z',
  clusterName: 'permits',
  coordinator: 'db-c1:5432',
  sql: planSql,
};

export function node(groupId: number, more: Partial<ClusterNode> = {}): ClusterNode {
  return {
    nodeId: groupId + 1,
    groupId,
    name: groupId === 0 ? 'db-c1' : `db-w${groupId}`,
    port: 5432,
    rack: 'default',
    role: 'primary',
    nodeCluster: 'default',
    isActive: true,
    hasMetadata: true,
    metadataSynced: true,
    shouldHaveShards: groupId !== 0,
    isClone: false,
    ...more,
  };
}

export function table(oid: number, name: string, more: Partial<ClusterTable> = {}): ClusterTable {
  return {
    oid,
    schema: 'public',
    name,
    type: 'distributed',
    method: 'hash',
    distributionColumn: 'id',
    colocationId: 1,
    shardCount: 4,
    owner: 'app',
    accessMethod: 'heap',
    isPartitioned: false,
    parentOid: null,
    hasReplicaIdentity: true,
    isUnlogged: false,
    ...more,
  };
}

export const referenceTable = (oid: number, name: string, more: Partial<ClusterTable> = {}): ClusterTable =>
  table(oid, name, {
    type: 'reference',
    method: 'none',
    distributionColumn: null,
    colocationId: 9,
    shardCount: 1,
    ...more,
  });

/** Shards of a hash table, placed round robin on the groups given. */
export function hashShards(of: ClusterTable, firstId: number, groups: readonly number[]): readonly Shard[] {
  return uniformRanges(of.shardCount).map((range, index) => ({
    shardId: String(firstId + index),
    tableOid: of.oid,
    ...range,
    groupIds: [groups[index % groups.length] ?? 0],
  }));
}

export function snapshot(more: Partial<ClusterSnapshot> = {}): ClusterSnapshot {
  return {
    clusterId: 'c',
    revision: 1,
    takenAt: '2026-01-01T00:00:00.000Z',
    versions: { citus: '13.2.2', extension: '13.2-1', postgres: '17.4', isPracticeEmulator: false },
    capabilities: {
      backgroundRebalance: true,
      jobStatus: true,
      moveByNodeId: true,
      schemaSharding: true,
      clones: true,
      parallelTransfer: true,
      isSuperuser: true,
      role: 'postgres',
      isCoordinator: true,
    },
    nodes: [node(0), node(1), node(2)],
    tables: [],
    colocationGroups: [],
    shards: [],
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
    ...more,
  };
}

export function answers(of: ClusterSnapshot, down: readonly number[] = []): readonly NodeAnswer[] {
  return of.nodes.map((one) => ({
    nodeId: one.nodeId,
    reached: !down.includes(one.nodeId),
    walLevel: down.includes(one.nodeId) ? null : 'logical',
    words: down.includes(one.nodeId) ? 'failed to connect' : 'logical',
  }));
}

export function column(name: string, more: Partial<ColumnFacts> = {}): ColumnFacts {
  return {
    name,
    type: 'bigint',
    collation: null,
    isCollationDeterministic: true,
    isGenerated: false,
    identity: null,
    isNullable: false,
    isHashable: true,
    hasNegativeScale: false,
    hasSequenceDefault: false,
    distinctEstimate: -1,
    ...more,
  };
}

export function tableFacts(more: Partial<TableFacts> = {}): TableFacts {
  const name = more.name ?? 'permits';
  return {
    schema: 'public',
    name,
    oid: 100,
    kind: 'table',
    isTemporary: false,
    isUnlogged: false,
    isCatalog: false,
    parent: null,
    partitionedPartitions: [],
    isInInheritance: false,
    owner: 'app',
    actsAsOwner: true,
    heapBytes: 8192,
    totalBytes: 16_384,
    rowEstimate: 100,
    columns: [column('id'), column('agency_id')],
    uniqueness: [],
    foreignKeys: [],
    referencedBy: [],
    connectedKeys: [],
    longestNameBytes: Buffer.byteLength(name),
    triggers: [],
    hasReplicaIdentity: true,
    accessMethod: 'heap',
    droppedColumns: 0,
    columnsInViews: [],
    dependents: [],
    partitionedBy: [],
    ...more,
  };
}

export function distributeFacts(more: Partial<DistributeFacts> = {}): DistributeFacts {
  const of = more.snapshot ?? snapshot();
  return {
    snapshot: of,
    table: tableFacts(),
    settings: {
      shardCount: 32,
      replicationFactor: 1,
      allowUnsafeConstraints: false,
      enableUnsafeTriggers: false,
      decoderAllowed: true,
      walLevel: 'logical',
      hasBtreeGist: false,
      hasConcurrently: true,
    },
    columnHasNull: false,
    answers: answers(of),
    ...more,
  };
}

export function reasonsOf(reply: PlanReply): readonly RefusalReason[] {
  if (reply.outcome === 'plan') throw new Error(`was planned: ${reply.plan.title}`);
  return reply.reasons;
}

export function codesOf(reply: PlanReply): readonly string[] {
  return reasonsOf(reply).map((reason) => reason.code);
}

export function planOf(reply: PlanReply): Extract<PlanReply, { outcome: 'plan' }>['plan'] {
  if (reply.outcome === 'plan') return reply.plan;
  throw new Error(
    `was refused: ${reply.reasons.map((reason) => `${reason.code} ${reason.message}`).join('; ')}`,
  );
}

/** Names that break whatever is put together by hand. */
export const hostileNames = [
  '"; drop table x; --',
  `'; drop table x; --`,
  'a.b',
  'select',
  'Größe_漢字_😀',
  '$1',
  '$$',
  `\\'; --`,
  'n'.repeat(63),
] as const;
