/** The graph of what is shown and chosen now, and what its elements stand for. */
import { computed } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import { createGraphMemory } from './graph-memory';
import { nodeElementId, toGraph } from './graph-model';
import type { Graph } from './graph-model';
import { focusOn } from './focus';
import type { Focus, Target } from './focus';
import type { Palette } from './palette';
import type { ShardMap } from './shard-groups';
import { useTopologyStore } from './topology-store';
import type { ClusterMap } from './use-cluster-map';

export interface UseGraph {
  readonly graph: ComputedRef<Graph>;
  /** Element of what is selected, where it is drawn at this level. */
  readonly selectedElement: ComputedRef<string | null>;
  /** Read out when the selection changes; the canvas itself is silent. */
  readonly spoken: ComputedRef<string>;
  targetOf(elementId: string): Target | null;
  /** Where opening an element leads; null where it leads nowhere. */
  placeOf(elementId: string): Focus | null;
}

export function useGraph(
  map: () => ClusterMap,
  shards: () => ShardMap,
  palette: Ref<Palette>,
  aspectRatio: Ref<number>,
): UseGraph {
  const view = useTopologyStore();
  const memory = createGraphMemory();

  const graph = computed(() => {
    const { selection } = view;
    return toGraph(
      {
        nodes: map().nodes.value,
        titles: map().titles.value,
        states: map().states.value,
        shards: shards(),
        traffic: map().traffic.value,
        palette: palette.value,
        colouring: view.colouring,
        grouping: view.grouping,
        stateFilter: view.stateFilter,
        litTable: view.litTable,
        focus: view.focus,
        selectedNode: selection?.type === 'node' ? selection.nodeId : null,
        selectedFamily: selection?.type === 'family' ? selection.key : null,
        selectedGroup: selection?.type === 'group' ? selection.key : null,
        aspectRatio: aspectRatio.value,
      },
      memory,
    );
  });
  const targets = computed(() => new Map(graph.value.boxes.map((box) => [box.id, box.target])));
  const selectedElement = computed(() => {
    const { selection } = view;
    if (selection === null || selection.type === 'table') return null;
    const box = graph.value.boxes.find(
      ({ target }) =>
        target.type === selection.type
        && (target.type === 'node'
          ? target.nodeId === selection.nodeId
          : selection.type !== 'node' && target.key === selection.key),
    );
    return box?.id ?? null;
  });
  const spoken = computed(() => {
    const { selection } = view;
    switch (selection?.type) {
      case 'node': {
        const title = map().titles.value.get(selection.nodeId)?.title ?? '';
        return `${title}, ${map().states.value.get(selection.nodeId)?.words ?? ''}`;
      }
      case 'family': {
        const family = shards().familyByKey.get(selection.key);
        const count = map().nodes.value.find((node) => node.nodeId === selection.nodeId);
        const held =
          shards()
            .nodes.get(count?.groupId ?? -1)
            ?.countByFamily.get(selection.key) ?? 0;
        return `Colocation group ${family?.name ?? ''}, ${held} shard groups here`;
      }
      case 'group':
        return `Shard group ${shards().groupByKey.get(selection.key)?.shards[0]?.shardId ?? ''}`;
      case 'table':
        return `${shards().tables.get(selection.oid)?.name ?? ''} lit up`;
      default:
        return '';
    }
  });

  const targetOf = (elementId: string): Target | null => targets.value.get(elementId) ?? null;

  function placeOf(elementId: string): Focus | null {
    const target = targetOf(elementId);
    if (target === null) return null;
    if (target.type === 'node' && elementId !== nodeElementId(target.nodeId)) {
      // A copy of a shard group: its node is a level up, so zooming into the card leads nowhere.
      return view.focus.level === 'group' && view.focus.nodeId === target.nodeId
        ? null
        : focusOn(target, shards());
    }
    return focusOn(target, shards());
  }

  return { graph, selectedElement, spoken, targetOf, placeOf };
}
