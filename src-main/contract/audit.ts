import { z } from 'zod';

/** One line of the audit trail. `hash` covers every other field and the hash of the line before. */
export interface AuditEntry {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** ISO 8601. */
  readonly at: string;
  /** Operating system user that ran the app. */
  readonly person: string;
  readonly clusterId: string;
  readonly clusterName: string;
  /** `host:port` it was sent to. */
  readonly node: string;
  /** What was sent, secrets removed. */
  readonly statement: string;
  readonly outcome: 'started' | 'succeeded' | 'failed';
  /** Rows, command tag, notices, or the server's error. */
  readonly result: string;
  readonly operationId: string | null;
  readonly previousHash: string;
  readonly hash: string;
}

export const auditListInput = z.object({
  clusterId: z.string().max(80).nullable(),
  /** Newest first; from 0. */
  offset: z.number().int().min(0),
  limit: z.number().int().min(1).max(1000),
});

export interface AuditPage {
  readonly total: number;
  readonly entries: readonly AuditEntry[];
}

export type AuditVerification =
  | { readonly outcome: 'intact'; readonly entries: number; readonly lastHash: string }
  | {
      readonly outcome: 'broken';
      readonly entries: number;
      /** First line that does not follow from the one before. */
      readonly line: number;
      readonly reason: string;
    };
