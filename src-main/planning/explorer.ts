/** What rebalances would come to, worked out by a thread that holds the cluster it was told last. */
import { FailureError } from '../contract/failure';
import type { RebalanceExploration } from '../contract/rebalance';
import type { PlannerThread } from './planner-thread';
import type { HeldCluster, InputOf } from './tasks';

export interface Explorer {
  /** Throws `FailureError`. An abort ends the work at once. */
  explore(
    cluster: HeldCluster,
    asked: InputOf<'rebalance.explore'>,
    signal: AbortSignal,
  ): Promise<RebalanceExploration>;
}

class LostThread extends Error {}

/** A thread that fails by itself fails again. */
const mostAttempts = 3;

export function createExplorer(startThread: () => PlannerThread, idleMs: number): Explorer {
  let thread: PlannerThread | null = null;
  let told: HeldCluster | null = null;
  let idle: NodeJS.Timeout | undefined;

  const once = async (
    cluster: HeldCluster,
    asked: InputOf<'rebalance.explore'>,
    signal: AbortSignal,
  ): Promise<RebalanceExploration> => {
    clearTimeout(idle);
    if (thread === null || thread.isEnded()) {
      thread = startThread();
      told = null;
    }
    const current = thread;
    try {
      // Readings are replaced and never changed, so the same object is the same reading.
      const isTold = told?.snapshot === cluster.snapshot && told.shardBytes === cluster.shardBytes;
      // Whoever asks next counts on it, whether or not this call is given up.
      const holding = isTold
        ? null
        : current.ask('rebalance.hold', { ...cluster, shardBytes: [cluster.shardBytes] });
      told = cluster;
      const exploring = current.ask('rebalance.explore', asked, signal);
      const [, exploration] = await Promise.all([holding, exploring]);
      if (exploration) return exploration;
      throw new FailureError({ kind: 'internal', message: 'The thread that plans holds no cluster.' });
    } catch (error) {
      // Another call that was given up took the thread with it.
      if (current.isEnded() && !signal.aborted) throw new LostThread('', { cause: error });
      throw error;
    } finally {
      clearTimeout(idle);
      idle = setTimeout(() => current.end(), idleMs).unref();
    }
  };

  return {
    async explore(cluster, asked, signal) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await once(cluster, asked, signal);
        } catch (error) {
          if (!(error instanceof LostThread)) throw error;
          if (attempt === mostAttempts) throw error.cause;
        }
      }
    },
  };
}
