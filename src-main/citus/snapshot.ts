/** A full reading of the coordinator's catalogs. */
import type { Reader, StatementOptions } from '../connections/database';
import type { ClusterSnapshot, RebalanceStrategy } from '../contract/cluster';
import { readServerFacts } from './capabilities';
import type { CatalogFacts, ServerFacts } from './capabilities';
import { groupsColumn, parseGroups, parseTables, tablesColumn } from './distributed-tables';
import { jobsColumn, parseJobs } from './jobs';
import { nodesColumn, parseNodes } from './nodes';
import { countShards, parseShards, placementsColumn, shardsColumn } from './shards';

/** What the catalogs say, without when and how often they were asked. */
export type SnapshotContent = Omit<ClusterSnapshot, 'clusterId' | 'revision' | 'takenAt'>;

/** The answer as it came. Two equal texts mean equal content, which spares the parsing of an unchanged cluster. */
export interface SnapshotText {
  readonly facts: ServerFacts;
  readonly nodes: string;
  readonly tables: string;
  readonly groups: string;
  readonly strategies: string;
  readonly cleanup: string;
  readonly jobs: string;
  readonly shards: string;
  readonly placements: string;
}

/** What shows that the catalogs were changed, at a tenth of the price of reading them. */
export interface Glance {
  readonly facts: ServerFacts;
  readonly glance: string;
}

const strategiesColumn = `
  (SELECT coalesce(json_agg(json_build_array(
            name, default_strategy, default_threshold, minimum_threshold, improvement_threshold
          ) ORDER BY name), '[]')::text
     FROM pg_catalog.pg_dist_rebalance_strategy)`;

/** Rows of a large catalog as two numbers: a new or changed row has a newer xmin, a removed one is not counted any more. */
const traceOf = (rows: string): string =>
  `(SELECT count(*) || ' ' || coalesce(sum(r.xmin::text::bigint), 0) FROM ${rows})`;

/**
 * Small catalogs as they are, large ones by their traces; shards come and go with their placements. A change that leaves
 * no trace in any of these, as of a key of a table that had another index before, shows with the next full reading.
 */
function glanceColumn(catalog: CatalogFacts): string {
  return `concat_ws(E'\\n', ${nodesColumn}, ${jobsColumn(catalog)}, ${cleanupColumn(catalog)},
    ${['pg_dist_colocation', 'pg_dist_rebalance_strategy', 'pg_dist_partition', 'pg_dist_placement']
      .map((name) => traceOf(`pg_catalog.${name} r`))
      .join(',\n    ')},
    ${traceOf('pg_catalog.pg_dist_partition p JOIN pg_catalog.pg_class r ON r.oid = p.logicalrelid')})`;
}

/**
 * SQL: how often rows of Citus's catalogs were written, as PostgreSQL counts it by itself, whatever their number. A session
 * tells its counts when its transaction ends, or within 10 s where it told some a moment before.
 */
function countsText(catalog: CatalogFacts): string {
  const written = [
    'pg_dist_node',
    'pg_dist_partition',
    'pg_dist_shard',
    'pg_dist_placement',
    'pg_dist_colocation',
    'pg_dist_rebalance_strategy',
    ...(catalog.hasCleanupRecords ? ['pg_dist_cleanup'] : []),
    ...(catalog.hasBackgroundJobs ? ['pg_dist_background_job', 'pg_dist_background_task'] : []),
  ].map((name) => {
    const counted = ['inserted', 'updated', 'deleted'].map(
      (kind) => `pg_catalog.pg_stat_get_tuples_${kind}('pg_catalog.${name}'::regclass)`,
    );
    return `(${counted.join(' + ')})::text`;
  });
  return `SELECT concat_ws(' ', ${written.join(',\n  ')}) AS counts`;
}

/**
 * The cheapest evidence that nothing was written to Citus's catalogs: two equal answers. What stands in PostgreSQL's own, as
 * the name of a table, shows with a glance. Of use where `countsPromptly`.
 */
export async function readCatalogCounts(
  reader: Reader,
  catalog: CatalogFacts,
  options?: StatementOptions,
): Promise<string> {
  const [row] = await reader.read<{ counts: string }>({ text: countsText(catalog) }, options);
  if (!row) throw new Error('a SELECT without FROM answered with no row');
  return row.counts;
}

const cleanupColumn = (catalog: CatalogFacts): string =>
  catalog.hasCleanupRecords ? '(SELECT count(*)::text FROM pg_catalog.pg_dist_cleanup)' : `'0'`;

/** Two small statements on the coordinator: whether a full reading would tell anything new. */
export async function readGlance(reader: Reader, options?: StatementOptions): Promise<Glance> {
  const facts = await readServerFacts(reader, options);
  const [row] = await reader.read<Omit<Glance, 'facts'>>(
    { text: `SELECT ${glanceColumn(facts.catalog)} AS glance` },
    options,
  );
  if (!row) throw new Error('a SELECT without FROM answered with no row');
  return { facts, ...row };
}

export function isSameGlance(one: Glance, other: Glance): boolean {
  return one.glance === other.glance && JSON.stringify(one.facts) === JSON.stringify(other.facts);
}

/**
 * Two statements on the coordinator, neither of which contacts a worker: what the server is, then all catalogs in one, so
 * that they fit together.
 */
export async function readSnapshotText(reader: Reader, options?: StatementOptions): Promise<SnapshotText> {
  const facts = await readServerFacts(reader, options);
  const [row] = await reader.read<Omit<SnapshotText, 'facts'>>(
    {
      text: `
SELECT ${nodesColumn} AS nodes,
  ${tablesColumn(facts.catalog)} AS tables,
  ${groupsColumn} AS groups,
  ${strategiesColumn} AS strategies,
  ${cleanupColumn(facts.catalog)} AS cleanup,
  ${jobsColumn(facts.catalog)} AS jobs,
  ${shardsColumn} AS shards,
  ${placementsColumn} AS placements`,
    },
    options,
  );
  if (!row) throw new Error('a SELECT without FROM answered with no row');
  return { facts, ...row };
}

/** An answer that was parsed before, so that what is the same in the next one is not parsed again. */
export interface ParsedSnapshot {
  readonly text: SnapshotText;
  readonly content: SnapshotContent;
}

/** Parts whose text is that of `known` are the very objects of `known`. */
export function parseSnapshot(text: SnapshotText, known: ParsedSnapshot | null = null): SnapshotContent {
  const before = known?.text;
  const held = known?.content;
  const sameShards = before?.shards === text.shards;
  const sameTables = sameShards && before.tables === text.tables;
  const shards =
    held && sameShards && before.placements === text.placements
      ? held.shards
      : parseShards(text.shards, text.placements);
  // Counts of shards are of the list of shards alone, wherever these lie.
  const tables = held && sameTables ? held.tables : parseTables(text.tables, countShards(shards));
  return {
    versions: text.facts.versions,
    capabilities: text.facts.capabilities,
    nodes: held && before?.nodes === text.nodes ? held.nodes : parseNodes(text.nodes),
    tables,
    colocationGroups:
      held && sameTables && before.groups === text.groups
        ? held.colocationGroups
        : parseGroups(text.groups, tables),
    shards,
    jobs: held && before?.jobs === text.jobs ? held.jobs : parseJobs(text.jobs),
    cleanupRecords: Number(text.cleanup),
    rebalanceStrategies:
      held && before?.strategies === text.strategies
        ? held.rebalanceStrategies
        : parseStrategies(text.strategies),
  };
}

/** `readSnapshotText` and `parseSnapshot` in one. */
export async function readSnapshot(reader: Reader, options?: StatementOptions): Promise<SnapshotContent> {
  return parseSnapshot(await readSnapshotText(reader, options));
}

type StrategyRow = [name: string, isDefault: boolean, threshold: number, minimum: number, gain: number];

function parseStrategies(text: string): readonly RebalanceStrategy[] {
  return (JSON.parse(text) as StrategyRow[]).map(([name, isDefault, threshold, minimum, improvement]) => ({
    name,
    isDefault,
    defaultThreshold: threshold,
    minimumThreshold: minimum,
    improvementThreshold: improvement,
  }));
}

export function isSameText(a: SnapshotText, b: SnapshotText): boolean {
  return (
    a.shards === b.shards
    && a.placements === b.placements
    && a.nodes === b.nodes
    && a.tables === b.tables
    && a.groups === b.groups
    && a.strategies === b.strategies
    && a.cleanup === b.cleanup
    && a.jobs === b.jobs
    && JSON.stringify(a.facts) === JSON.stringify(b.facts)
  );
}
