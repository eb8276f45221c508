/** Why a plan of ours ends where it ends: what keeps a node above or below the threshold, in sentences. */
import type { PlanNote, RebalanceConstraints } from '../contract/rebalance';
import { tolerance } from './own-plan';
import type { LimitHit, OwnPlan, OwnPlanInput } from './own-plan';
import { counted, listed, sizeWords } from './plan';
import type { PlannerWorld } from './planner-world';

export function notesOn(
  plan: OwnPlan,
  input: OwnPlanInput,
  world: PlannerWorld,
  constraints: RebalanceConstraints,
): readonly PlanNote[] {
  const labels = new Map(world.nodes.map(({ nodeId, label }) => [nodeId, label]));
  const label = (nodeId: number): string => labels.get(nodeId) ?? `node ${nodeId}`;
  const notes: PlanNote[] = [];
  const mind = (code: string, message: string): void => void notes.push({ level: 'mind', code, message });
  const fine = (code: string, message: string): void => void notes.push({ level: 'fine', code, message });
  if (plan.isCutShort) {
    mind(
      'limited',
      `The target would need more than ${limitWords(plan.limitsHit, constraints)}; this is the best balance found within the limit.`,
    );
  } else if (plan.limitsHit.length > 0) {
    fine(
      'limited',
      `Fewer bytes would be moved with more than ${limitWords(plan.limitsHit, constraints)}; the target is reached within the limit.`,
    );
  }
  if (plan.stuck.length > 0) {
    mind(
      'stuck',
      `${counted(plan.stuck.length, 'shard group')} on ${listed(unique(plan.stuck.map(({ nodeId }) => label(nodeId))))} may not stay there and can go nowhere else.`,
    );
  }
  const pinnedOnDrained = input.groups.filter(
    (group) => group.isPinned && !(capacityOf(input, group.nodeId) > 0),
  );
  if (pinnedOnDrained.length > 0) {
    mind(
      'pinned-on-drained',
      `${counted(pinnedOnDrained.length, 'pinned shard group')} on ${listed(unique(pinnedOnDrained.map(({ nodeId }) => label(nodeId))))} ${pinnedOnDrained.length === 1 ? 'keeps' : 'keep'} the node from being emptied.`,
    );
  }
  const { above, below } = offThreshold(plan, input);
  const factor = (nodeId: number): string =>
    `${(utilisation(plan, input, nodeId) / plan.average).toFixed(2)} ×`;
  // A hundred nodes with one reason are one thing to know, the fullest of them first.
  const byReason = new Map<string, number[]>();
  for (const nodeId of above.toSorted((a, b) => utilisation(plan, input, b) - utilisation(plan, input, a))) {
    const reason = whyAbove(nodeId, plan, input);
    byReason.set(reason, [...(byReason.get(reason) ?? []), nodeId]);
  }
  for (const [reason, [fullest = 0, ...others]] of byReason) {
    const subject =
      others.length === 0
        ? `${label(fullest)} ends at ${factor(fullest)} the average`
        : `${listed([`${label(fullest)} (${factor(fullest)} the average)`, ...others.map(label)])} end above the threshold`;
    mind('above', `${subject}: ${reason}`);
  }
  if (below.length > 0) {
    mind(
      'below',
      `${listed(below.map((nodeId) => `${label(nodeId)} (${factor(nodeId)} the average)`))} ${below.length === 1 ? 'stays' : 'stay'} below the threshold: ${whyBelow(below, plan, input)}`,
    );
  }
  if (constraints.keepFreeShare !== null) {
    const unknown = world.nodes.filter(({ disk, capacity }) => disk === null && capacity > 0);
    if (unknown.length > 0) {
      mind(
        'disk-unknown',
        `The free disk of ${listed(unique(unknown.map((node) => node.label)))} is not known, so nothing is moved there while free disk is to be kept.`,
      );
    }
  }
  const largest = world.groups.reduce((most, { bytes }) => Math.max(most, bytes ?? 0), 0);
  if (constraints.measure === 'bytes' && plan.moves.length > 0 && world.baseCostBytes > largest) {
    fine(
      'base-cost',
      `Citus counts ${sizeWords(world.baseCostBytes)} on top of each shard group. That is more than any holds here, so their number is evened out rather than their bytes.`,
    );
  }
  if (plan.isReference) {
    fine('as-citus', "No way with fewer bytes was found than that of Citus's planner under the same rules.");
  }
  if (plan.moves.length === 0 && notes.length === 0) {
    fine('nothing', 'Nothing is to be moved: every node is within the threshold.');
  }
  return notes;
}

/** Nodes held to the target that end outside of the threshold of Citus's strategy. */
export function offThreshold(
  plan: OwnPlan,
  input: OwnPlanInput,
): { readonly above: readonly number[]; readonly below: readonly number[] } {
  const share = input.target.type === 'within' ? input.target.share : input.threshold;
  const upper = plan.average * (1 + share) * (1 + tolerance);
  const lower = plan.average * (1 - share) * (1 - tolerance);
  const judged = input.nodes.filter(({ capacity }) => capacity > 0);
  const at = (nodeId: number): number => utilisation(plan, input, nodeId);
  return {
    above: judged.filter(({ nodeId }) => at(nodeId) > upper).map(({ nodeId }) => nodeId),
    below: judged.filter(({ nodeId }) => at(nodeId) < lower).map(({ nodeId }) => nodeId),
  };
}

function whyAbove(nodeId: number, plan: OwnPlan, input: OwnPlanInput): string {
  const node = input.nodes.find((one) => one.nodeId === nodeId);
  if (node && !node.isHeld) return 'it is frozen.';
  if (plan.isCutShort) return 'the limit ends the plan before.';
  const gone = new Set(plan.moves.map(({ shardId, sourceNodeId }) => `${shardId} ${sourceNodeId}`));
  const came = new Set(
    plan.moves.filter(({ targetNodeId }) => targetNodeId === nodeId).map(({ shardId }) => shardId),
  );
  const rest = input.groups.filter((group) =>
    group.nodeId === nodeId ? !gone.has(`${group.shardId} ${nodeId}`) : came.has(group.shardId),
  );
  const largest = rest.reduce((most, group) => (group.weight > most.weight ? group : most), {
    shardId: '',
    weight: 0,
    bytes: 0,
  });
  if (largest.weight > plan.average * capacityOf(input, nodeId)) {
    return `shard group ${largest.shardId} alone (${sizeWords(largest.bytes)}) is more than the average; isolate a tenant or split it.`;
  }
  if (rest.some(({ isPinned }) => isPinned)) return 'what lies on it is pinned.';
  if (input.nodes.every(({ takes, nodeId: other }) => !takes || other === nodeId))
    return 'no other node may take shards.';
  const smallest = rest.reduce((least, { bytes }) => Math.min(least, bytes), Number.POSITIVE_INFINITY);
  const others = input.nodes.filter(({ takes, nodeId: other }) => takes && other !== nodeId);
  if (others.every(({ roomBytes }) => roomBytes < smallest * (1 + input.limits.movesPerNode)))
    return 'no other node has the disk free.';
  if (isAsEvenAsAsked(nodeId, plan, input))
    return "Citus's own plan leaves a node as full; a closer target can be set under Limits.";
  return 'whole shard groups allow no better, or not for what it would cost to move them.';
}

function isAsEvenAsAsked(nodeId: number, plan: OwnPlan, input: OwnPlanInput): boolean {
  return (
    input.target.type === 'as-citus' && utilisation(plan, input, nodeId) <= plan.ceiling * (1 + tolerance)
  );
}

function whyBelow(nodeIds: readonly number[], plan: OwnPlan, input: OwnPlanInput): string {
  if (plan.isCutShort) return 'the limit ends the plan before.';
  const nodes = input.nodes.filter(({ nodeId }) => nodeIds.includes(nodeId));
  if (nodes.every(({ takes }) => !takes)) return 'nothing may come there.';
  if (nodes.some(({ roomBytes }) => roomBytes <= 0)) return 'there is no free disk to fill.';
  return input.target.type === 'as-citus'
    ? 'the target, no node fuller than by Citus, asks for no more. The rule fill, or a closer target under Limits, fills such a node to the threshold.'
    : 'whole shard groups allow no better, or not for what it would cost to move them.';
}

function utilisation(plan: OwnPlan, input: OwnPlanInput, nodeId: number): number {
  return (plan.weights.get(nodeId) ?? 0) / capacityOf(input, nodeId);
}

function capacityOf(input: OwnPlanInput, nodeId: number): number {
  return input.nodes.find((node) => node.nodeId === nodeId)?.capacity ?? 0;
}

function limitWords(hit: readonly LimitHit[], constraints: RebalanceConstraints): string {
  const words = hit.map((limit) => {
    switch (limit) {
      case 'bytes':
        return sizeWords(constraints.maxBytes ?? 0);
      case 'moves':
        return counted(constraints.maxMoves ?? 0, 'move');
      case 'hours':
        return counted(constraints.maxHours ?? 0, 'hour');
    }
  });
  return listed(words);
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}
