/**
 * Values on their way to a thread. Copying 40,000 shards at once would hold up the sender as long as the plan itself
 * does, so that long lists go in slices, and the sender's turn ends between them.
 */

export interface Slice {
  /** Where in the value the items belong. */
  readonly path: readonly string[];
  readonly items: readonly unknown[];
}

/** About a millisecond's copying, of tables with their columns and statistics. */
const sliceItems = 40;
/** Levels of objects that are looked through for lists; what lies deeper is copied with what it belongs to. */
const deepest = 3;

/** The value with every long list empty, and those lists. */
export function split(value: unknown): { readonly rest: unknown; readonly slices: readonly Slice[] } {
  const slices: Slice[] = [];
  return { rest: withoutLists(value, [], slices), slices };
}

function withoutLists(value: unknown, path: readonly string[], slices: Slice[]): unknown {
  if (Array.isArray(value)) {
    if (value.length <= sliceItems) return value;
    for (let at = 0; at < value.length; at += sliceItems) {
      slices.push({ path, items: value.slice(at, at + sliceItems) });
    }
    return [];
  }
  if (path.length >= deepest || !isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, withoutLists(part, [...path, name], slices)]),
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Puts a slice to the end of its list. */
export function join(rest: unknown, { path, items }: Slice): void {
  const list = path.reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], rest);
  (list as unknown[]).push(...items);
}
