/** Copies of shards that no catalog and no cleanup record knows of: they take up disk, and nobody removes them. */
import { addressOf, counted, listed, readable, sizeWords } from '../plan';
import type { HealthFacts, LeftoverTable, NodeHealthFacts } from './facts';
import { answersOf, evidence, onEachNode, unknownFor } from './judgement';
import type { Judged } from './judgement';

const mostStatements = 20;

interface Found {
  readonly node: NodeHealthFacts;
  readonly table: LeftoverTable;
}

export function judgeLeftoverTables(facts: HealthFacts): Judged {
  const base = {
    id: 'leftover-tables',
    asksNodes: true,
    means:
      'A move or a repair that was broken off may leave a copy of a shard where the catalogs place none. It takes up disk, no statement reads it, and a later move of that shard to this node fails.',
    how: { words: onEachNode, statement: facts.statements.leftovers },
  };
  // Without a copy of the catalogs that is synced, a node cannot tell its shards from what is left over.
  const nodes = facts.nodes.filter(({ node }) => node === null || (node.hasMetadata && node.metadataSynced));
  const { answers, silent } = answersOf(nodes, ({ leftovers }) => leftovers);
  const isUnderWay = facts.snapshot.jobs.some(
    ({ state }) => !['finished', 'cancelled', 'failed'].includes(state),
  );
  const found = isUnderWay
    ? []
    : answers.flatMap(({ node, value }) =>
        value.filter((table) => isLeftOver(facts, node, table)).map((table) => ({ node, table })),
      );
  const silentRows = silent.map(({ node, why }) => evidence(node.address, `not known: ${why}`));
  if (found.length > 0 && !facts.cleanup.known)
    return {
      ...base,
      level: 'unknown',
      title: 'Tables left over from shards',
      found: `${counted(found.length, 'table')} may be: what Citus has still to remove is not known. ${facts.cleanup.why}`,
      mend: null,
      evidence: found.map((one) => evidence(one.node.address, wordsOf(facts, one))),
    };
  if (found.length > 0)
    return {
      ...base,
      level: 'mind',
      title: `${counted(found.length, 'table is', 'tables are')} left over from shards`,
      found: `${addedUp(found)} on ${listed([...new Set(found.map(({ node }) => node.address))])}, in no catalog and no cleanup record.`,
      mend: mendOf(facts, found),
      evidence: [...found.map((one) => evidence(one.node.address, wordsOf(facts, one), true)), ...silentRows],
    };
  if (silent.length > 0)
    return {
      ...base,
      ...unknownFor('Tables left over from shards', silent, nodes.length),
      mend: null,
      evidence: silentRows,
    };
  const unasked = facts.nodes.length - nodes.length;
  return {
    ...base,
    level: 'fine',
    title: 'No table is left over from a shard',
    found: isUnderWay
      ? 'Not told apart while a job runs.'
      : `Every shard on ${counted(answers.length, 'node')} is in the catalogs or on its way out.${unasked > 0 ? ` Not looked at: ${counted(unasked, 'node')} without synced metadata.` : ''}`,
    mend: null,
    evidence: answers.map(({ node }) => evidence(node.address, 'nothing found')),
  };
}

function isLeftOver(facts: HealthFacts, node: NodeHealthFacts, table: LeftoverTable): boolean {
  const isToBeRemoved =
    facts.cleanup.known
    && facts.cleanup.value.some(
      ({ groupId, objectName }) =>
        groupId === node.groupId && objectName.replaceAll('"', '').endsWith(`_${table.shardId}`),
    );
  if (isToBeRemoved) return false;
  const { shards } = facts.snapshot;
  const shard = shards.find(({ shardId }) => shardId === table.shardId);
  // The catalogs may have changed between the two readings.
  if (shard) return table.of !== null && !shard.groupIds.includes(node.groupId);
  // Of a table that is gone: on the coordinator people keep tables of their own, whose names may end in any number.
  const highest = shards.reduce((most, { shardId }) => (BigInt(shardId) > most ? BigInt(shardId) : most), 0n);
  return table.of === null && node.groupId !== 0 && isShardId(BigInt(table.shardId), highest);
}

/** Citus begins at 102008; a number above the highest that is in use is hardly one of its own. */
function isShardId(id: bigint, highest: bigint): boolean {
  return id >= 102_008n && id <= highest;
}

function wordsOf(facts: HealthFacts, { table }: Found): string {
  const size = table.bytes === null ? '' : `, ${sizeWords(table.bytes)}`;
  if (table.of === null)
    return `${readable(table)}${size}: named like a shard of a table that is gone, or a table of somebody's own`;
  const shard = facts.snapshot.shards.find(({ shardId }) => shardId === table.shardId);
  const places = facts.snapshot.nodes
    .filter((one) => one.role === 'primary' && shard?.groupIds.includes(one.groupId))
    .map(addressOf);
  return `${readable(table)}${size}: a copy of shard ${table.shardId} of ${readable(table.of)}, which is placed on ${places.length === 0 ? 'no node' : listed(places)}`;
}

function addedUp(found: readonly Found[]): string {
  const bytes = found.reduce((sum, { table }) => sum + (table.bytes ?? 0), 0);
  return sizeWords(bytes);
}

function mendOf(facts: HealthFacts, found: readonly Found[]): Judged['mend'] {
  const lines = found.slice(0, mostStatements).flatMap(({ node, table }) => {
    const name = facts.sql.qualified(table);
    return [
      `-- On ${node.address.replaceAll(/\s+/g, ' ')}`,
      `SELECT count(*) FROM ${name};`,
      'SET citus.enable_manual_changes_to_shards = on;',
      `DROP TABLE ${name};`,
    ];
  });
  return {
    text: 'First make sure that nobody moves shards just now, and that the rows are where the shard is placed: compare the counts. Then drop it on that node, over a session with the node itself; without CASCADE, so that whatever hangs on it stops the drop.',
    sql: lines.join('\n'),
    page: 'nodes',
  };
}
