import { describe, expect, it } from 'vitest';
import { insertedRow } from '../../../src-main/plans/inserted-row';

const insert = (output: readonly string[], source: object = {}) => [
  {
    Plan: {
      'Node Type': 'ModifyTable',
      Operation: 'Insert',
      Schema: 'public',
      'Relation Name': 'permits',
      Plans: [{ 'Node Type': 'Result', Output: output, ...source }],
    },
  },
];

describe('the row of an insert', () => {
  it.each([
    ["'7'::bigint", '7'],
    ['7', '7'],
    ["'-7'::integer", '-7'],
    ["'it''s'::text", "it's"],
    ["'a::b'::character varying(20)", 'a::b'],
    ["'x'::character varying", 'x'],
    ['12.50', '12.50'],
    ["nextval('permits_id_seq'::regclass)", null],
    ['NULL::bigint', null],
    ["('7'::bigint + 1)", null],
    ["lower('X'::text)", null],
  ])('%s is %s', (expression, value) => {
    expect(insertedRow(insert([expression]))?.values).toEqual([value]);
  });

  it('is known only where one row is written out', () => {
    expect(insertedRow(insert(['7']))?.table).toEqual({ schema: 'public', name: 'permits' });
    expect(insertedRow(insert(['7'], { 'Node Type': 'Values Scan' }))).toBeNull();
    expect(insertedRow(insert(['7'], { Plans: [{}] }))).toBeNull();
    expect(insertedRow([{ Plan: { 'Node Type': 'Result', Output: ['7'] } }])).toBeNull();
    expect(insertedRow('nothing')).toBeNull();
  });
});
