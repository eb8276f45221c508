/** Pure: where a shard is split, the ranges that come of it, and how much of its rows each may hold. */
import type { ClusterSizes, ClusterSnapshot, Shard } from '../../src-main/contract/cluster';
import { formatBytes } from '../ui/format';

export interface HashRange {
  /** Both inclusive. */
  readonly minValue: number;
  readonly maxValue: number;
}

export interface SplitPart extends HashRange {
  /** 0..1 of the range that is split. */
  readonly share: number;
}

/** The points that were typed, and what is wrong with each; `points` is null until nothing is. */
export interface SplitPoints {
  /** Rising: the last hash of each new shard but the last. */
  readonly points: readonly number[] | null;
  readonly errors: readonly (string | null)[];
}

/** As many as a request may name. */
export const mostPoints = 64;

/** Null where a shard has no range, as that of a reference table. */
export function rangeOf(shard: Pick<Shard, 'minValue' | 'maxValue'> | undefined): HashRange | null {
  if (shard === undefined || shard.minValue === null || shard.maxValue === null) return null;
  return { minValue: shard.minValue, maxValue: shard.maxValue };
}

/** Ends of parts of equal width, the last left out: it ends where the shard does. */
export function equalPoints({ minValue, maxValue }: HashRange, parts: number): readonly number[] {
  const width = (maxValue - minValue + 1) / parts;
  return Array.from({ length: parts - 1 }, (_, index) => Math.floor(minValue + width * (index + 1)) - 1);
}

/** Ends that leave a hash in a part of its own, as far as the range has other hashes on either side. */
export function pointsAround(hash: number, { minValue, maxValue }: HashRange): readonly number[] {
  return [hash - 1, hash].filter((point) => point >= minValue && point < maxValue);
}

export function parsePoints(texts: readonly string[], range: HashRange): SplitPoints {
  const numbers = texts.map((text) =>
    /^\s*[-−]?\d{1,10}\s*$/.test(text) ? Number(text.replace('−', '-')) : null,
  );
  const errors = numbers.map((point, index): string | null => {
    if (point === null) return 'A whole number, as in −1000000.';
    if (point < range.minValue || point >= range.maxValue) {
      return `Outside ${range.minValue} to ${range.maxValue - 1}.`;
    }
    return numbers.indexOf(point) === index ? null : 'It is there twice.';
  });
  const isWhole = texts.length > 0 && errors.every((error) => error === null);
  return {
    points: isWhole ? numbers.flatMap((point) => point ?? []).toSorted((one, other) => one - other) : null,
    errors,
  };
}

/** Of a form: so many parts of equal width, or those that were typed. */
export function splitPoints(
  form: { readonly parts: string; readonly points: readonly string[] },
  range: HashRange,
): SplitPoints {
  return form.parts === 'points'
    ? parsePoints(form.points, range)
    : { points: equalPoints(range, Number(form.parts)), errors: [] };
}

export function partsOf(range: HashRange, points: readonly number[]): readonly SplitPart[] {
  const width = range.maxValue - range.minValue + 1;
  return [...points, range.maxValue].map((maxValue, index) => {
    const minValue = index === 0 ? range.minValue : (points[index - 1] ?? 0) + 1;
    return { minValue, maxValue, share: (maxValue - minValue + 1) / width };
  });
}

/** Of the shard and of those that are split with it; null while one of them is not known. */
export function groupBytes(
  snapshot: ClusterSnapshot,
  sizes: ClusterSizes | undefined,
  shard: Shard,
): number | null {
  const colocationId = snapshot.tables.find(({ oid }) => oid === shard.tableOid)?.colocationId;
  const oids = new Set(
    snapshot.tables.filter((table) => table.colocationId === colocationId).map(({ oid }) => oid),
  );
  return snapshot.shards
    .filter((one) => oids.has(one.tableOid) && one.minValue === shard.minValue)
    .reduce<number | null>((sum, { shardId }) => {
      const bytes = sizes?.shardBytes[shardId];
      return sum === null || bytes === undefined ? null : sum + bytes;
    }, 0);
}

/**
 * Rows are spread over a range by chance, so that a part of it holds about its share, give or take twice as much. One
 * hash is one value or a few: what it holds cannot be told from its width.
 */
export function sizeWords(part: SplitPart, bytes: number | null): string {
  if (bytes === null) return 'unknown';
  if (part.minValue === part.maxValue) return `up to ${formatBytes(bytes)}`;
  const [low, high] = [
    formatBytes((bytes * part.share) / 2),
    formatBytes(Math.min(bytes, bytes * part.share * 2)),
  ];
  return low === high ? low : `${low} to ${high}`;
}

/** Where each part goes: the node chosen for it, else the one for all, else the nodes in turn. */
export function nodesOfParts(
  parts: number,
  forAll: string,
  own: readonly string[],
  nodeIds: readonly number[],
): readonly number[] {
  return Array.from({ length: parts }, (_, index) => {
    const chosen = own[index] || forAll;
    return chosen === '' ? (nodeIds[index % Math.max(1, nodeIds.length)] ?? 0) : Number(chosen);
  });
}
