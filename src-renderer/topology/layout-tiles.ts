/** Pure and deterministic: where small tiles stand, in blocks with a name: a rack, a host, a state. */
import type { PlacedBox } from './layout';

export const tileSize = { width: 28, height: 50, gapX: 6, gapY: 22 } as const;

export interface TileBlock {
  /** Empty: no name is drawn. */
  readonly label: string;
  readonly ids: readonly string[];
}

export interface BlockLabel {
  readonly text: string;
  /** Left end, and middle of the line. */
  readonly x: number;
  readonly y: number;
  readonly room: number;
}

export interface BlockLayout {
  readonly boxes: readonly PlacedBox[];
  readonly labels: readonly BlockLabel[];
  readonly width: number;
  readonly height: number;
}

const pitchX = tileSize.width + tileSize.gapX;
const pitchY = tileSize.height + tileSize.gapY;
/** With blocks of fewer tiles than this on average, several share a row. */
const sparse = 7;
const between = 26;
const labelLine = 20;

/** Names beside rows of their own where blocks are large, above them and packed where they are small. */
export function layoutBlocks(blocks: readonly TileBlock[], aspectRatio: number): BlockLayout {
  const count = blocks.reduce((sum, block) => sum + block.ids.length, 0);
  const isSparse = blocks.length > 3 && count / blocks.length < sparse;
  return isSparse ? packBlocks(blocks, aspectRatio) : stackBlocks(blocks, aspectRatio);
}

/** Room for the longest name, within reason. */
function labelWidth(blocks: readonly TileBlock[]): number {
  const letters = Math.max(0, ...blocks.map((block) => block.label.length));
  return letters === 0 ? 0 : Math.min(150, Math.max(56, letters * 7.2 + 12));
}

function stackBlocks(blocks: readonly TileBlock[], aspectRatio: number): BlockLayout {
  const left = labelWidth(blocks);
  const perRow = tilesPerRow(
    blocks.map((block) => block.ids.length),
    aspectRatio,
    left,
  );
  const boxes: PlacedBox[] = [];
  const labels: BlockLabel[] = [];
  let y = 0;
  let row = 0;
  for (const block of blocks) {
    if (block.label !== '') {
      labels.push({ text: block.label, x: 0, y: y + tileSize.height / 2, room: left - 8 });
    }
    block.ids.forEach((id, index) => {
      const line = Math.floor(index / perRow);
      boxes.push(tileAt(id, left + (index % perRow) * pitchX, y + line * pitchY, row + line));
    });
    const lines = Math.ceil(block.ids.length / perRow);
    y += lines * pitchY;
    row += lines;
  }
  return { boxes, labels, ...extent(boxes) };
}

function packBlocks(blocks: readonly TileBlock[], aspectRatio: number): BlockLayout {
  const widthOf = (block: TileBlock): number => block.ids.length * pitchX - tileSize.gapX;
  const area = blocks.reduce((sum, block) => sum + (widthOf(block) + between) * (pitchY + labelLine), 0);
  const wanted = Math.max(12 * pitchX, Math.sqrt(area * aspectRatio));
  const perRow = Math.max(1, Math.floor((wanted + tileSize.gapX) / pitchX));
  const boxes: PlacedBox[] = [];
  const labels: BlockLabel[] = [];
  let x = 0;
  let y = 0;
  let row = 0;
  let lines = 1;
  for (const block of blocks) {
    const columns = Math.min(perRow, block.ids.length);
    const width = columns * pitchX - tileSize.gapX;
    if (x > 0 && x + width > wanted) {
      x = 0;
      y += labelLine + lines * pitchY;
      row += lines;
      lines = 1;
    }
    if (block.label !== '') labels.push({ text: block.label, x, y: y + 6, room: width + between - 10 });
    block.ids.forEach((id, index) => {
      const line = Math.floor(index / perRow);
      boxes.push(tileAt(id, x + (index % perRow) * pitchX, y + labelLine + line * pitchY, row + line));
    });
    lines = Math.max(lines, Math.ceil(block.ids.length / perRow));
    x += width + between;
  }
  return { boxes, labels, ...extent(boxes) };
}

function tileAt(id: string, x: number, y: number, row: number): PlacedBox {
  return { id, width: tileSize.width, height: tileSize.height, x, y, row };
}

function extent(boxes: readonly PlacedBox[]): { readonly width: number; readonly height: number } {
  return {
    width: Math.max(0, ...boxes.map((box) => box.x + box.width)),
    height: Math.max(0, ...boxes.map((box) => box.y + box.height)),
  };
}

/** Tiles per row that fill a view of this shape, beside names of this width; at least 12 where there are as many. */
export function tilesPerRow(blockSizes: readonly number[], aspectRatio: number, left = 76): number {
  const largest = Math.max(1, ...blockSizes);
  let best = Math.min(largest, 12);
  let bestScale = 0;
  for (let perRow = best; perRow <= Math.max(12, largest); perRow += 1) {
    const lines = blockSizes.reduce((sum, size) => sum + Math.ceil(size / perRow), 0);
    const scale = Math.min(aspectRatio / (left + perRow * pitchX), 1 / (Math.max(1, lines) * pitchY));
    if (scale > bestScale * 1.0001) {
      best = perRow;
      bestScale = scale;
    }
  }
  return best;
}
