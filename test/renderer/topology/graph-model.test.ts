import { describe, expect, it } from 'vitest';
import { toNodeTitles } from '../../../src-renderer/nodes/node-names';
import { toNodeState } from '../../../src-renderer/nodes/node-words';
import { diffElements } from '../../../src-renderer/topology/graph-diff';
import { createGraphMemory } from '../../../src-renderer/topology/graph-memory';
import { cardLimit, toGraph } from '../../../src-renderer/topology/graph-model';
import type { Graph, GraphInput } from '../../../src-renderer/topology/graph-model';
import { mixColours } from '../../../src-renderer/topology/colour-mix';
import type { NodeTile } from '../../../src-renderer/topology/node-tile';
import { noTraffic, toTraffic } from '../../../src-renderer/topology/moves';
import { palette } from './palette-fixture';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster, makeConditions, makeProgress, makeUnreachable, takenAt } from '../cluster-fixture';
import type { Fixture } from '../cluster-fixture';
import type { ClusterReachability, JobProgress } from '../../../src-main/contract/cluster';

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
    grouping: 'rack',
    stateFilter: null,
    litTable: null,
    focus: { level: 'cluster' },
    selectedNode: null,
    selectedFamily: null,
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
    const graph = toGraph(inputOf(four, { progress: makeProgress(four, 5, { done: 1, waiting: 3 }) }));
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

  it('shows a hostile table name as text only, never inside a picture', () => {
    const hostile = '"><script>alert(1)</script>';
    const snapshot = {
      ...four.snapshot,
      tables: four.snapshot.tables.map((table, index) => (index === 0 ? { ...table, name: hostile } : table)),
    };
    const graph = toGraph(inputOf({ ...four, snapshot }));
    for (const element of graph.elements) {
      expect(String(element.data['image'] ?? '')).not.toContain('script');
    }
  });
});

describe('toGraph with tiles', () => {
  const many = makeCluster({ workers: cardLimit + 40, families: 3, shardCount: 128, racks: 4, hosts: true });

  const lost = {
    ...many,
    reachability: {
      ...many.reachability,
      nodes: many.reachability.nodes.map((node) => (node.nodeId === 20 ? makeUnreachable(20) : node)),
    },
  };
  const blocks = (graph: Graph): string[] =>
    ids(graph).flatMap((id) => (id.startsWith('block:') ? [id.slice(6)] : []));
  const drawnNodes = (graph: Graph): string[] => ids(graph).filter((id) => /^node:\d+$/.test(id));

  it('groups tiles by rack, host, state or not at all, and never leaves a node out', () => {
    const expected = {
      rack: ['coordinator', 'rack A', 'rack B', 'rack C', 'rack D'],
      // A host of its own for each node needs no name.
      host: ['coordinator'],
      state: ['coordinator', 'unreachable', 'active'],
      none: ['coordinator'],
    } as const;
    for (const [grouping, names] of Object.entries(expected)) {
      const graph = toGraph(
        inputOf(lost, { reachability: lost.reachability, grouping: grouping as keyof typeof expected }),
      );
      expect(graph.mode).toBe('tiles');
      expect(drawnNodes(graph)).toHaveLength(many.snapshot.nodes.length);
      expect(blocks(graph)).toEqual(names);
    }
  });

  it('shows a failing node by outline, shape and grey bar, and no filter fades it', () => {
    const graph = toGraph(inputOf(lost, { reachability: lost.reachability, stateFilter: 'inactive' }));
    const shapesOf = (nodeId: number): NodeTile['shapes'] =>
      graph.tiles.find((tile) => tile.id === `node:${nodeId}`)?.shapes ?? [];
    const lines = (nodeId: number): readonly unknown[] =>
      shapesOf(nodeId).flatMap((shape) => (shape.type === 'rect' && shape.stroke ? [shape.stroke] : []));
    expect(lines(20)).toEqual([{ colour: palette.bad, width: 2, dash: [5, 3] }]);
    expect(shapesOf(20).flatMap((shape) => (shape.type === 'text' ? [shape.text] : []))).toEqual(['■']);
    const faded = mixColours(palette.line, palette.panel, 0.3);
    expect(lines(21)).toEqual([{ colour: faded, width: 1.5, dash: null }]);
  });

  it.each([
    ['suspect', false],
    ['inactive', false],
    ['draining', false],
    ['not-synced', false],
    ['active', true],
    ['drained', true],
  ] as const)('under the filter of another state, a node that is %s fades: %s', (state, isFaded) => {
    const conditions = makeConditions(many).nodes.map((one) => (one.nodeId === 20 ? { ...one, state } : one));
    const states = new Map(
      conditions.map((condition) => [
        condition.nodeId,
        toNodeState({ condition, traffic: noTraffic, nowMs: Date.parse(takenAt) }),
      ]),
    );
    const bodyOf = (stateFilter: string | null): unknown =>
      toGraph(inputOf(many, { states, stateFilter })).tiles.find((tile) => tile.id === 'node:20')?.shapes;
    expect(bodyOf('unreachable')).not.toBeUndefined();
    if (isFaded) expect(bodyOf('unreachable')).not.toEqual(bodyOf(null));
    else expect(bodyOf('unreachable')).toEqual(bodyOf(null));
  });

  it('makes nothing anew for a node that nothing happened to', () => {
    const memory = createGraphMemory();
    const input = inputOf(many);
    const before = toGraph(input, memory);
    const after = toGraph({ ...input, selectedNode: 9 }, memory);
    const fresh = after.tiles.filter((tile, index) => tile !== before.tiles[index]);
    expect(fresh.map((tile) => tile.id)).toEqual(['node:9']);
    // What Cytoscape holds of a node is its place: it has nothing to draw again.
    expect(diffElements(before.elements, after.elements)).toEqual({ remove: [], add: [], update: [] });
  });

  it('draws no edge a shard: none but the moves between nodes', () => {
    expect(toGraph(inputOf(many)).elements.filter((element) => element.group === 'edges')).toEqual([]);
  });

  it('stays small with 200 nodes and 40,000 shards', () => {
    const large = makeCluster({
      workers: 199,
      families: 3,
      tablesPerFamily: 4,
      shardCount: 3334,
      racks: 8,
      hosts: true,
    });
    expect(large.snapshot.shards.length).toBeGreaterThan(40_000);
    expect(toGraph(inputOf(large)).elements.length).toBeLessThan(500);
  });
});

describe('an opened place', () => {
  const held = mapShards(four.snapshot, four.sizes).nodes.get(1)?.groups ?? [];
  const first = held[0];

  it('shows a node as its colocation groups with every shard group, each reached by the arrow keys', () => {
    const graph = toGraph(inputOf(four, { focus: { level: 'node', nodeId: 2 } }));
    const drawn = graph.elements.filter((element) => element.classes.startsWith('shard-group'));
    expect(drawn.map((element) => element.data['text']).sort()).toEqual(
      held.map((group) => group.shards[0]?.shardId).sort(),
    );
    const targets = graph.boxes.map((box) => box.target);
    expect(targets.filter((target) => target.type === 'group')).toHaveLength(held.length);
    expect(targets.filter((target) => target.type === 'family').length).toBeGreaterThan(1);
  });

  it('shows a colocation group as its shard groups, and a shard group as its placements', () => {
    const familyKey = first?.familyKey ?? '';
    const family = toGraph(inputOf(four, { focus: { level: 'family', nodeId: 2, familyKey } }));
    expect(family.boxes).toHaveLength(held.filter((group) => group.familyKey === familyKey).length);
    const group = toGraph(
      inputOf(four, { focus: { level: 'group', nodeId: 2, familyKey, key: first?.key ?? '' } }),
    );
    expect(group.boxes.map((box) => box.target)).toEqual([{ type: 'node', nodeId: 2 }]);
    const texts = group.elements.map((element) => String(element.data['text'] ?? ''));
    for (const shard of first?.shards ?? []) {
      expect(texts.some((text) => text.startsWith(shard.shardId))).toBe(true);
    }
  });

  it('puts the copy on a failing node first', () => {
    const reference = mapShards(four.snapshot, four.sizes).groups.find((group) => group.groupIds.length > 2);
    const graph = toGraph(
      inputOf(four, {
        focus: {
          level: 'group',
          nodeId: 2,
          familyKey: reference?.familyKey ?? '',
          key: reference?.key ?? '',
        },
        reachability: {
          ...four.reachability,
          nodes: four.reachability.nodes.map((node) => (node.nodeId === 4 ? makeUnreachable(4) : node)),
        },
      }),
    );
    expect(graph.boxes[0]?.target).toEqual({ type: 'node', nodeId: 4 });
  });

  it('gives every element an id of its own, never lets two boxes of a level overlap, and says where it is', () => {
    const familyKey = first?.familyKey ?? '';
    const shapes = new Set<string>();
    for (const focus of [
      { level: 'node', nodeId: 2 },
      { level: 'family', nodeId: 2, familyKey },
      { level: 'group', nodeId: 2, familyKey, key: first?.key ?? '' },
    ] as const) {
      const graph = toGraph(inputOf(four, { focus }));
      expect(new Set(ids(graph)).size).toBe(graph.elements.length);
      shapes.add(graph.shape);
      const level = graph.boxes.filter((box) => box.target.type === graph.boxes[0]?.target.type);
      for (const one of level) {
        for (const other of level) {
          if (one === other) continue;
          const apart =
            one.x + one.width <= other.x
            || other.x + other.width <= one.x
            || one.y + one.height <= other.y
            || other.y + other.height <= one.y;
          expect(apart).toBe(true);
        }
      }
    }
    expect(shapes.size).toBe(3);
  });

  it('falls back to the cluster when what was opened is gone', () => {
    expect(toGraph(inputOf(four, { focus: { level: 'node', nodeId: 99 } })).mode).toBe('cards');
  });
});
