/** Draws shapes on a canvas. */
import { assertNever } from '../api/assert-never';
import { fontFamily } from './shapes';
import type { PathShape, RectShape, Shape, Stroke, TextShape } from './shapes';

/** Pictures that are loaded, by their source. */
export type Images = ReadonlyMap<string, CanvasImageSource>;

export function paintShapes(
  context: CanvasRenderingContext2D,
  shapes: readonly Shape[],
  images: Images = new Map(),
): void {
  for (const shape of shapes) {
    context.globalAlpha = shape.opacity;
    switch (shape.type) {
      case 'rect':
        paintRect(context, shape);
        break;
      case 'text':
        paintText(context, shape);
        break;
      case 'image': {
        const image = images.get(shape.source);
        if (image !== undefined) context.drawImage(image, shape.x, shape.y, shape.width, shape.height);
        break;
      }
      case 'path':
        paintPath(context, shape);
        break;
      default:
        assertNever(shape);
    }
  }
  context.globalAlpha = 1;
}

function paintRect(context: CanvasRenderingContext2D, shape: RectShape): void {
  const { x, y, width, height, corners, fill, stroke } = shape;
  const isSquare = corners.every((corner) => corner === 0);
  if (!isSquare) {
    context.beginPath();
    context.roundRect(x, y, width, height, [...corners]);
  }
  if (fill !== null) {
    context.fillStyle = fill;
    context.globalAlpha = shape.opacity * shape.fillOpacity;
    if (isSquare) context.fillRect(x, y, width, height);
    else context.fill();
    context.globalAlpha = shape.opacity;
  }
  if (stroke === null) return;
  setStroke(context, stroke);
  if (isSquare) context.strokeRect(x, y, width, height);
  else context.stroke();
}

function paintText(context: CanvasRenderingContext2D, shape: TextShape): void {
  context.font = `${shape.weight} ${shape.size}px ${fontFamily}`;
  context.textBaseline = 'middle';
  context.textAlign = shape.anchor === 'middle' ? 'center' : 'left';
  const room = shape.room ?? undefined;
  if (shape.halo !== null) {
    setStroke(context, shape.halo);
    context.lineJoin = 'round';
    context.strokeText(shape.text, shape.x, shape.y, room);
  }
  context.fillStyle = shape.colour;
  context.fillText(shape.text, shape.x, shape.y, room);
}

function paintPath(context: CanvasRenderingContext2D, shape: PathShape): void {
  context.beginPath();
  context.moveTo(shape.from.x, shape.from.y);
  for (const { control, to } of shape.curves) context.quadraticCurveTo(control.x, control.y, to.x, to.y);
  if (shape.fill !== null) {
    context.closePath();
    context.fillStyle = shape.fill;
    context.fill();
  }
  if (shape.stroke === null) return;
  setStroke(context, shape.stroke);
  context.stroke();
}

function setStroke(context: CanvasRenderingContext2D, stroke: Stroke): void {
  context.strokeStyle = stroke.colour;
  context.lineWidth = stroke.width;
  context.setLineDash(stroke.dash === null ? [] : [...stroke.dash]);
}
