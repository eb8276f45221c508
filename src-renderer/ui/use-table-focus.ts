import { computed, nextTick, ref } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import type { TableLine } from './table-lines';

export interface TableFocusParts<Row> {
  readonly lines: () => readonly TableLine<Row>[];
  /** Keys of the lines that are drawn. */
  readonly drawnKeys: () => readonly string[];
  readonly selected: Ref<string | null>;
  readonly isSelectable: () => boolean;
  /** Lines that a page up or down leaves behind. */
  readonly page: () => number;
  /** Brings the line of this index into sight; it is drawn after the next tick. */
  readonly scrollTo: (index: number) => void;
  readonly lineElement: (index: number) => HTMLElement | null | undefined;
  readonly toggle: (key: string) => void;
  readonly open: (row: Row) => void;
}

export interface TableFocus<Row> {
  /** The one line that Tab reaches: the last focused, else the selected, else the first drawn. */
  readonly tabKey: ComputedRef<string | undefined>;
  readonly focusedKey: Ref<string | null>;
  readonly select: (key: string) => void;
  readonly focusRow: (index: number) => Promise<void>;
  readonly onKeydown: (event: KeyboardEvent, index: number, line: TableLine<Row>) => void;
}

/** Which line of a table has the focus, and what the keys do there. */
export function useTableFocus<Row>(parts: TableFocusParts<Row>): TableFocus<Row> {
  const focusedKey = ref<string | null>(null);
  const tabKey = computed(() => {
    const keys = parts.drawnKeys();
    return (
      [focusedKey.value, parts.selected.value].find((key) => key !== null && keys.includes(key)) ?? keys[0]
    );
  });

  function select(key: string): void {
    if (!parts.isSelectable()) return;
    focusedKey.value = key;
    parts.selected.value = key;
  }

  async function focusRow(index: number): Promise<void> {
    const lines = parts.lines();
    const target = Math.min(Math.max(0, index), lines.length - 1);
    const line = lines[target];
    if (line === undefined) return;
    focusedKey.value = line.key;
    parts.scrollTo(target);
    await nextTick();
    parts.lineElement(target)?.focus();
  }

  function onKeydown(event: KeyboardEvent, index: number, line: TableLine<Row>): void {
    if (!parts.isSelectable() || event.target !== event.currentTarget) return;
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + parts.page(),
      PageUp: index - parts.page(),
      Home: 0,
      End: parts.lines().length - 1,
    };
    const target = targets[event.key];
    const isPress = event.key === 'Enter' || event.key === ' ';
    const canFold = line.type === 'section' || line.children > 0;
    if (target !== undefined) void focusRow(target);
    else if (canFold && event.key === (line.isOpen ? 'ArrowLeft' : 'ArrowRight')) parts.toggle(line.key);
    else if (isPress && line.type === 'section') parts.toggle(line.key);
    else if (event.key === 'Enter' && line.type === 'row' && parts.selected.value === line.key)
      parts.open(line.row);
    else if (isPress) select(line.key);
    else return;
    event.preventDefault();
  }

  return { tabKey, focusedKey, select, focusRow, onKeydown };
}
