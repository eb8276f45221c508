/** Every session of the app, by cluster; the one place that opens connections to clusters. */
import { FailureError } from '../contract/failure';
import type { ProfileInput } from '../contract/profiles';
import type { ConnectionReport, SessionState } from '../contract/sessions';
import { connectDatabase } from './database';
import type { Database, Reader, Writer } from './database';
import { addressOf, defaultTiming, dial } from './dial';
import type { Connect, Credentials, ProfileSource, Recognise, SecretSource, SessionTiming } from './dial';
import { createIdleConnection } from './idle-connection';
import type { IdleConnection } from './idle-connection';
import { testConnection } from './connection-test';
import { createSession } from './session';
import type { Session } from './session';
import { notConnected } from './session-words';
import { diskFiles } from './tls';
import type { FileAccess } from './tls';

export interface RegistryParts {
  readonly profiles: ProfileSource;
  readonly secrets: SecretSource;
  readonly recognise: Recognise;
  readonly onState: (state: SessionState) => void;
  readonly now?: () => Date;
  readonly random?: () => number;
  readonly timing?: Partial<SessionTiming>;
  readonly files?: FileAccess;
  readonly connect?: Connect;
}

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

export interface Registry {
  /**
   * Resolves when the session is open, at once if it is; throws the `FailureError` that the state carries too.
   * A password given here is used for this session, its reconnects and its other nodes, and forgotten with it.
   */
  open(
    clusterId: string,
    options: { readonly password?: string; readonly signal: AbortSignal },
  ): Promise<SessionState>;
  close(clusterId: string): Promise<SessionState>;
  closeAll(): Promise<void>;
  /** One for every cluster that was ever opened and still has a profile. */
  states(): readonly SessionState[];
  /**
   * The same object for the life of the app: it goes on working after a reconnect. Reads use the session; changes a
   * second connection that is opened for them and closed when idle, so that a long change does not hold up reading.
   * Throws `not-connected` when the session is not open.
   */
  coordinator(clusterId: string): Writer;
  /** A session with another node, by the cluster's credentials: opened now, closed when idle, opened again on use. */
  node(clusterId: string, node: NodeAddress): Promise<Writer>;
  /**
   * A second session with the coordinator, for reads that wait for other nodes (sizes, connection checks), so that they
   * hold up no other read: opened now, closed when idle, opened again on use.
   */
  aside(clusterId: string): Promise<Reader>;
  /** Sessions with the coordinator for changes side by side, numbered from 0: opened now, closed when idle. */
  lane(clusterId: string, index: number): Promise<Writer>;
  /** Goes through every stage and closes again. Never throws. */
  test(profile: ProfileInput, password: string | undefined, signal?: AbortSignal): Promise<ConnectionReport>;
}

export function createRegistry(parts: RegistryParts): Registry {
  const timing: SessionTiming = { ...defaultTiming, ...parts.timing };
  const connect = parts.connect ?? connectDatabase;
  const files = parts.files ?? diskFiles;
  const sessions = new Map<string, Session>();
  /** By cluster, then by `host:port`; "aside" and "lane n" are further sessions with the coordinator. */
  const nodes = new Map<string, Map<string, IdleConnection>>();

  const closeNodes = async (clusterId: string, how: 'close' | 'retire'): Promise<void> => {
    const open = [...(nodes.get(clusterId)?.values() ?? [])];
    nodes.delete(clusterId);
    await Promise.all(open.map((node) => node[how]()));
  };

  const onState = (state: SessionState): void => {
    // What the session's credentials opened ends with the session; a lost one keeps its nodes.
    if (state.phase === 'closed') void closeNodes(state.clusterId, 'close');
    if (state.phase === 'failed') void closeNodes(state.clusterId, 'retire');
    parts.onState(state);
  };

  const sessionOf = (clusterId: string): Session => {
    const known = sessions.get(clusterId);
    if (known) return known;
    const created = createSession(clusterId, {
      connect,
      files,
      secrets: parts.secrets,
      recognise: parts.recognise,
      timing,
      onState,
      now: parts.now ?? (() => new Date()),
      random: parts.random ?? Math.random,
    });
    sessions.set(clusterId, created);
    return created;
  };

  const liveSession = (clusterId: string): { session: Session; credentials: Credentials } => {
    const session = sessions.get(clusterId);
    const credentials = session?.credentials;
    if (session && credentials) return { session, credentials };
    throw new FailureError(notConnected(session?.state.address ?? '', session?.state ?? null));
  };

  const idleWriter = async (
    clusterId: string,
    key: string,
    label: string,
    open: (signal: AbortSignal) => Promise<Database>,
  ): Promise<Writer> => {
    const ofCluster = nodes.get(clusterId) ?? new Map<string, IdleConnection>();
    nodes.set(clusterId, ofCluster);
    const connection = ofCluster.get(key) ?? createIdleConnection(label, open, timing.idleMs);
    ofCluster.set(key, connection);
    await connection.ready();
    return connection.writer;
  };

  /** One more session with the coordinator. */
  const besideSession = async (clusterId: string, key: string): Promise<Writer> => {
    const { session, credentials } = liveSession(clusterId);
    return idleWriter(clusterId, key, session.state.address, (signal) =>
      dial(connect, files, credentials, timing, signal),
    );
  };

  const closeOne = async (clusterId: string): Promise<SessionState> => {
    await closeNodes(clusterId, 'close');
    return sessionOf(clusterId).close();
  };

  return {
    async open(clusterId, { password, signal }) {
      const profile = parts.profiles.get(clusterId);
      if (!profile) {
        throw new FailureError({
          kind: 'not-found',
          message: 'This cluster is not in the list any more.',
          remedy: 'Add it again.',
        });
      }
      return sessionOf(clusterId).open(profile, password, signal);
    },
    close: closeOne,
    async closeAll() {
      await Promise.all([...sessions.keys()].map((clusterId) => closeOne(clusterId)));
    },
    states: () =>
      [...sessions.values()]
        .map((session) => session.state)
        .filter((state) => parts.profiles.get(state.clusterId) !== undefined),
    coordinator(clusterId) {
      const session = sessions.get(clusterId);
      if (session?.state.phase === 'open') return session.writer;
      throw new FailureError(notConnected(session?.state.address ?? '', session?.state ?? null));
    },
    async node(clusterId, node) {
      const { session, credentials } = liveSession(clusterId);
      const label = addressOf(node);
      if (label === session.state.address) return session.writer;
      return idleWriter(clusterId, label, label, (signal) =>
        dial(connect, files, credentials, timing, signal, undefined, node),
      );
    },
    aside: (clusterId) => besideSession(clusterId, 'aside'),
    lane: (clusterId, index) => besideSession(clusterId, `lane ${index}`),
    async test(profile, password, signal) {
      return testConnection({
        profile,
        signal: signal ?? new AbortController().signal,
        open: (inner, onStage) => dial(connect, files, { profile, password }, timing, inner, onStage),
        recognise: parts.recognise,
        recogniseTimeoutMs: timing.recogniseTimeoutMs,
        hasPassword: password !== undefined && password !== '',
      });
    },
  };
}
