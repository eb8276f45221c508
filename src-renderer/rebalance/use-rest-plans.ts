/** What is left of paused moves, planned again and afresh, and going on with one of the two. */
import { computed, onMounted, ref, shallowRef } from 'vue';
import type { ComputedRef, Ref, ShallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/failure';
import type { Operation, Plan } from '../../src-main/contract/operations';
import type { RestPlans } from '../../src-main/contract/rest-plans';
import { request } from '../api/bridge';
import { planOf } from './rest-words';
import type { RestChoice } from './rest-words';

export interface UseRestPlans {
  readonly plans: Readonly<ShallowRef<RestPlans | null>>;
  readonly choice: Ref<RestChoice>;
  /** The chosen one; null while there is none, and where it was refused. */
  readonly plan: ComputedRef<Plan | null>;
  /** What changed while the plans were looked at. */
  readonly changes: Readonly<Ref<readonly string[]>>;
  readonly failure: Readonly<ShallowRef<Failure | null>>;
  readonly isPlanning: Readonly<Ref<boolean>>;
  readonly isResuming: Readonly<Ref<boolean>>;
  readonly goOn: () => Promise<void>;
  /** Does again what failed: planning or going on. */
  readonly retry: () => Promise<void>;
}

export function useRestPlans(
  operationId: () => string,
  onResumed: (operation: Operation) => void,
): UseRestPlans {
  const plans = shallowRef<RestPlans | null>(null);
  const choice = ref<RestChoice>('rest');
  const failure = shallowRef<Failure | null>(null);
  const isPlanning = ref(false);
  const isResuming = ref(false);
  const changes = ref<readonly string[]>([]);
  const plan = computed(() => planOf(plans.value?.[choice.value] ?? null));

  let last: () => Promise<void> = look;

  async function look(): Promise<void> {
    last = look;
    isPlanning.value = true;
    failure.value = null;
    const result = await request('operations.planRest', { operationId: operationId() });
    isPlanning.value = false;
    if (!result.ok) {
      failure.value = result.failure;
      return;
    }
    plans.value = result.value;
    // What somebody else spoiled is not gone on with unasked.
    const isSpoiled = result.value.rest?.outcome === 'refusal';
    if (isSpoiled && planOf(result.value.fresh) !== null) choice.value = 'fresh';
  }
  onMounted(look);

  async function goOn(): Promise<void> {
    last = goOn;
    isResuming.value = true;
    failure.value = null;
    const operation = { operationId: operationId() };
    const result =
      choice.value === 'fresh' && plan.value !== null
        ? await request('operations.resumeWith', { ...operation, planId: plan.value.planId })
        : await request('operations.resume', operation);
    isResuming.value = false;
    if (!result.ok) {
      failure.value = result.failure;
      return;
    }
    if (!('outcome' in result.value)) onResumed(result.value);
    else if (result.value.outcome === 'started') onResumed(result.value.operation);
    else {
      changes.value = result.value.differences;
      await look();
    }
  }

  return { plans, choice, plan, changes, failure, isPlanning, isResuming, goOn, retry: () => last() };
}
