/** Rebalance plans as recorded from a real cluster, in the planner's terms. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { planAsCitus, planningGroups } from '../../src-main/plans/citus-planner';
import type { PlannerInput, PlannerPlacement } from '../../src-main/plans/citus-planner';

interface RecordedCase {
  readonly id: string;
  readonly nodes: readonly { node_name: string; capacity: number; disallowed_shards?: string }[];
  readonly placements: readonly {
    shardid: number;
    nodename: string;
    cost: number;
    next_colocation?: boolean;
  }[];
  readonly moves: readonly { shardId: number; source: string; target: string }[];
  readonly threshold: number;
  readonly improvementThreshold: number;
  readonly drainOnly: boolean;
  readonly maxShardMoves: number;
}

export interface PlannerCase {
  readonly id: string;
  readonly input: PlannerInput;
  /** "shard source target" in node ids, in order. */
  readonly expected: readonly string[];
}

export const recordedPlansFile = join(import.meta.dirname, 'recordings', 'rebalance-plans.json');

export function readPlannerCases(file = recordedPlansFile): readonly PlannerCase[] {
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly RecordedCase[] };
  return cases.map((recorded) => {
    const ids = new Map(recorded.nodes.map(({ node_name: name }, index) => [name, index + 1]));
    const idOf = (name: string): number => {
      const id = ids.get(name);
      if (id === undefined) throw new Error(`${recorded.id}: there is no node ${name}`);
      return id;
    };
    const disallowed = recorded.nodes.map(
      ({ disallowed_shards: shards }) => new Set((shards ?? '').split(',').filter(Boolean)),
    );
    const groups: PlannerPlacement[][] = [[]];
    for (const placement of recorded.placements) {
      if (placement.next_colocation) groups.push([]);
      groups.at(-1)?.push({
        shardId: String(placement.shardid),
        nodeId: idOf(placement.nodename),
        cost: placement.cost,
      });
    }
    return {
      id: recorded.id,
      input: {
        nodes: recorded.nodes.map(({ capacity }, index) => ({ nodeId: index + 1, capacity })),
        groups: planningGroups(groups, recorded.nodes.length),
        threshold: recorded.threshold,
        improvementThreshold: recorded.improvementThreshold,
        maxShardMoves: recorded.maxShardMoves,
        drainOnly: recorded.drainOnly,
        isAllowed: (shardId, nodeId) => !disallowed[nodeId - 1]?.has(shardId),
      },
      expected: recorded.moves.map(
        ({ shardId, source, target }) => `${shardId} ${idOf(source)} ${idOf(target)}`,
      ),
    };
  });
}

export function plannedMoves(input: PlannerInput): readonly string[] {
  return planAsCitus(input).moves.map(
    ({ shardId, sourceNodeId, targetNodeId }) => `${shardId} ${sourceNodeId} ${targetNodeId}`,
  );
}
