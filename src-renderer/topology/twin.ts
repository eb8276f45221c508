/** Pure: the content of the graph as rows and as a grid, for the table and the matrix. */
import type { ClusterNode, NodeReachability } from '../../src-main/contract/cluster';
import type { NodeTitle } from '../nodes/node-names';
import type { NodeState } from '../nodes/node-words';
import { formatBytes, formatCounted, formatList } from '../ui/format';
import { inDrawingOrder } from './graph-model';
import type { Traffic } from './moves';
import type { ShardMap } from './shard-groups';
import type { ClusterMap } from './use-cluster-map';

export interface TwinInput {
  readonly nodes: readonly ClusterNode[];
  readonly titles: ReadonlyMap<number, NodeTitle>;
  readonly states: ReadonlyMap<number, NodeState>;
  readonly reachabilityOf: ReadonlyMap<number, NodeReachability>;
  readonly shards: ShardMap;
  readonly traffic: Traffic;
  readonly litTable: number | null;
}

/** What is known of a cluster now. */
export function toTwinInput(map: ClusterMap, shards: ShardMap, litTable: number | null): TwinInput {
  return {
    nodes: map.nodes.value,
    titles: map.titles.value,
    states: map.states.value,
    reachabilityOf: map.reachabilityOf.value,
    shards,
    traffic: map.traffic.value,
    litTable,
  };
}

export interface TwinRow {
  readonly node: ClusterNode;
  readonly title: string;
  /** What the title leaves of the address. */
  readonly rest: string;
  readonly role: string;
  readonly state: NodeState | undefined;
  readonly shardGroups: number;
  readonly shardCount: number;
  /** Null when not known. */
  readonly bytes: number | null;
  /** "permits 12, reference 3". */
  readonly holds: string;
  /** "receives 5 groups, 61 MB, from worker-2". */
  readonly moves: string;
  /** Shards of the lit table here; null when no table is lit. */
  readonly litShards: number | null;
}

export function toTwinRows(input: TwinInput): readonly TwinRow[] {
  return inDrawingOrder(input.nodes).map((node) => {
    const shards = node.role === 'primary' ? input.shards.nodes.get(node.groupId) : undefined;
    const title = input.titles.get(node.nodeId);
    const state = input.states.get(node.nodeId);
    return {
      node,
      title: title?.title ?? String(node.nodeId),
      rest: title?.rest ?? '',
      role: state?.role ?? '',
      state,
      shardGroups: shards?.groups.length ?? 0,
      shardCount: shards?.shardCount ?? 0,
      bytes: shards === undefined ? 0 : shards.isComplete ? shards.bytes : null,
      holds: holdsWords(input, node),
      moves: movesWords(input, node),
      litShards:
        input.litTable === null
          ? null
          : (shards?.groups ?? []).reduce(
              (sum, group) => sum + group.shards.filter((shard) => shard.tableOid === input.litTable).length,
              0,
            ),
    };
  });
}

function holdsWords(input: TwinInput, node: ClusterNode): string {
  const counts = new Map<string, number>();
  const groups = node.role === 'primary' ? (input.shards.nodes.get(node.groupId)?.groups ?? []) : [];
  for (const group of groups) counts.set(group.familyKey, (counts.get(group.familyKey) ?? 0) + 1);
  return formatList(
    input.shards.families
      .filter((family) => counts.has(family.key))
      .map((family) => `${family.name} ${counts.get(family.key) ?? 0}`),
    4,
  );
}

function movesWords(input: TwinInput, node: ClusterNode): string {
  const name = (nodeId: number): string => input.titles.get(nodeId)?.title ?? String(nodeId);
  return input.traffic.flows
    .flatMap((flow) => {
      const load = `${formatCounted(flow.groupsLeft, 'group')}${flow.bytesLeft === null ? '' : `, ${formatBytes(flow.bytesLeft)},`}`;
      if (flow.targetNodeId === node.nodeId) return [`receives ${load} from ${name(flow.sourceNodeId)}`];
      if (flow.sourceNodeId === node.nodeId) return [`gives ${load} to ${name(flow.targetNodeId)}`];
      return [];
    })
    .join('; ');
}
