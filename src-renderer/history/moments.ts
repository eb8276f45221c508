/** Pure: where moments lie on the slider, and which comes next. */
import type { HistoryEvent, HistorySpan } from '../../src-main/contract/history';
import type { ShownState } from '../ui/states';

/** Milliseconds since 1970, both ends. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export const rangeNames = ['quarter', 'hour', 'day', 'week', 'all'] as const;
export type RangeName = (typeof rangeNames)[number];

export const rangeWords: Readonly<Record<RangeName, string>> = {
  quarter: 'Last 15 minutes',
  hour: 'Last hour',
  day: 'Last day',
  week: 'Last week',
  all: 'All that is kept',
};

const rangeMs: Readonly<Record<Exclude<RangeName, 'all'>, number>> = {
  quarter: 900_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

export function toRange(name: RangeName, spans: readonly HistorySpan[], nowMs: number): TimeRange {
  const first = spans[0];
  const beganMs = first === undefined ? nowMs : Date.parse(first.from);
  const fromMs = name === 'all' ? Math.min(beganMs, nowMs - 60_000) : nowMs - rangeMs[name];
  return { fromMs, toMs: nowMs };
}

/** An hour, or all where less is kept. */
export function fittingRange(spans: readonly HistorySpan[], nowMs: number): RangeName {
  const first = spans[0];
  return first === undefined || nowMs - Date.parse(first.from) < rangeMs.hour ? 'all' : 'hour';
}

/** 0..1; outside of it where the moment is outside of the range. */
export function shareOf(range: TimeRange, atMs: number): number {
  return (atMs - range.fromMs) / Math.max(1, range.toMs - range.fromMs);
}

export interface Mark {
  readonly atMs: number;
  readonly share: number;
  /** The worst of the events that lie here. */
  readonly level: ShownState;
  readonly count: number;
}

const rank: Readonly<Record<ShownState, number>> = { bad: 0, mind: 1, busy: 2, ok: 3, mute: 4 };
/** Marks closer than this share of the width would lie on each other. */
const markShare = 0.006;

/** Events that lie close to each other share a mark. */
export function toMarks(events: readonly HistoryEvent[], range: TimeRange): readonly Mark[] {
  const marks: Mark[] = [];
  for (const { at, level } of events) {
    const atMs = Date.parse(at);
    const share = shareOf(range, atMs);
    if (share < 0 || share > 1) continue;
    const last = marks.at(-1);
    if (last !== undefined && share - last.share < markShare) {
      marks[marks.length - 1] = {
        ...last,
        level: rank[level] < rank[last.level] ? level : last.level,
        count: last.count + 1,
      };
    } else marks.push({ atMs, share, level, count: 1 });
  }
  return marks;
}

export interface Stretch {
  /** 0..1 both. */
  readonly from: number;
  readonly to: number;
}

/** The parts of the range that were recorded. */
export function toStretches(spans: readonly HistorySpan[], range: TimeRange): readonly Stretch[] {
  return spans.flatMap((span) => {
    const from = Math.max(0, shareOf(range, Date.parse(span.from)));
    const to = Math.min(1, shareOf(range, Date.parse(span.to)));
    return to < from ? [] : [{ from, to }];
  });
}

/** The times that the arrow keys stop at: every change, and both ends of every span. */
export function toStops(events: readonly HistoryEvent[], spans: readonly HistorySpan[]): readonly number[] {
  const stops = new Set<number>();
  for (const { at } of events) stops.add(Date.parse(at));
  for (const { from, to } of spans) stops.add(Date.parse(from)).add(Date.parse(to));
  return [...stops].sort((one, other) => one - other);
}

/** Null: there is none on that side. */
export function stopBefore(stops: readonly number[], atMs: number): number | null {
  return stops.filter((stop) => stop < atMs).at(-1) ?? null;
}

export function stopAfter(stops: readonly number[], atMs: number): number | null {
  return stops.find((stop) => stop > atMs) ?? null;
}

/** The stop that lies within `withinMs`, else the moment itself. */
export function snapped(stops: readonly number[], atMs: number, withinMs: number): number {
  let nearest = atMs;
  let distance = withinMs;
  for (const stop of stops) {
    if (Math.abs(stop - atMs) > distance) continue;
    nearest = stop;
    distance = Math.abs(stop - atMs);
  }
  return nearest;
}

/** What happened at a moment, as the slider says it. */
export function eventsAt(events: readonly HistoryEvent[], atMs: number): readonly HistoryEvent[] {
  return events.filter(({ at }) => Date.parse(at) === atMs);
}
