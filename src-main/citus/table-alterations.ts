/** Changes of tables that are distributed already, and their way back. Names travel as values, as quoted names. */
import { identifier, qualified } from '../connections/database';
import type { SqlValue, Statement } from '../connections/database';
import type { TableChangeAction } from '../contract/table-changes';
import { withIdentitiesAside } from './identity-columns';

type Of<T extends TableChangeAction['type']> = Extract<TableChangeAction, { type: T }>;

export function undistributeStatement(action: Of<'undistribute-table'>): Statement {
  const cascade = action.cascade ? ', cascade_via_foreign_keys => true' : '';
  return withIdentitiesAside(
    { text: `SELECT undistribute_table($1${cascade})`, values: [qualified(action)] },
    action.identities,
    'identity',
  );
}

export function alterTableStatement(action: Of<'alter-table'>): Statement {
  const values: SqlValue[] = [qualified(action)];
  const given = (name: string, value: SqlValue | null): string => {
    if (value === null) return '';
    values.push(value);
    return `, ${name} => $${values.length}`;
  };
  const rest =
    given('distribution_column', action.column)
    + given('shard_count', action.shardCount)
    + given('colocate_with', action.colocateWith && qualified(action.colocateWith))
    + given('cascade_to_colocated', action.cascade);
  const statement = { text: `SELECT alter_distributed_table($1${rest})`, values };
  return withIdentitiesAside(statement, action.identities, 'sequence');
}

export function updateColocationStatement(action: Of<'update-colocation'>): Statement {
  return {
    text: 'SELECT update_distributed_table_colocation($1, colocate_with => $2)',
    values: [qualified(action), action.colocateWith === 'none' ? 'none' : qualified(action.colocateWith)],
  };
}

export function accessMethodStatement(action: Of<'set-access-method'>): Statement {
  return {
    text: 'SELECT alter_table_set_access_method($1, $2)',
    values: [qualified(action), action.accessMethod],
  };
}

/** A schema's name is read by the server as an identifier, so it is sent quoted. */
export function distributeSchemaStatement(action: Of<'distribute-schema'>): Statement {
  return { text: 'SELECT citus_schema_distribute($1)', values: [identifier(action.schema)] };
}

export function undistributeSchemaStatement(action: Of<'undistribute-schema'>): Statement {
  return withIdentitiesAside(
    { text: 'SELECT citus_schema_undistribute($1)', values: [identifier(action.schema)] },
    action.identities,
    'identity',
  );
}

export function moveSchemaStatement(action: Of<'move-schema'>): Statement {
  return {
    text: 'SELECT citus_schema_move($1, $2::int, shard_transfer_mode => $3)',
    values: [identifier(action.schema), action.nodeId, action.transferMode],
  };
}

/** `columnType` is format_type's own text; the server hashes the value as one of that type. */
export function isolateTenantStatement(action: Of<'isolate-tenant'>): Statement {
  return {
    text: `SELECT isolate_tenant_to_new_shard($1, $2::${action.columnType}, $3, shard_transfer_mode => $4)`,
    values: [qualified(action), action.value, action.cascade ? 'CASCADE' : '', action.transferMode],
  };
}

/** The shard is looked up when the step runs: the isolation before it gave it a new number. */
export function moveTenantStatement(action: Of<'move-tenant'>): Statement {
  return {
    text: `SELECT citus_move_shard_placement(t.shardid, n.nodeid, $3::int, $4)
  FROM get_shard_id_for_distribution_column($1, $2::text) t (shardid)
  JOIN pg_dist_placement p ON p.shardid = t.shardid
  JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'`,
    values: [qualified(action), action.value, action.nodeId, action.transferMode],
  };
}

export function splitShardStatement(action: Of<'split-shard'>): Statement {
  return {
    text: 'SELECT citus_split_shard_by_split_points($1::bigint, $2::text[], $3::int[], $4)',
    values: [
      action.shardId,
      `{${action.points.join(',')}}`,
      `{${action.nodeIds.join(',')}}`,
      action.transferMode,
    ],
  };
}

export function createPartitionsStatement(action: Of<'create-partitions'>): Statement {
  return {
    text: 'SELECT create_time_partitions($1, $2::interval, $3::timestamptz, start_from => $4::timestamptz)',
    values: [qualified(action), action.interval, action.to, action.from],
  };
}

export function dropPartitionsStatement(action: Of<'drop-partitions'>): Statement {
  return {
    text: 'CALL drop_old_time_partitions($1, $2::timestamptz)',
    values: [qualified(action), action.olderThan],
  };
}
