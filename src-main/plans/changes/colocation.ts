/** Joining a colocation group, or leaving one: by the metadata alone where the shards lie alike, else by copying. */
import type { ClusterSnapshot, ClusterTable } from '../../contract/cluster';
import type { PlanReply, RequestOf } from '../../contract/operations';
import { asideIdentities } from '../identity-columns';
import type { Reason } from '../mend';
import { counted, listed, planReply, readable, refusalReply, sameTable } from '../plan';
import type { PlanContext, StepDraft } from '../plan';
import type { TableFacts } from '../../contract/table-facts';
import { keyReasons } from './alter-table';
import { colocatedTables, knownTable } from './change-facts';
import type { ChangeFacts } from './change-facts';
import {
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

type Request = RequestOf<'change-colocation'>;

export function planChangeColocation(facts: ChangeFacts, request: Request, context: PlanContext): PlanReply {
  const name = readable(request.table);
  const wanted = request.colocateWith;
  const title =
    wanted === 'none'
      ? `Give ${name} a colocation group of its own`
      : `Colocate ${name} with ${readable(wanted)}`;
  const { table } = facts;
  const cluster = clusterReasons(facts, 'changing the colocation');
  if (!table) return refusalReply(title, [noTableReason(request.table), ...cluster]);
  const known = knownTable(facts, table);
  const notHash = notHashReason(facts, table, context);
  if (notHash || !known) return refusalReply(title, [...(notHash ? [notHash] : []), ...cluster]);
  const group = colocatedTables(facts, table);
  const target =
    wanted === 'none' ? null : (facts.snapshot.tables.find((one) => sameTable(one, wanted)) ?? null);
  const copies = target !== null && !liesAlike(facts.snapshot, known, target);
  const reasons = unaccepted(
    [
      ...targetReasons(facts, known, target, request, group),
      ...keyReasons(facts, table, [table], context).map(asKeyOfGroup),
      ...(copies
        ? [
            ...rebuildReasons([table], 'sequence', context),
            ...droppedColumnReasons(facts, [table]),
            ...nodeDiskReasons(facts, [table]),
          ]
        : []),
      ...cluster,
    ],
    request.repairs,
  );
  if (reasons.length > 0) return refusalReply(title, reasons);
  return planReply(context, request, {
    title,
    summary:
      target === null
        ? `${name} keeps its shards where they are; from now on they move alone.`
        : copies
          ? `${name} is copied into ${counted(target.shardCount, 'shard')} beside those of ${readable(target)}.`
          : `${name} keeps its shards where they are; from now on they move together with those of ${readable(target)}.`,
    steps: [
      copies && target ? copyStep(table, target, request, context) : metadataStep(table, request, context),
    ],
    findings: [
      ...(group.length > 1
        ? [
            {
              level: 'mind' as const,
              code: 'leaves-group',
              message: `${name} leaves the group of ${listed(group.slice(1).map(readable))}; joins with ${group.length === 2 ? 'it' : 'them'} may have to send rows between nodes as soon as shards are moved.`,
            },
          ]
        : []),
      ...(copies ? rebuildFindings([table]) : []),
    ],
    details: {
      kind: 'change-table',
      changes: [
        {
          subject: name,
          before:
            group.length === 1
              ? 'a group of its own'
              : `colocated with ${listed(group.slice(1).map(readable))}`,
          after: target === null ? 'a group of its own' : `colocated with ${readable(target)}`,
        },
      ],
    },
    basis: basisOf(facts, group),
  });
}

function metadataStep(table: TableFacts, request: Request, context: PlanContext): StepDraft {
  return {
    stepId: 'colocation',
    title: 'Change the colocation in the metadata of every node',
    where: context.coordinator,
    blocks: 'changes of the definition, for a moment',
    undo: 'the same with the group of before, while the shards lie alike',
    expectedMs: [50, 5_000],
    countsAsDoneWhen: 'pg_dist_partition says so.',
    ifInterrupted: 'It is one transaction: changed or unchanged. The next start looks first.',
    action: {
      type: 'update-colocation',
      schema: table.schema,
      name: table.name,
      colocateWith: request.colocateWith,
    },
  };
}

function copyStep(
  table: TableFacts,
  target: ClusterTable,
  request: Request,
  context: PlanContext,
): StepDraft {
  const name = readable(table);
  return {
    stepId: 'colocation',
    title: `Copy ${name} into shards beside those of ${readable(target)}`,
    where: context.coordinator,
    blocks: `writes to ${name} until every row is copied, then reads for a moment`,
    undo: 'the same with the group of before',
    expectedMs: copyMs([table], target.shardCount),
    countsAsDoneWhen: `pg_dist_partition says so, and ${name} has as many rows as before.`,
    ifInterrupted: 'It is one transaction: altered or unchanged. The next start looks first.',
    action: {
      type: 'alter-table',
      schema: table.schema,
      name: table.name,
      column: null,
      shardCount: null,
      colocateWith: { schema: target.schema, name: target.name },
      cascade: null,
      identities: asideIdentities([table], request.repairs),
      compare: comparable([table]).map(({ schema, name: own }) => ({ schema, name: own })),
    },
  };
}

function targetReasons(
  facts: ChangeFacts,
  known: ClusterTable,
  target: ClusterTable | null,
  request: Request,
  group: readonly TableFacts[],
): readonly Reason[] {
  const name = readable(known);
  if (request.colocateWith === 'none') {
    return group.length > 1
      ? []
      : [
          {
            code: 'nothing-changes',
            message: `${name} already is in a group of its own.`,
            fix: 'There is nothing to break.',
          },
        ];
  }
  const other = readable(request.colocateWith);
  if (!target || target.type !== 'distributed' || target.method !== 'hash') {
    return [
      {
        code: target ? 'colocate-not-hash' : 'colocate-unknown',
        message: target ? `${other} is not distributed by hash.` : `${other} is not a table of Citus.`,
        fix: 'Choose a table that is distributed by hash.',
      },
    ];
  }
  if (target.colocationId === known.colocationId) {
    return [
      {
        code: 'nothing-changes',
        message: `${name} and ${other} already are colocated.`,
        fix: 'Choose a table of another group.',
      },
    ];
  }
  const groupOf = (id: number): ClusterSnapshot['colocationGroups'][number] | undefined =>
    facts.snapshot.colocationGroups.find((one) => one.colocationId === id);
  const own = groupOf(known.colocationId);
  const its = groupOf(target.colocationId);
  if (own?.distributionColumnType === its?.distributionColumnType) return [];
  return [
    {
      code: 'colocate-type',
      message: `${name} is distributed by a column of type ${own?.distributionColumnType ?? 'unknown'}, ${other} by one of type ${its?.distributionColumnType ?? 'unknown'}; equal values would hash differently.`,
      fix: 'Choose a table whose distribution column has the same type.',
    },
  ];
}

/** Citus itself lets the key stand and fails at the next move or change of either table. */
function asKeyOfGroup(reason: Reason): Reason {
  return {
    ...reason,
    message: `${reason.message.split(' cannot outlive')[0] ?? reason.message} needs both tables in one group; Citus would change the metadata all the same, and the next change of either table would fail.`,
    fix: 'Drop the key first, or leave the tables colocated.',
  };
}

/** The same ranges on the same nodes, which is what joining by the metadata alone demands. */
function liesAlike(snapshot: ClusterSnapshot, one: ClusterTable, other: ClusterTable): boolean {
  const shardsOf = (table: ClusterTable): readonly string[] =>
    snapshot.shards
      .filter((shard) => shard.tableOid === table.oid)
      .map((shard) => `${shard.minValue} ${shard.maxValue} ${[...shard.groupIds].sort().join(' ')}`)
      .sort();
  const [left, right] = [shardsOf(one), shardsOf(other)];
  return (
    left.length > 0 && left.length === right.length && left.every((shard, index) => shard === right[index])
  );
}
