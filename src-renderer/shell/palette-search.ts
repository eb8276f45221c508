/** Pure: which entries fit what was typed, best first. */

export type PaletteGroup = 'Recent' | 'Go to' | 'Commands' | 'Clusters' | 'Nodes' | 'Tables';

export interface PaletteEntry {
  /** Stable between sessions of the window: the recent ones are remembered by it. */
  readonly id: string;
  readonly group: PaletteGroup;
  readonly label: string;
  /** Beside the label, searched as well with less weight. */
  readonly note?: string;
  /** As in "F5". */
  readonly keys?: string;
  readonly run: () => void;
}

export interface FoundEntry {
  readonly entry: PaletteEntry;
  readonly group: PaletteGroup;
  /** Positions in the label that were matched. */
  readonly matched: readonly number[];
}

const groupOrder: readonly PaletteGroup[] = ['Recent', 'Go to', 'Commands', 'Clusters', 'Nodes', 'Tables'];
const shownPerGroup = 8;

export interface TextMatch {
  readonly score: number;
  /** Positions in the text. */
  readonly matched: readonly number[];
  /** The query stands in it unbroken. */
  readonly isPiece: boolean;
}

/** Score of a match, higher is better, or null: every character of the query in order. */
export function matchText(query: string, text: string): TextMatch | null {
  const wanted = query.toLowerCase().replace(/\s+/g, '');
  const within = text.toLowerCase();
  if (wanted === '') return { score: 0, matched: [], isPiece: true };
  // An unbroken piece beats the same letters scattered, and one at the start of a word beats one inside.
  const whole = findPiece(query.trim().toLowerCase(), within);
  if (whole !== null) {
    const length = query.trim().length;
    const matched = Array.from({ length }, (_, offset) => whole.at + offset);
    const score = (whole.startsWord ? 200 : 120) + (whole.at === 0 ? 60 : 0) - within.length / 8;
    return { score, matched, isPiece: true };
  }
  const matched: number[] = [];
  let score = 0;
  let from = 0;
  for (const letter of wanted) {
    const at = within.indexOf(letter, from);
    if (at === -1) return null;
    const last = matched.at(-1);
    if (isWordStart(within, at)) score += 8;
    else if (last === at - 1) score += 5;
    else score += 1;
    matched.push(at);
    from = at + 1;
  }
  // Letters far apart fit by accident.
  const spread = (matched.at(-1) ?? 0) - (matched[0] ?? 0) + 1 - wanted.length;
  if (spread > wanted.length * 6) return null;
  return { score: score - spread / 2 - within.length / 16, matched, isPiece: false };
}

function findPiece(piece: string, within: string): { at: number; startsWord: boolean } | null {
  let inside: number | null = null;
  for (let at = within.indexOf(piece); at !== -1; at = within.indexOf(piece, at + 1)) {
    if (isWordStart(within, at)) return { at, startsWord: true };
    inside ??= at;
  }
  return inside === null ? null : { at: inside, startsWord: false };
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || /[\s._:\-/"(]/.test(text[at - 1] ?? '');
}

/** Nothing typed: the recent ones, then the fixed groups. Else every group by its best match. */
export function searchPalette(
  entries: readonly PaletteEntry[],
  query: string,
  recentIds: readonly string[],
): readonly FoundEntry[] {
  if (query.trim() === '') return withoutQuery(entries, recentIds);
  const scored = entries.flatMap((entry) => {
    const inLabel = matchText(query, entry.label);
    const inNote = entry.note === undefined ? null : matchText(query, entry.note);
    if (inLabel === null && inNote === null) return [];
    const recent = recentIds.includes(entry.id) ? 6 : 0;
    return [
      {
        entry,
        group: entry.group,
        matched: inLabel?.matched ?? [],
        isPiece: inLabel?.isPiece === true || inNote?.isPiece === true,
        score: Math.max(inLabel?.score ?? -Infinity, (inNote?.score ?? -Infinity) / 3) + recent,
      },
    ];
  });
  scored.sort(
    (one, other) => other.score - one.score || one.entry.label.localeCompare(other.entry.label, 'en'),
  );
  // Scattered letters help where nothing has the word itself, and are noise where something has.
  const fitting = scored.some(({ isPiece }) => isPiece) ? scored.filter(({ isPiece }) => isPiece) : scored;
  const groups = [...new Set(fitting.map(({ group }) => group))];
  return groups.flatMap((group) => fitting.filter((found) => found.group === group).slice(0, shownPerGroup));
}

function withoutQuery(entries: readonly PaletteEntry[], recentIds: readonly string[]): readonly FoundEntry[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const recent = recentIds
    .flatMap((id) => byId.get(id) ?? [])
    .slice(0, 5)
    .map((entry) => ({ entry, group: 'Recent' as const, matched: [] }));
  const rest = groupOrder.flatMap((group) =>
    entries
      .filter((entry) => entry.group === group && !recent.some((one) => one.entry.id === entry.id))
      .slice(0, shownPerGroup)
      .map((entry) => ({ entry, group, matched: [] })),
  );
  return [...recent, ...rest];
}
