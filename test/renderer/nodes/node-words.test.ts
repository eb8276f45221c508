import { describe, expect, it } from 'vitest';
import type { ClusterNode, NodeReachability } from '../../../src-main/contract/cluster';
import { titleOfAddress, toNodeTitles } from '../../../src-renderer/nodes/node-names';
import { toLoss, toNodeState } from '../../../src-renderer/nodes/node-words';
import { noTraffic, toTraffic } from '../../../src-renderer/topology/moves';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import {
  makeCluster,
  makeNode,
  makeProgress,
  makeReachable,
  makeUnreachable,
  takenAt,
} from '../cluster-fixture';

const nowMs = Date.parse(takenAt);

function stateOf(
  change: Partial<ClusterNode>,
  reachability: NodeReachability | undefined = makeReachable(2),
) {
  return toNodeState({
    node: makeNode(2, change),
    reachability,
    traffic: noTraffic,
    shards: undefined,
    nowMs,
  });
}

describe('toNodeState', () => {
  it('says unknown of a node that was never tried, whatever the catalogs say', () => {
    expect(
      toNodeState({
        node: makeNode(2),
        reachability: undefined,
        traffic: noTraffic,
        shards: undefined,
        nowMs,
      }),
    ).toMatchObject({
      level: 'mute',
      word: 'unknown',
    });
    expect(stateOf({}, makeReachable(2, { state: 'unknown' })).level).toBe('mute');
  });

  it('names since when and for how long a node is unreachable, above everything else', () => {
    const state = stateOf({ isActive: false, metadataSynced: false }, makeUnreachable(2));
    expect(state.level).toBe('bad');
    expect(state.words).toMatch(/^unreachable since (\d{4}-\d\d-\d\d )?\d\d:04$/);
    expect(state.why).toMatch(/^Refuses connections since .*04:31 \(5 min\)\.$/);
  });

  it('has a state for each way in which a node is not simply active', () => {
    expect(stateOf({})).toMatchObject({ level: 'ok', words: 'active' });
    expect(stateOf({ isActive: false })).toMatchObject({ level: 'mute', word: 'inactive' });
    expect(stateOf({ metadataSynced: false })).toMatchObject({ level: 'mind', word: 'not synced' });
    expect(stateOf({ isClone: true, role: 'unavailable', isActive: false })).toMatchObject({ word: 'clone' });
    expect(stateOf({ role: 'secondary' })).toMatchObject({ level: 'ok', word: 'replica' });
    expect(stateOf({ shouldHaveShards: false }).words).toBe('active, takes no shards');
    expect(stateOf({}, makeReachable(2, { state: 'indirect' })).why).toContain('This workstation does not');
  });

  it('asks for attention while a node that shall hold no shards still holds some', () => {
    const { snapshot, sizes } = makeCluster({ workers: 2, families: 1, shardCount: 4 });
    const shards = mapShards(snapshot, sizes).nodes.get(1);
    const node = makeNode(2, { shouldHaveShards: false });
    expect(
      toNodeState({ node, reachability: makeReachable(2), traffic: noTraffic, shards, nowMs }),
    ).toMatchObject({
      level: 'mind',
      word: 'to be drained',
    });
  });

  it('counts what a node receives, and leaves the givers active', () => {
    const fixture = makeCluster({ workers: 4, emptyWorkers: 1, families: 1, shardCount: 12 });
    const shards = mapShards(fixture.snapshot, fixture.sizes);
    const traffic = toTraffic(
      makeProgress(fixture, 5, { done: 2, waiting: 5 }),
      fixture.snapshot.nodes,
      shards,
    );
    const of = (nodeId: number) =>
      toNodeState({
        node: makeNode(nodeId),
        reachability: makeReachable(nodeId),
        traffic,
        shards: shards.nodes.get(nodeId - 1),
        nowMs,
      });
    expect(of(5)).toMatchObject({ level: 'busy', words: 'receiving 3 of 8' });
    expect(of(2).level).toBe('ok');
    expect(of(2).words).toMatch(/^active, sending \d of \d$/);
  });
});

describe('toLoss', () => {
  it('counts the shard groups whose only copy is lost against all of them', () => {
    const { snapshot, sizes } = makeCluster({ workers: 2, families: 1, shardCount: 8, referenceTables: 2 });
    const shards = mapShards(snapshot, sizes);
    const loss = toLoss(shards.nodes.get(1), shards.countedGroups);
    expect(loss.fails).toBe(
      'Statements that touch 4 of 8 shard groups fail; changes to table definitions fail.',
    );
    expect(loss.holds).toMatch(/^4 shard groups, .* have their only copy here\.$/);
    expect(toLoss(undefined, 8).holds).toBe('Nothing has its only copy here.');
  });
});

describe('toNodeTitles', () => {
  it('takes given names, then hosts, and needs the port only where a host has several nodes', () => {
    const nodes = [
      makeNode(1),
      makeNode(2),
      makeNode(3, { name: 'db-w3', port: 5432 }),
      makeNode(4, { name: '127.0.0.1', port: 9999 }),
    ];
    const titles = toNodeTitles(nodes, [{ name: 'worker-1', host: '127.0.0.1', port: 9801 }]);
    expect([...titles.values()].map((title) => title.title)).toEqual([
      'coordinator',
      'worker-1',
      'db-w3',
      '127.0.0.1:9999',
    ]);
    expect(titleOfAddress(titles, 'db-w3:5432')).toBe('db-w3');
    expect(titleOfAddress(titles, 'gone:1')).toBe('gone:1');
  });
});
