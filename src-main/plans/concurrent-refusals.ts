/** Why a table could not be distributed while it is written to, and not only because of its column or its keys. */
import { droppingKey } from './foreign-key-refusals';
import type { Reason } from './mend';
import { addressOf, listed, readable, sameTable } from './plan';
import type { PlanContext } from './plan';
import type { TableFacts } from '../contract/table-facts';
import type { DistributeFacts } from './distribute-facts';

export function concurrentRefusals(
  facts: DistributeFacts,
  table: TableFacts,
  context: PlanContext,
): readonly Reason[] {
  const { settings, snapshot } = facts;
  const { sql } = context;
  const name = readable(table);
  const withWritesWaiting = 'Or distribute with writes waiting.';
  const reasons: Reason[] = [];
  if (!settings.hasConcurrently) {
    reasons.push({
      code: 'concurrently-unknown',
      message: 'This version of Citus cannot distribute a table while it is written to.',
      fix: 'Distribute with writes waiting.',
    });
  }
  if (settings.replicationFactor > 1) {
    reasons.push({
      code: 'concurrently-replication',
      message: `citus.shard_replication_factor is ${settings.replicationFactor}; without blocking writes only one copy of each shard can be made.`,
      fix: withWritesWaiting,
      fixSql: 'ALTER SYSTEM SET citus.shard_replication_factor TO 1; SELECT pg_reload_conf();',
    });
  }
  const otherLevel = snapshot.nodes.filter((node) =>
    facts.answers.some(
      (answer) => answer.nodeId === node.nodeId && answer.walLevel !== null && answer.walLevel !== 'logical',
    ),
  );
  if (settings.walLevel !== 'logical' || otherLevel.length > 0) {
    const where = otherLevel.length > 0 ? listed(otherLevel.map(addressOf)) : 'the coordinator';
    reasons.push({
      code: 'concurrently-wal-level',
      message: `wal_level is not "logical" on ${where}; changes made meanwhile could not be followed.`,
      fix: `Set it there and restart PostgreSQL. ${withWritesWaiting}`,
      fixSql: 'ALTER SYSTEM SET wal_level TO logical;',
    });
  }
  if (!settings.decoderAllowed) {
    reasons.push({
      code: 'concurrently-decoder',
      message:
        'output_plugin_libraries does not list citus, so PostgreSQL refuses the decoder that follows the writes.',
      fix: `Add citus to it on every node. ${withWritesWaiting}`,
      fixSql: `ALTER SYSTEM SET output_plugin_libraries TO 'pgoutput', 'test_decoding', 'citus'; SELECT pg_reload_conf();`,
    });
  }
  if (!snapshot.nodes.some((node) => node.groupId === 0)) {
    reasons.push({
      code: 'concurrently-coordinator',
      message:
        'The coordinator is not in pg_dist_node; the table is first made a local table of the metadata, which needs it there.',
      fix: `Register it under an address that every node can dial. ${withWritesWaiting}`,
      fixSql: "SELECT citus_set_coordinator_host('<host name>', 5432);",
    });
  }
  const isReference = (one: { readonly schema: string; readonly name: string }): boolean =>
    snapshot.tables.some((known) => sameTable(known, one) && known.type === 'reference');
  for (const key of table.foreignKeys.filter((one) => !isReference(one.references))) {
    reasons.push({
      code: 'concurrently-foreign-key',
      message: `Foreign key ${key.name} of ${name} points to ${readable(key.references)}; while writes go on, only keys to reference tables may stay.`,
      fix: `Drop it and add it again at the end. ${withWritesWaiting}`,
      fixSql: `ALTER TABLE ${sql.qualified(table)} DROP CONSTRAINT ${sql.identifier(key.name)};`,
      ...droppingKey(table, key.name),
    });
  }
  for (const key of table.referencedBy) {
    reasons.push({
      code: 'concurrently-foreign-key',
      message: `${readable(key.table)} references ${name} by ${key.name}; while writes go on, no key may point to it.`,
      fix: `Drop it and add it again at the end. ${withWritesWaiting}`,
      fixSql: `ALTER TABLE ${sql.qualified(key.table)} DROP CONSTRAINT ${sql.identifier(key.name)};`,
      ...droppingKey(key.table, key.name),
    });
  }
  return reasons;
}
