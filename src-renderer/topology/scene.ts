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
