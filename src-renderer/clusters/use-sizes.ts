import { onScopeDispose, readonly, ref, shallowRef, toValue, watch } from 'vue';
import type { MaybeRefOrGetter, Ref, ShallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/failure';
import { request } from '../api/bridge';
import { useClusterStore } from './cluster-store';

/**
 * Keeps the sizes of a cluster fresh while the calling component is mounted and the window is in sight: reading them
 * makes the coordinator connect to every node, so nobody looking means nobody asking. The answer is in
 * `useCluster(clusterId).sizes`; what is returned is why the last attempt failed.
 */
export function useSizes(
  clusterId: MaybeRefOrGetter<string>,
  everyMs = 30_000,
): {
  readonly failure: Readonly<ShallowRef<Failure | undefined>>;
  readonly isLoading: Readonly<Ref<boolean>>;
  readonly read: () => Promise<void>;
} {
  const store = useClusterStore();
  const failure = shallowRef<Failure>();
  const isLoading = ref(false);
  let current: AbortController | null = null;

  async function ask(maxAgeMs: number): Promise<void> {
    const id = toValue(clusterId);
    if (isLoading.value || document.visibilityState === 'hidden') return;
    if (store.sessions.get(id)?.phase !== 'open') return;
    const mine = new AbortController();
    current = mine;
    isLoading.value = true;
    const result = await request('cluster.sizes', { clusterId: id, maxAgeMs }, { signal: mine.signal });
    if (current !== mine) return;
    current = null;
    isLoading.value = false;
    if (result.ok) {
      failure.value = undefined;
      store.putSizes(result.value);
    } else if (result.failure.kind !== 'cancelled') failure.value = result.failure;
  }
  function stop(): void {
    current?.abort();
    current = null;
    isLoading.value = false;
  }

  const beat = setInterval(() => void ask(everyMs), everyMs);
  watch(
    () => [toValue(clusterId), store.sessions.get(toValue(clusterId))?.phase],
    () => {
      stop();
      failure.value = undefined;
      void ask(everyMs);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    clearInterval(beat);
    stop();
  });

  return { failure, isLoading: readonly(isLoading), read: () => ask(0) };
}
