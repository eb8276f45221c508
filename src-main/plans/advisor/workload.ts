/**
 * The observed statements against a design: which of them would run on one shard, on all of them, with rows travelling,
 * or not at all. The rules are those of Citus's planner (one shard where every distributed table's column is compared
 * with a value; colocated where the columns of one colocation group are compared with one another). Pure.
 */
import type { WorkloadShares } from '../../contract/advisor';
import type { ObservedStatement } from './facts';
import { distinctOf } from './model';
import type { Link, Model } from './model';
import { readStatement } from './sql-reader';
import type { ReadStatement } from './sql-reader';
import type { ColumnUse } from './sql-parts';

export interface UnderstoodStatement {
  readonly observed: ObservedStatement;
  readonly read: ReadStatement;
  readonly uses: readonly { readonly table: number; readonly isTarget: boolean }[];
  /** "use\0column" -> class of columns that are equal in every row of the result. */
  readonly classes: ReadonlyMap<string, number>;
  /** Classes that equal a value. */
  readonly fixed: ReadonlySet<number>;
  /** Asks for few rows: a value for a whole key, or for a column with many values. */
  readonly isLookup: boolean;
}

export interface Workload {
  readonly understood: readonly UnderstoodStatement[];
  readonly statements: number;
  readonly calls: number;
  /** Share of calls. */
  readonly notUnderstood: number;
}

/** Null where no statement was seen that touches these tables. */
export function toWorkload(model: Model): Workload | null {
  if (model.facts.statements === null) return null;
  const understood: UnderstoodStatement[] = [];
  let statements = 0;
  let calls = 0;
  let missed = 0;
  for (const observed of model.facts.statements) {
    const read = readStatement(observed.text);
    if (read.outcome === 'other') continue;
    const one = read.outcome === 'read' ? understand(model, observed, read) : null;
    if (one === 'elsewhere') continue;
    statements += 1;
    calls += observed.calls;
    if (one === null) missed += observed.calls;
    else understood.push(one);
  }
  if (statements === 0) return null;
  return { understood, statements, calls, notUnderstood: calls > 0 ? missed / calls : 0 };
}

const systemSchemas = new Set(['pg_catalog', 'information_schema', 'pg_toast', 'citus', 'citus_internal']);

/** `elsewhere`: only system catalogs. Null: a name that is no table of the schema, as a view. */
function understand(
  model: Model,
  observed: ObservedStatement,
  read: ReadStatement,
): UnderstoodStatement | 'elsewhere' | null {
  const known = read.tables.map(({ schema, name }) => {
    if (schema !== null) return model.indexOf({ schema, name });
    return model.indexOf({ schema: 'public', name }) ?? model.named(name)[0];
  });
  const isSystem = read.tables.map(
    ({ schema, name }) => (schema !== null && systemSchemas.has(schema)) || name.startsWith('pg_'),
  );
  if (isSystem.every(Boolean)) return 'elsewhere';
  if (known.some((table) => table === undefined)) return null;
  const uses = read.tables.map(({ isTarget }, use) => ({ table: known[use] ?? 0, isTarget }));
  const resolve = resolver(model, read, uses);
  const { classes, fixed } = toClasses(read, resolve);
  return {
    observed,
    read,
    uses,
    classes,
    fixed,
    isLookup: uses.some(({ table }, use) => isLookup(model, table, use, classes, fixed)),
  };
}

type Resolve = (column: ColumnUse) => string | null;

function resolver(model: Model, read: ReadStatement, uses: readonly { readonly table: number }[]): Resolve {
  const having = (name: string): readonly number[] =>
    uses.flatMap(({ table }, use) => (model.column(table, name) ? [use] : []));
  return ({ qualifier, name, scope }) => {
    const candidates = having(name);
    for (let at: number | undefined = scope; at !== undefined;) {
      const here = candidates.filter((use) => read.tables[use]?.scope === at);
      const meant = qualifier === null ? here : here.filter((use) => read.tables[use]?.alias === qualifier);
      if (meant.length === 1) return `${meant[0]}\0${name}`;
      if (meant.length > 1) return null;
      at = at === 0 ? undefined : read.parentScopes[at];
    }
    // A column of a subquery or of a common table: of the only table that has one of this name.
    return candidates.length === 1 ? `${candidates[0]}\0${name}` : null;
  };
}

function toClasses(
  read: ReadStatement,
  resolve: Resolve,
): { readonly classes: ReadonlyMap<string, number>; readonly fixed: ReadonlySet<number> } {
  const ids = new Map<string, number>();
  const parents: number[] = [];
  const idOf = (place: string): number => {
    const known = ids.get(place);
    if (known !== undefined) return known;
    ids.set(place, parents.length);
    parents.push(parents.length);
    return parents.length - 1;
  };
  const find = (id: number): number => {
    let root = id;
    while (parents[root] !== root) root = parents[root] ?? root;
    return root;
  };
  const valued: number[] = [];
  for (const [left, right] of read.equalities) {
    const place = resolve(left);
    if (place === null) continue;
    if (right === null) valued.push(idOf(place));
    else {
      const other = resolve(right);
      if (other !== null) parents[find(idOf(place))] = find(idOf(other));
    }
  }
  return {
    classes: new Map([...ids].map(([place, id]) => [place, find(id)])),
    fixed: new Set(valued.map(find)),
  };
}

/** So many values that a comparison with one of them means few rows. */
const manyValues = 1_000;

function isLookup(
  model: Model,
  table: number,
  use: number,
  classes: ReadonlyMap<string, number>,
  fixed: ReadonlySet<number>,
): boolean {
  const isFixed = (column: string): boolean => {
    const at = classes.get(`${use}\0${column}`);
    return at !== undefined && fixed.has(at);
  };
  const facts = model.tables[table];
  if (!facts) return false;
  if (facts.uniqueness.some(({ columns }) => columns.length > 0 && columns.every(isFixed))) return true;
  return facts.columns.some(
    (column) => isFixed(column.name) && (distinctOf(facts, column) ?? 0) > manyValues,
  );
}

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
