import { describe, expect, it } from 'vitest';
import type { Reader } from '../../../src-main/connections/database';
import type { JobProgress } from '../../../src-main/contract/cluster';
import { createJobStall } from '../../../src-main/monitor/job-stall';
import { aProgress } from '../../support/cluster-records';
import { createFakeClock } from './fake-clock';

const signal = new AbortController().signal;

function setUp(silence = 'connection refused') {
  const clock = createFakeClock();
  const asked: number[] = [];
  const reader = {
    address: 'c:5432',
    read: async ({ text }: { readonly text: string }) => {
      if (!text.includes('run_command_on_all_nodes')) return [{ nodeId: 3, host: 'b', port: 5432 }];
      asked.push(clock.now());
      return [{ nodeId: 3, success: false, result: silence }];
    },
  } as unknown as Reader;
  const stalls = createJobStall({ aside: async () => reader, clock });
  return { clock, asked, of: (progress: JobProgress) => stalls.of(progress, signal) };
}

function copied(bytes: number): JobProgress {
  return aProgress({
    moves: [
      {
        shardId: '10',
        tables: ['permits'],
        sourceNode: 'a:5432',
        targetNode: 'b:5432',
        operation: 'move',
        phase: 'Copying Data',
        sourceBytes: 1_000,
        targetBytes: bytes,
        sourceLsn: null,
        targetLsn: null,
      },
    ],
  });
}

describe('a job', () => {
  it('that comes on is not asked about', async () => {
    const { clock, asked, of } = setUp();
    for (let second = 0; second < 600; second += 30) {
      expect(of(copied(second))).toBeNull();
      await clock.pass(30_000);
    }
    expect(asked).toEqual([]);
  });

  it('that stands still for two minutes is asked about once a minute, until it comes on', async () => {
    const { clock, asked, of } = setUp();
    const began = clock.now();
    for (let second = 0; second < 300; second += 1) {
      of(copied(5));
      await clock.pass(1_000);
    }
    expect(asked.map((at) => (at - began) / 1000)).toEqual([120, 180, 240]);
    expect(of(copied(5))).toMatchObject({
      since: new Date(began).toISOString(),
      words: 'b:5432 does not answer the coordinator.',
    });
    expect(of(copied(6))).toBeNull();
    await clock.pass(1_000);
    expect(of(copied(6))).toBeNull();
  });
});
