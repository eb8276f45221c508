/** Which node reaches which: one row and one column when a node changes, all on demand. */
import { setMaxListeners } from 'node:events';
import { connectivityQuestion, readAnswer } from '../citus/health-reads';
import { toFailure } from '../contract/failure';
import { known } from '../plans/health/facts';
import type { Connectivity, ConnectionPair, Fact } from '../plans/health/facts';
import type { Clock } from './clock';
import type { Member } from './health-gather';
import { limited, noAnswer, orAborted, whyOf } from './health-gather';

/** Connections that one statement tries, one after the other: few, so that what is known is not lost to one that hangs. */
const pairsAtOnce = 10;
const statementLimitMs = 10_000;
/** Nodes that try at a time; more would be felt in a large cluster. */
const nodesAtOnce = 8;
/** A report waits this long for connections that are being tried; the rest is told by the next one. */
export const pairsPatienceMs = 1_000;

/** `all` pairs again; those that were not tried or failed (`changed`); or none, only what is `known` so far. */
export type PairsWanted = 'all' | 'changed' | 'known';

export interface ConnectivityKeeper {
  /** @param members those that answer; pairs with others are told by the check of reachability. */
  read(members: readonly Member[], wanted: PairsWanted, signal: AbortSignal): Promise<Fact<Connectivity>>;
  stop(): void;
}

export interface ConnectivityParts {
  readonly clock: Clock;
  /** The coordinator's statements wait for other nodes, so they go by the session that is meant for it. */
  readonly aside: () => Promise<Member['reader']>;
  /** Connections that a report did not wait for were tried. */
  readonly onLate: () => void;
}

export function createConnectivityKeeper(parts: ConnectivityParts): ConnectivityKeeper {
  const pairs = new Map<string, ConnectionPair>();
  const running = new Map<string, Promise<void>>();
  /** Why the view of a node is missing, in whole or in part. */
  const whys = new Map<string, string>();
  const stopped = new AbortController();
  // Every statement that runs listens to it.
  setMaxListeners(0, stopped.signal);
  const inTurn = createTurns(nodesAtOnce);
  const keyOf = (from: string, to: string): string => `${from} ${to}`;

  /** Why not all of them are known; null when they are. */
  const readSome = async (member: Member, targets: readonly Member[]): Promise<string | null> => {
    const limit = limited(parts.clock, statementLimitMs, stopped.signal);
    const late = noAnswer(member.address, statementLimitMs);
    try {
      const isCoordinator = (member.node?.groupId ?? 0) === 0;
      const reader = isCoordinator ? await orAborted(parts.aside(), limit.signal, late) : member.reader;
      if (reader === null) return 'This workstation cannot ask it itself.';
      const ids = targets.flatMap(({ node }) => (node ? [node.nodeId] : []));
      const options = { timeoutMs: statementLimitMs, signal: limit.signal };
      const answers = await orAborted(
        readAnswer(reader, connectivityQuestion(ids), options),
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

  const readRow = async (member: Member, targets: readonly Member[]): Promise<string | null> => {
    let why: string | null = null;
    for (let from = 0; from < targets.length && !stopped.signal.aborted; from += pairsAtOnce)
      why = (await readSome(member, targets.slice(from, from + pairsAtOnce))) ?? why;
    return why;
  };

  const begin = (member: Member, targets: readonly Member[]): void => {
    const row = inTurn(() => readRow(member, targets)).then((why) => {
      running.delete(member.address);
      if (why === null) whys.delete(member.address);
      else whys.set(member.address, why);
    });
    running.set(member.address, row);
  };

  return {
    async read(members, wanted, signal) {
      // A node that was away comes back as a new one: nothing that was seen of it holds.
      const present = new Set(members.map(({ address }) => address));
      for (const [key, { from, to }] of pairs) if (!present.has(from) || !present.has(to)) pairs.delete(key);
      const isWanted = (from: string, to: string): boolean =>
        wanted === 'all' || pairs.get(keyOf(from, to))?.reached !== true;
      for (const member of wanted === 'known' ? [] : members) {
        const targets = members.filter(
          ({ node, address }) =>
            node !== null && address !== member.address && isWanted(member.address, address),
        );
        if (targets.length > 0 && !running.has(member.address)) begin(member, targets);
      }
      await waitFor(parts, [...running.values()], signal);
      return known({
        pairs: [...pairs.values()],
        silent: members.flatMap(({ address }) => {
          const others = members.filter(({ node, address: to }) => node !== null && to !== address);
          const isWhole = others.every(({ address: to }) => pairs.has(keyOf(address, to)));
          const why = running.has(address)
            ? 'Its connections are being tried; the next report tells.'
            : whys.get(address);
          return isWhole || why === undefined ? [] : [{ from: address, why }];
        }),
      });
    },
    stop: () => stopped.abort(),
  };
}

/** Until all are there, or the patience is over: then `onLate` tells when they are. */
function waitFor(
  { clock, onLate }: ConnectivityParts,
  rows: readonly Promise<void>[],
  signal: AbortSignal,
): Promise<void> {
  if (rows.length === 0) return Promise.resolve();
  return new Promise((resolve) => {
    let isLate = false;
    const giveUp = (): void => {
      isLate = true;
      resolve();
    };
    const takeBack = clock.after(pairsPatienceMs, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    void Promise.all(rows).then(() => {
      takeBack();
      signal.removeEventListener('abort', giveUp);
      resolve();
      if (isLate && !signal.aborted) onLate();
    });
  });
}

/** Runs what it is given, so many at a time, in the order of asking. */
function createTurns(most: number): <T>(act: () => Promise<T>) => Promise<T> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (act) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
