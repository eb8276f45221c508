/** Pure: sizes and what changed in them make the next ones; equal bytes stay the same object. */
import type { ClusterSizes, SizesChange } from '../../src-main/contract/cluster';

/** Null when `change` builds on bytes that are not the held ones. */
export function applySizesChange(held: ClusterSizes | undefined, change: SizesChange): ClusterSizes | null {
  const { base, changed, removed, ...rest } = change;
  if (base === null) return { ...rest, shardBytes: changed };
  if (held?.bytesRevision !== base) return null;
  const isSame = removed.length === 0 && Object.keys(changed).length === 0;
  if (isSame) return { ...rest, shardBytes: held.shardBytes };
  const shardBytes: Record<string, number> = { ...held.shardBytes, ...changed };
  for (const shardId of removed) delete shardBytes[shardId];
  return { ...rest, shardBytes };
}
