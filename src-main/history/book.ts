/** The file of one history: what is in it, when it is recorded, and how large it may grow. Calls must not overlap. */
import type { HistoryEvent } from '../contract/history';
import { openHistoryFile } from '../storage/history-file';
import { parseLine, toText } from './lines';
import type { Line } from './lines';
import { eventsOf, withoutUnreadable, worldAfter } from './replay';
import { thin } from './thin';
import { diffWorlds, emptyWorld } from './world';
import type { World } from './world';

export interface HistoryBook {
  /** What the file held when it was opened; null where the world is not known. */
  readonly world: World | null;
  readonly lastEventId: number;
  /** ISO 8601 of the last line; empty when there is none. */
  lastAt(): string;
  total(): number;
  sizeBytes(): number;
  /** Whether the time is recorded. */
  isOn(): boolean;
  lines(): Promise<readonly Line[]>;
  /** Begins, or begins anew after a time without readings. Answers since when nothing was known, if so. */
  begin(at: string): Promise<string | null>;
  /** What is new since the last frame; marks that nothing is where that is so. */
  write(world: World, events: readonly HistoryEvent[], at: string): Promise<void>;
  markSeen(at: string): Promise<void>;
  close(at: string): Promise<void>;
}

export interface BookOptions {
  readonly path: string;
  readonly limitBytes: number;
  readonly now: () => Date;
  /** Milliseconds without any reading after which nothing is known of the time between. */
  readonly gapMs: () => number;
  /** Something new is in the file. */
  readonly onWritten: (seenAt: string, total: number) => void;
  /** Lines that cannot be read were put into a file of their own. */
  readonly onKeptAside: (count: number, path: string) => void;
}

/** A mark that nothing changed is renewed this often. */
const seenEveryMs = 20_000;
/** Thinned to this share of the limit, so that it is not thinned at every line. */
const thinnedShare = 0.75;
/** A frame that stands alone comes after so many that do not, so that few have to be read for one moment. */
const framesBetween = 400;
const bytesBetween = 256 * 1024;

export async function openBook(options: BookOptions): Promise<HistoryBook> {
  const file = await openHistoryFile(options.path);
  const texts = await file.lines();
  const parsed = texts.map(parseLine);
  const { lines: readable, isComplete } = withoutUnreadable(parsed);
  const unreadable = texts.filter((_, index) => parsed[index] === null);
  if (unreadable.length > 0) {
    const aside = await file.keepAside(unreadable, options.now());
    await file.rewrite(readable.map(toText));
    options.onKeptAside(unreadable.length, aside);
  }
  const world = isComplete ? worldAfter(readable) : null;
  const known = eventsOf(readable);
  /** As the file has it. Null: the next frame is whole. */
  let written = world;
  let lastAt = readable.at(-1)?.at ?? '';
  let total = known.length;
  let isOn = false;
  let endsWithSeen = false;
  let sinceWhole = { frames: readable.length, bytes: file.sizeBytes() };

  const add = async (line: Line): Promise<void> => {
    await file.append([toText(line)]);
    endsWithSeen = line.type === 'seen';
    lastAt = line.at;
  };

  const lines = async (): Promise<readonly Line[]> =>
    (await file.lines()).map(parseLine).filter((line): line is Line => line !== null);

  const makeRoom = async (): Promise<void> => {
    const fewer = thin(await lines(), options.limitBytes * thinnedShare);
    await file.rewrite(fewer.map(toText));
    total = eventsOf(fewer).length;
    endsWithSeen = false;
  };

  const markSeen = async (at: string): Promise<void> => {
    if (!isOn || Date.parse(at) - Date.parse(lastAt) < seenEveryMs) return;
    const line: Line = { type: 'seen', at };
    if (endsWithSeen) await file.replaceLast(toText(line));
    else await add(line);
    endsWithSeen = true;
    lastAt = at;
    options.onWritten(at, total);
  };

  return {
    world,
    lastEventId: known.at(-1)?.eventId ?? 0,
    lastAt: () => lastAt,
    total: () => total,
    sizeBytes: () => file.sizeBytes(),
    isOn: () => isOn,
    lines,
    async begin(at) {
      if (isOn && Date.parse(at) - Date.parse(lastAt) <= options.gapMs()) return null;
      const before = lastAt === '' ? null : lastAt;
      await add({ type: 'began', at });
      isOn = true;
      return before;
    },
    async write(next, events, at) {
      const isWhole =
        written === null || sinceWhole.frames >= framesBetween || sinceWhole.bytes >= bytesBetween;
      const delta = diffWorlds(written ?? emptyWorld, next);
      if (delta === null && events.length === 0) return markSeen(at);
      const size = file.sizeBytes();
      const whole = isWhole ? diffWorlds(emptyWorld, next) : delta;
      await add({ type: 'frame', at, isWhole, events, delta: whole ?? {} });
      total += events.length;
      written = next;
      const bytes = file.sizeBytes() - size;
      sinceWhole = isWhole
        ? { frames: 0, bytes: 0 }
        : { frames: sinceWhole.frames + 1, bytes: sinceWhole.bytes + bytes };
      if (file.sizeBytes() > options.limitBytes) await makeRoom();
      options.onWritten(at, total);
    },
    markSeen,
    async close(at) {
      if (isOn) await add({ type: 'ended', at });
      await file.close();
    },
  };
}
