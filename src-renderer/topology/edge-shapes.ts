/** Pure: an edge as shapes: its line, its arrow, its label on a ground. */
import type { GraphElement, Point } from './graph-diff';
import { rectOf, textOf } from './shapes';
import type { PathShape, Shape } from './shapes';
import { numberOf, numbersOf, wordOf } from './style-of';
import type { Style } from './style-of';

/** How wide text is for its size, on the average of its letters. */
const letterShare = 0.56;
const arrow = { length: 8.2, turn: 0.4 } as const;

/** As Cytoscape draws it: control points beside the straight line, joined half-way between each other. */
export function edgeShapes(
  element: GraphElement,
  style: Style,
  places: ReadonlyMap<string, Point>,
): readonly Shape[] {
  const source = places.get(String(element.data['source']));
  const target = places.get(String(element.data['target']));
  if (source === undefined || target === undefined) return [];
  const from = endOf(source, wordOf(style, 'source-endpoint'));
  const to = endOf(target, wordOf(style, 'target-endpoint'));
  const points = controls(
    from,
    to,
    numbersOf(style['control-point-weights']),
    numbersOf(style['control-point-distances']),
  );
  const opacity = numberOf(style, 'opacity', 1);
  const width = numberOf(style, 'width', 1);
  const line: PathShape = {
    type: 'path',
    from,
    curves:
      points.length === 0
        ? [{ control: between(from, to), to }]
        : points.map((control, index) => {
            const next = points[index + 1];
            return { control, to: next === undefined ? to : between(control, next) };
          }),
    fill: null,
    stroke: {
      colour: wordOf(style, 'line-color'),
      width,
      dash: wordOf(style, 'line-style') === 'dashed' ? numbersOf(style['line-dash-pattern']) : null,
    },
    opacity: opacity * numberOf(style, 'line-opacity', 1),
  };
  const middle = points.length === 2 ? between(points[0] ?? from, points[1] ?? to) : between(from, to);
  return [
    line,
    ...(wordOf(style, 'target-arrow-shape') === 'triangle'
      ? [arrowShape(points.at(-1) ?? from, to, style, opacity)]
      : []),
    ...labelShapes(middle, style, opacity),
  ];
}

/** "12px -40px" from the middle of a node. */
function endOf(place: Point, end: string): Point {
  const [, x = '0', y = '0'] = /^(-?[\d.]+)px (-?[\d.]+)px$/.exec(end) ?? [];
  return { x: place.x + Number(x), y: place.y + Number(y) };
}

function controls(
  from: Point,
  to: Point,
  weights: readonly number[],
  distances: readonly number[],
): readonly Point[] {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  return weights.map((weight, index) => ({
    x: from.x + weight * dx - ((distances[index] ?? 0) * dy) / length,
    y: from.y + weight * dy + ((distances[index] ?? 0) * dx) / length,
  }));
}

function arrowShape(before: Point, tip: Point, style: Style, opacity: number): PathShape {
  const angle = Math.atan2(tip.y - before.y, tip.x - before.x);
  const length = arrow.length * numberOf(style, 'arrow-scale', 1);
  const corner = (turn: number): Point => ({
    x: tip.x - length * Math.cos(angle + turn),
    y: tip.y - length * Math.sin(angle + turn),
  });
  const straight = (from: Point, to: Point): PathShape['curves'][number] => ({
    control: between(from, to),
    to,
  });
  const [left, right] = [corner(arrow.turn), corner(-arrow.turn)];
  return {
    type: 'path',
    from: tip,
    curves: [straight(tip, left), straight(left, right), straight(right, tip)],
    fill: wordOf(style, 'target-arrow-color'),
    stroke: null,
    opacity,
  };
}

function labelShapes(at: Point, style: Style, opacity: number): readonly Shape[] {
  const text = wordOf(style, 'label');
  if (text === '') return [];
  const size = numberOf(style, 'font-size', 12);
  const padding = numberOf(style, 'text-background-padding');
  const [width, height] = [text.length * size * letterShare + 2 * padding, size + 2 * padding];
  const label = textOf({
    ...{ text, x: at.x, y: at.y, size, opacity },
    colour: wordOf(style, 'color'),
    weight: numberOf(style, 'font-weight', 400),
    anchor: 'middle',
  });
  if (numberOf(style, 'text-background-opacity') === 0) return [label];
  const fill = wordOf(style, 'text-background-color');
  return [rectOf({ x: at.x - width / 2, y: at.y - height / 2, width, height, fill, opacity }, 6), label];
}

function between(one: Point, other: Point): Point {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}
