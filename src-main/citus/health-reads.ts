/**
 * What the health checks ask. Each question is one statement, the same whether a node is asked by its own session or
 * through the coordinator, and short enough to be shown and tried by hand. int8 is written as text.
 */
import type { Reader, StatementOptions } from '../connections/database';
import { leftoversQuestion } from './leftover-reads';

/** One statement that any node can be asked, and what its rows say. */
export interface NodeQuestion<T> {
  readonly text: string;
  readonly parse: (rows: readonly object[]) => T;
}

export interface VersionsAnswer {
  readonly postgres: string;
  readonly library: string | null;
  readonly extension: string | null;
}

export const versionsQuestion: NodeQuestion<VersionsAnswer> = {
  text: `SELECT current_setting('server_version') AS postgres,
       current_setting('citus.version', true) AS library,
       (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus') AS extension`,
  parse(rows) {
    const [row] = rows as readonly VersionsAnswer[];
    if (!row) throw new Error('a SELECT without FROM answered with no row');
    return { ...row, postgres: /^\S+/.exec(row.postgres)?.[0] ?? row.postgres };
  },
};

const settingNames = [
  'wal_level',
  'max_connections',
  'superuser_reserved_connections',
  'max_prepared_transactions',
  'max_worker_processes',
  'max_replication_slots',
  'max_wal_senders',
  'output_plugin_libraries',
  'server_encoding',
  'citus.max_shared_pool_size',
  'citus.local_shared_pool_size',
  'citus.max_adaptive_executor_pool_size',
  'citus.max_background_task_executors',
  'citus.max_background_task_executors_per_node',
  'citus.rebalancer_by_disk_size_base_cost',
] as const;

/** By name; null where the server has no such setting. Many of Citus's own are missing in pg_settings. */
export const settingsQuestion: NodeQuestion<Readonly<Record<string, string | null>>> = {
  text: `SELECT name, current_setting(name, true) AS value
  FROM unnest(ARRAY[
    ${settingNames.map((name) => `'${name}'`).join(',\n    ')}
  ]) AS name`,
  parse: (rows) =>
    Object.fromEntries(
      (rows as readonly { readonly name: string; readonly value: string | null }[]).map(({ name, value }) => [
        name,
        value,
      ]),
    ),
};

export interface SlotAnswer {
  readonly name: string;
  readonly isActive: boolean;
  readonly retainedBytes: number | null;
  readonly walStatus: string | null;
}

export const slotsQuestion: NodeQuestion<readonly SlotAnswer[]> = {
  text: `SELECT slot_name AS name, active AS "isActive", wal_status AS "walStatus",
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                            ELSE pg_current_wal_lsn() END, restart_lsn)::bigint::text AS retained
  FROM pg_catalog.pg_replication_slots ORDER BY slot_name`,
  parse: (rows) =>
    (rows as readonly (Omit<SlotAnswer, 'retainedBytes'> & { readonly retained: string | null })[]).map(
      ({ retained, ...slot }) => ({ ...slot, retainedBytes: retained === null ? null : Number(retained) }),
    ),
};

export interface PreparedAnswer {
  readonly gid: string;
  readonly ageSeconds: number;
  readonly owner: string;
}

export const preparedQuestion: NodeQuestion<readonly PreparedAnswer[]> = {
  text: `SELECT gid, extract(epoch FROM clock_timestamp() - prepared)::int AS "ageSeconds", owner::text
  FROM pg_catalog.pg_prepared_xacts WHERE database = current_database() ORDER BY prepared`,
  parse: (rows) => rows as readonly PreparedAnswer[],
};

export interface ConnectionsAnswer {
  readonly own: number;
  readonly app: number;
  readonly all: number;
}

/**
 * Citus names the sessions that a node opens to another "citus_internal gpid=...", "citus_rebalancer gpid=..." and so on.
 * Those of this app ask the node alone, so they count as open and not as such that may ask other nodes.
 */
export const connectionsQuestion: NodeQuestion<ConnectionsAnswer> = {
  text: `SELECT (count(*) FILTER (WHERE application_name !~ '^citus_'
                            AND application_name <> current_setting('application_name')))::int AS own,
       (count(*) FILTER (WHERE application_name = current_setting('application_name')
                           AND application_name !~ '^citus_'))::int AS app,
       count(*)::int AS "all"
  FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'`,
  parse: (rows) => (rows as readonly ConnectionsAnswer[])[0] ?? { own: 0, app: 0, all: 0 },
};

/** Seconds since 1970 by the node's clock. */
export const clockQuestion: NodeQuestion<number> = {
  text: 'SELECT extract(epoch FROM clock_timestamp())::float8 AS seconds',
  parse: (rows) => (rows as readonly { readonly seconds: number }[])[0]?.seconds ?? Number.NaN,
};

export interface DiskAnswer {
  readonly availableBytes: number;
  readonly totalBytes: number;
}

export const diskQuestion: NodeQuestion<DiskAnswer> = {
  text: `SELECT available_disk_size::text AS available, total_disk_size::text AS total
  FROM pg_catalog.citus_local_disk_space_stats()`,
  parse(rows) {
    const [row] = rows as readonly { readonly available: string | null; readonly total: string | null }[];
    if (!row || row.available === null || row.total === null)
      throw new Error('the server told no size of its disk');
    return { availableBytes: Number(row.available), totalBytes: Number(row.total) };
  },
};

/** `groupid/gid` of the two-phase commits that the node decided and has not forgotten yet. */
export const commitRecordsQuestion: NodeQuestion<ReadonlySet<string>> = {
  text: 'SELECT groupid, gid FROM pg_catalog.pg_dist_transaction',
  parse: (rows) =>
    new Set(
      (rows as readonly { readonly groupid: number; readonly gid: string }[]).map(
        ({ groupid, gid }) => `${groupid}/${gid}`,
      ),
    ),
};

/** `pid/number` of the distributed transactions that run on the node. */
export const activeTransactionsQuestion: NodeQuestion<ReadonlySet<string>> = {
  text: `SELECT process_id AS pid, transaction_number::text AS number FROM pg_catalog.get_all_active_transactions()`,
  parse: (rows) =>
    new Set(
      (rows as readonly { readonly pid: number; readonly number: string }[]).map(
        ({ pid, number }) => `${pid}/${number}`,
      ),
    ),
};

/** Pids of the sessions that are in a transaction: all that can be told where Citus gives no transaction numbers. */
export const busyBackendsQuestion: NodeQuestion<ReadonlySet<string>> = {
  text: `SELECT pid FROM pg_catalog.pg_stat_activity WHERE xact_start IS NOT NULL`,
  parse: (rows) => new Set((rows as readonly { readonly pid: number }[]).map(({ pid }) => String(pid))),
};

export interface ConnectionAnswer {
  readonly nodeId: number;
  readonly reached: boolean;
}

/** Whether the node that is asked reaches the others; it knows them by its own copy of pg_dist_node. */
export function connectivityQuestion(nodeIds: readonly number[]): NodeQuestion<readonly ConnectionAnswer[]> {
  return {
    text: `SELECT nodeid AS "nodeId", citus_check_connection_to_node(nodename, nodeport) AS reached
  FROM pg_catalog.pg_dist_node WHERE nodeid IN (${nodeIds.map((id) => Math.trunc(id)).join(', ')})`,
    parse: (rows) =>
      (rows as readonly { readonly nodeId: number; readonly reached: boolean | null }[]).map(
        ({ nodeId, reached }) => ({
          nodeId,
          reached: reached === true,
        }),
      ),
  };
}

/** Asks one node over its own session. Throws `FailureError`. */
export async function readAnswer<T>(
  reader: Reader,
  question: NodeQuestion<T>,
  options?: StatementOptions,
): Promise<T> {
  return question.parse(await reader.read({ text: question.text }, options));
}

export type RelayedAnswer =
  | { readonly ok: true; readonly rows: Readonly<Record<string, readonly object[]>> }
  | { readonly ok: false; readonly why: string };

/** What a node that hangs may hold up the coordinator while it opens a connection, instead of the 30 s of the setting. */
const relayConnectMs = 3_000;

/**
 * Asks every active primary several questions at once, over the coordinator's own connections: for nodes that this
 * workstation cannot reach. By node id.
 */
export async function readAnswersThroughCoordinator(
  reader: Reader,
  questions: Readonly<Record<string, NodeQuestion<unknown>>>,
  options?: StatementOptions,
): Promise<ReadonlyMap<number, RelayedAnswer>> {
  const members = Object.entries(questions).map(
    ([key, { text }]) => `'${key}', (SELECT coalesce(json_agg(q), '[]') FROM (${text}) q)`,
  );
  const command = `SELECT json_build_object(${members.join(', ')})::text`;
  // Two statements in one text are one transaction, so the setting ends with them.
  const rows = await reader.read<{
    readonly nodeId: number;
    readonly success: boolean;
    readonly result: string;
  }>(
    {
      text: `SET LOCAL citus.node_connection_timeout = ${relayConnectMs};
SELECT nodeid AS "nodeId", success, result FROM run_command_on_all_nodes($health$${command}$health$)`,
    },
    options,
  );
  return new Map(
    rows.map(({ nodeId, success, result }): [number, RelayedAnswer] => [
      nodeId,
      success
        ? { ok: true, rows: JSON.parse(result) as Record<string, readonly object[]> }
        : { ok: false, why: result },
    ]),
  );
}

export interface CleanupRow {
  readonly recordId: string;
  readonly objectType: number;
  readonly objectName: string;
  readonly groupId: number;
}

const cleanupText = `SELECT record_id::text AS "recordId", object_type AS "objectType", object_name AS "objectName",
       node_group_id AS "groupId"
  FROM pg_catalog.pg_dist_cleanup ORDER BY record_id LIMIT 1000`;

/** Kept on the coordinator alone; a catalog of Citus 11.1. */
export function readCleanupRecords(
  reader: Reader,
  options?: StatementOptions,
): Promise<readonly CleanupRow[]> {
  return reader.read<CleanupRow>({ text: cleanupText }, options);
}

/** By what they find: the statements as they are sent, and for what the catalogs' reading tells, one that tells the same. */
export const healthStatements = {
  heartbeat: 'SELECT 1',
  versions: versionsQuestion.text,
  settings: settingsQuestion.text,
  slots: slotsQuestion.text,
  prepared: preparedQuestion.text,
  connections: connectionsQuestion.text,
  clock: clockQuestion.text,
  disk: diskQuestion.text,
  leftovers: leftoversQuestion.text,
  connectivity: `SELECT nodename, nodeport, citus_check_connection_to_node(nodename, nodeport) AS reached
  FROM pg_catalog.pg_dist_node WHERE isactive AND noderole = 'primary'`,
  cleanup: cleanupText,
  sizes: 'SELECT * FROM pg_catalog.citus_shard_sizes()',
  nodes: `SELECT nodeid, groupid, nodename, nodeport, noderole, isactive, hasmetadata, metadatasynced, shouldhaveshards
  FROM pg_catalog.pg_dist_node ORDER BY groupid, nodeid`,
  tables: `SELECT c.oid::regclass AS "table", c.relpersistence, c.relreplident,
       EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS has_primary_key
  FROM pg_catalog.pg_dist_partition p JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
 WHERE p.repmodel <> 't' AND c.relkind <> 'p' ORDER BY 1`,
  references: `SELECT s.logicalrelid AS "table", n.nodename, n.nodeport
  FROM pg_catalog.pg_dist_partition p
  JOIN pg_catalog.pg_dist_shard s USING (logicalrelid)
  CROSS JOIN pg_catalog.pg_dist_node n
 WHERE p.partmethod = 'n' AND p.repmodel = 't' AND n.isactive AND n.noderole = 'primary'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_placement l
                    WHERE l.shardid = s.shardid AND l.groupid = n.groupid)`,
  placements: `SELECT s.shardid, s.logicalrelid AS "table", l.groupid
  FROM pg_catalog.pg_dist_shard s
  LEFT JOIN pg_catalog.pg_dist_placement l USING (shardid)
 WHERE l.groupid IS NULL
    OR l.groupid <> 0 AND l.groupid NOT IN (SELECT groupid FROM pg_catalog.pg_dist_node)`,
} as const;
