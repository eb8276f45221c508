/** What Citus's planner would move, were it asked now. */
import { planAsCitus, planningGroups } from '../citus-planner';
import type { PlannerPlacement } from '../citus-planner';
import { activePrimaries, addressOf, counted, shardNodes, sizeWords } from '../plan';
import { toBaseCost } from '../planner-world';
import { shardGroupsOf } from '../shard-groups';
import type { ShardGroup } from '../shard-groups';
import { known, notKnown } from './facts';
import type { Fact, HealthFacts } from './facts';

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
  const groups = shardGroupsOf(snapshot, facts.sizes.known ? facts.sizes.value.shardBytes : {});
  const unsized = groups.filter(({ bytes }) => bytes === null).length;
  if (bySize && unsized > 0) return notKnown(`The size of ${counted(unsized, 'shard group')} is not known.`);
  const baseCost = baseCostOf(facts);
  const byColocation = new Map<number, PlannerPlacement[]>();
  for (const group of groups) {
    const cost = bySize ? (group.bytes ?? 0) + baseCost : 1;
    for (const groupId of group.groupIds) {
      const node = byGroup.get(groupId);
      if (!node) continue;
      const placements = byColocation.get(group.colocationId) ?? [];
      placements.push({ shardId: group.shardId, nodeId: node.nodeId, cost });
      byColocation.set(group.colocationId, placements);
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
  const text = coordinator?.settings.known
    ? coordinator.settings.value['citus.rebalancer_by_disk_size_base_cost']
    : null;
  return toBaseCost(text ?? null);
}
