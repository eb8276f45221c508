import fc from 'fast-check';
import { expect, it } from 'vitest';
import { join, split } from '../../../src-main/planning/slices';

it('puts together again what it took apart, whatever the value, without changing it', () => {
  const value = fc.letrec((tie) => ({
    part: fc.oneof(
      { depthSize: 'small' },
      fc.array(fc.nat(), { maxLength: 200 }),
      fc.array(fc.record({ a: fc.string() }), { maxLength: 90 }),
      fc.dictionary(fc.string(), tie('part'), { maxKeys: 5 }),
      fc.constant(new Map([[1, [1, 2, 3]]])),
      fc.string(),
      fc.constant(null),
    ),
  })).part;
  fc.assert(
    fc.property(value, (whole) => {
      const before = structuredClone(whole);
      const { rest, slices } = split(whole);
      const arrived = structuredClone(rest);
      for (const slice of structuredClone(slices)) join(arrived, slice);
      // A list by itself has no name to come back under.
      if (!Array.isArray(whole)) expect(arrived).toEqual(before);
      expect(whole).toEqual(before);
    }),
  );
});

it('sends no long list in one piece', () => {
  const { rest, slices } = split({ facts: { tables: Array.from({ length: 1_000 }, (_, index) => index) } });
  expect(rest).toEqual({ facts: { tables: [] } });
  expect(Math.max(...slices.map(({ items }) => items.length))).toBeLessThanOrEqual(40);
  expect(slices.flatMap(({ items }) => items)).toHaveLength(1_000);
});
