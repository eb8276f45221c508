/** Every reason why Citus would not distribute a table, found before it is asked. Texts and cases follow its own errors. */
import type { RequestOf } from '../contract/operations';
import { localIdentityRefusals } from './identity-columns';
import { repairId, widened } from './mend';
import type { Reason } from './mend';
import { activePrimaries, listed, readable, sameTable } from './plan';
import type { PlanContext } from './plan';
import { chooseColocation } from './placement';
import type { ColocationChoice } from './placement';
import { dropAndAdd, droppingKey, hashForeignKeyRefusals } from './foreign-key-refusals';
import type { ColumnFacts, TableFacts, UniquenessFacts } from '../contract/table-facts';
import type { DistributeFacts } from './distribute-facts';

type Request = RequestOf<'distribute-table'>;
type HashRequest = Extract<Request['as'], { type: 'hash' }>;

/** Reasons that lie in the kind of relation: no choice of column helps. */
export function relationRefusals(
  facts: DistributeFacts,
  table: TableFacts,
  as: Request['as']['type'],
  context: PlanContext,
): readonly Reason[] {
  const { sql } = context;
  const name = readable(table);
  const reasons: Reason[] = [];
  const known = facts.snapshot.tables.find((one) => sameTable(one, table));
  // Citus turns a local table of its metadata into a distributed or reference table by itself.
  if (known && (known.type !== 'local' || as === 'local')) {
    reasons.push({
      code: 'already-distributed',
      message: `${name} is already a ${known.type} table of Citus.`,
      fix: 'Take it back to an ordinary table first, if it shall be distributed in another way.',
      fixSql: `SELECT undistribute_table(${sql.literal(sql.qualified(table))});`,
    });
  }
  if (table.isCatalog) {
    reasons.push({
      code: 'catalog-table',
      message: `${name} is a system catalog.`,
      fix: 'Choose a table of your own.',
    });
  }
  if (table.kind === 'view' || table.kind === 'other') {
    reasons.push({
      code: 'not-a-table',
      message: `${name} is not a table${table.kind === 'view' ? ' but a view' : ''}.`,
      fix: 'Distribute the tables it reads from; a view over distributed tables works unchanged.',
    });
  }
  if (table.kind === 'foreign' && as !== 'local') {
    reasons.push({
      code: 'foreign-table',
      message: `${name} is a foreign table; its rows are on another server.`,
      fix: 'Copy its rows to a table of this database and distribute that, or add it to the metadata as a local table.',
      fixSql: `SELECT citus_add_local_table_to_metadata(${sql.literal(sql.qualified(table))});`,
    });
  }
  if (table.isTemporary) {
    reasons.push({
      code: 'temporary-table',
      message: `${name} is a temporary table; only its own session sees it.`,
      fix: 'Make an ordinary table of it.',
      fixSql: `CREATE TABLE kept_table (LIKE ${sql.qualified(table)} INCLUDING ALL);`,
    });
  }
  if (table.parent) {
    reasons.push({
      code: 'is-partition',
      message: `${name} is a partition of ${readable(table.parent)}.`,
      fix: `Distribute ${readable(table.parent)}; its partitions are distributed with it.`,
    });
  }
  if (table.partitionedPartitions.length > 0) {
    reasons.push({
      code: 'multi-level-partitions',
      message: `${listed(table.partitionedPartitions.map(readable))} of ${name} is partitioned again; Citus knows one level of partitions.`,
      fix: 'Bring the rows into one level of partitions.',
    });
  }
  if (table.kind === 'partitioned' && as === 'reference') {
    reasons.push({
      code: 'partitioned-reference',
      message: `${name} is partitioned, and a reference table cannot be.`,
      fix: 'Distribute it by hash, or bring its rows into a table without partitions.',
    });
  }
  if (table.isInInheritance) {
    reasons.push({
      code: 'inheritance',
      message: `${name} takes part in table inheritance.`,
      fix: 'End the inheritance, or use partitions instead of it.',
      fixSql: `ALTER TABLE ${sql.qualified(table)} NO INHERIT "<parent>";`,
    });
  }
  if (!table.actsAsOwner) {
    reasons.push({
      code: 'not-owner',
      message: `${name} belongs to ${table.owner}; ${facts.snapshot.capabilities.role} may not change it.`,
      fix: `Connect as ${table.owner} or as a superuser.`,
      fixSql: `GRANT ${sql.identifier(table.owner)} TO ${sql.identifier(facts.snapshot.capabilities.role)};`,
    });
  }
  if (table.triggers.length > 0 && as !== 'local' && !facts.settings.enableUnsafeTriggers) {
    reasons.push({
      code: 'triggers',
      message: `${name} has ${table.triggers.length === 1 ? 'the trigger' : 'the triggers'} ${listed(table.triggers)}; they would not run on the shards.`,
      fix: 'Drop them, and do their work in the application or in a function that is called.',
      fixSql: table.triggers
        .map((trigger) => `DROP TRIGGER ${sql.identifier(trigger)} ON ${sql.qualified(table)};`)
        .join('\n'),
      repair: {
        id: repairId('triggers', table),
        title: table.triggers.length === 1 ? `Drop ${table.triggers[0] ?? ''}` : 'Drop the triggers',
      },
      mend: table.triggers.map((trigger) => ({
        type: 'drop-trigger',
        schema: table.schema,
        name: table.name,
        trigger,
      })),
    });
  }
  return reasons;
}

/** Reasons against this column, count and colocation. */
export function hashRefusals(
  facts: DistributeFacts,
  table: TableFacts,
  as: HashRequest,
  context: PlanContext,
): readonly Reason[] {
  const reasons: Reason[] = [];
  const name = readable(table);
  if (as.shardCount !== null && (as.shardCount < 1 || as.shardCount > 64_000)) {
    reasons.push({
      code: 'shard-count',
      message: `${as.shardCount} shards are outside 1 to 64000.`,
      fix: 'Choose a number in between; 32 to 128 serve most clusters.',
    });
  }
  if (typeof as.colocateWith !== 'string' && as.shardCount !== null) {
    reasons.push({
      code: 'colocate-and-count',
      message: `A shard count and a table to colocate with exclude one another: ${name} takes the count of ${readable(as.colocateWith)}.`,
      fix: 'Leave the shard count out.',
    });
  }
  if (
    facts.snapshot.nodes.length > 0
    && !facts.snapshot.nodes.some((node) => node.isActive && node.shouldHaveShards)
  ) {
    const worker = activePrimaries(facts.snapshot).find((node) => node.groupId !== 0);
    reasons.push({
      code: 'no-shard-nodes',
      message: 'No node takes shards.',
      fix: 'Let a node take shards, or add one.',
      fixSql: worker
        ? `SELECT citus_set_node_property(${context.sql.literal(worker.name)}, ${worker.port}, 'shouldhaveshards', true);`
        : undefined,
    });
  }
  const column = table.columns.find((one) => one.name === as.column);
  if (!column) {
    reasons.push({
      code: 'no-column',
      message: `${name} has no column ${as.column}.`,
      fix: `Its columns are ${listed(
        table.columns.map((one) => one.name),
        12,
      )}.`,
    });
    return reasons;
  }
  reasons.push(
    ...localIdentityRefusals(facts, table, as),
    ...columnRefusals(facts, table, column, context),
    ...uniquenessRefusals(facts, table, as, context),
  );
  const choice = chooseColocation(facts.snapshot, column, as, facts.settings);
  reasons.push(...colocationRefusals(choice, as, table, column, context));
  for (const key of table.referencedBy) {
    const other = facts.snapshot.tables.find((one) => sameTable(one, key.table));
    if (other?.type !== 'local' && other?.type !== 'reference') continue;
    reasons.push({
      code: 'referenced-by-local',
      message: `The ${other.type} table ${readable(key.table)} references ${name} by ${key.name}; only a colocated distributed table may.`,
      fix: `Drop the key, distribute both tables colocated, and add it again.`,
      fixSql: dropAndAdd(key.table, key.name, key.definition, context),
      ...droppingKey(key.table, key.name),
    });
  }
  for (const key of table.foreignKeys) {
    reasons.push(...hashForeignKeyRefusals(facts, table, as, key, choice, context));
  }
  return reasons;
}

function columnRefusals(
  facts: DistributeFacts,
  table: TableFacts,
  column: ColumnFacts,
  context: PlanContext,
): readonly Reason[] {
  const name = readable(table);
  const reasons: Reason[] = [];
  if (!column.isHashable) {
    reasons.push({
      code: 'type-not-hashable',
      message: `Type ${column.type} of ${column.name} has no default hash operator class, so its rows cannot be assigned to shards.`,
      fix: 'Choose a column of a type such as integer, bigint, text or uuid.',
    });
  }
  if (column.isGenerated) {
    reasons.push({
      code: 'generated-column',
      message: `${column.name} is computed from other columns (GENERATED ALWAYS AS).`,
      fix: 'Choose the column it is computed from, or make it an ordinary column.',
      fixSql: `ALTER TABLE ${context.sql.qualified(table)} ALTER COLUMN ${context.sql.identifier(column.name)} DROP EXPRESSION;`,
      repair: {
        id: repairId('generated-column', table, column.name),
        title: `Make ${column.name} an ordinary column`,
      },
      mend: [{ type: 'drop-expression', schema: table.schema, name: table.name, column: column.name }],
    });
  }
  if (column.hasNegativeScale) {
    reasons.push({
      code: 'negative-scale',
      message: `${column.name} is numeric with a negative scale.`,
      fix: 'Choose another column, or change its type to one with a scale of 0 or more.',
    });
  }
  if (!column.isCollationDeterministic) {
    reasons.push({
      code: 'collation',
      message: `${column.name} uses the non-deterministic collation ${column.collation ?? ''}.`,
      fix: 'Give the column a deterministic collation, or choose another column.',
    });
  }
  if (facts.columnHasNull === true) {
    reasons.push({
      code: 'null-values',
      message: `${column.name} is NULL in some rows of ${name}; every row needs a value to have a shard.`,
      fix: 'Fill the missing values or delete those rows first.',
      fixSql: `SELECT count(*) FROM ${context.sql.qualified(table)} WHERE ${context.sql.identifier(column.name)} IS NULL;`,
    });
  }
  return reasons;
}

const uniquenessWords = {
  'primary-key': 'The primary key',
  unique: 'The unique constraint',
  exclusion: 'The exclusion constraint',
  'unique-index': 'The unique index',
} as const;

export function uniquenessRefusals(
  facts: DistributeFacts,
  table: TableFacts,
  as: { readonly column: string },
  context: PlanContext,
): readonly Reason[] {
  if (facts.settings.allowUnsafeConstraints) return [];
  const { sql } = context;
  return table.uniqueness
    .filter((one) => !one.columns.includes(as.column))
    .map((one) => {
      const drop =
        one.kind === 'unique-index'
          ? `DROP INDEX ${sql.qualified({ schema: table.schema, name: one.name })};`
          : `ALTER TABLE ${sql.qualified(table)} DROP CONSTRAINT ${sql.identifier(one.name)};`;
      const definition = widened(one, as.column, context);
      const add =
        definition === null
          ? ''
          : one.kind === 'unique-index'
            ? `\n${definition};`
            : `\nALTER TABLE ${sql.qualified(table)} ADD CONSTRAINT ${sql.identifier(one.name)} ${definition};`;
      return {
        code: 'uniqueness-without-column',
        message:
          `${uniquenessWords[one.kind]} ${one.name} does not contain ${as.column}; a node can only keep rows unique that it holds.`
          + (one.kind === 'exclusion' ? ' An exclusion must compare it with equality.' : ''),
        fix: `Add ${as.column} to it, drop it, or distribute by one of its columns (${listed(one.columns)}).`,
        fixSql: drop + add,
        ...(definition === null ? {} : widening(facts, table, one, as.column, definition)),
      };
    });
}

/** Foreign keys that point at the key leave first; the plan adds those again that can hold. */
function widening(
  facts: DistributeFacts,
  table: TableFacts,
  one: UniquenessFacts,
  column: string,
  definition: string,
): Pick<Reason, 'repair' | 'mend'> {
  const { schema, name } = table;
  const keys = table.referencedBy.map((key) => ({
    type: 'drop-constraint' as const,
    schema: key.table.schema,
    name: key.table.name,
    constraint: key.name,
  }));
  const self = table.foreignKeys
    .filter((key) => sameTable(key.references, table))
    .map((key) => ({ type: 'drop-constraint' as const, schema, name, constraint: key.name }));
  return {
    repair: {
      id: repairId('uniqueness-without-column', table, `${one.name} ${column}`),
      title: `Put ${column} into ${one.name}`,
    },
    mend: [
      ...(one.kind === 'unique-index' || one.kind === 'exclusion' ? [] : [...keys, ...self]),
      ...(one.kind === 'exclusion' && !facts.settings.hasBtreeGist
        ? [{ type: 'create-extension' as const, extension: 'btree_gist' }]
        : []),
      one.kind === 'unique-index'
        ? { type: 'replace-index', schema, name, index: one.name, definition, column }
        : { type: 'replace-constraint', schema, name, constraint: one.name, definition, column },
    ],
  };
}

function colocationRefusals(
  choice: ColocationChoice,
  as: HashRequest,
  table: TableFacts,
  column: ColumnFacts,
  context: PlanContext,
): readonly Reason[] {
  if (choice.outcome !== 'impossible' || typeof as.colocateWith === 'string') return [];
  const other = readable(as.colocateWith);
  switch (choice.why) {
    case 'no-table':
      return [
        {
          code: 'colocate-unknown',
          message: `${other} is not a table of Citus.`,
          fix: 'Choose a distributed table, or distribute that one first.',
        },
      ];
    case 'not-hash':
      return [
        {
          code: 'colocate-not-hash',
          message: `${other} is not distributed by hash, so nothing can lie beside its shards.`,
          fix: 'Choose a table that is distributed by hash.',
        },
      ];
    case 'type-differs':
      return [
        {
          code: 'colocate-type',
          message: `${column.name} is ${column.type}${column.collation ? ` (${column.collation})` : ''}, the column of ${other} is ${choice.expected}; equal values would hash differently.`,
          fix: table.columnsInViews.includes(column.name)
            ? 'Drop the views that read the column, give both columns one type, and make the views again.'
            : 'Give both columns one type and collation, or colocate with another table.',
          fixSql: `ALTER TABLE ${context.sql.qualified(table)} ALTER COLUMN ${context.sql.identifier(column.name)} TYPE ${choice.expected};`,
          ...(table.columnsInViews.includes(column.name)
            ? {}
            : retyping(table, column.name, choice.expected)),
        },
      ];
  }
}

function retyping(table: TableFacts, column: string, columnType: string): Pick<Reason, 'repair' | 'mend'> {
  const { schema, name } = table;
  return {
    repair: {
      id: repairId('colocate-type', table, `${column} ${columnType}`),
      title: `Make ${column} ${columnType}`,
    },
    mend: [{ type: 'change-column-type', schema, name, column, columnType }],
  };
}
