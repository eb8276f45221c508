/** Tables and shards: can they move, are they where they should be, is the data spread evenly. */
import type { ClusterTable } from '../../contract/cluster';
import { isStuckTable, onlineMoveFix } from '../online-moves';
import { activePrimaries, addressOf, counted, listed, readable, sizeWords } from '../plan';
import type { HealthFacts } from './facts';
import { evidence, fromCatalogs } from './judgement';
import type { Judged } from './judgement';
import { shardGroupsOf } from '../shard-groups';
import { planRebalanceHere } from './rebalance-outlook';

export function judgeOnlineMoves(facts: HealthFacts): Judged {
  const tables = facts.snapshot.tables.filter(
    (table) => (table.type === 'distributed' || table.type === 'schema') && !table.isPartitioned,
  );
  const stuck = tables.filter(isStuckTable);
  const base = {
    id: 'online-moves',
    means:
      'One such table stops the whole rebalance at its start, and the plan of Citus does not say so. Moves with block_writes still work, with writes blocked.',
    how: { words: fromCatalogs, statement: facts.statements.tables },
    evidence: stuck.map((table) => evidence(readable(table), whyStuck(table), true)),
  };
  if (stuck.length === 0) {
    return {
      ...base,
      level: 'fine',
      title: 'Every table can move online',
      found: `${counted(tables.length, 'table has', 'tables have')} a primary key or a replica identity.`,
      mend: null,
    };
  }
  const first = stuck[0];
  return {
    ...base,
    level: 'mind',
    title:
      stuck.length > 2
        ? `${stuck.length} tables cannot move online`
        : `${listed(stuck.map(readable))} cannot move online`,
    found:
      first && stuck.length === 1
        ? `${whyStuck(first)}: any rebalance of its group stops at its start.`
        : 'Any rebalance of their groups stops at its start.',
    mend: mendOf(facts, stuck),
  };
}

function whyStuck(table: ClusterTable): string {
  return table.isUnlogged
    ? 'Unlogged, so its changes are in no log'
    : 'No primary key and no replica identity';
}

function mendOf(facts: HealthFacts, stuck: readonly ClusterTable[]): Judged['mend'] {
  const statements = stuck.slice(0, 20).map((table) => onlineMoveFix(table, facts.sql.qualified));
  return {
    text: 'A primary key that includes the distribution column is best. REPLICA IDENTITY FULL works at once and makes updates and deletes dearer while a shard moves; SET LOGGED rewrites the table with writes blocked.',
    sql: statements.join('\n'),
    page: 'tables',
  };
}

export function judgePlacements(facts: HealthFacts): Judged {
  const { snapshot } = facts;
  const groups = new Set(snapshot.nodes.map(({ groupId }) => groupId));
  // A coordinator without a row of its own holds local tables' shards all the same.
  groups.add(0);
  const byOid = new Map(snapshot.tables.map((table) => [table.oid, table]));
  const lost = snapshot.shards.flatMap((shard) => {
    const gone = shard.groupIds.filter((groupId) => !groups.has(groupId));
    const table = byOid.get(shard.tableOid);
    const name = table ? readable(table) : 'a table that is gone';
    if (shard.groupIds.length === 0)
      return [evidence(`shard ${shard.shardId}`, `of ${name}: no copy anywhere`, true)];
    if (gone.length > 0)
      return [
        evidence(
          `shard ${shard.shardId}`,
          `of ${name}: on group ${listed(gone.map(String))}, which has no node`,
          true,
        ),
      ];
    return table ? [] : [evidence(`shard ${shard.shardId}`, 'belongs to no table', true)];
  });
  return {
    id: 'placements',
    level: lost.length > 0 ? 'stops' : 'fine',
    title:
      lost.length > 0
        ? `${counted(lost.length, 'shard is', 'shards are')} recorded where nothing is`
        : 'Every shard has a place',
    found:
      lost.length > 0
        ? 'Statements that touch them fail.'
        : `${counted(snapshot.shards.length, 'shard lies', 'shards lie')} on registered nodes.`,
    means:
      'The catalogs say where each shard lies; a row that points nowhere is what a half-done repair leaves.',
    how: { words: fromCatalogs, statement: facts.statements.placements },
    mend:
      lost.length > 0
        ? {
            text: 'Restore the node or its data first. Rows of the catalogs are changed by hand only with the data at hand and a backup of them made.',
            page: 'nodes',
          }
        : null,
    evidence: lost.slice(0, 200),
  };
}

const objectWords: Readonly<Record<number, string>> = {
  1: 'shard',
  2: 'subscription',
  3: 'replication slot',
  4: 'publication',
  5: 'role',
  6: 'database',
};
const patienceMs = 5 * 60_000;

export function judgeCleanup(facts: HealthFacts): Judged {
  const base = {
    id: 'cleanup',
    means:
      'What an operation leaves behind is recorded and removed in the background every 15 s; a record that stays keeps disk space or a replication slot in use.',
    how: { words: 'Read on the coordinator.', statement: facts.statements.cleanup },
  };
  const fact = facts.cleanup;
  if (!fact.known)
    return { ...base, level: 'unknown', title: 'Cleanup records', found: fact.why, mend: null, evidence: [] };
  const groups = new Set(facts.snapshot.nodes.map(({ groupId }) => groupId));
  groups.add(0);
  const isJobRunning = facts.snapshot.jobs.some(
    ({ state }) => !['finished', 'cancelled', 'failed'].includes(state),
  );
  const vanished = fact.value.filter(({ groupId }) => !groups.has(groupId));
  const stays = isJobRunning
    ? []
    : fact.value.filter((record) => groups.has(record.groupId) && record.seenForMs > patienceMs);
  const rows = fact.value
    .slice(0, 200)
    .map((record) =>
      evidence(
        `record ${record.recordId}`,
        `${objectWords[record.objectType] ?? 'object'} ${record.objectName} on group ${record.groupId}${groups.has(record.groupId) ? '' : ', which has no node'}`,
        vanished.includes(record) || stays.includes(record),
      ),
    );
  if (vanished.length + stays.length > 0) {
    return {
      ...base,
      level: 'mind',
      title:
        vanished.length > 0
          ? `${counted(vanished.length, 'cleanup record')} of a node that is gone`
          : `${counted(stays.length, 'cleanup record')} not worked off`,
      found:
        vanished.length > 0
          ? 'Citus passes over records of a group without a node, so they stay.'
          : 'They are older than five minutes.',
      mend:
        stays.length > 0
          ? {
              text: 'Have them worked off now; what fails is told as a warning. Not inside a transaction.',
              sql: 'CALL citus_cleanup_orphaned_resources();',
            }
          : {
              text: 'The objects went with the node. Remove the records when it is certain that it does not come back.',
              sql: `DELETE FROM pg_dist_cleanup WHERE node_group_id IN (${[...new Set(vanished.map(({ groupId }) => groupId))].join(', ')});`,
            },
      evidence: rows,
    };
  }
  return {
    ...base,
    level: 'fine',
    title: 'Nothing is left behind',
    found:
      fact.value.length === 0
        ? 'There is no cleanup record.'
        : `${counted(fact.value.length, 'cleanup record waits', 'cleanup records wait')} for the next round.`,
    mend: null,
    evidence: rows,
  };
}

export function judgeReferenceTables(facts: HealthFacts): Judged {
  const { snapshot } = facts;
  const references = snapshot.tables.filter(({ type }) => type === 'reference');
  const nodes = activePrimaries(snapshot);
  const shardOf = new Map(snapshot.shards.map((shard) => [shard.tableOid, shard]));
  const missing = nodes.flatMap((node) => {
    const tables = references.filter((table) => !shardOf.get(table.oid)?.groupIds.includes(node.groupId));
    return tables.length > 0 ? [{ address: addressOf(node), tables }] : [];
  });
  return {
    id: 'reference-tables',
    level: missing.length > 0 ? 'mind' : 'fine',
    title:
      missing.length > 0
        ? `Reference tables are missing on ${missing.length > 2 ? counted(missing.length, 'node') : listed(missing.map(({ address }) => address))}`
        : 'Reference tables are on every node',
    found:
      missing.length > 0
        ? 'No shard can move there before they are copied.'
        : `${counted(references.length, 'reference table')} on ${counted(nodes.length, 'node')}.`,
    means:
      'Adding a node does not copy reference tables; the first rebalance or move does, and takes that much longer.',
    how: { words: fromCatalogs, statement: facts.statements.references },
    mend:
      missing.length > 0
        ? {
            text: 'Copy them now; a table without a primary key blocks writes to it meanwhile. A rebalance does it by itself.',
            sql: 'SELECT replicate_reference_tables();',
            page: 'rebalance',
          }
        : null,
    evidence: missing.map(({ address, tables }) =>
      evidence(address, `lacks ${listed(tables.map(readable))}`, true),
    ),
  };
}

export function judgeRebalance(facts: HealthFacts): Judged {
  const base = {
    id: 'rebalance',
    means:
      "The busiest node limits the cluster. The plan is made here by Citus's own rules, from the catalogs and the sizes of the shards.",
    how: {
      words: 'Catalogs and sizes, read on the coordinator; nothing was planned on the server.',
      statement: facts.statements.sizes,
    },
  };
  const made = planRebalanceHere(facts);
  if (!made.known)
    return {
      ...base,
      level: 'unknown',
      title: 'Whether a rebalance is advisable',
      found: made.why,
      mend: null,
      evidence: [],
    };
  const { moves, strategy, bytes, loads } = made.value;
  const rows = loads.map(({ address, words }) => evidence(address, words));
  if (moves === 0)
    return {
      ...base,
      level: 'fine',
      title: 'No rebalance is needed',
      found: `By ${strategy}, no move would make the nodes more even.`,
      mend: null,
      evidence: rows,
    };
  return {
    ...base,
    level: 'mind',
    title: 'A rebalance is advisable',
    found: `By ${strategy}, ${counted(moves, 'move')} ${bytes === null ? '' : `of ${sizeWords(bytes)} `}would make the nodes more even.`,
    mend: {
      text: 'Plan it and look at the moves; shards move online, one after the other.',
      page: 'rebalance',
    },
    evidence: rows,
  };
}

const skewFactor = 4;
const skewBytes = 100 * 1024 * 1024;

export function judgeShardSkew(facts: HealthFacts): Judged {
  const base = {
    id: 'shard-skew',
    means:
      'A shard group that is much larger than the rest cannot be spread by a rebalance: it moves as one, and its node stays the fullest.',
    how: {
      words: 'Sizes of all shards, asked by the coordinator on every node.',
      statement: facts.statements.sizes,
    },
  };
  if (!facts.sizes.known)
    return {
      ...base,
      level: 'unknown',
      title: 'Sizes of the shards',
      found: facts.sizes.why,
      mend: null,
      evidence: [],
    };
  const byColocation = new Map<number, { readonly bytes: number; readonly shardId: string }[]>();
  for (const group of shardGroupsOf(facts.snapshot, facts.sizes.value.shardBytes)) {
    if (group.bytes === null) continue;
    byColocation.set(group.colocationId, [
      ...(byColocation.get(group.colocationId) ?? []),
      { bytes: group.bytes, shardId: group.shardId },
    ]);
  }
  const rows = [...byColocation.entries()].flatMap(([colocationId, groups]) => {
    if (groups.length < 2) return [];
    const largest = groups.reduce((most, one) => (one.bytes > most.bytes ? one : most));
    const others = groups.filter((one) => one !== largest);
    const average = others.reduce((sum, { bytes }) => sum + bytes, 0) / others.length;
    const isSkewed = largest.bytes >= skewBytes && largest.bytes > skewFactor * average;
    const factor =
      average === 0 ? '' : `, ${(largest.bytes / average).toFixed(1)} times the average of the others`;
    return [
      evidence(
        `colocation group ${colocationId}`,
        `largest shard group ${sizeWords(largest.bytes)} (with shard ${largest.shardId})${factor}`,
        isSkewed,
      ),
    ];
  });
  const skewed = rows.filter(({ isFinding }) => isFinding);
  const first = skewed[0];
  if (first !== undefined) {
    return {
      ...base,
      level: 'mind',
      title:
        skewed.length === 1
          ? `Shards of ${first.subject} differ much in size`
          : `Shards of ${skewed.length} colocation groups differ much in size`,
      found: first.value.charAt(0).toUpperCase() + first.value.slice(1) + '.',
      mend: {
        text: 'One tenant may be large: isolate it to a shard of its own with isolate_tenant_to_new_shard. Many may be: split the shard. Or distribute by a column with more values.',
        page: 'tables',
      },
      evidence: [...skewed, ...rows.filter(({ isFinding }) => !isFinding)],
    };
  }
  if (facts.sizes.value.incomplete !== null)
    return {
      ...base,
      level: 'unknown',
      title: 'Sizes of some shards',
      found: facts.sizes.value.incomplete,
      mend: null,
      evidence: rows,
    };
  return {
    ...base,
    level: 'fine',
    title: 'Shards are even',
    found: `No shard group above ${sizeWords(skewBytes)} is more than ${skewFactor} times as large as the average of its group.`,
    mend: null,
    evidence: rows,
  };
}
