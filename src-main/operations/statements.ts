/** What each action sends, in order: the review shows these statements, and the steps send the same. */
import { moveShardStatement } from '../citus/move-changes';
import { addNodeStatement, replicateReferenceTablesStatement } from '../citus/node-changes';
import { setCoordinatorHostStatement, setShouldHaveShardsStatement } from '../citus/node-changes';
import { countRowsStatement } from '../citus/operation-reads';
import { startRebalanceStatement } from '../citus/rebalance-changes';
import { distributeTableStatement, truncateLocalDataStatement } from '../citus/table-changes';
import { identifier, qualified, shownStatement } from '../connections/database';
import type { Statement } from '../connections/database';
import { assertNever } from '../contract/failure';
import type { StepAction } from '../contract/operations';
import type { PlanSql } from '../plans/plan';

export function statementsOf(action: StepAction): readonly Statement[] {
  switch (action.type) {
    case 'set-coordinator-host':
      return [setCoordinatorHostStatement(action)];
    case 'add-node':
      return [addNodeStatement(action)];
    case 'set-should-have-shards':
      return [setShouldHaveShardsStatement(action, action.value)];
    case 'replicate-reference-tables':
      return [replicateReferenceTablesStatement(action.transferMode)];
    case 'distribute-table': {
      const change = distributeTableStatement(action, action.as, action.oneByOne);
      return action.compareRows ? [countRowsStatement(action), change, countRowsStatement(action)] : [change];
    }
    case 'truncate-local-data':
      return [truncateLocalDataStatement(action)];
    case 'start-rebalance':
      return [startRebalanceStatement(action)];
    case 'move-shards':
      return action.moves.map((move) => moveShardStatement(move, action));
    case 'follow-job':
    case 'check-balance':
      return [];
    default:
      return assertNever(action);
  }
}

/** The driver's quoting, for plans. */
export const planSql: PlanSql = {
  statements: (action) => statementsOf(action).map(shownStatement),
  identifier,
  qualified,
  literal: (text) => shownStatement({ text: '$1', values: [text] }).shown,
};
