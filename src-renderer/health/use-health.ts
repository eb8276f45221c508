import { onScopeDispose, readonly, ref, shallowRef, toValue, watch } from 'vue';
import type { MaybeRefOrGetter, Ref, ShallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/failure';
import { request } from '../api/bridge';
import { useClusterStore } from '../clusters/cluster-store';

/** Main goes on checking for two minutes after it was asked last. */
const lookEveryMs = 60_000;

/**
 * Keeps the health report of a cluster fresh while the calling component is mounted and the window is in sight; makes
 * one where there is none. The report is in `useCluster(clusterId).health`.
 */
export function useHealth(clusterId: MaybeRefOrGetter<string>): {
  /** Why the last check failed. */
  readonly failure: Readonly<ShallowRef<Failure | undefined>>;
  readonly isChecking: Readonly<Ref<boolean>>;
  readonly check: () => Promise<void>;
  readonly cancel: () => void;
} {
  const store = useClusterStore();
  const failure = shallowRef<Failure>();
  const isChecking = ref(false);
  let current: AbortController | null = null;

  async function check(): Promise<void> {
    if (isChecking.value) return;
    const id = toValue(clusterId);
    const mine = new AbortController();
    current = mine;
    isChecking.value = true;
    const result = await request('health.check', { clusterId: id }, { signal: mine.signal });
    if (current !== mine) return;
    current = null;
    isChecking.value = false;
    if (result.ok) {
      failure.value = undefined;
      store.putHealth(result.value);
    } else if (result.failure.kind !== 'cancelled') failure.value = result.failure;
  }

  function cancel(): void {
    current?.abort();
    current = null;
    isChecking.value = false;
  }

  async function look(): Promise<void> {
    const id = toValue(clusterId);
    if (document.visibilityState === 'hidden' || store.sessions.get(id)?.phase !== 'open') return;
    const result = await request('health.report', { clusterId: id });
    if (id !== toValue(clusterId) || !result.ok) return;
    if (result.value === null) void check();
    else {
      store.putHealth(result.value);
      const age = Date.now() - Date.parse(result.value.takenAt);
      if (age > 2 * lookEveryMs) void check();
    }
  }

  const beat = setInterval(() => void look(), lookEveryMs);
  watch(
    () => [toValue(clusterId), store.sessions.get(toValue(clusterId))?.phase],
    () => {
      cancel();
      failure.value = undefined;
      void look();
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    clearInterval(beat);
    cancel();
  });

  return { failure, isChecking: readonly(isChecking), check, cancel };
}
