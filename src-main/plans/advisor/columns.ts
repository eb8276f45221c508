/** What speaks for and against a column as distribution column, whatever the rest of the design. Pure. */
import { formatCount, formatShare } from '../words';
import type { AdvisorColumn, AdvisorTable, ColumnSample } from '../../contract/advisor-facts';
import { distinctOf } from './model';

export interface ColumnJudgement {
  /** Citus or its data forbid it. */
  readonly forbidden: string | null;
  /** It would work, badly. */
  readonly poor: string | null;
  readonly distinct: number | null;
  readonly topShare: number | null;
  readonly topValue: string | null;
  readonly nullFraction: number | null;
  readonly notes: readonly string[];
}

const timeLike = /^(date|timestamp|time\b|interval)/;
const measured = /^(real|double precision|money|json|jsonb|bytea|boolean|point|inet|cidr|tsvector)/;

/** A share of the rows above which one value is more than a node's part of them, whatever the number of nodes. */
export const dominantShare = 0.5;

/** Values that a shard must at least be able to choose from: fewer, and shards stay empty. */
export const valuesPerWorker = 4;

export function judgeColumn(
  table: AdvisorTable,
  column: AdvisorColumn,
  workers: number,
  sample?: ColumnSample,
): ColumnJudgement {
  const { statistics } = column;
  const distinct = distinctOf(table, column) ?? (sample && sample.rows > 0 ? sample.values.length : null);
  const sampledTop = sample && sample.rows > 0 ? sample.values[0] : undefined;
  const topShare =
    statistics?.commonShares[0] ?? (!statistics && sampledTop && sample ? sampledTop[1] / sample.rows : null);
  const topValue = statistics?.commonValues[0] ?? (!statistics ? (sampledTop?.[0] ?? null) : null);
  const nullFraction = statistics?.nullFraction ?? (column.isNullable ? null : 0);
  return {
    forbidden: forbiddenBy(column, nullFraction),
    poor: poorBy(table, column, distinct, topShare, topValue, workers),
    distinct,
    topShare,
    topValue,
    nullFraction,
    notes: notesOn(column, distinct, topShare, topValue),
  };
}

function forbiddenBy(column: AdvisorColumn, nullFraction: number | null): string | null {
  if (!column.isHashable) return `type ${column.type} has no default hash operator class`;
  if (column.isGenerated) return 'computed from other columns';
  if (column.hasNegativeScale) return 'numeric with a negative scale';
  if (!column.isCollationDeterministic) return `the collation ${column.collation ?? ''} is not deterministic`;
  if (nullFraction !== null && nullFraction > 0) {
    return `NULL in ${formatShare(nullFraction)} of the rows; every row needs a value`;
  }
  return null;
}

function poorBy(
  table: AdvisorTable,
  column: AdvisorColumn,
  distinct: number | null,
  topShare: number | null,
  topValue: string | null,
  workers: number,
): string | null {
  if (timeLike.test(column.type)) {
    return 'a time: new rows are asked for by ranges of it, and a hash answers no range';
  }
  if (measured.test(column.type)) return `a value of type ${column.type}, not a key`;
  const isKeyed = [...table.uniqueness, ...table.foreignKeys].some(({ columns }) =>
    columns.includes(column.name),
  );
  if (column.type === 'numeric' && !isKeyed) return 'a figure, not a key';
  const least = valuesPerWorker * Math.max(1, workers);
  if (distinct !== null && distinct < least) {
    return `${formatCount(distinct)} distinct ${distinct === 1 ? 'value' : 'values'} for ${formatCount(workers)} nodes: shards stay empty (at least ${least} are wanted)`;
  }
  if (topShare !== null && topShare > dominantShare) {
    return `one value${topValue === null ? '' : ` (${shortened(topValue)})`} holds ${formatShare(topShare)} of the rows`;
  }
  return null;
}

function notesOn(
  column: AdvisorColumn,
  distinct: number | null,
  topShare: number | null,
  topValue: string | null,
): readonly string[] {
  const notes: string[] = [];
  if (distinct !== null) notes.push(`about ${formatCount(distinct)} distinct values`);
  else notes.push('number of distinct values not known: never analysed');
  if (topShare !== null) {
    notes.push(
      `the most common${topValue === null ? '' : ` (${shortened(topValue)})`} in ${formatShare(topShare)} of the rows`,
    );
  }
  if (column.hasSequenceDefault || Math.abs(column.statistics?.correlation ?? 0) > 0.98) {
    notes.push('grows with time; the hash spreads it nevertheless');
  }
  if (column.isNullable && column.statistics === null) notes.push('may be NULL, which was not looked at');
  return notes;
}

export function shortened(text: string, limit = 40): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
