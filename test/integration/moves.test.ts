/** Moves one by one on real processes: order, pause, failure, crash; judged by the catalogs and by every row. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import type { ClusterSnapshot } from '../../src-main/contract/cluster';
import type { Operation, RequestOf } from '../../src-main/contract/operations';
import type { MoveOrder } from '../../src-main/contract/rebalance';
import { runDaemon } from '../../src-main/practice/daemon';
import { wayBack } from '../../src-renderer/rebalance/report-text';
import { operate } from '../support/operated-cluster';
import type { OperatedCluster } from '../support/operated-cluster';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { evenGroups } from '../support/rebalance-limits';
import { lockShard } from '../support/shard-lock';
import { waitFor } from '../support/wait';

function request(
  moves: readonly MoveOrder[],
  over: Partial<RequestOf<'rebalance-moves'>> = {},
): RequestOf<'rebalance-moves'> {
  return {
    kind: 'rebalance-moves',
    moves: [...moves],
    transferMode: 'block_writes',
    parallelMoves: 1,
    movesPerNode: 1,
    window: null,
    constraints: null,
    ...over,
  };
}

describe.each(await engines())('moves on $name', (engine) => {
  let cluster: PracticeClusterForTest;
  let coordinator: Database;
  let operated: OperatedCluster;
  let folder = '';

  const run = async (text: string): Promise<void> => void (await coordinator.change({ text }));
  const value = async (text: string): Promise<unknown> => {
    const [row] = await coordinator.read<Record<string, unknown>>({ text });
    return Object.values(row ?? {})[0];
  };
  /** Every row of every table, as one number. */
  const checksum = (): Promise<unknown> =>
    value(`SELECT (SELECT count(*) || ' ' || sum(hashtext(p::text)) FROM permits p) || ' ' ||
                  (SELECT count(*) || ' ' || sum(hashtext(a::text)) FROM agencies a)`);

  /** The first `count` shard groups of permits, each to the other worker. */
  const movesToOther = async (count: number): Promise<readonly MoveOrder[]> => {
    const snapshot = await operated.snapshot();
    const table = snapshot.tables.find((one) => one.name === 'permits');
    return snapshot.shards
      .filter((shard) => shard.tableOid === table?.oid)
      .slice(0, count)
      .map((shard) => orderToOther(snapshot, shard.shardId, shard.groupIds[0] ?? -1));
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'moves-'));
    cluster = await startPracticeCluster({
      engine,
      workers: 2,
      startDaemon: engine.isEmulator ? runDaemon : null,
    });
    coordinator = await cluster.connect();
    operated = await operate(cluster, folder);
    await run('CREATE TABLE agencies (agency_id bigint PRIMARY KEY, name text)');
    await run(
      'CREATE TABLE permits (agency_id bigint, permit_id bigint, note text, PRIMARY KEY (agency_id, permit_id))',
    );
    await run(`SELECT create_distributed_table('agencies', 'agency_id', shard_count => 8)`);
    await run(`SELECT create_distributed_table('permits', 'agency_id', colocate_with => 'agencies')`);
    await run(`INSERT INTO agencies SELECT i, 'Agency ' || i FROM generate_series(1, 100) i`);
    await run(`INSERT INTO permits SELECT 1 + i % 100, i, repeat('x', 100) FROM generate_series(1, 4000) i`);
  });
  afterAll(async () => {
    await operated?.end();
    await cluster?.end();
    await rm(folder, { recursive: true, force: true });
  });

  it('carries out what was listed, notes each move, and reports the balance', async () => {
    const before = await checksum();
    const moves = await movesToOther(2);
    const operation = await operated.carryOut(request(moves));
    expect(operation.attention).toBeNull();
    expect(operation.state).toBe('done');
    const step = operation.steps.find((one) => one.stepId === 'moves');
    expect(step?.items.map((item) => [item.state, item.attempts])).toEqual([
      ['done', 1],
      ['done', 1],
    ]);
    for (const item of step?.items ?? []) {
      expect(Date.parse(item.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(item.startedAt ?? ''));
    }
    expect(await liesOnTarget(moves)).toBe(true);
    expect(operation.report?.nodes.map((node) => node.groupsAfter - node.groupsBefore).sort()).toEqual([
      0, 0,
    ]);
    expect(await checksum()).toBe(before);
  });

  it('refuses, with every reason, what Citus would refuse with one', async () => {
    const [first] = await movesToOther(1);
    if (!first) throw new Error('no shard');
    const reply = await operated.plan(
      request([
        { ...first, sourceNodeId: first.targetNodeId, targetNodeId: first.sourceNodeId },
        { ...first, shardId: '1' },
        { ...first, targetNodeId: first.sourceNodeId },
      ]),
    );
    if (reply.outcome !== 'refusal') throw new Error('was planned');
    expect(reply.reasons.map((reason) => reason.code)).toEqual(['not-there', 'no-shard', 'no-target']);
  });

  it('pauses after the move that runs, and goes on with the rest', async () => {
    const before = await checksum();
    const moves = await movesToOther(4);
    const { operationId, letGo } = await startHeld(moves);
    await operated.operations.pause(operationId);
    await letGo();
    const paused = await operated.settled(operationId);
    expect(paused.state).toBe('paused');
    expect(itemsOf(operationId).map(({ state }) => state)).toEqual(['done', 'waiting', 'waiting', 'waiting']);
    await operated.operations.resume(operationId);
    expect((await operated.settled(operationId)).state).toBe('done');
    expect(await liesOnTarget(moves)).toBe(true);
    expect(await checksum()).toBe(before);
  });

  it('leaves out what somebody else moved meanwhile', async () => {
    const moves = await movesToOther(3);
    const { operationId, letGo } = await startHeld(moves);
    await operated.operations.pause(operationId);
    await letGo();
    await operated.settled(operationId);
    const last = moves[2];
    if (!last) throw new Error('no move');
    await run(
      `SELECT citus_move_shard_placement(${last.shardId}, ${last.sourceNodeId}, ${last.targetNodeId}, 'block_writes')`,
    );
    await operated.operations.resume(operationId);
    const operation = await operated.settled(operationId);
    expect(operation.state).toBe('done');
    expect(itemsOf(operationId).at(-1)).toMatchObject({ state: 'done', attempts: 0, outcome: 'lies there' });
  });

  it('holds with the last words of the server where a move cannot be made', async () => {
    const before = await checksum();
    const moves = await movesToOther(2);
    const target = moves[0]?.targetNodeId ?? -1;
    const { operationId, letGo } = await startHeld(moves);
    // The next move finds a node that takes no shards, which no second attempt would mend.
    await run(
      `SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', false) FROM pg_dist_node WHERE nodeid IN (${target}, ${moves[1]?.targetNodeId ?? -1})`,
    );
    await letGo();
    const operation = await operated.settled(operationId);
    const failed = itemsOf(operationId).filter((item) => item.state === 'failed');
    await run(
      `SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', true) FROM pg_dist_node WHERE nodeid IN (${target}, ${moves[1]?.targetNodeId ?? -1})`,
    );
    expect(operation.state).toBe('paused');
    expect(failed.length).toBeGreaterThan(0);
    expect(operation.attention).toContain(failed[0]?.outcome ?? 'no words');
    await operated.operations.resume(operationId);
    expect((await operated.settled(operationId)).state).toBe('done');
    expect(await liesOnTarget(moves)).toBe(true);
    expect(await checksum()).toBe(before);
  });

  it('goes on with a plan made afresh, in the same operation, and takes all of it back', async () => {
    const before = await checksum();
    const places = await placements();
    // Away from the node with fewer groups: what is left of it is the opposite of what a fresh plan does.
    const moves = await movesAwayFromEmptier();
    const operationId = await operated.start(
      await operated.planned(request(moves, { constraints: evenGroups })),
    );
    await waitFor('a move', () => itemsOf(operationId).some((item) => item.state === 'running'), 60_000);
    await operated.operations.pause(operationId);
    expect((await operated.settled(operationId)).state).toBe('paused');

    const plans = await operated.operations.planRest(operationId, new AbortController().signal);
    if (plans.fresh?.outcome !== 'plan') throw new Error(`no fresh plan: ${plans.freshWords.join(' ')}`);
    const kinds = plans.differences.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== 'added')).toEqual(
      moves.slice(itemsOf(operationId).filter(({ state }) => state === 'done').length).map(() => 'dropped'),
    );
    expect(kinds).toContain('added');
    const reply = await operated.operations.resumeWith(operationId, plans.fresh.plan.planId);
    expect(reply.outcome).toBe('started');
    const operation = await operated.settled(operationId);
    expect([operation.state, operation.attention]).toEqual(['done', null]);
    expect(operation.steps.map(({ stepId, state }) => `${stepId} ${state}`)).toEqual([
      'moves done',
      'moves-2 done',
      'check-2 done',
    ]);
    expect(await groupsByNode()).toEqual([4, 4]);
    expect(await checksum()).toBe(before);

    // The journal tells the next start the same.
    await operated.end();
    operated = await operate(cluster, folder);
    await operated.operations.recover();
    expect(operated.current(operationId).steps).toEqual(operation.steps);

    const back = wayBack(operation);
    if (back !== null) expect((await operated.carryOut(back)).state).toBe('done');
    expect(await placements()).toBe(places);
    expect(await checksum()).toBe(before);
  });

  it('says who holds the lock that a move waits for, and goes on when it is let go', async () => {
    const stalling = await operate(cluster, join(folder, 'stall'), { stallMs: 300 });
    const moves = await movesToOther(1);
    const holder = await lockShard(cluster, 'permits', moves[0]?.shardId ?? '');
    try {
      const operationId = await stalling.start(await stalling.planned(request(moves)));
      const stall = await waitFor(
        'the reason of the stall',
        () => movesStep(stalling, operationId)?.stall,
        30_000,
      );
      expect(stall.words).toContain(`(process ${holder.pid}`);
      expect(stall.words).toContain('holds a lock that the move waits for');
      expect(stall.remedy).toContain(`SELECT pg_terminate_backend(${holder.pid});`);
      await holder.letGo();
      expect((await stalling.settled(operationId)).state).toBe('done');
      expect(movesStep(stalling, operationId)?.stall).toBeNull();
    } finally {
      await holder.letGo();
      await stalling.end();
    }
  });

  it('names the transaction that was left open before a copy, and goes on when its remedy is carried out', async () => {
    const stalling = await operate(cluster, join(folder, 'transaction'), { stallMs: 300 });
    const [move] = await movesToOther(1);
    if (!move) throw new Error('no move');
    const open = await cluster.connect();
    try {
      await open.change({ text: 'BEGIN' });
      await open.change({
        text: `UPDATE permits SET note = 'kept open' WHERE agency_id = ${await agencyIn(move)}`,
      });
      const operationId = await stalling.start(
        await stalling.planned(request([move], { transferMode: 'auto' })),
      );
      const stall = await waitFor(
        'the reason of the stall',
        () => movesStep(stalling, operationId)?.stall,
        60_000,
      );
      expect(stall.words).toMatch(/^a transaction of postgres \(process \d+.*\) on 127\.0\.0\.1:\d+/);
      const [, node, port, remedy] =
        /on (127\.0\.0\.1:(\d+)): (SELECT pg_terminate_backend\(\d+\);)/.exec(stall.remedy) ?? [];
      expect(stall.words).toContain(`on ${node ?? 'no node'}`);
      const { clusters } = await cluster.service.list();
      const named = clusters[0]?.nodes.find((one) => one.port === Number(port));
      const session = await cluster.connect(named?.name);
      await session.change({ text: remedy ?? '' });
      const ended = await stalling.settled(operationId, 110_000);
      expect([ended.state, ended.attention]).toEqual(['done', null]);
      expect(movesStep(stalling, operationId)?.stall).toBeNull();
      expect(await value("SELECT count(*) FROM permits WHERE note = 'kept open'")).toBe('0');
    } finally {
      await open.close();
      await stalling.end();
    }
  }, 300_000);

  it('says that a node does not answer while its moves are tried again, and goes on when it is back', async () => {
    const before = await checksum();
    const retries = Array.from({ length: 20 }, () => 8_000);
    const stalling = await operate(cluster, join(folder, 'silent'), { stallMs: 300, moveRetriesMs: retries });
    try {
      const operationId = await stalling.start(await stalling.planned(request(await movesToOther(4))));
      await waitFor(
        'a move',
        () => movesStep(stalling, operationId)?.items.some(({ state }) => state === 'running'),
        60_000,
      );
      await cluster.service.killNode(cluster.practiceId, 'worker-2');
      const { clusters } = await cluster.service.list();
      const port = clusters[0]?.nodes.find(({ name }) => name === 'worker-2')?.port;
      const stall = await waitFor(
        'the silent node',
        () => {
          const found = movesStep(stalling, operationId)?.stall;
          return found?.words.includes('does not answer') === true ? found : null;
        },
        110_000,
      );
      expect(stall.words).toBe(`127.0.0.1:${port ?? ''} does not answer the coordinator.`);
      expect(stall.remedy).toContain('Bring the node back');
      await cluster.service.reviveNode(cluster.practiceId, 'worker-2');
      expect((await stalling.settled(operationId, 110_000)).state).toBe('done');
      expect(movesStep(stalling, operationId)?.stall).toBeNull();
      expect(await checksum()).toBe(before);
    } finally {
      await stalling.end();
    }
  }, 300_000);

  it('cancels the move that runs and loses no row', async () => {
    const before = await checksum();
    const moves = await movesToOther(3);
    const { operationId, letGo } = await startHeld(moves);
    await operated.operations.cancel(operationId);
    const operation = await operated.settled(operationId);
    await letGo();
    expect(operation.state).toBe('cancelled');
    expect(itemsOf(operationId).some((item) => item.state === 'done')).toBe(false);
    expect(await checksum()).toBe(before);
  });

  it('finds moves after a crash by where the shards lie, and repeats none', async () => {
    const before = await checksum();
    // So many that the last does not end before the app does.
    const moves = await movesToOther(6);
    const operationId = await operated.start(await operated.planned(request(moves)));
    await waitFor(
      'a finished move',
      () => itemsOf(operationId).some((item) => item.state === 'done'),
      30_000,
    );
    await operated.end();
    operated = await operate(cluster, folder);
    await operated.operations.recover();
    await operated.operations.look('practice');
    const found = await operated.settled(operationId);
    expect(found.state).toBe('paused');
    await operated.operations.resume(operationId);
    expect((await operated.settled(operationId)).state).toBe('done');
    expect(await liesOnTarget(moves)).toBe(true);
    expect(await checksum()).toBe(before);
  });

  /** Started, with the first move waiting for a lock until it is let go: what is done meanwhile is done in the middle of it. */
  async function startHeld(
    moves: readonly MoveOrder[],
  ): Promise<{ readonly operationId: string; readonly letGo: () => Promise<void> }> {
    const lock = await lockShard(cluster, 'permits', moves[0]?.shardId ?? '');
    const operationId = await operated.start(await operated.planned(request(moves)));
    await waitFor(
      'the first move',
      () => itemsOf(operationId).some((item) => item.state === 'running'),
      30_000,
    );
    return { operationId, letGo: lock.letGo };
  }

  function itemsOf(operationId: string): Operation['steps'][number]['items'] {
    return movesStep(operated, operationId)?.items ?? [];
  }

  function movesStep(
    { current }: OperatedCluster,
    operationId: string,
  ): Operation['steps'][number] | undefined {
    return current(operationId).steps.find((step) => step.stepId === 'moves');
  }

  /** An agency whose permits lie in the shard that moves. */
  async function agencyIn({ shardId }: MoveOrder): Promise<number> {
    const [row] = await coordinator.read<{ readonly agency: string }>({
      text: `SELECT agency_id::text AS agency FROM agencies
              WHERE get_shard_id_for_distribution_column('permits', agency_id) = ${shardId} LIMIT 1`,
    });
    if (!row) throw new Error(`no agency in shard ${shardId}`);
    return Number(row.agency);
  }

  /** Where every shard lies, as one text. */
  const placements = (): Promise<unknown> =>
    value("SELECT string_agg(shardid || ' ' || groupid, ',' ORDER BY shardid) FROM pg_dist_placement");

  /** Shard groups of permits on each worker. */
  async function groupsByNode(): Promise<readonly number[]> {
    const rows = await coordinator.read<{ readonly groups: number }>({
      text: `SELECT count(*)::int AS groups FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid)
              WHERE s.logicalrelid = 'permits'::regclass GROUP BY p.groupid ORDER BY 1`,
    });
    return rows.map(({ groups }) => groups);
  }

  async function movesAwayFromEmptier(): Promise<readonly MoveOrder[]> {
    const snapshot = await operated.snapshot();
    const table = snapshot.tables.find((one) => one.name === 'permits');
    const shards = snapshot.shards.filter((shard) => shard.tableOid === table?.oid);
    const groups = [...new Set(shards.map((shard) => shard.groupIds[0] ?? -1))];
    const on = (groupId: number) => shards.filter((shard) => shard.groupIds[0] === groupId);
    const emptier = groups.reduce((least, groupId) =>
      on(groupId).length < on(least).length ? groupId : least,
    );
    return on(emptier).map((shard) => orderToOther(snapshot, shard.shardId, emptier));
  }

  async function liesOnTarget(moves: readonly MoveOrder[]): Promise<boolean> {
    const snapshot = await operated.snapshot();
    return moves.every((move) => {
      const target = snapshot.nodes.find((node) => node.nodeId === move.targetNodeId);
      const shard = snapshot.shards.find((one) => one.shardId === move.shardId);
      return shard?.groupIds.length === 1 && shard.groupIds[0] === target?.groupId;
    });
  }
});

function orderToOther(snapshot: ClusterSnapshot, shardId: string, groupId: number): MoveOrder {
  const source = snapshot.nodes.find((node) => node.groupId === groupId);
  const target = snapshot.nodes.find((node) => node.groupId !== groupId && node.groupId !== 0);
  if (!source || !target) throw new Error(`nowhere to move shard ${shardId}`);
  return { shardId, sourceNodeId: source.nodeId, targetNodeId: target.nodeId };
}
