/** Sample schemas whose first-ranked design is the expected one; each says in its file what is expected and why. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { advise } from '../../src-main/plans/advisor/advise';
import type { Design } from '../../src-main/contract/advisor';
import { plainSql, readSampleSchema, toFacts } from '../support/advisor-schemas';
import type { SampleSchema } from '../support/advisor-schemas';
import type { BenchFigure } from './figure';

export async function run(): Promise<readonly BenchFigure[]> {
  const folder = join(import.meta.dirname, 'schemas');
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  let right = 0;
  for (const file of files) {
    const schema = readSampleSchema(join(folder, file));
    const adviser = advise(toFacts(schema), {
      adviceId: file,
      clusterId: 'bench',
      takenAt: '2026-01-01T00:00:00Z',
      growth: 1,
      sql: plainSql,
    });
    const [first] = adviser.advice.designs;
    const design = first ? adviser.design(first.designId, []) : null;
    const misses = design ? differences(schema, design) : ['no design'];
    if (misses.length === 0) right += 1;
    for (const miss of misses) process.stderr.write(`${file}: ${miss}\n`);
    for (const one of adviser.advice.designs)
      process.stderr.write(`${file}: ${one.score} ${one.title}: ${one.why}\n`);
  }
  const share = files.length === 0 ? 0 : right / files.length;
  return [
    {
      figure: `${files.length} sample schemas`,
      value: share,
      unit: 'share with the expected design first',
      goal: '= 1',
      holds: share === 1 && files.length >= 8,
    },
  ];
}

function differences(schema: SampleSchema, design: Design): readonly string[] {
  const { expected } = schema;
  const found: string[] = [];
  for (const table of design.tables) {
    const wanted =
      expected.tables[table.name]
      ?? expected.tables[`${table.schema}.${table.name}`]
      ?? expected.tables[`*.${table.name}`];
    const is = table.becomes === 'distributed' ? table.column : table.becomes;
    if (wanted !== is) found.push(`${table.name} is ${is ?? 'nothing'}, expected ${wanted ?? 'nothing'}`);
  }
  const groupOf = (name: string): string => {
    const table = design.tables.find((one) => one.name === name);
    return table?.colocateWith?.name ?? name;
  };
  const seen = new Set<string>();
  for (const together of expected.together) {
    const groups = new Set(together.map(groupOf));
    if (groups.size > 1) found.push(`${together.join(', ')} lie in ${groups.size} groups`);
    for (const group of groups) {
      if (seen.has(group)) found.push(`${group} lies in a group with others than expected`);
      seen.add(group);
    }
  }
  return found;
}
