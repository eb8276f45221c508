/** What may hold up a move, asked of every node through the coordinator. */
import type { Reader, StatementOptions } from '../connections/database';

export interface NodeRoom {
  readonly nodeId: number;
  /** Null where the node did not answer. */
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
  /** Transactions that have been open for longer than five minutes; a copy waits for those that began before it. */
  readonly oldTransactions: readonly {
    readonly pid: number;
    readonly seconds: number;
    readonly role: string;
  }[];
  /** Relations that somebody has locked against writing. */
  readonly lockedRelations: readonly string[];
}

const nodeQuestion = `
SELECT json_build_object(
  'free', d.available_disk_size, 'total', d.total_disk_size,
  'old', (SELECT coalesce(json_agg(json_build_object('pid', a.pid, 'role', a.usename,
                   'seconds', extract(epoch FROM now() - a.xact_start)::int) ORDER BY a.xact_start), '[]')
            FROM (SELECT pid, usename, xact_start FROM pg_catalog.pg_stat_activity
                   WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()
                     AND xact_start < now() - interval '5 minutes'
                   ORDER BY xact_start LIMIT 20) a),
  'locked', (SELECT coalesce(json_agg(DISTINCT l.relation::regclass::text), '[]')
               FROM pg_catalog.pg_locks l
              WHERE l.granted AND l.locktype = 'relation' AND l.relation >= 16384
                AND l.pid <> pg_catalog.pg_backend_pid()
                AND l.mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')))::text
  FROM pg_catalog.citus_local_disk_space_stats() d`;

export async function readNodeRooms(
  reader: Reader,
  options?: StatementOptions,
): Promise<readonly NodeRoom[]> {
  const rows = await reader.read<{ readonly nodeId: number; readonly answer: string | null }>(
    {
      text: `SELECT nodeid AS "nodeId", CASE WHEN success THEN result END AS answer
  FROM pg_catalog.run_command_on_all_nodes($1) ORDER BY 1`,
      values: [nodeQuestion],
    },
    options,
  );
  return rows.map(({ nodeId, answer }): NodeRoom => {
    if (answer === null)
      return { nodeId, freeBytes: null, totalBytes: null, oldTransactions: [], lockedRelations: [] };
    const told = JSON.parse(answer) as {
      readonly free: number | null;
      readonly total: number | null;
      readonly old: NodeRoom['oldTransactions'];
      readonly locked: readonly string[];
    };
    return {
      nodeId,
      freeBytes: told.free,
      totalBytes: told.total,
      oldTransactions: told.old,
      lockedRelations: told.locked,
    };
  });
}
