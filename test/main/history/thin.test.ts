import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HistoryEvent } from '../../../src-main/contract/history';
import { toText } from '../../../src-main/history/lines';
import type { Line } from '../../../src-main/history/lines';
import { eventsOf, spansOf, withoutUnreadable, worldAfter, worldAt } from '../../../src-main/history/replay';
import { thin } from '../../../src-main/history/thin';
import { diffWorlds, emptyWorld } from '../../../src-main/history/world';
import type { World } from '../../../src-main/history/world';

const start = Date.parse('2026-03-01T12:00:00.000Z');
const atMinute = (minute: number): string => new Date(start + minute * 60_000).toISOString();

function anEvent(eventId: number, at: string): HistoryEvent {
  return {
    eventId,
    at,
    notBefore: null,
    kind: 'node',
    level: 'ok',
    subject: 'db-1:5432',
    text: 'added',
    nodes: [],
  };
}

/** A history in which one text changes at every frame; some frames are whole. */
function makeLines(
  frames: readonly { readonly minutes: number; readonly isWhole: boolean }[],
): readonly Line[] {
  const lines: Line[] = [{ type: 'began', at: atMinute(0) }];
  let before: World = emptyWorld;
  let minute = 0;
  frames.forEach(({ minutes, isWhole }, index) => {
    minute += minutes;
    const at = atMinute(minute);
    const world: World = {
      ...before,
      nodes: new Map([...before.nodes, [String(index % 7), JSON.stringify(`state ${index}`)]]),
    };
    const whole = isWhole || index === 0;
    lines.push({
      type: 'frame',
      at,
      isWhole: whole,
      events: [anEvent(index + 1, at)],
      delta: diffWorlds(whole ? emptyWorld : before, world) ?? {},
    });
    before = world;
    if (index % 5 === 4) lines.push({ type: 'seen', at });
  });
  return lines;
}

const anyLines = fc
  .array(fc.record({ minutes: fc.integer({ min: 1, max: 40 }), isWhole: fc.boolean() }), {
    minLength: 1,
    maxLength: 60,
  })
  .map(makeLines);

const sizeOf = (lines: readonly Line[]): number =>
  lines.reduce((sum, line) => sum + Buffer.byteLength(toText(line)) + 1, 0);
const plain = (world: World | null): unknown => world && Object.fromEntries([...world.nodes].sort());

describe('thinning', () => {
  it('keeps within the limit, or keeps the last world alone', () => {
    fc.assert(
      fc.property(anyLines, fc.integer({ min: 300, max: 20_000 }), (lines, limit) => {
        const thinned = thin(lines, limit);
        expect(sizeOf(thinned) <= limit || thinned.length <= 1).toBe(true);
        expect(plain(worldAfter(thinned))).toEqual(plain(worldAfter(lines)));
      }),
    );
  });

  it('shows at every frame that is left the world that was there', () => {
    fc.assert(
      fc.property(anyLines, fc.integer({ min: 300, max: 20_000 }), (lines, limit) => {
        for (const line of thin(lines, limit)) {
          if (line.type !== 'frame') continue;
          expect(plain(worldAt(thin(lines, limit), line.at))).toEqual(plain(worldAt(lines, line.at)));
        }
      }),
    );
  });

  it('drops no event while a coarser older half is enough', () => {
    const lines = makeLines(Array.from({ length: 100 }, () => ({ minutes: 2, isWhole: false })));
    const thinned = thin(lines, sizeOf(lines));
    expect(thinned.length).toBeLessThan(lines.length * 0.7);
    expect(eventsOf(thinned)).toEqual(eventsOf(lines));
  });

  it('drops the oldest events first', () => {
    const lines = makeLines(Array.from({ length: 100 }, () => ({ minutes: 20, isWhole: false })));
    const ids = eventsOf(thin(lines, sizeOf(lines) / 2)).map(({ eventId }) => eventId);
    expect(ids.length).toBeGreaterThan(20);
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => 101 - ids.length + index));
  });
});

describe('a history with lines that cannot be read', () => {
  it('knows no world from there to the next whole frame, and says so in its spans', () => {
    const lines = makeLines([
      { minutes: 1, isWhole: true },
      { minutes: 1, isWhole: false },
      { minutes: 1, isWhole: false },
      { minutes: 1, isWhole: true },
      { minutes: 1, isWhole: false },
    ]);
    const { lines: mended, isComplete } = withoutUnreadable(
      lines.map((line, index) => (index === 2 ? null : line)),
    );
    expect(isComplete).toBe(true);
    expect(eventsOf(mended).map(({ eventId }) => eventId)).toEqual([1, 3, 4, 5]);
    expect(spansOf(mended)).toEqual([
      { from: atMinute(0), to: atMinute(1) },
      { from: atMinute(4), to: atMinute(5) },
    ]);
    expect(worldAt(mended, atMinute(3))).toBeNull();
    expect(plain(worldAt(mended, atMinute(5)))).toEqual(plain(worldAt(lines, atMinute(5))));
  });
});
