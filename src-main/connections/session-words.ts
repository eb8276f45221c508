/** How the state of a session is told to whoever needed it open. */
import type { Failure } from '../contract/failure';
import type { SessionPhase, SessionState } from '../contract/sessions';

export function closedFailure(label: string): Failure {
  return { kind: 'unreachable', message: `${label} closed the connection.`, node: label };
}

export function notConnected(address: string, state: SessionState | null): Failure {
  const words: Readonly<Record<SessionPhase, string>> = {
    closed: 'The cluster is not connected.',
    connecting: 'The connection to the cluster is still being made.',
    open: 'The cluster is not connected.',
    lost: `The connection to ${address} was lost and is being made again.`,
    failed: `The connection to ${address} failed.`,
  };
  return {
    kind: 'not-connected',
    message: words[state?.phase ?? 'closed'],
    ...(state?.failure ? { meaning: state.failure.message } : {}),
    remedy: state?.phase === 'lost' ? 'Wait until it is open again.' : 'Connect to the cluster first.',
    ...(address ? { node: address } : {}),
  };
}
