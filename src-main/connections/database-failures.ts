/** Errors of the socket, of TLS, of the driver and of the server as `Failure` values. */
import { FailureError } from '../contract/failure';
import type { Failure, FailureKind } from '../contract/failure';
import type { ServerNotice } from './reader';

export function cancelledError(node: string, extra: Partial<Failure> = {}, cause?: unknown): FailureError {
  return new FailureError({ kind: 'cancelled', message: 'Cancelled.', node, ...extra }, { cause });
}

const networkMessages: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ENOTFOUND: 'has no address: the host name is not known here',
  EAI_AGAIN: 'has no address: the name service does not answer',
  EAI_FAIL: 'has no address: the name service failed',
  ETIMEDOUT: 'does not answer',
  EHOSTUNREACH: 'cannot be reached: no route to the host',
  EHOSTDOWN: 'cannot be reached: the host is down',
  ENETUNREACH: 'cannot be reached: no route to the network',
  ENETDOWN: 'cannot be reached: the network is down',
  EADDRNOTAVAIL: 'cannot be reached: no local address fits',
  EACCES: 'cannot be reached: this computer does not allow the connection',
  ENOENT: 'has no socket file there',
  ECONNRESET: 'closed the connection',
  ECONNABORTED: 'closed the connection',
  EPIPE: 'closed the connection',
};

/** The name was the trouble; a port or a firewall was not met yet. */
const nameCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL']);

/** Codes of OpenSSL as node:tls reports them, in words that say what is wrong with the certificate. */
const certificateMessages: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed and not among the trusted ones',
  SELF_SIGNED_CERT_IN_CHAIN: 'leads to a CA that is not among the trusted ones',
  UNABLE_TO_GET_ISSUER_CERT: 'is signed by a CA that is not among the trusted ones',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is signed by a CA that is not among the trusted ones',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is signed by a CA that is not among the trusted ones',
  CERT_SIGNATURE_FAILURE: 'has a signature that is not valid',
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'was revoked',
  INVALID_CA: 'is signed by a certificate that is no CA',
  HOSTNAME_MISMATCH: 'is made out to another host',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is made out to another host',
};

interface ErrorFields {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

function fieldsOf(error: unknown): ErrorFields {
  if (typeof error !== 'object' || error === null) return { code: '', message: String(error) };
  const fields = error as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined =>
    typeof fields[name] === 'string' && fields[name] !== '' ? fields[name] : undefined;
  // A host with several addresses gives one AggregateError whose own message is empty.
  const inner: unknown = Array.isArray(fields['errors']) ? fields['errors'][0] : undefined;
  const first = inner === undefined ? undefined : fieldsOf(inner);
  return {
    code: text('code') ?? first?.code ?? '',
    message: text('message') ?? first?.message ?? String(error),
    detail: text('detail'),
    hint: text('hint'),
  };
}

/** A driver or server error as a `Failure`; the server's own words are kept unchanged. */
export function databaseFailure(error: unknown, node: string): Failure {
  if (error instanceof FailureError) return error.failure;
  const { code, message, detail, hint } = fieldsOf(error);
  const network = networkMessages[code];
  if (network) {
    return {
      kind: 'unreachable',
      message: `${node} ${network}.`,
      ...(nameCodes.has(code)
        ? {
            meaning: 'No connection was tried.',
            remedy:
              'Check the spelling of the host name, type its address instead, or look at the name service.',
          }
        : { remedy: 'Check the host, the port, the firewall and that PostgreSQL runs there.' }),
      serverMessage: message,
      node,
    };
  }
  if (/^[0-9A-Z]{5}$/.test(code)) return serverFailure({ code, message, detail, hint }, node);
  return tlsFailure(code, message, node) ?? driverFailure(message, node);
}

function tlsFailure(code: string, message: string, node: string): Failure | null {
  const shared = { kind: 'tls', serverMessage: message, node } as const;
  if (/does not support SSL/i.test(message)) {
    return {
      ...shared,
      message: `${node} does not offer encryption.`,
      meaning: 'The profile asks for TLS and the server has ssl = off. Nothing was sent to it.',
      remedy:
        'Switch ssl on at the server. TLS mode "disable" sends everything, the password included, readable.',
    };
  }
  if (/error establishing an SSL connection/i.test(message)) {
    return {
      ...shared,
      message: `${node} did not answer the question for encryption as PostgreSQL does.`,
      remedy: 'Check that the port belongs to PostgreSQL.',
    };
  }
  if (/alert.*(?:certificate|unknown.ca)|CERTIFICATE_REQUIRED/i.test(`${code} ${message}`)) {
    return {
      ...shared,
      message: `${node} does not accept this client's certificate.`,
      meaning: 'The server asks for a certificate of a CA that it trusts.',
      remedy: 'Name a client certificate and its key in the profile, or ask who runs the server for one.',
    };
  }
  const certificate = certificateMessages[code];
  if (certificate) {
    return {
      ...shared,
      message: `The certificate of ${node} ${certificate}.`,
      meaning: 'The app cannot tell the server from an impostor. No password was sent.',
      remedy:
        code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH'
          ? 'Use the host name that is in the certificate, or have a certificate made for this one.'
          : code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID'
            ? 'Renew the certificate at the server, and check the clock of this computer.'
            : 'Name the file of the CA that signed it in the profile.',
    };
  }
  if (/^ERR_(?:TLS|SSL|OSSL)|^EPROTO$|certificate|handshake|before secure TLS/i.test(`${code} ${message}`)) {
    return {
      ...shared,
      message: `No encrypted connection could be agreed with ${node}.`,
      remedy: 'Check ssl_min_protocol_version and the certificate files of the server.',
    };
  }
  return null;
}

function driverFailure(message: string, node: string): Failure {
  if (/SASL|SCRAM|password must be a string|client password/i.test(message)) {
    return {
      kind: 'authentication',
      message: `${node} and this app could not agree on a password exchange.`,
      meaning: 'The password is wrong, or the server did not prove that it knows it.',
      remedy: 'Type the password again; if it is right, check that nothing stands between.',
      serverMessage: message,
      node,
    };
  }
  if (/Connection terminated|Client was closed|not queryable|socket|connection error/i.test(message)) {
    return { kind: 'unreachable', message: `${node} closed the connection.`, serverMessage: message, node };
  }
  return { kind: 'internal', message, serverMessage: message, node };
}

function serverFailure(error: ErrorFields, node: string): Failure {
  const { code, message, detail, hint } = error;
  const words = wordsOfSqlState(code, node);
  return {
    kind: kindOfSqlState(code),
    message,
    ...words,
    sqlState: code,
    serverMessage: message,
    detail,
    hint,
    node,
  };
}

function kindOfSqlState(sqlState: string): FailureKind {
  if (sqlState.startsWith('28')) return 'authentication';
  if (sqlState === '42501') return 'permission';
  if (sqlState === '57014') return 'timeout';
  if (sqlState === '55P03') return 'timeout';
  if (sqlState.startsWith('08') || sqlState.startsWith('57P')) return 'unreachable';
  return 'database';
}

/** The refusals that a person meets while connecting; for all others the server's own words are the message. */
function wordsOfSqlState(sqlState: string, node: string): Partial<Failure> {
  switch (sqlState) {
    case '28P01':
      return {
        message: `${node} does not accept this password.`,
        meaning: 'The user or the password is wrong. It is not tried again by itself.',
        remedy: 'Type the password again, or check the user in the profile.',
      };
    case '28000':
      return {
        message: `${node} does not let this user in.`,
        meaning:
          'pg_hba.conf has no rule for this user, database, address and encryption, or the role may not log in.',
        remedy: 'Check user, database and TLS mode of the profile, then pg_hba.conf at the server.',
      };
    case '3D000':
      return {
        message: `The database does not exist on ${node}.`,
        remedy: 'Check the name of the database in the profile.',
      };
    case '53300':
      return {
        message: `${node} has no connection left.`,
        meaning: 'max_connections, or the limit of the role or the database, is reached.',
        remedy: 'Wait, close other sessions, or raise the limit.',
      };
    case '57P03':
      return {
        message: `${node} does not accept connections yet.`,
        meaning: 'The server is starting, stopping or recovering.',
        remedy: 'Wait until it is ready.',
      };
    case '57P01':
    case '57P02':
      return {
        message: `${node} ended the session.`,
        meaning: 'The server is stopping, or an administrator ended it.',
      };
    default:
      return {};
  }
}

/** Whether the same attempt may succeed later without a person changing anything. */
export function isWorthRetrying(failure: Failure): boolean {
  if (failure.kind === 'unreachable' || failure.kind === 'timeout' || failure.kind === 'not-connected')
    return true;
  // Insufficient resources: too many connections, out of memory, disk full.
  return failure.sqlState?.startsWith('53') === true;
}

/** 57014 is both the statement's own limit and somebody's pg_cancel_backend; the time it took tells them apart. */
export function explainStop(failure: Failure, statementMs: number, began: number): Failure {
  if (failure.sqlState !== '57014') return failure;
  if (statementMs > 0 && Date.now() - began >= statementMs) {
    return { ...failure, message: `The statement was stopped after ${statementMs / 1000} s, its limit.` };
  }
  return { ...failure, kind: 'database', message: 'The statement was stopped by someone at the server.' };
}

/** What the server says beside an answer, in the fields of its protocol. */
export function toNotice(notice: object): ServerNotice {
  const fields = notice as Readonly<Record<string, string | undefined>>;
  return {
    severity: fields['severity'] ?? 'NOTICE',
    sqlState: fields['code'] ?? '00000',
    message: fields['message'] ?? '',
    detail: fields['detail'],
    hint: fields['hint'],
  };
}
