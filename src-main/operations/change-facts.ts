/** Gathers what changes of distributed tables are planned from, and hands it to the plan of the kind asked for. */
import {
  readAccessMethods,
  readDiskSpace,
  readMissingPartitions,
  readOldPartitions,
  readSchemaState,
  readShardOfValue,
  readTablesOfSchema,
} from '../citus/change-reads';
import { altersByColumnName } from '../citus/capabilities';
import { readColumnHasNull, readDistributionSettings, readTableFacts } from '../citus/table-facts';
import type { TableName } from '../contract/cluster';
import { assertNever, toFailure } from '../contract/failure';
import type { OperationRequest, PlanReply, RequestOf } from '../contract/operations';
import { planChangeAccessMethod } from '../plans/changes/access-method';
import { planAlterTable } from '../plans/changes/alter-table';
import type { ChangeFacts, DiskFacts } from '../plans/changes/change-facts';
import { planChangeColocation } from '../plans/changes/colocation';
import { planConvertTable } from '../plans/changes/convert-table';
import { planCreatePartitions, planDropPartitions } from '../plans/changes/partitions';
import type { PartitionFacts } from '../plans/changes/partitions';
import { planDistributeSchema, planMoveSchema, planUndistributeSchema } from '../plans/changes/schema';
import type { SchemaFacts } from '../plans/changes/schema';
import { planSplitShard } from '../plans/changes/split-shard';
import type { SplitFacts } from '../plans/changes/split-shard';
import { planIsolateTenant } from '../plans/changes/tenant';
import type { TenantFacts } from '../plans/changes/tenant';
import { planUndistribute } from '../plans/changes/undistribute';
import { sameTable } from '../plans/plan';
import type { PlanContext } from '../plans/plan';
import type { TableFacts } from '../contract/table-facts';
import { answersOf, bytesOfShards, limits, withShardBytes } from './fact-source';
import type { FactSource } from './fact-source';
import { failureWords } from './failures';

export type TableChangeRequest = Exclude<
  OperationRequest,
  { kind: 'add-node' | 'distribute-table' | 'distribute-set' | 'rebalance' | 'rebalance-moves' }
>;

/** Tables that are read with the one that is changed; more are not shown one by one in any case. */
const mostInvolved = 200;

export async function planTableChange(
  source: FactSource,
  request: TableChangeRequest,
  context: PlanContext,
): Promise<PlanReply> {
  switch (request.kind) {
    case 'undistribute-table':
      return planUndistribute(await changeFacts(source, request.table), request, context);
    case 'alter-table':
      return planAlterTable(await changeFacts(source, request.table, request.column), request, context);
    case 'change-colocation':
      return planChangeColocation(await changeFacts(source, request.table), request, context);
    case 'change-access-method': {
      const facts = await changeFacts(source, request.table);
      const accessMethods = await readAccessMethods(source.access.reader, limits(source));
      return planChangeAccessMethod({ ...facts, accessMethods }, request, context);
    }
    case 'convert-table': {
      const column = request.to.type === 'hash' ? request.to.column : null;
      return planConvertTable(await changeFacts(source, request.table, column), request, context);
    }
    case 'distribute-schema':
      return planDistributeSchema(await schemaFacts(source, request.schema), request, context);
    case 'undistribute-schema':
      return planUndistributeSchema(await schemaFacts(source, request.schema), request, context);
    case 'move-schema':
      return planMoveSchema(await schemaFacts(source, request.schema), request, context);
    case 'isolate-tenant':
      return planIsolateTenant(await tenantFacts(source, request), request, context);
    case 'split-shard':
      return planSplitShard(await splitFacts(source, request), request, context);
    case 'create-partitions':
      return planCreatePartitions(await partitionFacts(source, request), request, context);
    case 'drop-partitions':
      return planDropPartitions(await partitionFacts(source, request), request, context);
    default:
      return assertNever(request);
  }
}

async function changeFacts(
  source: FactSource,
  name: TableName,
  column: string | null = null,
): Promise<ChangeFacts> {
  const { access, snapshot } = source;
  const options = limits(source);
  const [settings, answers, disk, table] = await Promise.all([
    readDistributionSettings(access.reader, options),
    answersOf(source),
    diskSpace(source),
    factsOf(source, name),
  ]);
  const involved = table ? [table, ...(await others(source, table))] : [];
  const wanted = table?.columns.find((one) => one.name === column);
  return {
    snapshot,
    settings,
    answers,
    disk,
    table,
    involved,
    columnHasNull:
      !table || !wanted
        ? 'unknown'
        : wanted.isNullable
          ? await readColumnHasNull(access.reader, table, wanted.name, 5_000, source.signal)
          : false,
    altersByColumnName: altersByColumnName(snapshot.versions.citus),
  };
}

async function factsOf(source: FactSource, name: TableName): Promise<TableFacts | null> {
  const table = await readTableFacts(source.access.reader, source.snapshot.versions, name, limits(source));
  return table && (await withShardBytes(source, table));
}

/** Those colocated with it and those that keys tie to it, one after the other. */
async function others(source: FactSource, table: TableFacts): Promise<readonly TableFacts[]> {
  const known = source.snapshot.tables.find((one) => sameTable(one, table));
  const names: TableName[] = [
    ...(known && known.colocationId !== 0
      ? source.snapshot.tables.filter(
          (one) => one.colocationId === known.colocationId && one.parentOid === null,
        )
      : []),
    ...table.connectedKeys.flatMap((key) => [key.from, key.to]),
  ];
  const unique = names.filter(
    (name, index) => !sameTable(name, table) && names.findIndex((other) => sameTable(other, name)) === index,
  );
  const found: TableFacts[] = [];
  for (const name of unique.slice(0, mostInvolved)) {
    const facts = await factsOf(source, name);
    if (facts) found.push(facts);
  }
  return found;
}

/** Worth asking and not worth failing for: without it the plan does not speak of room. */
async function diskSpace(source: FactSource): Promise<DiskFacts> {
  try {
    return await readDiskSpace(source.access.reader, limits(source));
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'cancelled' || failure.sqlState === undefined) throw error;
    return { coordinator: null, byNode: {} };
  }
}

async function schemaFacts(source: FactSource, schema: string): Promise<SchemaFacts> {
  const { access, snapshot } = source;
  const options = limits(source);
  const [settings, answers, disk, names] = await Promise.all([
    readDistributionSettings(access.reader, options),
    answersOf(source),
    diskSpace(source),
    readTablesOfSchema(access.reader, schema, options),
  ]);
  const tables: TableFacts[] = [];
  for (const name of names) {
    const facts = await factsOf(source, name);
    if (facts) tables.push(facts);
  }
  return {
    snapshot,
    settings,
    answers,
    disk,
    tables,
    schema: snapshot.capabilities.schemaSharding
      ? await readSchemaState(access.reader, schema, options)
      : { exists: true, isDistributed: false, nodeIds: [] },
  };
}

async function tenantFacts(source: FactSource, request: RequestOf<'isolate-tenant'>): Promise<TenantFacts> {
  const facts = await changeFacts(source, request.table);
  const known = facts.table && source.snapshot.tables.find((one) => one.oid === facts.table?.oid);
  if (!known || known.method !== 'hash') {
    return { ...facts, shard: null, shardFailure: null, shardBytes: null };
  }
  try {
    const shard = await readShardOfValue(source.access.reader, request.table, request.value, limits(source));
    const shardBytes = shard ? await groupBytes(source, shard) : null;
    return { ...facts, shard, shardFailure: null, shardBytes };
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'cancelled' || failure.sqlState === undefined) throw error;
    return { ...facts, shard: null, shardFailure: failureWords(failure), shardBytes: null };
  }
}

/** Bytes of a shard with those of its colocation group; null where one of them is not known. */
async function groupBytes(source: FactSource, shard: { readonly shardId: string }): Promise<number | null> {
  const { snapshot } = source;
  const own = snapshot.shards.find((one) => one.shardId === shard.shardId);
  const colocationId = snapshot.tables.find((one) => one.oid === own?.tableOid)?.colocationId;
  const oids = new Set(
    snapshot.tables.filter((one) => one.colocationId === colocationId).map((one) => one.oid),
  );
  const bytes = await bytesOfShards(source);
  return snapshot.shards
    .filter((one) => oids.has(one.tableOid) && one.minValue === own?.minValue)
    .reduce<number | null>((sum, one) => {
      const known = bytes[one.shardId];
      return sum === null || known === undefined ? null : sum + known;
    }, 0);
}

async function splitFacts(source: FactSource, request: RequestOf<'split-shard'>): Promise<SplitFacts> {
  const shard = source.snapshot.shards.find((one) => one.shardId === request.shardId) ?? null;
  const known = source.snapshot.tables.find((one) => one.oid === shard?.tableOid);
  // A partition's shards are split together with those of its parent.
  const named = source.snapshot.tables.find((one) => one.oid === known?.parentOid) ?? known;
  const facts = await changeFacts(source, named ?? { schema: '', name: '' });
  return { ...facts, shard, shardBytes: shard ? await groupBytes(source, shard) : null };
}

async function partitionFacts(
  source: FactSource,
  request: RequestOf<'create-partitions'> | RequestOf<'drop-partitions'>,
): Promise<PartitionFacts> {
  const facts = await changeFacts(source, request.table);
  const none = { missing: null, old: [], failure: null } as const;
  if (facts.table?.kind !== 'partitioned') return { ...facts, ...none };
  const { reader } = source.access;
  try {
    return request.kind === 'create-partitions'
      ? {
          ...facts,
          ...none,
          missing: await readMissingPartitions(reader, request.table, request, limits(source)),
        }
      : {
          ...facts,
          ...none,
          old: await readOldPartitions(reader, request.table, request.olderThan, limits(source)),
        };
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'cancelled' || failure.sqlState === undefined) throw error;
    return { ...facts, ...none, failure: failureWords(failure) };
  }
}
