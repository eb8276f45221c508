/** The observed statements, as far as they were understood: their tables and what is equal in them. Pure. */
import type { ObservedStatement } from '../../contract/advisor-facts';
import { distinctOf } from './model';
import type { Model } from './model';
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
  // A tool that looks at the catalogs, as this app does, is no part of the application's work.
  if (isSystem.some(Boolean) && known.every((table) => table === undefined)) return 'elsewhere';
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
