/** Foreign keys that a table could not keep where it would lie. */
import type { CitusTableType, TableName } from '../contract/cluster';
import type { RequestOf } from '../contract/operations';
import { repairId } from './mend';
import type { Reason } from './mend';
import { listed, readable, sameTable } from './plan';
import type { PlanContext } from './plan';
import type { ColocationChoice } from './placement';
import type { ForeignKeyFacts, TableFacts } from '../contract/table-facts';
import type { DistributeFacts } from './distribute-facts';

type HashRequest = Extract<RequestOf<'distribute-table'>['as'], { type: 'hash' }>;

export function hashForeignKeyRefusals(
  facts: DistributeFacts,
  table: TableFacts,
  as: HashRequest,
  key: ForeignKeyFacts,
  choice: ColocationChoice,
  context: PlanContext,
): readonly Reason[] {
  const { sql } = context;
  const isSelf = sameTable(key.references, table);
  const other = readable(key.references);
  const target = facts.snapshot.tables.find((one) => sameTable(one, key.references));
  const drop = `ALTER TABLE ${sql.qualified(table)} DROP CONSTRAINT ${sql.identifier(key.name)};`;
  const later = dropAndAdd(table, key.name, key.definition, context);
  if (!isSelf && !target) {
    return [
      {
        code: 'foreign-key-to-plain',
        message: `Foreign key ${key.name} points to ${other}, which is an ordinary table of the coordinator.`,
        fix: `Make ${other} a reference table if it is small, or distribute it first and colocate with it; else drop the key.`,
        fixSql: `SELECT create_reference_table(${sql.literal(sql.qualified(key.references))});`,
        repair: toReference(key.references),
      },
    ];
  }
  if (!isSelf && target && target.type === 'reference') return [];
  const reasons: Reason[] = [];
  if (!isSelf && target) {
    const colocated =
      target.type === 'distributed'
      && choice.outcome === 'joins'
      && choice.group.colocationId === target.colocationId;
    if (!colocated) {
      return [
        {
          code: 'foreign-key-not-colocated',
          message: `Foreign key ${key.name} points to ${other}, whose shards will not lie beside those of ${readable(table)}.`,
          fix:
            target.type === 'distributed'
              ? `Colocate with ${other}, or drop the key.`
              : `Make the ${target.type} table ${other} a reference table, or drop the key and add it again once both are distributed.`,
          fixSql: later,
          ...droppingKey(table, key.name),
        },
      ];
    }
  }
  const here = key.columns.indexOf(as.column);
  const there = isSelf
    ? key.referencedColumns.indexOf(as.column)
    : key.referencedColumns.indexOf(target?.distributionColumn ?? '');
  if (here === -1 || here !== there) {
    reasons.push({
      code: 'foreign-key-position',
      message: `Foreign key ${key.name} does not pair ${as.column} with the distribution column of ${other}, so referenced rows may lie on another node.`,
      fix: 'Put both distribution columns into the key, at the same place, or drop it.',
      fixSql: drop,
      ...droppingKey(table, key.name),
    });
  }
  if (here !== -1 && (key.onDelete === 'set null' || key.onDelete === 'set default')) {
    reasons.push({
      code: 'foreign-key-action',
      message: `Foreign key ${key.name} would ${key.onDelete} the distribution column on delete, which would move rows between shards.`,
      fix: 'Use ON DELETE CASCADE, RESTRICT or NO ACTION.',
      fixSql: drop,
      ...droppingKey(table, key.name),
    });
  }
  if (here !== -1 && ['set null', 'set default', 'cascade'].includes(key.onUpdate)) {
    reasons.push({
      code: 'foreign-key-action',
      message: `Foreign key ${key.name} would ${key.onUpdate} the distribution column on update, which would move rows between shards.`,
      fix: 'Use ON UPDATE NO ACTION or RESTRICT.',
      fixSql: drop,
      ...droppingKey(table, key.name),
    });
  }
  return reasons;
}

/** The parent as a reference table of the same plan. */
function toReference(table: TableName): Reason['repair'] {
  return {
    id: repairId('reference', table),
    title: `Make ${readable(table)} a reference table`,
    table: {
      table: { schema: table.schema, name: table.name },
      becomes: 'reference',
      column: null,
      colocateWith: 'default',
      shardCount: null,
    },
  };
}

/** The plan adds the key again at its end, where both tables then lie so that it can hold. */
export function droppingKey(table: TableName, name: string): Pick<Reason, 'repair' | 'mend'> {
  return {
    repair: { id: repairId('drop-key', table, name), title: `Drop ${name} for the time of the change` },
    mend: [{ type: 'drop-constraint', schema: table.schema, name: table.name, constraint: name }],
  };
}

/** The key leaves now and comes back when both of its tables lie where they may be tied. */
export function dropAndAdd(table: TableName, name: string, definition: string, context: PlanContext): string {
  const alter = `ALTER TABLE ${context.sql.qualified(table)}`;
  const constraint = context.sql.identifier(name);
  return `${alter} DROP CONSTRAINT ${constraint};\n-- afterwards: ${alter} ADD CONSTRAINT ${constraint} ${definition.replaceAll('\n', ' ')};`;
}

/** Citus takes every ordinary table that keys tie to a new reference table into its metadata; such a table may not reference a distributed one. */
function webRefusals(facts: DistributeFacts, table: TableFacts, context: PlanContext): readonly Reason[] {
  const typeOf = (one: TableName): CitusTableType | undefined =>
    facts.snapshot.tables.find((known) => sameTable(known, one))?.type;
  return table.connectedKeys
    .filter((key) => !sameTable(key.from, table))
    .filter((key) => [undefined, 'local'].includes(typeOf(key.from)))
    .filter((key) => ['distributed', 'schema'].includes(typeOf(key.to) ?? ''))
    .map((key) => ({
      code: 'foreign-key-web',
      message: `${readable(key.from)} is tied to ${readable(table)} by foreign keys and references the distributed table ${readable(key.to)} by ${key.name}; Citus would have to keep it local.`,
      fix: `Drop that key, distribute ${readable(key.from)} colocated with ${readable(key.to)}, and add it again.`,
      fixSql: dropAndAdd(key.from, key.name, key.definition, context),
      ...droppingKey(key.from, key.name),
    }));
}

/** Reasons against a reference table or a local table in the metadata. */
export function undistributedForeignKeyRefusals(
  facts: DistributeFacts,
  table: TableFacts,
  as: 'reference' | 'local',
  context: PlanContext,
): readonly Reason[] {
  const { sql } = context;
  const hasCoordinator = facts.snapshot.nodes.some((node) => node.groupId === 0);
  const outgoing = table.foreignKeys.filter((key) => !sameTable(key.references, table));
  const reasons: Reason[] = as === 'reference' ? [...webRefusals(facts, table, context)] : [];
  for (const key of outgoing) {
    const target = facts.snapshot.tables.find((one) => sameTable(one, key.references));
    if (target && (target.type === 'distributed' || target.type === 'schema')) {
      reasons.push({
        code: 'foreign-key-to-distributed',
        message: `Foreign key ${key.name} points to the ${target.type} table ${readable(target)}; a ${as} table cannot reference it.`,
        fix: 'Drop the key, or distribute this table by the same column.',
        fixSql: dropAndAdd(table, key.name, key.definition, context),
        ...droppingKey(table, key.name),
      });
    } else if (as === 'reference' && !target && !hasCoordinator) {
      reasons.push({
        code: 'foreign-key-to-plain',
        message: `Foreign key ${key.name} points to ${readable(key.references)}, an ordinary table, and the coordinator is not registered.`,
        fix: `Make ${readable(key.references)} a reference table first.`,
        fixSql: `SELECT create_reference_table(${sql.literal(sql.qualified(key.references))});`,
        repair: toReference(key.references),
      });
    } else if (
      as === 'reference'
      && target?.type !== 'reference'
      && (!['no action', 'restrict'].includes(key.onDelete)
        || !['no action', 'restrict'].includes(key.onUpdate))
    ) {
      reasons.push({
        code: 'foreign-key-action',
        message: `Foreign key ${key.name} points from a reference table to the local table ${readable(key.references)} and does more than NO ACTION or RESTRICT.`,
        fix: `Make ${readable(key.references)} a reference table first.`,
        fixSql: `SELECT create_reference_table(${sql.literal(sql.qualified(key.references))});`,
        repair: toReference(key.references),
      });
    }
  }
  if (as === 'local') {
    const involved = [
      ...outgoing.map((key) => readable(key.references)),
      ...table.referencedBy.map((key) => readable(key.table)),
    ];
    if (involved.length > 0) {
      reasons.push({
        code: 'foreign-key-chain',
        message: `${readable(table)} is tied by foreign keys to ${listed([...new Set(involved)])}; alone it cannot be added to the metadata.`,
        fix: 'Add all of them together with the statement below, or drop the keys.',
        fixSql: `SELECT citus_add_local_table_to_metadata(${sql.literal(sql.qualified(table))}, cascade_via_foreign_keys => true);`,
      });
    }
    if (!hasCoordinator && facts.snapshot.nodes.length > 0) {
      reasons.push({
        code: 'coordinator-not-registered',
        message: 'The coordinator is not in pg_dist_node, so the other nodes could not find the table.',
        fix: 'Register it under an address that every node can dial.',
        fixSql: "SELECT citus_set_coordinator_host('<host name>', 5432);",
      });
    }
  }
  return reasons;
}
