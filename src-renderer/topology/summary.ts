/** Pure: the cluster in one line, and what of it wants attention, worst first. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { isCoordinator } from '../nodes/node-names';
import type { NodeTitle } from '../nodes/node-names';
import type { NodeState } from '../nodes/node-words';
import { formatBytes, formatCount, formatCounted, formatFactor } from '../ui/format';
import type { ShownState } from '../ui/states';
import type { ShardMap } from './shard-groups';

export interface SummaryInput {
  readonly nodes: readonly ClusterNode[];
  readonly titles: ReadonlyMap<number, NodeTitle>;
  readonly states: ReadonlyMap<number, NodeState>;
  readonly shards: ShardMap;
  /** Estimate of the running job, in words; null when nothing runs. */
  readonly remaining: string | null;
}

export interface Need {
  readonly level: ShownState;
  /** For the chip: the node, or how many. */
  readonly subject: string;
  readonly text: string;
  readonly nodeIds: readonly number[];
}

function isPrimaryWorker(node: ClusterNode): boolean {
  return !isCoordinator(node) && node.role === 'primary' && !node.isClone;
}

export function isEmptyWorker(node: ClusterNode, shards: ShardMap): boolean {
  if (!isPrimaryWorker(node) || !node.shouldHaveShards || !node.isActive) return false;
  const groups = shards.nodes.get(node.groupId)?.groups ?? [];
  return !groups.some((group) => shards.familyByKey.get(group.familyKey)?.kind !== 'reference');
}

/** Bytes of all copies on all nodes; null when the size of any shard is not known. */
export function totalBytes(shards: ShardMap): number | null {
  let sum = 0;
  for (const node of shards.nodes.values()) {
    if (!node.isComplete) return null;
    sum += node.bytes;
  }
  return sum;
}

/** "1 coordinator, 4 workers, 699 MB; 1 unreachable, 2 receiving". */
export function toSummary(input: SummaryInput): string {
  const { nodes, shards, states } = input;
  const coordinators = nodes.filter((node) => isCoordinator(node) && node.role === 'primary').length;
  const workers = nodes.filter(isPrimaryWorker);
  const racks = new Set(workers.map((node) => node.rack));
  const parts = [
    formatCounted(coordinators, 'coordinator'),
    `${formatCounted(workers.length, 'worker')}${racks.size > 1 ? ` in ${formatCount(racks.size)} racks` : ''}`,
  ];
  const secondaries = nodes.filter((node) => node.role === 'secondary').length;
  if (secondaries > 0) parts.push(formatCounted(secondaries, 'replica'));
  const bytes = totalBytes(shards);
  if (bytes !== null && shards.groups.length > 0) parts.push(formatBytes(bytes));
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const state = states.get(node.nodeId);
    if (state === undefined || state.level === 'ok' || state.word === 'unknown') continue;
    counts.set(state.word, (counts.get(state.word) ?? 0) + 1);
  }
  const order = [
    'unreachable',
    'suspect (slow)',
    'not synced',
    'draining',
    'to be drained',
    'receiving',
    'inactive',
    'drained',
  ];
  const troubles = order
    .filter((word) => counts.has(word))
    .map((word) => `${formatCount(counts.get(word))} ${word}`);
  const empty = nodes.filter((node) => isEmptyWorker(node, shards)).length;
  if (empty > 0 && shards.groups.length > 0) troubles.push(`${formatCount(empty)} empty`);
  return [parts.join(', '), troubles.join(', ')].filter((part) => part !== '').join('; ');
}

/** One entry per unreachable node; the milder states are counted together. */
export function toNeeds(input: SummaryInput): readonly Need[] {
  const { nodes, states, shards, titles } = input;
  const needs: Need[] = [];
  const together = new Map<string, { level: ShownState; ids: number[] }>();
  for (const node of nodes) {
    const state = states.get(node.nodeId);
    if (state === undefined) continue;
    if (state.level === 'bad') {
      const lost = shards.nodes.get(node.groupId)?.onlyCopies ?? 0;
      needs.push({
        level: 'bad',
        subject: titles.get(node.nodeId)?.title ?? String(node.nodeId),
        text: `${state.words}${lost > 0 ? `; only copy of ${formatCounted(lost, 'shard group')}` : ''}`,
        nodeIds: [node.nodeId],
      });
    } else if (
      state.level === 'mind'
      || state.word === 'receiving'
      || state.word === 'draining'
      || state.word === 'inactive'
    ) {
      const entry = together.get(state.word);
      if (entry === undefined) together.set(state.word, { level: state.level, ids: [node.nodeId] });
      else entry.ids.push(node.nodeId);
    }
  }
  for (const [word, { level, ids }] of together) {
    needs.push({
      level,
      subject: subjectOf(ids, titles),
      text: needText(word, input.remaining),
      nodeIds: ids,
    });
  }
  const empty = nodes
    .filter((node) => isEmptyWorker(node, shards) && states.get(node.nodeId)?.word !== 'receiving')
    .map((node) => node.nodeId);
  if (empty.length > 0 && shards.countedGroups > 0) {
    needs.push({
      level: 'mute',
      subject: subjectOf(empty, titles),
      text: `${empty.length === 1 ? 'holds' : 'hold'} nothing yet; a rebalance would fill ${empty.length === 1 ? 'it' : 'them'}`,
      nodeIds: empty,
    });
  }
  const rank: Readonly<Record<ShownState, number>> = { bad: 0, mind: 1, busy: 2, mute: 3, ok: 4 };
  return needs.sort((a, b) => rank[a.level] - rank[b.level]);
}

function subjectOf(ids: readonly number[], titles: ReadonlyMap<number, NodeTitle>): string {
  const only = ids.length === 1 ? ids[0] : undefined;
  return only === undefined ? formatCounted(ids.length, 'node') : (titles.get(only)?.title ?? String(only));
}

function needText(word: string, remaining: string | null): string {
  switch (word) {
    case 'receiving':
      return remaining === null ? 'receiving shards' : `receiving shards, ${remaining} left`;
    case 'not synced':
      return 'metadata behind; the coordinator sends it again by itself';
    case 'to be drained':
      return 'marked to hold no shards, still holding some';
    case 'inactive':
      return 'disabled; no statements are sent there';
    case 'suspect (slow)':
      return 'answers slowly, or not every time';
    case 'draining':
      return remaining === null ? 'being drained' : `being drained, ${remaining} left`;
    default:
      return word;
  }
}

/** How even the data lies: largest and smallest node against the average, empty ones left out. Null where it says nothing. */
export function toSpread(nodes: readonly ClusterNode[], shards: ShardMap): string | null {
  const sizes: number[] = [];
  const incomplete: number[] = [];
  for (const node of nodes) {
    if (node.role !== 'primary' || node.isClone) continue;
    const held = shards.nodes.get(node.groupId);
    if (held === undefined || held.groups.length === 0) continue;
    if (!held.isComplete) incomplete.push(node.nodeId);
    else if (held.bytes > 0 && !isEmptyWorker(node, shards) && !isReferenceOnly(node, shards))
      sizes.push(held.bytes);
  }
  if (incomplete.length > 0) {
    return `The sizes of ${formatCounted(incomplete.length, 'node')} are not known.`;
  }
  if (sizes.length < 2) return null;
  const average = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return `Largest node ${formatFactor(Math.max(...sizes) / average)} the average, smallest ${formatFactor(Math.min(...sizes) / average)} (empty ones left out).`;
}

function isReferenceOnly(node: ClusterNode, shards: ShardMap): boolean {
  const groups = shards.nodes.get(node.groupId)?.groups ?? [];
  return groups.every((group) => {
    const kind = shards.familyByKey.get(group.familyKey)?.kind;
    return kind === 'reference' || kind === 'local';
  });
}
