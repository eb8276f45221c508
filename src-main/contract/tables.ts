/** What the table browser reads beside the snapshot, only while somebody looks at it. */

export type KeyAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';

/** A foreign key between two tables as people see them, not one between shards. */
export interface ForeignKey {
  readonly name: string;
  /** pg_class oid of the table that has the key, and of the table it refers to. */
  readonly fromOid: number;
  readonly toOid: number;
  readonly columns: readonly string[];
  readonly referencedColumns: readonly string[];
  /** format_type without modifier, in the order of the columns. */
  readonly columnTypes: readonly string[];
  readonly referencedTypes: readonly string[];
  readonly onDelete: KeyAction;
  readonly onUpdate: KeyAction;
  readonly isValidated: boolean;
  readonly definition: string;
}

/** From the coordinator alone. */
export interface TableKeys {
  /** ISO 8601. */
  readonly takenAt: string;
  readonly foreignKeys: readonly ForeignKey[];
  /** Oid -> the statement that lets the table's shards move online; only for tables that cannot. */
  readonly onlineMoveFixes: Readonly<Record<string, string>>;
}

export interface RowEstimate {
  /** Sum of pg_class.reltuples over the shards that were analysed, one copy of each. */
  readonly rows: number;
  /** Shards that say nothing, because they were never analysed. */
  readonly unanalysedShards: number;
}

/** From every node that holds shards, over the coordinator's connections. */
export interface TableRowEstimates {
  /** ISO 8601. */
  readonly takenAt: string;
  /** Oid -> estimate. A table that is absent is unknown, not empty. */
  readonly estimates: Readonly<Record<string, RowEstimate>>;
  /** Whose rows are missing, in words; null when every node answered. */
  readonly incomplete: string | null;
}
