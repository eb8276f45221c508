/** Foreign keys that leave for the time of a change, and how each can come back where its tables then lie. Pure. */
import type { ClusterSnapshot, ClusterTable, TableName } from '../contract/cluster';
import type { RepairAction } from '../contract/repairs';
import { readable, sameTable } from './plan';
import type { PlanContext } from './plan';
import type { ForeignKeyFacts, TableFacts } from '../contract/table-facts';

export interface LostKey {
  readonly table: TableName;
  readonly name: string;
  readonly why: string;
}

export interface RestoredKeys {
  readonly added: readonly Extract<RepairAction, { type: 'add-constraint' }>[];
  /** Those that got the distribution columns of both tables. */
  readonly widened: readonly string[];
  readonly lost: readonly LostKey[];
}

interface DroppedKey extends TableName {
  readonly constraint: string;
  /** Null for a key of a table that the plan does not change. */
  readonly key: ForeignKeyFacts | null;
}

/** `tables` as they were read, `world` the cluster after every step. */
export function restoredKeys(
  dropped: readonly RepairAction[],
  tables: readonly TableFacts[],
  world: ClusterSnapshot,
  context: PlanContext,
): RestoredKeys {
  const added: Extract<RepairAction, { type: 'add-constraint' }>[] = [];
  const widened: string[] = [];
  const lost: LostKey[] = [];
  for (const one of droppedKeys(dropped, tables)) {
    const outcome = one.key
      ? definitionFor(one, one.key, world, context)
      : { why: `${readable(one)} is not part of this plan` };
    if ('why' in outcome) {
      lost.push({ table: one, name: one.constraint, why: outcome.why });
      continue;
    }
    if (outcome.isWider) widened.push(one.constraint);
    added.push({
      type: 'add-constraint',
      schema: one.schema,
      name: one.name,
      constraint: one.constraint,
      definition: outcome.definition,
    });
  }
  return { added, widened, lost };
}

function droppedKeys(dropped: readonly RepairAction[], tables: readonly TableFacts[]): readonly DroppedKey[] {
  return dropped.flatMap((action) => {
    if (action.type !== 'drop-constraint') return [];
    const table = tables.find((one) => sameTable(one, action));
    const key = table?.foreignKeys.find((one) => one.name === action.constraint) ?? null;
    return [{ schema: action.schema, name: action.name, constraint: action.constraint, key }];
  });
}

type Outcome = { readonly definition: string; readonly isWider: boolean } | { readonly why: string };

function definitionFor(
  table: TableName,
  key: ForeignKeyFacts,
  world: ClusterSnapshot,
  context: PlanContext,
): Outcome {
  const typeOf = (name: TableName): ClusterTable | undefined =>
    world.tables.find((one) => sameTable(one, name));
  const own = typeOf(table);
  const target = typeOf(key.references);
  if (own?.type === 'schema' || target?.type === 'schema') {
    const isTogether = target?.type === 'reference' || own?.colocationId === target?.colocationId;
    return isTogether
      ? { definition: key.definition, isWider: false }
      : { why: `${readable(table)} and ${readable(key.references)} do not lie in one schema` };
  }
  const isHash = (one: ClusterTable | undefined): one is ClusterTable => one?.type === 'distributed';
  if (!isHash(own)) {
    return isHash(target)
      ? { why: `${readable(table)} is not distributed and ${readable(key.references)} is` }
      : { definition: key.definition, isWider: false };
  }
  const here = own.distributionColumn ?? '';
  const columns = (names: readonly string[]): string => names.map(context.sql.identifier).join(', ');
  const rewritten = (first: readonly string[], second: readonly string[]): string =>
    `FOREIGN KEY (${columns(first)}) REFERENCES ${context.sql.qualified(key.references)} (${columns(second)})${actionsOf(key)}`;
  const kept: Outcome = {
    definition: setsColumn(key, here) ? rewritten(key.columns, key.referencedColumns) : key.definition,
    isWider: false,
  };
  if (target?.type === 'reference') return kept;
  if (!isHash(target)) return { why: `${readable(key.references)} is not distributed` };
  if (own.colocationId !== target.colocationId) {
    return { why: `${readable(table)} and ${readable(key.references)} are not colocated` };
  }
  const there = target.distributionColumn ?? '';
  const position = key.columns.indexOf(here);
  if (position !== -1 && position === key.referencedColumns.indexOf(there)) {
    return kept;
  }
  if (key.columns.includes(here) || key.referencedColumns.includes(there)) {
    return { why: `it pairs ${here} with another column than ${there}` };
  }
  return {
    definition: rewritten([here, ...key.columns], [there, ...key.referencedColumns]),
    isWider: true,
  };
}

/** Actions that would set the distribution column anew cannot be kept. */
function actionsOf(key: ForeignKeyFacts): string {
  const onUpdate = key.onUpdate === 'restrict' ? ' ON UPDATE RESTRICT' : '';
  const onDelete = ['restrict', 'cascade'].includes(key.onDelete)
    ? ` ON DELETE ${key.onDelete.toUpperCase()}`
    : '';
  const deferred = / DEFERRABLE(?: INITIALLY DEFERRED)?$/.exec(key.definition)?.[0] ?? '';
  return onUpdate + onDelete + deferred;
}

/** Whether an action would set the distribution column itself anew, which no shard allows. */
function setsColumn(key: ForeignKeyFacts, column: string): boolean {
  return (
    key.columns.includes(column)
    && (['set null', 'set default'].includes(key.onDelete)
      || ['set null', 'set default', 'cascade'].includes(key.onUpdate))
  );
}
