import { readTableState } from '../../citus/operation-reads';
import { distributeTable, truncateLocalData } from '../../citus/table-changes';
import { FailureError } from '../../contract/failure';
import { compareAfter, countBefore } from './row-counts';
import type { ActionOf, Step } from './step';
import { noticeWords } from './step';

/** Copying rows takes as long as it takes; only the wait for the lock is limited. */
const copyLimits = { timeoutMs: 0, lockTimeoutMs: 5_000 } as const;

export const distributeTableStep: Step<ActionOf<'distribute-table'>> = {
  retrySafe: true,
  prepare: (context) => countBefore(context, context.action.compareRows ? [context.action] : []),
  async execute({ action, writer, signal }) {
    const result = await distributeTable(writer(), action, action.as, action.oneByOne, {
      signal,
      ...copyLimits,
    });
    return { outcome: 'distributed', notices: noticeWords(result.notices) };
  },
  async observe(context) {
    const { action, reader, timing } = context;
    const state = await readTableState(reader(), action, { timeoutMs: timing.readLimitMs });
    if (!state.exists) return { state: 'conflict', words: 'the table does not exist any more' };
    if (state.citusType === null) return { state: 'absent', words: 'an ordinary table' };
    const byColumn = 'column' in action.as ? action.as.column : null;
    const wanted = byColumn === null ? action.as.type : 'distributed';
    // Citus makes one of a local table of its metadata, which a neighbour's keys or an attempt that ended may have left.
    if (state.citusType === 'local' && wanted !== 'local') {
      return { state: 'absent', words: 'a local table in the metadata' };
    }
    const differs =
      state.citusType !== wanted || (byColumn !== null && state.distributionColumn !== byColumn);
    if (differs) {
      const by = state.distributionColumn === null ? '' : ` by ${state.distributionColumn}`;
      return { state: 'conflict', words: `it is a ${state.citusType} table${by}` };
    }
    const words = byColumn === null ? `a ${state.citusType} table` : `${state.shardCount} shards`;
    return compareAfter(context, action.compareRows ? [action] : [], words);
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
