/** Pure: the state of a node in one of five levels, a few words for a card, and a sentence that says why. */
import type { ClusterNode, ClusterReachability, NodeReachability } from '../../src-main/contract/cluster';
import type { Failure } from '../../src-main/contract/failure';
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

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What the failure says, without the clock in it; the server's own words come below it, elsewhere. */
function cause(failure: Failure | null): string {
  return failure === null ? 'Does not answer' : failure.message.replace(/\.$/, '');
}

export interface NodeStateInput {
  readonly node: ClusterNode;
  readonly reachability: NodeReachability | undefined;
  readonly traffic: Traffic;
  readonly shards: NodeShards | undefined;
  readonly nowMs: number;
}

/**
 * The worst thing that is known wins: unreachable, then what cannot hold data, then what moves, then what wants
 * attention. A node that was never asked is unknown, not active.
 */
export function toNodeState(input: NodeStateInput): NodeState {
  const { node, reachability, traffic, shards, nowMs } = input;
  if (reachability?.state === 'unreachable') return unreachable(reachability, nowMs);
  if (node.isClone) {
    return {
      level: 'mute',
      word: 'clone',
      words: 'clone, not promoted',
      why: 'A copy of another worker. It takes no statements until it is promoted.',
    };
  }
  if (node.role === 'secondary') {
    return {
      level: node.isActive ? 'ok' : 'mute',
      word: 'replica',
      words: node.isActive ? 'replica' : 'replica, inactive',
      why: 'A streaming replica. It holds the same shards as its primary.',
    };
  }
  if (!node.isActive) {
    return {
      level: 'mute',
      word: 'inactive',
      words: 'inactive',
      why: 'Registered, but disabled: the coordinator sends it no statements.',
    };
  }
  const moving = movement(node, traffic);
  if (moving !== null) return moving;
  if (node.hasMetadata && !node.metadataSynced) {
    return {
      level: 'mind',
      word: 'not synced',
      words: 'metadata not synced',
      why: 'The metadata on this node is behind. The coordinator sends it again by itself; until then statements that are sent to this node may fail.',
    };
  }
  if (node.groupId !== 0 && !node.shouldHaveShards && (shards?.onlyCopies ?? 0) > 0) {
    return {
      level: 'mind',
      word: 'to be drained',
      words: 'to be drained',
      why: `Marked to hold no shards, and holds ${formatCounted(shards?.onlyCopies ?? 0, 'shard group')} still. A rebalance moves them away.`,
    };
  }
  if (reachability === undefined || reachability.state === 'unknown') {
    return {
      level: 'mute',
      word: 'unknown',
      words: 'not tried yet',
      why: 'Active in the catalogs of the coordinator; whether it answers is not known yet.',
    };
  }
  return active(node, reachability, sendingWords(node, traffic));
}

function unreachable(reachability: NodeReachability, nowMs: number): NodeState {
  const age = formatDuration(nowMs - Date.parse(reachability.since));
  return {
    level: 'bad',
    word: 'unreachable',
    words: `unreachable since ${formatMinute(reachability.since, nowMs)}`,
    why: sentence(`${cause(reachability.failure)} since ${formatTime(reachability.since, nowMs)} (${age})`),
  };
}

function movement(node: ClusterNode, traffic: Traffic): NodeState | null {
  const counts = traffic.nodes.get(node.nodeId);
  if (counts === undefined) return null;
  const isReceiving = traffic.flows.some((flow) => flow.targetNodeId === node.nodeId);
  if (isReceiving) {
    return {
      level: 'busy',
      word: 'receiving',
      words: `receiving ${counts.received} of ${counts.receiving}`,
      why: `Receives ${formatCounted(counts.receiving, 'shard group')}; ${counts.received} arrived or under way.`,
    };
  }
  return null;
}

/** To give shards away is no trouble of its own: the node stays active. */
function sendingWords(node: ClusterNode, traffic: Traffic): string | null {
  if (!traffic.flows.some((flow) => flow.sourceNodeId === node.nodeId)) return null;
  const counts = traffic.nodes.get(node.nodeId);
  return `sending ${counts?.sent ?? 0} of ${counts?.sending ?? 0}`;
}

function active(node: ClusterNode, reachability: NodeReachability, sending: string | null): NodeState {
  const holdsNone = node.groupId !== 0 && !node.shouldHaveShards;
  const words = [
    'active',
    ...(holdsNone ? ['takes no shards'] : []),
    ...(sending === null ? [] : [sending]),
  ].join(', ');
  if (reachability.state === 'indirect') {
    return {
      level: 'ok',
      word: 'active',
      words,
      why: 'The coordinator reaches it. This workstation does not, so nothing can be read from it directly.',
    };
  }
  return {
    level: 'ok',
    word: 'active',
    words,
    why: holdsNone ? 'Answers, and is marked to hold no shards.' : 'Answers, and its metadata is synced.',
  };
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
