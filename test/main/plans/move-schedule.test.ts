import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StepState } from '../../../src-main/contract/operations';
import type { OrderedMove } from '../../../src-main/contract/rebalance';
import { minutesUntilWindow, movesToBegin } from '../../../src-main/plans/move-schedule';

function move(source: number, target: number, colocationId = 1): OrderedMove {
  return {
    shardId: '1',
    sourceNodeId: source,
    targetNodeId: target,
    source: { host: 's', port: 1 },
    target: { host: 't', port: 1 },
    colocationId,
    tables: [],
    shardIds: [],
    bytes: null,
  };
}

const many = { parallelMoves: 8, movesPerNode: 1, oneOfGroupAtATime: false };

describe('movesToBegin', () => {
  it('begins the first move alone where one may run', () => {
    const moves = [move(1, 2), move(3, 4)];
    expect(movesToBegin(moves, ['waiting', 'waiting'], { ...many, parallelMoves: 1 })).toEqual([0]);
    expect(movesToBegin(moves, ['running', 'waiting'], { ...many, parallelMoves: 1 })).toEqual([]);
    expect(movesToBegin(moves, ['done', 'waiting'], { ...many, parallelMoves: 1 })).toEqual([1]);
  });

  it('keeps a second move away from a node that is busy, and lets a later one pass', () => {
    const moves = [move(1, 2), move(1, 3), move(4, 5)];
    expect(movesToBegin(moves, ['waiting', 'waiting', 'waiting'], many)).toEqual([0, 2]);
  });

  it('begins one move of a colocation group at a time where Citus locks the group', () => {
    const moves = [move(1, 2), move(3, 4), move(5, 6, 2)];
    const states: StepState[] = ['waiting', 'waiting', 'waiting'];
    expect(movesToBegin(moves, states, { ...many, oneOfGroupAtATime: true })).toEqual([0, 2]);
  });

  it('waits with a move to a node that an earlier move has still to leave', () => {
    const moves = [move(2, 3), move(1, 2)];
    const two = { ...many, movesPerNode: 4 };
    expect(movesToBegin(moves, ['waiting', 'waiting'], two)).toEqual([0]);
    expect(movesToBegin(moves, ['running', 'waiting'], two)).toEqual([]);
    expect(movesToBegin(moves, ['done', 'waiting'], two)).toEqual([1]);
    // Given up: nobody waits for it for ever.
    expect(movesToBegin(moves, ['failed', 'waiting'], two)).toEqual([1]);
  });

  it('never passes a limit, and always comes to an end', () => {
    const anyMove = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 3 }))
      .map(([source, step, group]) => move(source, ((source + step - 1) % 6) + 1, group));
    const limits = fc.record({
      parallelMoves: fc.integer({ min: 1, max: 5 }),
      movesPerNode: fc.integer({ min: 1, max: 3 }),
      oneOfGroupAtATime: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(anyMove, { minLength: 1, maxLength: 25 }),
        limits,
        fc.nat(),
        (moves, limit, seed) => {
          const states: StepState[] = moves.map(() => 'waiting');
          let turn = seed;
          for (let round = 0; states.includes('waiting') || states.includes('running'); round += 1) {
            expect(round).toBeLessThan(200);
            for (const index of movesToBegin(moves, states, limit)) states[index] = 'running';
            const running = moves.filter((_, index) => states[index] === 'running');
            expect(running.length).toBeGreaterThan(0);
            expect(running.length).toBeLessThanOrEqual(limit.parallelMoves);
            for (let node = 1; node <= 6; node += 1) {
              const busy = running.filter((one) => one.sourceNodeId === node || one.targetNodeId === node);
              expect(busy.length).toBeLessThanOrEqual(limit.movesPerNode);
            }
            if (limit.oneOfGroupAtATime) {
              const groups = running.map((one) => one.colocationId).filter((group) => group !== 0);
              expect(new Set(groups).size).toBe(groups.length);
            }
            const places = [...states.keys()].filter((index) => states[index] === 'running');
            turn += 1;
            states[places[turn % places.length] ?? 0] = 'done';
          }
        },
      ),
    );
  });
});

describe('minutesUntilWindow', () => {
  const at = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

  it.each([
    ['22:00', '04:00', '23:30', 0],
    ['22:00', '04:00', '03:59', 0],
    ['22:00', '04:00', '04:00', 18 * 60],
    ['22:00', '04:00', '21:45', 15],
    ['08:00', '12:00', '08:00', 0],
    ['08:00', '12:00', '12:00', 20 * 60],
    ['09:00', '09:00', '03:00', 0],
  ] as const)('from %s to %s, at %s: %i', (from, to, now, minutes) => {
    expect(minutesUntilWindow({ from, to }, at(now))).toBe(minutes);
  });

  it('is open at any time without a window', () => {
    expect(minutesUntilWindow(null, 0)).toBe(0);
  });
});
