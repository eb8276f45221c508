import { describe, expect, it } from 'vitest';
import { toNodeTitles } from '../../../src-renderer/nodes/node-names';
import { toNodeState } from '../../../src-renderer/nodes/node-words';
import { diffElements } from '../../../src-renderer/topology/graph-diff';
import { cardLimit, targetOf, toGraph } from '../../../src-renderer/topology/graph-model';
import type { Graph, GraphInput } from '../../../src-renderer/topology/graph-model';
import { toTraffic } from '../../../src-renderer/topology/moves';
import type { Palette } from '../../../src-renderer/topology/palette';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster, makeConditions, makeProgress, makeUnreachable, takenAt } from '../cluster-fixture';
import type { Fixture } from '../cluster-fixture';
import type { ClusterReachability, JobProgress } from '../../../src-main/contract/cluster';

const palette: Palette = {
  panel: '#ffffff',
  raised: '#fefefe',
  line: '#d9dfe6',
  ink1: '#16202b',
  ink2: '#4a5868',
  ink3: '#617083',
  accent: '#0b63ce',
  accentSoft: '#e6f0fc',
  ok: '#12734a',
  mind: '#8a5300',
  bad: '#b3261e',
  busy: '#5b3fb5',
  busySoft: '#eeeafa',
  mute: '#6b7785',
  muteSoft: '#eceff3',
  groups: ['#000001', '#000002', '#000003', '#000004', '#000005'],
  isContrast: false,
};

function inputOf(
  fixture: Fixture,
  change: Partial<GraphInput> & { progress?: JobProgress; reachability?: ClusterReachability } = {},
): GraphInput {
  const { progress, reachability, ...rest } = change;
  const { nodes } = fixture.snapshot;
  const shards = mapShards(fixture.snapshot, fixture.sizes);
  const traffic = toTraffic(progress ?? null, nodes, shards);
  const conditions = makeConditions({
    snapshot: fixture.snapshot,
    reachability: reachability ?? fixture.reachability,
  });
  return {
    nodes,
    titles: toNodeTitles(nodes),
    states: new Map(
      conditions.nodes.map((condition) => [
        condition.nodeId,
        toNodeState({ condition, traffic, nowMs: Date.parse(takenAt) }),
      ]),
    ),
    shards,
    traffic,
    palette,
    colouring: 'group',
    litTable: null,
    expandedNode: null,
    selectedNode: null,
    selectedGroup: null,
    aspectRatio: 1.4,
    ...rest,
  };
}

const four = makeCluster({ workers: 4, families: 2, shardCount: 16 });
const ids = (graph: Graph): string[] => graph.elements.map((element) => element.id);
const textOf = (graph: Graph, id: string): unknown =>
  graph.elements.find((element) => element.id === id)?.data['text'];

describe('toGraph with cards', () => {
  it('gives every element an id of its own, and every edge ends that exist', () => {
    const graph = toGraph(
      inputOf(four, { progress: makeProgress(four, 5, { done: 1, waiting: 3 }), expandedNode: 2 }),
    );
    const all = new Set(ids(graph));
    expect(all.size).toBe(graph.elements.length);
    for (const element of graph.elements.filter((one) => one.group === 'edges')) {
      expect(all.has(String(element.data['source']))).toBe(true);
      expect(all.has(String(element.data['target']))).toBe(true);
    }
  });

  it('changes nothing when the same world is read again', () => {
    const before = toGraph(inputOf(four));
    const again = makeCluster({ workers: 4, families: 2, shardCount: 16 });
    expect(diffElements(before.elements, toGraph(inputOf(again)).elements)).toEqual({
      remove: [],
      add: [],
      update: [],
    });
  });

  it('touches only what a selection, a move or a lost node concerns, and moves no card', () => {
    const before = toGraph(inputOf(four));
    const selected = diffElements(before.elements, toGraph(inputOf(four, { selectedNode: 3 })).elements);
    expect(selected.update.map((element) => element.id)).toEqual(['node:3']);
    expect([...selected.add, ...selected.remove]).toEqual([]);

    const lost = toGraph(
      inputOf(four, {
        reachability: {
          ...four.reachability,
          nodes: four.reachability.nodes.map((node) => (node.nodeId === 4 ? makeUnreachable(4) : node)),
        },
      }),
    );
    const lostDiff = diffElements(before.elements, lost.elements);
    expect(lostDiff.update.every((element) => /^(node:4|link:4)/.test(element.id))).toBe(true);
    expect(textOf(lost, 'node:4/state')).toMatch(/^■ unreachable since /);
    const places = (graph: Graph) => graph.boxes.map(({ id, x, y }) => ({ id, x, y }));
    expect(places(lost)).toEqual(places(before));
  });

  it('draws a move as an arc with its groups and bytes, and the receiver with its count', () => {
    const empty = makeCluster({ workers: 4, emptyWorkers: 1, families: 1, shardCount: 9 });
    const graph = toGraph(inputOf(empty, { progress: makeProgress(empty, 5, { done: 0, waiting: 2 }) }));
    const flows = graph.elements.filter((element) => element.classes.startsWith('flow'));
    expect(flows).toHaveLength(3);
    for (const flow of flows) expect(String(flow.data['text'])).toMatch(/^1 group · [\d.]+ MB$/);
    expect(textOf(graph, 'node:5/state')).toBe('◆ receiving 1 of 3');
  });

  it('lights the shards of a table and fades nodes without any', () => {
    const graph = toGraph(inputOf(four, { litTable: 16_400 }));
    const isFaded = (id: string) =>
      graph.elements.find((element) => element.id === id)?.classes.includes('faded');
    expect(isFaded('node:1')).toBe(true);
    expect(isFaded('node:2')).toBe(false);
  });

  it('opens a card to its shard groups, reachable by the arrow keys', () => {
    const graph = toGraph(inputOf(four, { expandedNode: 2 }));
    const held = mapShards(four.snapshot, four.sizes).nodes.get(1)?.groups ?? [];
    const drawn = graph.elements.filter((element) => element.classes.startsWith('shard-group'));
    expect(drawn).toHaveLength(held.length);
    expect(drawn.map((element) => element.data['text'])).toEqual(
      held.map((group) => group.shards[0]?.shardId),
    );
    for (const element of drawn) {
      expect(graph.boxes.some((box) => box.id === element.id)).toBe(true);
      expect(targetOf(element.id)).toEqual({ type: 'group', nodeId: 2, key: element.data['groupKey'] });
    }
  });

  it('shows a hostile table name as text only, never inside a picture', () => {
    const hostile = '"><script>alert(1)</script>';
    const snapshot = {
      ...four.snapshot,
      tables: four.snapshot.tables.map((table, index) => (index === 0 ? { ...table, name: hostile } : table)),
    };
    const graph = toGraph(inputOf({ ...four, snapshot }, { expandedNode: 2 }));
    for (const element of graph.elements) {
      expect(String(element.data['image'] ?? '')).not.toContain('script');
    }
  });
});

describe('toGraph with tiles', () => {
  const many = makeCluster({ workers: cardLimit + 40, families: 3, shardCount: 128, racks: 4, hosts: true });

  it('groups tiles by rack and never leaves a failing node out', () => {
    const reachability = {
      ...many.reachability,
      nodes: many.reachability.nodes.map((node) => (node.nodeId === 20 ? makeUnreachable(20) : node)),
    };
    const graph = toGraph(inputOf(many, { reachability }));
    expect(graph.mode).toBe('tiles');
    expect(ids(graph).filter((id) => id.startsWith('node:'))).toHaveLength(many.snapshot.nodes.length);
    expect(ids(graph).filter((id) => id.startsWith('rack:'))).toEqual([
      'rack:coordinator',
      'rack:rack A',
      'rack:rack B',
      'rack:rack C',
      'rack:rack D',
    ]);
    const failing = graph.elements.find((element) => element.id === 'node:20');
    expect(failing?.data).toMatchObject({ borderColour: palette.bad, borderStyle: 'dashed' });
  });

  it('opens a node beside the tiles and leaves every tile in its place', () => {
    const before = toGraph(inputOf(many));
    const after = toGraph(inputOf(many, { expandedNode: 9 }));
    const diff = diffElements(before.elements, after.elements);
    expect(diff.update).toEqual([]);
    expect(diff.remove).toEqual([]);
    expect(diff.add.length).toBeGreaterThan(0);
    expect(targetOf('open:9')).toEqual({ type: 'node', nodeId: 9 });
  });

  it('stays fluent with 200 nodes and 40,000 shards', () => {
    const large = makeCluster({
      workers: 199,
      families: 3,
      tablesPerFamily: 4,
      shardCount: 3334,
      racks: 8,
      hosts: true,
    });
    expect(large.snapshot.shards.length).toBeGreaterThan(40_000);
    const input = inputOf(large);
    const start = performance.now();
    const graph = toGraph({ ...input, selectedNode: 7 });
    const tookMs = performance.now() - start;
    expect(graph.elements.length).toBeLessThan(500);
    // A busy machine gets ten times what an idle one needs.
    expect(tookMs).toBeLessThan(500);
  });
});
