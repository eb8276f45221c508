/** Pure: elements as shapes, by the style sheet that Cytoscape draws them by. What only a selection brings is left out. */
import type { StylesheetJson } from 'cytoscape';
import { edgeShapes } from './edge-shapes';
import type { GraphElement, Point } from './graph-diff';
import { insideBox, rectOf, textOf } from './shapes';
import type { Shape, Stroke } from './shapes';
import { numberOf, numbersOf, styleOf, toRules, wordOf } from './style-of';
import type { Style } from './style-of';

/** In the order in which Cytoscape draws: edges below nodes, each by its z-index. */
export function elementShapes(elements: readonly GraphElement[], sheet: StylesheetJson): readonly Shape[] {
  const rules = toRules(sheet);
  const styled = elements.map((element) => ({ element, style: styleOf(element, rules) }));
  const places = new Map(
    elements.flatMap(({ id, position }) => (position === undefined ? [] : [[id, position]])),
  );
  const ofGroup = (group: GraphElement['group']): typeof styled =>
    styled
      .filter(({ element }) => element.group === group)
      .sort((one, other) => numberOf(one.style, 'z-index') - numberOf(other.style, 'z-index'));
  return [
    ...ofGroup('edges').flatMap(({ element, style }) => edgeShapes(element, style, places)),
    ...ofGroup('nodes').flatMap(({ element, style }) =>
      element.position === undefined ? [] : nodeShapes(element.position, style),
    ),
  ];
}

function nodeShapes(at: Point, style: Style): readonly Shape[] {
  const opacity = numberOf(style, 'opacity', 1);
  if (opacity === 0) return [];
  const [width, height] = [numberOf(style, 'width', 1), numberOf(style, 'height', 1)];
  const box = { x: at.x - width / 2, y: at.y - height / 2, width, height };
  const image = wordOf(style, 'background-image');
  return [
    ...bodyShapes(box, style, opacity),
    ...(image === '' ? [] : [{ type: 'image' as const, source: image, ...box, opacity }]),
    ...labelShapes(at, box, style, opacity),
  ];
}

type Box = Readonly<Record<'x' | 'y' | 'width' | 'height', number>>;

function bodyShapes(box: Box, style: Style, opacity: number): readonly Shape[] {
  const fillOpacity = numberOf(style, 'background-opacity');
  const line: Stroke = {
    colour: wordOf(style, 'border-color'),
    width: numberOf(style, 'border-width'),
    dash: wordOf(style, 'border-style') === 'dashed' ? numbersOf(style['border-dash-pattern']) : null,
  };
  const stroke = line.width === 0 ? null : line;
  if (fillOpacity === 0 && stroke === null) return [];
  const place = stroke === null ? box : insideBox(box, stroke);
  const fill = fillOpacity === 0 ? null : wordOf(style, 'background-color');
  return [rectOf({ ...place, fill, fillOpacity, stroke, opacity }, numberOf(style, 'corner-radius'))];
}

function labelShapes(at: Point, box: Box, style: Style, opacity: number): readonly Shape[] {
  const text = wordOf(style, 'label');
  if (text === '') return [];
  const size = numberOf(style, 'font-size', 12);
  const lines = wordOf(style, 'text-wrap') === 'wrap' ? text.split('\n') : [text];
  const pitch = size * numberOf(style, 'line-height', 1);
  const isBeside = wordOf(style, 'text-halign') === 'right';
  const haloWidth = numberOf(style, 'text-outline-width');
  return lines.map((line, index) =>
    textOf({
      text: line,
      x: isBeside ? box.x + box.width : at.x,
      y: at.y + (index - (lines.length - 1) / 2) * pitch,
      size,
      weight: numberOf(style, 'font-weight', 400),
      colour: wordOf(style, 'color'),
      anchor: isBeside ? 'start' : 'middle',
      room: wordOf(style, 'text-wrap') === 'ellipsis' ? numberOf(style, 'text-max-width') : null,
      halo:
        haloWidth === 0
          ? null
          : { colour: wordOf(style, 'text-outline-color'), width: 2 * haloWidth, dash: null },
      opacity,
    }),
  );
}
