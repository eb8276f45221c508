/** In which order the tables of a set are distributed: parents before children, models before those colocated with them. */
import type { SetTable } from '../contract/table-changes';
import { sameTable } from './plan';
import type { TableFacts } from '../contract/table-facts';

export interface Member {
  readonly item: SetTable;
  readonly table: TableFacts;
}

export interface SetOrder {
  readonly members: readonly Member[];
  /** Members that wait for one another; they stand at the end, in the order they were named. */
  readonly ring: readonly Member[];
}

/** Reference tables first, where nothing else decides: what they take into the metadata is then known early. */
export function inSetOrder(members: readonly Member[]): SetOrder {
  const { ordered, ring } = inOrderOf(
    [...members].toSorted((one, other) => rank(one) - rank(other)),
    ({ item, table }, other) =>
      [
        ...table.foreignKeys.map((key) => key.references),
        ...(typeof item.colocateWith === 'string' ? [] : [item.colocateWith]),
      ].some((name) => sameTable(name, other.table)),
  );
  return { members: [...ordered, ...ring], ring };
}

/** Tables that keys lead to before those they come from. */
export function parentTablesFirst(tables: readonly TableFacts[]): readonly TableFacts[] {
  const { ordered, ring } = inOrderOf(tables, (table, other) =>
    table.foreignKeys.some((key) => sameTable(key.references, other)),
  );
  return [...ordered, ...ring];
}

/** Each after all that it waits for; what waits in a ring is left over, in the order it was given. */
export function inOrderOf<T>(
  items: readonly T[],
  waitsFor: (item: T, other: T) => boolean,
): { readonly ordered: readonly T[]; readonly ring: readonly T[] } {
  const waiting = [...items];
  const ordered: T[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex(
      (item) => !waiting.some((other) => other !== item && waitsFor(item, other)),
    );
    if (next === -1) break;
    ordered.push(...waiting.splice(next, 1));
  }
  return { ordered, ring: waiting };
}

function rank({ item }: Member): number {
  return item.becomes === 'reference' ? 0 : item.becomes === 'distributed' ? 1 : 2;
}
