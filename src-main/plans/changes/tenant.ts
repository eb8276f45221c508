/** Giving one value of the distribution column a shard of its own, and that shard a node. */
import type { ClusterNode } from '../../contract/cluster';
import type { PlanReply, RequestOf } from '../../contract/operations';
import type { Reason } from '../mend';
import { addressOf, counted, listed, planReply, readable, refusalReply, sizeWords } from '../plan';
import type { PlanContext, StepDraft } from '../plan';
import type { TableFacts } from '../../contract/table-facts';
import { colocatedTables, knownTable } from './change-facts';
import type { ChangeFacts } from './change-facts';
import { clusterReasons, copyMs, noTableReason, notHashReason } from './rebuild';
import { decoderReasons, targetReasons, transferReasons } from './shard-reasons';
import { basisOf } from './undistribute';

type Request = RequestOf<'isolate-tenant'>;

export interface TenantFacts extends ChangeFacts {
  /** The shard that holds the value now; null when it cannot be told, with the server's words. */
  readonly shard: {
    readonly shardId: string;
    readonly minValue: number;
    readonly maxValue: number;
    readonly nodeId: number;
  } | null;
  readonly shardFailure: string | null;
  /** Bytes of that shard and those colocated with it; null where not known. */
  readonly shardBytes: number | null;
}

export function planIsolateTenant(facts: TenantFacts, request: Request, context: PlanContext): PlanReply {
  const name = readable(request.table);
  const { table, shard } = facts;
  const target = facts.snapshot.nodes.find((node) => node.nodeId === request.nodeId);
  const title = `Give ${knownColumn(facts) ?? 'value'} ${request.value} of ${name} a shard of its own${target ? ` on ${addressOf(target)}` : ''}`;
  const cluster = clusterReasons(facts, 'splitting a shard');
  if (!table) return refusalReply(title, [noTableReason(request.table), ...cluster]);
  const notHash = notHashReason(facts, table, context);
  if (notHash) return refusalReply(title, [notHash, ...cluster]);
  const group = colocatedTables(facts, table);
  const isAlone = shard !== null && shard.minValue === shard.maxValue;
  const moves = request.nodeId !== null && shard !== null && shard.nodeId !== request.nodeId;
  const reasons: Reason[] = [
    ...valueReasons(facts, request, isAlone, moves),
    ...(request.nodeId === null
      ? []
      : targetReasons(facts.snapshot, request.nodeId, facts.shardBytes ?? 0, facts.disk)),
    ...transferReasons(facts, group, request.transferMode),
    ...(isAlone ? [] : decoderReasons(facts, request.transferMode)),
    ...cluster,
  ];
  if (reasons.length > 0) return refusalReply(title, reasons);
  const columnType = table.columns.find((column) => column.name === knownColumn(facts))?.type ?? 'text';
  const steps: readonly StepDraft[] = [
    ...(isAlone ? [] : [isolateStep(facts, table, group, request, columnType, context)]),
    ...(moves && target ? [moveStep(facts, table, group, request, target, context)] : []),
  ];
  return planReply(context, request, {
    title,
    summary: `Rows with ${request.value} lie in a shard that holds nothing else${target ? `, on ${addressOf(target)}` : ''}; so do those of ${counted(group.length - 1, 'colocated table')}.`,
    steps,
    findings: [
      {
        level: 'fine',
        code: 'more-shards',
        message: `Each of ${counted(group.length, 'table')} has up to two more shards; the group keeps them all.`,
      },
      {
        level: 'mind',
        code: 'cannot-merge',
        message: 'Shards cannot be joined again one by one.',
        remedy: 'A later change of the shard count lays them out evenly again.',
      },
    ],
    details: {
      kind: 'change-table',
      changes: [
        {
          subject: `${knownColumn(facts) ?? ''} ${request.value}`,
          before: `shard ${shard?.shardId ?? ''}, ${isAlone ? 'alone' : 'with other values'}, on ${nodeWords(facts, shard?.nodeId)}`,
          after: `a shard of its own, on ${target ? addressOf(target) : nodeWords(facts, shard?.nodeId)}`,
        },
      ],
    },
    basis: {
      ...basisOf(facts, group),
      'Shard of the value': `${shard?.shardId ?? ''} on ${shard?.nodeId ?? ''}`,
    },
  });
}

function knownColumn(facts: ChangeFacts): string | null {
  return facts.table ? (knownTable(facts, facts.table)?.distributionColumn ?? null) : null;
}

function valueReasons(
  facts: TenantFacts,
  request: Request,
  isAlone: boolean,
  moves: boolean,
): readonly Reason[] {
  if (facts.shard === null) {
    return [
      {
        code: 'no-shard-of-value',
        message: `${request.value} cannot be a value of ${knownColumn(facts) ?? 'the distribution column'}.`,
        fix: `Enter it as the column's type writes it.${facts.shardFailure ? ` Server: ${facts.shardFailure}` : ''}`,
      },
    ];
  }
  if (facts.settings.replicationFactor > 1) {
    return [
      {
        code: 'replication-factor',
        message: `citus.shard_replication_factor is ${facts.settings.replicationFactor}; Citus splits only shards with one copy.`,
        fix: 'Bring the table to one copy a shard first.',
      },
    ];
  }
  if (isAlone && !moves) {
    return [
      {
        code: 'nothing-changes',
        message: `${request.value} already has shard ${facts.shard.shardId} for itself${request.nodeId === null ? '' : ', on that node'}.`,
        fix: 'Choose another value, or a node to move it to.',
      },
    ];
  }
  return [];
}

function isolateStep(
  facts: TenantFacts,
  table: TableFacts,
  group: readonly TableFacts[],
  request: Request,
  columnType: string,
  context: PlanContext,
): StepDraft {
  const names = listed(group.map(readable));
  const size = facts.shardBytes === null ? 'a size not known' : sizeWords(facts.shardBytes);
  return {
    stepId: 'isolate',
    title: `Split shard ${facts.shard?.shardId ?? ''} around ${request.value}`,
    where: context.coordinator,
    blocks:
      request.transferMode === 'block_writes'
        ? `writes to this shard of ${names} until ${size} are copied`
        : `writes to this shard of ${names} for a few seconds at its end`,
    undo: 'cannot be joined again by itself; another shard count lays all shards out anew',
    canBeUndone: false,
    expectedMs: splitMs(facts, group, request.transferMode === 'block_writes'),
    countsAsDoneWhen: 'the range of the shard of this value holds one hash alone.',
    ifInterrupted: 'Citus takes back what it began and cleans up later. The next start looks first.',
    action: {
      type: 'isolate-tenant',
      schema: table.schema,
      name: table.name,
      value: request.value,
      columnType,
      cascade: group.length > 1,
      transferMode: request.transferMode,
    },
  };
}

function moveStep(
  facts: TenantFacts,
  table: TableFacts,
  group: readonly TableFacts[],
  request: Request,
  target: ClusterNode,
  context: PlanContext,
): StepDraft {
  const names = listed(group.map(readable));
  return {
    stepId: 'move',
    title: `Move the new shard to ${addressOf(target)}`,
    where: context.coordinator,
    blocks:
      request.transferMode === 'block_writes'
        ? `writes to this value in ${names} until it is copied`
        : `writes to this value in ${names} for a few seconds at its end`,
    undo: `a move back to ${nodeWords(facts, facts.shard?.nodeId)}`,
    expectedMs: splitMs(facts, group, request.transferMode === 'block_writes'),
    countsAsDoneWhen: `the shard of this value lies on ${addressOf(target)}.`,
    ifInterrupted: 'Citus takes back what it began and cleans up later. The next start looks first.',
    action: {
      type: 'move-tenant',
      schema: table.schema,
      name: table.name,
      value: request.value,
      nodeId: target.nodeId,
      node: addressOf(target),
      transferMode: request.transferMode,
    },
  };
}

export function splitMs(
  facts: { readonly shardBytes: number | null },
  group: readonly TableFacts[],
  isBlocking: boolean,
): readonly [number, number] | null {
  if (facts.shardBytes === null) return null;
  const share = group.map((table) => ({ ...table, totalBytes: (facts.shardBytes ?? 0) / group.length }));
  const [least, most] = copyMs(share, group.length * 3);
  return isBlocking ? [least, most] : [least + 2_000, most * 2 + 20_000];
}

export function nodeWords(facts: ChangeFacts, nodeId: number | undefined): string {
  const node = facts.snapshot.nodes.find((one) => one.nodeId === nodeId);
  return node ? addressOf(node) : 'a node not known';
}
