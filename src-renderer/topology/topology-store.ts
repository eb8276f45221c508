/** What a person looks at on the topology page; it stays while they visit other pages of the same cluster. */
import { defineStore } from 'pinia';
import { ref } from 'vue';
import { focusKey, outOf, subjectOf, wholeCluster } from './focus';
import type { Focus, Target } from './focus';
import type { Grouping } from './grouping';
import type { Colouring } from './tile-colours';

/** For `family` and `group`, `nodeId` is the node inside of which it was chosen. */
export type Selection = Target | { readonly type: 'table'; readonly oid: number };

export const topologyViews = ['graph', 'matrix', 'treemap', 'table'] as const;
export type TopologyViewName = (typeof topologyViews)[number];

/** What the cells of the matrix and the rectangles of the treemap measure. */
export type Measure = 'bytes' | 'shards';

interface Known {
  node(id: number): boolean;
  table(oid: number): boolean;
  family(key: string): boolean;
  group(key: string): boolean;
}

export const useTopologyStore = defineStore('topology', () => {
  const clusterId = ref<string | null>(null);
  const view = ref<TopologyViewName>('graph');
  const colouring = ref<Colouring>('group');
  const grouping = ref<Grouping>('rack');
  /** Word of a state; null shows every node alike. */
  const stateFilter = ref<string | null>(null);
  const measure = ref<Measure>('bytes');
  const selection = ref<Selection | null>(null);
  const litTable = ref<number | null>(null);
  const focus = ref<Focus>(wholeCluster);

  /** Another cluster has other ids: nothing of the one before applies. */
  function enter(id: string): void {
    if (clusterId.value === id) return;
    clusterId.value = id;
    selection.value = null;
    litTable.value = null;
    stateFilter.value = null;
    focus.value = wholeCluster;
  }

  function select(target: Target | null): void {
    selection.value = target;
  }

  function selectNode(nodeId: number): void {
    selection.value = { type: 'node', nodeId };
  }

  function lightTable(oid: number): void {
    litTable.value = oid;
    selection.value = { type: 'table', oid };
  }

  /** One shard group among those of its colocation group. */
  function showGroup(nodeId: number, familyKey: string, key: string): void {
    view.value = 'graph';
    litTable.value = null;
    focus.value = { level: 'family', nodeId, familyKey };
    selection.value = { type: 'group', nodeId, key };
  }

  /** Goes there; what is there is what the details are about. */
  function goTo(place: Focus): void {
    focus.value = place;
    selection.value = subjectOf(place);
  }

  /** One step out, with what was left selected, so that the way back in is one key. */
  function goOut(): void {
    const left = subjectOf(focus.value);
    focus.value = outOf(focus.value);
    selection.value = left;
  }

  /** One step back: out of a place, then a lit table, then what is selected, then the filter. */
  function back(): void {
    const current = selection.value;
    if (focus.value.level !== 'cluster') {
      goOut();
    } else if (litTable.value !== null) {
      litTable.value = null;
      if (current?.type === 'table') selection.value = null;
    } else if (current !== null) selection.value = null;
    else stateFilter.value = null;
  }

  /** What is no longer in the cluster cannot stay selected, and nobody can be inside of it. */
  function forget(known: Known): void {
    if (selection.value !== null && !isKnown(selection.value, known)) selection.value = null;
    if (litTable.value !== null && !known.table(litTable.value)) litTable.value = null;
    let place = focus.value;
    for (let subject = subjectOf(place); subject !== null; subject = subjectOf(place)) {
      if (isKnown(subject, known) && known.node(subject.nodeId)) break;
      place = outOf(place);
    }
    if (focusKey(place) !== focusKey(focus.value)) focus.value = place;
  }

  return {
    ...{ clusterId, view, colouring, grouping, stateFilter, measure, selection, litTable, focus },
    ...{ enter, select, selectNode, lightTable, showGroup, goTo, goOut, back, forget },
  };
});

function isKnown(what: Selection, known: Known): boolean {
  switch (what.type) {
    case 'node':
      return known.node(what.nodeId);
    case 'table':
      return known.table(what.oid);
    case 'family':
      return known.family(what.key);
    case 'group':
      return known.group(what.key);
  }
}
