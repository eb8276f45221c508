/** Repairs: what a table would be after a step that makes it fit, and how such a step is shown. Pure. */
import type { TableName } from '../contract/cluster';
import type { RefusalReason } from '../contract/operations';
import type { RepairAction } from '../contract/repairs';
import { sameTable } from './plan';
import type { PlanContext } from './plan';
import type { TableFacts, UniquenessFacts } from '../contract/table-facts';

/** A reason with the steps that would take it away. They stay in main: a person accepts them by the repair's id. */
export interface Reason extends RefusalReason {
  readonly mend?: readonly RepairAction[];
}

/** The same for the same obstacle in every plan, so that a request can name it. */
export function repairId(code: string, table: TableName, what = ''): string {
  return `${code} ${table.schema}.${table.name}${what === '' ? '' : ` ${what}`}`.slice(0, 400);
}

/** With `column` in front of the columns of a key, an index or an exclusion, as PostgreSQL wrote it. */
export function widened(one: UniquenessFacts, column: string, context: PlanContext): string | null {
  const quoted = context.sql.identifier(column);
  switch (one.kind) {
    case 'primary-key':
    case 'unique':
      return inserted(one.definition, '(', `${quoted}, `);
    case 'unique-index':
      // A name that imitates the words makes it two places, and then none is certain.
      return one.definition.split(' USING btree (').length === 2
        ? inserted(one.definition, ' USING btree (', `${quoted}, `)
        : null;
    case 'exclusion':
      return one.definition.startsWith('EXCLUDE USING gist (')
        ? inserted(one.definition, '(', `${quoted} WITH =, `)
        : null;
  }
}

function inserted(text: string, after: string, what: string): string {
  const at = text.indexOf(after) + after.length;
  return text.slice(0, at) + what + text.slice(at);
}

/** The tables as they are after the step, as far as a plan looks at them. */
export function afterRepair(tables: readonly TableFacts[], action: RepairAction): readonly TableFacts[] {
  return tables.map((table) => {
    if (action.type === 'create-extension') return table;
    if (action.type === 'drop-constraint') return withoutKey(table, action);
    if (!sameTable(table, action)) return table;
    switch (action.type) {
      case 'add-constraint':
        return table;
      case 'replace-constraint':
      case 'replace-index': {
        const name = action.type === 'replace-index' ? action.index : action.constraint;
        const uniqueness = table.uniqueness.map((one) =>
          one.name === name
            ? { ...one, columns: [action.column, ...one.columns], definition: action.definition }
            : one,
        );
        return { ...table, uniqueness };
      }
      case 'drop-trigger':
        return { ...table, triggers: table.triggers.filter((one) => one !== action.trigger) };
      case 'drop-expression':
        return withColumn(table, action.column, { isGenerated: false });
      case 'change-column-type':
        return withColumn(table, action.column, { type: action.columnType });
      case 'identity-to-sequence':
        return withColumn(table, action.column, { identity: null, hasSequenceDefault: true });
      case 'add-column':
        return { ...table, columns: [...table.columns, addedColumn(action)] };
      case 'fill-column':
        return table;
      case 'require-column':
        return withColumn(table, action.column, { isNullable: false });
    }
  });
}

function withColumn(
  table: TableFacts,
  name: string,
  change: Partial<TableFacts['columns'][number]>,
): TableFacts {
  return {
    ...table,
    columns: table.columns.map((column) => (column.name === name ? { ...column, ...change } : column)),
  };
}

function addedColumn(action: Extract<RepairAction, { type: 'add-column' }>): TableFacts['columns'][number] {
  return {
    name: action.column,
    type: action.columnType,
    collation: action.collation,
    isCollationDeterministic: true,
    isGenerated: false,
    identity: null,
    isNullable: true,
    isHashable: true,
    hasNegativeScale: false,
    hasSequenceDefault: false,
    distinctEstimate: null,
  };
}

/** A foreign key is known to both of its tables, and to every table that keys tie to them. */
function withoutKey(table: TableFacts, key: TableName & { readonly constraint: string }): TableFacts {
  return {
    ...table,
    foreignKeys: sameTable(table, key)
      ? table.foreignKeys.filter((one) => one.name !== key.constraint)
      : table.foreignKeys,
    uniqueness: sameTable(table, key)
      ? table.uniqueness.filter((one) => one.name !== key.constraint)
      : table.uniqueness,
    referencedBy: table.referencedBy.filter(
      (one) => !(one.name === key.constraint && sameTable(one.table, key)),
    ),
    connectedKeys: table.connectedKeys.filter(
      (one) => !(one.name === key.constraint && sameTable(one.from, key)),
    ),
  };
}

/**
 * Order in which repairs can follow one another: a column is filled when no trigger sees it and the keys still hold its
 * rows to their parents, and a key can only be replaced when nothing refers to it any more.
 */
const rank: readonly RepairAction['type'][] = [
  'drop-trigger',
  'add-column',
  'fill-column',
  'require-column',
  'drop-constraint',
  'create-extension',
  'drop-expression',
  'change-column-type',
  'identity-to-sequence',
  'replace-constraint',
  'replace-index',
  'add-constraint',
];

export function inOrder(actions: readonly RepairAction[]): readonly RepairAction[] {
  const unique = new Map(actions.map((action) => [JSON.stringify(action), action]));
  return [...unique.values()].toSorted((one, other) => rank.indexOf(one.type) - rank.indexOf(other.type));
}
