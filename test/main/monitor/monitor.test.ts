import { describe, expect, it } from 'vitest';
import type { Reader } from '../../../src-main/connections/database';
import { createMonitor } from '../../../src-main/monitor/monitor';
import { sizesRestMs } from '../../../src-main/monitor/sizes-keeper';
import type { MoveSample } from '../../../src-main/plans/move-estimate';
import { createFakeClock } from './fake-clock';
import { createFakeCluster, createPublished, fail, node, refused } from './fake-cluster';

const id = 'cluster-1';

function setUp() {
  const clock = createFakeClock();
  const cluster = createFakeCluster();
  const published = createPublished();
  const settings = { refreshSeconds: 5 };
  let isOpen = true;
  const nodes = new Map<string, Reader>();
  const answering: Reader = { address: 'node', read: async () => [] };
  const noted: MoveSample[] = [];
  const monitor = createMonitor({
    moveTimes: { samples: () => noted, note: (_cluster, sample) => void noted.push(sample) },
    sessions: {
      coordinator: () => (isOpen ? cluster.coordinator : fail({ kind: 'not-connected', message: 'lost' })),
      aside: async () => (isOpen ? cluster.aside : fail({ kind: 'not-connected', message: 'lost' })),
      node: async (_clusterId, address) => nodes.get(`${address.host}:${address.port}`) ?? answering,
    },
    publish: published.publish,
    settings: () => settings,
    clock,
  });
  const session = (phase: 'open' | 'lost' | 'closed' | 'connecting'): void => {
    isOpen = phase === 'open';
    monitor.onSession({ clusterId: id, revision: 1, phase, since: '', address: 'host:5432' });
  };
  const count = (what: string): number => cluster.asked.filter((asked) => asked === what).length;
  return { noted, clock, cluster, published, settings, monitor, session, nodes, count };
}

describe('the snapshot', () => {
  it('is read at once with two statements, and told to be new only when it is', async () => {
    const { clock, cluster, published, monitor, session } = setUp();
    expect(monitor.snapshot(id)).toBeNull();
    session('open');
    await clock.pass(0);
    expect(cluster.asked.filter((what) => what !== 'heartbeat')).toEqual(['facts', 'catalogs']);
    expect(published.of('snapshot.changed')).toHaveLength(1);
    const first = monitor.snapshot(id);
    expect(first?.shards.map((shard) => shard.groupIds)).toEqual([[1], [2]]);

    await clock.pass(5_000);
    expect(published.of('snapshot.changed')).toHaveLength(1);
    const seen = published.of('snapshot.seen').at(-1);
    expect(seen?.revision).toBe(first?.revision);
    expect(monitor.snapshot(id)?.takenAt).toBe(seen?.takenAt);
    expect(Date.parse(seen?.takenAt ?? '') - Date.parse(first?.takenAt ?? '')).toBe(5_000);

    cluster.catalogs = { ...cluster.catalogs, placements: '1|100,101' };
    await clock.pass(5_000);
    const changed = published.of('snapshot.changed').at(-1);
    expect(published.of('snapshot.changed')).toHaveLength(2);
    expect(changed?.revision).toBeGreaterThan(first?.revision ?? 0);
    expect(monitor.snapshot(id)?.shards.map((shard) => shard.groupIds)).toEqual([[1], [1]]);
    // The one shard that lies elsewhere, on top of what was told before.
    expect(changed).toMatchObject({ base: first?.revision, parts: {}, shards: { removed: [] } });
    expect(changed?.shards?.changed.map((shard) => shard.shardId)).toEqual(['101']);
  });

  it('is the same when the server keeps its rows in another order', async () => {
    const { clock, cluster, published, session } = setUp();
    session('open');
    await clock.pass(0);
    cluster.catalogs = {
      ...cluster.catalogs,
      shards: '20|101,100|0,-2147483648|2147483647,-1',
    };
    await clock.pass(5_000);
    expect(published.of('snapshot.changed')).toHaveLength(1);
    expect(published.of('snapshot.seen')).toHaveLength(1);
  });

  it('tells no shard again when only jobs differ', async () => {
    const { clock, cluster, published, monitor, session } = setUp();
    session('open');
    await clock.pass(0);
    const before = monitor.snapshot(id);
    cluster.catalogs = { ...cluster.catalogs, cleanup: '3' };
    await clock.pass(5_000);
    expect(published.of('snapshot.changed').at(-1)).toMatchObject({
      base: before?.revision,
      parts: { cleanupRecords: 3 },
      shards: null,
    });
    expect(monitor.snapshot(id)?.shards).toBe(before?.shards);
    expect(monitor.snapshot(id)?.tables).toBe(before?.tables);
  });

  it('is new when the server was upgraded or the role lost its rights', async () => {
    const { clock, cluster, published, session } = setUp();
    session('open');
    await clock.pass(0);
    cluster.facts = { ...cluster.facts, superuser: false };
    await clock.pass(5_000);
    expect(published.of('snapshot.changed')).toHaveLength(2);
  });

  it('stays with its age when a reading fails; a notice says so once', async () => {
    const { clock, cluster, published, monitor, session } = setUp();
    session('open');
    await clock.pass(0);
    const good = monitor.snapshot(id);
    cluster.before = (what) => {
      if (what === 'catalogs' || what === 'glance')
        fail({ kind: 'permission', message: 'permission denied for table pg_dist_shard' });
    };
    await clock.pass(15_000);
    expect(monitor.snapshot(id)).toEqual(good);
    expect(published.of('notice')).toHaveLength(1);
    expect(published.of('notice')[0]?.text).toContain(good?.takenAt);
    cluster.before = () => undefined;
    await clock.pass(5_000);
    expect(monitor.snapshot(id)?.takenAt).not.toBe(good?.takenAt);
    cluster.before = (what) => {
      if (what !== 'heartbeat') fail({ kind: 'database', message: 'again' });
    };
    await clock.pass(5_000);
    expect(published.of('notice')).toHaveLength(2);
  });

  it('is read more seldom while reading is slow', async () => {
    const { clock, cluster, session, count } = setUp();
    cluster.before = async (what) => {
      // Each look shows something new.
      if (what === 'counts') cluster.catalogs = { ...cluster.catalogs, cleanup: String(count('counts')) };
      if (what === 'catalogs') await new Promise<void>((resolve) => void clock.after(3_000, resolve));
    };
    session('open');
    // Begins at 0, 13 (3 + 10), and then, as 3 s are more than a fifth of 10, after 20 more.
    await clock.pass(35_000);
    expect(count('catalogs')).toBe(2);
    await clock.pass(2_000);
    expect(count('catalogs')).toBe(3);
  });

  it('is counted every 5 s, glanced at every 30 s, read every two minutes and with every change', async () => {
    const { clock, cluster, monitor, session, count, published } = setUp();
    session('open');
    // The second reading is the first that a glance came before.
    await clock.pass(121_000);
    expect([count('catalogs'), count('glance'), count('counts')]).toEqual([2, 4, 24]);
    expect(published.of('snapshot.seen').at(-1)?.takenAt).toBe(new Date(clock.now() - 1_000).toISOString());
    await clock.pass(10_000);
    expect(count('catalogs')).toBe(3);
    cluster.catalogs = { ...cluster.catalogs, placements: '1|100,101' };
    await clock.pass(5_000);
    expect(count('catalogs')).toBe(4);
    expect(monitor.snapshot(id)?.shards.map((shard) => shard.groupIds)).toEqual([[1], [1]]);
    // What somebody asks for is read in full.
    await monitor.refresh(id);
    expect(count('catalogs')).toBe(5);
  });

  it('shows within 30 s what no count tells of, as the new name of a table', async () => {
    const { clock, cluster, published, session } = setUp();
    cluster.counts = '1 2 3';
    session('open');
    await clock.pass(62_000);
    cluster.catalogs = {
      ...cluster.catalogs,
      tables: cluster.catalogs['tables']?.replace('permits', 'leave') ?? '',
    };
    await clock.pass(30_000);
    expect(published.of('snapshot.changed').at(-1)?.parts.tables?.[0]?.name).toBe('leave');
  });

  it('is glanced at every time where the server does not count, or only late', async () => {
    const { clock, cluster, session, count } = setUp();
    cluster.facts = { ...cluster.facts, prompt_counts: false };
    session('open');
    await clock.pass(61_000);
    expect([count('glance'), count('counts')]).toEqual([12, 0]);
  });

  it('is not taken for known when the reading that a change asked for failed', async () => {
    const { clock, cluster, published, session } = setUp();
    session('open');
    await clock.pass(10_000);
    const seen = published.of('snapshot.seen').length;
    cluster.catalogs = { ...cluster.catalogs, cleanup: '7' };
    cluster.before = (what) => {
      if (what === 'catalogs') fail({ kind: 'database', message: 'no' });
    };
    await clock.pass(60_000);
    expect(published.of('snapshot.seen')).toHaveLength(seen);
    cluster.before = () => undefined;
    await clock.pass(60_000);
    expect(published.of('snapshot.changed').at(-1)?.parts.cleanupRecords).toBe(7);
  });

  it('rests while the session is lost, without a notice, and is read at once when it is back', async () => {
    const { clock, published, monitor, session, count } = setUp();
    session('open');
    await clock.pass(0);
    session('lost');
    await clock.pass(60_000);
    expect(count('catalogs')).toBe(1);
    expect(monitor.snapshot(id)).not.toBeNull();
    expect(published.of('notice')).toEqual([]);
    session('open');
    await clock.pass(0);
    expect(count('catalogs')).toBe(2);
  });

  it('is forgotten when the session is closed, and its revision rises on when it is opened again', async () => {
    const { clock, monitor, session, count } = setUp();
    session('open');
    await clock.pass(0);
    const before = monitor.snapshot(id)?.revision ?? 0;
    session('closed');
    expect(monitor.snapshot(id)).toBeNull();
    await clock.pass(60_000);
    expect(count('catalogs')).toBe(1);
    await expect(monitor.refresh(id)).rejects.toMatchObject({ failure: { kind: 'not-connected' } });
    session('open');
    await clock.pass(0);
    expect(monitor.snapshot(id)?.revision).toBeGreaterThan(before);
  });

  it('that is asked for begins after the asking; those who ask meanwhile share it', async () => {
    const { clock, cluster, monitor, session, count } = setUp();
    cluster.before = async (what) => {
      if (what === 'catalogs') await new Promise<void>((resolve) => void clock.after(100, resolve));
    };
    session('open');
    await clock.pass(50);
    const asked = [monitor.refresh(id), monitor.refresh(id)];
    cluster.catalogs = { ...cluster.catalogs, cleanup: '3' };
    await clock.pass(300);
    const answers = await Promise.all(asked);
    expect(count('catalogs')).toBe(2);
    expect(answers.map((answer) => answer.cleanupRecords)).toEqual([3, 3]);
  });

  it('can be given up by one who waits, and goes on for the others', async () => {
    const { clock, cluster, monitor, session } = setUp();
    session('open');
    await clock.pass(0);
    cluster.before = async (what) => {
      if (what === 'catalogs') await new Promise<void>((resolve) => void clock.after(1_000, resolve));
    };
    const controller = new AbortController();
    const impatient = monitor.refresh(id, controller.signal);
    const patient = monitor.refresh(id);
    controller.abort();
    await expect(impatient).rejects.toMatchObject({ failure: { kind: 'cancelled' } });
    await clock.pass(3_000);
    await expect(patient).resolves.toMatchObject({ clusterId: id });
  });
});

describe('sizes', () => {
  it('are read when asked for, shared by those who ask at a time, and kept for as long as they may be old', async () => {
    const { clock, published, monitor, session, count } = setUp();
    session('open');
    await clock.pass(60_000);
    expect(count('sizes')).toBe(0);
    const [a, b] = await Promise.all([monitor.sizes(id, 0), monitor.sizes(id, 30_000)]);
    expect(a).toBe(b);
    expect(a.shardBytes).toEqual({ '100': 1000, '101': 3000 });
    await clock.pass(20_000);
    await monitor.sizes(id, 30_000);
    expect(count('sizes')).toBe(1);
    await clock.pass(20_000);
    await monitor.sizes(id, 30_000);
    expect(count('sizes')).toBe(2);
    expect(published.of('sizes.changed')).toHaveLength(2);
  });

  it('stay when reading them again fails, with the time they were taken at and words on what failed', async () => {
    const { clock, cluster, monitor, session } = setUp();
    session('open');
    await clock.pass(0);
    const good = await monitor.sizes(id, 0);
    cluster.before = (what) => {
      if (what === 'sizes')
        fail({ kind: 'timeout', message: 'canceling statement due to statement timeout' });
    };
    await clock.pass(10_000);
    const kept = await monitor.sizes(id, 0);
    expect(kept.shardBytes).toEqual(good.shardBytes);
    expect(kept.takenAt).toBe(good.takenAt);
    expect(kept.incomplete).toContain('statement timeout');
    expect(kept.revision).toBeGreaterThan(good.revision);
  });

  it('are told by what differs', async () => {
    const { clock, cluster, published, monitor, session } = setUp();
    session('open');
    await clock.pass(0);
    await monitor.sizes(id, 0);
    cluster.sizes = { '100': 1000, '101': 9000 };
    await monitor.lookAtSizes(id, 'now');
    await monitor.lookAtSizes(id, 'now');
    const [first, second, third] = published.of('sizes.changed');
    expect(first).toMatchObject({ base: null, changed: { '100': 1000, '101': 3000 }, removed: [] });
    expect(second).toMatchObject({ base: first?.bytesRevision, changed: { '101': 9000 }, removed: [] });
    expect(third).toMatchObject({ base: second?.bytesRevision, changed: {}, removed: [] });
    expect(third?.bytesRevision).toBe(second?.bytesRevision);
    expect(JSON.stringify(third)).not.toContain('9000');
  });

  it('are read again after 30 s while they change, and more and more seldom while they do not', async () => {
    const { clock, cluster, monitor, session, count } = setUp();
    session('open');
    const watch = async (seconds: number): Promise<number> => {
      const before = count('sizes');
      for (let passed = 0; passed < seconds; passed += 30) {
        await clock.pass(30_000);
        await monitor.lookAtSizes(id, 'watching');
      }
      return count('sizes') - before;
    };
    expect(await watch(30)).toBe(1);
    // Twice the rest each time: 30, 60, 120, 240, 480, then 600 s.
    expect(await watch(3_600)).toBe(9);
    await monitor.lookAtSizes(id, 'arriving');
    const arrived = count('sizes');
    await monitor.lookAtSizes(id, 'now');
    expect(count('sizes')).toBe(arrived + 1);
    cluster.sizes = { '100': 1001, '101': 3000 };
    await monitor.lookAtSizes(id, 'now');
    cluster.sizes = { '100': 1002, '101': 3000 };
    expect(await watch(60)).toBe(1);
    // What was moved or made is sized soon, however long nothing had changed before.
    await watch(3_600);
    cluster.catalogs = { ...cluster.catalogs, placements: '1|100,101' };
    expect(await watch(60)).toBe(1);
  });

  it.each([
    [2, 30],
    [50, 200],
    [100, 300],
    [250, 300],
    [1_000, 1_200],
    [20_000, 3_600],
  ])('that take %i ms are left alone for %i s', (tookMs, restSeconds) => {
    expect(sizesRestMs(tookMs)).toBe(restSeconds * 1_000);
  });

  it('rest for longer where they are dear, and for two minutes after a failure', async () => {
    const { clock, cluster, monitor, session, count } = setUp();
    session('open');
    await clock.pass(0);
    cluster.before = async (what) => {
      if (what === 'sizes') await new Promise<void>((resolve) => void clock.after(100, resolve));
    };
    // 100 ms: the usual rest of five minutes.
    const look = async (afterMs: number): Promise<number> => {
      await clock.pass(afterMs);
      const done = monitor.lookAtSizes(id, 'arriving').catch(() => undefined);
      await clock.pass(100);
      await done;
      return count('sizes');
    };
    expect(await look(0)).toBe(1);
    expect(await look(299_000)).toBe(1);
    expect(await look(1_000)).toBe(2);
    cluster.before = (what) => {
      if (what === 'sizes') fail({ kind: 'timeout', message: 'too slow' });
    };
    expect(await look(301_000)).toBe(3);
    expect(await look(110_000)).toBe(3);
    expect(await look(10_000)).toBe(4);
  });

  it('fail where there never were any', async () => {
    const { clock, cluster, monitor, session } = setUp();
    session('open');
    await clock.pass(0);
    cluster.before = (what) => {
      if (what === 'sizes') fail({ kind: 'timeout', message: 'too slow' });
    };
    await expect(monitor.sizes(id, 0)).rejects.toMatchObject({ failure: { kind: 'timeout' } });
  });
});

describe('reachability', () => {
  const never: Reader = { address: 'node', read: () => new Promise(() => undefined) };

  it('tells of the others while one hangs, and asks the coordinator about that one', async () => {
    const { clock, monitor, published, session, nodes, count } = setUp();
    nodes.set('host:5434', never);
    session('open');
    await clock.pass(200);
    expect(monitor.reachability(id)?.nodes.map((one) => one.state)).toEqual([
      'reachable',
      'reachable',
      'unknown',
    ]);
    expect(count('check')).toBe(0);
    await clock.pass(3_000);
    expect(count('check')).toBe(1);
    expect(monitor.reachability(id)?.nodes[2]).toMatchObject({
      state: 'indirect',
      failure: { kind: 'timeout', node: 'host:5434' },
    });
    const revisions = published.of('reachability.changed').map((record) => record.revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  });

  it('starts no second try behind one that hangs', async () => {
    const { clock, session, nodes } = setUp();
    let tries = 0;
    nodes.set('host:5434', {
      address: 'node',
      read: () => {
        tries += 1;
        return new Promise(() => undefined);
      },
    });
    session('open');
    await clock.pass(120_000);
    expect(tries).toBe(1);
  });

  it('knows a node that nobody reaches, since when, and when it is back', async () => {
    const { clock, cluster, monitor, session, nodes } = setUp();
    session('open');
    await clock.pass(1_000);
    const seenAt = monitor.reachability(id)?.nodes[1]?.lastSeenAt;
    nodes.set('host:5433', { address: 'node', read: async () => fail(refused) });
    cluster.before = (what) => {
      if (what === 'check') fail({ kind: 'timeout', message: 'statement timeout', sqlState: '57014' });
    };
    await clock.pass(10_000);
    const gone = monitor.reachability(id)?.nodes[1];
    expect(gone).toMatchObject({ state: 'unreachable', failure: refused, lastSeenAt: seenAt });
    await clock.pass(30_000);
    expect(monitor.reachability(id)?.nodes[1]?.since).toBe(gone?.since);
    nodes.delete('host:5433');
    await clock.pass(10_000);
    expect(monitor.reachability(id)?.nodes[1]).toMatchObject({ state: 'reachable', failure: null });
  });

  it('is unknown, not unreachable, where the coordinator could not be asked', async () => {
    const { clock, cluster, monitor, session, nodes } = setUp();
    nodes.set('host:5433', { address: 'node', read: async () => fail(refused) });
    cluster.before = (what) => {
      if (what === 'check') return new Promise<void>(() => undefined);
      return undefined;
    };
    session('open');
    await clock.pass(6_000);
    expect(monitor.reachability(id)?.nodes[1]).toMatchObject({ state: 'unknown', failure: refused });
  });

  it('goes on while the session is lost: the coordinator is gone, the workers are not', async () => {
    const { clock, monitor, session } = setUp();
    session('open');
    await clock.pass(1_000);
    session('lost');
    await clock.pass(10_000);
    expect(monitor.reachability(id)?.nodes.map((one) => one.state)).toEqual([
      'unreachable',
      'reachable',
      'reachable',
    ]);
  });

  it('tries every node when asked to, also before the beat', async () => {
    const { clock, monitor, session, nodes } = setUp();
    session('open');
    await clock.pass(1_000);
    nodes.set('host:5433', { address: 'node', read: async () => fail(refused) });
    const probing = monitor.probe(id);
    await clock.pass(100);
    expect((await probing).nodes[1]?.state).toBe('indirect');
  });

  it('follows nodes that come, go and change their address', async () => {
    const { clock, cluster, monitor, session } = setUp();
    session('open');
    await clock.pass(1_000);
    cluster.catalogs = {
      ...cluster.catalogs,
      nodes: JSON.stringify([node(1, 0, 5432), node(2, 1, 6000), node(4, 3, 5435)]),
    };
    await clock.pass(5_000);
    const nodes = monitor.reachability(id)?.nodes ?? [];
    expect(nodes.map((one) => one.nodeId)).toEqual([1, 2, 4]);
    expect(Date.parse(nodes[1]?.since ?? '')).toBeGreaterThan(Date.parse(nodes[0]?.since ?? ''));
  });
});

describe('a job that runs', () => {
  const job = (state: string) => ({
    jobId: '7',
    state,
    jobType: 'rebalance',
    description: '',
    startedAt: null,
    finishedAt: null,
    taskCounts: {},
  });
  const task = (taskId: string, status: string, shardId: string) => ({
    taskId,
    status,
    command: `SELECT pg_catalog.citus_move_shard_placement(${shardId},2,3,'auto')`,
    retryCount: 0,
    message: '',
  });
  const moving = (shardid: string, done: number) => ({
    sessionid: 1,
    table_name: 'permits',
    shardid,
    sourcename: 'host',
    sourceport: 5433,
    targetname: 'host',
    targetport: 5434,
    progress: 1,
    source_shard_size: 1000,
    target_shard_size: done,
    operation_type: 'move',
    status: 'Copying Data',
  });

  it('is followed from second to second, whoever started it, and the shards are read when a move ends', async () => {
    const { noted, clock, cluster, monitor, published, session, count } = setUp();
    session('open');
    await clock.pass(0);
    expect(monitor.progress(id)).toBeNull();
    cluster.catalogs = { ...cluster.catalogs, jobs: JSON.stringify([job('running')]) };
    cluster.job = { job: job('running'), tasks: [task('1', 'running', '100'), task('2', 'blocked', '101')] };
    cluster.moves = [moving('100', 200)];
    await clock.pass(5_000);
    const first = monitor.progress(id);
    expect(first).toMatchObject({ bytesDone: 200, bytesTotal: 4000 });
    const [low, high] = first?.remainingSeconds ?? [0, 0];
    expect(high).toBeGreaterThan(low);
    expect(first?.moves[0]).toMatchObject({ sourceNode: 'host:5433', targetNode: 'host:5434' });
    expect(first?.tasks[0]).toMatchObject({ shardId: '100', sourceNodeId: 2, targetNodeId: 3 });

    await clock.pass(4_000);
    expect(published.of('progress.changed').length).toBeGreaterThanOrEqual(5);

    const readings = count('catalogs');
    cluster.job = { job: job('running'), tasks: [task('1', 'done', '100'), task('2', 'running', '101')] };
    cluster.moves = [{ ...moving('101', 0), source_shard_size: 3000 }];
    await clock.pass(1_000);
    expect(count('catalogs')).toBeGreaterThan(readings);
    expect(monitor.progress(id)).toMatchObject({ bytesDone: 1000, bytesTotal: 4000 });
    expect(monitor.progress(id)?.remainingSeconds).not.toBeNull();
    // What the first move took is what the next estimates are learned from.
    expect(noted).toEqual([{ bytes: 1000, ms: expect.any(Number), manner: 'logical' }]);
    expect(noted[0]?.ms).toBeGreaterThan(3_000);

    cluster.job = { job: job('finished'), tasks: [task('1', 'done', '100'), task('2', 'done', '101')] };
    cluster.catalogs = {
      ...cluster.catalogs,
      jobs: JSON.stringify([job('finished')]),
      placements: '2|100,101',
    };
    await clock.pass(1_000);
    expect(monitor.progress(id)).toMatchObject({
      job: { state: 'finished' },
      bytesDone: 4000,
      remainingSeconds: null,
      moves: [],
    });
    expect(monitor.snapshot(id)?.shards.map((shard) => shard.groupIds)).toEqual([[2], [2]]);
    const polls = count('job');
    await clock.pass(60_000);
    expect(count('job')).toBe(polls);
  });

  it('is read again at once when the catalogs say that it has ended', async () => {
    const { clock, cluster, monitor, session } = setUp();
    cluster.catalogs = { ...cluster.catalogs, jobs: JSON.stringify([job('running')]) };
    cluster.job = { job: job('running'), tasks: [task('1', 'running', '100')] };
    session('open');
    await clock.pass(100);
    cluster.job = { job: job('finished'), tasks: [task('1', 'done', '100')] };
    cluster.catalogs = { ...cluster.catalogs, jobs: JSON.stringify([job('finished')]) };
    await monitor.refresh(id);
    await clock.pass(0);
    expect(monitor.progress(id)?.job.state).toBe('finished');
  });

  it('is shown although the workers do not tell how far the moves are', async () => {
    const { clock, cluster, monitor, session } = setUp();
    cluster.catalogs = { ...cluster.catalogs, jobs: JSON.stringify([job('running')]) };
    cluster.job = { job: job('running'), tasks: [task('1', 'running', '100')] };
    cluster.moves = [moving('100', 500)];
    session('open');
    await clock.pass(500);
    expect(monitor.progress(id)?.moves).toHaveLength(1);
    cluster.before = (what) => {
      if (what === 'moves') return new Promise<void>(() => undefined);
      return undefined;
    };
    cluster.job = { job: job('failing'), tasks: [task('1', 'running', '100')] };
    await clock.pass(5_000);
    expect(monitor.progress(id)?.job.state).toBe('failing');
    // The last good answer stays for as long as that task runs.
    expect(monitor.progress(id)?.moves).toMatchObject([{ targetBytes: 500 }]);
    cluster.job = { job: job('failing'), tasks: [task('1', 'runnable', '100')] };
    await clock.pass(2_000);
    expect(monitor.progress(id)?.moves).toEqual([]);
  });

  it('is left alone while the session is lost and taken up again after', async () => {
    const { clock, cluster, session, count } = setUp();
    cluster.catalogs = { ...cluster.catalogs, jobs: JSON.stringify([job('running')]) };
    cluster.job = { job: job('running'), tasks: [task('1', 'running', '100')] };
    session('open');
    await clock.pass(2_500);
    const polls = count('job');
    expect(polls).toBeGreaterThanOrEqual(2);
    session('lost');
    await clock.pass(30_000);
    expect(count('job')).toBe(polls);
    session('open');
    await clock.pass(1_500);
    expect(count('job')).toBeGreaterThan(polls);
  });
});
