/** Shard groups with their sizes, and what Citus's planner would move among them. */
import { planAsCitus, planningGroups } from '../citus-planner';
import type { PlannerPlacement } from '../citus-planner';
import { activePrimaries, addressOf, counted, shardNodes, sizeWords } from '../plan';
import { known, notKnown } from './facts';
import type { Fact, HealthFacts } from './facts';
import { numberOf } from './judgement';

/** The shards of all tables of a colocation group that travel together. */
export interface ShardGroup {
  readonly colocationId: number;
  /** The shard of the table that stands for the group. */
  readonly shardId: string;
  readonly groupIds: readonly number[];
  /** Of all its shards; null when the size of one is not known. */
  readonly bytes: number | null;
}

export function shardGroupsOf(facts: HealthFacts): readonly ShardGroup[] {
  const { snapshot, sizes } = facts;
  const bytesOf = sizes.known ? sizes.value.shardBytes : {};
  const byOid = new Map(snapshot.tables.map((table) => [table.oid, table]));
  const groups = new Map<
    string,
    {
      colocationId: number;
      tableOid: number;
      shardId: string;
      groupIds: readonly number[];
      bytes: number | null;
    }
  >();
  for (const shard of snapshot.shards) {
    const table = byOid.get(shard.tableOid);
    if (!table || (table.type !== 'distributed' && table.type !== 'schema')) continue;
    // Range and append tables that are colocated with nothing: every shard is a group of its own.
    const isAlone = table.colocationId === 0 || table.method === 'append';
    const key = isAlone ? `shard ${shard.shardId}` : `${table.colocationId} ${shard.minValue ?? ''}`;
    const bytes = bytesOf[shard.shardId] ?? null;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, {
        colocationId: table.colocationId,
        tableOid: table.oid,
        shardId: shard.shardId,
        groupIds: shard.groupIds,
        bytes,
      });
      continue;
    }
    group.bytes = group.bytes === null || bytes === null ? null : group.bytes + bytes;
    // One table stands for all, the oldest, as it comes first in pg_dist_partition.
    if (table.oid < group.tableOid)
      Object.assign(group, { tableOid: table.oid, shardId: shard.shardId, groupIds: shard.groupIds });
  }
  return [...groups.values()];
}

/** Bytes; citus.rebalancer_by_disk_size_base_cost where it is not known. */
export const defaultBaseCostBytes = 100 * 1024 * 1024;

export interface RebalanceOutlook {
  readonly strategy: string;
  readonly moves: number;
  readonly bytes: number | null;
  readonly loads: readonly { readonly address: string; readonly words: string }[];
}

export function planRebalanceHere(facts: HealthFacts): Fact<RebalanceOutlook> {
  const { snapshot } = facts;
  const strategy = snapshot.rebalanceStrategies.find(({ isDefault }) => isDefault);
  if (strategy === undefined) return notKnown('The cluster has no default strategy.');
  const bySize = strategy.name === 'by_disk_size';
  if (!bySize && strategy.name !== 'by_shard_count')
    return notKnown(
      `The default strategy ${strategy.name} asks functions of its own, which this app does not run.`,
    );
  if (bySize && !facts.sizes.known) return notKnown(facts.sizes.why);
  const eligible = new Set(shardNodes(snapshot).map(({ nodeId }) => nodeId));
  if (eligible.size === 0) return known({ strategy: strategy.name, moves: 0, bytes: 0, loads: [] });
  const nodes = activePrimaries(snapshot);
  const byGroup = new Map(nodes.map((node) => [node.groupId, node]));
  const groups = shardGroupsOf(facts);
  const unsized = groups.filter(({ bytes }) => bytes === null).length;
  if (bySize && unsized > 0) return notKnown(`The size of ${counted(unsized, 'shard group')} is not known.`);
  const baseCost = baseCostOf(facts);
  const byColocation = new Map<number, PlannerPlacement[]>();
  for (const group of groups) {
    const cost = bySize ? (group.bytes ?? 0) + baseCost : 1;
    for (const groupId of group.groupIds) {
      const node = byGroup.get(groupId);
      if (!node) continue;
      byColocation.set(group.colocationId, [
        ...(byColocation.get(group.colocationId) ?? []),
        { shardId: group.shardId, nodeId: node.nodeId, cost },
      ]);
    }
  }
  const { moves } = planAsCitus({
    nodes: nodes.map(({ nodeId }) => ({ nodeId, capacity: eligible.has(nodeId) ? 1 : 0 })),
    groups: planningGroups([...byColocation.values()], eligible.size),
    threshold: strategy.defaultThreshold,
    improvementThreshold: strategy.improvementThreshold,
    maxShardMoves: 1_000_000,
    drainOnly: false,
    isAllowed: (_shardId, nodeId) => eligible.has(nodeId),
  });
  const bytesOf = new Map(groups.map(({ shardId, bytes }) => [shardId, bytes]));
  const bytes = moves.reduce<number | null>((sum, { shardId }) => {
    const one = bytesOf.get(shardId) ?? null;
    return sum === null || one === null ? null : sum + one;
  }, 0);
  return known({ strategy: strategy.name, moves: moves.length, bytes, loads: loadsOf(nodes, groups) });
}

function loadsOf(
  nodes: ReturnType<typeof activePrimaries>,
  groups: readonly ShardGroup[],
): RebalanceOutlook['loads'] {
  return nodes.map((node) => {
    const here = groups.filter(({ groupIds }) => groupIds.includes(node.groupId));
    const isSized = here.every(({ bytes }) => bytes !== null);
    const bytes = here.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
    return {
      address: addressOf(node),
      words: `${counted(here.length, 'shard group')}${isSized ? `, ${sizeWords(bytes)}` : ''}${node.shouldHaveShards ? '' : ', takes no shards'}`,
    };
  });
}

function baseCostOf(facts: HealthFacts): number {
  const coordinator = facts.nodes.find(({ groupId }) => groupId === 0);
  if (!coordinator?.settings.known) return defaultBaseCostBytes;
  const text = coordinator.settings.value['citus.rebalancer_by_disk_size_base_cost'];
  const match = /^(\d+)\s*(B|kB|MB|GB|TB)?$/.exec(text ?? '');
  if (match === null) return numberOf(text) ?? defaultBaseCostBytes;
  const factor = { B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 }[match[2] ?? 'B'] ?? 1;
  return Number(match[1]) * factor;
}
