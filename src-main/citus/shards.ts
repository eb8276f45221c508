/**
 * Shards and where they lie: the heavy part of a snapshot, up to tens of thousands of rows.
 *
 * Two aggregates, shards by table and placements by group, put together here: at 40,000 shards that costs the server a
 * quarter of what a join with one row a shard costs. Placements name groups, not nodes, so read replicas, which share the
 * group of their primary, count nothing twice.
 */
import type { Shard } from '../contract/cluster';

/** A scalar subquery: a line a table, "oid|ids|mins|maxs"; ranges only for hash tables, whose values are numbers. */
export const shardsColumn = `
  (SELECT coalesce(string_agg(
            g.oid || '|' || g.ids || '|'
            || CASE WHEN p.partmethod = 'h' THEN coalesce(g.mins, '') || '|' || coalesce(g.maxs, '') ELSE '|' END,
            E'\\n' ORDER BY g.oid), '')
     FROM (SELECT s.logicalrelid::oid AS oid, string_agg(s.shardid::text, ',') AS ids,
                  string_agg(s.shardminvalue, ',') AS mins, string_agg(s.shardmaxvalue, ',') AS maxs
             FROM pg_catalog.pg_dist_shard s GROUP BY s.logicalrelid) g
     JOIN pg_catalog.pg_dist_partition p ON p.logicalrelid = g.oid)`;

/** A scalar subquery: a line a group, "group|ids". State 1 is active; Citus before 11.2 also keeps placements to be dropped. */
export const placementsColumn = `
  (SELECT coalesce(string_agg(g.groupid || '|' || g.ids, E'\\n' ORDER BY g.groupid), '')
     FROM (SELECT groupid, string_agg(shardid::text, ',') AS ids
             FROM pg_catalog.pg_dist_placement WHERE shardstate = 1 GROUP BY groupid) g)`;

/** Ordered by table and by shard id, so that equal catalogs give equal lists whatever the order of their rows. */
export function parseShards(shardsText: string, placementsText: string): readonly Shard[] {
  const groupIdsOf = parsePlacements(placementsText);
  const shards: Shard[] = [];
  for (const line of lines(shardsText)) {
    const [oid = '', idList = '', minList = '', maxList = ''] = line.split('|');
    const tableOid = Number(oid);
    const ids = textsOf(idList);
    const groupIds = groupIdsOf(idList, ids);
    const mins = minList === '' ? [] : numbersOf(minList);
    const maxs = maxList === '' ? [] : numbersOf(maxList);
    // A range that is missing for one shard would shift those of all after it.
    const hasRanges = mins.length === ids.length && maxs.length === ids.length;
    const ofTable: Shard[] = ids.map((shardId, index) => ({
      shardId,
      tableOid,
      minValue: hasRanges ? (mins[index] ?? null) : null,
      maxValue: hasRanges ? (maxs[index] ?? null) : null,
      groupIds: groupIds[index] ?? nowhere,
    }));
    if (!isOrdered(ids)) ofTable.sort((a, b) => compareShardIds(a.shardId, b.shardId));
    for (const shard of ofTable) shards.push(shard);
  }
  return shards;
}

const nowhere: readonly number[] = [];

/** Group ids of each shard of a list, given as text and cut into its ids. */
type GroupIdsOf = (list: string, ids: readonly string[]) => readonly (readonly number[] | undefined)[];

/**
 * Citus hands out shard ids one after the other, so nearly always a plain list from the lowest to the highest holds them
 * all, at a tenth of what a map of texts costs. Ids that are scattered, or that a number cannot hold, go into such a map.
 */
function parsePlacements(text: string): GroupIdsOf {
  const groups = lines(text).map((line) => {
    const separator = line.indexOf('|');
    return { groupId: Number(line.slice(0, separator)), list: line.slice(separator + 1) };
  });
  if (/\d{16}/.test(text)) return placementsByText(groups);
  const numbered = groups.map(({ groupId, list }) => ({ groupId, ids: numbersOf(list) }));
  let lowest = Infinity;
  let highest = -Infinity;
  let count = 0;
  for (const { ids } of numbered) {
    count += ids.length;
    for (const id of ids) {
      if (id < lowest) lowest = id;
      if (id > highest) highest = id;
    }
  }
  if (highest - lowest > 1_000 + 20 * count) return placementsByText(groups);
  const places = new Array<readonly number[] | undefined>(count === 0 ? 0 : highest - lowest + 1);
  for (const { groupId, ids } of numbered) {
    // Nearly every shard lies on one node: those of a node share one list.
    const alone: readonly number[] = [groupId];
    for (const id of ids) {
      const known = places[id - lowest];
      places[id - lowest] = known ? [...known, groupId] : alone;
    }
  }
  return (list) => numbersOf(list).map((id) => places[id - lowest]);
}

function placementsByText(
  groups: readonly { readonly groupId: number; readonly list: string }[],
): GroupIdsOf {
  const groupIdsOf = new Map<string, readonly number[]>();
  for (const { groupId, list } of groups) {
    const alone: readonly number[] = [groupId];
    for (const id of textsOf(list)) {
      const known = groupIdsOf.get(id);
      groupIdsOf.set(id, known ? [...known, groupId] : alone);
    }
  }
  return (_list, ids) => ids.map((id) => groupIdsOf.get(id));
}

function textsOf(list: string): readonly string[] {
  return list.split(',');
}

/** JSON is the quickest way to many numbers; what it does not take is taken one by one. */
function numbersOf(list: string): readonly number[] {
  try {
    return JSON.parse(`[${list}]`) as readonly number[];
  } catch {
    return list.split(',').map(Number);
  }
}

function lines(text: string): readonly string[] {
  return text === '' ? [] : text.split('\n');
}

/** Shard ids are int8 as text: the longer is the greater, equals in length compare as text. */
export function compareShardIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function isOrdered(ids: readonly string[]): boolean {
  for (let index = 1; index < ids.length; index += 1) {
    if (compareShardIds(ids[index - 1] ?? '', ids[index] ?? '') > 0) return false;
  }
  return true;
}

/** Counts the shards of each table. */
export function countShards(shards: readonly Shard[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const shard of shards) counts.set(shard.tableOid, (counts.get(shard.tableOid) ?? 0) + 1);
  return counts;
}
