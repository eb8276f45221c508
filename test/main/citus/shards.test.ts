import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareShardIds, countShards, parseShards } from '../../../src-main/citus/shards';

describe('parseShards', () => {
  it('puts shards, ranges and placements together', () => {
    const shards = parseShards(
      '20|102010,102011|-2147483648,0|-1,2147483647\n30|102012||',
      '1|102010,102012\n2|102011,102012',
    );
    expect(shards).toEqual([
      { shardId: '102010', tableOid: 20, minValue: -2147483648, maxValue: -1, groupIds: [1] },
      { shardId: '102011', tableOid: 20, minValue: 0, maxValue: 2147483647, groupIds: [2] },
      { shardId: '102012', tableOid: 30, minValue: null, maxValue: null, groupIds: [1, 2] },
    ]);
  });

  it('has no shards where there are none', () => {
    expect(parseShards('', '')).toEqual([]);
  });

  it('loses no digit of an id beyond 2^53 and orders it after shorter ones', () => {
    const shards = parseShards('20|9007199254740993,99|0,1|0,1', '1|99,9007199254740993');
    expect(shards.map((shard) => [shard.shardId, shard.minValue])).toEqual([
      ['99', 1],
      ['9007199254740993', 0],
    ]);
  });

  it('gives no range to any shard of a table where one is missing, instead of shifting them', () => {
    const shards = parseShards('20|1,2,3|0,10|9,19', '1|1,2,3');
    expect(shards.map((shard) => shard.minValue)).toEqual([null, null, null]);
  });

  it('shows a shard without placement as lying nowhere', () => {
    expect(parseShards('20|7|0|1', '')[0]?.groupIds).toEqual([]);
  });

  it('gives the same list whatever the order of the rows in the catalogs', () => {
    const rows = fc.uniqueArray(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.nat()), (ids, random) => {
        const line = (order: readonly number[]): string =>
          `5|${order.join(',')}|${order.map((id) => id * 2).join(',')}|${order.map((id) => id * 2 + 1).join(',')}`;
        const places = (order: readonly number[]): string => `3|${order.join(',')}`;
        const shuffled = [...ids]
          .map((id) => [random.next().value as number, id] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, id]) => id);
        expect(parseShards(line(shuffled), places(shuffled))).toEqual(
          parseShards(line([...ids].sort((a, b) => a - b)), places(ids)),
        );
      }),
    );
  });
});

describe('shard ids', () => {
  it('compare as the numbers they are', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
        fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
        (a, b) => {
          expect(Math.sign(compareShardIds(String(a), String(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
        },
      ),
    );
  });

  it('are counted by table', () => {
    const counts = countShards(parseShards('20|1,2|0,1|0,1\n30|3||', '1|1,2,3'));
    expect([...counts]).toEqual([
      [20, 2],
      [30, 1],
    ]);
  });
});
