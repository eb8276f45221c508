import { describe, expect, it } from 'vitest';
import type { PlanReply, RequestOf } from '../../../src-main/contract/operations';
import type { TableFacts } from '../../../src-main/contract/table-facts';
import { planDistributeSet } from '../../../src-main/plans/distribute-set';
import type { SetFacts } from '../../../src-main/plans/set-course';
import { answers, codesOf, column, context, distributeFacts, planOf, snapshot, tableFacts } from './fixtures';

type Request = RequestOf<'distribute-set'>;
type Item = Request['tables'][number];

const named = (name: string, schema = 'public'): { schema: string; name: string } => ({ schema, name });
const item = (name: string, more: Partial<Item> = {}): Item => ({
  table: named(name),
  becomes: 'distributed',
  column: 'shop_id',
  colocateWith: named('shops'),
  shardCount: null,
  ...more,
});
const shops = item('shops', { colocateWith: 'none', shardCount: 8 });
const addedOver = (foreignKey: string): Partial<Item> => ({
  prepare: { how: 'add', foreignKey, parentColumn: 'shop_id' },
});

const primary = (columns: readonly string[]): TableFacts['uniqueness'][number] => ({
  name: 'pk',
  kind: 'primary-key',
  columns,
  definition: `PRIMARY KEY (${columns.join(', ')})`,
});
const keyTo = (name: string, own: string, to: string): TableFacts['foreignKeys'][number] => ({
  name,
  columns: [own],
  references: named(to),
  referencedColumns: ['id'],
  onDelete: 'no action',
  onUpdate: 'no action',
  definition: `FOREIGN KEY (${own}) REFERENCES ${to}(id)`,
});

/** Shops, their orders, the lines of the orders and the notes on the lines: the last two do not know their shop. */
const tables: readonly TableFacts[] = [
  tableFacts({ name: 'shops', oid: 1, columns: [column('shop_id', { type: 'bigint' })] }),
  tableFacts({
    name: 'orders',
    oid: 2,
    columns: [column('id'), column('shop_id', { type: 'bigint', isNullable: false })],
    uniqueness: [primary(['id'])],
  }),
  tableFacts({
    name: 'lines',
    oid: 3,
    columns: [column('id'), column('order_id')],
    uniqueness: [primary(['id'])],
    foreignKeys: [keyTo('lines_fk', 'order_id', 'orders')],
  }),
  tableFacts({
    name: 'notes',
    oid: 4,
    columns: [column('id'), column('line_id')],
    foreignKeys: [keyTo('notes_fk', 'line_id', 'lines')],
  }),
];
const withKeysTold = (all: readonly TableFacts[]): readonly TableFacts[] =>
  all.map((one) => ({
    ...one,
    referencedBy: all.flatMap((other) =>
      other.foreignKeys
        .filter((key) => key.references.name === one.name)
        .map((key) => ({ name: key.name, table: named(other.name), definition: key.definition })),
    ),
  }));

/** Every repair that is offered, taken until there is a plan. */
function plan(items: readonly Item[], facts: Partial<SetFacts> = {}, more: Partial<Request> = {}): PlanReply {
  const of = facts.snapshot ?? snapshot();
  const repairs: string[] = [];
  for (;;) {
    const reply = planDistributeSet(
      {
        snapshot: of,
        settings: distributeFacts().settings,
        answers: answers(of),
        tables: withKeysTold(tables),
        nulls: {},
        orphans: {},
        schemas: [],
        ...facts,
      },
      { kind: 'distribute-set', tables: [...items], concurrently: false, repairs, ...more },
      context,
    );
    if (reply.outcome === 'plan') return reply;
    const fresh = reply.reasons.flatMap(({ repair }) =>
      repair && !repairs.includes(repair.id) ? [repair.id] : [],
    );
    if (fresh.length === 0) return reply;
    repairs.push(...fresh);
  }
}
const stepTitles = (reply: PlanReply): readonly string[] => planOf(reply).steps.map(({ title }) => title);
const actions = (reply: PlanReply): readonly string[] => planOf(reply).steps.map(({ action }) => action.type);

describe('a column that is added', () => {
  const all = [
    shops,
    item('notes', addedOver('notes_fk')),
    item('lines', addedOver('lines_fk')),
    item('orders'),
  ];

  it('is added, filled parents first, required, and put into the keys before anything is distributed', () => {
    const reply = plan(all);
    expect(stepTitles(reply).slice(0, 6)).toEqual([
      'Add shop_id to lines',
      'Add shop_id to notes',
      'Fill shop_id of lines from orders, 16 MB at a time',
      'Fill shop_id of notes from lines, 16 MB at a time',
      'Require shop_id in every row of lines',
      'Require shop_id in every row of notes',
    ]);
    const types = actions(reply);
    expect(types.lastIndexOf('replace-constraint')).toBeLessThan(types.indexOf('distribute-table'));
    expect(types.lastIndexOf('distribute-table')).toBeLessThan(types.indexOf('add-constraint'));
    const restored = planOf(reply).steps.flatMap(({ action }) =>
      action.type === 'add-constraint' ? [action.definition] : [],
    );
    expect(restored).toContainEqual(expect.stringMatching(/shop_id"?, "?order_id.*shop_id"?, "?id/));
  });

  it('takes the type of the columns it will lie beside', () => {
    const added = planOf(plan(all)).steps.flatMap(({ action }) =>
      action.type === 'add-column' ? [action.columnType] : [],
    );
    expect(added).toEqual(['bigint', 'bigint']);
  });

  it('is told to the application, which alone can send it', () => {
    const found = planOf(plan(all)).findings.find(({ code }) => code === 'application-sends');
    expect(found?.message).toMatch(/shop_id of lines and shop_id of notes.*23502/s);
  });

  it('is not added twice where a plan that ended half way left it', () => {
    const left = tables.map((one) =>
      one.name === 'lines'
        ? { ...one, columns: [...one.columns, column('shop_id', { type: 'bigint', isNullable: true })] }
        : one,
    );
    const types = actions(plan([shops, item('orders'), all[2] as Item], { tables: withKeysTold(left) }));
    expect(types).not.toContain('add-column');
    expect(types).toEqual(expect.arrayContaining(['fill-column', 'require-column']));
  });

  it('is filled in one statement from a table that Citus has already', () => {
    const of = snapshot();
    const known = { ...of, tables: [{ ...distributedOrders, colocationId: 1 }], colocationGroups: [group] };
    const reply = plan([item('lines', { ...addedOver('lines_fk'), colocateWith: named('orders') })], {
      snapshot: known,
    });
    expect(actions(reply)).not.toContain('fill-column');
    expect(stepTitles(reply)).toContain('Fill shop_id of lines from orders and require it in every row');
  });

  it.each([
    ['its foreign key is gone', item('lines', addedOver('other_fk')), {}, 'fill-key-gone'],
    [
      'rows have no parent',
      item('lines', addedOver('lines_fk')),
      { orphans: { 'public.lines': true } },
      'rows-without-parent',
    ],
  ] as const)('is refused where %s', (_why, lines, facts, code) => {
    expect(codesOf(plan([shops, item('orders'), lines], facts))).toContain(code);
  });

  it('is doubted where the rows could not be looked at in time', () => {
    const reply = plan([shops, item('orders'), item('lines', addedOver('lines_fk'))], {
      orphans: { 'public.lines': 'unknown' },
    });
    expect(planOf(reply).findings.map(({ code }) => code)).toContain('orphans-unknown');
  });
});

const distributedOrders = {
  oid: 2,
  schema: 'public',
  name: 'orders',
  type: 'distributed',
  method: 'hash',
  distributionColumn: 'shop_id',
  shardCount: 8,
  owner: 'app',
  accessMethod: 'heap',
  isPartitioned: false,
  parentOid: null,
  hasReplicaIdentity: true,
  isUnlogged: false,
} as const;
const group = {
  colocationId: 1,
  shardCount: 8,
  replicationFactor: 1,
  distributionColumnType: 'bigint',
  distributionColumnCollation: null,
};

describe('a column that gets a wider type', () => {
  const narrow = tables.map((one) =>
    one.name === 'orders' ? { ...one, columns: [column('id'), column('shop_id', { type: 'integer' })] } : one,
  );
  const orders = item('orders', { prepare: { how: 'widen', type: 'bigint' } });

  it('is changed first, and the person is told that drivers may see the difference', () => {
    const reply = plan([shops, orders], { tables: withKeysTold(narrow) });
    expect(stepTitles(reply)).toContain('Make shop_id of orders bigint');
    expect(planOf(reply).findings.map(({ code }) => code)).toContain('type-widened');
  });

  it('is refused under a view that reads it', () => {
    const viewed = narrow.map((one) => ({ ...one, columnsInViews: ['shop_id'] }));
    expect(codesOf(plan([shops, orders], { tables: withKeysTold(viewed) }))).toContain('type-in-view');
  });
});

describe('keys that a design gives up', () => {
  it('leave first and do not come back', () => {
    const key = { table: named('lines'), constraint: 'lines_fk' };
    const reply = plan([shops, item('orders')], {}, { lostKeys: [key] });
    expect(stepTitles(reply)[0]).toBe('Drop lines_fk of lines');
    expect(actions(reply)).not.toContain('add-constraint');
    expect(planOf(reply).findings).toContainEqual(
      expect.objectContaining({ code: 'key-lost', message: expect.stringContaining('lines_fk of lines') }),
    );
  });
});

describe('schemas of a set', () => {
  const member = (schema: string, name: string, more: Partial<TableFacts> = {}): TableFacts =>
    tableFacts({ schema, name, oid: 100 + schema.length + name.length, ...more });
  const of = (name: string, ...members: readonly TableFacts[]): SetFacts['schemas'][number] => ({
    name,
    exists: true,
    isDistributed: false,
    tables: members.map(({ schema, name: table }) => named(table, schema)),
  });

  it('are distributed after the tables they point to, a step each', () => {
    const a = member('a', 'orders', { foreignKeys: [keyTo('a_fk', 'shop_id', 'shops')] });
    const b = member('bb', 'orders');
    const reply = plan([item('shops', { becomes: 'reference', column: null, colocateWith: 'default' })], {
      tables: [...tables, a, b],
      schemas: [of('a', a), of('bb', b)],
    });
    const titles = stepTitles(reply);
    expect(titles.indexOf('Make shops a reference table')).toBeLessThan(
      titles.indexOf('Distribute the schema a'),
    );
    expect(titles).toContain('Distribute the schema bb');
  });

  it('lose a key to another schema, and say so', () => {
    const a = member('a', 'orders', { foreignKeys: [keyTo('a_fk', 'shop_id', 'shops')] });
    const reply = plan([], { tables: [...tables, a], schemas: [of('a', a)] });
    expect(stepTitles(reply)[0]).toBe('Drop a_fk of a.orders');
    expect(planOf(reply).findings.map(({ code }) => code)).toContain('key-lost');
  });

  it('are too many for one plan beyond 2,000 tables', () => {
    const many = Array.from({ length: 2_001 }, (_, index) => named(`t${index}`, 'a'));
    const schemas = [{ name: 'a', exists: true, isDistributed: false, tables: many }];
    expect(codesOf(plan([], { schemas }))).toContain('too-many-tables');
  });
});
