import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterSnapshot, SnapshotChange } from '../../../src-main/contract/cluster';
import type { ClusterPast } from '../../../src-main/contract/history';
import type { ClusterNodeStates, NodeCondition, NodeStateName } from '../../../src-main/contract/node-states';
import { createHistory } from '../../../src-main/history/history';
import type { History } from '../../../src-main/history/history';
import { makeCluster } from '../../renderer/cluster-fixture';
import {
  aNode,
  anOperation,
  aReachability,
  aSession,
  aShard,
  aSnapshot,
  aTable,
} from '../../support/cluster-records';

let folder: string;
let nowMs: number;
let current: ClusterSnapshot;
let problems: string[];
let open: History[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shardboard-history-'));
  nowMs = Date.parse('2026-03-01T12:00:00.000Z');
  problems = [];
  open = [];
});
afterEach(async () => {
  for (const history of open) await history.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(limitBytes?: number): History {
  const history = createHistory({
    folder,
    publish: () => undefined,
    snapshot: () => current,
    sizes: () => null,
    refreshSeconds: () => 5,
    onProblem: (_clusterId, words) => problems.push(words),
    now: () => new Date(nowMs),
    limitBytes,
  });
  history.onSession(aSession());
  open.push(history);
  return history;
}

const at = (): string => new Date(nowMs).toISOString();
const after = (ms: number): void => {
  nowMs += ms;
};

function show(history: History, snapshot: ClusterSnapshot): void {
  current = snapshot;
  history.onRecord('snapshot.changed', { clusterId: 'c1' } as SnapshotChange);
}

const two = [aNode(), aNode({ nodeId: 2, groupId: 1, port: 9801, shouldHaveShards: true })];
/** The coordinator active, the worker in this state. */
function someStates(worker: NodeStateName): ClusterNodeStates {
  const state = (nodeId: number, name: NodeStateName): NodeCondition => ({
    nodeId,
    state: name,
    role: 'primary',
    why: '',
    since: at(),
  });
  return {
    clusterId: 'c1',
    revision: 1,
    takenAt: at(),
    nodes: [state(1, 'active'), state(2, worker)],
    removed: [],
  };
}
const three = [...two, aNode({ nodeId: 3, groupId: 2, port: 9802, shouldHaveShards: true })];
const file = (): string => join(folder, 'c1.jsonl');
const textsOf = async (history: History): Promise<readonly string[]> =>
  (await history.read('c1', 1_000)).events.map(({ subject, text }) => `${subject} ${text}`);

async function pastAt(history: History, moment: string): Promise<ClusterPast> {
  const reply = await history.past('c1', moment);
  if (reply.outcome !== 'past') throw new Error(`nothing at ${moment}: ${JSON.stringify(reply)}`);
  return reply;
}

describe('the history of a cluster', () => {
  it('tells what changed, and shows the cluster as it was', async () => {
    const history = start();
    show(history, aSnapshot({ nodes: two }));
    after(1_000);
    history.onRecord('reachability.changed', aReachability(['reachable', 'reachable']));
    const before = at();
    after(5_000);
    history.onRecord('reachability.changed', aReachability(['reachable', 'unreachable']));
    const between = at();
    after(5_000);
    history.onRecord('reachability.changed', aReachability(['reachable', 'reachable']));
    after(5_000);
    show(history, aSnapshot({ nodes: three, shards: [aShard({ groupIds: [2] })] }));
    expect(await textsOf(history)).toEqual([
      '127.0.0.1:9801 went away',
      '127.0.0.1:9801 came back',
      '127.0.0.1:9802 added as worker',
      '1 shard of 1 table moved from 127.0.0.1:9801 to 127.0.0.1:9802',
    ]);
    const states = async (moment: string): Promise<readonly string[]> =>
      (await pastAt(history, moment)).reachability.nodes.map(({ state }) => state);
    expect(await states(before)).toEqual(['reachable', 'reachable']);
    expect(await states(between)).toEqual(['reachable', 'unreachable']);
    expect((await pastAt(history, between)).snapshot.nodes.length).toBe(2);
    expect((await pastAt(history, at())).snapshot.shards[0]?.groupIds).toEqual([2]);
  });

  it('puts what comes in together into one moment: a node that went away is never shown with its old state', async () => {
    const history = start();
    show(history, aSnapshot({ nodes: two }));
    after(1_000);
    history.onRecord('reachability.changed', aReachability(['reachable', 'reachable']));
    history.onRecord('states.changed', someStates('active'));
    await history.read('c1', 1);
    after(5_000);
    history.onRecord('reachability.changed', aReachability(['reachable', 'unreachable']));
    // The clock may turn between an answer and what is judged by it.
    after(1);
    history.onRecord('states.changed', someStates('unreachable'));
    const { events } = await history.read('c1', 100);
    const wentAway = events.find(({ text }) => text.startsWith('went away'));
    const past = await pastAt(history, wentAway?.at ?? '');
    expect(past.reachability.nodes.map(({ state }) => state)).toEqual(['reachable', 'unreachable']);
    expect(past.conditions.nodes.map(({ state }) => state)).toEqual(['active', 'unreachable']);
  });

  it('goes on after a restart of the app, and calls the time between not recorded', async () => {
    const first = start();
    show(first, aSnapshot({ nodes: two }));
    after(10_000);
    await first.close();
    const ended = at();
    after(3_600_000);
    const second = start();
    show(second, aSnapshot({ nodes: three }));
    const record = await second.read('c1', 100);
    expect(record.spans).toEqual([
      { from: '2026-03-01T12:00:00.000Z', to: ended },
      { from: at(), to: at() },
    ]);
    expect(record.events).toMatchObject([{ at: at(), notBefore: ended, text: 'added as worker' }]);
    expect(await second.past('c1', '2026-03-01T12:30:00.000Z')).toEqual({
      outcome: 'gap',
      at: '2026-03-01T12:30:00.000Z',
      before: ended,
      after: at(),
    });
    expect((await pastAt(second, ended)).snapshot.nodes.length).toBe(2);
    expect((await pastAt(second, at())).snapshot.nodes.length).toBe(3);
  });

  it('calls a time without readings not recorded, also when the app was not closed', async () => {
    const history = start();
    show(history, aSnapshot());
    after(60_000);
    history.onRecord('snapshot.seen', { clusterId: 'c1', revision: 1, takenAt: at() });
    const seen = at();
    after(7_200_000);
    history.onRecord('snapshot.seen', { clusterId: 'c1', revision: 1, takenAt: at() });
    expect((await history.read('c1', 1)).spans).toEqual([
      { from: '2026-03-01T12:00:00.000Z', to: seen },
      { from: at(), to: at() },
    ]);
  });

  it('does not grow while nothing changes', async () => {
    const history = start();
    show(history, aSnapshot());
    const seen = async (): Promise<number> => {
      after(20_000);
      history.onRecord('snapshot.seen', { clusterId: 'c1', revision: 1, takenAt: at() });
      await history.read('c1', 1);
      return statSync(file()).size;
    };
    const size = await seen();
    for (let count = 0; count < 20; count += 1) expect(await seen()).toBe(size);
    expect((await history.read('c1', 1)).spans).toEqual([{ from: '2026-03-01T12:00:00.000Z', to: at() }]);
  });

  it('keeps operations and the loss of the coordinator', async () => {
    const history = start();
    show(history, aSnapshot());
    history.onRecord('operation.changed', anOperation({ state: 'running' }));
    history.onRecord('operation.changed', anOperation({ state: 'running', revision: 2 }));
    history.onRecord('operation.changed', anOperation({ state: 'done', revision: 3 }));
    after(1_000);
    history.onSession(aSession({ phase: 'lost', failure: { kind: 'unreachable', message: 'Refused.' } }));
    const lost = at();
    after(1_000);
    history.onSession(aSession());
    expect(await textsOf(history)).toEqual([
      'Rebalance began',
      'Rebalance done',
      'coordinator does not answer: Refused',
      'coordinator answers again',
    ]);
    expect((await pastAt(history, lost)).isConnected).toBe(false);
    expect((await pastAt(history, at())).isConnected).toBe(true);
  });

  it('keeps lines that cannot be read aside, tells of them, and goes on', async () => {
    const first = start();
    show(first, aSnapshot({ nodes: two }));
    after(1_000);
    show(first, aSnapshot({ nodes: three }));
    await first.close();
    appendFileSync(file(), '{"v":1,"type":"frame","at":"2026-03-01T12:0');
    after(60_000);
    const second = start();
    show(second, aSnapshot({ nodes: two }));
    expect(await textsOf(second)).toEqual(['127.0.0.1:9802 added as worker']);
    expect(problems.length).toBe(1);
    const aside = readdirSync(folder).find((name) => name.includes('.unreadable-')) ?? '';
    expect(readFileSync(join(folder, aside), 'utf8')).toContain('"at":"2026-03-01T12:0');
    expect((await pastAt(second, at())).snapshot.nodes.length).toBe(2);
    expect((await pastAt(second, '2026-03-01T12:00:01.000Z')).snapshot.nodes.length).toBe(3);
  });

  it('writes over nothing that a newer version wrote', async () => {
    writeFileSync(file(), '{"v":2,"type":"frame","at":"2026-03-01T11:00:00.000Z","all":1}\n');
    const history = start();
    show(history, aSnapshot());
    await history.read('c1', 1);
    const aside = readdirSync(folder).find((name) => name.includes('.unreadable-')) ?? '';
    expect(readFileSync(join(folder, aside), 'utf8')).toContain('"v":2');
  });

  it('stays within its limit, and shows the newest as before', async () => {
    const limit = 60_000;
    const history = start(limit);
    const { snapshot } = makeCluster({ workers: 4, families: 2, tablesPerFamily: 2 });
    for (let count = 0; count < 400; count += 1) {
      after(30_000);
      const shards = snapshot.shards.map((shard, index) =>
        index === count % snapshot.shards.length ? { ...shard, groupIds: [1 + (count % 4)] } : shard,
      );
      show(history, { ...snapshot, clusterId: 'c1', shards, cleanupRecords: count });
      if (count % 20 === 0) await history.read('c1', 1);
    }
    const record = await history.read('c1', 20_000);
    expect(record.sizeBytes).toBeLessThanOrEqual(limit);
    expect(record.events.length).toBeGreaterThan(50);
    expect((await pastAt(history, at())).snapshot.cleanupRecords).toBe(399);
    expect((await pastAt(history, new Date(nowMs - 30_000 * 20).toISOString())).snapshot.cleanupRecords).toBe(
      379,
    );
  });

  it('is gone when its cluster is forgotten', async () => {
    const history = start();
    show(history, aSnapshot({ tables: [aTable()] }));
    await history.read('c1', 1);
    await history.forget('c1');
    expect(readdirSync(folder)).toEqual([]);
  });
});
