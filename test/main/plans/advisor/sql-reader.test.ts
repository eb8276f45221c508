import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { readStatement } from '../../../../src-main/plans/advisor/sql-reader';
import type { ReadStatement } from '../../../../src-main/plans/advisor/sql-reader';

function read(text: string): ReadStatement {
  const reading = readStatement(text);
  if (reading.outcome !== 'read') throw new Error(`${reading.outcome}: ${text}`);
  return reading;
}

/** "p.agency_id = ?" and "p.a = i.b", in the order they stand. */
function equalities(text: string): readonly string[] {
  return read(text).equalities.map(([left, right]) => {
    const word = (one: typeof left): string =>
      one.qualifier === null ? one.name : `${one.qualifier}.${one.name}`;
    return `${word(left)} = ${right === null ? '?' : word(right)}`;
  });
}

const tables = (text: string): readonly string[] =>
  read(text).tables.map(
    ({ schema, name, alias }) =>
      `${schema === null ? '' : `${schema}.`}${name}${alias === name ? '' : ` ${alias}`}`,
  );

describe('reading a statement', () => {
  it.each([
    ['SELECT * FROM permits WHERE agency_id = $1 AND id = $2', ['agency_id = ?', 'id = ?']],
    ['SELECT * FROM permits WHERE $1 = agency_id', ['agency_id = ?']],
    ['select * from a join b on a.x = b.y where b.z = 5', ['a.x = b.y', 'b.z = ?']],
    ['SELECT * FROM a WHERE x = $1::bigint', ['x = ?']],
    ['SELECT * FROM a WHERE x::text = $1', []],
    ['SELECT * FROM a WHERE lower(x) = $1', []],
    ['SELECT * FROM a WHERE x = $1 OR y = $2', []],
    ['SELECT * FROM a WHERE t = $1 AND (x = $2 OR y = $3)', ['t = ?']],
    ['SELECT * FROM a WHERE NOT (x = $1)', []],
    ['SELECT * FROM a WHERE CASE WHEN x = $1 THEN y = $2 END', []],
    ['SELECT * FROM a WHERE x IN ($1, $2)', []],
    ['SELECT a.x = $1 FROM a', []],
    ['SELECT * FROM a WHERE x = y + 1', []],
    ['SELECT * FROM a JOIN b USING (tenant) WHERE tenant = $1', ['b.tenant = a.tenant', 'tenant = ?']],
    ['UPDATE a SET x = $1 WHERE y = $2', ['y = ?']],
    ["SELECT * FROM a WHERE x = 'it''s -- no comment' AND y = $1 -- z = 5", ['x = ?', 'y = ?']],
  ])('finds what must be equal in %s', (text, wanted) => {
    expect(equalities(text)).toEqual(wanted);
  });

  it.each([
    ['SELECT 1 FROM public.permits AS p, "Odd Name" o', ['public.permits p', 'Odd Name o']],
    ['SELECT extract(year FROM at) FROM events', ['events']],
    ['SELECT * FROM a WHERE x IS DISTINCT FROM y', ['a']],
    ['SELECT * FROM generate_series($1, $2) g JOIN a ON a.id = g', ['a']],
    ['WITH big AS (SELECT * FROM a) SELECT * FROM big JOIN b ON b.id = big.id', ['a', 'b']],
    ['DELETE FROM a USING b WHERE a.id = b.id', ['a', 'b']],
    ['INSERT INTO a (x, y) SELECT x, y FROM b', ['a', 'b']],
    ['SELECT * FROM (SELECT id FROM a) s JOIN b ON b.id = s.id', ['a', 'b']],
  ])('finds the tables of %s', (text, wanted) => {
    expect(tables(text)).toEqual(wanted);
  });

  it.each(['BEGIN', 'SET x = 1', 'COPY a FROM STDIN', 'CREATE TABLE a (x int)', 'SELECT $1', 'SELECT now()'])(
    'leaves %s out: it reads no table',
    (text) => expect(readStatement(text).outcome).toBe('other'),
  );

  it('says that it does not understand a natural join', () => {
    expect(readStatement('SELECT * FROM a NATURAL JOIN b').outcome).toBe('not-understood');
  });

  it('reads what Citus limits', () => {
    expect(read('SELECT * FROM a WHERE x = $1 FOR UPDATE').locksRows).toBe(true);
    expect(read('INSERT INTO a (x, y) VALUES ($1, $2) ON CONFLICT (x) DO UPDATE SET y = $2')).toMatchObject({
      conflictColumns: ['x'],
      setColumns: ['y'],
      insertColumns: ['x', 'y'],
      insertsQuery: false,
    });
    expect(read('SELECT count(*) FROM a GROUP BY ROLLUP (x, y)').hasGroupingSets).toBe(true);
    expect(read('WITH RECURSIVE t AS (SELECT * FROM a) SELECT * FROM t').isRecursive).toBe(true);
  });

  it('never throws and never hangs, whatever the text', () => {
    const words = fc.constantFrom(
      'select',
      'from',
      'where',
      'a',
      'b',
      '.',
      '(',
      ')',
      '=',
      '$1',
      'and',
      'or',
      'join',
      'on',
      ',',
      'update',
      'set',
      'insert',
      'into',
      'values',
      'with',
      'as',
      'using',
      '"',
      "'",
      'case',
      'end',
      '::',
      'union',
      'delete',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
        expect(['read', 'other', 'not-understood']).toContain(
          readStatement(`select ${parts.join(' ')}`).outcome,
        );
      }),
    );
  });
});
