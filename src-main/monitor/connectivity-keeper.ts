/** Which node reaches which: one row and one column when a node changes, all on demand. */
import { connectivityQuestion, readAnswer } from '../citus/health-reads';
import { toFailure } from '../contract/failure';
import { known } from '../plans/health/facts';
import type { Connectivity, ConnectionPair, Fact } from '../plans/health/facts';
import type { Clock } from './clock';
import type { Member } from './health-gather';
import { limited, noAnswer, orAborted, whyOf } from './health-gather';

/** All connections of one node; they are tried one after the other there. */
const rowLimitMs = 10_000;

export interface ConnectivityKeeper {
  /**
   * @param members those that answer; pairs with others are told by the check of reachability.
   * @param isFull every pair again; otherwise only pairs that were not tried, or failed.
   */
  read(members: readonly Member[], isFull: boolean, signal: AbortSignal): Promise<Fact<Connectivity>>;
}

export function createConnectivityKeeper(parts: {
  readonly clock: Clock;
  /** The coordinator's statements wait for other nodes, so they go by the session that is meant for it. */
  readonly aside: () => Promise<Member['reader']>;
}): ConnectivityKeeper {
  let pairs = new Map<string, ConnectionPair>();
  const keyOf = (from: string, to: string): string => `${from} ${to}`;

  const readRow = async (
    member: Member,
    targets: readonly Member[],
    signal: AbortSignal,
  ): Promise<string | null> => {
    const limit = limited(parts.clock, rowLimitMs, signal);
    const late = noAnswer(member.address, rowLimitMs);
    try {
      const isCoordinator = (member.node?.groupId ?? 0) === 0;
      const reader = isCoordinator ? await orAborted(parts.aside(), limit.signal, late) : member.reader;
      if (reader === null) return 'This workstation cannot ask it itself.';
      const ids = targets.flatMap(({ node }) => (node ? [node.nodeId] : []));
      const answers = await orAborted(
        readAnswer(reader, connectivityQuestion(ids), { timeoutMs: rowLimitMs, signal: limit.signal }),
        limit.signal,
        late,
      );
      const reachedOf = new Map(answers.map(({ nodeId, reached }) => [nodeId, reached]));
      const unknown: string[] = [];
      for (const { node, address } of targets) {
        const reached = node ? reachedOf.get(node.nodeId) : undefined;
        if (reached === undefined) unknown.push(address);
        else pairs.set(keyOf(member.address, address), { from: member.address, to: address, reached });
      }
      return unknown.length === 0
        ? null
        : `Its own copy of the catalogs does not list ${unknown.join(', ')}.`;
    } catch (error) {
      return whyOf(toFailure(error));
    } finally {
      limit.end();
    }
  };

  return {
    async read(members, isFull, signal) {
      // A node that was away comes back as a new one: nothing that was seen of it holds.
      const present = new Set(members.map(({ address }) => address));
      const kept = [...pairs].filter(([, { from, to }]) => present.has(from) && present.has(to));
      pairs = new Map(isFull ? [] : kept);
      const silent: { from: string; why: string }[] = [];
      await Promise.all(
        members.map(async (member) => {
          const targets = members.filter(
            (one) =>
              one.node !== null
              && one.address !== member.address
              && pairs.get(keyOf(member.address, one.address))?.reached !== true,
          );
          const why = targets.length > 0 ? await readRow(member, targets, signal) : null;
          if (why !== null) silent.push({ from: member.address, why });
        }),
      );
      return known({ pairs: [...pairs.values()], silent });
    },
  };
}
