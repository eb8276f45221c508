/** Schema-based sharding: a schema whose tables lie together on one node, moved and taken back as a whole. */
import type { PlanReply, RequestOf } from '../../contract/operations';
import { asideIdentities } from '../identity-columns';
import type { Reason } from '../mend';
import { addressOf, counted, listed, planReply, readable, refusalReply, sameTable, sizeWords } from '../plan';
import type { NodeAnswer, PlanContext } from '../plan';
import { jobWords, nodesWords } from '../preconditions';
import { definitionWords } from '../distribute-one';
import type { TableFacts } from '../../contract/table-facts';
import type { DistributeFacts } from '../distribute-facts';
import { relationRefusals } from '../table-refusals';
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
    ...facts.tables.flatMap((table) => tenantTableReasons(facts, table, schema, context)),
    ...clusterReasons(facts, 'distributing a schema'),
  ];
  if (reasons.length > 0) return refusalReply(title, reasons);
  return planReply(context, request, {
    title,
    summary: `${counted(facts.tables.length, 'table')} of ${schema} (${sizeWords(bytesOf(facts.tables))}) lie together on one node that Citus chooses; tables made in the schema later lie there too.`,
    steps: [
      {
        stepId: 'schema',
        title,
        where: context.coordinator,
        blocks: `reads and writes of every table of ${schema} until all rows are copied`,
        undo: 'citus_schema_undistribute copies the rows back',
        expectedMs: copyMs(facts.tables, facts.tables.length),
        countsAsDoneWhen: `pg_dist_schema lists ${schema}, and its tables have as many rows as before.`,
        ifInterrupted: 'It is one transaction: distributed or unchanged. The next start looks first.',
        action: { type: 'distribute-schema', schema, compare: namesOf(comparable(facts.tables)) },
      },
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

function schemaReasons(facts: SchemaFacts, schema: string, shallBeDistributed: boolean): readonly Reason[] {
  if (!facts.snapshot.capabilities.schemaSharding) {
    return [
      {
        code: 'no-schema-sharding',
        message: `Citus ${facts.snapshot.versions.citus} has no distributed schemas.`,
        fix: 'Update Citus to 12.0 or later.',
      },
    ];
  }
  if (!facts.schema.exists) {
    return [
      {
        code: 'no-schema',
        message: `There is no schema ${schema}.`,
        fix: 'Check the name; names are case-sensitive here.',
      },
    ];
  }
  if (
    ['public', 'information_schema', 'citus', 'citus_internal'].includes(schema)
    || schema.startsWith('pg_')
  ) {
    return [
      {
        code: 'system-schema',
        message: `${schema} cannot be a distributed schema.`,
        fix: 'Move the tables to a schema of their own.',
      },
    ];
  }
  if (facts.schema.isDistributed === shallBeDistributed) return [];
  return [
    {
      code: 'nothing-changes',
      message: `${schema} ${facts.schema.isDistributed ? 'already is' : 'is not'} a distributed schema.`,
      fix: 'Choose another schema.',
    },
  ];
}

/** Source: commands/schema_based_sharding.c of Citus 13.2.2. */
function tenantTableReasons(
  facts: SchemaFacts,
  table: TableFacts,
  schema: string,
  context: PlanContext,
): readonly Reason[] {
  const known = facts.snapshot.tables.find((one) => sameTable(one, table));
  const isReference = (one: { readonly schema: string; readonly name: string }): boolean =>
    facts.snapshot.tables.some((other) => sameTable(other, one) && other.type === 'reference');
  if (known && known.type !== 'local') {
    return [
      {
        code: 'has-distributed-table',
        message: `${readable(table)} is a ${known.type} table of Citus; a schema that holds one cannot be distributed.`,
        fix: 'Undistribute it first.',
        fixSql: `SELECT undistribute_table(${context.sql.literal(context.sql.qualified(table))});`,
      },
    ];
  }
  const reasons: Reason[] = [
    ...relationRefusals({ ...facts, table, columnHasNull: false }, table, 'hash', context).map(
      ({ code, message, fix, fixSql }) => ({ code, message, fix, fixSql }),
    ),
  ];
  for (const key of table.foreignKeys) {
    if (key.references.schema === schema || isReference(key.references)) continue;
    reasons.push({
      code: 'foreign-key-leaves-schema',
      message: `Foreign key ${key.name} of ${readable(table)} points to ${readable(key.references)}; keys of a distributed schema reach its own tables and reference tables alone.`,
      fix: `Make ${readable(key.references)} a reference table, or drop the key.`,
      fixSql: `SELECT create_reference_table(${context.sql.literal(context.sql.qualified(key.references))});`,
    });
  }
  for (const key of table.referencedBy) {
    if (key.table.schema === schema) continue;
    reasons.push({
      code: 'foreign-key-enters-schema',
      message: `${readable(key.table)} references ${readable(table)} by ${key.name}; no key may come from another schema.`,
      fix: 'Drop that key.',
      fixSql: `ALTER TABLE ${context.sql.qualified(key.table)} DROP CONSTRAINT ${context.sql.identifier(key.name)};`,
    });
  }
  return reasons;
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
