/** Pure: what every node holds and has free at each step of a plan. */
import type { ExploredMove, ExploredNode, PlanMeasure } from '../../src-main/contract/rebalance';

export interface NodeFrame {
  readonly nodeId: number;
  /** Null when a size is not known. */
  readonly bytes: number | null;
  readonly groups: number;
  /** By the strategy's functions; null where none were asked. */
  readonly cost: number | null;
  /** Source copies still there, for they go only when Citus cleans up; null when not known. */
  readonly freeBytes: number | null;
  /** What the move of this step does here. */
  readonly role: 'gives' | 'takes' | null;
}

interface Change {
  bytes: number;
  came: number;
  groups: number;
  cost: number;
  isKnown: boolean;
}

/** After `step` moves; 0 is before any. */
export function frameAt(
  nodes: readonly ExploredNode[],
  moves: readonly ExploredMove[],
  step: number,
): ReadonlyMap<number, NodeFrame> {
  const made = moves.slice(0, step);
  const last = made.at(-1);
  const changes = new Map<number, Change>();
  const of = (nodeId: number): Change => {
    const known = changes.get(nodeId) ?? { bytes: 0, came: 0, groups: 0, cost: 0, isKnown: true };
    changes.set(nodeId, known);
    return known;
  };
  for (const { sourceNodeId, targetNodeId, bytes, cost } of made) {
    const [source, target] = [of(sourceNodeId), of(targetNodeId)];
    source.groups -= 1;
    target.groups += 1;
    source.cost -= cost ?? 0;
    target.cost += cost ?? 0;
    if (bytes === null) {
      source.isKnown = false;
      target.isKnown = false;
      continue;
    }
    source.bytes -= bytes;
    target.bytes += bytes;
    target.came += bytes;
  }
  return new Map(
    nodes.map((node) => {
      const change = of(node.nodeId);
      const role =
        last?.sourceNodeId === node.nodeId ? 'gives' : last?.targetNodeId === node.nodeId ? 'takes' : null;
      const narrowest = role === 'takes' ? (last?.targetFreeBytes ?? null) : null;
      const settled = node.disk === null || !change.isKnown ? null : node.disk.availableBytes - change.came;
      return [
        node.nodeId,
        {
          nodeId: node.nodeId,
          bytes: node.bytes === null || !change.isKnown ? null : node.bytes + change.bytes,
          groups: node.groups + change.groups,
          cost: node.cost === null ? null : node.cost + change.cost,
          freeBytes: narrowest ?? settled,
          role,
        },
      ];
    }),
  );
}

export interface FrameBar {
  readonly nodeId: number;
  /** 0..1 of the longest bar of any step. */
  readonly before: number;
  readonly now: number;
  readonly after: number;
}

export interface FrameScale {
  readonly bars: readonly FrameBar[];
  /** 0..1: the average, and how far above and below it a node may be. */
  readonly average: number | null;
  readonly upper: number | null;
  readonly lower: number | null;
}

/** For each unit of capacity; 0 where nothing takes any. What is exempt counts in nothing. */
export function averageOf(nodes: readonly ExploredNode[], valueOf: (node: ExploredNode) => number): number {
  const counted = nodes.filter(({ rule }) => rule !== 'exempt');
  const capacity = counted.reduce((sum, { rule, capacity: own }) => sum + (rule === 'drain' ? 0 : own), 0);
  const total = counted.reduce((sum, node) => sum + valueOf(node), 0);
  return capacity > 0 ? total / capacity : 0;
}

/** By bytes, or by number of groups where a size is not known or groups are evened out. */
export function toScale(
  nodes: readonly ExploredNode[],
  frames: {
    readonly now: ReadonlyMap<number, NodeFrame>;
    readonly after: ReadonlyMap<number, NodeFrame>;
  },
  measure: PlanMeasure,
  threshold: number,
): FrameScale {
  const valueOf = (frame: Pick<NodeFrame, PlanMeasure> | undefined): number => frame?.[measure] ?? 0;
  const average = averageOf(nodes, valueOf);
  const upper = average * (1 + threshold);
  const longest = Math.max(
    upper,
    ...nodes.map((node) =>
      Math.max(valueOf(node), valueOf(frames.now.get(node.nodeId)), valueOf(frames.after.get(node.nodeId))),
    ),
  );
  const share = (value: number): number => (longest > 0 ? value / longest : 0);
  return {
    bars: nodes.map((node) => ({
      nodeId: node.nodeId,
      before: share(valueOf(node)),
      now: share(valueOf(frames.now.get(node.nodeId))),
      after: share(valueOf(frames.after.get(node.nodeId))),
    })),
    average: average > 0 ? share(average) : null,
    upper: average > 0 && threshold > 0 ? share(upper) : null,
    lower: average > 0 && threshold > 0 && threshold < 1 ? share(average * (1 - threshold)) : null,
  };
}
