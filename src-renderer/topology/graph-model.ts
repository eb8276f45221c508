/** Pure: the cluster as elements of a graph, each with its place. The same cluster always gives the same drawing. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { isCoordinator } from '../nodes/node-names';
import type { NodeTitle } from '../nodes/node-names';
import type { NodeState } from '../nodes/node-words';
import { cardWidth } from './card-text';
import { focusKey } from './focus';
import type { Focus } from './focus';
import { cardContent, cardElements } from './graph-cards';
import type { GraphElement } from './graph-diff';
import { flowElements, linkElements } from './graph-edges';
import { createGraphMemory } from './graph-memory';
import type { GraphMemory } from './graph-memory';
import { barScale, drawnTile } from './graph-tiles';
import { toBlocks } from './grouping';
import type { Grouping } from './grouping';
import { columnsFor, layoutCards } from './layout';
import type { PlacedBox } from './layout';
import { layoutBlocks } from './layout-tiles';
import type { Traffic } from './moves';
import type { NodeTile } from './node-tile';
import type { Palette } from './palette';
import { boundsOf } from './scene';
import type { Bounds, Scene, SceneBox } from './scene';
import { familyScene } from './scene-family';
import { groupScene } from './scene-group';
import { nodeScene } from './scene-node';
import type { ShardMap } from './shard-groups';
import { largestByFamily } from './tile-colours';
import type { Colouring } from './tile-colours';

export interface GraphInput {
  readonly nodes: readonly ClusterNode[];
  readonly titles: ReadonlyMap<number, NodeTitle>;
  readonly states: ReadonlyMap<number, NodeState>;
  readonly shards: ShardMap;
  readonly traffic: Traffic;
  readonly palette: Palette;
  readonly colouring: Colouring;
  readonly grouping: Grouping;
  /** Word of a state: nodes in another fade, but for those that fail. */
  readonly stateFilter: string | null;
  /** Table whose shards are lit; all others fade. */
  readonly litTable: number | null;
  readonly focus: Focus;
  readonly selectedNode: number | null;
  /** Keys of a colocation group and of a shard group. */
  readonly selectedFamily: string | null;
  readonly selectedGroup: string | null;
  /** Width of the view divided by its height. */
  readonly aspectRatio: number;
}

export interface Graph extends Scene {
  readonly mode: 'cards' | 'tiles' | 'opened';
  /** In the mode of that name: what is drawn where the elements of class `tile` are. */
  readonly tiles: readonly NodeTile[];
  /** What decides where things stand: as long as it is the same, what was in sight stays in sight. */
  readonly shape: string;
  readonly bounds: Bounds;
}

/** More workers than this are drawn as tiles. */
export const cardLimit = 24;

export function nodeElementId(nodeId: number): string {
  return `node:${nodeId}`;
}

/** Of lists that are still there: most refreshes change no node. */
const ordered = new WeakMap<readonly ClusterNode[], readonly ClusterNode[]>();

/** Coordinator's group first, then in the order in which nodes were added, so that a new one comes last. */
export function inDrawingOrder(nodes: readonly ClusterNode[]): readonly ClusterNode[] {
  const known = ordered.get(nodes);
  if (known !== undefined) return known;
  const rank = (node: ClusterNode): number => (isCoordinator(node) ? 0 : 1);
  const inOrder = [...nodes].sort((a, b) => rank(a) - rank(b) || a.nodeId - b.nodeId);
  ordered.set(nodes, inOrder);
  return inOrder;
}

/** Elements of nodes that nothing happened to since the last call with the same `memory` are the same objects. */
export function toGraph(input: GraphInput, memory: GraphMemory = createGraphMemory()): Graph {
  const opened = openedScene(input);
  if (opened !== null) return toDrawing(input, opened, 'opened');
  const nodes = inDrawingOrder(input.nodes);
  const workers = nodes.filter((node) => !isCoordinator(node));
  if (workers.length <= cardLimit) return toDrawing(input, cardScene(input, nodes, workers), 'cards');
  const { tiles, ...scene } = tileScene(input, nodes, workers, memory);
  memory.tiles.sweep();
  memory.layout.sweep();
  return toDrawing(input, scene, 'tiles', tiles);
}

const noTiles: readonly NodeTile[] = [];

function toDrawing(input: GraphInput, scene: Scene, mode: Graph['mode'], tiles = noTiles): Graph {
  return { ...scene, tiles, mode, shape: shapeOf(input, mode), bounds: boundsOf(scene) };
}

function shapeOf(input: GraphInput, mode: Graph['mode']): string {
  const places = input.nodes.map((node) => node.nodeId).join(',');
  return [focusKey(input.focus), mode, input.grouping, input.aspectRatio, places].join('|');
}

/** Null for the whole cluster, and where what was opened is gone. */
function openedScene(input: GraphInput): Scene | null {
  const { focus } = input;
  if (focus.level === 'cluster') return null;
  const node = input.nodes.find((one) => one.nodeId === focus.nodeId);
  if (node === undefined) return null;
  switch (focus.level) {
    case 'node':
      return nodeScene(input, node);
    case 'family':
      return familyScene(input, node, focus.familyKey);
    case 'group': {
      const group = input.shards.groupByKey.get(focus.key);
      return group === undefined ? null : groupScene(input, node, group);
    }
  }
}

function nodeBox(box: PlacedBox, node: ClusterNode): SceneBox {
  return { ...box, target: { type: 'node', nodeId: node.nodeId } };
}

function cardScene(input: GraphInput, nodes: readonly ClusterNode[], workers: readonly ClusterNode[]): Scene {
  const contents = new Map(nodes.map((node) => [node.nodeId, cardContent(input, node)]));
  const box = (node: ClusterNode): { id: string; width: number; height: number } => ({
    id: nodeElementId(node.nodeId),
    width: contents.get(node.nodeId)?.width ?? cardWidth,
    height: contents.get(node.nodeId)?.height ?? 80,
  });
  const columns = columnsFor(workers.length, input.aspectRatio, { width: cardWidth, height: 260 });
  const layout = layoutCards(nodes.filter(isCoordinator).map(box), workers.map(box), columns);
  const byId = new Map([...layout.coordinators, ...layout.workers].map((entry) => [entry.id, entry]));
  const largest = largestByFamily(input.shards);
  const elements: GraphElement[] = [];
  const boxes: SceneBox[] = [];
  for (const node of nodes) {
    const at = byId.get(nodeElementId(node.nodeId));
    const content = contents.get(node.nodeId);
    if (at === undefined || content === undefined) continue;
    elements.push(...cardElements(input, node, content, at, largest));
    boxes.push(nodeBox(at, node));
  }
  elements.push(...linkElements(input, nodes, byId), ...flowElements(input, byId, 'cards'));
  return { elements, boxes };
}

function tileScene(
  input: GraphInput,
  nodes: readonly ClusterNode[],
  workers: readonly ClusterNode[],
  memory: GraphMemory,
): Scene & Pick<Graph, 'tiles'> {
  const blocks = [
    { label: 'coordinator', nodes: nodes.filter(isCoordinator) },
    ...toBlocks(workers, input.grouping, input.states),
  ].filter((block) => block.nodes.length > 0);
  const places = blocks.map((block) => ({
    label: block.label,
    ids: block.nodes.map((node) => nodeElementId(node.nodeId)),
  }));
  const layout = memory.layout.recall('all', [input.aspectRatio, JSON.stringify(places)], () =>
    layoutBlocks(places, input.aspectRatio),
  );
  const byId = new Map(layout.boxes.map((entry) => [entry.id, entry]));
  const elements: GraphElement[] = layout.labels.map((label) => ({
    id: `block:${label.text}`,
    group: 'nodes',
    classes: 'block',
    data: { text: label.text, room: label.room },
    position: { x: label.x, y: label.y },
  }));
  const scale = barScale(input);
  const boxes: SceneBox[] = [];
  const tiles: NodeTile[] = [];
  for (const node of nodes) {
    const at = byId.get(nodeElementId(node.nodeId));
    if (at === undefined) continue;
    const { element, tile } = drawnTile(input, node, at, scale, memory.tiles);
    elements.push(element);
    tiles.push(tile);
    boxes.push(nodeBox(at, node));
  }
  elements.push(...flowElements(input, byId, 'tiles'));
  return { elements, boxes, tiles };
}
