/** Why a move makes no progress, as far as its nodes tell. Pure. */
import type { Stall } from '../contract/cluster';
import { listed } from './plan';

/** Shorter than this is an ordinary wait, as for a logical replication worker to start. */
export const stallMs = 120_000;
/** How often the nodes are asked while nothing moves. */
export const stallReadMs = 60_000;

export interface StallSession {
  readonly pid: number;
  readonly role: string | null;
  readonly seconds: number | null;
  /** Process on another node in whose name it works; null where it is nobody's. */
  readonly originPid: number | null;
}

/** What a node tells of itself. */
export interface StallNode {
  readonly nodeId: number;
  /** `host:port` */
  readonly address: string;
  /** Null where it answered. */
  readonly silence: string | null;
  readonly sessions: readonly {
    readonly pid: number;
    readonly originPid: number | null;
    readonly moves: boolean;
    readonly blockedBy: readonly StallSession[];
  }[];
  readonly transactions: readonly StallSession[];
  readonly slots: readonly { readonly name: string; readonly isActive: boolean }[];
}

export interface StallFacts {
  /** Null where the nodes could not be asked. */
  readonly nodes: readonly StallNode[] | null;
  /** Sources and targets of the moves that run. */
  readonly touched: readonly number[];
  /** What is tried again, with the last error; null where nothing is. */
  readonly retried: { readonly what: string; readonly message: string } | null;
}

export type StallReason = Omit<Stall, 'since'>;

/** The likeliest reason alone: a node that is away explains the rest, a lock explains more than an old transaction. */
export function stallReason(facts: StallFacts): StallReason {
  return (
    silentNode(facts)
    ?? heldLock(facts)
    ?? retriedTask(facts)
    ?? oldTransaction(facts)
    ?? idleSlot(facts)
    ?? (facts.nodes === null
      ? {
          words: 'the nodes could not be asked for the reason.',
          remedy: 'Look at the health page; they are asked again in a minute.',
        }
      : {
          words: 'no lock, long transaction, idle slot or silent node was found.',
          remedy: 'A large index may be being built; look at the load of source and target.',
        })
  );
}

function silentNode({ nodes }: StallFacts): StallReason | null {
  const silent = (nodes ?? []).filter((node) => node.silence !== null);
  if (silent.length === 0) return null;
  return {
    words: `${listed(silent.map(({ address }) => address))} ${silent.length === 1 ? 'does' : 'do'} not answer the coordinator.`,
    remedy: 'Bring the node back; a move that fails meanwhile is tried again.',
  };
}

/** Sessions that move, and those of other nodes that work in their name. */
function ownSessions(nodes: readonly StallNode[]): {
  readonly isOwn: (nodeId: number, session: { pid: number; originPid: number | null }) => boolean;
} {
  const movers = new Set<string>();
  const pids = new Set<number>();
  for (const node of nodes) {
    for (const session of node.sessions.filter(({ moves }) => moves)) {
      movers.add(`${node.nodeId} ${session.pid}`);
      pids.add(session.originPid ?? session.pid);
    }
  }
  return {
    isOwn: (nodeId, { pid, originPid }) =>
      movers.has(`${nodeId} ${pid}`) || (originPid !== null && pids.has(originPid)),
  };
}

function heldLock({ nodes }: StallFacts): StallReason | null {
  const { isOwn } = ownSessions(nodes ?? []);
  for (const node of nodes ?? []) {
    const waiting = node.sessions.filter((session) => isOwn(node.nodeId, session));
    const holder = waiting
      .flatMap((session) => session.blockedBy)
      .find((session) => !isOwn(node.nodeId, session));
    if (!holder) continue;
    if (holder.pid === 0) {
      return {
        words: `a prepared transaction on ${node.address} holds a lock that the move waits for.`,
        remedy: 'Decide it: the health page lists the transactions in doubt.',
      };
    }
    const root = rootOf(nodes ?? [], { address: node.address, session: holder });
    const through = root.session === holder ? '' : `, through process ${holder.pid} on ${node.address},`;
    return {
      words: `${sessionWords(root.session)} on ${root.address}${through} holds a lock that the move waits for.`,
      remedy: endWords([root.session], root.address),
    };
  }
  return null;
}

interface Holder {
  readonly address: string;
  readonly session: StallSession;
}

/** Where the transaction was begun: ended on one node alone it would go on holding locks on the others. */
function rootOf(nodes: readonly StallNode[], holder: Holder): Holder {
  const { originPid } = holder.session;
  if (originPid === null) return holder;
  for (const { address, transactions } of nodes) {
    const session = transactions.find((one) => one.pid === originPid && one.originPid === null);
    if (session) return { address, session };
  }
  return holder;
}

function retriedTask({ retried }: StallFacts): StallReason | null {
  if (retried === null) return null;
  return {
    words: `${retried.what} failed and is tried again: ${retried.message}`,
    remedy: 'Mend what the message names; the next try goes on by itself.',
  };
}

function oldTransaction({ nodes, touched }: StallFacts): StallReason | null {
  const { isOwn } = ownSessions(nodes ?? []);
  for (const node of nodes ?? []) {
    if (!touched.includes(node.nodeId)) continue;
    const old = node.transactions.filter((one) => !isOwn(node.nodeId, one));
    if (old.length === 0) continue;
    return {
      words: `${listed(old.map(sessionWords), 3)} on ${node.address} ${old.length === 1 ? 'is' : 'are'} still open, and a copy waits for every transaction that began before it.`,
      remedy: endWords(old, node.address),
    };
  }
  return null;
}

function idleSlot({ nodes, touched }: StallFacts): StallReason | null {
  for (const node of nodes ?? []) {
    if (!touched.includes(node.nodeId)) continue;
    const slot = node.slots.find(({ name, isActive }) => !isActive && /^citus_shard_/.test(name));
    if (!slot) continue;
    return {
      words: `nobody reads the replication slot ${slot.name} on ${node.address}.`,
      remedy: `Look at the target's log for its subscription, and whether it has a free worker (max_logical_replication_workers, max_worker_processes).`,
    };
  }
  return null;
}

function sessionWords({ role, pid, seconds }: StallSession): string {
  const since = seconds === null || seconds < 60 ? '' : `, open for ${Math.floor(seconds / 60)} min`;
  return `a transaction of ${role ?? 'an unknown role'} (process ${pid}${since})`;
}

function endWords(sessions: readonly StallSession[], address: string): string {
  const one = sessions.length === 1;
  const calls = sessions.slice(0, 3).map(({ pid }) => `SELECT pg_terminate_backend(${pid});`);
  return `Let ${one ? 'it' : 'them'} end, or end ${one ? 'it' : 'them'} on ${address}: ${calls.join(' ')}`;
}
