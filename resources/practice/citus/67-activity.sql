-- Who is doing what on which node, who waits for whom, and what a lost transaction left behind.

-- The global id of a backend: the node's number in front of the process id.
CREATE FUNCTION pg_catalog.citus_calculate_gpid(nodeid int, pid int) RETURNS bigint
LANGUAGE sql STRICT AS 'SELECT $1::bigint * 10000000000 + $2';
CREATE FUNCTION pg_catalog.citus_nodeid_for_gpid(global_pid bigint) RETURNS int
LANGUAGE sql STABLE STRICT AS 'SELECT ($1 / 10000000000)::int';
CREATE FUNCTION pg_catalog.citus_pid_for_gpid(global_pid bigint) RETURNS int
LANGUAGE sql STABLE STRICT AS 'SELECT ($1 % 10000000000)::int';
CREATE FUNCTION pg_citus_practice.own_nodeid() RETURNS int
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT coalesce((SELECT nodeid FROM pg_dist_node WHERE groupid = pg_citus_practice.local_group() AND noderole = 'primary'), 99999999)
$$;

-- A session another node opened names its origin; every other one is its own.
CREATE FUNCTION pg_citus_practice.gpid_of(application text, pid int) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT coalesce(
    (SELECT nodeid FROM pg_dist_node WHERE noderole = 'primary'
       AND groupid = substring(application FROM '^citus_internal group=(\d+) pid=\d+$')::int)::bigint * 10000000000
      + substring(application FROM '^citus_internal group=\d+ pid=(\d+)$')::bigint,
    pg_citus_practice.own_nodeid()::bigint * 10000000000 + pid)
$$;
CREATE FUNCTION pg_catalog.citus_backend_gpid() RETURNS bigint
LANGUAGE sql STRICT SET search_path = pg_catalog AS $$SELECT pg_citus_practice.gpid_of(current_setting('application_name'), pg_backend_pid())$$;

CREATE VIEW pg_citus_practice.local_activity AS
  SELECT pg_citus_practice.gpid_of(a.application_name, a.pid) AS global_pid, pg_citus_practice.own_nodeid() AS nodeid,
         a.application_name LIKE 'citus\_internal %' OR a.application_name = 'citus_run_command' AS is_worker_query,
         a.datid, a.datname, a.pid, a.leader_pid, a.usesysid, a.usename, a.application_name, a.client_addr, a.client_hostname,
         a.client_port, a.backend_start, a.xact_start, a.query_start, a.state_change, a.wait_event_type, a.wait_event, a.state,
         a.backend_xid, a.backend_xmin, a.query_id, a.query, a.backend_type
  FROM pg_catalog.pg_stat_activity a;

CREATE VIEW pg_citus_practice.local_locks AS
  SELECT pg_citus_practice.gpid_of(a.application_name, l.pid) AS global_pid, pg_citus_practice.own_nodeid() AS nodeid,
         l.locktype, l.database, l.relation, c.relname::text AS relation_name, l.page, l.tuple, l.virtualxid, l.transactionid,
         l.classid, l.objid, l.objsubid, l.virtualtransaction, l.pid, l.mode, l.granted, l.fastpath, l.waitstart
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
  LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation;

CREATE VIEW pg_citus_practice.local_lock_waits AS
  SELECT pg_citus_practice.gpid_of(w.application_name, w.pid) AS waiting_gpid, pg_citus_practice.gpid_of(b.application_name, b.pid) AS blocking_gpid
  FROM pg_catalog.pg_stat_activity w
  CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(w.pid)) AS by (pid)
  JOIN pg_catalog.pg_stat_activity b ON b.pid = by.pid
  WHERE w.wait_event_type = 'Lock';

-- Reads one view of every node over a session of its own, as Citus does: the answer is of this moment,
-- also inside a transaction. What does not answer is warned about.
CREATE FUNCTION pg_citus_practice.from_all_nodes(query text) RETURNS SETOF jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE n pg_dist_node; line text; found_rows jsonb; asked text := format('SELECT coalesce(jsonb_agg(to_jsonb(q)), ''[]'') FROM (%s) q', query);
BEGIN
  IF NOT EXISTS (SELECT FROM pg_dist_node) THEN
    EXECUTE asked INTO found_rows;
    RETURN QUERY SELECT * FROM jsonb_array_elements(found_rows);
    RETURN;
  END IF;
  FOR n IN SELECT * FROM pg_dist_node WHERE noderole = 'primary' AND isactive ORDER BY nodeid LOOP
    BEGIN
      IF n.groupid = pg_citus_practice.local_group() THEN
        EXECUTE asked INTO found_rows;
      ELSE
        line := pg_citus_practice.dial(n.nodename, n.nodeport);
        SELECT r INTO found_rows FROM pg_citus_practice.remote_query(line, asked) AS t (r jsonb);
        PERFORM pg_citus_practice.hang_up(line);
      END IF;
      RETURN QUERY SELECT * FROM jsonb_array_elements(found_rows);
    EXCEPTION WHEN connection_failure THEN
      RAISE WARNING '%', SQLERRM USING ERRCODE = '08006';
    END;
  END LOOP;
END $$;
-- What travels is fixed below; nobody but the emulator may name the query.
REVOKE ALL ON FUNCTION pg_citus_practice.from_all_nodes(text) FROM PUBLIC;

DO $$
DECLARE
  activity text := 'OUT global_pid bigint, OUT nodeid int, OUT is_worker_query boolean, OUT datid oid, OUT datname name, OUT pid int,
    OUT leader_pid int, OUT usesysid oid, OUT usename name, OUT application_name text, OUT client_addr inet, OUT client_hostname text,
    OUT client_port int, OUT backend_start timestamptz, OUT xact_start timestamptz, OUT query_start timestamptz, OUT state_change timestamptz,
    OUT wait_event_type text, OUT wait_event text, OUT state text, OUT backend_xid xid, OUT backend_xmin xid, OUT query_id bigint,
    OUT query text, OUT backend_type text';
  locks text := 'OUT global_pid bigint, OUT nodeid int, OUT locktype text, OUT database oid, OUT relation oid, OUT relation_name text, OUT page int,
    OUT tuple smallint, OUT virtualxid text, OUT transactionid xid, OUT classid oid, OUT objid oid, OUT objsubid smallint,
    OUT virtualtransaction text, OUT pid int, OUT mode text, OUT granted boolean, OUT fastpath boolean, OUT waitstart timestamptz';
  as_columns text;
BEGIN
  as_columns := regexp_replace(activity, '\mOUT\M', '', 'g');
  EXECUTE format($f$CREATE FUNCTION pg_catalog.citus_stat_activity(%s) RETURNS SETOF record LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
    AS $body$SELECT r.* FROM pg_citus_practice.from_all_nodes('SELECT * FROM pg_citus_practice.local_activity') j,
             jsonb_to_record(j) AS r (%s)$body$ $f$, activity, as_columns);
  as_columns := regexp_replace(locks, '\mOUT\M', '', 'g');
  EXECUTE format($f$CREATE FUNCTION pg_catalog.citus_locks(%s) RETURNS SETOF record LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
    AS $body$SELECT r.* FROM pg_citus_practice.from_all_nodes('SELECT * FROM pg_citus_practice.local_locks') j,
             jsonb_to_record(j) AS r (%s)$body$ $f$, locks, as_columns);
END $$;
CREATE VIEW pg_catalog.citus_stat_activity AS SELECT * FROM pg_catalog.citus_stat_activity();
CREATE VIEW pg_catalog.citus_dist_stat_activity AS SELECT * FROM pg_catalog.citus_stat_activity WHERE is_worker_query = false;
CREATE VIEW pg_catalog.citus_locks AS SELECT * FROM pg_catalog.citus_locks();

CREATE FUNCTION pg_citus_practice.lock_waits() RETURNS TABLE (waiting_gpid bigint, blocking_gpid bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT DISTINCT (j->>'waiting_gpid')::bigint, (j->>'blocking_gpid')::bigint
  FROM pg_citus_practice.from_all_nodes('SELECT * FROM pg_citus_practice.local_lock_waits') j
  WHERE j->>'waiting_gpid' <> j->>'blocking_gpid'
$$;
CREATE VIEW pg_catalog.citus_lock_waits AS
  WITH activity AS MATERIALIZED (SELECT * FROM pg_catalog.citus_dist_stat_activity)
  SELECT l.waiting_gpid, l.blocking_gpid, w.query AS blocked_statement, b.query AS current_statement_in_blocking_process,
         pg_catalog.citus_nodeid_for_gpid(l.waiting_gpid) AS waiting_nodeid, pg_catalog.citus_nodeid_for_gpid(l.blocking_gpid) AS blocking_nodeid
  FROM pg_citus_practice.lock_waits() l
  JOIN activity w ON w.global_pid = l.waiting_gpid JOIN activity b ON b.global_pid = l.blocking_gpid;
GRANT SELECT ON pg_catalog.citus_stat_activity, pg_catalog.citus_dist_stat_activity, pg_catalog.citus_locks, pg_catalog.citus_lock_waits TO PUBLIC;

-- A signal to a backend of any node. Ids that fit a process id stay with PostgreSQL's own functions.
CREATE FUNCTION pg_citus_practice.signal(global_pid bigint, command text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE node pg_dist_node; r record; id int := global_pid / 10000000000;
BEGIN
  SELECT * INTO node FROM pg_dist_node WHERE nodeid = id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no matching nodes found for global process id %', global_pid USING ERRCODE = 'XX000';
  END IF;
  SELECT * INTO r FROM pg_citus_practice.run_tasks(jsonb_build_array(jsonb_build_object('host', node.nodename, 'port', node.nodeport,
    'command', format(command, global_pid % 10000000000))), true);
  IF NOT r.success THEN RAISE WARNING '%', r.result; END IF;
  RETURN r.success AND r.result = 't';
END $$;
CREATE FUNCTION pg_catalog.pg_cancel_backend(global_pid bigint) RETURNS boolean
LANGUAGE sql AS $$SELECT pg_citus_practice.signal($1, 'SELECT pg_catalog.pg_cancel_backend(%s::int)')$$;
CREATE FUNCTION pg_catalog.pg_terminate_backend(global_pid bigint, timeout bigint DEFAULT 0) RETURNS boolean
LANGUAGE sql AS $$SELECT pg_citus_practice.signal($1, 'SELECT pg_catalog.pg_terminate_backend(%s::int, ' || $2 || ')')$$;

-- Prepared transactions of the coordinator that nobody will finish: committed where pg_dist_transaction
-- remembers them, rolled back elsewhere.
CREATE FUNCTION pg_catalog.recover_prepared_transactions() RETURNS int
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE n pg_dist_node; line text; g text; total int := 0;
BEGIN
  FOR n IN SELECT * FROM pg_dist_node WHERE noderole = 'primary' AND isactive ORDER BY nodeid LOOP
    BEGIN
      line := pg_citus_practice.dial(n.nodename, n.nodeport);
    EXCEPTION WHEN connection_failure THEN
      RAISE WARNING '%', SQLERRM USING ERRCODE = '08006';
      CONTINUE;
    END;
    FOR g IN SELECT t.gid FROM pg_citus_practice.remote_query(line, format(
        'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND gid ~ ''^citus_%s_\d+_\d+_\d+$''',
        pg_citus_practice.local_group())) AS t (gid text) LOOP
      PERFORM pg_citus_practice.remote_exec(line, format('%s PREPARED %L',
        CASE WHEN EXISTS (SELECT FROM pg_dist_transaction t WHERE t.groupid = n.groupid AND t.gid = g) THEN 'COMMIT' ELSE 'ROLLBACK' END, g));
      DELETE FROM pg_dist_transaction t WHERE t.groupid = n.groupid AND t.gid = g;
      total := total + 1;
    END LOOP;
    PERFORM pg_citus_practice.hang_up(line);
  END LOOP;
  RETURN total;
END $$;

CREATE FUNCTION pg_catalog.citus_create_restore_point(text) RETURNS pg_lsn
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE r record;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = pg_citus_practice.calling_role()) THEN
    RAISE EXCEPTION 'must be superuser to create a restore point' USING ERRCODE = '42501';
  END IF;
  IF length($1) >= 64 THEN
    RAISE EXCEPTION 'value too long for restore point (maximum 63 characters)' USING ERRCODE = '22023';
  END IF;
  LOCK TABLE pg_dist_node, pg_dist_partition, pg_dist_transaction IN EXCLUSIVE MODE;
  FOR r IN SELECT n.nodename, n.nodeport, t.reached, t.success, t.result
           FROM (SELECT o.*, row_number() OVER (ORDER BY o.nodeid) AS place FROM pg_dist_node o
                 WHERE o.noderole = 'primary' AND o.isactive AND o.groupid <> 0) n
           JOIN pg_citus_practice.run_tasks((SELECT coalesce(jsonb_agg(jsonb_build_object('host', o.nodename, 'port', o.nodeport,
             'command', format('SELECT pg_catalog.pg_create_restore_point(%L)', $1)) ORDER BY o.nodeid), '[]') FROM pg_dist_node o
                 WHERE o.noderole = 'primary' AND o.isactive AND o.groupid <> 0), true) t USING (place) LOOP
    IF NOT r.reached THEN
      PERFORM pg_citus_practice.raise_unreachable(r.nodename, r.nodeport, r.result);
    ELSIF NOT r.success THEN
      RAISE EXCEPTION '%', r.result USING ERRCODE = 'XX000';
    END IF;
  END LOOP;
  RETURN pg_create_restore_point($1);
END $$;

CREATE FUNCTION pg_catalog.check_distributed_deadlocks() RETURNS boolean
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE victim bigint;
BEGIN
  -- whoever waits, through others, for himself; the youngest gives way
  WITH RECURSIVE edge AS MATERIALIZED (SELECT * FROM pg_citus_practice.lock_waits()),
  path AS (
    SELECT waiting_gpid AS start, blocking_gpid AS at, ARRAY[waiting_gpid] AS seen FROM edge
    UNION ALL
    SELECT p.start, e.blocking_gpid, p.seen || e.waiting_gpid FROM path p JOIN edge e ON e.waiting_gpid = p.at
    WHERE p.at <> ALL (p.seen) AND cardinality(p.seen) < 20)
  SELECT a.global_pid INTO victim FROM path p JOIN citus_dist_stat_activity a ON a.global_pid = p.start
  WHERE p.at = p.start ORDER BY a.xact_start DESC NULLS LAST LIMIT 1;
  IF victim IS NULL THEN RETURN false; END IF;
  RETURN pg_catalog.pg_cancel_backend(victim);
END $$;

CREATE FUNCTION pg_catalog.citus_local_disk_space_stats(OUT available_disk_size bigint, OUT total_disk_size bigint) RETURNS record
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE line text;
BEGIN
  -- SQL cannot ask the file system; df can be asked, and where there is none nothing is known
  CREATE TEMPORARY TABLE citus_practice_df (line text) ON COMMIT DROP;
  COPY pg_temp.citus_practice_df FROM PROGRAM 'df -P -k . | tail -1';
  SELECT d.line INTO line FROM pg_temp.citus_practice_df d LIMIT 1;
  DROP TABLE pg_temp.citus_practice_df;
  total_disk_size := (regexp_match(line, '(\d+)\s+\d+\s+\d+\s+\d+%'))[1]::bigint * 1024;
  available_disk_size := (regexp_match(line, '\d+\s+\d+\s+(\d+)\s+\d+%'))[1]::bigint * 1024;
END $$;

CREATE FUNCTION pg_catalog.citus_server_id() RETURNS uuid
LANGUAGE sql STRICT SET search_path = pg_catalog AS $$
  -- made from what is this server's own, since nothing may be kept from before the data directory was copied
  SELECT md5(current_setting('port') || current_setting('data_directory') || pg_postmaster_start_time()::text)::uuid
$$;

-- ---------------------------------------------------------------------------------------------------
-- Statistics the emulator does not gather: the views are there, and empty

CREATE FUNCTION pg_catalog.citus_stat_counters(database_id oid DEFAULT 0, OUT database_id oid, OUT connection_establishment_succeeded bigint,
  OUT connection_establishment_failed bigint, OUT connection_reused bigint, OUT query_execution_single_shard bigint,
  OUT query_execution_multi_shard bigint, OUT stats_reset timestamptz) RETURNS SETOF record
LANGUAGE sql STRICT SET search_path = pg_catalog AS $$
  SELECT d.oid, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, NULL::timestamptz FROM pg_database d
  WHERE $1 = 0 OR d.oid = $1
$$;
CREATE VIEW pg_catalog.citus_stat_counters AS
  SELECT d.oid, d.datname AS name, c.connection_establishment_succeeded, c.connection_establishment_failed, c.connection_reused,
         c.query_execution_single_shard, c.query_execution_multi_shard, c.stats_reset
  FROM pg_catalog.pg_database d JOIN pg_catalog.citus_stat_counters() c ON c.database_id = d.oid;
CREATE FUNCTION pg_catalog.citus_stat_counters_reset(database_oid oid DEFAULT 0) RETURNS void LANGUAGE sql STRICT AS 'SELECT';

CREATE VIEW pg_catalog.citus_stat_statements AS
  SELECT NULL::bigint AS queryid, NULL::oid AS userid, NULL::oid AS dbid, NULL::text AS query, NULL::text AS executor,
         NULL::text AS partition_key, NULL::bigint AS calls WHERE false;
CREATE FUNCTION pg_catalog.citus_stat_statements_reset() RETURNS void LANGUAGE sql STRICT AS 'SELECT';
CREATE VIEW pg_catalog.citus_stat_tenants_local AS
  SELECT NULL::int AS colocation_id, NULL::text AS tenant_attribute, NULL::int AS read_count_in_this_period, NULL::int AS read_count_in_last_period,
         NULL::int AS query_count_in_this_period, NULL::int AS query_count_in_last_period, NULL::float8 AS cpu_usage_in_this_period,
         NULL::float8 AS cpu_usage_in_last_period WHERE false;
CREATE VIEW pg_catalog.citus_stat_tenants AS SELECT NULL::int AS nodeid, t.* FROM pg_catalog.citus_stat_tenants_local t;
CREATE FUNCTION pg_catalog.citus_stat_tenants_reset() RETURNS void LANGUAGE sql AS 'SELECT';
REVOKE ALL ON pg_catalog.citus_stat_tenants, pg_catalog.citus_stat_tenants_local FROM PUBLIC;
GRANT SELECT ON pg_catalog.citus_stat_tenants, pg_catalog.citus_stat_tenants_local TO pg_monitor;
CREATE VIEW pg_catalog.citus_stats AS
  SELECT NULL::name AS schemaname, NULL::name AS tablename, NULL::name AS attname, NULL::real AS null_frac, NULL::text[] AS most_common_vals,
         NULL::real[] AS most_common_freqs WHERE false;
GRANT SELECT ON pg_catalog.citus_stat_counters, pg_catalog.citus_stat_statements, pg_catalog.citus_stats TO PUBLIC;

CREATE FUNCTION pg_catalog.citus_remote_connection_stats(OUT hostname text, OUT port int, OUT database_name text, OUT connection_count_to_node int)
RETURNS SETOF record LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT n.nodename, n.nodeport, current_database()::text,
         (SELECT count(*)::int FROM pg_citus_practice.from_all_nodes(
            'SELECT nodeid FROM pg_citus_practice.local_activity WHERE is_worker_query') j WHERE (j->>'nodeid')::int = n.nodeid)
  FROM pg_dist_node n WHERE n.noderole = 'primary' AND n.isactive
$$;

-- ---------------------------------------------------------------------------------------------------
-- Shards as tables of this node, and partitions by time

CREATE FUNCTION pg_catalog.citus_shards_on_worker(OUT schema_name name, OUT shard_name name, OUT table_type text, OUT owner_name name)
RETURNS SETOF record LANGUAGE sql SET search_path = pg_catalog AS $$
  SELECT n.nspname, c.relname, CASE c.relkind WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN 'foreign table' ELSE 'table' END, pg_get_userbyid(c.relowner)
  FROM pg_citus_practice.local_shards() s JOIN pg_class c ON c.oid = s.reloid JOIN pg_namespace n ON n.oid = c.relnamespace
$$;
CREATE VIEW pg_catalog.citus_shards_on_worker AS
  SELECT schema_name AS "Schema", shard_name AS "Name", table_type AS "Type", owner_name AS "Owner" FROM pg_catalog.citus_shards_on_worker();
CREATE FUNCTION pg_catalog.citus_shard_indexes_on_worker(OUT schema_name name, OUT index_name name, OUT table_type text, OUT owner_name name, OUT shard_name name)
RETURNS SETOF record LANGUAGE sql SET search_path = pg_catalog AS $$
  SELECT n.nspname, i.relname, CASE i.relkind WHEN 'I' THEN 'partitioned index' ELSE 'index' END, pg_get_userbyid(i.relowner), c.relname
  FROM pg_citus_practice.local_shards() s JOIN pg_class c ON c.oid = s.reloid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_index x ON x.indrelid = c.oid JOIN pg_class i ON i.oid = x.indexrelid
$$;
CREATE VIEW pg_catalog.citus_shard_indexes_on_worker AS
  SELECT schema_name AS "Schema", index_name AS "Name", table_type AS "Type", owner_name AS "Owner", shard_name AS "Table"
  FROM pg_catalog.citus_shard_indexes_on_worker();
GRANT SELECT ON pg_catalog.citus_shards_on_worker, pg_catalog.citus_shard_indexes_on_worker TO PUBLIC;

CREATE FUNCTION pg_catalog.role_exists(name) RETURNS boolean
LANGUAGE sql STRICT AS 'SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)';

-- ---------------------------------------------------------------------------------------------------
-- Upgrades: the emulator has one version, so there is nothing left to do afterwards

CREATE PROCEDURE pg_catalog.citus_finish_citus_upgrade() LANGUAGE plpgsql AS $$
BEGIN
  RAISE NOTICE 'already at the latest distributed schema version (%)',
    (SELECT metadata->>'last_upgrade_version' FROM pg_catalog.pg_dist_node_metadata LIMIT 1);
END $$;
