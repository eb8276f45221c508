import { z } from 'zod';
import type { Failure } from './failure';

export type PracticeNodeState = 'stopped' | 'starting' | 'running' | 'stopping' | 'killed' | 'failed';

export interface PracticeNode {
  /** "coordinator", "worker-1" ... */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly state: PracticeNodeState;
  /** In pg_dist_node as far as the runtime was told: false for an empty node that waits to be added. */
  readonly isMember: boolean;
}

export type PracticePhase =
  'creating' | 'starting' | 'loading' | 'running' | 'stopping' | 'stopped' | 'failed';

export interface PracticeCluster {
  readonly practiceId: string;
  /** Id of the profile under which it is connected to. */
  readonly clusterId: string;
  /** "Practice A" */
  readonly name: string;
  readonly phase: PracticePhase;
  /** What is being done right now, in words, with `progress` 0..1. */
  readonly doing: string | null;
  readonly progress: number | null;
  readonly nodes: readonly PracticeNode[];
  readonly failure: Failure | null;
  readonly createdAt: string;
  /** `emulator` or the version of the real Citus it runs on. */
  readonly engine: string;
}

export interface PracticeList {
  readonly revision: number;
  readonly clusters: readonly PracticeCluster[];
}

export const createPracticeInput = z.object({
  /** Absent: the next free "Practice A", "Practice B" ... */
  name: z.string().trim().min(1).max(40).optional(),
  workers: z.number().int().min(1).max(8).default(2),
  sampleData: z.boolean().default(true),
});
export const practiceInput = z.object({ practiceId: z.string().min(1).max(80) });
export const practiceNodeInput = z.object({
  practiceId: z.string().min(1).max(80),
  node: z.string().min(1).max(40),
});
