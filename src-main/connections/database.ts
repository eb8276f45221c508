/** The only importer of `pg`: one connection to one node, with time-outs, cancel and errors as `Failure`. */
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { FailureError } from '../contract/failure';
import type { Failure, FailureKind } from '../contract/failure';
import type { ShownStatement } from '../contract/operations';

export type SqlValue = string | number | boolean | null;

/** Text with $1..$n and the values for them. Identifiers inside `text` come from `identifier`. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly SqlValue[];
}

export interface StatementOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; sent to the server as statement_timeout for this statement. Default: the connection's. */
  readonly timeoutMs?: number;
  /** Milliseconds; lock_timeout for this statement. */
  readonly lockTimeoutMs?: number;
}

export interface ServerNotice {
  readonly severity: string;
  readonly sqlState: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

export interface ChangeResult<Row> {
  readonly rows: readonly Row[];
  readonly command: string;
  readonly notices: readonly ServerNotice[];
}

/** Reads: what `citus/` functions take when they change nothing. */
export interface Reader {
  /** `host:port`. */
  readonly address: string;
  /** Rows as objects. int8 and numeric arrive as text, so that no digit is lost. Throws `FailureError`. */
  read<Row extends object>(statement: Statement, options?: StatementOptions): Promise<readonly Row[]>;
}

/** Changes: kept apart by type, so that a function that changes something says so in its signature. */
export interface Writer extends Reader {
  change<Row extends object>(statement: Statement, options?: StatementOptions): Promise<ChangeResult<Row>>;
}

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly applicationName: string;
  /** False: plain text. Otherwise the options of node:tls, already checked and loaded. */
  readonly tls: ConnectionOptions | false;
}

export interface ConnectLimits {
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

export const defaultLimits: ConnectLimits = {
  connectTimeoutMs: 10_000,
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 5_000,
};

/** An open connection. Statements queue: one at a time, in order of asking. */
export interface Database extends Writer {
  readonly isOpen: boolean;
  readonly encrypted: boolean;
  readonly backendPid: number | null;
  /** Called once, when the connection ends for any reason but `close`. */
  onLost(listener: (failure: Failure) => void): () => void;
  /** Resolves when the socket is closed; never throws. */
  close(): Promise<void>;
}

/** An identifier as it must stand in SQL, quoted by the driver. */
export function identifier(name: string): string {
  return pg.escapeIdentifier(name);
}

/** A schema-qualified name as it must stand in SQL. */
export function qualified(table: { readonly schema: string; readonly name: string }): string {
  return `${identifier(table.schema)}.${identifier(table.name)}`;
}

/** The statement with its values written in by the driver's own quoting: for showing and for the audit trail. */
export function shownStatement(statement: Statement): ShownStatement {
  const values = statement.values ?? [];
  const shown = statement.text.replace(/\$(\d+)/g, (whole, position: string) => {
    const index = Number(position) - 1;
    if (index >= values.length) return whole;
    const value = values[index] ?? null;
    if (value === null) return 'NULL';
    return typeof value === 'string' ? pg.escapeLiteral(value) : String(value);
  });
  return { text: statement.text, values, shown };
}

const textParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    // int8 (20) and numeric (1700) stay text; timestamps (1114, 1184) stay as the server wrote them.
    if (oid === 20 || oid === 1700 || oid === 1114 || oid === 1184 || oid === 1082) {
      return (value: string) => value;
    }
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

/** Opens a connection or throws a `FailureError` that says which of network, TLS, login or server refused. */
export async function connectDatabase(
  address: DatabaseAddress,
  password: string | undefined,
  limits: ConnectLimits = defaultLimits,
  signal?: AbortSignal,
): Promise<Database> {
  const label = `${address.host}:${address.port}`;
  if (signal?.aborted) throw cancelled(label);
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    password: password ?? '',
    application_name: address.applicationName,
    ssl: address.tls,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    statement_timeout: limits.statementTimeoutMs,
    lock_timeout: limits.lockTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: textParsers,
  });

  let lost: Failure | null = null;
  let closing = false;
  const listeners = new Set<(failure: Failure) => void>();
  const onEnd = (failure: Failure): void => {
    if (lost || closing) return;
    lost = failure;
    for (const listener of listeners) listener(failure);
  };
  client.on('error', (error: Error) => onEnd(databaseFailure(error, label)));
  client.on('end', () =>
    onEnd({ kind: 'unreachable', message: `${label} closed the connection.`, node: label }),
  );

  const abort = (): void => {
    closing = true;
    // `end` waits for the server; a connection attempt is given up by closing its socket.
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  };
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      abort();
      reject(cancelled(label));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    client.connect().then(
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      (error: unknown) => {
        signal?.removeEventListener('abort', onAbort);
        abort();
        reject(new FailureError(databaseFailure(error, label), { cause: error }));
      },
    );
  });

  let queue: Promise<unknown> = Promise.resolve();
  const run = async <Row extends object>(
    statement: Statement,
    options: StatementOptions = {},
  ): Promise<ChangeResult<Row>> => {
    const turn = queue.then(
      () => execute<Row>(statement, options),
      () => execute<Row>(statement, options),
    );
    queue = turn.catch(() => undefined);
    return turn;
  };

  const execute = async <Row extends object>(
    statement: Statement,
    options: StatementOptions,
  ): Promise<ChangeResult<Row>> => {
    if (lost) throw new FailureError(lost);
    if (closing) throw new FailureError({ kind: 'not-connected', message: `${label} is not connected.` });
    if (options.signal?.aborted) throw cancelled(label);
    const notices: ServerNotice[] = [];
    const onNotice = (notice: pg.DatabaseError | { message?: string }): void => {
      notices.push(toNotice(notice));
    };
    const onAbort = (): void => void cancelBackend(address, client, label);
    client.on('notice', onNotice as never);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const scoped = options.timeoutMs !== undefined || options.lockTimeoutMs !== undefined;
    try {
      if (scoped) {
        await client.query(
          `SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false)`,
          [
            String(options.timeoutMs ?? limits.statementTimeoutMs),
            String(options.lockTimeoutMs ?? limits.lockTimeoutMs),
          ],
        );
      }
      const result = await client.query<Row>(statement.text, [...(statement.values ?? [])]);
      return { rows: result.rows, command: result.command, notices };
    } catch (error) {
      if (options.signal?.aborted) throw cancelled(label, error);
      throw new FailureError(databaseFailure(error, label), { cause: error });
    } finally {
      client.off('notice', onNotice as never);
      options.signal?.removeEventListener('abort', onAbort);
      if (scoped && !lost) {
        await client
          .query(`SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false)`, [
            String(limits.statementTimeoutMs),
            String(limits.lockTimeoutMs),
          ])
          .catch(() => undefined);
      }
    }
  };

  return {
    address: label,
    get isOpen() {
      return !lost && !closing;
    },
    get encrypted() {
      return address.tls !== false;
    },
    get backendPid() {
      return (client as unknown as { processID: number | null }).processID;
    },
    read: async (statement, options) => (await run(statement, options)).rows as never,
    change: (statement, options) => run(statement, options),
    onLost(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (closing) return;
      closing = true;
      const ended = client.end().catch(() => undefined);
      const limit = new Promise<void>((resolve) => setTimeout(resolve, 2_000).unref());
      await Promise.race([ended, limit]);
      abort();
    },
  };
}

/** Asks the server, over a connection of its own, to stop what `client` is running. */
async function cancelBackend(address: DatabaseAddress, client: pg.Client, label: string): Promise<void> {
  const inside = client as unknown as { processID: number; secretKey: number };
  if (!inside.processID) return;
  const canceller = new pg.Client({
    host: address.host,
    port: address.port,
    ssl: address.tls,
    connectionTimeoutMillis: 5_000,
  });
  canceller.on('error', () => undefined);
  try {
    (canceller as unknown as { cancel(client: pg.Client, query: unknown): void }).cancel(
      client,
      (client as unknown as { activeQuery: unknown }).activeQuery,
    );
  } catch {
    throw new FailureError({
      kind: 'internal',
      message: `The statement on ${label} could not be cancelled.`,
    });
  }
}

function cancelled(node: string, cause?: unknown): FailureError {
  return new FailureError({ kind: 'cancelled', message: 'Cancelled.', node }, { cause });
}

function toNotice(notice: object): ServerNotice {
  const fields = notice as Record<string, string | undefined>;
  return {
    severity: fields['severity'] ?? 'NOTICE',
    sqlState: fields['code'] ?? '00000',
    message: fields['message'] ?? '',
    detail: fields['detail'],
    hint: fields['hint'],
  };
}

const networkMessages: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ENOTFOUND: 'has no address: the host name is not known here',
  EAI_AGAIN: 'has no address: the name service does not answer',
  ETIMEDOUT: 'does not answer',
  EHOSTUNREACH: 'cannot be reached: no route to the host',
  ENETUNREACH: 'cannot be reached: no route to the network',
  ECONNRESET: 'closed the connection',
  EPIPE: 'closed the connection',
};

/** A driver or server error as a `Failure`; the server's own words are kept unchanged. */
export function databaseFailure(error: unknown, node: string): Failure {
  if (error instanceof FailureError) return error.failure;
  const fields = (error ?? {}) as Record<string, string | undefined>;
  const code = fields['code'] ?? '';
  const message = fields['message'] ?? String(error);
  const network = networkMessages[code];
  if (network) {
    return {
      kind: 'unreachable',
      message: `${node} ${network}.`,
      remedy: 'Check the host, the port, the firewall and that PostgreSQL runs there.',
      serverMessage: message,
      node,
    };
  }
  if (/timeout expired|Connection terminated due to connection timeout/i.test(message)) {
    return {
      kind: 'unreachable',
      message: `${node} does not answer in time.`,
      remedy: 'Check the address and the network between.',
      serverMessage: message,
      node,
    };
  }
  if (/^[0-9A-Z]{5}$/.test(code)) {
    return {
      kind: kindOfSqlState(code),
      message: message,
      sqlState: code,
      serverMessage: message,
      detail: fields['detail'],
      hint: fields['hint'],
      node,
    };
  }
  if (/does not support SSL/i.test(message)) {
    return {
      kind: 'tls',
      message: `${node} does not offer encryption.`,
      meaning: 'The profile asks for TLS and the server has ssl = off.',
      remedy:
        'Switch ssl on at the server. TLS mode "disable" sends everything, the password included, readable.',
      serverMessage: message,
      node,
    };
  }
  if (/certificate|self.signed|ERR_TLS|SSL|tlsv1|altnames/i.test(`${code} ${message}`)) {
    return {
      kind: 'tls',
      message: `The certificate of ${node} is not trusted.`,
      meaning: 'The app cannot tell the server from an impostor and has sent nothing.',
      remedy: 'Name the CA that signed it in the profile, and use the host name that is in the certificate.',
      serverMessage: message,
      node,
    };
  }
  if (/SASL|password must be a string|client password/i.test(message)) {
    return {
      kind: 'authentication',
      message: `${node} asks for a password.`,
      remedy: 'Type the password, or store it with the profile.',
      serverMessage: message,
      node,
    };
  }
  if (/Connection terminated|Client was closed|not queryable|socket/i.test(message)) {
    return {
      kind: 'unreachable',
      message: `${node} closed the connection.`,
      serverMessage: message,
      node,
    };
  }
  return { kind: 'internal', message, serverMessage: message, node };
}

function kindOfSqlState(sqlState: string): FailureKind {
  if (sqlState.startsWith('28')) return 'authentication';
  if (sqlState === '42501') return 'permission';
  if (sqlState === '57014') return 'timeout';
  if (sqlState === '55P03') return 'timeout';
  if (sqlState.startsWith('08') || sqlState.startsWith('57P')) return 'unreachable';
  return 'database';
}
