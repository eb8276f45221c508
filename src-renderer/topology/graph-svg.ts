/** Pure: the graph as an SVG document in which text stays text. It shows what Cytoscape draws by `graph-style.ts`. */
import { escapeMarkup } from '../share/markup';
import type { GraphElement, Point } from './graph-diff';
import { frame, legendWidth, withTexts } from './graph-frame';
import type { Drawn, GraphPicture } from './graph-frame';
import type { Palette } from './palette';

const scale = 2;

export function graphSvg({ elements, bounds: box }: Drawn, picture: GraphPicture, palette: Palette): string {
  const width = Math.ceil(Math.max(box.width, 640) + 2 * frame.margin);
  const height = Math.ceil(box.height + 2 * frame.margin + frame.head + frame.foot);
  const left = frame.margin - box.x + (width - 2 * frame.margin - box.width) / 2;
  const top = frame.margin + frame.head - box.y;
  const drawn = withTexts(elements, picture.texts);
  const places = new Map(
    drawn.flatMap(({ id, position }) => (position === undefined ? [] : [[id, position]])),
  );
  const edges = drawn.filter(({ group }) => group === 'edges');
  const nodes = drawn.filter(({ group }) => group === 'nodes');
  const body = [
    ...edges.filter(({ classes }) => classes.startsWith('link')).map((one) => edge(one, places, palette)),
    ...nodes.map((one) => node(one, palette)),
    ...edges.filter(({ classes }) => classes.startsWith('flow')).map((one) => edge(one, places, palette)),
  ].filter((one) => one !== '');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width * scale}" height="${height * scale}" viewBox="0 0 ${width} ${height}" font-family="Inter, system-ui, sans-serif">`,
    `<title>${escapeMarkup(picture.title)}</title>`,
    `<desc>${escapeMarkup(`${picture.summary}; ${picture.time}`)}</desc>`,
    `<rect width="${width}" height="${height}" fill="${palette.panel}"/>`,
    line(picture.title, frame.margin, frame.margin + 14, 18, palette.ink1, 'font-weight="600"'),
    line(`${picture.time} · ${picture.summary}`, frame.margin, frame.margin + 36, 13, palette.ink2),
    `<g transform="translate(${round(left)} ${round(top)})">`,
    ...body,
    '</g>',
    ...legend(picture, height - frame.margin, palette),
    '</svg>',
    '',
  ].join('\n');
}

function legend({ legend: entries }: GraphPicture, y: number, palette: Palette): readonly string[] {
  let x: number = frame.margin;
  return entries.map(({ text, colour, glyph }) => {
    const at = x;
    x += legendWidth(text);
    const sign =
      glyph === null
        ? `<rect x="${at}" y="${y - 10}" width="10" height="10" rx="2" fill="${colour}"/>`
        : line(glyph, at, y - 5, 12, colour);
    return `${sign}${line(text, at + 15, y - 5, 12, palette.ink2)}`;
  });
}

function has(element: GraphElement, name: string): boolean {
  return element.classes.split(' ').includes(name);
}

function node(element: GraphElement, palette: Palette): string {
  const { data, position } = element;
  if (position === undefined) return '';
  const text = String(data['text'] ?? '');
  const opacity = has(element, 'faded') ? ' opacity="0.3"' : '';
  const drawn = nodeBody(element, position, text, palette);
  return drawn === '' || opacity === '' ? drawn : `<g${opacity}>${drawn}</g>`;
}

function nodeBody(element: GraphElement, at: Point, text: string, palette: Palette): string {
  const { data } = element;
  const of = (name: string): number => Number(data[name] ?? 0);
  const colour = String(data['colour'] ?? palette.ink2);
  if (has(element, 'card') || has(element, 'tile')) {
    const isTile = has(element, 'tile');
    const [width, height, border] = [of('width'), of('height'), of('borderWidth')];
    const dash = data['borderStyle'] === 'dashed' ? ' stroke-dasharray="5 3"' : '';
    const shape = `<rect x="${round(at.x - width / 2 + border / 2)}" y="${round(at.y - height / 2 + border / 2)}" width="${round(width - border)}" height="${round(height - border)}" rx="${isTile ? 4 : 8}" fill="${palette.raised}" stroke="${String(data['borderColour'])}" stroke-width="${border}"${dash}/>`;
    if (!isTile) return shape;
    return shape + bar(element, at) + lines(text, at.x, at.y + height / 2 + 5, 5, palette.ink2);
  }
  if (has(element, 'edge-mark')) {
    return `<rect x="${round(at.x - 3)}" y="${round(at.y - of('height') / 2)}" width="6" height="${round(of('height'))}" rx="3" fill="${colour}"/>`;
  }
  if (has(element, 'picture')) return image(String(data['image'] ?? ''), at, of('width'), of('height'));
  if (has(element, 'shard-group')) {
    const [width, height] = [of('width'), of('height')];
    return (
      `<rect x="${round(at.x - width / 2)}" y="${round(at.y - height / 2)}" width="${width}" height="${height}" rx="3" fill="${colour}" fill-opacity="${of('opacity')}" stroke="${String(data['outline'])}" stroke-width="${of('outlineWidth')}"/>`
      + line(text, at.x, at.y, 8, palette.ink1, 'text-anchor="middle" font-weight="600"')
    );
  }
  if (has(element, 'group-card')) {
    const [width, height] = [of('width'), of('height')];
    return (
      `<rect x="${round(at.x - width / 2)}" y="${round(at.y - height / 2)}" width="${width}" height="${height}" rx="6" fill="${palette.raised}" stroke="${colour}" stroke-width="2"/>`
      + lines(text, at.x, at.y - (text.split('\n').length - 1) * 9, 12, palette.ink1)
    );
  }
  if (has(element, 'block')) return fitted(text, at.x, at.y, 12.5, palette.ink2, of('room'));
  if (has(element, 'glyph')) return line(text, at.x, at.y, of('size'), colour, 'text-anchor="middle"');
  if (has(element, 'text')) {
    const isStrong = has(element, 'title') || has(element, 'section');
    const ink = has(element, 'title') ? palette.ink1 : has(element, 'state') ? colour : palette.ink2;
    return fitted(text, at.x, at.y, of('size'), ink, of('room'), isStrong ? 'font-weight="600"' : '');
  }
  return '';
}

/** Below each other, centred. */
function lines(text: string, x: number, y: number, size: number, ink: string): string {
  return text
    .split('\n')
    .map((one, index) => line(one, x, y + index * size * 1.5, size, ink, 'text-anchor="middle"'))
    .join('');
}

/** What fills a tile, from the bottom up; each part reaches from one of its two stops to the other. */
function bar({ data }: GraphElement, at: Point): string {
  const colours = String(data['colours'] ?? '').split(' ');
  const stops = String(data['stops'] ?? '')
    .split(' ')
    .map((stop) => Number.parseFloat(stop) / 100);
  const border = Number(data['borderWidth'] ?? 0);
  const width = Number(data['width']) - 2 * border;
  const height = Number(data['height']) - 2 * border;
  return colours
    .map((colour, index) => {
      const [from, to] = [stops[index], stops[index + 1]];
      if (from === undefined || to === undefined || colour !== colours[index + 1] || to <= from) return '';
      const top = at.y + height / 2 - to * height;
      return `<rect x="${round(at.x - width / 2)}" y="${round(top)}" width="${round(width)}" height="${round((to - from) * height)}" fill="${colour}"/>`;
    })
    .join('');
}

function image(source: string, at: Point, width: number, height: number): string {
  return `<image x="${round(at.x - width / 2)}" y="${round(at.y - height / 2)}" width="${width}" height="${height}" href="${escapeMarkup(source)}"/>`;
}

function line(text: string, x: number, y: number, size: number, ink: string, more = ''): string {
  if (text === '') return '';
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${ink}" dominant-baseline="central"${more === '' ? '' : ` ${more}`}>${escapeMarkup(text)}</text>`;
}

/** Text that would not fit is drawn narrower, not cut: nothing of a name is lost. */
function fitted(
  text: string,
  x: number,
  y: number,
  size: number,
  ink: string,
  room: number,
  more = '',
): string {
  const isWide = text.length * size * 0.56 > room;
  const squeezed = isWide ? `textLength="${round(room)}" lengthAdjust="spacingAndGlyphs"` : '';
  return line(text, x, y, size, ink, [more, squeezed].filter((one) => one !== '').join(' '));
}

/** As Cytoscape draws it: control points beside the straight line, joined half-way between each other. */
function edge(element: GraphElement, places: ReadonlyMap<string, Point>, palette: Palette): string {
  const { data } = element;
  const source = places.get(String(data['source']));
  const target = places.get(String(data['target']));
  if (source === undefined || target === undefined) return '';
  const from = endOf(source, String(data['sourceEnd'] ?? ''));
  const to = endOf(target, String(data['targetEnd'] ?? ''));
  const points = controls(from, to, String(data['weights'] ?? ''), String(data['distances'] ?? ''));
  const path = curve(from, to, points);
  const isFlow = element.classes.startsWith('flow');
  const width = isFlow ? (has(element, 'thin') ? 1.2 : has(element, 'running') ? 2.8 : 1.6) : 1.2;
  const dash = has(element, 'dashed')
    ? ' stroke-dasharray="5 4"'
    : has(element, 'moving')
      ? ' stroke-dasharray="9 5"'
      : '';
  const opacity = has(element, 'faded') ? ' opacity="0.3"' : '';
  const drawn = `<path d="${path}" fill="none" stroke="${isFlow ? palette.busy : palette.line}" stroke-width="${width}"${dash}${opacity}/>`;
  if (!isFlow) return drawn;
  const before = points.at(-1) ?? from;
  const middle = points.length === 2 ? between(points[0] ?? from, points[1] ?? to) : between(from, to);
  const text = String(data['text'] ?? '');
  return drawn + arrow(before, to, palette.busy) + label(text, middle, Number(data['size'] ?? 12), palette);
}

function endOf(place: Point, end: string): Point {
  const [, x = '0', y = '0'] = /^(-?[\d.]+)px (-?[\d.]+)px$/.exec(end) ?? [];
  return { x: place.x + Number(x), y: place.y + Number(y) };
}

function controls(from: Point, to: Point, weights: string, distances: string): readonly Point[] {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const across = distances.split(' ').map(Number);
  return weights
    .split(' ')
    .filter((weight) => weight !== '')
    .map((weight, index) => ({
      x: from.x + Number(weight) * dx - ((across[index] ?? 0) * dy) / length,
      y: from.y + Number(weight) * dy + ((across[index] ?? 0) * dx) / length,
    }));
}

function curve(from: Point, to: Point, points: readonly Point[]): string {
  const pieces = points.map((point, index) => {
    const next = points[index + 1];
    return `Q ${pair(point)} ${pair(next === undefined ? to : between(point, next))}`;
  });
  return [`M ${pair(from)}`, ...(pieces.length > 0 ? pieces : [`L ${pair(to)}`])].join(' ');
}

function arrow(before: Point, tip: Point, colour: string): string {
  const angle = Math.atan2(tip.y - before.y, tip.x - before.x);
  const at = (distance: number, turn: number): Point => ({
    x: tip.x - distance * Math.cos(angle + turn),
    y: tip.y - distance * Math.sin(angle + turn),
  });
  return `<path d="M ${pair(tip)} L ${pair(at(9, 0.4))} L ${pair(at(9, -0.4))} Z" fill="${colour}"/>`;
}

function label(text: string, at: Point, size: number, palette: Palette): string {
  if (text === '') return '';
  const width = text.length * size * 0.56 + 12;
  return (
    `<rect x="${round(at.x - width / 2)}" y="${round(at.y - size * 0.9)}" width="${round(width)}" height="${round(size * 1.8)}" rx="6" fill="${palette.busySoft}"/>`
    + line(text, at.x, at.y, size, palette.busy, 'text-anchor="middle"')
  );
}

function between(one: Point, other: Point): Point {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}

function pair({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
