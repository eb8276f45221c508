import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, shallowRef } from 'vue';
import type { Failure, Result } from '../../src-main/contract/failure';
import type { PracticeCluster } from '../../src-main/contract/practice';
import { request } from '../api/bridge';
import { useClusterStore } from '../clusters/cluster-store';
import { useSessionActions } from '../clusters/session-actions';

/** Making and running practice clusters. Their records are in the cluster store; here is what this window started. */
export const usePracticeStore = defineStore('practice', () => {
  const clusters = useClusterStore();
  const sessions = useSessionActions();
  const creation = shallowRef<AbortController | null>(null);
  const creationFailure = shallowRef<Failure | null>(null);
  const idsBefore = ref<readonly string[]>([]);
  const busyIds = shallowReactive(new Set<string>());

  const isCreating = computed(() => creation.value !== null);
  /** The record of the one that is being created, as soon as main told of it. */
  const created = computed<PracticeCluster | undefined>(() =>
    isCreating.value
      ? clusters.practices.find(({ practiceId }) => !idsBefore.value.includes(practiceId))
      : undefined,
  );

  /** Creates one and starts to connect to it. Null when it failed (see `creationFailure`) or was cancelled. */
  async function create(): Promise<PracticeCluster | null> {
    if (creation.value !== null) return null;
    const mine = new AbortController();
    idsBefore.value = clusters.practices.map(({ practiceId }) => practiceId);
    creationFailure.value = null;
    creation.value = mine;
    const result = await createUnlessCancelled(mine.signal);
    creation.value = null;
    if (!result.ok) {
      if (result.failure.kind !== 'cancelled') creationFailure.value = result.failure;
      return null;
    }
    void sessions.connect(result.value.clusterId);
    return result.value;
  }

  async function createUnlessCancelled(signal: AbortSignal): Promise<Result<PracticeCluster>> {
    const result = await request('practice.create', {}, { signal });
    if (!result.ok || !signal.aborted) return result;
    // It stood before the cancelling reached main; nobody wants it, so it goes.
    const removed = await request('practice.remove', { practiceId: result.value.practiceId });
    return removed.ok ? { ok: false, failure: { kind: 'cancelled', message: 'Cancelled.' } } : removed;
  }

  function cancelCreation(): void {
    creation.value?.abort();
  }

  /** Starts a stopped one and starts to connect to it. */
  async function start(practice: PracticeCluster): Promise<Result<PracticeCluster>> {
    const result = await busy(practice, () => request('practice.start', { practiceId: practice.practiceId }));
    if (result.ok) void sessions.connect(practice.clusterId);
    return result;
  }

  /** Marks it as busy while `task` runs, so that nothing else is started on it from here. */
  async function busy<T>(practice: PracticeCluster, task: () => Promise<T>): Promise<T> {
    busyIds.add(practice.practiceId);
    try {
      return await task();
    } finally {
      busyIds.delete(practice.practiceId);
    }
  }

  return { isCreating, created, creationFailure, busyIds, create, cancelCreation, start, busy };
});
