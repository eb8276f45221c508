/** Speaks to Cytoscape for the topology: draws elements, changes what differs, moves the view, reports taps. */
import cytoscape from 'cytoscape';
import type { Core, ElementDefinition, EventObject } from 'cytoscape';
import { diffElements } from './graph-diff';
import type { GraphElement } from './graph-diff';
import { toStylesheet } from './graph-style';
import type { NodeTile } from './node-tile';
import type { Palette } from './palette';
import type { Bounds } from './scene';
import { createTilePlane } from './tile-plane';

export interface Drawing {
  readonly elements: readonly GraphElement[];
  readonly tiles: readonly NodeTile[];
  readonly bounds: Bounds;
}

export interface GraphCanvas {
  draw(drawing: Drawing, palette: Palette): void;
  /** Everything in view. */
  fit(): void;
  /** Towards the element of that id, or the middle of the view. */
  zoomBy(factor: number, id: string | null): void;
  /** Moves the view only if the element is outside of it. */
  reveal(id: string): void;
  /** To be called when the container changed its size. */
  resize(): void;
  destroy(): void;
}

export interface GraphCanvasOptions {
  readonly container: HTMLElement;
  readonly reducedMotion: boolean;
  /** Element id, or null for the ground. */
  readonly onTap: (id: string | null) => void;
  /** Double click, or zoomed in until an element that `canOpen` fills much of the view. */
  readonly onOpen: (id: string) => void;
  readonly canOpen: (id: string) => boolean;
  /** Zoomed out until there is more room around everything than there is of it. */
  readonly onLeave: () => void;
}

const stylesheetId = '__________cytoscape_stylesheet';
const padding = 28;
const largestFitZoom = 1;
/** What fills this share of the view, in width or height, is opened by zooming further in. */
const openShare = 0.45;
/** Zoomed in at least so far beyond everything, so that large cards of a small cluster do not open by themselves. */
const openFactor = 1.7;
/** Zoomed out so far below everything, one leaves for the level above. */
const leaveFactor = 0.62;
/** Milliseconds in which a wheel that still turns does not lead through another level. */
const restMs = 450;

/**
 * Cytoscape puts a style element into the page unless something has its id. The content security policy refuses
 * inline styles, and our container has its position from our own style sheet.
 */
export function keepStylesheetOut(): void {
  if (document.getElementById(stylesheetId) !== null) return;
  const placeholder = document.createElement('meta');
  placeholder.id = stylesheetId;
  document.head.append(placeholder);
}

export function toDefinition(element: GraphElement): ElementDefinition {
  return {
    group: element.group,
    data: { id: element.id, ...element.data },
    classes: element.classes,
    ...(element.position === undefined ? {} : { position: { ...element.position } }),
  };
}

function update(cy: Core, element: GraphElement): void {
  const drawn = cy.getElementById(element.id);
  const { source: _source, target: _target, ...data } = element.data;
  drawn.data(data);
  drawn.classes(element.classes);
  if (element.position !== undefined) drawn.position({ ...element.position });
}

function isSameBounds(one: Bounds, other: Bounds): boolean {
  return one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
}

export function createGraphCanvas(options: GraphCanvasOptions): GraphCanvas {
  keepStylesheetOut();
  const cy = cytoscape({
    container: options.container,
    layout: { name: 'preset' },
    minZoom: 0.05,
    maxZoom: 8,
    boxSelectionEnabled: false,
    autoungrabify: true,
    autounselectify: true,
    // Edges are few and carry the meaning of a move; text is hidden below a readable size by the style sheet.
    hideEdgesOnViewport: false,
    pixelRatio: 'auto' as unknown as number,
  });
  let drawn: readonly GraphElement[] = [];
  let palette: Palette | null = null;
  let frame = 0;
  /** Everything is kept in sight until the person pans or zooms. */
  let isKept = false;
  let bounds: Bounds = { x: 0, y: 0, width: 1, height: 1 };
  let fittedZoom = 1;
  let pointer: { readonly x: number; readonly y: number } | null = null;
  let restsUntil = 0;
  const plane = createTilePlane(options.container, cy);

  // Only a person causes these; the app's own movements do not.
  cy.on('dragpan scrollzoom pinchzoom', () => (isKept = false));
  cy.on('scrollzoom pinchzoom', () => crossLevels(pointer));
  cy.on('mousemove', (event: EventObject) => (pointer = event.renderedPosition));
  cy.on('tap', (event: EventObject) => {
    options.onTap(event.target === cy ? null : String(event.target.id()));
  });
  cy.on('dbltap', 'node', (event: EventObject) => options.onOpen(String(event.target.id())));

  /** Zoom is depth: far enough into something is inside of it, far enough out is the level above. */
  function crossLevels(towards: { readonly x: number; readonly y: number } | null): void {
    if (performance.now() < restsUntil) return;
    if (cy.zoom() < fittedZoom * leaveFactor) {
      restsUntil = performance.now() + restMs;
      options.onLeave();
    } else if (cy.zoom() > fittedZoom * openFactor) {
      const id = filling(towards ?? { x: cy.width() / 2, y: cy.height() / 2 });
      if (id === null) return;
      restsUntil = performance.now() + restMs;
      options.onOpen(id);
    }
  }

  /** The smallest element at a point that can be opened and fills much of the view. */
  function filling(at: { readonly x: number; readonly y: number }): string | null {
    let found: { readonly id: string; readonly area: number } | null = null;
    for (const element of cy.nodes()) {
      const id = element.id();
      if (!options.canOpen(id)) continue;
      const box = element.renderedBoundingBox({ includeLabels: false, includeOverlays: false });
      if (at.x < box.x1 || at.x > box.x2 || at.y < box.y1 || at.y > box.y2) continue;
      if (box.w < cy.width() * openShare && box.h < cy.height() * openShare) continue;
      if (found === null || box.w * box.h < found.area) found = { id, area: box.w * box.h };
    }
    return found?.id ?? null;
  }

  /** Dashes of running moves wander towards their target. */
  function wander(): void {
    let offset = 0;
    let last = 0;
    const step = (at: number): void => {
      frame = requestAnimationFrame(step);
      // Fifteen times a second is smooth enough for a dash and leaves the processor alone.
      if (at - last < 66 || document.hidden) return;
      last = at;
      offset -= 1.5;
      cy.edges('.flow.running').style('line-dash-offset', offset);
    };
    frame = requestAnimationFrame(step);
  }

  function watchMotion(): void {
    const isMoving = cy.edges('.flow.running').nonempty();
    if (isMoving && frame === 0 && !options.reducedMotion) wander();
    if (!isMoving && frame !== 0) {
      cancelAnimationFrame(frame);
      frame = 0;
    }
  }

  function fit(): void {
    isKept = true;
    // Nothing drawn yet, or no room yet: the next drawing or the next change of size fits it.
    if (cy.elements().empty() || cy.width() === 0) return;
    // A cluster of two nodes is not blown up to the size of the window.
    const zoom = Math.min(
      (cy.width() - 2 * padding) / bounds.width,
      (cy.height() - 2 * padding) / bounds.height,
      largestFitZoom,
    );
    cy.viewport({
      zoom,
      pan: {
        x: (cy.width() - bounds.width * zoom) / 2 - bounds.x * zoom,
        y: (cy.height() - bounds.height * zoom) / 2 - bounds.y * zoom,
      },
    });
    fittedZoom = cy.zoom();
  }

  return {
    draw({ elements, tiles, bounds: nextBounds }, nextPalette) {
      if (nextPalette !== palette) {
        palette = nextPalette;
        cy.style(toStylesheet(nextPalette));
      }
      const diff = diffElements(drawn, elements);
      drawn = elements;
      if (diff.remove.length + diff.add.length + diff.update.length > 0) {
        cy.batch(() => {
          for (const id of diff.remove) cy.getElementById(id).remove();
          cy.add(diff.add.map(toDefinition));
          for (const element of diff.update) update(cy, element);
        });
      }
      // Cards grow with their data: what was in sight stays in sight.
      const isOutgrown = !isSameBounds(bounds, nextBounds);
      bounds = nextBounds;
      if (isKept && isOutgrown) fit();
      plane.show(tiles);
      watchMotion();
    },
    fit,
    zoomBy(factor, id) {
      isKept = false;
      const element = id === null ? cy.collection() : cy.getElementById(id);
      if (element.nonempty() && factor > 1) cy.center(element);
      const middle = { x: cy.width() / 2, y: cy.height() / 2 };
      cy.zoom({ level: cy.zoom() * factor, renderedPosition: middle });
      crossLevels(middle);
    },
    reveal(id) {
      const element = cy.getElementById(id);
      if (element.empty()) return;
      const box = element.renderedBoundingBox();
      const isInside = box.x1 >= 0 && box.y1 >= 0 && box.x2 <= cy.width() && box.y2 <= cy.height();
      if (!isInside) cy.center(element);
    },
    resize() {
      cy.resize();
      if (isKept) fit();
    },
    destroy() {
      if (frame !== 0) cancelAnimationFrame(frame);
      plane.destroy();
      cy.destroy();
    },
  };
}
