/** Which cells of the matrix are in sight, which one the keys are on, and how they move it. */
import { computed, nextTick, onBeforeUnmount, onMounted, ref } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import { cellsInSight } from './matrix';
import type { Matrix } from './matrix';

export const rowHeight = 32;
export const columnWidth = 104;
export const headWidth = 190;

/** Row -1 is the head, column -1 the nodes. */
export interface MatrixPlace {
  readonly row: number;
  readonly column: number;
}

interface Range {
  readonly first: number;
  readonly end: number;
}

export interface MatrixCells {
  readonly rows: ComputedRef<Range>;
  readonly columns: ComputedRef<Range>;
  readonly active: Ref<MatrixPlace>;
  onScroll(): void;
  /** True when the key moved to another cell. */
  onMoveKey(event: KeyboardEvent): boolean;
}

export function useMatrixCells(
  matrix: ComputedRef<Matrix>,
  scroller: Ref<HTMLElement | undefined>,
): MatrixCells {
  const scrolled = ref({ top: 0, left: 0 });
  const room = ref({ width: 800, height: 600 });
  const active = ref<MatrixPlace>({ row: 0, column: -1 });

  const rows = computed(() =>
    cellsInSight(matrix.value.rows.length, rowHeight, scrolled.value.top, room.value.height - rowHeight),
  );
  const columns = computed(() =>
    cellsInSight(
      matrix.value.families.length,
      columnWidth,
      scrolled.value.left,
      room.value.width - headWidth,
    ),
  );

  let observer: ResizeObserver | undefined;
  onMounted(() => {
    if (scroller.value === undefined || typeof ResizeObserver === 'undefined') return;
    observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) room.value = entry.contentRect;
    });
    observer.observe(scroller.value);
  });
  onBeforeUnmount(() => observer?.disconnect());

  function onScroll(): void {
    scrolled.value = { top: scroller.value?.scrollTop ?? 0, left: scroller.value?.scrollLeft ?? 0 };
  }

  async function moveTo(place: MatrixPlace): Promise<void> {
    const target = {
      row: Math.min(Math.max(-1, place.row), matrix.value.rows.length - 1),
      column: Math.min(Math.max(-1, place.column), matrix.value.families.length - 1),
    };
    if (scroller.value !== undefined) bringIntoSight(scroller.value, target);
    onScroll();
    // The cell has to be drawn before it can be named as the active one.
    await nextTick();
    active.value = target;
  }

  function onMoveKey(event: KeyboardEvent): boolean {
    const { row, column } = active.value;
    const page = Math.max(1, Math.floor(room.value.height / rowHeight) - 2);
    const last = { row: matrix.value.rows.length - 1, column: matrix.value.families.length - 1 };
    const places: Readonly<Record<string, MatrixPlace>> = {
      ArrowDown: { row: row + 1, column },
      ArrowUp: { row: row - 1, column },
      ArrowRight: { row, column: column + 1 },
      ArrowLeft: { row, column: column - 1 },
      PageDown: { row: row + page, column },
      PageUp: { row: row - page, column },
      Home: event.ctrlKey ? { row: 0, column: -1 } : { row, column: -1 },
      End: event.ctrlKey ? last : { row, column: last.column },
    };
    const place = places[event.key];
    if (place !== undefined) void moveTo(place);
    return place !== undefined;
  }

  return { rows, columns, active, onScroll, onMoveKey };
}

/** Behind the head and the names of the nodes nothing is in sight. */
function bringIntoSight(box: HTMLElement, { row, column }: MatrixPlace): void {
  const top = row * rowHeight;
  const left = column * columnWidth;
  if (row >= 0) {
    if (top < box.scrollTop) box.scrollTop = top;
    const bottom = top + 2 * rowHeight;
    if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
  }
  if (column < 0) box.scrollLeft = 0;
  else {
    if (left < box.scrollLeft) box.scrollLeft = left;
    const right = left + columnWidth + headWidth;
    if (right > box.scrollLeft + box.clientWidth) box.scrollLeft = right - box.clientWidth;
  }
}
