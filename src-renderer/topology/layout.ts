/** Pure and deterministic: where nodes stand. The same nodes always stand in the same place, whatever the order of reading. */
import type { Point } from './graph-diff';

export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface PlacedBox extends Box {
  /** Top left corner. */
  readonly x: number;
  readonly y: number;
  readonly row: number;
}

export interface CardLayout {
  readonly coordinators: readonly PlacedBox[];
  readonly workers: readonly PlacedBox[];
  readonly width: number;
  readonly height: number;
}

export const spacing = {
  /** Between cards of a row. */
  column: 28,
  /** Between rows of workers: room for the arcs of moves and their labels. */
  row: 96,
  /** Between the coordinator and the workers. */
  tier: 96,
} as const;

export function centreOf(box: PlacedBox): Point {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/**
 * Number of columns whose rows fill a view of this shape best, at least 1. Only the count of cards and the shape
 * decide, never what the cards hold, so a card that grows does not make the others jump to other rows.
 */
export function columnsFor(
  count: number,
  aspectRatio: number,
  cell: { width: number; height: number },
): number {
  if (count <= 1) return 1;
  let best = 1;
  let bestScale = 0;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const width = columns * (cell.width + spacing.column) - spacing.column;
    const height = rows * (cell.height + spacing.row) + spacing.tier;
    // The scale at which everything would fit a view of height 1 and width aspectRatio.
    const scale = Math.min(aspectRatio / width, 1 / height);
    if (scale > bestScale * 1.0001) {
      best = columns;
      bestScale = scale;
    }
  }
  return best;
}

function placeRow(boxes: readonly Box[], y: number, row: number): PlacedBox[] {
  let x = 0;
  return boxes.map((box) => {
    const placed = { ...box, x, y, row };
    x += box.width + spacing.column;
    return placed;
  });
}

/** Coordinator above, workers below it in rows of `columns`, tops aligned, columns under each other. */
export function layoutCards(
  coordinators: readonly Box[],
  workers: readonly Box[],
  columns: number,
): CardLayout {
  const rows: PlacedBox[][] = [];
  const top =
    coordinators.length === 0 ? 0 : Math.max(...coordinators.map((box) => box.height)) + spacing.tier;
  let y = top;
  for (let start = 0; start < workers.length; start += Math.max(1, columns)) {
    const row = placeRow(workers.slice(start, start + Math.max(1, columns)), y, rows.length);
    rows.push(row);
    y += Math.max(...row.map((box) => box.height)) + spacing.row;
  }
  const above = placeRow(coordinators, 0, -1);
  const widthOf = (row: readonly PlacedBox[]): number => {
    const last = row.at(-1);
    return last === undefined ? 0 : last.x + last.width;
  };
  const width = Math.max(widthOf(above), ...rows.map(widthOf), 0);
  const shift = (width - widthOf(above)) / 2;
  return {
    coordinators: above.map((box) => ({ ...box, x: box.x + shift })),
    workers: rows.flat(),
    width,
    height: workers.length === 0 ? top : y - spacing.row,
  };
}

/** A Cytoscape curve is given by points beside the straight line between its ends: `weights` along it, `distances` across. */
export function controlPoints(
  from: Point,
  to: Point,
  points: readonly Point[],
): { readonly weights: readonly number[]; readonly distances: readonly number[] } {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy) || 1;
  return {
    weights: points.map((point) => ((point.x - from.x) * dx + (point.y - from.y) * dy) / (length * length)),
    distances: points.map((point) => (-(point.x - from.x) * dy + (point.y - from.y) * dx) / length),
  };
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** Nearest box in a direction: the one with the smallest distance, sideways distance counting double. */
export function neighbourOf(
  boxes: readonly PlacedBox[],
  fromId: string,
  direction: Direction,
): string | null {
  const from = boxes.find((box) => box.id === fromId);
  if (from === undefined) return boxes[0]?.id ?? null;
  const start = centreOf(from);
  const sign = direction === 'left' || direction === 'up' ? -1 : 1;
  const isHorizontal = direction === 'left' || direction === 'right';
  let best: string | null = null;
  let bestCost = Infinity;
  for (const box of boxes) {
    if (box.id === fromId) continue;
    const centre = centreOf(box);
    // Rows have their tops aligned, so height says nothing about which row a box is in.
    const along = sign * (isHorizontal ? centre.x - start.x : box.y - from.y);
    const across = Math.abs(isHorizontal ? box.y - from.y : centre.x - start.x);
    if (along <= 0.5) continue;
    const cost = along + 2 * across;
    if (cost < bestCost) {
      best = box.id;
      bestCost = cost;
    }
  }
  return best;
}
