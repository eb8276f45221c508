/** Another table access method: rows kept as a heap, or by columns. */
import type { PlanReply, RequestOf } from '../../contract/operations';
import type { Reason } from '../mend';
import { listed, planReply, readable, refusalReply, sizeWords } from '../plan';
import type { PlanContext } from '../plan';
import type { ChangeFacts } from './change-facts';
import {
  clusterReasons,
  comparable,
  copyMs,
  droppedColumnReasons,
  nodeDiskReasons,
  noTableReason,
  rebuildFindings,
  rebuildReasons,
  unaccepted,
} from './rebuild';
import { basisOf, typeWords } from './undistribute';
import { knownTable } from './change-facts';

type Request = RequestOf<'change-access-method'>;

export function planChangeAccessMethod(
  facts: ChangeFacts & { readonly accessMethods: readonly string[] },
  request: Request,
  context: PlanContext,
): PlanReply {
  const name = readable(request.table);
  const title = `Store ${name} as ${request.accessMethod}`;
  const { table } = facts;
  const cluster = clusterReasons(facts, 'storing the table anew');
  if (!table) return refusalReply(title, [noTableReason(request.table), ...cluster]);
  const reasons: Reason[] = [];
  if (!facts.accessMethods.includes(request.accessMethod)) {
    reasons.push({
      code: 'no-access-method',
      message: `This server has no access method ${request.accessMethod}; it has ${listed(facts.accessMethods)}.`,
      fix:
        request.accessMethod === 'columnar'
          ? 'Install the extension citus_columnar on every node.'
          : 'Choose one of those.',
      fixSql: request.accessMethod === 'columnar' ? 'CREATE EXTENSION citus_columnar;' : undefined,
    });
  }
  if (table.accessMethod === request.accessMethod) {
    reasons.push({
      code: 'nothing-changes',
      message: `${name} already is stored as ${request.accessMethod}.`,
      fix: 'Choose another access method.',
    });
  }
  if (table.kind === 'partitioned') {
    reasons.push({
      code: 'partitioned',
      message: `${name} is partitioned and has no rows of its own; each partition is stored in its own way.`,
      fix: 'Change its partitions one by one.',
    });
  }
  const keys = [
    ...table.foreignKeys.map((key) => key.name),
    ...table.referencedBy.map((key) => `${key.name} of ${readable(key.table)}`),
  ];
  if (keys.length > 0) {
    reasons.push({
      code: 'foreign-keys',
      message: `${name} is tied by foreign keys (${listed(keys)}); Citus stores only a table without any anew.`,
      fix: 'Drop them first.',
      fixSql: [
        ...table.foreignKeys.map(
          (key) =>
            `ALTER TABLE ${context.sql.qualified(table)} DROP CONSTRAINT ${context.sql.identifier(key.name)};`,
        ),
        ...table.referencedBy.map(
          (key) =>
            `ALTER TABLE ${context.sql.qualified(key.table)} DROP CONSTRAINT ${context.sql.identifier(key.name)};`,
        ),
      ].join('\n'),
    });
  }
  // A partition is changed by itself here: the one thing that is done to it alone.
  reasons.push(
    ...rebuildReasons([{ ...table, parent: null }], null, context),
    ...droppedColumnReasons(facts, [table]),
  );
  if (knownTable(facts, table)) reasons.push(...nodeDiskReasons(facts, [table]));
  const left = unaccepted([...reasons, ...cluster], request.repairs);
  if (left.length > 0) return refusalReply(title, left);
  const isColumnar = request.accessMethod === 'columnar';
  return planReply(context, request, {
    title,
    summary: `${name} (${sizeWords(table.totalBytes)}) is stored as ${request.accessMethod}.`,
    steps: [
      {
        stepId: 'access-method',
        title: `Copy ${name} into a table stored as ${request.accessMethod}`,
        where: context.coordinator,
        blocks: `writes to ${name} until every row is copied, then reads for a moment`,
        undo: `the same with ${table.accessMethod ?? 'heap'}`,
        expectedMs: copyMs([table], 0),
        countsAsDoneWhen: `pg_class says that ${name} is stored as ${request.accessMethod}, and it has as many rows as before.`,
        ifInterrupted: 'It is one transaction: stored anew or unchanged. The next start looks first.',
        action: {
          type: 'set-access-method',
          schema: table.schema,
          name: table.name,
          accessMethod: request.accessMethod,
          compare: comparable([table]).map(({ schema, name: own }) => ({ schema, name: own })),
        },
      },
    ],
    findings: [
      ...(isColumnar
        ? [
            {
              level: 'mind' as const,
              code: 'columnar',
              message: `A columnar table takes INSERT and COPY alone: UPDATE and DELETE fail, and of the indexes only btree and hash are kept.`,
              remedy: 'Use it for rows that do not change any more, such as old partitions.',
            },
          ]
        : []),
      ...rebuildFindings([table]),
    ],
    details: {
      kind: 'change-table',
      changes: [
        {
          subject: name,
          before: `${typeWords(facts, table)}, stored as ${table.accessMethod ?? 'unknown'}`,
          after: `${typeWords(facts, table)}, stored as ${request.accessMethod}`,
        },
      ],
    },
    basis: basisOf(facts, [table]),
  });
}
