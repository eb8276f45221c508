/** Time partitions: made ahead, and dropped when they are old. */
import type { PlanReply, RequestOf } from '../../contract/operations';
import type { Reason } from '../mend';
import { counted, listed, planReply, readable, refusalReply, sizeWords } from '../plan';
import type { PlanContext } from '../plan';
import type { TableFacts } from '../../contract/table-facts';
import type { ChangeFacts } from './change-facts';
import { clusterReasons, noTableReason } from './rebuild';
import { basisOf } from './undistribute';

/** A partition a shard is a table on a node: so many at once are seldom meant. */
const mostPartitions = 500;

export interface PartitionFacts extends ChangeFacts {
  /** Ranges that have no partition yet; null when they could not be told, with the server's words. */
  readonly missing: readonly { readonly name: string; readonly from: string; readonly to: string }[] | null;
  /** Partitions that lie wholly before the moment asked for. */
  readonly old: readonly {
    readonly schema: string;
    readonly name: string;
    readonly from: string;
    readonly to: string;
  }[];
  readonly failure: string | null;
}

export function planCreatePartitions(
  facts: PartitionFacts,
  request: RequestOf<'create-partitions'>,
  context: PlanContext,
): PlanReply {
  const name = readable(request.table);
  const title = `Create partitions of ${name} until ${request.to}`;
  const { table, missing } = facts;
  const cluster = clusterReasons(facts, 'creating partitions');
  if (!table) return refusalReply(title, [noTableReason(request.table), ...cluster]);
  const reasons: Reason[] = [...partitionReasons(table)];
  if (reasons.length === 0 && missing === null) {
    reasons.push({
      code: 'ranges-unknown',
      message: 'The server cannot say which ranges are missing.',
      fix: `Choose a length that fits the partitions that are there. Server: ${facts.failure ?? 'no words'}`,
    });
  }
  if (missing?.length === 0) {
    reasons.push({
      code: 'nothing-changes',
      message: `Every range from ${request.from} to ${request.to} already has a partition.`,
      fix: 'Choose a later end.',
    });
  }
  if ((missing?.length ?? 0) > mostPartitions) {
    reasons.push({
      code: 'too-many',
      message: `${missing?.length ?? 0} partitions would be made at once.`,
      fix: 'Choose a longer range for each, or an earlier end.',
    });
  }
  reasons.push(...cluster);
  if (reasons.length > 0 || missing === null) return refusalReply(title, reasons);
  const shards = facts.snapshot.tables.find((one) => one.oid === table.oid)?.shardCount ?? 1;
  return planReply(context, request, {
    title,
    summary: `${counted(missing.length, 'new partition')} of ${request.interval}: ${listed(missing.map((one) => one.name))}.`,
    steps: [
      {
        stepId: 'partitions',
        title: `Create ${counted(missing.length, 'partition')}`,
        where: context.coordinator,
        blocks: `reads and writes of ${name}, for a moment`,
        undo: 'DROP TABLE of each new partition',
        expectedMs: [missing.length * shards * 2, 2_000 + missing.length * shards * 60],
        countsAsDoneWhen: 'no range in between is without a partition.',
        ifInterrupted: 'It is one transaction: all or none. The next start looks first.',
        action: {
          type: 'create-partitions',
          schema: table.schema,
          name: table.name,
          interval: request.interval,
          from: request.from,
          to: request.to,
        },
      },
    ],
    findings: [
      {
        level: 'fine',
        code: 'shards-of-partitions',
        message: `Each partition has ${counted(shards, 'shard')} beside those of ${name}.`,
      },
    ],
    details: {
      kind: 'change-table',
      changes: missing.map((one) => ({
        subject: one.name,
        before: 'not there',
        after: `${one.from} to ${one.to}`,
      })),
    },
    basis: {
      ...basisOf(facts, [table]),
      'Missing ranges': listed(
        missing.map((one) => one.name),
        mostPartitions,
      ),
    },
  });
}

export function planDropPartitions(
  facts: PartitionFacts,
  request: RequestOf<'drop-partitions'>,
  context: PlanContext,
): PlanReply {
  const name = readable(request.table);
  const title = `Drop partitions of ${name} before ${request.olderThan}`;
  const { table, old } = facts;
  const cluster = clusterReasons(facts, 'dropping partitions');
  if (!table) return refusalReply(title, [noTableReason(request.table), ...cluster]);
  const reasons: Reason[] = [...partitionReasons(table)];
  if (reasons.length === 0 && facts.failure !== null) {
    reasons.push({
      code: 'ranges-unknown',
      message: 'The partitions could not be read.',
      fix: `Enter a date such as 2026-01-31. Server: ${facts.failure}`,
    });
  } else if (reasons.length === 0 && old.length === 0) {
    reasons.push({
      code: 'nothing-changes',
      message: `No partition of ${name} lies wholly before ${request.olderThan}.`,
      fix: 'Choose a later moment.',
    });
  }
  reasons.push(...cluster);
  if (reasons.length > 0) return refusalReply(title, reasons);
  return planReply(context, request, {
    title,
    summary: `${counted(old.length, 'partition')} and every row in ${old.length === 1 ? 'it' : 'them'} ${old.length === 1 ? 'is' : 'are'} gone: ${listed(old.map(readable), 12)}.`,
    steps: [
      {
        stepId: 'partitions',
        title: `Drop ${counted(old.length, 'partition')} with all rows`,
        where: context.coordinator,
        blocks: `reads and writes of ${name}, for a moment`,
        undo: 'cannot be taken back; the rows are gone',
        canBeUndone: false,
        expectedMs: [old.length * 20, 2_000 + old.length * 2_000],
        countsAsDoneWhen: `no partition lies wholly before ${request.olderThan}.`,
        ifInterrupted: 'It is one transaction: all or none. The next start looks first.',
        action: {
          type: 'drop-partitions',
          schema: table.schema,
          name: table.name,
          olderThan: request.olderThan,
        },
      },
    ],
    findings: [
      {
        level: 'mind',
        code: 'rows-gone',
        message: `The rows from ${old[0]?.from ?? ''} to ${old.at(-1)?.to ?? ''} are deleted (${name} takes ${sizeWords(table.totalBytes)} in all).`,
        remedy: 'Make a backup of them first, if they may be wanted again.',
      },
    ],
    details: {
      kind: 'change-table',
      changes: old.map((one) => ({
        subject: readable(one),
        before: `${one.from} to ${one.to}`,
        after: 'gone',
      })),
    },
    basis: {
      ...basisOf(facts, [table]),
      'Old partitions': listed(old.map(readable), Number.MAX_SAFE_INTEGER),
    },
  });
}

const timeTypes = ['date', 'timestamp without time zone', 'timestamp with time zone'];

function partitionReasons(table: TableFacts): readonly Reason[] {
  const name = readable(table);
  if (table.kind !== 'partitioned') {
    return [
      { code: 'not-partitioned', message: `${name} is not partitioned.`, fix: 'Choose a partitioned table.' },
    ];
  }
  const [column] = table.partitionedBy;
  if (table.partitionedBy.length !== 1 || !column || !timeTypes.includes(column.type)) {
    return [
      {
        code: 'not-by-time',
        message: `${name} is partitioned by ${listed(table.partitionedBy.map((one) => `${one.name} (${one.type})`))}, not by one date or time.`,
        fix: 'Make its partitions by hand.',
      },
    ];
  }
  if (!table.actsAsOwner) {
    return [
      {
        code: 'not-owner',
        message: `${name} belongs to ${table.owner}; this session's role may not change it.`,
        fix: `Connect as ${table.owner} or as a superuser.`,
      },
    ];
  }
  return [];
}
