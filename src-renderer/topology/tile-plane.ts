/**
 * The tiles of many nodes on a canvas of their own below Cytoscape's, which keeps what lies over them: arcs, names of
 * blocks, and where a tap falls. When some tiles changed and the view did not, only the places of those are drawn
 * again, at once; Cytoscape would draw its whole canvas anew, and in the next frame.
 */
import type { Core } from 'cytoscape';
import { nameShapes, reachOf } from './node-tile';
import type { NodeTile, Reach } from './node-tile';
import { paintShapes } from './shape-paint';

export interface TilePlane {
  show(tiles: readonly NodeTile[]): void;
  destroy(): void;
}

/** From here on there is room for the names of tiles. */
const namesFrom = 1.7;
/** Where more of them changed than this share, all are drawn. */
const largestShare = 0.5;

interface View {
  readonly zoom: number;
  /** In pixels of the screen, as the sizes are. */
  readonly panX: number;
  readonly panY: number;
  readonly width: number;
  readonly height: number;
  /** Pixels of the canvas for one of the page. */
  readonly ratio: number;
}

export function createTilePlane(container: HTMLElement, cy: Core): TilePlane {
  const canvas = document.createElement('canvas');
  canvas.setAttribute('aria-hidden', 'true');
  Object.assign(canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
  container.prepend(canvas);
  const context = canvas.getContext('2d');
  let tiles: readonly NodeTile[] = [];
  /** What the canvas shows; null until it was drawn once, and while it has to be drawn anew. */
  let drawn: View | null = null;

  /** To ask the window for its pixels makes it lay the page out, which is left to the drawing of a whole frame. */
  const viewNow = (ratio: number): View => ({
    zoom: cy.zoom(),
    panX: cy.pan().x,
    panY: cy.pan().y,
    width: cy.width(),
    height: cy.height(),
    ratio,
  });

  cy.on('render', () => {
    const view = viewNow(window.devicePixelRatio || 1);
    if (drawn === null ? tiles.length > 0 : !isSameView(view, drawn)) paintAll(view);
  });

  function paintAll(view: View): void {
    const [width, height] = [Math.round(view.width * view.ratio), Math.round(view.height * view.ratio)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    drawn = view;
    paint(view, { x1: 0, y1: 0, x2: width, y2: height }, reachesOf(view));
  }

  /** How far each tile reaches, in their order: found once for all the places that are painted. */
  function reachesOf(view: View): readonly Reach[] {
    return tiles.map((tile) => reachOf(tile, view.zoom >= namesFrom));
  }

  /** Everything within a rectangle of the canvas, in whole pixels. */
  function paint(view: View, { x1, y1, x2, y2 }: Reach, reaches: readonly Reach[]): void {
    if (context === null) return;
    const scale = view.zoom * view.ratio;
    const [left, top] = [view.panX * view.ratio, view.panY * view.ratio];
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.beginPath();
    context.rect(x1, y1, x2 - x1, y2 - y1);
    context.clip();
    context.clearRect(x1, y1, x2 - x1, y2 - y1);
    context.setTransform(scale, 0, 0, scale, left, top);
    const within = {
      x1: (x1 - left) / scale,
      y1: (y1 - top) / scale,
      x2: (x2 - left) / scale,
      y2: (y2 - top) / scale,
    };
    const isNamed = view.zoom >= namesFrom;
    for (const [index, reach] of reaches.entries()) {
      const tile = tiles[index];
      if (tile === undefined || !doMeet(reach, within)) continue;
      paintShapes(context, tile.shapes);
      if (isNamed) paintShapes(context, nameShapes(tile));
    }
    context.restore();
  }

  return {
    show(next) {
      if (next === tiles) return;
      const before = tiles;
      tiles = next;
      // What moves the view, or came before the first frame, is drawn with Cytoscape's next frame.
      if (drawn === null) return;
      const view = viewNow(drawn.ratio);
      if (!isSameView(view, drawn)) return;
      const changed = changedTiles(before, next, view.zoom >= namesFrom);
      if (changed.length > next.length * largestShare) {
        paintAll(view);
        return;
      }
      const reaches = reachesOf(view);
      for (const reach of changed) paint(view, toPixels(reach, view), reaches);
    },
    destroy: () => canvas.remove(),
  };
}

/** Where something looks other than before. */
function changedTiles(
  before: readonly NodeTile[],
  after: readonly NodeTile[],
  isNamed: boolean,
): readonly Reach[] {
  const known = new Map(before.map((tile) => [tile.id, tile]));
  const reaches: Reach[] = [];
  for (const tile of after) {
    const old = known.get(tile.id);
    known.delete(tile.id);
    if (old === tile) continue;
    reaches.push(reachOf(tile, isNamed));
    const isOver = old?.x === tile.x && old.y === tile.y && (!old.isSelected || tile.isSelected);
    if (old !== undefined && !isOver) reaches.push(reachOf(old, isNamed));
  }
  return [...reaches, ...[...known.values()].map((tile) => reachOf(tile, isNamed))];
}

function toPixels({ x1, y1, x2, y2 }: Reach, { zoom, panX, panY, ratio }: View): Reach {
  return {
    x1: Math.floor((x1 * zoom + panX) * ratio),
    y1: Math.floor((y1 * zoom + panY) * ratio),
    x2: Math.ceil((x2 * zoom + panX) * ratio),
    y2: Math.ceil((y2 * zoom + panY) * ratio),
  };
}

function doMeet(one: Reach, other: Reach): boolean {
  return one.x1 < other.x2 && other.x1 < one.x2 && one.y1 < other.y2 && other.y1 < one.y2;
}

function isSameView(one: View, other: View): boolean {
  return (
    one.zoom === other.zoom
    && one.panX === other.panX
    && one.panY === other.panY
    && one.width === other.width
    && one.height === other.height
    && one.ratio === other.ratio
  );
}
