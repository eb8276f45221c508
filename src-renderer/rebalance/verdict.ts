/** Pure: what Citus answered to the question for a rebalance, in one sentence. */
import type { PlanReply } from '../../src-main/contract/operations';
import { formatCounted } from '../ui/format';

/** Reasons that say that all is well, or that there is nothing to do yet: no trouble, so not shown as such. */
const calmCodes: ReadonlySet<string> = new Set([
  'balanced',
  'within-threshold',
  'improvement-threshold',
  'nothing-to-drain',
  'one-node',
  'no-tables',
]);

export function isCalm(reply: PlanReply | null): boolean {
  return (
    reply?.outcome === 'refusal'
    && reply.reasons.length > 0
    && reply.reasons.every((reason) => calmCodes.has(reason.code))
  );
}

/** What Citus would do, or why it would not; whether it should is said by the verdicts. Null before it was asked. */
export function replyWords(reply: PlanReply | null): string | null {
  if (reply === null) return null;
  if (reply.outcome === 'refusal') {
    return isCalm(reply)
      ? `not needed: ${lowerFirst(reply.reasons[0]?.message ?? '')}`
      : `cannot start: ${formatCounted(reply.reasons.length, 'reason')}`;
  }
  const { details, request } = reply.plan;
  const moves = formatCounted(details.kind === 'rebalance' ? details.moves.length : 0, 'move');
  return request.kind === 'rebalance' && request.drainOnly
    ? `planned by Citus: ${moves} to empty the nodes that take no shards`
    : `planned by Citus: ${moves}`;
}

/** "By by_disk_size" keeps its capital only at the start of a sentence; names and abbreviations are left as they are. */
function lowerFirst(text: string): string {
  const bare = text.replace(/\.$/, '');
  return /^[A-Z][a-z]/.test(bare) ? bare.charAt(0).toLowerCase() + bare.slice(1) : bare;
}
