/** One try to reach one node: from here, and where that fails, from the coordinator. */
import { nodeAddress, readHeartbeat } from '../citus/nodes';
import type { Reader } from '../connections/database';
import type { ClusterNode } from '../contract/cluster';
import { toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { Clock } from './clock';
import { indirectPatienceMs } from './indirect-probe';
import type { IndirectProbe } from './indirect-probe';
import type { ProbeOutcome } from './reachability';

/** A node that needs longer than this for `SELECT 1` counts as not answering. */
export const directLimitMs = 3_000;
/** The coordinator's heartbeat waits its turn in the session that reads the catalogs. */
const coordinatorLimitMs = 10_000;
/** How long one node, whatever it does, can hold up what is known of it. */
export const nodeTimeoutMs = directLimitMs + indirectPatienceMs;

export interface NodeProbeParts {
  /** A session with that node. */
  readonly direct: (node: ClusterNode) => Promise<Reader>;
  readonly indirect: IndirectProbe;
  readonly clock: Clock;
}

export interface NodeProbe {
  /**
   * Answers within the two limits, whatever the node does. A try that hangs is left to itself, and until it ends the node
   * counts as not answering, so that no statements pile up behind it.
   */
  try(node: ClusterNode): Promise<ProbeOutcome>;
}

export function createNodeProbe(parts: NodeProbeParts): NodeProbe {
  const { clock } = parts;
  let hanging: Promise<unknown> | null = null;
  let wasReached = false;

  const tryDirect = async (node: ClusterNode): Promise<number | Failure> => {
    const address = nodeAddress(node);
    const isCoordinator = isCoordinatorNode(node);
    const limitMs = isCoordinator ? coordinatorLimitMs : directLimitMs;
    if (hanging) return noAnswer(address, limitMs);
    const attempt = (async () => {
      const reader = await parts.direct(node);
      // The time of the answer, not that of opening the session.
      const began = clock.now();
      // Where others read too, a limit of its own would change theirs back and forth.
      await readHeartbeat(reader, isCoordinator ? undefined : { timeoutMs: directLimitMs });
      return clock.now() - began;
    })();
    hanging = attempt.catch(() => undefined).finally(() => (hanging = null));
    return bounded(clock, attempt, limitMs, address);
  };

  const tryIndirect = async (node: ClusterNode, failure: Failure): Promise<ProbeOutcome> => {
    const answer = await parts.indirect.ask(node);
    if (answer === true) return { state: 'indirect', failure };
    // Either the coordinator says so, or its server stopped the try at the limit.
    if (answer === false || answer.sqlState === '57014') return { state: 'unreachable', failure };
    // It had no time to tell of a node that this workstation has a way to, and that is silent.
    if (wasReached && answer.kind === 'timeout') return { state: 'unreachable', failure };
    // The coordinator was not asked, or refused to tell.
    return { state: 'unknown', failure };
  };

  return {
    async try(node) {
      const direct = await tryDirect(node);
      if (typeof direct === 'number') {
        wasReached = true;
        return { state: 'reachable', latencyMs: direct };
      }
      // The coordinator's own node: no other way to it.
      if (isCoordinatorNode(node)) return { state: 'unreachable', failure: direct };
      return tryIndirect(node, direct);
    },
  };
}

export function isCoordinatorNode(node: ClusterNode): boolean {
  return node.groupId === 0 && node.role === 'primary';
}

function noAnswer(address: string, limitMs: number): Failure {
  return {
    kind: 'timeout',
    message: `${address} did not answer in ${limitMs / 1000} s.`,
    meaning: 'It accepts connections and does nothing, or the network in between loses them.',
    remedy: 'Look at the host: its load, its disks, whether PostgreSQL is stopped.',
    node: address,
  };
}

/** Never throws; what is still under way at the limit is left to itself. */
async function bounded<T>(
  clock: Clock,
  attempt: Promise<T>,
  limitMs: number,
  address: string,
): Promise<T | Failure> {
  return new Promise((resolve) => {
    const takeBack = clock.after(limitMs, () => resolve(noAnswer(address, limitMs)));
    attempt.then(
      (value) => {
        takeBack();
        resolve(value);
      },
      (error: unknown) => {
        takeBack();
        resolve(toFailure(error));
      },
    );
  });
}
