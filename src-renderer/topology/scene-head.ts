/** Pure: the lines above what is opened: what it is, where, and in which state. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { bytesWords } from '../nodes/node-facts';
import { glyphs } from '../nodes/node-words';
import { formatBytes, formatCounted } from '../ui/format';
import { textElement } from './card-text';
import type { GraphElement } from './graph-diff';
import type { GraphInput } from './graph-model';
import { levelColour } from './node-outline';

/** Below it the content of a scene begins. */
export const headHeight = 88;

export function sceneHead(
  input: GraphInput,
  node: ClusterNode,
  title: string,
  line: string,
  room: number,
): GraphElement[] {
  const state = input.states.get(node.nodeId);
  const level = state?.level ?? 'mute';
  const at = (id: string, kind: string, y: number, data: GraphElement['data']): GraphElement =>
    textElement(`head/${id}`, kind, { room: Math.max(room, 420), ...data }, 0, y);
  return [
    at('title', 'title', 10, { text: title, size: 18 }),
    at('line', 'second', 36, { text: line, size: 13 }),
    at('state', 'state', 58, {
      text: `${glyphs[level]} ${[state?.words ?? 'unknown', ...movesOf(input, node.nodeId)].join(' · ')}`,
      size: 13,
      colour: levelColour(level, input.palette),
    }),
  ];
}

function movesOf(input: GraphInput, nodeId: number): readonly string[] {
  const name = (id: number): string => input.titles.get(id)?.title ?? String(id);
  return input.traffic.flows.flatMap((flow) => {
    const load = `${formatCounted(flow.groupsLeft, 'group')}${flow.bytesLeft === null ? '' : `, ${formatBytes(flow.bytesLeft)},`}`;
    if (flow.targetNodeId === nodeId) return [`${load} from ${name(flow.sourceNodeId)}`];
    return flow.sourceNodeId === nodeId ? [`${load} to ${name(flow.targetNodeId)}`] : [];
  });
}

/** "127.0.0.1:9801 · 214 MB · 24 shard groups". */
export function nodeLine(input: GraphInput, node: ClusterNode): string {
  const shards = input.shards.nodes.get(node.groupId);
  const rest = input.titles.get(node.nodeId)?.rest ?? '';
  const words = [bytesWords(shards), formatCounted(shards?.groups.length ?? 0, 'shard group')];
  return [...(rest === '' ? [] : [rest]), ...(node.role === 'primary' ? words : [])].join(' · ');
}
