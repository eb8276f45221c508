/** Pure: a node opened: its colocation groups one below the other, every shard group by itself. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { formatBytes, formatCounted } from '../ui/format';
import { cardWidth, inset, textElement } from './card-text';
import { tileOf } from './card-tile';
import type { GraphElement } from './graph-diff';
import type { GraphInput } from './graph-model';
import type { PlacedBox } from './layout';
import { familyWords } from './shard-groups';
import type { GroupFamily, NodeShards, ShardGroup } from './shard-groups';
import { largestByFamily } from './tile-colours';

export const openWidth = 2 * cardWidth + 40;
const textRow = 20;
/** Shard groups drawn one by one; the rest is counted. */
export const openLimit = 240;
const openTile = { width: 44, height: 24, gap: 5 } as const;

export interface OpenSection {
  readonly family: GroupFamily;
  readonly shown: readonly ShardGroup[];
  readonly hidden: number;
  /** Below the top of the card. */
  readonly top: number;
}

const perOpenRow = Math.floor((openWidth - 2 * inset + openTile.gap) / (openTile.width + openTile.gap));

export function openSections(
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

export function openElements(
  input: GraphInput,
  node: ClusterNode,
  sections: readonly OpenSection[],
  at: PlacedBox,
  id: string,
  faded: string,
): GraphElement[] {
  const largest = largestByFamily(input.shards);
  const bytes = input.shards.nodes.get(node.groupId)?.bytesByFamily;
  const elements: GraphElement[] = [];
  for (const section of sections) {
    const { family } = section;
    const count = section.shown.length + section.hidden;
    const more = section.hidden > 0 ? ` · ${section.hidden} not drawn` : '';
    elements.push(
      textElement(
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
