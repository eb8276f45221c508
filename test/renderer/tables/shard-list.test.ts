import { describe, expect, it } from 'vitest';
import { toNodeTitles } from '../../../src-renderer/nodes/node-names';
import { filterShards, rangeWords, toShardRows } from '../../../src-renderer/tables/shard-list';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster } from '../cluster-fixture';

const { snapshot, sizes } = makeCluster({ workers: 3, families: 2, shardCount: 6, referenceTables: 1 });
const shards = mapShards(snapshot, sizes);
const rows = toShardRows(shards, snapshot.nodes, toNodeTitles(snapshot.nodes), sizes.shardBytes);
const all = { text: '', tableOid: null, nodeId: null };

describe('the list of shards', () => {
  it('has each shard once, in the order of ids, a reference table with all its copies', () => {
    expect(rows.map((row) => row.shardId)).toEqual(
      snapshot.shards.map((shard) => shard.shardId).sort((a, b) => Number(a) - Number(b)),
    );
    const reference = rows.find((row) => row.kind === 'reference');
    expect(reference?.copies).toBe(reference?.nodeIds.length);
    expect(rows.slice(0, 1).map(rangeWords)[0]).toMatch(/^−2\D147\D483\D648 … /);
  });

  it('filters by table, node and words, and tells what it does not know', () => {
    const node = snapshot.nodes[1];
    const onNode = filterShards(rows, { ...all, nodeId: node?.nodeId ?? 0 });
    expect(onNode).toHaveLength(
      snapshot.shards.filter((shard) => shard.groupIds.includes(node?.groupId ?? -1)).length,
    );
    expect(filterShards(rows, { ...all, tableOid: 16_400 })).toHaveLength(6);
    expect(filterShards(rows, { ...all, text: `permits ${rows[0]?.shardId}` })).toHaveLength(1);
    const lost = toShardRows(shards, [], new Map(), undefined);
    expect(lost.every((row) => row.nodes === 'on no known node' && row.bytes === null)).toBe(true);
  });
});
