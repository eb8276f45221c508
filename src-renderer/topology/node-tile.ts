/** Pure: what a node in the overview of many looks like: a body with a bar in it, its line, a glyph where it is not well. */
import { mixColours } from './colour-mix';
import type { Outline } from './node-outline';
import type { Palette } from './palette';
import { insideBox, rectOf, textOf } from './shapes';
import type { Shape, TextShape } from './shapes';

/** Of the whole bar, from the bottom up. */
export interface BarPart {
  readonly colour: string;
  readonly share: number;
}

export interface NodeTile {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
  /** Name and bytes, in two lines; drawn where there is room for them. */
  readonly text: string;
  readonly ink: string;
  /** It has a line around it. */
  readonly isSelected: boolean;
}

export interface TileLook {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly text: string;
  readonly bar: readonly BarPart[];
  readonly outline: Outline;
  /** Null for a node that is well. */
  readonly glyph: { readonly text: string; readonly colour: string } | null;
  readonly isSelected: boolean;
  readonly isFaded: boolean;
}

/** Between two parts of a bar, so that they are told apart without colour. */
const gap = 0.7;
const radius = 4;
const nameSize = 5;
/** What of a tile is drawn outside of its box: the line around a selected one, and its name. */
const around = { line: 3, name: 14, nameSide: 3 } as const;
const dash = [5, 3];
/** How much of a faded tile is left on its ground. */
const fadedShare = 0.3;

export function nodeTile(look: TileLook, palette: Palette): NodeTile {
  const { id, x, y, width, height, text, outline } = look;
  const shade = (colour: string): string =>
    look.isFaded ? mixColours(colour, palette.panel, fadedShare) : colour;
  const stroke = {
    colour: shade(outline.borderColour),
    width: outline.borderWidth,
    dash: outline.borderStyle === 'dashed' ? dash : null,
  };
  const shapes: Shape[] = [
    rectOf({ x, y, width, height, fill: shade(palette.raised) }, radius),
    ...barShapes(look, shade),
    rectOf({ ...insideBox(look, stroke), stroke }, radius - stroke.width / 2),
  ];
  if (look.glyph !== null) {
    shapes.push(
      textOf({
        text: look.glyph.text,
        x: x + width / 2,
        y: y + 9,
        size: 9,
        colour: shade(look.glyph.colour),
        anchor: 'middle',
      }),
    );
  }
  if (look.isSelected) {
    const distance = around.line - 1.25;
    shapes.push(
      rectOf(
        {
          x: x - distance,
          y: y - distance,
          width: width + 2 * distance,
          height: height + 2 * distance,
          stroke: { colour: palette.accent, width: 2, dash: null },
        },
        radius + distance,
      ),
    );
  }
  return { id, x, y, width, height, shapes, text, ink: shade(palette.ink2), isSelected: look.isSelected };
}

/** Parts from the bottom up, those too thin to be seen left out. */
function barShapes({ x, y, width, height, bar }: TileLook, shade: (colour: string) => string): Shape[] {
  const drawn = bar.filter((part) => part.share * height > 0.2);
  let from = 0;
  return drawn.map((part, index) => {
    const to = Math.min(1, from + part.share);
    const isTop = index === drawn.length - 1;
    const hasGap = !isTop && (to - from) * height > 2 * gap;
    const top = y + height * (1 - to) + (hasGap ? gap : 0);
    const bottom = y + height * (1 - from);
    const [lower, upper] = [from === 0 ? radius : 0, to === 1 ? radius : 0];
    from = to;
    return rectOf({
      ...{ x, width, y: top, height: bottom - top, fill: shade(part.colour) },
      corners: [upper, upper, lower, lower],
    });
  });
}

/** The name below a tile. */
export function nameShapes({ x, y, width, height, text, ink }: NodeTile): readonly TextShape[] {
  return text.split('\n').map((line, index) =>
    textOf({
      text: line,
      x: x + width / 2,
      y: y + height + 2 + nameSize * (index + 0.5),
      size: nameSize,
      colour: ink,
      anchor: 'middle',
      room: width + 2 * around.nameSide,
    }),
  );
}

/** A rectangle by its corners. */
export interface Reach {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** All that is drawn of a tile lies in it. */
export function reachOf({ x, y, width, height, isSelected }: NodeTile, isNamed: boolean): Reach {
  const line = isSelected ? around.line : 0;
  const side = Math.max(line, isNamed ? around.nameSide : 0);
  const bottom = Math.max(line, isNamed ? around.name : 0);
  return { x1: x - side, y1: y - line, x2: x + width + side, y2: y + height + bottom };
}
