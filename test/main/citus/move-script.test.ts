import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moveScript } from '../../../src-main/citus/move-script';
import type { ScriptedMove } from '../../../src-main/contract/rebalance';

const move: ScriptedMove = {
  order: { shardId: '102008', sourceNodeId: 2, targetNodeId: 3 },
  source: { label: 'db-w1:5432', address: { host: 'db-w1', port: 5432 } },
  target: { label: "o'brien:5433", address: { host: "o'brien", port: 5433 } },
  tables: ['permits', 'documents'],
};
const byId = { byNodeId: true, transferMode: 'auto' } as const;
const real = { isTriedOut: false };

describe('moveScript', () => {
  it('writes a statement a move, by node ids or by addresses in the quoting of the driver', () => {
    expect(moveScript([move], byId, real).split('\n')).toEqual([
      '-- One after another, each on its own: a move cannot be taken back by ROLLBACK.',
      "SELECT citus_move_shard_placement('102008', 2, 3, 'auto'); -- permits, documents: db-w1:5432 to o'brien:5433",
      '',
    ]);
    expect(moveScript([move], { ...byId, byNodeId: false }, real)).toContain(
      "SELECT citus_move_shard_placement('102008', 'db-w1', 5432, 'o''brien', 5433, 'auto');",
    );
  });

  it('lets nobody run a move to a node that does not exist', () => {
    const tried = { ...move, target: { label: 'new node 1', address: null } };
    expect(moveScript([tried], byId, { isTriedOut: true }).split('\n')).toEqual([
      expect.stringContaining('only tried out'),
      '-- shard 102008, permits, documents: db-w1:5432 to new node 1; not in this cluster',
      '',
    ]);
  });

  it('keeps every name within its comment, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.string({ unit: 'binary' }), (tables, label) => {
        const text = moveScript([{ ...move, tables, source: { ...move.source, label } }], byId, real);
        expect(text.split(/[\r\n\v\f\u0085\u2028\u2029]/)).toHaveLength(3);
      }),
    );
    const hostile = { ...move, tables: ['a\nDROP TABLE permits; --'] };
    expect(moveScript([hostile], byId, real)).not.toMatch(/^DROP/m);
  });
});
