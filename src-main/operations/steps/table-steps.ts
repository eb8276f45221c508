import { readRowCount, readTableState } from '../../citus/operation-reads';
import { distributeTable, truncateLocalData } from '../../citus/table-changes';
import { FailureError } from '../../contract/failure';
import type { StepMemory } from '../journal';
import type { ActionOf, Step } from './step';
import { noticeWords } from './step';

/** Copying rows takes as long as it takes; only the wait for the lock is limited. */
const copyLimits = { timeoutMs: 0, lockTimeoutMs: 5_000 } as const;

export const distributeTableStep: Step<ActionOf<'distribute-table'>> = {
  retrySafe: true,
  async prepare({ action, reader, signal }): Promise<StepMemory> {
    if (!action.compareRows) return {};
    return { rowsBefore: await readRowCount(reader(), action, { timeoutMs: 0, signal }) };
  },
  async execute({ action, writer, signal }) {
    const result = await distributeTable(writer(), action, action.as, action.oneByOne, {
      signal,
      ...copyLimits,
    });
    return { outcome: 'distributed', notices: noticeWords(result.notices) };
  },
  async observe({ action, reader, memory, timing }) {
    const state = await readTableState(reader(), action, { timeoutMs: timing.readLimitMs });
    if (!state.exists) return { state: 'conflict', words: 'the table does not exist any more' };
    if (state.citusType === null) return { state: 'absent', words: 'an ordinary table' };
    const wanted = action.as.type === 'hash' ? 'distributed' : action.as.type;
    const differs =
      state.citusType !== wanted
      || (action.as.type === 'hash' && state.distributionColumn !== action.as.column);
    if (differs) {
      const by = state.distributionColumn === null ? '' : ` by ${state.distributionColumn}`;
      return { state: 'conflict', words: `it is a ${state.citusType} table${by}` };
    }
    const shards = action.as.type === 'hash' ? `${state.shardCount} shards` : `a ${state.citusType} table`;
    const before = memory['rowsBefore'];
    if (typeof before !== 'string') return { state: 'done', words: shards };
    const after = await readRowCount(reader(), action, { timeoutMs: 0 });
    if (after === before) return { state: 'done', words: `${shards}, ${after} rows before and after` };
    // Rows may be inserted between the count and the lock; fewer rows must be looked at before the local copy goes.
    return BigInt(after) > BigInt(before)
      ? {
          state: 'done',
          words: `${shards}, ${before} rows before, ${after} after: it was written to meanwhile`,
        }
      : {
          state: 'conflict',
          words: `it is distributed, with ${after} rows where ${before} were counted before: deleted meanwhile, or not copied`,
        };
  },
};

export const truncateLocalDataStep: Step<ActionOf<'truncate-local-data'>> = {
  retrySafe: true,
  async execute({ action, writer, reader, signal, timing }) {
    const state = await readTableState(reader(), action, { timeoutMs: timing.readLimitMs });
    // The server refuses it too; asked here, because on an ordinary table the rows would be the only ones.
    if (state.citusType === null || state.citusType === 'local') {
      throw new FailureError({
        kind: 'conflict',
        message: `${action.schema}.${action.name} is not distributed; its rows are not a copy and were left alone.`,
      });
    }
    const result = await truncateLocalData(writer(), action, { signal, ...copyLimits });
    return { outcome: 'local copy dropped', notices: noticeWords(result.notices) };
  },
  async observe({ action, reader, timing }) {
    const state = await readTableState(reader(), action, { timeoutMs: timing.readLimitMs });
    if (!state.exists) return { state: 'conflict', words: 'the table does not exist any more' };
    if (state.citusType === null || state.citusType === 'local') {
      return { state: 'conflict', words: 'the table is not distributed; its rows are not a copy' };
    }
    return state.localBytes === '0'
      ? { state: 'done', words: 'no local copy' }
      : { state: 'absent', words: `local copy of ${state.localBytes} bytes` };
  },
};
