/** The routing lens: where a value lies, and which shards a statement would touch. */
import {
  countRowsOfValue,
  explainStatement,
  readDistributionColumn,
  readRouteOfValue,
} from '../../citus/routing';
import type { DistributionColumn } from '../../citus/routing';
import type { Reader } from '../../connections/database';
import type { Registry } from '../../connections/registry';
import type { ClusterSnapshot, ClusterTable, TableName } from '../../contract/cluster';
import { FailureError, toFailure } from '../../contract/failure';
import type { Failure } from '../../contract/failure';
import type { StatementRoute } from '../../contract/routing';
import type { Monitor } from '../../monitor/monitor';
import { insertedRow, withInsertedShard } from '../../plans/inserted-row';
import type { InsertedRow } from '../../plans/inserted-row';
import { checkStatement, explainRefusal } from '../../plans/statement-check';
import { toStatementRoute } from '../../plans/statement-route';
import { explainValue, toValueRoute } from '../../plans/value-route';
import type { Handlers } from '../serve';

type RoutingHandlers = Pick<Handlers, Extract<keyof Handlers, `routing.${string}`>>;

export interface RoutingParts {
  readonly registry: Registry;
  readonly monitor: Monitor;
}

const valueTimeoutMs = 5_000;
const countTimeoutMs = 10_000;
const explainTimeoutMs = 15_000;
/** Each task's node is asked for its plan: more of them are not worth the work. */
const mostTasksAsked = 64;

export function routingHandlers({ registry, monitor }: RoutingParts): RoutingHandlers {
  const snapshotOf = async (clusterId: string): Promise<ClusterSnapshot> =>
    monitor.snapshot(clusterId) ?? monitor.refresh(clusterId);

  /** The table as the catalogs have it and its distribution column. Throws where a value decides nothing. */
  const columnOf = async (
    reader: Reader,
    snapshot: ClusterSnapshot,
    name: TableName,
    signal: AbortSignal,
  ): Promise<{ readonly table: ClusterTable; readonly column: DistributionColumn }> => {
    const table = snapshot.tables.find((one) => one.schema === name.schema && one.name === name.name);
    if (!table) throw new FailureError(notKnown(name));
    if (table.distributionColumn === null || table.method === 'append' || table.method === 'none') {
      throw new FailureError(notByValue(table));
    }
    const options = { signal, timeoutMs: valueTimeoutMs };
    const column = await readDistributionColumn(reader, table.oid, table.distributionColumn, options);
    if (!column) throw new FailureError(notKnown(name));
    return { table, column };
  };

  /** Null where no value of the row decides, or it is no constant. */
  const shardOfRow = async (
    reader: Reader,
    snapshot: ClusterSnapshot,
    row: InsertedRow,
    signal: AbortSignal,
  ): Promise<string | null> => {
    const table = snapshot.tables.find(
      (one) => one.schema === row.table.schema && one.name === row.table.name,
    );
    if (table?.method !== 'hash' || table.distributionColumn === null) return null;
    const options = { signal, timeoutMs: valueTimeoutMs };
    const column = await readDistributionColumn(reader, table.oid, table.distributionColumn, options);
    const value = column && row.values[column.position - 1];
    if (!column || typeof value !== 'string') return null;
    const { shardId } = await readRouteOfValue(reader, table, column, value, options);
    return shardId === '0' ? null : shardId;
  };

  return {
    'routing.value': async ({ clusterId, table: name, value }, signal) => {
      const reader = registry.coordinator(clusterId);
      const snapshot = await snapshotOf(clusterId);
      const { table, column } = await columnOf(reader, snapshot, name, signal);
      const options = { signal, timeoutMs: valueTimeoutMs };
      const answered = await explaining(readRouteOfValue(reader, table, column, value, options), (failure) =>
        explainValue(column, value, failure),
      );
      return toValueRoute(snapshot, table, column, value, answered);
    },
    'routing.countRows': async ({ clusterId, table: name, value }, signal) => {
      const reader = await registry.aside(clusterId);
      const { table, column } = await columnOf(reader, await snapshotOf(clusterId), name, signal);
      const options = { signal, timeoutMs: countTimeoutMs };
      const rows = await explaining(countRowsOfValue(reader, table, column, value, options), (failure) =>
        explainValue(column, value, failure),
      );
      return { rows };
    },
    'routing.statement': async ({ clusterId, statement }, signal) => {
      const checked = checkStatement(statement);
      if (!checked.ok) throw new FailureError(checked.failure);
      const reader = await registry.aside(clusterId);
      const snapshot = await snapshotOf(clusterId);
      const explain = async (allTasks: boolean): Promise<StatementRoute> => {
        const answer = await explaining(
          explainStatement(reader, checked.text, allTasks, { signal, timeoutMs: explainTimeoutMs }),
          explainRefusal,
        );
        const route = toStatementRoute(answer, snapshot);
        const row = route.kind === 'by-row' ? insertedRow(answer) : null;
        const shardId = row && (await shardOfRow(reader, snapshot, row, signal));
        return shardId ? withInsertedShard(route, shardId) : route;
      };
      const route = await explain(false);
      const open = route.parts.filter((part) => !part.isWhole && !part.isRepartitioned);
      const tasks = open.reduce((sum, part) => sum + (part.taskCount ?? 0), 0);
      return open.length > 0 && tasks > 0 && tasks <= mostTasksAsked ? explain(true) : route;
    },
  };
}

async function explaining<T>(work: Promise<T>, explain: (failure: Failure) => Failure): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new FailureError(explain(toFailure(error)), { cause: error });
  }
}

function notKnown({ schema, name }: TableName): Failure {
  return {
    kind: 'not-found',
    message: `Citus knows no table ${schema}.${name}.`,
    remedy: 'It may have been dropped or undistributed; choose another one.',
  };
}

function notByValue(table: ClusterTable): Failure {
  return {
    kind: 'invalid-input',
    message:
      table.method === 'append'
        ? `${table.name} is distributed by append: rows go where they were loaded, whatever their value.`
        : `${table.name} has no distribution column: its rows are not routed by a value.`,
    remedy: 'Its shards are listed on the page of shards.',
  };
}
