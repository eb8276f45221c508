/** Pure: what the distribute wizard offers, and the request it makes. */
import type {
  ClusterSnapshot,
  PlainTable,
  TableColumn,
  TableDescription,
  TableName,
} from '../../src-main/contract/cluster';
import type { RequestOf } from '../../src-main/contract/operations';
import { formatBytes, formatEstimate, formatShare } from '../ui/format';
import { shardCountError } from './node-form';

export type DistributionType = 'hash' | 'append' | 'reference' | 'local';

export interface DistributeForm {
  readonly type: DistributionType;
  readonly column: string;
  /** As typed; empty for the server's own setting. */
  readonly shardCount: string;
  /** `default`, `none`, or the key of a table. */
  readonly colocateWith: string;
  /** Writes go on while rows are copied. */
  readonly concurrently: boolean;
}

export const emptyForm: DistributeForm = {
  type: 'hash',
  column: '',
  shardCount: '',
  colocateWith: 'default',
  concurrently: false,
};

/** A key that no name can imitate: both parts may hold any character. */
export function tableKey(table: TableName): string {
  return JSON.stringify([table.schema, table.name]);
}

export function tableOfKey(key: string): TableName | null {
  try {
    const parts = JSON.parse(key) as unknown;
    if (!Array.isArray(parts)) return null;
    const [schema, name] = parts as unknown[];
    return typeof schema === 'string' && typeof name === 'string' ? { schema, name } : null;
  } catch {
    return null;
  }
}

/** `schema.name`, without "public". */
export function tableLabel(table: TableName): string {
  return table.schema === 'public' ? table.name : `${table.schema}.${table.name}`;
}

export function plainTableLabel(table: PlainTable): string {
  const rows = table.rowEstimate < 0 ? 'rows unknown' : `about ${formatEstimate(table.rowEstimate)} rows`;
  return `${tableLabel(table)}, ${rows}, ${formatBytes(table.bytes)}`;
}

/** What speaks for and against a column, from its statistics; nothing where there are none. */
export function columnHint(column: TableColumn): string {
  if (!column.isHashable) return 'its type has no hash operator class';
  if (column.isGenerated) return 'generated columns cannot be distributed by';
  const words: string[] = [];
  const distinct = column.distinctEstimate;
  if (distinct !== null) {
    words.push(
      distinct < 0
        ? `distinct: ${formatShare(-distinct)} of the rows`
        : `about ${formatEstimate(distinct)} distinct values`,
    );
  }
  if (column.nullFraction !== null && column.nullFraction > 0)
    words.push(`${formatShare(column.nullFraction)} NULL`);
  if (/^(timestamp|date|time)/.test(column.type)) words.push('times rarely distribute well');
  return words.join(', ');
}

export function isPossibleColumn(column: TableColumn): boolean {
  return column.isHashable && !column.isGenerated;
}

/** The column to begin with: one that every key holds, else one that the cluster distributes by already, else the first. */
export function suggestedColumn(table: TableDescription, snapshot: ClusterSnapshot | undefined): string {
  const possible = table.columns.filter(isPossibleColumn).map(({ name }) => name);
  const keys = table.constraints
    .filter(({ type }) => type === 'primary-key' || type === 'unique')
    .map(({ columns }) => columns)
    .concat(table.uniqueIndexes.map(({ columns }) => columns));
  const inEveryKey = possible.filter((name) => keys.every((columns) => columns.includes(name)));
  const candidates = inEveryKey.length > 0 ? inEveryKey : possible;
  const known = new Set(snapshot?.tables.map(({ distributionColumn }) => distributionColumn) ?? []);
  return candidates.find((name) => known.has(name)) ?? candidates[0] ?? '';
}

/** Distributed tables a hash-distributed one can be colocated with; whether the types agree, main says. */
export function colocationChoices(
  snapshot: ClusterSnapshot | undefined,
): readonly { value: string; label: string }[] {
  const tables = (snapshot?.tables ?? [])
    .filter(
      ({ type, method, parentOid }) => type === 'distributed' && method === 'hash' && parentOid === null,
    )
    .map((table) => ({
      value: tableKey(table),
      label: `${tableLabel(table)} (by ${table.distributionColumn ?? '?'}, ${table.shardCount} shards)`,
    }))
    .sort((one, other) => one.label.localeCompare(other.label));
  return [
    { value: 'default', label: 'Automatic: a group with the same column type and shard count' },
    { value: 'none', label: 'None: a group of its own' },
    ...tables,
  ];
}

export interface FormErrors {
  readonly column: string | null;
  readonly shardCount: string | null;
}

export function formErrors(form: DistributeForm): FormErrors {
  const isByColumn = form.type === 'hash' || form.type === 'append';
  const countsShards = form.type === 'hash' && tableOfKey(form.colocateWith) === null;
  return {
    column: isByColumn && form.column === '' ? 'A distribution column is needed.' : null,
    shardCount: countsShards ? shardCountError(form.shardCount) : null,
  };
}

export function toRequest(table: TableName, form: DistributeForm): RequestOf<'distribute-table'> {
  const { schema, name } = table;
  if (form.type === 'append') {
    return { kind: 'distribute-table', table: { schema, name }, as: { type: 'append', column: form.column } };
  }
  if (form.type !== 'hash')
    return { kind: 'distribute-table', table: { schema, name }, as: { type: form.type } };
  const named = tableOfKey(form.colocateWith);
  return {
    kind: 'distribute-table',
    table: { schema, name },
    as: {
      type: 'hash',
      column: form.column,
      // The shards of a named table are taken as they are.
      shardCount: named !== null || form.shardCount.trim() === '' ? null : Number(form.shardCount),
      colocateWith: named ?? (form.colocateWith === 'none' ? 'none' : 'default'),
      ...(form.concurrently ? { concurrently: true } : {}),
    },
  };
}
