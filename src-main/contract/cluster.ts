import { z } from 'zod';
import type { Failure } from './failure';
import type { ClusterVersions } from './sessions';

/** One row of pg_dist_node. */
export interface ClusterNode {
  readonly nodeId: number;
  /** 0 is the coordinator's group. */
  readonly groupId: number;
  readonly name: string;
  readonly port: number;
  readonly rack: string;
  readonly role: 'primary' | 'secondary' | 'unavailable';
  readonly nodeCluster: string;
  readonly isActive: boolean;
  readonly hasMetadata: boolean;
  readonly metadataSynced: boolean;
  readonly shouldHaveShards: boolean;
  readonly isClone: boolean;
}

/** Citus's own words (citus_tables.citus_table_type) for what a table is. */
export type CitusTableType = 'distributed' | 'reference' | 'local' | 'schema';

export interface ClusterTable {
  /** pg_class oid, unique in a cluster. */
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly type: CitusTableType;
  /** pg_dist_partition.partmethod in words; `none` for reference, local and single-shard tables. */
  readonly method: 'hash' | 'range' | 'append' | 'none';
  readonly distributionColumn: string | null;
  readonly colocationId: number;
  readonly shardCount: number;
  readonly owner: string;
  readonly accessMethod: string | null;
  readonly isPartitioned: boolean;
  /** The partitioned table this one is a partition of. */
  readonly parentOid: number | null;
  /** False when shards of the table cannot be moved online: no primary key and no replica identity. */
  readonly hasReplicaIdentity: boolean;
  readonly isUnlogged: boolean;
}

export interface ColocationGroup {
  readonly colocationId: number;
  /** Counted: pg_dist_colocation keeps the count of when the group was made, which splits do not change. */
  readonly shardCount: number;
  /** -1 for reference tables, as Citus records it. */
  readonly replicationFactor: number;
  readonly distributionColumnType: string | null;
  readonly distributionColumnCollation: string | null;
}

export interface Shard {
  /** int8 as text: no digit is lost. */
  readonly shardId: string;
  readonly tableOid: number;
  /** Hash range, inclusive; null for reference, local, single-shard and append tables. */
  readonly minValue: number | null;
  readonly maxValue: number | null;
  /** Groups that hold a placement of it. */
  readonly groupIds: readonly number[];
}

export type JobState =
  'scheduled' | 'running' | 'finished' | 'cancelling' | 'cancelled' | 'failing' | 'failed';

/** One row of pg_dist_background_job with its tasks counted. */
export interface BackgroundJob {
  readonly jobId: string;
  readonly state: JobState;
  readonly jobType: string;
  readonly description: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly taskCounts: Readonly<Record<string, number>>;
}

/** What the coordinator's catalogs say, read in at most five statements that contact no worker. */
export interface ClusterSnapshot {
  readonly clusterId: string;
  /** Rises when anything but `takenAt` differs from the snapshot before. */
  readonly revision: number;
  /** ISO 8601. */
  readonly takenAt: string;
  readonly versions: ClusterVersions;
  readonly capabilities: Capabilities;
  readonly nodes: readonly ClusterNode[];
  readonly tables: readonly ClusterTable[];
  readonly colocationGroups: readonly ColocationGroup[];
  readonly shards: readonly Shard[];
  /** Jobs that have not ended, and the newest that has. */
  readonly jobs: readonly BackgroundJob[];
  /** Count of pg_dist_cleanup records. */
  readonly cleanupRecords: number;
  readonly rebalanceStrategies: readonly RebalanceStrategy[];
}

/** What a reading found that differs from the snapshot before it, so that 40,000 shards are not told again for one job. */
export interface SnapshotChange {
  readonly clusterId: string;
  readonly revision: number;
  /** ISO 8601. */
  readonly takenAt: string;
  /** The revision it is to be applied to; null when it stands by itself, with every part. */
  readonly base: number | null;
  /** The parts that differ, each whole. */
  readonly parts: Partial<Omit<ClusterSnapshot, 'clusterId' | 'revision' | 'takenAt' | 'shards'>>;
  /** Null when no shard differs. */
  readonly shards: ShardChange | null;
}

export interface ShardChange {
  /** New ones, and those that lie elsewhere or have another range. */
  readonly changed: readonly Shard[];
  /** Ids of those that are gone. */
  readonly removed: readonly string[];
}

export interface RebalanceStrategy {
  readonly name: string;
  readonly isDefault: boolean;
  readonly defaultThreshold: number;
  readonly minimumThreshold: number;
  readonly improvementThreshold: number;
}

/** What this server can do, probed by object, not by version string. */
export interface Capabilities {
  readonly backgroundRebalance: boolean;
  readonly jobStatus: boolean;
  readonly moveByNodeId: boolean;
  readonly schemaSharding: boolean;
  readonly clones: boolean;
  readonly parallelTransfer: boolean;
  readonly isSuperuser: boolean;
  /** Role that the session runs as. */
  readonly role: string;
  readonly isCoordinator: boolean;
}

/** Sizes open a connection from the coordinator to every node, so they have a slower beat of their own. */
export interface ClusterSizes {
  readonly clusterId: string;
  readonly revision: number;
  readonly takenAt: string;
  /** Shard id -> bytes of one placement (largest of its placements). A shard that is absent is unknown, not empty. */
  readonly shardBytes: Readonly<Record<string, number>>;
  /** Revision in which `shardBytes` last differed: equal ones are equal without looking at each shard. Absent: not known. */
  readonly bytesRevision?: number;
  /** Null when known for all. */
  readonly incomplete: string | null;
}

/** What a reading found that differs from the one before it. */
export interface SizesChange extends Omit<ClusterSizes, 'shardBytes' | 'bytesRevision'> {
  readonly bytesRevision: number;
  /** The `bytesRevision` it is to be applied to; null when it stands by itself. */
  readonly base: number | null;
  readonly changed: ClusterSizes['shardBytes'];
  /** Ids of shards that are gone, or whose size is not known any more. */
  readonly removed: readonly string[];
}

export interface NodeReachability {
  readonly nodeId: number;
  /** `indirect`: the coordinator reaches it, this workstation does not. */
  readonly state: 'reachable' | 'indirect' | 'unreachable' | 'unknown';
  /** ISO 8601: since when it is in this state, as far as this app has seen. */
  readonly since: string;
  /** ISO 8601 of the last answer. */
  readonly lastSeenAt: string | null;
  readonly latencyMs: number | null;
  readonly failure: Failure | null;
  /** Absent before the first try. */
  readonly pace?: NodePace;
}

/** How fast a node answered lately, against how fast it usually does. */
export interface NodePace {
  /** Milliseconds of the last probes, newest last; `late` ran into the time limit, `none` got no answer otherwise. */
  readonly recent: readonly (number | 'late' | 'none')[];
  /** Median of the answers that were not slow; null before the first answer. */
  readonly usualMs: number | null;
}

export interface ClusterReachability {
  readonly clusterId: string;
  readonly revision: number;
  readonly takenAt: string;
  readonly nodes: readonly NodeReachability[];
}

/** One shard group that is being moved or copied, from get_rebalance_progress and the job's tasks. */
export interface MoveProgress {
  readonly shardId: string;
  readonly tables: readonly string[];
  readonly sourceNode: string;
  readonly targetNode: string;
  readonly operation: 'move' | 'copy';
  /** Citus's own phase: "Setting Up", "Copying Data", "Catching Up" ... */
  readonly phase: string;
  readonly sourceBytes: number | null;
  readonly targetBytes: number | null;
  readonly sourceLsn: string | null;
  readonly targetLsn: string | null;
}

export interface TaskProgress {
  readonly taskId: string;
  readonly status: string;
  readonly command: string;
  readonly retryCount: number;
  readonly message: string;
  readonly shardId: string | null;
  readonly sourceNodeId: number | null;
  readonly targetNodeId: number | null;
}

/** Nothing that runs made progress for minutes, and why, most likely. */
export interface Stall {
  /** ISO 8601: when a byte, a position in the log or a phase last changed. */
  readonly since: string;
  /** Begins with a small letter: it stands after a colon. */
  readonly words: string;
  readonly remedy: string;
}

/** A background job while it runs: three levels, job -> task -> phase. */
export interface JobProgress {
  readonly clusterId: string;
  readonly revision: number;
  readonly takenAt: string;
  readonly job: BackgroundJob;
  readonly tasks: readonly TaskProgress[];
  readonly moves: readonly MoveProgress[];
  /** Bytes of the finished and the current moves, and of all, where sizes are known. */
  readonly bytesDone: number | null;
  readonly bytesTotal: number | null;
  /** A range in seconds, from the rate seen so far; null until there is one. */
  readonly remainingSeconds: readonly [number, number] | null;
  /** Null while it comes on. */
  readonly stall: Stall | null;
}

export const tableName = z.object({ schema: z.string().min(1).max(63), name: z.string().min(1).max(63) });
export type TableName = z.infer<typeof tableName>;

/** `now`: read them again. `arriving`: somebody comes to look. `watching`: somebody goes on looking. */
const sizesWanted = z.enum(['now', 'arriving', 'watching']);
export type SizesWanted = z.infer<typeof sizesWanted>;

export const readSizesInput = z.object({ clusterId: z.string().min(1).max(80), wanted: sizesWanted });

export const tableInput = z.object({ clusterId: z.string().min(1).max(80), table: tableName });

/** An ordinary PostgreSQL table on the coordinator that could be distributed. */
export interface PlainTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly bytes: number;
  /** pg_class.reltuples; -1 when it was never analysed. */
  readonly rowEstimate: number;
  readonly isPartitioned: boolean;
  readonly owner: string;
}

export interface TableColumn {
  readonly name: string;
  /** format_type, as in "numeric(10,2)". */
  readonly type: string;
  readonly isNullable: boolean;
  readonly isGenerated: boolean;
  readonly isIdentity: boolean;
  /** Has a default hash operator class: without one it cannot be a distribution column. */
  readonly isHashable: boolean;
  /** From pg_stats: distinct values; negative is a share of the rows. Null when never analysed. */
  readonly distinctEstimate: number | null;
  readonly nullFraction: number | null;
}

export interface TableConstraint {
  readonly name: string;
  readonly type: 'primary-key' | 'unique' | 'exclusion' | 'foreign-key' | 'check';
  readonly columns: readonly string[];
  /** For a foreign key. */
  readonly references: (TableName & { readonly columns: readonly string[] }) | null;
  readonly definition: string;
}

/** What the distribute wizard needs to know about one table. */
export interface TableDescription extends PlainTable {
  readonly columns: readonly TableColumn[];
  readonly constraints: readonly TableConstraint[];
  /** Foreign keys of other tables that point here. */
  readonly referencedBy: readonly (TableName & { readonly constraint: string })[];
  /** Those that are not a constraint's own; an expression stands as its text. */
  readonly uniqueIndexes: readonly { readonly name: string; readonly columns: readonly string[] }[];
  readonly triggers: readonly string[];
  /** `relkind` in words. */
  readonly relationKind: 'table' | 'partitioned' | 'foreign' | 'view' | 'other';
  readonly isTemporary: boolean;
  readonly isPartition: boolean;
  readonly citusType: CitusTableType | null;
}
