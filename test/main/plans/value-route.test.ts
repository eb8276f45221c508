import { describe, expect, it } from 'vitest';
import { uniformRanges } from '../../../src-main/plans/hash-routing';
import { explainValue, formOf, toValueRoute } from '../../../src-main/plans/value-route';
import type { ColumnFacts } from '../../../src-main/plans/value-route';
import { aTable } from '../../support/cluster-records';

const table = aTable({ oid: 5 });
const column: ColumnFacts = { name: 'agency_id', type: 'bigint', kind: 'base', parts: [], labels: [] };
const shards = uniformRanges(8).map((range, index) => ({
  shardId: String(102_008 + index),
  tableOid: 5,
  ...range,
  groupIds: [1],
}));
const answered = { shardId: '102010', hash: -978_793_473 };

describe('toValueRoute', () => {
  it('computes the hash and the shard by itself and agrees with the server', () => {
    expect(toValueRoute({ shards }, table, column, '7', answered)).toEqual({
      table: { schema: 'public', name: 'permits' },
      tableOid: 5,
      column: 'agency_id',
      columnType: 'bigint',
      method: 'hash',
      own: { hash: -978_793_473, shardId: '102010' },
      server: answered,
      agrees: true,
    });
  });

  it('says so when the server answers otherwise, in the hash or in the shard', () => {
    expect(toValueRoute({ shards }, table, column, '7', { ...answered, shardId: '102011' }).agrees).toBe(
      false,
    );
    expect(toValueRoute({ shards }, table, column, '7', { ...answered, hash: 1 }).agrees).toBe(false);
    const without = shards.filter(({ shardId }) => shardId !== '102010');
    expect(
      toValueRoute({ shards: without }, table, column, '7', { ...answered, shardId: '0' }),
    ).toMatchObject({
      own: { shardId: null },
      server: { shardId: null },
      agrees: true,
    });
  });

  it('compares nothing where it knows no hash: another type, another way of writing, a range table', () => {
    const pair: ColumnFacts = { ...column, type: 'pair', kind: 'composite' };
    expect(toValueRoute({ shards }, table, pair, '(1,2)', answered)).toMatchObject({
      own: null,
      agrees: null,
    });
    const day: ColumnFacts = { ...column, type: 'date' };
    expect(toValueRoute({ shards }, table, day, 'today', answered)).toMatchObject({
      own: null,
      agrees: null,
    });
    expect(
      toValueRoute({ shards }, aTable({ oid: 5, method: 'range' }), column, '7', answered),
    ).toMatchObject({
      method: 'range',
      own: null,
      server: { hash: null },
    });
  });
});

describe('a value that is none of its type', () => {
  const refused = { kind: 'database', message: 'x', sqlState: '22P02' } as const;

  it('is explained by the type', () => {
    expect(explainValue(column, 'seven', refused)).toMatchObject({
      kind: 'invalid-input',
      message: '“seven” is no value of agency_id, which is of type bigint.',
      remedy: 'Write a whole number from -9223372036854775808 to 9223372036854775807.',
    });
    expect(explainValue(column, 'x'.repeat(500), refused).message.length).toBeLessThan(160);
    const gone = { kind: 'unreachable', message: 'gone' } as const;
    expect(explainValue(column, '7', gone)).toBe(gone);
  });

  it('has a form in words for composite types, enums, arrays and what is not known', () => {
    const of = (change: Partial<ColumnFacts>): string => formOf({ ...column, ...change });
    const parts = [
      { name: 'region', type: 'text' },
      { name: 'number', type: 'integer' },
    ];
    expect(of({ type: 'tenant', kind: 'composite', parts })).toBe(
      '2 parts in brackets (region text, number integer), as in ("text",1)',
    );
    expect(of({ type: 'mood', kind: 'enum', labels: ['fine', 'bad'] })).toBe('one of fine, bad');
    expect(of({ type: 'integer[]' })).toBe('elements in braces, as in {1,2,3}');
    expect(of({ type: 'inet' })).toBe('a value of type inet');
  });
});
