/** Columns of a set that are added, filled or widened before anything is distributed. Pure. */
import type { ClusterSnapshot, TableName } from '../contract/cluster';
import type { Finding } from '../contract/operations';
import type { ColumnSource, RepairAction } from '../contract/repairs';
import type { ColumnPreparation, SetTable } from '../contract/table-changes';
import type { ForeignKeyFacts, TableFacts } from '../contract/table-facts';
import type { Reason } from './mend';
import { counted, listed, readable, sameTable } from './plan';
import type { PlanContext } from './plan';
import { isCountable } from './distribute-one';
import { inOrderOf } from './set-order';

export interface ColumnFacts {
  readonly snapshot: ClusterSnapshot;
  readonly tables: readonly TableFacts[];
  /** Whether rows of a table lack the parent that its added column would be filled from, by `schema.name`. */
  readonly orphans: Readonly<Record<string, boolean | 'unknown'>>;
}

export interface PreparedColumns {
  readonly actions: readonly RepairAction[];
  readonly reasons: readonly Reason[];
}

type Added = SetTable & { readonly prepare: Extract<ColumnPreparation, { how: 'add' }> };

interface ColumnType {
  readonly type: string;
  readonly collation: string | null;
}

export function prepareColumns(
  facts: ColumnFacts,
  items: readonly SetTable[],
  context: PlanContext,
): PreparedColumns {
  const actions: RepairAction[] = [];
  const reasons: Reason[] = [];
  for (const item of items) {
    const table = factsOf(facts, item.table);
    const { prepare, column } = item;
    if (prepare?.how !== 'widen' || !table || column === null) continue;
    if (table.columns.some((one) => one.name === column && one.type === prepare.type)) continue;
    if (table.columnsInViews.includes(column)) reasons.push(typeInView(table, column));
    const { schema, name } = table;
    actions.push({ type: 'change-column-type', schema, name, column, columnType: prepare.type });
  }
  for (const item of parentsFirst(facts, items.filter(isAdded))) {
    const made = addedColumn(facts, items, item, context);
    actions.push(...made.actions);
    reasons.push(...made.reasons);
  }
  return { actions, reasons };
}

/** PostgreSQL changes no type under a view that reads the column. */
export function typeInView(table: TableFacts, column: string): Reason {
  const views = table.dependents.filter(({ kind }) => kind !== 'function').map(({ name }) => name);
  return {
    code: 'type-in-view',
    message: `${column} of ${readable(table)} is read by a view (${listed(views)}); its type cannot be changed under it.`,
    fix: 'Drop the view, and make it again once the table is distributed.',
  };
}

function isAdded(item: SetTable): item is Added {
  return item.prepare?.how === 'add' && item.becomes === 'distributed' && item.column !== null;
}

function factsOf({ tables }: ColumnFacts, name: TableName): TableFacts | undefined {
  return tables.find((one) => sameTable(one, name));
}

function keyOf(facts: ColumnFacts, item: Added): ForeignKeyFacts | undefined {
  return factsOf(facts, item.table)?.foreignKeys.find(({ name }) => name === item.prepare.foreignKey);
}

/** A parent may itself get its column from another. */
function parentsFirst(facts: ColumnFacts, items: readonly Added[]): readonly Added[] {
  const { ordered, ring } = inOrderOf(items, (item, other) => {
    const parent = keyOf(facts, item)?.references;
    return parent !== undefined && sameTable(other.table, parent);
  });
  return [...ordered, ...ring];
}

function addedColumn(
  facts: ColumnFacts,
  items: readonly SetTable[],
  item: Added,
  context: PlanContext,
): PreparedColumns {
  const table = factsOf(facts, item.table);
  const column = item.column ?? '';
  if (!table) return { actions: [], reasons: [] };
  const key = keyOf(facts, item);
  const type = typeOf(facts, items, item, []);
  const reasons = fillReasons(facts, table, item, key, type, context);
  if (!key || !type || reasons.length > 0) return { actions: [], reasons };
  const { schema, name } = table;
  const source: ColumnSource = {
    schema,
    name,
    column,
    parent: key.references,
    parentColumn: item.prepare.parentColumn,
    pairs: key.columns.map((own, at) => [own, key.referencedColumns[at] ?? ''] as const),
  };
  const present = table.columns.find((one) => one.name === column);
  // One that is there already was added by a plan that ended half way.
  const adds: readonly RepairAction[] = present
    ? []
    : [{ type: 'add-column', schema, name, column, columnType: type.type, collation: type.collation }];
  if (present && !present.isNullable) return { actions: [], reasons: [] };
  const compare = isCountable(table) ? [{ schema, name }] : [];
  const isFilledBefore = !facts.snapshot.tables.some((one) => sameTable(one, key.references));
  return {
    actions: [
      ...adds,
      ...(isFilledBefore ? [{ type: 'fill-column' as const, ...source, compare }] : []),
      { type: 'require-column', ...source, isFilledBefore },
    ],
    reasons: [],
  };
}

function fillReasons(
  facts: ColumnFacts,
  table: TableFacts,
  item: Added,
  key: ForeignKeyFacts | undefined,
  type: ColumnType | null,
  context: PlanContext,
): readonly Reason[] {
  const name = readable(table);
  const column = item.column ?? '';
  const reasons: Reason[] = [];
  if (!key) {
    return [
      {
        code: 'fill-key-gone',
        message: `${name} has no foreign key ${item.prepare.foreignKey}, over which ${column} would be filled.`,
        fix: 'Advise again; the schema is read anew.',
      },
    ];
  }
  if (facts.snapshot.tables.some((one) => sameTable(one, table))) {
    reasons.push({
      code: 'fill-citus-table',
      message: `${name} is in the metadata of Citus already; ${column} can be filled range by range in an ordinary table only.`,
      fix: 'Take it back to an ordinary table first.',
      fixSql: `SELECT undistribute_table(${context.sql.literal(context.sql.qualified(table))}, cascade_via_foreign_keys => true);`,
    });
  }
  if (type === null) {
    reasons.push({
      code: 'fill-type-unknown',
      message: `The type of ${column} is not known: ${readable(key.references)} has no column ${item.prepare.parentColumn}.`,
      fix: 'Advise again; the schema is read anew.',
    });
  }
  if (facts.orphans[`${table.schema}.${table.name}`] === true) {
    reasons.push({
      code: 'rows-without-parent',
      message: `Some rows of ${name} refer to no row of ${readable(key.references)}, so that ${column} could not be filled there.`,
      fix: `Give those rows a parent, or delete them.`,
      fixSql: `SELECT * FROM ${context.sql.qualified(table)} WHERE ${key.columns.map((one) => `${context.sql.identifier(one)} IS NULL`).join(' OR ')} LIMIT 100;`,
    });
  }
  return reasons;
}

/** That of the columns it will lie beside, else of the one it is filled from. */
function typeOf(
  facts: ColumnFacts,
  items: readonly SetTable[],
  item: SetTable,
  seen: readonly SetTable[],
): ColumnType | null {
  if (seen.includes(item)) return null;
  const through = [...seen, item];
  const ofTable = (name: TableName, column: string | null): ColumnType | null => {
    const other = items.find((one) => one.prepare && sameTable(one.table, name));
    const isOfOther = other?.column !== null && other?.column === column;
    if (other && isOfOther) return typeOf(facts, items, other, through);
    return presentType(facts, name, column);
  };
  if (item.prepare?.how === 'widen') return { type: item.prepare.type, collation: null };
  if (item.prepare?.how !== 'add' || !isAdded(item)) return presentType(facts, item.table, item.column);
  if (typeof item.colocateWith !== 'string') {
    const model = item.colocateWith;
    const column = items.find((one) => sameTable(one.table, model))?.column ?? null;
    const beside = ofTable(model, column);
    if (beside) return beside;
  }
  const key = keyOf(facts, item);
  return key ? ofTable(key.references, item.prepare.parentColumn) : null;
}

/** As the table has it now; of a table that is distributed already, as its group has it. */
function presentType(facts: ColumnFacts, name: TableName, column: string | null): ColumnType | null {
  const own = factsOf(facts, name)?.columns.find((one) => one.name === column);
  if (own) return { type: own.type, collation: own.collation === 'default' ? null : own.collation };
  const known = facts.snapshot.tables.find((one) => sameTable(one, name));
  if (!known || (column !== null && known.distributionColumn !== column)) return null;
  const group = facts.snapshot.colocationGroups.find((one) => one.colocationId === known.colocationId);
  const type = group?.distributionColumnType ?? null;
  const collation = group?.distributionColumnCollation ?? null;
  return type === null ? null : { type, collation: collation === 'default' ? null : collation };
}

/** What the plan cannot do for the application. */
export function preparationFindings(
  actions: readonly RepairAction[],
  orphans: ColumnFacts['orphans'],
): readonly Finding[] {
  const required = actions.filter((action) => action.type === 'require-column');
  const widened = actions.filter((action) => action.type === 'change-column-type');
  const findings: Finding[] = [];
  if (required.length > 0) {
    const columns = required.map((action) => `${action.column} of ${readable(action)}`);
    findings.push({
      level: 'mind',
      code: 'application-sends',
      message: `The application has to send ${listed(columns, 12)}: from the step that requires ${required.length === 1 ? 'it' : 'each'} on, an INSERT without it fails (23502). No step of this plan can do that.`,
      remedy:
        'Have the application ready to send it, or stop its writes from that step until it does. Statements that name it reach one shard, others ask all.',
    });
  }
  for (const action of required) {
    if (orphans[`${action.schema}.${action.name}`] !== 'unknown') continue;
    findings.push({
      level: 'mind',
      code: 'orphans-unknown',
      message: `Whether every row of ${readable(action)} has a row of ${readable(action.parent)} was not found out in time; one that has none makes the step that requires ${action.column} fail without a change.`,
    });
  }
  if (widened.length > 0) {
    findings.push({
      level: 'mind',
      code: 'type-widened',
      message: `${counted(widened.length, 'column')} ${widened.length === 1 ? 'gets' : 'get'} another type (${listed(widened.map((action) => `${readable(action)}.${action.column} ${action.columnType}`))}). Some drivers hand out a bigint as text.`,
      remedy: 'Look at how the application reads the column.',
    });
  }
  return findings;
}
