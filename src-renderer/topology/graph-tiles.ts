/** Pure: a node as a small tile with its bytes as a stacked bar, for clusters of many nodes. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { bytesWords } from '../nodes/node-facts';
import { glyphs } from '../nodes/node-words';
import type { NodeState } from '../nodes/node-words';
import { mixColours } from './colour-mix';
import type { GraphElement } from './graph-diff';
import type { Memory } from './graph-memory';
import type { GraphInput } from './graph-model';
import { staysBright } from './grouping';
import type { PlacedBox } from './layout';
import { levelColour, outlineOf } from './node-outline';
import { nodeTile } from './node-tile';
import type { BarPart, NodeTile } from './node-tile';
import { groupColours } from './palette';
import type { NodeShards, ShardGroup } from './shard-groups';
import { familyColour, isOfTable } from './tile-colours';

/** Letters of a node's name below its tile. */
const nameLetters = 12;

/** What full bars stand for: bytes, or shard groups where no size is known at all. */
export interface BarScale {
  readonly useBytes: boolean;
  readonly full: number;
}

export function barScale(input: Pick<GraphInput, 'shards'>): BarScale {
  let bytes = 0;
  let groups = 0;
  for (const node of input.shards.nodes.values()) {
    bytes = Math.max(bytes, node.bytes);
    groups = Math.max(groups, node.groups.length);
  }
  return bytes > 0
    ? { useBytes: true, full: roundUp(bytes, 1024) }
    : { useBytes: false, full: roundUp(Math.max(1, groups), 10) };
}

/** The next figure that reads well, so that no bar changes when the fullest node gets a few bytes more. */
function roundUp(value: number, base: number): number {
  let unit = 1;
  while (value / unit >= base) unit *= base;
  let step = 1;
  while (value / unit > 10 * step) step *= 10;
  const figure = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((one) => one * step >= value / unit) ?? 10;
  return figure * step * unit;
}

function litShare(groups: readonly ShardGroup[], oid: number): number {
  return groups.filter((group) => isOfTable(group, oid)).length / Math.max(1, groups.length);
}

function barParts(
  input: GraphInput,
  state: NodeState | undefined,
  shards: NodeShards,
  scale: BarScale,
): readonly BarPart[] {
  const { palette } = input;
  const shade = (colour: string, share: number): string => mixColours(colour, palette.raised, share);
  const whole = (scale.useBytes ? shards.bytes : shards.groups.length) / scale.full;
  if (input.litTable !== null) {
    const lit = whole * litShare(shards.groups, input.litTable);
    const key = shards.groups.find((group) => isOfTable(group, input.litTable ?? 0))?.familyKey ?? '';
    return [
      { colour: shade(familyColour(input.shards.familyByKey.get(key), palette), 0.95), share: lit },
      { colour: shade(palette.mute, 0.18), share: whole - lit },
    ];
  }
  // What cannot be reached is grey, whatever it holds.
  if (state?.level === 'bad') return [{ colour: shade(palette.mute, 0.85), share: whole }];
  if (input.colouring !== 'group') {
    const colour =
      input.colouring === 'state' ? levelColour(state?.level ?? 'mute', palette) : palette.accent;
    return [{ colour: shade(colour, 0.85), share: whole }];
  }
  const weights = scale.useBytes ? shards.bytesByFamily : shards.countByFamily;
  const parts: BarPart[] = [];
  let named = 0;
  for (const family of input.shards.families.slice(0, groupColours)) {
    if (family.kind === 'local') continue;
    const share = (weights.get(family.key) ?? 0) / scale.full;
    named += share;
    parts.push({ colour: shade(familyColour(family, palette), 0.85), share });
  }
  return [...parts, { colour: shade(palette.mute, 0.85), share: Math.max(0, whole - named) }];
}

function tileLabel(input: GraphInput, node: ClusterNode, shards: NodeShards | undefined): string {
  const title = input.titles.get(node.nodeId)?.title ?? '';
  const short = title.length > nameLetters ? `${title.slice(0, nameLetters - 1)}…` : title;
  return `${short}\n${bytesWords(shards)}`;
}

/** A node in the overview: what Cytoscape knows of it, a place to tap and an end for arcs, and what is drawn there. */
export interface DrawnTile {
  readonly element: GraphElement;
  readonly tile: NodeTile;
}

export function drawnTile(
  input: GraphInput,
  node: ClusterNode,
  at: PlacedBox,
  scale: BarScale,
  memory: Memory<DrawnTile>,
): DrawnTile {
  const state = input.states.get(node.nodeId);
  const shards = node.role === 'primary' ? input.shards.nodes.get(node.groupId) : undefined;
  const isSelected = input.selectedNode === node.nodeId;
  const isPassed = staysBright(state, input.stateFilter);
  const title = input.titles.get(node.nodeId)?.title;
  return memory.recall(
    at.id,
    [
      ...[state, shards, title, at.x, at.y, isSelected, isPassed, scale.full, scale.useBytes],
      ...[input.palette, input.colouring, input.litTable, input.shards.families],
    ],
    () => makeTile(input, node, at, { state, shards, scale, isSelected, isPassed }),
  );
}

interface TileFacts {
  readonly state: NodeState | undefined;
  readonly shards: NodeShards | undefined;
  readonly scale: BarScale;
  readonly isSelected: boolean;
  readonly isPassed: boolean;
}

function makeTile(
  input: GraphInput,
  node: ClusterNode,
  at: PlacedBox,
  { state, shards, scale, isSelected, isPassed }: TileFacts,
): DrawnTile {
  const { palette } = input;
  const level = state?.level ?? 'mute';
  const isLost =
    input.litTable !== null && (shards === undefined || litShare(shards.groups, input.litTable) === 0);
  const { id, x, y, width, height } = at;
  return {
    element: {
      id,
      group: 'nodes',
      classes: 'tile',
      data: { width, height, nodeId: node.nodeId },
      position: { x: x + width / 2, y: y + height / 2 },
    },
    tile: nodeTile(
      {
        ...{ id, x, y, width, height, isSelected },
        text: tileLabel(input, node, shards),
        bar: shards === undefined || shards.groups.length === 0 ? [] : barParts(input, state, shards, scale),
        outline: outlineOf(level, palette),
        glyph: level === 'ok' ? null : { text: glyphs[level], colour: levelColour(level, palette) },
        isFaded: isLost || !isPassed,
      },
      palette,
    ),
  };
}
