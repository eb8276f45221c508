/** Why a schema cannot be distributed as a whole, or taken back. Pure. */
import type { TableFacts } from '../../contract/table-facts';
import { droppingKey } from '../foreign-key-refusals';
import type { Reason } from '../mend';
import { readable, sameTable } from '../plan';
import type { PlanContext } from '../plan';
import { relationRefusals } from '../table-refusals';
import type { SchemaFacts } from './schema';

export function schemaReasons(
  facts: Pick<SchemaFacts, 'snapshot' | 'schema'>,
  schema: string,
  shallBeDistributed: boolean,
): readonly Reason[] {
  if (!facts.snapshot.capabilities.schemaSharding) {
    return [
      {
        code: 'no-schema-sharding',
        message: `Citus ${facts.snapshot.versions.citus} has no distributed schemas.`,
        fix: 'Update Citus to 12.0 or later.',
      },
    ];
  }
  if (!facts.schema.exists) {
    return [
      {
        code: 'no-schema',
        message: `There is no schema ${schema}.`,
        fix: 'Check the name; names are case-sensitive here.',
      },
    ];
  }
  if (
    ['public', 'information_schema', 'citus', 'citus_internal'].includes(schema)
    || schema.startsWith('pg_')
  ) {
    return [
      {
        code: 'system-schema',
        message: `${schema} cannot be a distributed schema.`,
        fix: 'Move the tables to a schema of their own.',
      },
    ];
  }
  if (facts.schema.isDistributed === shallBeDistributed) return [];
  return [
    {
      code: 'nothing-changes',
      message: `${schema} ${facts.schema.isDistributed ? 'already is' : 'is not'} a distributed schema.`,
      fix: 'Choose another schema.',
    },
  ];
}

/** Reasons that lie in one of its tables. Source: commands/schema_based_sharding.c of Citus 13.2.2. */
export function tenantTableReasons(
  facts: Pick<SchemaFacts, 'snapshot' | 'answers' | 'settings'>,
  table: TableFacts,
  schema: string,
  context: PlanContext,
): readonly Reason[] {
  const known = facts.snapshot.tables.find((one) => sameTable(one, table));
  const isReference = (one: { readonly schema: string; readonly name: string }): boolean =>
    facts.snapshot.tables.some((other) => sameTable(other, one) && other.type === 'reference');
  if (known && known.type !== 'local') {
    return [
      {
        code: 'has-distributed-table',
        message: `${readable(table)} is a ${known.type} table of Citus; a schema that holds one cannot be distributed.`,
        fix: 'Undistribute it first.',
        fixSql: `SELECT undistribute_table(${context.sql.literal(context.sql.qualified(table))});`,
      },
    ];
  }
  const reasons: Reason[] = [
    ...relationRefusals({ ...facts, table, columnHasNull: false }, table, 'hash', context),
  ];
  for (const key of table.foreignKeys) {
    if (key.references.schema === schema || isReference(key.references)) continue;
    reasons.push({
      code: 'foreign-key-leaves-schema',
      message: `Foreign key ${key.name} of ${readable(table)} points to ${readable(key.references)}; keys of a distributed schema reach its own tables and reference tables alone.`,
      fix: `Make ${readable(key.references)} a reference table, or drop the key.`,
      fixSql: `SELECT create_reference_table(${context.sql.literal(context.sql.qualified(key.references))});`,
      ...droppingKey(table, key.name),
    });
  }
  for (const key of table.referencedBy) {
    if (key.table.schema === schema) continue;
    reasons.push({
      code: 'foreign-key-enters-schema',
      message: `${readable(key.table)} references ${readable(table)} by ${key.name}; no key may come from another schema.`,
      fix: 'Drop that key.',
      fixSql: `ALTER TABLE ${context.sql.qualified(key.table)} DROP CONSTRAINT ${context.sql.identifier(key.name)};`,
      ...droppingKey(key.table, key.name),
    });
  }
  return reasons;
}
