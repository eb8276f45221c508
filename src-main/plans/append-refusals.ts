/** What stands against distribution by append, which Citus keeps for old clusters. Pure. */
import type { Finding } from '../contract/operations';
import type { TableFacts } from '../contract/table-facts';
import type { Reason } from './mend';
import { listed, readable } from './plan';
import type { PlanContext } from './plan';

/** Source: EnsureRelationCanBeDistributed and ErrorIfUnsupportedForeignConstraintExists of Citus 13.2.2. */
export function appendRefusals(table: TableFacts, column: string, context: PlanContext): readonly Reason[] {
  const name = readable(table);
  const reasons: Reason[] = [];
  const known = table.columns.find((one) => one.name === column);
  if (!known) {
    reasons.push({
      code: 'no-column',
      message: `${name} has no column ${column}.`,
      fix: `Its columns are ${listed(
        table.columns.map((one) => one.name),
        12,
      )}.`,
    });
  } else if (known.isGenerated) {
    reasons.push({
      code: 'generated-column',
      message: `${column} of ${name} is computed from other columns.`,
      fix: 'Choose a column that is stored as it was given.',
    });
  }
  if (table.kind === 'partitioned') {
    reasons.push({
      code: 'partitioned-append',
      message: `${name} is partitioned; Citus distributes partitioned tables by hash alone.`,
      fix: 'Distribute it by hash.',
    });
  }
  if (table.heapBytes > 0) {
    reasons.push({
      code: 'not-empty',
      message: `${name} holds rows, or did so until its next VACUUM; by append Citus distributes an empty table alone, because no row would say which shard it belongs to.`,
      fix: 'Keep the rows in another table, empty this one, and load them shard by shard afterwards.',
      fixSql: `CREATE TABLE ${context.sql.qualified({ schema: table.schema, name: Array.from(table.name).slice(0, 13).concat('_kept').join('') })} AS TABLE ${context.sql.qualified(table)};\nTRUNCATE ${context.sql.qualified(table)};`,
    });
  }
  const keys = [
    ...table.foreignKeys.map((key) => ({ holder: table, name: key.name })),
    ...table.referencedBy.map((key) => ({ holder: key.table, name: key.name })),
  ];
  for (const key of keys) {
    reasons.push({
      code: 'foreign-key-append',
      message: `Foreign key ${key.name} of ${readable(key.holder)}: tables distributed by append have none.`,
      fix: 'Drop the key first.',
      fixSql: `ALTER TABLE ${context.sql.qualified(key.holder)} DROP CONSTRAINT ${context.sql.identifier(key.name)};`,
    });
  }
  return reasons;
}

export function appendFindings(table: TableFacts): readonly Finding[] {
  const name = readable(table);
  return [
    {
      level: 'mind',
      code: 'append-legacy',
      message: `Append is kept by Citus for old clusters: a row lies in the shard that was named when it was loaded, so no query is sent to one shard alone, joins send rows between nodes, and rows cannot be updated or deleted by their key on one node.`,
      remedy: 'For new tables choose hash; for data by time, hash with partitions by time.',
    },
    {
      level: 'mind',
      code: 'append-empty',
      message: `${name} takes no row until it has a shard.`,
      remedy:
        'SELECT master_create_empty_shard(...) with its name makes one and answers its number; COPY ... WITH (append_to_shard ...) loads rows into it.',
    },
    ...(table.uniqueness.length > 0
      ? [
          {
            level: 'mind' as const,
            code: 'append-keys',
            message: `${listed(table.uniqueness.map((one) => one.name))} ${table.uniqueness.length === 1 ? 'is' : 'are'} checked within each shard alone.`,
            remedy: 'See to it while loading that no value comes twice.',
          },
        ]
      : []),
  ];
}
