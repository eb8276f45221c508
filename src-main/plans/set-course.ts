/** What each table of a set becomes, seen from the cluster as those before it leave it, and what stands against it. Pure. */
import type { ClusterSnapshot } from '../contract/cluster';
import type { RequestOf } from '../contract/operations';
import type { SetTable } from '../contract/table-changes';
import type { TableFacts } from '../contract/table-facts';
import type { DistributeFacts } from './distribute-facts';
import { colocationFor, tableRefusals } from './distribute-one';
import { droppingKey } from './foreign-key-refusals';
import type { Reason } from './mend';
import { readable, sameTable } from './plan';
import type { PlanContext } from './plan';
import type { ColocationChoice } from './placement';
import { afterDistributing } from './planned-world';
import type { ColumnFacts } from './set-columns';
import { inSetOrder } from './set-order';
import type { Member } from './set-order';
import { schemasCourse } from './set-schemas';
import type { SetSchema } from './set-schemas';

type Request = RequestOf<'distribute-set'>;
type One = RequestOf<'distribute-table'>;

export interface SetFacts extends Pick<DistributeFacts, 'snapshot' | 'settings' | 'answers'> {
  /** Of the tables named that exist. */
  readonly tables: readonly TableFacts[];
  /** Whether the column chosen for a table holds NULL, by `schema.name` of the table. */
  readonly nulls: Readonly<Record<string, boolean | 'unknown'>>;
  readonly orphans: ColumnFacts['orphans'];
  /** Their tables are among `tables`. */
  readonly schemas: readonly SetSchema[];
}

/** What one member would become, seen from the cluster as the members before it leave it. */
export interface Foreseen extends Member {
  readonly request: One;
  readonly facts: DistributeFacts;
  readonly choice: ColocationChoice | null;
}

export interface Course {
  readonly foreseen: readonly Foreseen[];
  readonly reasons: readonly Reason[];
  /** After the last member. */
  readonly world: ClusterSnapshot;
}

export function courseOf(
  facts: SetFacts,
  tables: readonly TableFacts[],
  items: readonly SetTable[],
  request: Request,
  context: PlanContext,
): Course {
  const members = items.flatMap((item): readonly Member[] => {
    const table = tables.find((one) => sameTable(one, item.table));
    return table && !(item.becomes === 'distributed' && item.column === null) ? [{ item, table }] : [];
  });
  const order = inSetOrder(members);
  const reasons: Reason[] = order.ring.flatMap((member) => ringReasons(member, order.ring));
  const foreseen: Foreseen[] = [];
  let world = facts.snapshot;
  for (const member of order.members) {
    const one = toRequest(member.item, request.concurrently);
    const memberFacts: DistributeFacts = {
      ...facts,
      snapshot: world,
      table: member.table,
      columnHasNull: facts.nulls[`${member.table.schema}.${member.table.name}`] ?? 'unknown',
    };
    const found = tableRefusals(memberFacts, member.table, one, context);
    // A ring is told once, as a ring.
    reasons.push(...(order.ring.includes(member) ? [] : found));
    const choice = colocationFor(memberFacts, member.table, one);
    foreseen.push({ ...member, request: one, facts: memberFacts, choice });
    world = afterDistributing(world, member.table, one.as, choice);
  }
  const schemas = schemasCourse(facts, tables, world, context);
  return { foreseen, reasons: [...reasons, ...schemas.reasons], world: schemas.world };
}

function ringReasons(member: Member, ring: readonly Member[]): readonly Reason[] {
  return member.table.foreignKeys
    .filter((key) => !sameTable(key.references, member.table))
    .filter((key) => ring.some((other) => sameTable(other.table, key.references)))
    .map((key) => ({
      code: 'foreign-key-ring',
      message: `${readable(member.table)} and ${readable(key.references)} wait for one another by foreign keys; none of them can be first.`,
      fix: `Drop ${key.name} for the time of the change; it is added again at the end where it can hold.`,
      ...droppingKey(member.table, key.name),
    }));
}

function toRequest(item: SetTable, concurrently: boolean): One {
  const table = { schema: item.table.schema, name: item.table.name };
  if (item.becomes !== 'distributed') {
    return {
      kind: 'distribute-table',
      table,
      as: { type: item.becomes === 'reference' ? 'reference' : 'local' },
    };
  }
  return {
    kind: 'distribute-table',
    table,
    as: {
      type: 'hash',
      column: item.column ?? '',
      shardCount: item.shardCount,
      colocateWith: item.colocateWith,
      ...(concurrently ? { concurrently } : {}),
    },
  };
}
