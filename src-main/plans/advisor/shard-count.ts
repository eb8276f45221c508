/** How many shards, for this cluster and this data. Pure. */
import { counted, sizeWords } from '../plan';
import type { Placed } from './assignment';
import type { Advising } from './design';

export interface ShardCount {
  readonly count: number;
  readonly why: string;
}

/** Bytes of one shard group up to which moving it stays a matter of minutes. */
const comfortableGroupBytes = 10 * 1024 ** 3;
/** Shards a worker, so that the cluster can grow fourfold and still spread. */
const shardsPerWorker = 8;
const most = 256;

/**
 * citus.shard_count at least, which is 32 unless somebody decided otherwise; doubled until a shard group is comfortable
 * to move and every worker has enough of them; 256 at most: beyond it planning and connections cost more than shards win.
 */
export function shardCountFor(advising: Advising, placed: readonly Placed[]): ShardCount {
  const { model } = advising.judge;
  const { workers, shardCountSetting } = model.facts;
  const kept = keptShardCounts(advising, placed);
  const groups = new Map<number, number>();
  placed.forEach((one, index) => {
    if (one.becomes === 'distributed' && one.group !== null && !kept.has(one.group))
      groups.set(one.group, (groups.get(one.group) ?? 0) + (model.tables[index]?.bytes ?? 0));
  });
  const [only] = kept.values();
  if (groups.size === 0 && only !== undefined)
    return { count: only, why: `${only}, as the tables that are there` };
  const bytes = Math.max(0, ...groups.values()) * advising.growth;
  let count = Math.max(1, shardCountSetting);
  const wanted = Math.max(workers * shardsPerWorker, bytes / comfortableGroupBytes);
  while (count < wanted && count * 2 <= most) count *= 2;
  const each = sizeWords(bytes / count);
  const reason =
    count === shardCountSetting
      ? `citus.shard_count is ${shardCountSetting}`
      : wanted > workers * shardsPerWorker
        ? `more than citus.shard_count (${shardCountSetting}), so that a shard group stays near ${sizeWords(comfortableGroupBytes)}`
        : `more than citus.shard_count (${shardCountSetting}), so that ${counted(workers, 'worker')} can become more`;
  return {
    count,
    why: `${reason}: ${Math.floor(count / Math.max(1, workers))} for each of ${counted(workers, 'worker')}, about ${each} a shard group`,
  };
}

/** Groups of tables that are distributed already: who joins them takes their number. */
export function keptShardCounts(advising: Advising, placed: readonly Placed[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  placed.forEach((one, index) => {
    const shards = advising.judge.model.tables[index]?.citus?.shardCount ?? 0;
    if (one.isKept && one.becomes === 'distributed' && one.group !== null && shards > 0)
      counts.set(one.group, shards);
  });
  return counts;
}
