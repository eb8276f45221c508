import { describe, expect, it } from 'vitest';
import type { RouteKind, StatementRoute } from '../../../src-main/contract/routing';
import { toNodeTitles } from '../../../src-renderer/nodes/node-names';
import { toNodeStrip } from '../../../src-renderer/routing-lens/node-strip';
import { gapWords, partWords, routeWords } from '../../../src-renderer/routing-lens/route-words';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster } from '../cluster-fixture';

const route: StatementRoute = {
  kind: 'many-shards',
  parts: [{ role: 'main', taskCount: 8, shardIds: [], isWhole: false, isRepartitioned: false }],
  shardIds: [],
  isWhole: false,
  coordinatorSteps: [],
  localSubplans: 0,
  isPracticePlan: false,
  plan: '',
};

describe('routeWords', () => {
  it('has a title and a meaning for every kind, and warns of what is dear only', () => {
    const kinds: readonly RouteKind[] = [
      'one-shard',
      'many-shards',
      'repartition',
      'pulled',
      'redistributed',
      'by-row',
      'nothing',
      'coordinator',
    ];
    const words = kinds.map((kind) => routeWords({ ...route, kind }, 2));
    expect(new Set(words.map(({ title }) => title)).size).toBe(kinds.length);
    expect(words.map(({ state }) => state ?? '-').join(' ')).toBe('ok - mind mind mind - - -');
  });

  it('does not pass off the shards that a plan names as all of them', () => {
    expect(routeWords(route, 1).title).toBe('Runs on at least 1 shard group at once');
    expect(gapWords(route)).toMatch(/some of its 8 tasks only/);
    expect(gapWords({ ...route, isWhole: true })).toBe('');
    const [part] = route.parts;
    if (part)
      expect(partWords({ ...part, role: 'subplan' }, 1)).toMatch(/^On the nodes: 8 tasks; .*coordinator/);
  });
});

describe('toNodeStrip', () => {
  const { snapshot, sizes } = makeCluster({ workers: 3, families: 2, shardCount: 6, referenceTables: 1 });
  const shards = mapShards(snapshot, sizes);
  const titles = toNodeTitles(snapshot.nodes);

  it('lights the group of a shard on the node that holds it, and shows that family alone', () => {
    const shard = snapshot.shards.find(({ tableOid }) => tableOid === 16_400);
    const strip = toNodeStrip(shards, snapshot.nodes, titles, [shard?.shardId ?? '']);
    expect(strip.touchedNodes).toBe(1);
    expect(strip.nodes).toHaveLength(3);
    expect(strip.nodes.reduce((sum, node) => sum + node.total, 0)).toBe(6);
    expect(strip.nodes.flatMap((node) => node.cells.filter((cell) => cell.isTouched))).toHaveLength(1);
  });

  it('puts what is touched first where there are too many nodes, and hides the rest', () => {
    const many = makeCluster({ workers: 60, families: 1, tablesPerFamily: 1, shardCount: 60 });
    const map = mapShards(many.snapshot, many.sizes);
    const last = many.snapshot.shards.filter(({ tableOid }) => tableOid === 16_400).at(-1);
    const strip = toNodeStrip(map, many.snapshot.nodes, toNodeTitles(many.snapshot.nodes), [
      last?.shardId ?? '',
    ]);
    expect([strip.nodes.length, strip.hidden, strip.nodes[0]?.touched]).toEqual([24, 36, 1]);
  });
});
