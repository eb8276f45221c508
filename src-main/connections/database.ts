/** The only importer of `pg`: one connection to one node, with time-outs, cancel and errors as `Failure`. */
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import pg from 'pg';
import { FailureError } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { ShownStatement } from '../contract/operations';
import type { ConnectStage } from '../contract/sessions';
import { sendCancelRequest } from './cancel-request';
import { cancelledError, databaseFailure, explainStop, toNotice } from './database-failures';
import { defaultLimits } from './reader';
import type {
  ChangeResult,
  ConnectLimits,
  Database,
  DatabaseAddress,
  ServerNotice,
  SqlValue,
  Statement,
  StatementOptions,
} from './reader';
import { newSocket } from './socket';

export { databaseFailure } from './database-failures';
export { defaultLimits } from './reader';
export type {
  ChangeResult,
  ConnectLimits,
  Database,
  DatabaseAddress,
  Reader,
  ServerNotice,
  SqlValue,
  Statement,
  StatementOptions,
  Writer,
} from './reader';

/** Longest name that PostgreSQL keeps; it cuts longer ones, and the rest may name another object. */
const longestNameBytes = 63;

/** An identifier as it must stand in SQL, quoted by the driver. Throws on one that PostgreSQL would cut or refuse. */
export function identifier(name: string): string {
  const problem =
    name === ''
      ? 'A name is empty.'
      : name.includes('\0')
        ? 'A name holds a zero character.'
        : Buffer.byteLength(name) > longestNameBytes
          ? `A name is longer than ${longestNameBytes} bytes.`
          : null;
  if (problem)
    throw new FailureError({ kind: 'invalid-input', message: problem, detail: name.slice(0, 200) });
  return pg.escapeIdentifier(name);
}

/** A schema-qualified name as it must stand in SQL. */
export function qualified(table: { readonly schema: string; readonly name: string }): string {
  return `${identifier(table.schema)}.${identifier(table.name)}`;
}

/** Strings, quoted names, comments and dollar quotes are passed over: a `$1` in them is text. */
const parameterOrText =
  /[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|\$(\d+)/g;

/** The statement with its values written in by the driver's own quoting: for showing and for the audit trail. */
export function shownStatement(statement: Statement): ShownStatement {
  const values = statement.values ?? [];
  const shown = statement.text.replace(
    parameterOrText,
    (whole: string, _tag: string | undefined, position: string | undefined) => {
      const index = Number(position) - 1;
      if (position === undefined || index < 0 || index >= values.length) return whole;
      const value = values[index] ?? null;
      if (value === null) return 'NULL';
      if (typeof value === 'string') return pg.escapeLiteral(value).trimStart();
      // In brackets, because "- -1" without a blank begins a comment and "-1::int4" casts first.
      return typeof value === 'number' && value < 0 ? `(${value})` : String(value);
    },
  );
  return { text: statement.text, values, shown };
}

const textArray = 1009;
/** bool, bytea, int2, int4, oid, json, float4, float8, jsonb and arrays of them; every other type stays text. */
const parsedTypes: ReadonlySet<number> = new Set([
  16, 17, 21, 23, 26, 114, 700, 701, 3802, 1000, 1005, 1007, 1021, 1022, 1028, 199, 3807,
]);
/** char[], name[], text[], bpchar[], varchar[], int8[], numeric[]: arrays of text. */
const textArrayTypes: ReadonlySet<number> = new Set([1002, 1003, 1009, 1014, 1015, 1016, 1231]);

const valueParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (textArrayTypes.has(oid)) return pg.types.getTypeParser(textArray as number, format as 'text');
    if (parsedTypes.has(oid)) return pg.types.getTypeParser(oid, format as 'text');
    return (value: string) => value;
  },
};

/** What this file needs of the driver beyond its published types (pg 8.23, lib/client.js and lib/connection.js). */
interface DriverInside {
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly connection: {
    readonly stream: Duplex;
    on(event: 'sslconnect', listener: () => void): void;
  };
  readonly connectionParameters: { options?: string; replication?: string };
}

export type DatabaseStage = Extract<ConnectStage, 'address' | 'network' | 'tls' | 'login'>;

const stageWords: Readonly<Record<DatabaseStage, string>> = {
  address: 'its name was not resolved',
  network: 'no connection came about',
  tls: 'encryption was not agreed',
  login: 'the login was not answered',
};

/** After a statement's own limit, or after a cancel request, the server has this long to answer before the connection is given up. */
const graceMs = 5_000;
const unknownLimits = { statementMs: -1, lockMs: -1 };
const cancelTimeoutMs = 5_000;

/**
 * Opens a connection or throws a `FailureError` that says which of network, TLS, login or server refused.
 * @param password undefined: none is known; a server that asks for one is answered with a failure.
 * @param signal ends the attempt at once, whatever it waits for.
 * @param onStage called as each stage begins, in order: address, network, tls (if wanted), login.
 */
export async function connectDatabase(
  address: DatabaseAddress,
  password: string | undefined,
  limits: ConnectLimits = defaultLimits,
  signal?: AbortSignal,
  onStage: (stage: DatabaseStage) => void = () => undefined,
): Promise<Database> {
  const label = `${address.host}:${address.port}`;
  if (signal?.aborted) throw cancelledError(label);

  let stage: DatabaseStage = 'address';
  const enter = (next: DatabaseStage): void => {
    if (next === stage && next !== 'address') return;
    stage = next;
    if (!signal?.aborted) onStage(next);
  };
  // A local socket file is not encrypted, whatever the profile says: PostgreSQL offers no TLS there.
  const tls = address.host.startsWith('/') ? false : address.tls;
  const socket = newSocket();
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    // A function, because the driver takes an absent or empty password from PGPASSWORD or .pgpass instead.
    password: () => {
      if (password !== undefined && password !== '') return password;
      throw new FailureError({
        kind: 'authentication',
        message: `${label} asks for a password.`,
        meaning: 'None is stored for this cluster and none was typed.',
        remedy: 'Type the password, or store it with the profile.',
        node: label,
      });
    },
    application_name: address.applicationName,
    ssl: tls,
    sslnegotiation: 'postgres',
    stream: () => socket,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // Lets a change of time-outs travel together with the statement that it is for.
    pipeline: true,
    types: valueParsers,
  });
  const inside = client as unknown as DriverInside;
  // PGOPTIONS and PGREPLICATION of the environment are meant for other programs.
  inside.connectionParameters.options = undefined;
  inside.connectionParameters.replication = undefined;

  let lost: Failure | null = null;
  let closing = false;
  const listeners = new Set<(failure: Failure) => void>();
  const destroy = (): void => {
    inside.connection.stream.destroy();
    socket.destroy();
  };
  const onEnd = (failure: Failure): void => {
    if (lost || closing) return;
    lost = failure;
    destroy();
    for (const listener of [...listeners]) listener(failure);
  };
  client.on('error', (error: Error) => onEnd(databaseFailure(error, label)));
  client.on('end', () =>
    onEnd({ kind: 'unreachable', message: `${label} closed the connection.`, node: label }),
  );

  socket.once('lookup', (error: Error | null) => void (error ?? enter('network')));
  socket.once('connect', () => enter(tls === false ? 'login' : 'tls'));
  inside.connection.on('sslconnect', () =>
    inside.connection.stream.once('secureConnect', () => enter('login')),
  );
  enter('address');
  if (isIP(address.host) !== 0 || address.host.startsWith('/')) enter('network');

  await new Promise<void>((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      end();
    };
    const giveUp = (error: FailureError): void =>
      settle(() => {
        closing = true;
        destroy();
        reject(error);
      });
    const onAbort = (): void => giveUp(cancelledError(label));
    const timer = setTimeout(
      () =>
        giveUp(
          new FailureError({
            kind: 'unreachable',
            message: `${label} does not answer: ${stageWords[stage]} in ${limits.connectTimeoutMs / 1000} s.`,
            remedy: 'Check the address and the network between.',
            node: label,
          }),
        ),
      limits.connectTimeoutMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) {
      onAbort();
      return;
    }
    client
      .connect()
      .then(() => client.query(limitsText(limits.statementTimeoutMs, limits.lockTimeoutMs)))
      .then(
        () => settle(resolve),
        (error: unknown) => giveUp(new FailureError(databaseFailure(error, label), { cause: error })),
      );
  });

  let waiting = 0;
  let answeredAt = performance.now();
  let queue: Promise<unknown> = Promise.resolve();
  /** What the server was last told. */
  let told = { statementMs: limits.statementTimeoutMs, lockMs: limits.lockTimeoutMs };

  const run = async <Row extends object>(
    statement: Statement,
    options: StatementOptions = {},
  ): Promise<ChangeResult<Row>> => {
    waiting += 1;
    let started = false;
    const turn = queue.then(() => {
      started = true;
      return execute<Row>(statement, options);
    });
    queue = turn.catch(() => undefined).finally(() => (waiting -= 1));
    return await new Promise<ChangeResult<Row>>((resolve, reject) => {
      // Waiting for one's turn ends with the signal; a statement that runs ends when the server says so.
      const onAbort = (): void => void (started || reject(cancelledError(label)));
      options.signal?.addEventListener('abort', onAbort, { once: true });
      turn.then(resolve, reject).finally(() => options.signal?.removeEventListener('abort', onAbort));
    });
  };

  const execute = async <Row extends object>(
    statement: Statement,
    options: StatementOptions,
  ): Promise<ChangeResult<Row>> => {
    if (options.signal?.aborted) throw cancelledError(label);
    if (lost) throw new FailureError(lost);
    if (closing) throw new FailureError({ kind: 'not-connected', message: `${label} is not connected.` });
    if (statement.text.includes('\0')) {
      throw new FailureError({ kind: 'invalid-input', message: 'A statement holds a zero character.' });
    }
    const statementMs = options.timeoutMs ?? limits.statementTimeoutMs;
    const lockMs = options.lockTimeoutMs ?? limits.lockTimeoutMs;
    const notices: ServerNotice[] = [];
    const onNotice = (notice: object): void => void notices.push(toNotice(notice));
    client.on('notice', onNotice);

    let abandoned: NodeJS.Timeout | null = null;
    const abandonAfter = (ms: number, words: string): void => {
      if (abandoned) clearTimeout(abandoned);
      abandoned = setTimeout(
        () => onEnd({ kind: 'unreachable', message: `${label} ${words}.`, node: label }),
        ms,
      );
    };
    if (statementMs > 0) {
      abandonAfter(statementMs + graceMs, `gave no answer in ${(statementMs + graceMs) / 1000} s`);
    }
    let cancelling: Promise<void> | null = null;
    const onAbort = (): void => {
      const key = { processId: inside.processID ?? 0, secretKey: inside.secretKey ?? 0 };
      // If the request does not get through, the connection is given up below: the server then stops by itself.
      cancelling = sendCancelRequest({ ...address, tls }, key, cancelTimeoutMs).catch(() => undefined);
      abandonAfter(cancelTimeoutMs + graceMs, 'did not stop the statement when asked to');
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });

    const began = Date.now();
    try {
      if (told.statementMs !== statementMs || told.lockMs !== lockMs) {
        told = { statementMs, lockMs };
        // Inside a transaction that is rolled back, the change of limits is taken back too.
        const forget = (): void => void (told = unknownLimits);
        // Not waited for: it travels with the statement.
        client
          .query(limitsText(statementMs, lockMs))
          .then(() => (client.getTransactionStatus() === 'I' ? undefined : forget()), forget);
      }
      const values = [...(statement.values ?? [])];
      const answer: pg.QueryResult<Row> | readonly pg.QueryResult<Row>[] = await (options.isolated
        ? queryIsolated<Row>(client, statement.text, values, options.isolated.settings ?? {})
        : client.query<Row>(statement.text, values));
      const result = Array.isArray(answer)
        ? (answer as readonly pg.QueryResult<Row>[]).at(-1)
        : (answer as pg.QueryResult<Row>);
      answeredAt = performance.now();
      return { rows: result?.rows ?? [], command: result?.command ?? '', notices };
    } catch (error) {
      const failure = lost ?? databaseFailure(error, label);
      if (!options.signal?.aborted)
        throw new FailureError(explainStop(failure, statementMs, began), { cause: error });
      if (failure.sqlState === '57014') {
        throw cancelledError(
          label,
          { sqlState: failure.sqlState, serverMessage: failure.serverMessage },
          error,
        );
      }
      if (lost) {
        const meaning = 'The connection was given up; what became of the statement is not known.';
        throw cancelledError(label, { meaning, serverMessage: failure.message }, error);
      }
      throw new FailureError(failure, { cause: error });
    } finally {
      if (abandoned) clearTimeout(abandoned);
      client.off('notice', onNotice);
      options.signal?.removeEventListener('abort', onAbort);
      // A request on its way would otherwise stop the next statement.
      if (cancelling) await cancelling;
    }
  };

  return {
    address: label,
    get isOpen() {
      return !lost && !closing;
    },
    get isBusy() {
      return waiting > 0;
    },
    get silentMs() {
      return performance.now() - answeredAt;
    },
    encrypted: tls !== false,
    get backendPid() {
      return inside.processID;
    },
    read: async <Row extends object>(statement: Statement, options?: StatementOptions) =>
      (await run<Row>(statement, options)).rows,
    change: (statement, options) => run(statement, options),
    onLost(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (closing) return;
      closing = true;
      if (lost) return;
      if (waiting > 0) {
        // The server stops a statement whose client is gone only when it next writes; it is told instead.
        const key = { processId: inside.processID ?? 0, secretKey: inside.secretKey ?? 0 };
        await sendCancelRequest({ ...address, tls }, key, 2_000).catch(() => undefined);
      }
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, 2_000)));
      await Promise.race([client.end().catch(() => undefined), limit]);
      clearTimeout(timer);
      destroy();
    },
  };
}

/** The extended protocol takes one statement only, so nothing can end the read-only transaction before its time. */
async function queryIsolated<Row extends object>(
  client: pg.Client,
  text: string,
  values: SqlValue[],
  settings: Readonly<Record<string, string>>,
): Promise<pg.QueryResult<Row>> {
  const config = { text, values, queryMode: 'extended' };
  try {
    await client.query('BEGIN TRANSACTION READ ONLY');
    for (const [name, value] of Object.entries(settings)) {
      await client.query('SELECT pg_catalog.set_config($1, $2, true)', [name, value]);
    }
    return await client.query<Row>(config);
  } finally {
    // A request to cancel may still be on its way and hit the first of these.
    for (let tries = 0; tries < 3 && client.getTransactionStatus() !== 'I'; tries += 1) {
      await client.query('ROLLBACK').catch(() => undefined);
    }
  }
}

function limitsText(statementMs: number, lockMs: number): string {
  return `SET statement_timeout = ${Math.trunc(statementMs)}; SET lock_timeout = ${Math.trunc(lockMs)}`;
}
