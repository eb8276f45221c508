import { onScopeDispose } from 'vue';

/** A listener that ends with the component. */
export function useEventListener<K extends keyof WindowEventMap>(
  target: Window,
  type: K,
  listener: (event: WindowEventMap[K]) => void,
): void {
  target.addEventListener(type, listener);
  onScopeDispose(() => target.removeEventListener(type, listener));
}
