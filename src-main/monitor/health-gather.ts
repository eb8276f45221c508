/** Gathers what the health checks are judged by: every node on its own and all at once, each within a limit. */
import { readCleanupRecords, healthStatements } from '../citus/health-reads';
import {
  activeTransactionsQuestion,
  busyBackendsQuestion,
  clockQuestion,
  commitRecordsQuestion,
  connectionsQuestion,
  diskQuestion,
  preparedQuestion,
  readAnswer,
  readAnswersThroughCoordinator,
  settingsQuestion,
  slotsQuestion,
  versionsQuestion,
} from '../citus/health-reads';
import type { NodeQuestion } from '../citus/health-reads';
import { leftoversQuestion } from '../citus/leftover-reads';
import { nodeAddress } from '../citus/nodes';
import { qualified, shownStatement } from '../connections/database';
import type { Reader } from '../connections/database';
import type { ClusterNode, ClusterReachability, ClusterSizes, ClusterSnapshot } from '../contract/cluster';
import { FailureError, toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import { known, notKnown } from '../plans/health/facts';
import type { CleanupRecord, Connectivity, Fact, HealthFacts, NodeHealthFacts } from '../plans/health/facts';
import type { Clock } from './clock';
import { isCoordinatorNode } from './node-probe';

/** The same as the heartbeat's, so that the two do not change the session's limit back and forth. */
const statementLimitMs = 3_000;
/** All questions of one node; what is not answered by then is not known. */
export const nodeLimitMs = 6_000;
const relayLimitMs = 8_000;
/** Sizes of large clusters take longer; the next report finds them read. */
const sizesLimitMs = 8_000;

export interface GatherParts {
  readonly coordinator: () => Reader;
  readonly aside: () => Promise<Reader>;
  readonly node: (address: { readonly host: string; readonly port: number }) => Promise<Reader>;
  readonly clock: Clock;
  readonly snapshot: () => Promise<ClusterSnapshot>;
  readonly reachability: () => Promise<ClusterReachability>;
  readonly sizes: () => Promise<ClusterSizes>;
  /** Of those that answer, by their own sessions; see `connectivity-keeper.ts`. */
  readonly connectivity: (members: readonly Member[], signal: AbortSignal) => Promise<Fact<Connectivity>>;
  readonly firstSeen: (recordId: string) => number;
}

/** A node that answered, with the session that it answered by. */
export interface Member {
  readonly node: ClusterNode | null;
  readonly address: string;
  /** Null where only the coordinator reaches it. */
  readonly reader: Reader | null;
}

type Asked = Omit<NodeHealthFacts, 'node' | 'groupId' | 'address' | 'via' | 'commits'>;
const relayed = {
  versions: versionsQuestion,
  settings: settingsQuestion,
  slots: slotsQuestion,
  prepared: preparedQuestion,
  connections: connectionsQuestion,
  seconds: clockQuestion,
  leftovers: leftoversQuestion,
} as const;

interface Gathered {
  readonly facts: NodeHealthFacts;
  readonly reader: Reader | null;
  /** No question was answered. */
  readonly failure: Failure | null;
}

export async function gatherHealth(parts: GatherParts, signal: AbortSignal): Promise<HealthFacts> {
  const snapshot = await parts.snapshot();
  const sizes = factOf(parts.clock, parts.sizes(), sizesLimitMs, 'The sizes of the shards');
  const cleanup = cleanupFact(parts, signal);
  const reachability = factOf(
    parts.clock,
    parts.reachability(),
    nodeLimitMs + relayLimitMs,
    'The reach of the nodes',
  );

  const members = membersOf(snapshot, parts.coordinator().address);
  const asked = await Promise.all(members.map((member) => gatherNode(parts, member, signal)));
  const reach = await reachability;
  const isIndirect = (one: Gathered): boolean =>
    reach.known
    && reach.value.nodes.some((node) => node.nodeId === one.facts.node?.nodeId && node.state === 'indirect');
  const missing = asked.filter((one) => one.failure !== null && isIndirect(one));
  const relays =
    missing.length > 0 ? await gatherRelayed(parts, missing, signal) : new Map<string, NodeHealthFacts>();
  const known_ = asked.map((one) => ({ ...one, facts: relays.get(one.facts.address) ?? one.facts }));
  const isAway = (one: Gathered): boolean =>
    one.failure !== null && !relays.has(one.facts.address) && one.facts.groupId !== 0;

  const present = known_.filter((one) => !isAway(one));
  const [nodes, connectivity] = await Promise.all([
    withCommits(parts, present, signal),
    parts.connectivity(
      present.map(({ facts, reader }) => ({ node: facts.node, address: facts.address, reader })),
      signal,
    ),
  ]);
  if (signal.aborted) throw new FailureError({ kind: 'cancelled', message: 'Cancelled.' });
  return {
    snapshot,
    reachability: reach.known ? known(reach.value.nodes) : reach,
    nodes,
    away: known_.filter(isAway).map(({ facts }) => facts.address),
    connectivity,
    cleanup: await cleanup,
    sizes: await sizes,
    statements: healthStatements,
    sql: { qualified, literal: (text) => shownStatement({ text: '$1', values: [text] }).shown },
  };
}

function membersOf(
  snapshot: ClusterSnapshot,
  coordinatorAddress: string,
): readonly {
  readonly node: ClusterNode | null;
  readonly address: string;
  readonly isCoordinator: boolean;
}[] {
  const members = snapshot.nodes
    .filter((node) => node.isActive && node.role === 'primary' && !node.isClone)
    .map((node) => ({ node, address: nodeAddress(node), isCoordinator: isCoordinatorNode(node) }));
  if (members.some(({ isCoordinator }) => isCoordinator)) return members;
  return [{ node: null, address: coordinatorAddress, isCoordinator: true }, ...members];
}

async function gatherNode(
  parts: GatherParts,
  member: ReturnType<typeof membersOf>[number],
  signal: AbortSignal,
): Promise<Gathered> {
  const { node, address } = member;
  const limit = limited(parts.clock, nodeLimitMs, signal);
  const identity = { node, groupId: node?.groupId ?? 0, address, via: 'direct' as const };
  const late = noAnswer(address, nodeLimitMs);
  try {
    const opened = member.isCoordinator
      ? Promise.resolve().then(parts.coordinator)
      : parts.node({ host: node?.name ?? '', port: node?.port ?? 0 });
    const reader = await orAborted(opened, limit.signal, late);
    const ask = createAsk(parts.clock, reader, limit.signal, late);
    // The first answer shows that the node answers at all.
    const versions = await ask(versionsQuestion);
    const failure = ask.lostTo();
    const facts: Asked = {
      versions,
      settings: await ask(settingsQuestion),
      slots: await ask(slotsQuestion),
      prepared: await ask(preparedQuestion),
      connections: await ask(connectionsQuestion),
      clock: await ask.clock(),
      disk: await ask(diskQuestion),
      leftovers: await ask(leftoversQuestion),
    };
    return { facts: { ...identity, ...facts, commits: notKnown('not asked') }, reader, failure };
  } catch (error) {
    const failure = toFailure(error);
    return { facts: { ...identity, ...nothingOf(whyOf(failure)) }, reader: null, failure };
  } finally {
    limit.end();
  }
}

function nothingOf(why: string): Asked & Pick<NodeHealthFacts, 'commits'> {
  const fact = notKnown(why);
  return {
    versions: fact,
    settings: fact,
    slots: fact,
    prepared: fact,
    connections: fact,
    clock: fact,
    disk: fact,
    leftovers: fact,
    commits: fact,
  };
}

interface Ask {
  <T>(question: NodeQuestion<T>): Promise<Fact<T>>;
  clock(): Promise<NodeHealthFacts['clock']>;
  /** Why no further question makes sense; null while the node answers. */
  lostTo(): Failure | null;
}

/** A refusal concerns one question; a node that does not answer is asked nothing more. */
function createAsk(clock: Clock, reader: Reader, signal: AbortSignal, late: Failure): Ask {
  let lost: Failure | null = null;
  const ask = async <T>(question: NodeQuestion<T>): Promise<Fact<T>> => {
    if (lost) return notKnown(whyOf(lost));
    try {
      return known(
        await orAborted(readAnswer(reader, question, { timeoutMs: statementLimitMs, signal }), signal, late),
      );
    } catch (error) {
      const failure = toFailure(error);
      if (
        ['timeout', 'unreachable', 'not-connected', 'cancelled', 'authentication', 'tls'].includes(
          failure.kind,
        )
      )
        lost = failure;
      return notKnown(whyOf(failure));
    }
  };
  return Object.assign(ask, {
    async clock(): Promise<NodeHealthFacts['clock']> {
      const sent = clock.now();
      const seconds = await ask(clockQuestion);
      return seconds.known ? known(offsetOf(seconds.value, sent, clock.now())) : seconds;
    },
    lostTo: () => lost,
  });
}

function offsetOf(
  seconds: number,
  sent: number,
  received: number,
): { readonly offsetMs: number; readonly errorMs: number } {
  return { offsetMs: seconds * 1000 - (sent + received) / 2, errorMs: (received - sent) / 2 };
}

/** One statement for all that only the coordinator reaches; sizes of disks apart, since not every server tells them. */
async function gatherRelayed(
  parts: GatherParts,
  missing: readonly Gathered[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, NodeHealthFacts>> {
  const limit = limited(parts.clock, relayLimitMs, signal);
  const options = { timeoutMs: relayLimitMs, signal: limit.signal };
  const late = noAnswer('the coordinator', relayLimitMs);
  const found = new Map<string, NodeHealthFacts>();
  try {
    const aside = await orAborted(parts.aside(), limit.signal, late);
    const sent = parts.clock.now();
    const answers = await orAborted(
      readAnswersThroughCoordinator(aside, relayed, options),
      limit.signal,
      late,
    );
    const received = parts.clock.now();
    const disks = await orAborted(
      readAnswersThroughCoordinator(aside, { disk: diskQuestion }, options),
      limit.signal,
      late,
    ).catch(() => null);
    for (const { facts } of missing) {
      const answer = facts.node ? answers.get(facts.node.nodeId) : undefined;
      if (!facts.node || answer?.ok !== true) continue;
      const disk = disks?.get(facts.node.nodeId);
      const read = <T>(key: keyof typeof relayed, question: NodeQuestion<T>): Fact<T> =>
        known(question.parse(answer.rows[key] ?? []));
      const seconds = read('seconds', clockQuestion);
      found.set(facts.address, {
        ...facts,
        via: 'coordinator',
        versions: read('versions', versionsQuestion),
        settings: read('settings', settingsQuestion),
        slots: read('slots', slotsQuestion),
        prepared: read('prepared', preparedQuestion),
        connections: read('connections', connectionsQuestion),
        clock: seconds.known ? known(offsetOf(seconds.value, sent, received)) : seconds,
        disk:
          disk?.ok === true
            ? known(diskQuestion.parse(disk.rows['disk'] ?? []))
            : notKnown(disk?.why ?? 'The coordinator got no answer.'),
        leftovers: read('leftovers', leftoversQuestion),
        commits: notKnown('This workstation cannot ask it itself.'),
      });
    }
  } catch (error) {
    // Those that this was for stay as they are: not reached from here.
    if (signal.aborted) throw error;
  } finally {
    limit.end();
  }
  return found;
}

/** Only where something waits long enough to be judged are the nodes asked for what they decided. */
async function withCommits(
  parts: GatherParts,
  present: readonly Gathered[],
  signal: AbortSignal,
): Promise<readonly NodeHealthFacts[]> {
  const isInDoubt = present.some(
    ({ facts }) => facts.prepared.known && facts.prepared.value.some(({ ageSeconds }) => ageSeconds > 60),
  );
  if (!isInDoubt) return present.map(({ facts }) => facts);
  return Promise.all(
    present.map(async ({ facts, reader }) => {
      if (reader === null || !facts.prepared.known) return facts;
      const limit = limited(parts.clock, nodeLimitMs, signal);
      const ask = createAsk(parts.clock, reader, limit.signal, noAnswer(facts.address, nodeLimitMs));
      const records = await ask(commitRecordsQuestion);
      const numbered = await ask(activeTransactionsQuestion);
      const active = numbered.known ? numbered : await ask(busyBackendsQuestion);
      limit.end();
      const commits: NodeHealthFacts['commits'] = !records.known
        ? records
        : !active.known
          ? active
          : known({ records: records.value, active: active.value });
      return { ...facts, commits };
    }),
  );
}

async function cleanupFact(parts: GatherParts, signal: AbortSignal): Promise<Fact<readonly CleanupRecord[]>> {
  try {
    const rows = await readCleanupRecords(parts.coordinator(), { signal });
    return known(
      rows.map((row) => ({ ...row, seenForMs: parts.clock.now() - parts.firstSeen(row.recordId) })),
    );
  } catch (error) {
    return notKnown(whyOf(toFailure(error)));
  }
}

/** Never throws: what fails, or takes longer than the limit, is not known. */
async function factOf<T>(
  clock: Clock,
  reading: Promise<T>,
  limitMs: number,
  subject: string,
): Promise<Fact<T>> {
  return new Promise((resolve) => {
    const takeBack = clock.after(limitMs, () =>
      resolve(notKnown(`${subject} took longer than ${limitMs / 1000} s to read; the next report may know.`)),
    );
    reading.then(
      (value) => {
        takeBack();
        resolve(known(value));
      },
      (error: unknown) => {
        takeBack();
        resolve(notKnown(whyOf(toFailure(error))));
      },
    );
  });
}

/** A signal that also comes at the limit. */
export function limited(
  clock: Clock,
  limitMs: number,
  outer: AbortSignal,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const own = new AbortController();
  const abort = (): void => own.abort();
  const takeBack = clock.after(limitMs, abort);
  if (outer.aborted) abort();
  outer.addEventListener('abort', abort, { once: true });
  return {
    signal: own.signal,
    end() {
      takeBack();
      outer.removeEventListener('abort', abort);
    },
  };
}

/** Gives up waiting with the signal; what is waited for is left to itself. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal, late: Failure): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(new FailureError(late));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

export function noAnswer(address: string, limitMs: number): Failure {
  return { kind: 'timeout', message: `${address} did not answer in ${limitMs / 1000} s.`, node: address };
}

export function whyOf(failure: Failure): string {
  const own = failure.serverMessage;
  const text =
    own === undefined || failure.message.includes(own) ? failure.message : `${failure.message} ${own}`;
  return failure.hint === undefined ? text : `${text} ${failure.hint}`;
}
