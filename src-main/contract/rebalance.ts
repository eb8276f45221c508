/** What is agreed on plans of our own: what a person may demand of one, what may be tried out, and moves one by one. */
import { z } from 'zod';
import { tableName } from './cluster';

export const shardTransferModes = ['auto', 'force_logical', 'block_writes'] as const;
export type ShardTransferMode = (typeof shardTransferModes)[number];

/** int8 as text: no digit is lost. */
const shardId = z.string().regex(/^\d{1,19}$/, 'the id of a shard');
const nodeId = z.number().int().min(1);

/** One move of a shard group, named by one of its shards; the shards colocated with it travel along. */
export const moveOrder = z.object({ shardId, sourceNodeId: nodeId, targetNodeId: nodeId });
export type MoveOrder = z.infer<typeof moveOrder>;

/**
 * - `fill`: takes shards. As soon as one node is to be filled, only such nodes take any.
 * - `drain`: ends without a shard that can be moved.
 * - `freeze`: neither takes nor gives, and counts in the average.
 * - `exempt`: neither takes nor gives, and counts in nothing.
 */
const nodeRules = ['fill', 'drain', 'freeze', 'exempt'] as const;
export type NodeRule = (typeof nodeRules)[number];

/** `cost`: what the functions of a strategy of the cluster's own answer. */
export const planMeasures = ['bytes', 'groups', 'cost'] as const;
export type PlanMeasure = (typeof planMeasures)[number];

/** What a plan of ours must keep to. Null: no such limit. */
export const rebalanceConstraints = z.object({
  /** What is evened out: bytes (as by_disk_size, base cost included), the number of shard groups, or a strategy's costs. */
  measure: z.enum(planMeasures),
  /** Whose functions are asked where costs are evened out. */
  strategy: z.string().min(1).max(63).optional(),
  /** Only what lies where nothing may lie is moved. */
  drainOnly: z.boolean().optional(),
  /**
   * How even: no node fuller than the fullest after Citus's own plan; or none more than a share above the average, as in
   * 0.1.
   */
  target: z.discriminatedUnion('type', [
    z.object({ type: z.literal('as-citus') }),
    z.object({ type: z.literal('within'), share: z.number().min(0).max(10) }),
  ]),
  nodeRules: z.array(z.object({ nodeId, rule: z.enum(nodeRules) })).max(1_000),
  /** Their shard groups, and the tables colocated with them, stay where they are. */
  pinnedTables: z.array(tableName).max(1_000),
  /** The groups of these shards stay where they are: where a tenant lies, say. */
  pinnedShards: z.array(shardId).max(10_000),
  maxBytes: z.number().min(0).nullable(),
  maxMoves: z.number().int().min(0).nullable(),
  /** Held by the longer end of the estimate. */
  maxHours: z.number().positive().nullable(),
  /** Moves at the same time, and how many of them may touch one node. */
  parallelMoves: z.number().int().min(1).max(64),
  movesPerNode: z.number().int().min(1).max(16),
  /** Share of each disk that stays free at every step, as in 0.1; the source's copy counts until it is cleaned up. */
  keepFreeShare: z.number().min(0).max(0.95).nullable(),
  order: z.enum(['shortest-first', 'most-relief-first']),
});
export type RebalanceConstraints = z.infer<typeof rebalanceConstraints>;

/** Changes of the world that are tried out, and never made. */
export const whatIf = z.object({
  addedNodes: z.number().int().min(0).max(100),
  removedNodeIds: z.array(nodeId).max(1_000),
  /** A node that may hold twice as much as an ordinary one has 2. */
  capacities: z.array(z.object({ nodeId, factor: z.number().min(0.1).max(10) })).max(1_000),
  /** All bytes times this. */
  growth: z.number().min(0.1).max(100),
  /** A tenant with this share of the bytes of a group gets a group of its own beside it. */
  isolated: z.object({ shardId, share: z.number().min(0.01).max(0.99) }).nullable(),
});
export type WhatIf = z.infer<typeof whatIf>;

export const exploreInput = z.object({
  clusterId: z.string().min(1).max(80),
  constraints: rebalanceConstraints,
  whatIf,
  /** How rows would travel: it decides how long the moves take. */
  transferMode: z.enum(shardTransferModes),
});

/** The moves of a plan that was explored, to be written as SQL. */
export const scriptInput = z.object({
  clusterId: z.string().min(1).max(80),
  moves: z.array(moveOrder.extend({ tableSet: z.number().int().min(0) })).max(20_000),
  /** As in `RebalanceExploration`. */
  tableSets: z.array(z.array(z.string().max(200)).max(20_000)).max(20_000),
  labels: z.array(z.object({ nodeId, label: z.string().max(300) })).max(2_000),
  transferMode: z.enum(shardTransferModes),
  isTriedOut: z.boolean(),
  /** As in `RebalanceExploration`. */
  isolatedShardId: shardId.nullable(),
});

interface ScriptedNode {
  readonly label: string;
  /** Null for one that does not exist. */
  readonly address: { readonly host: string; readonly port: number } | null;
}

export interface ScriptedMove {
  readonly order: MoveOrder;
  readonly source: ScriptedNode;
  readonly target: ScriptedNode;
  readonly tables: readonly string[];
}

/** A node as it is tried out, before any move. */
export interface ExploredNode {
  readonly nodeId: number;
  /** `host:port`; for a node that does not exist yet its working title. */
  readonly label: string;
  readonly isNew: boolean;
  readonly isRemoved: boolean;
  /** 1 for an ordinary node, 0 for one that takes no shards. */
  readonly capacity: number;
  readonly rule: NodeRule | null;
  /** Of what can be moved; null when a size is not known. */
  readonly bytes: number | null;
  readonly groups: number;
  /** By the functions of the strategy; null where none were asked. */
  readonly cost: number | null;
  readonly disk: { readonly availableBytes: number; readonly totalBytes: number } | null;
}

export interface ExploredMove extends MoveOrder {
  /** Index into `RebalanceExploration.tableSets`: what travels along. */
  readonly tableSet: number;
  readonly bytes: number | null;
  readonly cost: number | null;
  /** Left on the target's disk while this move runs at its largest, source copies not yet cleaned up; null when not known. */
  readonly targetFreeBytes: number | null;
}

/** What a person should know about a plan: why it ends where it ends. */
export interface PlanNote {
  readonly level: 'mind' | 'fine';
  readonly code: string;
  readonly message: string;
}

export interface ExploredPlan {
  readonly moves: readonly ExploredMove[];
  readonly bytes: number | null;
  /** Shortest to longest in milliseconds; null when a size is not known. */
  readonly durationMs: readonly [number, number] | null;
  /** Fullest node afterwards against the average, by what is evened out; null where nothing lies anywhere. */
  readonly largestFactor: number | null;
  readonly notes: readonly PlanNote[];
}

/** Whether a rebalance is needed by one measure, as Citus's strategy for it would judge. */
export interface MeasureVerdict {
  readonly measure: PlanMeasure;
  readonly strategy: string;
  readonly isNeeded: boolean;
  /** Moves Citus would make. */
  readonly moves: number;
  /** Fullest node against the average; null where nothing lies anywhere. */
  readonly largestFactor: number | null;
  readonly largestNode: string | null;
  /** Of the strategy: how far from the average a node may be, as in 0.1. */
  readonly threshold: number;
  /** Why, or why not, in a sentence. */
  readonly reason: string;
}

export interface RebalanceExploration {
  readonly clusterId: string;
  /** Of the snapshot that it was made from. */
  readonly revision: number;
  readonly nodes: readonly ExploredNode[];
  readonly tableSets: readonly (readonly string[])[];
  readonly before: { readonly largestFactor: number | null };
  /** By bytes and by number of shard groups, before them by the strategy that was asked for; a measure that cannot be taken says why. */
  readonly verdicts: readonly (
    MeasureVerdict | { readonly measure: PlanMeasure; readonly unknown: string }
  )[];
  /** Citus's plan, reproduced; it knows of no limits but where shards may lie. Null where it cannot be: `unknown` says why. */
  readonly citus: ExploredPlan | null;
  readonly ours: ExploredPlan | null;
  readonly unknown: string | null;
  /** The id under which an isolated tenant's group appears in the moves. */
  readonly isolatedShardId: string | null;
}

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day as in 22:00');

/** Moves made one by one, in this order as far as the limits on parallel moves allow. */
export const rebalanceMovesRequest = z.object({
  kind: z.literal('rebalance-moves'),
  moves: z.array(moveOrder).min(1).max(20_000),
  transferMode: z.enum(shardTransferModes),
  parallelMoves: z.number().int().min(1).max(64),
  movesPerNode: z.number().int().min(1).max(16),
  /** Local times of day between which moves are begun; null for any time. A window may span midnight. */
  window: z.object({ from: clock, to: clock }).nullable(),
  /** What the moves were planned under, to plan what is left afresh; null for moves that somebody listed. */
  constraints: rebalanceConstraints.nullable(),
});
export type RebalanceMovesRequest = z.infer<typeof rebalanceMovesRequest>;
export type MoveWindow = NonNullable<RebalanceMovesRequest['window']>;

/** A move as a step carries it out. */
export interface OrderedMove extends MoveOrder {
  readonly source: { readonly host: string; readonly port: number };
  readonly target: { readonly host: string; readonly port: number };
  readonly colocationId: number;
  /** Every table that travels along, and its shard, in the same order. */
  readonly tables: readonly string[];
  readonly shardIds: readonly string[];
  /** Null where sizes are not known. */
  readonly bytes: number | null;
}

/** What a run of moves came to, by what the cluster says afterwards. */
export interface RebalanceReport {
  /** ISO 8601. */
  readonly madeAt: string;
  readonly nodes: readonly ReportedNode[];
  /** Fullest node divided by the average, before and after; null where sizes are not known or nothing is there. */
  readonly spreadBefore: number | null;
  readonly spreadAfter: number | null;
  /** Bytes as by_disk_size counts them, with the base cost of each group. */
  readonly measure: 'bytes' | 'groups';
  /** What went wrong as a whole, a sentence each; empty when the balance is what the plan promised. */
  readonly shortfalls: readonly string[];
  /** Copies, slots, publications and subscriptions of moves that Citus has still to remove. */
  readonly leftovers: readonly { readonly what: string; readonly name: string; readonly node: string }[];
}

export interface ReportedNode {
  readonly node: string;
  readonly bytesBefore: number | null;
  readonly bytesAfter: number | null;
  readonly groupsBefore: number;
  readonly groupsAfter: number;
}
