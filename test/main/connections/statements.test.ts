import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identifier, qualified, shownStatement } from '../../../src-main/connections/database';

describe('the shown statement', () => {
  it.each([
    ['SELECT $1, $2, $3', ["it's", 7, null], "SELECT 'it''s', 7, NULL"],
    ['SELECT $2, $1, $1', ['a', true], "SELECT true, 'a', 'a'"],
    ['SELECT $10, $1', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'], "SELECT 'j', 'a'"],
    ['SELECT 5 -$1, $1::int4', [-3], 'SELECT 5 -(-3), (-3)::int4'],
    ["SELECT '$1', $1", ['x'], "SELECT '$1', 'x'"],
    ["SELECT E'it\\'s $1', $1", ['x'], "SELECT E'it\\'s $1', 'x'"],
    ['SELECT "$1", $1', ['x'], `SELECT "$1", 'x'`],
    ['SELECT $$ $1 $$, $a$ $1 $a$, $1', ['x'], "SELECT $$ $1 $$, $a$ $1 $a$, 'x'"],
    ['SELECT $1 -- not $1\n, $1 /* nor $1 */', ['x'], "SELECT 'x' -- not $1\n, 'x' /* nor $1 */"],
    ['SELECT $1', ['back\\slash'], "SELECT E'back\\\\slash'"],
    ['SELECT $1', ['$1 $2'], "SELECT '$1 $2'"],
    ['SELECT $2', ['x'], 'SELECT $2'],
    ['SELECT 1', undefined, 'SELECT 1'],
  ])('%s with %j', (text, values, shown) => {
    expect(shownStatement({ text, values })).toEqual({ text, values: values ?? [], shown });
  });

  it('quotes every text so that it ends where it should', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const { shown } = shownStatement({ text: 'SELECT $1', values: [value] });
        const literal = /^SELECT (?:'((?:[^']|'')*)'|E'((?:[^'\\]|''|\\\\)*)')$/s.exec(shown);
        const read = literal?.[1] ?? literal?.[2]?.replaceAll('\\\\', '\\');
        expect(read?.replaceAll("''", "'")).toBe(value);
      }),
    );
  });
});

it('names are quoted whole', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }), (name) => {
      if (name.includes('\0') || Buffer.byteLength(name) > 63) expect(() => identifier(name)).toThrow();
      else expect(identifier(name)).toBe(`"${name.replaceAll('"', '""')}"`);
    }),
  );
  expect(qualified({ schema: 'a.b', name: 'c"d' })).toBe('"a.b"."c""d"');
});
