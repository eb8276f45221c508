import { describe, expect, it } from 'vitest';
import { advance, notTried } from '../../../src-main/monitor/reachability';
import { refused } from './fake-cluster';

describe('what an answer changes', () => {
  it('keeps since while the state holds, and moves lastSeenAt with every answer', () => {
    const first = advance(notTried(2, 't0'), { state: 'reachable', latencyMs: 4 }, 't1');
    expect(first).toEqual({
      nodeId: 2,
      state: 'reachable',
      since: 't1',
      lastSeenAt: 't1',
      latencyMs: 4,
      failure: null,
    });
    const second = advance(first, { state: 'reachable', latencyMs: 5 }, 't2');
    expect(second).toMatchObject({ since: 't1', lastSeenAt: 't2', latencyMs: 5 });
    const gone = advance(second, { state: 'unreachable', failure: refused }, 't3');
    expect(gone).toMatchObject({
      state: 'unreachable',
      since: 't3',
      lastSeenAt: 't2',
      latencyMs: null,
      failure: refused,
    });
    const still = advance(gone, { state: 'unreachable', failure: refused }, 't4');
    expect(still).toMatchObject({ since: 't3', lastSeenAt: 't2' });
    const back = advance(still, { state: 'reachable', latencyMs: 1 }, 't5');
    expect(back).toMatchObject({ since: 't5', lastSeenAt: 't5', failure: null });
  });

  it('counts an answer that only the coordinator got as seen, and says why this workstation got none', () => {
    const indirect = advance(notTried(2, 't0'), { state: 'indirect', failure: refused }, 't1');
    expect(indirect).toMatchObject({
      state: 'indirect',
      lastSeenAt: 't1',
      latencyMs: null,
      failure: refused,
    });
  });
});
