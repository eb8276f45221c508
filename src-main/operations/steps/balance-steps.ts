/** Looks at what a rebalance came to, and fails loudly where it did not do what it was for. */
import { readLeftovers } from '../../citus/move-changes';
import { FailureError } from '../../contract/failure';
import { nodeLoads } from '../../plans/rebalance-moves';
import { toRebalanceReport } from '../../plans/rebalance-report';
import type { ActionOf, Step } from './step';

export const checkBalanceStep: Step<ActionOf<'check-balance'>> = {
  retrySafe: true,
  onlyReads: true,
  async execute({ action, look, reader, balance, now, timing }) {
    const { snapshot, sizes } = await look();
    const report = toRebalanceReport({
      madeAt: now().toISOString(),
      planned: action.nodes,
      measure: action.measure,
      found: nodeLoads(snapshot, [], sizes.shardBytes),
      leftovers: await readLeftovers(reader(), { timeoutMs: timing.readLimitMs }),
    });
    await balance.note(report);
    if (report.shortfalls.length > 0) {
      throw new FailureError({
        kind: 'conflict',
        message: report.shortfalls.join(' '),
        meaning: 'Every move that was made stays; the balance is not what the plan promised.',
        remedy: 'Look at the report of this operation, then plan a rebalance afresh.',
      });
    }
    return { outcome: 'the balance is as planned', notices: [] };
  },
  async observe({ balance }) {
    const report = balance.report();
    if (report === null) return { state: 'absent', words: 'not looked at yet' };
    return report.shortfalls.length > 0
      ? { state: 'absent', words: 'the balance is not what the plan promised' }
      : { state: 'done', words: 'the balance is as planned' };
  },
};
