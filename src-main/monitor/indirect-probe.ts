/** What the coordinator says of nodes that this workstation does not reach: those that wait at a time are asked about together. */
import { checkConnectionToNode, checkConnectionsToNodes, nodeAddress } from '../citus/nodes';
import type { Reader } from '../connections/database';
import type { ClusterNode } from '../contract/cluster';
import { toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { Clock } from './clock';

/** What the coordinator's own try may take, at the server. */
export const indirectLimitMs = 4_000;
/** And with waiting for its turn. */
export const indirectPatienceMs = 5_000;
/** Nodes that do not answer for the same reason run into their limits together. */
const gatherMs = 50;

export interface IndirectProbe {
  /** Whether the coordinator reaches it, or why it did not tell. Never throws; bounded by `indirectPatienceMs`. */
  ask(node: ClusterNode): Promise<boolean | Failure>;
}

interface Waiting {
  readonly node: ClusterNode;
  readonly answer: (reached: boolean | Failure) => void;
}

export function createIndirectProbe(parts: {
  readonly aside: () => Promise<Reader>;
  readonly clock: Clock;
}): IndirectProbe {
  let waiting: Waiting[] = [];

  const askOne = async (reader: Reader, { node, answer }: Waiting, signal: AbortSignal): Promise<void> => {
    await checkConnectionToNode(reader, node, { timeoutMs: indirectLimitMs, signal }).then(
      answer,
      (error: unknown) => answer(toFailure(error)),
    );
  };

  const askAll = async (those: readonly Waiting[], signal: AbortSignal): Promise<void> => {
    try {
      const reader = await parts.aside();
      const [first] = those;
      if (first && those.length === 1) return await askOne(reader, first, signal);
      const reached = await checkConnectionsToNodes(
        reader,
        those.map(({ node }) => node),
        { timeoutMs: indirectLimitMs, signal },
      );
      if (reached !== null) {
        for (const { node, answer } of those) answer(reached.get(nodeAddress(node)) ?? false);
        return;
      }
      // A server that cannot be asked about several: one after the other, as far as the patience lasts.
      for (const one of those) await askOne(reader, one, signal);
    } catch (error) {
      for (const { answer } of those) answer(toFailure(error));
    }
  };

  const begin = (): void => {
    const those = waiting;
    waiting = [];
    const given = new AbortController();
    const takeBack = parts.clock.after(indirectPatienceMs - gatherMs, () => {
      given.abort();
      for (const { answer, node } of those) answer(noTurn(nodeAddress(node)));
    });
    void askAll(those, given.signal).finally(takeBack);
  };

  return {
    ask: (node) =>
      new Promise((answer) => {
        if (waiting.length === 0) parts.clock.after(gatherMs, begin);
        waiting.push({ node, answer });
      }),
  };
}

function noTurn(address: string): Failure {
  return {
    kind: 'timeout',
    message: `The coordinator did not tell within ${indirectPatienceMs / 1000} s whether it reaches ${address}.`,
    node: address,
  };
}
