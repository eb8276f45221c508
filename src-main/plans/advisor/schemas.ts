/** A schema for each tenant: where several schemas are built alike, each can be placed on a node as a whole. Pure. */
import { listed } from '../plan';
import { keptPlace, local } from './assignment';
import type { Assignment, Judge, Placed } from './assignment';
import { isWrittenOften } from './observed';

/** Fewer than this, and alike schemas may be chance, as a copy that somebody made. */
const leastSchemas = 3;

/** Null where the server cannot, or no schemas are alike. */
export function assignSchemas(judge: Judge): Assignment | null {
  const { model } = judge;
  if (!model.facts.canShardSchemas) return null;
  const bySchema = new Map<string, number[]>();
  model.tables.forEach((table, index) => {
    const own = bySchema.get(table.schema);
    if (own) own.push(index);
    else bySchema.set(table.schema, [index]);
  });
  const byShape = new Map<string, string[]>();
  for (const [schema, tables] of bySchema) {
    // Citus does not distribute the schema public, nor one that has distributed tables already.
    if (schema === 'public' || tables.some((index) => model.tables[index]?.citus ?? null)) continue;
    if (tables.some((index) => model.tables[index]?.obstacle ?? null)) continue;
    const shape = tables
      .map((index) => {
        const table = model.tables[index];
        return `${table?.name}(${table?.columns.map(({ name }) => name).join(',')})`;
      })
      .sort()
      .join(';');
    const alike = byShape.get(shape);
    if (alike) alike.push(schema);
    else byShape.set(shape, [schema]);
  }
  const tenants = new Set([...byShape.values()].filter((alike) => alike.length >= leastSchemas).flat());
  if (tenants.size === 0) return null;
  const groups = new Map([...tenants].map((schema, index) => [schema, -2_000_000_000 - index]));
  const words = `one of ${tenants.size} schemas that are built alike (${listed([...tenants], 3)})`;
  const placed = model.tables.map((table): Placed | null => {
    const group = groups.get(table.schema);
    if (group === undefined) return keptPlace(model, table);
    return { becomes: 'schema', column: null, group, derived: null, isKept: false, why: words };
  });
  placeShared(judge, placed);
  return {
    id: 'schemas',
    primary: null,
    placed: placed.map((one) => one ?? local('nothing ties it to a schema of a tenant')),
  };
}

/** What the schemas point to, and what their statements use, is copied to every node. */
function placeShared(judge: Judge, placed: (Placed | null)[]): void {
  const { model, observed } = judge;
  const queue = [...placed.keys()].filter((index) => placed[index]?.becomes === 'schema');
  for (let at = 0; at < queue.length; at += 1) {
    const from = queue[at] as number;
    const tied = (model.outgoing[from] ?? []).map((link) => link.to);
    const used = placed[from]?.becomes === 'schema' ? observed.usedWith(from) : [];
    for (const target of [...tied, ...used]) {
      const table = model.tables[target];
      if (!table || placed[target] !== null || !judge.isSmall(target)) continue;
      if (isWrittenOften(table, target, observed)) continue;
      placed[target] = {
        becomes: 'reference',
        column: null,
        group: null,
        derived: null,
        isKept: false,
        why: 'used by the schemas of the tenants',
      };
      queue.push(target);
    }
  }
}
