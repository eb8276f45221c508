/** The step that does an action. */
import type { StepAction } from '../../contract/operations';
import { checkBalanceStep } from './balance-steps';
import { moveShardsStep } from './move-steps';
import {
  addNodeStep,
  replicateReferenceTablesStep,
  setCoordinatorHostStep,
  setShouldHaveShardsStep,
} from './node-steps';
import { followJobStep, startRebalanceStep } from './rebalance-steps';
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
};

/** The table's type ties each action to its own step, so the pairing below holds for every entry. */
export function stepFor(steps: StepTable, action: StepAction): Step {
  return steps[action.type] as unknown as Step;
}
