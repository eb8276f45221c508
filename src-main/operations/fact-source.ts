/** What facts are read from, and the reads that several plans share. */
import { readNodeRooms } from '../citus/move-preflight';
import { readNodeAnswers } from '../citus/node-facts';
import type { ClusterSizes, ClusterSnapshot, TableName } from '../contract/cluster';
import { toFailure } from '../contract/failure';
import type { HealthReport } from '../contract/health';
import type { PreflightFacts } from '../plans/move-preflight';
import type { NodeAnswer } from '../plans/plan';
import type { ShardBytes } from '../plans/rebalance-moves';
import type { MoveSample } from '../plans/move-estimate';
import type { ClusterAccess } from './engine-parts';

export interface FactSource {
  readonly access: ClusterAccess;
  readonly snapshot: ClusterSnapshot;
  /** Asked only by plans that show bytes. */
  readonly sizes: () => Promise<ClusterSizes>;
  /** Moves that the cluster has made, oldest first. */
  readonly moveTimes: readonly MoveSample[];
  /** The last report of the health page, made afresh where it is old. */
  readonly health: () => Promise<HealthReport>;
  readonly readLimitMs: number;
  readonly signal: AbortSignal;
}

/** Longer than citus.node_connection_timeout (30 s), so that a node that hangs is an answer and not a failure. */
export const nodeAnswerLimitMs = 45_000;

/** A role without the right to ask gets no answers, and a plan that says so by other reasons. */
export async function answersOf(source: FactSource): Promise<readonly NodeAnswer[]> {
  try {
    return await readNodeAnswers(source.access.reader, { ...limits(source), timeoutMs: nodeAnswerLimitMs });
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'permission' || failure.kind === 'database') return [];
    throw error;
  }
}

export function limits(source: FactSource): { readonly timeoutMs: number; readonly signal: AbortSignal } {
  return { timeoutMs: source.readLimitMs, signal: source.signal };
}

/** Sizes are worth showing and not worth failing for: without them the plan says that they are not known. */
export async function bytesOfShards(source: FactSource): Promise<ShardBytes> {
  try {
    return (await source.sizes()).shardBytes;
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'cancelled' || failure.kind === 'not-connected') throw error;
    return {};
  }
}

/** A local table of the metadata is an empty shell whose rows lie in a shard beside it. */
export async function withShardBytes<T extends TableName & { readonly totalBytes: number }>(
  source: FactSource,
  table: T,
): Promise<T> {
  const known = source.snapshot.tables.find((one) => one.schema === table.schema && one.name === table.name);
  if (!known) return table;
  const bytes = await bytesOfShards(source);
  const shards = source.snapshot.shards.filter((shard) => shard.tableOid === known.oid);
  const sum = shards.reduce((total, shard) => total + (bytes[shard.shardId] ?? 0), 0);
  return { ...table, totalBytes: Math.max(table.totalBytes, sum) };
}

/** What cannot be asked is told as not known; only a person who gives up or a lost session ends the plan. */
export async function preflightFacts(source: FactSource): Promise<PreflightFacts> {
  const [health, rooms] = await Promise.all([
    source.health().catch(unlessGivenUp(null)),
    readNodeRooms(source.access.reader, { ...limits(source), timeoutMs: nodeAnswerLimitMs }).catch(
      unlessGivenUp([]),
    ),
  ]);
  return { snapshot: source.snapshot, health, rooms };
}

function unlessGivenUp<T>(otherwise: T): (error: unknown) => T {
  return (error) => {
    const failure = toFailure(error);
    if (failure.kind === 'cancelled' || failure.kind === 'not-connected') throw error;
    return otherwise;
  };
}
