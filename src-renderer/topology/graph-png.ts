/** The graph as a PNG at twice its size: whole, without selection, with title and legend. */
import type { FramedGraph } from './graph-frame';
import { paintShapes } from './shape-paint';
import type { Images } from './shape-paint';
import type { Shape } from './shapes';

const largestScale = 2;
/** Browsers refuse larger canvases. */
const largestSide = 12_000;

/** Base64, without the head of a data URI. */
export async function graphPng(graph: FramedGraph): Promise<string> {
  const { width, height, ground, around, inside, left, top } = graph;
  const images = await loadedImages(inside);
  const scale = Math.min(largestScale, largestSide / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.floor(width * scale);
  canvas.height = Math.floor(height * scale);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas to draw on');
  context.fillStyle = ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  paintShapes(context, around);
  context.translate(left, top);
  paintShapes(context, inside, images);
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}

async function loadedImages(shapes: readonly Shape[]): Promise<Images> {
  const sources = new Set(shapes.flatMap((shape) => (shape.type === 'image' ? [shape.source] : [])));
  const loaded = await Promise.all(
    [...sources].map(async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      return [source, image] as const;
    }),
  );
  return new Map(loaded);
}
