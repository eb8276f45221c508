/** Pure: a node opened: its colocation groups as panels, every shard group in them by itself. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { formatBytes, formatCount, formatCounted } from '../ui/format';
import { inset, textElement } from './card-text';
import { tileOf } from './card-tile';
import type { GraphElement } from './graph-diff';
import type { GraphInput } from './graph-model';
import type { PlacedBox } from './layout';
import { outlineOf } from './node-outline';
import { placeOnShelves, shelfWidth } from './scene';
import type { Scene, SceneBox } from './scene';
import { headHeight, nodeLine, sceneHead } from './scene-head';
import { familyWords } from './shard-groups';
import type { GroupFamily, ShardGroup } from './shard-groups';
import { familyColour, largestByFamily } from './tile-colours';

/** Shard groups drawn one by one, on all panels together; the rest is counted, and drawn when its panel is opened. */
export const nodeTileLimit = 400;
/** Panels beyond it are counted in a line below. */
export const panelLimit = 60;
const tile = { width: 44, height: 24, gap: 5 } as const;
const panelHead = 58;
const narrowest = 5;
const widest = 16;

interface Panel {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly family: GroupFamily;
  readonly shown: readonly ShardGroup[];
  readonly count: number;
  readonly perRow: number;
}

function toPanels(input: GraphInput, node: ClusterNode): readonly Panel[] {
  const held = new Map<string, ShardGroup[]>();
  for (const group of input.shards.nodes.get(node.groupId)?.groups ?? []) {
    const list = held.get(group.familyKey);
    if (list === undefined) held.set(group.familyKey, [group]);
    else list.push(group);
  }
  let room = nodeTileLimit;
  const panels: Panel[] = [];
  for (const family of input.shards.families) {
    const groups = held.get(family.key);
    if (groups === undefined) continue;
    const shown = groups.slice(0, room);
    room -= shown.length;
    const perRow = Math.min(widest, Math.max(narrowest, Math.ceil(Math.sqrt(shown.length))));
    const rows = Math.ceil(shown.length / perRow);
    panels.push({
      id: `family:${node.nodeId}:${family.key}`,
      width: 2 * inset + perRow * (tile.width + tile.gap) - tile.gap,
      height: panelHead + rows * (tile.height + tile.gap) + 10,
      family,
      shown,
      count: groups.length,
      perRow,
    });
  }
  return panels;
}

export function nodeScene(input: GraphInput, node: ClusterNode): Scene {
  const panels = toPanels(input, node);
  const drawn = panels.slice(0, panelLimit);
  const width = drawn.length === 0 ? 0 : shelfWidth(drawn, input.aspectRatio);
  const placed = placeOnShelves(drawn, width, headHeight);
  const elements = sceneHead(
    input,
    node,
    input.titles.get(node.nodeId)?.title ?? '',
    nodeLine(input, node),
    width,
  );
  const boxes: SceneBox[] = [];
  const largest = largestByFamily(input.shards);
  for (const panel of placed) {
    elements.push(...panelElements(input, node, panel));
    boxes.push({
      ...boxOf(panel),
      target: { type: 'family', nodeId: node.nodeId, key: panel.family.key },
    });
    panel.shown.forEach((group, index) => {
      const at: PlacedBox = {
        id: `group:${node.nodeId}:${group.key}`,
        width: tile.width,
        height: tile.height,
        x: panel.x + inset + (index % panel.perRow) * (tile.width + tile.gap),
        y: panel.y + panelHead + Math.floor(index / panel.perRow) * (tile.height + tile.gap),
        row: -2,
      };
      elements.push(groupElement(input, node, group, at, largest));
      boxes.push({ ...at, target: { type: 'group', nodeId: node.nodeId, key: group.key } });
    });
  }
  if (panels.length === 0) elements.push(note('It holds no shards.', headHeight + 10));
  if (panels.length > drawn.length) {
    const bottom = Math.max(...placed.map((panel) => panel.y + panel.height));
    const left = formatCounted(panels.length - drawn.length, 'smaller colocation group');
    elements.push(note(`${left} not drawn; the table and the matrix have all.`, bottom + 24));
  }
  return { elements, boxes };
}

const note = (text: string, y: number): GraphElement =>
  textElement('note', 'second', { text, room: 500, size: 13 }, 0, y);

function boxOf({ id, width, height, x, y, row }: PlacedBox): PlacedBox {
  return { id, width, height, x, y, row };
}

function panelElements(input: GraphInput, node: ClusterNode, panel: Panel & PlacedBox): GraphElement[] {
  const bytes = input.shards.nodes.get(node.groupId)?.bytesByFamily.get(panel.family.key) ?? null;
  const hidden = panel.count - panel.shown.length;
  const more = hidden > 0 ? ` · ${formatCount(hidden)} not drawn` : '';
  const isSelected = input.selectedFamily === panel.family.key;
  return [
    {
      id: panel.id,
      group: 'nodes',
      classes: `card${isSelected ? ' selected' : ''}`,
      data: { width: panel.width, height: panel.height, ...outlineOf('ok', input.palette) },
      position: { x: panel.x + panel.width / 2, y: panel.y + panel.height / 2 },
    },
    {
      id: `${panel.id}/edge`,
      group: 'nodes',
      classes: 'edge-mark',
      data: { height: panel.height, colour: familyColour(panel.family, input.palette) },
      position: { x: panel.x + 3, y: panel.y + panel.height / 2 },
    },
    textElement(
      `${panel.id}/title`,
      'title',
      { text: familyWords(panel.family), room: panel.width - inset - 10, size: 13.5 },
      panel.x + inset,
      panel.y + 20,
    ),
    textElement(
      `${panel.id}/line`,
      'second',
      {
        text: `${formatCounted(panel.count, 'shard group')} · ${formatBytes(bytes)}${more}`,
        room: panel.width - inset - 8,
        size: 12,
      },
      panel.x + inset,
      panel.y + 40,
    ),
  ];
}

function groupElement(
  input: GraphInput,
  node: ClusterNode,
  group: ShardGroup,
  at: PlacedBox,
  largest: ReadonlyMap<string, number>,
): GraphElement {
  const drawn = tileOf(input, node, group, largest);
  return {
    id: at.id,
    group: 'nodes',
    classes: `shard-group${input.selectedGroup === group.key ? ' selected' : ''}`,
    data: {
      width: at.width,
      height: at.height,
      colour: drawn.colour,
      opacity: drawn.opacity,
      outline: drawn.outline ?? drawn.colour,
      outlineWidth: drawn.outline === undefined ? 0 : 1.5,
      text: group.shards[0]?.shardId ?? '',
      groupKey: group.key,
      nodeId: node.nodeId,
    },
    position: { x: at.x + at.width / 2, y: at.y + at.height / 2 },
  };
}
