import { shallowRef } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import type { Design } from '../../src-main/contract/advisor';
import type { Failure } from '../../src-main/contract/failure';
import type { RefusalReason } from '../../src-main/contract/operations';
import { usePlanStore } from '../operations/plan-store';
import { usePlanning } from '../operations/use-planning';
import { toSetRequest } from './advisor-words';

export interface DesignReview {
  /** Asks for the plan of a design and opens its review; what hinders it is in `refusal` or `failure`. */
  review(design: Design, backTo: string): Promise<void>;
  readonly refusal: ShallowRef<{ title: string; reasons: readonly RefusalReason[] } | null>;
  readonly isPlanning: Readonly<Ref<boolean>>;
  readonly failure: Readonly<ShallowRef<Failure | null>>;
  cancel(): void;
}

/** A repair may bring up the next reason, as a widened key the foreign key that pointed to it. */
const rounds = 6;

export function useDesignReview(clusterId: () => string): DesignReview {
  const plans = usePlanStore();
  const { plan, isPlanning, failure, cancel } = usePlanning(clusterId);
  const refusal: DesignReview['refusal'] = shallowRef(null);

  return {
    refusal,
    isPlanning,
    failure,
    cancel,
    async review(design, backTo) {
      refusal.value = null;
      // The design says what must change first: that is asked for along with it, and the review shows each statement.
      const repairs = new Set<string>();
      for (let round = 1; round <= rounds; round += 1) {
        const reply = await plan(toSetRequest(design, [...repairs]));
        if (reply === null) return;
        if (reply.outcome === 'plan') {
          await plans.show(reply, backTo);
          return;
        }
        const offered = reply.reasons.flatMap(({ repair }) => (repair && !repair.table ? [repair.id] : []));
        const isMendable = offered.length === reply.reasons.length && offered.some((id) => !repairs.has(id));
        if (!isMendable || round === rounds) {
          refusal.value = reply;
          return;
        }
        for (const id of offered) repairs.add(id);
      }
    },
  };
}
