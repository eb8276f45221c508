import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  ExploredMove,
  ExploredNode,
  ExploredPlan,
  RebalanceExploration,
  WhatIf,
} from '../../../src-main/contract/rebalance';
import { toNodeTitles } from '../../../src-renderer/nodes/node-names';
import { nothingTried } from '../../../src-renderer/rebalance/explore-form';
import { frameAt } from '../../../src-renderer/rebalance/plan-frames';
import { topologyAt, toTriedTopology } from '../../../src-renderer/rebalance/plan-topology';
import type { TriedTopology } from '../../../src-renderer/rebalance/plan-topology';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster } from '../cluster-fixture';

const { snapshot, sizes } = makeCluster({ workers: 3 });
const current: TriedTopology = {
  nodes: snapshot.nodes,
  titles: toNodeTitles(snapshot.nodes),
  shards: mapShards(snapshot, sizes),
};
const movable = current.shards.groups.filter(
  ({ familyKey }) => current.shards.familyByKey.get(familyKey)?.kind === 'distributed',
);
const workers = snapshot.nodes.filter(({ groupId }) => groupId > 0);
const balance = { measure: 'groups', threshold: 0.1 } as const;

/** Bytes and groups as the page would be told them. */
function explored(whatIf: WhatIf): RebalanceExploration {
  const highest = Math.max(...snapshot.nodes.map(({ nodeId }) => nodeId));
  const isolatedShardId = whatIf.isolated === null ? null : '999999';
  const nodes: ExploredNode[] = workers.map(({ nodeId, groupId, name, port }) => {
    const held = movable.filter(({ groupIds }) => groupIds.includes(groupId));
    const splits = held.some(({ shards }) =>
      shards.some(({ shardId }) => shardId === whatIf.isolated?.shardId),
    );
    return {
      nodeId,
      label: `${name}:${port}`,
      isNew: false,
      isRemoved: whatIf.removedNodeIds.includes(nodeId),
      capacity: 1,
      rule: null,
      bytes: held.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) * whatIf.growth,
      groups: held.length + (splits ? 1 : 0),
      cost: null,
      disk: null,
    };
  });
  for (let index = 0; index < whatIf.addedNodes; index += 1)
    nodes.push({
      nodeId: highest + 1 + index,
      label: `new node ${index + 1}`,
      isNew: true,
      isRemoved: false,
      capacity: 1,
      rule: null,
      bytes: 0,
      groups: 0,
      cost: null,
      disk: null,
    });
  return {
    clusterId: 'c1',
    revision: 1,
    nodes,
    tableSets: [[]],
    before: { largestFactor: 1 },
    verdicts: [],
    citus: null,
    ours: null,
    unknown: null,
    isolatedShardId,
  };
}

function planOf(
  exploration: RebalanceExploration,
  choices: readonly (readonly [number, number])[],
): ExploredPlan {
  const moved = new Set<string>();
  const moves = choices.flatMap(([group, node]): ExploredMove[] => {
    const one = movable[group % movable.length];
    const source = workers.find(({ groupId }) => groupId === one?.groupIds[0]);
    const target = exploration.nodes[node % exploration.nodes.length];
    const shardId = one?.shards[0]?.shardId ?? '';
    if (source === undefined || target === undefined || target.nodeId === source.nodeId || moved.has(shardId))
      return [];
    moved.add(shardId);
    return [
      {
        shardId,
        sourceNodeId: source.nodeId,
        targetNodeId: target.nodeId,
        tableSet: 0,
        bytes: one?.bytes ?? null,
        cost: null,
        targetFreeBytes: null,
      },
    ];
  });
  return { moves, bytes: null, durationMs: null, largestFactor: null, notes: [] };
}

describe('a plan on the topology', () => {
  it('holds at every step what the bars say, on nodes that are there and on nodes that are tried out', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 3 }),
        fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 6 })), { maxLength: 12 }),
        (addedNodes, choices) => {
          const whatIf = { ...nothingTried, addedNodes };
          const exploration = explored(whatIf);
          const plan = planOf(exploration, choices);
          const tried = toTriedTopology(current, exploration, whatIf);
          for (let step = 0; step <= plan.moves.length; step += 1) {
            const { shards, traffic } = topologyAt(tried, exploration, plan, step, balance);
            for (const [nodeId, frame] of frameAt(exploration.nodes, plan.moves, step)) {
              const groupId = tried.nodes.find((node) => node.nodeId === nodeId)?.groupId ?? -1;
              const here = shards.nodes
                .get(groupId)
                ?.groups.filter(({ key }) => movable.some((one) => one.key === key));
              expect(here?.length).toBe(frame.groups);
              expect(here?.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)).toBe(frame.bytes);
            }
            const left = traffic.flows.reduce((sum, { groupsLeft }) => sum + groupsLeft, 0);
            expect(left).toBe(plan.moves.length - Math.max(0, step - 1));
            expect(traffic.flows.filter(({ isRunning }) => isRunning)).toHaveLength(step === 0 ? 0 : 1);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('gives the tenant that moves out its share of the group it leaves, and data its growth', () => {
    const group = movable[0];
    const shardId = group?.shards[0]?.shardId ?? '';
    const whatIf: WhatIf = { ...nothingTried, growth: 2, isolated: { shardId, share: 0.25 } };
    const exploration = explored(whatIf);
    const tried = toTriedTopology(current, exploration, whatIf);
    const bytes = group?.bytes ?? 0;
    expect(tried.shards.groupByKey.get(group?.key ?? '')?.bytes).toBe(bytes * 1.5);
    const key = tried.shards.groupOfShard.get('999999') ?? '';
    expect(tried.shards.groupByKey.get(key)).toMatchObject({ bytes: bytes * 0.5, groupIds: group?.groupIds });
    const [source, target] = workers.toSorted((one) => (group?.groupIds.includes(one.groupId) ? -1 : 1));
    const move = { shardId: '999999', sourceNodeId: source?.nodeId ?? 0, targetNodeId: target?.nodeId ?? 0 };
    const plan = {
      ...planOf(exploration, []),
      moves: [{ ...move, tableSet: 0, bytes: bytes * 0.5, cost: null, targetFreeBytes: null }],
    };
    const { shards } = topologyAt(tried, exploration, plan, 1, balance);
    expect(shards.nodes.get(target?.groupId ?? -1)?.groups.map((one) => one.key)).toContain(key);
    expect(shards.nodes.get(source?.groupId ?? -1)?.groups.map((one) => one.key)).not.toContain(key);
  });

  it('says of every node what it is: giving, taking, off the threshold, tried out, to be removed', () => {
    const whatIf = { ...nothingTried, addedNodes: 1, removedNodeIds: [workers[2]?.nodeId ?? 0] };
    const exploration = explored(whatIf);
    const tried = toTriedTopology(current, exploration, whatIf);
    const plan = planOf(exploration, [[0, 3]]);
    const words = (step: number): readonly (string | undefined)[] => {
      const { states } = topologyAt(tried, exploration, plan, step, balance);
      return exploration.nodes.map(({ nodeId }) => states.get(nodeId)?.words);
    };
    expect(words(0)[2]).toBe('to be removed');
    expect(words(0)[3]).toBe('tried out, 0.00 ×');
    expect(words(0)[0]).toMatch(/^1\.\d\d × the average$/);
    expect(words(1)).toContain('gives');
    expect(words(1)[3]).toBe('takes');
  });
});
