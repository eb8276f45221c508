/** Pure: the topology as it is tried out, at each step of a plan: nodes, what lies on them, and the moves still to come. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import type {
  ExploredMove,
  ExploredNode,
  ExploredPlan,
  PlanMeasure,
  RebalanceExploration,
  WhatIf,
} from '../../src-main/contract/rebalance';
import type { NodeTitle } from '../nodes/node-names';
import type { NodeState } from '../nodes/node-words';
import { toTraffic } from '../topology/moves';
import type { Traffic } from '../topology/moves';
import { fillNodes } from '../topology/node-shards';
import type { ShardGroup, ShardMap } from '../topology/shard-groups';
import { formatFactor } from '../ui/format';
import { averageOf, frameAt } from './plan-frames';

export interface TriedTopology {
  readonly nodes: readonly ClusterNode[];
  readonly titles: ReadonlyMap<number, NodeTitle>;
  /** Before any move. */
  readonly shards: ShardMap;
}

export interface TopologyFrame {
  readonly states: ReadonlyMap<number, NodeState>;
  readonly shards: ShardMap;
  readonly traffic: Traffic;
}

/** The cluster with the nodes, the growth and the tenant that are tried out. */
export function toTriedTopology(
  current: TriedTopology,
  exploration: RebalanceExploration,
  whatIf: WhatIf,
): TriedTopology {
  const known = new Map(current.nodes.map((node) => [node.nodeId, node]));
  const highestGroup = current.nodes.reduce((most, { groupId }) => Math.max(most, groupId), 0);
  const added = exploration.nodes
    .filter(({ nodeId }) => !known.has(nodeId))
    .map((node, index) => newNode(node, highestGroup + 1 + index));
  // Neither secondaries nor a coordinator without shards are anything a plan speaks of.
  const explored = new Set(exploration.nodes.map(({ nodeId }) => nodeId));
  const nodes = [...current.nodes.filter(({ nodeId }) => explored.has(nodeId)), ...added];
  const titles = new Map(current.titles);
  for (const { nodeId, name } of added) titles.set(nodeId, { title: name, address: name, rest: '' });
  const { isolatedShardId } = exploration;
  const groups = triedGroups(current.shards, isolatedShardId, whatIf);
  const groupOfShard =
    isolatedShardId === null
      ? current.shards.groupOfShard
      : new Map([...current.shards.groupOfShard, [isolatedShardId, isolatedKey(isolatedShardId)]]);
  const groupByKey = new Map(groups.map((group) => [group.key, group]));
  return {
    nodes,
    titles,
    shards: {
      ...current.shards,
      groups,
      groupByKey,
      groupOfShard,
      nodes: fillNodes(nodes, groups, current.shards.familyByKey),
    },
  };
}

/** It is nowhere yet; only its name and its place in the drawing are looked at. */
function newNode(node: ExploredNode, groupId: number): ClusterNode {
  return {
    nodeId: node.nodeId,
    groupId,
    name: node.label,
    port: 0,
    rack: 'default',
    role: 'primary',
    nodeCluster: 'default',
    isActive: true,
    hasMetadata: true,
    metadataSynced: true,
    shouldHaveShards: true,
    isClone: false,
  };
}

function triedGroups(
  { groups, groupOfShard }: ShardMap,
  isolatedShardId: string | null,
  { growth, isolated }: WhatIf,
): readonly ShardGroup[] {
  const splitKey = isolated === null ? null : (groupOfShard.get(isolated.shardId) ?? null);
  if (growth === 1 && splitKey === null) return groups;
  return groups.flatMap((group) => {
    const bytes = group.bytes === null ? null : group.bytes * growth;
    if (group.key !== splitKey || isolated === null || isolatedShardId === null) return [{ ...group, bytes }];
    const part = (share: number): number | null => (bytes === null ? null : bytes * share);
    return [
      { ...group, bytes: part(1 - isolated.share) },
      { ...group, key: isolatedKey(isolatedShardId), shards: [], bytes: part(isolated.share) },
    ];
  });
}

const isolatedKey = (shardId: string): string => `isolated ${shardId}`;

/** After `step` moves, the last of which is the one that is looked at; 0 is before any. */
export function topologyAt(
  tried: TriedTopology,
  exploration: RebalanceExploration,
  plan: ExploredPlan,
  step: number,
  balance: { readonly measure: PlanMeasure; readonly threshold: number },
): TopologyFrame {
  const shards = shardsAfter(tried, plan.moves.slice(0, step));
  return {
    states: statesAt(exploration, plan, step, balance),
    shards,
    traffic: toTraffic(
      {
        moves: [],
        tasks: plan.moves.map((move, index) => ({
          ...move,
          taskId: String(index),
          status: index < step - 1 ? 'done' : index === step - 1 ? 'running' : 'blocked',
          command: '',
          retryCount: 0,
          message: '',
        })),
      },
      tried.nodes,
      shards,
    ),
  };
}

function shardsAfter({ nodes, shards }: TriedTopology, made: readonly ExploredMove[]): ShardMap {
  if (made.length === 0) return shards;
  const groupIds = new Map(nodes.map(({ nodeId, groupId }) => [nodeId, groupId]));
  const places = new Map<string, readonly number[]>();
  for (const { shardId, sourceNodeId, targetNodeId } of made) {
    const key = shards.groupOfShard.get(shardId) ?? shardId;
    const from = places.get(key) ?? shards.groupByKey.get(key)?.groupIds ?? [];
    const [source, target] = [groupIds.get(sourceNodeId), groupIds.get(targetNodeId)];
    if (target === undefined) continue;
    places.set(
      key,
      from.map((groupId) => (groupId === source ? target : groupId)),
    );
  }
  const groups = shards.groups.map((group) => {
    const moved = places.get(group.key);
    return moved === undefined ? group : { ...group, groupIds: moved };
  });
  return { ...shards, groups, nodes: fillNodes(nodes, groups, shards.familyByKey) };
}

/** What the move of this step does to a node, else how full it is against the average. */
function statesAt(
  exploration: RebalanceExploration,
  plan: ExploredPlan,
  step: number,
  { measure, threshold }: { readonly measure: PlanMeasure; readonly threshold: number },
): ReadonlyMap<number, NodeState> {
  const frames = frameAt(exploration.nodes, plan.moves, step);
  const valueOf = ({ nodeId }: ExploredNode): number | null => frames.get(nodeId)?.[measure] ?? null;
  const isKnown = exploration.nodes.every((node) => valueOf(node) !== null);
  const average = isKnown ? averageOf(exploration.nodes, (node) => valueOf(node) ?? 0) : 0;
  return new Map(
    exploration.nodes.map((node) => {
      const role = frames.get(node.nodeId)?.role ?? null;
      const isJudged = average > 0 && node.capacity > 0;
      const factor = isJudged ? (valueOf(node) ?? 0) / node.capacity / average : null;
      return [node.nodeId, toState(node, role, factor, threshold)];
    }),
  );
}

function stateOf(level: NodeState['level'], word: string, words = word): NodeState {
  return { level, word, words, why: '', role: '', since: null };
}

function toState(
  node: ExploredNode,
  role: 'gives' | 'takes' | null,
  factor: number | null,
  threshold: number,
): NodeState {
  if (role !== null) return stateOf('busy', role);
  if (node.isRemoved) return stateOf('mute', 'to be removed');
  if (node.isNew)
    return stateOf('mute', 'tried out', factor === null ? 'tried out' : `tried out, ${formatFactor(factor)}`);
  if (node.capacity === 0) return stateOf('mute', 'takes no shards');
  if (factor === null) return stateOf('ok', 'in use');
  const isOff = Math.abs(factor - 1) > threshold + 1e-6;
  return stateOf(isOff ? 'mind' : 'ok', `${formatFactor(factor)} the average`);
}
