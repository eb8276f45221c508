import { describe, expect, it } from 'vitest';
import type { RebalanceReport } from '../../../src-main/contract/rebalance';
import { restOf, toReportMarkdown, wayBack } from '../../../src-renderer/rebalance/report-text';
import { anOperation } from '../../support/cluster-records';
import { anItem, movesOperation } from './moves-fixture';

const operation = movesOperation([
  anItem('1', { state: 'done' }),
  anItem('2', { state: 'done' }),
  anItem('3', { state: 'conflict' }),
  anItem('4', { state: 'failed', outcome: 'no room' }),
]);

describe('the way back', () => {
  it('makes the moves that were made the other way, last first', () => {
    expect(wayBack(operation)?.moves).toEqual([
      { shardId: '2', sourceNodeId: 3, targetNodeId: 2 },
      { shardId: '1', sourceNodeId: 3, targetNodeId: 2 },
    ]);
  });

  it('does not exist where nothing was moved, or by a job of the cluster', () => {
    expect(wayBack(movesOperation([anItem('1')]))).toBeNull();
    expect(wayBack(anOperation())).toBeNull();
  });
});

describe('the rest', () => {
  it('is what has neither moved nor been left out', () => {
    expect(restOf(operation)?.moves.map((move) => move.shardId)).toEqual(['4']);
    expect(restOf(movesOperation([anItem('1', { state: 'done' })]))).toBeNull();
  });
});

describe('the report', () => {
  const report: RebalanceReport = {
    madeAt: '2026-03-01T12:10:00.000Z',
    measure: 'bytes',
    spreadBefore: 1.5,
    spreadAfter: 1.02,
    shortfalls: ['c should hold shards now and hold none.'],
    leftovers: [{ what: 'replication slot', name: 'citus_shard_move_slot_6_10_6', node: 'a:5432' }],
    nodes: [
      { node: 'a:5432', bytesBefore: 2048, bytesAfter: 1024, groupsBefore: 4, groupsAfter: 2 },
      { node: 'b:5432', bytesBefore: null, bytesAfter: 1024, groupsBefore: 0, groupsAfter: 2 },
    ],
  };

  it('says in Markdown what happened to each node and move, and what is left', () => {
    const text = toReportMarkdown(operation, report, (address) => address.split(':')[0] ?? '');
    expect(text).toContain('1.50 × before, 1.02 × after');
    expect(text).toContain('**Falls short:** c should hold shards now');
    expect(text).toMatch(/\| a \| .* \| .* \| 4 \| 2 \|/);
    expect(text).toMatch(/\| 4 \| 4 \| .* \| failed \| 0 \|/);
    expect(text).toContain('- replication slot citus_shard_move_slot_6_10_6 on a');
  });
});
