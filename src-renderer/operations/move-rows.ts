/** Pure: the moves of an operation on three levels: all of them, each one, and the phase that it is in. */
import type { ItemMove, OperationStep, StepItem } from '../../src-main/contract/operations';
import type { OrderedMove } from '../../src-main/contract/rebalance';
import { phaseWords } from '../rebalance/job-words';
import { formatBytes, formatDuration } from '../ui/format';
import type { ShownState } from '../ui/states';

export interface MoveRow {
  readonly key: string;
  readonly shardId: string;
  readonly position: number;
  /** "permits and 3 more" */
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly bytes: number | null;
  readonly state: { readonly state: ShownState; readonly text: string };
  /** Phase and how far it is, while it runs; else what came of it. */
  readonly detail: string;
  /** Milliseconds it took, or has taken so far; null before its begin, and where nobody saw its end. */
  readonly tookMs: number | null;
  readonly attempts: number;
  /** Bytes that have arrived; null where it is not told. */
  readonly arrivedBytes: number | null;
}

export interface MoveFigures {
  readonly done: number;
  readonly total: number;
  readonly bytesDone: number | null;
  readonly bytesTotal: number | null;
  /** Bytes a second of the moves that run; null until something was seen. */
  readonly bytesPerSecond: number | null;
}

/** Null where the step moves no shards. */
export function toMoveRows(
  step: OperationStep,
  nameOf: (address: string) => string,
  nowMs: number,
): readonly MoveRow[] | null {
  if (step.action.type !== 'move-shards' && step.action.type !== 'follow-job') return null;
  const listed = step.action.type === 'move-shards' ? step.action.moves : [];
  const orders = new Map(listed.map((move) => [move.shardId, toItemMove(move)]));
  return step.items.map((item, index) =>
    toRow(item, index + 1, item.move ?? orders.get(item.itemId), nameOf, nowMs),
  );
}

function toRow(
  item: StepItem,
  position: number,
  move: ItemMove | undefined,
  nameOf: (address: string) => string,
  nowMs: number,
): MoveRow {
  const endedMs = item.endedAt === null ? null : Date.parse(item.endedAt);
  const untilMs = item.state === 'running' ? nowMs : endedMs;
  return {
    key: item.itemId,
    shardId: move?.shardId ?? item.itemId,
    position,
    what: tablesWords(move?.tables ?? []),
    from: move ? nameOf(move.sourceNode) : '',
    to: move ? nameOf(move.targetNode) : '',
    bytes: item.bytes,
    state: stateWords(item),
    detail: detailWords(item),
    tookMs:
      item.startedAt === null || untilMs === null ? null : Math.max(0, untilMs - Date.parse(item.startedAt)),
    attempts: item.attempts,
    arrivedBytes: item.state === 'done' ? item.bytes : (item.live?.targetBytes ?? null),
  };
}

function toItemMove(move: OrderedMove): ItemMove {
  return {
    ...move,
    sourceNode: `${move.source.host}:${move.source.port}`,
    targetNode: `${move.target.host}:${move.target.port}`,
  };
}

function tablesWords(tables: readonly string[]): string {
  const [first = '', ...rest] = tables;
  return rest.length === 0 ? first : `${first} and ${rest.length} more`;
}

function stateWords(item: StepItem): MoveRow['state'] {
  switch (item.state) {
    case 'waiting':
      return { state: 'mute', text: 'waits' };
    case 'running':
      return item.attempts > 1
        ? { state: 'mind', text: `moving, try ${item.attempts}` }
        : { state: 'busy', text: 'moving' };
    case 'done':
      return { state: 'ok', text: 'moved' };
    case 'failed':
      return { state: 'bad', text: 'failed' };
    case 'cancelled':
      return { state: 'mute', text: 'cancelled' };
    case 'conflict':
      return { state: 'mind', text: 'left out' };
  }
}

function detailWords(item: StepItem): string {
  if (item.state !== 'running' || item.live === null) {
    if (item.state === 'done') return item.attempts > 1 ? `after ${item.attempts} attempts` : '';
    return item.state === 'waiting' && item.attempts === 0 ? '' : (item.outcome ?? '');
  }
  const { phase, targetBytes, lagBytes } = item.live;
  const parts = [
    phaseWords(phase),
    targetBytes === null ? '' : `${formatBytes(targetBytes)} arrived`,
    lagBytes === null || lagBytes === 0 ? '' : `${formatBytes(lagBytes)} of log to apply`,
  ];
  return [...parts, item.outcome ?? ''].filter((part) => part !== '').join(', ');
}

export function toMoveFigures(step: OperationStep, nowMs: number): MoveFigures {
  const { items } = step;
  const isSized = items.length > 0 && items.every((item) => item.bytes !== null);
  const ended = items.filter((item) => item.state === 'done' || item.state === 'conflict');
  const running = items.filter((item) => item.state === 'running');
  const arrived = running.reduce(
    (sum, item) => sum + Math.min(item.live?.targetBytes ?? 0, item.bytes ?? 0),
    0,
  );
  const rates = running.flatMap(({ live, startedAt }) => {
    const seconds = startedAt === null ? 0 : (nowMs - Date.parse(startedAt)) / 1000;
    return live?.targetBytes && seconds >= 1 ? [live.targetBytes / seconds] : [];
  });
  return {
    done: items.filter((item) => item.state === 'done').length,
    total: items.length,
    bytesDone: isSized ? ended.reduce((sum, item) => sum + (item.bytes ?? 0), arrived) : null,
    bytesTotal: isSized ? items.reduce((sum, item) => sum + (item.bytes ?? 0), 0) : null,
    bytesPerSecond: rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0),
  };
}

/** "3 of 6 moves, 61 of 164 MB, 12 MB/s" */
export function figuresWords(figures: MoveFigures): string {
  const parts = [
    `${figures.done} of ${figures.total} ${figures.total === 1 ? 'move' : 'moves'}`,
    figures.bytesTotal === null || figures.bytesDone === null
      ? ''
      : `${formatBytes(figures.bytesDone)} of ${formatBytes(figures.bytesTotal)}`,
    figures.bytesPerSecond === null ? '' : `${formatBytes(figures.bytesPerSecond)}/s`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

export function tookText(row: MoveRow): string {
  // A move of the cluster's own job that ended while this app was closed.
  if (row.tookMs === null) return row.state.state === 'ok' ? 'not seen' : '';
  return formatDuration(row.tookMs);
}
