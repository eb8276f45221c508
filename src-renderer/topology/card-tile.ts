/** Pure: what a shard group looks like on the card of a node. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import type { GraphInput } from './graph-model';
import { levelColour } from './node-outline';
import type { ShardGroup } from './shard-groups';
import { familyColour, intensity, isOfTable } from './tile-colours';
import type { Tile } from './tile-image';

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
