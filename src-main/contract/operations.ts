import { z } from 'zod';
import { tableName } from './cluster';
import type { Stall, TableName } from './cluster';
import type { Failure } from './failure';
import { rebalanceMovesRequest, shardTransferModes } from './rebalance';
import type { MoveOrder, MoveWindow, OrderedMove, RebalanceReport, ShardTransferMode } from './rebalance';
import { tableChangeRequests } from './table-changes';
import type { Repair, TableChangeAction, TableChangeDetails } from './table-changes';

export type { ShardTransferMode } from './rebalance';

/** What a person asks for. A new kind of operation begins here; the compiler lists what is missing. */
export const operationRequest = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('add-node'),
    host: z
      .string()
      .trim()
      .min(1, 'a host is needed')
      .max(255)
      .regex(/^[^\s/@]+$/, 'a host name or address, without spaces, "/" or "@"'),
    port: z.number().int().min(1).max(65535),
    /** Whether the rebalancer may place shards on it. */
    shouldHaveShards: z.boolean(),
  }),
  z.object({
    kind: z.literal('distribute-table'),
    table: tableName,
    as: z.discriminatedUnion('type', [
      z.object({
        type: z.literal('hash'),
        column: z.string().min(1).max(63),
        /** Null: the server's citus.shard_count, or the colocated table's. */
        shardCount: z.number().int().min(1).max(64_000).nullable(),
        colocateWith: z.union([z.literal('default'), z.literal('none'), tableName]),
        /** By create_distributed_table_concurrently: writes go on while rows are copied. */
        concurrently: z.boolean().optional(),
      }),
      z.object({ type: z.literal('append'), column: z.string().min(1).max(63) }),
      z.object({ type: z.literal('reference') }),
      z.object({ type: z.literal('local') }),
    ]),
  }),
  z.object({
    kind: z.literal('rebalance'),
    /** Null: the cluster's default strategy. */
    strategy: z.string().min(1).max(63).nullable(),
    drainOnly: z.boolean(),
    transferMode: z.enum(shardTransferModes),
  }),
  rebalanceMovesRequest,
  ...tableChangeRequests,
]);
export type OperationRequest = z.infer<typeof operationRequest>;
export type OperationKind = OperationRequest['kind'];
export type RequestOf<K extends OperationKind> = Extract<OperationRequest, { kind: K }>;

/** A statement as it is sent: text with $n and its values. `shown` is the same with the values written in by the driver's own quoting. */
export interface ShownStatement {
  readonly text: string;
  readonly values: readonly (string | number | boolean | null)[];
  readonly shown: string;
}

/** Length of time in milliseconds, shortest to longest expected. */
export type DurationRange = readonly [number, number];

export interface PlanStep {
  /** Stable inside the plan; the journal refers to it. */
  readonly stepId: string;
  readonly title: string;
  /** Node it runs on, as the person knows it. */
  readonly where: string;
  readonly statements: readonly ShownStatement[];
  /** What waits or fails while it runs: "nothing", "writes to permits". */
  readonly blocks: string;
  /** How it can be taken back, or that it cannot. */
  readonly undo: string;
  readonly canBeUndone: boolean;
  readonly expectedMs: DurationRange | null;
  readonly countsAsDoneWhen: string;
  readonly ifInterrupted: string;
  /** Parts that begin and end by themselves, where it has such. */
  readonly items?: readonly PlannedItem[];
  /** What the engine executes and observes; its `type` names a step implementation. */
  readonly action: StepAction;
}

export interface PlannedItem {
  /** Unique inside the step. */
  readonly itemId: string;
  readonly title: string;
  readonly bytes: number | null;
  /** A move that Citus planned itself; those that a plan listed are in its action. */
  readonly move?: ItemMove;
}

export interface ItemMove extends MoveOrder {
  /** Every table that travels along; empty where that is not known. */
  readonly tables: readonly string[];
  /** `host:port` */
  readonly sourceNode: string;
  readonly targetNode: string;
}

export type StepAction =
  | { readonly type: 'set-coordinator-host'; readonly host: string; readonly port: number }
  | { readonly type: 'add-node'; readonly host: string; readonly port: number }
  | {
      readonly type: 'set-should-have-shards';
      readonly host: string;
      readonly port: number;
      readonly value: boolean;
    }
  | {
      readonly type: 'replicate-reference-tables';
      readonly host: string;
      readonly port: number;
      readonly transferMode: ShardTransferMode;
      /** Tables whose copies are compared afterwards. */
      readonly tables: readonly TableName[];
    }
  | {
      readonly type: 'distribute-table';
      readonly schema: string;
      readonly name: string;
      readonly as: Extract<OperationRequest, { kind: 'distribute-table' }>['as'];
      /** Rows counted by the plan's own step before, compared after. */
      readonly compareRows: boolean;
      /** One shard after the other: names this long make Citus deadlock with itself when it makes shards in parallel. */
      readonly oneByOne: boolean;
    }
  | { readonly type: 'truncate-local-data'; readonly schema: string; readonly name: string }
  | {
      readonly type: 'start-rebalance';
      readonly strategy: string | null;
      readonly drainOnly: boolean;
      readonly transferMode: ShardTransferMode;
    }
  | { readonly type: 'follow-job' }
  | {
      readonly type: 'move-shards';
      readonly moves: readonly OrderedMove[];
      readonly transferMode: ShardTransferMode;
      readonly parallelMoves: number;
      readonly movesPerNode: number;
      readonly window: MoveWindow | null;
      /** Citus up to 13.1 locks a whole colocation group while one of its shards moves. */
      readonly oneOfGroupAtATime: boolean;
      /** False: Citus 11.1, which knows nodes by host and port only. */
      readonly byNodeId: boolean;
    }
  | {
      readonly type: 'check-balance';
      readonly measure: 'bytes' | 'groups';
      /** As the plan found them and as it foresaw them. */
      readonly nodes: readonly NodeLoad[];
    }
  | TableChangeAction;

export interface Finding {
  readonly level: 'stops' | 'mind' | 'fine';
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  /** The remedy as the plan can carry it out itself, where there is one. */
  readonly repair?: Repair;
}

export interface PlannedMove {
  readonly shardId: string;
  /** Every table that travels along, the shard's own first. */
  readonly tables: readonly string[];
  readonly sourceNode: string;
  readonly targetNode: string;
  /** Null where sizes are not known. */
  readonly bytes: number | null;
}

export interface NodeLoad {
  readonly node: string;
  readonly bytesBefore: number | null;
  readonly bytesAfter: number | null;
  readonly shardGroupsBefore: number;
  readonly shardGroupsAfter: number;
}

export interface PlannedShard {
  /** Position in the hash range, from 0. */
  readonly index: number;
  readonly minValue: number;
  readonly maxValue: number;
  readonly node: string;
}

export type PlanDetails =
  | { readonly kind: 'add-node'; readonly node: string; readonly referenceTables: readonly string[] }
  | {
      readonly kind: 'distribute-table';
      /** Where the shards will lie; empty where Citus decides at run time. */
      readonly placement: readonly PlannedShard[];
      readonly colocatedWith: readonly string[];
    }
  | {
      readonly kind: 'rebalance';
      /** Null where the moves were chosen one by one. */
      readonly strategy: string | null;
      readonly moves: readonly PlannedMove[];
      readonly nodes: readonly NodeLoad[];
    }
  | TableChangeDetails;

export interface Plan {
  readonly planId: string;
  readonly clusterId: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly request: OperationRequest;
  /** As in "Add node db-w201:5432". */
  readonly title: string;
  /** One line that says what will be different afterwards. */
  readonly summary: string;
  readonly steps: readonly PlanStep[];
  readonly findings: readonly Finding[];
  readonly details: PlanDetails;
  /** Of what the plan was made from; a plan is only run while this still holds. */
  readonly basis: string;
}

export interface RefusalReason {
  readonly code: string;
  readonly message: string;
  /** What to do about it; SQL that mends it where there is such. */
  readonly fix: string;
  readonly fixSql?: string;
  /** The fix as the plan can carry it out itself, where there is one. */
  readonly repair?: Repair;
}

export type PlanReply =
  | { readonly outcome: 'plan'; readonly plan: Plan }
  | { readonly outcome: 'refusal'; readonly title: string; readonly reasons: readonly RefusalReason[] };

export type StartReply =
  | { readonly outcome: 'started'; readonly operation: Operation }
  /** The cluster is no longer what the plan was made from; here is the new plan and what differs. */
  | { readonly outcome: 'changed'; readonly differences: readonly string[]; readonly reply: PlanReply };

/**
 * - `needs-person`: after a crash or a failed step the world and the journal disagree, or a step may not be repeated unasked.
 * - `interrupted`: found in the journal at start and not yet looked at.
 */
export type OperationState =
  | 'running'
  | 'pausing'
  | 'paused'
  | 'cancelling'
  | 'cancelled'
  | 'interrupted'
  | 'needs-person'
  | 'done'
  | 'failed';

export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'conflict';

/** Part of a step while and after it runs. */
export interface StepItem extends PlannedItem {
  readonly state: StepState;
  /** ISO 8601; of the latest attempt. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly attempts: number;
  /** What came of it, or the last error in plain words. */
  readonly outcome: string | null;
  /** While it runs, as far as the cluster tells. */
  readonly live: ItemProgress | null;
}

export interface ItemProgress {
  /** Citus's own phase: "Setting Up", "Copying Data", "Catching Up" ... */
  readonly phase: string;
  readonly sourceBytes: number | null;
  readonly targetBytes: number | null;
  /** Bytes of WAL that the target has still to apply. */
  readonly lagBytes: number | null;
  /** ISO 8601: when a byte, a position in the log or the phase last changed. */
  readonly progressedAt: string;
}

export interface OperationStep extends Omit<PlanStep, 'items'> {
  readonly items: readonly StepItem[];
  readonly state: StepState;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** What came of it, one line: "job 2 scheduled, 13 moves". */
  readonly outcome: string | null;
  /** 0..1 while it runs, where it can be told. */
  readonly progress: number | null;
  /** While it runs, where it can be told. */
  readonly remainingMs: DurationRange | null;
  /** While it runs and does not come on. */
  readonly stall: Stall | null;
  readonly notices: readonly string[];
  readonly failure: Failure | null;
}

export interface Operation {
  readonly operationId: string;
  readonly revision: number;
  readonly clusterId: string;
  readonly kind: OperationKind;
  /** What was asked for and consented to. */
  readonly request: OperationRequest;
  readonly title: string;
  readonly summary: string;
  readonly state: OperationState;
  /** What is wanted of a person now, where something is. */
  readonly attention: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly steps: readonly OperationStep[];
  readonly details: PlanDetails;
  /** The background job it started, if any. */
  readonly jobId: string | null;
  /** What a run of moves came to; null before its end and for operations of other kinds. */
  readonly report: RebalanceReport | null;
}

export const planInput = z.object({ clusterId: z.string().min(1).max(80), request: operationRequest });
export const startInput = z.object({ planId: z.string().min(1).max(80) });
export const operationInput = z.object({ operationId: z.string().min(1).max(80) });
/** Decisions for an operation that waits for a person. `retry` observes first and repeats only what is absent. */
export const decideInput = z.object({
  operationId: z.string().min(1).max(80),
  decision: z.enum(['retry', 'abandon']),
});
