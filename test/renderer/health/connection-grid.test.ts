import { describe, expect, it } from 'vitest';
import type { HealthConnections } from '../../../src-main/contract/health';
import { shownNodes, toConnectionGrid } from '../../../src-renderer/health/connection-grid';

const many = (broken: readonly (readonly [from: number, to: number, cell: string])[]): HealthConnections => {
  const cells = Array.from({ length: 100 }, (_, row) =>
    Array.from({ length: 100 }, (_other, column) => (row === column ? '.' : '+')),
  );
  for (const [from, to, cell] of broken) (cells[from] as string[])[to] = cell;
  return { nodes: cells.map((_, index) => `db-w${index}:5432`), rows: cells.map((row) => row.join('')) };
};

describe('the grid of connections', () => {
  it('shows every pair of a few nodes in words', () => {
    const grid = toConnectionGrid({ nodes: ['a:1', 'b:2', 'c:3'], rows: ['.+x', '+.?', '++.'] }, (address) =>
      address.slice(0, 1),
    );
    expect(grid.counts).toEqual({ reached: 4, failed: 1, unknown: 1 });
    expect(grid.folded).toBe(0);
    expect(grid.rows[0]?.cells.map(({ state, words }) => [state, words])).toEqual([
      [null, 'the node itself'],
      ['ok', 'a reaches b'],
      ['bad', 'a does not reach c'],
    ]);
    expect(grid.rows[1]?.cells[2]).toMatchObject({ state: 'mute', words: 'not known whether b reaches c' });
  });

  it('shows of many nodes those with something to tell, what fails before what is not known', () => {
    const grid = toConnectionGrid(
      many([
        [3, 7, '?'],
        [50, 60, 'x'],
      ]),
      (address) => address,
    );
    expect(grid.rows.map(({ title }) => title)).toEqual([
      'db-w50:5432',
      'db-w60:5432',
      'db-w3:5432',
      'db-w7:5432',
    ]);
    expect(grid.folded).toBe(96);
  });

  it('never shows more than can be read, and nothing where all is well', () => {
    const row = Array.from({ length: 99 }, (_, to) => [99, to, 'x'] as const);
    expect(toConnectionGrid(many(row), (address) => address).rows).toHaveLength(shownNodes);
    expect(toConnectionGrid(many([]), (address) => address)).toMatchObject({ rows: [], folded: 100 });
  });
});
