/**
 * Colocation needs columns of one type and collation. Where the columns of a group differ, those that can be widened
 * without loss are; a table whose column cannot lies in a group of its own. Pure.
 */
import type { ColumnPreparation } from '../../contract/table-changes';
import type { Placed } from './assignment';
import type { AdvisorColumn, AdvisorTable } from '../../contract/advisor-facts';
import type { Model } from './model';

/** Each holds every value of those before it. */
const widenings = [
  ['smallint', 'integer', 'bigint'],
  ['character varying', 'text'],
] as const;

export type WidenedType = Extract<ColumnPreparation, { how: 'widen' }>['type'];

export interface Grouped {
  readonly placed: readonly Placed[];
  /** Table index -> the type its column must be changed to. */
  readonly typeChanges: ReadonlyMap<number, WidenedType>;
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
  const typeChanges = new Map<number, WidenedType>();
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
      const widened = facts ? widening(facts, column, lead.column) : null;
      if (widened !== null) typeChanges.set(table, widened);
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
  return Math.max(-1, ...widenings.map((chain) => chain.findIndex((one) => one === type)));
}

function widest<T extends { readonly column: AdvisorColumn }>(columns: readonly T[]): T | undefined {
  let found: T | undefined;
  for (const one of columns) if (!found || rankOf(one.column.type) > rankOf(found.column.type)) found = one;
  return found;
}

/** Null where not every value of the one is a value of the other, or the column cannot be changed. */
function widening(table: AdvisorTable, from: AdvisorColumn, to: AdvisorColumn): WidenedType | null {
  if (from.collation !== to.collation || table.isPartitioned || table.citus !== null) return null;
  // PostgreSQL changes no column that another one is computed from.
  if (table.columns.some((column) => column.isGenerated)) return null;
  for (const [first, ...wider] of widenings) {
    const at = [first, ...wider].findIndex((type) => type === from.type);
    const found = at === -1 ? undefined : wider.slice(at).find((type) => type === to.type);
    if (found) return found;
  }
  return null;
}
