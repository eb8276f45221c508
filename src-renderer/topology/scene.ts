/** What is drawn at one level, and what of it the arrow keys reach. */
import type { GraphElement } from './graph-diff';
import type { Target } from './focus';
import type { Box, PlacedBox } from './layout';

export interface SceneBox extends PlacedBox {
  readonly target: Target;
}

export interface Scene {
  readonly elements: readonly GraphElement[];
  readonly boxes: readonly SceneBox[];
}

/** The room that a drawing takes. */
export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Room below a card for the arcs that hang there, and below a tile for its name. */
const below: Readonly<Record<'arc' | 'name', number>> = { arc: 112, name: 14 };

/** Known from the model, so that the canvas need not measure what it has drawn. */
export function boundsOf({ elements, boxes }: Scene): Bounds {
  let [left, top, right, bottom] = [0, 0, 0, 0];
  for (const box of boxes) {
    left = Math.min(left, box.x);
    top = Math.min(top, box.y);
    right = Math.max(right, box.x + box.width);
    bottom = Math.max(bottom, box.y + box.height);
  }
  for (const { classes, position } of elements) {
    if (position === undefined || !(classes.startsWith('text') || classes.startsWith('block'))) continue;
    top = Math.min(top, position.y - 10);
    bottom = Math.max(bottom, position.y + 10);
  }
  const hasArcs = elements.some((element) => element.classes.startsWith('flow'));
  const hasTiles = elements.some((element) => element.classes.startsWith('tile'));
  bottom += hasArcs && !hasTiles ? below.arc : hasTiles ? below.name : 0;
  return { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
}

export const shelfGap = 16;

/** Width of the shelves on which boxes of this size fill a view of this shape, at least that of the widest. */
export function shelfWidth(boxes: readonly Box[], aspectRatio: number): number {
  const area = boxes.reduce((sum, box) => sum + (box.width + shelfGap) * (box.height + shelfGap), 0);
  return Math.max(...boxes.map((box) => box.width), Math.sqrt(area * aspectRatio));
}

/** One after the other, in rows no wider than `width`; none overlaps another. */
export function placeOnShelves<B extends Box>(
  boxes: readonly B[],
  width: number,
  top: number,
): readonly (B & PlacedBox)[] {
  let x = 0;
  let y = top;
  let row = 0;
  let height = 0;
  return boxes.map((box) => {
    if (x > 0 && x + box.width > width) {
      x = 0;
      y += height + shelfGap;
      height = 0;
      row += 1;
    }
    const placed = { ...box, x, y, row };
    x += box.width + shelfGap;
    height = Math.max(height, box.height);
    return placed;
  });
}
