/** Pure: lines from the coordinator to its workers, and moves between nodes as arcs. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { isCoordinator } from '../nodes/node-names';
import { formatBytes, formatCounted } from '../ui/format';
import { cardText } from './card-text';
import type { GraphElement, Point } from './graph-diff';
import type { GraphInput } from './graph-model';
import { controlPoints, spacing } from './layout';
import type { PlacedBox } from './layout';
import type { Flow } from './moves';

const bottomOf = (box: PlacedBox, offset = 0): Point => ({
  x: box.x + box.width / 2 + offset,
  y: box.y + box.height,
});
const topOf = (box: PlacedBox, offset = 0): Point => ({ x: box.x + box.width / 2 + offset, y: box.y });

interface Curve {
  readonly sourceEnd: string;
  readonly targetEnd: string;
  readonly weights: string;
  readonly distances: string;
  readonly [key: string]: string;
}

const end = (offset: number, side: 'top' | 'bottom', box: PlacedBox): string =>
  `${Math.round(offset)}px ${side === 'top' ? '-' : ''}${Math.round((box.height / 2) * 100) / 100}px`;

const list = (values: readonly number[]): string =>
  values.map((value) => String(Math.round(value * 1000) / 1000)).join(' ');

function curve(
  from: Point,
  to: Point,
  through: readonly Point[],
  sourceEnd: string,
  targetEnd: string,
): Curve {
  const { weights, distances } = controlPoints(from, to, through);
  return { sourceEnd, targetEnd, weights: list(weights), distances: list(distances) };
}

/** Leaves downwards and arrives from above, whatever lies between. */
function sCurve(source: PlacedBox, target: PlacedBox, sourceOffset = 0, targetOffset = 0): Curve {
  const goesDown = target.y >= source.y + source.height;
  const from = goesDown ? bottomOf(source, sourceOffset) : topOf(source, sourceOffset);
  const to = goesDown ? topOf(target, targetOffset) : bottomOf(target, targetOffset);
  // Turns near the source and falls straight: behind cards in between, never along them.
  const middle = from.y + Math.sign(to.y - from.y) * Math.min(Math.abs(to.y - from.y) / 2, spacing.tier / 2);
  return curve(
    from,
    to,
    [
      { x: from.x, y: middle },
      { x: to.x, y: middle },
    ],
    end(sourceOffset, goesDown ? 'bottom' : 'top', source),
    end(targetOffset, goesDown ? 'top' : 'bottom', target),
  );
}

/** Hangs below both cards; the further apart they are, the deeper. */
function hangingCurve(
  source: PlacedBox,
  target: PlacedBox,
  sourceOffset: number,
  targetOffset: number,
): Curve {
  const from = bottomOf(source, sourceOffset);
  const to = bottomOf(target, targetOffset);
  const depth = Math.max(from.y, to.y) + 46 + Math.min(60, Math.abs(to.x - from.x) * 0.11);
  return curve(
    from,
    to,
    [
      { x: from.x, y: depth },
      { x: to.x, y: depth },
    ],
    end(sourceOffset, 'bottom', source),
    end(targetOffset, 'bottom', target),
  );
}

export function linkElements(
  input: GraphInput,
  nodes: readonly ClusterNode[],
  boxes: ReadonlyMap<string, PlacedBox>,
): GraphElement[] {
  const coordinator = nodes.find((node) => isCoordinator(node) && node.role === 'primary');
  const elements: GraphElement[] = [];
  for (const node of nodes) {
    const target = boxes.get(`node:${node.nodeId}`);
    const primary =
      node.role === 'secondary'
        ? nodes.find((other) => other.groupId === node.groupId && other.role === 'primary')
        : coordinator;
    const source = primary === undefined ? undefined : boxes.get(`node:${primary.nodeId}`);
    if (primary === undefined || source === undefined || target === undefined) continue;
    if (primary.nodeId === node.nodeId) continue;
    const level = input.states.get(node.nodeId)?.level;
    const isBroken = level === 'bad' || (level === 'mute' && !node.isActive);
    const sameRow = source.row === target.row;
    elements.push({
      id: `link:${node.nodeId}`,
      group: 'edges',
      classes: `link${isBroken || node.role === 'secondary' ? ' dashed' : ''}${input.litTable === null ? '' : ' faded'}`,
      data: {
        source: source.id,
        target: target.id,
        ...(sameRow ? hangingCurve(source, target, 0, 0) : sCurve(source, target)),
      },
    });
  }
  return elements;
}

export function flowWords(flow: Flow): string {
  const groups = formatCounted(flow.groupsLeft, 'group');
  return flow.bytesLeft === null ? groups : `${groups} · ${formatBytes(flow.bytesLeft)}`;
}

/** Ends of several arcs at one card stand beside each other. */
function offsets(flows: readonly Flow[], boxes: ReadonlyMap<string, PlacedBox>): ReadonlyMap<string, number> {
  const atNode = new Map<number, { key: string; x: number }[]>();
  const note = (nodeId: number, key: string, otherId: number): void => {
    const other = boxes.get(`node:${otherId}`);
    const entry = { key, x: (other?.x ?? 0) + (other?.width ?? 0) / 2 };
    const entries = atNode.get(nodeId);
    if (entries === undefined) atNode.set(nodeId, [entry]);
    else entries.push(entry);
  };
  for (const flow of flows) {
    note(flow.sourceNodeId, `${flow.id}/source`, flow.targetNodeId);
    note(flow.targetNodeId, `${flow.id}/target`, flow.sourceNodeId);
  }
  const result = new Map<string, number>();
  for (const entries of atNode.values()) {
    entries.sort((a, b) => a.x - b.x || (a.key < b.key ? -1 : 1));
    const step = Math.min(22, 140 / entries.length);
    entries.forEach((entry, index) => result.set(entry.key, (index - (entries.length - 1) / 2) * step));
  }
  return result;
}

/** More arcs than this between tiles would hide what they are about; the running ones say where data goes now. */
const tileFlowLimit = 24;

/** With more arcs than this only those that run now carry their figures; the details of a node list all. */
const labelLimit = 6;

export function flowElements(
  input: GraphInput,
  boxes: ReadonlyMap<string, PlacedBox>,
  mode: 'cards' | 'tiles',
): GraphElement[] {
  const { flows } = input.traffic;
  const drawn =
    mode === 'tiles' && flows.length > tileFlowLimit ? flows.filter((flow) => flow.isRunning) : flows;
  const ends = offsets(drawn, boxes);
  const elements: GraphElement[] = [];
  for (const flow of drawn) {
    const source = boxes.get(`node:${flow.sourceNodeId}`);
    const target = boxes.get(`node:${flow.targetNodeId}`);
    if (source === undefined || target === undefined || source.id === target.id) continue;
    const scale = mode === 'tiles' ? 0.15 : 1;
    const sourceOffset = (ends.get(`${flow.id}/source`) ?? 0) * scale;
    const targetOffset = (ends.get(`${flow.id}/target`) ?? 0) * scale;
    const shape =
      source.row === target.row
        ? hangingCurve(source, target, sourceOffset, targetOffset)
        : sCurve(source, target, sourceOffset, targetOffset);
    elements.push({
      id: flow.id,
      group: 'edges',
      classes: `flow${flow.isRunning ? ' running' : ''}${mode === 'tiles' ? ' thin' : ''}`,
      data: {
        source: source.id,
        target: target.id,
        text: mode === 'tiles' || (drawn.length > labelLimit && !flow.isRunning) ? '' : flowWords(flow),
        size: cardText(input.nodes.length - 1).line,
        ...shape,
      },
    });
  }
  return elements;
}
