import { describe, expect, it } from 'vitest';
import { stallReason } from '../../../src-main/plans/move-stall';
import type { StallFacts, StallNode } from '../../../src-main/plans/move-stall';

function node(nodeId: number, over: Partial<StallNode> = {}): StallNode {
  return { nodeId, address: `n${nodeId}`, silence: null, sessions: [], transactions: [], slots: [], ...over };
}

function facts(nodes: readonly StallNode[] | null, over: Partial<StallFacts> = {}): StallFacts {
  return { nodes, touched: [2, 3], retried: null, ...over };
}

const mover = { pid: 10, originPid: null, moves: true, blockedBy: [] } as const;
const clerk = { pid: 77, role: 'clerk', seconds: 250, originPid: null } as const;
const silent = node(4, { silence: 'connection refused' });
const locked = node(3, {
  sessions: [{ pid: 20, originPid: 10, moves: false, blockedBy: [clerk] }],
});
const old = node(2, { transactions: [clerk] });
const slot = node(2, { slots: [{ name: 'citus_shard_move_slot_1_2_3', isActive: false }] });
const retried = { what: 'shard 102008', message: 'no room' };
const coordinator = node(1, { sessions: [mover] });

describe('the reason of a stall', () => {
  it.each<{ name: string; facts: StallFacts; words: RegExp; remedy: RegExp }>([
    {
      name: 'a node that does not answer, before everything else',
      facts: facts([coordinator, locked, old, silent], { retried }),
      words: /^n4 does not answer/,
      remedy: /Bring the node back/,
    },
    {
      name: 'a lock that a session of the move waits for on a worker',
      facts: facts([coordinator, locked, old], { retried }),
      words: /^a transaction of clerk \(process 77, open for 4 min\) on n3 holds a lock/,
      remedy: /on n3: SELECT pg_terminate_backend\(77\);/,
    },
    {
      name: 'the session in whose name a session of another node holds the lock',
      facts: facts([
        node(1, { sessions: [mover], transactions: [{ ...clerk, pid: 66 }] }),
        node(3, {
          sessions: [{ pid: 20, originPid: 10, moves: false, blockedBy: [{ ...clerk, originPid: 66 }] }],
        }),
      ]),
      words: /^a transaction of clerk \(process 66, .*\) on n1, through process 77 on n3, holds a lock/,
      remedy: /on n1: SELECT pg_terminate_backend\(66\);/,
    },
    {
      name: 'a prepared transaction that holds the lock',
      facts: facts([
        node(1, {
          sessions: [{ ...mover, blockedBy: [{ pid: 0, role: null, seconds: null, originPid: null }] }],
        }),
      ]),
      words: /^a prepared transaction on n1/,
      remedy: /in doubt/,
    },
    {
      name: 'a task that is tried again, before a transaction that is merely old',
      facts: facts([coordinator, old], { retried }),
      words: /^shard 102008 failed and is tried again: no room/,
      remedy: /next try/,
    },
    {
      name: 'an old transaction on the source',
      facts: facts([coordinator, old, slot]),
      words: /^a transaction of clerk .* on n2 is still open/,
      remedy: /pg_terminate_backend\(77\)/,
    },
    {
      name: 'a slot that nobody reads',
      facts: facts([coordinator, slot]),
      words: /citus_shard_move_slot_1_2_3 on n2/,
      remedy: /max_logical_replication_workers/,
    },
    { name: 'nothing that was found', facts: facts([coordinator]), words: /^no lock/, remedy: /index/ },
    {
      name: 'nodes that could not be asked',
      facts: facts(null),
      words: /could not be asked/,
      remedy: /health/,
    },
  ])('is $name', ({ facts: given, words, remedy }) => {
    const reason = stallReason(given);
    expect(reason.words).toMatch(words);
    expect(reason.remedy).toMatch(remedy);
  });

  it.each<{ name: string; nodes: readonly StallNode[] }>([
    {
      name: 'a session of the move that another of its sessions waits for',
      nodes: [
        coordinator,
        node(3, {
          sessions: [
            { pid: 20, originPid: 10, moves: false, blockedBy: [{ ...clerk, pid: 21, originPid: 10 }] },
          ],
        }),
      ],
    },
    {
      name: 'people who wait for each other',
      nodes: [
        coordinator,
        node(3, { sessions: [{ pid: 30, originPid: null, moves: false, blockedBy: [clerk] }] }),
      ],
    },
    {
      name: 'an old transaction on a node that the move does not touch',
      nodes: [coordinator, node(5, { transactions: [clerk] })],
    },
    {
      name: "the move's own long transaction",
      nodes: [coordinator, node(2, { transactions: [{ ...clerk, pid: 20, originPid: 10 }] })],
    },
    { name: "somebody else's idle slot", nodes: [node(2, { slots: [{ name: 'backup', isActive: false }] })] },
  ])('is not $name', ({ nodes }) => {
    expect(stallReason(facts(nodes)).words).toMatch(/^no lock/);
  });
});
