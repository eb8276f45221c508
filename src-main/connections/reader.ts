/** What a connection offers to those who read and change through it; no driver and no socket in sight. */
import type { ConnectionOptions } from 'node:tls';
import type { Failure } from '../contract/failure';

export type SqlValue = string | number | boolean | null;

/** Text with $1..$n and the values for them. Identifiers inside `text` come from `identifier`. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly SqlValue[];
}

export interface StatementOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; sent to the server as statement_timeout for this statement; 0 is no limit. Default: the connection's. */
  readonly timeoutMs?: number;
  /** Milliseconds; lock_timeout for this statement; 0 is no limit. */
  readonly lockTimeoutMs?: number;
  /**
   * For text that a person typed: it runs in a read-only transaction of its own that is rolled back, and the server refuses
   * a text of several statements. Settings hold for the transaction alone.
   */
  readonly isolated?: { readonly settings?: Readonly<Record<string, string>> };
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
  /**
   * Rows as objects. int8 and numeric, alone and in arrays, arrive as text, so that no digit is lost; dates and
   * times arrive as the server wrote them. Numbers inside json are JavaScript numbers: write an int8 into json as
   * text. Of several statements in one text, the rows of the last. Throws `FailureError`.
   */
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
  /** A statement runs or waits. */
  readonly isBusy: boolean;
  /** Milliseconds since the server last answered a statement, or let the session in. */
  readonly silentMs: number;
  readonly encrypted: boolean;
  readonly backendPid: number | null;
  /** Called once, when the connection ends for any reason but `close`. */
  onLost(listener: (failure: Failure) => void): () => void;
  /** Resolves when the socket is closed; never throws. */
  close(): Promise<void>;
}
