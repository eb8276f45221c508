/** What can go wrong, told as a value. Every request answers with a `Result`; nothing throws across the boundary. */

/**
 * The kinds name who has to act: the person (input, rights), the network, the server, or the app itself.
 * `database` is the server's own refusal; its SQLSTATE and text are carried along unchanged.
 */
export type FailureKind =
  | 'invalid-input'
  | 'not-found'
  | 'conflict'
  | 'cancelled'
  | 'timeout'
  | 'not-connected'
  | 'unreachable'
  | 'authentication'
  | 'tls'
  | 'permission'
  | 'not-citus'
  | 'not-coordinator'
  | 'unsupported-version'
  | 'database'
  | 'secrets'
  | 'storage'
  | 'practice'
  | 'internal';

export interface Failure {
  readonly kind: FailureKind;
  /** What happened, one sentence, for a person. */
  readonly message: string;
  /** What it means for the cluster or the task at hand. */
  readonly meaning?: string;
  /** What to do next. */
  readonly remedy?: string;
  /** Five-character SQLSTATE, when a server answered. */
  readonly sqlState?: string;
  /** The server's own text below, copyable. */
  readonly serverMessage?: string;
  readonly detail?: string;
  readonly hint?: string;
  /** `host:port` of the node it happened on. */
  readonly node?: string;
}

export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export function success<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function failed(failure: Failure): Result<never> {
  return { ok: false, failure };
}

/** Carries a `Failure` through code that throws; the IPC layer turns it back into a value. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: { cause?: unknown }) {
    super(failure.message, options);
    this.name = 'FailureError';
    this.failure = failure;
  }
}

/** The failure inside any thrown value; an unknown one is `internal` and keeps its text. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof FailureError) return thrown.failure;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return { kind: 'cancelled', message: 'Cancelled.' };
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    kind: 'internal',
    message: 'Shardboard met an error of its own.',
    meaning: 'What was asked for was not done.',
    remedy: 'Try again; if it happens again, the log holds the details.',
    serverMessage: text,
  };
}

export function assertNever(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`);
}
