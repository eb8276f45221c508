/** What a plan of ours has to solve, and where Citus would leave everything: worked out once for all its attempts. */
import type { Assignment, BalanceGroup, BalanceProblem } from './fewest-bytes';
import type { OwnGroup, OwnNode, OwnPlanInput } from './own-plan';

export interface Prepared {
  readonly problem: Omit<BalanceProblem, 'nodes'>;
  readonly reference: Assignment;
  readonly nodeIndexes: ReadonlyMap<number, number>;
  /** Weight by node before any move. */
  readonly loads: Float64Array;
  readonly average: number;
  readonly ceiling: number;
  /** Utilisation that a node which is to be filled shall reach. */
  readonly floor: number;
  /** Utilisation of the fullest node that is held to the target, now. */
  readonly fullest: number;
}

export function prepare(input: OwnPlanInput): Prepared {
  const { nodes, target } = input;
  const nodeIndexes = new Map(nodes.map(({ nodeId }, index) => [nodeId, index]));
  const setIndexes = new Map<string, number>();
  const groups = input.groups.map((group): BalanceGroup => {
    const home = nodeIndexes.get(group.nodeId) ?? 0;
    const set = setIndexes.get(group.set) ?? setIndexes.size;
    setIndexes.set(group.set, set);
    return {
      shardId: group.shardId,
      home,
      weight: group.weight,
      bytes: group.bytes,
      set,
      isPinned: group.isPinned,
      mustMove: !group.isPinned && isMisplaced(input, group, nodes[home]),
    };
  });
  const before = Int32Array.from(groups, ({ home }) => home);
  const reference = followMoves(input, nodeIndexes, before);
  const loads = loadsOf(groups, before, nodes.length);
  const loadsAfter = loadsOf(groups, reference, nodes.length);
  const isJudged = ({ capacity, isHeld }: OwnNode): boolean => capacity > 0 && isHeld;
  const utilisations = (of: Float64Array): readonly number[] =>
    nodes.map((node, index) => (isJudged(node) ? (of[index] as number) / node.capacity : 0));
  const after = utilisations(loadsAfter);
  const capacity = nodes.reduce((sum, node) => sum + node.capacity, 0);
  const average = capacity > 0 ? loads.reduce((sum, load) => sum + load, 0) / capacity : 0;
  const emptiest = Math.min(...after.filter((_one, index) => nodes[index]?.takes === true));
  return {
    problem: {
      groups,
      reserveFactor: input.limits.movesPerNode,
      // No set ends more uneven than it is, or than Citus would leave it: its queries stay spread.
      setCeilings: spreadOf(nodes, groups, [before, reference], setIndexes.size),
      ...(input.isAllowed ? { isAllowed: input.isAllowed } : {}),
    },
    reference,
    nodeIndexes,
    loads,
    average,
    ceiling: target.type === 'as-citus' ? Math.max(...after, 0) : average * (1 + target.share),
    floor:
      target.type === 'as-citus'
        ? Math.min(emptiest, average * (1 - input.threshold))
        : average * Math.max(0, 1 - target.share),
    fullest: Math.max(...utilisations(loads), 0),
  };
}

function loadsOf(groups: readonly BalanceGroup[], places: Assignment, nodes: number): Float64Array {
  const loads = new Float64Array(nodes);
  for (let index = 0; index < groups.length; index += 1) {
    const place = places[index] as number;
    loads[place] = (loads[place] as number) + (groups[index] as BalanceGroup).weight;
  }
  return loads;
}

function isMisplaced(input: OwnPlanInput, group: OwnGroup, node: OwnNode | undefined): boolean {
  if (!node || node.capacity <= 0) return true;
  return input.isAllowed?.(group.shardId, group.nodeId) === false;
}

function followMoves(
  input: OwnPlanInput,
  nodeIndexes: ReadonlyMap<number, number>,
  before: Assignment,
): Assignment {
  const places = Int32Array.from(before);
  const moved = new Set(input.reference.map(({ shardId }) => shardId));
  const lies = new Map<string, number>();
  input.groups.forEach(({ shardId, nodeId }, index) => {
    if (moved.has(shardId)) lies.set(`${shardId} ${nodeId}`, index);
  });
  for (const { shardId, sourceNodeId, targetNodeId } of input.reference) {
    const index = lies.get(`${shardId} ${sourceNodeId}`);
    if (index === undefined) continue;
    lies.delete(`${shardId} ${sourceNodeId}`);
    lies.set(`${shardId} ${targetNodeId}`, index);
    places[index] = nodeIndexes.get(targetNodeId) ?? (places[index] as number);
  }
  return places;
}

/** By set: its weight on the node that holds most of it for its capacity, in the worse of the two. */
function spreadOf(
  nodes: readonly OwnNode[],
  groups: readonly BalanceGroup[],
  all: readonly Assignment[],
  sets: number,
): readonly number[] {
  const most = new Float64Array(sets);
  for (const places of all) {
    const loads = new Float64Array(sets * nodes.length);
    for (let index = 0; index < groups.length; index += 1) {
      const { set, weight } = groups[index] as BalanceGroup;
      const place = places[index] as number;
      const at = set * nodes.length + place;
      loads[at] = (loads[at] as number) + weight;
      const { capacity } = nodes[place] as OwnNode;
      // Only adding happens, so the highest ever seen is the highest in the end.
      if (capacity > 0) most[set] = Math.max(most[set] as number, (loads[at] as number) / capacity);
    }
  }
  return [...most];
}
