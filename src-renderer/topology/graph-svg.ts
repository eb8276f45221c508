/** Pure: the graph as an SVG document in which text stays text. */
import { escapeMarkup } from '../share/markup';
import type { FramedGraph, GraphPicture } from './graph-frame';
import { shapeSvg } from './shape-svg';

const scale = 2;

export function graphSvg(graph: FramedGraph, picture: GraphPicture): string {
  const { width, height, ground, around, inside, left, top } = graph;
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
