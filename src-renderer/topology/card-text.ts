/** Pure: sizes of a card and of the text on it. */
import type { ElementData, GraphElement } from './graph-diff';

export const cardWidth = 196;
/** Between the edge of a card and what is on it. */
export const inset = 20;

/** Where many cards share the view it is scaled down; their text is larger, so that it can still be read. */
export interface CardText {
  readonly title: number;
  readonly line: number;
  /** Centres of the three lines below the top of the card. */
  readonly rows: readonly [number, number, number];
  readonly head: number;
}

/** Workers beyond which cards stand close. */
export const closeFrom = 8;

export function cardText(workerCount: number): CardText {
  return workerCount > closeFrom
    ? { title: 18, line: 16, rows: [24, 49, 72], head: 94 }
    : { title: 13.5, line: 12, rows: [21, 42, 61], head: 84 };
}

/** Text is drawn by the canvas itself, so it is sharp at every scale; each line is an element without a body. */
export function textElement(
  id: string,
  classes: string,
  data: ElementData,
  x: number,
  y: number,
): GraphElement {
  return { id, group: 'nodes', classes: `text ${classes}`, data, position: { x, y } };
}
