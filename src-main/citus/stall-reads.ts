/** What may hold up a move that makes no progress, asked of every node through the coordinator. Only while one does not. */
import type { Reader, StatementOptions } from '../connections/database';
import { readAnswersThroughCoordinator, slotsQuestion } from './health-reads';
import type { NodeQuestion, SlotAnswer } from './health-reads';

export interface BlockingSession {
  /** 0 for a prepared transaction, which has no process. */
  readonly pid: number;
  readonly role: string | null;
  /** Since its transaction began. */
  readonly seconds: number | null;
  /** Process on another node in whose name it works; null where it is nobody's. */
  readonly originPid: number | null;
}

/** A session that moves a shard, or one that waits for a lock. */
export interface MoveSession {
  readonly pid: number;
  readonly originPid: number | null;
  readonly moves: boolean;
  readonly blockedBy: readonly BlockingSession[];
}

export interface OpenTransaction {
  readonly pid: number;
  readonly role: string | null;
  readonly seconds: number;
  readonly originPid: number | null;
}

export interface StalledNode {
  readonly nodeId: number;
  /** `host:port` */
  readonly address: string;
  /** Null where it answered; else what the coordinator says of it. */
  readonly silence: string | null;
  readonly sessions: readonly MoveSession[];
  /** Open for longer than was asked. */
  readonly transactions: readonly OpenTransaction[];
  readonly slots: readonly SlotAnswer[];
}

/**
 * Citus names a session that works for another node's by "gpid=" and node number times 10^10 plus process id, the
 * practice emulator by "pid="; the last ten digits are the process id in both.
 */
const originPid = (session: string): string =>
  `(right(substring(${session}.application_name from '^citus.* g?pid=(\\d+)$'), 10))::bigint`;

const sessionsQuestion: NodeQuestion<readonly MoveSession[]> = {
  text: `SELECT a.pid, ${originPid('a')} AS "originPid", m.moves,
       (SELECT coalesce(json_agg(json_build_object('pid', p.pid, 'role', b.usename, 'originPid', ${originPid('b')},
                 'seconds', extract(epoch FROM clock_timestamp() - b.xact_start)::int)), '[]')
          FROM (SELECT DISTINCT unnest(pg_catalog.pg_blocking_pids(a.pid)) AS pid) p
          LEFT JOIN pg_catalog.pg_stat_activity b ON b.pid = p.pid) AS "blockedBy"
  FROM pg_catalog.pg_stat_activity a
 CROSS JOIN LATERAL (SELECT coalesce(a.state <> 'idle' AND a.query ~ 'citus_(move|copy)_shard_placement', false)
              OR a.application_name LIKE 'citus\\_rebalancer%'
              OR a.backend_type IN ('walsender', 'logical replication worker', 'logical replication apply worker')
              AS moves) m
 WHERE a.datname = current_database() AND a.pid <> pg_catalog.pg_backend_pid()
   AND (m.moves OR a.wait_event_type = 'Lock')`,
  parse: (rows) => rows as readonly MoveSession[],
};

const transactionsQuestion = (olderThanMs: number): NodeQuestion<readonly OpenTransaction[]> => ({
  text: `SELECT a.pid, a.usename AS role, ${originPid('a')} AS "originPid",
       extract(epoch FROM clock_timestamp() - a.xact_start)::int AS seconds
  FROM pg_catalog.pg_stat_activity a
 WHERE a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid()
   AND a.xact_start < clock_timestamp() - interval '${Math.round(olderThanMs)} milliseconds'
   AND a.query !~ 'citus_(move|copy)_shard_placement'
 ORDER BY a.xact_start LIMIT 20`,
  parse: (rows) => rows as readonly OpenTransaction[],
});

/** @param olderThanMs transactions open for longer are told: as long as nothing came on */
export async function readStalledNodes(
  reader: Reader,
  olderThanMs: number,
  options?: StatementOptions,
): Promise<readonly StalledNode[]> {
  const transactions = transactionsQuestion(olderThanMs);
  const questions = { sessions: sessionsQuestion, transactions, slots: slotsQuestion };
  const nodes = await reader.read<{ readonly nodeId: number; readonly host: string; readonly port: number }>(
    { text: 'SELECT nodeid AS "nodeId", nodename AS host, nodeport AS port FROM pg_catalog.pg_dist_node' },
    options,
  );
  const addresses = new Map(nodes.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]));
  const answers = await readAnswersThroughCoordinator(reader, questions, options);
  return [...answers].map(([nodeId, answer]): StalledNode => ({
    nodeId,
    address: addresses.get(nodeId) ?? `node ${nodeId}`,
    silence: answer.ok ? null : answer.why,
    sessions: answer.ok ? sessionsQuestion.parse(answer.rows['sessions'] ?? []) : [],
    transactions: answer.ok ? transactions.parse(answer.rows['transactions'] ?? []) : [],
    slots: answer.ok ? slotsQuestion.parse(answer.rows['slots'] ?? []) : [],
  }));
}
