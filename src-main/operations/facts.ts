/** Gathers what each plan is made from: the snapshot, and a few small reads beside it. */
import { readNewNode, readPostgresVersionNumber, readTablesNotOwned } from '../citus/node-facts';
import { readCoordinatorReaches } from '../citus/operation-reads';
import { readRebalancePlan } from '../citus/rebalance-plan';
import { readSchemaState, readTablesOfSchema } from '../citus/change-reads';
import { readColumnHasNull, readDistributionSettings, readTableFacts } from '../citus/table-facts';
import type { Reader } from '../connections/database';
import { FailureError, toFailure } from '../contract/failure';
import type { OperationRequest, PlanReply, RequestOf } from '../contract/operations';
import { planAddNode } from '../plans/add-node';
import type { NewNodeFacts } from '../plans/add-node';
import { planDistributeSet } from '../plans/distribute-set';
import { planDistributeTable } from '../plans/distribute-table';
import { planMoveShards } from '../plans/move-shards';
import type { MoveShardsFacts } from '../plans/move-shards';
import { readable } from '../plans/plan';
import type { PlanContext } from '../plans/plan';
import type { SetFacts } from '../plans/set-course';
import { mostSchemaTables } from '../plans/set-schemas';
import type { SetSchema } from '../plans/set-schemas';
import type { TableFacts } from '../contract/table-facts';
import { planRebalance } from '../plans/rebalance';
import { planTableChange } from './change-facts';
import {
  answersOf,
  bytesOfShards,
  limits,
  nodeAnswerLimitMs,
  preflightFacts,
  withShardBytes,
} from './fact-source';
import type { FactSource } from './fact-source';
import { failureWords } from './failures';

/** Longest look for NULL values while a person waits for the plan. */
const nullLookMs = 5_000;

export type MakePlan = (
  source: FactSource,
  request: OperationRequest,
  context: PlanContext,
) => Promise<PlanReply>;

/** Reads the facts for a request and makes its plan. Throws `FailureError` when the cluster cannot be read. */
export async function makePlan(
  source: FactSource,
  request: OperationRequest,
  context: PlanContext,
): Promise<PlanReply> {
  switch (request.kind) {
    case 'add-node':
      return planAddNode(await addNodeFacts(source, request), request, context);
    case 'distribute-table':
      return planDistributeTable(await distributeFacts(source, request), request, context);
    case 'rebalance':
      return planRebalance(await rebalanceFacts(source, request), request, context);
    case 'rebalance-moves':
      return planMoveShards(await moveShardsFacts(source), request, context);
    case 'distribute-set':
      return planDistributeSet(await setFacts(source, request), request, context);
    default:
      return planTableChange(source, request, context);
  }
}

async function addNodeFacts(
  source: FactSource,
  request: RequestOf<'add-node'>,
): Promise<Parameters<typeof planAddNode>[0]> {
  const { access, snapshot } = source;
  const [answers, postgresVersionNumber, coordinatorReachesIt, newNode, referenceBytes] = await Promise.all([
    answersOf(source),
    readPostgresVersionNumber(access.reader, limits(source)),
    reaches(source, request),
    newNodeFacts(source, request),
    referenceSize(source),
  ]);
  return {
    snapshot,
    postgresVersionNumber,
    dialled: parseAddress(access.address),
    newNode,
    coordinatorReachesIt,
    answers,
    referenceBytes,
  };
}

async function reaches(source: FactSource, request: RequestOf<'add-node'>): Promise<boolean | null> {
  try {
    return await readCoordinatorReaches(source.access.reader, request, {
      ...limits(source),
      timeoutMs: nodeAnswerLimitMs,
    });
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'cancelled' || failure.kind === 'not-connected') throw error;
    return null;
  }
}

async function newNodeFacts(source: FactSource, request: RequestOf<'add-node'>): Promise<NewNodeFacts> {
  const known = source.snapshot.nodes.some(
    (node) => node.name === request.host && node.port === request.port,
  );
  // A node that is registered already is refused for that alone; what it holds would only confuse.
  if (known) return { state: 'unknown', reason: 'it is registered already.' };
  try {
    const node = await source.access.node({ host: request.host, port: request.port });
    return { state: 'known', ...(await readNewNode(node, limits(source))) };
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'cancelled') throw error;
    return { state: 'unknown', reason: failureWords(failure) };
  }
}

async function referenceSize(source: FactSource): Promise<number | null> {
  const oids = new Set(
    source.snapshot.tables.filter((table) => table.type === 'reference').map((table) => table.oid),
  );
  if (oids.size === 0) return 0;
  const bytes = await bytesOfShards(source);
  const shards = source.snapshot.shards.filter((shard) => oids.has(shard.tableOid));
  return shards.reduce<number | null>((sum, shard) => {
    const one = bytes[shard.shardId];
    return sum === null || one === undefined ? null : sum + one;
  }, 0);
}

async function distributeFacts(
  source: FactSource,
  request: RequestOf<'distribute-table'>,
): Promise<Parameters<typeof planDistributeTable>[0]> {
  const { access, snapshot } = source;
  const options = limits(source);
  const [table, settings, answers] = await Promise.all([
    readTableFacts(access.reader, snapshot.versions, request.table, options),
    readDistributionSettings(access.reader, options),
    answersOf(source),
  ]);
  return {
    snapshot,
    table: table && (await withShardBytes(source, table)),
    settings,
    answers,
    columnHasNull: await hasNull(
      access.reader,
      table,
      request.as.type === 'hash' ? request.as.column : null,
      source,
    ),
  };
}

/** Small reads one after the other: a set of many tables must not take more of the coordinator than one does. */
async function setFacts(source: FactSource, request: RequestOf<'distribute-set'>): Promise<SetFacts> {
  const { access, snapshot } = source;
  const options = limits(source);
  const [settings, answers] = await Promise.all([
    readDistributionSettings(access.reader, options),
    answersOf(source),
  ]);
  const tables: TableFacts[] = [];
  const nulls: Record<string, boolean | 'unknown'> = {};
  const orphans: Record<string, boolean | 'unknown'> = {};
  for (const item of request.tables.filter((one) => one.becomes !== 'skip')) {
    const table = await readTableFacts(access.reader, snapshot.versions, item.table, options);
    if (!table) continue;
    tables.push(await withShardBytes(source, table));
    if (item.column === null) continue;
    nulls[`${table.schema}.${table.name}`] = await hasNull(access.reader, table, item.column, source);
    if (item.prepare?.how === 'add')
      orphans[`${table.schema}.${table.name}`] = await hasOrphans(table, item.prepare.foreignKey, source);
  }
  const schemas = await setSchemas(source, request.schemas ?? []);
  if (schemas.reduce((sum, one) => sum + one.tables.length, 0) <= mostSchemaTables) {
    for (const name of schemas.flatMap((one) => one.tables)) {
      const table = await readTableFacts(access.reader, snapshot.versions, name, options);
      if (table) tables.push(await withShardBytes(source, table));
    }
  }
  return { snapshot, settings, answers, tables, nulls, orphans, schemas };
}

async function setSchemas(source: FactSource, names: readonly string[]): Promise<readonly SetSchema[]> {
  const { access, snapshot } = source;
  const schemas: SetSchema[] = [];
  for (const name of names) {
    const state = snapshot.capabilities.schemaSharding
      ? await readSchemaState(access.reader, name, limits(source))
      : { exists: true, isDistributed: false };
    const tables = await readTablesOfSchema(access.reader, name, limits(source));
    schemas.push({ name, exists: state.exists, isDistributed: state.isDistributed, tables });
  }
  return schemas;
}

/** A row that holds NULL in a column of the key refers to nobody. */
async function hasOrphans(
  table: TableFacts,
  foreignKey: string,
  source: FactSource,
): Promise<boolean | 'unknown'> {
  const key = table.foreignKeys.find(({ name }) => name === foreignKey);
  let answer: boolean | 'unknown' = false;
  for (const column of key?.columns ?? []) {
    const found = await hasNull(source.access.reader, table, column, source);
    if (found === true) return true;
    if (found === 'unknown') answer = found;
  }
  return answer;
}

export async function hasNull(
  reader: Reader,
  table: TableFacts | null,
  wanted: string | null,
  source: FactSource,
): Promise<boolean | 'unknown'> {
  if (!table || wanted === null || !['table', 'partitioned'].includes(table.kind)) return 'unknown';
  const column = table.columns.find((one) => one.name === wanted);
  if (!column) return 'unknown';
  const isCitusTable = source.snapshot.tables.some((one) => one.oid === table.oid);
  if (!column.isNullable || (table.heapBytes === 0 && !isCitusTable)) return false;
  return readColumnHasNull(reader, table, column.name, nullLookMs, source.signal);
}

async function rebalanceFacts(
  source: FactSource,
  request: RequestOf<'rebalance'>,
): Promise<Parameters<typeof planRebalance>[0]> {
  const { access, snapshot } = source;
  const options = limits(source);
  const [answers, shardBytes, notOwned, settings, room] = await Promise.all([
    answersOf(source),
    bytesOfShards(source),
    readTablesNotOwned(access.reader, options),
    readDistributionSettings(access.reader, options),
    preflightFacts(source),
  ]);
  const choice = { strategy: request.strategy, drainOnly: request.drainOnly };
  const asked = await planRows(source, choice);
  const isEmpty = asked.rows !== null && asked.rows.length === 0 && !request.drainOnly;
  return {
    snapshot,
    ...asked,
    whenEmpty: isEmpty
      ? {
          withoutImprovement: await rowCount(source, { ...choice, improvementThreshold: 0 }),
          withoutThresholds: await rowCount(source, { ...choice, improvementThreshold: 0, threshold: 0 }),
        }
      : null,
    shardBytes,
    notOwned: notOwned.map(readable),
    replicationFactor: settings.replicationFactor,
    answers,
    preflight: room,
    moveTimes: source.moveTimes,
  };
}

async function moveShardsFacts(source: FactSource): Promise<MoveShardsFacts> {
  const [answers, shardBytes, notOwned, room] = await Promise.all([
    answersOf(source),
    bytesOfShards(source),
    readTablesNotOwned(source.access.reader, limits(source)),
    preflightFacts(source),
  ]);
  return {
    snapshot: source.snapshot,
    shardBytes,
    notOwned: notOwned.map(readable),
    answers,
    preflight: room,
    moveTimes: source.moveTimes,
  };
}

type PlanChoice = Parameters<typeof readRebalancePlan>[1];

/** The plan asks every node for sizes, which takes longer than a catalog read. */
const planLimitMs = 120_000;

async function planRows(
  source: FactSource,
  choice: PlanChoice,
): Promise<Pick<Parameters<typeof planRebalance>[0], 'rows' | 'planFailure'>> {
  try {
    const rows = await readRebalancePlan(source.access.reader, choice, {
      timeoutMs: planLimitMs,
      signal: source.signal,
    });
    return { rows, planFailure: null };
  } catch (error) {
    const failure = toFailure(error);
    if (failure.kind === 'cancelled' || failure.sqlState === undefined) throw error;
    return { rows: null, planFailure: failureWords(failure) };
  }
}

async function rowCount(source: FactSource, choice: PlanChoice): Promise<number> {
  const { rows } = await planRows(source, choice);
  return rows?.length ?? 0;
}

/** `host:port`, where an IPv6 host may stand in brackets. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(':');
  const port = Number(address.slice(at + 1));
  if (at <= 0 || !Number.isInteger(port)) {
    throw new FailureError({ kind: 'internal', message: `${address} is no host and port.` });
  }
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port };
}
