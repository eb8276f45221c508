/** The distribution advisor: ranked designs for the whole schema, what each rests on, and what it costs. */
import { z } from 'zod';
import { tableName } from './cluster';
import type { TableName } from './cluster';
import type { ColumnPreparation } from './table-changes';

export type Becomes = 'distributed' | 'reference' | 'local' | 'schema';

/** A person's own choice for one table, on top of a proposed design. */
export const designChoice = z.object({
  table: tableName,
  becomes: z.enum(['distributed', 'reference', 'local']),
  /** The distribution column; null unless `becomes` is `distributed`. */
  column: z.string().min(1).max(63).nullable(),
});
export type DesignChoice = z.infer<typeof designChoice>;

export const adviseInput = z.object({
  clusterId: z.string().min(1).max(80),
  /** How many times today's data the design is made for. */
  growth: z.number().int().min(1).max(1_000_000),
});

export const designInput = z.object({
  clusterId: z.string().min(1).max(80),
  adviceId: z.string().min(1).max(80),
  designId: z.string().min(1).max(200),
  choices: z.array(designChoice).max(5_000),
});

export const tableAdviceInput = designInput.extend({ table: tableName });
export const designTextInput = designInput.extend({ format: z.enum(['sql', 'markdown']) });

/** What the judgement rests on, and what is missing for more. */
export interface AdviceEvidence {
  readonly tables: number;
  /** Tables without statistics of any column: never analysed, or not to be seen by this role. */
  readonly tablesWithoutStatistics: number;
  /** Tables of which rows were looked at, and how many rows altogether. */
  readonly tablesSampled: number;
  readonly rowsSampled: number;
  /** Null: the workload is not known, and nothing is said about it. */
  readonly statements: StatementEvidence | null;
  /** Why it is not known, and how it can be; null where it is. */
  readonly statementsMissing: { readonly why: string; readonly remedy: string } | null;
  /** What could not be read, a sentence each. */
  readonly gaps: readonly string[];
}

export interface StatementEvidence {
  readonly statements: number;
  readonly calls: number;
  /** Share of the calls whose statement was not understood; they are in no other share. */
  readonly notUnderstood: number;
}

export interface Advice {
  readonly adviceId: string;
  readonly clusterId: string;
  /** ISO 8601. */
  readonly takenAt: string;
  readonly growth: number;
  /** Nodes that take shards. */
  readonly workers: number;
  readonly evidence: AdviceEvidence;
  /** Best first. */
  readonly designs: readonly DesignSummary[];
}

export type DesignKind = 'one-key' | 'several-keys' | 'schemas' | 'local';

export interface DesignSummary {
  readonly designId: string;
  readonly kind: DesignKind;
  /** As in "By agency_id, all together". */
  readonly title: string;
  /** Why it stands where it stands, a sentence or two. */
  readonly why: string;
  /** 0 to 100; what it is made of is in `figures`. */
  readonly score: number;
  /** Tables that would become what; those that Citus has already are in `kept`. */
  readonly counts: Readonly<Record<Becomes, number>>;
  readonly kept: number;
  readonly figures: DesignFigures;
  readonly shardCount: number;
  readonly shardCountWhy: string;
}

export interface DesignFigures {
  /** Share of all bytes that lie on the workers, weighed by how evenly the biggest value lets them spread. */
  readonly spread: number;
  /** Bytes of the reference tables, of one copy. */
  readonly referenceBytes: number;
  /** Largest shard / median of the largest distributed table; null where it cannot be told. */
  readonly skew: number | null;
  readonly foreignKeys: number;
  readonly foreignKeysKept: number;
  /** Kept once the distribution column is put into them. */
  readonly foreignKeysWidened: number;
  readonly foreignKeysLost: number;
  /** Unique rules that hold only for one value of the distribution column afterwards. */
  readonly keysWidened: number;
  readonly keysLost: number;
  /** Bytes of tables that are rewritten before anything is distributed. */
  readonly bytesRewritten: number;
  /** Null without statement evidence. */
  readonly workload: WorkloadShares | null;
}

/** Shares of the observed calls that were understood; they add up to 1. */
export interface WorkloadShares {
  readonly oneShard: number;
  /** Only reference or local tables. */
  readonly noShard: number;
  /** Every shard works on its own part, joins included. */
  readonly parallel: number;
  /** A statement that looks for few rows asks every shard. */
  readonly fanOut: number;
  /** Rows travel between nodes or through the coordinator. */
  readonly repartition: number;
  /** A write that goes to every copy of a reference table. */
  readonly everyCopy: number;
  readonly refused: number;
}

export interface Design extends DesignSummary {
  readonly adviceId: string;
  readonly choices: readonly DesignChoice[];
  readonly tables: readonly DesignTable[];
  readonly foreignKeys: readonly ForeignKeyFate[];
  /** What must be done before, in order. */
  readonly changes: readonly DesignChange[];
  /** Statements that Citus would refuse, those called most first. */
  readonly refused: readonly RefusedStatement[];
  /** Choices that are not possible, and why. */
  readonly problems: readonly string[];
}

export interface DesignTable extends TableName {
  readonly becomes: Becomes;
  /** Distribution column, one that is still to be added included. */
  readonly column: string | null;
  /** The table whose shards it lies beside; null for the first of its group. */
  readonly colocateWith: TableName | null;
  /** Null where Citus knows no number of shards, or takes that of `colocateWith`. */
  readonly shardCount: number | null;
  /** Already so in the cluster. */
  readonly isKept: boolean;
  readonly why: string;
  /** Estimate; null when never analysed. */
  readonly rows: number | null;
  readonly bytes: number;
  /** Share of the rows by shard, in order; null where it cannot be told. */
  readonly shards: readonly number[] | null;
  /** What `shards` was simulated from, or why it was not. */
  readonly shardsFrom: string;
  readonly mustChange: boolean;
  /** What is done to the column first, as the distribute operation is asked for it; null where nothing is. */
  readonly prepare: ColumnPreparation | null;
}

export interface ForeignKeyFate {
  readonly name: string;
  readonly from: TableName;
  readonly to: TableName;
  readonly fate: 'kept' | 'widened' | 'lost';
  readonly why: string;
}

export interface DesignChange {
  readonly table: TableName;
  readonly code:
    | 'add-column'
    | 'change-type'
    | 'widen-key'
    | 'drop-unique'
    | 'drop-exclusion'
    | 'drop-trigger'
    | 'widen-foreign-key'
    | 'drop-foreign-key';
  readonly message: string;
  /** What it costs, in words. */
  readonly cost: string;
  /** What is done with the table before anything is distributed; the script has the rest. */
  readonly sql: string;
}

export interface RefusedStatement {
  readonly text: string;
  readonly calls: number;
  readonly why: string;
}

/** Why this column and not another one. */
export interface TableAdvice extends TableName {
  readonly columns: readonly ColumnAdvice[];
  /** The value that holds most rows; null where it is not known. */
  readonly biggest: BiggestValue | null;
  readonly changes: readonly DesignChange[];
  readonly foreignKeys: readonly ForeignKeyFate[];
}

export type ColumnVerdict = 'chosen' | 'possible' | 'poor' | 'not-allowed';

export interface ColumnAdvice {
  readonly name: string;
  readonly type: string;
  readonly verdict: ColumnVerdict;
  /** Sentences, the weightiest first. */
  readonly evidence: readonly string[];
  readonly distinct: number | null;
  readonly topShare: number | null;
  readonly nullFraction: number | null;
  /** Largest shard / median, as simulated. */
  readonly skew: number | null;
}

export interface BiggestValue {
  readonly column: string;
  readonly value: string;
  readonly share: number;
  /** Of the shard that holds it, against the median; null where it cannot be told. */
  readonly skew: number | null;
}

export interface DesignText {
  readonly fileName: string;
  readonly text: string;
}
