import { z } from 'zod';
import type { Failure } from './failure';
import type { Finding } from './operations';

/** In the order they happen; shown while a connection is made, and named when it fails or is cancelled. */
export const connectStages = ['secret', 'address', 'network', 'tls', 'login', 'citus', 'topology'] as const;
export type ConnectStage = (typeof connectStages)[number];

/**
 * - `closed`: nothing is open, nothing will be tried.
 * - `connecting`: the first connection is being made; `stage` says how far it is.
 * - `open`: the coordinator answers.
 * - `lost`: it was open and is not; it is tried again at `retryAt`.
 * - `failed`: it cannot be opened without a person (wrong password, no Citus, a certificate not trusted ...).
 */
export type SessionPhase = 'closed' | 'connecting' | 'open' | 'lost' | 'failed';

export interface SessionState {
  /** Same as the profile's id. */
  readonly clusterId: string;
  readonly revision: number;
  readonly phase: SessionPhase;
  /** ISO 8601, when this phase began. */
  readonly since: string;
  readonly stage?: ConnectStage;
  readonly failure?: Failure;
  /** ISO 8601, next attempt of a lost session. */
  readonly retryAt?: string;
  readonly attempt?: number;
  /** `host:port` of the coordinator as dialled. */
  readonly address: string;
  readonly encrypted?: boolean;
  readonly versions?: ClusterVersions;
  /** What the session cannot do although it is open: rights of its role, a standby, a coordinator not registered. */
  readonly limits?: readonly Finding[];
}

export interface ClusterVersions {
  /** As in "13.2.2". */
  readonly citus: string;
  /** pg_extension.extversion, as in "13.2-1". */
  readonly extension: string;
  /** As in "17.4". */
  readonly postgres: string;
  readonly isPracticeEmulator: boolean;
}

export const openSessionInput = z.object({
  clusterId: z.string().min(1).max(80),
  /** Used for this session only and not stored. */
  password: z.string().max(1024).optional(),
});
export const clusterInput = z.object({ clusterId: z.string().min(1).max(80) });

/** The answer to "test this connection" in the connect dialog; nothing stays open. */
export interface ConnectionReport {
  readonly stages: readonly {
    readonly stage: ConnectStage;
    readonly outcome: 'passed' | 'failed' | 'not-reached';
    readonly words: string;
  }[];
  readonly versions?: ClusterVersions;
  readonly nodeCount?: number;
  /** As in `SessionState`. */
  readonly limits?: readonly Finding[];
  readonly failure?: Failure;
}
