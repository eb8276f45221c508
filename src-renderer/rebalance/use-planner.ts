import { computed, ref, shallowRef, watch } from 'vue';
import type { ComputedRef, Ref, ShallowRef, WritableComputedRef } from 'vue';
import type {
  OperationRequest,
  Plan,
  PlanReply,
  ShardTransferMode,
} from '../../src-main/contract/operations';
import type { ExploredPlan, PlanMeasure, WhatIf } from '../../src-main/contract/rebalance';
import { usePlanning } from '../operations/use-planning';
import type { Planning } from '../operations/use-planning';
import type { ClusterMap } from '../topology/use-cluster-map';
import {
  demandsOf,
  initialLimits,
  isTriedOut,
  measureOf,
  nothingTried,
  suitedPlan,
  toConstraints,
} from './explore-form';
import type { LimitsForm, PlanOrigin } from './explore-form';
import { useExploration } from './use-exploration';
import type { Exploration } from './use-exploration';

export interface Planner {
  /** Empty for the cluster's default. */
  readonly strategy: Ref<string>;
  readonly drainOnly: Ref<boolean>;
  readonly transferMode: Ref<ShardTransferMode>;
  readonly limits: ShallowRef<LimitsForm>;
  readonly whatIf: ShallowRef<WhatIf>;
  /** Which of the two plans is shown and reviewed: what a person chose, else the one that suits better. */
  readonly choice: WritableComputedRef<PlanOrigin>;
  readonly exploration: Exploration;
  /** The chosen one of the two that were explored. */
  readonly explored: ComputedRef<ExploredPlan | null>;
  readonly measure: ComputedRef<PlanMeasure>;
  /** As in 0.1, of the strategy that is used. */
  readonly threshold: ComputedRef<number>;
  readonly isTried: ComputedRef<boolean>;
  readonly planning: Planning;
  /** Main's answer to the chosen plan: what will be run, or why not. Null while something is only tried out. */
  readonly reply: ShallowRef<PlanReply | null>;
  readonly plan: ComputedRef<Plan | null>;
  readonly canPlan: ComputedRef<boolean>;
  /** The catalogs changed since the reply was made. */
  readonly isOutdated: ComputedRef<boolean>;
  readonly makePlan: () => Promise<void>;
  /** Both plans are explored anew as well. */
  readonly planAgain: () => Promise<void>;
}

/** What the page holds while nothing runs: what was asked for, what was explored, and what would be run. */
export function usePlanner(clusterId: () => string, map: ClusterMap): Planner {
  const strategy = ref('');
  const drainOnly = ref(false);
  const transferMode = ref<ShardTransferMode>('auto');
  const limits = shallowRef(initialLimits);
  const whatIf = shallowRef(nothingTried);
  const chosen = ref<PlanOrigin | null>(null);
  const suited = ref<PlanOrigin>('citus');
  const choice = computed({ get: () => chosen.value ?? suited.value, set: (one) => (chosen.value = one) });
  const reply = shallowRef<PlanReply | null>(null);
  /** Revision of the catalogs that the plan was made from. */
  const plannedAt = ref<number | null>(null);

  const used = computed(() => {
    const all = map.snapshot.value?.rebalanceStrategies ?? [];
    return all.find((one) => (strategy.value === '' ? one.isDefault : one.name === strategy.value));
  });
  const measure = computed(() => measureOf(used.value?.name));
  const canPlan = computed(
    () => map.isOpen.value && map.shards.value !== null && map.progress.value === undefined,
  );
  const constraints = computed(() =>
    toConstraints(
      limits.value,
      { measure: measure.value, strategy: used.value?.name, drainOnly: drainOnly.value },
      map.snapshot.value?.tables ?? [],
    ),
  );
  const exploration = useExploration(
    () =>
      canPlan.value && constraints.value !== null
        ? {
            clusterId: clusterId(),
            constraints: constraints.value,
            whatIf: whatIf.value,
            transferMode: transferMode.value,
          }
        : null,
    () => `${map.snapshot.value?.revision ?? ''} ${map.sizes.value?.revision ?? ''}`,
  );
  const explored = computed(() => exploration.value.value?.[choice.value] ?? null);
  const isTried = computed(() => isTriedOut(whatIf.value));

  const planning = usePlanning(clusterId);
  const wanted = computed<OperationRequest | null>(() => {
    if (!canPlan.value || isTried.value) return null;
    // The first answer says which plan suits better; to check one before would be for nothing.
    if (chosen.value === null && exploration.value.value === null && exploration.failure.value === null)
      return null;
    if (choice.value === 'citus') {
      return {
        kind: 'rebalance',
        strategy: strategy.value === '' ? null : strategy.value,
        drainOnly: drainOnly.value,
        transferMode: transferMode.value,
      };
    }
    const moves = explored.value?.moves ?? [];
    if (moves.length === 0 || constraints.value === null) return null;
    return {
      kind: 'rebalance-moves',
      moves: moves.map(({ shardId, sourceNodeId, targetNodeId }) => ({
        shardId,
        sourceNodeId,
        targetNodeId,
      })),
      transferMode: transferMode.value,
      parallelMoves: constraints.value.parallelMoves,
      movesPerNode: constraints.value.movesPerNode,
      window: null,
      constraints: constraints.value,
    };
  });

  async function planAgain(): Promise<void> {
    exploration.run();
    await makePlan();
  }

  async function makePlan(): Promise<void> {
    if (wanted.value === null) return;
    const answer = await planning.plan(wanted.value);
    if (answer === null) return;
    reply.value = answer;
    // Planning reads the catalogs anew, so the snapshot of now is the one that the plan was made from.
    plannedAt.value = map.snapshot.value?.revision ?? null;
  }

  watch(clusterId, () => {
    strategy.value = '';
    drainOnly.value = false;
    transferMode.value = 'auto';
    limits.value = initialLimits;
    whatIf.value = nothingTried;
    chosen.value = null;
    suited.value = 'citus';
    reply.value = null;
  });
  // What is only tried out does not change which plan is looked at, or the bars would jump under a hand that drags.
  watch(
    () => [exploration.value.value, demandsOf(limits.value).length > 0] as const,
    ([all, isDemanding]) => {
      if (all !== null && !isTried.value) suited.value = suitedPlan(all, isDemanding);
    },
    // Before what is wanted is asked for.
    { flush: 'sync' },
  );
  // A job that ended leaves another world behind; options ask another question.
  watch(
    () => JSON.stringify([clusterId(), wanted.value]),
    () => {
      const answered = reply.value?.outcome === 'plan' ? reply.value.plan.request.kind : null;
      if (wanted.value === null || (answered !== null && answered !== wanted.value.kind)) reply.value = null;
      planning.cancel();
      void makePlan();
    },
    { immediate: true },
  );

  const plan = computed(() => (reply.value?.outcome === 'plan' ? reply.value.plan : null));
  return {
    strategy,
    drainOnly,
    transferMode,
    limits,
    whatIf,
    choice,
    exploration,
    explored,
    measure,
    threshold: computed(() => used.value?.defaultThreshold ?? 0.1),
    isTried,
    planning,
    reply,
    plan,
    canPlan,
    isOutdated: computed(
      () =>
        plan.value !== null && plannedAt.value !== map.snapshot.value?.revision && !planning.isPlanning.value,
    ),
    makePlan,
    planAgain,
  };
}
