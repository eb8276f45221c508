import { describe, expect, it } from 'vitest';
import type { OperationStep } from '../../../src-main/contract/operations';
import {
  figuresWords,
  toMoveFigures,
  toMoveRows,
  tookText,
} from '../../../src-renderer/operations/move-rows';
import { movingOf } from '../../../src-renderer/topology/moves';
import { anItem, movesOperation } from '../../support/moves-operation';

const began = '2026-03-01T12:00:00.000Z';
const nowMs = Date.parse('2026-03-01T12:00:10.000Z');
const live = {
  phase: 'Copying Data',
  sourceBytes: 1_000_000,
  targetBytes: 500_000,
  lagBytes: 2_048,
  progressedAt: '2026-03-01T12:00:09.000Z',
};
const items = [
  anItem('1', { state: 'done', startedAt: began, endedAt: '2026-03-01T12:00:04.000Z', attempts: 1 }),
  anItem('2', { state: 'running', startedAt: began, attempts: 2, outcome: 'tried again', live }),
  anItem('3', { state: 'conflict', outcome: 'lies on another node now' }),
  anItem('4'),
];
const stepOf = (over = items): OperationStep => movesOperation(over).steps[0] as OperationStep;

describe('moves of an operation', () => {
  it('are rows with state, phase and time', () => {
    const rows = toMoveRows(stepOf(), (address) => address.replace(':5432', ''), nowMs) ?? [];
    expect(rows.map((row) => [row.what, row.from, row.to, row.state.text])).toEqual([
      ['permits and 2 more', 'a', 'b', 'moved'],
      ['permits and 2 more', 'a', 'b', 'moving, try 2'],
      ['permits and 2 more', 'a', 'b', 'left out'],
      ['permits and 2 more', 'a', 'b', 'waits'],
    ]);
    expect(rows.map((row) => row.tookMs)).toEqual([4_000, 10_000, null, null]);
    expect(rows[1]?.detail).toBe('copies rows, 488 kB arrived, 2 kB of log to apply, tried again');
    expect(rows[2]?.detail).toBe('lies on another node now');
  });

  it('of a job of the cluster are named by their tasks; retries are told, and a time that nobody saw', () => {
    const [step] = movesOperation([
      anItem('7', {
        state: 'done',
        attempts: 3,
        move: {
          shardId: '102008',
          sourceNodeId: 2,
          targetNodeId: 3,
          tables: ['permits'],
          sourceNode: 'a:5432',
          targetNode: 'b:5432',
        },
      }),
    ]).steps;
    if (!step) throw new Error('no step');
    const [row] = toMoveRows({ ...step, action: { type: 'follow-job' } }, (address) => address, nowMs) ?? [];
    expect(row).toMatchObject({ shardId: '102008', what: 'permits', detail: 'after 3 attempts' });
    expect(row && tookText(row)).toBe('not seen');
  });

  it('add up to figures with a rate', () => {
    const figures = toMoveFigures(stepOf(), nowMs);
    expect(figures).toMatchObject({ done: 1, total: 4, bytesDone: 2_500_000, bytesTotal: 4_000_000 });
    expect(figures.bytesPerSecond).toBe(50_000);
    expect(figuresWords(figures)).toMatch(/^1 of 4 moves, .* of .*, .*\/s$/);
  });

  it('know no bytes where one size is unknown', () => {
    const figures = toMoveFigures(stepOf([anItem('1', { bytes: null })]), nowMs);
    expect([figures.bytesDone, figures.bytesTotal]).toEqual([null, null]);
  });

  it('are flows on the topology while they run, beside a job or not', () => {
    const moving = movingOf(undefined, [movesOperation(items)]);
    expect(moving?.tasks.map((task) => task.status)).toEqual(['done', 'running', 'unscheduled', 'blocked']);
    expect(moving?.moves).toMatchObject([{ shardId: '2', phase: 'Copying Data', targetNode: 'b:5432' }]);
    const ended = movesOperation(items);
    const steps = ended.steps.map((step) => ({ ...step, state: 'done' as const }));
    expect(movingOf(undefined, [{ ...ended, steps }])).toBeNull();
  });
});
