import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { SetTable } from '../../src-main/contract/table-changes';

/** A design that another page, as the advisor, hands to the wizard for sets; taken once, by the cluster it is for. */
export const useSetDesign = defineStore('set-design', () => {
  const handed = shallowRef<{ readonly clusterId: string; readonly tables: readonly SetTable[] } | null>(
    null,
  );

  function hand(clusterId: string, tables: readonly SetTable[]): void {
    handed.value = { clusterId, tables };
  }

  function take(clusterId: string): readonly SetTable[] | null {
    if (handed.value?.clusterId !== clusterId) return null;
    const { tables } = handed.value;
    handed.value = null;
    return tables;
  }

  return { hand, take };
});
