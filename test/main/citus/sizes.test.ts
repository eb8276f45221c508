import { describe, expect, it } from 'vitest';
import { readShardSizes, toSizes } from '../../../src-main/citus/sizes';
import type { ClusterNode, Shard } from '../../../src-main/contract/cluster';
import type { Reader } from '../../../src-main/connections/database';

const node = (
  groupId: number,
  role: ClusterNode['role'] = 'primary',
  port = 5000 + groupId,
): ClusterNode => ({
  nodeId: port,
  groupId,
  name: 'worker',
  port,
  rack: 'default',
  role,
  nodeCluster: 'default',
  isActive: true,
  hasMetadata: true,
  metadataSynced: true,
  shouldHaveShards: true,
  isClone: false,
});
const shard = (shardId: string, groupIds: readonly number[]): Shard => ({
  shardId,
  tableOid: 1,
  minValue: null,
  maxValue: null,
  groupIds,
});

describe('sizes held against the catalogs', () => {
  const nodes = [node(1), node(2), node(2, 'secondary', 6002)];

  it('are complete when every shard has one', () => {
    const sizes = toSizes(new Map([['1', 10]]), { nodes, shards: [shard('1', [1])] });
    expect(sizes).toEqual({ shardBytes: { '1': 10 }, incomplete: null });
  });

  it('know an empty shard from an unknown one', () => {
    const sizes = toSizes(new Map([['1', 0]]), { nodes, shards: [shard('1', [1]), shard('2', [2])] });
    expect(sizes.shardBytes).toEqual({ '1': 0 });
    expect(sizes.incomplete).toMatch(/^1 shard has no known size: worker:5002 gave the coordinator none\./);
  });

  it('do not name a node for a shard that another node answered for', () => {
    const sizes = toSizes(new Map([['1', 5]]), { nodes, shards: [shard('1', [1, 2])] });
    expect(sizes.incomplete).toBeNull();
  });

  it('leave out what the catalogs do not list', () => {
    const sizes = toSizes(new Map([['9', 5]]), { nodes, shards: [] });
    expect(sizes).toEqual({ shardBytes: {}, incomplete: null });
  });

  it('name three nodes and count the rest', () => {
    const many = [1, 2, 3, 4, 5].map((groupId) => node(groupId));
    const sizes = toSizes(new Map(), {
      nodes: many,
      shards: many.map((one) => shard(`${one.groupId}`, [one.groupId])),
    });
    expect(sizes.incomplete).toContain('worker:5001, worker:5002, worker:5003 and 2 more');
  });
});

describe('readShardSizes', () => {
  const reader = (row: object, seen: string[]): Reader => ({
    address: 'x:1',
    read: async (statement) => {
      seen.push(statement.text);
      return [row] as never;
    },
  });
  const catalog = {
    hasBackgroundJobs: true,
    hasCleanupRecords: true,
    countsPromptly: true,
    isPracticeEmulator: false,
  };

  it('is empty where there are no shards', async () => {
    const sizes = await readShardSizes(reader({ ids: null, bytes: null }, []), {
      ...catalog,
      sizesByShardId: true,
    });
    expect(sizes.size).toBe(0);
  });

  it('takes the ids out of names on servers that give names', async () => {
    const seen: string[] = [];
    const sizes = await readShardSizes(reader({ ids: '1,2', bytes: '10,20' }, seen), {
      ...catalog,
      sizesByShardId: false,
    });
    expect([...sizes]).toEqual([
      ['1', 10],
      ['2', 20],
    ]);
    expect(seen[0]).toContain('s.table_name');
    expect(seen[0]).not.toContain('s.shard_id');
  });
});
