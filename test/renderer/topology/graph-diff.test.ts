import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffElements } from '../../../src-renderer/topology/graph-diff';
import type { GraphElement } from '../../../src-renderer/topology/graph-diff';

const element: fc.Arbitrary<GraphElement> = fc
  .record({
    number: fc.integer({ min: 0, max: 12 }),
    isEdge: fc.boolean(),
    classes: fc.constantFrom('card', 'card selected', 'card faded'),
    width: fc.integer({ min: 0, max: 3 }),
    x: fc.integer({ min: 0, max: 3 }),
    source: fc.constantFrom('a', 'b'),
  })
  .map(({ number, isEdge, classes, width, x, source }): GraphElement =>
    isEdge
      ? { id: `e${number}`, group: 'edges', classes, data: { source, target: 'c', width } }
      : { id: `n${number}`, group: 'nodes', classes, data: { width }, position: { x, y: 0 } },
  );
const drawing = fc.uniqueArray(element, { selector: (one) => one.id, maxLength: 20 });

/** What a drawing program does with a diff: an update changes data, classes and place, never the kind or the ends. */
function apply(before: readonly GraphElement[], after: readonly GraphElement[]): Map<string, GraphElement> {
  const diff = diffElements(before, after);
  const drawn = new Map(before.map((one) => [one.id, one]));
  for (const id of diff.remove) {
    expect(drawn.has(id)).toBe(true);
    drawn.delete(id);
  }
  for (const one of diff.add) {
    expect(drawn.has(one.id)).toBe(false);
    drawn.set(one.id, one);
  }
  for (const one of diff.update) {
    const old = drawn.get(one.id);
    expect(old?.group).toBe(one.group);
    expect(old?.data['source']).toBe(one.data['source']);
    drawn.set(one.id, one);
  }
  return drawn;
}

describe('diffElements', () => {
  it('turns any drawing into any other', () => {
    fc.assert(
      fc.property(drawing, drawing, (before, after) => {
        expect(apply(before, after)).toEqual(new Map(after.map((one) => [one.id, one])));
      }),
    );
  });

  it('touches nothing that stayed as it was', () => {
    fc.assert(
      fc.property(drawing, drawing, (before, after) => {
        const touched = diffElements(before, after);
        const old = new Map(before.map((one) => [one.id, JSON.stringify(one)]));
        for (const one of [...touched.add, ...touched.update]) {
          expect(old.get(one.id)).not.toBe(JSON.stringify(one));
        }
        expect(diffElements(after, structuredClone(after) as GraphElement[])).toEqual({
          remove: [],
          add: [],
          update: [],
        });
      }),
    );
  });

  it('adds nodes before the edges between them, and replaces an edge whose ends changed', () => {
    const node = (id: string): GraphElement => ({ id, group: 'nodes', classes: '', data: {} });
    const edge = (target: string): GraphElement => ({
      id: 'e',
      group: 'edges',
      classes: '',
      data: { source: 'a', target },
    });
    expect(diffElements([], [edge('b'), node('a'), node('b')]).add.map((one) => one.id)).toEqual([
      'a',
      'b',
      'e',
    ]);
    const changed = diffElements(
      [node('a'), node('b'), node('c'), edge('b')],
      [node('a'), node('b'), node('c'), edge('c')],
    );
    expect(changed.remove).toEqual(['e']);
    expect(changed.add.map((one) => one.id)).toEqual(['e']);
  });
});
