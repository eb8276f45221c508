/**
 * Which shard groups to move where, so that no node is fuller than its ceiling and none emptier than its floor, for as
 * few bytes as can be found. Deterministic: a greedy beginning, then a search by small changes that counts its steps and
 * not the time, with a generator of its own.
 */
import { createBoard } from './balance-board';
import type { BalanceBoard } from './balance-board';

export interface BalanceNode {
  readonly nodeId: number;
  /** Relative to an ordinary node, which has 1. Not positive for a node that may hold nothing. */
  readonly capacity: number;
  /** Groups may come to it. */
  readonly takes: boolean;
  /** Weight that it shall hold at most; infinite for a node that is not held to it. */
  readonly ceiling: number;
  /** Weight that it shall hold at least; 0 for a node that is not held to it. */
  readonly floor: number;
  /** Bytes that may come to it, with the reserve; infinite where there is no such limit. */
  readonly roomBytes: number;
}

/** One placement of a shard group. */
export interface BalanceGroup {
  readonly shardId: string;
  /** Index of the node it lies on. */
  readonly home: number;
  /** What is evened out: bytes, or one a group. */
  readonly weight: number;
  /** What moving it sends over the network. */
  readonly bytes: number;
  /** Groups of one set are kept spread among the nodes as they are; see `setCeilings`. */
  readonly set: number;
  /** It stays where it is. */
  readonly isPinned: boolean;
  /** It may not stay where it is. */
  readonly mustMove: boolean;
}

export interface BalanceProblem {
  readonly nodes: readonly BalanceNode[];
  readonly groups: readonly BalanceGroup[];
  /** Of the largest group that comes to a node as many times its bytes are kept free there beside it. */
  readonly reserveFactor: number;
  /** Weight of one set for each unit of a node's capacity. */
  readonly setCeilings: readonly number[];
  /** Absent where every node that takes groups takes all. */
  readonly isAllowed?: (shardId: string, nodeId: number) => boolean;
}

/** For each group the index of the node it lies on. */
export type Assignment = Int32Array;

/**
 * Steps of the search: enough to be hard to better in a small cluster. In a large one the greedy beginning is within a
 * hundredth of what is possible, and the answer shall come while somebody drags a slider.
 */
const mostSteps = 200_000;
const fewestSteps = 20_000;
const stepsPerGroup = 4_000;
/** Groups from which on there are fewer steps for each. */
const smallCluster = 200;

/**
 * As a share of what moving an ordinary group costs: how much worse a step may be at the beginning. A hot search goes
 * far, a cold one from its best does the fine work.
 */
const heats = [1, 0.1];
const coldest = 0.001;

/**
 * `starts`: assignments known to be good, such as that of another planner; the answer is not worse than the best.
 * `quick` leaves the search out.
 */
export function findFewestBytes(
  problem: BalanceProblem,
  starts: readonly Assignment[] = [],
  effort: 'quick' | 'thorough' = 'thorough',
): Assignment {
  const board = createBoard(problem);
  let best = board.snapshot();
  let bestScore = board.score();
  for (const start of starts) {
    if (!board.load(start)) continue;
    const score = board.score();
    if (isBetter(score, bestScore)) [best, bestScore] = [board.snapshot(), score];
  }
  const given = bestScore;
  board.load(board.homes);
  fillGreedily(problem, board);
  const greedy = board.score();
  if (isBetter(greedy, bestScore) && isNoDearer(greedy, given))
    [best, bestScore] = [board.snapshot(), greedy];
  if (effort === 'quick') return best;
  board.load(best);
  return search(board, given, bestScore, best);
}

/** Off the limits first, then the cost of the moves. */
export interface Score {
  readonly excess: number;
  readonly cost: number;
  readonly bytes: number;
}

function isBetter(one: Score, other: Score): boolean {
  return one.excess < other.excess || (one.excess === other.excess && one.cost < other.cost);
}

/** What is given keeps the limits as well, and moves no more: a few moves less are no reason for more bytes. */
function isNoDearer(one: Score, given: Score): boolean {
  return one.excess < given.excess || one.bytes <= given.bytes;
}

function search(board: BalanceBoard, given: Score, startScore: Score, start: Assignment): Assignment {
  let best = start;
  let bestScore = startScore;
  if (board.movable.length === 0) return best;
  const random = createRandom(board.movable.length);
  const count = board.movable.length;
  const wanted = Math.min(stepsPerGroup * count, (mostSteps * smallCluster) / Math.max(smallCluster, count));
  const steps = Math.max(fewestSteps, wanted) / heats.length;
  for (const hottest of heats) {
    board.load(best);
    const cooling = (coldest / hottest) ** (1 / steps);
    let heat = board.meanCost * hottest;
    for (let step = 0; step < steps; step += 1) {
      heat *= cooling;
      const change = propose(board, random);
      if (change === null) continue;
      if (change > 0 && random() >= Math.exp(-change / heat)) {
        board.undo();
        continue;
      }
      board.keep();
      if (change >= 0) continue;
      const score = board.score();
      if (isBetter(score, bestScore) && isNoDearer(score, given))
        [best, bestScore] = [board.snapshot(), score];
    }
  }
  return best;
}

/** Makes a small change and returns what it adds to the energy; null when there was none to make. */
function propose(board: BalanceBoard, random: () => number): number | null {
  const pick = (count: number): number => Math.floor(random() * count);
  const kind = random();
  const away = board.away();
  const takers = board.takers;
  if (takers.length === 0) return null;
  const target = takers[pick(takers.length)] as number;
  if (away.length === 0 || kind < 0.25) {
    return board.tryMove(board.movable[pick(board.movable.length)] as number, target);
  }
  const group = away[pick(away.length)] as number;
  if (kind < 0.45) return board.tryMove(group, target);
  const was = board.nodeOf(group);
  const home = board.homeOf(group);
  const back = board.tryMove(group, home);
  if (back === null || kind < 0.6) return back;
  // Something else leaves that node instead: to where the first one was, or anywhere.
  const here = board.groupsOn(home);
  const other = here[pick(here.length)] as number;
  if (other === group) return back;
  const instead = board.tryMove(other, kind < 0.85 ? was : target);
  return instead === null ? back : back + instead;
}

/** What must go first, the heaviest first; then each node that is too full sheds what fits its surplus best. */
function fillGreedily(problem: BalanceProblem, board: BalanceBoard): void {
  const byWeight = (a: number, b: number): number =>
    (problem.groups[b]?.weight ?? 0) - (problem.groups[a]?.weight ?? 0) || a - b;
  const forced = board.movable.filter((group) => problem.groups[group]?.mustMove === true).sort(byWeight);
  for (const group of forced) board.moveToEmptiest(group);
  for (const node of board.fullestFirst()) {
    let surplus = board.surplusOf(node);
    const candidates = [...board.groupsOn(node)]
      .filter((group) => board.homeOf(group) === node)
      .sort(byWeight);
    for (const group of shedding(problem, candidates, surplus)) {
      surplus = board.surplusOf(node);
      if (surplus <= 0) break;
      board.moveToEmptiest(group);
    }
  }
  for (const node of board.takers) fillUp(board, node);
}

/** Groups, heaviest first, whose weight together just covers the surplus; then the rest, should one of them not fit anywhere. */
function shedding(
  problem: BalanceProblem,
  candidates: readonly number[],
  surplus: number,
): readonly number[] {
  const weight = (group: number): number => problem.groups[group]?.weight ?? 0;
  let chosen: readonly number[] = [];
  let chosenWeight = Number.POSITIVE_INFINITY;
  const under: number[] = [];
  let sum = 0;
  candidates.forEach((group, index) => {
    if (sum + weight(group) < surplus) {
      under.push(group);
      sum += weight(group);
      return;
    }
    // The lightest that closes the gap alone stands behind all that are too heavy for it.
    const next = candidates[index + 1];
    const closes = next === undefined || sum + weight(next) < surplus;
    if (closes && sum + weight(group) < chosenWeight) {
      chosen = [...under, group];
      chosenWeight = sum + weight(group);
    }
  });
  const first = new Set(chosen);
  return [...chosen, ...candidates.filter((group) => !first.has(group)).reverse()];
}

/** Takes from the fullest nodes until the floor is reached. */
function fillUp(board: BalanceBoard, node: number): void {
  let missing = board.missingOn(node);
  for (const source of board.fullestFirst()) {
    if (missing <= 0) return;
    if (source === node) continue;
    for (const group of [...board.groupsOn(source)]) {
      if (missing <= 0) return;
      const change = board.tryMove(group, node);
      if (change === null) continue;
      if (change < 0) board.keep();
      else board.undo();
      missing = board.missingOn(node);
    }
  }
}

/** Mulberry32: small, quick and the same on every machine. */
function createRandom(seed: number): () => number {
  let state = (seed * 0x9e3779b9) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
