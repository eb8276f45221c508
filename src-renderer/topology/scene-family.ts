/** Pure: a colocation group on one node, opened: its shard groups with id, size and hash range. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { formatBytes, formatCounted } from '../ui/format';
import { textElement } from './card-text';
import { tileOf } from './card-tile';
import type { GraphInput } from './graph-model';
import { placeOnShelves, shelfWidth } from './scene';
import type { Scene } from './scene';
import { headHeight, sceneHead } from './scene-head';
import { familyWords } from './shard-groups';
import type { ShardGroup } from './shard-groups';
import { largestByFamily } from './tile-colours';

/** Drawn one by one; the table has all. */
export const familyTileLimit = 300;
const card = { width: 168, height: 74 } as const;

function cardText(input: GraphInput, group: ShardGroup): string {
  const range = group.minValue === null ? 'all values' : `from ${group.minValue}`;
  const moves = input.traffic.movingGroups.has(group.key) ? '◆ moves · ' : '';
  return [
    group.shards[0]?.shardId ?? '',
    `${moves}${formatCounted(group.shards.length, 'shard')} · ${formatBytes(group.bytes)}`,
    range,
  ].join('\n');
}

export function familyScene(input: GraphInput, node: ClusterNode, familyKey: string): Scene {
  const family = input.shards.familyByKey.get(familyKey);
  const held = input.shards.nodes.get(node.groupId);
  const groups = (held?.groups ?? []).filter((group) => group.familyKey === familyKey);
  const drawn = groups.slice(0, familyTileLimit);
  const boxes = drawn.map((group) => ({ id: `group:${node.nodeId}:${group.key}`, ...card, shards: group }));
  const width = boxes.length === 0 ? 0 : shelfWidth(boxes, input.aspectRatio);
  const placed = placeOnShelves(boxes, width, headHeight);
  const largest = largestByFamily(input.shards);
  const bytes = held?.bytesByFamily.get(familyKey) ?? null;
  const elements = sceneHead(
    input,
    node,
    `${family === undefined ? '' : familyWords(family)} on ${input.titles.get(node.nodeId)?.title ?? ''}`,
    `${formatCounted(groups.length, 'shard group')} of ${family?.groupCount ?? 0} · ${formatBytes(bytes)}`,
    width,
  );
  for (const at of placed) {
    const tile = tileOf(input, node, at.shards, largest);
    elements.push({
      id: at.id,
      group: 'nodes',
      classes: `group-card${input.selectedGroup === at.shards.key ? ' selected' : ''}`,
      data: {
        width: at.width,
        height: at.height,
        colour: tile.outline ?? tile.colour,
        text: cardText(input, at.shards),
      },
      position: { x: at.x + at.width / 2, y: at.y + at.height / 2 },
    });
  }
  if (groups.length > drawn.length) {
    const bottom = Math.max(...placed.map((box) => box.y + box.height));
    const text = `${formatCounted(groups.length - drawn.length, 'shard group')} not drawn; the table has all.`;
    elements.push(textElement('note', 'second', { text, room: 500, size: 13 }, 0, bottom + 24));
  }
  return {
    elements,
    boxes: placed.map(({ id, width: w, height, x, y, row, shards }) => ({
      ...{ id, width: w, height, x, y, row },
      target: { type: 'group', nodeId: node.nodeId, key: shards.key },
    })),
  };
}
