/** Sample schemas in the short form of `test/bench/schemas/`, as facts for the advisor. */
import { readFileSync } from 'node:fs';
import type { AdvisorColumn, AdvisorFacts, AdvisorTable } from '../../src-main/contract/advisor-facts';
import type { SqlQuoting } from '../../src-main/plans/plan';

interface ColumnNotes {
  readonly nulls?: number;
  readonly top?: readonly (readonly [string, number])[];
  readonly serial?: boolean;
  readonly correlation?: number;
  readonly unhashable?: boolean;
}

/** Name, type, distinct values (negative: a share of the rows). */
type ShortColumn = readonly [name: string, type: string, distinct: number, notes?: ColumnNotes];

export interface ShortTable {
  /** "*" stands for every schema of `repeat`. */
  readonly schema?: string;
  readonly name: string;
  readonly rows: number;
  /** "12 GB". */
  readonly bytes: string;
  readonly columns: readonly ShortColumn[];
  readonly key?: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  /** "a, b -> table (c, d)". */
  readonly references?: readonly string[];
  readonly partitioned?: boolean;
}

export interface ShortSchema {
  readonly about: string;
  readonly workers: number;
  readonly tables: readonly ShortTable[];
  readonly repeat?: { readonly schemas: readonly string[] };
  /** Text, calls, total milliseconds. */
  readonly statements?: readonly (readonly [text: string, calls: number, totalMs: number])[];
}

export interface SampleSchema extends ShortSchema {
  readonly expected: {
    readonly why: string;
    /** Table (`schema.table`, `*` for any schema) -> its column, or what else it becomes. */
    readonly tables: Readonly<Record<string, string>>;
    /** Tables that lie in one colocation group, a list a group. */
    readonly together: readonly (readonly string[])[];
  };
}

export function readSampleSchema(file: string): SampleSchema {
  return JSON.parse(readFileSync(file, 'utf8')) as SampleSchema;
}

export function toFacts(schema: ShortSchema): AdvisorFacts {
  return {
    tables: schema.tables.flatMap((table) =>
      table.schema === '*'
        ? (schema.repeat?.schemas ?? []).map((name) => toTable(table, name))
        : [toTable(table, table.schema ?? 'public')],
    ),
    statements: schema.statements?.map(([text, calls, totalMs]) => ({ text, calls, totalMs })) ?? null,
    statementsMissing: schema.statements ? null : { why: 'Not recorded.', remedy: 'Record them.' },
    samples: [],
    agreements: [],
    workers: schema.workers,
    shardCountSetting: 32,
    allowsTriggers: false,
    canShardSchemas: true,
    hasCoordinator: true,
    gaps: [],
  };
}

function toTable(table: ShortTable, schema: string): AdvisorTable {
  return {
    schema,
    name: table.name,
    isPartitioned: table.partitioned ?? false,
    rows: table.rows,
    bytes: toBytes(table.bytes),
    columns: table.columns.map(toColumn),
    uniqueness: [
      ...(table.key
        ? [{ name: `${table.name}_pkey`, kind: 'primary-key' as const, columns: table.key, isPlain: true }]
        : []),
      ...(table.unique ?? []).map((columns, index) => ({
        name: `${table.name}_key_${index}`,
        kind: 'unique' as const,
        columns,
        isPlain: true,
      })),
    ],
    foreignKeys: (table.references ?? []).map((text, index) => {
      const [here = '', there = ''] = text.split('->');
      const target = /^\s*(?:(\w+)\.)?(\w+)\s*\(([^)]*)\)/.exec(there);
      if (!target) throw new Error(`"${text}" is no reference`);
      return {
        name: `${table.name}_fk_${index}`,
        columns: names(here),
        references: { schema: target[1] ?? schema, name: target[2] ?? '' },
        referencedColumns: names(target[3] ?? ''),
        onDelete: 'no action' as const,
        onUpdate: 'no action' as const,
        definition: `FOREIGN KEY (${here.trim()}) REFERENCES ${there.trim()}`,
      };
    }),
    triggers: [],
    obstacle: null,
    writes: null,
    citus: null,
  };
}

function toColumn([name, type, distinct, notes = {}]: ShortColumn): AdvisorColumn {
  return {
    name,
    type,
    collation: null,
    isCollationDeterministic: true,
    isNullable: notes.nulls !== undefined,
    isGenerated: false,
    isHashable: !notes.unhashable,
    hasNegativeScale: false,
    hasSequenceDefault: notes.serial ?? false,
    statistics: {
      distinct,
      nullFraction: notes.nulls ?? 0,
      commonValues: (notes.top ?? []).map(([value]) => value),
      commonShares: (notes.top ?? []).map(([, share]) => share),
      correlation: notes.correlation ?? null,
    },
  };
}

function names(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function toBytes(text: string): number {
  const found = /^(\d+) (kB|MB|GB)$/.exec(text);
  if (!found) throw new Error(`"${text}" is no size`);
  const unit = { kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }[found[2] ?? ''] ?? 1;
  return Number(found[1]) * unit;
}

/** Enough quoting for names of lower-case letters. */
export const plainSql: SqlQuoting = {
  identifier: (name) => `"${name}"`,
  qualified: ({ schema, name }) => `"${schema}"."${name}"`,
  literal: (text) => `'${text.replaceAll("'", "''")}'`,
};
