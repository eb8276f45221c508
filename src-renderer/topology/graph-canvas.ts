/** Speaks to Cytoscape for the topology: draws elements, changes what differs, moves the view, reports taps. */
import cytoscape from 'cytoscape';
import type { CollectionReturnValue, Core, ElementDefinition, EventObject } from 'cytoscape';
import { diffElements } from './graph-diff';
import type { GraphElement } from './graph-diff';
import { toStylesheet } from './graph-style';
import type { Palette } from './palette';

export interface GraphCanvas {
  draw(elements: readonly GraphElement[], palette: Palette): void;
  /** Everything in view. With `id` that element, where in a view of everything it could not be read. */
  fit(id?: string): void;
  zoomBy(factor: number): void;
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
  readonly onOpen: (id: string) => void;
}

const stylesheetId = '__________cytoscape_stylesheet';
const padding = 28;
const largestFitZoom = 1;
/** Below it the numbers on an opened card are too small. */
const readableZoom = 0.8;

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

function toDefinition(element: GraphElement): ElementDefinition {
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

/** The room that everything takes, to the nearest unit. */
function extentOf(cy: Core): string {
  const { x1, y1, w, h } = cy.elements().boundingBox();
  return [x1, y1, w, h].map(Math.round).join(' ');
}

export function createGraphCanvas(options: GraphCanvasOptions): GraphCanvas {
  keepStylesheetOut();
  const cy = cytoscape({
    container: options.container,
    layout: { name: 'preset' },
    minZoom: 0.05,
    maxZoom: 6,
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
  /** What is kept in sight until the person pans or zooms: all of it, or one element; null from then on. */
  let kept: { readonly id: string | undefined } | null = null;
  let extent = '';

  // Only a person causes these; the app's own movements do not.
  cy.on('dragpan scrollzoom pinchzoom', () => (kept = null));
  cy.on('tap', (event: EventObject) => {
    options.onTap(event.target === cy ? null : String(event.target.id()));
  });
  cy.on('dbltap', 'node', (event: EventObject) => options.onOpen(String(event.target.id())));

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

  /** A cluster of two nodes is not blown up to the size of the window. */
  function fitTo(wanted: CollectionReturnValue): void {
    cy.fit(wanted, padding);
    if (cy.zoom() <= largestFitZoom) return;
    cy.zoom(largestFitZoom);
    cy.center(wanted);
  }

  function fit(id: string | undefined): void {
    kept = { id };
    // Nothing drawn yet, or no room yet: the next drawing or the next change of size fits it.
    extent = '';
    if (cy.elements().empty() || cy.width() === 0) return;
    extent = extentOf(cy);
    fitTo(cy.elements());
    if (id === undefined || cy.zoom() >= readableZoom) return;
    const element = cy.getElementById(id);
    if (element.nonempty()) fitTo(element);
  }

  return {
    draw(elements, nextPalette) {
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
        // Cards grow with their data: what was in sight stays in sight.
        if (kept !== null && extentOf(cy) !== extent) fit(kept.id);
      }
      watchMotion();
    },
    fit,
    zoomBy(factor) {
      kept = null;
      cy.zoom({
        level: cy.zoom() * factor,
        renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 },
      });
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
      if (kept !== null) fit(kept.id);
    },
    destroy() {
      if (frame !== 0) cancelAnimationFrame(frame);
      cy.destroy();
    },
  };
}
