import { describe, expect, it } from 'vitest';
import type { Reader } from '../../../src-main/connections/database';
import type { ClusterReachability, ClusterSizes } from '../../../src-main/contract/cluster';
import { createConnectivityKeeper, pairsPatienceMs } from '../../../src-main/monitor/connectivity-keeper';
import { createHealthKeeper } from '../../../src-main/monitor/health-keeper';
import { createRevisions } from '../../../src-main/monitor/revisions';
import { createFakeClock } from './fake-clock';
import { gatherHealth } from '../../../src-main/monitor/health-gather';
import type { Member } from '../../../src-main/monitor/health-gather';
import { systemClock } from '../../../src-main/monitor/clock';
import { node, snapshot } from '../plans/fixtures';
import { reach } from '../plans/health/fixtures';

const never = new AbortController().signal;

/** A node that answers every question, with what it was asked. */
function answering(address: string, asked: string[] = []): Reader {
  return {
    address,
    read: (async ({ text }: { text: string }) => {
      asked.push(text);
      const ids = /nodeid IN \(([\d, ]+)\)/.exec(text)?.[1]?.split(', ') ?? [];
      if (ids.length > 0) return ids.map((id) => ({ nodeId: Number(id), reached: true }));
      if (text.includes('server_version'))
        return [{ postgres: '17.4', library: '13.2.2', extension: '13.2-1' }];
      if (text.includes('current_setting(name')) return [{ name: 'wal_level', value: 'logical' }];
      if (text.includes('seconds')) return [{ seconds: Date.now() / 1000 }];
      if (text.includes('disk')) return [{ available: '50', total: '100' }];
      if (text.includes('client backend')) return [{ own: 1, app: 1, all: 1 }];
      return [];
    }) as Reader['read'],
  };
}

const member = (groupId: number, reader: Reader): Member => ({
  node: node(groupId),
  address: reader.address,
  reader,
});

describe('connections between nodes', () => {
  it('are tried anew only for a node that is new or came back, and all on demand', async () => {
    const asked = [0, 1, 2].map((): string[] => []);
    const members = asked.map((texts, group) =>
      member(group, answering(group === 0 ? 'db-c1:5432' : `db-w${group}:5432`, texts)),
    );
    const keeper = createConnectivityKeeper({
      clock: systemClock,
      aside: () => Promise.resolve(members[0]?.reader ?? null),
      onLate: () => undefined,
    });
    const counts = (): readonly number[] => asked.map((texts) => texts.splice(0).length);

    const first = await keeper.read(members, 'changed', never);
    expect(first.known && first.value.pairs).toHaveLength(6);
    expect(counts()).toEqual([1, 1, 1]);
    await keeper.read(members, 'changed', never);
    expect(counts()).toEqual([0, 0, 0]);
    await keeper.read(members.slice(0, 2), 'changed', never);
    const back = await keeper.read(members, 'changed', never);
    expect(back.known && back.value.pairs).toHaveLength(6);
    expect(asked[0]).toEqual([expect.stringMatching(/IN \(3\)/)]);
    expect(asked[2]).toEqual([expect.stringMatching(/IN \(1, 2\)/)]);
    counts();
    await keeper.read(members, 'all', never);
    expect(counts()).toEqual([1, 1, 1]);
    await keeper.read(members, 'known', never);
    expect(counts()).toEqual([0, 0, 0]);
  });

  it('that take long are told later, and what was known of them stays until then', async () => {
    const clock = createFakeClock();
    let isSlow = false;
    let late = 0;
    const answer: ((rows: readonly object[]) => void)[] = [];
    const quick = answering('db-w1:5432');
    const slow: Reader = {
      address: 'db-w1:5432',
      read: ((statement, options) =>
        isSlow
          ? new Promise<readonly object[]>((resolve) => answer.push(resolve))
          : quick.read(statement, options)) as Reader['read'],
    };
    const members = [member(0, answering('db-c1:5432')), member(1, slow)];
    const keeper = createConnectivityKeeper({
      clock,
      aside: () => Promise.resolve(members[0]?.reader ?? null),
      onLate: () => (late += 1),
    });
    await keeper.read(members, 'all', never);
    isSlow = true;
    const second = keeper.read(members, 'all', never);
    await clock.pass(pairsPatienceMs);
    expect(await second).toMatchObject({ known: true, value: { pairs: [{}, {}], silent: [] } });
    expect(late).toBe(0);
    answer[0]?.([{ nodeId: 1, reached: false }]);
    await clock.pass(0);
    expect(late).toBe(1);
    const third = await keeper.read(members, 'known', never);
    expect(third.known && third.value.pairs.find(({ from }) => from === 'db-w1:5432')?.reached).toBe(false);
  });

  it('of a node that is still being asked are not known', async () => {
    const clock = createFakeClock();
    const hanging: Reader = { address: 'db-w1:5432', read: () => new Promise(() => undefined) };
    const members = [member(0, answering('db-c1:5432')), member(1, hanging)];
    const keeper = createConnectivityKeeper({
      clock,
      aside: () => Promise.resolve(members[0]?.reader ?? null),
      onLate: () => undefined,
    });
    const first = keeper.read(members, 'changed', never);
    await clock.pass(pairsPatienceMs);
    expect(await first).toMatchObject({
      value: { pairs: [{ from: 'db-c1:5432' }], silent: [{ from: 'db-w1:5432' }] },
    });
  });
});

describe('gathering', () => {
  it('waits for a node that hangs no longer than its limit, and knows the others', async () => {
    const waits: (() => void)[] = [];
    const clock = {
      now: () => Date.now(),
      after(_ms: number, act: () => void) {
        waits.push(act);
        return () => void waits.splice(waits.indexOf(act), waits.includes(act) ? 1 : 0);
      },
    };
    const hanging: Reader = { address: 'db-w2:5432', read: () => new Promise(() => undefined) };
    const coordinator = answering('db-c1:5432');
    const world = snapshot({ nodes: [node(0), node(1), node(2)], tables: [], shards: [] });
    const reachability: ClusterReachability = {
      clusterId: 'c',
      revision: 1,
      takenAt: '',
      nodes: [reach(1), reach(2), reach(3, 'unreachable')],
    };
    const sizes: ClusterSizes = {
      clusterId: 'c',
      revision: 1,
      takenAt: '',
      shardBytes: {},
      incomplete: null,
    };
    const gathered = gatherHealth(
      {
        coordinator: () => coordinator,
        aside: () => Promise.resolve(coordinator),
        node: ({ host }) => Promise.resolve(host === 'db-w2' ? hanging : answering(`${host}:5432`)),
        clock,
        snapshot: () => Promise.resolve(world),
        reachability: () => Promise.resolve(reachability),
        sizes: () => Promise.resolve(sizes),
        connectivity: () => Promise.resolve({ known: true, value: { pairs: [], silent: [] } }),
        firstSeen: () => 0,
      },
      never,
    );
    // All that answer have answered; what is left to wait for is the limit of the one that does not.
    await new Promise((resolve) => setImmediate(resolve));
    expect(waits).toHaveLength(1);
    waits.splice(0).forEach((act) => act());
    const facts = await gathered;
    expect(facts.nodes.map(({ address, settings }) => [address, settings.known])).toEqual([
      ['db-c1:5432', true],
      ['db-w1:5432', true],
    ]);
    expect(facts.away).toEqual(['db-w2:5432']);
  });
});

describe('the report', () => {
  it('is made again every minute while somebody looks, and no longer than two minutes after', async () => {
    const clock = createFakeClock();
    const coordinator = answering('db-c1:5432');
    let published = 0;
    const keeper = createHealthKeeper({
      clusterId: 'c',
      coordinator: () => coordinator,
      aside: () => Promise.resolve(coordinator),
      node: ({ host }) => Promise.resolve(answering(`${host}:5432`)),
      snapshot: () => Promise.resolve(snapshot({ nodes: [node(0), node(1)], tables: [], shards: [] })),
      reachability: () =>
        Promise.resolve({ clusterId: 'c', revision: 1, takenAt: '', nodes: [reach(1), reach(2)] }),
      sizes: () =>
        Promise.resolve({ clusterId: 'c', revision: 1, takenAt: '', shardBytes: {}, incomplete: null }),
      publish: () => void (published += 1),
      clock,
      revisions: createRevisions(),
    });
    await clock.pass(600_000);
    expect(published).toBe(0);
    expect(keeper.report()).toBeNull();
    await clock.pass(60_000);
    expect(published).toBe(1);
    expect(keeper.report()?.revision).toBe(1);
    await clock.pass(900_000);
    expect(published).toBe(3);
    keeper.stop();
    await clock.pass(600_000);
    expect(published).toBe(3);
  });
});
