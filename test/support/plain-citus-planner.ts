/**
 * Citus's planner as its source reads, without any index: lists are sorted anew after each move and searched from the
 * front. Slow, and the measure for the quick one.
 */
import type { PlannerInput } from '../../src-main/plans/citus-planner';

interface Node {
  readonly id: number;
  readonly capacity: number;
  total: number;
  shards: Shard[];
}

interface Shard {
  readonly id: bigint;
  readonly cost: number;
}

const f32 = Math.fround;

/** "shard source target", in order. */
export function planPlainly(input: PlannerInput): readonly string[] {
  const moves: string[] = [];
  const states = input.groups.map((placements) => {
    const nodes = input.nodes.map(({ nodeId, capacity }): Node => ({
      id: nodeId,
      capacity: f32(capacity),
      total: 0,
      shards: [],
    }));
    for (const { shardId, nodeId, cost } of placements) {
      const node = nodes.find(({ id }) => id === nodeId);
      if (!node) continue;
      node.total = f32(node.total + f32(cost));
      node.shards.push({ id: BigInt(shardId), cost: f32(cost) });
    }
    return nodes;
  });
  const utilisation = (node: Node, total = node.total): number =>
    node.capacity <= 0 ? Number.POSITIVE_INFINITY : f32(total / node.capacity);
  const rising = (nodes: readonly Node[]): readonly Node[] =>
    [...nodes].sort((a, b) => {
      const [one, other] = [utilisation(a), utilisation(b)];
      if (one !== other) return one < other ? -1 : 1;
      return b.capacity - a.capacity || a.id - b.id;
    });
  const dearest = (shards: readonly Shard[]): readonly Shard[] =>
    [...shards].sort((a, b) => b.cost - a.cost || Number(a.id - b.id));
  const mayLie = (shard: Shard, node: Node): boolean =>
    !node.shards.some(({ id }) => id === shard.id) && input.isAllowed(String(shard.id), node.id);
  const move = (shard: Shard, source: Node, target: Node): void => {
    source.shards = source.shards.filter((one) => one !== shard);
    source.total = f32(source.total - shard.cost);
    target.shards.push(shard);
    target.total = f32(target.total + shard.cost);
    moves.push(`${shard.id} ${source.id} ${target.id}`);
  };

  for (const [index, nodes] of states.entries()) {
    const misplaced = (input.groups[index] ?? [])
      .flatMap(({ shardId, nodeId }) => {
        const node = nodes.find(({ id }) => id === nodeId);
        const shard = node?.shards.find(({ id }) => String(id) === shardId);
        return node && shard && !input.isAllowed(shardId, nodeId) ? [{ shard, node }] : [];
      })
      .sort((a, b) => b.shard.cost - a.shard.cost || Number(a.shard.id - b.shard.id));
    for (const { shard, node } of misplaced) {
      const target = rising(nodes).find((one) => mayLie(shard, one));
      if (target) move(shard, node, target);
    }
  }
  if (input.drainOnly) return moves;

  const step = (nodes: readonly Node[], lower: number, upper: number): boolean => {
    const order = rising(nodes);
    for (const source of [...order].reverse()) {
      if (utilisation(source) <= lower) return false;
      for (const target of order) {
        if (utilisation(target) >= upper) break;
        if (utilisation(target) >= lower && utilisation(source) <= upper) break;
        for (const shard of dearest(source.shards)) {
          if (!mayLie(shard, target)) continue;
          const targetAfter = utilisation(target, f32(target.total + shard.cost));
          const sourceAfter = utilisation(source, f32(source.total - shard.cost));
          if (targetAfter > sourceAfter) {
            if (targetAfter > utilisation(source)) continue;
            if (targetAfter === utilisation(source) && sourceAfter <= utilisation(target)) continue;
            const gain = Math.max(
              f32(utilisation(source) - targetAfter),
              f32(sourceAfter - utilisation(target)),
            );
            const added = Math.min(
              f32(targetAfter - utilisation(target)),
              f32(utilisation(source) - sourceAfter),
            );
            if (f32(gain / added) < f32(input.improvementThreshold)) continue;
          }
          move(shard, source, target);
          return true;
        }
      }
    }
    return false;
  };
  for (const [index, nodes] of states.entries()) {
    const sum = (values: readonly number[]): number =>
      values.reduce((total, value) => f32(total + f32(value)), 0);
    const average = f32(
      sum((input.groups[index] ?? []).map(({ cost }) => cost))
        / sum(input.nodes.map(({ capacity }) => capacity)),
    );
    const lower = f32((1 - input.threshold) * average);
    const upper = f32((1 + input.threshold) * average);
    let found = true;
    while (found && moves.length < input.maxShardMoves) found = step(nodes, lower, upper);
    if (found) break;
  }
  return moves;
}
