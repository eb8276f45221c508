import { onScopeDispose, ref, shallowRef } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/failure';
import type { OperationRequest, PlanReply } from '../../src-main/contract/operations';
import { request } from '../api/bridge';

export interface Planning {
  /** Null when it failed (see `failure`) or was cancelled. */
  plan(what: OperationRequest): Promise<PlanReply | null>;
  readonly isPlanning: Readonly<Ref<boolean>>;
  readonly failure: Readonly<ShallowRef<Failure | null>>;
  cancel(): void;
}

/** Asks main for a plan; one at a time, cancelled with the page. */
export function usePlanning(clusterId: () => string): Planning {
  const isPlanning = ref(false);
  const failure = shallowRef<Failure | null>(null);
  let current: AbortController | null = null;
  const cancel = (): void => current?.abort();
  onScopeDispose(cancel);

  return {
    isPlanning,
    failure,
    cancel,
    async plan(what) {
      cancel();
      const mine = new AbortController();
      current = mine;
      isPlanning.value = true;
      failure.value = null;
      const result = await request(
        'operations.plan',
        { clusterId: clusterId(), request: what },
        { signal: mine.signal },
      );
      if (current !== mine) return null;
      current = null;
      isPlanning.value = false;
      if (result.ok) return result.value;
      if (result.failure.kind !== 'cancelled') failure.value = result.failure;
      return null;
    },
  };
}
