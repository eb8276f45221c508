/** Statements that make a table fit to be distributed: keys, triggers, columns. PostgreSQL's own DDL. */
import { identifier, qualified } from '../connections/database';
import type { ChangeResult, Statement, StatementOptions, Writer } from '../connections/database';
import { assertNever } from '../contract/failure';
import type { RepairAction } from '../contract/repairs';
import { addColumnStatement, fillRangeStatement, requireColumnStatement } from './column-fill';

/** A text without values is one implicit transaction, so a repair of several statements happens as a whole or not at all. */
export function repairStatement(action: RepairAction): Statement {
  switch (action.type) {
    case 'drop-constraint':
      return { text: `${alter(action)} DROP CONSTRAINT ${identifier(action.constraint)}` };
    case 'add-constraint':
      return {
        text: `${alter(action)} ADD CONSTRAINT ${identifier(action.constraint)} ${action.definition}`,
      };
    case 'replace-constraint': {
      const constraint = identifier(action.constraint);
      return {
        text: `${alter(action)} DROP CONSTRAINT ${constraint}, ADD CONSTRAINT ${constraint} ${action.definition}`,
      };
    }
    case 'replace-index':
      return {
        text: `DROP INDEX ${qualified({ schema: action.schema, name: action.index })};\n${action.definition}`,
      };
    case 'drop-trigger':
      return { text: `DROP TRIGGER ${identifier(action.trigger)} ON ${qualified(action)}` };
    case 'drop-expression':
      return { text: `${alter(action)} ALTER COLUMN ${identifier(action.column)} DROP EXPRESSION` };
    case 'change-column-type':
      return {
        text: `${alter(action)} ALTER COLUMN ${identifier(action.column)} TYPE ${action.columnType}
 USING ${identifier(action.column)}::${action.columnType}`,
      };
    case 'identity-to-sequence':
      return identityToSequence(action);
    case 'create-extension':
      return { text: `CREATE EXTENSION IF NOT EXISTS ${identifier(action.extension)}` };
    case 'add-column':
      return addColumnStatement(action);
    case 'fill-column':
      return fillRangeStatement(action, 0);
    case 'require-column':
      return requireColumnStatement(action);
    default:
      return assertNever(action);
  }
}

function alter(table: { readonly schema: string; readonly name: string }): string {
  return `ALTER TABLE ${qualified(table)}`;
}

/** DROP IDENTITY takes the sequence along, so its last number is handed over by the largest value in the column. */
function identityToSequence(action: Extract<RepairAction, { type: 'identity-to-sequence' }>): Statement {
  const sequence = qualified({ schema: action.schema, name: action.sequence });
  const column = identifier(action.column);
  const named = `'${sequence.replaceAll("'", "''")}'`;
  return {
    text: `${alter(action)} ALTER COLUMN ${column} DROP IDENTITY;
CREATE SEQUENCE ${sequence} OWNED BY ${qualified(action)}.${column};
SELECT setval(${named}, coalesce(max(${column}), 0) + 1, false) FROM ${qualified(action)};
${alter(action)} ALTER COLUMN ${column} SET DEFAULT nextval(${named})`,
  };
}

export function repairTable(
  writer: Writer,
  action: RepairAction,
  options?: StatementOptions,
): Promise<ChangeResult<object>> {
  return writer.change(repairStatement(action), options);
}
