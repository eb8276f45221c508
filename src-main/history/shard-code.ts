/**
 * Shards in few characters. Pure. What repeats is left out: ids that follow each other, ranges that Citus divides evenly,
 * and placements that a table has in common with those it is colocated with.
 */
import type { ClusterTable, Shard } from '../contract/cluster';

export interface ShardTexts {
  /** By table oid: [runs of ids, ranges, key of its placements]. */
  readonly shards: ReadonlyMap<string, string>;
  /** By key of placements and number of the chunk: groups of each shard. */
  readonly places: ReadonlyMap<string, string>;
}

/** First id as text, and how many follow it. */
type Run = readonly [string, number];
/** Count of equal parts of the hash range; or each range; or none. */
type Ranges = number | readonly (readonly [number, number])[] | null;
type Code = readonly [readonly Run[], Ranges, string];

/** Shards in a text of placements: one that moves costs this many again. */
const chunkSize = 32;
const hashMinimum = -2_147_483_648;
const hashMaximum = 2_147_483_647;

export function encodeShards(tables: readonly ClusterTable[], shards: readonly Shard[]): ShardTexts {
  const byTable = new Map<number, Shard[]>();
  for (const shard of shards) {
    const known = byTable.get(shard.tableOid);
    if (known === undefined) byTable.set(shard.tableOid, [shard]);
    else known.push(shard);
  }
  const texts = new Map<string, string>();
  const places = new Map<string, string>();
  const shared = new Map<number, string>();
  for (const { oid, colocationId } of tables) {
    const own = byTable.get(oid);
    if (own === undefined) continue;
    const placement = own.map(({ groupIds }) => groupIds.join('+'));
    const joined = placement.join(' ');
    let key = `t${oid}`;
    if (colocationId !== 0) {
      const family = shared.get(colocationId);
      if (family === undefined) shared.set(colocationId, joined);
      if (family === undefined || family === joined) key = `c${colocationId}`;
    }
    const code: Code = [runsOf(own), rangesOf(own), key];
    texts.set(String(oid), JSON.stringify(code));
    if (places.has(`${key}/0`)) continue;
    for (let at = 0; at < placement.length; at += chunkSize) {
      places.set(`${key}/${at / chunkSize}`, JSON.stringify(placement.slice(at, at + chunkSize).join(' ')));
    }
  }
  return { shards: texts, places };
}

/** By table oid, then in the order in which they were given. */
export function decodeShards(texts: ShardTexts): readonly Shard[] {
  const placements = new Map<string, readonly (readonly number[])[]>();
  const placementsOf = (key: string): readonly (readonly number[])[] => {
    const known = placements.get(key);
    if (known !== undefined) return known;
    const all: (readonly number[])[] = [];
    const seen = new Map<string, readonly number[]>();
    for (let chunk = 0; ; chunk += 1) {
      const text = texts.places.get(`${key}/${chunk}`);
      if (text === undefined) break;
      for (const groups of (JSON.parse(text) as string).split(' ')) {
        const list = seen.get(groups) ?? (groups === '' ? [] : groups.split('+').map(Number));
        seen.set(groups, list);
        all.push(list);
      }
    }
    placements.set(key, all);
    return all;
  };
  const shards: Shard[] = [];
  const ordered = [...texts.shards].sort(([one], [other]) => Number(one) - Number(other));
  for (const [oid, text] of ordered) {
    const [runs, ranges, key] = JSON.parse(text) as Code;
    const placement = placementsOf(key);
    let index = 0;
    for (const [first, count] of runs) {
      const start = BigInt(first);
      for (let at = 0; at < count; at += 1, index += 1) {
        const range = rangeAt(ranges, index);
        shards.push({
          shardId: at === 0 ? first : String(start + BigInt(at)),
          tableOid: Number(oid),
          minValue: range?.[0] ?? null,
          maxValue: range?.[1] ?? null,
          groupIds: placement[index] ?? [],
        });
      }
    }
  }
  return shards;
}

function runsOf(shards: readonly Shard[]): readonly Run[] {
  const runs: [string, number][] = [];
  let expected: bigint | null = null;
  for (const { shardId } of shards) {
    const id = BigInt(shardId);
    const last = runs.at(-1);
    if (last !== undefined && id === expected) last[1] += 1;
    else runs.push([shardId, 1]);
    expected = id + 1n;
  }
  return runs;
}

function rangesOf(shards: readonly Shard[]): Ranges {
  if (shards.every(({ minValue, maxValue }) => minValue === null && maxValue === null)) return null;
  const isEven = shards.every(({ minValue, maxValue }, index) => {
    const [low, high] = evenRange(shards.length, index);
    return minValue === low && maxValue === high;
  });
  return isEven ? shards.length : shards.map(({ minValue, maxValue }) => [minValue ?? 0, maxValue ?? 0]);
}

function rangeAt(ranges: Ranges, index: number): readonly [number, number] | undefined {
  if (ranges === null) return undefined;
  return typeof ranges === 'number' ? evenRange(ranges, index) : ranges[index];
}

/** As Citus divides the range of hash values: equal parts, the last one takes the rest. */
function evenRange(count: number, index: number): readonly [number, number] {
  const step = Math.floor(2 ** 32 / count);
  const low = hashMinimum + index * step;
  return [low, index === count - 1 ? hashMaximum : low + step - 1];
}
