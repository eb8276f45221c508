import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { AdvisorColumn, AdvisorTable } from '../../../../src-main/contract/advisor-facts';
import { simulateShards, skewOf } from '../../../../src-main/plans/advisor/shard-sizes';
import { hashOf, rangeIndexOf, uniformRanges } from '../../../../src-main/plans/hash-routing';
import { toFacts } from '../../../support/advisor-schemas';

function column(type: string, distinct: number, top: readonly (readonly [string, number])[]) {
  const [table] = toFacts({
    about: '',
    workers: 2,
    tables: [{ name: 't', rows: 1_000_000, bytes: '1 GB', columns: [['k', type, distinct, { top }]] }],
  }).tables as [AdvisorTable];
  return { table, column: table.columns[0] as AdvisorColumn };
}

describe('simulated shards', () => {
  it('puts the most common value where Citus would, and the rest around it', () => {
    const { table, column: one } = column('bigint', 1_000_000, [['7', 0.4]]);
    const { shares } = simulateShards(table, one, 12, undefined);
    const home = rangeIndexOf(uniformRanges(12), hashOf('bigint', '7'));
    expect(shares?.[home]).toBeCloseTo(0.4 + 0.6 / 12, 6);
    expect(skewOf(shares)).toBeCloseTo((0.4 + 0.05) / 0.05, 6);
  });

  it('adds up to all rows, whatever the values', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 20, max: 5_000 }),
        (values, shards, distinct) => {
          const top = values.map((value) => [String(value), 0.9 / values.length] as const);
          const { table, column: one } = column('bigint', distinct, top);
          const { shares } = simulateShards(table, one, shards, undefined);
          expect(shares).toHaveLength(shards);
          expect(shares?.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
        },
      ),
    );
  });

  it('is as a sample has it where that saw nearly every value', () => {
    const { table, column: one } = column('text', 4, []);
    const sample = {
      table: { schema: 'public', name: 't' },
      column: 'k',
      rows: 100,
      values: [
        ['a', 25],
        ['b', 25],
        ['c', 25],
        ['d', 25],
      ] as const,
    };
    const { shares } = simulateShards(table, one, 8, sample);
    const wanted = new Array<number>(8).fill(0);
    for (const [value] of sample.values) {
      const index = rangeIndexOf(uniformRanges(8), hashOf('text', value));
      wanted[index] = (wanted[index] ?? 0) + 0.25;
    }
    expect(shares).toEqual(wanted);
  });

  it('says so where the hash of a type is not known', () => {
    const { table, column: one } = column('character', 100, []);
    expect(simulateShards(table, one, 8, undefined)).toMatchObject({
      shares: null,
      from: expect.stringContaining('character'),
    });
  });
});
