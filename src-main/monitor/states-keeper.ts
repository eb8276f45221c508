/** The state of every node of one cluster, and since when: remembered here, so that it outlives a reload of the page. */
import { hasEnded } from '../citus/jobs';
import { nodeAddress } from '../citus/nodes';
import type { ClusterNode, ClusterReachability, ClusterSnapshot, JobProgress } from '../contract/cluster';
import type { ClusterNodeStates, LastSeenStates, NodeCondition, RemovedNode } from '../contract/node-states';
import { nodeStates, wordOf } from '../contract/words';
import { heldShards, holdsNothing, judgeNode } from '../plans/node-state';
import type { HeldShards, JudgedNode } from '../plans/node-state';
import { isoTime } from './clock';
import type { Clock } from './clock';
import type { Publish } from './parts';
import type { Revisions } from './revisions';

export const removedShownMs = 600_000;
/** A break in watching that is no longer than this is none: a node that is as it was before has stayed so. */
export const shortBreakMs = 60_000;
/** The states wait so long for what is kept of before. */
const lastSeenPatienceMs = 2_000;

export interface StatesKeeperParts {
  readonly clusterId: string;
  readonly snapshot: () => ClusterSnapshot | null;
  readonly reachability: () => ClusterReachability | null;
  readonly progress: () => JobProgress | null;
  /** The nodes as they were when they were last watched. */
  readonly lastSeen: () => Promise<LastSeenStates | null>;
  readonly publish: Publish;
  readonly clock: Clock;
  readonly revisions: Revisions;
}

export interface StatesKeeper {
  /** Null before the catalogs were read once. */
  last(): ClusterNodeStates | null;
  /** Something that the states are judged by may have changed. Tells only when one of them did. */
  look(): void;
}

interface Remembered {
  readonly node: ClusterNode;
  readonly condition: NodeCondition;
  /** The last state that was more than unknown: a node that is back in it never left it, as far as is known. */
  readonly known: Known | null;
}

type Known = Pick<NodeCondition, 'state' | 'since' | 'before'>;

export function createStatesKeeper(parts: StatesKeeperParts): StatesKeeper {
  const { clusterId, clock } = parts;
  let remembered = new Map<number, Remembered>();
  let removed: readonly RemovedNode[] = [];
  let shown: ClusterNodeStates | null = null;
  let lastSeen: LastSeenStates | null = null;
  let isReady = false;
  const beganMs = clock.now();
  let held: { readonly revision: number; readonly byGroup: ReadonlyMap<number, HeldShards> } | null = null;

  const heldOf = (snapshot: ClusterSnapshot): ReadonlyMap<number, HeldShards> => {
    if (held?.revision !== snapshot.revision)
      held = { revision: snapshot.revision, byGroup: heldShards(snapshot) };
    return held.byGroup;
  };

  const judgeAll = (snapshot: ClusterSnapshot): ReadonlyMap<number, JudgedNode> => {
    const byGroup = heldOf(snapshot);
    const reach = new Map((parts.reachability()?.nodes ?? []).map((one) => [one.nodeId, one]));
    const givers = giversOf(parts.progress());
    return new Map(
      snapshot.nodes.map((node) => [
        node.nodeId,
        judgeNode({
          node,
          reachability: reach.get(node.nodeId),
          held: byGroup.get(node.groupId) ?? holdsNothing,
          clusterHasShards: byGroup.size > 0,
          isGivingAway: givers.has(node.nodeId),
        }),
      ]),
    );
  };

  const remember = (node: ClusterNode, judged: JudgedNode, at: string): Remembered => {
    const before = remembered.get(node.nodeId);
    // An address that changed is another server.
    const earlier = before && nodeAddress(before.node) === nodeAddress(node) ? before : undefined;
    const kept = [earlier?.condition, earlier?.known].find((one) => one?.state === judged.state);
    const { since, before: seenBefore } = kept ?? {
      since: sinceOf(node, judged, parts.reachability(), at),
      // Only the first that is known of it in this run can go on from the last.
      ...(earlier?.known ? {} : beforeBreak(node, judged)),
    };
    const times = { since, ...(seenBefore ? { before: seenBefore } : {}) };
    return {
      node,
      condition: { nodeId: node.nodeId, ...judged, ...times },
      known: judged.state === 'unknown' ? (earlier?.known ?? null) : { state: judged.state, ...times },
    };
  };

  /** What was seen of the same state before watching was broken off; nothing where it was another. */
  const beforeBreak = (node: ClusterNode, { state }: JudgedNode): Partial<Known> => {
    const then = lastSeen?.nodes.find(({ nodeId }) => nodeId === node.nodeId);
    const condition = lastSeen?.conditions.find(({ nodeId }) => nodeId === node.nodeId);
    if (!lastSeen || !then || !condition || state === 'unknown' || condition.state !== state) return {};
    if (nodeAddress(then) !== nodeAddress(node)) return {};
    const { since, before } = condition;
    return beganMs - Date.parse(lastSeen.at) <= shortBreakMs
      ? { since, ...(before ? { before } : {}) }
      : { before: { since, until: lastSeen.at } };
  };

  const look = (): void => {
    const snapshot = parts.snapshot();
    if (snapshot === null || !isReady) return;
    const at = isoTime(clock);
    const judged = judgeAll(snapshot);
    const next = new Map(
      snapshot.nodes.flatMap((node): [number, Remembered][] => {
        const one = judged.get(node.nodeId);
        return one ? [[node.nodeId, remember(node, one, at)]] : [];
      }),
    );
    const gone = [...remembered.values()].filter(({ node }) => !next.has(node.nodeId));
    const present = new Set(snapshot.nodes.map(nodeAddress));
    removed = [...gone.map((one) => toRemoved(one, at)), ...removed].filter(
      ({ node, since }) =>
        clock.now() - Date.parse(since) < removedShownMs && !present.has(nodeAddress(node)),
    );
    remembered = next;
    const nodes = [...next.values()].map(({ condition }) => condition);
    if (shown !== null && JSON.stringify([nodes, removed]) === JSON.stringify([shown.nodes, shown.removed]))
      return;
    shown = { clusterId, revision: parts.revisions.next(), takenAt: at, nodes, removed };
    parts.publish('states.changed', shown);
  };

  const begin = (seen: LastSeenStates | null): void => {
    if (isReady) return;
    takeBack();
    isReady = true;
    lastSeen = seen;
    look();
  };
  const takeBack = clock.after(lastSeenPatienceMs, () => begin(null));
  parts.lastSeen().then(begin, () => begin(null));

  return { last: () => shown, look };
}

/** What does not answer was last tried some seconds ago, or while the catalogs could not be read. */
function sinceOf(
  node: ClusterNode,
  { state }: JudgedNode,
  reachability: ClusterReachability | null,
  at: string,
): string {
  if (state !== 'unreachable') return at;
  return reachability?.nodes.find(({ nodeId }) => nodeId === node.nodeId)?.since ?? at;
}

function toRemoved({ node, condition }: Remembered, at: string): RemovedNode {
  return {
    ...condition,
    node,
    state: 'removed',
    why: `Taken out of the catalogs of the coordinator; its last state was: ${wordOf(nodeStates, condition.state)}.`,
    since: at,
  };
}

/** Nodes that a running move takes shards from. */
function giversOf(progress: JobProgress | null): ReadonlySet<number> {
  if (progress === null || hasEnded(progress.job)) return new Set();
  return new Set(
    progress.tasks.flatMap(({ status, sourceNodeId }) =>
      sourceNodeId !== null && ['runnable', 'running', 'blocked'].includes(status) ? [sourceNodeId] : [],
    ),
  );
}
