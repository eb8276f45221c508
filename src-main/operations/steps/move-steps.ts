/** Moves one by one: begun in the plan's order as far as its limits allow, each noted before and after. */
import { moveShard, readPlacements } from '../../citus/move-changes';
import { readBackend, readBackendWorks, readOpenRebalance } from '../../citus/operation-reads';
import { FailureError, toFailure } from '../../contract/failure';
import type { Failure } from '../../contract/failure';
import type { StepItem, StepState } from '../../contract/operations';
import type { OrderedMove } from '../../contract/rebalance';
import { log } from '../../log/log';
import { mannerOf } from '../../plans/move-estimate';
import { minutesUntilWindow, movesToBegin } from '../../plans/move-schedule';
import { failureWords, isLostConnection } from '../failures';
import { followMoves } from './move-progress';
import type { ActionOf, Observation, Step, StepContext, StepResult } from './step';

type Context = StepContext<ActionOf<'move-shards'>>;

export const moveShardsStep: Step<ActionOf<'move-shards'>> = {
  // What has moved is seen by its placement, and moving it again is refused by the server as done.
  retrySafe: true,
  canHold: true,
  execute,
  settle: settleItems,
  async observe(context): Promise<Observation> {
    const places = await placesOf(context);
    for (const item of context.items.all()) {
      const backend = item.state === 'running' ? context.items.backendOf(item.itemId) : null;
      const limit = { timeoutMs: context.timing.readLimitMs };
      if (backend && (await readBackendWorks(context.reader(), backend, limit))) {
        return { state: 'underway', words: `shard ${item.itemId} is being moved` };
      }
    }
    const total = context.action.moves.length;
    const count = (wanted: Place): number => places.filter((place) => place === wanted).length;
    const elsewhere = count('elsewhere');
    const words =
      `${count('target')} of ${total} moved`
      + (elsewhere > 0 ? `, ${elsewhere} that somebody else moved or removed left out` : '');
    const left = count('source');
    return left === 0 ? { state: 'done', words } : { state: 'absent', words: `${words}, ${left} to go` };
  },
  /** After a restart: the server goes on with the moves that this app had begun. */
  async follow(context): Promise<StepResult> {
    for (;;) {
      const seen = await moveShardsStep.observe(context);
      if (seen.state !== 'underway') return { outcome: seen.words, notices: [] };
      context.report({ outcome: seen.words });
      await context.wait(context.timing.pollMs);
      refuseWhenAborted(context);
    }
  },
};

type Place = 'source' | 'target' | 'elsewhere';

async function placesOf(context: Context): Promise<readonly Place[]> {
  const { moves } = context.action;
  const placements = await readPlacements(
    context.reader(),
    moves.map(({ shardId }) => shardId),
    { timeoutMs: context.timing.readLimitMs },
  );
  return moves.map((move) => placeOf(move, placements.get(move.shardId) ?? []));
}

function placeOf(move: OrderedMove, nodes: readonly number[]): Place {
  const onSource = nodes.includes(move.sourceNodeId);
  const onTarget = nodes.includes(move.targetNodeId);
  if (onTarget && !onSource) return 'target';
  return onSource && !onTarget ? 'source' : 'elsewhere';
}

const stateOfPlace: Readonly<Record<Place, StepState>> = {
  source: 'waiting',
  target: 'done',
  elsewhere: 'conflict',
};

/** Brings the items to what the cluster says, so that one from an attempt before is neither repeated nor forgotten. */
async function settleItems(context: Context): Promise<void> {
  const places = await placesOf(context);
  for (const [index, move] of context.action.moves.entries()) {
    const place = places[index] ?? 'elsewhere';
    const item = itemOf(context, move);
    const state = stateOfPlace[place];
    if (item.state === state) continue;
    await context.items.note(move.shardId, { state, ...leftBehind(place, item) });
  }
}

/** What its attempts before came to; a time that nobody saw is not known. */
function leftBehind(place: Place, item: StepItem): Pick<StepItem, 'startedAt' | 'outcome'> {
  switch (place) {
    case 'source':
      return { startedAt: null, outcome: item.outcome };
    case 'target':
      return { startedAt: item.startedAt, outcome: 'lies there' };
    case 'elsewhere':
      return { startedAt: null, outcome: 'lies on another node now, or is gone' };
  }
}

function itemOf(context: Context, move: OrderedMove): StepItem {
  const item = context.items.all().find((one) => one.itemId === move.shardId);
  if (!item) throw new Error(`no item for shard ${move.shardId}`);
  return item;
}

async function execute(context: Context): Promise<StepResult> {
  const { action, items } = context;
  await settleItems(context);
  const running = new Map<number, Promise<void>>();
  const freeLanes = Array.from({ length: action.parallelMoves }, (_, lane) => lane);
  /** Why nothing more is begun, where it is not a person's wish. */
  let stopped: string | null = null;
  let lost: unknown = null;
  let windowShown: string | null = null;
  const progress = followMoves(context);

  const begin = (index: number): void => {
    const move = action.moves[index];
    const lane = freeLanes.shift();
    if (move === undefined || lane === undefined) return;
    const work = moveOne(context, move, lane)
      .then((failed) => {
        if (failed !== null) stopped ??= failed;
      })
      .catch((error: unknown) => {
        lost ??= error;
      })
      .finally(() => {
        freeLanes.push(lane);
        running.delete(index);
      });
    running.set(index, work);
  };

  try {
    for (;;) {
      const all = items.all();
      const byId = new Map(all.map((item) => [item.itemId, item.state]));
      const states = action.moves.map(({ shardId }) => byId.get(shardId) ?? 'waiting');
      const holds = context.holding() || stopped !== null || lost !== null || context.signal.aborted;
      if (!holds) {
        const wait = minutesUntilWindow(action.window, minuteOfDay(context.now()));
        const words = wait === 0 ? null : windowWords(context, wait);
        if (words !== windowShown) context.report({ attention: words });
        windowShown = words;
        if (wait === 0) {
          // A move that has been begun reads "running" only when that is in the journal.
          const taken = states.map((state, index) => (running.has(index) ? 'running' : state));
          const next = movesToBegin(action.moves, taken, action);
          const other = next.length === 0 ? null : await otherRebalance(context);
          stopped ??= other;
          if (other === null) next.forEach(begin);
        }
      }
      if (running.size === 0) {
        if (lost !== null) throw lost;
        refuseWhenAborted(context);
        if (stopped !== null) return { outcome: stopped, notices: [], held: stopped };
        if (context.holding()) return { outcome: 'paused', notices: [], held: 'Paused' };
        if (!states.includes('waiting')) break;
      }
      // A wait that was aborted is over at once; what runs then ends by its own cancel.
      const beat = context.signal.aborted ? [] : [context.wait(context.timing.pollMs)];
      await Promise.race([...running.values(), ...beat]);
    }
  } finally {
    progress.end();
  }
  return { outcome: 'moved', notices: [] };
}

/** Resolves with null when the group lies on its target, or with why it was given up; throws when the session is lost. */
async function moveOne(context: Context, move: OrderedMove, lane: number): Promise<string | null> {
  const { items, signal } = context;
  for (let attempt = 1; ; attempt += 1) {
    const writer = await context.lane(lane);
    const backend = await readBackend(writer, { timeoutMs: context.timing.readLimitMs });
    await items.note(
      move.shardId,
      {
        state: 'running',
        startedAt: context.now().toISOString(),
        endedAt: null,
        attempts: itemOf(context, move).attempts + 1,
        outcome: null,
      },
      backend ?? undefined,
    );
    const ended = (): string => context.now().toISOString();
    const began = context.now().getTime();
    let failure: Failure;
    try {
      await moveShard(writer, move, context.action, { signal, timeoutMs: 0 });
      await items.note(move.shardId, { state: 'done', endedAt: ended(), outcome: 'moved' });
      if (move.bytes !== null) {
        const ms = context.now().getTime() - began;
        context.times.note({ bytes: move.bytes, ms, manner: mannerOf(context.action.transferMode) });
      }
      return null;
    } catch (error) {
      failure = toFailure(error);
      if (signal.aborted) {
        await items.note(move.shardId, { state: 'cancelled', endedAt: ended(), outcome: 'cancelled' });
        return null;
      }
      // Whether it went through is for the next look to say.
      if (isLostConnection(failure)) throw error;
    }
    const { moveRetriesMs } = context.timing;
    const delayMs = moveRetriesMs[attempt - 1];
    const words = failureWords(failure);
    const other = await otherRebalance(context);
    if (other !== null) {
      await items.note(move.shardId, { state: 'failed', endedAt: ended(), outcome: words });
      return other;
    }
    if (delayMs === undefined || context.holding() || !isWorthAnotherTry(failure)) {
      await items.note(move.shardId, { state: 'failed', endedAt: ended(), outcome: words });
      return `Shard ${move.shardId} could not be moved after ${attempt === 1 ? '1 attempt' : `${attempt} attempts`}: ${words}`;
    }
    const again = new Date(context.now().getTime() + delayMs);
    const attention = `Shard ${move.shardId} could not be moved (${words}); tried again at ${timeOfDay(again)}, attempt ${attempt + 1} of ${moveRetriesMs.length + 1}.`;
    await items.note(move.shardId, { outcome: attention });
    context.report({ attention });
    while (context.now() < again && !context.holding() && !signal.aborted) {
      await context.wait(Math.min(context.timing.pollMs, delayMs));
    }
    context.report({ attention: null });
  }
}

/** Why nothing is begun while the cluster itself rebalances: each would spoil what the other counts on. */
async function otherRebalance({ reader, timing }: Context): Promise<string | null> {
  let job: Awaited<ReturnType<typeof readOpenRebalance>>;
  try {
    job = await readOpenRebalance(reader(), { timeoutMs: timing.readLimitMs });
  } catch (error) {
    // Citus refuses a move that would clash; without the answer its refusal is what is told.
    log.warn('it was not read whether the cluster rebalances', toFailure(error));
    return null;
  }
  if (job === null) return null;
  const owners = job.owners.length === 0 ? '' : `, started by ${job.owners.join(', ')},`;
  return `Held back: job ${job.jobId} (${job.description})${owners} moves shards too; paused`;
}

function refuseWhenAborted({ signal }: Context): void {
  if (signal.aborted) throw new FailureError({ kind: 'cancelled', message: 'The moves were cancelled.' });
}

/** What a moment may mend: a lock, a node that is away, records that Citus has still to clean up. A refusal stays one. */
function isWorthAnotherTry(failure: Failure): boolean {
  const refused = ['0A000', '42501', '22023', '42P01', '22P02'];
  return failure.sqlState === undefined || !refused.includes(failure.sqlState);
}

function minuteOfDay(time: Date): number {
  return time.getHours() * 60 + time.getMinutes();
}

function timeOfDay(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

function windowWords(context: Context, minutes: number): string {
  const { window } = context.action;
  const hours = Math.floor(minutes / 60);
  const inWords = hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
  return `Waits for the window from ${window?.from ?? ''} to ${window?.to ?? ''}; the next move begins in ${inWords}.`;
}
