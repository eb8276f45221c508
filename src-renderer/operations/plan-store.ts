import { defineStore } from 'pinia';
import { shallowReactive } from 'vue';
import { useRouter } from 'vue-router';
import type { Plan, PlanReply } from '../../src-main/contract/operations';

export interface ReviewedPlan {
  readonly plan: Plan;
  /** Path of the page that asked for it; "Back" leads there. */
  readonly backTo: string;
  /** What changed in the cluster since it was first shown; empty for a first showing. */
  readonly differences: readonly string[];
}

/** Plans between the page that asked for them and their review. A plan lives until the window does; running it is main's. */
export const usePlanStore = defineStore('plans', () => {
  const router = useRouter();
  const plans = shallowReactive(new Map<string, ReviewedPlan>());

  /** Opens the review of a plan. False for a refusal, which the caller shows where it was asked for. */
  async function show(
    reply: PlanReply,
    backTo: string,
    differences: readonly string[] = [],
  ): Promise<boolean> {
    if (reply.outcome === 'refusal') return false;
    const { plan } = reply;
    plans.set(plan.planId, { plan, backTo, differences });
    const target = { name: 'review', params: { clusterId: plan.clusterId, planId: plan.planId } };
    // A plan that took another's place takes its entry in the history too: the old one can no longer be run.
    await (differences.length > 0 ? router.replace(target) : router.push(target));
    return true;
  }

  return { plans, show };
});
