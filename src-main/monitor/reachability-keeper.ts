/** Which nodes of one cluster answer: each tried by itself, on a beat of its own, so that a dead one delays no other. */
import { nodeAddress } from '../citus/nodes';
import type { Reader } from '../connections/database';
import type { ClusterNode, ClusterReachability, NodeReachability } from '../contract/cluster';
import { isoTime } from './clock';
import type { Clock } from './clock';
import { createIndirectProbe } from './indirect-probe';
import { addProbe, noLatency, toPace } from './latency';
import type { Latency } from './latency';
import { createNodeProbe, isCoordinatorNode } from './node-probe';
import type { NodeProbe } from './node-probe';
import type { Publish } from './parts';
import { advance, notTried, probeOf } from './reachability';
import type { Revisions } from './revisions';

export const probeEveryMs = 10_000;
/** The coordinator opens a connection for each indirect try: a node that stays as it is, is asked for less often. */
const indirectEveryMs = 60_000;
/** Answers that come in within this time are published together. */
const gatherMs = 100;

export interface ReachabilityKeeperParts {
  readonly clusterId: string;
  readonly coordinator: () => Reader;
  readonly aside: () => Promise<Reader>;
  readonly node: (address: { readonly host: string; readonly port: number }) => Promise<Reader>;
  readonly publish: Publish;
  readonly clock: Clock;
  readonly revisions: Revisions;
}

export interface ReachabilityKeeper {
  last(): ClusterReachability | null;
  /** Begins with the nodes that are new, stops with those that are gone. */
  onNodes(nodes: readonly ClusterNode[]): void;
  /** Tries every node now; resolves when each has answered or its time is over. */
  probe(): Promise<ClusterReachability>;
  stop(): void;
}

interface Watched {
  node: ClusterNode;
  readonly probe: NodeProbe;
  state: NodeReachability;
  latency: Latency;
  running: Promise<void> | null;
  takeBack: (() => void) | null;
}

export function createReachabilityKeeper(parts: ReachabilityKeeperParts): ReachabilityKeeper {
  const { clusterId, clock } = parts;
  const watched = new Map<number, Watched>();
  const indirect = createIndirectProbe({ aside: parts.aside, clock });
  let shown: ClusterReachability | null = null;
  let gathering: (() => void) | null = null;
  let isStopped = false;

  const show = (): ClusterReachability => {
    gathering?.();
    gathering = null;
    shown = {
      clusterId,
      revision: parts.revisions.next(),
      takenAt: isoTime(clock),
      nodes: [...watched.values()].map((one) => one.state).sort((a, b) => a.nodeId - b.nodeId),
    };
    parts.publish('reachability.changed', shown);
    return shown;
  };

  const showSoon = (): void => {
    gathering ??= clock.after(gatherMs, () => {
      gathering = null;
      show();
    });
  };

  const direct = (node: ClusterNode): Promise<Reader> =>
    isCoordinatorNode(node)
      ? // By the session that is open: its name in pg_dist_node may mean nothing on this workstation.
        Promise.resolve().then(parts.coordinator)
      : parts.node({ host: node.name, port: node.port });

  const tryOne = (one: Watched): Promise<void> => {
    one.takeBack?.();
    one.takeBack = null;
    one.running ??= one.probe
      .try(one.node)
      .then((outcome) => {
        if (isStopped || watched.get(one.node.nodeId) !== one) return;
        one.latency = addProbe(one.latency, probeOf(outcome));
        one.state = { ...advance(one.state, outcome, isoTime(clock)), pace: toPace(one.latency) };
        showSoon();
      })
      .finally(() => {
        one.running = null;
        if (isStopped || watched.get(one.node.nodeId) !== one) return;
        one.takeBack = clock.after(waitOf(one.state), () => void tryOne(one));
      });
    return one.running;
  };

  const waitOf = (state: NodeReachability): number => {
    const steadyMs = clock.now() - Date.parse(state.since);
    return state.state === 'indirect' && steadyMs >= indirectEveryMs ? indirectEveryMs : probeEveryMs;
  };

  const forget = (one: Watched): void => {
    one.takeBack?.();
    watched.delete(one.node.nodeId);
  };

  return {
    last: () => shown,
    onNodes(nodes) {
      if (isStopped) return;
      const known = new Map(nodes.map((node) => [node.nodeId, node]));
      for (const one of [...watched.values()]) {
        const node = known.get(one.node.nodeId);
        // An address that changed is another server: nothing of what was seen holds for it.
        if (!node || nodeAddress(node) !== nodeAddress(one.node)) forget(one);
        else one.node = node;
      }
      const added = nodes.filter((node) => !watched.has(node.nodeId));
      for (const node of added) {
        const one: Watched = {
          node,
          probe: createNodeProbe({ direct, indirect, clock }),
          state: notTried(node.nodeId, isoTime(clock)),
          latency: noLatency,
          running: null,
          takeBack: null,
        };
        watched.set(node.nodeId, one);
        void tryOne(one);
      }
      if (added.length > 0 || shown?.nodes.length !== watched.size) showSoon();
    },
    async probe() {
      await Promise.all([...watched.values()].map((one) => tryOne(one)));
      return show();
    },
    stop() {
      isStopped = true;
      gathering?.();
      for (const one of [...watched.values()]) forget(one);
    },
  };
}
