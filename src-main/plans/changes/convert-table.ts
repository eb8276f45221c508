/** From a reference table to a distributed one and back: over an ordinary table, each half a step of its own. */
import type { PlanReply, RequestOf } from '../../contract/operations';
import {
  clusterRefusals,
  colocationFor,
  comparesRows,
  distributeStep,
  tableRefusals,
  titleOf,
  truncateStep,
} from '../distribute-one';
import { findingsOf } from '../distribute-findings';
import type { Reason } from '../mend';
import { listed, planReply, readable, refusalReply } from '../plan';
import type { PlanContext } from '../plan';
import { afterUndistributing } from '../planned-world';
import { knownTable } from './change-facts';
import type { ChangeFacts } from './change-facts';
import { clusterReasons, noTableReason, rebuildFindings, unaccepted } from './rebuild';
import { basisOf, typeWords, undistributeReasons, undistributeStep } from './undistribute';

type Request = RequestOf<'convert-table'>;

export function planConvertTable(facts: ChangeFacts, request: Request, context: PlanContext): PlanReply {
  const one: RequestOf<'distribute-table'> = {
    kind: 'distribute-table',
    table: request.table,
    as: request.to,
  };
  const title = titleOf(one);
  const { table } = facts;
  const cluster = clusterReasons(facts, 'converting the table');
  if (!table) return refusalReply(title, [noTableReason(request.table), ...cluster]);
  const known = knownTable(facts, table);
  const reasons: Reason[] = [];
  const isThere = known?.type === 'reference' ? request.to.type === 'reference' : request.to.type === 'hash';
  if (known && isThere) {
    reasons.push({
      code: 'nothing-changes',
      message: `${readable(table)} already is a ${known.type} table.`,
      fix:
        known.type === 'reference'
          ? 'Choose a distribution column.'
          : 'Change its column or its shard count instead.',
    });
  }
  // Alone: the tables that keys tie to it stay where they are, so the keys would have to go first.
  const takenBack = undistributeReasons(facts, table, false, context).map(withoutCascade);
  const between = {
    ...facts,
    snapshot: afterUndistributing(facts.snapshot, [table]),
    table: { ...table, heapBytes: Math.max(table.heapBytes, 1) },
  };
  reasons.push(
    ...unaccepted(takenBack, request.repairs),
    // Repairs of a table to be distributed are not among the steps here.
    ...tableRefusals(between, table, one, context).map(({ repair: _repair, ...reason }) => reason),
    ...cluster,
    ...clusterRefusals(facts),
  );
  const unique = [...new Map(reasons.map((reason) => [`${reason.code} ${reason.message}`, reason])).values()];
  if (unique.length > 0) return refusalReply(title, unique);
  const choice = colocationFor(between, table, one);
  const truncate = truncateStep('truncate-local', between, between.table, context);
  return planReply(context, request, {
    title,
    summary: `${readable(table)} is no longer a ${known?.type ?? ''} table; between the two steps it is an ordinary table of the coordinator.`,
    steps: [
      undistributeStep('undistribute', table, [table], { cascade: false, repairs: request.repairs }, context),
      distributeStep('distribute', table, one, choice, context),
      ...(truncate ? [truncate] : []),
    ],
    findings: [
      ...rebuildFindings([table]),
      ...findingsOf(table, one, comparesRows(table, one), between).filter(
        (finding) => finding.code !== 'compared',
      ),
    ],
    details: {
      kind: 'change-table',
      changes: [
        {
          subject: readable(table),
          before: typeWords(facts, table),
          after:
            request.to.type === 'reference'
              ? 'reference table'
              : `distributed by ${request.to.column}${choice?.outcome === 'joins' ? `, colocated with ${listed(choice.tables.map(readable))}` : ''}`,
        },
      ],
    },
    basis: basisOf(facts, [table]),
  });
}

function withoutCascade(reason: Reason): Reason {
  if (reason.code !== 'foreign-keys') return reason;
  return {
    ...reason,
    message: reason.message.replace('alone it cannot be taken back', 'it cannot be converted with them'),
    fix: 'Drop the keys first, convert, and add those again that can hold.',
    fixSql: undefined,
  };
}
