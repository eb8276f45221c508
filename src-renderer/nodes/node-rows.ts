/** Pure: nodes as the rows of a table. */
import type { ClusterNode, NodeReachability } from '../../src-main/contract/cluster';
import type { ShardMap } from '../topology/shard-groups';
import { isCoordinator } from './node-names';
import type { NodeTitle } from './node-names';
import { metadataWords } from './node-facts';
import type { NodeState } from './node-words';

export interface NodeRow {
  readonly key: string;
  readonly node: ClusterNode;
  readonly title: string;
  readonly address: string;
  /** What the title leaves of the address. */
  readonly rest: string;
  readonly role: string;
  readonly state: NodeState | undefined;
  readonly shardCount: number;
  /** Null when the size of a shard here is not known. */
  readonly bytes: number | null;
  readonly metadata: string;
  readonly mayHoldShards: boolean;
  readonly latencyMs: number | null;
  /** ISO 8601: since when it is in its state. */
  readonly since: string | null;
}

export interface NodeRowInput {
  readonly nodes: readonly ClusterNode[];
  readonly titles: ReadonlyMap<number, NodeTitle>;
  readonly states: ReadonlyMap<number, NodeState>;
  readonly reachabilityOf: ReadonlyMap<number, NodeReachability>;
  readonly shards: ShardMap;
  readonly removed: readonly { readonly node: ClusterNode; readonly state: NodeState }[];
}

/** The coordinator first, then by node id; at the end those that went a short while ago. */
export function toNodeRows(input: NodeRowInput): readonly NodeRow[] {
  return [...presentRows(input), ...input.removed.map(removedRow)];
}

function removedRow({ node, state }: NodeRowInput['removed'][number]): NodeRow {
  const address = `${node.name}:${node.port}`;
  return {
    key: String(node.nodeId),
    node,
    title: address,
    address,
    rest: '',
    role: state.role,
    state,
    shardCount: 0,
    bytes: 0,
    metadata: 'none',
    mayHoldShards: false,
    latencyMs: null,
    since: state.since,
  };
}

function presentRows(input: NodeRowInput): readonly NodeRow[] {
  const rank = (node: ClusterNode): number => (isCoordinator(node) ? 0 : 1);
  return [...input.nodes]
    .sort((a, b) => rank(a) - rank(b) || a.nodeId - b.nodeId)
    .map((node) => {
      const reachability = input.reachabilityOf.get(node.nodeId);
      const shards = node.role === 'primary' ? input.shards.nodes.get(node.groupId) : undefined;
      const state = input.states.get(node.nodeId);
      const title = input.titles.get(node.nodeId);
      return {
        key: String(node.nodeId),
        node,
        title: title?.title ?? String(node.nodeId),
        address: title?.address ?? '',
        rest: title?.rest ?? '',
        role: state?.role ?? '',
        state,
        shardCount: shards?.shardCount ?? 0,
        bytes: shards === undefined ? 0 : shards.isComplete ? shards.bytes : null,
        metadata: metadataWords(node, false),
        mayHoldShards: node.shouldHaveShards,
        latencyMs: reachability?.latencyMs ?? null,
        since: state?.since ?? null,
      };
    });
}

export function matches(row: NodeRow, wanted: string): boolean {
  const text = wanted.trim().toLowerCase();
  return (
    text === ''
    || [row.title, row.address, row.role, row.node.rack, row.state?.words ?? '']
      .join(' ')
      .toLowerCase()
      .includes(text)
  );
}
