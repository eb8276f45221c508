/** A healthy cluster of a coordinator and two workers as facts, to be made sick one fact at a time. */
import { healthStatements } from '../../../../src-main/citus/health-reads';
import type { NodeReachability } from '../../../../src-main/contract/cluster';
import { planSql } from '../../../../src-main/operations/statements';
import { known } from '../../../../src-main/plans/health/facts';
import type { HealthFacts, NodeHealthFacts } from '../../../../src-main/plans/health/facts';
import { hashShards, node, referenceTable, snapshot, table } from '../fixtures';

export const at = '2026-01-01T00:00:00.000Z';

export const healthySettings: Readonly<Record<string, string | null>> = {
  wal_level: 'logical',
  max_connections: '100',
  superuser_reserved_connections: '3',
  max_prepared_transactions: '200',
  max_worker_processes: '16',
  max_replication_slots: '10',
  max_wal_senders: '10',
  output_plugin_libraries: 'pgoutput, test_decoding, citus',
  server_encoding: 'UTF8',
  'citus.max_shared_pool_size': '0',
  'citus.local_shared_pool_size': '0',
  'citus.max_adaptive_executor_pool_size': '16',
  'citus.max_background_task_executors': '1',
  'citus.max_background_task_executors_per_node': '1',
  'citus.rebalancer_by_disk_size_base_cost': '100MB',
};

export function nodeFacts(groupId: number, more: Partial<NodeHealthFacts> = {}): NodeHealthFacts {
  const row = node(groupId);
  return {
    node: row,
    groupId,
    address: `${row.name}:${row.port}`,
    via: 'direct',
    versions: known({ postgres: '17.4', library: '13.2.2', extension: '13.2-1' }),
    settings: known(healthySettings),
    slots: known([]),
    prepared: known([]),
    commits: known({ records: new Set<string>(), active: new Set<string>() }),
    connections: known({ own: groupId === 0 ? 2 : 1, app: 0, all: 3 }),
    clock: known({ offsetMs: 0, errorMs: 1 }),
    disk: known({ availableBytes: 50, totalBytes: 100 }),
    leftovers: known([]),
    ...more,
  };
}

/** Facts with the settings of one node written over. */
export function withSetting(groupId: number, name: string, value: string | null): HealthFacts {
  return healthFacts({
    nodes: [0, 1, 2].map((group) =>
      nodeFacts(group, group === groupId ? { settings: known({ ...healthySettings, [name]: value }) } : {}),
    ),
  });
}

export function withNode(groupId: number, more: Partial<NodeHealthFacts>): HealthFacts {
  return healthFacts({ nodes: [0, 1, 2].map((group) => nodeFacts(group, group === groupId ? more : {})) });
}

export function reach(
  nodeId: number,
  state: NodeReachability['state'] = 'reachable',
  more: Partial<NodeReachability> = {},
): NodeReachability {
  return { nodeId, state, since: at, lastSeenAt: at, latencyMs: 2, failure: null, ...more };
}

export const permits = table(20, 'permits');
export const agencies = referenceTable(30, 'agencies');
export const permitShards = hashShards(permits, 100, [1, 2]);
export const agencyShard = {
  shardId: '900',
  tableOid: 30,
  minValue: null,
  maxValue: null,
  groupIds: [0, 1, 2],
};
const mb = 1024 * 1024;

export function sizesOf(
  bytes: Readonly<Record<string, number>>,
  incomplete: string | null = null,
): HealthFacts['sizes'] {
  return known({ clusterId: 'c', revision: 1, takenAt: at, shardBytes: bytes, incomplete });
}

export function healthFacts(more: Partial<HealthFacts> = {}): HealthFacts {
  return {
    snapshot: snapshot({
      nodes: [node(0), node(1), node(2)],
      tables: [permits, agencies],
      shards: [...permitShards, agencyShard],
      jobs: [],
      rebalanceStrategies: [
        {
          name: 'by_disk_size',
          isDefault: true,
          defaultThreshold: 0.1,
          minimumThreshold: 0.01,
          improvementThreshold: 0.5,
        },
      ],
    }),
    reachability: known([reach(1), reach(2), reach(3)]),
    nodes: [nodeFacts(0), nodeFacts(1), nodeFacts(2)],
    away: [],
    connectivity: known({
      pairs: [{ from: 'db-c1:5432', to: 'db-w1:5432', reached: true }],
      silent: [],
    }),
    cleanup: known([]),
    sizes: sizesOf({ '100': 10 * mb, '101': 10 * mb, '102': 10 * mb, '103': 10 * mb, '900': mb }),
    statements: healthStatements,
    sql: planSql,
    ...more,
  };
}
