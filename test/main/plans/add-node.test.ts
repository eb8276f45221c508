import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planAddNode } from '../../../src-main/plans/add-node';
import type { AddNodeFacts, NewNodeFacts } from '../../../src-main/plans/add-node';
import { addNodeStatement, setShouldHaveShardsStatement } from '../../../src-main/citus/node-changes';
import { shownStatement } from '../../../src-main/connections/database';
import type { RequestOf, ShownStatement } from '../../../src-main/contract/operations';
import { answers, codesOf, context, node, planOf, reasonsOf, referenceTable, snapshot } from './fixtures';

const request: RequestOf<'add-node'> = {
  kind: 'add-node',
  host: 'db-w9',
  port: 5432,
  shouldHaveShards: true,
};

const readyNode: NewNodeFacts = {
  state: 'known',
  postgresVersionNumber: 170_004,
  extension: '13.2-1',
  isPreloaded: true,
  isStandby: false,
  walLevel: 'logical',
  maxPreparedTransactions: 200,
  outputPluginLibraries: 'pgoutput, test_decoding, citus',
  knownNodes: 0,
  citusTables: 0,
  userTables: 0,
};

function facts(more: Partial<AddNodeFacts> = {}): AddNodeFacts {
  const of = more.snapshot ?? snapshot();
  return {
    snapshot: of,
    postgresVersionNumber: 170_004,
    dialled: { host: 'db-c1', port: 5432 },
    newNode: readyNode,
    coordinatorReachesIt: true,
    answers: answers(of),
    referenceBytes: 0,
    ...more,
  };
}

const withReferences = snapshot({
  tables: [referenceTable(1, 'permit_types'), referenceTable(2, 'streets')],
});

describe('adding a node', () => {
  it('is one step where nothing has to be copied first', () => {
    const plan = planOf(planAddNode(facts(), request, context));
    expect(plan.title).toBe('Add node db-w9:5432');
    expect(plan.steps.map((step) => step.action.type)).toEqual(['add-node']);
    expect(plan.steps[0]?.statements.map((one) => one.shown)).toEqual([
      `SELECT citus_add_node('db-w9', 5432) AS node_id`,
    ]);
    expect(plan.findings.filter((finding) => finding.level !== 'fine')).toEqual([]);
  });

  it('keeps shards away until the reference tables are there', () => {
    const plan = planOf(planAddNode(facts({ snapshot: withReferences }), request, context));
    expect(plan.steps.map((step) => step.stepId)).toEqual([
      'register',
      'no-shards',
      'reference-tables',
      'take-shards',
    ]);
    expect(plan.steps[2]?.action).toMatchObject({ transferMode: 'auto' });
    expect(plan.summary).toContain('a rebalance moves');
  });

  it('leaves it without shards where that was asked', () => {
    const plan = planOf(
      planAddNode(facts({ snapshot: withReferences }), { ...request, shouldHaveShards: false }, context),
    );
    expect(plan.steps.map((step) => step.stepId)).toEqual(['register', 'no-shards', 'reference-tables']);
  });

  it('copies with writes blocked where a reference table has no identity', () => {
    const of = snapshot({ tables: [referenceTable(1, 'permit_types', { hasReplicaIdentity: false })] });
    const plan = planOf(planAddNode(facts({ snapshot: of }), request, context));
    expect(plan.steps[2]?.action).toMatchObject({ transferMode: 'block_writes' });
    expect(plan.steps[2]?.blocks).toBe('writes to permit_types');
    expect(plan.findings.map((finding) => finding.code)).toContain('reference-blocks-writes');
  });

  it('shows exactly what the writer will get', () => {
    const plan = planOf(planAddNode(facts({ snapshot: withReferences }), request, context));
    expect(plan.steps[0]?.statements).toEqual([shownStatement(addNodeStatement(request))]);
    expect(plan.steps[1]?.statements).toEqual([shownStatement(setShouldHaveShardsStatement(request, false))]);
  });

  it('registers the coordinator by the address it is dialled by, when it is registered as localhost', () => {
    const of = snapshot({ nodes: [node(0, { name: 'localhost' }), node(1)] });
    const plan = planOf(planAddNode(facts({ snapshot: of }), request, context));
    expect(plan.steps[0]).toMatchObject({
      action: { type: 'set-coordinator-host', host: 'db-c1', port: 5432 },
      undo: `SELECT citus_set_coordinator_host('localhost', 5432)`,
    });
    expect(plan.findings.map((finding) => finding.code)).toContain('coordinator-host');
  });

  it('refuses when the coordinator is local and dialled locally, and the new node is elsewhere', () => {
    const of = snapshot({ nodes: [node(0, { name: 'localhost' }), node(1, { name: '127.0.0.1' })] });
    const reply = planAddNode(
      facts({ snapshot: of, dialled: { host: '127.0.0.1', port: 5432 } }),
      request,
      context,
    );
    expect(codesOf(reply)).toEqual(['coordinator-is-local']);
  });

  it('takes a local cluster as it is', () => {
    const of = snapshot({
      nodes: [node(0, { name: '127.0.0.1', port: 9700 }), node(1, { name: '127.0.0.1', port: 9701 })],
    });
    const local = { ...request, host: '127.0.0.1', port: 9702 };
    const plan = planOf(
      planAddNode(facts({ snapshot: of, dialled: { host: '127.0.0.1', port: 9700 } }), local, context),
    );
    expect(plan.steps.map((step) => step.stepId)).toEqual(['register']);
  });

  it('tells all reasons at once', () => {
    const of = snapshot({
      capabilities: { ...snapshot().capabilities, isSuperuser: false, role: 'app' },
      jobs: [
        {
          jobId: '3',
          state: 'running',
          jobType: 'rebalance',
          description: 'Rebalance',
          startedAt: null,
          finishedAt: null,
          taskCounts: {},
        },
      ],
    });
    const bad: NewNodeFacts = {
      ...readyNode,
      extension: '12.1-1',
      isStandby: true,
      isPreloaded: false,
      maxPreparedTransactions: 0,
      knownNodes: 3,
    };
    const reply = planAddNode(
      facts({ snapshot: of, newNode: bad, coordinatorReachesIt: false, answers: answers(of, [2]) }),
      request,
      context,
    );
    expect([...codesOf(reply)].sort()).toEqual(
      [
        'citus-version-differs',
        'has-metadata',
        'is-standby',
        'job-running',
        'no-prepared-transactions',
        'node-down',
        'not-preloaded',
        'not-reached',
        'not-superuser',
      ].sort(),
    );
    for (const reason of reasonsOf(reply)) expect(reason.fix.length).toBeGreaterThan(10);
  });

  it.each([
    ['an active node', node(1, { name: 'DB-W9' }), 'already-a-node'],
    ['one that is not active', node(1, { name: 'db-w9', isActive: false }), 'node-not-active'],
    ['the coordinator', node(0, { name: 'db-w9' }), 'is-coordinator'],
  ] as const)('refuses %s', (_what, existing, code) => {
    const of = snapshot({ nodes: [existing, node(2)] });
    expect(codesOf(planAddNode(facts({ snapshot: of }), request, context))).toContain(code);
  });

  it('refuses a loopback address beside nodes on other machines', () => {
    expect(codesOf(planAddNode(facts(), { ...request, host: 'localhost' }, context))).toContain(
      'loopback-address',
    );
  });

  it('minds what it could not see instead of refusing', () => {
    const plan = planOf(
      planAddNode(
        facts({ newNode: { state: 'unknown', reason: 'no route.' }, coordinatorReachesIt: null }),
        request,
        context,
      ),
    );
    const minded = plan.findings.filter((finding) => finding.level === 'mind').map((finding) => finding.code);
    expect(minded).toEqual(['new-node-unseen', 'reach-unknown']);
  });

  it('minds settings that will hurt later', () => {
    const node_: NewNodeFacts = {
      ...readyNode,
      walLevel: 'replica',
      outputPluginLibraries: 'pgoutput, test_decoding',
      userTables: 2,
      postgresVersionNumber: 160_002,
    };
    const plan = planOf(planAddNode(facts({ newNode: node_ }), request, context));
    const minded = plan.findings.filter((finding) => finding.level === 'mind').map((finding) => finding.code);
    expect(minded).toEqual(['postgres-major-differs', 'wal-level', 'output-plugin', 'tables-there']);
  });

  it('has a basis that changes with what matters', () => {
    const basis = planOf(planAddNode(facts(), request, context)).basis;
    const other = planOf(
      planAddNode(facts({ snapshot: snapshot({ nodes: [node(0), node(1)] }) }), request, context),
    ).basis;
    expect(other).not.toBe(basis);
    const later = snapshot({ revision: 77, takenAt: '2027-01-01T00:00:00.000Z' });
    expect(planOf(planAddNode(facts({ snapshot: later }), request, context)).basis).toBe(basis);
  });

  it('puts any host into SQL as a value: the statements are the same whatever it is', () => {
    const statementsFor = (host: string): readonly ShownStatement[] | null => {
      const reply = planAddNode(facts({ snapshot: withReferences }), { ...request, host }, context);
      return reply.outcome === 'refusal' ? null : reply.plan.steps.flatMap((step) => step.statements);
    };
    const plain = statementsFor('db-7')?.map(({ text }) => text);
    expect(plain?.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 40 }).filter((host) => /^[^\s/@]+$/.test(host)),
        (host) => {
          const statements = statementsFor(host);
          fc.pre(statements !== null);
          expect(statements?.map(({ text }) => text)).toEqual(plain);
          expect(statements?.flatMap(({ values }) => values)).toContain(host);
        },
      ),
    );
  });
});
