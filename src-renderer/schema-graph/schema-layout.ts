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

function arrange(
  group: SchemaGroup,
  edges: readonly SchemaEdge[],
): { readonly width: number; readonly height: number; readonly cells: readonly Cell[] } {
  const ranks = rankTables(group, edges);
  const columns = Math.max(1, Math.min(8, Math.ceil(Math.sqrt(group.tables.length * 0.7))));
  const cells: Cell[] = [];
  let y: number = sizes.padding + sizes.head;
  let widest = 0;
  ranks.forEach((oids, rank) => {
    if (rank > 0) y += sizes.gap.rank - sizes.gap.row;
    for (let first = 0; first < oids.length; first += columns) {
      const row = oids.slice(first, first + columns);
      row.forEach((oid, column) => {
        cells.push({ oid, x: sizes.padding + column * (sizes.table.width + sizes.gap.column), y });
      });
      widest = Math.max(widest, row.length);
      y += sizes.table.height + sizes.gap.row;
    }
  });
  return {
    width: Math.max(
      sizes.closed.width,
      2 * sizes.padding + widest * (sizes.table.width + sizes.gap.column) - sizes.gap.column,
    ),
    height: y - sizes.gap.row + sizes.padding,
    cells,
  };
}

/** Rank 0 refers to nothing in its group. A circle of keys ends where it was entered. Tables without keys come last. */
function rankTables(group: SchemaGroup, edges: readonly SchemaEdge[]): readonly (readonly number[])[] {
  const refersTo = new Map<number, number[]>();
  const connected = new Set<number>();
  for (const { from, to } of edges) {
    const list = refersTo.get(from.oid);
    if (list === undefined) refersTo.set(from.oid, [to.oid]);
    else list.push(to.oid);
    connected.add(from.oid).add(to.oid);
  }
  const rankOf = new Map<number, number>();
  const visit = (oid: number, path: ReadonlySet<number>): number => {
    const known = rankOf.get(oid);
    if (known !== undefined) return known;
    if (path.has(oid)) return -1;
    const next = new Set(path).add(oid);
    const rank = Math.max(-1, ...(refersTo.get(oid) ?? []).map((other) => visit(other, next))) + 1;
    rankOf.set(oid, rank);
    return rank;
  };
  const ranks: number[][] = [];
  const loose: number[] = [];
  for (const { oid } of group.tables) {
    if (!connected.has(oid)) loose.push(oid);
    else (ranks[visit(oid, new Set())] ??= []).push(oid);
  }
  // Through a circle a rank may stay empty.
  const filled = ranks.filter((rank) => rank !== undefined);
  return loose.length > 0 ? [...filled, loose] : filled;
}
