import { describe, expect, it } from 'vitest';
import type { PlanReply } from '../../../src-main/contract/operations';
import { toNodeTitles } from '../../../src-renderer/nodes/node-names';
import {
  messageWords,
  ownOperation,
  taskState,
  toJobFigures,
  toTaskRows,
} from '../../../src-renderer/rebalance/job-words';
import { currentLoads, toLoadBars } from '../../../src-renderer/rebalance/load-bars';
import { isCalm, replyWords } from '../../../src-renderer/rebalance/verdict';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster, makeProgress, makeRebalancePlan, makeTask } from '../cluster-fixture';

const fixture = makeCluster({ workers: 4, emptyWorkers: 1, families: 2, shardCount: 12 });
const shards = mapShards(fixture.snapshot, fixture.sizes);
const titles = toNodeTitles(fixture.snapshot.nodes);
const plan = makeRebalancePlan(fixture);
const loads = plan.details.kind === 'rebalance' ? plan.details.nodes : [];

describe('toLoadBars', () => {
  it('scales to the longest bar and measures the largest against the average', () => {
    const bars = toLoadBars(loads, titles, true);
    expect(Math.max(...bars.bars.map((bar) => Math.max(bar.before, bar.after ?? 0)))).toBe(1);
    expect(bars.measure).toBe('bytes');
  });

  it('counts shard groups as soon as one size is not known', () => {
    const unknown = loads.map((load, index) => (index === 0 ? { ...load, bytesBefore: null } : load));
    const bars = toLoadBars(unknown, titles, true);
    expect(bars.measure).toBe('shard groups');
    expect(bars.bars[0]?.beforeWords).toBe('20 groups');
  });

  it('shows what is there now where there is no plan, and nothing where nothing is', () => {
    const now = currentLoads(fixture.snapshot.nodes, shards);
    expect(now.map((load) => load.node)).toEqual([
      '127.0.0.1:9801',
      '127.0.0.1:9802',
      '127.0.0.1:9803',
      '127.0.0.1:9804',
    ]);
    expect(now.reduce((sum, load) => sum + load.shardGroupsBefore, 0)).toBe(24);
    expect(toLoadBars(now, titles, false).bars.every((bar) => bar.after === null)).toBe(true);
    expect(toLoadBars([], titles, false)).toMatchObject({ average: null });
  });
});

describe('replyWords', () => {
  const refusal = (...codes: string[]): PlanReply => ({
    outcome: 'refusal',
    title: 'Rebalance the shards',
    reasons: codes.map((code) => ({ code, message: 'Every node is within 10 % of the average.', fix: '' })),
  });

  it('counts what Citus would move', () => {
    expect(replyWords({ outcome: 'plan', plan })).toMatch(/^planned by Citus: \d+ moves$/);
  });

  it('tells balance from trouble', () => {
    expect(isCalm(refusal('within-threshold'))).toBe(true);
    expect(replyWords(refusal('within-threshold'))).toBe(
      'not needed: every node is within 10 % of the average',
    );
    expect(isCalm(refusal('within-threshold', 'node-down'))).toBe(false);
    expect(replyWords(refusal('balanced', 'node-down'))).toBe('cannot start: 2 reasons');
    expect(replyWords(null)).toBeNull();
  });
});

describe('a running job', () => {
  const progress = makeProgress(fixture, 5, { done: 2, waiting: 5 });

  it('puts what runs first and what is done last, with the phase and bytes of the current move', () => {
    const rows = toTaskRows(progress, shards, titles);
    expect(rows[0]).toMatchObject({ state: { text: 'running' }, to: '127.0.0.1:9804' });
    expect(rows[0]?.phase).toBe('copies rows, 11 MB of 30 MB');
    expect(rows[0]?.share).toBeCloseTo(12 / 31, 5);
    expect(rows.slice(-3).every((row) => row.state.text === 'done')).toBe(true);
    expect(rows.find((row) => row.position === 1)?.what).toBe('Copy reference tables');
  });

  it('does not hide that a running job fails and tries again', () => {
    const message = 'ERROR:  connection to the remote node postgres@127.0.0.1:9804 failed';
    const failing = {
      ...progress,
      tasks: progress.tasks.map((task, index) =>
        index === 4 ? { ...task, status: 'runnable', retryCount: 3, message } : task,
      ),
    };
    const row = toTaskRows(failing, shards, titles)[1];
    expect(row).toMatchObject({
      state: { level: 'mind', text: 'failed 3 times, tries again' },
      meaning: 'A node did not answer.',
      message,
    });
    expect(toJobFigures(failing).retried).toBe(1);
  });

  it('counts moves without the task that copies reference tables, by bytes where they are known', () => {
    expect(toJobFigures(progress)).toMatchObject({ done: 2, total: 8, failed: 0, bytes: '58 MB of 156 MB' });
    expect(toJobFigures({ ...progress, bytesTotal: null })).toMatchObject({ share: 0.25, bytes: null });
  });

  it('has words for every status of Citus, and shows one it does not know', () => {
    const texts = [
      'blocked',
      'runnable',
      'running',
      'done',
      'cancelling',
      'error',
      'unscheduled',
      'cancelled',
    ].map((status) => taskState(makeTask({ status })).text);
    expect(new Set(texts).size).toBe(8);
    expect(taskState(makeTask({ status: 'novel' })).text).toBe('novel');
  });

  it('explains errors it knows and keeps silent about others', () => {
    expect(
      messageWords(
        "cannot use logical replication to transfer shards of the relation x since it doesn't have a REPLICA IDENTITY or PRIMARY KEY",
      ),
    ).toContain('primary key');
    expect(messageWords('something new')).toBeNull();
    expect(messageWords('')).toBeNull();
  });

  it('knows its own job from that of somebody else', () => {
    const operation = {
      operationId: 'o1',
      revision: 1,
      clusterId: 'cluster-1',
      kind: 'rebalance' as const,
      request: {
        kind: 'rebalance' as const,
        strategy: null,
        drainOnly: false,
        transferMode: 'auto' as const,
      },
      title: '',
      summary: '',
      state: 'running' as const,
      attention: null,
      createdAt: '',
      endedAt: null,
      steps: [],
      details: { kind: 'rebalance' as const, strategy: '', moves: [], nodes: [] },
      jobId: '2',
      report: null,
    };
    expect(ownOperation([operation], '2')?.operationId).toBe('o1');
    expect(ownOperation([operation], '3')).toBeUndefined();
    expect(ownOperation([{ ...operation, state: 'done' }], '2')).toBeUndefined();
  });
});
