/** What a person looks at on the topology page; it stays while they visit other pages of the same cluster. */
import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { Colouring } from './tile-colours';

export type Selection =
  | { readonly type: 'node'; readonly nodeId: number }
  | { readonly type: 'table'; readonly oid: number }
  /** `nodeId` is the node on whose card it was chosen. */
  | { readonly type: 'group'; readonly key: string; readonly nodeId: number };

export const topologyViews = ['graph', 'matrix', 'table'] as const;
export type TopologyViewName = (typeof topologyViews)[number];

export const useTopologyStore = defineStore('topology', () => {
  const clusterId = ref<string | null>(null);
  const view = ref<TopologyViewName>('graph');
  const colouring = ref<Colouring>('group');
  const selection = ref<Selection | null>(null);
  const litTable = ref<number | null>(null);
  const expandedNode = ref<number | null>(null);

  /** Another cluster has other ids: nothing of the one before applies. */
  function enter(id: string): void {
    if (clusterId.value === id) return;
    clusterId.value = id;
    selection.value = null;
    litTable.value = null;
    expandedNode.value = null;
  }

  function selectNode(nodeId: number): void {
    selection.value = { type: 'node', nodeId };
  }

  function selectGroup(key: string, nodeId: number): void {
    selection.value = { type: 'group', key, nodeId };
  }

  function lightTable(oid: number): void {
    litTable.value = oid;
    selection.value = { type: 'table', oid };
  }

  function toggleExpanded(nodeId: number): void {
    expandedNode.value = expandedNode.value === nodeId ? null : nodeId;
    selection.value = { type: 'node', nodeId };
  }

  /** One step back: a shard group to its node, an open card closed, a lit table put out, then nothing selected. */
  function back(): void {
    const current = selection.value;
    if (current?.type === 'group') selectNode(current.nodeId);
    else if (expandedNode.value !== null) expandedNode.value = null;
    else if (litTable.value !== null) {
      litTable.value = null;
      if (current?.type === 'table') selection.value = null;
    } else selection.value = null;
  }

  /** What is no longer in the cluster cannot stay selected. */
  function forget(isKnown: {
    node(id: number): boolean;
    table(oid: number): boolean;
    group(key: string): boolean;
  }): void {
    const current = selection.value;
    if (current?.type === 'node' && !isKnown.node(current.nodeId)) selection.value = null;
    if (current?.type === 'table' && !isKnown.table(current.oid)) selection.value = null;
    if (current?.type === 'group' && !isKnown.group(current.key)) selection.value = null;
    if (litTable.value !== null && !isKnown.table(litTable.value)) litTable.value = null;
    if (expandedNode.value !== null && !isKnown.node(expandedNode.value)) expandedNode.value = null;
  }

  return {
    clusterId,
    view,
    colouring,
    selection,
    litTable,
    expandedNode,
    enter,
    selectNode,
    selectGroup,
    lightTable,
    toggleExpanded,
    back,
    forget,
  };
});
