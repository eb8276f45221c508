/** Distributing a table: by hash, as a reference table, or as a local table in the metadata. */
import type { PlanReply, RequestOf } from '../contract/operations';
import { findingsOf } from './distribute-findings';
import {
  clusterRefusals,
  colocationFor,
  comparesRows,
  definitionWords,
  distributeStep,
  shardCountOf,
  summaryOf,
  tableRefusals,
  titleOf,
  truncateStep,
} from './distribute-one';
import type { Reason } from './mend';
import { counted, listed, planReply, readable, refusalReply } from './plan';
import type { PlanContext, StepDraft } from './plan';
import { placementOf } from './placement';
import { jobWords, nodesWords, refuseOffCoordinator } from './preconditions';
import type { DistributeFacts } from './distribute-facts';

type Request = RequestOf<'distribute-table'>;

export function planDistributeTable(
  facts: DistributeFacts,
  request: Request,
  context: PlanContext,
): PlanReply {
  const title = titleOf(request);
  const { table } = facts;
  if (!table) {
    return refusalReply(title, [...refuseOffCoordinator(facts.snapshot), noTable(request.table)]);
  }
  const reasons = [
    ...refuseOffCoordinator(facts.snapshot),
    ...tableRefusals(facts, table, request, context),
    ...clusterRefusals(facts),
  ];
  if (reasons.length > 0) return refusalReply(title, reasons);

  const choice = colocationFor(facts, table, request);
  const colocated = choice?.outcome === 'joins' ? choice.tables.map(readable) : [];
  const truncate = request.as.type === 'local' ? null : truncateStep('truncate-local', facts, table, context);
  const steps: readonly StepDraft[] = [
    distributeStep('distribute', table, request, choice, context),
    ...(truncate ? [truncate] : []),
  ];
  return planReply(context, request, {
    title,
    summary: summaryOf(facts, table, request, choice),
    steps,
    findings: findingsOf(table, request, comparesRows(table, request), facts),
    details: {
      kind: 'distribute-table',
      placement: choice ? placementOf(facts.snapshot, choice) : [],
      colocatedWith: colocated,
    },
    basis: {
      Nodes: nodesWords(facts.snapshot),
      'Running jobs': jobWords(facts.snapshot),
      [`Definition of ${readable(table)}`]: definitionWords(table),
      'Colocated tables': listed([...colocated].sort(), Number.MAX_SAFE_INTEGER),
      Shards: counted(shardCountOf(choice), 'shard'),
    },
  });
}

export function noTable(table: Request['table']): Reason {
  return {
    code: 'no-table',
    message: `There is no table ${readable(table)} on the coordinator.`,
    fix: 'Check the name and its schema; names are case-sensitive here.',
  };
}
