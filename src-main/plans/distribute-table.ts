/** Distributing a table: by hash, as a reference table, or as a local table in the metadata. */
import type { Finding, PlanReply, RefusalReason, RequestOf } from '../contract/operations';
import { counted, listed, planReply, readable, refusalReply, sameTable, sizeWords } from './plan';
import type { PlanContext, StepDraft } from './plan';
import { chooseColocation, placementOf } from './placement';
import type { ColocationChoice } from './placement';
import {
  jobWords,
  nodesWords,
  refuseOffCoordinator,
  refuseWhileJobRuns,
  refuseWhileNodesAreDown,
} from './preconditions';
import type { DistributeFacts, TableFacts } from './table-facts';
import { undistributedForeignKeyRefusals } from './foreign-key-refusals';
import { hashRefusals, relationRefusals } from './table-refusals';

/** 63 bytes less "_" and the longest shard number, an int8: what fits always leaves shards names of their own. */
const parallelNameBytes = 42;

type Request = RequestOf<'distribute-table'>;

/** Above this, counting rows twice would cost more than it tells. */
const countableBytes = 20 * 1024 ** 3;

export function planDistributeTable(
  facts: DistributeFacts,
  request: Request,
  context: PlanContext,
): PlanReply {
  const title = titleOf(request);
  const { table } = facts;
  if (!table) {
    return refusalReply(title, [
      ...refuseOffCoordinator(facts.snapshot),
      {
        code: 'no-table',
        message: `There is no table ${readable(request.table)} on the coordinator.`,
        fix: 'Check the name and its schema; names are case-sensitive here.',
      },
    ]);
  }
  const reasons = refusals(facts, table, request, context);
  if (reasons.length > 0) return refusalReply(title, reasons);

  const choice = colocationFor(facts, table, request);
  const colocated = choice?.outcome === 'joins' ? choice.tables.map(readable) : [];
  const compares = table.totalBytes <= countableBytes && request.as.type !== 'local';
  return planReply(context, request, {
    title,
    summary: summaryOf(facts, table, request, choice),
    steps: stepsOf(facts, table, request, context, compares, choice),
    findings: findingsOf(table, request, compares, facts),
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

function titleOf(request: Request): string {
  const name = readable(request.table);
  switch (request.as.type) {
    case 'hash':
      return `Distribute ${name} by ${request.as.column}`;
    case 'reference':
      return `Make ${name} a reference table`;
    case 'local':
      return `Add ${name} to the metadata as a local table`;
  }
}

function refusals(
  facts: DistributeFacts,
  table: TableFacts,
  request: Request,
  context: PlanContext,
): readonly RefusalReason[] {
  const reasons: RefusalReason[] = [
    ...refuseOffCoordinator(facts.snapshot),
    ...relationRefusals(facts, table, request.as.type, context),
  ];
  switch (request.as.type) {
    case 'hash':
      reasons.push(...hashRefusals(facts, table, request.as, context));
      break;
    case 'reference':
    case 'local':
      reasons.push(...undistributedForeignKeyRefusals(facts, table, request.as.type, context));
      break;
  }
  reasons.push(
    ...refuseWhileJobRuns(facts.snapshot, 'new shards would change what it works on.'),
    ...refuseWhileNodesAreDown(facts.snapshot, facts.answers, 'a new table is written to every active node.'),
  );
  return reasons;
}

function colocationFor(facts: DistributeFacts, table: TableFacts, request: Request): ColocationChoice | null {
  if (request.as.type !== 'hash') return null;
  const wanted = request.as.column;
  const column = table.columns.find((one) => one.name === wanted);
  return column ? chooseColocation(facts.snapshot, column, request.as, facts.settings) : null;
}

/** A reference or local table is one shard. */
function shardCountOf(choice: ColocationChoice | null): number {
  if (choice?.outcome === 'joins') return choice.tables[0]?.shardCount ?? choice.group.shardCount;
  return choice?.outcome === 'new' ? choice.shardCount : 1;
}

function findingsOf(
  table: TableFacts,
  request: Request,
  compares: boolean,
  facts: DistributeFacts,
): readonly Finding[] {
  const name = readable(table);
  const findings: Finding[] = [];
  if (request.as.type === 'hash') {
    const wanted = request.as.column;
    const column = table.columns.find((one) => one.name === wanted);
    if (column?.isNullable && facts.columnHasNull === 'unknown') {
      findings.push({
        level: 'mind',
        code: 'null-unknown',
        message: `Whether ${wanted} is NULL somewhere was not found out in time; one such row makes the step fail without a change.`,
        remedy: 'SET NOT NULL on the column first, which looks at every row.',
      });
    }
    const distinct = column?.distinctEstimate ?? null;
    if (distinct !== null && distinct >= 0 && distinct < 32) {
      findings.push({
        level: 'mind',
        code: 'few-values',
        message: `${wanted} has about ${counted(distinct, 'value')}: most shards will stay empty.`,
        remedy: 'Choose a column with many values, such as a tenant or entity id.',
      });
    }
    if (!table.hasReplicaIdentity && table.kind !== 'partitioned') {
      findings.push({
        level: 'mind',
        code: 'no-replica-identity',
        message: `${name} has no primary key and no replica identity; a later rebalance in auto mode stops at it as a whole.`,
        remedy: 'Add a primary key that contains the distribution column.',
      });
    }
  }
  const plainReferencing = plainTablesReferencing(facts, table);
  if (plainReferencing.length > 0 && request.as.type === 'hash') {
    findings.push({
      level: 'mind',
      code: 'referenced-by-plain',
      message: `${listed(plainReferencing)} ${plainReferencing.length === 1 ? 'references' : 'reference'} ${name} and ${plainReferencing.length === 1 ? 'stays an ordinary table' : 'stay ordinary tables'}: the key goes on checking the old local rows.`,
      remedy: `Distribute ${plainReferencing.length === 1 ? 'it' : 'them'} next, colocated with ${name}. The local copy is kept until then.`,
    });
  }
  const idle = table.columns.filter((column) => column.hasSequenceDefault);
  if (idle.length > 0 && request.as.type !== 'local') {
    findings.push({
      level: 'fine',
      code: 'sequences',
      message: `Numbers for ${listed(idle.map((column) => column.name))} go on coming from the coordinator's sequence; inserts through other nodes use a range of their own.`,
    });
  }
  if (request.as.type !== 'local') {
    findings.push(
      compares
        ? { level: 'fine', code: 'compared', message: 'Rows are counted before and after, and compared.' }
        : {
            level: 'mind',
            code: 'not-compared',
            message: `${sizeWords(table.totalBytes)} are too much to count twice; rows are not compared.`,
          },
    );
  }
  if (request.as.type === 'hash' && table.totalBytes > 1024 ** 3) {
    findings.push({
      level: 'mind',
      code: 'writes-wait',
      message: `Writes to ${name} wait while ${sizeWords(table.totalBytes)} are copied.`,
      remedy: 'Choose a quiet hour.',
    });
  }
  return findings;
}

/** Ordinary tables that would make truncating the local copy impossible: Citus refuses it then. */
function plainTablesReferencing(facts: DistributeFacts, table: TableFacts): readonly string[] {
  const plain = table.referencedBy.filter(
    (key) => !sameTable(key.table, table) && !facts.snapshot.tables.some((one) => sameTable(one, key.table)),
  );
  return [...new Set(plain.map((key) => readable(key.table)))];
}

function stepsOf(
  facts: DistributeFacts,
  table: TableFacts,
  request: Request,
  context: PlanContext,
  compares: boolean,
  choice: ColocationChoice | null,
): readonly StepDraft[] {
  const name = readable(table);
  const shards = shardCountOf(choice);
  const quoted = context.sql.literal(context.sql.qualified(table));
  const steps: StepDraft[] = [
    {
      stepId: 'distribute',
      title: titleOf(request),
      where: context.coordinator,
      blocks:
        request.as.type === 'local'
          ? `reads and writes of ${name}, for a moment`
          : `writes to ${name} until every row is copied; gives up after 5 s if it cannot lock the table`,
      undo: `SELECT undistribute_table(${quoted}) copies the rows back`,
      expectedMs:
        request.as.type === 'local'
          ? [100, 5_000]
          : [300 + shards * 3 + table.totalBytes / 80_000, 3_000 + shards * 40 + table.totalBytes / 8_000],
      countsAsDoneWhen: `pg_dist_partition lists ${name}${compares ? ', and it has as many rows as before' : ''}.`,
      ifInterrupted:
        'It is one transaction: afterwards the table is distributed or unchanged. The next start looks at pg_dist_partition first.',
      action: {
        type: 'distribute-table',
        schema: table.schema,
        name: table.name,
        as: request.as,
        compareRows: compares,
        oneByOne: request.as.type === 'hash' && table.longestNameBytes > parallelNameBytes,
      },
    },
  ];
  const truncates =
    request.as.type !== 'local' && table.heapBytes > 0 && plainTablesReferencing(facts, table).length === 0;
  if (truncates) {
    steps.push({
      stepId: 'truncate-local',
      title: `Drop the hidden local copy of ${name}'s rows`,
      where: context.coordinator,
      blocks: `reads and writes of ${name}, for a moment`,
      undo: 'cannot be taken back; the rows are in the shards by then',
      canBeUndone: false,
      expectedMs: [50, 5_000],
      countsAsDoneWhen: `The coordinator's own file of ${name} is empty: ${sizeWords(table.heapBytes)} are free again.`,
      ifInterrupted:
        'The next start looks at the size of the local copy first; truncating twice does no harm.',
      action: { type: 'truncate-local-data', schema: table.schema, name: table.name },
    });
  }
  return steps;
}

function summaryOf(
  facts: DistributeFacts,
  table: TableFacts,
  request: Request,
  choice: ColocationChoice | null,
): string {
  const name = readable(table);
  const size = sizeWords(table.totalBytes);
  switch (request.as.type) {
    case 'hash': {
      if (choice?.outcome === 'joins') {
        return `${name} (${size}) lies in ${counted(shardCountOf(choice), 'shard')} beside those of ${listed(choice.tables.map(readable))}.`;
      }
      const nodes = facts.snapshot.nodes.filter((node) => node.isActive && node.shouldHaveShards).length;
      return `${name} (${size}) lies in ${counted(shardCountOf(choice), 'shard')} on ${counted(nodes, 'node')}, in a colocation group of its own.`;
    }
    case 'reference': {
      const nodes = facts.snapshot.nodes.filter((node) => node.isActive && node.role === 'primary').length;
      return `${name} (${size}) has a full copy on each of ${counted(nodes, 'node')}; writes go to all of them.`;
    }
    case 'local':
      return `${name} stays on the coordinator, and every node can query it and tie it to reference tables.`;
  }
}

function definitionWords(table: TableFacts): string {
  const columns = table.columns.map((column) => `${column.name} ${column.type}`).join(', ');
  const rules = [
    ...table.uniqueness.map((one) => `${one.kind} ${one.name} (${one.columns.join(', ')})`),
    ...table.foreignKeys.map((key) => `foreign key ${key.name} to ${readable(key.references)}`),
    ...table.referencedBy.map((key) => `referenced by ${readable(key.table)}`),
    ...table.triggers.map((trigger) => `trigger ${trigger}`),
  ];
  return `${table.kind} ${table.oid} (${columns})${rules.length > 0 ? ` with ${rules.toSorted().join('; ')}` : ''}`;
}
