import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextSort, rowWindow, sortRows, toCsv } from '../../../src-renderer/ui/table-rows';
import type { TableColumn } from '../../../src-renderer/ui/table-rows';

interface Row {
  readonly name: string | null;
  readonly bytes: number | null;
}
const columns: readonly TableColumn<Row>[] = [
  { id: 'name', label: 'Name', value: (row) => row.name },
  { id: 'bytes', label: 'Bytes', value: (row) => row.bytes },
];

describe('sortRows', () => {
  const rows: readonly Row[] = [
    { name: 'worker-10', bytes: 9 },
    { name: 'worker-2', bytes: 100 },
    { name: null, bytes: null },
    { name: 'Worker-1', bytes: 20 },
  ];

  it('compares names by their numbers and without case', () => {
    const names = sortRows(rows, columns, { columnId: 'name', direction: 'ascending' }).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['Worker-1', 'worker-2', 'worker-10', null]);
  });

  it('compares numbers as numbers, and leaves the unknown last both ways', () => {
    const up = sortRows(rows, columns, { columnId: 'bytes', direction: 'ascending' });
    const down = sortRows(rows, columns, { columnId: 'bytes', direction: 'descending' });
    expect(up.map(({ bytes }) => bytes)).toEqual([9, 20, 100, null]);
    expect(down.map(({ bytes }) => bytes)).toEqual([100, 20, 9, null]);
  });

  it('leaves the rows it was given alone, and their order where none is asked for', () => {
    const before = [...rows];
    sortRows(rows, columns, { columnId: 'bytes', direction: 'ascending' });
    expect(rows).toEqual(before);
    expect(sortRows(rows, columns, null)).toBe(rows);
    expect(sortRows(rows, columns, { columnId: 'gone', direction: 'ascending' })).toBe(rows);
  });

  it('goes up, down, and back to the given order', () => {
    const up = nextSort(null, 'name');
    const down = nextSort(up, 'name');
    expect([up?.direction, down?.direction, nextSort(down, 'name')]).toEqual([
      'ascending',
      'descending',
      null,
    ]);
    expect(nextSort(down, 'bytes')).toEqual({ columnId: 'bytes', direction: 'ascending' });
  });
});

describe('rowWindow', () => {
  it('draws all of a few rows', () => {
    expect(rowWindow(200, 32, 0, 600)).toEqual({ first: 0, end: 200, above: 0, below: 0 });
  });

  it('draws what is in sight of many, whatever the position, and keeps the full height', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 201, max: 50_000 }),
        fc.integer({ min: 0, max: 2_000_000 }),
        fc.integer({ min: 0, max: 2_000 }),
        (rowCount, scrollTop, viewHeight) => {
          const drawn = rowWindow(rowCount, 32, scrollTop, viewHeight);
          expect(drawn.above + drawn.below + (drawn.end - drawn.first) * 32).toBe(rowCount * 32);
          expect(drawn.end - drawn.first).toBeLessThanOrEqual(Math.ceil(viewHeight / 32) + 25);
          const reachable = Math.min(scrollTop, Math.max(0, rowCount * 32 - viewHeight));
          expect(drawn.above).toBeLessThanOrEqual(reachable);
          expect(drawn.end * 32).toBeGreaterThanOrEqual(Math.min(rowCount * 32, reachable + viewHeight));
        },
      ),
    );
  });
});

describe('toCsv', () => {
  it('quotes what has to be quoted and leaves the unknown empty', () => {
    const csv = toCsv(columns, [
      { name: 'a,"b"\nc', bytes: 5 },
      { name: null, bytes: null },
    ]);
    expect(csv).toBe('Name,Bytes\r\n"a,""b""\nc",5\r\n,\r\n');
  });

  it('makes a name that a spreadsheet would run into text, and leaves negative numbers alone', () => {
    const csv = toCsv(columns, [{ name: '=HYPERLINK("x")', bytes: -3 }]);
    expect(csv).toBe('Name,Bytes\r\n"\'=HYPERLINK(""x"")",-3\r\n');
  });
});
