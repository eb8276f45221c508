/** Pure: shapes as SVG markup in which text stays text. */
import { assertNever } from '../api/assert-never';
import { escapeMarkup } from '../share/markup';
import type { Point } from './graph-diff';
import type { PathShape, RectShape, Shape, Stroke, TextShape } from './shapes';

export function shapeSvg(shape: Shape): string {
  switch (shape.type) {
    case 'rect':
      return rect(shape);
    case 'text':
      return text(shape);
    case 'image':
      return `<image x="${round(shape.x)}" y="${round(shape.y)}" width="${round(shape.width)}" height="${round(shape.height)}" href="${escapeMarkup(shape.source)}"${opacityOf(shape)}/>`;
    case 'path':
      return path(shape);
    default:
      return assertNever(shape);
  }
}

function rect(shape: RectShape): string {
  const { x, y, width, height, corners, fill, fillOpacity } = shape;
  const look = `fill="${fill ?? 'none'}"${fillOpacity === 1 ? '' : ` fill-opacity="${round(fillOpacity)}"`}${strokeOf(shape.stroke)}${opacityOf(shape)}`;
  const [first] = corners;
  if (corners.some((corner) => corner !== first)) return `<path d="${roundedPath(shape)}" ${look}/>`;
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"${first === 0 ? '' : ` rx="${round(first)}"`} ${look}/>`;
}

/** Corners that differ; none is larger than the box has room for. */
function roundedPath({ x, y, width, height, corners }: RectShape): string {
  const [topLeft, topRight, bottomRight, bottomLeft] = corners.map((corner) =>
    Math.min(corner, width / 2, height),
  ) as [number, number, number, number];
  const [right, bottom] = [x + width, y + height];
  const arc = (radius: number, to: Point): string => `A ${round(radius)} ${round(radius)} 0 0 1 ${pair(to)}`;
  return [
    `M ${pair({ x: x + topLeft, y })}`,
    `L ${pair({ x: right - topRight, y })}`,
    arc(topRight, { x: right, y: y + topRight }),
    `L ${pair({ x: right, y: bottom - bottomRight })}`,
    arc(bottomRight, { x: right - bottomRight, y: bottom }),
    `L ${pair({ x: x + bottomLeft, y: bottom })}`,
    arc(bottomLeft, { x, y: bottom - bottomLeft }),
    `L ${pair({ x, y: y + topLeft })}`,
    arc(topLeft, { x: x + topLeft, y }),
    'Z',
  ].join(' ');
}

function text(shape: TextShape): string {
  if (shape.text === '') return '';
  const isWide = shape.room !== null && shape.text.length * shape.size * 0.56 > shape.room;
  const more = [
    shape.weight === 400 ? '' : ` font-weight="${shape.weight}"`,
    shape.anchor === 'start' ? '' : ' text-anchor="middle"',
    isWide ? ` textLength="${round(shape.room ?? 0)}" lengthAdjust="spacingAndGlyphs"` : '',
    shape.halo === null ? '' : `${strokeOf(shape.halo)} stroke-linejoin="round" paint-order="stroke"`,
    opacityOf(shape),
  ].join('');
  return `<text x="${round(shape.x)}" y="${round(shape.y)}" font-size="${round(shape.size)}" fill="${shape.colour}" dominant-baseline="central"${more}>${escapeMarkup(shape.text)}</text>`;
}

function path(shape: PathShape): string {
  const curves = shape.curves.map(({ control, to }) => `Q ${pair(control)} ${pair(to)}`);
  const end = shape.fill === null ? '' : ' Z';
  return `<path d="M ${pair(shape.from)} ${curves.join(' ')}${end}" fill="${shape.fill ?? 'none'}"${strokeOf(shape.stroke)}${opacityOf(shape)}/>`;
}

function strokeOf(stroke: Stroke | null): string {
  if (stroke === null) return '';
  const dash = stroke.dash === null ? '' : ` stroke-dasharray="${stroke.dash.join(' ')}"`;
  return ` stroke="${stroke.colour}" stroke-width="${round(stroke.width)}"${dash}`;
}

function opacityOf({ opacity }: Shape): string {
  return opacity === 1 ? '' : ` opacity="${round(opacity)}"`;
}

function pair({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
