/** Filling an added column from the parent's, range by range. */
import { blocksAtOnce, fillRangeStatement, readLacksValues, readTableBlocks } from '../../citus/column-fill';
import { readColumn } from '../../citus/change-reads';
import { compareAfter, countBefore } from './row-counts';
import type { ActionOf, Step } from './step';

/** A range takes as long as its joins take; only the wait for rows that others hold is limited. */
const limits = { timeoutMs: 0, lockTimeoutMs: 30_000 } as const;

export const fillColumnStep: Step<ActionOf<'fill-column'>> = {
  retrySafe: true,
  canHold: true,
  prepare: (context) => countBefore(context, context.action.compare),
  async execute({ action, reader, writer, signal, timing, holding, report }) {
    const blocks = await readTableBlocks(reader(), action, { timeoutMs: timing.readLimitMs });
    for (let from = 0; from < blocks; from += blocksAtOnce) {
      if (holding()) return { outcome: 'paused between two ranges', notices: [], held: 'Paused' };
      report({ progress: from / blocks, outcome: `at block ${from} of ${blocks}` });
      await writer().change(fillRangeStatement(action, from), { signal, ...limits });
    }
    return { outcome: 'filled', notices: [], memory: { wentThrough: true } };
  },
  async observe(context) {
    const { action, reader, timing, memory } = context;
    const column = await readColumn(reader(), action, action.column, { timeoutMs: timing.readLimitMs });
    if (!column?.type) return { state: 'conflict', words: `there is no column ${action.column}` };
    const lacks =
      column.isNullable && (await readLacksValues(reader(), action, action.column, { timeoutMs: 0 }));
    if (!lacks) return compareAfter(context, action.compare, 'every row has a value');
    // Rows go on being written without it until the next step forbids that, and fills them.
    return memory['wentThrough'] === true
      ? compareAfter(context, action.compare, 'filled; rows written meanwhile have no value yet')
      : { state: 'absent', words: 'some rows have no value' };
  },
};
