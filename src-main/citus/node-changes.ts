/** Changes of nodes. Each statement has its text in one place: what a review shows is what the writer gets. */
import type { ChangeResult, Statement, StatementOptions, Writer } from '../connections/database';
import type { ShardTransferMode } from '../contract/operations';

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

export function setCoordinatorHostStatement(node: NodeAddress): Statement {
  return { text: 'SELECT citus_set_coordinator_host($1, $2)', values: [node.host, node.port] };
}

/** Registers the coordinator, or changes the address it is registered by. */
export function setCoordinatorHost(
  writer: Writer,
  node: NodeAddress,
  options?: StatementOptions,
): Promise<ChangeResult<object>> {
  return writer.change(setCoordinatorHostStatement(node), options);
}

export function addNodeStatement(node: NodeAddress): Statement {
  return { text: 'SELECT citus_add_node($1, $2) AS node_id', values: [node.host, node.port] };
}

/** Registers a node and sends it all metadata; answers its id. A node that is registered already only answers its id. */
export function addNode(
  writer: Writer,
  node: NodeAddress,
  options?: StatementOptions,
): Promise<ChangeResult<{ readonly node_id: number }>> {
  return writer.change(addNodeStatement(node), options);
}

export function setShouldHaveShardsStatement(node: NodeAddress, value: boolean): Statement {
  return {
    text: `SELECT citus_set_node_property($1, $2, 'shouldhaveshards', $3)`,
    values: [node.host, node.port, value],
  };
}

export function setShouldHaveShards(
  writer: Writer,
  node: NodeAddress,
  value: boolean,
  options?: StatementOptions,
): Promise<ChangeResult<object>> {
  return writer.change(setShouldHaveShardsStatement(node, value), options);
}

export function replicateReferenceTablesStatement(transferMode: ShardTransferMode): Statement {
  return { text: 'SELECT replicate_reference_tables($1)', values: [transferMode] };
}

/** Copies each reference table to the nodes that lack it; does nothing where none is missing. */
export function replicateReferenceTables(
  writer: Writer,
  transferMode: ShardTransferMode,
  options?: StatementOptions,
): Promise<ChangeResult<object>> {
  return writer.change(replicateReferenceTablesStatement(transferMode), options);
}
