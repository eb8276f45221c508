/** Pure: the report of a rebalance as rows, as Markdown, and the moves that take it back. */
import type { Operation, OperationStep } from '../../src-main/contract/operations';
import type {
  MoveOrder,
  RebalanceMovesRequest,
  RebalanceReport,
  ReportedNode,
} from '../../src-main/contract/rebalance';
import type { NodeNames } from '../nodes/use-node-names';
import { formatBytes, formatDuration } from '../ui/format';

/** The same moves the other way, last first; null where nothing was moved, or nothing that is known by its nodes. */
export function wayBack(operation: Operation): RebalanceMovesRequest | null {
  const moves = madeMoves(operation)
    .map((move) => ({
      shardId: move.shardId,
      sourceNodeId: move.targetNodeId,
      targetNodeId: move.sourceNodeId,
    }))
    .reverse();
  const { request } = operation;
  if (moves.length === 0) return null;
  if (request.kind === 'rebalance-moves') return { ...request, moves, constraints: null };
  if (request.kind !== 'rebalance') return null;
  return {
    kind: 'rebalance-moves',
    moves,
    transferMode: request.transferMode,
    parallelMoves: 1,
    movesPerNode: 1,
    window: null,
    constraints: null,
  };
}

/** In the order in which they were to be made; a group that was moved twice went from its first source to its last target. */
function madeMoves(operation: Operation): readonly MoveOrder[] {
  const whole = new Map<string, MoveOrder>();
  for (const { group, ...move } of operation.steps.flatMap(movesMadeBy)) {
    const before = whole.get(group);
    whole.delete(group);
    const sourceNodeId = before?.sourceNodeId ?? move.sourceNodeId;
    if (sourceNodeId !== move.targetNodeId) whole.set(group, { ...move, sourceNodeId });
  }
  return [...whole.values()];
}

/** Plans may name a group by another of its shards each; a job of the cluster always names it by the same. */
interface MadeMove extends MoveOrder {
  readonly group: string;
}

/** Of a job of the cluster by its items, else by what the step was to move. */
function movesMadeBy({ action, items }: OperationStep): readonly MadeMove[] {
  const done = items.filter(({ state }) => state === 'done');
  if (action.type !== 'move-shards') {
    return done.flatMap(({ move }) => (move ? [{ ...toOrder(move), group: move.shardId }] : []));
  }
  const ids = new Set(done.map(({ itemId }) => itemId));
  return action.moves
    .filter(({ shardId }) => ids.has(shardId))
    .map((move) => ({ ...toOrder(move), group: move.shardIds.toSorted().join(' ') }));
}

function toOrder({ shardId, sourceNodeId, targetNodeId }: MoveOrder): MoveOrder {
  return { shardId, sourceNodeId, targetNodeId };
}

export function spreadWords(spread: number | null): string {
  return spread === null ? 'not known' : `${spread.toFixed(2)} ×`;
}

export function nodeChange(node: ReportedNode): string {
  return `${formatBytes(node.bytesBefore)} → ${formatBytes(node.bytesAfter)}, ${node.groupsBefore} → ${node.groupsAfter} groups`;
}

export function toReportMarkdown(
  operation: Operation,
  report: RebalanceReport,
  { nameOf, named }: NodeNames,
): string {
  const items = operation.steps.flatMap((step) => step.items);
  return [
    `# ${operation.title}`,
    '',
    `${named(operation.summary)} Begun ${operation.createdAt}, looked at ${report.madeAt}.`,
    '',
    `Fullest node / average by ${report.measure}: ${spreadWords(report.spreadBefore)} before, ${spreadWords(report.spreadAfter)} after.`,
    '',
    ...report.shortfalls.map((shortfall) => `**Falls short:** ${named(shortfall)}`),
    ...(report.shortfalls.length > 0 ? [''] : []),
    '| Node | Bytes before | Bytes after | Groups before | Groups after |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...report.nodes.map(
      (node) =>
        `| ${nameOf(node.node)} | ${formatBytes(node.bytesBefore)} | ${formatBytes(node.bytesAfter)} | ${node.groupsBefore} | ${node.groupsAfter} |`,
    ),
    ...(items.length === 0
      ? []
      : [
          '',
          '| # | Shard | Move | Bytes | State | Attempts | Took |',
          '| ---: | --- | --- | ---: | --- | ---: | ---: |',
          ...items.map((item, index) => {
            const took =
              item.startedAt === null || item.endedAt === null
                ? item.state === 'done'
                  ? 'not seen'
                  : ''
                : formatDuration(Date.parse(item.endedAt) - Date.parse(item.startedAt));
            return `| ${index + 1} | ${item.move?.shardId ?? item.itemId} | ${named(item.title)} | ${formatBytes(item.bytes)} | ${item.state} | ${item.attempts} | ${took} |`;
          }),
        ]),
    '',
    report.leftovers.length === 0
      ? 'Nothing is left over.'
      : 'Left over, to be removed by Citus itself within seconds:',
    ...report.leftovers.map((one) => `- ${one.what} ${one.name} on ${nameOf(one.node)}`),
    '',
  ].join('\n');
}
