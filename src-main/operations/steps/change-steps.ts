/** Steps that change or undo how a table or a schema is distributed. Each is one call that Citus carries out as a whole. */
import {
  readAccessMethod,
  readColocated,
  readMissingPartitions,
  readOldPartitions,
  readSchemaState,
} from '../../citus/change-reads';
import { readTableState } from '../../citus/operation-reads';
import type { TableState } from '../../citus/operation-reads';
import type { TableName } from '../../contract/cluster';
import { compareAfter, countBefore } from './row-counts';
import { statementStep } from './statement-step';
import type { ActionOf, Observation, StepContext } from './step';

type Table = ActionOf<'undistribute-table'> | ActionOf<'alter-table'>;

function state({ action, reader, timing }: StepContext<Table>): Promise<TableState> {
  return readTableState(reader(), action, { timeoutMs: timing.readLimitMs });
}

const gone: Observation = { state: 'conflict', words: 'the table does not exist any more' };

export const undistributeStep = statementStep<ActionOf<'undistribute-table'>>({
  done: 'undistributed',
  prepare: (context) => countBefore(context, context.action.compare),
  async observe(context) {
    const now = await state(context);
    if (!now.exists) return gone;
    if (now.citusType !== null) return { state: 'absent', words: `a ${now.citusType} table` };
    return compareAfter(context, context.action.compare, 'an ordinary table');
  },
});

export const alterTableStep = statementStep<ActionOf<'alter-table'>>({
  done: 'altered',
  prepare: (context) => countBefore(context, context.action.compare),
  async observe(context) {
    const { action, reader, timing } = context;
    const now = await state(context);
    if (!now.exists) return gone;
    if (now.citusType !== 'distributed')
      return { state: 'conflict', words: 'it is not distributed any more' };
    const words = `${now.shardCount} shards by ${now.distributionColumn ?? 'no column'}`;
    const others = action.colocateWith
      ? await readColocated(reader(), action, { timeoutMs: timing.readLimitMs })
      : [];
    const wanted = action.colocateWith;
    const isSo =
      (action.column === null || now.distributionColumn === action.column)
      && (action.shardCount === null || now.shardCount === action.shardCount)
      && (wanted === null || others.some((one) => sameTable(one, wanted)));
    return isSo ? compareAfter(context, action.compare, words) : { state: 'absent', words };
  },
});

export const updateColocationStep = statementStep<ActionOf<'update-colocation'>>({
  done: 'colocation changed',
  async observe({ action, reader, timing }) {
    const others = await readColocated(reader(), action, { timeoutMs: timing.readLimitMs });
    const words = others.length === 0 ? 'in a group of its own' : `colocated with ${namesOf(others)}`;
    const wanted = action.colocateWith;
    const isSo = wanted === 'none' ? others.length === 0 : others.some((one) => sameTable(one, wanted));
    return { state: isSo ? 'done' : 'absent', words };
  },
});

export const accessMethodStep = statementStep<ActionOf<'set-access-method'>>({
  done: 'stored anew',
  prepare: (context) => countBefore(context, context.action.compare),
  async observe(context) {
    const { action, reader, timing } = context;
    const method = await readAccessMethod(reader(), action, { timeoutMs: timing.readLimitMs });
    if (method === null) return gone;
    return method === action.accessMethod
      ? compareAfter(context, action.compare, `stored as ${method}`)
      : { state: 'absent', words: `stored as ${method}` };
  },
});

export const distributeSchemaStep = statementStep<ActionOf<'distribute-schema'>>({
  done: 'distributed',
  prepare: (context) => countBefore(context, context.action.compare),
  async observe(context) {
    const { action, reader, timing } = context;
    const now = await readSchemaState(reader(), action.schema, { timeoutMs: timing.readLimitMs });
    if (!now.exists) return { state: 'conflict', words: 'the schema does not exist any more' };
    return now.isDistributed
      ? compareAfter(context, action.compare, 'a distributed schema')
      : { state: 'absent', words: 'an ordinary schema' };
  },
});

export const undistributeSchemaStep = statementStep<ActionOf<'undistribute-schema'>>({
  done: 'undistributed',
  prepare: (context) => countBefore(context, context.action.compare),
  async observe(context) {
    const { action, reader, timing } = context;
    const now = await readSchemaState(reader(), action.schema, { timeoutMs: timing.readLimitMs });
    if (!now.exists) return { state: 'conflict', words: 'the schema does not exist any more' };
    return now.isDistributed
      ? { state: 'absent', words: 'a distributed schema' }
      : compareAfter(context, action.compare, 'an ordinary schema');
  },
});

export const moveSchemaStep = statementStep<ActionOf<'move-schema'>>({
  done: 'moved',
  async observe({ action, reader, timing }) {
    const now = await readSchemaState(reader(), action.schema, { timeoutMs: timing.readLimitMs });
    if (!now.isDistributed) return { state: 'conflict', words: 'the schema is not distributed any more' };
    return now.nodeIds.length === 1 && now.nodeIds[0] === action.nodeId
      ? { state: 'done', words: `on ${action.node}` }
      : { state: 'absent', words: `not on ${action.node} yet` };
  },
});

export const createPartitionsStep = statementStep<ActionOf<'create-partitions'>>({
  done: 'created',
  async observe({ action, reader, timing }) {
    const missing = await readMissingPartitions(reader(), action, action, { timeoutMs: timing.readLimitMs });
    return missing.length === 0
      ? { state: 'done', words: 'every range has a partition' }
      : { state: 'absent', words: `${missing.length} ranges have no partition` };
  },
});

export const dropPartitionsStep = statementStep<ActionOf<'drop-partitions'>>({
  done: 'dropped',
  async observe({ action, reader, timing }) {
    const old = await readOldPartitions(reader(), action, action.olderThan, {
      timeoutMs: timing.readLimitMs,
    });
    return old.length === 0
      ? { state: 'done', words: `no partition lies before ${action.olderThan}` }
      : { state: 'absent', words: `${old.length} partitions lie before ${action.olderThan}` };
  },
});

function sameTable(one: TableName, other: TableName): boolean {
  return one.schema === other.schema && one.name === other.name;
}

function namesOf(tables: readonly TableName[]): string {
  const names = tables.map((table) =>
    table.schema === 'public' ? table.name : `${table.schema}.${table.name}`,
  );
  return names.length > 4 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more` : names.join(', ');
}
