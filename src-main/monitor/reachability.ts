/** What is known of the reach of one node, and how an answer changes it. Pure. */
import type { NodePace, NodeReachability } from '../contract/cluster';
import type { Failure } from '../contract/failure';

export type ProbeOutcome =
  | { readonly state: 'reachable'; readonly latencyMs: number }
  /** `failure` says why this workstation does not reach it. */
  | { readonly state: 'indirect' | 'unreachable' | 'unknown'; readonly failure: Failure };

/** A node that was not tried yet. */
export function notTried(nodeId: number, at: string): NodeReachability {
  return { nodeId, state: 'unknown', since: at, lastSeenAt: null, latencyMs: null, failure: null };
}

/** `since` holds while the state does; `lastSeenAt` is the last time that anybody got an answer. */
export function advance(previous: NodeReachability, outcome: ProbeOutcome, at: string): NodeReachability {
  const wasSeen = outcome.state === 'reachable' || outcome.state === 'indirect';
  return {
    nodeId: previous.nodeId,
    state: outcome.state,
    since: outcome.state === previous.state ? previous.since : at,
    lastSeenAt: wasSeen ? at : previous.lastSeenAt,
    latencyMs: outcome.state === 'reachable' ? outcome.latencyMs : null,
    failure: outcome.state === 'reachable' ? null : outcome.failure,
  };
}

/** What a try says about the pace of the node. */
export function probeOf(outcome: ProbeOutcome): NodePace['recent'][number] {
  if (outcome.state === 'reachable') return outcome.latencyMs;
  return outcome.failure.kind === 'timeout' ? 'late' : 'none';
}
