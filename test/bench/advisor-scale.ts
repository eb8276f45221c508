/** 2,000 tables and 5,000 foreign keys against 200 and 500: how many times as long advising takes. */
import { advise } from '../../src-main/plans/advisor/advise';
import type { AdvisorFacts } from '../../src-main/contract/advisor-facts';
import { plainSql, toFacts } from '../support/advisor-schemas';
import type { ShortTable } from '../support/advisor-schemas';
import type { BenchFigure } from './figure';

const small = { tables: 200, foreignKeys: 500 };
export const largeSchema = { tables: 2_000, foreignKeys: 5_000 };

export async function run(): Promise<readonly BenchFigure[]> {
  const facts = { small: generatedSchema(small), large: generatedSchema(largeSchema) };
  // In turns, so that a busy machine slows both alike; once before, so that neither pays for compiling.
  const times: Record<'small' | 'large', number[]> = { small: [], large: [] };
  for (let round = 0; round < 6; round += 1) {
    for (const size of ['small', 'large'] as const) {
      const began = performance.now();
      const adviser = advise(facts[size], {
        adviceId: size,
        clusterId: 'bench',
        takenAt: '2026-01-01T00:00:00Z',
        growth: 1,
        sql: plainSql,
      });
      const [first] = adviser.advice.designs;
      if (!first || !adviser.design(first.designId, [])) throw new Error('no design was made');
      if (round > 0) times[size].push(performance.now() - began);
    }
  }
  const took = { small: median(times.small), large: median(times.large) };
  const ratio = took.large / took.small;
  return [
    { figure: '200 tables, 500 foreign keys', value: took.small, unit: 'ms', goal: '', holds: null },
    { figure: '2,000 tables, 5,000 foreign keys', value: took.large, unit: 'ms', goal: '', holds: null },
    { figure: 'large / small', value: ratio, unit: 'times', goal: '<= 15', holds: ratio <= 15 },
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Ten in a hundred tables are lists, the others hang below 20 (200) tenant-like roots; half of them have statements. */
export function generatedSchema(size: {
  readonly tables: number;
  readonly foreignKeys: number;
}): AdvisorFacts {
  const random = randomNumbers(7);
  const below = (limit: number): number => Math.floor(random() * limit);
  const roots = size.tables / 10;
  const lists = size.tables / 10;
  const tables: (ShortTable & { references: string[] })[] = [];
  for (let index = 0; index < size.tables; index += 1) {
    const isList = index >= roots && index < roots + lists;
    const hasRoot = index >= roots + lists && random() < 0.7;
    tables.push({
      name: `table_${index}`,
      rows: isList ? 100 : 100_000 * (1 + below(100)),
      bytes: isList ? '64 kB' : `${20 + below(4_000)} MB`,
      key: ['id'],
      references: [],
      columns: [
        ['id', 'bigint', -1, { serial: true }],
        ['root_id', 'bigint', hasRoot ? 5_000 : 3, { top: [['7', 0.05]] }],
        ...Array.from({ length: 5 }, (_, at): [string, string, number] => [
          `link_${at}`,
          'bigint',
          10_000 * (1 + below(50)),
        ]),
        ['title', 'text', -0.5],
        ['status', 'text', 4, { top: [['open', 0.6]] }],
        ['at', 'timestamp with time zone', -0.9],
      ],
    });
  }
  for (let made = 0; made < size.foreignKeys; made += 1) {
    const from = roots + lists + below(size.tables - roots - lists);
    const table = tables[from];
    if (!table) continue;
    const free = table.references.length;
    if (free > 5) {
      made -= 1;
      continue;
    }
    const to = free === 0 ? below(roots) : below(from);
    table.references.push(`${free === 0 ? 'root_id' : `link_${free - 1}`} -> table_${to} (id)`);
  }
  return toFacts({
    about: '',
    workers: 4,
    tables,
    statements: Array.from({ length: size.tables / 2 }, (_, index): [string, number, number] => {
      const one = roots + lists + below(size.tables - roots - lists);
      const other = below(size.tables);
      return index % 2 === 0
        ? [`SELECT * FROM table_${one} WHERE root_id = $1 AND id = $2`, 1 + below(90_000), below(9_000)]
        : [
            `SELECT o.title, count(*) FROM table_${one} t JOIN table_${other} o ON o.id = t.link_0 WHERE t.root_id = $1 GROUP BY o.title`,
            1 + below(900),
            below(90_000),
          ];
    }),
  });
}

/** Always the same: mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
