/**
 * Identity columns set aside while Citus makes a table anew: it refuses a table that has one, and lets none be dropped from
 * a distributed table. Without its DDL propagation PostgreSQL drops it on the coordinator alone, in the one transaction
 * that ends with every other copy of the old table dropped. Source: commands/alter_table.c, and what a real 13.2.2 did.
 */
import { identifier, qualified, shownStatement } from '../connections/database';
import type { Statement } from '../connections/database';
import type { IdentityColumn } from '../contract/table-changes';

/**
 * What the column is numbered by afterwards: by an identity again, or by the sequence that kept its position, because a
 * table that stays distributed can be given no identity.
 */
export type NumberedBy = 'identity' | 'sequence';

/** Several statements without values are one implicit transaction: the change with all around it, or nothing. */
export function withIdentitiesAside(
  change: Statement,
  identities: readonly IdentityColumn[] | undefined,
  after: NumberedBy,
): Statement {
  if (identities === undefined || identities.length === 0) return change;
  return {
    text: [
      'SET LOCAL citus.enable_ddl_propagation TO off',
      ...identities.flatMap((column) => taken(column, after)),
      'SET LOCAL citus.enable_ddl_propagation TO on',
      shownStatement(change).shown,
      ...(after === 'identity' ? identities.flatMap(givenBack) : []),
    ].join(';\n'),
  };
}

function taken(column: IdentityColumn, after: NumberedBy): readonly string[] {
  const keeper = keeperOf(column);
  return [
    `CREATE SEQUENCE ${keeper} AS ${column.columnType} ${column.options}`,
    `SELECT setval(${literal(keeper)}, last_value, is_called) FROM ${qualified(column.sequence)}`,
    `${alter(column)} DROP IDENTITY`,
    ...(after === 'identity'
      ? []
      : [
          `${alter(column)} SET DEFAULT nextval(${literal(keeper)})`,
          `ALTER SEQUENCE ${keeper} OWNED BY ${qualified(column)}.${identifier(column.column)}`,
        ]),
  ];
}

function givenBack(column: IdentityColumn): readonly string[] {
  const keeper = keeperOf(column);
  const sequence = qualified(column.sequence);
  return [
    `${alter(column)} ADD GENERATED ${column.generated} AS IDENTITY (SEQUENCE NAME ${sequence} ${column.options})`,
    `SELECT setval(${literal(sequence)}, last_value, is_called) FROM ${keeper}`,
    `DROP SEQUENCE ${keeper}`,
  ];
}

function keeperOf(column: IdentityColumn): string {
  return qualified({ schema: column.schema, name: column.keeper });
}

function alter(column: IdentityColumn): string {
  return `ALTER TABLE ${qualified(column)} ALTER COLUMN ${identifier(column.column)}`;
}

function literal(text: string): string {
  return shownStatement({ text: '$1', values: [text] }).shown;
}
