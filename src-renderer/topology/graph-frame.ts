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
/** Above the graph with one line of summary; below it with one line of legend. */
const head = 56;
const foot = 32;
const narrowest = 640;
/** Width of a letter on the average, for its size, and between lines of text. */
const letterShare = 0.54;
const pitch = 20;

export const levelOrder = ['ok', 'mind', 'bad', 'busy', 'mute'] as const satisfies readonly ShownState[];

export function textsOf({ elements, tiles }: Pick<Drawn, 'elements' | 'tiles'>): GraphPicture['texts'] {
  return Object.fromEntries([
    ...elements.flatMap(({ id, data }) => (typeof data['text'] === 'string' ? [[id, data['text']]] : [])),
    ...tiles.map(({ id, text }) => [id, text]),
  ]) as GraphPicture['texts'];
}

export function framedGraph(drawn: Drawn, picture: GraphPicture, palette: Palette): FramedGraph {
  const tiles = drawn.tiles.map((tile) => ({ ...tile, text: picture.texts[tile.id] ?? tile.text }));
  const elements = withTexts(drawn.elements, picture.texts);
  const inside = [
    ...tiles.flatMap((tile) => [...tile.shapes, ...nameShapes(tile)]),
    ...elementShapes(elements, toStylesheet(palette)),
  ];
  return framed(inside, drawn.bounds, picture, palette);
}

/** @param inside shapes whose texts are those of the picture already. */
export function framed(
  inside: readonly Shape[],
  bounds: Bounds,
  picture: GraphPicture,
  palette: Palette,
): FramedGraph {
  const room = Math.max(bounds.width, narrowest);
  const summary = toLines(`${picture.time} · ${picture.summary}`, room / (13 * letterShare));
  const legend = legendLines(picture, room);
  const above = margin + head + (summary.length - 1) * pitch;
  const width = Math.ceil(room + 2 * margin);
  const height = Math.ceil(above + bounds.height + foot + legend.length * pitch + margin - pitch);
  return {
    width,
    height,
    ground: palette.panel,
    around: [
      ...titleShapes(picture.title, summary, palette),
      ...legendShapes(legend, height - margin - (legend.length - 1) * pitch, palette),
    ],
    inside,
    left: margin - bounds.x + (width - 2 * margin - bounds.width) / 2,
    top: above - bounds.y,
  };
}

export function withTexts(
  elements: readonly GraphElement[],
  texts: GraphPicture['texts'],
): readonly GraphElement[] {
  return elements.map((element) => {
    const text = texts[element.id];
    return text === undefined || element.data['text'] === undefined
      ? element
      : { ...element, data: { ...element.data, text } };
  });
}

/** Words that fit into so many letters, line by line. */
function toLines(text: string, letters: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > letters) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function titleShapes(title: string, lines: readonly string[], palette: Palette): readonly Shape[] {
  return [
    textOf({ text: title, x: margin, y: margin + 14, size: 18, weight: 600, colour: palette.ink1 }),
    ...lines.map((text, index) =>
      textOf({ text, x: margin, y: margin + 36 + index * pitch, size: 13, colour: palette.ink2 }),
    ),
  ];
}

interface PlacedEntry extends LegendEntry {
  readonly x: number;
}

function legendLines({ legend }: GraphPicture, room: number): readonly (readonly PlacedEntry[])[] {
  const lines: PlacedEntry[][] = [];
  let x = 0;
  for (const entry of legend) {
    const width = 30 + entry.text.length * 12 * letterShare;
    if (lines.length === 0 || x + width > room) {
      lines.push([]);
      x = 0;
    }
    lines.at(-1)?.push({ ...entry, x: margin + x });
    x += width;
  }
  return lines;
}

function legendShapes(
  lines: readonly (readonly PlacedEntry[])[],
  top: number,
  palette: Palette,
): readonly Shape[] {
  return lines.flatMap((line, index) =>
    line.flatMap(({ text, colour, glyph, x }) => {
      const y = top + index * pitch - 5;
      return [
        glyph === null
          ? rectOf({ x, y: y - 5, width: 10, height: 10, fill: colour }, 2)
          : textOf({ text: glyph, x, y, size: 12, colour }),
        textOf({ text, x: x + 15, y, size: 12, colour: palette.ink2 }),
      ];
    }),
  );
}
