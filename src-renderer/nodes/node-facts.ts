/** Pure: what the details of a node list, in words. */
import type { ClusterNode, NodeReachability } from '../../src-main/contract/cluster';
import type { NodeShards } from '../topology/shard-groups';
import { formatBytes, formatCount, formatTime } from '../ui/format';
import { isCoordinator } from './node-names';
import type { NodeState } from './node-words';

export interface NodeFact {
  readonly label: string;
  readonly value: string;
  readonly mono?: boolean;
}

export function metadataWords(node: ClusterNode, isUnreachable: boolean): string {
  if (isCoordinator(node)) return 'kept here';
  if (!node.hasMetadata) return 'none';
  if (!node.metadataSynced) return 'not synced';
  return isUnreachable ? 'synced before it went' : 'synced';
}

export function bytesWords(shards: NodeShards | undefined): string {
  if (shards === undefined || shards.groups.length === 0) return 'no shards';
  if (shards.isComplete) return formatBytes(shards.bytes);
  return shards.bytes > 0 ? `over ${formatBytes(shards.bytes)}` : 'unknown';
}

export function latencyWords(latencyMs: number | null): string {
  if (latencyMs === null) return 'unknown';
  return latencyMs < 1 ? 'under 1 ms' : `${formatCount(latencyMs)} ms`;
}

export function toNodeFacts(
  node: ClusterNode,
  reachability: NodeReachability | undefined,
  shards: NodeShards | undefined,
  state: NodeState | undefined,
  nowMs: number,
): readonly NodeFact[] {
  const isUnreachable = reachability?.state === 'unreachable';
  const facts: NodeFact[] = [
    { label: 'Address', value: `${node.name}:${node.port}`, mono: true },
    { label: 'Role', value: state?.role ?? 'unknown' },
    { label: 'Since', value: state?.since ? formatTime(state.since, nowMs) : 'unknown' },
    ...beforeFact(state, nowMs),
    { label: 'Data', value: bytesWords(shards) },
    { label: 'Shard groups', value: formatCount(shards?.groups.length ?? 0) },
    { label: 'Shards', value: formatCount(shards?.shardCount ?? 0) },
    { label: 'Metadata', value: metadataWords(node, isUnreachable) },
    { label: 'May hold shards', value: node.shouldHaveShards ? 'yes' : 'no' },
    {
      label: 'Last seen',
      value: reachability?.lastSeenAt ? formatTime(reachability.lastSeenAt, nowMs) : 'not yet',
    },
  ];
  if (!isUnreachable) {
    facts.push({ label: 'Answers in', value: latencyWords(reachability?.latencyMs ?? null) });
    facts.push({ label: 'Usually in', value: latencyWords(reachability?.pace?.usualMs ?? null) });
  }
  facts.push(
    { label: 'Node, group', value: `${node.nodeId}, ${node.groupId}` },
    { label: 'Rack', value: node.rack === '' ? 'none' : node.rack },
  );
  return facts;
}

/** What is known from before a time in which nobody looked: the state may have been another in between. */
function beforeFact(state: NodeState | undefined, nowMs: number): readonly NodeFact[] {
  if (!state?.before) return [];
  const { since, until } = state.before;
  return [
    {
      label: 'Before that',
      value: `the same from ${formatTime(since, nowMs)} to ${formatTime(until, nowMs)}; then not watched`,
    },
  ];
}
