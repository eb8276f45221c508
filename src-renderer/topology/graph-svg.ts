/** Pure: the graph as an SVG document in which text stays text. */
import { escapeMarkup } from '../share/markup';
import { framedGraph } from './graph-frame';
import type { Drawn, GraphPicture } from './graph-frame';
import type { Palette } from './palette';
import { shapeSvg } from './shape-svg';

const scale = 2;

export function graphSvg(drawn: Drawn, picture: GraphPicture, palette: Palette): string {
  const { width, height, ground, around, inside, left, top } = framedGraph(drawn, picture, palette);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width * scale}" height="${height * scale}" viewBox="0 0 ${width} ${height}" font-family="Inter, system-ui, sans-serif">`,
    `<title>${escapeMarkup(picture.title)}</title>`,
    `<desc>${escapeMarkup(`${picture.summary}; ${picture.time}`)}</desc>`,
    `<rect width="${width}" height="${height}" fill="${ground}"/>`,
    ...around.map(shapeSvg),
    `<g transform="translate(${left} ${top})">`,
    ...inside.map(shapeSvg).filter((one) => one !== ''),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
