/** Another shard count or another distribution column: Citus makes the table anew, with those colocated or without. */
import type { PlanReply, RequestOf } from '../../contract/operations';
import { asideIdentities } from '../identity-columns';
import type { Reason } from '../mend';
import { counted, listed, planReply, readable, refusalReply, sameTable, sizeWords } from '../plan';
import type { PlanContext } from '../plan';
import type { TableFacts } from '../../contract/table-facts';
import { hashRefusals } from '../table-refusals';
import { colocatedTables, knownTable } from './change-facts';
import type { ChangeFacts } from './change-facts';
import {
  bytesOf,
  clusterReasons,
  comparable,
  copyMs,
  droppedColumnReasons,
  nodeDiskReasons,
  noTableReason,
  notHashReason,
  rebuildFindings,
  rebuildReasons,
  unaccepted,
} from './rebuild';
import { basisOf } from './undistribute';

type Request = RequestOf<'alter-table'>;

export function planAlterTable(facts: ChangeFacts, request: Request, context: PlanContext): PlanReply {
  const title = titleOf(request);
  const { table } = facts;
  const cluster = clusterReasons(facts, 'altering the table');
  if (!table) return refusalReply(title, [noTableReason(request.table), ...cluster]);
  const notHash = notHashReason(facts, table, context);
  if (notHash) return refusalReply(title, [notHash, ...cluster]);
  const colocated = colocatedTables(facts, table);
  const changed = request.cascade === true ? colocated : [table];
  const reasons = unaccepted(
    [
      ...requestReasons(facts, table, colocated, request, context),
      ...keyReasons(facts, table, changed, context),
      ...rebuildReasons(changed, 'sequence', context),
      ...droppedColumnReasons(facts, changed),
      ...nodeDiskReasons(facts, changed),
      ...cluster,
    ],
    request.repairs,
  );
  if (reasons.length > 0) return refusalReply(title, reasons);
  const known = knownTable(facts, table);
  const count = request.shardCount ?? known?.shardCount ?? 0;
  const names = listed(changed.map(readable));
  return planReply(context, request, {
    title,
    summary: `${names} (${sizeWords(bytesOf(changed))}) ${changed.length === 1 ? 'lies' : 'lie'} in ${counted(count, 'shard')} by ${request.column ?? known?.distributionColumn ?? 'unknown'}.`,
    steps: [
      {
        stepId: 'alter',
        title,
        where: context.coordinator,
        blocks: `writes to ${names} until every row is copied, then reads for a moment`,
        undo: `the same with ${request.shardCount === null ? '' : counted(known?.shardCount ?? 0, 'shard')}${request.shardCount !== null && request.column !== null ? ' and ' : ''}${request.column === null ? '' : `column ${known?.distributionColumn ?? ''}`}`,
        expectedMs: copyMs(changed, count * changed.length),
        countsAsDoneWhen: `pg_dist_shard and pg_dist_partition say so of ${readable(table)}, and there are as many rows as before.`,
        ifInterrupted: 'It is one transaction: altered or unchanged. The next start looks first.',
        action: {
          type: 'alter-table',
          schema: table.schema,
          name: table.name,
          column: request.column,
          shardCount: request.shardCount,
          colocateWith: null,
          cascade: colocated.length > 1 && request.shardCount !== null ? request.cascade : null,
          identities: asideIdentities(changed, request.repairs),
          compare: comparable(changed).map(({ schema, name }) => ({ schema, name })),
        },
      },
    ],
    findings: [
      ...(colocated.length > 1 && changed.length === 1
        ? [
            {
              level: 'mind' as const,
              code: 'leaves-group',
              message: `${readable(table)} leaves its colocation group; joins with ${listed(colocated.slice(1).map(readable))} no longer stay on one node.`,
            },
          ]
        : []),
      ...rebuildFindings(changed),
    ],
    details: {
      kind: 'change-table',
      changes: changed.map((one) => ({
        subject: readable(one),
        before: `${counted(knownTable(facts, one)?.shardCount ?? 0, 'shard')} by ${knownTable(facts, one)?.distributionColumn ?? ''}`,
        after: `${counted(count, 'shard')} by ${request.column ?? knownTable(facts, one)?.distributionColumn ?? ''}`,
      })),
    },
    basis: basisOf(facts, colocated),
  });
}

function titleOf(request: Request): string {
  const name = readable(request.table);
  if (request.column !== null && request.shardCount !== null) {
    return `Distribute ${name} by ${request.column} in ${counted(request.shardCount, 'shard')}`;
  }
  if (request.column !== null) return `Distribute ${name} by ${request.column}`;
  return `Change ${name} to ${counted(request.shardCount ?? 0, 'shard')}`;
}

function requestReasons(
  facts: ChangeFacts,
  table: TableFacts,
  colocated: readonly TableFacts[],
  request: Request,
  context: PlanContext,
): readonly Reason[] {
  const known = knownTable(facts, table);
  const name = readable(table);
  const reasons: Reason[] = [];
  const sameColumn = request.column === null || request.column === known?.distributionColumn;
  const sameCount = request.shardCount === null || request.shardCount === known?.shardCount;
  if (sameColumn && sameCount) {
    reasons.push({
      code: 'nothing-changes',
      message: `${name} already has ${counted(known?.shardCount ?? 0, 'shard')} by ${known?.distributionColumn ?? ''}.`,
      fix: 'Choose another shard count or another column.',
    });
  }
  if (colocated.length > 1 && request.shardCount !== null && !sameCount && request.cascade === null) {
    reasons.push({
      code: 'colocated-tables',
      message: `${listed(colocated.slice(1).map(readable))} ${colocated.length === 2 ? 'is' : 'are'} colocated with ${name}; whether they change along has to be said.`,
      fix: 'Change all of them together, which keeps joins on one node, or break the colocation.',
    });
  }
  if (request.cascade === true && request.column !== null) {
    reasons.push({
      code: 'column-cascade',
      message:
        'A distribution column is changed for one table at a time; Citus does not carry it to colocated tables.',
      fix: 'Change the table alone, then join the group again with the others.',
    });
  }
  if (request.column !== null && !sameColumn) {
    // As for a table that is distributed for the first time by this column, its keys to others aside.
    const alone = { ...table, foreignKeys: [], referencedBy: [] };
    reasons.push(
      ...hashRefusals(
        { ...facts, table: alone },
        alone,
        { type: 'hash', column: request.column, shardCount: request.shardCount, colocateWith: 'none' },
        context,
      ).map(({ code, message, fix, fixSql }) => ({ code, message, fix, fixSql })),
    );
  }
  return reasons;
}

/** Keys between tables that lie apart afterwards are dropped by Citus with no more than a warning. */
export function keyReasons(
  facts: ChangeFacts,
  table: TableFacts,
  changed: readonly TableFacts[],
  context: PlanContext,
): readonly Reason[] {
  const isChanged = (one: { readonly schema: string; readonly name: string }): boolean =>
    changed.some((other) => sameTable(other, one));
  const staysAt = (one: { readonly schema: string; readonly name: string }): boolean =>
    facts.snapshot.tables.some((other) => sameTable(other, one) && other.type === 'reference');
  return changed.flatMap((one) => {
    const keys = [
      ...one.foreignKeys
        .filter((key) => !isChanged(key.references) && !staysAt(key.references))
        .map((key) => ({ holder: one, key: key.name, other: readable(key.references) })),
      ...one.referencedBy
        .filter((key) => !isChanged(key.table))
        .map((key) => ({ holder: key.table, key: key.name, other: readable(key.table) })),
    ];
    return keys.map(({ holder, key, other }) => ({
      code: 'foreign-keys',
      message: `Foreign key ${key} between ${readable(one)} and ${other} cannot outlive the change: ${other} does not change along with ${readable(table)}, and Citus would drop the key with no more than a warning.`,
      fix: 'Change the colocated tables along, or drop the key first.',
      fixSql: `ALTER TABLE ${context.sql.qualified(holder)} DROP CONSTRAINT ${context.sql.identifier(key)};`,
    }));
  });
}
