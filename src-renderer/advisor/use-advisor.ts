import { computed, ref, shallowReactive, shallowRef, watch } from 'vue';
import type { ComputedRef, Ref, ShallowRef } from 'vue';
import type { Advice, Design, DesignChoice, TableAdvice } from '../../src-main/contract/advisor';
import { useRequest } from '../api/use-request';
import type { UseRequest } from '../api/use-request';
import { sameTable, tableOfKey } from './advisor-words';

export interface UseAdvisor {
  /** How many times today's data the designs are made for. */
  readonly growth: Ref<number>;
  readonly advising: UseRequest<Advice>;
  /** The last advice; it stays while another is made. */
  readonly advice: Readonly<ShallowRef<Advice | undefined>>;
  readonly designId: Ref<string>;
  readonly designing: UseRequest<Design>;
  readonly design: Readonly<ShallowRef<Design | undefined>>;
  /** `schema.table` of the selected table. */
  readonly selected: Ref<string | null>;
  readonly explaining: UseRequest<TableAdvice>;
  readonly explained: Readonly<ShallowRef<TableAdvice | undefined>>;
  readonly choices: ComputedRef<readonly DesignChoice[]>;
  choose(choice: DesignChoice): void;
  /** Takes the person's choice for one table back, or all of them. */
  restore(table?: DesignChoice['table']): void;
}

export function useAdvisor(clusterId: () => string, isOpen: () => boolean, firstGrowth: number): UseAdvisor {
  const growth = ref(firstGrowth);
  const designId = ref('');
  const selected = ref<string | null>(null);
  /** By design, so that going back and forth loses nothing. */
  const chosen = shallowReactive(new Map<string, readonly DesignChoice[]>());

  const advising = useRequest('advisor.advise', () =>
    isOpen() ? { clusterId: clusterId(), growth: growth.value } : null,
  );
  const advice = keepLast(advising);
  const choices = computed(() => chosen.get(designId.value) ?? []);
  const asked = computed(() => {
    const known = advice.value;
    if (known === undefined || !known.designs.some((one) => one.designId === designId.value)) return null;
    return {
      clusterId: clusterId(),
      adviceId: known.adviceId,
      designId: designId.value,
      choices: [...choices.value],
    };
  });
  const designing = useRequest('advisor.design', () => asked.value);
  const design = keepLast(designing);
  const explaining = useRequest('advisor.table', () => {
    const table = selected.value === null ? null : tableOfKey(selected.value);
    return asked.value === null || table === null ? null : { ...asked.value, table };
  });
  const explained = keepLast(explaining);

  watch(advice, (known) => {
    if (known !== undefined && !known.designs.some((one) => one.designId === designId.value))
      designId.value = known.designs[0]?.designId ?? '';
  });

  return {
    growth,
    advising,
    advice,
    designId,
    designing,
    design,
    selected,
    explaining,
    explained,
    choices,
    choose(choice) {
      const others = choices.value.filter(({ table }) => !sameTable(table, choice.table));
      chosen.set(designId.value, [...others, choice]);
    },
    restore(table) {
      const left =
        table === undefined ? [] : choices.value.filter((choice) => !sameTable(choice.table, table));
      chosen.set(designId.value, left);
    },
  };
}

/** A question that changed slightly is answered in a moment; until then the answer before is better than none. */
function keepLast<T>(reading: UseRequest<T>): Readonly<ShallowRef<T | undefined>> {
  const last = shallowRef<T>();
  watch(
    reading.value,
    (value) => {
      if (value !== undefined) last.value = value;
    },
    { immediate: true },
  );
  return last;
}
