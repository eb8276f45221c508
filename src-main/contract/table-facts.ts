/** What is read about one table before it is distributed or changed, and the settings that decide with it. */
import type { TableName } from './cluster';

export interface IdentityFacts {
  readonly generated: 'ALWAYS' | 'BY DEFAULT';
  /** The identity's own sequence, dropped with it. */
  readonly sequence: TableName;
  /** As CREATE SEQUENCE takes them: "START WITH 1 INCREMENT BY 1 ...". */
  readonly options: string;
}

export interface ColumnFacts {
  readonly name: string;
  /** format_type without its modifier, as in "numeric": what colocation compares. */
  readonly type: string;
  readonly collation: string | null;
  readonly isCollationDeterministic: boolean;
  readonly isGenerated: boolean;
  /** Null where it is no identity column. */
  readonly identity: IdentityFacts | null;
  readonly isNullable: boolean;
  /** Whether the type has a default hash operator class. */
  readonly isHashable: boolean;
  /** numeric(5,-2) and the like. */
  readonly hasNegativeScale: boolean;
  readonly hasSequenceDefault: boolean;
  readonly distinctEstimate: number | null;
}

export interface UniquenessFacts {
  readonly name: string;
  readonly kind: 'primary-key' | 'unique' | 'exclusion' | 'unique-index';
  /** Plain columns; an expression is not among them. For an exclusion those compared with equality. */
  readonly columns: readonly string[];
  /** As pg_get_constraintdef or pg_get_indexdef writes it. */
  readonly definition: string;
}

export interface ForeignKeyFacts {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: TableName;
  readonly referencedColumns: readonly string[];
  readonly onDelete: ForeignKeyAction;
  readonly onUpdate: ForeignKeyAction;
  /** As pg_get_constraintdef writes it. */
  readonly definition: string;
}

/** A foreign key between any two tables that keys tie to the one in question, over any number of hops. */
export interface ConnectedKey {
  readonly name: string;
  readonly from: TableName;
  readonly to: TableName;
  readonly definition: string;
}

export type ForeignKeyAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';

export interface TableFacts extends TableName {
  readonly oid: number;
  readonly kind: 'table' | 'partitioned' | 'foreign' | 'view' | 'other';
  readonly isTemporary: boolean;
  readonly isUnlogged: boolean;
  readonly isCatalog: boolean;
  /** The partitioned table it is a partition of. */
  readonly parent: TableName | null;
  /** Partitions that are partitioned themselves. */
  readonly partitionedPartitions: readonly TableName[];
  /** Takes part in inheritance other than partitioning. */
  readonly isInInheritance: boolean;
  readonly owner: string;
  /** Whether this session's role may act as the owner. */
  readonly actsAsOwner: boolean;
  /** Bytes of the heap on the coordinator, of every partition together. */
  readonly heapBytes: number;
  /** With indexes and TOAST. */
  readonly totalBytes: number;
  /** pg_class.reltuples summed; -1 when never analysed. */
  readonly rowEstimate: number;
  readonly columns: readonly ColumnFacts[];
  readonly uniqueness: readonly UniquenessFacts[];
  readonly foreignKeys: readonly ForeignKeyFacts[];
  /** Foreign keys of other tables that point here. */
  readonly referencedBy: readonly {
    readonly name: string;
    readonly table: TableName;
    readonly definition: string;
  }[];
  /** Every foreign key of the web of keys that this table belongs to, its own included. */
  readonly connectedKeys: readonly ConnectedKey[];
  /** Bytes of the longest name among the table and its partitions. */
  readonly longestNameBytes: number;
  /** Triggers that a person made. */
  readonly triggers: readonly string[];
  readonly hasReplicaIdentity: boolean;
  /** Null for a partitioned table. */
  readonly accessMethod: string | null;
  /** Columns that were dropped and left a gap in the numbering. */
  readonly droppedColumns: number;
  /** What is dropped with the table when Citus makes it anew: it makes views again, functions not. */
  readonly dependents: readonly {
    readonly kind: 'view' | 'materialized-view' | 'function';
    readonly name: string;
  }[];
  /** Columns that some view or rule reads. */
  readonly columnsInViews: readonly string[];
  /** Columns that it is partitioned by. */
  readonly partitionedBy: readonly { readonly name: string; readonly type: string }[];
}

export interface DistributionSettings {
  /** citus.shard_count */
  readonly shardCount: number;
  /** citus.shard_replication_factor */
  readonly replicationFactor: number;
  /** citus.allow_unsafe_constraints */
  readonly allowUnsafeConstraints: boolean;
  /** citus.enable_unsafe_triggers */
  readonly enableUnsafeTriggers: boolean;
  /** output_plugin_libraries lets the decoder of Citus in; true where the server has no such setting. */
  readonly decoderAllowed: boolean;
  readonly walLevel: string;
  readonly hasBtreeGist: boolean;
  /** create_distributed_table_concurrently, since 11.1. */
  readonly hasConcurrently: boolean;
}
