/** Ties between tables that only names and types tell of. Pure. */
import type { AdvisorTable } from '../../contract/advisor-facts';
import type { Link } from './model';

/** Names that say nothing about what they hold: equal names of this kind tie no tables. */
export const generic =
  /^(id|uuid|guid|oid|key|code|name|title|type|kind|status|state|value|no|num|number|version|date)$/i;

/**
 * Ties that no foreign key states, inside one schema: a column that is called like another table's own key, or
 * `<table>_id` for a table whose key is called `id`, of the same type.
 */
export function impliedLinks(tables: readonly AdvisorTable[], stated: readonly Link[]): readonly Link[] {
  const known = new Set(stated.flatMap((link) => link.columns.map((column) => `${link.from}\0${column}`)));
  const keys = new Map<string, { readonly table: number; readonly column: string }>();
  tables.forEach((table, index) => {
    for (const { columns, kind } of table.uniqueness) {
      const [column] = columns;
      if (kind !== 'primary-key' || columns.length !== 1 || column === undefined) continue;
      const names = generic.test(column)
        ? [`${singular(table.name)}_${column}`, `${table.name}_${column}`]
        : [column];
      for (const name of names) {
        const at = `${table.schema}\0${name.toLowerCase()}`;
        if (!keys.has(at)) keys.set(at, { table: index, column });
      }
    }
  });
  const found: Link[] = [];
  tables.forEach((table, from) => {
    for (const column of table.columns) {
      if (generic.test(column.name) || known.has(`${from}\0${column.name}`)) continue;
      const target = keys.get(`${table.schema}\0${column.name.toLowerCase()}`);
      if (!target || target.table === from) continue;
      const other = tables[target.table]?.columns.find((one) => one.name === target.column);
      if (other?.type !== column.type) continue;
      found.push({ from, to: target.table, columns: [column.name], referenced: [target.column], key: null });
    }
  });
  return found;
}

export function singular(name: string): string {
  const word = name.toLowerCase();
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}
