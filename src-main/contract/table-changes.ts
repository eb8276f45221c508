/** Distributing whole sets of tables, and changing or undoing what was distributed: what is asked for, and what is done. */
import { z } from 'zod';
import { tableName } from './cluster';
import type { TableName } from './cluster';
import { shardTransferModes } from './rebalance';
import type { ShardTransferMode } from './rebalance';
import type { RepairAction } from './repairs';
import type { IdentityFacts } from './table-facts';

/** Ids of the repairs, as a refusal offered them, that the plan shall carry out as steps of its own. */
const repairs = z.array(z.string().min(1).max(400)).max(2_000).optional();
const name = z.string().min(1).max(63);
const shardCount = z.number().int().min(1).max(64_000);
const transferMode = z.enum(shardTransferModes);
const colocateWith = z.union([z.literal('default'), z.literal('none'), tableName]);

/** What is done to the distribution column of a table before the table is distributed. */
export const columnPreparation = z.discriminatedUnion('how', [
  /** To a type that holds every value of the present one. */
  z.object({ how: z.literal('widen'), type: z.enum(['integer', 'bigint', 'text']) }),
  /** Filled from the table that a foreign key leads to; its type is that of the columns it will lie beside. */
  z.object({ how: z.literal('add'), foreignKey: name, parentColumn: name }),
]);
export type ColumnPreparation = z.infer<typeof columnPreparation>;

export const setTable = z.object({
  table: tableName,
  becomes: z.enum(['distributed', 'reference', 'local', 'skip']),
  /** Of a distributed table. */
  column: name.nullable(),
  /** A table named may itself be one of the set. */
  colocateWith,
  /** Null: the server's citus.shard_count, or the colocated table's. */
  shardCount: shardCount.nullable(),
  prepare: columnPreparation.optional(),
});
export type SetTable = z.infer<typeof setTable>;

/** A moment as PostgreSQL reads it: a date, or a date with a time and a zone. */
const moment = z
  .string()
  .trim()
  .regex(
    /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?([+-]\d{2}(:?\d{2})?|Z)?$/,
    'a date such as 2026-01-31',
  );

export const tableChangeRequests = [
  z.object({
    kind: z.literal('distribute-set'),
    tables: z.array(setTable).max(2_000),
    /** Schemas that are distributed as a whole, after the tables. */
    schemas: z.array(name).max(500).optional(),
    /** Foreign keys that leave for good. */
    lostKeys: z
      .array(z.object({ table: tableName, constraint: name }))
      .max(5_000)
      .optional(),
    /** Without blocking writes, where a table is distributed by hash. */
    concurrently: z.boolean(),
    repairs,
  }),
  z.object({ kind: z.literal('undistribute-table'), table: tableName, cascade: z.boolean(), repairs }),
  z.object({
    kind: z.literal('alter-table'),
    table: tableName,
    /** Null: unchanged. */
    column: name.nullable(),
    shardCount: shardCount.nullable(),
    /** Whether the tables colocated with it change along; null where there are none. */
    cascade: z.boolean().nullable(),
    repairs,
  }),
  z.object({
    kind: z.literal('change-colocation'),
    table: tableName,
    colocateWith: z.union([z.literal('none'), tableName]),
    repairs,
  }),
  z.object({ kind: z.literal('change-access-method'), table: tableName, accessMethod: name, repairs }),
  z.object({
    kind: z.literal('convert-table'),
    table: tableName,
    to: z.discriminatedUnion('type', [
      z.object({ type: z.literal('reference') }),
      z.object({
        type: z.literal('hash'),
        column: name,
        shardCount: shardCount.nullable(),
        colocateWith,
      }),
    ]),
    repairs,
  }),
  z.object({ kind: z.literal('distribute-schema'), schema: name, repairs }),
  z.object({ kind: z.literal('undistribute-schema'), schema: name, repairs }),
  z.object({ kind: z.literal('move-schema'), schema: name, nodeId: z.number().int(), transferMode, repairs }),
  z.object({
    kind: z.literal('isolate-tenant'),
    table: tableName,
    /** Value of the distribution column, as text. */
    value: z.string().min(1).max(1_000),
    /** Where its shard shall lie afterwards; null: where it is. */
    nodeId: z.number().int().nullable(),
    transferMode,
    repairs,
  }),
  z.object({
    kind: z.literal('split-shard'),
    shardId: z.string().regex(/^\d{1,19}$/),
    /** Upper ends of the new shards but the last, hash values. */
    points: z.array(z.number().int().min(-2_147_483_648).max(2_147_483_647)).min(1).max(64),
    /** One more than points. */
    nodeIds: z.array(z.number().int()).min(2).max(65),
    transferMode,
    repairs,
  }),
  z.object({
    kind: z.literal('create-partitions'),
    table: tableName,
    interval: z
      .string()
      .trim()
      .regex(/^\d{1,4} (minute|hour|day|week|month|year)s?$/, 'a length such as "1 month"'),
    from: moment,
    to: moment,
    repairs,
  }),
  z.object({ kind: z.literal('drop-partitions'), table: tableName, olderThan: moment, repairs }),
] as const;

/** An identity column that is set aside in the transaction that makes its table anew. */
export interface IdentityColumn extends TableName, IdentityFacts {
  readonly column: string;
  /** smallint, integer or bigint. */
  readonly columnType: string;
  /** Name of the sequence, in the table's schema, that keeps the position meanwhile. */
  readonly keeper: string;
}

export type TableChangeAction =
  | RepairAction
  | {
      readonly type: 'undistribute-table';
      readonly schema: string;
      readonly name: string;
      readonly cascade: boolean;
      /** Identity columns set aside for its time; absent where there are none. */
      readonly identities?: readonly IdentityColumn[];
      /** Tables whose rows are counted before and after; empty where that would take too long. */
      readonly compare: readonly TableName[];
    }
  | {
      readonly type: 'alter-table';
      readonly schema: string;
      readonly name: string;
      readonly column: string | null;
      readonly shardCount: number | null;
      readonly colocateWith: TableName | null;
      readonly cascade: boolean | null;
      /** Identity columns set aside for its time; absent where there are none. */
      readonly identities?: readonly IdentityColumn[];
      readonly compare: readonly TableName[];
    }
  | {
      readonly type: 'update-colocation';
      readonly schema: string;
      readonly name: string;
      readonly colocateWith: 'none' | TableName;
    }
  | {
      readonly type: 'set-access-method';
      readonly schema: string;
      readonly name: string;
      readonly accessMethod: string;
      readonly compare: readonly TableName[];
    }
  | {
      readonly type: 'distribute-schema';
      readonly schema: string;
      readonly compare: readonly TableName[];
    }
  | {
      readonly type: 'undistribute-schema';
      readonly schema: string;
      /** Identity columns set aside for its time; absent where there are none. */
      readonly identities?: readonly IdentityColumn[];
      readonly compare: readonly TableName[];
    }
  | {
      readonly type: 'move-schema';
      readonly schema: string;
      readonly nodeId: number;
      readonly node: string;
      readonly transferMode: ShardTransferMode;
    }
  | {
      readonly type: 'isolate-tenant';
      readonly schema: string;
      readonly name: string;
      readonly value: string;
      /** Type of the distribution column: the value is sent as one of it. */
      readonly columnType: string;
      readonly cascade: boolean;
      readonly transferMode: ShardTransferMode;
    }
  | {
      readonly type: 'move-tenant';
      readonly schema: string;
      readonly name: string;
      readonly value: string;
      readonly nodeId: number;
      readonly node: string;
      readonly transferMode: ShardTransferMode;
    }
  | {
      readonly type: 'split-shard';
      readonly schema: string;
      readonly name: string;
      readonly shardId: string;
      readonly points: readonly number[];
      readonly nodeIds: readonly number[];
      readonly transferMode: ShardTransferMode;
    }
  | {
      readonly type: 'create-partitions';
      readonly schema: string;
      readonly name: string;
      readonly interval: string;
      readonly from: string;
      readonly to: string;
    }
  | {
      readonly type: 'drop-partitions';
      readonly schema: string;
      readonly name: string;
      readonly olderThan: string;
    };

/** A way out that a refusal offers: to be asked for again in `repairs`. */
export interface Repair {
  readonly id: string;
  /** What the button says: "Widen permits_pkey". */
  readonly title: string;
  /** The same request with this table changed or added, where that is what mends it. */
  readonly table?: SetTable;
}

export interface SetTableDetails {
  readonly table: string;
  readonly becomes: SetTable['becomes'] | 'schema';
  /** "by agency_id"; empty for other types. */
  readonly by: string;
  readonly bytes: number;
  readonly shardCount: number;
  /** `host:port` and shards there; empty where Citus decides at run time. */
  readonly nodes: readonly { readonly node: string; readonly shards: number }[];
  readonly colocatedWith: readonly string[];
}

export type TableChangeDetails =
  | { readonly kind: 'distribute-set'; readonly tables: readonly SetTableDetails[] }
  | {
      readonly kind: 'change-table';
      /** What differs afterwards, a row each. */
      readonly changes: readonly {
        readonly subject: string;
        readonly before: string;
        readonly after: string;
      }[];
    };

export const tenantsInput = z.object({ clusterId: z.string().min(1).max(80), table: tableName });

/** A value of the distribution column and how much of the table it has, where that is known. */
export interface Tenant {
  readonly value: string;
  /** 0..1, from pg_stats or from a sample of rows. */
  readonly rowShare: number | null;
  /** Queries in the last period, from citus_stat_tenants where it is switched on. */
  readonly queries: number | null;
}

export interface TenantList {
  readonly tenants: readonly Tenant[];
  /** Where the shares are from: "pg_stats of 12 shards", "a sample of 10,000 rows". */
  readonly evidence: string;
}
