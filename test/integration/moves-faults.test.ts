/** Moves while everything around them fails, under write load: no row is lost or doubled, and what is told is true. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import type { Operation } from '../../src-main/contract/operations';
import type { MoveOrder, RebalanceConstraints } from '../../src-main/contract/rebalance';
import { runDaemon } from '../../src-main/practice/daemon';
import { operate } from '../support/operated-cluster';
import type { OperatedCluster } from '../support/operated-cluster';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { evenGroups } from '../support/rebalance-limits';
import { lockShard } from '../support/shard-lock';
import { waitFor } from '../support/wait';
import { createLoadedTable, loadedTable, startWriteLoad } from '../support/write-load';
import type { WriteLoad } from '../support/write-load';

describe.each(await engines())('moves under write load on $name', (engine) => {
  let cluster: PracticeClusterForTest;
  let coordinator: Database;
  let operated: OperatedCluster;
  let folder = '';

  const run = async (text: string): Promise<void> => void (await coordinator.change({ text }));
  const value = async (text: string): Promise<unknown> => {
    const [row] = await coordinator.read<Record<string, unknown>>({ text });
    return Object.values(row ?? {})[0];
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'moves-faults-'));
    cluster = await startPracticeCluster({
      engine,
      workers: 2,
      startDaemon: engine.isEmulator ? runDaemon : null,
    });
    coordinator = await cluster.connect();
    operated = await operate(cluster, folder, { moveRetriesMs: [300, 300, 300] });
    await createLoadedTable(coordinator);
  });
  afterAll(async () => {
    await operated?.end();
    await cluster?.end();
    await rm(folder, { recursive: true, force: true });
  });

  const writeLoad = (): Promise<WriteLoad> => startWriteLoad(() => cluster.connect());
  /** No row is lost, doubled, garbled or counted otherwise than it was told; and the load did hit rows meanwhile. */
  const expectWhole = async (load: WriteLoad): Promise<void> => {
    await load.end();
    expect(await load.differences(coordinator)).toEqual([]);
    const { inserts, updates, deletes } = load.counts();
    expect(Math.min(inserts, updates, deletes)).toBeGreaterThan(0);
  };

  const movesToOther = async (count: number): Promise<readonly MoveOrder[]> => {
    const { nodes, shards } = await operated.snapshot();
    return shards.slice(0, count).map(({ shardId, groupIds }) => {
      const source = nodes.find((node) => node.groupId === groupIds[0]);
      const target = nodes.find((node) => node.groupId !== groupIds[0] && node.groupId !== 0);
      if (!source || !target) throw new Error(`nowhere to move shard ${shardId}`);
      return { shardId, sourceNodeId: source.nodeId, targetNodeId: target.nodeId };
    });
  };
  /** Shard groups on a node. */
  const groupsOn = async (nodeId: number): Promise<number> =>
    Number(
      await value(
        `SELECT count(*) FROM pg_dist_placement JOIN pg_dist_node USING (groupid) WHERE nodeid = ${nodeId}`,
      ),
    );
  /** Moves shards until the first worker holds two groups, and gives the moves that would empty it. */
  const twoGroupsOnFirstWorker = async (): Promise<{
    readonly worker: number;
    readonly moves: readonly MoveOrder[];
  }> => {
    const { nodes, shards } = await operated.snapshot();
    const [first, second] = nodes.filter(({ groupId }) => groupId !== 0);
    if (!first || !second) throw new Error('no two workers');
    const on = ({ groupId }: { readonly groupId: number }) =>
      shards.filter(({ groupIds }) => groupIds.includes(groupId));
    const order = (shardId: string, isToFirst: boolean): MoveOrder => ({
      shardId,
      sourceNodeId: (isToFirst ? second : first).nodeId,
      targetNodeId: (isToFirst ? first : second).nodeId,
    });
    const spare = [
      ...on(first)
        .slice(2)
        .map(({ shardId }) => order(shardId, false)),
      ...on(second)
        .slice(0, Math.max(0, 2 - on(first).length))
        .map(({ shardId }) => order(shardId, true)),
    ];
    if (spare.length > 0) await bringToEnd(await start(spare));
    const now = await operated.snapshot();
    const left = now.shards.filter(({ groupIds }) => groupIds.includes(first.groupId));
    return { worker: first.nodeId, moves: left.map(({ shardId }) => order(shardId, false)) };
  };
  const start = async (
    moves: readonly MoveOrder[],
    parallelMoves = 1,
    constraints: RebalanceConstraints | null = null,
  ): Promise<string> =>
    operated.start(
      await operated.planned({
        kind: 'rebalance-moves',
        moves: [...moves],
        transferMode: 'auto',
        parallelMoves,
        movesPerNode: parallelMoves,
        window: null,
        constraints,
      }),
    );
  const itemsOf = (operationId: string): Operation['steps'][number]['items'] =>
    operated.current(operationId).steps.find((step) => step.stepId === 'moves')?.items ?? [];
  const aMoveRuns = (operationId: string): Promise<unknown> =>
    waitFor('a move that runs', () => itemsOf(operationId).some((item) => item.state === 'running'), 30_000);
  /** Goes on as often as it waits for a person; every wait has to say why. */
  const bringToEnd = async (operationId: string): Promise<Operation> => {
    for (let turn = 0; turn < 6; turn += 1) {
      const operation = await operated.settled(operationId, 120_000);
      if (operation.state === 'done') return operation;
      expect(['paused', 'needs-person', 'interrupted']).toContain(operation.state);
      expect(operation.attention).not.toBe('');
      if (operation.state === 'needs-person') await operated.operations.decide(operationId, 'retry');
      else await operated.operations.resume(operationId);
    }
    throw new Error(`it did not end: ${operated.current(operationId).attention}`);
  };
  const nodeNameOf = async (nodeId: number): Promise<string> => {
    const port = await value(`SELECT nodeport FROM pg_dist_node WHERE nodeid = ${nodeId}`);
    const { clusters } = await cluster.service.list();
    const node = clusters.flatMap((one) => one.nodes).find((one) => one.port === port);
    if (!node) throw new Error(`no practice node on port ${String(port)}`);
    return node.name;
  };

  it('loses and doubles nothing while shards move side by side', async () => {
    const load = await writeLoad();
    const operationId = await start(await movesToOther(4), 2);
    const operation = await bringToEnd(operationId);
    expect(itemsOf(operationId).map((item) => item.state)).toEqual(['done', 'done', 'done', 'done']);
    expect(operation.report).not.toBeNull();
    await expectWhole(load);
  });

  it.each(['target', 'source'] as const)(
    'goes on after the %s died in the middle of a move',
    async (which) => {
      const load = await writeLoad();
      const moves = await movesToOther(3);
      const first = moves[0];
      if (!first) throw new Error('no move');
      const victim = await nodeNameOf(which === 'target' ? first.targetNodeId : first.sourceNodeId);
      const operationId = await start(moves);
      await aMoveRuns(operationId);
      await cluster.service.killNode(cluster.practiceId, victim);
      const stopped = await operated.settled(operationId, 120_000);
      await cluster.service.reviveNode(cluster.practiceId, victim);
      if (stopped.state !== 'done') {
        // It waits, with the server's words, and nothing that has not moved is called done.
        expect(stopped.state).toBe('paused');
        expect(stopped.attention).toMatch(/could not be moved/);
      }
      await bringToEnd(operationId);
      await expectWhole(load);
    },
  );

  it('goes on after the coordinator was restarted in the middle of a move', async () => {
    const load = await writeLoad();
    const operationId = await start(await movesToOther(3));
    await aMoveRuns(operationId);
    await cluster.service.killNode(cluster.practiceId, 'coordinator');
    await cluster.service.reviveNode(cluster.practiceId, 'coordinator');
    // Every session is gone: the app finds the operation in its journal and the shards in the catalogs.
    coordinator = await cluster.connect();
    await operated.end();
    operated = await operate(cluster, folder, { moveRetriesMs: [300, 300, 300] });
    await operated.operations.recover();
    await operated.operations.look('practice');
    await bringToEnd(operationId);
    expect(itemsOf(operationId).every((item) => item.state === 'done')).toBe(true);
    await expectWhole(load);
  });

  it('holds for a rebalance that somebody else starts, names it, and ends right by a fresh plan', async () => {
    const { worker, moves } = await twoGroupsOnFirstWorker();
    const load = await writeLoad();
    // The first move waits for it, so that the other person comes in its middle.
    const lock = await lockShard(cluster, loadedTable, moves[0]?.shardId ?? '');
    let operationId = '';
    let jobId = '';
    try {
      // One wants worker-1 empty; the other, meanwhile, wants it as full as worker-2.
      operationId = await start(moves, 1, {
        ...evenGroups,
        nodeRules: [{ nodeId: worker, rule: 'drain' }],
      });
      await aMoveRuns(operationId);
      const other = await cluster.connect();
      const { rows } = await other.change<{ readonly job: string }>(
        { text: `SELECT citus_rebalance_start('by_shard_count')::text AS job` },
        { timeoutMs: 120_000 },
      );
      jobId = rows[0]?.job ?? '';
      expect(Number(jobId)).toBeGreaterThan(0);
    } finally {
      await lock.letGo();
    }
    const held = await operated.settled(operationId, 120_000);
    expect(held.state).toBe('paused');
    expect(held.attention).toContain(`job ${jobId} (`);
    expect(held.attention).toContain('started by postgres');
    await waitFor(
      'the other rebalance to end',
      async () =>
        (await value(`SELECT state::text FROM pg_dist_background_job WHERE job_id = ${jobId}`))
        === 'finished',
      120_000,
    );
    const { fresh, differences } = await operated.operations.planRest(
      operationId,
      new AbortController().signal,
    );
    if (fresh?.outcome !== 'plan') throw new Error('there is no fresh plan');
    expect(differences.map(({ kind }) => kind)).toContain('added');
    expect((await operated.operations.resumeWith(operationId, fresh.plan.planId)).outcome).toBe('started');
    const ended = await operated.settled(operationId, 120_000);
    expect([ended.state, ended.attention]).toEqual(['done', null]);
    expect(ended.report?.shortfalls).toEqual([]);
    expect(await groupsOn(worker)).toBe(0);
    await expectWhole(load);
  }, 300_000);

  // The emulator does not look at disks before it moves; Citus does.
  const onCitus = engine.isEmulator ? () => undefined : it;
  onCitus('holds with the words of the server when a disk has no room', async () => {
    await run('ALTER SYSTEM SET citus.desired_percent_disk_available_after_move = 100');
    await run('SELECT pg_reload_conf()');
    const operationId = await start(await movesToOther(2));
    const held = await operated.settled(operationId, 60_000);
    expect(held.state).toBe('paused');
    expect(held.attention).toMatch(/not enough empty space/i);
    expect(itemsOf(operationId)[0]).toMatchObject({ state: 'failed', attempts: 4 });
    await run('ALTER SYSTEM RESET citus.desired_percent_disk_available_after_move');
    await run('SELECT pg_reload_conf()');
    await bringToEnd(operationId);
  });
});
