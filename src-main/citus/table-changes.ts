/** Changes of tables. Names travel as values and are parsed by the server as quoted, qualified names. */
import { qualified } from '../connections/database';
import type { ChangeResult, SqlValue, Statement, StatementOptions, Writer } from '../connections/database';
import type { TableName } from '../contract/cluster';
import type { RequestOf } from '../contract/operations';

export type DistributeAs = RequestOf<'distribute-table'>['as'];

/**
 * `regclass` arguments take quoted names as text, so no name becomes part of a statement's text.
 *
 * `oneByOne` holds for the one transaction of the statement. A shard's name that fills 63 bytes leaves no room in the name
 * of its array type, so shards made at the same moment wait for one another until Citus finds a deadlock (seen on 13.2.2).
 */
export function distributeTableStatement(table: TableName, as: DistributeAs, oneByOne: boolean): Statement {
  const name = qualified(table);
  switch (as.type) {
    case 'reference':
      return { text: 'SELECT create_reference_table($1)', values: [name] };
    case 'local':
      return { text: 'SELECT citus_add_local_table_to_metadata($1)', values: [name] };
    case 'append':
      return { text: `SELECT create_distributed_table($1, $2, 'append')`, values: [name, as.column] };
    case 'hash': {
      const values: SqlValue[] = [name, as.column];
      let rest = '';
      if (as.colocateWith !== 'default') {
        values.push(as.colocateWith === 'none' ? 'none' : qualified(as.colocateWith));
        rest += `, colocate_with => $${values.length}`;
      }
      if (as.shardCount !== null) {
        values.push(as.shardCount);
        rest += `, shard_count => $${values.length}`;
      }
      const call = as.concurrently ? 'create_distributed_table_concurrently' : 'create_distributed_table';
      const setting = oneByOne ? ` FROM set_config('citus.multi_shard_modify_mode', 'sequential', true)` : '';
      return { text: `SELECT ${call}($1, $2${rest})${setting}`, values };
    }
  }
}

/** Blocks writes to the table until its rows are copied to the shards, in one transaction, unless `concurrently` is asked for. */
export function distributeTable(
  writer: Writer,
  table: TableName,
  as: DistributeAs,
  oneByOne: boolean,
  options?: StatementOptions,
): Promise<ChangeResult<object>> {
  return writer.change(distributeTableStatement(table, as, oneByOne), options);
}

export function truncateLocalDataStatement(table: TableName): Statement {
  return { text: 'SELECT truncate_local_data_after_distributing_table($1)', values: [qualified(table)] };
}

/** Empties the coordinator's own file of a distributed table: rows that no query can see any more. */
export function truncateLocalData(
  writer: Writer,
  table: TableName,
  options?: StatementOptions,
): Promise<ChangeResult<object>> {
  return writer.change(truncateLocalDataStatement(table), options);
}
