// @vitest-environment happy-dom
import { flushPromises } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import type { Advice, Design, DesignSummary } from '../../../src-main/contract/advisor';
import AdvisorView from '../../../src-renderer/advisor/AdvisorView.vue';
import { reviewBlocked, toSetRequest } from '../../../src-renderer/advisor/advisor-words';
import { makeCluster } from '../cluster-fixture';
import { button, mountView } from '../mount-view';

const summary: DesignSummary = {
  designId: '1',
  kind: 'one-key',
  title: 'By agency_id',
  why: 'All of it spread.',
  score: 97,
  counts: { distributed: 2, reference: 1, local: 0, schema: 0 },
  kept: 0,
  figures: {
    spread: 1,
    referenceBytes: 100,
    skew: 2.1,
    foreignKeys: 3,
    foreignKeysKept: 2,
    foreignKeysWidened: 1,
    foreignKeysLost: 0,
    keysWidened: 0,
    keysLost: 0,
    bytesRewritten: 0,
    workload: null,
  },
  shardCount: 32,
  shardCountWhy: 'citus.shard_count is 32',
};
const table = (name: string, change: Partial<Design['tables'][number]> = {}): Design['tables'][number] => ({
  schema: 'public',
  name,
  becomes: 'distributed',
  column: 'agency_id',
  colocateWith: null,
  shardCount: 32,
  isKept: false,
  why: 'its key',
  rows: 10,
  bytes: 1_000,
  shards: [0.5, 0.5],
  shardsFrom: 'statistics',
  mustChange: false,
  prepare: null,
  ...change,
});
const design: Design = {
  ...summary,
  adviceId: 'a',
  choices: [],
  tables: [
    table('agencies'),
    table('permits', { colocateWith: { schema: 'public', name: 'agencies' }, shardCount: null }),
    table('types', { becomes: 'reference', column: null, shardCount: null, shards: null }),
    table('holidays', { becomes: 'local', column: null, shardCount: null, shards: null }),
    table('old', { isKept: true }),
  ],
  foreignKeys: [],
  changes: [],
  refused: [],
  problems: [],
};
const advice: Advice = {
  adviceId: 'a',
  clusterId: 'c',
  takenAt: '2026-03-01T12:00:00Z',
  growth: 1,
  workers: 2,
  evidence: {
    tables: 5,
    tablesWithoutStatistics: 1,
    tablesSampled: 2,
    rowsSampled: 300,
    statements: null,
    statementsMissing: { why: 'No extension.', remedy: 'CREATE EXTENSION pg_stat_statements;' },
    gaps: ['1 table has no statistics.'],
  },
  designs: [summary],
};

describe('the advisor page', () => {
  it('shows the first design, what it rests on, and that nothing is said about the workload', async () => {
    const mounted = await mountView(AdvisorView, {
      fixture: makeCluster(),
      answers: {
        'advisor.advise': () => advice,
        'advisor.design': () => design,
        'advisor.table': ({ table: name }) => ({
          ...name,
          columns: [],
          biggest: null,
          changes: [],
          foreignKeys: [],
        }),
      },
    });
    await flushPromises();
    const text = mounted.wrapper.text();
    expect(text).toContain('design 1 of 1: 2 distributed, 1 reference');
    expect(text).toContain(
      'Rests on 5 tables, 1 without statistics; 300 rows of 2 tables looked at; no statements',
    );
    expect(text).toContain('Nothing is said about the workload. No extension.');
    expect(text).not.toMatch(/of calls/);
    expect(button(mounted.wrapper, 'Review 3 changes').exists()).toBe(true);
    mounted.end();
  });

  it('says why there is no advice, and offers to try again', async () => {
    const mounted = await mountView(AdvisorView, {
      fixture: makeCluster(),
      answers: {
        'advisor.advise': () => ({
          ok: false,
          failure: { kind: 'timeout', message: 'The schema took too long.' },
        }),
      },
    });
    await flushPromises();
    expect(mounted.wrapper.text()).toContain('The schema took too long.');
    expect(button(mounted.wrapper, 'Try again').exists()).toBe(true);
    mounted.end();
  });

  it('says that there is nothing to advise on', async () => {
    const mounted = await mountView(AdvisorView, {
      fixture: makeCluster(),
      answers: {
        'advisor.advise': () => ({ ...advice, evidence: { ...advice.evidence, tables: 0 } }),
        'advisor.design': () => ({ ...design, tables: [] }),
      },
    });
    await flushPromises();
    expect(mounted.wrapper.text()).toContain('No tables to advise on');
    mounted.end();
  });
});

describe('what the distribute operation is asked for', () => {
  it('is what changes, each table with its column, its company and its shards', () => {
    expect(toSetRequest(design, ['r']).tables).toEqual([
      {
        table: { schema: 'public', name: 'agencies' },
        becomes: 'distributed',
        column: 'agency_id',
        colocateWith: 'none',
        shardCount: 32,
      },
      {
        table: { schema: 'public', name: 'permits' },
        becomes: 'distributed',
        column: 'agency_id',
        colocateWith: { schema: 'public', name: 'agencies' },
        shardCount: null,
      },
      {
        table: { schema: 'public', name: 'types' },
        becomes: 'reference',
        column: null,
        colocateWith: 'none',
        shardCount: null,
      },
    ]);
  });

  it('names the column that is added first, the schemas that go as a whole, and the keys that leave', () => {
    const prepare = { how: 'add', foreignKey: 'lines_fk', parentColumn: 'agency_id' } as const;
    const asked = toSetRequest(
      {
        ...design,
        tables: [
          table('lines', { prepare }),
          table('one', { schema: 'a', becomes: 'schema', column: null }),
          table('two', { schema: 'a', becomes: 'schema', column: null }),
          table('one', { schema: 'b', becomes: 'schema', column: null, isKept: true }),
        ],
        foreignKeys: [
          {
            name: 'old_fk',
            from: { schema: 'public', name: 'notes' },
            to: { schema: 'public', name: 'lines' },
            fate: 'lost',
            why: '',
          },
        ],
      },
      [],
    );
    expect(asked.tables.map((one) => [one.table.name, one.prepare])).toEqual([['lines', prepare]]);
    expect(asked.schemas).toEqual(['a']);
    expect(asked.lostKeys).toEqual([{ table: { schema: 'public', name: 'notes' }, constraint: 'old_fk' }]);
  });

  it('is nothing only where nothing changes', () => {
    expect(reviewBlocked(design)).toBeNull();
    expect(reviewBlocked({ ...design, tables: [table('old', { isKept: true })] })).toMatch(/changes nothing/);
  });
});
