/** The last health report of one cluster, made when somebody asks, and again while somebody looks. */
import { setMaxListeners } from 'node:events';
import type { Reader } from '../connections/database';
import type { ClusterReachability, ClusterSizes, ClusterSnapshot } from '../contract/cluster';
import { FailureError } from '../contract/failure';
import type { HealthReport } from '../contract/health';
import { toConnections } from '../plans/health/connections';
import { toChecks, toVerdict } from '../plans/health/report';
import { isoTime } from './clock';
import type { Clock } from './clock';
import { createConnectivityKeeper } from './connectivity-keeper';
import type { PairsWanted } from './connectivity-keeper';
import { gatherHealth } from './health-gather';
import type { Publish } from './parts';
import type { Revisions } from './revisions';
import { withSignal } from './snapshot-keeper';

export const healthEveryMs = 60_000;
/** Nobody looks any more when nobody asked for this long. */
const lookedMs = 120_000;

export interface HealthKeeperParts {
  readonly clusterId: string;
  readonly coordinator: () => Reader;
  readonly aside: () => Promise<Reader>;
  readonly node: (address: { readonly host: string; readonly port: number }) => Promise<Reader>;
  readonly snapshot: (isFresh: boolean) => Promise<ClusterSnapshot>;
  readonly reachability: (isFresh: boolean) => Promise<ClusterReachability>;
  readonly sizes: (maxAgeMs: number) => Promise<ClusterSizes>;
  readonly publish: Publish;
  readonly clock: Clock;
  readonly revisions: Revisions;
}

export interface HealthKeeper {
  /** The last one, null before the first. Counts as looking. */
  report(): HealthReport | null;
  /** Everything again, now; those who ask meanwhile share it. The last to give up waiting stops it. Throws `FailureError`. */
  check(signal?: AbortSignal): Promise<HealthReport>;
  stop(): void;
}

export function createHealthKeeper(parts: HealthKeeperParts): HealthKeeper {
  const { clusterId, clock } = parts;
  const connectivity = createConnectivityKeeper({
    clock,
    aside: parts.aside,
    // Told in a report of its own while somebody looks; nothing is tried again for it.
    onLate: () => {
      if (!isStopped && clock.now() - lookedAt <= lookedMs)
        void (running ?? begin('known')).done.catch(() => undefined);
    },
  });
  const firstSeen = new Map<string, number>();
  let last: HealthReport | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let takeBack: (() => void) | null = null;
  let running: {
    readonly done: Promise<HealthReport>;
    readonly stop: AbortController;
    readonly wanted: PairsWanted;
    waiting: number;
  } | null = null;
  let isStopped = false;

  const make = async (wanted: PairsWanted, signal: AbortSignal): Promise<HealthReport> => {
    const isFull = wanted === 'all';
    const began = clock.now();
    const facts = await gatherHealth(
      {
        ...parts,
        snapshot: () => parts.snapshot(isFull),
        reachability: () => parts.reachability(isFull),
        sizes: () => parts.sizes(isFull ? 0 : 5 * healthEveryMs),
        connectivity: (members, inner) => connectivity.read(members, wanted, inner),
        firstSeen(recordId) {
          const at = firstSeen.get(recordId) ?? clock.now();
          firstSeen.set(recordId, at);
          return at;
        },
      },
      signal,
    );
    if (isStopped || signal.aborted) throw new FailureError({ kind: 'cancelled', message: 'Cancelled.' });
    if (facts.cleanup.known) {
      const there = new Set(facts.cleanup.value.map(({ recordId }) => recordId));
      for (const recordId of [...firstSeen.keys()]) if (!there.has(recordId)) firstSeen.delete(recordId);
    }
    const takenAt = isoTime(clock);
    const checks = toChecks(facts, last, takenAt);
    last = {
      clusterId,
      revision: parts.revisions.next(),
      takenAt,
      tookMs: clock.now() - began,
      verdict: toVerdict(checks),
      checks,
      connections: toConnections(facts),
    };
    parts.publish('health.changed', last);
    return last;
  };

  const begin = (wanted: PairsWanted): NonNullable<typeof running> => {
    const stop = new AbortController();
    // Every node that is asked listens to it.
    setMaxListeners(0, stop.signal);
    const current: NonNullable<typeof running> = {
      stop,
      wanted,
      waiting: 0,
      done: make(wanted, stop.signal).finally(() => {
        if (running === current) running = null;
      }),
    };
    current.done.catch(() => undefined);
    running = current;
    return current;
  };

  const look = (): void => {
    lookedAt = clock.now();
    schedule();
  };
  const schedule = (): void => {
    if (takeBack !== null || isStopped) return;
    takeBack = clock.after(healthEveryMs, () => {
      takeBack = null;
      if (isStopped || clock.now() - lookedAt > lookedMs) return;
      // A failure is told by the state of the session; the last report stays, with its age.
      void (running ?? begin('changed')).done.catch(() => undefined).finally(schedule);
    });
  };

  return {
    report() {
      look();
      return last;
    },
    async check(signal) {
      look();
      // One that was stopped, or asks less, is of no use to who wants everything anew.
      const isUseful = running?.wanted === 'all' && !running.stop.signal.aborted;
      const current = isUseful && running ? running : begin('all');
      current.waiting += 1;
      try {
        return await withSignal(current.done, signal);
      } finally {
        current.waiting -= 1;
        if (signal?.aborted === true && current.waiting === 0) current.stop.abort();
      }
    },
    stop() {
      isStopped = true;
      takeBack?.();
      takeBack = null;
      running?.stop.abort();
      connectivity.stop();
    },
  };
}
