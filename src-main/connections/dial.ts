/** From a profile to an open connection: files, secret, then the stages of the driver. */
import { FailureError } from '../contract/failure';
import type { Finding } from '../contract/operations';
import type { Profile, ProfileInput } from '../contract/profiles';
import type { ClusterVersions, ConnectStage } from '../contract/sessions';
import type { ConnectLimits, Database, DatabaseAddress, Reader } from './database';
import type { connectDatabase } from './database';
import { cancelledError } from './database-failures';
import { loadTls } from './tls';
import type { FileAccess } from './tls';

export type Connect = typeof connectDatabase;

export interface Recognised {
  readonly versions: ClusterVersions;
  readonly nodeCount: number;
  /** What limits the session although it is open. */
  readonly findings: readonly Finding[];
}

/**
 * Looks at what answers: throws a `FailureError` for a server without Citus, a worker, a Citus that is too old or
 * a role without rights. Calls `onStage` with `topology` when it begins to read the nodes.
 */
export type Recognise = (
  reader: Reader,
  onStage: (stage: ConnectStage) => void,
  signal: AbortSignal,
) => Promise<Recognised>;

export interface SessionTiming {
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** An idle session is asked for a sign of life this often. */
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  /** A connection for changes, or to another node, is closed when it was not used for so long. */
  readonly idleMs: number;
  /** Limit of the stage `secret`, which may wait for a keystore's own window. */
  readonly secretTimeoutMs: number;
  /** Limit of the stages `citus` and `topology` together. */
  readonly recogniseTimeoutMs: number;
}

export const defaultTiming: SessionTiming = {
  connectTimeoutMs: 10_000,
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 5_000,
  pingEveryMs: 15_000,
  pingTimeoutMs: 5_000,
  firstRetryMs: 1_000,
  longestRetryMs: 30_000,
  idleMs: 120_000,
  secretTimeoutMs: 60_000,
  recogniseTimeoutMs: 30_000,
};

/** What a session hands to connections beside its own: to other nodes, for changes. */
export interface Credentials {
  readonly profile: ProfileInput;
  readonly password: string | undefined;
}

export function limitsOf(timing: SessionTiming): ConnectLimits {
  return {
    connectTimeoutMs: timing.connectTimeoutMs,
    statementTimeoutMs: timing.statementTimeoutMs,
    lockTimeoutMs: timing.lockTimeoutMs,
  };
}

/** Opens a connection to `node` (default: the profile's own host) as the profile says. */
export async function dial(
  connect: Connect,
  files: FileAccess,
  credentials: Credentials,
  timing: SessionTiming,
  signal?: AbortSignal,
  onStage?: (stage: ConnectStage) => void,
  node: { readonly host: string; readonly port: number } = credentials.profile,
): Promise<Database> {
  const { profile, password } = credentials;
  const address: DatabaseAddress = {
    host: node.host,
    port: node.port,
    database: profile.database,
    user: profile.user,
    applicationName: profile.applicationName ?? 'Shardboard',
    tls: await loadTls(profile.tls, files),
  };
  return connect(address, password, limitsOf(timing), signal, onStage);
}

/** The same work, ended by `signal` at once and by a limit that says what it waited for. */
export async function bounded<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: {
    readonly signal?: AbortSignal;
    readonly limitMs: number;
    readonly label: string;
    readonly what: string;
  },
): Promise<T> {
  const { signal, limitMs, label, what } = options;
  if (signal?.aborted) throw cancelledError(label);
  const inner = new AbortController();
  let stop: (error: FailureError) => void = () => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = (error) => {
      inner.abort();
      reject(error);
    };
  });
  const onAbort = (): void => stop(cancelledError(label));
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(
    () =>
      stop(
        new FailureError({
          kind: 'timeout',
          message: `${label}: ${what} took longer than ${limitMs / 1000} s.`,
          node: label,
        }),
      ),
    limitMs,
  );
  try {
    return await Promise.race([work(inner.signal), stopped]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

export function addressOf(node: { readonly host: string; readonly port: number }): string {
  return `${node.host}:${node.port}`;
}

export type ProfileSource = {
  /** Undefined when there is none (any more). */
  get(profileId: string): Profile | undefined;
};

export type SecretSource = {
  /** Undefined when none is kept. Throws a failure of kind `secrets` when one is kept and cannot be read now. */
  read(profileId: string): Promise<string | undefined>;
};
