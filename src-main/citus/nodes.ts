/** pg_dist_node and the connections between nodes. */
import { shownStatement } from '../connections/database';
import type { Reader, StatementOptions } from '../connections/database';
import type { ClusterNode } from '../contract/cluster';
import { toFailure } from '../contract/failure';

/** A scalar subquery: every row of pg_dist_node as JSON text. Whole rows, because columns differ between versions. */
export const nodesColumn = `
  (SELECT coalesce(json_agg(to_json(n) ORDER BY n.nodeid), '[]')::text FROM pg_catalog.pg_dist_node n)`;

interface NodeRow {
  readonly nodeid: number;
  readonly groupid: number;
  readonly nodename: string;
  readonly nodeport: number;
  readonly noderack: string;
  readonly hasmetadata: boolean;
  readonly isactive: boolean;
  readonly noderole: ClusterNode['role'];
  readonly nodecluster: string;
  readonly metadatasynced: boolean | null;
  readonly shouldhaveshards: boolean;
  /** Since Citus 13.2. */
  readonly nodeisclone?: boolean;
}

export function parseNodes(text: string): readonly ClusterNode[] {
  return (JSON.parse(text) as NodeRow[]).map((row) => ({
    nodeId: row.nodeid,
    groupId: row.groupid,
    name: row.nodename,
    port: row.nodeport,
    rack: row.noderack,
    role: row.noderole,
    nodeCluster: row.nodecluster,
    isActive: row.isactive,
    hasMetadata: row.hasmetadata,
    metadataSynced: row.metadatasynced ?? false,
    shouldHaveShards: row.shouldhaveshards,
    isClone: row.nodeisclone ?? false,
  }));
}

/** `host:port`, the name of a node wherever one is shown. */
export function nodeAddress(node: { readonly name: string; readonly port: number }): string {
  return `${node.name}:${node.port}`;
}

/** Whether the node that `reader` is connected to reaches another; it waits as long as the other does not answer. */
export async function checkConnectionToNode(
  reader: Reader,
  node: { readonly name: string; readonly port: number },
  options?: StatementOptions,
): Promise<boolean> {
  const [row] = await reader.read<{ reached: boolean | null }>(
    {
      text: 'SELECT pg_catalog.citus_check_connection_to_node($1, $2) AS reached',
      values: [node.name, node.port],
    },
    options,
  );
  return row?.reached === true;
}

/** What opening a connection to one of several nodes may take at the coordinator, instead of the 30 s of the setting. */
const connectLimitMs = 3_000;

/**
 * Which of several nodes the one that `reader` is connected to reaches, all tried at a time. By `host:port`; null where
 * the server has no function for it, as the practice emulator.
 */
export async function checkConnectionsToNodes(
  reader: Reader,
  nodes: readonly { readonly name: string; readonly port: number }[],
  options?: StatementOptions,
): Promise<ReadonlyMap<string, boolean> | null> {
  const listOf = (items: readonly string[]): string => `ARRAY[${items.join(', ')}]`;
  const names = listOf(nodes.map(({ name }) => shownStatement({ text: '$1', values: [name] }).shown));
  const ports = listOf(nodes.map(({ port }) => String(Math.trunc(port))));
  const commands = listOf(nodes.map(() => `'SELECT 1'`));
  try {
    // Two statements in one text are one transaction, so the setting ends with them.
    const rows = await reader.read<{ name: string; port: number; reached: boolean }>(
      {
        text: `SET LOCAL citus.node_connection_timeout = ${connectLimitMs};
SELECT node_name AS name, node_port AS port, success AS reached
  FROM pg_catalog.master_run_on_worker(${names}::text[], ${ports}::int[], ${commands}::text[], true)`,
      },
      options,
    );
    return new Map(rows.map((row) => [nodeAddress(row), row.reached]));
  } catch (error) {
    if (toFailure(error).sqlState === '42883') return null;
    throw error;
  }
}

/** The cheapest statement there is: shows that a node answers. */
export async function readHeartbeat(reader: Reader, options?: StatementOptions): Promise<void> {
  await reader.read({ text: 'SELECT 1' }, options);
}
