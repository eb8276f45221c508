/** Small reads that tell how far a change has come: what a step looks at before and after it acts. */
import { qualified } from '../connections/database';
import type { Reader, Statement, StatementOptions, Writer } from '../connections/database';
import type { CitusTableType, JobState, TableName } from '../contract/cluster';
import { tableTypeExpression } from './distributed-tables';
import type { NodeAddress } from './node-changes';
import { hasPracticeLocalCopies, localCopyBytes } from './practice-catalogs';

/** A server process, told apart from a later one with the same pid. */
export interface BackendIdentity {
  readonly pid: number;
  /** As the server writes it, with microseconds. */
  readonly startedAt: string;
}

/** The process that serves the writer's changes. Asked by `change`, since reads may have a connection of their own. */
export async function readBackend(
  writer: Writer,
  options?: StatementOptions,
): Promise<BackendIdentity | null> {
  const { rows } = await writer.change<BackendIdentity>(
    {
      text: `SELECT pid, backend_start::text AS "startedAt" FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
    },
    options,
  );
  return rows[0] ?? null;
}

/** Whether that process still works on a statement. The one that answers this question does not count. */
export async function readBackendWorks(
  reader: Reader,
  backend: BackendIdentity,
  options?: StatementOptions,
): Promise<boolean> {
  const rows = await reader.read<{ readonly works: boolean }>(
    {
      text: `SELECT EXISTS (
  SELECT FROM pg_stat_activity
   WHERE pid = $1 AND backend_start = $2::timestamptz AND pid <> pg_backend_pid()
     AND state IS DISTINCT FROM 'idle') AS works`,
      values: [backend.pid, backend.startedAt],
    },
    options,
  );
  return rows[0]?.works ?? false;
}

export interface NodeRow {
  readonly nodeId: number;
  readonly groupId: number;
  readonly role: string;
  readonly isActive: boolean;
  readonly hasMetadata: boolean;
  readonly metadataSynced: boolean;
  readonly shouldHaveShards: boolean;
}

export async function readNode(
  reader: Reader,
  node: NodeAddress,
  options?: StatementOptions,
): Promise<NodeRow | null> {
  const rows = await reader.read<NodeRow>(
    {
      text: `SELECT nodeid AS "nodeId", groupid AS "groupId", noderole::text AS role, isactive AS "isActive",
       hasmetadata AS "hasMetadata", metadatasynced AS "metadataSynced", shouldhaveshards AS "shouldHaveShards"
  FROM pg_dist_node WHERE nodename = $1 AND nodeport = $2`,
      values: [node.host, node.port],
    },
    options,
  );
  return rows[0] ?? null;
}

/** Host and port under which group 0 is registered. */
export async function readCoordinatorAddress(
  reader: Reader,
  options?: StatementOptions,
): Promise<NodeAddress | null> {
  const rows = await reader.read<NodeAddress>(
    {
      text: `SELECT nodename AS host, nodeport AS port FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary'`,
    },
    options,
  );
  return rows[0] ?? null;
}

/** Whether the coordinator can open a connection to a node, registered or not. */
export async function readCoordinatorReaches(
  reader: Reader,
  node: NodeAddress,
  options?: StatementOptions,
): Promise<boolean> {
  const rows = await reader.read<{ readonly reached: boolean }>(
    { text: 'SELECT citus_check_connection_to_node($1, $2) AS reached', values: [node.host, node.port] },
    options,
  );
  return rows[0]?.reached ?? false;
}

/** Reference tables that have no copy on a node. */
export async function readMissingReferenceTables(
  reader: Reader,
  node: NodeAddress,
  options?: StatementOptions,
): Promise<readonly TableName[]> {
  return reader.read<TableName>(
    {
      text: `SELECT ns.nspname AS schema, c.relname AS name
  FROM pg_dist_partition p
  JOIN pg_class c ON c.oid = p.logicalrelid
  JOIN pg_namespace ns ON ns.oid = c.relnamespace
 WHERE p.partmethod = 'n' AND p.repmodel = 't'
   AND EXISTS (
     SELECT FROM pg_dist_shard s
      WHERE s.logicalrelid = p.logicalrelid
        AND NOT EXISTS (
          SELECT FROM pg_dist_placement pl JOIN pg_dist_node n ON n.groupid = pl.groupid
           WHERE pl.shardid = s.shardid AND n.nodename = $1 AND n.nodeport = $2))
 ORDER BY 1, 2`,
      values: [node.host, node.port],
    },
    options,
  );
}

export interface PlacementCount {
  readonly node: string;
  /** Null when that node did not answer. */
  readonly rows: string | null;
  readonly words: string;
}

/** Rows of each copy of a table, counted where the copies lie. */
export async function readRowsOfPlacements(
  reader: Reader,
  table: TableName,
  options?: StatementOptions,
): Promise<readonly PlacementCount[]> {
  return reader.read<PlacementCount>(
    {
      text: `SELECT nodename || ':' || nodeport AS node, CASE WHEN success THEN result END AS rows, result AS words
  FROM run_command_on_placements($1, 'SELECT count(*) FROM %s') ORDER BY 1`,
      values: [qualified(table)],
    },
    options,
  );
}

/** Shown in the review, since on a large table it takes its time. */
export function countRowsStatement(table: TableName): Statement {
  return { text: `SELECT count(*) AS rows FROM ${qualified(table)}` };
}

/** Rows of a table, as text: a count is an int8. */
export async function readRowCount(
  reader: Reader,
  table: TableName,
  options?: StatementOptions,
): Promise<string> {
  const rows = await reader.read<{ readonly rows: string }>(countRowsStatement(table), options);
  return rows[0]?.rows ?? '0';
}

export interface TableState {
  readonly exists: boolean;
  /** Null for an ordinary table. */
  readonly citusType: CitusTableType | null;
  readonly distributionColumn: string | null;
  readonly shardCount: number;
  /** Bytes that the rows of before still take on the coordinator; '0' for an ordinary table. */
  readonly localBytes: string;
}

export async function readTableState(
  reader: Reader,
  table: TableName,
  options?: StatementOptions,
): Promise<TableState> {
  const [emulator] = await reader.read<{ readonly found: boolean }>(
    { text: `SELECT ${hasPracticeLocalCopies} AS found` },
    options,
  );
  const localBytes = emulator?.found ? localCopyBytes.practice : localCopyBytes.citus;
  const rows = await reader.read<TableState>(
    {
      text: `SELECT true AS exists,
       CASE WHEN p.logicalrelid IS NOT NULL THEN ${tableTypeExpression} END AS "citusType",
       CASE WHEN p.partkey IS NOT NULL THEN column_to_column_name(p.logicalrelid, p.partkey) END AS "distributionColumn",
       (SELECT count(*)::int FROM pg_dist_shard s WHERE s.logicalrelid = c.oid) AS "shardCount",
       CASE WHEN p.logicalrelid IS NULL THEN '0' ELSE ${localBytes}::text END AS "localBytes"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_dist_partition p ON p.logicalrelid = c.oid
 WHERE n.nspname = $1 AND c.relname = $2`,
      values: [table.schema, table.name],
    },
    options,
  );
  return (
    rows[0] ?? { exists: false, citusType: null, distributionColumn: null, shardCount: 0, localBytes: '0' }
  );
}

export interface JobOverview {
  readonly jobId: string;
  readonly state: JobState;
  readonly jobType: string;
  readonly total: number;
  readonly done: number;
  /** Largest number of retries among tasks that have not ended. */
  readonly retries: number;
  /** Text of a task that failed or is tried again. */
  readonly message: string;
  /** Roles in whose name its tasks run. */
  readonly owners: readonly string[];
}

const jobColumns = `j.job_id::text AS "jobId", j.state::text AS state, j.job_type::text AS "jobType",
       count(t.task_id)::int AS total,
       (count(t.task_id) FILTER (WHERE t.status = 'done'))::int AS done,
       coalesce(max(t.retry_count) FILTER (WHERE t.status NOT IN ('done', 'cancelled')), 0)::int AS retries,
       coalesce((array_agg(t.message ORDER BY t.task_id)
                 FILTER (WHERE t.message <> '' AND t.status NOT IN ('done', 'cancelled')))[1], '') AS message,
       coalesce(array_agg(DISTINCT pg_get_userbyid(t.owner)::text) FILTER (WHERE t.task_id IS NOT NULL), '{}') AS owners`;

export async function readJobOverview(
  reader: Reader,
  jobId: string,
  options?: StatementOptions,
): Promise<JobOverview | null> {
  const rows = await reader.read<JobOverview>(
    {
      text: `SELECT ${jobColumns}
  FROM pg_dist_background_job j LEFT JOIN pg_dist_background_task t USING (job_id)
 WHERE j.job_id = $1::bigint GROUP BY j.job_id, j.state, j.job_type`,
      values: [jobId],
    },
    options,
  );
  return rows[0] ?? null;
}

/** The newest rebalance with a number above `afterJobId`. */
export async function readRebalanceAfter(
  reader: Reader,
  afterJobId: string,
  options?: StatementOptions,
): Promise<JobOverview | null> {
  const rows = await reader.read<JobOverview>(
    {
      text: `SELECT ${jobColumns}
  FROM pg_dist_background_job j LEFT JOIN pg_dist_background_task t USING (job_id)
 WHERE j.job_id > $1::bigint AND j.job_type = 'rebalance'
 GROUP BY j.job_id, j.state, j.job_type ORDER BY j.job_id DESC LIMIT 1`,
      values: [afterJobId],
    },
    options,
  );
  return rows[0] ?? null;
}

/** The rebalance that the cluster itself works on, whoever started it; null where there is none, and before Citus 11.1. */
export async function readOpenRebalance(
  reader: Reader,
  options?: StatementOptions,
): Promise<(JobOverview & { readonly description: string }) | null> {
  const [found] = await reader.read<{ readonly exists: boolean }>(
    { text: `SELECT to_regclass('pg_catalog.pg_dist_background_job') IS NOT NULL AS exists` },
    options,
  );
  if (!found?.exists) return null;
  const rows = await reader.read<JobOverview & { readonly description: string }>(
    {
      text: `SELECT ${jobColumns}, j.description
  FROM pg_dist_background_job j LEFT JOIN pg_dist_background_task t USING (job_id)
 WHERE j.job_type = 'rebalance' AND j.state NOT IN ('finished', 'cancelled', 'failed')
 GROUP BY j.job_id, j.state, j.job_type, j.description ORDER BY j.job_id DESC LIMIT 1`,
    },
    options,
  );
  return rows[0] ?? null;
}

/** '0' when there was no job yet. */
export async function readLastJobId(reader: Reader, options?: StatementOptions): Promise<string> {
  const rows = await reader.read<{ readonly last: string }>(
    { text: `SELECT coalesce(max(job_id), 0)::text AS last FROM pg_dist_background_job` },
    options,
  );
  return rows[0]?.last ?? '0';
}

/** The role whose rights the session has. */
export async function readRole(reader: Reader, options?: StatementOptions): Promise<string> {
  const rows = await reader.read<{ readonly role: string }>(
    { text: 'SELECT current_user::text AS role' },
    options,
  );
  return rows[0]?.role ?? '';
}
