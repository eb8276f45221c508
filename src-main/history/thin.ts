/** Makes a history smaller, the oldest first. Pure. */
import { toText } from './lines';
import type { Frame, Line } from './lines';
import { worldAfter } from './replay';
import { diffWorlds, emptyWorld, mergeDeltas } from './world';

/** Frames of the older half that lie in one of these become one. */
const coarseMs = 3_600_000;

/**
 * The older half keeps one frame an hour, with all its events; where that is not enough, the oldest lines go altogether.
 * The newer half stays as it is unless it alone is larger than `limitBytes`.
 */
export function thin(lines: readonly Line[], limitBytes: number): readonly Line[] {
  const half = Math.floor(lines.length / 2);
  const coarse = [...coarser(lines.slice(0, half)), ...lines.slice(half)];
  return dropOldest(coarse, limitBytes);
}

function coarser(lines: readonly Line[]): readonly Line[] {
  const kept: Line[] = [];
  let open: Frame | null = null;
  const close = (): void => {
    if (open !== null) kept.push(open);
    open = null;
  };
  for (const line of lines) {
    if (line.type === 'seen') continue;
    if (line.type !== 'frame') {
      close();
      kept.push(line);
    } else if (open !== null && hourOf(open.at) === hourOf(line.at)) open = merge(open, line);
    else {
      close();
      open = line;
    }
  }
  close();
  return kept;
}

function hourOf(at: string): number {
  return Math.floor(Date.parse(at) / coarseMs);
}

function merge(first: Frame, second: Frame): Frame {
  return {
    type: 'frame',
    at: second.at,
    isWhole: first.isWhole || second.isWhole,
    events: [...first.events, ...second.events],
    delta: second.isWhole ? second.delta : mergeDeltas(first.delta, second.delta),
  };
}

function dropOldest(lines: readonly Line[], limitBytes: number): readonly Line[] {
  const sizes = lines.map((line) => Buffer.byteLength(toText(line)) + 1);
  let size = sizes.reduce((sum, one) => sum + one, 0);
  let start = 0;
  for (;;) {
    if (size <= limitBytes || start >= lines.length) {
      const head = headOf(lines, start);
      const headSize = head.reduce((sum, line) => sum + Buffer.byteLength(toText(line)) + 1, 0);
      if (size + headSize <= limitBytes || start >= lines.length) return [...head, ...lines.slice(start)];
    }
    // A few at a time: each try replays what is dropped.
    const step = Math.max(1, Math.ceil((lines.length - start) / 16));
    for (let index = start; index < start + step; index += 1) size -= sizes[index] ?? 0;
    start += step;
  }
}

/** What the dropped lines leave behind: the world as a whole, where what follows needs it. */
function headOf(lines: readonly Line[], start: number): readonly Line[] {
  if (start === 0) return [];
  const next = lines.slice(start).find((line) => line.type === 'frame' || line.type === 'events');
  const at = lines[Math.min(start, lines.length) - 1]?.at ?? '';
  if (next?.type === 'events' || (next?.type === 'frame' && next.isWhole)) return [];
  const world = worldAfter(lines.slice(0, start));
  const delta = world === null ? null : diffWorlds(emptyWorld, world);
  return delta === null ? [] : [{ type: 'frame', at, isWhole: true, events: [], delta }];
}
