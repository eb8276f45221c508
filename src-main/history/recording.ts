/** The history of one cluster: takes what was read of it, tells what changed, answers for any moment kept. */
import type { ClusterReachability, ClusterSizes, ClusterSnapshot } from '../contract/cluster';
import type { HistoryEvent, HistoryRecord, PastReply } from '../contract/history';
import type { ClusterNodeStates, LastSeenStates, NodeCondition } from '../contract/node-states';
import type { Operation, OperationState } from '../contract/operations';
import type { SessionState } from '../contract/sessions';
import { log } from '../log/log';
import { openBook } from './book';
import type { BookOptions, HistoryBook } from './book';
import {
  conditionChanges,
  connectionChange,
  operationChange,
  reachChanges,
  snapshotChanges,
} from './changes';
import type { Change } from './changes';
import {
  decodeReach,
  toPast,
  valuesOf,
  withConditions,
  withConnection,
  withReachability,
  withSizes,
  withSnapshot,
} from './encode';
import { eventsOf, spansOf, worldAt } from './replay';
import { emptyWorld } from './world';
import type { World } from './world';

export interface RecordingOptions extends Omit<BookOptions, 'onKeptAside'> {
  readonly clusterId: string;
  /** When the file may be opened. */
  readonly ready: Promise<void>;
  readonly onProblem: (words: string) => void;
}

export interface Recording {
  onSession(state: SessionState): void;
  onSnapshot(snapshot: ClusterSnapshot): void;
  /** The cluster was read again and is the same. */
  onSeen(): void;
  onReachability(record: ClusterReachability): void;
  onConditions(record: ClusterNodeStates): void;
  onSizes(record: ClusterSizes): void;
  onOperation(operation: Operation): void;
  /** As it was when this recording began; null where nothing was kept. */
  lastSeen(): Promise<LastSeenStates | null>;
  read(limit: number, revision: number): Promise<HistoryRecord>;
  past(at: string): Promise<PastReply>;
  /** Ends the time that is recorded; resolves when everything is on the disk. */
  close(): Promise<void>;
}

/** What comes in together within this time is of one moment. */
const oneMomentMs = 100;

const sizesEveryMs = 600_000;
/** What could not be written is kept for the next attempt, up to so many events. */
const mostWaiting = 1_000;

type Work = (opened: HistoryBook, at: string) => Promise<void> | void;

export function createRecording(options: RecordingOptions): Recording {
  const { clusterId } = options;
  let book: HistoryBook | null = null;
  let world: World = emptyWorld;
  let waiting: readonly HistoryEvent[] = [];
  let lastId = 0;
  let snapshot: ClusterSnapshot | null = null;
  let lastSeen: LastSeenStates | null = null;
  let sizedMs = 0;
  let isConnected = true;
  let address = '';
  let problem: string | null = null;
  const operations = new Map<string, OperationState>();
  /** What came in since the program last came to rest. */
  let together: { readonly seen: Date; readonly works: Work[] } | null = null;

  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work, work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  const load = async (): Promise<HistoryBook> => {
    if (book !== null) return book;
    await options.ready.catch(() => undefined);
    book = await openBook({
      ...options,
      onKeptAside: (count, path) =>
        options.onProblem(
          `${count} ${count === 1 ? 'line' : 'lines'} of the history could not be read; kept as ${path}.`,
        ),
    });
    world = book.world ?? emptyWorld;
    lastId = book.lastEventId;
    // What was known before the app ended is what the cluster is held against now.
    const past = toPast(world, clusterId, book.lastAt());
    snapshot = past?.snapshot ?? null;
    lastSeen = past && { at: past.at, nodes: past.snapshot.nodes, conditions: past.conditions.nodes };
    return book;
  };

  /**
   * What goes wrong here must not reach those who read the cluster. Records that come together, such as an answer of a node and the
   * state judged by it, are one moment and one frame: no moment may show the one without the other.
   */
  const quietly = (work: Work): void => {
    // Of when it was seen, however long the turn takes to come.
    const seen = options.now();
    if (together !== null && seen.getTime() - together.seen.getTime() < oneMomentMs) {
      together.works.push(work);
      return;
    }
    const works = [work];
    const moment = { seen, works };
    together = moment;
    queueMicrotask(() => {
      if (together === moment) together = null;
    });
    const seenAt = seen.toISOString();
    inTurn(async () => {
      const opened = await load();
      const at = seenAt > opened.lastAt() ? seenAt : opened.lastAt();
      const failures: unknown[] = [];
      for (const one of works) {
        try {
          await one(opened, at);
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
      if (!opened.isOn()) return;
      await opened.write(world, waiting, at);
      waiting = [];
      problem = null;
    }).catch((error: unknown) => {
      log.error(`the history of ${clusterId} could not be written`, error);
      const isNew = problem === null;
      problem = `The history could not be written: ${error instanceof Error ? error.message : String(error)}`;
      if (isNew) options.onProblem(problem);
    });
  };

  const note = (changes: readonly Change[], at: string, notBefore: string | null): void => {
    const events = changes.map((change, index) => ({
      eventId: lastId + 1 + index,
      at,
      notBefore,
      ...change,
    }));
    lastId += events.length;
    waiting = [...waiting, ...events].slice(-mostWaiting);
  };

  const setConnected = (now: boolean, why: string | null, at: string, notBefore: string | null): void => {
    const before = world.base.get('connected');
    if (before === JSON.stringify(now)) return;
    if (before !== undefined) note([connectionChange(address, now, why)], at, notBefore);
    world = withConnection(world, now);
  };

  return {
    onSession(state) {
      address = state.address;
      const isOpen = state.phase === 'open';
      if ((!isOpen && state.phase !== 'lost') || isOpen === isConnected) return;
      isConnected = isOpen;
      quietly((opened, at) => {
        if (opened.isOn()) setConnected(isOpen, state.failure?.message ?? null, at, null);
      });
    },
    onSnapshot(next) {
      quietly(async (opened, at) => {
        const notBefore = await opened.begin(at);
        setConnected(true, null, at, notBefore);
        if (snapshot !== null) note(snapshotChanges(snapshot, next), at, notBefore);
        world = withSnapshot(world, next, snapshot);
        snapshot = next;
      });
    },
    onSeen() {
      quietly(async (opened, at) => {
        if (opened.isOn()) await opened.begin(at);
      });
    },
    onReachability(record) {
      quietly(async (opened, at) => {
        if (snapshot === null || !opened.isOn()) return;
        const notBefore = await opened.begin(at);
        const next = withReachability(world, record);
        if (next === world) return;
        note(reachChanges(snapshot.nodes, decodeReach(world), record), at, notBefore);
        world = next;
      });
    },
    onConditions(record) {
      quietly((opened, at) => {
        if (snapshot === null || !opened.isOn()) return;
        const next = withConditions(world, record);
        if (next === world) return;
        const before = valuesOf<NodeCondition>(world.conditions);
        note(conditionChanges(snapshot.nodes, before, record), at, null);
        world = next;
      });
    },
    onSizes(record) {
      quietly((opened, at) => {
        if (snapshot === null || !opened.isOn()) return;
        const hasUnknown = [...world.shards.keys()].some(
          (oid) => world.sizes.get(oid)?.includes('null') ?? true,
        );
        if (!hasUnknown && Date.parse(at) - sizedMs < sizesEveryMs) return;
        sizedMs = Date.parse(at);
        world = withSizes(world, snapshot, record);
      });
    },
    onOperation(operation) {
      quietly((opened, at) => {
        const change = operationChange(operations.get(operation.operationId), operation);
        operations.set(operation.operationId, operation.state);
        if (change !== null && opened.isOn()) note([change], at, null);
      });
    },
    lastSeen: () =>
      inTurn(async () => {
        await load();
        return lastSeen;
      }),
    read: (limit, revision) =>
      inTurn(async () => {
        const opened = await load();
        const lines = await opened.lines();
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
        const lines = await (await load()).lines();
        const spans = spansOf(lines);
        const isKept = spans.some(({ from, to }) => from <= at && at <= to);
        const then = isKept ? worldAt(lines, at) : null;
        const past = then === null ? null : toPast(then, clusterId, at);
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
        const now = options.now().toISOString();
        await book?.close(now > book.lastAt() ? now : book.lastAt());
        book = null;
      }),
  };
}
