import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlanReply, RequestOf } from '../../../src-main/contract/operations';
import { planDistributeSet } from '../../../src-main/plans/distribute-set';
import type { SetFacts } from '../../../src-main/plans/set-course';
import { inSetOrder } from '../../../src-main/plans/set-order';
import type { TableFacts } from '../../../src-main/contract/table-facts';
import {
  answers,
  codesOf,
  column,
  context,
  distributeFacts,
  planOf,
  reasonsOf,
  snapshot,
  tableFacts,
} from './fixtures';

type Request = RequestOf<'distribute-set'>;
type Item = Request['tables'][number];

const named = (name: string): { schema: string; name: string } => ({ schema: 'public', name });
const distributed = (name: string, more: Partial<Item> = {}): Item => ({
  table: named(name),
  becomes: 'distributed',
  column: 'tenant',
  colocateWith: 'default',
  shardCount: null,
  ...more,
});
const reference = (name: string): Item => ({ ...distributed(name), becomes: 'reference', column: null });

let oid = 1000;
const table = (name: string, more: Partial<TableFacts> = {}): TableFacts => {
  oid += 1;
  return tableFacts({ name, oid, columns: [column('tenant'), column('id')], ...more });
};
const key = (
  name: string,
  to: string,
  columns = ['id'],
  there = ['id'],
): TableFacts['foreignKeys'][number] => ({
  name,
  columns,
  references: named(to),
  referencedColumns: there,
  onDelete: 'cascade',
  onUpdate: 'no action',
  definition: `FOREIGN KEY (${columns.join(', ')}) REFERENCES ${to}(${there.join(', ')}) ON DELETE CASCADE`,
});
/** With both ends of every key told to both of its tables, as the server tells them. */
const tied = (tables: readonly TableFacts[]): readonly TableFacts[] =>
  tables.map((one) => ({
    ...one,
    referencedBy: tables.flatMap((other) =>
      other.foreignKeys
        .filter((each) => each.references.name === one.name && other !== one)
        .map((each) => ({ name: each.name, table: named(other.name), definition: each.definition })),
    ),
    connectedKeys: tables.flatMap((other) =>
      other.foreignKeys.map((each) => ({
        name: each.name,
        from: named(other.name),
        to: each.references,
        definition: each.definition,
      })),
    ),
  }));

function plan(tables: readonly TableFacts[], items: readonly Item[], more: Partial<Request> = {}): PlanReply {
  const of = snapshot();
  const facts: SetFacts = {
    snapshot: of,
    settings: distributeFacts().settings,
    answers: answers(of),
    tables: tied(tables),
    orphans: {},
    schemas: [],
    nulls: Object.fromEntries(tables.map((one) => [`public.${one.name}`, false])),
  };
  return planDistributeSet(
    facts,
    { kind: 'distribute-set', tables: [...items], concurrently: false, ...more },
    context,
  );
}
/** Every repair that is offered, taken until there is a plan. */
function mended(
  tables: readonly TableFacts[],
  items: readonly Item[],
  more: Partial<Request> = {},
): PlanReply {
  const repairs: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    const reply = plan(tables, items, { ...more, repairs });
    if (reply.outcome === 'plan') return reply;
    const fresh = reply.reasons.flatMap(({ repair }) =>
      repair && !repairs.includes(repair.id) ? [repair.id] : [],
    );
    if (fresh.length === 0) return reply;
    repairs.push(...fresh);
  }
  throw new Error('no end of reasons');
}
const steps = (reply: PlanReply): readonly string[] =>
  planOf(reply).steps.map((step) => step.statements.map((one) => one.shown).join(' | '));

describe('a set', () => {
  it('goes parents first, whatever the order it was named in, and empties local copies children first', () => {
    const tables = [
      table('child', { foreignKeys: [key('c_fk', 'parent', ['tenant', 'id'], ['tenant', 'id'])] }),
      table('parent'),
    ];
    const reply = plan(tables, [
      distributed('child', { colocateWith: named('parent') }),
      distributed('parent', { colocateWith: 'none' }),
    ]);
    expect(
      planOf(reply).steps.map(
        (step) => `${step.action.type} ${'name' in step.action ? step.action.name : ''}`,
      ),
    ).toEqual([
      'distribute-table parent',
      'distribute-table child',
      'truncate-local-data child',
      'truncate-local-data parent',
    ]);
  });

  it('widens keys, drops what refers to them, and brings those foreign keys back wider', () => {
    const pkey = (name: string): Partial<TableFacts> => ({
      uniqueness: [
        { name: `${name}_pkey`, kind: 'primary-key', columns: ['id'], definition: 'PRIMARY KEY (id)' },
      ],
    });
    const tables = [
      table('child', { ...pkey('child'), foreignKeys: [key('c_fk', 'parent')] }),
      table('parent', pkey('parent')),
    ];
    const items = [
      distributed('child', { colocateWith: named('parent') }),
      distributed('parent', { colocateWith: 'none' }),
    ];
    expect(new Set(codesOf(plan(tables, items)))).toEqual(
      new Set(['uniqueness-without-column', 'foreign-key-position']),
    );
    const sql = steps(mended(tables, items));
    expect(sql[0]).toBe('ALTER TABLE "public"."child" DROP CONSTRAINT "c_fk"');
    expect(sql.slice(1, 3).toSorted()).toEqual([
      'ALTER TABLE "public"."child" DROP CONSTRAINT "child_pkey", ADD CONSTRAINT "child_pkey" PRIMARY KEY ("tenant", id)',
      'ALTER TABLE "public"."parent" DROP CONSTRAINT "parent_pkey", ADD CONSTRAINT "parent_pkey" PRIMARY KEY ("tenant", id)',
    ]);
    expect(sql[5]).toBe(
      'ALTER TABLE "public"."child" ADD CONSTRAINT "c_fk" FOREIGN KEY ("tenant", "id") REFERENCES "public"."parent" ("tenant", "id") ON DELETE CASCADE',
    );
  });

  it('foresees that a reference table takes its neighbours into the metadata', () => {
    const tables = [
      table('types'),
      table('permits', { foreignKeys: [key('t_fk', 'types')] }),
      table('visits', { foreignKeys: [key('p_fk', 'permits', ['tenant', 'id'], ['tenant', 'id'])] }),
    ];
    const items = [
      reference('types'),
      distributed('permits', { colocateWith: 'none' }),
      distributed('visits', { colocateWith: named('permits') }),
    ];
    expect(codesOf(plan(tables, items))).toEqual(['referenced-by-local']);
    const reply = mended(tables, items);
    expect(planOf(reply).findings.map((finding) => finding.code)).toContain('keys-restored');
    expect(steps(reply).at(-4)).toContain('ADD CONSTRAINT "p_fk"');
  });

  it('breaks a ring of foreign keys open', () => {
    const pair = ['tenant', 'id'];
    const tables = [
      table('a', { foreignKeys: [key('a_fk', 'b', pair, pair)] }),
      table('b', { foreignKeys: [key('b_fk', 'a', pair, pair)] }),
    ];
    const items = [
      distributed('a', { colocateWith: 'none' }),
      distributed('b', { colocateWith: named('a') }),
    ];
    expect(codesOf(plan(tables, items))).toContain('foreign-key-ring');
    expect(
      planOf(mended(tables, items)).steps.filter((step) => step.action.type === 'add-constraint'),
    ).toHaveLength(2);
  });

  it('offers the parent as a reference table of the same plan', () => {
    const tables = [table('child', { foreignKeys: [key('c_fk', 'streets')] })];
    const [reason] = reasonsOf(plan(tables, [distributed('child')]));
    expect(reason?.code).toBe('foreign-key-to-plain');
    expect(reason?.repair?.table).toMatchObject({ table: named('streets'), becomes: 'reference' });
  });

  it('says which foreign key does not come back, and why', () => {
    const tables = [
      table('child', { foreignKeys: [key('c_fk', 'parent', ['tenant', 'id'], ['tenant', 'id'])] }),
      table('parent'),
    ];
    const items = [
      distributed('child', { colocateWith: 'none' }),
      distributed('parent', { colocateWith: 'none' }),
    ];
    const lost = planOf(mended(tables, items)).findings.find((finding) => finding.code === 'key-lost');
    expect(lost?.message).toContain('not colocated');
  });

  it('numbers identity columns by a sequence where that is taken into the plan', () => {
    const tables = [
      table('t', {
        columns: [
          column('tenant'),
          column('id', {
            identity: { generated: 'ALWAYS', sequence: { schema: 'public', name: 't_id_seq' }, options: '' },
          }),
        ],
      }),
    ];
    const offered = planOf(plan(tables, [distributed('t')])).findings.find(
      (finding) => finding.code === 'identity',
    );
    const reply = plan(tables, [distributed('t')], { repairs: [offered?.repair?.id ?? ''] });
    expect(planOf(reply).steps[0]?.action).toMatchObject({ type: 'identity-to-sequence', column: 'id' });
    expect(planOf(reply).findings.map((finding) => finding.code)).not.toContain('identity');
  });

  it.each([
    ['wal_level', { walLevel: 'replica' }, 'concurrently-wal-level'],
    ['the decoder', { decoderAllowed: false }, 'concurrently-decoder'],
    ['more than one copy', { replicationFactor: 2 }, 'concurrently-replication'],
    ['an old Citus', { hasConcurrently: false }, 'concurrently-unknown'],
  ] as const)('refuses to let writes go on without %s', (_what, settings, code) => {
    const of = snapshot();
    const reply = planDistributeSet(
      {
        snapshot: of,
        settings: { ...distributeFacts().settings, ...settings },
        answers: answers(of),
        tables: [table('t')],
        nulls: {},
        orphans: {},
        schemas: [],
      },
      { kind: 'distribute-set', tables: [distributed('t')], concurrently: true },
      context,
    );
    expect(codesOf(reply)).toEqual([code]);
  });

  it('drops foreign keys for the time in which writes go on', () => {
    const pair = ['tenant', 'id'];
    const tables = [table('child', { foreignKeys: [key('c_fk', 'parent', pair, pair)] }), table('parent')];
    const items = [
      distributed('child', { colocateWith: named('parent') }),
      distributed('parent', { colocateWith: 'none' }),
    ];
    expect(new Set(codesOf(plan(tables, items, { concurrently: true })))).toEqual(
      new Set(['concurrently-foreign-key']),
    );
    expect(steps(mended(tables, items, { concurrently: true }))[1]).toContain(
      'create_distributed_table_concurrently',
    );
  });

  it('never carries out a repair that it did not offer', () => {
    const reply = plan([table('t')], [distributed('t')], {
      repairs: ['drop-key public.other fk', 'nonsense'],
    });
    expect(planOf(reply).steps.map((step) => step.action.type)).toEqual([
      'distribute-table',
      'truncate-local-data',
    ]);
  });
});

describe('the order of a set', () => {
  it('holds every table once, and no table before one it waits for unless they wait for one another', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const edges = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), { maxLength: 9 });
    fc.assert(
      fc.property(edges, fc.shuffledSubarray(names, { minLength: names.length }), (pairs, order) => {
        const members = order.map((name) => ({
          item: distributed(name),
          table: table(name, {
            foreignKeys: pairs.filter(([from]) => from === name).map(([, to], index) => key(`k${index}`, to)),
          }),
        }));
        const sorted = inSetOrder(members);
        const at = sorted.members.map((member) => member.table.name);
        expect(at.toSorted()).toEqual(names);
        const ring = new Set(sorted.ring.map((member) => member.table.name));
        for (const [from, to] of pairs) {
          if (from === to || ring.has(from)) continue;
          expect(at.indexOf(to)).toBeLessThan(at.indexOf(from));
        }
      }),
    );
  });
});
