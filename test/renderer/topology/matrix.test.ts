import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toNodeTitles } from '../../../src-renderer/nodes/node-names';
import { cellAt, cellsInSight, nextMatrixSort, toMatrix } from '../../../src-renderer/topology/matrix';
import type { MatrixInput } from '../../../src-renderer/topology/matrix';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeCluster } from '../cluster-fixture';

const fixture = makeCluster({ workers: 5, emptyWorkers: 2, families: 2, shardCount: 12, hosts: true });
const active = { level: 'ok', word: 'active', words: 'active', why: '' } as const;
const away = { level: 'bad', word: 'unreachable', words: 'unreachable', why: '' } as const;

function inputOf(change: Partial<MatrixInput> = {}): MatrixInput {
  const { nodes } = fixture.snapshot;
  return {
    nodes,
    titles: toNodeTitles(nodes),
    states: new Map(nodes.map((node) => [node.nodeId, node.nodeId === 3 ? away : active])) as never,
    shards: mapShards(fixture.snapshot, fixture.sizes),
    stateFilter: null,
    measure: 'bytes',
    sort: null,
    ...change,
  };
}

describe('the matrix', () => {
  it('counts what lies where, strongest where most lies', () => {
    const input = inputOf();
    const matrix = toMatrix(input);
    const cells = matrix.rows.map((row) =>
      matrix.families.map((_, column) => cellAt(matrix, row, column, 'bytes')),
    );
    const total = cells.flat().reduce((sum, cell) => sum + cell.groups, 0);
    expect(total).toBe(input.shards.groups.reduce((sum, group) => sum + group.groupIds.length, 0));
    for (const column of matrix.families.keys()) {
      expect(cells.some((row) => row[column]?.strength === 5)).toBe(true);
    }
    expect(cells.at(-1)?.every((cell) => cell.strength === 0)).toBe(true);
  });

  it('says unknown, not zero, where a size is missing, and is still hot by shards', () => {
    const shards = mapShards(fixture.snapshot, null);
    const matrix = toMatrix(inputOf({ shards, measure: 'shards' }));
    const row = matrix.rows[1];
    if (row === undefined) throw new Error('no row');
    expect(cellAt(matrix, row, 0, 'shards')).toMatchObject({ bytes: null, strength: 5 });
  });

  it('sorts rows by a colocation group, and leaves a failing node in whatever the filter', () => {
    const key = toMatrix(inputOf()).families[0]?.key ?? '';
    const sorted = toMatrix(inputOf({ sort: { familyKey: key, direction: 'descending' } }));
    const values = sorted.rows.map((row) => cellAt(sorted, row, 0, 'bytes').bytes ?? 0);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(toMatrix(inputOf({ stateFilter: 'inactive' })).rows.map((row) => row.node.nodeId)).toEqual([3]);
  });

  it('sorts heat from its hottest, and comes back to the order it had', () => {
    const first = nextMatrixSort(null, 'c2');
    expect(first).toEqual({ familyKey: 'c2', direction: 'descending' });
    expect(nextMatrixSort(nextMatrixSort(first, 'c2'), 'c2')).toBeNull();
    expect(nextMatrixSort(null, null)?.direction).toBe('ascending');
  });

  it('draws every cell in sight, and few of 300', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(12_000), fc.integer({ min: 1, max: 1200 }), (count, scrolled, room) => {
        const { first, end } = cellsInSight(count, 32, scrolled, room);
        for (let index = 0; index < count; index += 1) {
          const isInSight = (index + 1) * 32 > scrolled && index * 32 < scrolled + room;
          if (isInSight) expect(index >= first && index < end).toBe(true);
        }
        expect(end - first).toBeLessThanOrEqual(Math.ceil(room / 32) + 10);
      }),
    );
  });
});
