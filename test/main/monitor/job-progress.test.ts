import { describe, expect, it } from 'vitest';
import { groupShards, sumBytes, toJobProgress } from '../../../src-main/monitor/job-progress';
import type {
  BackgroundJob,
  ClusterTable,
  MoveProgress,
  Shard,
  TaskProgress,
} from '../../../src-main/contract/cluster';

const table = (oid: number, type: ClusterTable['type'], colocationId: number): ClusterTable => ({
  oid,
  schema: 'public',
  name: `t${oid}`,
  type,
  method: type === 'distributed' ? 'hash' : 'none',
  distributionColumn: null,
  colocationId,
  shardCount: 1,
  owner: 'postgres',
  accessMethod: 'heap',
  isPartitioned: false,
  parentOid: null,
  hasReplicaIdentity: true,
  isUnlogged: false,
});
const shard = (shardId: string, tableOid: number, minValue: number | null): Shard => ({
  shardId,
  tableOid,
  minValue,
  maxValue: minValue === null ? null : minValue + 9,
  groupIds: [1],
});
const task = (taskId: string, status: string, shardId: string | null): TaskProgress => ({
  taskId,
  status,
  command: '',
  retryCount: 0,
  message: '',
  shardId,
  sourceNodeId: 2,
  targetNodeId: 3,
});
const move = (shardId: string, sourceBytes: number | null, targetBytes: number | null): MoveProgress => ({
  shardId,
  tables: ['t'],
  sourceNode: 'a:1',
  targetNode: 'b:2',
  operation: 'move',
  phase: 'Copying Data',
  sourceBytes,
  targetBytes,
  sourceLsn: null,
  targetLsn: null,
});

describe('groupShards', () => {
  const groups = groupShards({
    tables: [
      table(1, 'distributed', 1),
      table(2, 'distributed', 1),
      table(3, 'schema', 7),
      table(4, 'schema', 7),
      table(5, 'reference', 2),
      table(6, 'reference', 2),
    ],
    shards: [
      shard('10', 1, 0),
      shard('11', 1, 10),
      shard('20', 2, 0),
      shard('21', 2, 10),
      shard('30', 3, null),
      shard('40', 4, null),
      shard('50', 5, null),
      shard('60', 6, null),
    ],
  });

  it('puts shards of one range and colocation together', () => {
    expect(groups.keyOf('10')).toBe(groups.keyOf('20'));
    expect(groups.keyOf('10')).not.toBe(groups.keyOf('11'));
    expect(groups.shardIds.get(groups.keyOf('11') ?? '')).toEqual(['11', '21']);
  });

  it('puts the single shards of one schema together', () => {
    expect(groups.keyOf('30')).toBe(groups.keyOf('40'));
  });

  it('leaves reference tables apart: they are copied one by one', () => {
    expect(groups.keyOf('50')).not.toBe(groups.keyOf('60'));
  });

  it('does not know other shards', () => {
    expect(groups.keyOf('99')).toBeUndefined();
  });
});

describe('sumBytes', () => {
  const keyOf = (shardId: string): string => `group ${shardId}`;
  const bytes: Readonly<Record<string, number>> = { '1': 100, '2': 200, '3': 400 };
  const bytesOf = (one: TaskProgress): number | null => bytes[one.taskId] ?? null;

  it('adds what is done, what runs so far, and all of it', () => {
    const tasks = [task('1', 'done', '10'), task('2', 'running', '11'), task('3', 'blocked', '12')];
    expect(sumBytes(tasks, [move('11', 200, 50)], keyOf, bytesOf)).toEqual({
      bytesDone: 150,
      bytesTotal: 700,
    });
  });

  it('does not count a copy for more than its original', () => {
    expect(sumBytes([task('2', 'running', '11')], [move('11', 200, 900)], keyOf, bytesOf)).toEqual({
      bytesDone: 200,
      bytesTotal: 200,
    });
  });

  it('knows what it does not know', () => {
    const tasks = [task('1', 'done', '10'), task('9', 'blocked', '12')];
    expect(sumBytes(tasks, [], keyOf, bytesOf)).toEqual({ bytesDone: 100, bytesTotal: null });
    expect(sumBytes([task('9', 'done', '12')], [], keyOf, bytesOf)).toEqual({
      bytesDone: null,
      bytesTotal: null,
    });
  });

  it('has no bytes for tasks that move no shard', () => {
    expect(sumBytes([task('1', 'running', null)], [], keyOf, bytesOf)).toEqual({
      bytesDone: null,
      bytesTotal: null,
    });
  });
});

describe('toJobProgress', () => {
  const job: BackgroundJob = {
    jobId: '2',
    state: 'running',
    jobType: 'rebalance',
    description: 'Rebalance all colocation groups',
    startedAt: '2026-01-01T00:00:00+00:00',
    finishedAt: null,
    taskCounts: { done: 1, running: 1 },
  };
  const row = {
    sessionId: 7,
    table: 't',
    shardId: '10',
    sourceNode: 'a:1',
    targetNode: 'b:2',
    progress: 1,
    sourceBytes: 10,
    targetBytes: 5,
    operation: 'move' as const,
    status: 'Copying Data',
    sourceLsn: null,
    targetLsn: null,
  };
  const build = (tasks: readonly TaskProgress[], state: BackgroundJob['state'] = 'running') =>
    toJobProgress({
      clusterId: 'c',
      revision: 1,
      takenAt: 't',
      job: { job: { ...job, state }, tasks },
      rows: [row],
      groups: { keyOf: () => undefined, shardIds: new Map() },
      bytesOfTask: () => 10,
      remainingSeconds: [1, 2],
      stall: null,
    });

  it('shows the move of the task that runs', () => {
    expect(build([task('1', 'running', '10')]).moves).toHaveLength(1);
  });

  it('drops a move whose task has ended since it was read', () => {
    expect(build([task('1', 'done', '10'), task('2', 'running', '11')]).moves).toEqual([]);
  });

  it('shows copies of a task that names no shard', () => {
    expect(build([task('1', 'running', null)]).moves).toHaveLength(1);
  });

  it('estimates nothing for a job that has ended', () => {
    expect(build([task('1', 'done', '10')], 'finished').remainingSeconds).toBeNull();
    expect(build([task('1', 'running', '10')]).remainingSeconds).toEqual([1, 2]);
  });
});
