/** The long-lived session with one cluster's coordinator: opening, keeping alive, noticing loss, opening again. */
import { FailureError, toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { Finding } from '../contract/operations';
import type { ProfileInput } from '../contract/profiles';
import type { ClusterVersions, ConnectStage, SessionPhase, SessionState } from '../contract/sessions';
import { log } from '../log/log';
import type { Database, Writer } from './database';
import { cancelledError, isWorthRetrying } from './database-failures';
import { addressOf, bounded, dial } from './dial';
import type { Connect, Credentials, Recognise, SecretSource, SessionTiming } from './dial';
import { createIdleConnection } from './idle-connection';
import type { IdleConnection } from './idle-connection';
import { closedFailure, notConnected } from './session-words';
import type { FileAccess } from './tls';

export interface SessionParts {
  readonly connect: Connect;
  readonly files: FileAccess;
  readonly secrets: SecretSource;
  readonly recognise: Recognise;
  readonly timing: SessionTiming;
  readonly onState: (state: SessionState) => void;
  readonly now: () => Date;
  /** 0 to 1. */
  readonly random: () => number;
}

export interface Session {
  readonly state: SessionState;
  /** Joins an attempt that is under way; that one is given up when everybody who waits for it has. */
  open(profile: ProfileInput, password: string | undefined, signal: AbortSignal): Promise<SessionState>;
  close(): Promise<SessionState>;
  /** The same object for as long as the session exists; throws `not-connected` while there is no connection. */
  readonly writer: Writer;
  /** Null unless open or lost. */
  readonly credentials: Credentials | null;
}

interface Attempt {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  waiters: number;
}

interface Detail {
  readonly stage?: ConnectStage;
  readonly failure?: Failure;
  readonly retryAt?: string;
  readonly attempt?: number;
}

export function createSession(clusterId: string, parts: SessionParts): Session {
  const { timing } = parts;
  let address = '';
  let credentials: Credentials | null = null;
  let database: Database | null = null;
  let changes: IdleConnection | null = null;
  let attempt: Attempt | null = null;
  let retryTimer: NodeJS.Timeout | null = null;
  let pingTimer: NodeJS.Timeout | null = null;
  let versions: ClusterVersions | undefined;
  let limits: readonly Finding[] = [];
  let state: SessionState = {
    clusterId,
    revision: 0,
    phase: 'closed',
    since: parts.now().toISOString(),
    address,
  };

  const enter = (phase: SessionPhase, detail: Detail = {}): void => {
    const isLive = phase === 'open' || phase === 'lost';
    state = {
      clusterId,
      revision: state.revision + 1,
      phase,
      since: phase === state.phase ? state.since : parts.now().toISOString(),
      address,
      ...detail,
      ...(database && phase === 'open' ? { encrypted: database.encrypted, limits } : {}),
      ...(isLive && versions ? { versions } : {}),
    };
    parts.onState(state);
  };

  const stopTimers = (): void => {
    if (retryTimer) clearTimeout(retryTimer);
    if (pingTimer) clearTimeout(pingTimer);
    retryTimer = null;
    pingTimer = null;
  };

  const dropConnections = async (): Promise<void> => {
    const dropped = [database?.close(), changes?.close()];
    database = null;
    changes = null;
    await Promise.all(dropped);
  };

  /** One try, through all stages. Nothing of it stays open when it throws. */
  const tryOnce = async (
    profile: ProfileInput,
    typed: string | undefined,
    signal: AbortSignal,
    onStage: (stage: ConnectStage) => void,
  ): Promise<void> => {
    const label = addressOf(profile);
    onStage('secret');
    const password =
      typed
      ?? (await bounded(() => parts.secrets.read(clusterId), {
        signal,
        limitMs: timing.secretTimeoutMs,
        label,
        what: 'reading the stored password',
      }));
    const tried: Credentials = { profile, password };
    const opened = await dial(parts.connect, parts.files, tried, timing, signal, onStage);
    try {
      onStage('citus');
      const recognised = await bounded((inner) => parts.recognise(opened, onStage, inner), {
        signal,
        limitMs: timing.recogniseTimeoutMs,
        label,
        what: 'looking at the cluster',
      });
      if (signal.aborted) throw cancelledError(label);
      if (!opened.isOpen) throw new FailureError(closedFailure(label));
      versions = recognised.versions;
      limits = recognised.findings;
    } catch (error) {
      await opened.close();
      throw error;
    }
    credentials = tried;
    database = opened;
    // It outlives the loss of the session: a change that runs on it is not harmed by that.
    changes ??= createIdleConnection(
      label,
      (inner) => dial(parts.connect, parts.files, credentials ?? tried, timing, inner),
      timing.idleMs,
    );
    opened.onLost((failure) => {
      if (database === opened) onLost(failure);
    });
    enter('open');
    watch(opened);
  };

  const onLost = (failure: Failure): void => {
    log.warn(`the session with ${address} was lost`, failure);
    stopTimers();
    database = null;
    scheduleRetry(1, failure);
  };

  const scheduleRetry = (number: number, failure: Failure): void => {
    const full = Math.min(timing.longestRetryMs, timing.firstRetryMs * 2 ** Math.min(number - 1, 20));
    // Half of it is left to chance, so that many workstations do not come back in the same second.
    const delayMs = Math.max(timing.firstRetryMs, full * (0.5 + parts.random() / 2));
    const retryAt = new Date(parts.now().getTime() + delayMs).toISOString();
    enter('lost', { failure, retryAt, attempt: number });
    retryTimer = setTimeout(() => {
      retryTimer = null;
      retry(number, failure);
    }, delayMs);
  };

  const retry = (number: number, failure: Failure): void => {
    const known = credentials;
    if (!known) return;
    begin(
      known.profile,
      known.password,
      (stage) => enter('lost', { stage, failure, attempt: number }),
      (next) => {
        if (isWorthRetrying(next)) scheduleRetry(number + 1, next);
        else void giveUp(next);
      },
    );
  };

  const giveUp = async (failure: Failure): Promise<void> => {
    credentials = null;
    enter('failed', { failure, ...(state.stage ? { stage: state.stage } : {}) });
    // A change that runs beside is not cut off because the session cannot be opened again.
    const retired = changes;
    changes = null;
    await Promise.all([dropConnections(), retired?.retire()]);
  };

  /** @param onFailure not called when the attempt was given up. */
  const begin = (
    profile: ProfileInput,
    password: string | undefined,
    onStage: (stage: ConnectStage) => void,
    onFailure: (failure: Failure) => void,
  ): Attempt => {
    const stop = new AbortController();
    const work = async (): Promise<void> => {
      try {
        await tryOnce(profile, password, stop.signal, (stage) => {
          if (!stop.signal.aborted) onStage(stage);
        });
      } catch (error) {
        if (stop.signal.aborted) throw cancelledError(address);
        const failure = toFailure(error);
        log.warn(`no session with ${address}`, failure);
        onFailure(failure);
        throw error;
      } finally {
        if (attempt === current) attempt = null;
      }
    };
    const current: Attempt = { stop, waiters: 0, done: Promise.resolve().then(work) };
    attempt = current;
    // Who waits hears of a failure; where nobody does, the state says it.
    current.done.catch(() => undefined);
    return current;
  };

  const watch = (opened: Database): void => {
    pingTimer = setTimeout(() => {
      if (database !== opened) return;
      // A statement that runs has its own limit, and a ping behind it would only wait; one that was just answered says as much.
      const isKnown = opened.isBusy || opened.silentMs < timing.pingEveryMs;
      const asked: Promise<unknown> = isKnown
        ? Promise.resolve()
        : opened.read({ text: 'SELECT 1' }, { timeoutMs: timing.pingTimeoutMs });
      asked
        .catch(async (error: unknown) => {
          if (database !== opened || !opened.isOpen) return;
          onLost(toFailure(error));
          await opened.close();
        })
        .finally(() => {
          if (database === opened) watch(opened);
        });
    }, timing.pingEveryMs);
  };

  const waitFor = async (current: Attempt, signal: AbortSignal): Promise<SessionState> => {
    current.waiters += 1;
    return new Promise<SessionState>((resolve, reject) => {
      const onAbort = (): void => {
        current.waiters -= 1;
        if (current.waiters === 0 && attempt === current) void close();
        reject(cancelledError(address));
      };
      if (signal.aborted) {
        onAbort();
        return;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      current.done
        .then(() => resolve(state), reject)
        .finally(() => signal.removeEventListener('abort', onAbort));
    });
  };

  const close = async (): Promise<SessionState> => {
    stopTimers();
    const current = attempt;
    attempt = null;
    current?.stop.abort();
    credentials = null;
    if (state.phase !== 'closed') enter('closed');
    await dropConnections();
    await current?.done.catch(() => undefined);
    return state;
  };

  const isOpen = (): boolean => state.phase === 'open';
  const connected = (): Database => {
    if (database) return database;
    throw new FailureError(notConnected(address, state));
  };

  return {
    get state() {
      return state;
    },
    get credentials() {
      return credentials;
    },
    async open(profile, password, signal) {
      if (signal.aborted) throw cancelledError(addressOf(profile));
      if (isOpen()) return state;
      if (attempt && state.phase === 'connecting') return waitFor(attempt, signal);
      // A person asks now: the attempts that run by themselves make room. What runs on other sessions goes on.
      const wasLost = state.phase === 'lost' && address === addressOf(profile);
      if (wasLost) {
        stopTimers();
        attempt?.stop.abort();
        attempt = null;
      } else if (state.phase !== 'closed') {
        await close();
        if (attempt) return waitFor(attempt, signal);
        if (isOpen()) return state;
      }
      address = addressOf(profile);
      if (!wasLost) versions = undefined;
      enter('connecting', { stage: 'secret' });
      const current = begin(
        profile,
        password,
        (stage) => {
          if (state.stage !== stage) enter('connecting', { stage });
        },
        (failure) => {
          if (wasLost && isWorthRetrying(failure)) scheduleRetry(1, failure);
          else void giveUp(failure);
        },
      );
      return waitFor(current, signal);
    },
    close,
    writer: {
      get address() {
        return address;
      },
      read: async (statement, options) => connected().read(statement, options),
      change: async (statement, options) => {
        connected();
        const writer = changes?.writer;
        if (!writer) throw new FailureError(notConnected(address, state));
        return writer.change(statement, options);
      },
    },
  };
}
