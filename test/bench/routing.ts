/** Recorded values whose hash and shard index we compute as Citus did; `cases` names another file of the same form. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf, rangeIndexOf, uniformRanges } from '../../src-main/plans/hash-routing';
import type { BenchFigure } from './figure';

interface Recorded {
  readonly id: string;
  readonly type?: string;
  readonly shardCount: number;
  readonly value: string;
  readonly hash: number;
  readonly shardIndex: string;
}

export async function run(options: { readonly cases?: string }): Promise<readonly BenchFigure[]> {
  const file = options.cases ?? join(import.meta.dirname, '../support/recordings/routing.json');
  const { recorded } = JSON.parse(readFileSync(file, 'utf8')) as { recorded: readonly Recorded[] };
  const routes = recorded.filter(({ type }) => type !== undefined);
  const right = routes.filter((route) => {
    try {
      const hash = hashOf(route.type ?? '', route.value);
      const index = rangeIndexOf(uniformRanges(route.shardCount), hash);
      if (hash === route.hash && String(index) === String(route.shardIndex)) return true;
      process.stderr.write(`missed: ${route.id} ${route.value}: ${hash} in ${index}\n`);
    } catch (error) {
      process.stderr.write(`missed: ${route.id} ${route.value}: ${String(error)}\n`);
    }
    return false;
  });
  const share = right.length / routes.length;
  return [
    { figure: `${routes.length} values`, value: share, unit: 'share', goal: '= 1', holds: share === 1 },
  ];
}
