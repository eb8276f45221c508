/** Where a value lies by the catalogs that were read, held against the server's own answer; and what is wrong with one. */
import type { ClusterSnapshot, ClusterTable } from '../contract/cluster';
import type { Failure } from '../contract/failure';
import type { ValueRoute } from '../contract/routing';
import { hashOf, hashedType, rangeIndexOf } from './hash-routing';

/** As `readDistributionColumn` in citus/routing.ts reads it. */
export interface ColumnFacts {
  readonly name: string;
  readonly type: string;
  readonly kind: 'base' | 'composite' | 'domain' | 'enum' | 'range' | 'other';
  readonly parts: readonly { readonly name: string; readonly type: string }[];
  readonly labels: readonly string[];
}

export function toValueRoute(
  snapshot: Pick<ClusterSnapshot, 'shards'>,
  table: ClusterTable,
  column: ColumnFacts,
  value: string,
  answered: { readonly shardId: string; readonly hash: number | null },
): ValueRoute {
  const method = table.method === 'range' ? 'range' : 'hash';
  const server = {
    hash: method === 'hash' ? answered.hash : null,
    // The server says 0 for a value that no shard takes.
    shardId: answered.shardId === '0' ? null : answered.shardId,
  };
  const own = method === 'hash' ? ownRoute(snapshot, table, column, value) : null;
  return {
    table: { schema: table.schema, name: table.name },
    tableOid: table.oid,
    column: column.name,
    columnType: column.type,
    method,
    own,
    server,
    agrees: own === null ? null : own.shardId === server.shardId && own.hash === server.hash,
  };
}

function ownRoute(
  snapshot: Pick<ClusterSnapshot, 'shards'>,
  table: ClusterTable,
  column: ColumnFacts,
  value: string,
): ValueRoute['own'] {
  if (hashedType(column.type) === null) return null;
  let hash: number;
  try {
    hash = hashOf(column.type, value);
  } catch {
    // The server took a form of writing it that is not known here, as "today" for a date.
    return null;
  }
  const shards = snapshot.shards
    .flatMap(({ shardId, tableOid, minValue, maxValue }) =>
      tableOid === table.oid && minValue !== null && maxValue !== null ? { shardId, minValue, maxValue } : [],
    )
    .sort((a, b) => a.minValue - b.minValue);
  return { hash, shardId: shards[rangeIndexOf(shards, hash)]?.shardId ?? null };
}

const forms: Readonly<Record<string, string>> = {
  smallint: 'a whole number from -32768 to 32767',
  integer: 'a whole number from -2147483648 to 2147483647',
  bigint: 'a whole number from -9223372036854775808 to 9223372036854775807',
  uuid: '32 hexadecimal digits, as in 123e4567-e89b-12d3-a456-426614174000',
  date: 'a day, as in 2026-01-31',
  'timestamp with time zone': 'a time, as in 2026-01-31 12:00:00+00',
  'timestamp without time zone': 'a time, as in 2026-01-31 12:00:00',
  boolean: 'true or false',
  numeric: 'a number, as in 12.50',
};

/** "a whole number from ... to ...": how a value of the column is written. */
export function formOf(column: ColumnFacts): string {
  if (column.kind === 'enum') return `one of ${column.labels.slice(0, 20).join(', ')}`;
  if (column.kind === 'composite') {
    const example = column.parts.map(({ type }) => exampleOf(type)).join(',');
    const parts = column.parts.map(({ name, type }) => `${name} ${type}`).join(', ');
    return `${column.parts.length} parts in brackets (${parts}), as in (${example})`;
  }
  if (column.type.endsWith('[]')) return 'elements in braces, as in {1,2,3}';
  return forms[hashedType(column.type) ?? column.type] ?? `a value of type ${column.type}`;
}

function exampleOf(type: string): string {
  const examples: Readonly<Record<string, string>> = {
    smallint: '1',
    integer: '1',
    bigint: '1',
    numeric: '12.50',
    boolean: 'true',
    date: '2026-01-31',
    uuid: '123e4567-e89b-12d3-a456-426614174000',
  };
  return examples[hashedType(type) ?? type] ?? '"text"';
}

/** The server's refusal of a value, told by the type of its column; other failures as they are. */
export function explainValue(column: ColumnFacts, value: string, failure: Failure): Failure {
  // Class 22 is "data exception": the text is no value of the type, or out of its range.
  if (!failure.sqlState?.startsWith('22')) return failure;
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return {
    ...failure,
    kind: 'invalid-input',
    message: `“${shown}” is no value of ${column.name}, which is of type ${column.type}.`,
    meaning: 'No row can have it, so it lies on no shard.',
    remedy: `Write ${formOf(column)}.`,
  };
}
