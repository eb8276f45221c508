import { describe, expect, it } from 'vitest';
import type { HealthLevel } from '../../../../src-main/contract/health';
import { known, notKnown } from '../../../../src-main/plans/health/facts';
import type { CommitRecords, HealthFacts } from '../../../../src-main/plans/health/facts';
import * as budgetCheck from '../../../../src-main/plans/health/connection-budget';
import type { Judgement } from '../../../../src-main/plans/health/judgement';
import * as leftoverCheck from '../../../../src-main/plans/health/leftover-check';
import * as nodeChecks from '../../../../src-main/plans/health/node-checks';
import * as paceCheck from '../../../../src-main/plans/health/pace-check';
import { judgements, toChecks, toVerdict } from '../../../../src-main/plans/health/report';
import * as serverChecks from '../../../../src-main/plans/health/server-checks';
import * as settingChecks from '../../../../src-main/plans/health/setting-checks';
import * as tableChecks from '../../../../src-main/plans/health/table-checks';
import * as versionChecks from '../../../../src-main/plans/health/version-checks';
import { node, snapshot, table } from '../fixtures';
import {
  agencies,
  agencyShard,
  at,
  healthFacts,
  healthySettings,
  nodeFacts,
  permits,
  permitShards,
  reach,
  sizesOf,
  withNode,
  withSetting,
} from './fixtures';

const refused = notKnown('permission denied');
const base = healthFacts();
const world = (more: Partial<HealthFacts['snapshot']>, rest: Partial<HealthFacts> = {}): HealthFacts =>
  healthFacts({ snapshot: snapshot({ ...base.snapshot, ...more }), ...rest });
const cleanupRecord = {
  recordId: '1',
  objectType: 1,
  objectName: 'public.permits_100',
  groupId: 1,
  seenForMs: 0,
};
const leftover = {
  schema: 'public',
  name: 'permits_100',
  shardId: '100',
  of: { schema: 'public', name: 'permits' },
  bytes: 8192,
};
const nobodys = { ...leftover, name: 'old_102500', shardId: '102500', of: null };
const withHighShard = world({ shards: [...permitShards, { ...agencyShard, shardId: '103000' }] });
const slot = { name: 'standby', isActive: true, retainedBytes: 0, walStatus: 'reserved' };
const gid = 'citus_0_4711_15_1';
const prepared = (ageSeconds: number, name = gid) => known([{ gid: name, ageSeconds, owner: 'app' }]);
const job = (state: 'running' | 'finished') => ({
  jobId: '7',
  state,
  jobType: 'rebalance',
  description: 'Rebalance',
  startedAt: at,
  finishedAt: null,
  taskCounts: {},
});
const mb = 1024 * 1024;

type Case = readonly [
  what: string,
  judge: Judgement,
  facts: HealthFacts,
  level: HealthLevel,
  title: string | RegExp,
];

const cases: readonly Case[] = [
  ['all answer', nodeChecks.judgeReachability, base, 'fine', 'Every node answers'],
  [
    'one is away',
    nodeChecks.judgeReachability,
    healthFacts({ reachability: known([reach(1), reach(2, 'unreachable'), reach(3)]) }),
    'stops',
    'db-w1:5432 does not answer',
  ],
  [
    'three are away',
    nodeChecks.judgeReachability,
    healthFacts({
      reachability: known([reach(1, 'unreachable'), reach(2, 'unreachable'), reach(3, 'unreachable')]),
    }),
    'stops',
    '3 nodes do not answer',
  ],
  [
    'one only the coordinator reaches',
    nodeChecks.judgeReachability,
    healthFacts({ reachability: known([reach(1), reach(2, 'indirect'), reach(3)]) }),
    'fine',
    'Every node answers',
  ],
  [
    'one was not tried',
    nodeChecks.judgeReachability,
    healthFacts({ reachability: known([reach(1), reach(2)]) }),
    'unknown',
    /db-w2:5432 answers/,
  ],
  [
    'nothing was tried',
    nodeChecks.judgeReachability,
    healthFacts({ reachability: refused }),
    'unknown',
    'Which nodes answer',
  ],

  ['all are as fast as usual', paceCheck.judgeSlowNodes, base, 'fine', 'Nodes answer as fast as usual'],
  [
    'one is slow',
    paceCheck.judgeSlowNodes,
    healthFacts({
      reachability: known([
        reach(1),
        reach(2, 'reachable', { pace: { recent: [900, 2, 900, 900], usualMs: 2 } }),
        reach(3),
      ]),
    }),
    'mind',
    'db-w1:5432 answers slowly',
  ],
  [
    'one that is away is told elsewhere',
    paceCheck.judgeSlowNodes,
    healthFacts({
      reachability: known([
        reach(1),
        reach(2, 'unreachable', { pace: { recent: [2, 'late'], usualMs: 2 } }),
        reach(3),
      ]),
    }),
    'fine',
    'Nodes answer as fast as usual',
  ],
  [
    'the pace is not known',
    paceCheck.judgeSlowNodes,
    healthFacts({ reachability: refused }),
    'unknown',
    'How fast the nodes answer',
  ],

  ['pairs are open', nodeChecks.judgeConnectivity, base, 'fine', 'Nodes reach each other'],
  [
    'one pair fails',
    nodeChecks.judgeConnectivity,
    healthFacts({ connectivity: known({ pairs: [{ from: 'a:1', to: 'b:2', reached: false }], silent: [] }) }),
    'stops',
    'a:1 does not reach b:2',
  ],
  [
    'one could not be asked',
    nodeChecks.judgeConnectivity,
    healthFacts({ connectivity: known({ pairs: [], silent: [{ from: 'a:1', why: 'refused' }] }) }),
    'unknown',
    'Whom a:1 reaches',
  ],
  [
    'pairs are not known',
    nodeChecks.judgeConnectivity,
    healthFacts({ connectivity: refused }),
    'unknown',
    /reach each other/,
  ],

  ['metadata is there', nodeChecks.judgeMetadata, base, 'fine', 'Metadata is synced'],
  [
    'one waits',
    nodeChecks.judgeMetadata,
    world({ nodes: [node(0), node(1, { metadataSynced: false })] }),
    'mind',
    'db-w1:5432 waits for metadata',
  ],
  [
    'one has none',
    nodeChecks.judgeMetadata,
    world({ nodes: [node(0), node(1, { hasMetadata: false })] }),
    'mind',
    /waits for metadata/,
  ],
  [
    'a disabled one is told elsewhere',
    nodeChecks.judgeMetadata,
    world({ nodes: [node(0), node(1, { isActive: false, metadataSynced: false })] }),
    'fine',
    'Metadata is synced',
  ],

  ['all are active', nodeChecks.judgeInactive, base, 'fine', 'Every node is active'],
  [
    'one with shards is not',
    nodeChecks.judgeInactive,
    world({ nodes: [node(0), node(1, { isActive: false }), node(2)] }),
    'stops',
    'db-w1:5432 is not active',
  ],
  [
    'an empty one is not',
    nodeChecks.judgeInactive,
    world({ nodes: [node(0), node(1), node(2), node(3, { isActive: false })] }),
    'mind',
    'db-w3:5432 is not active',
  ],
  [
    'a clone is never',
    nodeChecks.judgeInactive,
    world({ nodes: [node(0), node(3, { isActive: false, isClone: true })] }),
    'fine',
    'Every node is active',
  ],

  ['it is registered', nodeChecks.judgeCoordinator, base, 'fine', 'The coordinator is registered'],
  [
    'it is not',
    nodeChecks.judgeCoordinator,
    world({ nodes: [node(1)] }),
    'mind',
    'The coordinator is not registered',
  ],
  [
    'it is local, the workers are not',
    nodeChecks.judgeCoordinator,
    world({ nodes: [node(0, { name: 'localhost' }), node(1)] }),
    'stops',
    'The coordinator is registered as localhost',
  ],
  [
    'all are local',
    nodeChecks.judgeCoordinator,
    world({ nodes: [node(0, { name: '127.0.0.1' }), node(1, { name: '127.0.0.1' })] }),
    'fine',
    'The coordinator is registered',
  ],
  [
    'there is nothing else',
    nodeChecks.judgeCoordinator,
    world({ nodes: [] }),
    'fine',
    'The coordinator works alone',
  ],

  ['it is there', nodeChecks.judgeExtension, base, 'fine', /on every node/],
  [
    'one lacks it',
    nodeChecks.judgeExtension,
    withNode(2, { versions: known({ postgres: '17.4', library: '13.2.2', extension: null }) }),
    'stops',
    'The extension citus is missing on db-w2:5432',
  ],
  [
    'one did not tell',
    nodeChecks.judgeExtension,
    withNode(2, { versions: refused }),
    'unknown',
    /of db-w2:5432/,
  ],

  ['one minor version', versionChecks.judgePostgresSkew, base, 'fine', /same everywhere/],
  [
    'one behind',
    versionChecks.judgePostgresSkew,
    withNode(2, { versions: known({ postgres: '17.3', library: '13.2.2', extension: '13.2-1' }) }),
    'mind',
    'Version skew: db-w2:5432 has PostgreSQL 17.3, the others 17.4',
  ],
  [
    'one major behind',
    versionChecks.judgePostgresSkew,
    withNode(2, { versions: known({ postgres: '16.9', library: '13.2.2', extension: '13.2-1' }) }),
    'mind',
    /16\.9/,
  ],
  [
    'libraries of one major',
    versionChecks.judgeLibrarySkew,
    withNode(1, { versions: known({ postgres: '17.4', library: '13.1.0', extension: '13.2-1' }) }),
    'mind',
    /Citus library 13\.1\.0/,
  ],
  [
    'libraries of two majors',
    versionChecks.judgeLibrarySkew,
    withNode(1, { versions: known({ postgres: '17.4', library: '12.1.0', extension: '13.2-1' }) }),
    'stops',
    /Citus library 12\.1\.0/,
  ],
  [
    'extensions differ',
    versionChecks.judgeExtensionSkew,
    withNode(1, { versions: known({ postgres: '17.4', library: '13.2.2', extension: '13.1-1' }) }),
    'mind',
    /extension citus 13\.1-1/,
  ],
  [
    'versions are not known',
    versionChecks.judgeExtensionSkew,
    withNode(1, { versions: refused }),
    'unknown',
    /Version of extension/,
  ],
  ['library and extension fit', versionChecks.judgeLibraryFits, base, 'fine', 'Library and extension fit'],
  [
    'a newer library bears one minor',
    versionChecks.judgeLibraryFits,
    withNode(1, { versions: known({ postgres: '17.4', library: '13.2.2', extension: '13.1-1' }) }),
    'mind',
    /differ on db-w1/,
  ],
  [
    'an older library bears none',
    versionChecks.judgeLibraryFits,
    withNode(1, { versions: known({ postgres: '17.4', library: '13.1.0', extension: '13.0-1' }) }),
    'stops',
    /differ on db-w1/,
  ],

  ['logical', settingChecks.judgeWalLevel, base, 'fine', /logical everywhere/],
  [
    'replica',
    settingChecks.judgeWalLevel,
    withSetting(1, 'wal_level', 'replica'),
    'mind',
    'wal_level is not logical on db-w1:5432',
  ],
  [
    'no settings',
    settingChecks.judgeWalLevel,
    withNode(1, { settings: refused }),
    'unknown',
    'wal_level of db-w1:5432',
  ],
  [
    'processes',
    settingChecks.judgeWorkerProcesses,
    withSetting(0, 'max_worker_processes', '4'),
    'mind',
    /too low on db-c1/,
  ],
  [
    'processes of a worker',
    settingChecks.judgeWorkerProcesses,
    withSetting(1, 'max_worker_processes', '4'),
    'fine',
    /suffices/,
  ],
  [
    'no slots',
    settingChecks.judgeReplicationSlots,
    withSetting(1, 'max_replication_slots', '0'),
    'mind',
    /max_replication_slots leaves no room/,
  ],
  [
    'every slot is taken',
    settingChecks.judgeReplicationSlots,
    withNode(1, {
      settings: known({ ...healthySettings, max_replication_slots: '1' }),
      slots: known([slot]),
    }),
    'mind',
    /leaves no room/,
  ],
  [
    'room for one',
    settingChecks.judgeReplicationSlots,
    withNode(1, {
      settings: known({ ...healthySettings, max_replication_slots: '2' }),
      slots: known([slot]),
    }),
    'fine',
    /suffices/,
  ],
  [
    'no senders',
    settingChecks.judgeWalSenders,
    withSetting(1, 'max_wal_senders', '0'),
    'mind',
    /max_wal_senders/,
  ],
  [
    'none prepared',
    settingChecks.judgePreparedTransactionsSetting,
    withSetting(2, 'max_prepared_transactions', '0'),
    'stops',
    /is 0 on db-w2/,
  ],
  ['some prepared', settingChecks.judgePreparedTransactionsSetting, base, 'fine', /allowed/],
  [
    'no citus plugin',
    settingChecks.judgeOutputPlugins,
    withSetting(2, 'output_plugin_libraries', 'pgoutput, test_decoding'),
    'stops',
    'output_plugin_libraries lacks citus on db-w2:5432',
  ],
  [
    'no such setting',
    settingChecks.judgeOutputPlugins,
    withSetting(2, 'output_plugin_libraries', null),
    'fine',
    /allowed/,
  ],
  [
    'another name that holds citus',
    settingChecks.judgeOutputPlugins,
    withSetting(2, 'output_plugin_libraries', 'citus_columnar'),
    'stops',
    /lacks citus/,
  ],
  [
    'fewer connections than the coordinator',
    settingChecks.judgeAgreement,
    withSetting(1, 'max_connections', '50'),
    'mind',
    'db-w1:5432 differs from the coordinator',
  ],
  [
    'more connections than the coordinator',
    settingChecks.judgeAgreement,
    withSetting(1, 'max_connections', '500'),
    'fine',
    'Settings agree',
  ],
  [
    'another encoding',
    settingChecks.judgeAgreement,
    withSetting(1, 'server_encoding', 'LATIN1'),
    'mind',
    /differs/,
  ],
  ['few sessions', budgetCheck.judgeConnectionBudget, base, 'fine', 'Connections suffice'],
  [
    'many sessions',
    budgetCheck.judgeConnectionBudget,
    withNode(0, { connections: known({ own: 60, app: 0, all: 60 }) }),
    'mind',
    /may need 1\d\d of 97/,
  ],
  [
    'none left',
    budgetCheck.judgeConnectionBudget,
    withNode(1, { connections: known({ own: 5, app: 0, all: 97 }) }),
    'stops',
    'db-w1:5432 has no connection left',
  ],
  [
    'sessions are not known',
    budgetCheck.judgeConnectionBudget,
    withNode(1, { connections: refused }),
    'unknown',
    /of db-w1/,
  ],

  [
    'a slot that is read',
    serverChecks.judgeIdleSlots,
    withNode(1, { slots: known([slot]) }),
    'fine',
    /No idle/,
  ],
  [
    'a slot that nobody reads',
    serverChecks.judgeIdleSlots,
    withNode(1, { slots: known([{ ...slot, isActive: false, retainedBytes: 90 * mb }]) }),
    'mind',
    /on db-w1/,
  ],
  [
    'one that holds little',
    serverChecks.judgeIdleSlots,
    withNode(1, { slots: known([{ ...slot, isActive: false, retainedBytes: mb }]) }),
    'fine',
    /No idle/,
  ],
  [
    'one that a move left',
    serverChecks.judgeIdleSlots,
    withNode(1, { slots: known([{ ...slot, name: 'citus_shard_move_slot_2_10_5', isActive: false }]) }),
    'mind',
    /on db-w1/,
  ],
  [
    'one that was lost',
    serverChecks.judgeIdleSlots,
    withNode(1, { slots: known([{ ...slot, walStatus: 'lost' }]) }),
    'mind',
    /on db-w1/,
  ],
  [
    'a young one in doubt',
    serverChecks.judgeInDoubt,
    withNode(1, { prepared: prepared(59) }),
    'fine',
    'No transaction in doubt',
  ],
  [
    'an old one',
    serverChecks.judgeInDoubt,
    withNode(1, { prepared: prepared(61) }),
    'mind',
    '1 transaction in doubt for more than a minute',
  ],
  [
    'a very old one',
    serverChecks.judgeInDoubt,
    withNode(1, { prepared: prepared(3600) }),
    'stops',
    /in doubt/,
  ],
  [
    'one of another program',
    serverChecks.judgeInDoubt,
    withNode(1, { prepared: prepared(3600, 'xa-1') }),
    'mind',
    /in doubt/,
  ],
  [
    'prepared ones are not known',
    serverChecks.judgeInDoubt,
    withNode(1, { prepared: refused }),
    'unknown',
    /of db-w1/,
  ],
  ['clocks agree', serverChecks.judgeClocks, base, 'fine', 'Clocks agree'],
  [
    'one is five seconds off',
    serverChecks.judgeClocks,
    withNode(2, { clock: known({ offsetMs: 5000, errorMs: 10 }) }),
    'mind',
    'The clock of db-w2:5432 is off',
  ],
  [
    'one may be off, by a slow network',
    serverChecks.judgeClocks,
    withNode(2, { clock: known({ offsetMs: 1500, errorMs: 900 }) }),
    'fine',
    'Clocks agree',
  ],
  [
    'the workstation is off',
    serverChecks.judgeClocks,
    healthFacts({
      nodes: [0, 1, 2].map((group) => nodeFacts(group, { clock: known({ offsetMs: 90_000, errorMs: 1 }) })),
    }),
    'fine',
    'Clocks agree',
  ],
  ['room on the disk', serverChecks.judgeDisk, base, 'fine', 'Disks have room'],
  [
    'little room',
    serverChecks.judgeDisk,
    withNode(1, { disk: known({ availableBytes: 8, totalBytes: 100 }) }),
    'mind',
    'db-w1:5432 has less than 10 % of the disk free',
  ],
  [
    'nearly none',
    serverChecks.judgeDisk,
    withNode(1, { disk: known({ availableBytes: 3, totalBytes: 100 }) }),
    'stops',
    /less than 10 %/,
  ],
  [
    'disks are not told',
    serverChecks.judgeDisk,
    withNode(1, { disk: refused }),
    'unknown',
    'Disk headroom of db-w1:5432',
  ],

  ['all have keys', tableChecks.judgeOnlineMoves, base, 'fine', 'Every table can move online'],
  [
    'one has none',
    tableChecks.judgeOnlineMoves,
    world({ tables: [table(1, 'audit_events', { hasReplicaIdentity: false })] }),
    'mind',
    'audit_events cannot move online',
  ],
  [
    'one is unlogged',
    tableChecks.judgeOnlineMoves,
    world({ tables: [table(1, 'scratch', { isUnlogged: true })] }),
    'mind',
    'scratch cannot move online',
  ],
  [
    'a partitioned parent needs none',
    tableChecks.judgeOnlineMoves,
    world({ tables: [table(1, 'parent', { hasReplicaIdentity: false, isPartitioned: true })] }),
    'fine',
    /can move online/,
  ],
  [
    'reference tables do not move',
    tableChecks.judgeOnlineMoves,
    world({ tables: [{ ...agencies, hasReplicaIdentity: false }] }),
    'fine',
    /can move online/,
  ],
  ['all have a place', tableChecks.judgePlacements, base, 'fine', 'Every shard has a place'],
  [
    'one lies on a group without a node',
    tableChecks.judgePlacements,
    world({ nodes: [node(0), node(1)] }),
    'stops',
    /recorded where nothing is/,
  ],
  [
    'one lies nowhere',
    tableChecks.judgePlacements,
    world({ shards: [{ ...agencyShard, groupIds: [] }] }),
    'stops',
    '1 shard is recorded where nothing is',
  ],
  ['nothing to clean', tableChecks.judgeCleanup, base, 'fine', 'Nothing is left behind'],
  [
    'a fresh record',
    tableChecks.judgeCleanup,
    healthFacts({ cleanup: known([cleanupRecord]) }),
    'fine',
    'Nothing is left behind',
  ],
  [
    'an old record',
    tableChecks.judgeCleanup,
    healthFacts({ cleanup: known([{ ...cleanupRecord, seenForMs: 400_000 }]) }),
    'mind',
    '1 cleanup record not worked off',
  ],
  [
    'an old record of a job that runs',
    tableChecks.judgeCleanup,
    world({ jobs: [job('running')] }, { cleanup: known([{ ...cleanupRecord, seenForMs: 400_000 }]) }),
    'fine',
    'Nothing is left behind',
  ],
  [
    'a record of a node that is gone',
    tableChecks.judgeCleanup,
    healthFacts({ cleanup: known([{ ...cleanupRecord, groupId: 9 }]) }),
    'mind',
    '1 cleanup record of a node that is gone',
  ],
  [
    'records are not known',
    tableChecks.judgeCleanup,
    healthFacts({ cleanup: refused }),
    'unknown',
    'Cleanup records',
  ],
  ['no leftover', leftoverCheck.judgeLeftoverTables, base, 'fine', 'No table is left over from a shard'],
  [
    'a copy that is placed elsewhere',
    leftoverCheck.judgeLeftoverTables,
    withNode(2, { leftovers: known([leftover]) }),
    'mind',
    '1 table is left over from shards',
  ],
  [
    'a copy that Citus has still to remove',
    leftoverCheck.judgeLeftoverTables,
    {
      ...withNode(2, { leftovers: known([leftover]) }),
      cleanup: known([{ ...cleanupRecord, groupId: 2, objectName: 'public."permits_100"' }]),
    },
    'fine',
    'No table is left over from a shard',
  ],
  [
    'a copy that Citus has to remove on another node',
    leftoverCheck.judgeLeftoverTables,
    { ...withNode(2, { leftovers: known([leftover]) }), cleanup: known([cleanupRecord]) },
    'mind',
    '1 table is left over from shards',
  ],
  [
    'a copy while what is to be removed is not known',
    leftoverCheck.judgeLeftoverTables,
    { ...withNode(2, { leftovers: known([leftover]) }), cleanup: refused },
    'unknown',
    'Tables left over from shards',
  ],
  [
    'a shard that came between the two readings',
    leftoverCheck.judgeLeftoverTables,
    withNode(1, { leftovers: known([leftover]) }),
    'fine',
    'No table is left over from a shard',
  ],
  [
    'a copy while shards are moved',
    leftoverCheck.judgeLeftoverTables,
    { ...world({ jobs: [job('running')] }), nodes: withNode(2, { leftovers: known([leftover]) }).nodes },
    'fine',
    'No table is left over from a shard',
  ],
  [
    'a shard of a table that is gone',
    leftoverCheck.judgeLeftoverTables,
    { ...withHighShard, nodes: withNode(2, { leftovers: known([nobodys]) }).nodes },
    'mind',
    '1 table is left over from shards',
  ],
  [
    'a table of somebody’s own on the coordinator',
    leftoverCheck.judgeLeftoverTables,
    { ...withHighShard, nodes: withNode(0, { leftovers: known([nobodys]) }).nodes },
    'fine',
    'No table is left over from a shard',
  ],
  [
    'a table that ends in a number that is no shard’s',
    leftoverCheck.judgeLeftoverTables,
    {
      ...withHighShard,
      nodes: withNode(2, {
        leftovers: known([
          { ...nobodys, name: 'year_2024', shardId: '2024' },
          { ...nobodys, name: 'day_20240131', shardId: '20240131' },
        ]),
      }).nodes,
    },
    'fine',
    'No table is left over from a shard',
  ],
  [
    'a node without synced metadata, which cannot tell',
    leftoverCheck.judgeLeftoverTables,
    withNode(2, { node: node(2, { metadataSynced: false }), leftovers: known([leftover]) }),
    'fine',
    'No table is left over from a shard',
  ],
  [
    'a node that did not tell',
    leftoverCheck.judgeLeftoverTables,
    withNode(2, { leftovers: refused }),
    'unknown',
    'Tables left over from shards of db-w2:5432',
  ],
  ['copies everywhere', tableChecks.judgeReferenceTables, base, 'fine', /on every node/],
  [
    'a new node lacks them',
    tableChecks.judgeReferenceTables,
    world({ nodes: [node(0), node(1), node(2), node(3)] }),
    'mind',
    'Reference tables are missing on db-w3:5432',
  ],
  ['even', tableChecks.judgeRebalance, base, 'fine', 'No rebalance is needed'],
  [
    'a new node is empty',
    tableChecks.judgeRebalance,
    world({ nodes: [node(0), node(1), node(2), node(3)] }),
    'mind',
    'A rebalance is advisable',
  ],
  [
    'a strategy of one’s own',
    tableChecks.judgeRebalance,
    world({
      rebalanceStrategies: [
        { name: 'mine', isDefault: true, defaultThreshold: 0, minimumThreshold: 0, improvementThreshold: 0 },
      ],
    }),
    'unknown',
    /advisable/,
  ],
  [
    'sizes are missing',
    tableChecks.judgeRebalance,
    healthFacts({ sizes: sizesOf({ '100': 1 }) }),
    'unknown',
    /advisable/,
  ],
  [
    'sizes are not known',
    tableChecks.judgeRebalance,
    healthFacts({ sizes: refused }),
    'unknown',
    /advisable/,
  ],
  ['even shards', tableChecks.judgeShardSkew, base, 'fine', 'Shards are even'],
  [
    'one large shard',
    tableChecks.judgeShardSkew,
    healthFacts({ sizes: sizesOf({ '100': 900 * mb, '101': 10 * mb, '102': 10 * mb, '103': 10 * mb }) }),
    'mind',
    'Shards of colocation group 1 differ much in size',
  ],
  [
    'one large among small is still small',
    tableChecks.judgeShardSkew,
    healthFacts({ sizes: sizesOf({ '100': 90 * mb, '101': mb, '102': mb, '103': mb }) }),
    'fine',
    'Shards are even',
  ],
  [
    'some sizes are missing',
    tableChecks.judgeShardSkew,
    healthFacts({ sizes: sizesOf({ '100': mb }, '3 shards have no known size.') }),
    'unknown',
    /Sizes of some/,
  ],
];

describe('each judgement', () => {
  it.each(cases)('%s: %o', (_what, judge, facts, level, title) => {
    const judged = judge(facts);
    expect([judged.level, judged.title]).toEqual([
      level,
      typeof title === 'string' ? title : expect.stringMatching(title),
    ]);
    // What is found has a way out, what is fine needs none, and all say what they mean.
    expect(judged.mend !== null).toBe(level === 'stops' || level === 'mind');
    expect(judged.found).not.toBe('');
    expect(judged.means).not.toBe('');
  });

  it('is made for every judgement of the report', () => {
    const judged = new Set(cases.map(([, judge]) => judge));
    expect(judgements.filter((judge) => !judged.has(judge)).map(({ name }) => name)).toEqual([]);
  });
});

type Verdict = ReturnType<typeof serverChecks.inDoubtVerdict>;

function commits(records: readonly string[], active: readonly string[] = []): CommitRecords {
  return { records: new Set(records), active: new Set(active) };
}

const verdicts: readonly (readonly [Verdict, string, CommitRecords | null])[] = [
  ['commit', gid, commits([`1/${gid}`])],
  ['abort', gid, commits([])],
  ['abort', gid, commits([`2/${gid}`])],
  ['active', gid, commits([], ['4711/15'])],
  ['active', gid, commits([`1/${gid}`], ['4711'])],
  ['abort', gid, commits([], ['4711/16'])],
  ['not-known', gid, null],
  ['foreign', 'xa-7', commits([])],
];

describe('a transaction in doubt', () => {
  it.each(verdicts)('is told as %s', (verdict, name, origin) => {
    expect(serverChecks.inDoubtVerdict(name, 1, () => origin)).toBe(verdict);
  });

  it('that still runs is no finding', () => {
    const facts = healthFacts({
      nodes: [
        nodeFacts(0, { commits: known({ records: new Set<string>(), active: new Set(['4711/15']) }) }),
        nodeFacts(1, { prepared: prepared(3600) }),
      ],
    });
    expect(serverChecks.judgeInDoubt(facts).level).toBe('fine');
  });
});

describe('the connection budget', () => {
  it('counts sessions times shards, bounded by the pools of each session and of each node', () => {
    const budgetOf = (own: number, settings: Readonly<Record<string, string | null>>): number | undefined =>
      budgetCheck
        .connectionBudgets(
          healthFacts({
            nodes: [
              nodeFacts(0, {
                connections: known({ own, app: 0, all: own }),
                settings: known({ ...healthySettings, ...settings }),
              }),
              nodeFacts(1),
            ],
          }),
        )
        .find(({ node: one }) => one.groupId === 1)?.needs;
    // Two shards of permits and one of agencies lie on the worker, which has one session of its own: with what that
    // opens to the worker's own shards it needs four.
    expect(budgetOf(10, {})).toBe(4 + 10 * 3);
    expect(budgetOf(10, { 'citus.max_adaptive_executor_pool_size': '2' })).toBe(4 + 10 * 2);
    expect(budgetOf(50, {})).toBe(4 + 100);
    expect(budgetOf(50, { 'citus.max_shared_pool_size': '40' })).toBe(4 + 40);
    expect(budgetOf(50, { 'citus.max_shared_pool_size': '-1' })).toBe(4 + 150);
  });

  it('sums over all nodes where statements start, and counts what this app opens itself', () => {
    const sessions = (own: number, app: number) => ({ connections: known({ own, app, all: own + app }) });
    const budgets = budgetCheck.connectionBudgets(
      healthFacts({
        nodes: [nodeFacts(0, sessions(2, 2)), nodeFacts(1, sessions(0, 1)), nodeFacts(2, sessions(5, 1))],
      }),
    );
    expect(budgets.find(({ node: one }) => one.groupId === 1)).toMatchObject({
      own: 0,
      // One of its own, and one of the coordinator for it.
      app: 2,
      incoming: [
        { from: 'db-c1:5432', connections: 6 },
        { from: 'db-w2:5432', connections: 15 },
      ],
      local: 0,
      needs: 23,
    });
    // Of the coordinator's own shard, a reference table, each of its two sessions may ask for one.
    expect(budgets.find(({ node: one }) => one.groupId === 0)).toMatchObject({
      app: 2,
      local: 2,
      needs: 2 + 2 + 2 + 5,
    });
  });

  it('halves the connections that a node opens to itself, unless told otherwise', () => {
    const localOf = (setting: string): number | undefined =>
      budgetCheck.connectionBudgets(
        healthFacts({
          nodes: [
            nodeFacts(1, {
              connections: known({ own: 40, app: 0, all: 40 }),
              settings: known({ ...healthySettings, 'citus.local_shared_pool_size': setting }),
            }),
          ],
        }),
      )[0]?.local;
    expect([localOf('0'), localOf('7'), localOf('-1')]).toEqual([50, 7, 120]);
  });
});

describe('the way to mend', () => {
  it('quotes hostile names', () => {
    const hostile = table(1, '"; drop table x; --', { schema: 'select', hasReplicaIdentity: false });
    expect(tableChecks.judgeOnlineMoves(world({ tables: [hostile] })).mend?.sql).toBe(
      'ALTER TABLE "select"."""; drop table x; --" REPLICA IDENTITY FULL;',
    );
  });
});

describe('the report', () => {
  const sick = healthFacts({
    reachability: known([reach(1), reach(2, 'unreachable', { since: '2025-12-31T00:00:00.000Z' }), reach(3)]),
    nodes: [nodeFacts(0), nodeFacts(2, { disk: refused })],
    away: ['db-w1:5432'],
    snapshot: snapshot({
      ...base.snapshot,
      tables: [{ ...permits, hasReplicaIdentity: false }, agencies],
      shards: permitShards,
    }),
  });

  it('puts the worst first, and names whom it could not ask', () => {
    const checks = toChecks(sick, null, at);
    expect(checks.map(({ level }) => level)).toEqual(
      [...checks.map(({ level }) => level)].sort(
        (one, other) =>
          ['stops', 'mind', 'unknown', 'fine'].indexOf(one)
          - ['stops', 'mind', 'unknown', 'fine'].indexOf(other),
      ),
    );
    expect(checks[0]).toMatchObject({
      id: 'reachability',
      since: '2025-12-31T00:00:00.000Z',
      word: 'stops work',
    });
    const wal = checks.find(({ id }) => id === 'wal-level');
    expect(wal).toMatchObject({ level: 'fine' });
    expect(wal?.found).toContain('Not asked, since it does not answer: db-w1:5432.');
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  });

  it('keeps since when while the level stays', () => {
    const first = toChecks(base, null, at);
    const report = {
      clusterId: 'c',
      revision: 1,
      takenAt: at,
      tookMs: 1,
      verdict: toVerdict(first),
      checks: first,
    };
    const later = '2026-01-02T00:00:00.000Z';
    const next = toChecks(sick, report, later);
    expect(next.find(({ id }) => id === 'wal-level')?.since).toBe(at);
    expect(next.find(({ id }) => id === 'online-moves')?.since).toBe(later);
  });

  it.each([
    [['fine', 'fine'], 'fine', 'all 2 checks are fine'],
    [['mind', 'fine'], 'mind', 'one thing wants your mind; 1 check is fine'],
    [['mind', 'mind', 'fine'], 'mind', 'two things want your mind; 1 check is fine'],
    [
      ['stops', 'stops', 'mind', 'mind', 'mind', 'unknown', 'fine'],
      'stops',
      'two things stop or will stop work, three want your mind, one is not known; 1 check is fine',
    ],
    [['unknown', 'fine', 'fine'], 'unknown', 'one is not known; 2 checks are fine'],
  ] as const)('says %j in words', (levels, level, words) => {
    expect(toVerdict(levels.map((one) => ({ level: one })))).toEqual({ level, words });
  });
});
