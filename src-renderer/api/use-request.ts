import { computed, onScopeDispose, readonly, ref, shallowRef, watch } from 'vue';
import type { ComputedRef, Ref, ShallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/failure';
import type { InputOf, ReplyOf, RequestName } from '../../src-main/contract/requests';
import { request } from './bridge';

export interface UseRequest<T> {
  /** The last good answer; it stays while a newer one is loaded and when that fails. */
  readonly value: Readonly<ShallowRef<T | undefined>>;
  /** Why the last attempt failed; undefined after a good one. */
  readonly failure: Readonly<ShallowRef<Failure | undefined>>;
  readonly isLoading: Readonly<Ref<boolean>>;
  /** ISO 8601 of the last good answer. */
  readonly loadedAt: Readonly<Ref<string | undefined>>;
  /** Nothing is known yet and something is on its way: the only moment for a skeleton. */
  readonly isFirst: ComputedRef<boolean>;
  /** Asks again with the current input. An earlier call that is still open is cancelled: the latest reply wins. */
  readonly run: () => Promise<void>;
  readonly cancel: () => void;
}

export interface UseRequestOptions<T> {
  /** Ask at once and whenever the input changes. True unless told. */
  readonly watchInput?: boolean;
  /** Called with each good answer that is still wanted. */
  readonly onValue?: (value: T) => void;
}

/**
 * A request whose answer is shown. `input` is a getter and tracked; while it returns null nothing is asked. A change
 * of the input drops the old value: it was the answer to another question. Destructure it in a component, so that its
 * refs are unwrapped in the template: `const { value: tables, failure } = useRequest('tables.plain', () => ({ clusterId }))`.
 */
export function useRequest<N extends RequestName>(
  name: N,
  input: () => InputOf<N> | null,
  options: UseRequestOptions<ReplyOf<N>> = {},
): UseRequest<ReplyOf<N>> {
  const value = shallowRef<ReplyOf<N>>();
  const failure = shallowRef<Failure>();
  const isLoading = ref(false);
  const loadedAt = ref<string>();
  let current: AbortController | null = null;

  function cancel(): void {
    current?.abort();
    current = null;
    isLoading.value = false;
  }

  async function run(): Promise<void> {
    cancel();
    const asked = input();
    if (asked === null) return;
    const mine = new AbortController();
    current = mine;
    isLoading.value = true;
    const result = await request(name, asked, { signal: mine.signal });
    if (current !== mine) return;
    current = null;
    isLoading.value = false;
    if (result.ok) {
      value.value = result.value;
      failure.value = undefined;
      loadedAt.value = new Date().toISOString();
      options.onValue?.(result.value);
    } else if (result.failure.kind !== 'cancelled') {
      failure.value = result.failure;
    }
  }

  if (options.watchInput !== false) {
    // Compared as text, so that a getter that builds an equal object anew does not ask again.
    watch(
      () => JSON.stringify(input() ?? null),
      (_now, before) => {
        if (before !== undefined) {
          value.value = undefined;
          failure.value = undefined;
          loadedAt.value = undefined;
        }
        void run();
      },
      { immediate: true },
    );
  }
  onScopeDispose(cancel);

  return {
    value,
    failure,
    isLoading: readonly(isLoading),
    loadedAt: readonly(loadedAt),
    isFirst: computed(() => isLoading.value && value.value === undefined),
    run,
    cancel,
  };
}
