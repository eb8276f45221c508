import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsFor, controlPoints, layoutCards, neighbourOf } from '../../../src-renderer/topology/layout';
import { layoutBlocks } from '../../../src-renderer/topology/layout-tiles';
import type { Box, PlacedBox } from '../../../src-renderer/topology/layout';

function overlap(a: PlacedBox, b: PlacedBox): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function expectApart(boxes: readonly PlacedBox[]): void {
  const found = boxes.flatMap((a, index) =>
    boxes.slice(index + 1).flatMap((b) => (overlap(a, b) ? [`${a.id} over ${b.id}`] : [])),
  );
  expect(found).toEqual([]);
}

const sizes = fc.array(
  fc.record({ width: fc.integer({ min: 40, max: 500 }), height: fc.integer({ min: 40, max: 400 }) }),
  {
    maxLength: 30,
  },
);
const named =
  (prefix: string) =>
  (box: { width: number; height: number }, index: number): Box => ({
    ...box,
    id: `${prefix}${index}`,
  });

describe('layoutCards', () => {
  it('never lets two cards overlap, and puts the coordinator above all workers', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 9 }), (boxes, columns) => {
        const layout = layoutCards([{ id: 'c', width: 200, height: 80 }], boxes.map(named('w')), columns);
        const all = [...layout.coordinators, ...layout.workers];
        expect(layout.workers).toHaveLength(boxes.length);
        expectApart(all);
        for (const worker of layout.workers) expect(worker.y).toBeGreaterThanOrEqual(80);
      }),
    );
  });

  it('leaves every card where it was when another is added at the end of a full row', () => {
    const box = (id: string): Box => ({ id, width: 196, height: 200 });
    const before = layoutCards([box('c')], ['a', 'b', 'd'].map(box), 3);
    const after = layoutCards([box('c')], ['a', 'b', 'd', 'e'].map(box), 3);
    for (const placed of before.workers) {
      expect(after.workers.find((one) => one.id === placed.id)).toEqual(placed);
    }
  });

  it('does not move a card of the first row when its neighbour grows in height', () => {
    const box = (id: string, height = 200): Box => ({ id, width: 196, height });
    const before = layoutCards([box('c')], [box('a'), box('b')], 2);
    const after = layoutCards([box('c')], [box('a', 300), box('b')], 2);
    expect(after.workers[1]).toEqual(before.workers[1]);
  });

  it('is empty without nodes', () => {
    expect(layoutCards([], [], 3)).toMatchObject({ coordinators: [], workers: [], width: 0, height: 0 });
  });
});

describe('columnsFor', () => {
  it('takes more columns in a wider view, at least one and at most one a card', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.3, max: 4, noNaN: true }),
        (count, ratio) => {
          const cell = { width: 196, height: 260 };
          const columns = columnsFor(count, ratio, cell);
          expect(columns).toBeGreaterThanOrEqual(1);
          expect(columns).toBeLessThanOrEqual(count);
          expect(columnsFor(count, ratio * 2, cell)).toBeGreaterThanOrEqual(columns);
        },
      ),
    );
    expect(columnsFor(4, 1.4, { width: 196, height: 260 })).toBe(4);
  });
});

describe('layoutBlocks', () => {
  it('loses no tile and no name, and lets none overlap, whatever the blocks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0.5, max: 3, noNaN: true }),
        (blockSizes, aspectRatio) => {
          const blocks = blockSizes.map((size, block) => ({
            label: `rack ${block}`,
            ids: Array.from({ length: size }, (_, index) => `${block}/${index}`),
          }));
          const layout = layoutBlocks(blocks, aspectRatio);
          expect(layout.boxes.map((box) => box.id).sort()).toEqual(blocks.flatMap((one) => one.ids).sort());
          expectApart(layout.boxes);
          expect(layout.labels.map((label) => label.text)).toEqual(blocks.map((one) => one.label));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('packs many small blocks, so that 200 hosts do not take 200 rows', () => {
    const blocks = Array.from({ length: 100 }, (_, host) => ({
      label: `host ${host}`,
      ids: [`${host}/a`, `${host}/b`],
    }));
    const { width, height } = layoutBlocks(blocks, 1.4);
    expect(width / height).toBeGreaterThan(0.8);
    expect(width / height).toBeLessThan(2.2);
  });
});

describe('controlPoints', () => {
  it('names points beside a line so that they can be found again', () => {
    const coordinate = fc.integer({ min: -500, max: 500 });
    const point = fc.record({ x: coordinate, y: coordinate });
    fc.assert(
      fc.property(point, point, point, (from, to, through) => {
        fc.pre(from.x !== to.x || from.y !== to.y);
        const { weights, distances } = controlPoints(from, to, [through]);
        const [weight, distance] = [weights[0] ?? NaN, distances[0] ?? NaN];
        const length = Math.hypot(to.x - from.x, to.y - from.y);
        // As Cytoscape computes it: along the line by weight, then across it by distance.
        const x = from.x * (1 - weight) + to.x * weight - ((to.y - from.y) / length) * distance;
        const y = from.y * (1 - weight) + to.y * weight + ((to.x - from.x) / length) * distance;
        expect(x).toBeCloseTo(through.x, 6);
        expect(y).toBeCloseTo(through.y, 6);
      }),
    );
  });
});

describe('neighbourOf', () => {
  const at = (id: string, x: number, y: number): PlacedBox => ({ id, x, y, width: 10, height: 10, row: 0 });
  const boxes = [at('c', 20, 0), at('a', 0, 40), at('b', 20, 40), at('d', 40, 40), at('e', 0, 80)];

  it('goes to the nearest in each direction and stops at the edge', () => {
    expect(neighbourOf(boxes, 'b', 'left')).toBe('a');
    expect(neighbourOf(boxes, 'b', 'right')).toBe('d');
    expect(neighbourOf(boxes, 'b', 'up')).toBe('c');
    expect(neighbourOf(boxes, 'a', 'down')).toBe('e');
    expect(neighbourOf(boxes, 'd', 'right')).toBeNull();
  });

  it('begins with the first when nothing is selected, and with nothing where there is nothing', () => {
    expect(neighbourOf(boxes, 'gone', 'left')).toBe('c');
    expect(neighbourOf([], 'gone', 'left')).toBeNull();
  });
});
