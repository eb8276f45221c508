import { describe, expect, it } from 'vitest';
import type { ClusterTable, Shard } from '../../../src-main/contract/cluster';
import type { RouteKind } from '../../../src-main/contract/routing';
import { checkStatement, explainRefusal } from '../../../src-main/plans/statement-check';
import { toStatementRoute } from '../../../src-main/plans/statement-route';
import { aTable, versions } from '../../support/cluster-records';
import catalog from '../../support/recordings/catalog.json' with { type: 'json' };
import explain from '../../support/recordings/explain.json' with { type: 'json' };
import explain14 from '../../support/recordings/explain-14.0.1.json' with { type: 'json' };

interface Recorded {
  readonly id: string;
  readonly rows?: readonly (readonly unknown[])[];
}

const kinds: Readonly<Record<string, Partial<ClusterTable>>> = {
  permit_types: { type: 'reference', method: 'none', colocationId: 2 },
  holidays: { type: 'local', method: 'none', colocationId: 0 },
  'tenant_a.notes': { type: 'schema', method: 'none', colocationId: 3 },
};
const shardRows =
  (catalog.recorded as readonly Recorded[]).find(({ id }) => id === 'catalog.shards')?.rows ?? [];
const names = [...new Set(shardRows.map(([name]) => String(name)))];
const tables = names.map((full, index) => {
  const [schema = '', name = ''] = full.includes('.') ? full.split('.') : ['public', full];
  return aTable({ oid: 100 + index, schema, name, colocationId: 1, ...kinds[full] });
});
const shards: readonly Shard[] = shardRows.map(([name, id, , min, max]) => ({
  shardId: String(id),
  tableOid: 100 + names.indexOf(String(name)),
  minValue: min === null ? null : Number(min),
  maxValue: max === null ? null : Number(max),
  groupIds: [1],
}));
const snapshot = { shards, tables, versions };

function routeIn(recording: { readonly recorded: readonly unknown[] }, id: string) {
  const entry = (recording.recorded as readonly Recorded[]).find((one) => one.id === id);
  if (!entry?.rows) throw new Error(`no plan recorded under ${id}`);
  return toStatementRoute(entry.rows[0]?.[0], snapshot);
}

const shardsOf = (name: string): readonly string[] =>
  shards.filter(({ tableOid }) => tableOid === 100 + names.indexOf(name)).map(({ shardId }) => shardId);

describe.each([explain, explain14])(
  'toStatementRoute on plans of Citus $citus, PostgreSQL $postgres',
  (recording) => {
    const routeOf = (id: string) => routeIn(recording, id);

    it.each<readonly [string, RouteKind, boolean, readonly string[]]>([
      ['router_point.json', 'one-shard', true, ['102018']],
      ['router_join.json', 'one-shard', true, ['102018', '102026']],
      ['router_reference_join.json', 'one-shard', true, ['102018']],
      ['insert_values.json', 'one-shard', true, ['102018']],
      ['update_router.json', 'one-shard', true, ['102018']],
      ['reference_only.json', 'one-shard', true, ['102056']],
      ['schema_based.json', 'one-shard', true, ['102058']],
      ['local_table.json', 'one-shard', true, ['102057']],
      ['partitioned_pruned.json', 'one-shard', true, ['102049']],
      ['metadata_only.json', 'coordinator', true, []],
      ['pushdown_count.json', 'many-shards', true, shardsOf('permits')],
      ['pushdown_count.all_tasks', 'many-shards', true, shardsOf('permits')],
      [
        'pushdown_colocated_join.json',
        'many-shards',
        true,
        [...shardsOf('agencies'), ...shardsOf('permits')],
      ],
      ['update_multi.json', 'many-shards', true, shardsOf('permits')],
      ['pushdown_in_list.json', 'many-shards', false, ['102016']],
      ['local_join.json', 'many-shards', true, shardsOf('permits')],
      ['insert_select_pull.json', 'pulled', true, shardsOf('permits')],
    ])('%s is %s', (id, kind, isWhole, touched) => {
      const route = routeOf(id);
      expect([route.kind, route.isWhole]).toEqual([kind, isWhole]);
      expect([...route.shardIds].sort()).toEqual([...touched].sort());
    });

    it('tells each step of a query whose results go through the coordinator', () => {
      const { kind, parts, coordinatorSteps } = routeOf('coordinator_subplan_cte.json');
      expect(kind).toBe('many-shards');
      expect(parts.map(({ role, taskCount }) => [role, taskCount])).toEqual([
        ['subplan', 8],
        ['main', 8],
      ]);
      expect(coordinatorSteps).toEqual(['Aggregate']);
      expect(routeOf('local_join.json').localSubplans).toBe(1);
      expect(routeOf('pushdown_order_limit.json').coordinatorSteps).toEqual(['Limit', 'Sort']);
    });

    it('knows repartitioning by the jobs it depends on', () => {
      const job = { 'Task Count': 16, 'Tasks Shown': 'None, not supported for re-partition queries' };
      const plan = {
        'Node Type': 'Custom Scan',
        'Custom Plan Provider': 'Citus Adaptive',
        'Distributed Query': { Job: { ...job, 'Dependent Jobs': [{ 'Map Task Count': 8 }] } },
      };
      expect(toStatementRoute([{ Plan: plan }], snapshot)).toMatchObject({
        kind: 'repartition',
        isWhole: false,
      });
    });

    it('takes a shard that its node excludes from the query sent there, and not from a text in it', () => {
      const task = (query: string): unknown => [
        {
          Plan: {
            'Node Type': 'Custom Scan',
            'Custom Plan Provider': 'Citus Adaptive',
            'Distributed Query': {
              Job: {
                'Task Count': 1,
                'Tasks Shown': 'All',
                Tasks: [{ Query: query, 'Remote Plan': [[{ Plan: { 'Node Type': 'Result' } }]] }],
              },
            },
          },
        },
      ];
      const named = toStatementRoute(task('DELETE FROM public.permits_102018 p WHERE false'), snapshot);
      expect(named.shardIds).toEqual(['102018']);
      const text = toStatementRoute(task(`SELECT 'it''s permits_102018 ' AS t WHERE false`), snapshot);
      expect([text.shardIds, text.kind]).toEqual([[], 'nothing']);
    });
  },
);

describe("toStatementRoute on PostgreSQL's plans of the practice emulator", () => {
  const practice = { ...snapshot, versions: { ...versions, isPracticeEmulator: true } };
  const scan = (id: string) => ({ 'Node Type': 'Foreign Scan', 'Relation Name': `permits_${id}` });

  it('reads the shards from the foreign tables', () => {
    expect(toStatementRoute([{ Plan: scan('102018') }], practice)).toMatchObject({
      kind: 'one-shard',
      shardIds: ['102018'],
      isWhole: true,
      isPracticePlan: true,
    });
    const join = {
      'Node Type': 'Foreign Scan',
      Relations: '(pg_citus_practice.permits_102018 p) INNER JOIN (pg_citus_practice.inspections_102026 i)',
    };
    expect(toStatementRoute([{ Plan: join }], practice)).toMatchObject({
      kind: 'one-shard',
      shardIds: ['102018', '102026'],
    });
    const append = {
      'Node Type': 'Aggregate',
      Plans: [{ 'Node Type': 'Append', Plans: [scan('102016'), scan('102017')] }],
    };
    expect(toStatementRoute([{ Plan: append }], practice)).toMatchObject({
      kind: 'many-shards',
      coordinatorSteps: ['Aggregate'],
    });
  });

  it('does not guess where inserted rows go', () => {
    const insert = {
      'Node Type': 'ModifyTable',
      Operation: 'Insert',
      'Relation Name': 'permits',
      Schema: 'public',
      Plans: [{ 'Node Type': 'Result' }],
    };
    expect(toStatementRoute([{ Plan: insert }], practice)).toMatchObject({ kind: 'by-row', isWhole: false });
  });
});

describe('checkStatement', () => {
  it.each([
    'select 1',
    '  -- a note\n/* another */ UPDATE permits SET a = 1;;  ',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    '(select 1) union (select 2)',
    `select '; $1', $$ ; $2 $$, "$3;" from t -- ; $4`,
    `MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE`,
  ])('lets through: %s', (text) => {
    const checked = checkStatement(text);
    expect(checked.ok).toBe(true);
    if (checked.ok) expect(checked.text).not.toMatch(/^\s|^--|;$/);
  });

  it.each([
    ['', 'There is no statement.'],
    ['-- only a note', 'There is no statement.'],
    ['EXPLAIN ANALYZE DELETE FROM permits', 'The statement begins with EXPLAIN.'],
    ['\\d permits', 'This is a command of psql.'],
    ['DROP TABLE permits', 'DROP is no statement that is routed to shards.'],
    ['ANALYZE', 'ANALYZE is no statement that is routed to shards.'],
    ['select 1; drop table permits', 'There is more than one statement.'],
    ['select * from permits where agency_id = $1', 'The statement has a parameter, $1.'],
  ])('refuses in words: %s', (text, message) => {
    const checked = checkStatement(text);
    expect(checked.ok ? null : checked.failure.message).toBe(message);
  });

  it('explains what the server refuses to plan', () => {
    const base = { kind: 'database', message: 'The server refused.' } as const;
    expect(
      explainRefusal({ ...base, serverMessage: 'the query contains a join that requires repartitioning' })
        .meaning,
    ).toMatch(/citus\.enable_repartition_joins/);
    expect(explainRefusal({ ...base, sqlState: '25006' }).remedy).toMatch(/sequence or identity/);
    expect(explainRefusal(base)).toBe(base);
  });
});
