import { onScopeDispose, readonly, ref } from 'vue';
import type { Ref } from 'vue';

/** One clock for every age on the screen; it stands still while nobody looks at it. */
const nowMs = ref(Date.now());
let readers = 0;
let beat: ReturnType<typeof setInterval> | null = null;

/** Milliseconds since the epoch, renewed every second while a component uses it. */
export function useNow(): Readonly<Ref<number>> {
  nowMs.value = Date.now();
  readers += 1;
  beat ??= setInterval(() => {
    nowMs.value = Date.now();
  }, 1000);
  onScopeDispose(() => {
    readers -= 1;
    if (readers > 0 || beat === null) return;
    clearInterval(beat);
    beat = null;
  });
  return readonly(nowMs);
}
