/** What the advisor judges: the schema, its statistics and the statements that were seen. */
import type { CitusTableType, TableName } from './cluster';
import type { ForeignKeyFacts, UniquenessFacts } from './table-facts';

/** One row of pg_stats. */
export interface ColumnStatistics {
  /** As n_distinct: negative is a share of the rows. */
  readonly distinct: number;
  readonly nullFraction: number;
  /** most_common_vals as text, the most common first, with their shares of the rows. */
  readonly commonValues: readonly string[];
  readonly commonShares: readonly number[];
  /** Of physical and logical order, -1 to 1. */
  readonly correlation: number | null;
}

export interface AdvisorColumn {
  readonly name: string;
  /** format_type without its modifier: what colocation compares. */
  readonly type: string;
  readonly collation: string | null;
  readonly isCollationDeterministic: boolean;
  readonly isNullable: boolean;
  readonly isGenerated: boolean;
  readonly isHashable: boolean;
  readonly hasNegativeScale: boolean;
  readonly hasSequenceDefault: boolean;
  /** Null: never analysed, or not to be seen by this role. */
  readonly statistics: ColumnStatistics | null;
}

export interface AdvisorUniqueness extends Pick<UniquenessFacts, 'name' | 'kind' | 'columns'> {
  /** False for an index over an expression or over some of the rows: it cannot be widened by adding a column's name. */
  readonly isPlain: boolean;
}

export interface AdvisorTable extends TableName {
  readonly isPartitioned: boolean;
  /** -1: never analysed. Of a table that is distributed already, of its shell on the coordinator. */
  readonly rows: number;
  readonly bytes: number;
  readonly columns: readonly AdvisorColumn[];
  readonly uniqueness: readonly AdvisorUniqueness[];
  readonly foreignKeys: readonly ForeignKeyFacts[];
  readonly triggers: readonly string[];
  /** Why Citus cannot take it at all, as in "takes part in table inheritance"; null where it can. */
  readonly obstacle: string | null;
  /** Rows written since the statistics were reset, from pg_stat_user_tables. */
  readonly writes: number | null;
  /** What it is in Citus already. */
  readonly citus: {
    readonly type: CitusTableType;
    readonly column: string | null;
    readonly colocationId: number;
    readonly shardCount: number;
  } | null;
}

/** One row of pg_stat_statements. */
export interface ObservedStatement {
  readonly text: string;
  readonly calls: number;
  readonly totalMs: number;
}

/** Values of one column in rows that were looked at, counted. */
export interface ColumnSample {
  readonly table: TableName;
  readonly column: string;
  readonly rows: number;
  readonly values: readonly (readonly [value: string, count: number])[];
}

/** Rows of a child were joined to their parent: whether a column of both holds one value in all of them. */
export interface ColumnAgreement {
  readonly table: TableName;
  readonly foreignKey: string;
  readonly column: string;
  readonly parentColumn: string;
  readonly rows: number;
  readonly differs: boolean;
}

export interface AdvisorFacts {
  readonly tables: readonly AdvisorTable[];
  readonly statements: readonly ObservedStatement[] | null;
  readonly statementsMissing: { readonly why: string; readonly remedy: string } | null;
  readonly samples: readonly ColumnSample[];
  readonly agreements: readonly ColumnAgreement[];
  /** Nodes that take shards. */
  readonly workers: number;
  /** citus.shard_count */
  readonly shardCountSetting: number;
  readonly allowsTriggers: boolean;
  readonly canShardSchemas: boolean;
  /** Whether the coordinator is in pg_dist_node: without it no ordinary table may reference a reference table. */
  readonly hasCoordinator: boolean;
  readonly gaps: readonly string[];
}
