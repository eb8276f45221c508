/** What the health checks are judged by. Everything here was read before; a judgement asks nothing. */
import type { ClusterNode, ClusterSizes, ClusterSnapshot, NodeReachability } from '../../contract/cluster';
import type { PlanSql } from '../plan';

/** Something that was read, or the reason why it was not. */
export type Fact<T> =
  { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

export function known<T>(value: T): Fact<T> {
  return { known: true, value };
}

export function notKnown(why: string): Fact<never> {
  return { known: false, why };
}

export interface ServerVersions {
  /** As in "17.4". */
  readonly postgres: string;
  /** citus.version of the library that is loaded, as in "13.2.2"; null when none is. */
  readonly library: string | null;
  /** pg_extension.extversion, as in "13.2-1"; null when it is not created in this database. */
  readonly extension: string | null;
}

export interface ReplicationSlot {
  readonly name: string;
  readonly isActive: boolean;
  /** Of pg_wal that cannot be removed because of it; null when it holds none. */
  readonly retainedBytes: number | null;
  /** pg_replication_slots.wal_status. */
  readonly walStatus: string | null;
}

export interface PreparedTransaction {
  readonly gid: string;
  readonly ageSeconds: number;
  readonly owner: string;
}

/** A table that is named like a shard and is none that the catalogs place on its node. */
export interface LeftoverTable {
  readonly schema: string;
  readonly name: string;
  readonly shardId: string;
  /** Whose shard it is by that id; null where there is no such shard any more. */
  readonly of: { readonly schema: string; readonly name: string } | null;
  readonly bytes: number | null;
}

export interface CommitRecords {
  /** `groupid/gid` of every row of pg_dist_transaction there. */
  readonly records: ReadonlySet<string>;
  /** `pid/transaction number` of what runs there; `pid` alone where the server tells no numbers. */
  readonly active: ReadonlySet<string>;
}

export interface Connections {
  /** Client sessions that neither other nodes nor this app opened. */
  readonly own: number;
  /** Sessions of this app. */
  readonly app: number;
  /** All client sessions. */
  readonly all: number;
}

export interface Disk {
  readonly availableBytes: number;
  readonly totalBytes: number;
}

/** How far a node's clock is from this workstation's, and how far off that measure may be. */
export interface ClockReading {
  readonly offsetMs: number;
  readonly errorMs: number;
}

export interface NodeHealthFacts {
  /** The row of pg_dist_node; null for a coordinator that has none. */
  readonly node: ClusterNode | null;
  readonly groupId: number;
  /** `host:port`. */
  readonly address: string;
  /** Whether this workstation asked it, or the coordinator did. */
  readonly via: 'direct' | 'coordinator';
  readonly versions: Fact<ServerVersions>;
  /** By name; null for a setting that does not exist there. */
  readonly settings: Fact<Readonly<Record<string, string | null>>>;
  readonly slots: Fact<readonly ReplicationSlot[]>;
  readonly prepared: Fact<readonly PreparedTransaction[]>;
  readonly commits: Fact<CommitRecords>;
  readonly connections: Fact<Connections>;
  readonly clock: Fact<ClockReading>;
  readonly disk: Fact<Disk>;
  readonly leftovers: Fact<readonly LeftoverTable[]>;
}

export interface ConnectionPair {
  readonly from: string;
  readonly to: string;
  readonly reached: boolean;
}

export interface Connectivity {
  readonly pairs: readonly ConnectionPair[];
  /** Nodes whose own view is missing, with the reason. */
  readonly silent: readonly { readonly from: string; readonly why: string }[];
}

export interface CleanupRecord {
  readonly recordId: string;
  readonly objectType: number;
  readonly objectName: string;
  readonly groupId: number;
  /** Milliseconds since this app saw it first. */
  readonly seenForMs: number;
}

/** The statements that were sent, as they were sent, by what they read. */
export type HealthStatements = Readonly<
  Record<
    | 'heartbeat'
    | 'versions'
    | 'settings'
    | 'slots'
    | 'prepared'
    | 'connections'
    | 'clock'
    | 'disk'
    | 'connectivity'
    | 'cleanup'
    | 'sizes'
    // What the catalogs' own reading holds, as a statement of its own.
    | 'nodes'
    | 'tables'
    | 'references'
    | 'placements'
    | 'leftovers',
    string
  >
>;

export interface HealthFacts {
  readonly snapshot: ClusterSnapshot;
  readonly reachability: Fact<readonly NodeReachability[]>;
  /** Active primaries that answer, the coordinator in any case. */
  readonly nodes: readonly NodeHealthFacts[];
  /** Addresses of active primaries that do not answer: told once, by the check of reachability, and asked nothing else. */
  readonly away: readonly string[];
  readonly connectivity: Fact<Connectivity>;
  readonly cleanup: Fact<readonly CleanupRecord[]>;
  readonly sizes: Fact<ClusterSizes>;
  readonly statements: HealthStatements;
  readonly sql: Pick<PlanSql, 'qualified' | 'literal'>;
}
