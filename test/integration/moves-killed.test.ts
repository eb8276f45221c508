/** The app is killed at each phase of a run of moves, under write load: what it finds, says and ends with afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import type { Operation, RequestOf } from '../../src-main/contract/operations';
import { runDaemon } from '../../src-main/practice/daemon';
import { startMovesApp } from '../support/moves-app';
import type { MovesApp } from '../support/moves-app';
import type { Death } from '../support/moves-life';
import { operate, operatedClusterId } from '../support/operated-cluster';
import type { OperatedCluster } from '../support/operated-cluster';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { lockShard } from '../support/shard-lock';
import { waitFor } from '../support/wait';
import { createLoadedTable, loadedTable, startWriteLoad } from '../support/write-load';

interface Phase {
  readonly name: string;
  /** Null: killed from outside, while a lock holds the first move or while its rows are copied. */
  readonly dieAt: Death | null;
  readonly during?: 'held' | 'copied';
  /** Moves whose end is in the catalogs when the app looks again. */
  readonly moved: number;
  /** The check reads only, so that it is made without asking. */
  readonly goesOnByItself?: boolean;
}

const phases: readonly Phase[] = [
  {
    name: 'before the first move',
    dieAt: { type: 'step-starting', stepId: 'moves', when: 'after' },
    moved: 0,
  },
  { name: 'while a move waits for a lock', dieAt: null, during: 'held', moved: 1 },
  { name: 'while rows are copied', dieAt: null, during: 'copied', moved: 1 },
  {
    name: 'between the end of a move and its record',
    dieAt: { type: 'item', itemState: 'done', when: 'before' },
    moved: 1,
  },
  { name: 'between two moves', dieAt: { type: 'item', itemState: 'done', when: 'after' }, moved: 1 },
  {
    name: 'while Citus cleans up, before the end of the last move is told',
    dieAt: { type: 'step-ended', stepId: 'moves', when: 'before' },
    moved: 2,
    goesOnByItself: true,
  },
  {
    name: 'during the balance check',
    dieAt: { type: 'step-starting', stepId: 'check', when: 'after' },
    moved: 2,
    goesOnByItself: true,
  },
  {
    name: 'between the report and the end of the check',
    dieAt: { type: 'step-ended', stepId: 'check', when: 'before' },
    moved: 2,
    goesOnByItself: true,
  },
];

/** On a machine that is slow, each of its waits has its own limit. */
const limitMs = 300_000;

describe.each(await engines())('an app killed among moves on $name', (engine) => {
  let cluster: PracticeClusterForTest;
  let coordinator: Database;
  let observer: OperatedCluster;
  const folders: string[] = [];
  const apps: MovesApp[] = [];

  const newFolder = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'moves-killed-'));
    folders.push(folder);
    return folder;
  };

  beforeAll(async () => {
    cluster = await startPracticeCluster({
      engine,
      workers: 2,
      startDaemon: engine.isEmulator ? runDaemon : null,
    });
    coordinator = await cluster.connect();
    observer = await operate(cluster, await newFolder());
    await createLoadedTable(coordinator);
    // One shard takes long enough to be copied that it is seen; the moves of the emulator are slowed down instead.
    await coordinator.change(
      engine.isEmulator
        ? { text: `ALTER DATABASE postgres SET shardboard.practice_move_delay_ms = '500'` }
        : { text: 'CREATE TABLE ballast (tenant bigint, id bigint, body text, PRIMARY KEY (tenant, id))' },
    );
    if (engine.isEmulator) return;
    await coordinator.change({
      text: `SELECT create_distributed_table('ballast', 'tenant', colocate_with => '${loadedTable}')`,
    });
    await coordinator.change({
      text: `INSERT INTO ballast SELECT 1, i, repeat(md5(i::text), 30) FROM generate_series(1, 40000) i`,
    });
  });
  afterEach(() => {
    for (const app of apps.splice(0)) app.kill();
  });
  afterAll(async () => {
    await observer?.end();
    await cluster?.end();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  /** Two shards of one worker to the other; `isSlow`: the first is that of tenant 1, which takes longest. */
  const twoMoves = async (isSlow: boolean): Promise<RequestOf<'rebalance-moves'>> => {
    const { nodes, shards, tables } = await observer.snapshot();
    const [row] = await coordinator.read<{ readonly shard: string }>({
      text: `SELECT get_shard_id_for_distribution_column('${loadedTable}', 1)::text AS shard`,
    });
    const loaded = tables.find(({ name }) => name === loadedTable);
    const movable = shards.filter(({ tableOid }) => tableOid === loaded?.oid);
    const first = movable.find(({ shardId }) => (shardId === row?.shard) === isSlow);
    const source = nodes.find(({ groupId }) => groupId === first?.groupIds[0]);
    const target = nodes.find(({ groupId }) => groupId !== 0 && groupId !== source?.groupId);
    const second = movable.find(
      ({ shardId, groupIds }) =>
        shardId !== first?.shardId && shardId !== row?.shard && groupIds[0] === source?.groupId,
    );
    if (!first || !second || !source || !target) throw new Error('no two shards on one worker');
    return {
      kind: 'rebalance-moves',
      moves: [first, second].map(({ shardId }) => ({
        shardId,
        sourceNodeId: source.nodeId,
        targetNodeId: target.nodeId,
      })),
      transferMode: 'auto',
      parallelMoves: 1,
      movesPerNode: 1,
      window: null,
      constraints: null,
    };
  };
  const liesOnTarget = async ({ moves }: RequestOf<'rebalance-moves'>): Promise<readonly boolean[]> => {
    const { nodes, shards } = await observer.snapshot();
    return moves.map(({ shardId, targetNodeId }) => {
      const group = nodes.find(({ nodeId }) => nodeId === targetNodeId)?.groupId;
      const places = shards.find((shard) => shard.shardId === shardId)?.groupIds ?? [];
      return places.length === 1 && places[0] === group;
    });
  };
  const statesOf = (operation: Operation): readonly string[] =>
    operation.steps.flatMap(({ items }) => items.map(({ state }) => state));
  const rowsOnTheWay = async (): Promise<boolean> => {
    const rows = await coordinator.read<{ readonly status: string | null; readonly arrived: string | null }>({
      text: 'SELECT status, target_shard_size::text AS arrived FROM get_rebalance_progress()',
    });
    return rows.some(({ status }) => /cop|catch/i.test(status ?? ''));
  };

  it.each(phases)(
    '$name',
    async ({ dieAt, during, moved, goesOnByItself }) => {
      const folder = await newFolder();
      const request = await twoMoves(during === 'copied');
      const load = await startWriteLoad(() => cluster.connect());
      const lock =
        during === 'held' ? await lockShard(cluster, loadedTable, request.moves[0]?.shardId ?? '') : null;
      const app = startMovesApp({ endpoint: await cluster.endpoint(), folder, request, dieAt });
      apps.push(app);
      if (during === 'copied') {
        await waitFor('rows on their way', rowsOnTheWay, 120_000, 20);
        app.kill();
      }
      if (lock !== null) {
        await waitFor('a move that was sent', async () => (await movesAtWork()) > 0, 120_000);
        app.kill();
      }
      await app.dead();
      await lock?.letGo();

      const operated = await operate(cluster, folder);
      try {
        const { open, keptAside } = await operated.operations.recover();
        expect(keptAside).toEqual([]);
        expect(open.map(({ state }) => state)).toEqual(['interrupted']);
        const operationId = open[0]?.operationId ?? '';
        const before = await changesIn(operated);
        await operated.operations.look(operatedClusterId);
        const found = await operated.settled(operationId, 120_000);
        expect(await changesIn(operated), 'looking changes nothing').toBe(before);

        // What is told of each move is what the catalogs say.
        const places = await liesOnTarget(request);
        expect(places.filter(Boolean)).toHaveLength(moved);
        expect(statesOf(found)).toEqual(places.map((isThere) => (isThere ? 'done' : 'waiting')));
        expect(found.state).toBe(goesOnByItself ? 'done' : 'paused');
        if (found.state === 'paused') {
          expect(found.attention).toMatch(/Resume goes on from here/);
          await operated.operations.resume(operationId);
        }
        const ended = await operated.settled(operationId, 120_000);
        expect([ended.state, ended.attention]).toEqual(['done', null]);
        expect(statesOf(ended)).toEqual(['done', 'done']);
        expect(await liesOnTarget(request)).toEqual([true, true]);
        expect(ended.report?.shortfalls).toEqual([]);
        await load.end();
        expect(await load.differences(coordinator)).toEqual([]);
        expect(load.counts().updates).toBeGreaterThan(0);
      } finally {
        await load.end();
        await operated.end();
      }
    },
    limitMs,
  );

  it('leaves no copy of a shard, slot, subscription or publication behind', async () => {
    await waitFor(
      'the cleanup to end',
      async () => {
        const rows = await coordinator.read({ text: 'SELECT object_name FROM pg_dist_cleanup' });
        return rows.length === 0;
      },
      110_000,
      500,
    );
    for (const node of ['worker-1', 'worker-2']) {
      const worker = await cluster.connect(node);
      const [left] = await worker.read<{ readonly slots: number; readonly subscriptions: number }>({
        text: `SELECT (SELECT count(*) FROM pg_replication_slots)::int AS slots,
                      (SELECT count(*) FROM pg_subscription)::int AS subscriptions`,
      });
      expect(left).toEqual({ slots: 0, subscriptions: 0 });
    }
  });

  /** Server processes that move a shard. */
  async function movesAtWork(): Promise<number> {
    const [row] = await coordinator.read<{ readonly atWork: number }>({
      text: `SELECT count(*)::int AS "atWork" FROM pg_stat_activity
              WHERE query LIKE '%citus_move_shard_placement%' AND state = 'active' AND pid <> pg_backend_pid()`,
    });
    return row?.atWork ?? 0;
  }

  /** Moves that were ever sent, by the audit trail. */
  async function changesIn({ audit }: OperatedCluster): Promise<number> {
    const { entries } = await audit.list({ clusterId: null, offset: 0, limit: 1_000 });
    return entries.filter(({ statement }) => statement.includes('citus_move_shard_placement')).length;
  }
});
