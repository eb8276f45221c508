import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrangeRows } from '../../../src-renderer/ui/table-lines';
import type { TableLine } from '../../../src-renderer/ui/table-lines';

interface Row {
  readonly id: string;
  readonly parent: string | null;
  readonly kind: string;
}

const rowKey = (row: Row): string => row.id;
const parentKey = (row: Row): string | null => row.parent;
const section = (row: Row) => ({ key: row.kind, label: row.kind, rank: row.kind === 'z' ? 0 : 1 });
const rows: readonly Row[] = [
  { id: 'b', parent: null, kind: 'x' },
  { id: 'a2', parent: 'a', kind: 'x' },
  { id: 'a', parent: null, kind: 'y' },
  { id: 'a1', parent: 'a', kind: 'x' },
  { id: 'c', parent: null, kind: 'z' },
  { id: 'lone', parent: 'not here', kind: 'x' },
];
const keys = (lines: readonly TableLine<Row>[]): readonly string[] => lines.map((line) => line.key);

describe('arrangeRows', () => {
  it('keeps the order without sections and parents', () => {
    expect(keys(arrangeRows(rows, { rowKey }, new Set()))).toEqual(rows.map(rowKey));
  });

  it('folds rows below their parent until it is opened; one whose parent is away stands by itself', () => {
    expect(keys(arrangeRows(rows, { rowKey, parentKey }, new Set()))).toEqual(['b', 'a', 'c', 'lone']);
    const open = arrangeRows(rows, { rowKey, parentKey }, new Set(['a']));
    expect(keys(open)).toEqual(['b', 'a', 'a2', 'a1', 'c', 'lone']);
    expect(keys(arrangeRows(rows, { rowKey, parentKey, isUnfolded: true }, new Set()))).toEqual(keys(open));
    expect(keys(arrangeRows(rows, { rowKey, parentKey, isUnfolded: true }, new Set(['a'])))).not.toContain(
      'a1',
    );
  });

  it('puts rows into sections by rank and label, with the folded counted', () => {
    const lines = arrangeRows(rows, { rowKey, parentKey, section }, new Set(['section:x']));
    expect(keys(lines)).toEqual(['section:z', 'c', 'section:x', 'section:y', 'a']);
    expect(lines.flatMap((line) => (line.type === 'section' ? line.count : []))).toEqual([1, 2, 3]);
  });

  it('shows every row exactly once when all is open', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.nat(4), fc.nat(9)), {
          selector: ([id]) => id,
        }),
        (made) => {
          const tops = made.filter(([, , at]) => at > 4).map(([id]) => id);
          const list = made.map(([id, kind, at]) => ({
            id,
            kind: String(kind),
            parent: at > 4 ? null : (tops[at] ?? null),
          }));
          const lines = arrangeRows(list, { rowKey, parentKey, section, isUnfolded: true }, new Set());
          const shown = lines.flatMap((line) => (line.type === 'row' ? line.key : []));
          expect([...shown].sort()).toEqual(list.map(rowKey).sort());
        },
      ),
    );
  });
});
