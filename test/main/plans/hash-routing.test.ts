import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashedType, hashOf, rangeIndexOf, uniformRanges } from '../../../src-main/plans/hash-routing';

interface Recorded {
  readonly id: string;
  readonly type?: string;
  readonly shardCount?: number;
  readonly value?: string;
  readonly hash?: number;
  readonly shardIndex?: string;
  readonly rows?: readonly (readonly string[])[];
}

const { recorded } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../support/recordings/routing.json'), 'utf8'),
) as { recorded: readonly Recorded[] };
const routes = recorded.filter((entry) => entry.type !== undefined);
const ranges = recorded.filter((entry) => entry.id.startsWith('ranges.'));

describe('hashOf', () => {
  it.each(routes)(
    '$type $value lands where Citus puts it',
    ({ type, value, shardCount, hash, shardIndex }) => {
      const computed = hashOf(type ?? '', value ?? '');
      expect(computed).toBe(hash);
      expect(rangeIndexOf(uniformRanges(shardCount ?? 0), computed)).toBe(Number(shardIndex));
    },
  );

  it.each([
    ['bigint', '1.5'],
    ['bigint', ''],
    ['smallint', '40000'],
    ['integer', '2147483648'],
    ['uuid', 'not-a-uuid'],
    ['date', '2026-02-30'],
    ['date', '01.02.2026'],
    ['timestamptz', '2026-01-01 00:00:00'],
    ['boolean', 'maybe'],
    ['numeric', '1,5'],
    ['json', '{}'],
  ])('refuses %s %j', (type, value) => {
    expect(() => hashOf(type, value)).toThrow(RangeError);
  });

  it('is the same for a number whatever integer type holds it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -32_768, max: 32_767 }), (value) => {
        const hash = hashOf('smallint', String(value));
        expect(hashOf('integer', String(value))).toBe(hash);
        expect(hashOf('bigint', String(value))).toBe(hash);
      }),
    );
  });

  it('does not depend on how a numeric is written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 30n }), fc.nat(20), (digits, zeros) => {
        const plain = hashOf('numeric', String(digits));
        expect(hashOf('numeric', `${'0'.repeat(zeros)}${digits}.${'0'.repeat(zeros)}`)).toBe(plain);
        expect(hashOf('numeric', `${digits}${'0'.repeat(zeros)}e-${zeros}`)).toBe(plain);
      }),
    );
  });

  it('does not depend on the zone a time is written in', () => {
    expect(hashOf('timestamptz', '2026-01-01 02:30:00+02:30')).toBe(
      hashOf('timestamptz', '2026-01-01 00:00:00+00'),
    );
  });
});

describe('uniformRanges', () => {
  it.each(ranges)('$id as recorded', ({ rows }) => {
    expect(uniformRanges(rows?.length ?? 0)).toEqual(
      rows?.map(([, minValue, maxValue]) => ({ minValue: Number(minValue), maxValue: Number(maxValue) })),
    );
  });

  it('covers every hash once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64_000 }),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        (count, hash) => {
          const all = uniformRanges(count);
          const index = rangeIndexOf(all, hash);
          const range = all[index];
          expect(range && range.minValue <= hash && hash <= range.maxValue).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('uniformRanges of any count', () => {
  it('leave no gap and do not overlap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64_000 }), (count) => {
        const ranges = uniformRanges(count);
        expect(ranges[0]?.minValue).toBe(-(2 ** 31));
        expect(ranges.at(-1)?.maxValue).toBe(2 ** 31 - 1);
        for (let index = 1; index < ranges.length; index += 1) {
          if (ranges[index]?.minValue !== (ranges[index - 1]?.maxValue ?? 0) + 1) {
            throw new Error(`gap at ${index}`);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('hashedType', () => {
  it.each([
    ['character varying(20)', 'text'],
    ['varchar', 'text'],
    ['numeric(10,2)', 'numeric'],
    ['timestamp with time zone', 'timestamp with time zone'],
    ['int8', 'bigint'],
    ['json', null],
    ['constructor', null],
  ])('%s is hashed as %s', (type, name) => {
    expect(hashedType(type)).toBe(name);
  });
});
