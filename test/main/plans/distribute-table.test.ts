import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distributeTableStatement } from '../../../src-main/citus/table-changes';
import { shownStatement } from '../../../src-main/connections/database';
import type { RequestOf } from '../../../src-main/contract/operations';
import { planDistributeTable } from '../../../src-main/plans/distribute-table';
import type { TableFacts } from '../../../src-main/contract/table-facts';
import type { DistributeFacts } from '../../../src-main/plans/distribute-facts';
import {
  answers,
  codesOf,
  column,
  context,
  distributeFacts,
  hashShards,
  hostileNames,
  node,
  planOf,
  reasonsOf,
  referenceTable,
  snapshot,
  table,
  tableFacts,
} from './fixtures';

type Request = RequestOf<'distribute-table'>;
type Hash = Extract<Request['as'], { type: 'hash' }>;

function byHash(more: Partial<Hash> = {}, name = 'permits'): Request {
  return {
    kind: 'distribute-table',
    table: { schema: 'public', name },
    as: { type: 'hash', column: 'id', shardCount: null, colocateWith: 'default', ...more },
  };
}
const asReference: Request = {
  kind: 'distribute-table',
  table: { schema: 'public', name: 'permits' },
  as: { type: 'reference' },
};
const asLocal: Request = { ...asReference, as: { type: 'local' } };

const agencies = table(1, 'agencies');
const group = {
  colocationId: 1,
  shardCount: 4,
  replicationFactor: 1,
  distributionColumnType: 'bigint',
  distributionColumnCollation: null,
};
const withAgencies = snapshot({
  tables: [agencies, referenceTable(2, 'permit_types')],
  colocationGroups: [group],
  shards: hashShards(agencies, 1000, [2, 1]),
});

const keyTo = (
  name: string,
  more: Partial<TableFacts['foreignKeys'][number]> = {},
): TableFacts['foreignKeys'][number] => ({
  name: `permits_${name}_fk`,
  columns: ['id'],
  references: { schema: 'public', name },
  referencedColumns: ['id'],
  onDelete: 'no action',
  onUpdate: 'no action',
  definition: `FOREIGN KEY (id) REFERENCES ${name}(id)`,
  ...more,
});

function refused(
  more: Partial<TableFacts>,
  request: Request = byHash(),
  facts: Partial<DistributeFacts> = {},
): readonly string[] {
  return codesOf(
    planDistributeTable(distributeFacts({ table: tableFacts(more), ...facts }), request, context),
  );
}

describe('distributing by append', () => {
  const byAppend: Request = { ...asReference, as: { type: 'append', column: 'agency_id' } };
  const empty = { heapBytes: 0, totalBytes: 0, foreignKeys: [], referencedBy: [] };

  it('is one statement, and says what is lost against hash', () => {
    const plan = planOf(
      planDistributeTable(distributeFacts({ table: tableFacts(empty) }), byAppend, context),
    );
    expect(plan.steps.flatMap((step) => step.statements.map((one) => one.shown))).toEqual([
      `SELECT create_distributed_table('"public"."permits"', 'agency_id', 'append')`,
    ]);
    expect(plan.findings.map((finding) => finding.code).slice(0, 2)).toEqual([
      'append-legacy',
      'append-empty',
    ]);
  });

  it.each([
    ['rows', { heapBytes: 8_192 }, 'not-empty'],
    ['a foreign key', { foreignKeys: [keyTo('agencies')] }, 'foreign-key-append'],
    ['partitions', { kind: 'partitioned' }, 'partitioned-append'],
    ['triggers', { triggers: ['audit'] }, 'triggers'],
    ['no such column', { columns: [] }, 'no-column'],
  ] as const)('is refused with %s', (_what, more, code) => {
    expect(refused({ ...empty, ...more }, byAppend)).toEqual([code]);
  });
});

describe('distributing by hash', () => {
  it('places shards round robin over the nodes in the order of their names and ports', () => {
    const of = snapshot({
      nodes: [
        node(0),
        node(1, { name: 'b', port: 9 }),
        node(2, { name: 'a', port: 10 }),
        node(3, { name: 'a', port: 9 }),
        node(4, { name: 'z', isActive: false }),
        node(5, { name: 'y', shouldHaveShards: false }),
      ],
    });
    const plan = planOf(
      planDistributeTable(distributeFacts({ snapshot: of }), byHash({ shardCount: 5 }), context),
    );
    if (plan.details.kind !== 'distribute-table') throw new Error('wrong kind');
    expect(plan.details.placement.map((shard) => shard.node)).toEqual(['a:9', 'a:10', 'b:9', 'a:9', 'a:10']);
    expect(plan.details.placement.at(-1)?.maxValue).toBe(2 ** 31 - 1);
  });

  it('joins the group of the same type and count, and lies where that lies', () => {
    const plan = planOf(
      planDistributeTable(distributeFacts({ snapshot: withAgencies }), byHash({ shardCount: 4 }), context),
    );
    expect(plan.details).toMatchObject({
      colocatedWith: ['agencies'],
      placement: [
        { node: 'db-w2:5432' },
        { node: 'db-w1:5432' },
        { node: 'db-w2:5432' },
        { node: 'db-w1:5432' },
      ],
    });
  });

  it.each([
    [
      'another type',
      { table: tableFacts({ columns: [column('id', { type: 'integer' })] }) },
      byHash({ shardCount: 4 }),
    ],
    ['another count', {}, byHash({ shardCount: 8 })],
    ['none asked for', {}, byHash({ shardCount: 4, colocateWith: 'none' })],
  ] as const)('begins a group of its own with %s', (_what, more, request) => {
    const plan = planOf(
      planDistributeTable(distributeFacts({ snapshot: withAgencies, ...more }), request, context),
    );
    expect(plan.details).toMatchObject({ colocatedWith: [] });
  });

  it('drops the hidden local copy as a step that cannot be taken back', () => {
    const plan = planOf(planDistributeTable(distributeFacts(), byHash(), context));
    expect(plan.steps.map((step) => [step.stepId, step.canBeUndone])).toEqual([
      ['distribute', true],
      ['truncate-local', false],
    ]);
    const empty = planOf(
      planDistributeTable(distributeFacts({ table: tableFacts({ heapBytes: 0 }) }), byHash(), context),
    );
    expect(empty.steps.map((step) => step.stepId)).toEqual(['distribute']);
  });

  it('keeps the local copy while ordinary tables reference it', () => {
    const referencedBy = [{ name: 'k', table: { schema: 'public', name: 'child' }, definition: '' }];
    const plan = planOf(
      planDistributeTable(distributeFacts({ table: tableFacts({ referencedBy }) }), byHash(), context),
    );
    expect(plan.steps.map((step) => step.stepId)).toEqual(['distribute']);
    expect(plan.findings.map((finding) => finding.code)).toContain('referenced-by-plain');
  });

  it('makes shards one by one where their names would fill what PostgreSQL keeps', () => {
    const name = 'm'.repeat(56);
    const plan = planOf(
      planDistributeTable(distributeFacts({ table: tableFacts({ name }) }), byHash({}, name), context),
    );
    expect(plan.steps[0]?.statements[1]?.shown).toContain(
      `set_config('citus.multi_shard_modify_mode', 'sequential', true)`,
    );
    const short = planOf(planDistributeTable(distributeFacts(), byHash(), context));
    expect(short.steps[0]?.statements[1]?.shown).not.toContain('set_config');
  });

  it('does not count the rows of a very large table twice', () => {
    const plan = planOf(
      planDistributeTable(distributeFacts({ table: tableFacts({ totalBytes: 1e12 }) }), byHash(), context),
    );
    expect(plan.steps[0]?.statements).toHaveLength(1);
    expect(plan.findings.map((finding) => finding.code)).toEqual(
      expect.arrayContaining(['not-compared', 'writes-wait']),
    );
  });

  it('takes longer the larger the table is', () => {
    const small = planOf(planDistributeTable(distributeFacts(), byHash(), context)).steps[0]?.expectedMs;
    const large = planOf(
      planDistributeTable(distributeFacts({ table: tableFacts({ totalBytes: 1e10 }) }), byHash(), context),
    ).steps[0]?.expectedMs;
    expect(large?.[0]).toBeGreaterThan((small?.[1] ?? 0) * 2);
    expect(large?.[1]).toBeGreaterThan(large?.[0] ?? 0);
  });

  const unique = (
    columns: readonly string[],
    kind: TableFacts['uniqueness'][number]['kind'] = 'unique',
  ): Partial<TableFacts> => ({
    uniqueness: [
      {
        name: 'u',
        kind,
        columns,
        definition: `${kind === 'primary-key' ? 'PRIMARY KEY' : 'UNIQUE'} (${columns.join(', ')})`,
      },
    ],
  });

  const refusedCases: readonly (readonly [
    string,
    Partial<TableFacts>,
    Request,
    string,
    Partial<DistributeFacts>?,
  ])[] = [
    ['a view', { kind: 'view' }, byHash(), 'not-a-table'],
    ['a foreign table', { kind: 'foreign' }, byHash(), 'foreign-table'],
    ['a temporary table', { isTemporary: true }, byHash(), 'temporary-table'],
    ['a catalog', { isCatalog: true }, byHash(), 'catalog-table'],
    ['a partition', { parent: { schema: 'public', name: 'events' } }, byHash(), 'is-partition'],
    ['inheritance', { isInInheritance: true }, byHash(), 'inheritance'],
    ['another owner', { actsAsOwner: false }, byHash(), 'not-owner'],
    ['triggers', { triggers: ['t'] }, byHash(), 'triggers'],
    ['an unknown column', {}, byHash({ column: 'nope' }), 'no-column'],
    [
      'an unhashable type',
      { columns: [column('id', { isHashable: false, type: 'json' })] },
      byHash(),
      'type-not-hashable',
    ],
    ['a generated column', { columns: [column('id', { isGenerated: true })] }, byHash(), 'generated-column'],
    ['a collation', { columns: [column('id', { isCollationDeterministic: false })] }, byHash(), 'collation'],
    ['a primary key', unique(['agency_id'], 'primary-key'), byHash(), 'uniqueness-without-column'],
    ['a unique index', unique([], 'unique-index'), byHash(), 'uniqueness-without-column'],
    ['NULL', {}, byHash(), 'null-values', { columnHasNull: true }],
    ['0 shards', {}, byHash({ shardCount: 0 }), 'shard-count'],
    ['70000 shards', {}, byHash({ shardCount: 70_000 }), 'shard-count'],
    ['a key to a plain table', { foreignKeys: [keyTo('plain')] }, byHash(), 'foreign-key-to-plain'],
    [
      'a key elsewhere',
      { foreignKeys: [keyTo('agencies')] },
      byHash({ shardCount: 8 }),
      'foreign-key-not-colocated',
      { snapshot: withAgencies },
    ],
    [
      'a key at another place',
      { foreignKeys: [keyTo('agencies', { columns: ['agency_id'] })] },
      byHash({ shardCount: 4 }),
      'foreign-key-position',
      { snapshot: withAgencies },
    ],
    [
      'ON DELETE SET NULL',
      { foreignKeys: [keyTo('agencies', { onDelete: 'set null' })] },
      byHash({ shardCount: 4 }),
      'foreign-key-action',
      { snapshot: withAgencies },
    ],
    [
      'ON UPDATE CASCADE',
      { foreignKeys: [keyTo('agencies', { onUpdate: 'cascade' })] },
      byHash({ shardCount: 4 }),
      'foreign-key-action',
      { snapshot: withAgencies },
    ],
    [
      'an unknown table beside it',
      {},
      byHash({ colocateWith: { schema: 'public', name: 'x' } }),
      'colocate-unknown',
    ],
    [
      'a reference table beside it',
      {},
      byHash({ colocateWith: { schema: 'public', name: 'permit_types' } }),
      'colocate-not-hash',
      { snapshot: withAgencies },
    ],
    [
      'another type beside it',
      { columns: [column('id', { type: 'text' })] },
      byHash({ colocateWith: { schema: 'public', name: 'agencies' } }),
      'colocate-type',
      { snapshot: withAgencies },
    ],
    [
      'a count and a table beside it',
      {},
      byHash({ shardCount: 4, colocateWith: { schema: 'public', name: 'agencies' } }),
      'colocate-and-count',
      { snapshot: withAgencies },
    ],
    [
      'no node that takes shards',
      {},
      byHash(),
      'no-shard-nodes',
      { snapshot: snapshot({ nodes: [node(0), node(1, { shouldHaveShards: false })] }) },
    ],
    ['a node that is down', {}, byHash(), 'node-down', { answers: answers(snapshot(), [2]) }],
  ];

  it.each(refusedCases.map(([what, more, request, code, facts]) => ({ what, more, request, code, facts })))(
    'refuses $what',
    ({ more, request, code, facts }) => {
      expect(refused(more, request, facts)).toContain(code);
    },
  );

  it.each<readonly [string, Partial<TableFacts>, Partial<DistributeFacts>]>([
    ['a key to a reference table', { foreignKeys: [keyTo('permit_types')] }, { snapshot: withAgencies }],
    ['a key to a colocated table', { foreignKeys: [keyTo('agencies')] }, { snapshot: withAgencies }],
    ['uniqueness with the column', unique(['agency_id', 'id']), {}],
    [
      'triggers where they are allowed',
      { triggers: ['t'] },
      { settings: { ...distributeFacts().settings, enableUnsafeTriggers: true } },
    ],
    [
      'uniqueness where it is allowed',
      unique(['agency_id']),
      { settings: { ...distributeFacts().settings, allowUnsafeConstraints: true } },
    ],
  ])('plans %s', (_what, more, facts) => {
    const reply = planDistributeTable(
      distributeFacts({ table: tableFacts(more), ...facts }),
      byHash({ shardCount: 4 }),
      context,
    );
    expect(reply.outcome).toBe('plan');
  });

  it('mends uniqueness by SQL that names the constraint and adds the column', () => {
    const reply = planDistributeTable(
      distributeFacts({ table: tableFacts(unique(['agency_id'], 'primary-key')) }),
      byHash(),
      context,
    );
    expect(reasonsOf(reply)[0]?.fixSql).toBe(
      `ALTER TABLE "public"."permits" DROP CONSTRAINT "u";\nALTER TABLE "public"."permits" ADD CONSTRAINT "u" PRIMARY KEY ("id", agency_id);`,
    );
  });

  it('refuses a table that does not exist', () => {
    expect(codesOf(planDistributeTable(distributeFacts({ table: null }), byHash(), context))).toEqual([
      'no-table',
    ]);
  });
});

describe('a reference or local table', () => {
  it('is refused where a key would tie it to a distributed one', () => {
    const facts = { snapshot: withAgencies };
    expect(refused({ foreignKeys: [keyTo('agencies')] }, asReference, facts)).toContain(
      'foreign-key-to-distributed',
    );
    expect(refused({ foreignKeys: [keyTo('agencies')] }, asLocal, facts)).toContain(
      'foreign-key-to-distributed',
    );
  });

  it('is refused where the web of keys holds a plain table that references a distributed one', () => {
    const connectedKeys = [
      {
        name: 'a',
        from: { schema: 'public', name: 'child' },
        to: { schema: 'public', name: 'permits' },
        definition: 'FOREIGN KEY (p) REFERENCES permits',
      },
      {
        name: 'b',
        from: { schema: 'public', name: 'child' },
        to: { schema: 'public', name: 'agencies' },
        definition: 'FOREIGN KEY (a) REFERENCES agencies',
      },
    ];
    const reply = planDistributeTable(
      distributeFacts({ snapshot: withAgencies, table: tableFacts({ connectedKeys }) }),
      asReference,
      context,
    );
    expect(codesOf(reply)).toEqual(['foreign-key-web']);
    expect(reasonsOf(reply)[0]?.fixSql).toContain('ALTER TABLE "public"."child" DROP CONSTRAINT "b";');
  });

  it('is not made of partitions, and a local one not of a web of keys', () => {
    expect(refused({ kind: 'partitioned' }, asReference)).toContain('partitioned-reference');
    expect(refused({ foreignKeys: [keyTo('plain')] }, asLocal)).toContain('foreign-key-chain');
  });

  it('needs a registered coordinator to be local', () => {
    expect(refused({}, asLocal, { snapshot: snapshot({ nodes: [node(1)] }) })).toContain(
      'coordinator-not-registered',
    );
  });

  it('has no copy to drop when it is local', () => {
    const plan = planOf(planDistributeTable(distributeFacts(), asLocal, context));
    expect(plan.steps.map((step) => step.statements.map((one) => one.shown))).toEqual([
      [`SELECT citus_add_local_table_to_metadata('"public"."permits"')`],
    ]);
  });
});

describe('hostile names', () => {
  const nameOf = fc.oneof(
    fc.constantFrom(...hostileNames),
    fc.string({ minLength: 1, maxLength: 15 }).filter((name) => !name.includes('\0')),
  );

  it('never become part of a statement, and are quoted wherever SQL is shown', () => {
    fc.assert(
      fc.property(nameOf, nameOf, nameOf, fc.boolean(), (schema, name, columnName, hasKey) => {
        const hostileTable = tableFacts({
          schema,
          name,
          columns: [column(columnName), column('other')],
          triggers: hasKey ? [name] : [],
          uniqueness: hasKey
            ? [{ name, kind: 'unique', columns: ['other'], definition: 'UNIQUE (other)' }]
            : [],
        });
        const request: Request = {
          kind: 'distribute-table',
          table: { schema, name },
          as: { type: 'hash', column: columnName, shardCount: 4, colocateWith: 'none' },
        };
        const reply = planDistributeTable(distributeFacts({ table: hostileTable }), request, context);
        if (reply.outcome === 'plan') {
          const statements = reply.plan.steps.flatMap((step) => step.statements);
          const change = statements.find((one) => one.text.includes('create_distributed_table'));
          expect(change).toEqual(
            shownStatement(
              distributeTableStatement(
                { schema, name },
                request.as,
                change?.text.includes('set_config') ?? false,
              ),
            ),
          );
          for (const statement of statements) {
            expect(outsideQuotes(statement.shown)).toMatch(/^[\w\s(),.$=>*:-]*$/);
          }
        } else {
          for (const reason of reply.reasons) {
            expect(reason.fix).not.toBe('');
            if (reason.fixSql) expect(outsideQuotes(reason.fixSql)).toMatch(/^[\w\s(),.;$=>*:<-]*$/);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** What of a text PostgreSQL would read as words and signs, and not as a name or a string. */
function outsideQuotes(sql: string): string {
  return sql.replace(/[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '');
}
