/** Moves while everything around them fails, under write load: no row is lost or doubled, and what is told is true. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import type { Operation } from '../../src-main/contract/operations';
import type { MoveOrder } from '../../src-main/contract/rebalance';
import { runDaemon } from '../../src-main/practice/daemon';
import { operate } from '../support/operated-cluster';
import type { OperatedCluster } from '../support/operated-cluster';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { waitFor } from '../support/wait';

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
    await run(
      'CREATE TABLE accounts (tenant bigint, id bigint, amount bigint NOT NULL, PRIMARY KEY (tenant, id))',
    );
    await run(`SELECT create_distributed_table('accounts', 'tenant', shard_count => 8)`);
    await run('INSERT INTO accounts SELECT 1 + i % 40, i, 0 FROM generate_series(1, 2000) i');
  });
  afterAll(async () => {
    await operated?.end();
    await cluster?.end();
    await rm(folder, { recursive: true, force: true });
  });

  /**
   * Writes until it is ended: rows of its own and sums, one statement a tenant. A statement that failed may or may not have
   * taken effect; one that succeeded has. Ends with how many rows and how much must at least, and may at most, be there.
   */
  async function writeLoad(): Promise<{ end(): Promise<void>; check(): Promise<void> }> {
    const from = Number(await value('SELECT max(id) FROM accounts'));
    const startCount = Number(await value('SELECT count(*) FROM accounts'));
    const startSum = BigInt(String(await value('SELECT sum(amount) FROM accounts')));
    let writer = await cluster.connect();
    let ended = false;
    let next = from;
    const sure = { rows: 0, amount: 0n };
    const unsure = { rows: 0, amount: 0n };
    const work = (async () => {
      while (!ended) {
        next += 1;
        const tenant = 1 + (next % 40);
        const write = async (text: string, rows: number, amount: bigint): Promise<void> => {
          try {
            await writer.change({ text }, { timeoutMs: 15_000 });
            sure.rows += rows;
            sure.amount += amount;
          } catch {
            unsure.rows += rows;
            unsure.amount += amount;
            if (!writer.isOpen) {
              const again = await cluster.connect().catch(() => null);
              if (again) writer = again;
            }
          }
        };
        await write(`INSERT INTO accounts VALUES (${tenant}, ${next}, 0)`, 1, 0n);
        await write(
          `UPDATE accounts SET amount = amount + 1 WHERE tenant = ${tenant} AND id = ${tenant}`,
          0,
          0n,
        );
      }
    })();
    return {
      async end() {
        ended = true;
        await work;
      },
      async check() {
        const rows = Number(await value('SELECT count(*) FROM accounts')) - startCount;
        expect(rows).toBeGreaterThanOrEqual(sure.rows);
        expect(rows).toBeLessThanOrEqual(sure.rows + unsure.rows);
        expect(Number(await value('SELECT count(DISTINCT (tenant, id)) FROM accounts'))).toBe(
          startCount + rows,
        );
        expect(BigInt(String(await value('SELECT sum(amount) FROM accounts')))).toBeGreaterThanOrEqual(
          startSum,
        );
        expect(sure.rows).toBeGreaterThan(0);
      },
    };
  }

  const movesToOther = async (count: number): Promise<readonly MoveOrder[]> => {
    const { nodes, shards } = await operated.snapshot();
    return shards.slice(0, count).map(({ shardId, groupIds }) => {
      const source = nodes.find((node) => node.groupId === groupIds[0]);
      const target = nodes.find((node) => node.groupId !== groupIds[0] && node.groupId !== 0);
      if (!source || !target) throw new Error(`nowhere to move shard ${shardId}`);
      return { shardId, sourceNodeId: source.nodeId, targetNodeId: target.nodeId };
    });
  };
  const start = async (moves: readonly MoveOrder[], parallelMoves = 1): Promise<string> =>
    operated.start(
      await operated.planned({
        kind: 'rebalance-moves',
        moves: [...moves],
        transferMode: 'auto',
        parallelMoves,
        movesPerNode: parallelMoves,
        window: null,
        constraints: null,
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
    await load.end();
    expect(itemsOf(operationId).map((item) => item.state)).toEqual(['done', 'done', 'done', 'done']);
    expect(operation.report).not.toBeNull();
    await load.check();
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
      await load.end();
      await load.check();
    },
  );

  it('goes on after the coordinator was restarted in the middle of a move', async () => {
    const load = await writeLoad();
    const operationId = await start(await movesToOther(3));
    await aMoveRuns(operationId);
    await cluster.service.killNode(cluster.practiceId, 'coordinator');
    await cluster.service.reviveNode(cluster.practiceId, 'coordinator');
    const beforeRestart = operationId;
    await load.end();
    // Every session is gone: the app finds the operation in its journal and the shards in the catalogs.
    coordinator = await cluster.connect();
    await operated.end();
    operated = await operate(cluster, folder, { moveRetriesMs: [300, 300, 300] });
    await operated.operations.recover();
    await operated.operations.look('practice');
    await bringToEnd(beforeRestart);
    expect(itemsOf(beforeRestart).every((item) => item.state === 'done')).toBe(true);
  });

  it('shows a rebalance that somebody else starts meanwhile, and ends with every row', async () => {
    const load = await writeLoad();
    const operationId = await start(await movesToOther(4));
    await aMoveRuns(operationId);
    const other = await cluster.connect();
    await other
      .change({ text: `SELECT citus_rebalance_start('by_shard_count')` }, { timeoutMs: 60_000 })
      .catch((error: unknown) => expect(String(error)).toMatch(/lock|running/i));
    await waitFor(
      'the other rebalance to end',
      async () =>
        (await value(
          `SELECT count(*) FROM pg_dist_background_job WHERE state NOT IN ('finished', 'cancelled', 'failed')`,
        )) === '0',
      120_000,
    );
    await bringToEnd(operationId).catch((error: unknown) => {
      // The other rebalance may have undone the balance that was planned; then the check at the end says so.
      expect(operated.current(operationId).state, String(error)).toBe('failed');
    });
    await load.end();
    await load.check();
  });

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
