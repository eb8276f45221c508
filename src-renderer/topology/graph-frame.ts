/** Pure: a graph that is given to others, with what it is, of when, and what its colours mean around it. */
import type { ShownState } from '../ui/states';
import { elementShapes } from './element-shapes';
import type { GraphElement } from './graph-diff';
import { toStylesheet } from './graph-style';
import { nameShapes } from './node-tile';
import type { NodeTile } from './node-tile';
import type { Palette } from './palette';
import type { Bounds } from './scene';
import { rectOf, textOf } from './shapes';
import type { Shape } from './shapes';

export interface LegendEntry {
  readonly text: string;
  readonly colour: string;
  /** A glyph for a state; null for the square of a colocation group. */
  readonly glyph: string | null;
}

/** Plain data: its texts can be replaced before it is drawn. */
export interface GraphPicture {
  readonly title: string;
  readonly summary: string;
  /** As in "2026-03-01 12:04:31". */
  readonly time: string;
  readonly legend: readonly LegendEntry[];
  /** Texts of elements and tiles that carry one, by id. */
  readonly texts: Readonly<Record<string, string>>;
}

export interface Drawn {
  readonly elements: readonly GraphElement[];
  readonly tiles: readonly NodeTile[];
  readonly bounds: Bounds;
}

/** All of a picture, from its top left corner. */
export interface FramedGraph {
  readonly width: number;
  readonly height: number;
  readonly ground: string;
  /** Title and legend. */
  readonly around: readonly Shape[];
  /** The graph itself, `left` and `top` of its own origin. */
  readonly inside: readonly Shape[];
  readonly left: number;
  readonly top: number;
}

const margin = 24;
const head = 56;
const foot = 32;
const narrowest = 640;

export const levelOrder = ['ok', 'mind', 'bad', 'busy', 'mute'] as const satisfies readonly ShownState[];

export function textsOf({ elements, tiles }: Pick<Drawn, 'elements' | 'tiles'>): GraphPicture['texts'] {
  return Object.fromEntries([
    ...elements.flatMap(({ id, data }) => (typeof data['text'] === 'string' ? [[id, data['text']]] : [])),
    ...tiles.map(({ id, text }) => [id, text]),
  ]) as GraphPicture['texts'];
}

export function framedGraph(drawn: Drawn, picture: GraphPicture, palette: Palette): FramedGraph {
  const { bounds } = drawn;
  const width = Math.ceil(Math.max(bounds.width, narrowest) + 2 * margin);
  const height = Math.ceil(bounds.height + 2 * margin + head + foot);
  const tiles = drawn.tiles.map((tile) => ({ ...tile, text: picture.texts[tile.id] ?? tile.text }));
  const elements = withTexts(drawn.elements, picture.texts);
  return {
    width,
    height,
    ground: palette.panel,
    around: [...titleShapes(picture, palette), ...legendShapes(picture, height - margin, palette)],
    inside: [
      ...tiles.flatMap((tile) => [...tile.shapes, ...nameShapes(tile)]),
      ...elementShapes(elements, toStylesheet(palette)),
    ],
    left: margin - bounds.x + (width - 2 * margin - bounds.width) / 2,
    top: margin + head - bounds.y,
  };
}

function withTexts(elements: readonly GraphElement[], texts: GraphPicture['texts']): readonly GraphElement[] {
  return elements.map((element) => {
    const text = texts[element.id];
    return text === undefined || element.data['text'] === undefined
      ? element
      : { ...element, data: { ...element.data, text } };
  });
}

function titleShapes({ title, time, summary }: GraphPicture, palette: Palette): readonly Shape[] {
  return [
    textOf({ text: title, x: margin, y: margin + 14, size: 18, weight: 600, colour: palette.ink1 }),
    textOf({ text: `${time} · ${summary}`, x: margin, y: margin + 36, size: 13, colour: palette.ink2 }),
  ];
}

function legendShapes({ legend }: GraphPicture, y: number, palette: Palette): readonly Shape[] {
  let x = margin;
  return legend.flatMap(({ text, colour, glyph }) => {
    const at = x;
    x += 30 + text.length * 6.4;
    return [
      glyph === null
        ? rectOf({ x: at, y: y - 10, width: 10, height: 10, fill: colour }, 2)
        : textOf({ text: glyph, x: at, y: y - 5, size: 12, colour }),
      textOf({ text, x: at + 15, y: y - 5, size: 12, colour: palette.ink2 }),
    ];
  });
}
