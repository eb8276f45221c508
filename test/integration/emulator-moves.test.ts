/** Moves of the practice emulator, on real PostgreSQL processes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import {
  agencies,
  everything,
  movesSchema,
  nodeIds,
  recordedError,
  refusal,
  rows,
  setMoveDelay,
  value,
} from '../support/moves-data';
import { readPlannerCases } from '../support/planner-cases';
import { startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';
import { waitFor } from '../support/wait';

let cluster: PracticeClusterForTest;
let coordinator: Database;

beforeAll(async () => {
  cluster = await startPracticeCluster({ workers: 2 });
  coordinator = await cluster.connect('coordinator', {
    connectTimeoutMs: 10_000,
    statementTimeoutMs: 120_000,
    lockTimeoutMs: 20_000,
  });
  await coordinator.change({ text: movesSchema });
  await setMoveDelay(coordinator, 0);
});
afterAll(() => cluster?.end());

describe('the planner', () => {
  it('finds every recorded plan, move by move', async () => {
    const cases = readPlannerCases();
    expect(cases.length).toBeGreaterThanOrEqual(60);
    for (const { id, input, expected } of cases) {
      const placements = input.groups.flatMap((group, index) =>
        group.map((placement) => ({ ...placement, group: index + 1 })),
      );
      const array = (values: readonly (string | number | boolean)[]): string => `{${values.join(',')}}`;
      const moves = await coordinator.read<{ move: string }>({
        text: `SELECT shardid || ' ' || source_node || ' ' || target_node AS move FROM pg_citus_practice.plan_moves(
          $1::int[], $2::text[], $3::real[], $4, $5::bigint[], $6::int[], $7::int[], $8::real[], $9::boolean[], $10, $11, $12, $13)`,
        values: [
          array(input.nodes.map((node) => node.nodeId)),
          array(input.nodes.map((node) => `worker${node.nodeId}`)),
          array(input.nodes.map((node) => node.capacity)),
          // The groups of the recording are already put together as Citus does it.
          0,
          array(placements.map((placement) => placement.shardId)),
          array(placements.map((placement) => placement.group)),
          array(placements.map((placement) => placement.nodeId)),
          array(placements.map((placement) => placement.cost)),
          array(
            placements.flatMap(({ shardId }) =>
              input.nodes.map(({ nodeId }) => input.isAllowed(shardId, nodeId)),
            ),
          ),
          input.threshold,
          input.maxShardMoves,
          input.drainOnly,
          input.improvementThreshold,
        ],
      });
      expect(
        moves.map(({ move }) => move),
        id,
      ).toEqual(expected);
    }
  });
});

describe('a move', () => {
  it('keeps every row, in sight of every node, while others read and write', async () => {
    const before = await value(coordinator, everything);
    const [, first, second] = await nodeIds(coordinator);
    const shards = await rows(
      coordinator,
      `SELECT s.shardid FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
      JOIN pg_dist_node n USING (groupid) WHERE s.logicalrelid = 'permits'::regclass AND n.nodeid = ${first} ORDER BY 1`,
    );
    const writer = await cluster.connect();
    const reader = await cluster.connect('worker-2');
    let moving = true;
    const written: number[] = [];
    const writes = (async () => {
      for (let id = 100_000; moving; id += 1) {
        await writer.change({
          text: `INSERT INTO permits (permit_id, agency_id, code, fee) VALUES (${id}, ${1 + (id % agencies)}, 'BLD', 1)`,
        });
        written.push(id);
      }
    })();
    const reads = (async () => {
      let answers = 0;
      for (; moving; answers += 1) {
        expect(Number(await value(reader, 'SELECT count(*) FROM agencies'))).toBe(agencies);
      }
      return answers;
    })();
    for (const [shard] of shards) {
      await coordinator.change({ text: `SELECT citus_move_shard_placement(${shard}, ${first}, ${second})` });
    }
    moving = false;
    await writes;
    expect(await reads).toBeGreaterThan(0);
    expect(written.length).toBeGreaterThan(5);

    for (const name of ['coordinator', 'worker-1', 'worker-2']) {
      const node = await cluster.connect(name);
      expect(await value(node, 'SELECT count(*) FROM permits WHERE permit_id >= 100000'), name).toBe(
        String(written.length),
      );
      expect(
        await rows(
          node,
          `SELECT count(*)::int FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
        JOIN pg_dist_shard s USING (shardid) WHERE s.logicalrelid = 'permits'::regclass AND n.nodeid = ${first}`,
        ),
      ).toEqual([[0]]);
    }
    await coordinator.change({ text: 'DELETE FROM permits WHERE permit_id >= 100000' });
    expect(await value(coordinator, everything)).toBe(before);

    // The keys travelled along.
    const duplicate = await refusal(
      coordinator,
      `INSERT INTO permits (permit_id, agency_id, code) VALUES (80, 1, 'BLD')`,
    );
    expect(duplicate).toMatchObject({ code: '23505' });
    expect(
      await refusal(coordinator, `INSERT INTO permits (permit_id, agency_id, code) VALUES (99999, 1, 'XXX')`),
    ).toMatchObject({ code: '23503' });
    // The old copies are still there, and noted; then they are not.
    expect(
      Number(await value(coordinator, 'SELECT count(*) FROM pg_dist_cleanup WHERE policy_type = 2')),
    ).toBeGreaterThan(0);
    await coordinator.change({ text: 'CALL citus_cleanup_orphaned_resources()' });
    expect(await value(coordinator, 'SELECT count(*) FROM pg_dist_cleanup')).toBe('0');
    const old = await cluster.connect('worker-1');
    expect(
      await value(old, `SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^permits_\\d+$'`),
    ).toBe('0');

    for (const [shard] of shards) {
      await coordinator.change({ text: `SELECT citus_move_shard_placement(${shard}, ${second}, ${first})` });
    }
    expect(await value(coordinator, everything)).toBe(before);
  });

  it('rolls back with its transaction', async () => {
    const before = await rows(
      coordinator,
      'SELECT shardid, groupid FROM pg_dist_placement ORDER BY placementid',
    );
    const sum = await value(coordinator, everything);
    const [, first, second] = await nodeIds(coordinator);
    const shard = await value(
      coordinator,
      `SELECT min(s.shardid) FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
      JOIN pg_dist_node n USING (groupid) WHERE s.logicalrelid = 'permits'::regclass AND n.nodeid = ${first}`,
    );
    await coordinator.change({ text: 'BEGIN' });
    await coordinator.change({ text: `SELECT citus_move_shard_placement(${shard}, ${first}, ${second})` });
    await coordinator.change({ text: 'ROLLBACK' });
    for (const name of ['coordinator', 'worker-1', 'worker-2']) {
      const node = await cluster.connect(name);
      expect(
        await rows(node, 'SELECT shardid, groupid FROM pg_dist_placement ORDER BY placementid'),
        name,
      ).toEqual(before);
    }
    expect(await value(coordinator, everything)).toBe(sum);
    await coordinator.change({ text: 'CALL citus_cleanup_orphaned_resources()' });
    expect(await value(coordinator, 'SELECT count(*) FROM pg_dist_cleanup')).toBe('0');
  });

  it('is followed by sessions that prepared their statements before it', async () => {
    const [, first, second] = await nodeIds(coordinator);
    const [[shard] = []] = await rows(
      coordinator,
      `SELECT s.shardid FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
      JOIN pg_dist_node n USING (groupid) WHERE s.logicalrelid = 'permits'::regclass AND n.nodeid = ${first} ORDER BY 1 LIMIT 1`,
    );
    const session = await cluster.connect('worker-2');
    await session.change({
      text: `SET plan_cache_mode = force_generic_plan;
      PREPARE joined (bigint) AS SELECT count(*) FROM permits p JOIN inspections i USING (agency_id, permit_id) WHERE agency_id = $1;
      PREPARE written (bigint) AS UPDATE permits SET note = 'seen' WHERE agency_id = $1`,
    });
    const join = async (): Promise<readonly unknown[]> => {
      const counts: unknown[] = [];
      for (let agency = 1; agency <= agencies; agency += 1)
        counts.push(await value(session, `EXECUTE joined (${agency})`));
      return counts;
    };
    const before = await join();
    // Written with the plans a practice node makes by itself: PostgreSQL 18.4 errs with generic ones.
    await session.change({ text: 'RESET plan_cache_mode' });
    await session.change({ text: 'EXECUTE written (1)' });
    await session.change({ text: 'SET plan_cache_mode = force_generic_plan' });
    await coordinator.change({ text: `SELECT citus_move_shard_placement(${shard}, ${first}, ${second})` });
    await coordinator.change({ text: 'CALL citus_cleanup_orphaned_resources()' });
    expect(await join()).toEqual(before);
    await session.change({ text: 'RESET plan_cache_mode' });
    for (let agency = 1; agency <= agencies; agency += 1)
      await session.change({ text: `EXECUTE written (${agency})` });
    expect(await value(coordinator, `SELECT count(*) FROM permits WHERE note IS DISTINCT FROM 'seen'`)).toBe(
      '0',
    );
    await coordinator.change({ text: `SELECT citus_move_shard_placement(${shard}, ${second}, ${first})` });
  });

  it('takes a distributed schema along as a whole', async () => {
    const before = await value(coordinator, everything);
    const where = `SELECT n.nodeid FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
      JOIN pg_dist_shard s USING (shardid) WHERE s.logicalrelid = 'tenant.notes'::regclass`;
    const [, first, second] = await nodeIds(coordinator);
    const from = Number(await value(coordinator, where));
    const to = from === first ? second : first;
    await coordinator.change({ text: `SELECT citus_schema_move('tenant', ${to})` });
    expect(Number(await value(coordinator, where))).toBe(to);
    expect(await value(coordinator, everything)).toBe(before);
    expect(await refusal(coordinator, `SELECT citus_schema_move('public', ${to})`)).toEqual({
      code: 'XX000',
      message: 'schema public is not a distributed schema',
    });
  });

  it('waits for a writer that has not committed, and takes its row along', async () => {
    const [, first, second] = await nodeIds(coordinator);
    const shard = await value(coordinator, `SELECT get_shard_id_for_distribution_column('permits', 1)`);
    const place = Number(
      await value(
        coordinator,
        `SELECT nodeid FROM pg_dist_placement JOIN pg_dist_node USING (groupid) WHERE shardid = ${shard}`,
      ),
    );
    const writer = await cluster.connect();
    await writer.change({ text: 'BEGIN' });
    await writer.change({
      text: `INSERT INTO permits (permit_id, agency_id, code) VALUES (200000, 1, 'BLD')`,
    });
    let isMoved = false;
    const move = coordinator
      .change({
        text: `SELECT citus_move_shard_placement(${shard}, ${place}, ${place === first ? second : first})`,
      })
      .then(() => (isMoved = true));
    const watcher = await cluster.connect();
    await waitFor(
      'the move to wait for the writer',
      async () =>
        (
          await rows(
            watcher,
            `SELECT status FROM get_rebalance_progress() WHERE status = 'Creating Constraints'`,
          )
        ).length > 0 && Number(await value(watcher, 'SELECT count(*) FROM pg_locks WHERE NOT granted')) > 0,
    );
    // Others read meanwhile.
    expect(Number(await value(watcher, 'SELECT count(*) FROM permits WHERE agency_id = 1'))).toBeGreaterThan(
      0,
    );
    expect(isMoved).toBe(false);
    await writer.change({ text: 'COMMIT' });
    await move;
    expect(await value(coordinator, 'SELECT count(*) FROM permits WHERE permit_id = 200000')).toBe('1');
    await coordinator.change({ text: 'DELETE FROM permits WHERE permit_id = 200000' });
    await coordinator.change({
      text: `SELECT citus_move_shard_placement(${shard}, ${place === first ? second : first}, ${place})`,
    });
  });

  it('is refused in the recorded words', async () => {
    const [, first, second] = await nodeIds(coordinator);
    const ports = await rows(
      coordinator,
      'SELECT nodeport FROM pg_dist_node WHERE groupid > 0 ORDER BY nodeid',
    );
    const [one, two] = ports.map(([port]) => port);
    const shard = await value(
      coordinator,
      `SELECT min(shardid) FROM pg_dist_shard WHERE logicalrelid = 'permits'::regclass`,
    );
    const reference = await value(
      coordinator,
      `SELECT shardid FROM pg_dist_shard WHERE logicalrelid = 'permit_types'::regclass`,
    );
    const norid = await rows(
      coordinator,
      `SELECT s.shardid, n.nodeid FROM pg_dist_shard s JOIN pg_dist_placement USING (shardid)
      JOIN pg_dist_node n USING (groupid) WHERE s.logicalrelid = 'norid'::regclass ORDER BY 1 LIMIT 1`,
    );
    const [noridShard, noridNode] = norid[0] ?? [];
    const move = (what: unknown, from: unknown, to: unknown): string =>
      `SELECT citus_move_shard_placement(${what}, '127.0.0.1', ${from}, '127.0.0.1', ${to})`;

    expect(await refusal(coordinator, move(shard, one, one))).toEqual(recordedError('move.same_node'));
    expect(await refusal(coordinator, move(1, one, two))).toEqual(recordedError('move.unknown_shard'));
    expect(await refusal(coordinator, move(reference, one, two))).toEqual(recordedError('move.reference'));
    expect(
      await refusal(
        coordinator,
        `SELECT citus_move_shard_placement(${noridShard}, ${noridNode}, ${noridNode === first ? second : first})`,
      ),
    ).toEqual(recordedError('move.no_replica_identity_call'));
    expect(
      await refusal(coordinator, `SELECT citus_move_shard_placement(${shard}, ${first}, 99)`),
    ).toMatchObject({
      code: 'XX000',
      message: 'node with node id 99 could not be found',
    });
    expect(await refusal(coordinator, move(shard, one, 1))).toMatchObject({
      code: '0A000',
      message: 'Moving shards to a non-existing node is not supported',
    });
    const place = Number(
      await value(
        coordinator,
        `SELECT nodeid FROM pg_dist_placement JOIN pg_dist_node USING (groupid) WHERE shardid = ${shard}`,
      ),
    );
    const { notices } = await coordinator.change({
      text: `SELECT citus_move_shard_placement(${shard}, ${place === first ? second : first}, ${place})`,
    });
    expect(notices[0]).toMatchObject({ severity: 'WARNING', detail: 'Move may have already completed.' });
    expect(notices[0]?.message).toMatch(/^shard is already present on node 127\.0\.0\.1:\d+$/);
  });

  it('has its rebalance functions refuse in the recorded words', async () => {
    expect(await refusal(coordinator, 'SELECT citus_rebalance_stop()')).toEqual(
      recordedError('rebalance.stop_none'),
    );
    expect(await refusal(coordinator, `SELECT citus_rebalance_start('nosuch')`)).toEqual(
      recordedError('rebalance.unknown_strategy'),
    );
    expect((await coordinator.change({ text: 'SELECT citus_rebalance_start()' })).notices[0]?.message).toBe(
      'No moves available for rebalancing',
    );
    expect((await coordinator.change({ text: 'SELECT citus_rebalance_wait()' })).notices[0]).toMatchObject({
      severity: 'WARNING',
      message: 'no ongoing rebalance that can be waited on',
    });
    const { notices } = await coordinator.change({
      text: 'SELECT * FROM get_rebalance_table_shards_plan(threshold := -1)',
    });
    expect(notices[0]).toMatchObject({
      severity: 'WARNING',
      message:
        'the given threshold is lower than the minimum threshold allowed by the rebalance strategy, using the minimum allowed threshold instead',
      detail: 'Using threshold of 0.01',
    });
  });
});

describe('a write whose shard is known only while it runs', () => {
  it('is refused instead of changing rows of another shard', async () => {
    const before = await value(coordinator, everything);
    const session = await cluster.connect();
    await session.change({ text: `SET app.tenant = '2'` });
    const where = `WHERE agency_id = current_setting('app.tenant')::bigint`;
    for (const statement of [`UPDATE permits SET note = 'wrong' ${where}`, `DELETE FROM permits ${where}`]) {
      expect(await refusal(session, statement)).toMatchObject({ code: '0A000' });
    }
    // A generic plan has the same fault; practice nodes make none unless told to.
    await session.change({
      text: `PREPARE written (bigint) AS UPDATE permits SET note = 'wrong' WHERE agency_id = $1`,
    });
    await session.change({ text: 'SET plan_cache_mode = force_generic_plan' });
    const failures: unknown[] = [];
    for (let agency = 1; agency <= agencies; agency += 1) {
      await session.change({ text: 'BEGIN' });
      const outcome = await session.change({ text: `EXECUTE written (${agency})` }).then(
        () => null,
        () => 'refused',
      );
      if (outcome) failures.push(outcome);
      else {
        const [touched] = await rows(
          session,
          `SELECT array_agg(DISTINCT agency_id)::text FROM permits WHERE note = 'wrong'`,
        );
        expect(touched).toEqual([`{${agency}}`]);
      }
      await session.change({ text: 'ROLLBACK' });
    }
    expect(failures.length).toBeGreaterThan(0);
    expect(await value(coordinator, everything)).toBe(before);
  });
});
