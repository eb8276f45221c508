import { describe, expect, it } from 'vitest';
import { createClusterExplorer } from '../../../src-main/planning/cluster-explorer';
import type { ClusterReadings } from '../../../src-main/planning/cluster-explorer';
import type { Explorer } from '../../../src-main/planning/explorer';
import { asItIs } from '../../../src-main/plans/explore-rebalance';
import { noLimits } from '../../support/rebalance-limits';
import { node, snapshot } from '../plans/fixtures';

type Asked = Parameters<Explorer['explore']>;

const world = snapshot({ nodes: [node(0), node(1)] });
const signal = new AbortController().signal;

function explorerOver(over: Partial<ClusterReadings>): {
  readonly explorer: ReturnType<typeof createClusterExplorer>;
  readonly asked: Asked[];
  readonly strategies: string[];
} {
  const asked: Asked[] = [];
  const strategies: string[] = [];
  const readings: ClusterReadings = {
    sizes: async () => ({
      clusterId: world.clusterId,
      revision: 1,
      takenAt: world.takenAt,
      shardBytes: { '1': 5 },
      incomplete: null,
    }),
    planningFacts: async () => ({ disks: new Map(), baseCostBytes: 7, moveTimes: [] }),
    strategyAnswers: async (_clusterId, name) => {
      strategies.push(name);
      return `${name} does not answer`;
    },
    ...over,
  };
  const explore: Explorer['explore'] = async (...one) => {
    asked.push(one);
    return {} as never;
  };
  return { explorer: createClusterExplorer(readings, { explore }), asked, strategies };
}

describe('what is known of a cluster, for a plan', () => {
  it('is its sizes, disks and pace; a strategy is asked only where a plan goes by it', async () => {
    const { explorer, asked, strategies } = explorerOver({});
    const free = { constraints: noLimits, whatIf: asItIs, transferMode: 'auto' } as const;
    await explorer.explore(world, free, 1_000, signal);
    expect(asked[0]?.[0]).toEqual({ snapshot: world, shardBytes: { '1': 5 } });
    expect(asked[0]?.[1].planning).toMatchObject({ baseCostBytes: 7, strategy: undefined });
    expect(strategies).toEqual([]);

    const byStrategy = { ...noLimits, measure: 'cost', strategy: 'by_rows' } as const;
    await explorer.explore(world, { ...free, constraints: byStrategy }, 1_000, signal);
    expect(asked[1]?.[1].planning.strategy).toBe('by_rows does not answer');
    expect(strategies).toEqual(['by_rows']);
  });

  it('is told without sizes where they cannot be read, as the same object each time', async () => {
    const { explorer, asked } = explorerOver({
      sizes: async () => {
        throw new Error('no node answers');
      },
    });
    const free = { constraints: noLimits, whatIf: asItIs, transferMode: 'auto' } as const;
    await explorer.explore(world, free, 1_000, signal);
    await explorer.explore(world, free, 1_000, signal);
    expect(asked[0]?.[0].shardBytes).toEqual({});
    expect(asked[1]?.[0].shardBytes).toBe(asked[0]?.[0].shardBytes);
  });
});
