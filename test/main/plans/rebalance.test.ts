import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startRebalanceStatement } from '../../../src-main/citus/rebalance-changes';
import { shownStatement } from '../../../src-main/connections/database';
import type { ClusterSnapshot } from '../../../src-main/contract/cluster';
import type { RequestOf } from '../../../src-main/contract/operations';
import { planRebalance } from '../../../src-main/plans/rebalance';
import type { RebalanceFacts } from '../../../src-main/plans/rebalance';
import { groupMoves, nodeLoads } from '../../../src-main/plans/rebalance-moves';
import type { PlanRow } from '../../../src-main/plans/rebalance-moves';
import {
  answers,
  codesOf,
  context,
  hashShards,
  node,
  planOf,
  reasonsOf,
  referenceTable,
  snapshot,
  table,
} from './fixtures';

const request: RequestOf<'rebalance'> = {
  kind: 'rebalance',
  strategy: null,
  drainOnly: false,
  transferMode: 'auto',
};

const agencies = table(1, 'agencies');
const permits = table(2, 'permits');
const shards = [...hashShards(agencies, 100, [1]), ...hashShards(permits, 200, [1])];
const lopsided = snapshot({ tables: [agencies, permits], shards });
const bytes = Object.fromEntries(shards.map((shard, index) => [shard.shardId, 1000 + index]));

function row(
  shardId: number,
  source: number,
  target: number,
  name = shardId < 200 ? 'agencies' : 'permits',
): PlanRow {
  return {
    schema: 'public',
    table: name,
    shardId: String(shardId),
    sourceName: `db-w${source}`,
    sourcePort: 5432,
    targetName: `db-w${target}`,
    targetPort: 5432,
  };
}
const rows = [row(100, 1, 2), row(200, 1, 2), row(101, 1, 2), row(201, 1, 2)];

function facts(more: Partial<RebalanceFacts> = {}): RebalanceFacts {
  const of = more.snapshot ?? lopsided;
  return {
    snapshot: of,
    rows,
    planFailure: null,
    whenEmpty: null,
    shardBytes: bytes,
    notOwned: [],
    replicationFactor: 1,
    preflight: { snapshot: snapshot(), health: { checks: [] }, rooms: [] },
    moveTimes: [],
    answers: answers(of),
    ...more,
  };
}

describe('a rebalance', () => {
  it('groups the rows of Citus into moves with every table that travels along', () => {
    const plan = planOf(planRebalance(facts(), request, context));
    if (plan.details.kind !== 'rebalance') throw new Error('wrong kind');
    expect(plan.details.moves).toEqual([
      {
        shardId: '100',
        tables: ['agencies', 'permits'],
        sourceNode: 'db-w1:5432',
        targetNode: 'db-w2:5432',
        bytes: 2004,
      },
      {
        shardId: '101',
        tables: ['agencies', 'permits'],
        sourceNode: 'db-w1:5432',
        targetNode: 'db-w2:5432',
        bytes: 2006,
      },
    ]);
    expect(plan.details.nodes).toEqual([
      { node: 'db-w1:5432', bytesBefore: 8028, bytesAfter: 4018, shardGroupsBefore: 4, shardGroupsAfter: 2 },
      { node: 'db-w2:5432', bytesBefore: 0, bytesAfter: 4010, shardGroupsBefore: 0, shardGroupsAfter: 2 },
    ]);
    expect(plan.title).toBe('Rebalance the shards: 2 moves');
  });

  it('starts a job and follows it, with the statement that is shown', () => {
    const chosen = { ...request, strategy: `o'clock`, drainOnly: true } as const;
    const of = {
      ...lopsided,
      rebalanceStrategies: [{ ...(lopsided.rebalanceStrategies[0] as never as object), name: `o'clock` }],
    } as unknown as ClusterSnapshot;
    const plan = planOf(planRebalance(facts({ snapshot: of }), chosen, context));
    expect(plan.steps.map((step) => step.action.type)).toEqual([
      'start-rebalance',
      'follow-job',
      'check-balance',
    ]);
    expect(plan.steps[0]?.statements).toEqual([shownStatement(startRebalanceStatement(chosen))]);
    expect(plan.steps[0]?.statements[0]?.shown).toBe(
      `SELECT citus_rebalance_start(rebalance_strategy => 'o''clock', drain_only => true, shard_transfer_mode => 'auto') AS job_id`,
    );
  });

  it('names the tables without identity in a group that moves, also those whose rows are not in the plan', () => {
    const norid = table(3, 'norid', { hasReplicaIdentity: false });
    const parent = table(4, 'events', { hasReplicaIdentity: false, isPartitioned: true });
    const elsewhere = table(5, 'other', { hasReplicaIdentity: false, colocationId: 2 });
    const of = { ...lopsided, tables: [agencies, permits, norid, parent, elsewhere] };
    const reply = planRebalance(facts({ snapshot: of }), request, context);
    expect(codesOf(reply)).toEqual(['no-replica-identity']);
    expect(reasonsOf(reply)[0]?.fixSql).toBe('ALTER TABLE "public"."norid" REPLICA IDENTITY FULL;');
    expect(
      planRebalance(facts({ snapshot: of }), { ...request, transferMode: 'block_writes' }, context).outcome,
    ).toBe('plan');
  });

  it('also minds reference tables that would be copied first', () => {
    const types = referenceTable(6, 'permit_types', { hasReplicaIdentity: false });
    const of = {
      ...lopsided,
      tables: [agencies, permits, types],
      shards: [...shards, { shardId: '300', tableOid: 6, minValue: null, maxValue: null, groupIds: [0, 1] }],
    };
    expect(codesOf(planRebalance(facts({ snapshot: of }), request, context))).toEqual([
      'no-replica-identity',
    ]);
    const plan = planOf(
      planRebalance(facts({ snapshot: of }), { ...request, transferMode: 'block_writes' }, context),
    );
    expect(plan.summary).toContain('Reference tables are copied first');
  });

  it('refuses online moves away from a node without logical decoding', () => {
    const notLogical = answers(lopsided).map((one) =>
      one.nodeId === 2 ? { ...one, walLevel: 'replica' } : one,
    );
    expect(codesOf(planRebalance(facts({ answers: notLogical }), request, context))).toEqual(['wal-level']);
  });

  it('refuses while a job runs, while nodes are down, and without rights', () => {
    const of = {
      ...lopsided,
      jobs: [
        {
          jobId: '4',
          state: 'running' as const,
          jobType: 'rebalance',
          description: 'x',
          startedAt: null,
          finishedAt: null,
          taskCounts: {},
        },
      ],
    };
    const codes = codesOf(
      planRebalance(
        facts({ snapshot: of, answers: answers(of, [3]), notOwned: ['permits'] }),
        request,
        context,
      ),
    );
    expect([...codes].sort()).toEqual(['job-running', 'node-down', 'not-owner']);
  });

  it('carries the words of the server where nothing else explains them', () => {
    const reply = planRebalance(facts({ rows: null, planFailure: 'out of memory' }), request, context);
    expect(codesOf(reply)).toEqual(['plan-failed']);
    expect(reasonsOf(reply)[0]?.fix).toContain('out of memory');
  });

  it.each([
    ['no tables', { snapshot: snapshot() }, request, 'no-tables'],
    ['one node', { snapshot: { ...lopsided, nodes: [node(0), node(1)] } }, request, 'one-node'],
    [
      'within the threshold',
      { whenEmpty: { withoutImprovement: 0, withoutThresholds: 4 } },
      request,
      'within-threshold',
    ],
    [
      'too little gain',
      { whenEmpty: { withoutImprovement: 2, withoutThresholds: 4 } },
      request,
      'improvement-threshold',
    ],
    [
      'as even as can be',
      { whenEmpty: { withoutImprovement: 0, withoutThresholds: 0 } },
      request,
      'balanced',
    ],
    ['nothing to drain', {}, { ...request, drainOnly: true }, 'nothing-to-drain'],
    ['an unknown strategy', { rows: null }, { ...request, strategy: 'nosuch' }, 'no-strategy'],
  ] as const)('says why nothing moves: %s', (_what, more, asked, code) => {
    expect(codesOf(planRebalance(facts({ rows: [], ...more }), asked, context))).toEqual([code]);
  });

  it('does not guess bytes that are not known', () => {
    const { '101': _unknown, ...some } = bytes;
    const plan = planOf(planRebalance(facts({ shardBytes: some }), request, context));
    if (plan.details.kind !== 'rebalance') throw new Error('wrong kind');
    expect(plan.details.moves.map((move) => move.bytes)).toEqual([2004, null]);
    expect(plan.details.nodes.map((load) => load.bytesBefore)).toEqual([null, 0]);
    expect(plan.steps[1]?.expectedMs).toBeNull();
  });
});

describe('loads', () => {
  const placed = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(1_000_000)), {
    minLength: 1,
    maxLength: 24,
  });
  const hops = fc.array(fc.tuple(fc.nat(23), fc.integer({ min: 1, max: 4 })), { maxLength: 12 });

  it('before and after add up to the same, and every move is carried out', () => {
    fc.assert(
      fc.property(placed, hops, (placements, moves) => {
        const one = table(1, 'agencies', { shardCount: placements.length });
        const own = hashShards(one, 100, [1]).map((shard, index) => ({
          ...shard,
          groupIds: [placements[index]?.[0] ?? 1],
        }));
        const of = snapshot({
          nodes: [node(0), node(1), node(2), node(3), node(4)],
          tables: [one],
          shards: own,
        });
        const sizes = Object.fromEntries(
          own.map((shard, index) => [shard.shardId, placements[index]?.[1] ?? 0]),
        );
        const where = new Map(own.map((shard) => [shard.shardId, shard.groupIds[0] ?? 1]));
        const planned: PlanRow[] = [];
        for (const [index, target] of moves) {
          const shardId = String(100 + (index % own.length));
          const source = where.get(shardId) ?? 1;
          // Citus moves a shard once in a plan.
          if (source === target || planned.some((each) => each.shardId === shardId)) continue;
          planned.push(row(Number(shardId), source, target, 'agencies'));
          where.set(shardId, target);
        }
        const loads = nodeLoads(of, planned, sizes);
        const sum = (pick: (load: (typeof loads)[number]) => number): number =>
          loads.reduce((total, load) => total + pick(load), 0);
        expect(sum((load) => load.bytesBefore ?? Number.NaN)).toBe(
          sum((load) => load.bytesAfter ?? Number.NaN),
        );
        expect(sum((load) => load.shardGroupsBefore)).toBe(sum((load) => load.shardGroupsAfter));
        for (const load of loads) {
          const group = Number(load.node.slice('db-w'.length, 'db-w'.length + 1));
          expect(load.shardGroupsAfter).toBe([...where.values()].filter((each) => each === group).length);
        }
        expect(groupMoves(of, planned, sizes).length).toBe(planned.length);
      }),
    );
  });
});
