-- The rebalance as a background job, and its older forms that run in the caller's session.

-- Logical replication finds the row to change by a primary key, a chosen index or the whole row.
CREATE FUNCTION pg_citus_practice.has_replica_identity(relation regclass) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT CASE pg_citus_practice.replica_identity(relation)
    WHEN 'f' THEN true WHEN 'i' THEN true WHEN 'n' THEN false
    ELSE pg_citus_practice.has_primary_key(relation) END
$$;

CREATE FUNCTION pg_citus_practice.require_replica_identity(relations regclass[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  relation regclass;
BEGIN
  FOREACH relation IN ARRAY relations LOOP
    IF NOT pg_citus_practice.is_partition_parent(relation) AND NOT pg_citus_practice.has_replica_identity(relation) THEN
      RAISE EXCEPTION 'cannot use logical replication to transfer shards of the relation % since it doesn''t have a REPLICA IDENTITY or PRIMARY KEY',
          (SELECT quote_ident(relname) FROM pg_class WHERE oid = relation)
        USING ERRCODE = '0A000',
          DETAIL = 'UPDATE and DELETE commands on the shard will error out during logical replication unless there is a REPLICA IDENTITY or PRIMARY KEY.',
          HINT = 'If you wish to continue without a replica identity set the shard_transfer_mode to ''force_logical'' or ''block_writes''.';
    END IF;
  END LOOP;
END $$;

-- Reference tables that some active node does not hold, with the shard to copy.
CREATE FUNCTION pg_citus_practice.missing_reference_copies()
RETURNS TABLE (relid regclass, shardid bigint, source_node int, target_node int)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT t.logicalrelid, s.shardid, (
      SELECT n.nodeid FROM pg_dist_placement p JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary' AND n.isactive
      WHERE p.shardid = s.shardid ORDER BY n.groupid, p.placementid LIMIT 1),
    m.nodeid
  FROM pg_dist_partition t
  JOIN pg_dist_shard s USING (logicalrelid)
  CROSS JOIN pg_dist_node m
  WHERE t.partmethod = 'n' AND t.repmodel = 't' AND m.isactive AND m.noderole = 'primary'
    AND NOT EXISTS (SELECT FROM pg_dist_placement p WHERE p.shardid = s.shardid AND p.groupid = m.groupid)
  ORDER BY m.nodeid, s.shardid
$$;

CREATE FUNCTION pg_citus_practice.running_rebalance() RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT job_id FROM pg_dist_background_job
  WHERE job_type = 'rebalance' AND state NOT IN ('finished', 'cancelled', 'failed') ORDER BY job_id DESC LIMIT 1
$$;

CREATE FUNCTION pg_citus_practice.refuse_second_rebalance() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  job bigint := pg_citus_practice.running_rebalance();
BEGIN
  IF job IS NOT NULL THEN
    RAISE EXCEPTION 'A rebalance is already running as job %', job USING ERRCODE = 'XX000',
      DETAIL = 'A rebalance was already scheduled as background job',
      HINT = 'To monitor progress, run: SELECT * FROM citus_rebalance_status();';
  END IF;
END $$;

CREATE FUNCTION pg_citus_practice.companion_tables(relation regclass) RETURNS regclass[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT array_agg(o.logicalrelid ORDER BY o.ctid) FROM pg_dist_partition p
  JOIN pg_dist_partition o ON o.logicalrelid = p.logicalrelid OR (p.colocationid <> 0 AND o.colocationid = p.colocationid)
  WHERE p.logicalrelid = relation
$$;

CREATE FUNCTION pg_citus_practice.require_table_owner(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  IF NOT pg_has_role(pg_citus_practice.acting_role(), (SELECT relowner FROM pg_class WHERE oid = relation), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of table %', (SELECT relname FROM pg_class WHERE oid = relation) USING ERRCODE = '42501';
  END IF;
END $$;

CREATE FUNCTION pg_catalog.citus_rebalance_start(rebalance_strategy name DEFAULT NULL, drain_only boolean DEFAULT false,
  shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto', parallel_transfer_reference_tables boolean DEFAULT false,
  parallel_transfer_colocated_shards boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  relations regclass[] := ARRAY(SELECT pg_citus_practice.rebalanced_tables());
  s pg_dist_rebalance_strategy := pg_citus_practice.strategy(rebalance_strategy);
  relation regclass;
  steps jsonb;
  step record;
  copies record;
  moves int := 0;
  job bigint;
  task bigint;
  colocation bigint;
  reference_tasks bigint[] := '{}';
  depends bigint[];
  last_of_group jsonb := '{}';
  freed_from jsonb := '{}';
BEGIN
  IF drain_only IS NULL OR shard_transfer_mode IS NULL THEN
    RAISE EXCEPTION '% cannot be NULL', CASE WHEN drain_only IS NULL THEN 'drain_only' ELSE 'shard_transfer_mode' END
      USING ERRCODE = '22004';
  END IF;
  IF relations = '{}' THEN
    RAISE NOTICE 'No tables to rebalance';
    RETURN NULL;
  END IF;
  -- two callers at once must not both find no job
  PERFORM pg_advisory_xact_lock(hashtext('pg_citus_practice.rebalance'));
  PERFORM pg_citus_practice.refuse_second_rebalance();
  FOREACH relation IN ARRAY relations LOOP
    PERFORM pg_citus_practice.require_table_owner(t) FROM unnest(pg_citus_practice.companion_tables(relation)) t;
  END LOOP;

  SELECT coalesce(jsonb_agg(to_jsonb(r) || jsonb_build_object('relid', p.logicalrelid::oid, 'colocationid', p.colocationid) ORDER BY r.step), '[]')
  INTO steps
  FROM pg_citus_practice.rebalance_steps(relations, s, s.default_threshold, 1000000, '{}', drain_only, s.improvement_threshold) r
  JOIN pg_dist_shard sh USING (shardid) JOIN pg_dist_partition p USING (logicalrelid);
  moves := jsonb_array_length(steps);
  IF moves = 0 THEN
    RAISE NOTICE 'No moves available for rebalancing';
    RETURN NULL;
  END IF;
  IF shard_transfer_mode = 'auto' THEN
    FOR relation IN SELECT x.relid::regclass FROM jsonb_to_recordset(steps) AS x (step bigint, relid oid)
      GROUP BY x.relid ORDER BY min(x.step) LOOP
      PERFORM pg_citus_practice.require_replica_identity(pg_citus_practice.companion_tables(relation));
    END LOOP;
  END IF;

  job := pg_citus_practice.create_job('rebalance', 'Rebalance all colocation groups');
  IF EXISTS (SELECT FROM pg_citus_practice.missing_reference_copies()) THEN
    IF shard_transfer_mode = 'auto' THEN
      PERFORM pg_citus_practice.require_replica_identity(ARRAY(
        SELECT DISTINCT m.relid FROM pg_citus_practice.missing_reference_copies() m));
    END IF;
    IF parallel_transfer_reference_tables THEN
      FOR copies IN SELECT * FROM pg_citus_practice.missing_reference_copies() LOOP
        reference_tasks := reference_tasks || pg_citus_practice.create_task(job, current_user,
          format('SELECT pg_catalog.citus_copy_shard_placement(%s,%s,%s,%L)', copies.shardid, copies.source_node,
            copies.target_node, shard_transfer_mode), '{}', ARRAY[copies.source_node, copies.target_node]);
      END LOOP;
    ELSE
      reference_tasks := ARRAY[pg_citus_practice.create_task(job, current_user,
        format('SELECT pg_catalog.replicate_reference_tables(%L)', shard_transfer_mode), '{}', '{}')];
    END IF;
  END IF;

  -- A move waits for the one before it in its colocation group and for every earlier move that makes
  -- room on its target; the first ones wait for the reference tables.
  FOR step IN
    SELECT * FROM jsonb_to_recordset(steps)
      AS x (step bigint, shardid bigint, source_node int, target_node int, relid oid, colocationid int)
    ORDER BY x.step
  LOOP
    depends := '{}';
    colocation := CASE WHEN step.colocationid = 0 THEN -step.relid::bigint ELSE step.colocationid END;
    IF NOT parallel_transfer_colocated_shards AND last_of_group ? colocation::text THEN
      depends := ARRAY[(last_of_group->>colocation::text)::bigint];
    END IF;
    IF freed_from ? step.target_node::text THEN
      depends := depends || ARRAY(SELECT jsonb_array_elements_text(freed_from->step.target_node::text)::bigint);
    END IF;
    depends := ARRAY(SELECT DISTINCT d FROM unnest(depends) d ORDER BY d);
    IF depends = '{}' THEN
      depends := reference_tasks;
    END IF;
    task := pg_citus_practice.create_task(job, pg_citus_practice.acting_role(),
      format('SELECT pg_catalog.citus_move_shard_placement(%s,%s,%s,%L)', step.shardid, step.source_node, step.target_node,
        shard_transfer_mode), depends, ARRAY[step.source_node, step.target_node]);
    last_of_group := last_of_group || jsonb_build_object(colocation::text, task);
    freed_from := freed_from || jsonb_build_object(step.source_node::text,
      coalesce(freed_from->step.source_node::text, '[]') || to_jsonb(task));
  END LOOP;
  RAISE NOTICE 'Scheduled % moves as job %', moves, job USING DETAIL = 'Rebalance scheduled as background job',
    HINT = 'To monitor progress, run: SELECT * FROM citus_rebalance_status();';
  RETURN job;
END $$;

CREATE FUNCTION pg_catalog.citus_rebalance_stop() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  job bigint;
BEGIN
  job := pg_citus_practice.running_rebalance();
  IF job IS NULL THEN
    RAISE EXCEPTION 'no ongoing rebalance that can be stopped' USING ERRCODE = 'XX000';
  END IF;
  PERFORM citus_job_cancel(job);
END $$;

CREATE FUNCTION pg_catalog.citus_rebalance_wait() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  job bigint := pg_citus_practice.running_rebalance();
BEGIN
  IF job IS NULL THEN
    RAISE WARNING 'no ongoing rebalance that can be waited on';
    RETURN;
  END IF;
  PERFORM citus_job_wait(job);
END $$;

CREATE FUNCTION pg_catalog.citus_rebalance_status(raw boolean DEFAULT false)
RETURNS TABLE (job_id bigint, state citus_job_status, job_type name, description text,
  started_at timestamptz, finished_at timestamptz, details jsonb)
LANGUAGE sql STRICT SET search_path = pg_catalog AS $$
  SELECT s.* FROM citus_job_status(
    (SELECT max(j.job_id) FROM pg_dist_background_job j WHERE j.job_type = 'rebalance'), $1) s
$$;

-- Runs the moves in a session of their own, each in a transaction of its own, as Citus does: what was
-- moved stays moved when the caller fails or rolls back.
CREATE FUNCTION pg_citus_practice.run_in_own_session(command text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  line text;
BEGIN
  line := pg_citus_practice.dial('127.0.0.1', current_setting('port')::int);
  BEGIN
    PERFORM pg_citus_practice.remote_exec(line, format('SET application_name = %L', 'citus_rebalancer gpid=' ||
      (citus_coordinator_nodeid()::bigint * 10000000000 + pg_backend_pid())));
    PERFORM pg_citus_practice.remote_exec(line, format('SET shardboard.practice_move_delay_ms = %L',
      pg_citus_practice.setting('shardboard.practice_move_delay_ms', '400')));
    PERFORM * FROM pg_citus_practice.remote_query(line, command) AS r (done text);
    PERFORM pg_citus_practice.hang_up(line);
  EXCEPTION WHEN OTHERS THEN
    PERFORM pg_citus_practice.hang_up(line);
    RAISE;
  END;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.run_in_own_session(text) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.rebalance_now(relations regclass[], s pg_catalog.pg_dist_rebalance_strategy, threshold real,
  max_shard_moves int, excluded bigint[], mode citus.shard_transfer_mode, drain_only boolean, only_node int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  steps jsonb;
  step jsonb;
BEGIN
  IF relations = '{}' THEN
    RETURN;
  END IF;
  PERFORM pg_citus_practice.refuse_second_rebalance();
  SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.step), '[]') INTO steps
  FROM pg_citus_practice.rebalance_steps(relations, s, threshold, max_shard_moves, excluded, drain_only,
    s.improvement_threshold, only_node) r;
  IF mode = 'auto' THEN
    PERFORM pg_citus_practice.require_replica_identity(pg_citus_practice.companion_tables(t.logicalrelid))
    FROM (SELECT sh.logicalrelid FROM jsonb_array_elements(steps) x JOIN pg_dist_shard sh ON sh.shardid = (x->>'shardid')::bigint
          GROUP BY sh.logicalrelid) t;
  END IF;
  IF EXISTS (SELECT FROM pg_citus_practice.missing_reference_copies()) THEN
    PERFORM pg_citus_practice.run_in_own_session(format('SELECT pg_catalog.replicate_reference_tables(%L)::text', mode));
  END IF;
  FOR step IN SELECT * FROM jsonb_array_elements(steps) LOOP
    RAISE NOTICE 'Moving shard % from %:% to %:% ...', step->>'shardid',
      citus_nodename_for_nodeid((step->>'source_node')::int), citus_nodeport_for_nodeid((step->>'source_node')::int),
      citus_nodename_for_nodeid((step->>'target_node')::int), citus_nodeport_for_nodeid((step->>'target_node')::int);
    PERFORM pg_citus_practice.run_in_own_session(format('SELECT pg_catalog.citus_move_shard_placement(%s,%s,%s,%L)::text',
      step->>'shardid', step->>'source_node', step->>'target_node', mode));
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.rebalance_now(regclass[], pg_catalog.pg_dist_rebalance_strategy, real, int, bigint[],
  citus.shard_transfer_mode, boolean, int) FROM PUBLIC;

CREATE FUNCTION pg_catalog.rebalance_table_shards(relation regclass DEFAULT NULL, threshold real DEFAULT NULL,
  max_shard_moves int DEFAULT 1000000, excluded_shard_list bigint[] DEFAULT '{}',
  shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto', drain_only boolean DEFAULT false,
  rebalance_strategy name DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  s pg_dist_rebalance_strategy;
  relations regclass[];
BEGIN
  IF relation IS NOT NULL THEN
    PERFORM pg_citus_practice.require_movable(relation);
    relations := ARRAY[relation];
  ELSE
    relations := ARRAY(SELECT pg_citus_practice.rebalanced_tables());
  END IF;
  PERFORM pg_citus_practice.require_table_owner(t) FROM unnest(relations) r, unnest(pg_citus_practice.companion_tables(r)) t;
  s := pg_citus_practice.strategy(rebalance_strategy);
  PERFORM pg_citus_practice.rebalance_now(relations, s, coalesce(threshold, s.default_threshold), max_shard_moves,
    excluded_shard_list, shard_transfer_mode, drain_only, NULL);
END $$;

CREATE FUNCTION pg_catalog.citus_drain_node(nodename text, nodeport int,
  shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto', rebalance_strategy name DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  s pg_dist_rebalance_strategy := pg_citus_practice.strategy(rebalance_strategy);
  node pg_dist_node := pg_citus_practice.require_node(nodename, nodeport);
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  -- in its own transaction: it stays when the draining fails midway
  PERFORM pg_citus_practice.run_in_own_session(format(
    'SELECT pg_catalog.citus_set_node_property(%L, %s, ''shouldhaveshards'', false)::text', nodename, nodeport));
  PERFORM pg_citus_practice.rebalance_now(ARRAY(SELECT pg_citus_practice.rebalanced_tables()), s, s.default_threshold, 0, '{}',
    shard_transfer_mode, true, node.nodeid);
END $$;
REVOKE ALL ON FUNCTION pg_catalog.citus_drain_node(text, int, citus.shard_transfer_mode, name) FROM PUBLIC;

CREATE FUNCTION pg_catalog.master_drain_node(nodename text, nodeport int,
  shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto', rebalance_strategy name DEFAULT NULL) RETURNS void
LANGUAGE sql AS 'SELECT pg_catalog.citus_drain_node($1, $2, $3, $4)';
REVOKE ALL ON FUNCTION pg_catalog.master_drain_node(text, int, citus.shard_transfer_mode, name) FROM PUBLIC;
