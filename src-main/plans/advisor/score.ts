/**
 * How good a design is, 0 to 100: how much of the data it spreads, times how well it serves the work, less what it costs:
 * up to three tenths for what must be rewritten first, up to two tenths for rules that no longer hold. Staying local is
 * judged by size alone: it costs nothing, and a single server has an end. Pure.
 */
import type { DesignFigures, WorkloadShares } from '../../contract/advisor';
import type { Judge, Placed } from './assignment';
import type { Advising } from './design';
import type { KeyFate, UniqueFate } from './key-fates';
import type { Routed } from './routing';

/** What a call is worth where it runs. A lookup that asks every shard uses a connection to each for one row. */
const worth: Readonly<Record<keyof WorkloadShares, number>> = {
  oneShard: 1,
  noShard: 0.9,
  parallel: 0.9,
  fanOut: 0.3,
  everyCopy: 0.3,
  repartition: 0.25,
  refused: 0,
};

/** Refused only until the statement gives the column that the design adds anyway. */
const worthOnceChanged = 0.6;

/** Tables of different groups are never joined on one node: what nobody asked yet will be dear. */
const groupCost = 4;

const gigabyte = 1024 ** 3;
/** Up to here one ordinary server holds the data in memory. */
const easilyLocalBytes = 10 * gigabyte;
/** From here on one server is a burden: copies, vacuum and restores take hours. */
const hardlyLocalBytes = 100 * gigabyte;

export function spreadOf(judge: Judge, placed: readonly Placed[]): number {
  const { model } = judge;
  if (model.totalBytes === 0) return 0;
  let spread = 0;
  const schemaBytes = new Map<number, number>();
  placed.forEach((one, index) => {
    const bytes = model.tables[index]?.bytes ?? 0;
    if (one.becomes === 'distributed') spread += bytes * evenness(judge, index, one);
    if (one.becomes === 'schema' && one.group !== null)
      schemaBytes.set(one.group, (schemaBytes.get(one.group) ?? 0) + bytes);
  });
  const inSchemas = [...schemaBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (inSchemas > 0) spread += inSchemas * evenShare(Math.max(...schemaBytes.values()) / inSchemas, judge);
  // Copies of reference tables serve every node: they are spread in the sense that counts.
  placed.forEach((one, index) => {
    if (one.becomes === 'reference') spread += model.tables[index]?.bytes ?? 0;
  });
  return Math.min(1, spread / model.totalBytes);
}

/** The node that holds the biggest value does at least its share of the work. */
function evenness(judge: Judge, index: number, one: Placed): number {
  const place = one.derived
    ? { table: one.derived.link.to, column: one.derived.parentColumn }
    : { table: index, column: one.column ?? '' };
  return evenShare(judge.columnOf(place.table, place.column)?.topShare ?? 0, judge);
}

function evenShare(topShare: number, judge: Judge): number {
  const ideal = 1 / Math.max(1, judge.model.facts.workers);
  return topShare <= ideal ? 1 : ideal / topShare;
}

export function scoreOf(
  advising: Advising,
  made: {
    readonly placed: readonly Placed[];
    readonly keys: readonly KeyFate[];
    readonly uniques: readonly UniqueFate[];
    readonly routed: Routed | null;
    readonly figures: Omit<DesignFigures, 'skew'>;
    readonly groups: number;
  },
): number {
  const { model } = advising.judge;
  if (made.placed.every(({ becomes, isKept }) => becomes === 'local' || isKept)) {
    const bytes = made.placed.reduce(
      (sum, one, index) => sum + (one.becomes === 'local' ? (model.tables[index]?.bytes ?? 0) : 0),
      0,
    );
    return localScore(bytes * advising.growth);
  }
  const change = model.totalBytes > 0 ? Math.min(1, made.figures.bytesRewritten / model.totalBytes) : 0;
  const rules = ruleScore(advising, made.keys, made.uniques);
  const work = made.routed ? workScore(made.routed) : tieScore(advising, made.placed);
  const quality = work * (1 - 0.3 * change - 0.2 * (1 - rules));
  const furtherGroups = Math.min(3, Math.max(0, made.groups - 1));
  return Math.max(0, 100 * made.figures.spread * quality - groupCost * furtherGroups);
}

function localScore(bytes: number): number {
  if (bytes <= easilyLocalBytes) return 100;
  if (bytes >= hardlyLocalBytes) return 40;
  const way = Math.log(bytes / easilyLocalBytes) / Math.log(hardlyLocalBytes / easilyLocalBytes);
  return 100 - 60 * way;
}

/** Calls and time weigh alike: many short statements and few long ones both are the work. */
function workScore({ shares, timeShares, refused }: Routed): number {
  const valueOf = (one: WorkloadShares): number =>
    (Object.keys(worth) as (keyof WorkloadShares)[]).reduce((sum, name) => sum + one[name] * worth[name], 0);
  const allRefused = refused.reduce((sum, { statement }) => sum + statement.observed.calls, 0);
  const mendable = refused
    .filter(({ isMendable }) => isMendable)
    .reduce((sum, { statement }) => sum + statement.observed.calls, 0);
  const mended = allRefused > 0 ? (mendable / allRefused) * worthOnceChanged : 0;
  return (valueOf(shares) + shares.refused * mended + valueOf(timeShares) + timeShares.refused * mended) / 2;
}

/** Without statements: what is tied is likely to be joined, so ties that stay on one node stand for the work. */
function tieScore(advising: Advising, placed: readonly Placed[]): number {
  const { model } = advising.judge;
  let weight = 0;
  let near = 0;
  for (const link of model.links) {
    if (link.from === link.to) continue;
    const from = placed[link.from];
    const to = placed[link.to];
    if (!from || !to) continue;
    const bytes = 1 + (model.tables[link.from]?.bytes ?? 0);
    weight += bytes;
    const isNear =
      to.becomes === 'reference'
      || (from.becomes === to.becomes && (from.becomes === 'local' || from.group === to.group));
    if (isNear) near += bytes;
  }
  return weight > 0 ? near / weight : 0.7;
}

function ruleScore(advising: Advising, keys: readonly KeyFate[], uniques: readonly UniqueFate[]): number {
  const { model } = advising.judge;
  const value = (key: KeyFate): number => (key.fate === 'kept' ? 1 : key.fate === 'widened' ? 0.9 : 0);
  const bytesOf = (key: KeyFate): number => 1 + (model.tables[key.link.from]?.bytes ?? 0);
  const bytes = keys.reduce((sum, key) => sum + bytesOf(key), 0);
  // Half by number, half by the size of the tables: a rule of a small table is a rule too.
  const kept =
    keys.length === 0
      ? 1
      : 0.5 * (keys.reduce((sum, key) => sum + value(key), 0) / keys.length)
        + 0.5 * (keys.reduce((sum, key) => sum + value(key) * bytesOf(key), 0) / bytes);
  const weakened = uniques.filter((one) => one.fate === 'lost' || !one.isSurrogate).length;
  const all = model.tables.reduce((sum, table) => sum + table.uniqueness.length, 0);
  const surrogate = uniques.length - weakened;
  return kept * (1 - (weakened + 0.2 * surrogate) / Math.max(1, all) / 2);
}
