import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/failure';
import type { RebalanceExploration } from '../../src-main/contract/rebalance';
import { request } from '../api/bridge';
import type { ExploreInput } from './explore-form';

/** A hand that drags makes one question of many. */
const restMs = 40;

export interface Exploration {
  /** The last good answer; it stays while the next is on its way, so that bars slide and do not blink. */
  readonly value: Readonly<ShallowRef<RebalanceExploration | null>>;
  readonly failure: Readonly<ShallowRef<Failure | null>>;
  readonly isExploring: Readonly<Ref<boolean>>;
  readonly run: () => void;
}

/**
 * Asks whenever the input changes: one question at a time, and of those that came meanwhile only the last. A question is
 * let go to its end, so that a hand that goes on dragging sees answers all the while. While `input` is null nothing is
 * asked and the last answer stays.
 */
export function useExploration(
  input: () => ExploreInput | null,
  /** Of the catalogs and of the sizes: the same question has another answer when they change. */
  revision: () => string,
): Exploration {
  const value = shallowRef<RebalanceExploration | null>(null);
  const failure = shallowRef<Failure | null>(null);
  const isExploring = ref(false);
  let timer: ReturnType<typeof setTimeout> | null = null;
  let current: AbortController | null = null;
  let isAskedMeanwhile = false;

  async function ask(): Promise<void> {
    const asked = input();
    if (asked === null) return;
    isAskedMeanwhile = current !== null;
    if (isAskedMeanwhile) return;
    const mine = new AbortController();
    current = mine;
    isExploring.value = true;
    const result = await request('rebalance.explore', asked, { signal: mine.signal });
    if (current !== mine) return;
    current = null;
    isExploring.value = false;
    if (isAskedMeanwhile) void ask();
    if (result.ok) {
      value.value = result.value;
      failure.value = null;
    } else if (result.failure.kind !== 'cancelled') failure.value = result.failure;
  }

  function run(): void {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      void ask();
    }, restMs);
  }

  watch(
    () => input()?.clusterId,
    (_now, before) => {
      if (before === undefined) return;
      value.value = null;
      // Of another cluster: nobody waits for it any more.
      current?.abort();
      current = null;
    },
  );
  watch([() => JSON.stringify(input()), revision], run, { immediate: true });
  onScopeDispose(() => {
    if (timer !== null) clearTimeout(timer);
    current?.abort();
  });
  return { value, failure, isExploring, run };
}
