import type { OperationRequest } from '../../src-main/contract/operations';

/**
 * Where the practice emulator does otherwise than the steps of a plan say of Citus: what copies rows there lets no writes through,
 * but moves do. Null where it does the same.
 */
export function practiceNote(request: OperationRequest): string | null {
  return blocksWritesThere(request)
    ? 'On this emulated practice cluster writes wait until the rows are copied; on Citus they go on.'
    : null;
}

function blocksWritesThere(request: OperationRequest): boolean {
  switch (request.kind) {
    case 'distribute-table':
      return request.as.type === 'hash' && request.as.concurrently === true;
    case 'distribute-set':
      return request.concurrently && request.tables.some(({ becomes }) => becomes === 'distributed');
    case 'isolate-tenant':
    case 'split-shard':
      return request.transferMode !== 'block_writes';
    default:
      return false;
  }
}
