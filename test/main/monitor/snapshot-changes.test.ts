import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterSnapshot, Shard } from '../../../src-main/contract/cluster';
import { diffContent, diffShards, keepSame, wholeContent } from '../../../src-main/monitor/snapshot-changes';
import type { HeldSnapshot } from '../../../src-renderer/clusters/snapshot-changes';
import { applySnapshotChange } from '../../../src-renderer/clusters/snapshot-changes';
import { aShard, aSnapshot, aTable } from '../../support/cluster-records';

/** In the order in which main has them: by table, then by shard id. */
const shardLists = fc
  .uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 60 }), group: fc.integer({ min: 0, max: 3 }) }), {
    selector: ({ id }) => id,
    maxLength: 40,
  })
  .map((list) =>
    list
      .map(({ id, group }) => aShard({ shardId: String(id), tableOid: 1 + (id % 3), groupIds: [group] }))
      .sort((a, b) => a.tableOid - b.tableOid || Number(a.shardId) - Number(b.shardId)),
  );
const contents = fc
  .record({ shards: shardLists, cleanupRecords: fc.nat(2), tables: fc.nat(2) })
  .map(({ tables, ...rest }) =>
    aSnapshot({ ...rest, tables: Array.from({ length: tables }, (_, index) => aTable({ oid: index })) }),
  );

function contentOf(snapshot: ClusterSnapshot): Omit<ClusterSnapshot, 'clusterId' | 'revision' | 'takenAt'> {
  const { clusterId: _clusterId, revision: _revision, takenAt: _takenAt, ...content } = snapshot;
  return content;
}

describe('what changed between two readings', () => {
  it('gives the page the second when it holds the first, whatever they are', () => {
    fc.assert(
      fc.property(contents, contents, (first, second) => {
        const change = diffContent(contentOf(first), contentOf(second));
        const moment = { clusterId: 'c1', revision: 2, takenAt: 'later' };
        if (change === null) expect(contentOf(first)).toEqual(contentOf(second));
        else {
          const told = structuredClone({ ...moment, base: 1, ...change });
          const { replaced, ...next } = (applySnapshotChange(first, told) ?? first) as HeldSnapshot;
          expect(next).toEqual({ ...contentOf(second), ...moment });
          if (replaced !== undefined) {
            const fresh = next.shards.filter((shard, index) => shard !== first.shards[index]);
            expect(replaced).toEqual({ since: 1, shards: fresh });
          }
          expect(keepSame(contentOf(first), contentOf(second), change)).toEqual(contentOf(second));
        }
      }),
    );
  });

  it('is nothing for equal content in other objects', () => {
    fc.assert(
      fc.property(contents, (one) => {
        expect(diffContent(contentOf(one), structuredClone(contentOf(one)))).toBeNull();
      }),
    );
  });

  it('stands by itself the first time', () => {
    const first = aSnapshot();
    const told = {
      clusterId: 'c1',
      revision: 4,
      takenAt: 'now',
      base: null,
      ...wholeContent(contentOf(first)),
    };
    expect(applySnapshotChange(undefined, told)).toEqual({ ...first, revision: 4, takenAt: 'now' });
  });

  it('leaves the shards that stay where they are the same objects', () => {
    const held = aSnapshot({
      shards: ['1', '2', '3'].map((shardId) => aShard({ shardId, groupIds: [1] })),
    });
    const after: readonly Shard[] = held.shards.map((shard) =>
      shard.shardId === '2' ? { ...shard, groupIds: [2] } : { ...shard },
    );
    const shards = diffShards(held.shards, after);
    expect(shards).toEqual({ changed: [after[1]], removed: [] });
    const next = applySnapshotChange(held, {
      clusterId: 'c1',
      revision: 2,
      takenAt: 'later',
      base: 1,
      parts: {},
      shards,
    });
    expect(next?.shards[0]).toBe(held.shards[0]);
    expect(next?.shards[1]?.groupIds).toEqual([2]);
    expect(next?.tables).toBe(held.tables);
  });
});
