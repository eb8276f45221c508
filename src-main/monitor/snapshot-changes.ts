/** Pure: what differs between two readings of the catalogs, so that only this is told to the page. */
import { compareShardIds } from '../citus/shards';
import type { SnapshotContent } from '../citus/snapshot';
import type { Shard, ShardChange, SnapshotChange } from '../contract/cluster';

export type ContentChange = Pick<SnapshotChange, 'parts' | 'shards'>;

/** Everything, as the first reading tells it. */
export function wholeContent(content: SnapshotContent): ContentChange {
  const { shards, ...parts } = content;
  return { parts, shards: { changed: shards, removed: [] } };
}

/** Null when nothing differs. Both are in the order in which `parseSnapshot` gives them. */
export function diffContent(before: SnapshotContent, after: SnapshotContent): ContentChange | null {
  const { shards: shardsBefore, ...partsBefore } = before;
  const { shards: shardsAfter, ...partsAfter } = after;
  const names = Object.keys(partsAfter) as (keyof typeof partsAfter)[];
  const changedNames = names.filter((name) => !isSame(partsBefore[name], partsAfter[name]));
  const shards = diffShards(shardsBefore, shardsAfter);
  if (changedNames.length === 0 && shards === null) return null;
  return { parts: Object.fromEntries(changedNames.map((name) => [name, partsAfter[name]])), shards };
}

/** `after` with every part of `before` that is the same in it: what did not change stays the same object. */
export function keepSame(
  before: SnapshotContent,
  after: SnapshotContent,
  change: ContentChange,
): SnapshotContent {
  return { ...before, ...change.parts, shards: change.shards === null ? before.shards : after.shards };
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** One walk along both lists, which are ordered by table and shard id. */
export function diffShards(before: readonly Shard[], after: readonly Shard[]): ShardChange | null {
  if (before === after) return null;
  const changed: Shard[] = [];
  const removed: string[] = [];
  let at = 0;
  for (const shard of after) {
    let held = before[at];
    while (held && compareShards(held, shard) < 0) {
      removed.push(held.shardId);
      at += 1;
      held = before[at];
    }
    if (held?.shardId !== shard.shardId || held.tableOid !== shard.tableOid) changed.push(shard);
    else {
      if (!isSameShard(held, shard)) changed.push(shard);
      at += 1;
    }
  }
  for (const shard of before.slice(at)) removed.push(shard.shardId);
  return changed.length + removed.length === 0 ? null : { changed, removed };
}

function compareShards(one: Shard, other: Shard): number {
  return one.tableOid - other.tableOid || compareShardIds(one.shardId, other.shardId);
}

function isSameShard(one: Shard, other: Shard): boolean {
  return (
    one.minValue === other.minValue
    && one.maxValue === other.maxValue
    && one.groupIds.length === other.groupIds.length
    && one.groupIds.every((groupId, index) => groupId === other.groupIds[index])
  );
}
