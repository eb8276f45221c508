/** An operation whose rest is another plan from here on: what was done stays in it, what was not makes room. Pure. */
import type { NodeLoad, Operation, OperationStep, Plan, PlanStep } from '../contract/operations';
import { counted } from '../plans/plan';
import { toOperationStep } from './planned-steps';

/** @param at ISO 8601: when the plan was taken */
export function withPlan(operation: Operation, plan: Plan, at: string): Operation {
  const kept = operation.steps.flatMap((step) => keptOf(step, at));
  const number = nextNumber(operation.steps);
  const before = operation.details.kind === 'rebalance' ? operation.details.nodes : [];
  const made = kept.reduce((sum, { items }) => sum + items.filter(({ state }) => state === 'done').length, 0);
  const fresh = plan.request.kind === 'rebalance-moves' ? plan.request.moves.length : 0;
  return {
    ...operation,
    revision: operation.revision + 1,
    request: plan.request,
    title: `Move ${counted(made + fresh, 'shard group')}`,
    summary: made === 0 ? plan.summary : `Planned afresh after ${counted(made, 'move')}: ${plan.summary}`,
    steps: [
      ...kept,
      ...plan.steps.map((step) =>
        toOperationStep({ ...fromStart(step, before), stepId: `${step.stepId}-${number}` }),
      ),
    ],
    details:
      plan.details.kind === 'rebalance'
        ? { ...plan.details, nodes: nodesFromStart(plan.details.nodes, before) }
        : plan.details,
  };
}

/** Steps that are done, and moves of which some are: those that are not are told as left out. */
function keptOf(step: OperationStep, at: string): readonly OperationStep[] {
  if (step.state === 'done') return [step];
  const done = step.items.filter(({ state }) => state === 'done').length;
  if (done === 0) return [];
  return [
    {
      ...step,
      state: 'done',
      endedAt: at,
      outcome: `${done} of ${step.items.length} moved, the rest planned afresh`,
      items: step.items.map((item) =>
        item.state === 'waiting' ? { ...item, state: 'cancelled', outcome: 'not in the new plan' } : item,
      ),
    },
  ];
}

/** Names of steps stay their own: the journal tells of the old ones too. */
function nextNumber(steps: readonly OperationStep[]): number {
  const numbers = steps.map(({ stepId }) => Number(/-(\d+)$/.exec(stepId)?.[1] ?? 1));
  return Math.max(1, ...numbers) + 1;
}

/** The balance before is the one before the first move of the operation. */
function fromStart(step: PlanStep, before: readonly NodeLoad[]): PlanStep {
  return step.action.type === 'check-balance'
    ? { ...step, action: { ...step.action, nodes: nodesFromStart(step.action.nodes, before) } }
    : step;
}

function nodesFromStart(nodes: readonly NodeLoad[], before: readonly NodeLoad[]): readonly NodeLoad[] {
  const known = new Map(before.map((load) => [load.node, load]));
  return nodes.map((load) => {
    const { bytesBefore, shardGroupsBefore } = known.get(load.node) ?? load;
    return { ...load, bytesBefore, shardGroupsBefore };
  });
}
