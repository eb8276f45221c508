/** Pure: who reaches whom as a grid that can be read, however many nodes there are. */
import type { HealthConnections } from '../../src-main/contract/health';
import type { ShownState } from '../ui/states';

export interface ConnectionCell {
  readonly key: string;
  /** Null for a node and itself. */
  readonly state: ShownState | null;
  readonly words: string;
}

export interface ConnectionGrid {
  readonly columns: readonly { readonly key: string; readonly title: string }[];
  readonly rows: readonly {
    readonly key: string;
    readonly title: string;
    readonly cells: readonly ConnectionCell[];
  }[];
  /** Nodes that reach all others and are reached by all, left out where there are too many to show. */
  readonly folded: number;
  readonly counts: { readonly reached: number; readonly failed: number; readonly unknown: number };
}

/** More cannot be read beside each other. */
export const shownNodes = 24;

/** All nodes where they fit; else those first of which something fails or is not known. */
export function toConnectionGrid(
  connections: HealthConnections,
  titleOf: (address: string) => string,
): ConnectionGrid {
  const { nodes, rows } = connections;
  const all = rows.join('');
  const count = (cell: string): number => all.split(cell).length - 1;
  const badness = nodes.map((_, index) => {
    const around = `${rows[index] ?? ''}${rows.map((row) => row[index] ?? '').join('')}`;
    return around.includes('x') ? 0 : around.includes('?') ? 1 : 2;
  });
  const order = nodes.map((_, index) => index);
  const shown =
    nodes.length <= shownNodes
      ? order
      : order
          .filter((index) => badness[index] !== 2)
          .sort((one, other) => (badness[one] ?? 0) - (badness[other] ?? 0) || one - other)
          .slice(0, shownNodes);
  const title = (index: number): string => titleOf(nodes[index] ?? '');
  return {
    columns: shown.map((index) => ({ key: nodes[index] ?? '', title: title(index) })),
    rows: shown.map((row) => ({
      key: nodes[row] ?? '',
      title: title(row),
      cells: shown.map((column) => ({
        key: nodes[column] ?? '',
        ...cellOf(rows[row]?.[column] ?? '?', title(row), title(column)),
      })),
    })),
    folded: nodes.length - shown.length,
    counts: { reached: count('+'), failed: count('x'), unknown: count('?') },
  };
}

function cellOf(cell: string, from: string, to: string): Omit<ConnectionCell, 'key'> {
  switch (cell) {
    case '+':
      return { state: 'ok', words: `${from} reaches ${to}` };
    case 'x':
      return { state: 'bad', words: `${from} does not reach ${to}` };
    case '.':
      return { state: null, words: 'the node itself' };
    default:
      return { state: 'mute', words: `not known whether ${from} reaches ${to}` };
  }
}
