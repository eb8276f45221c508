/** One table of a design: why this column, and why not another one. Pure. */
import type { BiggestValue, ColumnAdvice, ColumnVerdict, TableAdvice } from '../../contract/advisor';
import type { TableName } from '../../contract/cluster';
import { formatShare } from '../words';
import type { Placed } from './assignment';
import { designChanges } from './changes';
import { shortened } from './columns';
import type { Advising, Evaluated } from './design';
import { simulator, toFate } from './design';
import type { AdvisorColumn, AdvisorTable } from '../../contract/advisor-facts';
import { skewOf } from './shard-sizes';

/** Null when the table is not there. */
export function adviseTable(advising: Advising, evaluated: Evaluated, name: TableName): TableAdvice | null {
  const { model } = advising.judge;
  const index = model.indexOf(name);
  const table = index === undefined ? undefined : model.tables[index];
  if (index === undefined || !table) return null;
  const placed = evaluated.placed[index] as Placed;
  const columns = table.columns.map((column) => adviseColumn(advising, evaluated, index, table, column));
  const isTable = (other: TableName): boolean => other.schema === table.schema && other.name === table.name;
  const { grouped, keys, uniques } = evaluated;
  const order: Readonly<Record<ColumnVerdict, number>> = {
    chosen: 0,
    possible: 1,
    poor: 2,
    'not-allowed': 3,
  };
  return {
    schema: table.schema,
    name: table.name,
    columns: columns.toSorted((one, other) => order[one.verdict] - order[other.verdict]),
    biggest: biggestValue(advising, evaluated, index, placed),
    changes: designChanges(model, grouped, keys, uniques, advising.sql).filter((change) =>
      isTable(change.table),
    ),
    foreignKeys: keys
      .filter(({ link }) => link.key !== null && (link.from === index || link.to === index))
      .map((key) => toFate(model.tables, key)),
  };
}

function adviseColumn(
  advising: Advising,
  evaluated: Evaluated,
  index: number,
  table: AdvisorTable,
  column: AdvisorColumn,
): ColumnAdvice {
  const { judge } = advising;
  const judgement = judge.columnOf(index, column.name);
  const placed = evaluated.placed[index] as Placed;
  const isChosen = placed.becomes === 'distributed' && placed.column === column.name;
  const verdict: ColumnVerdict = isChosen
    ? 'chosen'
    : judgement?.forbidden
      ? 'not-allowed'
      : judgement?.poor
        ? 'poor'
        : 'possible';
  const evidence: string[] = [];
  if (judgement?.forbidden) evidence.push(judgement.forbidden);
  if (judgement?.poor) evidence.push(judgement.poor);
  const compared = judge.observed.comparedShare(index, column.name);
  if (compared !== null) {
    evidence.push(
      compared === 0
        ? 'no observed statement of the table compares it with a value'
        : `compared with a value in ${formatShare(compared)} of the calls that use the table`,
    );
  }
  if (!judgement?.forbidden) evidence.push(...tieWords(advising, evaluated, index, table, column.name));
  evidence.push(...(judgement?.notes ?? []));
  const simulate = simulator(advising, evaluated);
  const simulated = judgement?.forbidden ? null : simulate(index, { column: column.name, derived: null });
  const skew = skewOf(simulated?.shares ?? null);
  if (skew === Infinity) evidence.push(`half of ${evaluated.shardCount.count} shards would be empty`);
  return {
    name: column.name,
    type: column.type,
    verdict,
    evidence,
    distinct: judgement?.distinct ?? null,
    topShare: judgement?.topShare ?? null,
    nullFraction: judgement?.nullFraction ?? null,
    skew: skew !== null && Number.isFinite(skew) ? skew : null,
  };
}

/** Keys without the column, and foreign keys that would still find their other side. */
function tieWords(
  { judge }: Advising,
  { placed }: Evaluated,
  index: number,
  table: AdvisorTable,
  column: string,
): readonly string[] {
  const { model } = judge;
  const words: string[] = [];
  const without = table.uniqueness.filter((one) => !one.columns.includes(column));
  if (table.uniqueness.length > 0) {
    words.push(
      without.length === 0
        ? 'in every unique key'
        : `not in ${without.map((one) => one.name).join(', ')}, which would have to change`,
    );
  }
  const stated = [...(model.outgoing[index] ?? []), ...(model.incoming[index] ?? [])].filter(
    (link) => link.key !== null && link.from !== link.to,
  );
  const domain = model.domainOf(index, column);
  const kept = stated.filter((link) => {
    const other = link.from === index ? link.to : link.from;
    const one = placed[other];
    if (one?.becomes === 'reference') return link.from === index;
    if (one?.becomes !== 'distributed' || one.column === null || one.group !== domain?.id) return false;
    const [here, there] =
      link.from === index ? [link.columns, link.referenced] : [link.referenced, link.columns];
    return here.indexOf(column) !== -1 && here.indexOf(column) === there.indexOf(one.column);
  });
  if (stated.length > 0) words.push(`keeps ${kept.length} of ${stated.length} foreign keys of the table`);
  return words;
}

function biggestValue(
  advising: Advising,
  evaluated: Evaluated,
  index: number,
  placed: Placed,
): BiggestValue | null {
  if (placed.becomes !== 'distributed' || placed.column === null) return null;
  const source = placed.derived
    ? { table: placed.derived.link.to, column: placed.derived.parentColumn }
    : { table: index, column: placed.column };
  const judgement = advising.judge.columnOf(source.table, source.column);
  if (!judgement || judgement.topShare === null || judgement.topValue === null) return null;
  const skew = skewOf(simulator(advising, evaluated)(index, placed).shares);
  return {
    column: placed.column,
    value: shortened(judgement.topValue),
    share: judgement.topShare,
    skew: skew !== null && Number.isFinite(skew) ? skew : null,
  };
}
