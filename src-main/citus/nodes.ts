/** pg_dist_node and the connections between nodes. */
import type { Reader, StatementOptions } from '../connections/database';
import type { ClusterNode } from '../contract/cluster';

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

/** The cheapest statement there is: shows that a node answers. */
export async function readHeartbeat(reader: Reader, options?: StatementOptions): Promise<void> {
  await reader.read({ text: 'SELECT 1' }, options);
}
