/**
 * Where the statements would run under a design: on one shard, on all of them, with rows travelling, or not at all. The
 * rules are those of Citus's planner: one shard where every distributed table's column is compared with a value; every
 * shard by itself where the columns of one colocation group are compared with one another. Pure.
 */
import type { WorkloadShares } from '../../contract/advisor';
import type { Link } from './model';
import type { UnderstoodStatement, Workload } from './workload';

/** What a design makes of a table, as far as routing goes. */
export interface Role {
  readonly becomes: 'distributed' | 'reference' | 'local' | 'schema';
  readonly column: string | null;
  /** Colocation group; tables of one schema share one. */
  readonly group: number;
  /** The column is still to be added: it is taken to follow the foreign key it is filled over. */
  readonly derived: { readonly link: Link; readonly parentColumn: string } | null;
}

export type RouteClass = keyof WorkloadShares;

export interface Route {
  readonly runs: RouteClass;
  /** Why it is refused. */
  readonly why: string | null;
  /** Refused only until it gives the column that the design adds. */
  readonly isMendable: boolean;
}

export function routeOf(statement: UnderstoodStatement, role: (table: number) => Role): Route {
  const { read, uses, fixed } = statement;
  const roles = uses.map(({ table }) => role(table));
  const spread = roles.flatMap((one, use) =>
    one.becomes === 'distributed' || one.becomes === 'schema' ? [{ ...one, use }] : [],
  );
  const target = uses.findIndex(({ isTarget }) => isTarget);
  const targetRole = target === -1 ? undefined : roles[target];
  if (read.command !== 'select' && targetRole?.becomes === 'reference') {
    return spread.length > 0
      ? refused('a reference table cannot be changed by what distributed tables hold')
      : runs('everyCopy');
  }
  if (spread.length === 0) return runs('noShard');
  const refusal = refusalOf(statement, targetRole ?? null);
  if (refusal !== null) return refused(refusal, targetRole?.derived !== null);
  const isInsertOfValues = read.command === 'insert' && !read.insertsQuery;
  const found = spread
    .filter((one) => !(isInsertOfValues && one.use === target))
    .map((one) => ({
      group: one.group,
      place: placeOf(statement, role, one.use),
      isSchema: one.column === null,
    }));
  const groups = new Set(spread.map(({ group }) => group));
  const places = new Set(found.map(({ place }) => place));
  const isTogether = groups.size === 1 && places.size <= 1 && (found.length <= 1 || !places.has(undefined));
  const isOne = found.every(({ place, isSchema }) => isSchema || (place !== undefined && fixed.has(place)));
  if (isTogether && isOne) return runs('oneShard');
  if (read.isRecursive) return refused('a recursive query over more than one shard');
  if (read.hasGroupingSets) return refused('grouping sets over more than one shard');
  if (read.locksRows) return refused('FOR UPDATE over more than one shard');
  if (roles.some(({ becomes }) => becomes === 'local') || !isTogether) return runs('repartition');
  return runs(statement.isLookup && !read.aggregates ? 'fanOut' : 'parallel');
}

function runs(where: RouteClass): Route {
  return { runs: where, why: null, isMendable: false };
}

function refused(why: string, isMendable = false): Route {
  return { runs: 'refused', why, isMendable };
}

/** Class of a table's distribution column in a statement; tables of one schema count as one place. */
function placeOf(
  statement: UnderstoodStatement,
  role: (table: number) => Role,
  use: number,
): number | undefined {
  const table = statement.uses[use]?.table ?? -1;
  const one = role(table);
  if (one.column === null) return -1 - one.group;
  if (one.derived === null) return statement.classes.get(`${use}\0${one.column}`);
  // Joined to its parent over the key: the condition on the added column can be written beside it.
  const { link } = one.derived;
  const parent = statement.uses.findIndex(
    (other, at) =>
      other.table === link.to
      && link.columns.every((column, position) => {
        const here = statement.classes.get(`${use}\0${column}`);
        return (
          here !== undefined && here === statement.classes.get(`${at}\0${link.referenced[position] ?? ''}`)
        );
      }),
  );
  return parent === -1 ? undefined : placeOf(statement, role, parent);
}

function refusalOf({ read, uses }: UnderstoodStatement, target: Role | null): string | null {
  const column = target?.becomes === 'distributed' ? target.column : null;
  if (column === null) return null;
  const isUpdate = read.command === 'update' || read.conflictColumns !== null;
  if (isUpdate && read.setColumns.includes(column)) return `it changes the distribution column ${column}`;
  if (read.conflictColumns !== null && !read.conflictColumns.includes(column)) {
    return `ON CONFLICT without ${column}: no unique key without it is left`;
  }
  if (
    read.command === 'insert'
    && !read.insertsQuery
    && uses.length === 1
    && read.insertColumns !== null
    && !read.insertColumns.includes(column)
  ) {
    return `it inserts no value for the distribution column ${column}`;
  }
  return null;
}

/** Shares of the calls, and of the time where times are known; they weigh alike in `load`. */
export interface Routed {
  readonly shares: WorkloadShares;
  readonly timeShares: WorkloadShares;
  readonly refused: readonly {
    readonly statement: UnderstoodStatement;
    readonly why: string;
    readonly isMendable: boolean;
  }[];
}

const none: WorkloadShares = {
  oneShard: 0,
  noShard: 0,
  parallel: 0,
  fanOut: 0,
  repartition: 0,
  everyCopy: 0,
  refused: 0,
};

export function routeAll(workload: Workload, role: (table: number) => Role): Routed {
  const calls: Record<RouteClass, number> = { ...none };
  const times: Record<RouteClass, number> = { ...none };
  const refusals: { statement: UnderstoodStatement; why: string; isMendable: boolean }[] = [];
  for (const statement of workload.understood) {
    const route = routeOf(statement, role);
    calls[route.runs] += statement.observed.calls;
    times[route.runs] += statement.observed.totalMs;
    if (route.why !== null) refusals.push({ statement, why: route.why, isMendable: route.isMendable });
  }
  refusals.sort((one, other) => other.statement.observed.calls - one.statement.observed.calls);
  return {
    shares: toShares(calls),
    timeShares: Object.values(times).some((time) => time > 0) ? toShares(times) : toShares(calls),
    refused: refusals,
  };
}

function toShares(sums: Readonly<Record<RouteClass, number>>): WorkloadShares {
  const total = Object.values(sums).reduce((sum, one) => sum + one, 0);
  if (total === 0) return none;
  return Object.fromEntries(
    Object.entries(sums).map(([name, one]) => [name, one / total]),
  ) as unknown as WorkloadShares;
}
