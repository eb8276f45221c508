/**
 * Colocation needs columns of one type and collation. Where the columns of a group differ, those that can be widened
 * without loss are; a table whose column cannot lies in a group of its own. Pure.
 */
import type { Placed } from './assignment';
import type { AdvisorColumn, AdvisorTable } from '../../contract/advisor-facts';
import type { Model } from './model';

/** Each holds every value of those before it. */
const widenings: readonly (readonly string[])[] = [
  ['smallint', 'integer', 'bigint'],
  ['character varying', 'text'],
];

export interface Grouped {
  readonly placed: readonly Placed[];
  /** Table index -> the type its column must be changed to. */
  readonly typeChanges: ReadonlyMap<number, string>;
  /** Group -> what its columns are, once they are changed. */
  readonly types: ReadonlyMap<number, string>;
}

export function settleGroups(model: Model, placed: readonly Placed[]): Grouped {
  const members = new Map<number, number[]>();
  placed.forEach((one, table) => {
    if (one.becomes !== 'distributed' || one.group === null) return;
    const group = members.get(one.group);
    if (group) group.push(table);
    else members.set(one.group, [table]);
  });
  const settled = [...placed];
  const typeChanges = new Map<number, string>();
  const types = new Map<number, string>();
  for (const [group, tables] of members) {
    // A column that is added takes the type of its group.
    const columns = tables.flatMap((table) => {
      const column = columnOf(model, settled, table);
      return column ? [{ table, column }] : [];
    });
    const lead = columns.find(({ table }) => settled[table]?.isKept) ?? widest(columns) ?? columns[0];
    if (!lead) continue;
    types.set(group, lead.column.type);
    for (const { table, column } of columns) {
      if (column.type === lead.column.type && column.collation === lead.column.collation) continue;
      const facts = model.tables[table];
      if (facts && canWiden(facts, column, lead.column)) typeChanges.set(table, lead.column.type);
      else {
        const own = -1_000_000_000 - table;
        settled[table] = { ...(settled[table] as Placed), group: own };
        types.set(own, column.type);
      }
    }
  }
  return { placed: settled, typeChanges, types };
}

function columnOf(model: Model, placed: readonly Placed[], table: number): AdvisorColumn | undefined {
  const column = placed[table]?.column;
  return column === null || column === undefined ? undefined : model.column(table, column);
}

function rankOf(type: string): number {
  return Math.max(-1, ...widenings.map((chain) => chain.indexOf(type)));
}

function widest<T extends { readonly column: AdvisorColumn }>(columns: readonly T[]): T | undefined {
  let found: T | undefined;
  for (const one of columns) if (!found || rankOf(one.column.type) > rankOf(found.column.type)) found = one;
  return found;
}

function canWiden(table: AdvisorTable, from: AdvisorColumn, to: AdvisorColumn): boolean {
  if (from.collation !== to.collation || table.isPartitioned || table.citus !== null) return false;
  // PostgreSQL changes no column that another one is computed from.
  if (table.columns.some((column) => column.isGenerated)) return false;
  return widenings.some(
    (chain) => chain.includes(from.type) && chain.indexOf(from.type) < chain.indexOf(to.type),
  );
}
