/** Pure: a node as a card: its name, its words, its shard groups as tiles; opened, every shard group by itself. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { isCoordinator } from '../nodes/node-names';
import { glyphs } from '../nodes/node-words';
import { formatBytes, formatCounted } from '../ui/format';
import type { ElementData, GraphElement } from './graph-diff';
import type { GraphInput } from './graph-model';
import type { PlacedBox } from './layout';
import { levelColour, outlineOf } from './node-outline';
import { familyWords } from './shard-groups';
import type { GroupFamily, NodeShards, ShardGroup } from './shard-groups';
import { familyColour, intensity, isOfTable, largestByFamily } from './tile-colours';
import { fitTiles, tilesImage } from './tile-image';
import type { Tile, TileGrid } from './tile-image';

export const cardWidth = 196;
const openWidth = 2 * cardWidth + 40;
const inset = 20;
const textRow = 20;
/** Room for tiles in a closed card; data beyond it is drawn with smaller tiles. */
const maxTilesHeight = 190;
/** Shard groups drawn one by one in an open card; the rest is counted. */
export const openLimit = 240;
const openTile = { width: 44, height: 24, gap: 5 } as const;

/** Where many cards share the view it is scaled down; their text is larger, so that it can still be read. */
export interface CardText {
  readonly title: number;
  readonly line: number;
  /** Centres of the three lines below the top of the card. */
  readonly rows: readonly [number, number, number];
  readonly head: number;
}

/** Workers beyond which cards stand close. */
const closeFrom = 8;

export function cardText(workerCount: number): CardText {
  return workerCount > closeFrom
    ? { title: 18, line: 16, rows: [24, 49, 72], head: 94 }
    : { title: 13.5, line: 12, rows: [21, 42, 61], head: 84 };
}

export interface CardContent {
  readonly width: number;
  readonly height: number;
  readonly grid: TileGrid | null;
  readonly isOpen: boolean;
  readonly text: CardText;
  readonly sections: readonly OpenSection[];
}

interface OpenSection {
  readonly family: GroupFamily;
  readonly shown: readonly ShardGroup[];
  readonly hidden: number;
  /** Below the top of the card. */
  readonly top: number;
}

const perOpenRow = Math.floor((openWidth - 2 * inset + openTile.gap) / (openTile.width + openTile.gap));

function sections(
  shards: NodeShards,
  input: GraphInput,
  head: number,
): { list: OpenSection[]; height: number } {
  const list: OpenSection[] = [];
  let room = openLimit;
  let top = head;
  for (const family of input.shards.families) {
    const groups = shards.groups.filter((group) => group.familyKey === family.key);
    if (groups.length === 0) continue;
    const shown = groups.slice(0, Math.max(0, room));
    room -= shown.length;
    list.push({ family, shown, hidden: groups.length - shown.length, top });
    const rows = Math.ceil(shown.length / perOpenRow);
    top += textRow + rows * (openTile.height + openTile.gap) + 8;
  }
  return { list, height: top + 8 };
}

export function cardContent(input: GraphInput, node: ClusterNode): CardContent {
  const text = cardText(input.nodes.filter((other) => !isCoordinator(other)).length);
  const shards = input.shards.nodes.get(node.groupId);
  const count = node.role === 'primary' ? (shards?.groups.length ?? 0) : 0;
  if (input.expandedNode === node.nodeId && shards !== undefined && count > 0) {
    const plain = cardText(1);
    const open = sections(shards, input, plain.head);
    return {
      width: openWidth,
      height: open.height,
      grid: null,
      isOpen: true,
      text: plain,
      sections: open.list,
    };
  }
  if (count === 0) {
    return { width: cardWidth, height: text.head, grid: null, isOpen: false, text, sections: [] };
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
  return { width: cardWidth, height: text.head + body, grid, isOpen: false, text, sections: [] };
}

/** Text is drawn by the canvas itself, so it is sharp at every scale; each line is an element without a body. */
function text(id: string, classes: string, data: ElementData, x: number, y: number): GraphElement {
  return { id, group: 'nodes', classes: `text ${classes}`, data, position: { x, y } };
}

export function sizeWords(shards: NodeShards | undefined): string {
  if (shards === undefined || shards.groups.length === 0) return 'no shards';
  if (shards.isComplete) return formatBytes(shards.bytes);
  return shards.bytes > 0 ? `over ${formatBytes(shards.bytes)}` : 'size not known';
}

function secondLine(input: GraphInput, node: ClusterNode): string {
  const rest = input.titles.get(node.nodeId)?.rest ?? '';
  const size =
    node.role === 'primary'
      ? sizeWords(input.shards.nodes.get(node.groupId))
      : 'holds what its primary holds';
  return rest === '' ? size : `${rest} · ${size}`;
}

function thirdLine(input: GraphInput, node: ClusterNode, isOpen: boolean): string {
  const state = input.states.get(node.nodeId);
  if (state === undefined) return '';
  if (isCoordinator(node) && state.level === 'ok' && node.role === 'primary') {
    return `metadata for ${formatCounted(input.shards.tables.size, 'table')}`;
  }
  // Larger text has less room; the long words are in the details.
  const isClose = !isOpen && input.nodes.length - 1 > closeFrom;
  const words = isClose && state.words.length > 21 ? state.word : state.words;
  return `${glyphs[state.level]} ${words}`;
}

function isFaded(input: GraphInput, node: ClusterNode): boolean {
  if (input.litTable === null) return false;
  const oid = input.litTable;
  const groups = input.shards.nodes.get(node.groupId)?.groups ?? [];
  return !groups.some((group) => isOfTable(group, oid));
}

export function tileOf(
  input: GraphInput,
  node: ClusterNode,
  group: ShardGroup,
  largest: ReadonlyMap<string, number>,
): Tile {
  const state = input.states.get(node.nodeId);
  const family = input.shards.familyByKey.get(group.familyKey);
  const { palette } = input;
  let colour: string;
  if (input.colouring === 'state') colour = levelColour(state?.level ?? 'mute', palette);
  else if (input.colouring === 'bytes') colour = palette.accent;
  // What cannot be reached is grey, whatever it holds.
  else if (state?.level === 'bad') colour = palette.mute;
  else colour = familyColour(family, palette);
  const reference =
    input.colouring === 'bytes' ? Math.max(0, ...largest.values()) : (largest.get(group.familyKey) ?? 0);
  const isLit = input.litTable === null || isOfTable(group, input.litTable);
  const opacity = isLit ? intensity(group.bytes, reference) : 0.1;
  if (input.selectedGroup === group.key) return { colour, opacity, outline: palette.ink1 };
  if (isLit && input.traffic.movingGroups.has(group.key)) return { colour, opacity, outline: palette.busy };
  return { colour, opacity };
}

export function cardElements(
  input: GraphInput,
  node: ClusterNode,
  content: CardContent,
  at: PlacedBox,
  id = at.id,
): GraphElement[] {
  const { palette } = input;
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
    text(
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
    text(
      `${id}/second`,
      `second${faded}`,
      { text: secondLine(input, node), room: at.width - inset - 8, size: content.text.line },
      at.x + inset,
      at.y + rows[1],
    ),
    text(
      `${id}/state`,
      `state${faded}`,
      {
        text: thirdLine(input, node, content.isOpen),
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
  if (content.isOpen) elements.push(...openElements(input, node, content, at, id, faded));
  else if (content.grid !== null)
    elements.push(gridElement(input, node, content.grid, content.text.head, at, id));
  return elements;
}

function gridElement(
  input: GraphInput,
  node: ClusterNode,
  grid: TileGrid,
  head: number,
  at: PlacedBox,
  id: string,
): GraphElement {
  const largest = largestByFamily(input.shards);
  const groups = input.shards.nodes.get(node.groupId)?.groups ?? [];
  const image = tilesImage(
    groups.map((group) => tileOf(input, node, group, largest)),
    grid,
  );
  return {
    id: `${id}/tiles`,
    group: 'nodes',
    classes: 'picture',
    data: { width: grid.width, height: grid.height, image },
    position: { x: at.x + inset + grid.width / 2, y: at.y + head + grid.height / 2 },
  };
}

function openElements(
  input: GraphInput,
  node: ClusterNode,
  content: CardContent,
  at: PlacedBox,
  id: string,
  faded: string,
): GraphElement[] {
  const largest = largestByFamily(input.shards);
  const bytes = input.shards.nodes.get(node.groupId)?.bytesByFamily;
  const elements: GraphElement[] = [];
  for (const section of content.sections) {
    const { family } = section;
    const count = section.shown.length + section.hidden;
    const more = section.hidden > 0 ? ` · ${section.hidden} not drawn` : '';
    elements.push(
      text(
        `${id}/${family.key}`,
        `section${faded}`,
        {
          text: `${familyWords(family)} · ${formatCounted(count, 'shard group')} · ${formatBytes(bytes?.get(family.key) ?? null)}${more}`,
          room: at.width - 2 * inset,
          size: 11.5,
        },
        at.x + inset,
        at.y + section.top + textRow / 2 - 2,
      ),
    );
    section.shown.forEach((group, index) => {
      const tile = tileOf(input, node, group, largest);
      elements.push({
        id: `group:${node.nodeId}:${group.key}`,
        group: 'nodes',
        classes: `shard-group${input.selectedGroup === group.key ? ' selected' : ''}`,
        data: {
          width: openTile.width,
          height: openTile.height,
          colour: tile.colour,
          opacity: tile.opacity,
          outline: tile.outline ?? tile.colour,
          outlineWidth: tile.outline === undefined ? 0 : 1.5,
          text: group.shards[0]?.shardId ?? '',
          groupKey: group.key,
          nodeId: node.nodeId,
        },
        position: {
          x: at.x + inset + (index % perOpenRow) * (openTile.width + openTile.gap) + openTile.width / 2,
          y:
            at.y
            + section.top
            + textRow
            + Math.floor(index / perOpenRow) * (openTile.height + openTile.gap)
            + openTile.height / 2,
        },
      });
    });
  }
  return elements;
}
