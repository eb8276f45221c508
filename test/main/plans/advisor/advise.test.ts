import { describe, expect, it } from 'vitest';
import { advise } from '../../../../src-main/plans/advisor/advise';
import type { Adviser } from '../../../../src-main/plans/advisor/advise';
import type { AdvisorFacts, AdvisorTable } from '../../../../src-main/contract/advisor-facts';
import { toMarkdown } from '../../../../src-main/plans/advisor/report';
import { scriptParts, toScript } from '../../../../src-main/plans/advisor/script';
import { adviseTable } from '../../../../src-main/plans/advisor/table-advice';
import { plainSql, toFacts } from '../../../support/advisor-schemas';
import type { ShortSchema, ShortTable } from '../../../support/advisor-schemas';

function adviserOf(facts: AdvisorFacts): Adviser {
  return advise(facts, {
    adviceId: 'a',
    clusterId: 'c',
    takenAt: '2026-01-01T00:00:00Z',
    growth: 1,
    sql: plainSql,
  });
}

const agencies: ShortTable = {
  name: 'agencies',
  rows: 5_000,
  bytes: '2 MB',
  key: ['agency_id'],
  columns: [
    ['agency_id', 'bigint', -1],
    ['title', 'text', -1],
  ],
};
const permits: ShortTable = {
  name: 'permits',
  rows: 40_000_000,
  bytes: '200 GB',
  key: ['agency_id', 'permit_id'],
  references: ['agency_id -> agencies (agency_id)', 'code -> types (code)'],
  columns: [
    ['permit_id', 'bigint', -1, { serial: true }],
    ['agency_id', 'bigint', 5_000, { top: [['7', 0.1]] }],
    ['code', 'text', 41],
    ['filed_at', 'timestamp with time zone', -0.9],
    ['status', 'text', 3],
    ['note', 'json', 1_000, { unhashable: true }],
    ['region', 'text', 40, { nulls: 0.2 }],
  ],
};
const types: ShortTable = {
  name: 'types',
  rows: 41,
  bytes: '48 kB',
  key: ['code'],
  columns: [['code', 'text', -1]],
};
const statements: ShortSchema['statements'] = [
  ['SELECT * FROM permits WHERE agency_id = $1', 90, 900],
  ['SELECT * FROM a_view WHERE x = $1', 10, 10],
];
const schema: ShortSchema = { about: '', workers: 4, tables: [agencies, permits, types], statements };

function first(facts: AdvisorFacts) {
  const adviser = adviserOf(facts);
  const designId = adviser.advice.designs[0]?.designId ?? '';
  const design = adviser.design(designId, []);
  const evaluated = adviser.evaluated(designId, []);
  if (!design || !evaluated) throw new Error('no design');
  return { adviser, design, evaluated, designId };
}

function withTable(name: string, change: Partial<AdvisorTable>): AdvisorFacts {
  const facts = toFacts(schema);
  return {
    ...facts,
    tables: facts.tables.map((table) => (table.name === name ? { ...table, ...change } : table)),
  };
}

describe('the evidence of advice', () => {
  it('says which share of the calls was not understood, and leaves it out of the others', () => {
    const { adviser, design } = first(toFacts(schema));
    expect(adviser.advice.evidence.statements).toEqual({ statements: 2, calls: 100, notUnderstood: 0.1 });
    expect(design.figures.workload?.oneShard).toBe(1);
  });

  it('makes no claim about the workload without statements, and says how there can be some', () => {
    const { adviser, design } = first(toFacts({ ...schema, statements: undefined }));
    expect(design.figures.workload).toBeNull();
    expect(design.why).not.toMatch(/calls/);
    expect(design.tables.map(({ why }) => why).join(' ')).not.toMatch(/statement/);
    expect(adviser.advice.evidence.statementsMissing).not.toBeNull();
  });
});

describe('why not another column', () => {
  const { adviser, evaluated } = first(toFacts(schema));
  const advice = adviseTable(adviser.advising, evaluated, { schema: 'public', name: 'permits' });
  const about = (name: string) => advice?.columns.find((column) => column.name === name);

  it.each([
    ['agency_id', 'chosen', /in every unique key/],
    ['permit_id', 'possible', /keeps 1 of 2 foreign keys/],
    ['filed_at', 'poor', /a time/],
    ['status', 'poor', /3 distinct values for 4 nodes/],
    ['note', 'not-allowed', /no default hash operator class/],
    ['region', 'not-allowed', /NULL in 20 % of the rows/],
  ])('%s is %s', (name, verdict, words) => {
    expect(about(name)?.verdict).toBe(verdict);
    expect(about(name)?.evidence.join('; ')).toMatch(words);
  });

  it('names the biggest tenant', () => {
    expect(advice?.biggest).toMatchObject({ column: 'agency_id', value: '7', share: 0.1 });
    expect(advice?.biggest?.skew).toBeGreaterThan(2);
  });
});

describe('what must change first', () => {
  it('widens a key without the column, and says when a rule becomes weaker', () => {
    const facts = withTable('permits', {
      uniqueness: [
        { name: 'permits_pkey', kind: 'primary-key', columns: ['permit_id'], isPlain: true },
        { name: 'permits_status', kind: 'unique-index', columns: ['status'], isPlain: false },
      ],
    });
    const { design } = first(facts);
    expect(design.tables.find(({ name }) => name === 'permits')?.column).toBe('agency_id');
    expect(design.changes.map(({ code }) => code)).toEqual(['widen-key', 'drop-unique']);
    expect(design.changes[0]?.sql).toContain('PRIMARY KEY ("agency_id", "permit_id")');
  });

  it('drops triggers that would not run on shards, unless the server allows them', () => {
    const facts = withTable('permits', { triggers: ['touched'] });
    expect(first(facts).design.changes.map(({ code }) => code)).toEqual(['drop-trigger']);
    expect(first({ ...facts, allowsTriggers: true }).design.changes).toEqual([]);
  });

  it('never takes equal names for an equal value: a key is widened only when rows were seen to agree', () => {
    const fees: ShortTable = {
      name: 'fees',
      rows: 1_000_000,
      bytes: '20 GB',
      key: ['agency_id', 'fee_id'],
      references: ['permit_id -> permits (permit_id)'],
      columns: [
        ['fee_id', 'bigint', -1, { serial: true }],
        ['agency_id', 'bigint', 5_000],
        ['permit_id', 'bigint', 900_000],
      ],
    };
    const parent: ShortTable = { ...permits, unique: [['permit_id']] };
    const facts = toFacts({ ...schema, tables: [agencies, parent, types, fees] });
    const fateOf = (rows: AdvisorFacts): string | undefined =>
      first(rows).design.foreignKeys.find(({ from }) => from.name === 'fees')?.fate;
    const seen = {
      table: { schema: 'public', name: 'fees' },
      foreignKey: 'fees_fk_0',
      column: 'agency_id',
      parentColumn: 'agency_id',
      rows: 3_000,
    };
    expect(fateOf(facts)).toBe('lost');
    expect(fateOf({ ...facts, agreements: [{ ...seen, differs: false }] })).toBe('widened');
    expect(fateOf({ ...facts, agreements: [{ ...seen, differs: true }] })).toBe('lost');
  });
});

describe("a person's own choices", () => {
  it('are carried out with their consequences, and what cannot be is said', () => {
    const { adviser, designId } = first(toFacts(schema));
    const table = { schema: 'public', name: 'permits' };
    const byPermit = adviser.design(designId, [{ table, becomes: 'distributed', column: 'permit_id' }]);
    expect(byPermit?.tables.find(({ name }) => name === 'permits')?.column).toBe('permit_id');
    expect(byPermit?.figures.foreignKeysLost).toBe(1);
    const byNote = adviser.design(designId, [{ table, becomes: 'distributed', column: 'note' }]);
    expect(byNote?.problems).toEqual([expect.stringContaining('no default hash operator class')]);
    expect(byNote?.tables.find(({ name }) => name === 'permits')?.column).toBe('agency_id');
  });
});

describe('the script of a design', () => {
  it('is in the order that Citus asks for', () => {
    const { adviser, design, evaluated } = first(toFacts(schema));
    const statementsOf = scriptParts(adviser.advising, evaluated).flatMap((part) => part.statements);
    expect(statementsOf.map((statement) => statement.replaceAll('"public".', ''))).toEqual([
      'ALTER TABLE "permits" DROP CONSTRAINT "permits_fk_1";',
      `SELECT create_reference_table('"types"');`,
      `SELECT create_distributed_table('"agencies"', 'agency_id', shard_count => 32, colocate_with => 'none');`,
      `SELECT create_distributed_table('"permits"', 'agency_id', colocate_with => '"agencies"');`,
      'ALTER TABLE "permits" ADD CONSTRAINT "permits_fk_1" FOREIGN KEY (code) REFERENCES types (code);',
      `SELECT truncate_local_data_after_distributing_table('"permits"');`,
      `SELECT truncate_local_data_after_distributing_table('"agencies"');`,
      `SELECT truncate_local_data_after_distributing_table('"types"');`,
    ]);
    const script = toScript(adviser.advising, evaluated, design);
    expect(script).toContain('-- Distributed tables');
    expect(toMarkdown(adviser.advice, design, script)).toContain(
      '| permits | distributed | agency_id | agencies |',
    );
  });
});

describe('tables that Citus knows already', () => {
  it('stay as they are, and new ones are put beside them', () => {
    const facts = withTable('agencies', {
      citus: { type: 'distributed', column: 'agency_id', colocationId: 5, shardCount: 12 },
    });
    const { design } = first(facts);
    expect(design.tables.find(({ name }) => name === 'agencies')).toMatchObject({
      isKept: true,
      shardCount: null,
    });
    expect(design.tables.find(({ name }) => name === 'permits')).toMatchObject({
      column: 'agency_id',
      colocateWith: { name: 'agencies' },
    });
    expect(design.shardCount).toBe(12);
  });
});
