import { describe, expect, it } from 'vitest';
import type { NodeCondition, NodeStateName } from '../../../src-main/contract/node-states';
import { nodeStates } from '../../../src-main/contract/words';
import { titleOfAddress, toNodeTitles, withTitles } from '../../../src-renderer/nodes/node-names';
import { levelOf, toLoss, toNodeState } from '../../../src-renderer/nodes/node-words';
import { noTraffic, toTraffic } from '../../../src-renderer/topology/moves';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster, makeNode, makeProgress, takenAt } from '../cluster-fixture';

const nowMs = Date.parse(takenAt);

function stateOf(state: NodeStateName, change: Partial<NodeCondition> = {}, traffic = noTraffic) {
  const condition: NodeCondition = {
    nodeId: 2,
    state,
    role: 'primary',
    why: 'Refuses connections.',
    since: '2026-03-01T12:04:31.000Z',
    ...change,
  };
  return toNodeState({ condition, traffic, nowMs });
}

describe('toNodeState', () => {
  it('says unknown of a node that main has not told of, and of one that was not tried', () => {
    expect(toNodeState({ condition: undefined, traffic: noTraffic, nowMs })).toMatchObject({
      level: 'mute',
      word: 'unknown',
      since: null,
    });
    expect(stateOf('unknown')).toMatchObject({ level: 'mute', words: 'not tried yet' });
  });

  it('names since when and for how long a node is unreachable', () => {
    const state = stateOf('unreachable');
    expect(state.level).toBe('bad');
    expect(state.words).toMatch(/^unreachable since (\d{4}-\d\d-\d\d )?\d\d:04$/);
    expect(state.why).toMatch(/^Refuses connections\. Since .*04:31 \(5 min\)\.$/);
  });

  it.each(nodeStates)('has a level, the word and the reason of $name', ({ name, word }) => {
    const state = stateOf(name);
    expect(state).toMatchObject({ word, level: levelOf(name), role: 'primary worker' });
    expect(state.why).toContain('Refuses connections.');
  });

  it('tells a replica from its primary', () => {
    expect(stateOf('active', { role: 'secondary' })).toMatchObject({
      level: 'ok',
      word: 'active',
      words: 'active, secondary',
      role: 'secondary worker',
    });
  });

  it('counts what a node receives, leaves the givers active, and hides no trouble behind a move', () => {
    const fixture = makeCluster({ workers: 4, emptyWorkers: 1, families: 1, shardCount: 12 });
    const shards = mapShards(fixture.snapshot, fixture.sizes);
    const traffic = toTraffic(
      makeProgress(fixture, 5, { done: 2, waiting: 5 }),
      fixture.snapshot.nodes,
      shards,
    );
    expect(stateOf('added', { nodeId: 5 }, traffic)).toMatchObject({
      level: 'busy',
      words: 'receiving 3 of 8',
    });
    expect(stateOf('active', {}, traffic)).toMatchObject({ level: 'ok', word: 'active' });
    expect(stateOf('active', {}, traffic).words).toMatch(/^active, sending \d of \d$/);
    expect(stateOf('unreachable', { nodeId: 5 }, traffic).level).toBe('bad');
    expect(stateOf('suspect', { nodeId: 5 }, traffic).word).toBe('suspect (slow)');
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

  it('take the place of addresses in the words of main, the longer address first', () => {
    const titles = toNodeTitles(
      [makeNode(2), makeNode(3, { name: '127.0.0.1', port: 980 })],
      [
        { name: 'worker-1', host: '127.0.0.1', port: 9801 },
        { name: 'worker-2', host: '127.0.0.1', port: 980 },
      ],
    );
    expect(withTitles('2 moves to 127.0.0.1:9801 and 127.0.0.1:980.', titles)).toBe(
      '2 moves to worker-1 and worker-2.',
    );
  });
});
