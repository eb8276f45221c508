import { describe, expect, it } from 'vitest';
import {
  hasEnded,
  mergeMoves,
  parseTaskCommand,
  parseTaskMode,
  readShardProgress,
} from '../../../src-main/citus/jobs';
import type { Reader } from '../../../src-main/connections/database';
import recording from '../../support/recordings/rebalance-live.json' with { type: 'json' };

/** An entry of the recording as the server would send it through `to_json(p)`. */
function readerOf(id: string): Reader {
  const entry = recording.recorded.find((candidate) => candidate.id === id);
  if (!entry?.rows || !entry.columns) throw new Error(`no rows recorded under ${id}`);
  const names = entry.columns.map((column) => column.name);
  const rows = (entry.rows as readonly (readonly unknown[])[]).map((values) => {
    const row = Object.fromEntries(names.map((name, index) => [name, values[index]]));
    const whole = {
      ...row,
      sessionid: 77,
      progress: Number(row['progress']),
      source_shard_size: Number(row['source_shard_size']),
      target_shard_size: Number(row['target_shard_size']),
      source_lsn: row['has_source_lsn'] ? '0/36DFAC0' : null,
      target_lsn: row['has_target_lsn'] ? '0/36DFAC0' : null,
    };
    return { shard: String(row['shardid']), whole: JSON.stringify(whole) };
  });
  return { address: 'coordinator:1', read: async () => rows as never };
}

describe('parseTaskMode', () => {
  it('reads how rows travel, in both forms', () => {
    expect(parseTaskMode("SELECT pg_catalog.citus_move_shard_placement(102008,2,6,'auto')")).toBe('auto');
    expect(
      parseTaskMode("SELECT pg_catalog.citus_move_shard_placement(8,'a',5432,'b',5432,'block_writes')"),
    ).toBe('block_writes');
    expect(parseTaskMode("SELECT pg_catalog.replicate_reference_tables('auto')")).toBeNull();
    expect(parseTaskMode('')).toBeNull();
  });
});

describe('parseTaskCommand', () => {
  it('reads the form that names nodes by id, as recorded', () => {
    expect(parseTaskCommand("SELECT pg_catalog.citus_move_shard_placement(102008,2,6,'auto')")).toEqual({
      shardId: '102008',
      sourceNodeId: 2,
      targetNodeId: 6,
    });
    expect(
      parseTaskCommand("SELECT pg_catalog.citus_copy_shard_placement(102056, 2, 6, 'auto')").shardId,
    ).toBe('102056');
  });

  it('reads the shard of the form that names hosts', () => {
    expect(
      parseTaskCommand("SELECT pg_catalog.citus_move_shard_placement(102008,'a',5432,'b',5432,'auto')"),
    ).toEqual({ shardId: '102008', sourceNodeId: null, targetNodeId: null });
  });

  it('finds nothing in other commands', () => {
    expect(parseTaskCommand("SELECT pg_catalog.replicate_reference_tables('auto')")).toEqual({
      shardId: null,
      sourceNodeId: null,
      targetNodeId: null,
    });
    expect(parseTaskCommand('')).toMatchObject({ shardId: null });
  });

  it('holds for every command of the recorded jobs', () => {
    const entry = recording.recorded.find((candidate) => candidate.id === 'poll.tasks.43');
    const rows = (entry?.rows ?? []) as readonly (readonly unknown[])[];
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) {
      const target = parseTaskCommand(String(row[3]));
      expect([target.sourceNodeId, target.targetNodeId]).toEqual(row[7] ?? [null, null]);
    }
  });
});

describe('moves', () => {
  it('of colocated shards become one, with their bytes added, as recorded', async () => {
    const rows = await readShardProgress(readerOf('poll.progress.44'));
    expect(rows).toHaveLength(6);
    const moves = mergeMoves(rows, () => '1:-2147483648');
    expect(moves).toEqual([
      {
        shardId: '102008',
        tables: [
          'agencies',
          'permits',
          'inspections',
          'audit_events',
          'audit_events_2026_01',
          'audit_events_2026_02',
        ],
        sourceNode: '127.0.0.1:9701',
        targetNode: '127.0.0.1:9703',
        operation: 'move',
        phase: 'Copying Data',
        sourceBytes: 32768 + 8601600 + 720896 + 0 + 73728 + 65536,
        targetBytes: 32768 + 2564096 + 712704 + 0 + 73728 + 65536,
        sourceLsn: '0/36DFAC0',
        targetLsn: null,
      },
    ]);
  });

  it('of shards that the snapshot does not know stay apart', async () => {
    const moves = mergeMoves(await readShardProgress(readerOf('poll.progress.44')), () => undefined);
    expect(moves).toHaveLength(6);
  });

  it('have an unknown size where one of their shards has', async () => {
    const rows = await readShardProgress(readerOf('poll.progress.44'));
    const [first, ...rest] = rows;
    if (!first) throw new Error('the recording is empty');
    const [move] = mergeMoves([{ ...first, targetBytes: null }, ...rest], () => 'one');
    expect(move?.targetBytes).toBeNull();
    expect(move?.sourceBytes).toBeGreaterThan(0);
  });

  it('are read from servers that tell less', async () => {
    const old = {
      sessionid: 5,
      table_name: 't',
      sourcename: 'a',
      sourceport: 1,
      targetname: 'b',
      targetport: 2,
      progress: 1,
      source_shard_size: 10,
      target_shard_size: 4,
    };
    const rows = await readShardProgress({
      address: 'x:1',
      read: async () => [{ shard: '9', whole: JSON.stringify(old) }] as never,
    });
    expect(mergeMoves(rows, () => undefined)[0]).toMatchObject({
      operation: 'move',
      phase: 'Setting Up',
      sourceLsn: null,
    });
  });
});

describe('a job', () => {
  it.each([
    ['scheduled', false],
    ['running', false],
    ['cancelling', false],
    ['failing', false],
    ['finished', true],
    ['cancelled', true],
    ['failed', true],
  ] as const)('that is %s has ended: %s', (state, ended) => {
    expect(hasEnded({ state })).toBe(ended);
  });
});
