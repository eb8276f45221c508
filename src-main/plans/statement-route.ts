/**
 * Which shards a plan touches. Citus's JSON form: multi_explain.c; a job names its tasks, and a task the node and the
 * plan there, whose relations are shards. On the practice emulator the plan is PostgreSQL's own, over foreign tables
 * named like the shards.
 */
import type { ClusterSnapshot, ClusterTable, Shard } from '../contract/cluster';
import type { RouteKind, RoutePart, StatementRoute } from '../contract/routing';

type Json = unknown;
type Node = Readonly<Record<string, Json>>;

/** Nodes of a plan that pass rows on and say nothing to a reader. */
const silentSteps: ReadonlySet<string> = new Set([
  'Custom Scan',
  'Foreign Scan',
  'Append',
  'Merge Append',
  'Result',
  'Subquery Scan',
  'CTE Scan',
]);

interface Found {
  readonly parts: RoutePart[];
  readonly steps: string[];
  method: string | null;
  localSubplans: number;
  hasCitusScan: boolean;
  /** ModifyTable over a distributed table of the emulator that inserts. */
  insertsByRow: boolean;
  readonly ownShards: Set<string>;
}

interface Catalog {
  readonly shards: ReadonlyMap<string, Shard>;
  readonly tables: ReadonlyMap<number, ClusterTable>;
  readonly byTable: ReadonlyMap<number, readonly Shard[]>;
}

/** @param answer what EXPLAIN (VERBOSE, FORMAT JSON) gave. */
export function toStatementRoute(
  answer: unknown,
  snapshot: Pick<ClusterSnapshot, 'shards' | 'tables' | 'versions'>,
): StatementRoute {
  const catalog = toCatalog(snapshot);
  const found: Found = {
    parts: [],
    steps: [],
    method: null,
    localSubplans: 0,
    hasCitusScan: false,
    insertsByRow: false,
    ownShards: new Set(),
  };
  for (const one of nodesOf(answer)) walk(nodeAt(one, 'Plan') ?? one, 'main', found, catalog);
  const isPracticePlan = snapshot.versions.isPracticeEmulator;
  if (!found.hasCitusScan && found.ownShards.size > 0) {
    found.parts.push({
      role: 'main',
      taskCount: null,
      shardIds: relevant([...found.ownShards], catalog),
      isWhole: !found.insertsByRow,
      isRepartitioned: false,
    });
  }
  const shardIds = relevant([...new Set(found.parts.flatMap((part) => part.shardIds))], catalog);
  return {
    kind: kindOf(found, shardIds, catalog, snapshot.tables.length > 0 && mentionsNothing(answer)),
    parts: found.parts,
    shardIds,
    isWhole: !found.insertsByRow && found.parts.every((part) => part.isWhole),
    coordinatorSteps: found.steps,
    localSubplans: found.localSubplans,
    isPracticePlan,
    plan: JSON.stringify(answer, null, 2),
  };
}

function toCatalog(snapshot: Pick<ClusterSnapshot, 'shards' | 'tables'>): Catalog {
  const byTable = new Map<number, Shard[]>();
  for (const shard of snapshot.shards) {
    const list = byTable.get(shard.tableOid);
    if (list === undefined) byTable.set(shard.tableOid, [shard]);
    else list.push(shard);
  }
  return {
    shards: new Map(snapshot.shards.map((shard) => [shard.shardId, shard])),
    tables: new Map(snapshot.tables.map((table) => [table.oid, table])),
    byTable,
  };
}

function walk(node: Node, role: RoutePart['role'], found: Found, catalog: Catalog): void {
  const provider = textAt(node, 'Custom Plan Provider') ?? '';
  if (provider === 'Citus Adaptive') {
    found.hasCitusScan = true;
    readDistributedQuery(nodeAt(node, 'Distributed Query'), role, found, catalog);
    return;
  }
  if (provider.startsWith('Citus ')) {
    found.hasCitusScan = true;
    const method = Object.entries(node).find(([key]) => key.endsWith(' method'))?.[1];
    if (typeof method === 'string') found.method = method;
    for (const key of ['Select Query', 'Source Query']) {
      for (const one of nodesOf(node[key])) walk(nodeAt(one, 'Plan') ?? one, 'source', found, catalog);
    }
    return;
  }
  const type = textAt(node, 'Node Type') ?? '';
  const isStep = !silentSteps.has(type) && textAt(node, 'Relation Name') === undefined;
  if (isStep && role !== 'subplan' && !found.steps.includes(type)) found.steps.push(type);
  for (const shardId of shardsNamed(node, catalog)) found.ownShards.add(shardId);
  if (type === 'ModifyTable' && textAt(node, 'Operation') === 'Insert' && isDistributed(node, catalog))
    found.insertsByRow = true;
  for (const one of nodesOf(node['Plans'])) walk(one, role, found, catalog);
}

function readDistributedQuery(
  query: Node | null,
  role: RoutePart['role'],
  found: Found,
  catalog: Catalog,
): void {
  for (const subplan of nodesOf(query?.['Subplans'])) {
    const before = found.parts.length;
    for (const one of nodesOf(subplan['PlannedStmt'])) {
      walk(nodeAt(one, 'Plan') ?? one, 'subplan', found, catalog);
    }
    if (found.parts.length === before) found.localSubplans += 1;
  }
  const job = nodeAt(query, 'Job');
  if (job === null) return;
  const taskCount = typeof job['Task Count'] === 'number' ? job['Task Count'] : null;
  const isRepartitioned = nodesOf(job['Dependent Jobs']).length > 0;
  const named = new Set(nodesOf(job['Tasks']).flatMap((task) => [...shardsOfTask(task, catalog)]));
  const all = textAt(job, 'Tasks Shown') === 'All';
  const shardIds = all ? [...named] : (everyShardLike([...named], taskCount, catalog) ?? [...named]);
  found.parts.push({
    role,
    taskCount,
    shardIds: relevant(shardIds, catalog),
    isWhole: !isRepartitioned && (all || shardIds.length > named.size),
    isRepartitioned,
  });
}

/** As many tasks as the table has shards: then all of them are touched, whichever one the plan shows. */
function everyShardLike(
  named: readonly string[],
  taskCount: number | null,
  catalog: Catalog,
): readonly string[] | null {
  const oids = new Set(named.flatMap((id) => catalog.shards.get(id)?.tableOid ?? []));
  const spread = [...oids].filter((oid) => (catalog.byTable.get(oid)?.length ?? 0) > 1);
  if (spread.length === 0) return null;
  const lists = spread.map((oid) => catalog.byTable.get(oid) ?? []);
  return lists.every((list) => list.length === taskCount) ? lists.flat().map(({ shardId }) => shardId) : null;
}

/** Shards of reference tables lie everywhere: they count only where nothing else is touched. */
function relevant(shardIds: readonly string[], catalog: Catalog): readonly string[] {
  const spread = shardIds.filter((id) => {
    const shard = catalog.shards.get(id);
    return shard !== undefined && catalog.tables.get(shard.tableOid)?.type !== 'reference';
  });
  return spread.length > 0 ? spread : shardIds;
}

function shardsOfTask(task: Node, catalog: Catalog): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (node: Node): void => {
    for (const id of shardsNamed(node, catalog)) found.add(id);
    for (const one of nodesOf(node['Plans'])) visit(one);
  };
  for (const one of nodesOf(task['Remote Plan'])) visit(nodeAt(one, 'Plan') ?? one);
  // A node that excludes its shard by itself names none in its plan; the query sent to it does.
  const query = (textAt(task, 'Query') ?? '').replace(/'(?:[^']|'')*'/g, "''");
  for (const id of shardsIn(query, catalog)) found.add(id);
  return found;
}

function shardsNamed(node: Node, catalog: Catalog): readonly string[] {
  return ['Relation Name', 'Relations'].flatMap((key) => shardsIn(textAt(node, key) ?? '', catalog));
}

/** Names end in the id of their shard; an id that is none of this cluster's is part of somebody's name. */
function shardsIn(text: string, catalog: Catalog): readonly string[] {
  return [...text.matchAll(/_(\d{1,19})(?=["\s).,;(]|$)/g)].flatMap(([, id = '']) =>
    catalog.shards.has(id) ? [id] : [],
  );
}

function isDistributed(node: Node, catalog: Catalog): boolean {
  const name = textAt(node, 'Relation Name');
  const schema = textAt(node, 'Schema');
  return [...catalog.tables.values()].some(
    (table) => table.name === name && table.schema === schema && table.type !== 'local',
  );
}

function mentionsNothing(answer: unknown): boolean {
  return JSON.stringify(answer).includes('"One-Time Filter":"false"');
}

function kindOf(
  found: Found,
  shardIds: readonly string[],
  catalog: Catalog,
  excludesEverything: boolean,
): RouteKind {
  if (found.method !== null) return /repartition/.test(found.method) ? 'redistributed' : 'pulled';
  if (found.parts.some((part) => part.isRepartitioned)) return 'repartition';
  if (found.insertsByRow) return 'by-row';
  if (found.parts.length === 0 && !excludesEverything) return 'coordinator';
  const tasks = Math.max(0, ...found.parts.map((part) => part.taskCount ?? 0));
  if (tasks > 1) return 'many-shards';
  if (shardIds.length === 0) return found.localSubplans > 0 ? 'coordinator' : 'nothing';
  const places = new Set(
    shardIds.map((id) => {
      const shard = catalog.shards.get(id);
      const table = catalog.tables.get(shard?.tableOid ?? 0);
      return `${table?.colocationId ?? 0}/${shard?.minValue ?? id}`;
    }),
  );
  return places.size > 1 ? 'many-shards' : 'one-shard';
}

/** Plans come in arrays, and remote plans in arrays of arrays. */
function nodesOf(value: Json): readonly Node[] {
  if (Array.isArray(value)) return value.flatMap((one: unknown) => nodesOf(one));
  return typeof value === 'object' && value !== null ? [value as Node] : [];
}

function nodeAt(node: Node | null, key: string): Node | null {
  return nodesOf(node?.[key])[0] ?? null;
}

function textAt(node: Node, key: string): string | undefined {
  const value = node[key];
  return typeof value === 'string' ? value : undefined;
}
