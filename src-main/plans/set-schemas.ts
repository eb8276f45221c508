/** Schemas that a set distributes as a whole, after its tables. Pure. */
import type { ClusterSnapshot, TableName } from '../contract/cluster';
import type { SetTableDetails } from '../contract/table-changes';
import type { TableFacts } from '../contract/table-facts';
import { schemaReasons, tenantTableReasons } from './changes/schema-reasons';
import type { DistributeFacts } from './distribute-facts';
import type { Reason } from './mend';
import { counted, sameTable } from './plan';
import type { PlanContext } from './plan';
import { afterDistributingSchema } from './planned-world';

export interface SetSchema {
  readonly name: string;
  readonly exists: boolean;
  readonly isDistributed: boolean;
  /** Partitions left out. */
  readonly tables: readonly TableName[];
}

/** Each table is read by a statement of its own, and each step shows its counts. */
export const mostSchemaTables = 2_000;

export function schemasCourse(
  facts: Pick<DistributeFacts, 'answers' | 'settings'> & { readonly schemas: readonly SetSchema[] },
  tables: readonly TableFacts[],
  before: ClusterSnapshot,
  context: PlanContext,
): { readonly reasons: readonly Reason[]; readonly world: ClusterSnapshot } {
  const reasons: Reason[] = [];
  const all = facts.schemas.reduce((sum, schema) => sum + schema.tables.length, 0);
  if (all > mostSchemaTables) {
    reasons.push({
      code: 'too-many-tables',
      message: `The schemas have ${counted(all, 'table')}; one plan takes up to ${mostSchemaTables}.`,
      fix: 'Distribute a part of the schemas at a time, or use the SQL script of the design.',
    });
    return { reasons, world: before };
  }
  let world = before;
  for (const schema of facts.schemas) {
    const members = membersOf(schema, tables);
    const seen = { ...facts, snapshot: world };
    const state = { exists: schema.exists, isDistributed: schema.isDistributed, nodeIds: [] };
    reasons.push(
      ...schemaReasons({ ...seen, schema: state }, schema.name, false),
      ...members.flatMap((table) => tenantTableReasons(seen, table, schema.name, context)),
    );
    if (members.length > 0) world = afterDistributingSchema(world, members);
  }
  return { reasons, world };
}

export function membersOf(schema: SetSchema, tables: readonly TableFacts[]): readonly TableFacts[] {
  return tables.filter((table) => schema.tables.some((name) => sameTable(name, table)));
}

export function schemaDetails(schema: SetSchema, members: readonly TableFacts[]): SetTableDetails {
  return {
    table: `${schema.name} (${counted(members.length, 'table')})`,
    becomes: 'schema',
    by: '',
    bytes: members.reduce((sum, table) => sum + table.totalBytes, 0),
    shardCount: members.length,
    nodes: [],
    colocatedWith: [],
  };
}
