/** The step that does an action. */
import type { StepAction } from '../../contract/operations';
import { checkBalanceStep } from './balance-steps';
import { moveShardsStep } from './move-steps';
import {
  accessMethodStep,
  alterTableStep,
  createPartitionsStep,
  distributeSchemaStep,
  dropPartitionsStep,
  moveSchemaStep,
  undistributeSchemaStep,
  undistributeStep,
  updateColocationStep,
} from './change-steps';
import { fillColumnStep } from './fill-steps';
import {
  addNodeStep,
  replicateReferenceTablesStep,
  setCoordinatorHostStep,
  setShouldHaveShardsStep,
} from './node-steps';
import { followJobStep, startRebalanceStep } from './rebalance-steps';
import { repairStep } from './repair-steps';
import { isolateTenantStep, moveTenantStep, splitShardStep } from './shard-steps';
import type { ActionOf, Step } from './step';
import { distributeTableStep, truncateLocalDataStep } from './table-steps';

export type StepTable = { readonly [T in StepAction['type']]: Step<ActionOf<T>> };

export const stepTable: StepTable = {
  'set-coordinator-host': setCoordinatorHostStep,
  'add-node': addNodeStep,
  'set-should-have-shards': setShouldHaveShardsStep,
  'replicate-reference-tables': replicateReferenceTablesStep,
  'distribute-table': distributeTableStep,
  'truncate-local-data': truncateLocalDataStep,
  'start-rebalance': startRebalanceStep,
  'follow-job': followJobStep,
  'move-shards': moveShardsStep,
  'check-balance': checkBalanceStep,
  'undistribute-table': undistributeStep,
  'alter-table': alterTableStep,
  'update-colocation': updateColocationStep,
  'set-access-method': accessMethodStep,
  'distribute-schema': distributeSchemaStep,
  'undistribute-schema': undistributeSchemaStep,
  'move-schema': moveSchemaStep,
  'create-partitions': createPartitionsStep,
  'drop-partitions': dropPartitionsStep,
  'isolate-tenant': isolateTenantStep,
  'move-tenant': moveTenantStep,
  'split-shard': splitShardStep,
  'drop-constraint': repairStep,
  'add-constraint': repairStep,
  'replace-constraint': repairStep,
  'replace-index': repairStep,
  'drop-trigger': repairStep,
  'drop-expression': repairStep,
  'change-column-type': repairStep,
  'identity-to-sequence': repairStep,
  'create-extension': repairStep,
  'add-column': repairStep,
  'fill-column': fillColumnStep,
  'require-column': repairStep,
};

/** The table's type ties each action to its own step, so the pairing below holds for every entry. */
export function stepFor(steps: StepTable, action: StepAction): Step {
  return steps[action.type] as unknown as Step;
}
