/** Pure: whether a rebalance is worth it, in one sentence. */
import type { PlanReply } from '../../src-main/contract/operations';
import { formatCounted } from '../ui/format';
import type { ShownState } from '../ui/states';
import type { LoadBars } from './load-bars';

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

export interface Verdict {
  readonly level: ShownState;
  readonly text: string;
}

function factorWords(factor: number): string {
  return `${factor.toFixed(1).replace(/\.0$/, '')} times the average`;
}

export function toVerdict(reply: PlanReply | null, bars: LoadBars | null): Verdict | null {
  if (reply === null) return null;
  if (reply.outcome === 'refusal') {
    if (isCalm(reply)) {
      return { level: 'ok', text: `not needed: ${lowerFirst(reply.reasons[0]?.message ?? '')}` };
    }
    return { level: 'bad', text: `cannot start: ${formatCounted(reply.reasons.length, 'reason')}` };
  }
  const { details, request } = reply.plan;
  const moves = details.kind === 'rebalance' ? details.moves.length : 0;
  if (request.kind === 'rebalance' && request.drainOnly) {
    return {
      level: 'mind',
      text: `${formatCounted(moves, 'move')} would empty the nodes that take no shards`,
    };
  }
  const largest = bars?.largestBefore ?? null;
  if (largest !== null && largest.factor >= 1.2) {
    return { level: 'mind', text: `advisable: ${largest.title} holds ${factorWords(largest.factor)}` };
  }
  const empty = bars?.bars.find((bar) => bar.before === 0 && (bar.after ?? 0) > 0);
  if (empty !== undefined) return { level: 'mind', text: `advisable: ${empty.title} holds nothing yet` };
  return {
    level: 'mute',
    text: `possible: ${formatCounted(moves, 'move')} would spread the shards more evenly`,
  };
}

/** "By by_disk_size" keeps its capital only at the start of a sentence; names and abbreviations are left as they are. */
function lowerFirst(text: string): string {
  const bare = text.replace(/\.$/, '');
  return /^[A-Z][a-z]/.test(bare) ? bare.charAt(0).toLowerCase() + bare.slice(1) : bare;
}
