import { computed, onBeforeUnmount, onMounted, ref, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import { rowWindow } from './table-rows';
import type { RowWindow } from './table-rows';

/** Which lines of a scrolled list are drawn, and how to bring one into sight. */
export function useRowWindow(
  count: () => number,
  rowHeight: () => number,
): {
  readonly scroller: Ref<HTMLDivElement | undefined>;
  readonly drawn: ComputedRef<RowWindow>;
  /** Lines that a page up or down leaves behind. */
  readonly page: ComputedRef<number>;
  readonly onScroll: () => void;
  readonly scrollTo: (index: number) => void;
} {
  const scroller = ref<HTMLDivElement>();
  const scrollTop = ref(0);
  const viewHeight = ref(600);
  const drawn = computed(() => rowWindow(count(), rowHeight(), scrollTop.value, viewHeight.value));
  const page = computed(() => Math.max(1, Math.floor(viewHeight.value / rowHeight()) - 2));

  const onScroll = (): void => void (scrollTop.value = scroller.value?.scrollTop ?? 0);

  let observer: ResizeObserver | undefined;
  onMounted(() => {
    if (scroller.value === undefined || typeof ResizeObserver === 'undefined') return;
    observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) viewHeight.value = entry.contentRect.height;
    });
    observer.observe(scroller.value);
  });
  onBeforeUnmount(() => observer?.disconnect());

  // A long list that became short may be scrolled beyond its end.
  watch(count, onScroll, { flush: 'post' });

  return {
    scroller,
    drawn,
    page,
    onScroll,
    scrollTo(index) {
      const view = scroller.value;
      if (view === undefined || (index >= drawn.value.first && index < drawn.value.end)) return;
      view.scrollTop = index * rowHeight() - view.clientHeight / 2;
      onScroll();
    },
  };
}
