/**
 * The schema as the advisor sees it: tables, what ties them, and the value domains behind their columns. A domain is
 * the set of columns that hold the same kind of value, as every column that holds the number of an agency: tables
 * distributed by columns of one domain keep equal values on one node. Pure; linear in tables, columns and keys.
 */
import type { TableName } from '../../contract/cluster';
import type { ForeignKeyFacts } from '../../contract/table-facts';
import type { AdvisorColumn, AdvisorFacts, AdvisorTable } from '../../contract/advisor-facts';
import { generic, impliedLinks, singular } from './implied-links';

export interface Link {
  readonly from: number;
  readonly to: number;
  readonly columns: readonly string[];
  readonly referenced: readonly string[];
  /** Null: no foreign key says so, only names and types. */
  readonly key: ForeignKeyFacts | null;
}

export interface Domain {
  readonly id: number;
  readonly label: string;
  readonly type: string;
  /** Table index -> its columns of this domain. */
  readonly members: ReadonlyMap<number, readonly string[]>;
  /** The column that is a unique key by itself and that others point to. */
  readonly root: { readonly table: number; readonly column: string } | null;
  /** Distinct values; null when no member was ever analysed. */
  readonly distinct: number | null;
  /** Bytes of the tables that have a column of it. */
  readonly bytes: number;
}

export interface Model {
  readonly facts: AdvisorFacts;
  readonly tables: readonly AdvisorTable[];
  readonly links: readonly Link[];
  /** By table index. */
  readonly outgoing: readonly (readonly Link[])[];
  readonly incoming: readonly (readonly Link[])[];
  readonly domains: readonly Domain[];
  readonly totalBytes: number;
  readonly indexOf: (table: TableName) => number | undefined;
  /** Every table of that name, whatever its schema. */
  readonly named: (name: string) => readonly number[];
  readonly column: (table: number, name: string) => AdvisorColumn | undefined;
  readonly domainOf: (table: number, column: string) => Domain | undefined;
}

export function tableKey(table: TableName): string {
  return `${table.schema}\0${table.name}`;
}

/** Distinct values, not a share of the rows; null when unknown. */
export function distinctOf(table: AdvisorTable, column: AdvisorColumn): number | null {
  if (column.statistics) {
    const { distinct } = column.statistics;
    return distinct >= 0 ? distinct : table.rows >= 0 ? Math.round(-distinct * table.rows) : null;
  }
  const isUnique = table.uniqueness.some(
    (one) => one.columns.length === 1 && one.columns[0] === column.name && one.isPlain,
  );
  return isUnique && table.rows >= 0 ? table.rows : null;
}

const namesKey = /(id|key|uuid|guid|_no|_nr|_number|_code)$/i;

export function isSingleKey(table: AdvisorTable, column: string): boolean {
  return table.uniqueness.some(
    (one) =>
      one.isPlain
      && (one.kind === 'primary-key' || one.kind === 'unique')
      && one.columns.length === 1
      && one.columns[0] === column,
  );
}

export function toModel(facts: AdvisorFacts): Model {
  const tables = facts.tables;
  const indexes = new Map(tables.map((table, index) => [tableKey(table), index]));
  const byName = new Map<string, number[]>();
  tables.forEach((table, index) => {
    const same = byName.get(table.name);
    if (same) same.push(index);
    else byName.set(table.name, [index]);
  });
  const columns = tables.map((table) => new Map(table.columns.map((column) => [column.name, column])));
  const links: Link[] = [];
  tables.forEach((table, from) => {
    for (const key of table.foreignKeys) {
      const to = indexes.get(tableKey(key.references));
      if (to !== undefined)
        links.push({ from, to, columns: key.columns, referenced: key.referencedColumns, key });
    }
  });
  links.push(...impliedLinks(tables, links));
  const outgoing: Link[][] = tables.map(() => []);
  const incoming: Link[][] = tables.map(() => []);
  for (const link of links) {
    outgoing[link.from]?.push(link);
    incoming[link.to]?.push(link);
  }
  const { domains, domainOf } = toDomains(tables, columns, links);
  return {
    facts,
    tables,
    links,
    outgoing,
    incoming,
    domains,
    domainOf,
    totalBytes: tables.reduce((sum, table) => sum + table.bytes, 0),
    indexOf: (table) => indexes.get(tableKey(table)),
    named: (name) => byName.get(name) ?? [],
    column: (table, name) => columns[table]?.get(name),
  };
}

function toDomains(
  tables: readonly AdvisorTable[],
  columns: readonly ReadonlyMap<string, AdvisorColumn>[],
  links: readonly Link[],
): Pick<Model, 'domains' | 'domainOf'> {
  const ids = tables.map(() => new Map<string, number>());
  const places: { readonly table: number; readonly column: string }[] = [];
  const parents: number[] = [];
  const idOf = (table: number, column: string): number => {
    const known = ids[table]?.get(column);
    if (known !== undefined) return known;
    const id = places.length;
    ids[table]?.set(column, id);
    places.push({ table, column });
    parents.push(id);
    return id;
  };
  const find = (id: number): number => {
    let root = id;
    while (parents[root] !== root) root = parents[root] ?? root;
    for (let at = id; at !== root;) {
      const next = parents[at] ?? root;
      parents[at] = root;
      at = next;
    }
    return root;
  };
  const referencedCounts = new Map<number, number>();
  for (const link of links) {
    link.columns.forEach((column, position) => {
      const referenced = link.referenced[position];
      if (referenced === undefined) return;
      const target = idOf(link.to, referenced);
      if (link.from !== link.to) referencedCounts.set(target, (referencedCounts.get(target) ?? 0) + 1);
      parents[find(idOf(link.from, column))] = find(target);
    });
  }
  // A name that is part of a key in one table, stated or in fact, and stands in others of the schema, of one type.
  const byName = new Map<string, { ids: number[]; isKey: boolean }>();
  tables.forEach((table, index) => {
    const inKeys = new Set(table.uniqueness.flatMap((one) => one.columns));
    for (const column of table.columns) {
      const isKey = inKeys.has(column.name) || isUniqueInFact(column);
      if (inKeys.has(column.name) && column.isHashable) idOf(index, column.name);
      if (generic.test(column.name) || !namesKey.test(column.name)) continue;
      const at = `${table.schema}\0${column.name.toLowerCase()}\0${column.type}`;
      const group = byName.get(at) ?? { ids: [], isKey: false };
      group.ids.push(idOf(index, column.name));
      group.isKey ||= isKey;
      byName.set(at, group);
    }
  });
  for (const { ids: same, isKey } of byName.values()) {
    const [first, ...rest] = same;
    if (!isKey || first === undefined) continue;
    for (const id of rest) parents[find(id)] = find(first);
  }
  const groups = new Map<number, number[]>();
  places.forEach((_, id) => {
    const root = find(id);
    const group = groups.get(root);
    if (group) group.push(id);
    else groups.set(root, [id]);
  });
  const domains: Domain[] = [];
  const domainByPlace: number[] = [];
  for (const members of groups.values()) {
    const id = domains.length;
    for (const member of members) domainByPlace[member] = id;
    domains.push(
      toDomain(
        id,
        members.flatMap((member) => {
          const place = places[member];
          return place ? [{ ...place, references: referencedCounts.get(member) ?? 0 }] : [];
        }),
        tables,
        columns,
      ),
    );
  }
  return {
    domains,
    domainOf: (table, column) => {
      const id = ids[table]?.get(column);
      const domain = id === undefined ? undefined : domainByPlace[id];
      return domain === undefined ? undefined : domains[domain];
    },
  };
}

/** Statistics saw no value twice. */
function isUniqueInFact(column: AdvisorColumn): boolean {
  return column.statistics?.distinct === -1 && column.statistics.nullFraction === 0;
}

function toDomain(
  id: number,
  places: readonly { readonly table: number; readonly column: string; readonly references: number }[],
  tables: readonly AdvisorTable[],
  columns: readonly ReadonlyMap<string, AdvisorColumn>[],
): Domain {
  const members = new Map<number, string[]>();
  const counts = new Map<string, number>();
  let root: (typeof places)[number] | null = null;
  let distinct: number | null = null;
  let bytes = 0;
  for (const place of places) {
    const table = tables[place.table];
    const column = columns[place.table]?.get(place.column);
    if (!table || !column) continue;
    const same = members.get(place.table);
    if (same) same.push(place.column);
    else {
      members.set(place.table, [place.column]);
      bytes += table.bytes;
    }
    if (!generic.test(place.column)) counts.set(place.column, (counts.get(place.column) ?? 0) + 1);
    const own = distinctOf(table, column);
    if (own !== null) distinct = Math.max(distinct ?? 0, own);
    if (isSingleKey(table, place.column) && (!root || place.references > root.references)) root = place;
  }
  const [usual] = [...counts].sort((one, other) => other[1] - one[1]);
  const rootColumn = root ? columns[root.table]?.get(root.column) : undefined;
  const first = places[0];
  const label =
    usual && (usual[1] > 1 || !root || generic.test(root.column))
      ? usual[0]
      : root
        ? generic.test(root.column)
          ? `${singular(tables[root.table]?.name ?? '')}_${root.column}`
          : root.column
        : (first?.column ?? '');
  return {
    id,
    label,
    type: rootColumn?.type ?? (first ? (columns[first.table]?.get(first.column)?.type ?? '') : ''),
    members,
    root: root ? { table: root.table, column: root.column } : null,
    distinct,
    bytes,
  };
}
