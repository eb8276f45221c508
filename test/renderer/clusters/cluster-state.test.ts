import { describe, expect, it } from 'vitest';
import { connectStages } from '../../../src-main/contract/sessions';
import {
  countNodes,
  sessionLine,
  stageOrder,
  toShownCluster,
} from '../../../src-renderer/clusters/cluster-state';
import { clusterCommands } from '../../../src-renderer/clusters/cluster-commands';
import { aNode, aPractice, aReachability, aSession, aSnapshot, at } from '../../support/cluster-records';

describe('state of a cluster', () => {
  it('is good only when every node answers and is active', () => {
    const session = aSession();
    expect(toShownCluster(session, undefined, aReachability(['reachable', 'indirect']), aSnapshot())).toEqual(
      {
        state: 'ok',
        word: 'connected',
      },
    );
    expect(
      toShownCluster(session, undefined, aReachability(['reachable', 'unreachable']), aSnapshot()),
    ).toEqual({
      state: 'mind',
      word: '1 node unreachable',
    });
    const inactive = aSnapshot({ nodes: [aNode(), aNode({ nodeId: 2, groupId: 1, isActive: false })] });
    expect(toShownCluster(session, undefined, undefined, inactive)).toMatchObject({ state: 'mind' });
  });

  it('follows the session, and the processes of a practice cluster where they say more', () => {
    expect(toShownCluster(undefined, undefined, undefined, undefined)).toEqual({
      state: 'mute',
      word: 'closed',
    });
    expect(toShownCluster(aSession({ phase: 'lost' }), undefined, undefined, undefined).state).toBe('bad');
    expect(
      toShownCluster(aSession({ phase: 'lost' }), aPractice({ phase: 'stopped' }), undefined, undefined),
    ).toEqual({ state: 'mute', word: 'stopped' });
    expect(toShownCluster(aSession(), aPractice({ phase: 'loading' }), undefined, undefined).state).toBe(
      'ok',
    );
  });

  it('counts the coordinator once, registered or not', () => {
    const worker = aNode({ nodeId: 2, groupId: 1 });
    expect(countNodes(aSnapshot({ nodes: [aNode(), worker] }))).toBe(2);
    expect(countNodes(aSnapshot({ nodes: [worker] }))).toBe(2);
  });

  it('has words for every stage, in the order of the contract', () => {
    expect(stageOrder).toEqual(connectStages);
  });

  it('says when a lost session is tried again', () => {
    const now = Date.parse(at);
    const lost = aSession({ phase: 'lost', retryAt: new Date(now + 4_000).toISOString() });
    expect(sessionLine(lost, now).word).toBe('connection to 127.0.0.1:9800 lost · next attempt in 4 s');
    expect(sessionLine(lost, now + 3_900).word).toContain('trying again');
    expect(sessionLine(aSession({ phase: 'connecting', stage: 'tls' }), now).word).toContain(
      'agreeing on TLS',
    );
  });
});

describe('commands of a cluster', () => {
  const entry = {
    clusterId: 'c1',
    name: 'Practice A',
    isOpen: true,
    nodeCount: 3,
    state: 'ok',
    word: 'connected',
  } as const;
  const ids = (...args: Parameters<typeof clusterCommands>): string[] =>
    clusterCommands(...args).map(({ id }) => id);

  it('offers what the state of the session allows', () => {
    expect(ids({ ...entry, practice: null }, 'closed')).toEqual(['connect', 'edit', 'remove']);
    expect(ids({ ...entry, practice: null }, 'connecting')[0]).toBe('cancel');
    expect(ids({ ...entry, practice: null }, 'lost')[0]).toBe('disconnect');
  });

  it('kills nodes that run and revives those that do not', () => {
    const all = ids({ ...entry, practice: aPractice() }, 'open');
    expect(all).toContain('practice-kill-worker-1');
    expect(all).toContain('practice-revive-worker-2');
    expect(all).not.toContain('practice-start');
  });

  it('offers a start for a stopped one, and says why not while it stops', () => {
    expect(ids({ ...entry, practice: aPractice({ phase: 'stopped' }) }, 'closed')).toEqual([
      'practice-start',
      'practice-reset',
      'practice-remove',
    ]);
    const stopping = clusterCommands({ ...entry, practice: aPractice({ phase: 'stopping' }) }, 'closed');
    expect(stopping.find(({ id }) => id === 'practice-start')?.blocked).toBe('Practice A is stopping');
  });
});
