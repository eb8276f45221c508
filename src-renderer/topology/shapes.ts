/** Pure: what pictures of the graph are made of, whether a canvas or an SVG document draws them. */
import type { Point } from './graph-diff';

export interface Stroke {
  readonly colour: string;
  readonly width: number;
  /** Lengths of dash and gap; null for a solid line. */
  readonly dash: readonly number[] | null;
}

export interface RectShape {
  readonly type: 'rect';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Top left, top right, bottom right, bottom left. */
  readonly corners: readonly [number, number, number, number];
  readonly fill: string | null;
  /** 0..1, of the filling. */
  readonly fillOpacity: number;
  readonly stroke: Stroke | null;
  /** 0..1, of everything. */
  readonly opacity: number;
}

/** Centred vertically on `y`. */
export interface TextShape {
  readonly type: 'text';
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly weight: number;
  readonly colour: string;
  readonly anchor: 'start' | 'middle';
  /** What is longer is drawn narrower, not cut: nothing of a name is lost. */
  readonly room: number | null;
  /** Around the letters, where they stand on a colour. */
  readonly halo: Stroke | null;
  readonly opacity: number;
}

export interface ImageShape {
  readonly type: 'image';
  /** Data URI of an SVG document. */
  readonly source: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly opacity: number;
}

/** Joined quadratic curves; closed and filled where `fill` is given. */
export interface PathShape {
  readonly type: 'path';
  readonly from: Point;
  readonly curves: readonly { readonly control: Point; readonly to: Point }[];
  readonly fill: string | null;
  readonly stroke: Stroke | null;
  readonly opacity: number;
}

export type Shape = RectShape | TextShape | ImageShape | PathShape;

export const fontFamily = '"Inter Variable", system-ui, sans-serif';

export function rectOf(
  shape: Pick<RectShape, 'x' | 'y' | 'width' | 'height'> & Partial<RectShape>,
  radius = 0,
): RectShape {
  return {
    type: 'rect',
    corners: [radius, radius, radius, radius],
    fill: null,
    fillOpacity: 1,
    stroke: null,
    opacity: 1,
    ...shape,
  };
}

export function textOf(
  shape: Pick<TextShape, 'text' | 'x' | 'y' | 'size' | 'colour'> & Partial<TextShape>,
): TextShape {
  return { type: 'text', weight: 400, anchor: 'start', room: null, halo: null, opacity: 1, ...shape };
}

/** A line inside the edges of a box, however thick it is. */
export function insideBox<B extends { x: number; y: number; width: number; height: number }>(
  box: B,
  stroke: Stroke,
): { x: number; y: number; width: number; height: number } {
  const half = stroke.width / 2;
  return {
    x: box.x + half,
    y: box.y + half,
    width: box.width - stroke.width,
    height: box.height - stroke.width,
  };
}
