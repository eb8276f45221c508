/** Whether the topology is shown as it is or as it was. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/failure';
import type { PastReply } from '../../src-main/contract/history';
import { request } from '../api/bridge';

export const usePastStore = defineStore('past', () => {
  const clusterId = ref<string | null>(null);
  /** ISO 8601; null is now. */
  const at = ref<string | null>(null);
  /** Of the moment asked for last that was answered; it stays while the next one is on its way. */
  const reply = shallowRef<PastReply | null>(null);
  const failure = shallowRef<Failure | null>(null);
  let isAsking = false;

  /** ISO 8601 of what is on the screen: while the next moment is on its way, still the last one. Null is now. */
  const shownAt = computed(() => (at.value === null ? null : (reply.value?.at ?? at.value)));
  const past = computed(() => (reply.value?.outcome === 'past' ? reply.value : null));
  const gap = computed(() => (reply.value?.outcome === 'gap' ? reply.value : null));

  /** While somebody drags, one moment is asked for at a time, and then the latest. */
  async function go(id: string, moment: string): Promise<void> {
    clusterId.value = id;
    at.value = moment;
    if (isAsking) return;
    isAsking = true;
    for (let asked: string | null = null; at.value !== null && at.value !== asked;) {
      asked = at.value;
      const result = await request('history.past', { clusterId: clusterId.value ?? id, at: asked });
      if (at.value === null) break;
      failure.value = result.ok ? null : result.failure;
      if (result.ok) reply.value = result.value;
    }
    isAsking = false;
  }

  function back(): void {
    clusterId.value = null;
    at.value = null;
    reply.value = null;
    failure.value = null;
  }

  /** Back to now, where it is this cluster's past that is shown. */
  function leave(id: string): void {
    if (clusterId.value === id) back();
  }

  return { clusterId, at, shownAt, reply, failure, past, gap, go, back, leave };
});
