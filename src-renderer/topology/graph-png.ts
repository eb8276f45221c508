/** The graph as a PNG at twice its size, drawn apart from the one on the screen: whole, without selection, with title and legend. */
import cytoscape from 'cytoscape';
import { keepStylesheetOut, toDefinition } from './graph-canvas';
import type { GraphElement } from './graph-diff';
import { frame, legendWidth, withTexts } from './graph-frame';
import type { Drawn, GraphPicture } from './graph-frame';
import { toStylesheet } from './graph-style';
import type { Palette } from './palette';

const scale = 2;
/** Browsers refuse larger canvases. */
const largestSide = 12_000;

/** Base64, without the head of a data URI. */
export async function graphPng(
  { elements, bounds }: Drawn,
  picture: GraphPicture,
  palette: Palette,
): Promise<string> {
  const graph = await drawApart({ elements: withTexts(elements, picture.texts), bounds }, palette);
  const bitmap = await createImageBitmap(graph);
  const margin = frame.margin * scale;
  const head = frame.head * scale;
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(bitmap.width, 640 * scale) + 2 * margin;
  canvas.height = bitmap.height + 2 * margin + head + frame.foot * scale;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas to draw on');
  context.fillStyle = palette.panel;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, (canvas.width - bitmap.width) / 2, margin + head);
  context.scale(scale, scale);
  context.textBaseline = 'middle';
  const family = '"Inter Variable", system-ui, sans-serif';
  const write = (text: string, x: number, y: number, size: number, ink: string, weight = 400): void => {
    context.font = `${weight} ${size}px ${family}`;
    context.fillStyle = ink;
    context.fillText(text, x, y);
  };
  write(picture.title, frame.margin, frame.margin + 14, 18, palette.ink1, 600);
  write(`${picture.time} · ${picture.summary}`, frame.margin, frame.margin + 36, 13, palette.ink2);
  const y = canvas.height / scale - frame.margin - 5;
  let x: number = frame.margin;
  for (const { text, colour, glyph } of picture.legend) {
    if (glyph === null) {
      context.fillStyle = colour;
      context.fillRect(x, y - 5, 10, 10);
    } else write(glyph, x, y, 12, colour);
    write(text, x + 15, y, 12, palette.ink2);
    x += legendWidth(text);
  }
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}

async function drawApart({ elements, bounds }: Drawn, palette: Palette): Promise<Blob> {
  keepStylesheetOut();
  const container = document.createElement('div');
  container.setAttribute('aria-hidden', 'true');
  Object.assign(container.style, { position: 'fixed', left: '-4000px', width: '1000px', height: '800px' });
  document.body.append(container);
  const cy = cytoscape({ container, layout: { name: 'preset' }, style: toStylesheet(palette) });
  try {
    cy.add(elements.map(toDefinition));
    // At the size of the file every name can be read, whatever the screen shows.
    cy.nodes('.tile').addClass('named');
    cy.fit(undefined, 0);
    await imagesLoaded(elements);
    return await cy.png({
      output: 'blob-promise',
      full: true,
      scale: Math.min(scale, largestSide / Math.max(bounds.width, bounds.height)),
      bg: palette.panel,
    });
  } finally {
    cy.destroy();
    container.remove();
  }
}

/** Cytoscape begins to load pictures when it draws, and draws without those that are not there yet. */
async function imagesLoaded(elements: readonly GraphElement[]): Promise<void> {
  const sources = new Set(
    elements.flatMap(({ data }) =>
      typeof data['image'] === 'string' && data['image'] !== '' ? [data['image']] : [],
    ),
  );
  await nextFrame();
  await Promise.all(
    [...sources].map((source) => {
      const image = new Image();
      image.src = source;
      return image.decode();
    }),
  );
  await nextFrame();
  await nextFrame();
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
  });
}
