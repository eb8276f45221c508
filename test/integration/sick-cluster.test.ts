/** Nodes and networks fail in all ways they know; the app keeps what it knew, says how old it is, and asks the others on. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NodeReachability } from '../../src-main/contract/cluster';
import type { NodeCondition, NodeStateName } from '../../src-main/contract/node-states';
import { nodeTimeoutMs } from '../../src-main/monitor/node-probe';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { startTcpProxy } from '../support/tcp-proxy';
import type { TcpProxy } from '../support/tcp-proxy';
import { waitFor } from '../support/wait';
import { watchCluster, watchedId } from '../support/watched-cluster';
import type { WatchedCluster } from '../support/watched-cluster';

/** A statement that does not wait for a sick node is done in this time, on a busy machine too. */
const promptMs = 2_500;

describe.each(await engines())('a sick cluster on $name', (engine) => {
  let cluster: PracticeClusterForTest;
  let watched: WatchedCluster;
  let sickNode: TcpProxy;
  let coordinator: TcpProxy;

  const nodeOn = (port: number): number => {
    const found = watched.monitor.snapshot(watchedId)?.nodes.find((node) => node.port === port);
    if (!found) throw new Error(`no node on port ${port} in pg_dist_node`);
    return found.nodeId;
  };
  const condition = (port = sickNode.port): NodeCondition | undefined =>
    watched.monitor.states(watchedId)?.nodes.find(({ nodeId }) => nodeId === nodeOn(port));
  const reach = (port: number): NodeReachability | undefined =>
    watched.monitor.reachability(watchedId)?.nodes.find(({ nodeId }) => nodeId === nodeOn(port));
  const probe = () => watched.monitor.probe(watchedId);
  const inState = (state: NodeStateName, limitMs = 30_000): Promise<NodeCondition> =>
    waitFor(
      `the node to be ${state}`,
      () => {
        const now = condition();
        if (now?.state === state) return now;
        throw new Error(JSON.stringify(now));
      },
      limitMs,
    );
  /** What was late is held against it for five probes. */
  const recovered = (): Promise<unknown> =>
    waitFor('the node to be active again', async () => {
      await probe();
      return condition()?.state === 'active';
    });
  /** Milliseconds that it took; the others answer meanwhile. */
  const timed = async (act: () => Promise<unknown>): Promise<number> => {
    const began = Date.now();
    await act();
    return Date.now() - began;
  };

  beforeAll(async () => {
    cluster = await startPracticeCluster({ engine, workers: 1 });
    const added = await cluster.service.addNode(cluster.practiceId);
    sickNode = await startTcpProxy(added.port);
    const endpoint = await cluster.endpoint();
    coordinator = await startTcpProxy(endpoint.port);
    const database = await cluster.connect();
    await database.change({ text: `SELECT citus_add_node('127.0.0.1', ${sickNode.port})` });
    watched = await watchCluster(
      { ...endpoint, port: coordinator.port },
      {
        timing: {
          connectTimeoutMs: 2_000,
          pingEveryMs: 500,
          pingTimeoutMs: 1_000,
          firstRetryMs: 100,
          longestRetryMs: 500,
        },
      },
    );
  });

  afterEach(async () => {
    await sickNode.heal();
    await coordinator.heal();
  });

  afterAll(async () => {
    await watched?.end();
    await sickNode?.end();
    await coordinator?.end();
    await cluster?.end();
  });

  it('tells a slow node from one that is gone, and sees it recover', async () => {
    // The first answers make what is usual.
    for (let round = 0; round < 5; round += 1) await probe();
    await recovered();
    sickNode.delay(400);
    const slow = await waitFor('the node to be suspect', async () => {
      await probe();
      const now = condition();
      return now?.state === 'suspect' ? now : null;
    });
    expect(slow.why).toMatch(/probes took longer/);
    expect(await timed(() => watched.monitor.refresh(watchedId))).toBeLessThan(promptMs);
    sickNode.delay(0);
    await recovered();
  });

  it('finds a node that hangs within its time-out, and waits with nothing else for it', async () => {
    const before = condition();
    sickNode.hang();
    const probing = probe();
    // While that one is waited for, the others are asked and the catalogs are read.
    expect(await timed(() => watched.monitor.refresh(watchedId))).toBeLessThan(promptMs);
    const tookMs = await timed(() => probing);
    expect(tookMs).toBeLessThan(nodeTimeoutMs + promptMs);
    const now = await inState('unreachable', 1_000);
    expect(now.why).toMatch(/did not answer in \d+ s/);
    expect(Date.parse(now.since)).toBeGreaterThan(Date.parse(before?.since ?? ''));
    const others = watched.monitor
      .reachability(watchedId)
      ?.nodes.filter(({ nodeId }) => nodeId !== now.nodeId);
    expect(others?.map(({ state }) => state)).toEqual(['reachable', 'reachable']);
    const report = await watched.monitor.checkHealth(watchedId);
    expect(report.tookMs).toBeLessThan(nodeTimeoutMs + promptMs);
    expect(report.checks.find(({ id }) => id === 'wal-level')).toMatchObject({ level: 'fine' });
    await sickNode.heal();
    await probe();
    expect(condition()?.state).toBe('suspect');
    await recovered();
  });

  it('finds a node that refuses at once, keeps since when, and sees it return', async () => {
    await sickNode.refuse();
    await probe();
    const gone = condition();
    expect(gone?.state).toBe('unreachable');
    await probe();
    expect(condition()?.since).toBe(gone?.since);
    await sickNode.heal();
    await recovered();
  });

  it('names a host that no name server knows', async () => {
    const database = await cluster.connect();
    await database.change({ text: 'SET session_replication_role = replica' });
    await database.change({ text: 'SET allow_system_table_mods = on' });
    await database.change({
      text: `INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport, hasmetadata, isactive, metadatasynced)
             VALUES (9001, 9001, 'db-gone.invalid', 5432, true, true, true)`,
    });
    try {
      expect(await timed(() => watched.monitor.refresh(watchedId))).toBeLessThan(promptMs);
      await probe();
      const lost = watched.monitor.states(watchedId)?.nodes.find(({ nodeId }) => nodeId === 9001);
      expect(lost).toMatchObject({ state: 'unreachable' });
      expect(lost?.why).toContain('db-gone.invalid');
      expect(condition()?.state).toBe('active');
    } finally {
      await database.change({ text: 'DELETE FROM pg_dist_node WHERE nodeid = 9001' });
    }
    await watched.monitor.refresh(watchedId);
    expect(watched.monitor.states(watchedId)?.removed).toMatchObject([{ nodeId: 9001, state: 'removed' }]);
  });

  it.each(['refuses', 'hangs'] as const)(
    'keeps what it knew while the coordinator %s, and goes on asking the workers',
    async (how) => {
      const before = await watched.monitor.refresh(watchedId);
      if (how === 'refuses') await coordinator.refuse();
      else coordinator.hang();
      await waitFor('the session to be lost', () =>
        watched.registry.states().some(({ phase }) => phase === 'lost'),
      );
      const lostAt = Date.now();
      expect(watched.monitor.snapshot(watchedId)).toMatchObject({ revision: before.revision });
      await expect(watched.monitor.refresh(watchedId)).rejects.toMatchObject({ failure: {} });
      await waitFor(
        'the worker to be asked meanwhile',
        () => Date.parse(reach(sickNode.port)?.lastSeenAt ?? '') > lostAt,
      );
      expect(Date.parse(watched.monitor.snapshot(watchedId)?.takenAt ?? '')).toBeLessThan(lostAt);
      await coordinator.heal();
      await waitFor(
        'a snapshot of after',
        () => Date.parse(watched.monitor.snapshot(watchedId)?.takenAt ?? '') > lostAt,
      );
    },
  );
});
