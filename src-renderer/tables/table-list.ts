/** Pure: the logical tables as the browser lists them: sizes, rows and skew of each, its partitions' included. */
import type { ClusterTable } from '../../src-main/contract/cluster';
import type { ForeignKey, TableKeys, TableRowEstimates } from '../../src-main/contract/tables';
import type { ShardMap } from '../topology/shard-groups';
import { findObstacle, labelOf, onlineMoveBeside, shortTypeWords, typeWords } from './table-words';
import type { OnlineMove } from './table-words';

export interface TableRow {
  readonly key: string;
  readonly table: ClusterTable;
  /** `schema.name`, without "public". */
  readonly label: string;
  readonly type: string;
  readonly shortType: string;
  readonly column: string | null;
  /** Name of the colocation group; null for a table in none. */
  readonly group: string | null;
  readonly colocationId: number;
  readonly shardCount: number;
  /** Of one copy, with all partitions; null when the size of any of its shards is not known. */
  readonly bytes: number | null;
  /** By the nodes' statistics, with all partitions; null when no shard was analysed or a node did not answer. */
  readonly rows: number | null;
  /** Shards without statistics: the estimate is a lower bound. */
  readonly unanalysedShards: number;
  /** Largest shard by the median one, partitions added to the shard they lie with; null for less than two shards. */
  readonly skew: number | null;
  readonly online: OnlineMove;
  /** Key and label of the partitioned table it belongs to. */
  readonly parentKey: string | null;
  readonly partitionOf: string | null;
  readonly partitionCount: number;
  /** Foreign keys of it and to it; null while they were not read. */
  readonly keyCount: number | null;
}

export interface TableReadings {
  readonly shardBytes?: Readonly<Record<string, number>>;
  readonly keys?: TableKeys;
  readonly estimates?: TableRowEstimates;
}

/** Ordered by label. */
export function toTableRows(shards: ShardMap, readings: TableReadings): readonly TableRow[] {
  const sums = sumSizes(shards, readings.shardBytes);
  const keyCounts = readings.keys === undefined ? null : countKeys(readings.keys.foreignKeys);
  const partitionCounts = countPartitions(shards);
  const estimates = sumEstimates(shards, readings.estimates);
  const rows: TableRow[] = [];
  for (const family of shards.families) {
    const colocated = family.tableOids.flatMap((oid) => shards.tables.get(oid) ?? []);
    const culprit = findObstacle(colocated);
    for (const table of colocated) {
      const parent = table.parentOid === null ? undefined : shards.tables.get(table.parentOid);
      const sum = sums.get(table.oid);
      const estimate = estimates.get(table.oid);
      rows.push({
        key: String(table.oid),
        table,
        label: labelOf(table),
        type: typeWords(table),
        shortType: shortTypeWords(table),
        column: table.distributionColumn,
        group: table.colocationId === 0 ? null : family.name,
        colocationId: table.colocationId,
        shardCount: table.shardCount,
        bytes: sum?.bytes ?? null,
        rows: estimate?.rows ?? null,
        unanalysedShards: estimate?.unanalysed ?? 0,
        skew: sum === undefined || sum.bytes === null ? null : skewOf([...sum.byRange.values()]),
        online: onlineMoveBeside(table, culprit),
        parentKey: parent === undefined ? null : String(parent.oid),
        partitionOf: parent === undefined ? null : labelOf(parent),
        partitionCount: partitionCounts.get(table.oid) ?? 0,
        keyCount: keyCounts === null ? null : (keyCounts.get(table.oid) ?? 0),
      });
    }
  }
  return rows.sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
}

function countPartitions(shards: ShardMap): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { parentOid } of shards.tables.values()) {
    if (parentOid !== null) counts.set(parentOid, (counts.get(parentOid) ?? 0) + 1);
  }
  return counts;
}

/** The table and every table it is a partition of, upwards. */
function lineage(shards: ShardMap, oid: number): readonly number[] {
  const found = [oid];
  for (let next = shards.tables.get(oid)?.parentOid ?? null; next !== null;) {
    if (found.includes(next) || !shards.tables.has(next)) break;
    found.push(next);
    next = shards.tables.get(next)?.parentOid ?? null;
  }
  return found;
}

interface SizeSum {
  bytes: number | null;
  /** By the hash range or, without one, by shard. */
  readonly byRange: Map<string | number, number>;
}

function sumSizes(
  shards: ShardMap,
  shardBytes: Readonly<Record<string, number>> | undefined,
): ReadonlyMap<number, SizeSum> {
  const sums = new Map<number, SizeSum>();
  const lineages = new Map<number, readonly number[]>();
  for (const oid of shards.tables.keys()) {
    sums.set(oid, { bytes: shardBytes === undefined ? null : 0, byRange: new Map() });
    lineages.set(oid, lineage(shards, oid));
  }
  if (shardBytes === undefined) return sums;
  for (const group of shards.groups) {
    for (const shard of group.shards) {
      const bytes = shardBytes[shard.shardId];
      for (const oid of lineages.get(shard.tableOid) ?? []) {
        const sum = sums.get(oid);
        if (sum === undefined || sum.bytes === null) continue;
        if (bytes === undefined) sum.bytes = null;
        else {
          const range = shard.minValue ?? shard.shardId;
          sum.bytes += bytes;
          sum.byRange.set(range, (sum.byRange.get(range) ?? 0) + bytes);
        }
      }
    }
  }
  return sums;
}

/** Largest by median; null for less than two shards, and where the median is nothing. */
export function skewOf(sizes: readonly number[]): number | null {
  if (sizes.length < 2) return null;
  const sorted = [...sizes].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
  return median === 0 ? null : (sorted.at(-1) ?? 0) / median;
}

function sumEstimates(
  shards: ShardMap,
  read: TableRowEstimates | undefined,
): ReadonlyMap<number, { readonly rows: number | null; readonly unanalysed: number }> {
  const sums = new Map<number, { rows: number | null; unanalysed: number }>();
  // A node that is silent would make every table of it look smaller than it is.
  if (read === undefined || read.incomplete !== null) return sums;
  for (const [oid, table] of shards.tables) {
    const estimate = read.estimates[oid];
    if (estimate === undefined || table.isPartitioned) continue;
    const isKnown = estimate.rows > 0 || estimate.unanalysedShards < table.shardCount;
    for (const one of lineage(shards, oid)) {
      const sum = sums.get(one) ?? { rows: null, unanalysed: 0 };
      sums.set(one, {
        rows: isKnown ? (sum.rows ?? 0) + estimate.rows : sum.rows,
        unanalysed: sum.unanalysed + estimate.unanalysedShards,
      });
    }
  }
  return sums;
}

function countKeys(keys: readonly ForeignKey[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  const count = (oid: number): void => void counts.set(oid, (counts.get(oid) ?? 0) + 1);
  for (const key of keys) {
    count(key.fromOid);
    if (key.toOid !== key.fromOid) count(key.toOid);
  }
  return counts;
}
