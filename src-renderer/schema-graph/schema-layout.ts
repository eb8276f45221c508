/** Pure and deterministic: where tables and groups stand. What is referred to stands above what refers to it. */
import type { SchemaEdge, SchemaGroup } from './schema-model';

export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const sizes = {
  table: { width: 170, height: 30 },
  closed: { width: 200, height: 56 },
  gap: { column: 22, row: 14, rank: 48 },
  padding: 16,
  /** For the name of a group. */
  head: 26,
  betweenGroups: 48,
} as const;

export interface SchemaLayout {
  /** By table oid; only tables of open groups. Top left corners. */
  readonly tables: ReadonlyMap<number, Placed>;
  /** By group key. */
  readonly groups: ReadonlyMap<string, Placed>;
}

export function layOut(
  groups: readonly SchemaGroup[],
  edges: readonly SchemaEdge[],
  closed: ReadonlySet<string>,
  aspectRatio: number,
): SchemaLayout {
  const inside = new Map<string, SchemaEdge[]>();
  for (const edge of edges) {
    if (edge.from.groupKey !== edge.to.groupKey || edge.from.oid === edge.to.oid) continue;
    const list = inside.get(edge.from.groupKey);
    if (list === undefined) inside.set(edge.from.groupKey, [edge]);
    else list.push(edge);
  }
  const boxes = groups.map((group) =>
    closed.has(group.key)
      ? { group, ...sizes.closed, cells: [] }
      : { group, ...arrange(group, inside.get(group.key) ?? []) },
  );
  const area = boxes.reduce(
    (sum, box) => sum + (box.width + sizes.betweenGroups) * (box.height + sizes.betweenGroups),
    0,
  );
  const wanted = Math.max(Math.sqrt(area * aspectRatio) * 1.05, ...boxes.map((box) => box.width));
  const tables = new Map<number, Placed>();
  const placed = new Map<string, Placed>();
  let [x, y, rowHeight] = [0, 0, 0];
  for (const box of boxes) {
    if (x > 0 && x + box.width > wanted) [x, y, rowHeight] = [0, y + rowHeight + sizes.betweenGroups, 0];
    placed.set(box.group.key, { x, y, width: box.width, height: box.height });
    for (const cell of box.cells) {
      tables.set(cell.oid, { x: x + cell.x, y: y + cell.y, ...sizes.table });
    }
    x += box.width + sizes.betweenGroups;
    rowHeight = Math.max(rowHeight, box.height);
  }
  return { tables, groups: placed };
}

interface Cell {
  readonly oid: number;
  readonly x: number;
  readonly y: number;
}

interface Block {
  readonly width: number;
  readonly height: number;
  readonly cells: readonly Cell[];
}

/** Tables that are tied by keys stand together, each such block for itself; those without keys in a block of their own. */
function arrange(group: SchemaGroup, edges: readonly SchemaEdge[]): Block {
  const { blocks, loose } = toBlocks(group, edges);
  const placed = [...blocks.map(placeRanks), ...(loose.length > 0 ? [placeRanks([loose])] : [])];
  const { column, rank } = sizes.gap;
  const area = placed.reduce((sum, block) => sum + (block.width + column) * (block.height + rank), 0);
  const wanted = Math.max(Math.sqrt(area * 1.6), ...placed.map((block) => block.width));
  const cells: Cell[] = [];
  let [x, y, rowHeight, widest] = [0, 0, 0, 0];
  for (const block of placed) {
    if (x > 0 && x + block.width > wanted) [x, y, rowHeight] = [0, y + rowHeight + rank, 0];
    for (const cell of block.cells) {
      cells.push({
        oid: cell.oid,
        x: sizes.padding + x + cell.x,
        y: sizes.padding + sizes.head + y + cell.y,
      });
    }
    x += block.width + column;
    rowHeight = Math.max(rowHeight, block.height);
    widest = Math.max(widest, x - column);
  }
  return {
    width: Math.max(sizes.closed.width, 2 * sizes.padding + widest),
    height: 2 * sizes.padding + sizes.head + y + rowHeight,
    cells,
  };
}

function placeRanks(ranks: readonly (readonly number[])[]): Block {
  const { table, gap } = sizes;
  const count = ranks.reduce((sum, oids) => sum + oids.length, 0);
  const columns = Math.max(1, Math.ceil(Math.sqrt(count * 0.5)));
  const cells: Cell[] = [];
  let y = 0;
  let widest = 0;
  ranks.forEach((oids, rank) => {
    if (rank > 0) y += gap.rank - gap.row;
    for (let first = 0; first < oids.length; first += columns) {
      const row = oids.slice(first, first + columns);
      row.forEach((oid, column) => cells.push({ oid, x: column * (table.width + gap.column), y }));
      widest = Math.max(widest, row.length);
      y += table.height + gap.row;
    }
  });
  return { width: widest * (table.width + gap.column) - gap.column, height: y - gap.row, cells };
}

/** Largest blocks first, each by rank: 0 refers to nothing in the block. A circle of keys ends where it was entered. */
function toBlocks(
  group: SchemaGroup,
  edges: readonly SchemaEdge[],
): { readonly blocks: readonly (readonly (readonly number[])[])[]; readonly loose: readonly number[] } {
  const refersTo = new Map<number, number[]>();
  const tied = new Map<number, number[]>();
  const add = (map: Map<number, number[]>, from: number, to: number): void => {
    const list = map.get(from);
    if (list === undefined) map.set(from, [to]);
    else list.push(to);
  };
  for (const { from, to } of edges) {
    add(refersTo, from.oid, to.oid);
    add(tied, from.oid, to.oid);
    add(tied, to.oid, from.oid);
  }
  const rankOf = new Map<number, number>();
  const onPath = new Set<number>();
  const rank = (oid: number): number => {
    const known = rankOf.get(oid);
    if (known !== undefined) return known;
    if (onPath.has(oid)) return -1;
    onPath.add(oid);
    const found = Math.max(-1, ...(refersTo.get(oid) ?? []).map(rank)) + 1;
    onPath.delete(oid);
    rankOf.set(oid, found);
    return found;
  };
  const seen = new Set<number>();
  const blocks: number[][][] = [];
  const loose: number[] = [];
  for (const { oid } of group.tables) {
    if (!tied.has(oid)) loose.push(oid);
    if (seen.has(oid) || !tied.has(oid)) continue;
    const ranks: number[][] = [];
    const open = [oid];
    seen.add(oid);
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      (ranks[rank(next)] ??= []).push(next);
      for (const other of tied.get(next) ?? []) {
        if (!seen.has(other)) open.push(other);
        seen.add(other);
      }
    }
    // Through a circle a rank may stay empty.
    blocks.push(ranks.filter((one) => one !== undefined));
  }
  const size = (block: readonly (readonly number[])[]): number =>
    block.reduce((sum, one) => sum + one.length, 0);
  return { blocks: blocks.sort((a, b) => size(b) - size(a)), loose };
}
