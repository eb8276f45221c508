/** Telling a lost way to the cluster from a statement that the server refused. */
import type { Failure } from '../contract/failure';

/**
 * A server that answers with a SQLSTATE of class 57P ends the session; any other SQLSTATE is an answer to the statement,
 * also 08006, with which Citus reports that it could not reach one of its nodes.
 */
export function isLostConnection(failure: Failure): boolean {
  if (failure.sqlState !== undefined) return failure.sqlState.startsWith('57P');
  return failure.kind === 'unreachable' || failure.kind === 'not-connected';
}

export function failureWords(failure: Failure): string {
  return [failure.message, failure.detail, failure.hint].filter((part) => part).join(' ');
}
