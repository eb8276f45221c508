/** Pure: pictures of shard groups as SVG data URIs, one image per node however many shards it holds. */

export interface Tile {
  readonly colour: string;
  /** 0..1 */
  readonly opacity: number;
  /** Drawn with an outline: it moves, or it is selected. */
  readonly outline?: string;
}

export interface TileGrid {
  readonly size: number;
  readonly gap: number;
  readonly columns: number;
  readonly rows: number;
  readonly width: number;
  readonly height: number;
}

const tileSizes = [
  { size: 25, gap: 5 },
  { size: 18, gap: 4 },
  { size: 12, gap: 3 },
  { size: 8, gap: 2 },
  { size: 5, gap: 1 },
] as const;

/**
 * The largest tiles with which `count` of them fit a width and a height; the smallest where none do. `largestCount`
 * is that of the fullest node: tiles are as large on every node, so that their number can be compared.
 */
export function fitTiles(count: number, largestCount: number, width: number, maxHeight: number): TileGrid {
  let grid: TileGrid | null = null;
  for (const { size, gap } of tileSizes) {
    const columns = Math.max(1, Math.floor((width + gap) / (size + gap)));
    const heightOf = (tiles: number): number => Math.max(0, Math.ceil(tiles / columns) * (size + gap) - gap);
    grid = {
      size,
      gap,
      columns,
      rows: Math.ceil(count / columns),
      width: columns * (size + gap) - gap,
      height: heightOf(count),
    };
    if (heightOf(largestCount) <= maxHeight) break;
  }
  return grid ?? { size: 5, gap: 1, columns: 1, rows: count, width: 5, height: count * 6 };
}

function toUri(width: number, height: number, body: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${body}</svg>`;
  return `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`;
}

const number = (value: number): string => String(Math.round(value * 100) / 100);

function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
  fill: string,
  opacity: number,
): string {
  return `<rect x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}" rx="${number(radius)}" fill="${fill}" fill-opacity="${number(opacity)}"/>`;
}

export function tilesImage(tiles: readonly Tile[], grid: TileGrid): string {
  const pitch = grid.size + grid.gap;
  const radius = Math.min(3, grid.size / 6);
  const body = tiles.map((tile, index) => {
    const x = (index % grid.columns) * pitch;
    const y = Math.floor(index / grid.columns) * pitch;
    const base = rect(x, y, grid.size, grid.size, radius, tile.colour, tile.opacity);
    if (tile.outline === undefined) return base;
    const inset = Math.min(1, grid.size / 8);
    return `${base}<rect x="${number(x + inset)}" y="${number(y + inset)}" width="${number(grid.size - 2 * inset)}" height="${number(grid.size - 2 * inset)}" rx="${number(radius)}" fill="none" stroke="${tile.outline}" stroke-width="${number(2 * inset)}"/>`;
  });
  return toUri(grid.width, Math.max(1, grid.height), body.join(''));
}
