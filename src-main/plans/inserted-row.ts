/** The one row of an INSERT ... VALUES, as PostgreSQL's plan on the practice emulator tells it; Citus names the shard itself. Pure. */
import type { TableName } from '../contract/cluster';
import type { StatementRoute } from '../contract/routing';

export interface InsertedRow {
  readonly table: TableName;
  /** Text of each column's value, in the order of pg_attribute.attnum; null where it is no constant. */
  readonly values: readonly (string | null)[];
}

interface PlanNode {
  readonly 'Node Type'?: string;
  readonly Operation?: string;
  readonly Schema?: string;
  readonly 'Relation Name'?: string;
  readonly Output?: readonly string[];
  readonly Plans?: readonly PlanNode[];
}

/**
 * @param answer what EXPLAIN (VERBOSE, FORMAT JSON) gave.
 * @returns null for anything but the insert of one row that is written out.
 */
export function insertedRow(answer: unknown): InsertedRow | null {
  const plan = (Array.isArray(answer) ? (answer as readonly { Plan?: PlanNode }[])[0] : undefined)?.Plan;
  const source = plan?.Plans?.[0];
  const name = plan?.['Relation Name'];
  const isOne =
    plan?.['Node Type'] === 'ModifyTable'
    && plan.Operation === 'Insert'
    && plan.Plans?.length === 1
    && source?.['Node Type'] === 'Result'
    && source.Plans === undefined;
  if (!isOne || name === undefined || plan.Schema === undefined) return null;
  return { table: { schema: plan.Schema, name }, values: (source.Output ?? []).map(constantOf) };
}

/** 'text'::type, or a number, as ruleutils.c writes constants. */
function constantOf(expression: string): string | null {
  const quoted = /^'((?:[^']|'')*)'::[^'()]*(?:\([\d, ]*\))?$/.exec(expression)?.[1];
  if (quoted !== undefined) return quoted.replaceAll("''", "'");
  return /^-?\d+(?:\.\d+)?$/.test(expression) ? expression : null;
}

/** A row that goes to one shard, once it is known which. */
export function withInsertedShard(route: StatementRoute, shardId: string): StatementRoute {
  return {
    ...route,
    kind: 'one-shard',
    parts: [{ role: 'main', taskCount: null, shardIds: [shardId], isWhole: true, isRepartitioned: false }],
    shardIds: [shardId],
    isWhole: true,
  };
}
