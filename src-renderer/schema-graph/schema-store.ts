/** What a person looks at on the schema graph; it stays while they visit other pages of the same cluster. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { SchemaSelection } from './schema-elements';

export const useSchemaStore = defineStore('schema-graph', () => {
  const clusterId = ref<string | null>(null);
  const view = ref<'graph' | 'list'>('graph');
  const selection = shallowRef<SchemaSelection | null>(null);
  /** Keys of groups that the person opened or closed, against how they are drawn at first. */
  const toggled = shallowRef<ReadonlySet<string>>(new Set());

  /** Another cluster has other ids: nothing of the one before applies. */
  function enter(id: string): void {
    if (clusterId.value === id) return;
    clusterId.value = id;
    selection.value = null;
    toggled.value = new Set();
  }

  function toggle(groupKey: string): void {
    const next = new Set(toggled.value);
    if (!next.delete(groupKey)) next.add(groupKey);
    toggled.value = next;
  }

  return { clusterId, view, selection, toggled, enter, toggle };
});
