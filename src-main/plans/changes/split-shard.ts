/** Splitting a shard, and all that are colocated with it, at given hash values. */
import type { Shard } from '../../contract/cluster';
import type { PlanReply, RequestOf } from '../../contract/operations';
import type { Reason } from '../mend';
import { counted, listed, planReply, readable, refusalReply, sizeWords } from '../plan';
import type { PlanContext } from '../plan';
import { colocatedTables, knownTable } from './change-facts';
import type { ChangeFacts } from './change-facts';
import { clusterReasons, notHashReason } from './rebuild';
import { decoderReasons, targetReasons, transferReasons } from './shard-reasons';
import { nodeWords, splitMs } from './tenant';
import { basisOf } from './undistribute';

type Request = RequestOf<'split-shard'>;

/** Shards that a table may have. */
const mostShards = 64_000;

export interface SplitFacts extends ChangeFacts {
  readonly shard: Shard | null;
  /** Bytes of it and of those colocated with it; null where not known. */
  readonly shardBytes: number | null;
}

export function planSplitShard(facts: SplitFacts, request: Request, context: PlanContext): PlanReply {
  const title = `Split shard ${request.shardId} into ${request.points.length + 1}`;
  const { table, shard } = facts;
  const cluster = clusterReasons(facts, 'splitting a shard');
  if (!shard || !table) {
    return refusalReply(title, [
      {
        code: 'no-shard',
        message: `There is no shard ${request.shardId}; a split or a change of its table may have replaced it.`,
        fix: 'Choose one of the shards that are there now.',
      },
      ...cluster,
    ]);
  }
  const notHash = notHashReason(facts, table, context);
  const group = colocatedTables(facts, table);
  const reasons: Reason[] = [
    ...(notHash ? [notHash] : []),
    ...pointReasons(shard, request),
    ...nodeReasons(facts, request),
    ...transferReasons(facts, group, request.transferMode),
    ...decoderReasons(facts, request.transferMode),
    ...cluster,
  ];
  if (reasons.length > 0) return refusalReply(title, reasons);
  const names = listed(group.map(readable));
  const size = facts.shardBytes === null ? 'a size not known' : sizeWords(facts.shardBytes);
  const ranges = rangesOf(shard, request.points);
  return planReply(context, request, {
    title,
    summary: `The range of shard ${request.shardId} of ${readable(table)} lies in ${counted(ranges.length, 'shard')}; so do those of ${counted(group.length - 1, 'colocated table')}.`,
    steps: [
      {
        stepId: 'split',
        title,
        where: context.coordinator,
        blocks:
          request.transferMode === 'block_writes'
            ? `writes to this shard of ${names} until ${size} are copied`
            : `writes to this shard of ${names} for a few seconds at its end`,
        undo: 'cannot be joined again by itself; another shard count lays all shards out anew',
        canBeUndone: false,
        expectedMs: splitMs(facts, group, request.transferMode === 'block_writes'),
        countsAsDoneWhen: 'a shard ends at each of the points.',
        ifInterrupted: 'Citus takes back what it began and cleans up later. The next start looks first.',
        action: {
          type: 'split-shard',
          schema: table.schema,
          name: table.name,
          shardId: request.shardId,
          points: request.points,
          nodeIds: request.nodeIds,
          transferMode: request.transferMode,
        },
      },
    ],
    findings: [
      {
        level: 'mind',
        code: 'cannot-merge',
        message: 'Shards cannot be joined again one by one.',
        remedy: 'A later change of the shard count lays them out evenly again.',
      },
    ],
    details: {
      kind: 'change-table',
      changes: ranges.map((range, index) => ({
        subject: `${range.from} to ${range.to}`,
        before: `shard ${request.shardId}, on ${nodeWords(facts, nodeOf(facts, shard))}`,
        after: `a shard of its own, on ${nodeWords(facts, request.nodeIds[index])}`,
      })),
    },
    basis: { ...basisOf(facts, group), Shard: `${shard.shardId} ${shard.minValue} to ${shard.maxValue}` },
  });
}

function nodeOf(facts: ChangeFacts, shard: Shard): number | undefined {
  return facts.snapshot.nodes.find((node) => shard.groupIds.includes(node.groupId))?.nodeId;
}

function rangesOf(
  shard: Shard,
  points: readonly number[],
): readonly { readonly from: number; readonly to: number }[] {
  const ends = [...points, shard.maxValue ?? 0];
  return ends.map((to, index) => ({
    from: index === 0 ? (shard.minValue ?? 0) : (ends[index - 1] ?? 0) + 1,
    to,
  }));
}

function pointReasons(shard: Shard, request: Request): readonly Reason[] {
  const { minValue, maxValue } = shard;
  if (minValue === null || maxValue === null) return [];
  const reasons: Reason[] = [];
  if (minValue === maxValue) {
    reasons.push({
      code: 'one-value',
      message: `Shard ${shard.shardId} holds one hash alone; there is nothing to split.`,
      fix: 'Choose another shard.',
    });
    return reasons;
  }
  const outside = request.points.filter((point) => point < minValue || point >= maxValue);
  if (outside.length > 0) {
    reasons.push({
      code: 'point-outside',
      message: `${listed(outside.map(String))} ${outside.length === 1 ? 'is' : 'are'} not inside ${minValue} to ${maxValue - 1}: a point is the last hash of its shard, and the last shard keeps one at least.`,
      fix: 'Choose points inside the range.',
    });
  }
  if (request.points.some((point, index) => index > 0 && point <= (request.points[index - 1] ?? 0))) {
    reasons.push({
      code: 'points-order',
      message: 'The points do not rise from one to the next.',
      fix: 'Enter them in rising order, each once.',
    });
  }
  return reasons;
}

function nodeReasons(facts: SplitFacts, request: Request): readonly Reason[] {
  const reasons: Reason[] = [];
  if (request.nodeIds.length !== request.points.length + 1) {
    reasons.push({
      code: 'nodes-count',
      message: `${counted(request.points.length, 'point')} make ${request.points.length + 1} shards, and ${counted(request.nodeIds.length, 'node')} ${request.nodeIds.length === 1 ? 'is' : 'are'} named.`,
      fix: 'Name a node for each new shard.',
    });
  }
  for (const nodeId of new Set(request.nodeIds)) {
    const share = (facts.shardBytes ?? 0) / request.nodeIds.length;
    const many = request.nodeIds.filter((one) => one === nodeId).length;
    reasons.push(...targetReasons(facts.snapshot, nodeId, share * many, facts.disk));
  }
  if (facts.settings.replicationFactor > 1) {
    reasons.push({
      code: 'replication-factor',
      message: `citus.shard_replication_factor is ${facts.settings.replicationFactor}; Citus splits only shards with one copy.`,
      fix: 'Bring the table to one copy a shard first.',
    });
  }
  const shards = facts.table ? (knownTable(facts, facts.table)?.shardCount ?? 0) : 0;
  if (shards + request.points.length > mostShards) {
    reasons.push({
      code: 'shard-count',
      message: `The table would have ${shards + request.points.length} shards; ${mostShards} is the most.`,
      fix: 'Split at fewer points.',
    });
  }
  return reasons;
}
