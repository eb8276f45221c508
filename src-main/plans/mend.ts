/** Repairs: what a table would be after a step that makes it fit, and how such a step is shown. Pure. */
import type { TableName } from '../contract/cluster';
import type { RefusalReason } from '../contract/operations';
import type { RepairAction } from '../contract/table-changes';
import { readable, sameTable, sizeWords } from './plan';
import type { PlanContext, StepDraft } from './plan';
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

/** Order in which repairs can follow one another: a key can only be replaced when nothing refers to it any more. */
const rank: readonly RepairAction['type'][] = [
  'drop-constraint',
  'create-extension',
  'drop-trigger',
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

/** `bytes` of the table: a key is checked, an index built, over all of its rows. */
export function repairStep(
  stepId: string,
  action: RepairAction,
  bytes: number,
  context: PlanContext,
): StepDraft {
  const name = action.type === 'create-extension' ? '' : readable(action);
  const moment = `reads and writes of ${name}, for a moment`;
  const scan = `reads and writes of ${name} while ${sizeWords(bytes)} are looked at`;
  const scanMs = [50 + bytes / 400_000, 2_000 + bytes / 20_000] as const;
  const base = {
    stepId,
    where: context.coordinator,
    action,
    ifInterrupted: 'It is one transaction: done or not done. The next start looks at the catalogs first.',
  };
  switch (action.type) {
    case 'drop-constraint':
      return {
        ...base,
        title: `Drop ${action.constraint} of ${name}`,
        blocks: moment,
        undo: 'ADD CONSTRAINT with the definition of before, which looks at every row',
        expectedMs: [20, 2_000],
        countsAsDoneWhen: `${name} has no constraint ${action.constraint}.`,
      };
    case 'add-constraint':
      return {
        ...base,
        title: `Add ${action.constraint} to ${name}`,
        blocks: `writes to ${name} while ${sizeWords(bytes)} are looked at`,
        undo: 'DROP CONSTRAINT',
        expectedMs: scanMs,
        countsAsDoneWhen: `${name} has the constraint ${action.constraint}.`,
      };
    case 'replace-constraint':
      return {
        ...base,
        title: `Put ${action.column} into ${action.constraint} of ${name}`,
        blocks: scan,
        undo: 'the same with the definition of before',
        expectedMs: scanMs,
        countsAsDoneWhen: `${action.constraint} contains ${action.column}.`,
      };
    case 'replace-index':
      return {
        ...base,
        title: `Put ${action.column} into the unique index ${action.index} of ${name}`,
        blocks: scan,
        undo: 'the same with the definition of before',
        expectedMs: scanMs,
        countsAsDoneWhen: `${action.index} contains ${action.column}.`,
      };
    case 'drop-trigger':
      return {
        ...base,
        title: `Drop the trigger ${action.trigger} of ${name}`,
        blocks: moment,
        undo: 'CREATE TRIGGER, once the table is an ordinary one again',
        expectedMs: [20, 2_000],
        countsAsDoneWhen: `${name} has no trigger ${action.trigger}.`,
      };
    case 'drop-expression':
      return {
        ...base,
        title: `Make ${action.column} of ${name} an ordinary column`,
        blocks: moment,
        undo: 'cannot be taken back but by a new column; values stay as they are',
        canBeUndone: false,
        expectedMs: [20, 2_000],
        countsAsDoneWhen: `${action.column} is not computed any more.`,
      };
    case 'change-column-type':
      return {
        ...base,
        title: `Make ${action.column} of ${name} ${action.columnType}`,
        blocks: `reads and writes of ${name} while ${sizeWords(bytes)} are written anew`,
        undo: 'the same with the type of before',
        expectedMs: [50 + bytes / 80_000, 2_000 + bytes / 8_000],
        countsAsDoneWhen: `${action.column} is ${action.columnType}.`,
      };
    case 'identity-to-sequence':
      return {
        ...base,
        title: `Number ${action.column} of ${name} by a sequence instead of an identity`,
        blocks: moment,
        undo: 'DROP DEFAULT and ADD GENERATED AS IDENTITY, once the table is an ordinary one again',
        expectedMs: [20, 5_000],
        countsAsDoneWhen: `${action.column} is no identity column and takes its numbers from ${action.sequence}.`,
      };
    case 'create-extension':
      return {
        ...base,
        title: `Install the extension ${action.extension}`,
        blocks: 'nothing',
        undo: 'DROP EXTENSION',
        expectedMs: [50, 5_000],
        countsAsDoneWhen: `pg_extension lists ${action.extension}.`,
      };
  }
}
