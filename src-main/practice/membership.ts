/** What the runtime itself asks of a practice node: passwords, and who is a member of the cluster. */
import { defaultLimits } from '../connections/database';
import type { connectDatabase, Database } from '../connections/database';
import { FailureError } from '../contract/failure';
import { loopback } from './ports';
import type { NodeRecord } from './record';

export const applicationName = 'Shardboard practice';

/** Own limits: a fresh node on a busy laptop may take its time for the first statements. */
const limits = { ...defaultLimits, statementTimeoutMs: 60_000, lockTimeoutMs: 10_000 };

export interface NodeLogin {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

export function connectNode(connect: typeof connectDatabase, at: NodeLogin): Promise<Database> {
  const { password, ...address } = at;
  return connect({ ...address, applicationName, tls: false }, password, limits);
}

/** Gives a fresh node what must not be the same in every copy of the template: its password and its identity. */
export async function makeDistinct(database: Database, password: string): Promise<void> {
  // ALTER ROLE takes no parameters. Base64url has neither quotes nor backslashes.
  if (!/^[\w-]+$/.test(password)) throw new Error('not a generated password');
  // Not for the other nodes: each gets its own statement, before there is a cluster.
  await database.change({
    text: `SET citus.enable_ddl_propagation TO off; ALTER ROLE postgres PASSWORD '${password}'`,
  });
  // By its server_id Citus knows that a node about to be added is itself.
  await database.change({
    text: `UPDATE pg_dist_node_metadata
              SET metadata = jsonb_set(metadata, '{server_id}', to_jsonb(gen_random_uuid()::text))`,
  });
}

/** Makes the nodes one cluster; the coordinator comes first in `nodes`. Answers the version: "13.2.2". */
export async function registerNodes(database: Database, nodes: readonly NodeRecord[]): Promise<string> {
  const [coordinator, ...workers] = nodes;
  if (!coordinator) throw new Error('a cluster without nodes');
  await database.change({
    text: 'SELECT citus_set_coordinator_host($1, $2)',
    values: [loopback, coordinator.port],
  });
  for (const worker of workers) {
    await database.change({ text: 'SELECT citus_add_node($1, $2)', values: [loopback, worker.port] });
  }
  const [row] = await database.read<{ count: string; version: string }>({
    text: `SELECT (SELECT count(*) FROM pg_dist_node WHERE isactive) AS count, citus_version() AS version`,
  });
  if (Number(row?.count) !== nodes.length) {
    throw new FailureError({
      kind: 'practice',
      message: `${row?.count ?? 0} of ${nodes.length} nodes are registered.`,
      meaning: 'The practice cluster is not complete.',
      remedy: 'Remove it and create another.',
    });
  }
  return /(\d+\.\d+(?:\.\d+)?)/.exec(row?.version ?? '')?.[1] ?? '';
}

/** The members that were started on another port than the one the cluster lists. */
export function movedMembers(nodes: readonly NodeRecord[]): readonly NodeRecord[] {
  return nodes.filter((node) => node.registeredPort !== null && node.registeredPort !== node.port);
}

/**
 * Tells one member where the moved ones are now; asked of every member. citus_update_node would tell the others one
 * by one, over the ports it knows, and when several have moved at a time it waits for answers from whatever has got
 * those ports by now.
 */
export async function rewritePorts(member: Database, moved: readonly NodeRecord[]): Promise<void> {
  for (const node of moved) {
    await member.change({
      text: 'UPDATE pg_dist_node SET nodeport = $2 WHERE nodename = $1 AND nodeport = $3',
      values: [loopback, node.port, node.registeredPort],
    });
  }
}

/** Ports on this machine that pg_dist_node lists. */
export async function readMembers(database: Database): Promise<readonly number[]> {
  const rows = await database.read<{ nodeport: number }>({
    text: `SELECT nodeport FROM pg_dist_node WHERE nodename IN ('127.0.0.1', 'localhost')`,
  });
  return rows.map((row) => row.nodeport);
}
