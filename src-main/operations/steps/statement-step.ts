import type { TableChangeAction } from '../../contract/table-changes';
import { changeStatement } from '../statements';
import type { Step } from './step';
import { noticeWords } from './step';

/** Copying rows takes as long as it takes; only the wait for the lock is limited. */
const limits = { timeoutMs: 0, lockTimeoutMs: 5_000 } as const;

/**
 * A step that sends the one statement of its action. Citus carries it out as a whole or not at all, or finds what was
 * done already; so it may be sent again once it was seen to be absent.
 */
export function statementStep<A extends TableChangeAction>(
  parts: Pick<Step<A>, 'prepare' | 'observe'> & {
    /** What the server did, in a word. */
    readonly done: string;
  },
): Step<A> {
  return {
    retrySafe: true,
    prepare: parts.prepare,
    observe: parts.observe,
    async execute({ action, writer, signal }) {
      const result = await writer().change(changeStatement(action), { signal, ...limits });
      return { outcome: parts.done, notices: noticeWords(result.notices) };
    },
  };
}
