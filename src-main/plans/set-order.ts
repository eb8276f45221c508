/** In which order the tables of a set are distributed: parents before children, models before those colocated with them. */
import type { TableName } from '../contract/cluster';
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
  const waiting = [...members].toSorted((one, other) => rank(one) - rank(other));
  const placed: Member[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((member) => waitsFor(member, waiting).length === 0);
    if (next === -1) return { members: [...placed, ...waiting], ring: waiting };
    placed.push(...waiting.splice(next, 1));
  }
  return { members: placed, ring: [] };
}

function rank({ item }: Member): number {
  return item.becomes === 'reference' ? 0 : item.becomes === 'distributed' ? 1 : 2;
}

function waitsFor(member: Member, waiting: readonly Member[]): readonly Member[] {
  const { item, table } = member;
  const before: readonly TableName[] = [
    ...table.foreignKeys.map((key) => key.references),
    ...(typeof item.colocateWith === 'string' ? [] : [item.colocateWith]),
  ];
  return waiting.filter((other) => other !== member && before.some((name) => sameTable(name, other.table)));
}
