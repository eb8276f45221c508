import { shallowRef, watch } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import type { Failure } from '../../src-main/contract/failure';
import type { OperationRequest, RefusalReason } from '../../src-main/contract/operations';
import { useRepairs } from '../table-changes/use-repairs';
import type { Repairs } from '../table-changes/use-repairs';
import { usePlanStore } from './plan-store';
import { usePlanning } from './use-planning';

export interface PlanForm {
  /** Asks for the plan and opens its review; what stands against it is in `refusal` or `failure`. */
  review(): Promise<void>;
  /** Takes the fixes of these reasons into the plan, and asks again. */
  take(reasons: readonly RefusalReason[]): Promise<void>;
  cancel(): void;
  readonly isPlanning: Readonly<Ref<boolean>>;
  readonly failure: Readonly<ShallowRef<Failure | null>>;
  readonly refusal: Readonly<
    ShallowRef<{ readonly title: string; readonly reasons: readonly RefusalReason[] } | null>
  >;
}

/** A form whose answers become a plan: what it was refused for, and the fixes that were taken in, last until they change. */
export function usePlanForm(options: {
  readonly clusterId: () => string;
  /** Everything that is asked for. */
  readonly asked: () => unknown;
  /** Null while something is missing, which the fields say themselves. */
  readonly toRequest: (taken: Pick<Repairs, 'accepted' | 'tables'>) => OperationRequest | null;
  /** Where the review leads back to, the same answers in it where they can be. */
  readonly backTo: () => string;
}): PlanForm {
  const plans = usePlanStore();
  const { plan, isPlanning, failure, cancel } = usePlanning(options.clusterId);
  const refusal = shallowRef<PlanForm['refusal']['value']>(null);
  const repairs = useRepairs(options.asked);
  watch(options.asked, () => (refusal.value = null), { deep: true });

  async function review(): Promise<void> {
    const request = options.toRequest(repairs);
    if (request === null) return;
    refusal.value = null;
    const reply = await plan(request);
    if (reply === null) return;
    if (reply.outcome === 'refusal') refusal.value = reply;
    else await plans.show(reply, options.backTo());
  }

  return {
    review,
    async take(reasons) {
      repairs.take(reasons);
      await review();
    },
    cancel,
    isPlanning,
    failure,
    refusal,
  };
}
