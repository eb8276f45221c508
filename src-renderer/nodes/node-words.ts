/** Pure: the state of a node as main judged it, in one of five levels, a few words for a card, and why. */
import type { ClusterReachability, NodeReachability } from '../../src-main/contract/cluster';
import type { NodeCondition, NodeStateName } from '../../src-main/contract/node-states';
import { nodeRoles, nodeStates, wordOf } from '../../src-main/contract/words';
import { assertNever } from '../api/assert-never';
import type { NodeShards } from '../topology/shard-groups';
import type { Traffic } from '../topology/moves';
import { formatBytes, formatCounted, formatDuration, formatTime } from '../ui/format';
import type { ShownState } from '../ui/states';

export interface NodeState {
  readonly level: ShownState;
  /** As in "unreachable since 12:04". */
  readonly words: string;
  /** Short form for a chip: "unreachable". */
  readonly word: string;
  /** One or two sentences. */
  readonly why: string;
  /** As in "primary worker". */
  readonly role: string;
  /** ISO 8601: since when it is in its state. */
  readonly since: string | null;
  /** It was in the same state before a time in which nobody looked. */
  readonly before?: NodeCondition['before'];
}

export const glyphs: Readonly<Record<ShownState, string>> = {
  ok: '●',
  mind: '▲',
  bad: '■',
  busy: '◆',
  mute: '○',
};

/** "12:04" or, of another day, "2026-03-01 12:04". */
export function formatMinute(at: string, nowMs: number): string {
  return formatTime(at, nowMs).replace(/:\d\d$/, '');
}

export function reachabilityByNode(
  reachability: ClusterReachability | null,
): ReadonlyMap<number, NodeReachability> {
  return new Map((reachability?.nodes ?? []).map((node) => [node.nodeId, node]));
}

export function levelOf(state: NodeStateName): ShownState {
  switch (state) {
    case 'active':
      return 'ok';
    case 'suspect':
    case 'not-synced':
    case 'to-be-drained':
      return 'mind';
    case 'unreachable':
      return 'bad';
    case 'draining':
      return 'busy';
    case 'inactive':
    case 'drained':
    case 'added':
    case 'removed':
    case 'unknown':
      return 'mute';
    default:
      return assertNever(state);
  }
}

export interface NodeStateInput {
  /** As main judged it; undefined for a node that it has not told of yet. */
  readonly condition: NodeCondition | undefined;
  readonly traffic: Traffic;
  readonly nowMs: number;
}

const untold: NodeState = {
  level: 'mute',
  word: wordOf(nodeStates, 'unknown'),
  words: 'not tried yet',
  why: 'Whether it answers is not known yet.',
  role: '',
  since: null,
};

/** The state in words for a card, a chip and a sentence. What a node receives or sends is shown on top of it. */
export function toNodeState({ condition, traffic, nowMs }: NodeStateInput): NodeState {
  if (condition === undefined) return untold;
  const { state, since, before } = condition;
  const word = wordOf(nodeStates, state);
  const role = wordOf(nodeRoles, condition.role);
  const base = { level: levelOf(state), word, words: word, why: condition.why, role, since, before };
  switch (state) {
    case 'unreachable':
    case 'removed':
      return {
        ...base,
        words: `${word} since ${formatMinute(since, nowMs)}`,
        why: `${condition.why} Since ${formatTime(since, nowMs)} (${formatDuration(nowMs - Date.parse(since))}).`,
      };
    case 'active':
    case 'added':
    case 'drained':
      return activity(condition, traffic, base);
    case 'unknown':
      return { ...base, words: 'not tried yet' };
    case 'suspect':
    case 'not-synced':
    case 'to-be-drained':
    case 'draining':
    case 'inactive':
      return base;
    default:
      return assertNever(state);
  }
}

/** To give shards away is no trouble of its own: such a node keeps its state, and its words say so. */
function activity({ nodeId, role }: NodeCondition, traffic: Traffic, base: NodeState): NodeState {
  const counts = traffic.nodes.get(nodeId);
  if (counts !== undefined && traffic.flows.some((flow) => flow.targetNodeId === nodeId)) {
    return {
      ...base,
      level: 'busy',
      word: 'receiving',
      words: `receiving ${counts.received} of ${counts.receiving}`,
      why: `Receives ${formatCounted(counts.receiving, 'shard group')}; ${counts.received} arrived or under way.`,
    };
  }
  const isSending = counts !== undefined && traffic.flows.some((flow) => flow.sourceNodeId === nodeId);
  const parts = [
    base.word,
    ...(role === 'secondary' || role === 'coordinator-secondary' ? ['secondary'] : []),
    ...(isSending ? [`sending ${counts.sent} of ${counts.sending}`] : []),
  ];
  return { ...base, words: parts.join(', ') };
}

/** What a lost node takes with it, as two sentences; null when nothing depends on it alone. */
export function toLoss(
  shards: NodeShards | undefined,
  countedGroups: number,
): { readonly holds: string; readonly fails: string } {
  const lost = shards?.onlyCopies ?? 0;
  if (shards === undefined || lost === 0) {
    return {
      holds: 'Nothing has its only copy here.',
      fails: 'Changes to table definitions and to nodes fail while it is away.',
    };
  }
  const size = shards.isComplete ? `, ${formatBytes(shards.bytes)},` : '';
  return {
    holds: `${formatCounted(lost, 'shard group')}${size} ${lost === 1 ? 'has its' : 'have their'} only copy here.`,
    fails: `Statements that touch ${lost} of ${formatCounted(countedGroups, 'shard group')} fail; changes to table definitions fail.`,
  };
}
