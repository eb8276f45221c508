/** Pure: a node as a card: its name, its words, its shard groups as tiles. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { bytesWords } from '../nodes/node-facts';
import { isCoordinator } from '../nodes/node-names';
import { glyphs } from '../nodes/node-words';
import { formatCounted } from '../ui/format';
import { cardText, cardWidth, closeFrom, inset, textElement } from './card-text';
import type { CardText } from './card-text';
import { tileOf } from './card-tile';
import type { GraphElement } from './graph-diff';
import type { GraphInput } from './graph-model';
import type { PlacedBox } from './layout';
import { levelColour, outlineOf } from './node-outline';
import type { NodeShards } from './shard-groups';
import { staysBright } from './grouping';
import { isOfTable } from './tile-colours';
import { fitTiles, tilesImage } from './tile-image';
import type { TileGrid } from './tile-image';

/** Room for tiles in a closed card; data beyond it is drawn with smaller tiles. */
const maxTilesHeight = 190;

export interface CardContent {
  readonly width: number;
  readonly height: number;
  readonly grid: TileGrid | null;
  readonly text: CardText;
}

export function cardContent(input: GraphInput, node: ClusterNode): CardContent {
  const text = cardText(input.nodes.filter((other) => !isCoordinator(other)).length);
  const shards = input.shards.nodes.get(node.groupId);
  const count = node.role === 'primary' ? (shards?.groups.length ?? 0) : 0;
  if (count === 0) {
    return { width: cardWidth, height: text.head, grid: null, text };
  }
  let largestBytes = 1;
  let largestCount = 1;
  for (const other of input.shards.nodes.values()) {
    largestBytes = Math.max(largestBytes, other.bytes);
    largestCount = Math.max(largestCount, other.groups.length);
  }
  const grid = fitTiles(count, largestCount, cardWidth - 2 * inset, maxTilesHeight);
  // In steps, so that a few bytes more do not move everything below.
  const share = Math.ceil(((shards?.bytes ?? 0) / largestBytes) * 8) / 8;
  const body = Math.max(grid.height + 18, Math.round(maxTilesHeight * share) + 18);
  return { width: cardWidth, height: text.head + body, grid, text };
}

function sizeWords(shards: NodeShards | undefined): string {
  const words = bytesWords(shards);
  return words === 'unknown' ? 'size not known' : words;
}

function secondLine(input: GraphInput, node: ClusterNode): string {
  const rest = input.titles.get(node.nodeId)?.rest ?? '';
  const size =
    node.role === 'primary'
      ? sizeWords(input.shards.nodes.get(node.groupId))
      : 'holds what its primary holds';
  return rest === '' ? size : `${rest} · ${size}`;
}

function thirdLine(input: GraphInput, node: ClusterNode): string {
  const state = input.states.get(node.nodeId);
  if (state === undefined) return '';
  if (isCoordinator(node) && state.level === 'ok' && node.role === 'primary') {
    return `metadata for ${formatCounted(input.shards.tables.size, 'table')}`;
  }
  // Larger text has less room; the long words are in the details.
  const isClose = input.nodes.length - 1 > closeFrom;
  const words = isClose && state.words.length > 18 ? state.word : state.words;
  return `${glyphs[state.level]} ${words}`;
}

function isFaded(input: GraphInput, node: ClusterNode): boolean {
  if (!staysBright(input.states.get(node.nodeId), input.stateFilter)) return true;
  if (input.litTable === null) return false;
  const oid = input.litTable;
  const groups = input.shards.nodes.get(node.groupId)?.groups ?? [];
  return !groups.some((group) => isOfTable(group, oid));
}

export function cardElements(
  input: GraphInput,
  node: ClusterNode,
  content: CardContent,
  at: PlacedBox,
  largest: ReadonlyMap<string, number>,
): GraphElement[] {
  const { palette } = input;
  const { id } = at;
  const state = input.states.get(node.nodeId);
  const faded = isFaded(input, node) ? ' faded' : '';
  const outline = outlineOf(state?.level ?? 'mute', palette);
  const { rows } = content.text;
  const isSelected = input.selectedNode === node.nodeId;
  const elements: GraphElement[] = [
    {
      id,
      group: 'nodes',
      classes: `card${isSelected ? ' selected' : ''}${faded}`,
      data: { width: at.width, height: at.height, ...outline, nodeId: node.nodeId },
      position: { x: at.x + at.width / 2, y: at.y + at.height / 2 },
    },
    {
      id: `${id}/edge`,
      group: 'nodes',
      classes: `edge-mark${faded}`,
      data: { height: at.height, colour: levelColour(state?.level ?? 'mute', palette) },
      position: { x: at.x + 3, y: at.y + at.height / 2 },
    },
    textElement(
      `${id}/title`,
      `title${faded}`,
      {
        text: input.titles.get(node.nodeId)?.title ?? '',
        room: at.width - inset - 10,
        size: content.text.title,
      },
      at.x + inset,
      at.y + rows[0],
    ),
    textElement(
      `${id}/second`,
      `second${faded}`,
      { text: secondLine(input, node), room: at.width - inset - 8, size: content.text.line },
      at.x + inset,
      at.y + rows[1],
    ),
    textElement(
      `${id}/state`,
      `state${faded}`,
      {
        text: thirdLine(input, node),
        room: at.width - inset - 6,
        size: content.text.line,
        colour:
          isCoordinator(node) && state?.level === 'ok'
            ? palette.ink2
            : levelColour(state?.level ?? 'mute', palette),
      },
      at.x + inset,
      at.y + rows[2],
    ),
  ];
  if (content.grid !== null) {
    elements.push(gridElement(input, node, content.grid, content.text.head, at, largest));
  }
  return elements;
}

function gridElement(
  input: GraphInput,
  node: ClusterNode,
  grid: TileGrid,
  head: number,
  at: PlacedBox,
  largest: ReadonlyMap<string, number>,
): GraphElement {
  const groups = input.shards.nodes.get(node.groupId)?.groups ?? [];
  const image = tilesImage(
    groups.map((group) => tileOf(input, node, group, largest)),
    grid,
  );
  return {
    id: `${at.id}/tiles`,
    group: 'nodes',
    classes: `picture${staysBright(input.states.get(node.nodeId), input.stateFilter) ? '' : ' faded'}`,
    data: { width: grid.width, height: grid.height, image },
    position: { x: at.x + inset + grid.width / 2, y: at.y + head + grid.height / 2 },
  };
}
