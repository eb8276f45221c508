import { expect, it } from 'vitest';
import type { OperationRequest } from '../../../src-main/contract/operations';
import { practiceNote } from '../../../src-renderer/operations/practice-note';

const split = (transferMode: 'auto' | 'block_writes'): OperationRequest => ({
  kind: 'split-shard',
  shardId: '102008',
  points: [0],
  nodeIds: [1, 2],
  transferMode,
  repairs: [],
});

it.each<[OperationRequest, boolean]>([
  [split('auto'), true],
  [split('block_writes'), false],
  [{ kind: 'rebalance', strategy: null, drainOnly: false, transferMode: 'auto' }, false],
  [
    {
      kind: 'distribute-table',
      table: { schema: 'public', name: 'permits' },
      as: { type: 'hash', column: 'agency_id', shardCount: null, colocateWith: 'none', concurrently: true },
    },
    true,
  ],
  [
    {
      kind: 'distribute-table',
      table: { schema: 'public', name: 'permits' },
      as: { type: 'hash', column: 'agency_id', shardCount: null, colocateWith: 'none' },
    },
    false,
  ],
])('tells where writes wait on the emulator only: %j', (request, isTold) => {
  expect(practiceNote(request) !== null).toBe(isTold);
});
