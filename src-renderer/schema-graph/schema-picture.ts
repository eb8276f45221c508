/** Pure: the schema graph as shapes, by the style sheet that Cytoscape draws it by; whole, and without a selection. */
import { edgeShapes } from '../topology/edge-shapes';
import { elementShapes } from '../topology/element-shapes';
import { framed, textsOf, withTexts } from '../topology/graph-frame';
import type { FramedGraph, GraphPicture, LegendEntry } from '../topology/graph-frame';
import type { GraphElement, Point } from '../topology/graph-diff';
import type { Palette } from '../topology/palette';
import { rectOf, textOf } from '../topology/shapes';
import type { Shape } from '../topology/shapes';
import { styleOf, toRules } from '../topology/style-of';
import { formatCounted } from '../ui/format';
import { toDrawing } from './schema-elements';
import type { SchemaDrawing } from './schema-elements';
import { sizes } from './schema-layout';
import type { Placed } from './schema-layout';
import type { SchemaModel } from './schema-model';
import { toSchemaStylesheet } from './schema-style';

/** Nothing to look at beyond four to three: so it fits on a page. */
const aspectRatio = 4 / 3;

export function drawnSchema(
  model: SchemaModel,
  closed: ReadonlySet<string>,
  palette: Palette,
): SchemaDrawing {
  return toDrawing(model, { closed, selection: null, palette, aspectRatio });
}

/** @param time as in "2026-03-01 12:04:31"; empty where it is not known. */
export function schemaPicture(
  model: SchemaModel,
  drawing: SchemaDrawing,
  palette: Palette,
  about: { readonly title: string; readonly time: string },
): GraphPicture {
  const groups = model.groups.flatMap(({ familyIndex, name }): readonly LegendEntry[] => {
    const colour = familyIndex === null ? undefined : palette.groups[familyIndex];
    return colour === undefined ? [] : [{ text: name, colour, glyph: null }];
  });
  const levels = new Set(model.problems.map(({ problem }) => problem?.level));
  return {
    ...about,
    summary: [
      formatCounted(model.tables.size, 'table'),
      formatCounted(model.edges.length, 'foreign key'),
      ...(model.problems.length === 0 ? [] : [formatCounted(model.problems.length, 'problem')]),
    ].join(', '),
    legend: [
      ...groups,
      ...(levels.has('bad') ? [{ text: 'cannot be checked', colour: palette.bad, glyph: '■' }] : []),
      ...(levels.has('mind') ? [{ text: 'wants a look', colour: palette.mind, glyph: '▲' }] : []),
    ],
    texts: textsOf({ elements: drawing.elements, tiles: [] }),
  };
}

export function framedSchema(drawing: SchemaDrawing, picture: GraphPicture, palette: Palette): FramedGraph {
  const elements = withTexts(drawing.elements, picture.texts);
  const boxes = boxesOf(elements, drawing);
  const sheet = toSchemaStylesheet(palette);
  const rules = toRules(sheet);
  const isGroup = ({ classes }: GraphElement): boolean => classes.startsWith('group');
  const edges = elements.filter(({ group }) => group === 'edges');
  const isProblem = ({ classes }: GraphElement): boolean => !classes.startsWith('key fine');
  const drawEdge = (edge: GraphElement): readonly Shape[] => {
    const source = boxes.get(String(edge.data['source']));
    const target = boxes.get(String(edge.data['target']));
    if (source === undefined || target === undefined) return [];
    const [from, to] = source === target ? loopOf(source) : [edgeOf(source, target), edgeOf(target, source)];
    const between = { ...edge, data: { ...edge.data, source: 'from', target: 'to' } };
    return edgeShapes(between, styleOf(edge, rules), new Map(Object.entries({ from, to })));
  };
  const shapes = [
    ...elements.filter(isGroup).flatMap((group) => groupShapes(group, boxes.get(group.id), palette)),
    ...edges.filter((edge) => !isProblem(edge)).flatMap(drawEdge),
    ...elementShapes(
      elements.filter((element) => element.group === 'nodes' && !isGroup(element)),
      sheet,
    ),
    // What is wrong is read over what it runs across.
    ...edges.filter(isProblem).flatMap(drawEdge),
  ];
  return framed(shapes, boundsOf([...boxes.values()]), picture, palette);
}

/** Of groups as large as what is in them asks for, of tables and closed groups as they were laid out. */
function boxesOf(elements: readonly GraphElement[], drawing: SchemaDrawing): ReadonlyMap<string, Placed> {
  const boxes = new Map<string, Placed>(drawing.boxes.map((box) => [box.id, box]));
  for (const group of elements) {
    if (!group.classes.startsWith('group')) continue;
    const inside = elements.flatMap(({ id, data }) =>
      data['parent'] === group.id ? (boxes.get(id) ?? []) : [],
    );
    if (inside.length === 0) continue;
    const { x, y, width, height } = boundsOf(inside);
    boxes.set(group.id, {
      x: x - sizes.padding,
      y: y - sizes.padding - sizes.head,
      width: width + 2 * sizes.padding,
      height: height + 2 * sizes.padding + sizes.head,
    });
  }
  return boxes;
}

function boundsOf(boxes: readonly Placed[]): Placed {
  if (boxes.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
  };
}

function groupShapes({ data }: GraphElement, box: Placed | undefined, palette: Palette): readonly Shape[] {
  if (box === undefined) return [];
  const stroke = { colour: String(data['colour']), width: 1, dash: null };
  return [
    rectOf({ ...box, fill: palette.raised, stroke }, 6),
    textOf({
      text: String(data['text']),
      x: box.x + box.width / 2,
      y: box.y + sizes.padding + sizes.head / 2 - 4,
      size: 12,
      weight: 600,
      colour: palette.ink1,
      anchor: 'middle',
      room: box.width - 2 * sizes.padding,
    }),
  ];
}

function middleOf({ x, y, width, height }: Placed): Point {
  return { x: x + width / 2, y: y + height / 2 };
}

/** Where the straight line to the other box leaves this one. */
function edgeOf(box: Placed, other: Placed): Point {
  const [from, to] = [middleOf(box), middleOf(other)];
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const share = Math.min(
    dx === 0 ? Infinity : box.width / 2 / Math.abs(dx),
    dy === 0 ? Infinity : box.height / 2 / Math.abs(dy),
  );
  return Number.isFinite(share) ? { x: from.x + dx * share, y: from.y + dy * share } : from;
}

/** A table that refers to itself: a short line along its right edge. */
function loopOf({ x, y, width, height }: Placed): readonly [Point, Point] {
  return [
    { x: x + width + 6, y: y + height },
    { x: x + width + 6, y },
  ];
}
