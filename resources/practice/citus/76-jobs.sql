-- Background jobs: their states, and the verbs of the process that runs them in the place of Citus's
-- maintenance daemon (claim, finish, recover). The catalogs are Citus's own; nothing else is kept.

-- Who called, also inside a function that runs with its owner's rights.
CREATE FUNCTION pg_citus_practice.acting_role() RETURNS name
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN current_setting('role') = 'none' THEN session_user ELSE current_setting('role')::name END
$$;

CREATE FUNCTION pg_citus_practice.create_job(job_type name, description text) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog AS
'INSERT INTO pg_dist_background_job (job_type, description) VALUES ($1, $2) RETURNING job_id';

-- A task nobody touched carries what Citus leaves there: pid 0, no retries, a date long ago.
CREATE FUNCTION pg_citus_practice.create_task(
  job bigint, task_owner name, command text, depends_on bigint[], nodes int[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  task bigint;
BEGIN
  INSERT INTO pg_dist_background_task (job_id, owner, pid, status, command, retry_count, not_before, message, nodes_involved)
  VALUES (job, quote_ident(task_owner)::regrole, 0,
    CASE WHEN coalesce(cardinality(depends_on), 0) > 0 THEN 'blocked' ELSE 'runnable' END::citus_task_status,
    command, 0, '2000-01-01 00:00:00+00', '', nullif(nodes, '{}'))
  RETURNING task_id INTO task;
  INSERT INTO pg_dist_background_task_depend SELECT job, task, d FROM unnest(depends_on) d ORDER BY d;
  RETURN task;
END $$;

-- A job's state is nothing but the sum of its tasks' states.
CREATE FUNCTION pg_citus_practice.settle_job(job bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  c record;
  now_state citus_job_status;
BEGIN
  SELECT count(*) FILTER (WHERE status = 'cancelling') AS cancelling, count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE status IN ('blocked', 'runnable', 'running')) AS open,
    count(*) FILTER (WHERE status IN ('error', 'unscheduled')) AS broken
  INTO c FROM pg_dist_background_task WHERE job_id = job;
  now_state := CASE
    WHEN c.cancelling > 0 THEN 'cancelling'
    WHEN c.cancelled > 0 THEN 'cancelled'
    WHEN c.open + c.broken = 0 THEN 'finished'
    WHEN c.broken > 0 AND c.open > 0 THEN 'failing'
    WHEN c.broken > 0 THEN 'failed'
    ELSE 'running' END;
  UPDATE pg_dist_background_job j SET state = now_state,
    started_at = CASE WHEN now_state = 'running' THEN coalesce(j.started_at, clock_timestamp()) ELSE j.started_at END,
    finished_at = CASE WHEN now_state IN ('cancelled', 'finished', 'failed')
      THEN coalesce(j.finished_at, clock_timestamp()) ELSE j.finished_at END
  WHERE j.job_id = job;
END $$;

-- ---------------------------------------------------------------------------------------------------
-- What the process that runs the tasks asks for

-- Tasks left running by a process that is no more become runnable again; the pid tells, since a
-- server that restarted has none of its old sessions.
CREATE FUNCTION pg_citus_practice.recover_tasks() RETURNS int
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  t record;
  found_tasks int := 0;
BEGIN
  LOCK TABLE pg_dist_background_task IN SHARE ROW EXCLUSIVE MODE;
  FOR t IN SELECT * FROM pg_dist_background_task x WHERE x.status IN ('running', 'cancelling')
    AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = x.pid AND a.application_name LIKE 'citus_rebalancer gpid=%')
  LOOP
    UPDATE pg_dist_background_task SET pid = NULL,
      status = CASE WHEN t.status = 'running' THEN 'runnable' ELSE 'cancelled' END::citus_task_status
    WHERE task_id = t.task_id;
    PERFORM pg_citus_practice.settle_job(t.job_id);
    found_tasks := found_tasks + 1;
  END LOOP;
  DELETE FROM pg_citus_practice.move_progress p WHERE NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = p.pid);
  RETURN found_tasks;
END $$;

-- The next task that may run: due, in order of task id, and only while the limits on executors (in
-- all, and per node) allow it.
CREATE FUNCTION pg_citus_practice.next_task() RETURNS bigint
LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $$
  SELECT x.task_id FROM pg_dist_background_task x
  WHERE x.status = 'runnable' AND (x.not_before IS NULL OR x.not_before <= clock_timestamp())
    AND (SELECT count(*) FROM pg_dist_background_task r WHERE r.status IN ('running', 'cancelling'))
      < pg_citus_practice.setting('citus.max_background_task_executors', '1')::int
    AND NOT EXISTS (
      SELECT FROM unnest(x.nodes_involved) n
      WHERE (SELECT count(*) FROM pg_dist_background_task r
             WHERE r.status IN ('running', 'cancelling') AND n = ANY (r.nodes_involved))
        >= pg_citus_practice.setting('citus.max_background_task_executors_per_node', '1')::int)
  ORDER BY x.task_id LIMIT 1
$$;

-- Takes that task for the session with the given pid.
CREATE FUNCTION pg_citus_practice.claim_task(executor_pid int)
RETURNS TABLE (job_id bigint, task_id bigint, command text, owner_name text)
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
  t pg_dist_background_task;
  chosen bigint;
BEGIN
  LOCK TABLE pg_dist_background_task IN SHARE ROW EXCLUSIVE MODE;
  chosen := pg_citus_practice.next_task();
  UPDATE pg_dist_background_task x SET status = 'running', pid = executor_pid WHERE x.task_id = chosen RETURNING * INTO t;
  IF chosen IS NOT NULL THEN
    PERFORM pg_citus_practice.settle_job(t.job_id);
    RETURN QUERY SELECT t.job_id, t.task_id, t.command, pg_get_userbyid(t.owner)::text;
  END IF;
END $$;

-- What became of a task. A failure is tried again after 5, 20 and then every 60 seconds, 32 times; the
-- server's message stays with the task. Answers the task's state now.
CREATE FUNCTION pg_citus_practice.finish_task(task bigint, succeeded boolean, said text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  t pg_dist_background_task;
  tries int;
  next_status citus_task_status;
BEGIN
  LOCK TABLE pg_dist_background_task IN SHARE ROW EXCLUSIVE MODE;
  SELECT * INTO t FROM pg_dist_background_task WHERE task_id = task;
  IF NOT FOUND OR t.status NOT IN ('running', 'cancelling') THEN
    RETURN t.status;
  END IF;
  tries := coalesce(t.retry_count, 0);
  IF t.status = 'cancelling' THEN
    next_status := 'cancelled';
  ELSIF succeeded THEN
    next_status := 'done';
  ELSE
    tries := tries + 1;
    next_status := CASE WHEN tries <= 32 THEN 'runnable' ELSE 'error' END;
  END IF;
  UPDATE pg_dist_background_task SET status = next_status, pid = NULL, message = said, retry_count = tries,
    not_before = CASE next_status
      WHEN 'runnable' THEN clock_timestamp() + make_interval(secs => CASE tries WHEN 1 THEN 5 WHEN 2 THEN 20 ELSE 60 END)
      WHEN 'error' THEN NULL ELSE t.not_before END
  WHERE task_id = task;
  IF next_status = 'done' THEN
    UPDATE pg_dist_background_task x SET status = 'runnable'
    WHERE x.job_id = t.job_id AND x.status = 'blocked'
      AND EXISTS (SELECT FROM pg_dist_background_task_depend d WHERE d.task_id = x.task_id AND d.depends_on = task)
      AND NOT EXISTS (
        SELECT FROM pg_dist_background_task_depend d JOIN pg_dist_background_task o ON o.task_id = d.depends_on
        WHERE d.task_id = x.task_id AND o.status <> 'done');
  ELSIF next_status = 'error' THEN
    WITH RECURSIVE after AS (
      SELECT d.task_id FROM pg_dist_background_task_depend d WHERE d.depends_on = task
      UNION SELECT d.task_id FROM pg_dist_background_task_depend d JOIN after a ON d.depends_on = a.task_id
    )
    UPDATE pg_dist_background_task x SET status = 'unscheduled' FROM after a WHERE x.task_id = a.task_id;
  END IF;
  PERFORM pg_citus_practice.settle_job(t.job_id);
  RETURN next_status;
END $$;

-- One cheap look: is there anything to do.
CREATE FUNCTION pg_citus_practice.daemon_look()
RETURNS TABLE (due boolean, active boolean, cancelling text[], leftovers boolean, cleanup_every_ms int)
LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $$
  SELECT bool_or(t.status = 'runnable') IS TRUE AND pg_citus_practice.next_task() IS NOT NULL,
    count(*) > 0,
    coalesce(array_agg(t.task_id::text) FILTER (WHERE t.status = 'cancelling'), '{}'),
    EXISTS (SELECT FROM pg_dist_cleanup),
    pg_citus_practice.setting('citus.defer_shard_delete_interval', '15000')::int
  FROM pg_dist_background_task t WHERE t.status IN ('runnable', 'running', 'cancelling')
$$;

-- A commit that reached some nodes and then failed leaves them ahead of the coordinator, whose word
-- counts. Answers how many nodes had to be put right; one that does not answer is left for later.
CREATE FUNCTION pg_citus_practice.reconcile() RETURNS int
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  question constant text := $q$SELECT md5(coalesce(string_agg(format('%s %s %s', placementid, shardid, groupid), ',' ORDER BY placementid), ''))
    FROM pg_catalog.pg_dist_placement$q$;
  ours text;
  g int;
  mended int := 0;
BEGIN
  EXECUTE question INTO ours;
  FOR g IN SELECT * FROM pg_citus_practice.other_groups() LOOP
    BEGIN
      CONTINUE WHEN pg_citus_practice.ask_group(g, question) = ours;
      PERFORM pg_citus_practice.on_group(g, format('SELECT pg_citus_practice.apply_metadata(%L, %L, %L)', 'pg_dist_placement', 'UPDATE',
        (SELECT jsonb_agg(to_jsonb(p)) FROM pg_dist_placement p)));
      IF pg_citus_practice.ask_group(g, question) <> ours THEN
        PERFORM pg_citus_practice.send_cluster(g);
      END IF;
      mended := mended + 1;
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  RETURN mended;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.create_job(name, text), pg_citus_practice.settle_job(bigint),
  pg_citus_practice.create_task(bigint, name, text, bigint[], int[]), pg_citus_practice.recover_tasks(),
  pg_citus_practice.claim_task(int), pg_citus_practice.next_task(), pg_citus_practice.daemon_look(),
  pg_citus_practice.reconcile(), pg_citus_practice.finish_task(bigint, boolean, text) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- What people ask for

CREATE FUNCTION pg_catalog.citus_job_cancel(jobid bigint) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  t pg_dist_background_task;
  caller name := pg_citus_practice.acting_role();
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  LOCK TABLE pg_dist_background_task IN SHARE ROW EXCLUSIVE MODE;
  FOR t IN SELECT * FROM pg_dist_background_task x
    WHERE x.job_id = jobid AND x.status NOT IN ('done', 'error', 'unscheduled', 'cancelled') ORDER BY x.task_id
  LOOP
    IF (SELECT rolsuper FROM pg_roles WHERE oid = t.owner) AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = caller) THEN
      RAISE EXCEPTION 'must be a superuser to cancel superuser tasks' USING ERRCODE = '42501';
    ELSIF NOT pg_has_role(caller, t.owner, 'USAGE') AND NOT pg_has_role(caller, 'pg_signal_backend', 'USAGE') THEN
      RAISE EXCEPTION 'must be a member of the role whose task is being canceled or member of pg_signal_backend'
        USING ERRCODE = '42501';
    END IF;
    UPDATE pg_dist_background_task x
    SET status = CASE WHEN t.status IN ('running', 'cancelling') AND t.pid IS NOT NULL THEN 'cancelling' ELSE 'cancelled' END::citus_task_status
    WHERE x.task_id = t.task_id;
    IF t.status = 'running' AND t.pid > 0 AND NOT pg_cancel_backend(t.pid) THEN
      RAISE WARNING 'could not send signal to process %', t.pid;
    END IF;
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_dist_background_task x WHERE x.job_id = jobid) THEN
    RAISE EXCEPTION 'could not find background jobs entry for job_id: %', jobid USING ERRCODE = 'XX000';
  END IF;
  PERFORM pg_citus_practice.settle_job(jobid);
END $$;

CREATE FUNCTION pg_catalog.citus_job_wait(jobid bigint, desired_status citus_job_status DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  now_state citus_job_status;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  LOOP
    SELECT state INTO now_state FROM pg_dist_background_job WHERE job_id = jobid;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no job found for job with jobid: %', jobid USING ERRCODE = 'XX000';
    END IF;
    EXIT WHEN now_state = desired_status;
    IF now_state IN ('finished', 'cancelled', 'failed') THEN
      EXIT WHEN desired_status IS NULL;
      RAISE EXCEPTION 'Job reached terminal state "%" instead of desired state "%"', now_state, desired_status
        USING ERRCODE = 'XX000';
    END IF;
    PERFORM pg_sleep(0.2);
  END LOOP;
END $$;

CREATE FUNCTION pg_catalog.citus_task_wait(taskid bigint, desired_status citus_task_status DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  now_state citus_task_status;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  LOOP
    SELECT status INTO now_state FROM pg_dist_background_task WHERE task_id = taskid;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no task found with taskid: %', taskid USING ERRCODE = 'XX000';
    END IF;
    EXIT WHEN now_state = desired_status;
    IF now_state IN ('done', 'error', 'unscheduled', 'cancelled') THEN
      EXIT WHEN desired_status IS NULL;
      RAISE EXCEPTION 'Task reached terminal state "%" instead of desired state "%"', now_state, desired_status
        USING ERRCODE = 'XX000';
    END IF;
    PERFORM pg_sleep(0.1);
  END LOOP;
END $$;

CREATE FUNCTION pg_catalog.citus_job_list()
RETURNS TABLE (job_id bigint, state citus_job_status, job_type name, description text,
  started_at timestamptz, finished_at timestamptz)
LANGUAGE sql SET search_path = pg_catalog AS $$
  SELECT j.job_id, j.state, j.job_type, j.description, j.started_at, j.finished_at
  FROM pg_dist_background_job j ORDER BY j.job_id
$$;

CREATE FUNCTION pg_catalog.citus_job_status(job_id bigint, raw boolean DEFAULT false)
RETURNS TABLE (job_id bigint, state citus_job_status, job_type name, description text,
  started_at timestamptz, finished_at timestamptz, details jsonb)
LANGUAGE sql STRICT SET search_path = pg_catalog AS $$
  WITH moving AS MATERIALIZED (
    SELECT p.sessionid, sum(p.source_shard_size) AS source_size, sum(p.target_shard_size) AS target_size,
      min(p.status) AS phase, min(p.sourcename || ':' || p.sourceport) AS source_host,
      min(p.targetname || ':' || p.targetport) AS target_host,
      max(p.source_lsn) AS source_lsn, min(p.target_lsn) AS target_lsn
    FROM get_rebalance_progress() p GROUP BY p.sessionid
  ), tasks AS (
    SELECT t.*, jsonb_build_object('state', t.status, 'retried', coalesce(t.retry_count, 0), 'message', t.message,
      'command', t.command, 'task_id', t.task_id) AS common
    FROM pg_dist_background_task t WHERE t.job_id = $1
  ), running AS (
    SELECT jsonb_agg(t.common || jsonb_build_object(
        'phase', m.phase, 'hosts', jsonb_build_object('source', m.source_host, 'target', m.target_host),
        'size', jsonb_build_object(
          'source', CASE WHEN $2 THEN to_jsonb(m.source_size) ELSE to_jsonb(pg_size_pretty(m.source_size)) END,
          'target', CASE WHEN $2 THEN to_jsonb(m.target_size) ELSE to_jsonb(pg_size_pretty(m.target_size)) END),
        'LSN', jsonb_build_object('source', m.source_lsn, 'target', m.target_lsn,
          'lag', CASE WHEN $2 THEN to_jsonb(m.source_lsn - m.target_lsn)
                      ELSE to_jsonb(pg_size_pretty(m.source_lsn - m.target_lsn)) END))) AS list
    FROM moving m JOIN tasks t ON t.pid = m.sessionid AND t.status = 'running'
  ), troubled AS (
    SELECT jsonb_agg(t.common) AS list FROM tasks t
    WHERE NOT EXISTS (SELECT FROM moving m WHERE m.sessionid = t.pid)
      AND (t.status = 'error' OR (t.status = 'runnable' AND t.retry_count > 0))
  )
  SELECT j.job_id, j.state, j.job_type, j.description, j.started_at, j.finished_at, jsonb_build_object(
    'task_state_counts', (SELECT jsonb_object_agg(c.status, c.n) FROM (
       SELECT t.status, count(*) AS n FROM tasks t GROUP BY t.status) c),
    'tasks', coalesce((SELECT list FROM running), '[]') || coalesce((SELECT list FROM troubled), '[]'))
  FROM pg_dist_background_job j WHERE j.job_id = $1
$$;
