/** The cluster as it would be after a step of a plan, so that the next step can be foreseen. Pure. */
import type { ClusterSnapshot, ClusterTable, TableName } from '../contract/cluster';
import type { RequestOf } from '../contract/operations';
import { addressOf, activePrimaries, sameTable } from './plan';
import { placementOf } from './placement';
import type { ColocationChoice } from './placement';
import type { TableFacts } from '../contract/table-facts';

type As = RequestOf<'distribute-table'>['as'];

function shellOf(
  table: TableFacts,
): Omit<ClusterTable, 'type' | 'method' | 'distributionColumn' | 'colocationId' | 'shardCount'> {
  return {
    oid: table.oid,
    schema: table.schema,
    name: table.name,
    owner: table.owner,
    accessMethod: table.accessMethod,
    isPartitioned: table.kind === 'partitioned',
    parentOid: null,
    hasReplicaIdentity: table.hasReplicaIdentity,
    isUnlogged: table.isUnlogged,
  };
}

/** With the table distributed, and with what Citus does to its neighbours by itself. */
export function afterDistributing(
  snapshot: ClusterSnapshot,
  table: TableFacts,
  as: As,
  choice: ColocationChoice | null,
): ClusterSnapshot {
  const rest = snapshot.tables.filter((one) => !sameTable(one, table));
  const shell = shellOf(table);
  if (as.type !== 'hash') {
    const own: ClusterTable = {
      ...shell,
      ...(as.type === 'append'
        ? { type: 'distributed', method: 'append', distributionColumn: as.column, shardCount: 0 }
        : { type: as.type, method: 'none', distributionColumn: null, shardCount: 1 }),
      colocationId: 0,
    };
    return {
      ...snapshot,
      tables: [...rest, own, ...(as.type === 'reference' ? taken(snapshot, table) : [])],
    };
  }
  if (choice === null || choice.outcome === 'impossible') return snapshot;
  const column = table.columns.find((one) => one.name === as.column);
  // No group that is there has a number below 0.
  const colocationId = choice.outcome === 'joins' ? choice.group.colocationId : -table.oid;
  const groupIds = new Map(activePrimaries(snapshot).map((node) => [addressOf(node), node.groupId]));
  const placement = placementOf(snapshot, choice);
  const shardCount = choice.outcome === 'joins' ? (choice.tables[0]?.shardCount ?? 0) : choice.shardCount;
  return {
    ...snapshot,
    tables: [
      ...rest,
      {
        ...shell,
        type: 'distributed',
        method: 'hash',
        distributionColumn: as.column,
        colocationId,
        shardCount,
      },
    ],
    colocationGroups:
      choice.outcome === 'joins'
        ? snapshot.colocationGroups
        : [
            ...snapshot.colocationGroups,
            {
              colocationId,
              shardCount,
              replicationFactor: 1,
              distributionColumnType: column?.type ?? null,
              distributionColumnCollation: column?.collation ?? null,
            },
          ],
    shards: [
      ...snapshot.shards.filter((shard) => shard.tableOid !== table.oid),
      ...placement.map((shard) => ({
        shardId: `planned ${table.oid} ${shard.index}`,
        tableOid: table.oid,
        minValue: shard.minValue,
        maxValue: shard.maxValue,
        groupIds: [groupIds.get(shard.node) ?? -1],
      })),
    ],
  };
}

/** With every table of the schema on one node that Citus chooses. */
export function afterDistributingSchema(
  snapshot: ClusterSnapshot,
  tables: readonly TableFacts[],
): ClusterSnapshot {
  const colocationId = -Math.min(...tables.map(({ oid }) => oid));
  return {
    ...snapshot,
    tables: [
      ...snapshot.tables.filter((one) => !tables.some((table) => sameTable(one, table))),
      ...tables.map((table): ClusterTable => ({
        ...shellOf(table),
        type: 'schema',
        method: 'none',
        distributionColumn: null,
        colocationId,
        shardCount: 1,
      })),
    ],
  };
}

/** With the table an ordinary one again. */
export function afterUndistributing(
  snapshot: ClusterSnapshot,
  tables: readonly TableName[],
): ClusterSnapshot {
  const isGone = (one: TableName): boolean => tables.some((table) => sameTable(table, one));
  const oids = new Set(snapshot.tables.filter(isGone).map((table) => table.oid));
  return {
    ...snapshot,
    tables: snapshot.tables.filter((table) => !oids.has(table.oid)),
    shards: snapshot.shards.filter((shard) => !oids.has(shard.tableOid)),
  };
}

/**
 * Ordinary tables that keys tie to a new reference table, over any number of hops: Citus takes them into its metadata
 * as local tables, where the coordinator is registered. From then on they may not reference a distributed table.
 */
function taken(snapshot: ClusterSnapshot, table: TableFacts): readonly ClusterTable[] {
  if (!snapshot.nodes.some((node) => node.groupId === 0)) return [];
  const names: TableName[] = [];
  for (const name of table.connectedKeys.flatMap((key) => [key.from, key.to])) {
    const isKnown =
      sameTable(name, table)
      || names.some((one) => sameTable(one, name))
      || snapshot.tables.some((one) => sameTable(one, name));
    if (!isKnown) names.push(name);
  }
  return names.map((name, index) => ({
    oid: -1 - index,
    schema: name.schema,
    name: name.name,
    type: 'local',
    method: 'none',
    distributionColumn: null,
    colocationId: 0,
    shardCount: 1,
    owner: table.owner,
    accessMethod: null,
    isPartitioned: false,
    parentOid: null,
    hasReplicaIdentity: true,
    isUnlogged: false,
  }));
}
