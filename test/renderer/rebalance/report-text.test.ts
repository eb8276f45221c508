import { describe, expect, it } from 'vitest';
import type { StepItem } from '../../../src-main/contract/operations';
import type { RebalanceReport } from '../../../src-main/contract/rebalance';
import { toReportMarkdown, wayBack } from '../../../src-renderer/rebalance/report-text';
import { anOperation } from '../../support/cluster-records';
import { anItem, movesOperation } from '../../support/moves-operation';

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

  it('takes back what a job of the cluster has moved, by the nodes that its tasks name', () => {
    const [step] = operation.steps;
    if (!step) throw new Error('no step');
    const moved = (itemId: string, over: Partial<StepItem>): StepItem =>
      anItem(itemId, {
        move: {
          shardId: `10${itemId}`,
          sourceNodeId: 2,
          targetNodeId: 3,
          tables: ['permits'],
          sourceNode: 'a:5432',
          targetNode: 'b:5432',
        },
        ...over,
      });
    const items = [
      moved('1', { state: 'done' }),
      moved('2', { state: 'failed' }),
      moved('3', { state: 'done' }),
      anItem('4', { state: 'done' }),
    ];
    const followed = anOperation({
      request: { kind: 'rebalance', strategy: null, drainOnly: false, transferMode: 'block_writes' },
      steps: [{ ...step, action: { type: 'follow-job' }, items }],
    });
    expect(wayBack(followed)).toMatchObject({
      kind: 'rebalance-moves',
      transferMode: 'block_writes',
      moves: [
        { shardId: '103', sourceNodeId: 3, targetNodeId: 2 },
        { shardId: '101', sourceNodeId: 3, targetNodeId: 2 },
      ],
    });
  });

  it('spans a plan that was taken in the middle, and brings a group moved twice home at once', () => {
    const [step] = operation.steps;
    if (step?.action.type !== 'move-shards') throw new Error('no step');
    const again = step.action.moves
      .filter(({ shardId }) => shardId === '1' || shardId === '4')
      .map((move) => ({ ...move, sourceNodeId: move.shardId === '1' ? 3 : 2, targetNodeId: 5 }));
    const replanned = movesOperation([], {
      steps: [
        step,
        {
          ...step,
          stepId: 'moves-2',
          action: { ...step.action, moves: again },
          items: [anItem('1', { state: 'done' }), anItem('4', { state: 'done' })],
        },
      ],
    });
    expect(wayBack(replanned)?.moves).toEqual([
      { shardId: '4', sourceNodeId: 5, targetNodeId: 2 },
      { shardId: '1', sourceNodeId: 5, targetNodeId: 2 },
      { shardId: '2', sourceNodeId: 3, targetNodeId: 2 },
    ]);
  });

  it('does not exist where nothing was moved', () => {
    expect(wayBack(movesOperation([anItem('1')]))).toBeNull();
    expect(wayBack(anOperation())).toBeNull();
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
    const text = toReportMarkdown(operation, report, {
      nameOf: (address) => address.split(':')[0] ?? '',
      named: (words) => words.replaceAll(/\b([a-c]):5432/g, '$1'),
    });
    expect(text).toContain('1.50 × before, 1.02 × after');
    expect(text).toContain('**Falls short:** c should hold shards now');
    expect(text).not.toContain(':5432');
    expect(text).toMatch(/\| a \| .* \| .* \| 4 \| 2 \|/);
    expect(text).toMatch(/\| 4 \| 4 \| .* \| failed \| 0 \|/);
    expect(text).toContain('- replication slot citus_shard_move_slot_6_10_6 on a');
  });
});
