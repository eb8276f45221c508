-- Moving and copying shards.
--
-- HOW A MOVE GOES
--   1. the shards are made on the target, and noted in pg_dist_cleanup: dropped unless the move succeeds
--   2. rows are copied in batches by the target, from one snapshot of the source; nobody is held up
--   3. writers are fenced: every node's windows on the shards are locked against writes, reads go on
--   4. both sides are compared, a table that was written to meanwhile is copied again, keys are checked
--   5. the placement changes, and with it, in the same transaction on all nodes, where the windows look;
--      the old copy is noted in pg_dist_cleanup to be dropped later
-- Steps 1 and 2 happen in sessions of their own, 3 to 5 in the caller's transaction: what fails before
-- its commit leaves the old placement as it was, with every row.

-- ---------------------------------------------------------------------------------------------------
-- Speaking to a node over a line of one's own

-- Answers the first column of the first row; raises the node's own error, or that it cannot be reached.
CREATE FUNCTION pg_citus_practice.over(line text, node pg_catalog.pg_dist_node, command text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  answer text;
  said text; why text; tip text; state text;
BEGIN
  IF command ~* '^\s*SELECT' THEN
    SELECT r.a INTO answer FROM pg_citus_practice.remote_query(line, command) AS r (a text);
  ELSE
    answer := pg_citus_practice.remote_exec(line, command);
  END IF;
  RETURN answer;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, why = PG_EXCEPTION_DETAIL, tip = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
  -- a node may itself have failed to reach a third one, and says so in these words
  IF (state LIKE '08%' OR state LIKE '57P%') AND said NOT LIKE 'connection to the remote node %' THEN
    PERFORM pg_citus_practice.raise_unreachable(node.nodename, node.nodeport, split_part(said, E'\n', 1));
  END IF;
  RAISE EXCEPTION '%', said USING ERRCODE = state,
    DETAIL = coalesce(nullif(why, ''), format('while executing command on %s:%s', node.nodename, node.nodeport)), HINT = tip;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.over(text, pg_catalog.pg_dist_node, text) FROM PUBLIC;

-- The columns of a table that hold data, as a list, and as a list with types.
CREATE FUNCTION pg_citus_practice.stored_columns(relation regclass, OUT names text, OUT typed text) RETURNS record
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
    string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
  FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

-- Run on the target: pulls pages [from_page, to_page) of a shard over a line to the source.
CREATE FUNCTION pg_citus_practice.pull_pages(line text, shard text, from_page bigint, to_page bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
DECLARE
  c record;
  pulled bigint;
BEGIN
  SELECT * INTO c FROM pg_citus_practice.stored_columns(shard::regclass);
  IF c.names IS NULL THEN
    RETURN 0;
  END IF;
  EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM pg_citus_practice.remote_query(%L, %L) AS r (%s)', shard, c.names, line,
    format('SELECT %s FROM %s WHERE ctid >= ''(%s,0)'' AND ctid < ''(%s,0)''', c.names, shard, from_page, to_page), c.typed);
  GET DIAGNOSTICS pulled = ROW_COUNT;
  RETURN pulled;
END $$;

-- What a shard holds, as one text that differs when any row does.
CREATE FUNCTION pg_citus_practice.fingerprint(shard text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog SET timezone = 'UTC' SET datestyle = 'ISO' SET extra_float_digits = 3 AS $$
DECLARE
  c record;
  answer text;
BEGIN
  SELECT * INTO c FROM pg_citus_practice.stored_columns(shard::regclass);
  IF c.names IS NULL THEN
    EXECUTE format('SELECT count(*)::text FROM %s', shard) INTO answer;
  ELSE
    EXECUTE format('SELECT count(*) || '':'' || coalesce(sum(hashtextextended(ROW(%s)::text COLLATE "C", 0)::numeric), 0) FROM %s',
      c.names, shard) INTO answer;
  END IF;
  RETURN answer;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.pull_pages(text, text, bigint, bigint), pg_citus_practice.fingerprint(text) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- The transfer itself

-- Everything that makes a shard on a node that has none of its table yet.
CREATE FUNCTION pg_citus_practice.shard_setup_sql(of_shard bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT format('SET search_path = pg_catalog; SELECT pg_citus_practice.ensure_schema(%L, %L);', n.nspname, pg_get_userbyid(n.nspowner))
    || (SELECT coalesce(string_agg(format('SELECT CASE WHEN to_regtype(%L) IS NULL THEN pg_citus_practice.make_type(%1$L, %L, %L) END;',
          t->>'name', t->>'schema', t->>'command'), ''), '')
        FROM jsonb_array_elements(pg_citus_practice.types_of(pg_citus_practice.definition_of(s.logicalrelid))) t)
    || pg_citus_practice.shard_create_sql(s.shardid)
  FROM pg_dist_shard s JOIN pg_class c ON c.oid = s.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE s.shardid = of_shard
$$;

-- Copies the given shards from one node to another and, for a move, takes them away from the first.
CREATE FUNCTION pg_citus_practice.transfer(shards bigint[], source pg_catalog.pg_dist_node, target pg_catalog.pg_dist_node,
  mode citus.shard_transfer_mode, operation text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '60s' AS $$
DECLARE
  this_operation bigint := nextval('pg_dist_operationid_seq');
  -- a parent before its partitions
  ordered bigint[] := ARRAY(SELECT u.id FROM unnest(shards) u (id) JOIN pg_dist_shard s ON s.shardid = u.id
    JOIN pg_class c ON c.oid = s.logicalrelid ORDER BY c.relispartition, u.id);
  own text;
  line text;
  reading text;
  id bigint;
  name text;
  pages bigint; page bigint; step bigint; all_pages bigint;
BEGIN
  own := pg_citus_practice.dial('127.0.0.1', current_setting('port')::int);
  PERFORM pg_citus_practice.remote_exec(own, format(
    'INSERT INTO pg_citus_practice.move_progress
     SELECT %s, s.shardid, s.logicalrelid::regclass::text, %s, %s, %L, 1, ''Setting Up''
     FROM pg_dist_shard s WHERE s.shardid = ANY (%L) ON CONFLICT (pid, shardid) DO UPDATE SET progress = 1, status = ''Setting Up''',
    pg_backend_pid(), source.nodeid, target.nodeid, operation, shards));

  -- What earlier failures left on the way is removed first; what cannot be removed stops the move.
  PERFORM * FROM pg_citus_practice.remote_query(own, 'SELECT pg_citus_practice.clean_up()::text') AS r (a text);
  FOREACH id IN ARRAY ordered LOOP
    name := pg_citus_practice.qualified_shard((SELECT logicalrelid FROM pg_dist_shard WHERE shardid = id), id);
    IF EXISTS (SELECT FROM pg_dist_cleanup WHERE object_type = 1 AND object_name = name) THEN
      RAISE EXCEPTION 'shard move failed as the orphaned shard % leftover from the previous move could not be cleaned up', name
        USING ERRCODE = 'XX000';
    END IF;
  END LOOP;
  PERFORM pg_advisory_xact_lock(hashtextextended('pg_citus_practice.operation', this_operation));
  PERFORM pg_citus_practice.remote_exec(own, format(
    'INSERT INTO pg_dist_cleanup (operation_id, object_type, object_name, node_group_id, policy_type)
     SELECT %s, 1, pg_citus_practice.qualified_shard(s.logicalrelid, s.shardid), %s, 1 FROM pg_dist_shard s WHERE s.shardid = ANY (%L)',
    this_operation, target.groupid, shards));

  line := pg_citus_practice.dial(target.nodename, target.nodeport);
  PERFORM pg_citus_practice.over(line, target, 'SET citus_practice.internal = ''on''; SET citus_practice.applying = ''on'';
    SET client_min_messages = warning; SET lock_timeout = ''60s''');
  IF mode = 'block_writes' THEN
    PERFORM pg_citus_practice.fence_everywhere(shards, source.groupid);
  END IF;
  FOREACH id IN ARRAY ordered LOOP
    PERFORM pg_citus_practice.over(line, target, 'DO ' || quote_literal(format('BEGIN EXECUTE %L; END', pg_citus_practice.shard_setup_sql(id))));
  END LOOP;
  PERFORM pg_citus_practice.rest(0.5);

  PERFORM pg_citus_practice.note_phase(own, shards, 'Copying Data');
  reading := pg_citus_practice.over(line, target, format('SELECT pg_citus_practice.dial(%L, %s)', source.nodename, source.nodeport));
  PERFORM pg_citus_practice.over(line, target, format(
    'SELECT pg_citus_practice.remote_exec(%L, ''BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = pg_catalog'')', reading));
  SELECT sum(s.size / 8192 + 1) INTO all_pages FROM pg_citus_practice.remote_sizes(source.groupid,
    ARRAY(SELECT pg_citus_practice.qualified_shard(d.logicalrelid, d.shardid) FROM pg_dist_shard d WHERE d.shardid = ANY (shards))) s;
  FOREACH id IN ARRAY ordered LOOP
    CONTINUE WHEN pg_citus_practice.is_partition_parent((SELECT logicalrelid FROM pg_dist_shard WHERE shardid = id));
    name := pg_citus_practice.qualified_shard((SELECT logicalrelid FROM pg_dist_shard WHERE shardid = id), id);
    pages := pg_citus_practice.over(line, target, format(
      'SELECT p FROM pg_citus_practice.remote_query(%L, %L) AS r (p text)', reading,
      format('SELECT (pg_relation_size(%L) / current_setting(''block_size'')::int)::text', name)))::bigint;
    -- enough batches to see the copy grow, and no more than that
    step := greatest(1, least(256, pages / 6 + 1));
    page := 0;
    WHILE page < pages LOOP
      PERFORM pg_citus_practice.over(line, target, format('SELECT pg_citus_practice.pull_pages(%L, %L, %s, %s)::text',
        reading, name, page, page + step));
      PERFORM pg_citus_practice.rest(least(step, pages - page)::float8 / greatest(all_pages, 1));
      page := page + step;
    END LOOP;
  END LOOP;
  PERFORM pg_citus_practice.over(line, target, format('SELECT pg_citus_practice.remote_exec(%L, ''COMMIT'')', reading));

  PERFORM pg_citus_practice.note_phase(own, shards, 'Catching Up');
  PERFORM pg_citus_practice.rest(0.5);
  PERFORM pg_citus_practice.note_phase(own, shards, 'Creating Constraints');
  PERFORM pg_citus_practice.rest(0.25);

  -- From here on writers wait. Nothing rests before the commit.
  IF mode <> 'block_writes' THEN
    PERFORM pg_citus_practice.fence_everywhere(shards, source.groupid);
  END IF;
  PERFORM pg_citus_practice.note_phase(own, shards, 'Final Catchup');
  PERFORM pg_citus_practice.make_equal(line, target, reading, ordered);
  PERFORM pg_citus_practice.note_phase(own, shards, 'Creating Foreign Keys');
  FOREACH id IN ARRAY ordered LOOP
    name := pg_citus_practice.shard_foreign_keys_sql(id);
    IF name <> '' THEN
      PERFORM pg_citus_practice.over(line, target, 'DO ' || quote_literal(format('BEGIN EXECUTE %L; END', name)));
    END IF;
  END LOOP;
  PERFORM pg_citus_practice.note_phase(own, shards, 'Completing');
  PERFORM pg_citus_practice.hang_up(line);

  DELETE FROM pg_dist_cleanup c WHERE c.operation_id = this_operation;
  IF operation = 'move' THEN
    UPDATE pg_dist_placement p SET groupid = target.groupid WHERE p.shardid = ANY (shards) AND p.groupid = source.groupid;
    INSERT INTO pg_dist_cleanup (operation_id, object_type, object_name, node_group_id, policy_type)
    SELECT this_operation, 1, pg_citus_practice.qualified_shard(s.logicalrelid, s.shardid), source.groupid, 2
    FROM pg_dist_shard s WHERE s.shardid = ANY (shards) ORDER BY s.shardid;
  ELSE
    INSERT INTO pg_dist_placement (shardid, shardstate, shardlength, groupid)
    SELECT u.id, 1, 0, target.groupid FROM unnest(ordered) u (id);
  END IF;
  PERFORM pg_citus_practice.remote_exec(own, format('DELETE FROM pg_citus_practice.move_progress WHERE pid = %s', pg_backend_pid()));
  PERFORM pg_citus_practice.hang_up(own);
EXCEPTION WHEN query_canceled OR OTHERS THEN
  -- the lines would outlive this statement, and a cancelled one may still be copying
  PERFORM pg_citus_practice.hang_up(line);
  PERFORM pg_citus_practice.forget_progress(own);
  RAISE;
END $$;

CREATE FUNCTION pg_citus_practice.note_phase(own text, shards bigint[], phase text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog AS $$
  SELECT pg_citus_practice.remote_exec(own, format(
    'UPDATE pg_citus_practice.move_progress SET status = %L WHERE pid = %s AND shardid = ANY (%L)', phase, pg_backend_pid(), shards))
$$;

CREATE FUNCTION pg_citus_practice.forget_progress(own text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF own IS NOT NULL THEN
    PERFORM pg_citus_practice.remote_exec(own, format('DELETE FROM pg_citus_practice.move_progress WHERE pid = %s', pg_backend_pid()));
    PERFORM pg_citus_practice.hang_up(own);
  END IF;
EXCEPTION WHEN OTHERS THEN
  PERFORM pg_citus_practice.hang_up(own);
END $$;

-- Windows of every node; and, for reference tables, which are written directly, the copy to be read.
CREATE FUNCTION pg_citus_practice.fence_everywhere(shards bigint[], source_group int) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_citus_practice.fence(shards);
  PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.fence(%L)', shards));
END $$;

-- Copies again what was written to since it was read, and makes sure that nothing differs.
CREATE FUNCTION pg_citus_practice.make_equal(line text, target pg_catalog.pg_dist_node, reading text, shards bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  id bigint;
  name text;
  here text; there text;
  pages bigint;
  stale text[] := '{}';
  attempt int;
BEGIN
  FOR attempt IN 1..2 LOOP
    stale := '{}';
    FOREACH id IN ARRAY shards LOOP
      name := pg_citus_practice.qualified_shard((SELECT logicalrelid FROM pg_dist_shard WHERE shardid = id), id);
      CONTINUE WHEN pg_citus_practice.is_partition_parent((SELECT logicalrelid FROM pg_dist_shard WHERE shardid = id));
      there := pg_citus_practice.over(line, target, format('SELECT f FROM pg_citus_practice.remote_query(%L, %L) AS r (f text)',
        reading, format('SELECT pg_citus_practice.fingerprint(%L)', name)));
      here := pg_citus_practice.over(line, target, format('SELECT pg_citus_practice.fingerprint(%L)', name));
      IF here IS DISTINCT FROM there THEN
        stale := stale || name;
      END IF;
    END LOOP;
    EXIT WHEN stale = '{}';
    IF attempt = 2 THEN
      RAISE EXCEPTION 'the copy of % on %:% differs from its source', stale[1], target.nodename, target.nodeport
        USING ERRCODE = 'XX000', DETAIL = 'The shard stays where it was.';
    END IF;
    FOREACH name IN ARRAY stale LOOP
      pages := pg_citus_practice.over(line, target, format('SELECT p FROM pg_citus_practice.remote_query(%L, %L) AS r (p text)', reading,
        format('SELECT (pg_relation_size(%L) / current_setting(''block_size'')::int)::text', name)))::bigint;
      PERFORM pg_citus_practice.over(line, target, format('TRUNCATE %s', name));
      PERFORM pg_citus_practice.over(line, target, format('SELECT pg_citus_practice.pull_pages(%L, %L, 0, %s)::text', reading, name, pages + 1));
    END LOOP;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION
  pg_citus_practice.transfer(bigint[], pg_catalog.pg_dist_node, pg_catalog.pg_dist_node, citus.shard_transfer_mode, text),
  pg_citus_practice.note_phase(text, bigint[], text), pg_citus_practice.forget_progress(text),
  pg_citus_practice.fence_everywhere(bigint[], int), pg_citus_practice.shard_setup_sql(bigint),
  pg_citus_practice.make_equal(text, pg_catalog.pg_dist_node, text, bigint[]) FROM PUBLIC;
