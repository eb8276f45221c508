/** Pure: a snapshot and what changed in it make the next one; what did not change stays the same object. */
import type { ClusterSnapshot, Shard, ShardChange, SnapshotChange } from '../../src-main/contract/cluster';

/**
 * With the shards that are other ones than in the revision `since`: all others are the very same objects at the same
 * places, so who knows those need not look at 40,000 of them.
 */
export interface HeldSnapshot extends ClusterSnapshot {
  readonly replaced?: { readonly since: number; readonly shards: readonly Shard[] };
}

/** Null when `change` builds on a revision that is not the held one. */
export function applySnapshotChange(
  held: ClusterSnapshot | undefined,
  change: SnapshotChange,
): HeldSnapshot | null {
  const { clusterId, revision, takenAt, base, parts, shards } = change;
  if (base === null) {
    // Without a base every part is there: `parts` is the whole but for the shards.
    const whole = parts as Omit<ClusterSnapshot, 'clusterId' | 'revision' | 'takenAt' | 'shards'>;
    return { ...whole, clusterId, revision, takenAt, shards: shards?.changed ?? [] };
  }
  if (held?.revision !== base) return null;
  const told = shards ?? noChange;
  const inPlace = replaceShards(held.shards, told);
  return {
    ...held,
    ...parts,
    ...{ revision, takenAt },
    shards: inPlace ?? mergeShards(held.shards, told),
    replaced: inPlace === null ? undefined : { since: base, shards: told.changed },
  };
}

const noChange: ShardChange = { changed: [], removed: [] };

/** Where every changed shard is there already, each is found by its place; null where one is new or gone. */
function replaceShards(held: readonly Shard[], { changed, removed }: ShardChange): readonly Shard[] | null {
  if (removed.length > 0) return null;
  if (changed.length === 0) return held;
  const next = [...held];
  for (const shard of changed) {
    const at = placeOf(held, shard);
    const known = held[at];
    if (known === undefined || compareShards(known, shard) !== 0) return null;
    next[at] = shard;
  }
  return next;
}

/** By halving: the first that does not come before `shard`. */
function placeOf(held: readonly Shard[], shard: Shard): number {
  let [low, high] = [0, held.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = held[middle];
    if (one !== undefined && compareShards(one, shard) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mergeShards(held: readonly Shard[], change: ShardChange): readonly Shard[] {
  const changed = new Map(change.changed.map((shard) => [shard.shardId, shard]));
  const removed = new Set(change.removed);
  const next: Shard[] = [];
  for (const shard of held) {
    const newer = changed.get(shard.shardId);
    if (newer?.tableOid === shard.tableOid) {
      next.push(newer);
      changed.delete(shard.shardId);
    } else if (newer === undefined && !(removed.size > 0 && removed.has(shard.shardId))) next.push(shard);
  }
  if (changed.size === 0) return next;
  // Those that are new stand where main has them: by table, then by shard id.
  next.push(...changed.values());
  return next.sort(compareShards);
}

function compareShards(one: Shard, other: Shard): number {
  return (
    one.tableOid - other.tableOid
    || one.shardId.length - other.shardId.length
    || (one.shardId < other.shardId ? -1 : one.shardId > other.shardId ? 1 : 0)
  );
}
