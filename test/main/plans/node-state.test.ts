import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterNode, NodePace, NodeReachability } from '../../../src-main/contract/cluster';
import type { NodeRoleName, NodeStateName } from '../../../src-main/contract/node-states';
import { nodeRoles, nodeStates } from '../../../src-main/contract/words';
import { heldShards, judgeNode, slowWords } from '../../../src-main/plans/node-state';
import type { NodeFacts } from '../../../src-main/plans/node-state';
import { hashShards, node, referenceTable, snapshot, table } from './fixtures';

const at = '2026-01-01T00:00:00.000Z';
const reach = (more: Partial<NodeReachability> = {}): NodeReachability => ({
  nodeId: 2,
  state: 'reachable',
  since: at,
  lastSeenAt: at,
  latencyMs: 2,
  failure: null,
  ...more,
});
const gone = reach({
  state: 'unreachable',
  failure: { kind: 'unreachable', message: 'db-w1:5432 refuses connections' },
});
const slow: NodePace = { recent: [900, 900, 2, 900, 2], usualMs: 2 };

interface Case {
  readonly what: string;
  readonly node?: Partial<ClusterNode>;
  readonly groupId?: number;
  readonly facts?: Partial<NodeFacts>;
  readonly state: NodeStateName;
  readonly role?: NodeRoleName;
  readonly why: RegExp;
}

const cases: readonly Case[] = [
  { what: 'a worker that answers', state: 'active', role: 'primary', why: /metadata is synced/ },
  {
    what: 'one only the coordinator reaches',
    facts: { reachability: reach({ state: 'indirect' }) },
    state: 'active',
    why: /This workstation does not/,
  },
  { what: 'one not tried', facts: { reachability: undefined }, state: 'unknown', why: /not tried yet/ },
  {
    what: 'one that could not be found out',
    facts: { reachability: reach({ state: 'unknown', failure: { kind: 'timeout', message: 'No word.' } }) },
    state: 'unknown',
    why: /No word\.$/,
  },
  {
    what: 'one that nobody reaches',
    facts: { reachability: gone },
    state: 'unreachable',
    why: /^db-w1:5432 refuses connections\.$/,
  },
  {
    what: 'one that nobody reaches and whose metadata is behind',
    node: { metadataSynced: false },
    facts: { reachability: gone },
    state: 'unreachable',
    why: /refuses/,
  },
  {
    what: 'a disabled one',
    node: { isActive: false },
    state: 'inactive',
    why: /It answers\. 4 shards have the only copy/,
  },
  {
    what: 'a disabled one that does not answer, with the only copies',
    node: { isActive: false },
    facts: { reachability: gone, held: { shards: 3, onlyCopies: 2 } },
    state: 'inactive',
    why: /does not answer either\. 2 shards have the only copy there/,
  },
  {
    what: 'a slow one',
    facts: { reachability: reach({ pace: slow }) },
    state: 'suspect',
    why: /^3 of the last 5 probes took longer than 250 ms/,
  },
  {
    what: 'a slow one to be drained',
    node: { shouldHaveShards: false },
    facts: { reachability: reach({ pace: slow }) },
    state: 'suspect',
    why: /250 ms/,
  },
  { what: 'one behind', node: { metadataSynced: false }, state: 'not-synced', why: /behind/ },
  { what: 'one without metadata', node: { hasMetadata: false }, state: 'not-synced', why: /no metadata/ },
  {
    what: 'one that gives its shards away',
    node: { shouldHaveShards: false },
    facts: { isGivingAway: true },
    state: 'draining',
    why: /holds 4 shards still\. A job moves them away/,
  },
  {
    what: 'one that should give them away',
    node: { shouldHaveShards: false },
    state: 'to-be-drained',
    why: /Nothing moves them away/,
  },
  {
    what: 'one that gave all away',
    node: { shouldHaveShards: false },
    facts: { held: { shards: 0, onlyCopies: 0 } },
    state: 'drained',
    why: /can be removed without loss/,
  },
  {
    what: 'one that has just come',
    facts: { held: { shards: 0, onlyCopies: 0 } },
    state: 'added',
    why: /A rebalance would bring it some/,
  },
  {
    what: 'an empty one of an empty cluster',
    facts: { held: { shards: 0, onlyCopies: 0 }, clusterHasShards: false },
    state: 'active',
    why: /^Answers/,
  },
  {
    what: 'the coordinator',
    groupId: 0,
    facts: { held: { shards: 0, onlyCopies: 0 } },
    state: 'active',
    role: 'coordinator',
    why: /keeps the metadata\.$/,
  },
  {
    what: 'the coordinator that may hold shards',
    groupId: 0,
    node: { shouldHaveShards: true },
    facts: { held: { shards: 0, onlyCopies: 0 } },
    state: 'active',
    role: 'coordinator-with-shards',
    why: /may hold shards/,
  },
  {
    what: 'the coordinator that may not and does',
    groupId: 0,
    state: 'active',
    role: 'coordinator-with-shards',
    why: /still holds shards/,
  },
  {
    what: 'a replica of a worker',
    node: { role: 'secondary' },
    state: 'active',
    role: 'secondary',
    why: /replica/,
  },
  {
    what: 'a replica of the coordinator',
    groupId: 0,
    node: { role: 'secondary' },
    state: 'active',
    role: 'coordinator-secondary',
    why: /replica/,
  },
  {
    what: 'a clone',
    node: { isClone: true, role: 'unavailable', isActive: false },
    state: 'inactive',
    role: 'clone',
    why: /until it is promoted/,
  },
  {
    what: 'a clone that is gone',
    node: { isClone: true },
    facts: { reachability: gone },
    state: 'unreachable',
    role: 'clone',
    why: /no statement fails/,
  },
  {
    what: 'one that is not available',
    node: { role: 'unavailable' },
    state: 'active',
    role: 'unavailable',
    why: /Answers/,
  },
];

function judge({ node: change, groupId = 1, facts }: Pick<Case, 'node' | 'groupId' | 'facts'>) {
  return judgeNode({
    node: node(groupId, change),
    reachability: reach(),
    held: { shards: 4, onlyCopies: 4 },
    clusterHasShards: true,
    isGivingAway: false,
    ...facts,
  });
}

describe('the state of a node', () => {
  it.each(cases)('$what: $state', (one) => {
    const judged = judge(one);
    expect(judged.state).toBe(one.state);
    if (one.role) expect(judged.role).toBe(one.role);
    expect(judged.why).toMatch(one.why);
  });

  it('has a case for every word of the legend, and a word for every case', () => {
    const seen = new Set(cases.map(({ state }) => state));
    // Nothing is judged of a node that is gone: the keeper of the states tells of it.
    expect(nodeStates.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual(['removed']);
    const roles = new Set(cases.map(({ role }) => role ?? 'primary'));
    expect(nodeRoles.map(({ name }) => name).filter((name) => !roles.has(name))).toEqual([]);
  });

  it('ends every reason with a full stop', () => {
    for (const one of cases) expect(judge(one).why).toMatch(/\.$/);
  });
});

describe('a suspect', () => {
  const pace = (recent: NodePace['recent'], usualMs: number | null = 2): NodePace => ({ recent, usualMs });
  it.each<[what: string, pace: NodePace, isSuspect: boolean]>([
    ['quick', pace([1, 2, 3, 2, 1]), false],
    ['two slow of five', pace([900, 2, 900, 2, 2]), false],
    ['three slow of five', pace([900, 2, 900, 2, 900]), true],
    ['three slow, long ago', pace([900, 900, 900, 2, 2, 2, 2, 2]), false],
    ['just at the limit', pace([250, 250, 250, 250, 250]), false],
    ['just above it', pace([251, 251, 251]), true],
    ['slow as ever', pace([400, 400, 400, 400, 400], 400), false],
    ['five times as slow as ever', pace([2001, 2001, 2001], 400), true],
    ['once too late', pace([2, 'late', 2, 2, 2]), true],
    ['refused and back', pace(['none', 'none', 2, 2, 2]), false],
    ['out of the reach of this workstation', pace(['late', 'late', 'late', 'late', 'late'], null), false],
    ['never answered', pace(['none', 'none']), false],
  ])('%s', (_what, value, isSuspect) => {
    expect(slowWords(value) !== null).toBe(isSuspect);
  });

  it('is none that answers within 250 ms each time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 1 }), (recent) => {
        expect(slowWords(pace(recent, 1))).toBeNull();
      }),
    );
  });
});

describe('the shards that count', () => {
  it('are those of distributed tables, by group, with those that have one copy', () => {
    const permits = table(20, 'permits');
    const { shards } = snapshot({ shards: hashShards(permits, 100, [1, 2]) });
    const [first, ...rest] = shards;
    const held = heldShards({
      tables: [permits, referenceTable(30, 'agencies')],
      shards: [
        ...(first ? [{ ...first, groupIds: [1, 2] }] : []),
        ...rest,
        { shardId: '900', tableOid: 30, minValue: null, maxValue: null, groupIds: [0, 1, 2, 3] },
      ],
    });
    expect([...held]).toEqual([
      [1, { shards: 2, onlyCopies: 1 }],
      [2, { shards: 3, onlyCopies: 2 }],
    ]);
  });
});
