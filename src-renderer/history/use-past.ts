import { computed, toValue } from 'vue';
import type { ComputedRef, MaybeRefOrGetter } from 'vue';
import type { ClusterPast, PastReply } from '../../src-main/contract/history';
import type { ClusterRecords } from '../clusters/cluster-store';

export interface PastRecords extends ClusterRecords {
  readonly pastAt: ComputedRef<string | null>;
  readonly blocked: ComputedRef<string | null>;
}

/** The records of a cluster, those of a moment in the past in the place of the last ones where there is such. */
export function usePast(now: ClusterRecords, past: MaybeRefOrGetter<PastReply | null>): PastRecords {
  const reply = computed(() => toValue(past));
  const of = <T>(
    current: ComputedRef<T | undefined>,
    then: (past: ClusterPast) => T | null,
  ): ComputedRef<T | undefined> =>
    computed(() => {
      if (reply.value === null) return current.value;
      return reply.value.outcome === 'gap' ? undefined : (then(reply.value) ?? undefined);
    });
  return {
    ...now,
    snapshot: of(now.snapshot, (one) => one.snapshot),
    reachability: of(now.reachability, (one) => one.reachability),
    conditions: of(now.conditions, (one) => one.conditions),
    sizes: of(now.sizes, (one) => one.sizes),
    // Moves under way are not kept.
    progress: of(now.progress, () => null),
    pastAt: computed(() => reply.value?.at ?? null),
    blocked: computed(() => {
      if (reply.value !== null) return 'Shown as it was; go back to now first';
      return now.isOpen.value ? null : 'Not connected';
    }),
  };
}
