import { describe, expect, it } from 'vitest';
import { operationRequest } from '../../../src-main/contract/operations';
import {
  changeErrors,
  emptyChangeForm,
  toChangeRequest,
} from '../../../src-renderer/table-changes/change-form';
import { changesOf, changeWords } from '../../../src-renderer/table-changes/change-kinds';
import type { ChangeKind } from '../../../src-renderer/table-changes/change-kinds';
import { setError, toSetTables } from '../../../src-renderer/table-changes/set-form';
import { toSetRequest, withRepair } from '../../../src-renderer/table-changes/use-repairs';

const kinds = Object.keys(changeWords) as ChangeKind[];
const target = {
  table: { schema: 'public', name: 'permits' },
  hasColocated: true,
  shards: [{ shardId: '7', tableOid: 1, minValue: 0, maxValue: 999, groupIds: [1] }],
  nodeIds: [2, 3],
};
const filled = {
  ...emptyChangeForm,
  shardCount: '16',
  column: 'id',
  value: '7',
  nodeId: '2',
  shardId: '7',
  schema: 'ten',
  from: '2026-01-01',
  to: '2026-02-01',
};

describe('changes', () => {
  it.each(kinds)('%s makes a request that main accepts', (kind) => {
    expect(changeErrors(kind, filled, target.shards)).toEqual({});
    const request = toChangeRequest(kind, filled, target, ['one']);
    expect(operationRequest.safeParse(request).success).toBe(true);
  });

  it.each(kinds)('%s says what is missing before it asks main, or needs nothing', (kind) => {
    const request = toChangeRequest(kind, emptyChangeForm, target, []);
    const isComplete = request !== null && operationRequest.safeParse(request).success;
    expect(Object.keys(changeErrors(kind, emptyChangeForm, target.shards)).length > 0 || isComplete).toBe(
      true,
    );
  });

  it('are offered where they make sense', () => {
    const plain = { type: 'distributed', method: 'hash', isPartitioned: false, parentOid: null } as const;
    expect(changesOf(plain)).toContain('isolate');
    expect(changesOf({ ...plain, isPartitioned: true })).toContain('drop-partitions');
    expect(changesOf({ ...plain, type: 'schema', method: 'none' })).toEqual([
      'move-schema',
      'undistribute-schema',
    ]);
    expect(changesOf({ ...plain, type: 'reference', method: 'none' })).not.toContain('shard-count');
    expect(changesOf({ ...plain, parentOid: 4 })).toEqual(['access-method']);
  });
});

describe('a set', () => {
  it('asks for what was answered, table by table, and leaves the rest alone', () => {
    const a = { becomes: 'distributed', column: 'id', colocateWith: 'none' } as const;
    const answers = {
      '["public","a"]': a,
      '["public","b"]': { ...a, colocateWith: '["public","a"]' },
      '["public","c"]': { ...a, becomes: 'reference' },
      '["public","d"]': { ...a, becomes: 'skip' },
    } as const;
    expect(setError(answers)).toBeNull();
    expect(setError({ ...answers, '["public","e"]': { ...a, column: '' } })).not.toBeNull();
    expect(toSetTables(answers, '8')).toMatchObject([
      { becomes: 'distributed', column: 'id', colocateWith: 'none', shardCount: 8 },
      { becomes: 'distributed', colocateWith: { schema: 'public', name: 'a' }, shardCount: null },
      { becomes: 'reference', column: null },
    ]);
  });

  it('takes a repair of one table along as a set of it', () => {
    const one = {
      kind: 'distribute-table',
      table: { schema: 'public', name: 'a' },
      as: { type: 'reference' },
    } as const;
    expect(toSetRequest(one, ['x'], [])).toMatchObject({
      repairs: ['x'],
      tables: [{ becomes: 'reference' }],
    });
    expect(withRepair(one, { id: 'y', title: '' })).toMatchObject({ kind: 'distribute-set', repairs: ['y'] });
    expect(
      withRepair(
        { kind: 'rebalance', strategy: null, drainOnly: false, transferMode: 'auto' },
        { id: 'y', title: '' },
      ),
    ).toBeNull();
  });
});
