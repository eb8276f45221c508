/** Shard groups lying on nodes, with what each change of place costs. Every change is quick: nothing is summed anew. */
import type { Assignment, BalanceGroup, BalanceNode, BalanceProblem, Score } from './fewest-bytes';

export interface BalanceBoard {
  /** Groups that may be moved at all. */
  readonly movable: readonly number[];
  /** Nodes that groups may come to. */
  readonly takers: readonly number[];
  /** What moving an ordinary group costs. */
  readonly meanCost: number;
  /** Where every group lies before any move. */
  readonly homes: Assignment;
  readonly nodeOf: (group: number) => number;
  readonly homeOf: (group: number) => number;
  /** Movable groups that lie on the node. */
  readonly groupsOn: (node: number) => readonly number[];
  /** Groups that do not lie at home and could. */
  readonly away: () => readonly number[];
  /** Moves it and returns what that adds to the energy; null when it may not lie there. `undo` takes back what was tried since `keep`. */
  readonly tryMove: (group: number, node: number) => number | null;
  readonly keep: () => void;
  readonly undo: () => void;
  /** To the node that is least full afterwards; stays where it is when no other may take it. */
  readonly moveToEmptiest: (group: number) => void;
  readonly fullestFirst: () => readonly number[];
  /** Weight above the ceiling. */
  readonly surplusOf: (node: number) => number;
  /** Weight below the floor. */
  readonly missingOn: (node: number) => number;
  readonly score: () => Score;
  readonly snapshot: () => Assignment;
  /** False, and nothing changed, when a group may not lie where the assignment puts it. */
  readonly load: (assignment: Assignment) => boolean;
}

/** A byte above the ceiling weighs as much as moving two, so that nothing is moved for next to no relief. */
const excessFactor = 2;

/** Sums of bytes beyond 2^53 lose their last digits; so little off a limit is on it. */
const tolerance = 1e-9;

export function createBoard(problem: BalanceProblem): BalanceBoard {
  const { nodes, groups } = problem;
  const totalWeight = groups.reduce((sum, group) => sum + group.weight, 0);
  const totalBytes = groups.reduce((sum, group) => sum + group.bytes, 0);
  const costPerWeight = totalWeight > 0 && totalBytes > 0 ? totalBytes / totalWeight : 1;
  const meanBytes = groups.length > 0 ? totalBytes / groups.length : 0;
  // Each move costs a little for itself: of two ways with nearly as many bytes the one with fewer moves.
  const moveCost = meanBytes > 0 ? meanBytes / 50 : 1;
  const costs = groups.map(({ bytes }) => bytes + moveCost);
  const meanCost = meanBytes + moveCost;

  const largestBytes = groups.reduce(
    (most, { bytes, isPinned }) => (isPinned ? most : Math.max(most, bytes)),
    0,
  );
  const slack = tolerance * Math.max(1, totalWeight);

  const places = Int32Array.from(groups, ({ home }) => home);
  const loads = new Float64Array(nodes.length);
  const setLoads = problem.setCeilings.map(() => new Float64Array(nodes.length));
  const incoming = new Float64Array(nodes.length);
  const lists = nodes.map((): number[] => []);
  const positions = new Int32Array(groups.length);
  const awayList: number[] = [];
  const awayPositions = new Int32Array(groups.length).fill(-1);
  let movedCost = 0;
  let movedBytes = 0;
  let excess = 0;
  let tried: { readonly group: number; readonly from: number }[] = [];

  const siblings = siblingsOf(groups);

  const off = (node: number): number => {
    const load = loads[node] as number;
    const above = load - (nodes[node]?.ceiling ?? 0);
    if (above > slack) return above;
    const below = (nodes[node]?.floor ?? 0) - load;
    return below > slack ? below : 0;
  };

  /** What stays where it may not be is off the limits too, however small it is. */
  const staying = ({ weight }: BalanceGroup): number => weight + totalWeight / 1_000;

  const put = (group: number, node: number): void => {
    const one = groups[group] as BalanceGroup;
    const from = places[group] as number;
    excess -= off(from) + off(node);
    loads[from] = (loads[from] as number) - one.weight;
    loads[node] = (loads[node] as number) + one.weight;
    excess += off(from) + off(node);
    if (one.mustMove && from === one.home) excess -= staying(one);
    if (one.mustMove && node === one.home) excess += staying(one);
    const ofSet = setLoads[one.set];
    if (ofSet) {
      ofSet[from] = (ofSet[from] as number) - one.weight;
      ofSet[node] = (ofSet[node] as number) + one.weight;
    }
    if (from !== one.home) {
      incoming[from] = (incoming[from] as number) - one.bytes;
      movedCost -= costs[group] as number;
      movedBytes -= one.bytes;
    }
    if (node !== one.home) {
      incoming[node] = (incoming[node] as number) + one.bytes;
      movedCost += costs[group] as number;
      movedBytes += one.bytes;
    }
    places[group] = node;
    if (one.isPinned) return;
    removeAt(lists[from] as number[], positions, group);
    addTo(lists[node] as number[], positions, group);
    if (one.mustMove) return;
    const isAway = node !== one.home;
    const wasAway = awayPositions[group] !== -1;
    if (isAway && !wasAway) addTo(awayList, awayPositions, group);
    if (!isAway && wasAway) {
      removeAt(awayList, awayPositions, group);
      awayPositions[group] = -1;
    }
  };

  const hasRoom = (bytes: number, node: number): boolean => {
    const room = (nodes[node]?.roomBytes ?? 0) - (incoming[node] as number) - bytes;
    if (room >= problem.reserveFactor * largestBytes) return true;
    const largest = (lists[node] as number[]).reduce((most, other) => {
      const one = groups[other] as BalanceGroup;
      return one.home === node ? most : Math.max(most, one.bytes);
    }, bytes);
    return room >= problem.reserveFactor * largest;
  };

  const mayLie = (group: number, node: number): boolean => {
    const one = groups[group] as BalanceGroup;
    if (node === one.home) return !one.mustMove;
    const target = nodes[node] as BalanceNode;
    if (one.isPinned || !target.takes) return false;
    if (!hasRoom(one.bytes, node)) return false;
    if (siblings.get(group)?.some((other) => places[other] === node)) return false;
    if (problem.isAllowed && !problem.isAllowed(one.shardId, target.nodeId)) return false;
    return true;
  };

  const keepsSpread = (group: number, node: number): boolean => {
    const one = groups[group] as BalanceGroup;
    const limit = problem.setCeilings[one.set];
    if (limit === undefined || node === one.home) return true;
    const load = (setLoads[one.set] as Float64Array)[node] as number;
    return load + one.weight <= limit * (nodes[node]?.capacity ?? 0) + slack;
  };

  groups.forEach((one, index) => {
    loads[one.home] = (loads[one.home] as number) + one.weight;
    const ofSet = setLoads[one.set];
    if (ofSet) ofSet[one.home] = (ofSet[one.home] as number) + one.weight;
    if (!one.isPinned) addTo(lists[one.home] as number[], positions, index);
  });
  nodes.forEach((_node, index) => (excess += off(index)));
  for (const one of groups) if (one.mustMove) excess += staying(one);

  const fullness = (node: number, added = 0): number => {
    const capacity = nodes[node]?.capacity ?? 0;
    return capacity > 0 ? ((loads[node] as number) + added) / capacity : Number.POSITIVE_INFINITY;
  };
  const takers = nodes.flatMap(({ takes }, index) => (takes ? [index] : []));

  return {
    movable: groups.flatMap(({ isPinned }, index) => (isPinned ? [] : [index])),
    takers,
    meanCost,
    homes: Int32Array.from(groups, ({ home }) => home),
    nodeOf: (group) => places[group] as number,
    homeOf: (group) => (groups[group] as BalanceGroup).home,
    groupsOn: (node) => lists[node] as number[],
    away: () => awayList,
    tryMove(group, node) {
      const from = places[group] as number;
      if (from === node || !mayLie(group, node) || !keepsSpread(group, node)) return null;
      const before = movedCost + excessFactor * costPerWeight * excess;
      put(group, node);
      tried.push({ group, from });
      return movedCost + excessFactor * costPerWeight * excess - before;
    },
    keep: () => (tried = []),
    undo() {
      for (const { group, from } of tried.reverse()) put(group, from);
      tried = [];
    },
    moveToEmptiest(group) {
      const { weight } = groups[group] as BalanceGroup;
      const mustGo = places[group] === groups[group]?.home && groups[group]?.mustMove === true;
      const emptiest = (keeps: (node: number) => boolean): number | null => {
        let found: number | null = null;
        let least = Number.POSITIVE_INFINITY;
        for (const node of takers) {
          const full = fullness(node, weight);
          if (full >= least || node === places[group] || !mayLie(group, node) || !keeps(node)) continue;
          [found, least] = [node, full];
        }
        return found;
      };
      const best = emptiest((node) => keepsSpread(group, node)) ?? (mustGo ? emptiest(() => true) : null);
      if (best === null) return;
      if (!mustGo && (loads[best] as number) + weight > (nodes[best]?.ceiling ?? 0) + slack) return;
      put(group, best);
    },
    fullestFirst: () =>
      nodes
        .map((_node, index) => index)
        .filter((index) => (nodes[index]?.capacity ?? 0) > 0)
        .sort((a, b) => fullness(b) - fullness(a) || a - b),
    surplusOf: (node) => {
      const above = (loads[node] as number) - (nodes[node]?.ceiling ?? 0);
      return above > slack ? above : 0;
    },
    missingOn: (node) => {
      const below = (nodes[node]?.floor ?? 0) - (loads[node] as number);
      return below > slack ? below : 0;
    },
    score: () => ({ excess: excess > slack ? excess : 0, cost: movedCost, bytes: movedBytes }),
    snapshot: () => Int32Array.from(places),
    load(assignment) {
      const was = Int32Array.from(places);
      const putAll = (all: Assignment): boolean => {
        groups.forEach((one, index) => {
          if (places[index] !== one.home) put(index, one.home);
        });
        return groups.every((one, index) => {
          const node = all[index] as number;
          if (node === one.home) return true;
          if (!mayLie(index, node)) return false;
          put(index, node);
          return true;
        });
      };
      if (putAll(assignment)) return true;
      putAll(was);
      return false;
    },
  };
}

/** Other placements of the same shard, of those that have any: few have. */
function siblingsOf(groups: readonly BalanceGroup[]): ReadonlyMap<number, readonly number[]> {
  const first = new Map<string, number>();
  const copies = new Map<string, number[]>();
  groups.forEach(({ shardId }, index) => {
    const known = first.get(shardId);
    if (known === undefined) first.set(shardId, index);
    else copies.set(shardId, [...(copies.get(shardId) ?? [known]), index]);
  });
  return new Map(
    [...copies.values()].flatMap((all) =>
      all.map((index): [number, readonly number[]] => [index, all.filter((other) => other !== index)]),
    ),
  );
}

function addTo(list: number[], positions: Int32Array, value: number): void {
  positions[value] = list.length;
  list.push(value);
}

/** Order does not matter in these lists: the last takes the place of what goes. */
function removeAt(list: number[], positions: Int32Array, value: number): void {
  const at = positions[value] as number;
  const last = list.pop() as number;
  if (last === value) return;
  list[at] = last;
  positions[last] = at;
}
