/** The history of one cluster: takes what was read of it, writes what changed, answers for any moment kept. */
import type { ClusterReachability, ClusterSizes, ClusterSnapshot } from '../contract/cluster';
import type { HistoryEvent, HistoryRecord, PastReply } from '../contract/history';
import type { Operation, OperationState } from '../contract/operations';
import type { SessionState } from '../contract/sessions';
import { log } from '../log/log';
import { openHistoryFile } from '../storage/history-file';
import type { HistoryFile } from '../storage/history-file';
import { connectionChange, operationChange, reachChanges, snapshotChanges } from './changes';
import type { Change } from './changes';
import { decodeReach, toPast, withConnection, withReachability, withSizes, withSnapshot } from './encode';
import { parseLine, toText } from './lines';
import type { Line } from './lines';
import { eventsOf, spansOf, withoutUnreadable, worldAfter, worldAt } from './replay';
import { thin } from './thin';
import { diffWorlds, emptyWorld } from './world';
import type { World } from './world';

export interface RecordingOptions {
  readonly clusterId: string;
  /** When the file may be opened. */
  readonly ready: Promise<void>;
  readonly path: string;
  readonly limitBytes: number;
  readonly now: () => Date;
  /** Milliseconds without any reading after which nothing is known of the time between. */
  readonly gapMs: () => number;
  /** Something new is in the file. */
  readonly onWritten: (seenAt: string, total: number) => void;
  readonly onProblem: (words: string) => void;
}

export interface Recording {
  onSession(state: SessionState): void;
  onSnapshot(snapshot: ClusterSnapshot): void;
  /** The cluster was read again and is the same. */
  onSeen(): void;
  onReachability(record: ClusterReachability): void;
  onSizes(record: ClusterSizes): void;
  onOperation(operation: Operation): void;
  read(limit: number, revision: number): Promise<HistoryRecord>;
  past(at: string): Promise<PastReply>;
  /** Ends the time that is recorded; resolves when everything is on the disk. */
  close(): Promise<void>;
}

/** A mark that nothing changed is renewed this often. */
const seenEveryMs = 20_000;
const sizesEveryMs = 600_000;
/** Thinned to this share of the limit, so that it is not thinned at every line. */
const thinnedShare = 0.75;
/** A frame that stands alone comes after so many that do not, so that few have to be read for one moment. */
const framesBetween = 400;
const bytesBetween = 256 * 1024;

export function createRecording(options: RecordingOptions): Recording {
  const { clusterId } = options;
  let file: HistoryFile | null = null;
  /** As it is, and as the file has it. Null: the next frame is whole. */
  let world: World = emptyWorld;
  let written: World | null = null;
  let waiting: HistoryEvent[] = [];
  let nextId = 1;
  let total = 0;
  let lastAt = '';
  /** The time that is recorded has begun and not ended. */
  let isOn = false;
  let endsWithSeen = false;
  let sinceWhole = { frames: 0, bytes: 0 };
  let snapshot: ClusterSnapshot | null = null;
  let sizedMs = 0;
  let isConnected = true;
  let address = '';
  let problem: string | null = null;
  const operations = new Map<string, OperationState>();

  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work, work);
    queue = turn.catch(() => undefined);
    return turn;
  };
  /** What goes wrong here must not reach those who read the cluster. */
  const quietly = (work: (opened: HistoryFile, at: string) => Promise<void>): void => {
    // Of when it was seen, however long the turn takes to come.
    const seenAt = options.now().toISOString();
    inTurn(async () => {
      const opened = await load();
      await work(opened, seenAt > lastAt ? seenAt : lastAt);
    }).catch((error: unknown) => {
      log.error(`the history of ${clusterId} could not be written`, error);
      const isNew = problem === null;
      problem = `The history could not be written: ${error instanceof Error ? error.message : String(error)}`;
      if (isNew) options.onProblem(problem);
    });
  };

  const load = async (): Promise<HistoryFile> => {
    if (file !== null) return file;
    await options.ready.catch(() => undefined);
    const opened = await openHistoryFile(options.path);
    const texts = await opened.lines();
    const parsed = texts.map(parseLine);
    const { lines, isComplete } = withoutUnreadable(parsed);
    const unreadable = texts.filter((_, index) => parsed[index] === null);
    if (unreadable.length > 0) {
      const aside = await opened.keepAside(unreadable, options.now());
      await opened.rewrite(lines.map(toText));
      problem = `${unreadable.length} lines of the history could not be read; they are kept as ${aside}.`;
      options.onProblem(problem);
    }
    written = isComplete ? worldAfter(lines) : null;
    world = written ?? emptyWorld;
    lastAt = lines.at(-1)?.at ?? '';
    const events = eventsOf(lines);
    total = events.length;
    nextId = (events.at(-1)?.eventId ?? 0) + 1;
    sinceWhole = { frames: lines.length, bytes: opened.sizeBytes() };
    // What was known before the app ended is what it is held against now.
    snapshot = toPast(world, clusterId, lastAt)?.snapshot ?? null;
    file = opened;
    return opened;
  };

  const add = async (opened: HistoryFile, lines: readonly Line[]): Promise<void> => {
    await opened.append(lines.map(toText));
    endsWithSeen = lines.at(-1)?.type === 'seen';
    lastAt = lines.at(-1)?.at ?? lastAt;
  };

  /** Begins, or begins anew after a time without readings. Answers since when nothing was known, if it did. */
  const begin = async (opened: HistoryFile, at: string): Promise<string | null> => {
    if (isOn && Date.parse(at) - Date.parse(lastAt) <= options.gapMs()) return null;
    const before = lastAt === '' ? null : lastAt;
    await add(opened, [{ type: 'began', at }]);
    isOn = true;
    return before;
  };

  const note = (changes: readonly Change[], at: string, notBefore: string | null): void => {
    for (const change of changes) {
      waiting.push({ eventId: nextId, at, notBefore, ...change });
      nextId += 1;
    }
  };

  const flush = async (opened: HistoryFile, at: string): Promise<void> => {
    const isWhole =
      written === null || sinceWhole.frames >= framesBetween || sinceWhole.bytes >= bytesBetween;
    const delta = diffWorlds(written ?? emptyWorld, world);
    if (delta === null && waiting.length === 0) return markSeen(opened, at);
    const frame: Line = {
      type: 'frame',
      at,
      isWhole,
      events: waiting,
      delta: (isWhole ? diffWorlds(emptyWorld, world) : delta) ?? {},
    };
    const size = opened.sizeBytes();
    await add(opened, [frame]);
    total += waiting.length;
    waiting = [];
    written = world;
    const bytes = opened.sizeBytes() - size;
    sinceWhole = isWhole
      ? { frames: 0, bytes: 0 }
      : { frames: sinceWhole.frames + 1, bytes: sinceWhole.bytes + bytes };
    if (opened.sizeBytes() > options.limitBytes) await makeRoom(opened);
    problem = null;
    options.onWritten(at, total);
  };

  const makeRoom = async (opened: HistoryFile): Promise<void> => {
    const lines = thin(await readLines(opened), options.limitBytes * thinnedShare);
    await opened.rewrite(lines.map(toText));
    total = eventsOf(lines).length;
    endsWithSeen = false;
  };

  const markSeen = async (opened: HistoryFile, at: string): Promise<void> => {
    if (!isOn || Date.parse(at) - Date.parse(lastAt) < seenEveryMs) return;
    const line: Line = { type: 'seen', at };
    if (endsWithSeen) await opened.replaceLast(toText(line));
    else await opened.append([toText(line)]);
    endsWithSeen = true;
    lastAt = at;
    options.onWritten(at, total);
  };

  const readLines = async (opened: HistoryFile): Promise<readonly Line[]> =>
    (await opened.lines()).map(parseLine).filter((line): line is Line => line !== null);

  const setConnected = (now: boolean, why: string | null, at: string, notBefore: string | null): void => {
    const before = world.base.get('connected');
    if (before !== undefined && before !== JSON.stringify(now)) {
      note([connectionChange(address, now, why)], at, notBefore);
    }
    world = withConnection(world, now);
  };

  return {
    onSession(state) {
      address = state.address;
      const isOpen = state.phase === 'open';
      const isLost = state.phase === 'lost';
      if (!isOpen && !isLost) return;
      const wasConnected = isConnected;
      isConnected = isOpen;
      if (wasConnected === isOpen) return;
      quietly(async (opened, at) => {
        if (!isOn) return;
        setConnected(isOpen, state.failure?.message ?? null, at, null);
        await flush(opened, at);
      });
    },
    onSnapshot(next) {
      quietly(async (opened, at) => {
        const notBefore = await begin(opened, at);
        setConnected(true, null, at, notBefore);
        const before = snapshot;
        if (before !== null) note(snapshotChanges(before, next), at, notBefore);
        world = withSnapshot(world, next, before);
        snapshot = next;
        await flush(opened, at);
      });
    },
    onSeen() {
      quietly(async (opened, at) => {
        if (isOn) await begin(opened, at);
        await markSeen(opened, at);
      });
    },
    onReachability(record) {
      quietly(async (opened, at) => {
        if (snapshot === null || !isOn) return;
        const notBefore = await begin(opened, at);
        const next = withReachability(world, record);
        if (next !== world) {
          note(reachChanges(snapshot.nodes, decodeReach(world), record), at, notBefore);
          world = next;
        }
        await flush(opened, at);
      });
    },
    onSizes(record) {
      quietly(async (opened, at) => {
        if (snapshot === null || !isOn) return;
        const hasNew = [...world.shards.keys()].some((oid) => !world.sizes.has(oid));
        const nowMs = Date.parse(at);
        if (!hasNew && nowMs - sizedMs < sizesEveryMs) return;
        sizedMs = nowMs;
        world = withSizes(world, snapshot, record);
        await flush(opened, at);
      });
    },
    onOperation(operation) {
      quietly(async (opened, at) => {
        const change = operationChange(operations.get(operation.operationId), operation);
        operations.set(operation.operationId, operation.state);
        if (change === null || !isOn) return;
        note([change], at, null);
        await flush(opened, at);
      });
    },
    read: (limit, revision) =>
      inTurn(async () => {
        const opened = await load();
        const lines = await readLines(opened);
        const events = eventsOf(lines);
        return {
          clusterId,
          revision,
          spans: spansOf(lines),
          events: events.slice(-limit),
          total: events.length,
          sizeBytes: opened.sizeBytes(),
          limitBytes: options.limitBytes,
          problem,
        };
      }),
    past: (at) =>
      inTurn(async () => {
        const lines = await readLines(await load());
        const spans = spansOf(lines);
        const isKept = spans.some(({ from, to }) => from <= at && at <= to);
        const world_ = isKept ? worldAt(lines, at) : null;
        const past = world_ === null ? null : toPast(world_, clusterId, at);
        return (
          past ?? {
            outcome: 'gap',
            at,
            before: spans.filter(({ to }) => to < at).at(-1)?.to ?? null,
            after: spans.find(({ from }) => from > at)?.from ?? null,
          }
        );
      }),
    close: () =>
      inTurn(async () => {
        if (file === null) return;
        const now = options.now().toISOString();
        if (isOn) await add(file, [{ type: 'ended', at: now > lastAt ? now : lastAt }]);
        isOn = false;
        await file.close();
        file = null;
      }),
  };
}
