/** What the lines of a history say of a moment. Pure. */
import type { HistoryEvent, HistorySpan } from '../contract/history';
import type { Line } from './lines';
import { applyDelta, emptyWorld } from './world';
import type { World } from './world';

/** Times when the cluster was looked at and its world is known, oldest first. */
export function spansOf(lines: readonly Line[]): readonly HistorySpan[] {
  const spans: { from: string; to: string }[] = [];
  let current: { from: string; to: string } | null = null;
  for (const line of lines) {
    switch (line.type) {
      case 'began':
        current = { from: line.at, to: line.at };
        spans.push(current);
        break;
      case 'events':
        current = null;
        break;
      case 'frame':
      case 'seen':
      case 'ended':
        if (current === null && line.type === 'frame' && line.isWhole) {
          current = { from: line.at, to: line.at };
          spans.push(current);
        } else if (current !== null && line.at > current.to) current.to = line.at;
        if (line.type === 'ended') current = null;
    }
  }
  return spans;
}

export function eventsOf(lines: readonly Line[]): readonly HistoryEvent[] {
  return lines.flatMap((line) => (line.type === 'frame' || line.type === 'events' ? line.events : []));
}

/** The world after the last frame that is not later than `at`; null where it is not known. */
export function worldAt(lines: readonly Line[], at: string): World | null {
  let end = lines.length;
  while (end > 0 && (lines[end - 1]?.at ?? '') > at) end -= 1;
  return worldAfter(lines.slice(0, end));
}

/** The world that the last of the lines leaves; null where it is not known. */
export function worldAfter(lines: readonly Line[]): World | null {
  let start = -1;
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index];
    if (line?.type === 'events') return null;
    if (line?.type === 'frame' && line.isWhole) {
      start = index;
      break;
    }
  }
  if (start < 0) return null;
  let world = emptyWorld;
  for (const line of lines.slice(start)) if (line.type === 'frame') world = applyDelta(world, line.delta);
  return world;
}

/**
 * Lines in order, with those that cannot be read left out: what depends on one of them, up to the next whole frame, keeps its events
 * and no world. `isComplete` says whether the world after the last of them is known.
 */
export function withoutUnreadable(lines: readonly (Line | null)[]): {
  readonly lines: readonly Line[];
  readonly isComplete: boolean;
} {
  const kept: Line[] = [];
  let isLost = false;
  for (const line of lines) {
    if (line === null) isLost = true;
    else if (line.type !== 'frame') {
      if (!isLost || line.type === 'events') kept.push(line);
    } else if (!isLost) kept.push(line);
    else {
      kept.push({ type: 'events', at: line.at, events: line.isWhole ? [] : line.events });
      if (line.isWhole) kept.push(line);
      isLost = !line.isWhole;
    }
  }
  return { lines: kept, isComplete: !isLost };
}
