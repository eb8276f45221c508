/** What each action sends, in order: the review shows these statements, and the steps send the same. */
import { moveShardStatement } from '../citus/move-changes';
import { addNodeStatement, replicateReferenceTablesStatement } from '../citus/node-changes';
import { setCoordinatorHostStatement, setShouldHaveShardsStatement } from '../citus/node-changes';
import { countRowsStatement } from '../citus/operation-reads';
import { startRebalanceStatement } from '../citus/rebalance-changes';
import {
  accessMethodStatement,
  alterTableStatement,
  createPartitionsStatement,
  distributeSchemaStatement,
  dropPartitionsStatement,
  isolateTenantStatement,
  moveSchemaStatement,
  moveTenantStatement,
  splitShardStatement,
  undistributeSchemaStatement,
  undistributeStatement,
  updateColocationStatement,
} from '../citus/table-alterations';
import { distributeTableStatement, truncateLocalDataStatement } from '../citus/table-changes';
import { repairStatement } from '../citus/table-repairs';
import { identifier, qualified, shownStatement } from '../connections/database';
import type { Statement } from '../connections/database';
import type { TableName } from '../contract/cluster';
import type { StepAction } from '../contract/operations';
import type { TableChangeAction } from '../contract/table-changes';
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
      return counted(action.compareRows ? [action] : [], change);
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
    default: {
      const change = changeStatement(action);
      return 'compare' in action ? counted(action.compare, change) : [change];
    }
  }
}

/** The one statement of the action that changes something. */
export function changeStatement(action: TableChangeAction): Statement {
  switch (action.type) {
    case 'undistribute-table':
      return undistributeStatement(action);
    case 'alter-table':
      return alterTableStatement(action);
    case 'update-colocation':
      return updateColocationStatement(action);
    case 'set-access-method':
      return accessMethodStatement(action);
    case 'distribute-schema':
      return distributeSchemaStatement(action);
    case 'undistribute-schema':
      return undistributeSchemaStatement(action);
    case 'move-schema':
      return moveSchemaStatement(action);
    case 'isolate-tenant':
      return isolateTenantStatement(action);
    case 'move-tenant':
      return moveTenantStatement(action);
    case 'split-shard':
      return splitShardStatement(action);
    case 'create-partitions':
      return createPartitionsStatement(action);
    case 'drop-partitions':
      return dropPartitionsStatement(action);
    default:
      return repairStatement(action);
  }
}

/** The change between two counts of each table that is compared. */
function counted(tables: readonly TableName[], change: Statement): readonly Statement[] {
  const counts = tables.map(countRowsStatement);
  return [...counts, change, ...counts];
}

/** The driver's quoting, for plans. */
export const planSql: PlanSql = {
  statements: (action) => statementsOf(action).map(shownStatement),
  identifier,
  qualified,
  literal: (text) => shownStatement({ text: '$1', values: [text] }).shown,
};
