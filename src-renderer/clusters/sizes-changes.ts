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
  const shardBytes =
    removed.length > 0 ? without(held.shardBytes, changed, removed) : layered(held.shardBytes, changed);
  return { ...rest, shardBytes, changed: { since: base, shardIds: [...Object.keys(changed), ...removed] } };
}

type Bytes = ClusterSizes['shardBytes'];

const largestLayer = 2_000;

/**
 * The few sizes that differ as a layer over the many that do not: to copy 40,000 of them takes longer than to draw what
 * changed. Looked up by their ids they are one; to list them all, `for (... in ...)`.
 */
function layered(held: Bytes, changed: Bytes): Bytes {
  const under = Object.getPrototypeOf(held) as Bytes | null;
  const isLayer = under !== null && Object.getPrototypeOf(under) !== null;
  const layer = isLayer ? { ...held, ...changed } : changed;
  if (Object.keys(layer).length > largestLayer) return without(held, changed, []);
  return Object.setPrototypeOf({ ...layer }, isLayer ? under : held) as Bytes;
}

function without(held: Bytes, changed: Bytes, removed: readonly string[]): Bytes {
  const bytes: Record<string, number> = {};
  for (const shardId in held) bytes[shardId] = held[shardId] ?? 0;
  Object.assign(bytes, changed);
  for (const shardId of removed) delete bytes[shardId];
  return bytes;
}
