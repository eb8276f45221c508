-- What is left: functions other parts may have made already, refusals for what is not emulated, rights.

DO $do$
DECLARE t text;
BEGIN
  IF to_regprocedure('pg_catalog.citus_schema_move(regnamespace, text, int, citus.shard_transfer_mode)') IS NULL
     AND to_regprocedure('pg_catalog.citus_move_shard_placement(bigint, int, int, citus.shard_transfer_mode)') IS NOT NULL THEN
    CREATE FUNCTION pg_citus_practice.move_schema(schema_id regnamespace, node pg_catalog.pg_dist_node, mode citus.shard_transfer_mode) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    DECLARE s record;
    BEGIN
      PERFORM pg_citus_practice.require_coordinator();
      PERFORM pg_citus_practice.require_schema_owner(schema_id);
      IF NOT EXISTS (SELECT FROM pg_dist_schema WHERE schemaid = schema_id) THEN
        RAISE EXCEPTION 'schema % is not distributed', (SELECT nspname FROM pg_namespace WHERE oid = schema_id) USING ERRCODE = 'XX000';
      END IF;
      SELECT h.shardid, n.nodeid INTO s FROM pg_dist_schema d JOIN pg_dist_partition p USING (colocationid)
      JOIN pg_dist_shard h USING (logicalrelid) JOIN pg_dist_placement l USING (shardid)
      JOIN pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary'
      WHERE d.schemaid = schema_id ORDER BY h.shardid LIMIT 1;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'cannot move distributed schema % because it is empty', (SELECT nspname FROM pg_namespace WHERE oid = schema_id) USING ERRCODE = 'XX000';
      END IF;
      PERFORM pg_catalog.citus_move_shard_placement(s.shardid, s.nodeid, node.nodeid, mode);
    END $$;
    CREATE FUNCTION pg_catalog.citus_schema_move(schema_id regnamespace, target_node_name text, target_node_port int,
      shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
    LANGUAGE sql STRICT AS 'SELECT pg_citus_practice.move_schema($1, pg_citus_practice.require_node($2, $3), $4)';
    CREATE FUNCTION pg_catalog.citus_schema_move(schema_id regnamespace, target_node_id int,
      shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
    LANGUAGE sql STRICT AS 'SELECT pg_citus_practice.move_schema($1, n, $3) FROM pg_catalog.pg_dist_node n WHERE n.nodeid = $2';
  END IF;
END $do$;

DO $do$
DECLARE f record;
BEGIN
  FOR f IN SELECT * FROM (VALUES
    ('citus_add_clone_node', 'replica_hostname text, replica_port integer, primary_hostname text, primary_port integer', 'text, integer, text, integer', 'integer', 'f'),
    ('citus_add_clone_node_with_nodeid', 'replica_hostname text, replica_port integer, primary_nodeid integer', 'text, integer, integer', 'integer', 'f'),
    ('citus_copy_shard_placement', 'shard_id bigint, source_node_id integer, target_node_id integer, transfer_mode citus.shard_transfer_mode DEFAULT ''auto''::citus.shard_transfer_mode', 'bigint, integer, integer, citus.shard_transfer_mode', 'void', 'f'),
    ('citus_copy_shard_placement', 'shard_id bigint, source_node_name text, source_node_port integer, target_node_name text, target_node_port integer, transfer_mode citus.shard_transfer_mode DEFAULT ''auto''::citus.shard_transfer_mode', 'bigint, text, integer, text, integer, citus.shard_transfer_mode', 'void', 'f'),
    ('citus_drain_node', 'nodename text, nodeport integer, shard_transfer_mode citus.shard_transfer_mode DEFAULT ''auto''::citus.shard_transfer_mode, rebalance_strategy name DEFAULT NULL::name', 'text, integer, citus.shard_transfer_mode, name', 'void', 'f'),
    ('citus_finalize_upgrade_to_citus11', 'enforce_version_check boolean DEFAULT true', 'boolean', 'boolean', 'f'),
    ('citus_finish_pg_upgrade', '', '', 'void', 'f'),
    ('citus_move_shard_placement', 'shard_id bigint, source_node_id integer, target_node_id integer, transfer_mode citus.shard_transfer_mode DEFAULT ''auto''::citus.shard_transfer_mode', 'bigint, integer, integer, citus.shard_transfer_mode', 'void', 'f'),
    ('citus_move_shard_placement', 'shard_id bigint, source_node_name text, source_node_port integer, target_node_name text, target_node_port integer, shard_transfer_mode citus.shard_transfer_mode DEFAULT ''auto''::citus.shard_transfer_mode', 'bigint, text, integer, text, integer, citus.shard_transfer_mode', 'void', 'f'),
    ('citus_pause_node_within_txn', 'node_id integer, force boolean DEFAULT false, lock_cooldown integer DEFAULT 10000', 'integer, boolean, integer', 'void', 'f'),
    ('citus_prepare_pg_upgrade', '', '', 'void', 'f'),
    ('citus_promote_clone_and_rebalance', 'clone_nodeid integer, rebalance_strategy name DEFAULT NULL::name, catchup_timeout_seconds integer DEFAULT 300', 'integer, name, integer', 'void', 'f'),
    ('citus_rebalance_start', 'rebalance_strategy name DEFAULT NULL::name, drain_only boolean DEFAULT false, shard_transfer_mode citus.shard_transfer_mode DEFAULT ''auto''::citus.shard_transfer_mode, parallel_transfer_reference_tables boolean DEFAULT false, parallel_transfer_colocated_shards boolean DEFAULT false', 'name, boolean, citus.shard_transfer_mode, boolean, boolean', 'bigint', 'f'),
    ('citus_rebalance_status', 'raw boolean DEFAULT false', 'boolean', 'TABLE(job_id bigint, state citus_job_status, job_type name, description text, started_at timestamp with time zone, finished_at timestamp with time zone, details jsonb)', 'f'),
    ('citus_rebalance_stop', '', '', 'void', 'f'),
    ('citus_rebalance_wait', '', '', 'void', 'f'),
    ('citus_remove_clone_node', 'nodename text, nodeport integer', 'text, integer', 'void', 'f'),
    ('citus_remove_clone_node_with_nodeid', 'nodeid integer', 'integer', 'void', 'f'),
    ('create_distributed_function', 'function_name regprocedure, distribution_arg_name text DEFAULT NULL::text, colocate_with text DEFAULT ''default''::text, force_delegation boolean DEFAULT NULL::boolean', 'regprocedure, text, text, boolean', 'void', 'f'),
    ('get_rebalance_progress', '', '', 'TABLE(sessionid integer, table_name regclass, shardid bigint, shard_size bigint, sourcename text, sourceport integer, targetname text, targetport integer, progress bigint, source_shard_size bigint, target_shard_size bigint, operation_type text, source_lsn pg_lsn, target_lsn pg_lsn, status text)', 'f'),
    ('get_snapshot_based_node_split_plan', 'primary_node_name text, primary_node_port integer, replica_node_name text, replica_node_port integer, rebalance_strategy name DEFAULT NULL::name', 'text, integer, text, integer, name', 'TABLE(table_name regclass, shardid bigint, shard_size bigint, placement_node text)', 'f'),
    ('replicate_table_shards', 'relation regclass, shard_replication_factor integer DEFAULT (current_setting(''citus.shard_replication_factor''::text))::integer, max_shard_copies integer DEFAULT 1000000, excluded_shard_list bigint[] DEFAULT ''{}''::bigint[], shard_transfer_mode citus.shard_transfer_mode DEFAULT ''auto''::citus.shard_transfer_mode', 'regclass, integer, integer, bigint[], citus.shard_transfer_mode', 'void', 'f'),
    ('stop_metadata_sync_to_node', 'nodename text, nodeport integer, clear_metadata boolean DEFAULT true', 'text, integer, boolean', 'void', 'f')
  ) AS v (name, arguments, types, result, kind) LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = f.name AND n.nspname = 'pg_catalog'
                          AND (SELECT coalesce(string_agg(format_type(t, NULL), ', ' ORDER BY o), '') FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u (t, o)) = f.types);
    IF f.kind = 'p' THEN
      EXECUTE format($f$CREATE PROCEDURE pg_catalog.%I(%s) LANGUAGE plpgsql AS $b$BEGIN PERFORM pg_citus_practice.refuse(%L); END$b$ $f$, f.name, f.arguments, f.name || '()');
    ELSE
      EXECUTE format($f$CREATE FUNCTION pg_catalog.%I(%s) RETURNS %s LANGUAGE plpgsql AS $b$BEGIN PERFORM pg_citus_practice.refuse(%L); END$b$ $f$,
        f.name, f.arguments, f.result, f.name || '()');
    END IF;
  END LOOP;
END $do$;

-- Functions a plain role may not call, as in Citus.
DO $do$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname IN (
    'check_distributed_deadlocks', 'citus_activate_node', 'citus_add_clone_node', 'citus_add_clone_node_with_nodeid',
    'citus_add_inactive_node', 'citus_add_node', 'citus_add_secondary_node', 'citus_blocking_pids',
    'citus_disable_node', 'citus_drain_node', 'citus_finalize_upgrade_to_citus11', 'citus_internal_adjust_local_clock_to_remote',
    'citus_isolation_test_session_is_blocked', 'citus_pause_node_within_txn', 'citus_promote_clone_and_rebalance', 'citus_remote_connection_stats',
    'citus_remove_clone_node', 'citus_remove_clone_node_with_nodeid', 'citus_remove_node', 'citus_set_coordinator_host',
    'citus_set_node_property', 'citus_stat_counters_reset', 'citus_stat_statements_reset', 'citus_stat_tenants',
    'citus_stat_tenants_local', 'citus_stat_tenants_local_internal', 'citus_update_node', 'get_snapshot_based_node_split_plan',
    'master_activate_node', 'master_add_inactive_node', 'master_add_node', 'master_add_secondary_node',
    'master_disable_node', 'master_drain_node', 'master_remove_node', 'master_set_node_property',
    'master_update_node', 'recover_prepared_transactions', 'replicate_reference_tables', 'start_metadata_sync_to_all_nodes',
    'start_metadata_sync_to_node', 'stop_metadata_sync_to_node', 'worker_split_shard_release_dsm', 'worker_split_shard_replication_setup'
  ) LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $do$;
