/** Pure: a shard group opened: each of its placements as a card, with every shard in it. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { glyphs } from '../nodes/node-words';
import { formatBytes, formatCount, formatCounted } from '../ui/format';
import { inset, textElement } from './card-text';
import type { GraphElement } from './graph-diff';
import type { GraphInput } from './graph-model';
import { severity } from './grouping';
import type { PlacedBox } from './layout';
import { levelColour, outlineOf } from './node-outline';
import { placeOnShelves, shelfWidth } from './scene';
import type { Scene } from './scene';
import { headHeight, sceneHead } from './scene-head';
import type { ShardGroup } from './shard-groups';
import { familyColour } from './tile-colours';

/** Nodes drawn with their copy; those in trouble come first, so that none of them is left out. */
export const copyLimit = 24;
/** Shards listed on each card. */
export const shardLimit = 40;
const row = 20;
const cardHead = 84;
const cardWidth = 320;

/** Primaries that hold a copy, those in trouble first. */
export function holdersOfGroup(
  input: Pick<GraphInput, 'nodes' | 'states'>,
  group: ShardGroup,
): readonly ClusterNode[] {
  const rank = (node: ClusterNode): number => severity[input.states.get(node.nodeId)?.level ?? 'mute'];
  return input.nodes
    .filter((node) => node.role === 'primary' && group.groupIds.includes(node.groupId))
    .sort((one, other) => rank(one) - rank(other) || one.nodeId - other.nodeId);
}

export function groupScene(input: GraphInput, node: ClusterNode, group: ShardGroup): Scene {
  const holders = holdersOfGroup(input, group);
  const drawn = holders.slice(0, copyLimit);
  // Each card lists the shards; where there are many copies of few shards that is short.
  const listed = group.shards.slice(0, Math.max(1, Math.floor((shardLimit * 3) / Math.max(3, drawn.length))));
  const height = cardHead + (listed.length + (listed.length < group.shards.length ? 1 : 0)) * row + 8;
  const boxes = drawn.map((holder) => ({ id: `copy:${holder.nodeId}`, width: cardWidth, height, holder }));
  const width = boxes.length === 0 ? 0 : shelfWidth(boxes, input.aspectRatio);
  const placed = placeOnShelves(boxes, width, headHeight);
  const range =
    group.minValue === null ? 'no hash range' : `hash ${group.minValue} to ${group.maxValue ?? ''}`;
  const elements = sceneHead(
    input,
    node,
    `Shard group ${group.shards[0]?.shardId ?? ''}`,
    `${formatCounted(group.shards.length, 'shard')} · ${formatBytes(group.bytes)} · ${range} · on ${formatCounted(holders.length, 'node')}`,
    width,
  );
  for (const at of placed) elements.push(...copyElements(input, at.holder, group, listed, at));
  if (holders.length > drawn.length) {
    const bottom = Math.max(...placed.map((box) => box.y + box.height));
    const text = `${formatCount(holders.length - drawn.length)} more copies not drawn, all on nodes that are well or of the same state.`;
    elements.push(textElement('note', 'second', { text, room: 600, size: 13 }, 0, bottom + 24));
  }
  return {
    elements,
    boxes: placed.map(({ id, width: w, height: h, x, y, row: line, holder }) => ({
      ...{ id, width: w, height: h, x, y, row: line },
      target: { type: 'node', nodeId: holder.nodeId },
    })),
  };
}

function copyElements(
  input: GraphInput,
  holder: ClusterNode,
  group: ShardGroup,
  listed: ShardGroup['shards'],
  at: PlacedBox,
): GraphElement[] {
  const state = input.states.get(holder.nodeId);
  const level = state?.level ?? 'mute';
  const isSelected = input.selectedNode === holder.nodeId;
  const family = input.shards.familyByKey.get(group.familyKey);
  const text = (name: string, kind: string, y: number, data: GraphElement['data']): GraphElement =>
    textElement(`${at.id}/${name}`, kind, { room: at.width - inset - 8, ...data }, at.x + inset, at.y + y);
  const elements: GraphElement[] = [
    {
      id: at.id,
      group: 'nodes',
      classes: `card${isSelected ? ' selected' : ''}`,
      data: { width: at.width, height: at.height, ...outlineOf(level, input.palette) },
      position: { x: at.x + at.width / 2, y: at.y + at.height / 2 },
    },
    {
      id: `${at.id}/edge`,
      group: 'nodes',
      classes: 'edge-mark',
      data: { height: at.height, colour: familyColour(family, input.palette) },
      position: { x: at.x + 3, y: at.y + at.height / 2 },
    },
    text('title', 'title', 21, { text: input.titles.get(holder.nodeId)?.title ?? '', size: 13.5 }),
    text('line', 'second', 41, {
      text: `${input.titles.get(holder.nodeId)?.address ?? ''} · group ${holder.groupId}`,
      size: 12,
    }),
    text('state', 'state', 60, {
      text: `${glyphs[level]} ${state?.words ?? 'unknown'}`,
      size: 12,
      colour: levelColour(level, input.palette),
    }),
  ];
  listed.forEach((shard, index) => {
    const table = input.shards.tables.get(shard.tableOid)?.name ?? String(shard.tableOid);
    const isLit = input.litTable === null || input.litTable === shard.tableOid;
    elements.push(
      text(`shard-${shard.shardId}`, `second${isLit ? '' : ' faded'}`, cardHead + index * row + 8, {
        text: `${shard.shardId} · ${table}`,
        size: 12,
      }),
    );
  });
  if (listed.length < group.shards.length) {
    elements.push(
      text('more', 'second', cardHead + listed.length * row + 8, {
        text: `and ${formatCounted(group.shards.length - listed.length, 'more shard')}; the panel lists them`,
        size: 12,
      }),
    );
  }
  return elements;
}
