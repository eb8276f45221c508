/** What the functions of a strategy of the cluster's own answer: read only while somebody plans by it. */
import {
  readNodeCapacities,
  readRefusedPlaces,
  readShardCosts,
  readStrategyFunctions,
} from '../citus/rebalance-strategy';
import type { Reader } from '../connections/database';
import { toFailure } from '../contract/failure';
import type { ClusterSnapshot } from '../contract/cluster';
import type { StrategyAnswers } from '../plans/planner-world';
import { activePrimaries } from '../plans/plan';
import { shardGroupsOf } from '../plans/shard-groups';
import type { Clock } from './clock';

export interface StrategyKeeper {
  /**
   * Answers not older than `maxAgeMs`, for the catalogs as they are; joins a reading that is under way. Never throws: a text
   * says why they are not known.
   */
  read(name: string, snapshot: ClusterSnapshot, maxAgeMs: number): Promise<StrategyAnswers | string>;
}

/** The functions are somebody's own, and may do anything. */
const limitMs = 10_000;

export function createStrategyKeeper(parts: {
  readonly aside: () => Promise<Reader>;
  readonly clock: Clock;
}): StrategyKeeper {
  let last: {
    readonly key: string;
    readonly atMs: number;
    readonly answers: Promise<StrategyAnswers | string>;
  } | null = null;
  return {
    read(name, snapshot, maxAgeMs) {
      const key = `${snapshot.clusterId} ${snapshot.revision} ${name}`;
      if (last?.key === key && parts.clock.now() - last.atMs <= maxAgeMs) return last.answers;
      const answers = parts
        .aside()
        .then((reader) => readAnswers(reader, name, snapshot, parts.clock.now()))
        .catch((error: unknown) => {
          const { message, detail } = toFailure(error);
          return `The functions of strategy ${name} could not be asked: ${detail ?? message}`;
        });
      const reading = { key, atMs: parts.clock.now(), answers };
      last = reading;
      // What failed is tried again when it is asked for again.
      void answers.then((told) => {
        if (typeof told === 'string' && last === reading) last = null;
      });
      return answers;
    },
  };
}

const shipped = {
  cost: { citus_shard_cost_by_disk_size: 'bytes', citus_shard_cost_1: 'groups' },
  capacity: 'citus_node_capacity_1',
  allowed: 'citus_shard_allowed_on_node_true',
} as const;

async function readAnswers(
  reader: Reader,
  name: string,
  snapshot: ClusterSnapshot,
  readAtMs: number,
): Promise<StrategyAnswers | string> {
  const options = { timeoutMs: limitMs };
  const functions = await readStrategyFunctions(reader, name, options);
  if (functions === null) return `There is no rebalance strategy ${name} any more.`;
  const { cost, capacity, allowed } = functions;
  const shardIds = shardGroupsOf(snapshot, {}).map(({ shardId }) => shardId);
  const nodeIds = activePrimaries(snapshot)
    .filter(({ shouldHaveShards }) => shouldHaveShards)
    .map(({ nodeId }) => nodeId);
  const isShipped = (one: { readonly schema: string; readonly name: string }, as: string): boolean =>
    one.schema === 'pg_catalog' && one.name === as;
  const known = Object.entries(shipped.cost).find(([as]) => isShipped(cost, as));
  const costs = known?.[1] ?? (await readShardCosts(reader, cost, shardIds, options));
  const capacities = isShipped(capacity, shipped.capacity)
    ? null
    : await readNodeCapacities(reader, capacity, nodeIds, options);
  const refused = isShipped(allowed, shipped.allowed)
    ? []
    : await readRefusedPlaces(reader, allowed, shardIds, nodeIds, options);
  const odd = typeof costs === 'string' ? undefined : oddAnswer(costs);
  if (odd !== undefined) return `Strategy ${name} gives shard ${odd} no cost that can be added up.`;
  return {
    name,
    readAtMs,
    costs,
    capacities,
    refused: new Set(refused.map(({ shardId, nodeId }) => `${shardId} ${nodeId}`)),
  };
}

/** The first shard whose cost is missing, negative or no number. */
function oddAnswer(costs: ReadonlyMap<string, number>): string | undefined {
  return [...costs].find(([, cost]) => !Number.isFinite(cost) || cost < 0)?.[0];
}
