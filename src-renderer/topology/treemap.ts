/** Pure: tables as rectangles whose areas are their sizes, those of a colocation group side by side. */
import type { ClusterSizes, ClusterTable } from '../../src-main/contract/cluster';
import type { NodeState } from '../nodes/node-words';
import type { GroupFamily, ShardMap } from './shard-groups';
import type { Measure } from './topology-store';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface TableSize {
  readonly table: ClusterTable;
  readonly familyKey: string;
  /** Of all copies of all shards. Null when the size of one of them is not known. */
  readonly bytes: number | null;
  /** Copies counted. */
  readonly shards: number;
}

export function sizeTables(shards: ShardMap, sizes: ClusterSizes | null): readonly TableSize[] {
  const bytes = new Map<number, number | null>();
  const counts = new Map<number, number>();
  const families = new Map<number, string>();
  for (const family of shards.families) for (const oid of family.tableOids) families.set(oid, family.key);
  for (const group of shards.groups) {
    for (const shard of group.shards) {
      const { tableOid, groupIds } = shard;
      counts.set(tableOid, (counts.get(tableOid) ?? 0) + groupIds.length);
      const own = sizes?.shardBytes[shard.shardId];
      const sum = bytes.get(tableOid);
      bytes.set(tableOid, own === undefined || sum === null ? null : (sum ?? 0) + own * groupIds.length);
    }
  }
  return [...shards.tables.values()].map((table) => ({
    table,
    familyKey: families.get(table.oid) ?? '',
    bytes: bytes.get(table.oid) ?? null,
    shards: counts.get(table.oid) ?? 0,
  }));
}

export interface TreemapTable extends Rect {
  readonly size: TableSize;
}

export interface TreemapFamily extends Rect {
  readonly family: GroupFamily;
  /** Room for its name at its top; none where it is small. */
  readonly head: number;
  readonly tables: readonly TreemapTable[];
}

export interface Treemap {
  readonly families: readonly TreemapFamily[];
  /** They have no area: named below the picture. */
  readonly empty: readonly TableSize[];
  readonly unsized: readonly TableSize[];
}

const headHeight = 20;

export function toTreemap(
  sizes: readonly TableSize[],
  families: readonly GroupFamily[],
  measure: Measure,
  width: number,
  height: number,
): Treemap {
  const valueOf = (size: TableSize): number => (measure === 'bytes' ? (size.bytes ?? 0) : size.shards);
  const unsized = measure === 'bytes' ? sizes.filter((size) => size.bytes === null) : [];
  const empty = sizes.filter((size) => valueOf(size) === 0 && !unsized.includes(size));
  const byFamily = new Map<string, TableSize[]>();
  for (const size of sizes) {
    if (valueOf(size) <= 0) continue;
    const known = byFamily.get(size.familyKey);
    if (known === undefined) byFamily.set(size.familyKey, [size]);
    else known.push(size);
  }
  const sums = families.flatMap((family) => {
    const members = byFamily.get(family.key);
    return members === undefined
      ? []
      : [{ family, members, sum: members.reduce((sum, size) => sum + valueOf(size), 0) }];
  });
  const placed = squarify(sums, (entry) => entry.sum, { x: 0, y: 0, width, height });
  return {
    families: placed.map(({ item, rect }) => {
      const head = rect.height > 3 * headHeight && rect.width > 70 ? headHeight : 0;
      const inner = inside(rect, head);
      return {
        ...rect,
        family: item.family,
        head,
        tables: squarify(item.members, valueOf, inner).map((entry) => ({ ...entry.rect, size: entry.item })),
      };
    }),
    empty,
    unsized,
  };
}

function inside(rect: Rect, head: number): Rect {
  const edge = Math.min(1.5, rect.width / 8, rect.height / 8);
  return {
    x: rect.x + edge,
    y: rect.y + Math.max(edge, head),
    width: rect.width - 2 * edge,
    height: rect.height - edge - Math.max(edge, head),
  };
}

interface Placed<Item> {
  readonly item: Item;
  readonly rect: Rect;
}

/** Rows along the shorter side, each as long as its rectangles get squarer (Bruls, Huizing, van Wijk). Largest first. */
export function squarify<Item>(
  items: readonly Item[],
  valueOf: (item: Item) => number,
  within: Rect,
): readonly Placed<Item>[] {
  const sorted = items
    .filter((item) => valueOf(item) > 0)
    .sort((one, other) => valueOf(other) - valueOf(one));
  const total = sorted.reduce((sum, item) => sum + valueOf(item), 0);
  const placed: Placed<Item>[] = [];
  if (total <= 0 || within.width <= 0 || within.height <= 0) return placed;
  const scale = (within.width * within.height) / total;
  let left = within;
  let from = 0;
  while (from < sorted.length) {
    const side = Math.min(left.width, left.height);
    let to = from + 1;
    let sum = valueOf(sorted[from] as Item) * scale;
    const largest = sum;
    let worst = worstShape(sum, largest, sum, side);
    while (to < sorted.length) {
      const next = valueOf(sorted[to] as Item) * scale;
      const shape = worstShape(sum + next, largest, next, side);
      if (shape > worst) break;
      sum += next;
      worst = shape;
      to += 1;
    }
    const thickness = side <= 0 ? 0 : sum / side;
    let along = 0;
    for (const item of sorted.slice(from, to)) {
      const length = thickness <= 0 ? 0 : (valueOf(item) * scale) / thickness;
      const rect =
        left.width >= left.height
          ? { x: left.x, y: left.y + along, width: thickness, height: length }
          : { x: left.x + along, y: left.y, width: length, height: thickness };
      placed.push({ item, rect });
      along += length;
    }
    left =
      left.width >= left.height
        ? { ...left, x: left.x + thickness, width: Math.max(0, left.width - thickness) }
        : { ...left, y: left.y + thickness, height: Math.max(0, left.height - thickness) };
    from = to;
  }
  return placed;
}

/** How far the worst of a row is from a square; 1 is one. */
function worstShape(sum: number, largest: number, smallest: number, side: number): number {
  const square = sum * sum;
  return Math.max((side * side * largest) / square, square / (side * side * smallest));
}

/** Tables of which a shard lies on nodes that fail and nowhere else. */
export function tablesAtRisk(
  shards: ShardMap,
  nodes: readonly { readonly nodeId: number; readonly groupId: number; readonly role: string }[],
  states: ReadonlyMap<number, NodeState>,
): ReadonlySet<number> {
  const failing = new Set(
    nodes
      .filter((node) => node.role === 'primary' && states.get(node.nodeId)?.level === 'bad')
      .map((node) => node.groupId),
  );
  const tables = new Set<number>();
  if (failing.size === 0) return tables;
  for (const group of shards.groups) {
    if (group.groupIds.length === 0 || !group.groupIds.every((groupId) => failing.has(groupId))) continue;
    for (const shard of group.shards) tables.add(shard.tableOid);
  }
  return tables;
}
