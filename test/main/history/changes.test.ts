import { describe, expect, it } from 'vitest';
import type { ClusterSnapshot } from '../../../src-main/contract/cluster';
import type { OperationState } from '../../../src-main/contract/operations';
import { operationChange, reachChanges, snapshotChanges } from '../../../src-main/history/changes';
import {
  aNode,
  anOperation,
  aReachability,
  aShard,
  aSnapshot,
  aTable,
  capabilities,
  versions,
} from '../../support/cluster-records';

const coordinator = aNode();
const worker = aNode({ nodeId: 2, groupId: 1, port: 9801, shouldHaveShards: true });
const other = aNode({ nodeId: 3, groupId: 2, port: 9802, shouldHaveShards: true });
const job = {
  jobId: '7',
  state: 'running',
  jobType: 'rebalance',
  description: 'Rebalance all colocation groups',
  startedAt: null,
  finishedAt: null,
  taskCounts: {},
} as const;

type Part = Partial<ClusterSnapshot>;
const cases: readonly (readonly [string, Part, Part, readonly string[]])[] = [
  ['nothing', {}, {}, []],
  ['a node added', {}, { nodes: [coordinator, worker, other] }, ['node 127.0.0.1:9802 added as worker']],
  ['a node removed', {}, { nodes: [coordinator] }, ['node 127.0.0.1:9801 removed from the cluster']],
  [
    'a node disabled',
    {},
    { nodes: [coordinator, { ...worker, isActive: false }] },
    ['node 127.0.0.1:9801 disabled: the coordinator sends it no statements'],
  ],
  [
    'a node that takes no more shards',
    {},
    { nodes: [coordinator, { ...worker, shouldHaveShards: false }] },
    ['node 127.0.0.1:9801 takes no more shards'],
  ],
  [
    'metadata behind, and another address',
    {},
    { nodes: [coordinator, { ...worker, metadataSynced: false, port: 9900 }] },
    ['node 127.0.0.1:9900 took the place of 127.0.0.1:9801', 'node 127.0.0.1:9900 metadata not synced'],
  ],
  [
    'a replica promoted',
    { nodes: [coordinator, { ...worker, role: 'secondary' }] },
    {},
    ['node 127.0.0.1:9801 became worker, was replica'],
  ],
  [
    'versions',
    {},
    { versions: { ...versions, citus: '14.0.1', extension: '14.0-1' } },
    [
      'version Citus changed from 13.2.2 to 14.0.1 on the coordinator',
      'version extension citus changed from 13.2-1 to 14.0-1 on the coordinator',
    ],
  ],
  [
    'a table distributed',
    { tables: [] },
    {},
    ['table public.permits became a distributed table by agency_id, 32 shards'],
  ],
  [
    'a table dropped',
    {},
    { tables: [], shards: [] },
    ['table public.permits is no distributed table any more: dropped or undistributed'],
  ],
  [
    'a table renamed',
    {},
    { tables: [aTable({ name: 'licences' })] },
    ['table public.licences renamed, was public.permits'],
  ],
  [
    'a table distributed by another column, as a new relation',
    {},
    {
      tables: [aTable({ oid: 17_000, distributionColumn: 'permit_id', shardCount: 1 })],
      shards: [aShard({ tableOid: 17_000, shardId: '102040' })],
    },
    [
      'table public.permits became a distributed table by permit_id, 1 shard, was a distributed table by agency_id, 32 shards',
    ],
  ],
  [
    'shards moved, told by pair of nodes',
    {
      nodes: [coordinator, worker, other],
      tables: [aTable(), aTable({ oid: 16_500, name: 'fees' })],
      shards: [aShard(), aShard({ shardId: '102009' }), aShard({ shardId: '102040', tableOid: 16_500 })],
    },
    {
      nodes: [coordinator, worker, other],
      tables: [aTable(), aTable({ oid: 16_500, name: 'fees' })],
      shards: [
        aShard({ groupIds: [2] }),
        aShard({ shardId: '102009' }),
        aShard({ shardId: '102040', tableOid: 16_500, groupIds: [2] }),
      ],
    },
    ['placement 2 shards of 2 tables moved from 127.0.0.1:9801 to 127.0.0.1:9802'],
  ],
  [
    'a reference table copied to a new node',
    { nodes: [coordinator, worker, other], shards: [aShard({ groupIds: [1] })] },
    { nodes: [coordinator, worker, other], shards: [aShard({ groupIds: [1, 2] })] },
    ['placement 1 shard of 1 table copied to 127.0.0.1:9802'],
  ],
  [
    'a shard split',
    { shards: [aShard()] },
    { shards: [aShard({ shardId: '102070' }), aShard({ shardId: '102071' })] },
    ['placement public.permits 2 shards new: split, or distributed anew'],
  ],
  ['a job started', {}, { jobs: [job] }, ['job job 7 started: Rebalance all colocation groups']],
  [
    'a job ended',
    { jobs: [job] },
    { jobs: [{ ...job, state: 'failed' }] },
    ['job job 7 failed: Rebalance all colocation groups'],
  ],
  [
    'another role',
    {},
    { capabilities: { ...capabilities, role: 'reader', isSuperuser: false } },
    ['connection role of the session changed from postgres, a superuser to reader'],
  ],
];

describe('what changed', () => {
  it.each(cases)('tells of %s', (_name, before, after, expected) => {
    const changes = snapshotChanges(aSnapshot(before), aSnapshot(after));
    expect(changes.map(({ kind, subject, text }) => `${kind} ${subject} ${text}`)).toEqual(expected);
  });

  it('tells that a node went away and came back, and nothing of one that is not tried yet', () => {
    const nodes = [coordinator, worker];
    const texts = (
      before: Parameters<typeof aReachability>[0],
      after: Parameters<typeof aReachability>[0],
    ): readonly string[] =>
      reachChanges(nodes, aReachability(before).nodes, aReachability(after)).map(
        ({ subject, text }) => `${subject} ${text}`,
      );
    expect(texts(['reachable', 'reachable'], ['reachable', 'unreachable'])).toEqual([
      '127.0.0.1:9801 went away',
    ]);
    expect(texts(['reachable', 'unreachable'], ['reachable', 'reachable'])).toEqual([
      '127.0.0.1:9801 came back',
    ]);
    expect(texts(['reachable', 'unreachable'], ['reachable', 'indirect'])).toEqual([
      '127.0.0.1:9801 came back',
    ]);
    expect(texts([], ['reachable', 'unreachable'])).toEqual(['127.0.0.1:9801 went away']);
    expect(texts(['reachable', 'reachable'], ['unknown', 'unknown'])).toEqual([]);
    expect(texts(['unknown', 'unknown'], ['reachable', 'indirect'])).toEqual([]);
  });

  it.each<readonly [OperationState | undefined, OperationState, string | null]>([
    [undefined, 'running', 'began'],
    ['running', 'running', null],
    ['running', 'pausing', null],
    ['pausing', 'paused', 'paused'],
    ['paused', 'running', 'goes on'],
    ['cancelling', 'running', null],
    ['running', 'done', 'done'],
    ['running', 'failed', 'failed'],
    ['interrupted', 'needs-person', 'waits for a decision'],
  ])('tells of an operation that was %s and is %s', (before, state, expected) => {
    expect(operationChange(before, anOperation({ state }))?.text ?? null).toBe(expected);
  });
});
