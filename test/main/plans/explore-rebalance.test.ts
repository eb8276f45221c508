import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Shard } from '../../../src-main/contract/cluster';
import type {
  ExploredPlan,
  NodeRule,
  RebalanceConstraints,
  RebalanceExploration,
} from '../../../src-main/contract/rebalance';
import { asItIs, exploreRebalance } from '../../../src-main/plans/explore-rebalance';
import { learnPace } from '../../../src-main/plans/move-estimate';
import type { WorldFacts } from '../../../src-main/plans/planner-world';
import { hashShards, node, snapshot, table } from './fixtures';
import { noLimits } from '../../support/rebalance-limits';

const gigabyte = 1024 ** 3;
const assumedPace = learnPace([]);

/** Permits with documents beside them, and fees alone; `groups` says where each of the eight shards of each lies. */
function facts(
  nodeCount: number,
  permitsOn: readonly number[],
  feesOn: readonly number[],
  bytes: readonly number[],
  disks: WorldFacts['disks'] = new Map(),
): WorldFacts {
  const permits = table(100, 'permits', { shardCount: 8, colocationId: 1 });
  const documents = table(101, 'documents', { shardCount: 8, colocationId: 1 });
  const fees = table(102, 'fees', { shardCount: 8, colocationId: 2 });
  const place = (shards: readonly Shard[], on: readonly number[]): readonly Shard[] =>
    shards.map((shard, index) => ({ ...shard, groupIds: [((on[index] ?? 0) % nodeCount) + 1] }));
  const shards = [
    ...place(hashShards(permits, 1_000, [1]), permitsOn),
    ...place(hashShards(documents, 2_000, [1]), permitsOn),
    ...place(hashShards(fees, 3_000, [1]), feesOn),
  ];
  return {
    snapshot: snapshot({
      nodes: [node(0), ...Array.from({ length: nodeCount }, (_, index) => node(index + 1))],
      tables: [permits, documents, fees],
      shards,
    }),
    shardBytes: Object.fromEntries(
      shards.map(({ shardId }, index) => [shardId, (bytes[index % bytes.length] ?? 1) * gigabyte]),
    ),
    disks,
    baseCostBytes: 100 * 1024 * 1024,
  };
}

const onOne = [0, 0, 0, 0, 0, 0, 0, 0];

function ours(exploration: RebalanceExploration): ExploredPlan {
  if (exploration.ours === null) throw new Error(exploration.unknown ?? 'there is no plan of ours');
  return exploration.ours;
}

const scenarios = fc.record({
  nodeCount: fc.integer({ min: 2, max: 5 }),
  permitsOn: fc.array(fc.nat({ max: 4 }), { minLength: 8, maxLength: 8 }),
  feesOn: fc.array(fc.nat({ max: 4 }), { minLength: 8, maxLength: 8 }),
  bytes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 16 }),
  disks: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 5, maxLength: 5 }),
  rules: fc.array(fc.constantFrom<NodeRule | null>(null, null, null, 'fill', 'drain', 'freeze', 'exempt'), {
    minLength: 5,
    maxLength: 5,
  }),
  pinsFees: fc.boolean(),
  pinned: fc.option(fc.integer({ min: 2_000, max: 2_007 })),
  keepFreeShare: fc.constantFrom(null, 0.1, 0.4),
  maxMoves: fc.constantFrom(null, null, 3),
  maxHours: fc.constantFrom(null, null, 0.2),
  movesPerNode: fc.constantFrom(1, 2),
  measure: fc.constantFrom<'bytes' | 'groups'>('bytes', 'groups'),
  target: fc.constantFrom<RebalanceConstraints['target']>(
    { type: 'as-citus' },
    { type: 'within', share: 0.1 },
  ),
  order: fc.constantFrom<RebalanceConstraints['order']>('shortest-first', 'most-relief-first'),
});

describe('exploreRebalance', () => {
  it('keeps every constraint at every step, moves no group twice, and says why a node ends off the threshold', () => {
    fc.assert(
      fc.property(scenarios, (one) => {
        const disks = new Map(
          one.disks
            .slice(0, one.nodeCount)
            .map((available, index) => [
              index + 2,
              { availableBytes: available * gigabyte, totalBytes: 500 * gigabyte },
            ]),
        );
        const world = facts(one.nodeCount, one.permitsOn, one.feesOn, one.bytes, disks);
        const ruleOf = (nodeId: number): NodeRule | null => one.rules[nodeId - 2] ?? null;
        const nodeIds = Array.from({ length: one.nodeCount }, (_, index) => index + 2);
        const constraints: RebalanceConstraints = {
          ...noLimits,
          ...one,
          nodeRules: nodeIds.flatMap((nodeId) => {
            const rule = ruleOf(nodeId);
            return rule === null ? [] : [{ nodeId, rule }];
          }),
          pinnedTables: one.pinsFees ? [{ schema: 'public', name: 'fees' }] : [],
          pinnedShards: one.pinned === null ? [] : [String(one.pinned)],
        };
        const exploration = exploreRebalance(world, constraints, asItIs, assumedPace);
        const plan = ours(exploration);
        const homes = new Map(
          world.snapshot.shards.map((shard) => [shard.shardId, (shard.groupIds[0] ?? 0) + 1]),
        );
        const moved = new Set<string>();
        const came = new Map<number, number>();
        const fills = nodeIds.some((nodeId) => ruleOf(nodeId) === 'fill');
        for (const { shardId, sourceNodeId, targetNodeId, bytes, targetFreeBytes } of plan.moves) {
          expect(moved.has(shardId)).toBe(false);
          moved.add(shardId);
          expect(homes.get(shardId)).toBe(sourceNodeId);
          expect(targetNodeId).not.toBe(sourceNodeId);
          expect(['freeze', 'exempt']).not.toContain(ruleOf(sourceNodeId));
          expect(['freeze', 'exempt', 'drain']).not.toContain(ruleOf(targetNodeId));
          if (fills) expect(ruleOf(targetNodeId)).toBe('fill');
          // One shard stands for its group: documents never move beside permits on their own.
          expect(shardId.startsWith('2')).toBe(false);
          if (one.pinsFees) expect(shardId.startsWith('3')).toBe(false);
          if (one.pinned !== null) expect(Number(shardId)).not.toBe(one.pinned - 1_000);
          came.set(targetNodeId, (came.get(targetNodeId) ?? 0) + (bytes ?? 0));
          const disk = disks.get(targetNodeId);
          const left =
            (disk?.availableBytes ?? 0) - (came.get(targetNodeId) ?? 0) - one.movesPerNode * (bytes ?? 0);
          expect(left).toBeGreaterThanOrEqual((one.keepFreeShare ?? 0) * 500 * gigabyte);
          expect(targetFreeBytes).toBeLessThanOrEqual(left);
        }
        if (one.maxMoves !== null) expect(plan.moves.length).toBeLessThanOrEqual(one.maxMoves);
        if (one.maxHours !== null)
          expect((plan.durationMs ?? [0, 0])[1]).toBeLessThanOrEqual(one.maxHours * 3_600_000);
        expectBalanceOrReason(exploration, plan, world, constraints);
      }),
      { numRuns: 60 },
    );
  });

  it('fills three nodes that do not exist yet, by both plans', () => {
    const exploration = exploreRebalance(
      facts(
        2,
        onOne.map((_one, index) => index),
        onOne.map((_one, index) => index),
        [4],
      ),
      noLimits,
      { ...asItIs, addedNodes: 3 },
      assumedPace,
    );
    const added = exploration.nodes.filter(({ isNew }) => isNew);
    expect(added.map(({ label }) => label)).toEqual(['new node 1', 'new node 2', 'new node 3']);
    for (const plan of [exploration.citus, exploration.ours]) {
      const targets = new Set(plan?.moves.map(({ targetNodeId }) => targetNodeId));
      expect([...targets].sort()).toEqual(added.map(({ nodeId }) => nodeId));
    }
  });

  it('splits the bytes of a group when a tenant is isolated, whichever of its shards names it', () => {
    const exploration = exploreRebalance(
      facts(2, onOne, onOne, [8]),
      noLimits,
      { ...asItIs, isolated: { shardId: '2000', share: 0.25 } },
      assumedPace,
    );
    const sizes = new Map(exploration.citus?.moves.map(({ shardId, bytes }) => [shardId, bytes]));
    expect(exploration.isolatedShardId).toBe('3008');
    expect(exploration.nodes.reduce((sum, { groups }) => sum + groups, 0)).toBe(17);
    expect(exploration.nodes.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)).toBe(24 * 8 * gigabyte);
    expect(sizes.size).toBeGreaterThan(5);
    for (const [shardId, bytes] of sizes) {
      const split: Readonly<Record<string, number>> = { '1000': 12, '3008': 4 };
      expect(bytes).toBe((split[shardId] ?? (shardId.startsWith('1') ? 16 : 8)) * gigabyte);
    }
  });

  it('takes from the free disk what the data grows by', () => {
    const disks = new Map([[2, { availableBytes: 300 * gigabyte, totalBytes: 500 * gigabyte }]]);
    const exploration = exploreRebalance(
      facts(2, onOne, onOne, [8], disks),
      noLimits,
      { ...asItIs, growth: 2 },
      assumedPace,
    );
    const first = exploration.nodes.find(({ nodeId }) => nodeId === 2);
    expect(first?.bytes).toBe(2 * 24 * 8 * gigabyte);
    expect(first?.disk?.availableBytes).toBe((300 - 24 * 8) * gigabyte);
  });

  it('says why a rebalance is not needed, by each measure', () => {
    const even = exploreRebalance(
      facts(2, [0, 1, 0, 1, 0, 1, 0, 1], [0, 1, 0, 1, 0, 1, 0, 1], [8]),
      noLimits,
      asItIs,
      assumedPace,
    );
    expect(even.verdicts).toMatchObject([
      { measure: 'bytes', isNeeded: false, reason: expect.stringContaining('nothing to gain') as string },
      { measure: 'groups', isNeeded: false, reason: expect.stringContaining('nothing to gain') as string },
    ]);
    expect(even.ours?.moves).toEqual([]);
    const nearly = exploreRebalance(
      facts(2, [0, 1, 0, 1, 0, 1, 0, 0], [0, 1, 0, 1, 0, 1, 0, 1], [40, 40, 40, 40, 40, 40, 4, 4]),
      noLimits,
      asItIs,
      assumedPace,
    );
    expect(nearly.verdicts[0]).toMatchObject({
      isNeeded: false,
      reason: expect.stringContaining('within the threshold of 10 %') as string,
    });
  });

  it('evens out the number of groups where a size is not known, and says that bytes cannot be', () => {
    const known = facts(2, onOne, onOne, [8]);
    const unsized = { ...known, shardBytes: {} };
    const bytes = exploreRebalance(unsized, noLimits, asItIs, assumedPace);
    expect(bytes.ours).toBeNull();
    expect(bytes.unknown).toContain('not known');
    const groups = exploreRebalance(unsized, { ...noLimits, measure: 'groups' }, asItIs, assumedPace);
    expect(groups.ours?.moves.length).toBeGreaterThan(0);
    expect(groups.ours?.bytes).toBeNull();
    expect(groups.ours?.durationMs).toBeNull();
  });

  it('does not blame the disk where there is room: a node that Citus leaves as full is as full as was asked', () => {
    const room = new Map(
      [2, 3].map((nodeId) => [nodeId, { availableBytes: 400 * gigabyte, totalBytes: 500 * gigabyte }]),
    );
    const exploration = exploreRebalance(
      facts(2, onOne, onOne, [1], room),
      { ...noLimits, measure: 'groups', keepFreeShare: 0.1, nodeRules: [{ nodeId: 2, rule: 'drain' }] },
      { ...asItIs, addedNodes: 2 },
      assumedPace,
    );
    const above = ours(exploration).notes.filter(({ code }) => code === 'above');
    // Eight of permits and eight of fees on three nodes that held none: two of them hold six, for one reason.
    expect(above.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^\S.* \(1\.13 × the average\) and .* end above the threshold: Citus's own plan leaves a node as full/,
      ) as string,
    ]);
  });

  it('moves nothing to a node whose disk is not known while free disk is to be kept, and says so', () => {
    const exploration = exploreRebalance(
      facts(2, onOne, onOne, [8]),
      { ...noLimits, keepFreeShare: 0.1 },
      asItIs,
      assumedPace,
    );
    expect(exploration.ours?.moves).toEqual([]);
    expect(exploration.ours?.notes.map(({ code }) => code)).toContain('disk-unknown');
  });
});

describe('a strategy of the cluster', () => {
  const own: RebalanceConstraints = { ...noLimits, measure: 'cost', strategy: 'own' };

  it('is planned by what its functions answer: no refused place, no node fuller for its capacity than by Citus', () => {
    fc.assert(
      fc.property(
        scenarios,
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 16, maxLength: 16 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 5, maxLength: 5 }),
        fc.array(fc.tuple(fc.nat({ max: 15 }), fc.nat({ max: 4 })), { maxLength: 12 }),
        (one, costs, capacities, pairs) => {
          const shardIds = costs.map((_cost, index) => String(index < 8 ? 1_000 + index : 3_000 + index - 8));
          const refused = new Set(
            pairs.map(([shard, at]) => `${shardIds[shard] ?? ''} ${(at % one.nodeCount) + 2}`),
          );
          const world: WorldFacts = {
            ...facts(one.nodeCount, one.permitsOn, one.feesOn, one.bytes),
            strategy: {
              name: 'own',
              readAtMs: 0,
              costs: new Map(shardIds.map((shardId, index) => [shardId, costs[index] ?? 0])),
              capacities: new Map(capacities.map((capacity, index) => [index + 2, capacity])),
              refused,
            },
          };
          const exploration = exploreRebalance(world, own, asItIs, assumedPace);
          const plan = ours(exploration);
          const moved = plan.moves.map(({ shardId }) => shardId);
          expect(new Set(moved).size).toBe(moved.length);
          for (const { shardId, targetNodeId, cost } of plan.moves) {
            expect(refused.has(`${shardId} ${targetNodeId}`)).toBe(false);
            expect(cost).toBe(costs[shardIds.indexOf(shardId)]);
          }
          expect(exploration.nodes.reduce((sum, { cost }) => sum + (cost ?? 0), 0)).toBe(
            costs.reduce((sum, cost) => sum + cost, 0),
          );
          expect(plan.largestFactor ?? 0).toBeLessThanOrEqual(
            (exploration.citus?.largestFactor ?? 0) * (1 + 1e-6),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is not planned by where its answers are not known', () => {
    const world = facts(2, onOne, onOne, [8]);
    for (const strategy of [undefined, 'It answered nothing.']) {
      const exploration = exploreRebalance({ ...world, strategy }, own, asItIs, assumedPace);
      expect([exploration.citus, exploration.ours]).toEqual([null, null]);
      expect(exploration.verdicts[0]).toEqual({ measure: 'cost', unknown: exploration.unknown });
      expect(exploration.unknown).toBe(strategy ?? 'What strategy own answers for the shards was not read.');
    }
  });

  it('says what is taken for granted of nodes that do not exist yet', () => {
    const strategy = {
      name: 'own',
      readAtMs: 0,
      costs: 'groups',
      capacities: new Map([
        [2, 2],
        [3, 4],
      ]),
      refused: new Set<string>(),
    } as const;
    const exploration = exploreRebalance(
      { ...facts(2, onOne, onOne, [8]), strategy },
      own,
      { ...asItIs, addedNodes: 1 },
      assumedPace,
    );
    expect(exploration.nodes.map(({ capacity }) => capacity)).toEqual([2, 4, 3]);
    for (const plan of [exploration.citus, exploration.ours])
      expect(plan?.notes.map(({ message }) => message).join()).toContain(
        'new nodes have the capacity of the others on average',
      );
  });
});

it('moves nothing but what must leave while only draining is asked for, by both plans', () => {
  const world = facts(3, onOne, [1, 1, 1, 1, 1, 1, 1, 1], [8]);
  const drained = {
    ...world.snapshot,
    nodes: world.snapshot.nodes.map((one) => (one.nodeId === 2 ? { ...one, shouldHaveShards: false } : one)),
  };
  const exploration = exploreRebalance(
    { ...world, snapshot: drained },
    { ...noLimits, drainOnly: true },
    asItIs,
    assumedPace,
  );
  for (const plan of [exploration.citus, exploration.ours]) {
    expect(plan?.moves).toHaveLength(8);
    for (const { sourceNodeId } of plan?.moves ?? []) expect(sourceNodeId).toBe(2);
  }
});

/** Every node that the plan may change ends within the threshold, or a note stands beside it. */
function expectBalanceOrReason(
  exploration: RebalanceExploration,
  plan: ExploredPlan,
  world: WorldFacts,
  { measure, target, nodeRules }: RebalanceConstraints,
): void {
  const weight = (bytes: number | null): number =>
    measure === 'groups' ? 1 : (bytes ?? 0) + world.baseCostBytes;
  const out = new Set(
    nodeRules.filter(({ rule }) => rule === 'drain' || rule === 'exempt').map(({ nodeId }) => nodeId),
  );
  const judged = exploration.nodes.filter(({ nodeId, capacity }) => capacity > 0 && !out.has(nodeId));
  if (judged.length === 0) return;
  const exempt = new Set(nodeRules.filter(({ rule }) => rule === 'exempt').map(({ nodeId }) => nodeId));
  const loads = new Map(
    exploration.nodes.map((one) => [
      one.nodeId,
      measure === 'groups' ? one.groups : (one.bytes ?? 0) + one.groups * world.baseCostBytes,
    ]),
  );
  const total = [...loads].reduce((sum, [nodeId, load]) => (exempt.has(nodeId) ? sum : sum + load), 0);
  for (const { sourceNodeId, targetNodeId, bytes } of plan.moves) {
    loads.set(sourceNodeId, (loads.get(sourceNodeId) ?? 0) - weight(bytes));
    loads.set(targetNodeId, (loads.get(targetNodeId) ?? 0) + weight(bytes));
  }
  const average = total / judged.length;
  const share = target.type === 'within' ? target.share : measure === 'bytes' ? 0.1 : 0;
  const labels = judged
    .filter(
      ({ nodeId }) => Math.abs((loads.get(nodeId) ?? 0) - average) > share * average * (1 + 1e-4) + 1e-3,
    )
    .map(({ label }) => label);
  const told = plan.notes
    .filter(({ code }) => code === 'above' || code === 'below')
    .map(({ message }) => message);
  for (const label of labels) {
    if (told.some((message) => message.includes('more stay below'))) continue;
    expect(
      told.some((message) => message.includes(label)),
      `${label} ends off the threshold: ${told.join(' ')}`,
    ).toBe(true);
  }
}
