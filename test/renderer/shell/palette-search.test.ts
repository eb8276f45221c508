import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchText, searchPalette } from '../../../src-renderer/shell/palette-search';
import type { PaletteEntry, PaletteGroup } from '../../../src-renderer/shell/palette-search';

const entry = (group: PaletteGroup, label: string, note?: string): PaletteEntry => ({
  id: label,
  group,
  label,
  note,
  run: () => undefined,
});
const entries: readonly PaletteEntry[] = [
  entry('Go to', 'Operations'),
  entry('Go to', 'Topology'),
  entry('Commands', 'Practice A: Reset…'),
  entry('Commands', 'Theme: dark'),
  entry('Nodes', 'worker-1', '127.0.0.1:9801'),
  entry('Tables', 'permits', 'distributed'),
  entry('Tables', 'permit_types', 'reference'),
];
const labels = (query: string, recent: readonly string[] = []): string[] =>
  searchPalette(entries, query, recent).map((found) => found.entry.label);

describe('searchPalette', () => {
  it('puts the start of a word before its middle, and the shorter of two first', () => {
    expect(labels('per')).toEqual(['permits', 'permit_types', 'Operations']);
  });

  it('falls back to scattered letters only where nothing has the word', () => {
    expect(labels('per')).not.toContain('Practice A: Reset…');
    expect(labels('tpl')).toEqual(['Topology']);
    expect(labels('pt')).toContain('permit_types');
  });

  it('finds a node by its port and a table by its type', () => {
    expect(labels('9801')).toEqual(['worker-1']);
    expect(labels('reference')).toEqual(['permit_types']);
  });

  it('keeps groups together', () => {
    const groups = searchPalette(entries, 'e', []).map(({ group }) => group);
    expect(groups).toEqual([...groups].sort((one, other) => groups.indexOf(one) - groups.indexOf(other)));
  });

  it('shows the recent ones first when nothing is typed, and each only once', () => {
    const found = searchPalette(entries, ' ', ['Theme: dark', 'gone']);
    expect(found[0]).toMatchObject({ group: 'Recent', entry: { label: 'Theme: dark' } });
    expect(found.filter((one) => one.entry.label === 'Theme: dark')).toHaveLength(1);
  });

  it('finds nothing for what is not there', () => {
    expect(labels('zzz')).toEqual([]);
  });
});

describe('matchText', () => {
  it('marks exactly the letters that were typed', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z_ .-]{1,20}$/),
        fc.stringMatching(/^[a-z]{1,6}$/),
        (text, query) => {
          const match = matchText(query, text);
          if (match === null) return;
          expect(match.matched.map((at) => text[at]).join('')).toBe(query);
          expect([...match.matched]).toEqual([...new Set(match.matched)].sort((one, other) => one - other));
        },
      ),
    );
  });

  it('always finds a text by any piece of itself', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z_.-]{3,30}$/), fc.nat(), fc.nat(), (text, start, length) => {
        const from = start % text.length;
        const piece = text.slice(from, from + 1 + (length % (text.length - from)));
        expect(matchText(piece, text)?.isPiece).toBe(true);
      }),
    );
  });
});
