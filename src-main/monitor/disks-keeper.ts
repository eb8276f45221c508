/** Free disk of each node and what Citus adds to the size of each shard group: read only while somebody plans. */
import { diskQuestion, readAnswersThroughCoordinator } from '../citus/health-reads';
import { readBaseCost } from '../citus/rebalance-plan';
import type { Reader } from '../connections/database';
import { toBaseCost } from '../plans/planner-world';
import type { DiskSpace } from '../plans/planner-world';
import type { Clock } from './clock';

export interface PlanningFacts {
  /** By node id; a node that did not tell is absent. */
  readonly disks: ReadonlyMap<number, DiskSpace>;
  readonly baseCostBytes: number;
}

export interface DisksKeeper {
  /** An answer not older than `maxAgeMs`; joins a reading that is under way. Never throws: what was not told is absent. */
  read(maxAgeMs: number): Promise<PlanningFacts>;
}

/** One statement that the coordinator carries to every node; a node that hangs costs it three seconds. */
const limitMs = 8_000;

export function createDisksKeeper(parts: {
  readonly aside: () => Promise<Reader>;
  readonly clock: Clock;
}): DisksKeeper {
  let last: { readonly facts: PlanningFacts; readonly atMs: number } | null = null;
  let running: Promise<PlanningFacts> | null = null;

  const readOnce = async (): Promise<PlanningFacts> => {
    const facts = {
      disks: await readDisks(parts.aside).catch(() => new Map<number, DiskSpace>()),
      baseCostBytes: toBaseCost(
        await parts
          .aside()
          .then((reader) => readBaseCost(reader, { timeoutMs: limitMs }))
          .catch(() => null),
      ),
    };
    last = { facts, atMs: parts.clock.now() };
    return facts;
  };

  return {
    read(maxAgeMs) {
      if (running) return running;
      if (last && parts.clock.now() - last.atMs <= maxAgeMs) return Promise.resolve(last.facts);
      const current = readOnce().finally(() => (running = null));
      running = current;
      return current;
    },
  };
}

async function readDisks(aside: () => Promise<Reader>): Promise<ReadonlyMap<number, DiskSpace>> {
  const answers = await readAnswersThroughCoordinator(
    await aside(),
    { disk: diskQuestion },
    { timeoutMs: limitMs },
  );
  const disks = new Map<number, DiskSpace>();
  for (const [nodeId, answer] of answers) {
    if (!answer.ok) continue;
    try {
      disks.set(nodeId, diskQuestion.parse(answer.rows['disk'] ?? []));
    } catch {
      // A node that tells no size of its disk is one whose disk is not known.
    }
  }
  return disks;
}
