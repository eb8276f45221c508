/** Pure: sizes and what changed in them make the next ones; equal bytes stay the same object. */
import type { ClusterSizes, SizesChange } from '../../src-main/contract/cluster';

/** With what its bytes differ in from those in the revision `since`: who holds those need not look at the others. */
export interface HeldSizes extends ClusterSizes {
  readonly changed?: { readonly since: number; readonly shardIds: readonly string[] };
}

/** Null when `change` builds on bytes that are not the held ones. */
export function applySizesChange(held: HeldSizes | undefined, change: SizesChange): HeldSizes | null {
  const { base, changed, removed, ...rest } = change;
  if (base === null) return { ...rest, shardBytes: changed };
  if (held?.bytesRevision !== base) return null;
  const isSame = removed.length === 0 && Object.keys(changed).length === 0;
  if (isSame) return { ...held, ...rest };
  const shardBytes: Record<string, number> = { ...held.shardBytes, ...changed };
  for (const shardId of removed) delete shardBytes[shardId];
  return { ...rest, shardBytes, changed: { since: base, shardIds: [...Object.keys(changed), ...removed] } };
}
