/** Schema-based sharding: a schema whose tables lie together on one node, moved and taken back as a whole. */
import type { PlanReply, RequestOf } from '../../contract/operations';
import { asideIdentities } from '../identity-columns';
import type { Reason } from '../mend';
import { addressOf, counted, listed, planReply, readable, refusalReply, sizeWords } from '../plan';
import type { NodeAnswer, PlanContext, StepDraft } from '../plan';
import { jobWords, nodesWords } from '../preconditions';
import { definitionWords, truncateStep } from '../distribute-one';
import { parentTablesFirst } from '../set-order';
import type { TableFacts } from '../../contract/table-facts';
import type { DistributeFacts } from '../distribute-facts';
import { schemaReasons, tenantTableReasons } from './schema-reasons';
import type { ClusterNode, ClusterSnapshot } from '../../contract/cluster';
import {
  bytesOf,
  clusterReasons,
  comparable,
  coordinatorDiskReasons,
  copyMs,
  rebuildFindings,
  rebuildReasons,
  unaccepted,
} from './rebuild';
import type { DiskFacts } from './change-facts';
import { targetReasons, transferReasons } from './shard-reasons';

export interface SchemaFacts {
  readonly snapshot: ClusterSnapshot;
  readonly answers: readonly NodeAnswer[];
  readonly settings: DistributeFacts['settings'];
  readonly disk: DiskFacts;
  readonly schema: {
    readonly exists: boolean;
    readonly isDistributed: boolean;
    readonly nodeIds: readonly number[];
  };
  /** Tables in it, partitions left out. */
  readonly tables: readonly TableFacts[];
}

export function planDistributeSchema(
  facts: SchemaFacts,
  request: RequestOf<'distribute-schema'>,
  context: PlanContext,
): PlanReply {
  const { schema } = request;
  const title = `Distribute the schema ${schema}`;
  const reasons = [
    ...schemaReasons(facts, schema, false),
    ...facts.tables.flatMap((table) => tenantTableReasons(facts, table, schema, context)).map(asTold),
    ...clusterReasons(facts, 'distributing a schema'),
  ];
  if (reasons.length > 0) return refusalReply(title, reasons);
  return planReply(context, request, {
    title,
    summary: `${counted(facts.tables.length, 'table')} of ${schema} (${sizeWords(bytesOf(facts.tables))}) lie together on one node that Citus chooses; tables made in the schema later lie there too.`,
    steps: [
      schemaStep('schema', schema, facts.tables, context),
      ...parentTablesFirst(facts.tables)
        .toReversed()
        .flatMap((table, index) => truncateStep(`truncate-${index + 1}`, facts, table, context) ?? []),
    ],
    findings: [
      {
        level: 'fine',
        code: 'names-only',
        message: `Queries reach the tables by their names, through any node. Tables of two distributed schemas cannot be joined in one query.`,
      },
      ...rebuildFindings(facts.tables.map((table) => ({ ...table, dependents: [] }))),
    ],
    details: {
      kind: 'change-table',
      changes: [
        { subject: `schema ${schema}`, before: 'on the coordinator', after: 'on one node, as a whole' },
      ],
    },
    basis: basisOf(facts),
  });
}

export function schemaStep(
  stepId: string,
  schema: string,
  tables: readonly TableFacts[],
  context: PlanContext,
): StepDraft {
  return {
    stepId,
    title: `Distribute the schema ${schema}`,
    where: context.coordinator,
    blocks: `reads and writes of every table of ${schema} until all rows are copied`,
    undo: 'citus_schema_undistribute copies the rows back',
    expectedMs: copyMs(tables, tables.length),
    countsAsDoneWhen: `pg_dist_schema lists ${schema}, and its tables have as many rows as before.`,
    ifInterrupted: 'It is one transaction: distributed or unchanged. The next start looks first.',
    action: { type: 'distribute-schema', schema, compare: namesOf(comparable(tables)) },
  };
}

export function planUndistributeSchema(
  facts: SchemaFacts,
  request: RequestOf<'undistribute-schema'>,
  context: PlanContext,
): PlanReply {
  const { schema } = request;
  const title = `Undistribute the schema ${schema}`;
  const reasons = unaccepted(
    [
      ...schemaReasons(facts, schema, true),
      ...rebuildReasons(facts.tables, 'kept', context),
      ...coordinatorDiskReasons(facts, facts.tables),
      ...clusterReasons(facts, 'undistributing a schema'),
    ],
    request.repairs,
  );
  if (reasons.length > 0) return refusalReply(title, reasons);
  return planReply(context, request, {
    title,
    summary: `${counted(facts.tables.length, 'table')} of ${schema} (${sizeWords(bytesOf(facts.tables))}) lie on the coordinator, as ordinary tables.`,
    steps: [
      {
        stepId: 'schema',
        title: `Copy the tables of ${schema} back to the coordinator`,
        where: context.coordinator,
        blocks: `writes to every table of ${schema} until all rows are copied, then reads for a moment`,
        undo: 'citus_schema_distribute, on a node that Citus chooses',
        expectedMs: copyMs(facts.tables, 0),
        countsAsDoneWhen: `pg_dist_schema does not list ${schema}, and its tables have as many rows as before.`,
        ifInterrupted: 'It is one transaction: undistributed or unchanged. The next start looks first.',
        action: {
          type: 'undistribute-schema',
          schema,
          identities: asideIdentities(facts.tables, request.repairs),
          compare: namesOf(comparable(facts.tables)),
        },
      },
    ],
    findings: rebuildFindings(facts.tables),
    details: {
      kind: 'change-table',
      changes: [{ subject: `schema ${schema}`, before: placeWords(facts), after: 'on the coordinator' }],
    },
    basis: basisOf(facts),
  });
}

export function planMoveSchema(
  facts: SchemaFacts,
  request: RequestOf<'move-schema'>,
  context: PlanContext,
): PlanReply {
  const { schema, nodeId, transferMode } = request;
  const node = facts.snapshot.nodes.find((one) => one.nodeId === nodeId);
  const title = `Move the schema ${schema} to ${node ? addressOf(node) : `node ${nodeId}`}`;
  const reasons: Reason[] = [
    ...schemaReasons(facts, schema, true),
    ...targetReasons(facts.snapshot, nodeId, bytesOf(facts.tables), facts.disk),
    ...transferReasons(facts, facts.tables, transferMode),
  ];
  if (facts.schema.isDistributed && facts.tables.length === 0) {
    reasons.push({
      code: 'empty-schema',
      message: `${schema} holds no table, so it lies nowhere yet.`,
      fix: 'Create a table in it first.',
    });
  }
  if (facts.schema.nodeIds.includes(nodeId)) {
    reasons.push({
      code: 'nothing-changes',
      message: `${schema} already lies on ${node ? addressOf(node) : `node ${nodeId}`}.`,
      fix: 'Choose another node.',
    });
  }
  reasons.push(...clusterReasons(facts, 'moving a schema'));
  if (reasons.length > 0 || !node) return refusalReply(title, reasons);
  return planReply(context, request, {
    title,
    summary: `${counted(facts.tables.length, 'table')} of ${schema} (${sizeWords(bytesOf(facts.tables))}) lie on ${addressOf(node)}.`,
    steps: [
      {
        stepId: 'schema',
        title,
        where: context.coordinator,
        blocks:
          transferMode === 'block_writes'
            ? `writes to every table of ${schema} until all rows are copied`
            : `writes to every table of ${schema} for a few seconds at its end`,
        undo: 'the same with the node of before',
        expectedMs: copyMs(facts.tables, facts.tables.length),
        countsAsDoneWhen: `every shard of ${schema} lies on ${addressOf(node)}.`,
        ifInterrupted: 'Citus takes back what it began and cleans up later. The next start looks first.',
        action: { type: 'move-schema', schema, nodeId, node: addressOf(node), transferMode },
      },
    ],
    findings: [
      {
        level: 'fine',
        code: 'old-copy',
        message: 'The copies on the node of before are dropped by Citus a little later.',
      },
    ],
    details: {
      kind: 'change-table',
      changes: [{ subject: `schema ${schema}`, before: placeWords(facts), after: `on ${addressOf(node)}` }],
    },
    basis: basisOf(facts),
  });
}

/** What a set of tables mends as a step of its own is left to the person here. */
function asTold({ code, message, fix, fixSql }: Reason): Reason {
  return { code, message, fix, fixSql };
}

function namesOf(tables: readonly TableFacts[]): readonly { schema: string; name: string }[] {
  return tables.map(({ schema, name }) => ({ schema, name }));
}

function placeWords(facts: SchemaFacts): string {
  const nodes = facts.schema.nodeIds.flatMap((nodeId): readonly ClusterNode[] =>
    facts.snapshot.nodes.filter((node) => node.nodeId === nodeId),
  );
  return nodes.length === 0 ? 'nowhere yet' : `on ${listed(nodes.map(addressOf))}`;
}

function basisOf(facts: SchemaFacts): Readonly<Record<string, string>> {
  return {
    Nodes: nodesWords(facts.snapshot),
    'Running jobs': jobWords(facts.snapshot),
    Place: placeWords(facts),
    ...Object.fromEntries(
      facts.tables.map((table) => [`Definition of ${readable(table)}`, definitionWords(table)]),
    ),
  };
}
