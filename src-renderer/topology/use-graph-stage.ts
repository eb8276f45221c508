import { onBeforeUnmount, onMounted, ref, shallowRef } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import { onThemeChanged, readPalette } from './palette';
import type { Palette } from './palette';

interface StageCanvas {
  resize(): void;
  fit(): void;
  destroy(): void;
}

export interface GraphStageParts<Canvas extends StageCanvas> {
  readonly create: (container: HTMLElement) => Canvas;
  /** Draws for the first time; every later drawing is its owner's. */
  readonly draw: (canvas: Canvas) => void;
  /** What keys do while the stage has the focus, by `KeyboardEvent.key`. */
  readonly keys?: Readonly<Record<string, () => void>>;
}

export interface GraphStage<Canvas extends StageCanvas> {
  /** Of the theme. */
  readonly palette: ShallowRef<Palette>;
  /** Width by height, in steps, so that a window that grows a little does not move a card to another row. */
  readonly aspectRatio: Ref<number>;
  /** Null while there is no stage. */
  readonly canvas: () => Canvas | null;
  readonly onKeydown: (event: KeyboardEvent) => void;
}

const ratioStep = 0.12;

/** The life of a graph's canvas: made in the element `stage`, resized and coloured with the window, ended with the view. */
export function useGraphStage<Canvas extends StageCanvas>(
  stage: Ref<HTMLElement | undefined>,
  parts: GraphStageParts<Canvas>,
): GraphStage<Canvas> {
  const root = document.documentElement;
  const palette = shallowRef(readPalette(root));
  const aspectRatio = ref(1.5);
  let canvas: Canvas | null = null;
  let observer: ResizeObserver | undefined;

  function measure(): void {
    const box = stage.value?.getBoundingClientRect();
    if (box === undefined || box.height === 0) return;
    const ratio = box.width / box.height;
    if (Math.abs(ratio - aspectRatio.value) / aspectRatio.value > ratioStep) aspectRatio.value = ratio;
    canvas?.resize();
  }

  function onKeydown(event: KeyboardEvent): void {
    if (event.target !== stage.value || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = parts.keys?.[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  onMounted(() => {
    if (stage.value === undefined) return;
    canvas = parts.create(stage.value);
    observer = new ResizeObserver(measure);
    observer.observe(stage.value);
    measure();
    parts.draw(canvas);
    canvas.fit();
  });
  const offTheme = onThemeChanged(root, () => (palette.value = readPalette(root)));
  onBeforeUnmount(() => {
    offTheme();
    observer?.disconnect();
    canvas?.destroy();
    canvas = null;
  });

  return { palette, aspectRatio, canvas: () => canvas, onKeydown };
}
