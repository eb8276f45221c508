/** How far the moves that run are, sampled while they do. */
import { mergeMoves, readShardProgress } from '../../citus/jobs';
import { readStalledNodes } from '../../citus/stall-reads';
import { toFailure } from '../../contract/failure';
import type { MoveProgress, Stall } from '../../contract/cluster';
import type { DurationRange, ItemProgress, StepItem } from '../../contract/operations';
import { log } from '../../log/log';
import { estimateMoves, mannerOf, paceOf } from '../../plans/move-estimate';
import { stallReadMs, stallReason } from '../../plans/move-stall';
import type { ActionOf, StepContext } from './step';

/** Workers that do not tell their sizes in this time are left out of one reading. */
const readLimitMs = 5_000;
/** Nodes that are away are given up after three seconds each. */
const stallReadLimitMs = 15_000;

/** Shows bytes, phase and log positions of each running move until `end` is called. */
export function followMoves(context: StepContext<ActionOf<'move-shards'>>): { readonly end: () => void } {
  const ownerOf = new Map(
    context.action.moves.flatMap((move) => move.shardIds.map((id) => [id, move.shardId] as const)),
  );
  let ended = false;
  let last: ReadonlyMap<string, ItemProgress> = new Map();
  let stall: Stall | null = null;
  let askedMs = 0;

  /** The nodes are asked once a minute at most, and only while nothing comes on. */
  const stallOf = async (running: readonly StepItem[]): Promise<Stall | null> => {
    const since = lastProgress(running, last);
    const nowMs = context.now().getTime();
    if (since === null || nowMs - Date.parse(since) < context.timing.stallMs) return null;
    if (stall?.since === since && nowMs - askedMs < stallReadMs) return stall;
    askedMs = nowMs;
    return { since, ...(await reasonOf(context, running)) };
  };

  const sample = async (): Promise<void> => {
    const running = context.items.all().filter((item) => item.state === 'running');
    if (running.length > 0) {
      // Sizes wait for the lock that holds up the move: not to be told them is no progress either.
      const rows = await context
        .aside()
        .then((reader) => readShardProgress(reader, { timeoutMs: readLimitMs }))
        .catch((error: unknown) => {
          log.warn('moves were not read', toFailure(error));
          return null;
        });
      const at = context.now().toISOString();
      if (rows !== null) {
        last = new Map(
          mergeMoves(rows, (id) => ownerOf.get(id)).flatMap((move) => {
            const itemId = ownerOf.get(move.shardId);
            return itemId === undefined
              ? []
              : [[itemId, toItemProgress(move, at, last.get(itemId))] as const];
          }),
        );
      }
      if (!ended) context.items.show(last);
    }
    stall = await stallOf(running);
    if (ended) return;
    context.report({
      progress: shareDone(context, last),
      stall,
      // Nobody knows when what stands in the way will be gone.
      remainingMs: stall === null ? remainingOf(context, last) : null,
    });
  };

  void (async () => {
    while (!ended && !context.signal.aborted) {
      // The last good reading stays; what a move came to is known by its placement.
      await sample().catch((error: unknown) => log.warn('moves were not read', toFailure(error)));
      await context.wait(context.timing.pollMs);
    }
  })();
  return { end: () => void (ended = true) };
}

/** When the latest of the running moves came on last; null where none runs. */
function lastProgress(running: readonly StepItem[], live: ReadonlyMap<string, ItemProgress>): string | null {
  return running.reduce<string | null>((latest, item) => {
    const at = live.get(item.itemId)?.progressedAt ?? item.startedAt;
    return latest === null || (at !== null && at > latest) ? at : latest;
  }, null);
}

async function reasonOf(
  context: StepContext<ActionOf<'move-shards'>>,
  running: readonly StepItem[],
): Promise<Omit<Stall, 'since'>> {
  const nodes = await context
    .aside()
    .then((reader) => readStalledNodes(reader, context.timing.stallMs, { timeoutMs: stallReadLimitMs }))
    .catch((error: unknown) => {
      log.warn('the reason of a stall was not read', toFailure(error));
      return null;
    });
  const { moves } = context.action;
  const ids = new Set(running.map(({ itemId }) => itemId));
  const again = running.find(({ outcome }) => outcome !== null);
  return stallReason({
    nodes,
    touched: moves
      .filter(({ shardId }) => ids.has(shardId))
      .flatMap(({ sourceNodeId, targetNodeId }) => [sourceNodeId, targetNodeId]),
    retried: again ? { what: `shard ${again.itemId}`, message: again.outcome ?? '' } : null,
  });
}

export function toItemProgress(
  move: MoveProgress,
  at: string,
  before: ItemProgress | undefined,
): ItemProgress {
  const now = {
    phase: move.phase,
    sourceBytes: move.sourceBytes,
    targetBytes: move.targetBytes,
    lagBytes: lagBytes(move.sourceLsn, move.targetLsn),
  };
  const isStill =
    before !== undefined
    && before.phase === now.phase
    && before.targetBytes === now.targetBytes
    && before.lagBytes === now.lagBytes;
  return { ...now, progressedAt: isStill ? before.progressedAt : at };
}

/** Bytes between two positions of a log, as in "0/16B3748"; null where one is not told. */
export function lagBytes(source: string | null, target: string | null): number | null {
  const [from, to] = [positionOf(target), positionOf(source)];
  if (from === null || to === null) return null;
  return Number(to > from ? to - from : 0n);
}

function positionOf(lsn: string | null): bigint | null {
  const parts = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(lsn ?? '');
  return parts ? (BigInt(`0x${parts[1] ?? '0'}`) << 32n) + BigInt(`0x${parts[2] ?? '0'}`) : null;
}

/** Null where a size is not known. */
function remainingOf(
  context: StepContext<ActionOf<'move-shards'>>,
  live: ReadonlyMap<string, ItemProgress>,
): DurationRange | null {
  const open = context.items.all().filter((item) => item.state === 'waiting' || item.state === 'running');
  if (open.some((item) => item.bytes === null)) return null;
  const now = context.now().getTime();
  return estimateMoves(paceOf(context.times.samples(), mannerOf(context.action.transferMode)), {
    waiting: open.flatMap((item) => (item.state === 'waiting' ? [item.bytes ?? 0] : [])),
    running: open.flatMap((item) =>
      item.state === 'running'
        ? [
            {
              bytes: item.bytes ?? 0,
              elapsedMs: now - Date.parse(item.startedAt ?? context.now().toISOString()),
              arrivedBytes: live.get(item.itemId)?.targetBytes ?? null,
            },
          ]
        : [],
    ),
    parallel: context.action.parallelMoves,
  });
}

/** By bytes where every size is known, else by moves. */
function shareDone(
  context: StepContext<ActionOf<'move-shards'>>,
  live: ReadonlyMap<string, ItemProgress>,
): number {
  const items = context.items.all();
  if (items.length === 0) return 1;
  const inBytes = items.every((item) => item.bytes !== null);
  let done = 0;
  let total = 0;
  for (const item of items) {
    const weight = inBytes ? Math.max(item.bytes ?? 0, 1) : 1;
    total += weight;
    if (item.state === 'done' || item.state === 'conflict') done += weight;
    const shown = item.state === 'running' ? live.get(item.itemId) : undefined;
    if (shown?.targetBytes && inBytes) done += Math.min(shown.targetBytes, weight);
  }
  return done / total;
}
