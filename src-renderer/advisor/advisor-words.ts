/** Pure: a design in words and figures, and as what the distribute operation is asked for. */
import type {
  Advice,
  Becomes,
  ColumnVerdict,
  Design,
  DesignSummary,
  DesignTable,
  WorkloadShares,
} from '../../src-main/contract/advisor';
import type { TableName } from '../../src-main/contract/cluster';
import type { RequestOf } from '../../src-main/contract/operations';
import { formatBytes, formatCount, formatCounted, formatShare } from '../ui/format';
import type { ShownState } from '../ui/states';

export function tableKeyOf(table: TableName): string {
  return JSON.stringify([table.schema, table.name]);
}

export function tableOfKey(key: string): TableName {
  const [schema = '', name = ''] = JSON.parse(key) as string[];
  return { schema, name };
}

export function sameTable(one: TableName, other: TableName): boolean {
  return one.schema === other.schema && one.name === other.name;
}

export function becomesWords(becomes: Becomes): string {
  return becomes === 'schema' ? 'with its schema' : becomes;
}

export function verdictState(verdict: ColumnVerdict): { readonly state: ShownState; readonly text: string } {
  switch (verdict) {
    case 'chosen':
      return { state: 'ok', text: 'chosen' };
    case 'possible':
      return { state: 'mind', text: 'possible' };
    case 'poor':
      return { state: 'bad', text: 'poor' };
    case 'not-allowed':
      return { state: 'bad', text: 'not allowed' };
  }
}

/** "5 distributed, 2 reference, 2 local, 4 as they are". */
export function countWords({ counts, kept }: Pick<DesignSummary, 'counts' | 'kept'>): string {
  const order: readonly Becomes[] = ['distributed', 'schema', 'reference', 'local'];
  const words = order
    .filter((becomes) => counts[becomes] > 0)
    .map((becomes) => `${formatCount(counts[becomes])} ${becomesWords(becomes)}`);
  return [
    ...words,
    ...(kept > 0 ? [`${formatCount(kept)} as ${kept === 1 ? 'it is' : 'they are'}`] : []),
  ].join(', ');
}

export function skewWords(skew: number | null): string {
  return skew === null ? 'unknown' : `${skew.toFixed(skew < 9.95 ? 1 : 0)} ×`;
}

const workloadWords: readonly (readonly [keyof WorkloadShares, string])[] = [
  ['oneShard', 'on one shard'],
  ['noShard', 'on reference or local tables alone'],
  ['parallel', 'on all shards at once'],
  ['fanOut', 'ask all shards for few rows'],
  ['repartition', 'send rows between nodes'],
  ['everyCopy', 'write every copy of a reference table'],
  ['refused', 'refused as they are written'],
];

export interface Figure {
  readonly id: string;
  readonly value: string;
  readonly label: string;
}

/** The figures below the tables: of the workload only where statements were seen. */
export function figuresOf(design: DesignSummary): readonly Figure[] {
  const { figures } = design;
  const { workload } = figures;
  const ofWork: readonly Figure[] =
    workload === null
      ? []
      : workloadWords
          .filter(([name]) => name === 'oneShard' || workload[name] >= 0.005)
          .map(([name, words]) => ({
            id: name,
            value: formatShare(workload[name]),
            label: `of calls ${words}`,
          }))
          .slice(0, 5);
  return [
    ...ofWork,
    {
      id: 'keys',
      value: `${formatCount(figures.foreignKeysKept + figures.foreignKeysWidened)} of ${formatCount(figures.foreignKeys)}`,
      label:
        figures.foreignKeysWidened > 0
          ? `foreign keys kept, ${formatCount(figures.foreignKeysWidened)} of them widened`
          : 'foreign keys kept',
    },
    { id: 'skew', value: skewWords(figures.skew), label: 'largest shard / median' },
  ];
}

/** Rows of the comparison: what it is called, and how a design answers. */
export const comparedFigures: readonly {
  readonly id: string;
  readonly label: string;
  readonly text: (design: DesignSummary) => string;
}[] = [
  { id: 'score', label: 'Score, 0 to 100', text: ({ score }) => formatCount(score) },
  { id: 'tables', label: 'Tables', text: countWords },
  { id: 'spread', label: 'Bytes spread or copied', text: ({ figures }) => formatShare(figures.spread) },
  ...workloadWords.map(([name, words]) => ({
    id: name,
    label: `Calls ${words}`,
    text: ({ figures }: DesignSummary): string =>
      figures.workload === null ? 'not known' : formatShare(figures.workload[name]),
  })),
  { id: 'skew', label: 'Largest shard / median', text: ({ figures }) => skewWords(figures.skew) },
  {
    id: 'kept',
    label: 'Foreign keys kept, widened, lost',
    text: ({ figures }) =>
      [figures.foreignKeysKept, figures.foreignKeysWidened, figures.foreignKeysLost]
        .map(formatCount)
        .join(', '),
  },
  {
    id: 'unique',
    label: 'Unique keys widened, lost',
    text: ({ figures }) => [figures.keysWidened, figures.keysLost].map(formatCount).join(', '),
  },
  {
    id: 'rewritten',
    label: 'Rewritten first',
    text: ({ figures }) => (figures.bytesRewritten === 0 ? 'nothing' : formatBytes(figures.bytesRewritten)),
  },
  {
    id: 'copies',
    label: 'Copied to every node',
    text: ({ figures }) => (figures.referenceBytes === 0 ? 'nothing' : formatBytes(figures.referenceBytes)),
  },
  {
    id: 'shards',
    label: 'Shards',
    text: (design) => (design.kind === 'local' ? 'none' : formatCount(design.shardCount)),
  },
];

/** What the advice rests on, one line. */
export function evidenceWords({ evidence }: Advice): string {
  const parts = [
    `${formatCounted(evidence.tables, 'table')}${evidence.tablesWithoutStatistics > 0 ? `, ${formatCount(evidence.tablesWithoutStatistics)} without statistics` : ''}`,
    evidence.rowsSampled > 0
      ? `${formatCounted(evidence.rowsSampled, 'row')} of ${formatCounted(evidence.tablesSampled, 'table')} looked at`
      : 'no rows looked at',
    evidence.statements === null
      ? 'no statements'
      : `${formatCounted(evidence.statements.statements, 'statement')}, ${formatCounted(evidence.statements.calls, 'call')}, ${formatShare(evidence.statements.notUnderstood)} of them not understood`,
  ];
  return `Rests on ${parts.join('; ')}`;
}

export const growthChoices = [1, 10, 100, 1_000, 10_000].map((growth) => ({
  value: String(growth),
  label: growth === 1 ? "Today's data" : `${formatCount(growth)} times today's data`,
}));

/** Changes first, then what stays local, then what Citus has already; by name within each. */
export function inOrderOfChange(tables: readonly DesignTable[]): readonly DesignTable[] {
  const rank = (table: DesignTable): number => (table.isKept ? 2 : table.becomes === 'local' ? 1 : 0);
  return tables.toSorted((one, other) => rank(one) - rank(other));
}

/** What would be done: tables that are not yet what the design makes of them. */
export function changedTables(design: Design): readonly DesignTable[] {
  return design.tables.filter(({ becomes, isKept }) => !isKept && becomes !== 'local');
}

/** Why there is nothing to carry out; null where there is. */
export function reviewBlocked(design: Design): string | null {
  return changedTables(design).length === 0 ? 'This design changes nothing' : null;
}

/** Tables of a schema change with their schema; keys that the design gives up leave for good. */
export function toSetRequest(design: Design, repairs: readonly string[]): RequestOf<'distribute-set'> {
  const changed = changedTables(design);
  const schemas = new Set(changed.flatMap(({ becomes, schema }) => (becomes === 'schema' ? [schema] : [])));
  return {
    kind: 'distribute-set',
    tables: changed
      .filter(({ becomes }) => becomes !== 'schema')
      .map((table) => ({
        table: { schema: table.schema, name: table.name },
        becomes: table.becomes === 'reference' ? 'reference' : 'distributed',
        column: table.column,
        colocateWith: table.colocateWith ?? 'none',
        shardCount: table.becomes === 'distributed' && table.colocateWith === null ? table.shardCount : null,
        ...(table.prepare === null ? {} : { prepare: table.prepare }),
      })),
    schemas: [...schemas],
    lostKeys: design.foreignKeys
      .filter(({ fate }) => fate === 'lost')
      .map(({ from, name }) => ({ table: from, constraint: name })),
    concurrently: false,
    repairs: [...repairs],
  };
}
