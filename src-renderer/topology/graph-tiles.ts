/** Pure: a node as a small tile with its bytes as a stacked bar, for clusters of many nodes. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import type { GraphElement } from './graph-diff';
import type { GraphInput } from './graph-model';
import type { PlacedBox } from './layout';
import { levelColour, outlineOf } from './node-outline';
import type { GroupFamily, NodeShards, ShardGroup } from './shard-groups';
import { familyColour, isOfTable } from './tile-colours';
import { barImage } from './tile-image';
import type { BarPart } from './tile-image';

const inset = 3;

/** Bytes of a family here, or its count of shard groups where no size is known at all. */
function weightOf(shards: NodeShards, family: GroupFamily, useBytes: boolean): number {
  return useBytes
    ? (shards.bytesByFamily.get(family.key) ?? 0)
    : shards.groups.filter((group) => group.familyKey === family.key).length;
}

function litShare(groups: readonly ShardGroup[], oid: number): number {
  return groups.filter((group) => isOfTable(group, oid)).length / Math.max(1, groups.length);
}

function parts(
  input: GraphInput,
  node: ClusterNode,
  shards: NodeShards,
  largestBytes: number,
): readonly BarPart[] {
  const { palette } = input;
  const state = input.states.get(node.nodeId);
  const useBytes = largestBytes > 0;
  const scale = useBytes
    ? largestBytes
    : Math.max(1, ...[...input.shards.nodes.values()].map((entry) => entry.groups.length));
  const total = useBytes ? shards.bytes : shards.groups.length;
  if (input.litTable !== null) {
    const lit = (total / scale) * litShare(shards.groups, input.litTable);
    const table = input.shards.tables.get(input.litTable);
    const family = input.shards.families.find(
      (entry) => table !== undefined && entry.tableOids.includes(table.oid),
    );
    return [
      { colour: familyColour(family, palette), opacity: 0.95, share: lit },
      { colour: palette.mute, opacity: 0.18, share: total / scale - lit },
    ];
  }
  if (input.colouring !== 'group' || state?.level === 'bad') {
    const colour =
      state?.level === 'bad'
        ? palette.mute
        : input.colouring === 'state'
          ? levelColour(state?.level ?? 'mute', palette)
          : palette.accent;
    return [{ colour, opacity: 0.85, share: total / scale }];
  }
  return input.shards.families.map((family) => ({
    colour: familyColour(family, palette),
    opacity: 0.85,
    share: weightOf(shards, family, useBytes) / scale,
  }));
}

export function tileElements(
  input: GraphInput,
  node: ClusterNode,
  at: PlacedBox,
  largestBytes: number,
): GraphElement[] {
  const state = input.states.get(node.nodeId);
  const shards = node.role === 'primary' ? input.shards.nodes.get(node.groupId) : undefined;
  const isLost =
    input.litTable !== null && (shards === undefined || litShare(shards.groups, input.litTable) === 0);
  const image =
    shards === undefined || shards.groups.length === 0
      ? ''
      : barImage(parts(input, node, shards, largestBytes), at.width - 2 * inset, at.height - 2 * inset);
  return [
    {
      id: at.id,
      group: 'nodes',
      classes: `tile${input.selectedNode === node.nodeId ? ' selected' : ''}${isLost ? ' faded' : ''}${image === '' ? '' : ' pictured'}`,
      data: {
        width: at.width,
        height: at.height,
        ...outlineOf(state?.level ?? 'mute', input.palette),
        nodeId: node.nodeId,
        image,
        imageWidth: at.width - 2 * inset,
        imageHeight: at.height - 2 * inset,
        // Read only when zoomed in.
        text: input.titles.get(node.nodeId)?.title ?? '',
      },
      position: { x: at.x + at.width / 2, y: at.y + at.height / 2 },
    },
  ];
}
