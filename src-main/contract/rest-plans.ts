/** What is agreed on paused moves that go on: by what is left of their plan, or by a plan made afresh. */
import { z } from 'zod';
import type { PlanReply } from './operations';

/** The plan takes the place of what is left of the operation's own. */
export const resumeWithInput = z.object({
  operationId: z.string().min(1).max(80),
  planId: z.string().min(1).max(80),
});

/**
 * What the fresh plan makes of a move of the old one, or the old one of a move of the fresh:
 * - `kept`: both move that shard group to that node.
 * - `changed`: both move it, to different nodes.
 * - `dropped`: only the old plan moves it.
 * - `added`: only the fresh plan does.
 */
export type MoveDifferenceKind = 'kept' | 'changed' | 'dropped' | 'added';

export interface MoveDifference {
  readonly kind: MoveDifferenceKind;
  readonly shardId: string;
  /** Every table that travels along. */
  readonly tables: readonly string[];
  /** `host:port` of where it lies. */
  readonly sourceNode: string;
  /** `host:port`; null where that plan does not move it. */
  readonly oldTarget: string | null;
  readonly freshTarget: string | null;
  readonly bytes: number | null;
}

export interface RestPlans {
  readonly operationId: string;
  /** What is left of the plan that was consented to, checked again; null where nothing is left. */
  readonly rest: PlanReply | null;
  /** Made afresh under the same constraints; null where `freshWords` says why there is none. */
  readonly fresh: PlanReply | null;
  /** What a person should know of the fresh plan, or why there is none; a sentence each. */
  readonly freshWords: readonly string[];
  /** Between the two, in the order of the old plan, then of the fresh one. Empty where there is no fresh plan. */
  readonly differences: readonly MoveDifference[];
}
