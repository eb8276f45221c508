/** Where a value lies, and which shards a statement would touch. */
import { z } from 'zod';
import { tableName } from './cluster';
import type { TableName } from './cluster';

const clusterId = z.string().min(1).max(80);

export const valueInput = z.object({ clusterId, table: tableName, value: z.string().max(10_000) });
export const statementInput = z.object({ clusterId, statement: z.string().max(100_000) });

export interface ValueRoute {
  readonly table: TableName;
  readonly tableOid: number;
  readonly column: string;
  /** format_type, as in "bigint". */
  readonly columnType: string;
  readonly method: 'hash' | 'range';
  /** Computed by this app from the catalogs it read; null where it does not know the type's hash. */
  readonly own: { readonly hash: number; readonly shardId: string | null } | null;
  /** The server's own answer; null for a hash of a range-distributed table, and for a shard that does not exist. */
  readonly server: { readonly hash: number | null; readonly shardId: string | null };
  /** Null: there is nothing to compare. */
  readonly agrees: boolean | null;
}

export interface RowCount {
  /** int8 as text. */
  readonly rows: string;
}

export type RouteKind =
  /** All of it runs on one shard group. */
  | 'one-shard'
  /** Every task works on a shard group of its own. */
  | 'many-shards'
  /** Rows are sent between the nodes before they can be joined. */
  | 'repartition'
  /** INSERT ... SELECT or MERGE whose rows go through the coordinator. */
  | 'pulled'
  /** INSERT ... SELECT or MERGE whose rows are sent from node to node. */
  | 'redistributed'
  /** An INSERT whose plan does not say where its rows go: each goes where its value leads. */
  | 'by-row'
  /** The conditions exclude every shard. */
  | 'nothing'
  /** No table that Citus knows: plain PostgreSQL on the coordinator. */
  | 'coordinator';

/** One distributed job of a plan. */
export interface RoutePart {
  readonly role: 'main' | 'subplan' | 'source';
  /** Null: not told, as in PostgreSQL's plans of the practice emulator. */
  readonly taskCount: number | null;
  readonly shardIds: readonly string[];
  /** `shardIds` are all that it touches. */
  readonly isWhole: boolean;
  readonly isRepartitioned: boolean;
}

export interface StatementRoute {
  readonly kind: RouteKind;
  /** In the order in which they run. */
  readonly parts: readonly RoutePart[];
  /** Of all parts. */
  readonly shardIds: readonly string[];
  readonly isWhole: boolean;
  /** What the coordinator does with the rows it gets, outermost first: "Aggregate", "Sort". */
  readonly coordinatorSteps: readonly string[];
  /** Steps that first read tables of the coordinator and send their rows to the nodes. */
  readonly localSubplans: number;
  /** PostgreSQL's own plan, of a practice cluster. */
  readonly isPracticePlan: boolean;
  /** The plan as the server gave it, JSON. */
  readonly plan: string;
}
