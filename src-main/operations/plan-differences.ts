/** Whether a plan that was consented to is still the one that would be made. Pure. */
import type { Plan, PlanReply } from '../contract/operations';
import { basisDifferences } from '../plans/plan';

/** Empty when the plan that was consented to is still what would be planned. */
export function differencesOf(consented: Plan, fresh: PlanReply): readonly string[] {
  if (fresh.outcome === 'refusal') return fresh.reasons.map((reason) => reason.message);
  const differences = [...basisDifferences(consented.basis, fresh.plan.basis)];
  const known = new Set(consented.findings.map((finding) => finding.code));
  for (const finding of fresh.plan.findings) {
    if (finding.level === 'mind' && !known.has(finding.code)) differences.push(finding.message);
  }
  if (differences.length === 0 && statementsOf(consented) !== statementsOf(fresh.plan)) {
    differences.push('The statements that would run are no longer those that were reviewed.');
  }
  return differences;
}

function statementsOf(plan: Plan): string {
  return JSON.stringify(plan.steps.map((step) => step.statements.map((statement) => statement.shown)));
}
