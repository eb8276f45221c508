/**
 * How many rows each shard would hold, before any row is moved: the most common values are hashed with the real hash
 * and weigh what statistics or a sample say; what is left is spread over the values that are left. Pure.
 */
import { hashedType, hashOf, rangeIndexOf, uniformRanges } from '../hash-routing';
import type { AdvisorColumn, AdvisorTable, ColumnSample } from '../../contract/advisor-facts';
import { distinctOf } from './model';

export interface ShardSizes {
  /** Share of the rows by shard; adds up to 1. */
  readonly shares: readonly number[];
  readonly from: string;
}

export type Simulation = ShardSizes | { readonly shares: null; readonly from: string };

/** So many values a shard that chance leaves it within a few percent of the others. */
const manyValuesAShard = 200;

export function simulateShards(
  table: AdvisorTable,
  column: AdvisorColumn,
  shardCount: number,
  sample: ColumnSample | undefined,
): Simulation {
  const distinct = distinctOf(table, column) ?? sampledDistinct(sample);
  if (distinct === null) {
    return { shares: null, from: 'not simulated: no statistics; ANALYZE the table first' };
  }
  if (hashedType(column.type) === null) {
    return { shares: null, from: `not simulated: the hash of type ${column.type} is not known here` };
  }
  const weights = commonWeights(column, sample);
  const ranges = uniformRanges(shardCount);
  const shares = new Array<number>(shardCount).fill(0);
  const place = (value: string, weight: number): boolean => {
    const index = shardIndexOf(column.type, value, ranges);
    if (index < 0) return false;
    shares[index] = (shares[index] ?? 0) + weight;
    return true;
  };
  let placed = 0;
  for (const [value, weight] of weights) if (place(value, weight)) placed += weight;
  const rest = Math.max(0, 1 - placed);
  const restValues = Math.max(0, distinct - weights.size);
  if (rest > 0) {
    const others = (sample?.values ?? []).map(([value]) => value).filter((value) => !weights.has(value));
    if (restValues >= manyValuesAShard * shardCount) {
      for (let index = 0; index < shardCount; index += 1)
        shares[index] = (shares[index] ?? 0) + rest / shardCount;
    } else if (others.length > 0 && others.length >= restValues / 2) {
      for (const value of others) place(value, rest / others.length);
    } else {
      // Which values they are is not known; as many as there are, hashed alike, show what chance does with them.
      const chance = sharesByChance(Math.max(1, Math.round(restValues)), shardCount);
      chance.forEach((share, index) => (shares[index] = (shares[index] ?? 0) + rest * share));
    }
  }
  const sum = shares.reduce((total, share) => total + share, 0);
  return { shares: sum > 0 ? shares.map((share) => share / sum) : shares, from: sourceWords(column, sample) };
}

const chances = new Map<string, readonly number[]>();

/** The same answer each time: that of the numbers from 1 on. Remembered, since many tables ask alike. */
function sharesByChance(values: number, shardCount: number): readonly number[] {
  const key = `${values}/${shardCount}`;
  const known = chances.get(key);
  if (known) return known;
  const ranges = uniformRanges(shardCount);
  const shares = new Array<number>(shardCount).fill(0);
  for (let value = 1; value <= values; value += 1) {
    const index = rangeIndexOf(ranges, hashOf('bigint', String(value)));
    shares[index] = (shares[index] ?? 0) + 1 / values;
  }
  if (chances.size > 500) chances.clear();
  chances.set(key, shares);
  return shares;
}

function sourceWords(column: AdvisorColumn, sample: ColumnSample | undefined): string {
  const rows = sample ? `a sample of ${sample.rows} rows` : '';
  if (column.statistics === null) return sample ? rows : 'the number of rows, each with a value of its own';
  return sample ? `statistics and ${rows}` : 'statistics';
}

/** Shares of the values that stand out. */
function commonWeights(column: AdvisorColumn, sample: ColumnSample | undefined): ReadonlyMap<string, number> {
  const { statistics } = column;
  if (statistics && statistics.commonValues.length > 0) {
    const notNull = 1 - statistics.nullFraction;
    return new Map(
      statistics.commonValues.map((value, index) => [
        value,
        notNull > 0 ? (statistics.commonShares[index] ?? 0) / notNull : 0,
      ]),
    );
  }
  if (!sample || sample.rows === 0 || statistics) return new Map();
  return new Map(
    sample.values.filter(([, count]) => count > 1).map(([value, count]) => [value, count / sample.rows]),
  );
}

function sampledDistinct(sample: ColumnSample | undefined): number | null {
  return sample && sample.values.length > 0 ? sample.values.length : null;
}

function shardIndexOf(type: string, value: string, ranges: ReturnType<typeof uniformRanges>): number {
  try {
    return rangeIndexOf(ranges, hashOf(type, value));
  } catch {
    // A form of the value that this app does not read, as a time "infinity": it weighs as one of the rest.
    return -1;
  }
}

/** Largest / median; null without shares, infinite where half of the shards are empty. */
export function skewOf(shares: readonly number[] | null): number | null {
  if (shares === null || shares.length === 0) return null;
  const sorted = shares.toSorted((one, other) => one - other);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const largest = sorted.at(-1) ?? 0;
  return middle > 0 ? largest / middle : Infinity;
}
