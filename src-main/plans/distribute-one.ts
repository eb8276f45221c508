/** One table on its way to the cluster: why it would be refused, its steps, and what becomes of it. Pure. */
import type { RequestOf } from '../contract/operations';
import { appendRefusals } from './append-refusals';
import { concurrentRefusals } from './concurrent-refusals';
import { plainTablesReferencing } from './distribute-findings';
import { undistributedForeignKeyRefusals } from './foreign-key-refusals';
import type { Reason } from './mend';
import { counted, listed, readable, sizeWords } from './plan';
import type { PlanContext, StepDraft } from './plan';
import { chooseColocation } from './placement';
import type { ColocationChoice } from './placement';
import { refuseWhileJobRuns, refuseWhileNodesAreDown } from './preconditions';
import type { TableFacts } from '../contract/table-facts';
import type { DistributeFacts } from './distribute-facts';
import { hashRefusals, relationRefusals, uniquenessRefusals } from './table-refusals';

/** 63 bytes less "_" and the longest shard number, an int8: what fits always leaves shards names of their own. */
const parallelNameBytes = 42;

/** Above this, counting rows twice would cost more than it tells. */
const countableBytes = 20 * 1024 ** 3;

type Request = RequestOf<'distribute-table'>;

/** Whether the rows are counted before and after. */
export function comparesRows(table: TableFacts, request: Request): boolean {
  return isCountable(table) && !['local', 'append'].includes(request.as.type);
}

export function isCountable(table: TableFacts): boolean {
  return table.totalBytes <= countableBytes;
}

export function titleOf(request: Request): string {
  const name = readable(request.table);
  switch (request.as.type) {
    case 'hash':
      return `Distribute ${name} by ${request.as.column}`;
    case 'append':
      return `Distribute ${name} by append on ${request.as.column}`;
    case 'reference':
      return `Make ${name} a reference table`;
    case 'local':
      return `Add ${name} to the metadata as a local table`;
  }
}

/** Reasons that lie in the table and in what it shall become; those of the cluster are asked once a plan. */
export function tableRefusals(
  facts: DistributeFacts,
  table: TableFacts,
  request: Request,
  context: PlanContext,
): readonly Reason[] {
  const reasons: Reason[] = [...relationRefusals(facts, table, request.as.type, context)];
  switch (request.as.type) {
    case 'hash':
      reasons.push(
        ...hashRefusals(facts, table, request.as, context),
        ...(request.as.concurrently ? concurrentRefusals(facts, table, context) : []),
      );
      break;
    case 'append':
      reasons.push(
        ...uniquenessRefusals(facts, table, request.as, context),
        ...appendRefusals(table, request.as.column, context),
      );
      // The table is distributed alone: no repairs are steps of that plan.
      return reasons.map(({ repair: _repair, mend: _mend, ...reason }) => reason);
    case 'reference':
    case 'local':
      reasons.push(...undistributedForeignKeyRefusals(facts, table, request.as.type, context));
      break;
  }
  return reasons;
}

/** Reasons against new shards in this cluster now, whatever the table. */
export function clusterRefusals(facts: Pick<DistributeFacts, 'snapshot' | 'answers'>): readonly Reason[] {
  return [
    ...refuseWhileJobRuns(facts.snapshot, 'new shards would change what it works on.'),
    ...refuseWhileNodesAreDown(facts.snapshot, facts.answers, 'a new table is written to every active node.'),
  ];
}

export function colocationFor(
  facts: DistributeFacts,
  table: TableFacts,
  request: Request,
): ColocationChoice | null {
  if (request.as.type !== 'hash') return null;
  const wanted = request.as.column;
  const column = table.columns.find((one) => one.name === wanted);
  return column ? chooseColocation(facts.snapshot, column, request.as, facts.settings) : null;
}

/** A reference or local table is one shard. */
export function shardCountOf(choice: ColocationChoice | null): number {
  if (choice?.outcome === 'joins') return choice.tables[0]?.shardCount ?? choice.group.shardCount;
  return choice?.outcome === 'new' ? choice.shardCount : 1;
}

export function distributeStep(
  stepId: string,
  table: TableFacts,
  request: Request,
  choice: ColocationChoice | null,
  context: PlanContext,
): StepDraft {
  const name = readable(table);
  const shards = shardCountOf(choice);
  const compares = comparesRows(table, request);
  const quoted = context.sql.literal(context.sql.qualified(table));
  const isConcurrent = request.as.type === 'hash' && request.as.concurrently === true;
  return {
    stepId,
    title: titleOf(request),
    where: context.coordinator,
    blocks: blocksWords(name, request, isConcurrent),
    undo: `SELECT undistribute_table(${quoted}) copies the rows back`,
    expectedMs: expectedMs(table, request, shards, isConcurrent),
    countsAsDoneWhen: `pg_dist_partition lists ${name}${compares ? ', and it has as many rows as before' : ''}.`,
    ifInterrupted: isConcurrent
      ? 'Citus takes back what it began; the table may stay a local table in the metadata. The next start looks at pg_dist_partition first.'
      : 'It is one transaction: afterwards the table is distributed or unchanged. The next start looks at pg_dist_partition first.',
    action: {
      type: 'distribute-table',
      schema: table.schema,
      name: table.name,
      as: request.as,
      compareRows: compares,
      oneByOne: request.as.type === 'hash' && table.longestNameBytes > parallelNameBytes,
    },
  };
}

function blocksWords(name: string, request: Request, isConcurrent: boolean): string {
  if (['local', 'append'].includes(request.as.type)) return `reads and writes of ${name}, for a moment`;
  return isConcurrent
    ? `writes to ${name} for a few seconds at its end; changes of its definition throughout`
    : `writes to ${name} until every row is copied; gives up after 5 s if it cannot lock the table`;
}

function expectedMs(
  table: TableFacts,
  request: Request,
  shards: number,
  isConcurrent: boolean,
): readonly [number, number] {
  if (['local', 'append'].includes(request.as.type)) return [100, 5_000];
  const blocking: readonly [number, number] = [
    300 + shards * 3 + table.totalBytes / 80_000,
    3_000 + shards * 40 + table.totalBytes / 8_000,
  ];
  // Replication slots and subscriptions of every node, and what was written meanwhile once more.
  return isConcurrent ? [blocking[0] + 2_000, blocking[1] * 2 + 30_000] : blocking;
}

/** Null where there is no local copy, or where it cannot be emptied yet. */
export function truncateStep(
  stepId: string,
  facts: Pick<DistributeFacts, 'snapshot'>,
  table: TableFacts,
  context: PlanContext,
): StepDraft | null {
  const name = readable(table);
  if (table.heapBytes === 0 || plainTablesReferencing(facts, table).length > 0) return null;
  return {
    stepId,
    title: `Drop the hidden local copy of the rows of ${name}`,
    where: context.coordinator,
    blocks: `reads and writes of ${name}, for a moment`,
    undo: 'cannot be taken back; the rows are in the shards by then',
    canBeUndone: false,
    expectedMs: [50, 5_000],
    countsAsDoneWhen: `The coordinator's own file of ${name} is empty: ${sizeWords(table.heapBytes)} are free again.`,
    ifInterrupted: 'The next start looks at the size of the local copy first; truncating twice does no harm.',
    action: { type: 'truncate-local-data', schema: table.schema, name: table.name },
  };
}

export function summaryOf(
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
    case 'append':
      return `${name} has no shard at first; each is made, and filled, when rows are loaded into it.`;
    case 'reference': {
      const nodes = facts.snapshot.nodes.filter((node) => node.isActive && node.role === 'primary').length;
      return `${name} (${size}) has a full copy on each of ${counted(nodes, 'node')}; writes go to all of them.`;
    }
    case 'local':
      return `${name} stays on the coordinator, and every node can query it and tie it to reference tables.`;
  }
}

export function definitionWords(table: TableFacts): string {
  const columns = table.columns.map((column) => `${column.name} ${column.type}`).join(', ');
  const rules = [
    ...table.uniqueness.map((one) => `${one.kind} ${one.name} (${one.columns.join(', ')})`),
    ...table.foreignKeys.map((key) => `foreign key ${key.name} to ${readable(key.references)}`),
    ...table.referencedBy.map((key) => `referenced by ${readable(key.table)}`),
    ...table.triggers.map((trigger) => `trigger ${trigger}`),
  ];
  return `${table.kind} ${table.oid} (${columns})${rules.length > 0 ? ` with ${rules.toSorted().join('; ')}` : ''}`;
}
