import { onScopeDispose, readonly, ref, shallowRef, toValue, watch } from 'vue';
import type { MaybeRefOrGetter, Ref, ShallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/failure';
import type { SizesWanted } from '../../src-main/contract/cluster';
import { request } from '../api/bridge';
import { countUnreachable } from './cluster-state';
import { useClusterStore } from './cluster-store';
import { readSizes } from './follow-records';

const soonMs = 3_000;

/**
 * Keeps the sizes of a cluster fresh while the calling component is mounted and the window is in sight: reading them
 * makes the coordinator connect to every node, so nobody looking means nobody asking, and seldom where it takes long. The answer is in
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

  async function ask(wanted: SizesWanted): Promise<void> {
    const id = toValue(clusterId);
    if (isLoading.value || document.visibilityState === 'hidden') return;
    if (store.sessions.get(id)?.phase !== 'open') return;
    const mine = new AbortController();
    current = mine;
    isLoading.value = true;
    const result = await request('cluster.readSizes', { clusterId: id, wanted }, { signal: mine.signal });
    if (current !== mine) return;
    current = null;
    isLoading.value = false;
    if (result.ok) {
      failure.value = undefined;
      // What changed was told before; a window that was reloaded since holds nothing that it could be applied to.
      if ((store.sizes.get(id)?.revision ?? -1) < result.value.revision) await readSizes(id);
    } else if (result.failure.kind !== 'cancelled') failure.value = result.failure;
  }
  function stop(): void {
    current?.abort();
    current = null;
    isLoading.value = false;
  }

  // How seldom the cluster is really asked is decided in main.
  const beat = setInterval(() => void ask('watching'), everyMs);
  watch(
    () => [toValue(clusterId), store.sessions.get(toValue(clusterId))?.phase],
    () => {
      stop();
      failure.value = undefined;
      // Whoever comes to look at sizes of which some are missing does not wait for the next beat.
      const id = toValue(clusterId);
      void ask(store.sizes.has(id) && hasUnsized(id) ? 'now' : 'arriving');
    },
    { immediate: true },
  );

  // New shards have no size yet, and those of a node that is back none any more: they are asked for soon, not at the
  // next beat, and however many come only once.
  let soon: ReturnType<typeof setTimeout> | null = null;
  watch(
    [
      () => store.snapshots.get(toValue(clusterId))?.revision,
      () => countUnreachable(store.reachability.get(toValue(clusterId))),
    ],
    () => {
      soon ??= setTimeout(() => {
        soon = null;
        if (hasUnsized(toValue(clusterId))) void ask('now');
      }, soonMs);
    },
  );

  function hasUnsized(id: string): boolean {
    const known = store.sizes.get(id)?.shardBytes;
    const shards = store.snapshots.get(id)?.shards ?? [];
    return known === undefined ? shards.length > 0 : shards.some(({ shardId }) => !(shardId in known));
  }

  onScopeDispose(() => {
    clearInterval(beat);
    if (soon !== null) clearTimeout(soon);
    stop();
  });

  return { failure, isLoading: readonly(isLoading), read: () => ask('now') };
}
