/** Pure: what differs between two readings of the sizes, so that only this is told to the page. */
import type { ClusterSizes, SizesChange } from '../contract/cluster';

/** Sizes as they are kept here: it is always known when the bytes last differed. */
export type GoodSizes = ClusterSizes & { readonly bytesRevision: number };

type Bytes = ClusterSizes['shardBytes'];
type BytesChange = Pick<SizesChange, 'changed' | 'removed'>;

export function diffSizes(before: Bytes, after: Bytes): BytesChange {
  if (before === after) return { changed: {}, removed: [] };
  return {
    changed: Object.fromEntries(
      Object.entries(after).filter(([shardId, bytes]) => before[shardId] !== bytes),
    ),
    removed: Object.keys(before).filter((shardId) => !(shardId in after)),
  };
}

/** What is told of `after` to those who hold the bytes of `before`. */
export function toSizesChange(before: GoodSizes | null, after: GoodSizes): SizesChange {
  const { shardBytes, ...rest } = after;
  return {
    ...rest,
    base: before?.bytesRevision ?? null,
    ...diffSizes(before?.shardBytes ?? {}, shardBytes),
  };
}

export function isEmptyChange({ changed, removed }: BytesChange): boolean {
  return removed.length === 0 && Object.keys(changed).length === 0;
}
