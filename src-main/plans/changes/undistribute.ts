/** Taking a table back to the coordinator, with every table that foreign keys tie to it. */
import type { PlanReply, RequestOf } from '../../contract/operations';
import { asideIdentities } from '../identity-columns';
import type { Reason } from '../mend';
import { counted, listed, planReply, readable, refusalReply, sizeWords } from '../plan';
import type { PlanContext, StepDraft } from '../plan';
import { jobWords, nodesWords } from '../preconditions';
import type { TableFacts } from '../../contract/table-facts';
import { definitionWords } from '../distribute-one';
import { connectedTables, knownTable } from './change-facts';
import type { ChangeFacts } from './change-facts';
import {
  bytesOf,
  clusterReasons,
  comparable,
  coordinatorDiskReasons,
  copyMs,
  noTableReason,
  rebuildFindings,
  rebuildReasons,
  unaccepted,
} from './rebuild';

type Request = RequestOf<'undistribute-table'>;

export function planUndistribute(facts: ChangeFacts, request: Request, context: PlanContext): PlanReply {
  const title = `Undistribute ${readable(request.table)}`;
  const { table } = facts;
  const cluster = clusterReasons(facts, 'undistributing');
  if (!table) return refusalReply(title, [noTableReason(request.table), ...cluster]);
  const tables = undistributed(facts, table, request.cascade);
  const reasons = unaccepted(
    [...undistributeReasons(facts, table, request.cascade, context), ...cluster],
    request.repairs,
  );
  if (reasons.length > 0) return refusalReply(title, reasons);
  return planReply(context, request, {
    title,
    summary: `${listed(tables.map(readable))} (${sizeWords(bytesOf(tables))}) ${tables.length === 1 ? 'lies' : 'lie'} on the coordinator alone, as ${tables.length === 1 ? 'an ordinary table' : 'ordinary tables'}.`,
    steps: [undistributeStep('undistribute', table, tables, request, context)],
    findings: [
      ...(tables.length > 1
        ? [
            {
              level: 'mind' as const,
              code: 'cascade',
              message: `Foreign keys tie ${counted(tables.length - 1, 'other table')} to ${readable(table)}: ${listed(tables.slice(1).map(readable), 12)}. All of them become ordinary tables.`,
            },
          ]
        : []),
      ...rebuildFindings(tables),
    ],
    details: {
      kind: 'change-table',
      changes: tables.map((one) => ({
        subject: readable(one),
        before: typeWords(facts, one),
        after: 'ordinary table on the coordinator',
      })),
    },
    basis: basisOf(facts, tables),
  });
}

/** Those that Citus takes back together: with the cascade every table of the web of keys that it knows. */
export function undistributed(
  facts: ChangeFacts,
  table: TableFacts,
  cascade: boolean,
): readonly TableFacts[] {
  if (!cascade) return [table];
  return connectedTables(facts, table).filter((one) => knownTable(facts, one) !== undefined);
}

export function undistributeReasons(
  facts: ChangeFacts,
  table: TableFacts,
  cascade: boolean,
  context: PlanContext,
): readonly Reason[] {
  const name = readable(table);
  const known = knownTable(facts, table);
  const reasons: Reason[] = [];
  if (!known) {
    return [
      {
        code: 'not-distributed',
        message: `${name} is not distributed; there is nothing to take back.`,
        fix: 'Choose a table that Citus knows.',
      },
    ];
  }
  if (known.type === 'schema') {
    reasons.push({
      code: 'schema-table',
      message: `${name} belongs to the distributed schema ${table.schema}; it can only be taken back with the whole schema.`,
      fix: `Undistribute the schema ${table.schema}.`,
      fixSql: `SELECT citus_schema_undistribute(${context.sql.literal(context.sql.identifier(table.schema))});`,
    });
  }
  const isTied = table.foreignKeys.length > 0 || table.referencedBy.length > 0;
  if (isTied && !cascade) {
    const keys = [
      ...table.foreignKeys.map((key) => `${key.name} to ${readable(key.references)}`),
      ...table.referencedBy.map((key) => `${key.name} of ${readable(key.table)}`),
    ];
    reasons.push({
      code: 'foreign-keys',
      message: `${name} is tied by foreign keys (${listed(keys)}); alone it cannot be taken back.`,
      fix: 'Take back every table of the chain with it, or drop the keys first.',
      fixSql: `SELECT undistribute_table(${context.sql.literal(context.sql.qualified(table))}, cascade_via_foreign_keys => true);`,
    });
  }
  const tables = undistributed(facts, table, cascade);
  reasons.push(...rebuildReasons(tables, 'kept', context), ...coordinatorDiskReasons(facts, tables));
  return reasons;
}

export function undistributeStep(
  stepId: string,
  table: TableFacts,
  tables: readonly TableFacts[],
  request: { readonly cascade: boolean; readonly repairs?: readonly string[] | undefined },
  context: PlanContext,
): StepDraft {
  const names = listed(tables.map(readable));
  const isCascade = request.cascade && (table.foreignKeys.length > 0 || table.referencedBy.length > 0);
  return {
    stepId,
    title: `Copy the rows of ${names} back to the coordinator`,
    where: context.coordinator,
    blocks: `writes to ${names} until every row is copied, then reads for a moment`,
    undo: 'distribute again, by the same column',
    expectedMs: copyMs(tables, 0),
    countsAsDoneWhen: `pg_dist_partition does not list ${names}, and there are as many rows as before.`,
    ifInterrupted: 'It is one transaction: undistributed or unchanged. The next start looks first.',
    action: {
      type: 'undistribute-table',
      schema: table.schema,
      name: table.name,
      cascade: isCascade,
      identities: asideIdentities(tables, request.repairs),
      compare: comparable(tables).map(({ schema, name }) => ({ schema, name })),
    },
  };
}

export function typeWords(facts: ChangeFacts, table: TableFacts): string {
  const known = knownTable(facts, table);
  if (!known) return 'ordinary table';
  switch (known.type) {
    case 'distributed':
      return known.distributionColumn === null
        ? 'distributed, one shard'
        : `${counted(known.shardCount, 'shard')} by ${known.distributionColumn}`;
    case 'reference':
      return 'reference table';
    case 'local':
      return 'local table in the metadata';
    case 'schema':
      return `table of the distributed schema ${known.schema}`;
  }
}

export function basisOf(facts: ChangeFacts, tables: readonly TableFacts[]): Readonly<Record<string, string>> {
  return {
    Nodes: nodesWords(facts.snapshot),
    'Running jobs': jobWords(facts.snapshot),
    ...Object.fromEntries(
      tables.map((table) => [
        `Definition of ${readable(table)}`,
        `${typeWords(facts, table)}, ${definitionWords(table)}`,
      ]),
    ),
  };
}
