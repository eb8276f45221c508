import { describe, expect, it } from 'vitest';
import { elementShapes } from '../../../src-renderer/topology/element-shapes';
import type { GraphElement } from '../../../src-renderer/topology/graph-diff';
import { toStylesheet } from '../../../src-renderer/topology/graph-style';
import { styleOf, toRules } from '../../../src-renderer/topology/style-of';
import { palette } from './palette-fixture';

const sheet = toStylesheet(palette);
const element = (classes: string, data: GraphElement['data'] = {}): GraphElement => ({
  ...{ id: 'n', group: 'nodes', classes, data },
  position: { x: 100, y: 50 },
});

describe('styleOf', () => {
  it('understands every selector of the style sheet of the screen', () => {
    for (const block of sheet) {
      for (const one of block.selector.split(','))
        expect(one.trim()).toMatch(/^(?:node|edge)?(?:\.[\w-]+)*$/);
    }
  });

  it('lets later rules win and takes own values for data(name)', () => {
    const rules = toRules([
      { selector: 'node', style: { width: 1, color: 'red' } },
      { selector: 'edge', style: { color: 'green' } },
      { selector: '.a, .b', style: { width: 'data(wide)' } },
      { selector: '.b.c', style: { color: 'blue' } },
    ]);
    expect(styleOf(element('b', { wide: 7 }), rules)).toEqual({ width: 7, color: 'red' });
    expect(styleOf(element('b c', { wide: 7 }), rules)).toEqual({ width: 7, color: 'blue' });
    expect(styleOf(element('c'), rules)).toEqual({ width: 1, color: 'red' });
  });
});

describe('elementShapes', () => {
  it('draws a card with its line inside its edges, and fades what is faded', () => {
    const data = { width: 80, height: 40, borderWidth: 2, borderColour: palette.bad, borderStyle: 'dashed' };
    const [shape] = elementShapes([element('card faded', data)], sheet);
    expect(shape).toMatchObject({
      ...{ type: 'rect', x: 61, y: 31, width: 78, height: 38, fill: palette.raised, opacity: 0.3 },
      stroke: { colour: palette.bad, width: 2, dash: [5, 3] },
    });
  });

  it('draws text beside its place, in the room it has, and nothing for a place to tap', () => {
    const text = element('text title', { text: 'worker-1', room: 120, size: 13.5 });
    expect(elementShapes([text, element('tile', { width: 28, height: 50 })], sheet)).toMatchObject([
      { ...{ type: 'text', text: 'worker-1', anchor: 'start', weight: 600 }, room: 120, size: 13.5 },
    ]);
  });

  it('draws a move from end to end with its arrow and its words, below the cards', () => {
    const end = (id: string, x: number): GraphElement => ({
      ...{ id, group: 'nodes', classes: 'card', position: { x, y: 0 } },
      data: { width: 10, height: 10, borderWidth: 1, borderColour: palette.line, borderStyle: 'solid' },
    });
    const flow: GraphElement = {
      ...{ id: 'f', group: 'edges', classes: 'flow running' },
      data: {
        ...{ source: 'a', target: 'b', text: '1 group', size: 12 },
        ...{ sourceEnd: '0px 5px', targetEnd: '0px 5px', weights: '0 1', distances: '40 40' },
      },
    };
    const shapes = elementShapes([end('a', 0), end('b', 200), flow], sheet);
    expect(shapes.map((shape) => shape.type)).toEqual(['path', 'path', 'rect', 'text', 'rect', 'rect']);
    const [line, arrow] = shapes;
    expect(line).toMatchObject({ from: { x: 0, y: 5 }, stroke: { width: 2.8 } });
    expect(line?.type === 'path' ? line.curves.at(-1)?.to : null).toEqual({ x: 200, y: 5 });
    expect(arrow).toMatchObject({ from: { x: 200, y: 5 }, fill: palette.busy });
  });
});
