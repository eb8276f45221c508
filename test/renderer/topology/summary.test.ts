import { describe, expect, it } from 'vitest';
import { toNodeTitles } from '../../../src-renderer/nodes/node-names';
import { reachabilityByNode, toNodeState } from '../../../src-renderer/nodes/node-words';
import { noTraffic } from '../../../src-renderer/topology/moves';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { toNeeds, toSpread, toSummary } from '../../../src-renderer/topology/summary';
import type { SummaryInput } from '../../../src-renderer/topology/summary';
import { toTwinRows } from '../../../src-renderer/topology/twin';
import { makeCluster, makeConditions, makeUnreachable, takenAt } from '../cluster-fixture';
import type { Fixture } from '../cluster-fixture';

function inputOf(fixture: Fixture, lostNode: number | null = null): SummaryInput {
  const { nodes } = fixture.snapshot;
  const shards = mapShards(fixture.snapshot, fixture.sizes);
  const conditions = makeConditions({
    snapshot: fixture.snapshot,
    reachability: {
      ...fixture.reachability,
      nodes: fixture.reachability.nodes.map((one) =>
        one.nodeId === lostNode ? makeUnreachable(lostNode) : one,
      ),
    },
  });
  return {
    nodes,
    titles: toNodeTitles(nodes),
    states: new Map(
      conditions.nodes.map((condition) => [
        condition.nodeId,
        toNodeState({ condition, traffic: noTraffic, nowMs: Date.parse(takenAt) }),
      ]),
    ),
    shards,
    remaining: null,
  };
}

const fixture = makeCluster({ workers: 5, emptyWorkers: 2, families: 2, shardCount: 12, hosts: true });

describe('toSummary', () => {
  it('counts nodes, bytes of all copies, and what is wrong', () => {
    expect(toSummary(inputOf(fixture, 3))).toMatch(
      /^1 coordinator, 5 workers, [\d.]+ MB; 1 unreachable, 2 empty$/,
    );
  });

  it('leaves the bytes out when one size is not known', () => {
    const input = inputOf({ ...fixture, sizes: { ...fixture.sizes, shardBytes: {} } });
    expect(toSummary(input)).toBe('1 coordinator, 5 workers; 2 empty');
    expect(toSpread(input.nodes, input.shards)).toBe('The sizes of 4 nodes are not known.');
  });
});

describe('toNeeds', () => {
  it('lists the lost node first with what is only there, and counts the empty ones together', () => {
    const needs = toNeeds(inputOf(fixture, 3));
    expect(needs[0]).toMatchObject({ level: 'bad', subject: 'db-w2', nodeIds: [3] });
    expect(needs[0]?.text).toMatch(/only copy of 8 shard groups$/);
    expect(needs[1]).toMatchObject({ level: 'mute', subject: '2 nodes', nodeIds: [5, 6] });
  });

  it('is empty where all is well', () => {
    expect(toNeeds(inputOf(makeCluster({ workers: 3 })))).toEqual([]);
  });
});

describe('the twin of the graph', () => {
  const input = {
    ...inputOf(fixture),
    reachabilityOf: reachabilityByNode(fixture.reachability),
    traffic: noTraffic,
    litTable: 16_400,
  };

  it('has a row for each node, coordinator first, and counts the shards of the lit table', () => {
    const rows = toTwinRows(input);
    expect(rows.map((row) => row.node.nodeId)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rows.reduce((sum, row) => sum + (row.litShards ?? NaN), 0)).toBe(12);
    expect(toTwinRows({ ...input, litTable: null })[0]?.litShards).toBeNull();
  });
});
