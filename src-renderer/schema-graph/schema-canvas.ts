/** Draws the schema graph with Cytoscape: changes what differs, moves the view, reports taps. */
import cytoscape from 'cytoscape';
import type { ElementDefinition, EventObject } from 'cytoscape';
import { keepStylesheetOut } from '../topology/graph-canvas';
import { diffElements } from '../topology/graph-diff';
import type { GraphElement } from '../topology/graph-diff';
import type { Palette } from '../topology/palette';
import { toSchemaStylesheet } from './schema-style';

export interface SchemaCanvas {
  draw(elements: readonly GraphElement[], palette: Palette): void;
  /** Everything in view, until the person pans or zooms. */
  fit(): void;
  zoomBy(factor: number): void;
  /** Brings an element into the middle at a size that can be read. */
  reveal(id: string): void;
  resize(): void;
  destroy(): void;
}

const padding = 24;
const largestFitZoom = 1.1;
/** Names are 12 units high. */
const readableZoom = 0.75;

export function createSchemaCanvas(
  container: HTMLElement,
  onTap: (id: string | null) => void,
  onOpen: (id: string) => void,
): SchemaCanvas {
  keepStylesheetOut();
  const cy = cytoscape({
    container,
    layout: { name: 'preset' },
    minZoom: 0.03,
    maxZoom: 4,
    boxSelectionEnabled: false,
    autoungrabify: true,
    autounselectify: true,
  });
  let drawn: readonly GraphElement[] = [];
  let palette: Palette | null = null;
  let isFitted = true;

  cy.on('dragpan scrollzoom pinchzoom', () => (isFitted = false));
  cy.on('tap', (event: EventObject) => onTap(event.target === cy ? null : String(event.target.id())));
  cy.on('dbltap', 'node', (event: EventObject) => onOpen(String(event.target.id())));

  function fit(): void {
    isFitted = true;
    if (cy.elements().empty() || cy.width() === 0) return;
    cy.fit(undefined, padding);
    if (cy.zoom() <= largestFitZoom) return;
    cy.zoom(largestFitZoom);
    cy.center();
  }

  return {
    draw(elements, nextPalette) {
      if (nextPalette !== palette) {
        palette = nextPalette;
        cy.style(toSchemaStylesheet(nextPalette));
      }
      const diff = diffElements(drawn, elements);
      const isReshaped = diff.add.length + diff.remove.length > 0;
      drawn = elements;
      cy.batch(() => {
        for (const id of diff.remove) cy.getElementById(id).remove();
        cy.add(diff.add.map(toDefinition));
        for (const element of diff.update) {
          const known = cy.getElementById(element.id);
          const { source: _source, target: _target, parent: _parent, ...data } = element.data;
          known.data(data);
          known.classes(element.classes);
          if (element.position !== undefined) known.position({ ...element.position });
        }
      });
      if (isReshaped && isFitted) fit();
    },
    fit,
    zoomBy(factor) {
      isFitted = false;
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
      if (isInside && cy.zoom() >= readableZoom) return;
      isFitted = false;
      if (cy.zoom() < readableZoom) cy.zoom(readableZoom);
      cy.center(element);
    },
    resize() {
      cy.resize();
      if (isFitted) fit();
    },
    destroy: () => cy.destroy(),
  };
}

function toDefinition(element: GraphElement): ElementDefinition {
  return {
    group: element.group,
    data: { id: element.id, ...element.data },
    classes: element.classes,
    ...(element.position === undefined ? {} : { position: { ...element.position } }),
  };
}
