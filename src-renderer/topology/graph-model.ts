/** Pure: the cluster as elements of a graph, each with its place. The same cluster always gives the same drawing. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { isCoordinator } from '../nodes/node-names';
import type { NodeTitle } from '../nodes/node-names';
import type { NodeState } from '../nodes/node-words';
import type { GraphElement } from './graph-diff';
import { columnsFor, layoutCards, layoutTiles, tileSize, tilesPerRow } from './layout';
import type { PlacedBox } from './layout';
import { cardWidth } from './card-text';
import { cardContent, cardElements } from './graph-cards';
import { flowElements, linkElements } from './graph-edges';
import { tileElements } from './graph-tiles';
import type { Traffic } from './moves';
import type { Palette } from './palette';
import type { ShardMap } from './shard-groups';
import type { Colouring } from './tile-colours';

export interface GraphInput {
  readonly nodes: readonly ClusterNode[];
  readonly titles: ReadonlyMap<number, NodeTitle>;
  readonly states: ReadonlyMap<number, NodeState>;
  readonly shards: ShardMap;
  readonly traffic: Traffic;
  readonly palette: Palette;
  readonly colouring: Colouring;
  /** Table whose shards are lit; all others fade. */
  readonly litTable: number | null;
  readonly expandedNode: number | null;
  readonly selectedNode: number | null;
  /** Key of a shard group. */
  readonly selectedGroup: string | null;
  /** Width of the view divided by its height. */
  readonly aspectRatio: number;
}

export interface Graph {
  readonly elements: readonly GraphElement[];
  /** What the arrow keys reach, by element id. */
  readonly boxes: readonly PlacedBox[];
  readonly mode: 'cards' | 'tiles';
}

/** More workers than this are drawn as tiles. */
export const cardLimit = 24;

export function nodeElementId(nodeId: number): string {
  return `node:${nodeId}`;
}

export type Target =
  | { readonly type: 'node'; readonly nodeId: number }
  | { readonly type: 'group'; readonly nodeId: number; readonly key: string };

export function groupElementId(nodeId: number, key: string): string {
  return `group:${nodeId}:${key}`;
}

/** What an element stands for; null for one that is only drawn. */
export function targetOf(elementId: string): Target | null {
  const node = /^(?:node|open):(\d+)$/.exec(elementId);
  if (node !== null) return { type: 'node', nodeId: Number(node[1]) };
  const group = /^group:(\d+):(.+)$/.exec(elementId);
  return group === null ? null : { type: 'group', nodeId: Number(group[1]), key: group[2] ?? '' };
}

/** Coordinator's group first, then in the order in which nodes were added, so that a new one comes last. */
export function inDrawingOrder(nodes: readonly ClusterNode[]): readonly ClusterNode[] {
  const rank = (node: ClusterNode): number => (isCoordinator(node) ? 0 : 1);
  return [...nodes].sort((a, b) => rank(a) - rank(b) || a.nodeId - b.nodeId);
}

export function toGraph(input: GraphInput): Graph {
  const nodes = inDrawingOrder(input.nodes);
  const workers = nodes.filter((node) => !isCoordinator(node));
  return workers.length > cardLimit ? tileGraph(input, nodes, workers) : cardGraph(input, nodes, workers);
}

function cardGraph(input: GraphInput, nodes: readonly ClusterNode[], workers: readonly ClusterNode[]): Graph {
  const contents = new Map(nodes.map((node) => [node.nodeId, cardContent(input, node)]));
  const box = (node: ClusterNode): { id: string; width: number; height: number } => ({
    id: nodeElementId(node.nodeId),
    width: contents.get(node.nodeId)?.width ?? cardWidth,
    height: contents.get(node.nodeId)?.height ?? 80,
  });
  const columns = columnsFor(workers.length, input.aspectRatio, { width: cardWidth, height: 260 });
  const layout = layoutCards(nodes.filter(isCoordinator).map(box), workers.map(box), columns);
  const placed = [...layout.coordinators, ...layout.workers];
  const byId = new Map(placed.map((entry) => [entry.id, entry]));
  const elements: GraphElement[] = [];
  for (const node of nodes) {
    const at = byId.get(nodeElementId(node.nodeId));
    const content = contents.get(node.nodeId);
    if (at !== undefined && content !== undefined) elements.push(...cardElements(input, node, content, at));
  }
  elements.push(...linkElements(input, nodes, byId), ...flowElements(input, byId, 'cards'));
  return { elements, boxes: [...placed, ...groupBoxes(elements)], mode: 'cards' };
}

/** Shard groups of the open card, so that the arrow keys reach them too. */
function groupBoxes(elements: readonly GraphElement[]): PlacedBox[] {
  return elements
    .filter((element) => element.classes.startsWith('shard-group'))
    .map((element) => {
      const width = Number(element.data['width']);
      const height = Number(element.data['height']);
      return {
        id: element.id,
        width,
        height,
        x: (element.position?.x ?? 0) - width / 2,
        y: (element.position?.y ?? 0) - height / 2,
        row: -3,
      };
    });
}

/** Racks in the order of their names; a rack with no name, or Citus's own "default" everywhere, needs no label. */
export function toRacks(
  workers: readonly ClusterNode[],
): readonly { readonly label: string; readonly ids: readonly string[] }[] {
  const racks = new Map<string, string[]>();
  for (const node of workers) {
    const ids = racks.get(node.rack);
    if (ids === undefined) racks.set(node.rack, [nodeElementId(node.nodeId)]);
    else ids.push(nodeElementId(node.nodeId));
  }
  const isPlain = racks.size === 1;
  return [...racks]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([rack, ids]) => ({ label: isPlain ? '' : rack, ids }));
}

function tileGraph(input: GraphInput, nodes: readonly ClusterNode[], workers: readonly ClusterNode[]): Graph {
  const racks = [
    { label: 'coordinator', ids: nodes.filter(isCoordinator).map((node) => nodeElementId(node.nodeId)) },
    ...toRacks(workers),
  ].filter((rack) => rack.ids.length > 0);
  const layout = layoutTiles(
    racks,
    tilesPerRow(
      racks.map((rack) => rack.ids.length),
      input.aspectRatio,
    ),
  );
  const placed = layout.rows.flatMap((row) => row.boxes);
  const byId = new Map(placed.map((entry) => [entry.id, entry]));
  const elements: GraphElement[] = [];
  for (const row of layout.rows) {
    if (row.label === '') continue;
    elements.push({
      id: `rack:${row.label}`,
      group: 'nodes',
      classes: 'rack',
      data: { text: row.label },
      position: { x: 0, y: row.y + tileSize.height / 2 },
    });
  }
  let largest = 0;
  for (const node of workers) largest = Math.max(largest, input.shards.nodes.get(node.groupId)?.bytes ?? 0);
  for (const node of nodes) {
    const at = byId.get(nodeElementId(node.nodeId));
    if (at !== undefined) elements.push(...tileElements(input, node, at, largest));
  }
  const expanded = nodes.find((node) => node.nodeId === input.expandedNode);
  if (expanded !== undefined) {
    // Beside the tiles, so that none of them has to leave its place.
    const content = cardContent(input, expanded);
    const at = {
      id: `open:${expanded.nodeId}`,
      width: content.width,
      height: content.height,
      x: layout.width + 60,
      y: 0,
      row: -2,
    };
    elements.push(...cardElements(input, expanded, content, at, `open:${expanded.nodeId}`));
  }
  elements.push(...flowElements(input, byId, 'tiles'));
  return { elements, boxes: [...placed, ...groupBoxes(elements)], mode: 'tiles' };
}
