-- Where a value lands, what lies with what, and commands sent to nodes and shards.

-- Who called, seen through SECURITY DEFINER: the role that was set, else who logged in.
CREATE FUNCTION pg_citus_practice.calling_role() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN current_setting('role') = 'none' THEN session_user ELSE current_setting('role')::name END
$$;

CREATE FUNCTION pg_citus_practice.hash_value(typeid oid, value text) RETURNS int
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE class record; answer int;
BEGIN
  SELECT * INTO class FROM pg_citus_practice.hash_class(typeid);
  IF class.opcfamily IS NULL THEN
    RAISE EXCEPTION 'cannot find a hash function for the input type' USING ERRCODE = '42883',
      HINT = 'Cast input to a data type with a hash function.';
  END IF;
  EXECUTE format('SELECT %s($1::%s)', pg_citus_practice.hash_function(class.opcfamily, class.opcintype), format_type(typeid, -1))
    INTO answer USING value;
  RETURN answer;
END $$;

-- Citus takes "any"; SQL cannot, so a polymorphic function and one for bare literals stand for it.
CREATE FUNCTION pg_catalog.worker_hash(value anyelement) RETURNS int
LANGUAGE sql STRICT AS 'SELECT pg_citus_practice.hash_value(pg_catalog.pg_typeof($1), $1::text)';
CREATE FUNCTION pg_catalog.worker_hash(value text) RETURNS int
LANGUAGE sql STRICT AS $$SELECT pg_citus_practice.hash_value('pg_catalog.text'::pg_catalog.regtype, $1)$$;

CREATE FUNCTION pg_citus_practice.shard_of(rel oid, value text) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE p pg_dist_partition; h int; found_shard bigint; key_type oid;
BEGIN
  IF NOT has_table_privilege(pg_citus_practice.calling_role(), rel, 'SELECT') THEN
    RAISE EXCEPTION 'permission denied for table %', pg_citus_practice.relname(rel) USING ERRCODE = '42501';
  END IF;
  SELECT * INTO p FROM pg_dist_partition WHERE logicalrelid = rel;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'relation is not distributed' USING ERRCODE = '42P16';
  END IF;
  IF p.partmethod = 'n' THEN
    SELECT shardid INTO found_shard FROM pg_dist_shard WHERE logicalrelid = rel ORDER BY shardid LIMIT 1;
    RETURN coalesce(found_shard, 0);
  END IF;
  IF p.partmethod = 'a' THEN
    RAISE EXCEPTION 'finding shard id of given distribution value is only supported for hash partitioned tables, range partitioned tables and reference tables.'
      USING ERRCODE = '0A000';
  END IF;
  IF value IS NULL THEN
    RAISE EXCEPTION 'distribution value cannot be NULL for tables other than reference tables.' USING ERRCODE = '22004';
  END IF;
  SELECT atttypid INTO key_type FROM pg_attribute WHERE attrelid = rel AND attname = pg_citus_practice.key_column(rel);
  IF p.partmethod = 'h' THEN
    h := pg_citus_practice.hash_value(key_type, value);
    SELECT shardid INTO found_shard FROM pg_dist_shard
    WHERE logicalrelid = rel AND h BETWEEN shardminvalue::int AND shardmaxvalue::int;
  ELSE
    EXECUTE format('SELECT shardid FROM pg_dist_shard WHERE logicalrelid = $1 AND $2::%s BETWEEN shardminvalue::%1$s AND shardmaxvalue::%1$s LIMIT 1',
      format_type(key_type, -1)) INTO found_shard USING rel, value;
  END IF;
  RETURN coalesce(found_shard, 0);
END $$;
CREATE FUNCTION pg_catalog.get_shard_id_for_distribution_column(table_name regclass, distribution_value anyelement) RETURNS bigint
LANGUAGE sql AS 'SELECT pg_citus_practice.shard_of($1, $2::text)';
CREATE FUNCTION pg_catalog.get_shard_id_for_distribution_column(table_name regclass, distribution_value text DEFAULT NULL) RETURNS bigint
LANGUAGE sql AS 'SELECT pg_citus_practice.shard_of($1, $2)';

CREATE FUNCTION pg_catalog.shard_name(object_name regclass, shard_id bigint, skip_qualify_public boolean DEFAULT true) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog AS $$
  SELECT CASE WHEN skip_qualify_public AND n.nspname = 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END
         || quote_ident(pg_citus_practice.shard_relname(c.relname, shard_id))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = object_name
$$;

CREATE FUNCTION pg_citus_practice.require_citus_table(rel oid) RETURNS pg_catalog.pg_dist_partition
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE p pg_dist_partition;
BEGIN
  SELECT * INTO p FROM pg_dist_partition WHERE logicalrelid = rel;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'relation % is not distributed', pg_citus_practice.relname(rel) USING ERRCODE = 'XX000';
  END IF;
  RETURN p;
END $$;

CREATE FUNCTION pg_catalog.get_colocated_table_array(regclass) RETURNS regclass[]
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
DECLARE p pg_dist_partition := pg_citus_practice.require_citus_table($1);
BEGIN
  RETURN ARRAY(SELECT o.logicalrelid FROM pg_dist_partition o
               WHERE o.logicalrelid = $1 OR (p.colocationid <> 0 AND o.colocationid = p.colocationid) ORDER BY o.logicalrelid::oid);
END $$;
CREATE FUNCTION pg_catalog.get_colocated_shard_array(bigint) RETURNS bigint[]
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
DECLARE s pg_dist_shard; p pg_dist_partition;
BEGIN
  SELECT * INTO s FROM pg_dist_shard WHERE shardid = $1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'could not find valid entry for shard %', $1 USING ERRCODE = 'XX000';
  END IF;
  SELECT * INTO p FROM pg_dist_partition WHERE logicalrelid = s.logicalrelid;
  RETURN ARRAY(SELECT o.shardid FROM pg_dist_shard o JOIN pg_dist_partition q USING (logicalrelid)
               WHERE o.shardid = $1 OR (p.colocationid <> 0 AND q.colocationid = p.colocationid
                     AND o.shardminvalue IS NOT DISTINCT FROM s.shardminvalue) ORDER BY o.shardid);
END $$;
CREATE FUNCTION pg_catalog.distributed_tables_colocated(table1 regclass, table2 regclass) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog AS $$
  SELECT coalesce((SELECT a.logicalrelid = b.logicalrelid OR (a.colocationid <> 0 AND a.colocationid = b.colocationid)
                   FROM pg_dist_partition a, pg_dist_partition b WHERE a.logicalrelid = table1 AND b.logicalrelid = table2), false)
$$;
CREATE FUNCTION pg_catalog.relation_is_a_known_shard(regclass) RETURNS boolean
LANGUAGE sql STRICT SET search_path = pg_catalog AS 'SELECT EXISTS (SELECT FROM pg_citus_practice.local_shards() WHERE reloid = $1)';

CREATE FUNCTION pg_catalog.update_distributed_table_colocation(table_name regclass, colocate_with text) RETURNS void
LANGUAGE plpgsql STRICT AS $$
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_owner(table_name);
  PERFORM pg_citus_practice.recolocate(table_name, CASE WHEN lower(colocate_with) <> 'none' THEN colocate_with::regclass END);
END $$;
CREATE FUNCTION pg_citus_practice.require_group_table(rel oid) RETURNS pg_catalog.pg_dist_partition
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE p pg_dist_partition;
BEGIN
  SELECT * INTO p FROM pg_dist_partition WHERE logicalrelid = rel;
  IF p.logicalrelid IS NULL OR NOT (p.partmethod = 'h' OR p.partmethod = 'n' AND p.repmodel <> 't' AND p.colocationid <> 0) THEN
    RAISE EXCEPTION 'relation % should be a hash or single shard distributed table', pg_citus_practice.relname(rel) USING ERRCODE = '0A000';
  END IF;
  RETURN p;
END $$;

CREATE FUNCTION pg_citus_practice.recolocate(rel oid, with_table oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  p pg_dist_partition;
  other pg_dist_partition;
  target int;
  detail text;
  mine record; theirs record;
  shown text := pg_citus_practice.relname(rel);
  their_name text := pg_citus_practice.relname(with_table);
  command text;
BEGIN
  IF NOT pg_has_role(pg_citus_practice.calling_role(), (SELECT relowner FROM pg_class WHERE oid = rel), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of table %', shown USING ERRCODE = '42501';
  END IF;
  PERFORM pg_citus_practice.refuse_schema_table(rel, 'update_distributed_table_colocation');
  IF with_table IS NULL THEN
    p := pg_citus_practice.require_group_table(rel);
    SELECT pg_citus_practice.new_colocation((SELECT count(*)::int FROM pg_dist_shard WHERE logicalrelid = rel), 1,
        c.distributioncolumntype, c.distributioncolumncollation) INTO target
    FROM pg_dist_colocation c WHERE c.colocationid = p.colocationid;
  ELSE
    PERFORM pg_citus_practice.refuse_schema_table(with_table, 'colocate_with');
    IF EXISTS (SELECT FROM pg_dist_partition l WHERE l.logicalrelid IN (rel, with_table)
               AND l.partmethod = 'n' AND l.repmodel <> 't' AND l.colocationid = 0) THEN
      RAISE EXCEPTION 'local tables cannot be colocated with other tables' USING ERRCODE = 'XX000';
    END IF;
    other := pg_citus_practice.require_group_table(with_table);
    p := pg_citus_practice.require_group_table(rel);
    SELECT distributioncolumntype AS type, distributioncolumncollation AS collation INTO mine FROM pg_dist_colocation WHERE colocationid = p.colocationid;
    SELECT distributioncolumntype AS type, distributioncolumncollation AS collation INTO theirs FROM pg_dist_colocation WHERE colocationid = other.colocationid;
    detail := CASE
      WHEN mine.type <> theirs.type THEN 'Distribution column types don''t match for %s and %s.'
      WHEN mine.collation <> theirs.collation THEN 'Distribution column collations don''t match for %s and %s.'
      WHEN (SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = rel) <> (SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = with_table)
        THEN 'Shard counts don''t match for %s and %s.'
      WHEN pg_citus_practice.shard_mins(rel) IS DISTINCT FROM pg_citus_practice.shard_mins(with_table)
        THEN 'Shard intervals don''t match for %s and %s.' END;
    detail := format(detail, their_name, shown);
    IF detail IS NULL THEN
      SELECT format('Shard %s of %s and shard %s of %s are not colocated.', b.shardid, their_name, a.shardid, shown) INTO detail
      FROM pg_dist_shard a JOIN pg_dist_shard b ON b.logicalrelid = with_table AND a.shardminvalue IS NOT DISTINCT FROM b.shardminvalue
      WHERE a.logicalrelid = rel
        AND (SELECT array_agg(groupid ORDER BY groupid) FROM pg_dist_placement WHERE shardid = a.shardid)
            IS DISTINCT FROM (SELECT array_agg(groupid ORDER BY groupid) FROM pg_dist_placement WHERE shardid = b.shardid)
      ORDER BY b.shardminvalue::int LIMIT 1;
    END IF;
    IF detail IS NOT NULL THEN
      RAISE EXCEPTION 'cannot colocate tables % and %', their_name, shown USING ERRCODE = 'XX000', DETAIL = detail;
    END IF;
    target := other.colocationid;
  END IF;
  IF target = p.colocationid THEN RETURN; END IF;
  UPDATE pg_dist_partition SET colocationid = target WHERE logicalrelid = rel;
  command := format('SELECT pg_citus_practice.take_router(%L, %s)', pg_citus_practice.qualified(rel), target);
  EXECUTE command;
  PERFORM pg_citus_practice.on_other_groups(command);
  PERFORM pg_citus_practice.forget_colocation(p.colocationid);
END $$;

-- Gives the shell of a table the operator family of its colocation group, on one node: with another one it
-- would not be joined shard by shard, and not follow when the group is split. Both families send every
-- value to the same place, so the partitions stay what they are. PostgreSQL has no command for it.
CREATE FUNCTION pg_citus_practice.take_router(shell_name text, of_colocation int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
DECLARE
  rel oid := shell_name::regclass;
  class name;
  class_oid oid;
  old_class oid;
BEGIN
  -- the parent of partitions has none
  IF NOT EXISTS (SELECT FROM pg_citus_practice.shell WHERE relid = rel AND shape = 'h') THEN RETURN; END IF;
  class := pg_citus_practice.ensure_router(of_colocation, pg_citus_practice.key_type(rel), 0, pg_citus_practice.shard_mins(rel));
  SELECT c.oid INTO class_oid FROM pg_opclass c WHERE c.opcname = class AND c.opcnamespace = 'pg_citus_practice'::regnamespace;
  SELECT partclass[0] INTO old_class FROM pg_partitioned_table WHERE partrelid = rel;
  UPDATE pg_partitioned_table SET partclass = class_oid::text::oidvector WHERE partrelid = rel;
  UPDATE pg_depend SET refobjid = class_oid
  WHERE classid = 'pg_class'::regclass AND objid = rel AND refclassid = 'pg_opclass'::regclass AND refobjid = old_class;
  -- what sessions remember of the table goes with a change of its row in pg_class
  UPDATE pg_class SET relname = relname WHERE oid = rel;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.take_router(text, int) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- Commands on nodes

-- Runs each task {"host", "port", "command"} in a session of its own, as the caller, and answers in
-- their order. At most one row of one column comes back from each.
CREATE FUNCTION pg_citus_practice.run_tasks(tasks jsonb, in_parallel boolean)
RETURNS TABLE (place int, reached boolean, success boolean, result text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  caller name := pg_citus_practice.calling_role();
  role text := CASE WHEN caller <> 'postgres' THEN caller END;
  lines text[] := '{}';
  line text;
  t jsonb;
  i int := 0;
  code text;
  rows_back text[];
BEGIN
  FOR t IN SELECT * FROM jsonb_array_elements(tasks) LOOP
    i := i + 1;
    line := NULL;
      BEGIN
        line := pg_citus_practice.dial(t->>'host', (t->>'port')::int, NULL);
        IF role IS NOT NULL THEN
          PERFORM pg_citus_practice.remote_exec(line, format('DO %L', format(
            'BEGIN PERFORM pg_citus_practice.ensure_role(%L, %L, %L); END',
            role, pg_citus_practice.role_spec(role::regrole)->'flags', pg_citus_practice.role_spec(role::regrole)->>'password')));
          PERFORM pg_citus_practice.remote_exec(line, format('SET SESSION AUTHORIZATION %I', role));
        END IF;
        PERFORM pg_citus_practice.remote_send(line, t->>'command');
      EXCEPTION WHEN OTHERS THEN
        line := NULL;
      END;
    lines := lines || coalesce(line, '');
    -- one at a time: wait for the answer before the next is sent
    IF NOT in_parallel AND line IS NOT NULL THEN
      SELECT q.reached, q.success, q.result INTO reached, success, result FROM pg_citus_practice.collect_answer(line) q;
      place := i;
      RETURN NEXT;
    ELSIF NOT in_parallel THEN
      place := i; reached := false; success := false;
      result := format('failed to connect to %s:%s', t->>'host', t->>'port');
      RETURN NEXT;
    END IF;
  END LOOP;
  IF NOT in_parallel THEN RETURN; END IF;
  i := 0;
  FOREACH line IN ARRAY lines LOOP
    i := i + 1;
    place := i;
    IF line = '' THEN
      reached := false;
      success := false;
      result := format('failed to connect to %s:%s', tasks->(i - 1)->>'host', tasks->(i - 1)->>'port');
    ELSE
      SELECT q.reached, q.success, q.result INTO reached, success, result FROM pg_citus_practice.collect_answer(line) q;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

CREATE FUNCTION pg_citus_practice.collect_answer(line text, OUT reached boolean, OUT success boolean, OUT result text) RETURNS record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE rows_back text[];
BEGIN
  reached := true;
  BEGIN
    SELECT array_agg(r) INTO rows_back FROM pg_citus_practice.remote_result(line) AS t (r text);
    IF cardinality(rows_back) > 1 THEN
      success := false;
      result := 'expected a single row in query result';
    ELSE
      success := true;
      result := coalesce(rows_back[1], '');
    END IF;
  EXCEPTION
    WHEN datatype_mismatch THEN
      success := false;
      result := 'expected a single column in query target';
    WHEN OTHERS THEN
      success := false;
      result := CASE WHEN SQLSTATE = '42804' THEN 'expected a single column in query target' ELSE 'ERROR:  ' || SQLERRM END;
  END;
  PERFORM pg_citus_practice.hang_up(line);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.collect_answer(text) FROM PUBLIC;

CREATE FUNCTION pg_catalog.run_command_on_workers(command text, parallel boolean DEFAULT true,
  OUT nodename text, OUT nodeport int, OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE sql SET search_path = pg_catalog AS $$
  WITH w AS (SELECT n.nodename, n.nodeport, row_number() OVER (ORDER BY n.nodeid) AS place FROM pg_dist_node n
             WHERE n.groupid <> 0 AND n.noderole = 'primary' AND n.isactive)
  SELECT w.nodename, w.nodeport, r.success, r.result
  FROM pg_citus_practice.run_tasks((SELECT coalesce(jsonb_agg(jsonb_build_object('host', w.nodename, 'port', w.nodeport, 'command', command) ORDER BY place), '[]') FROM w), parallel) r
  JOIN w USING (place) ORDER BY place
$$;

CREATE FUNCTION pg_catalog.run_command_on_all_nodes(command text, parallel boolean DEFAULT true,
  give_warning_for_connection_errors boolean DEFAULT false, OUT nodeid int, OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE r record;
BEGIN
  FOR r IN
    WITH w AS (SELECT n.nodeid, n.nodename, n.nodeport, row_number() OVER (ORDER BY n.nodeid) AS place FROM pg_dist_node n
               WHERE n.noderole = 'primary' AND n.isactive)
    SELECT w.nodeid, w.nodename, w.nodeport, t.reached, t.success, t.result
    FROM pg_citus_practice.run_tasks((SELECT coalesce(jsonb_agg(jsonb_build_object('host', w.nodename, 'port', w.nodeport, 'command', command) ORDER BY place), '[]') FROM w), parallel) t
    JOIN w USING (place) ORDER BY place
  LOOP
    IF NOT r.reached AND give_warning_for_connection_errors THEN
      RAISE WARNING 'connection to the remote node postgres@%:% failed', r.nodename, r.nodeport USING ERRCODE = '08006';
      CONTINUE;
    END IF;
    nodeid := r.nodeid; success := r.success; result := r.result;
    RETURN NEXT;
  END LOOP;
END $$;

CREATE FUNCTION pg_catalog.run_command_on_coordinator(command text, give_warning_for_connection_errors boolean DEFAULT false,
  OUT nodeid int, OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_dist_node WHERE groupid = 0) THEN
    RAISE EXCEPTION 'the coordinator is not added to the metadata'
      USING ERRCODE = 'XX000', HINT = 'Add the node as a coordinator by using: SELECT citus_set_coordinator_host(''<hostname>'')';
  END IF;
  RETURN QUERY
    WITH w AS (SELECT n.nodeid AS id, n.nodename, n.nodeport FROM pg_dist_node n WHERE n.groupid = 0 AND n.noderole = 'primary')
    SELECT w.id, t.success, t.result
    FROM w, pg_citus_practice.run_tasks((SELECT jsonb_agg(jsonb_build_object('host', w.nodename, 'port', w.nodeport, 'command', command)) FROM w), true) t;
END $$;

CREATE FUNCTION pg_catalog.run_command_on_placements(table_name regclass, command text, parallel boolean DEFAULT true,
  OUT nodename text, OUT nodeport int, OUT shardid bigint, OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RETURN QUERY
    WITH w AS (
      SELECT n.nodename AS host, n.nodeport AS port, s.shardid AS shard, row_number() OVER (ORDER BY s.shardid, n.nodeid) AS place
      FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
      JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary' WHERE s.logicalrelid = table_name)
    SELECT w.host, w.port, w.shard, t.success, t.result
    FROM pg_citus_practice.run_tasks((SELECT coalesce(jsonb_agg(jsonb_build_object('host', w.host, 'port', w.port,
           'command', replace(command, '%s', shard_name(table_name, w.shard))) ORDER BY w.place), '[]') FROM w), parallel) t
    JOIN w USING (place) ORDER BY place;
END $$;

CREATE FUNCTION pg_catalog.run_command_on_shards(table_name regclass, command text, parallel boolean DEFAULT true,
  OUT shardid bigint, OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RETURN QUERY
    WITH w AS (
      SELECT n.nodename AS host, n.nodeport AS port, s.shardid AS shard, row_number() OVER (ORDER BY s.shardid) AS place
      FROM pg_dist_shard s
      JOIN LATERAL (SELECT groupid FROM pg_dist_placement p WHERE p.shardid = s.shardid ORDER BY placementid LIMIT 1) p ON true
      JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary' WHERE s.logicalrelid = table_name)
    SELECT w.shard, t.success, t.result
    FROM pg_citus_practice.run_tasks((SELECT coalesce(jsonb_agg(jsonb_build_object('host', w.host, 'port', w.port,
           'command', replace(command, '%s', shard_name(table_name, w.shard))) ORDER BY w.place), '[]') FROM w), parallel) t
    JOIN w USING (place) ORDER BY place;
END $$;

CREATE FUNCTION pg_catalog.run_command_on_colocated_placements(table_name1 regclass, table_name2 regclass, command text,
  parallel boolean DEFAULT true, OUT nodename text, OUT nodeport int, OUT shardid1 bigint, OUT shardid2 bigint,
  OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NOT pg_catalog.distributed_tables_colocated(table_name1, table_name2) THEN
    RAISE EXCEPTION 'tables % and % are not co-located', table_name1, table_name2 USING ERRCODE = 'P0001';
  END IF;
  RETURN QUERY
    WITH w AS (
      SELECT n.nodename AS host, n.nodeport AS port, a.shardid AS one, b.shardid AS two, row_number() OVER (ORDER BY a.shardid, n.nodeid) AS place
      FROM pg_dist_shard a JOIN pg_dist_shard b ON a.shardminvalue IS NOT DISTINCT FROM b.shardminvalue
      JOIN pg_dist_placement p ON p.shardid = a.shardid
      JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'
      WHERE a.logicalrelid = table_name1 AND b.logicalrelid = table_name2)
    SELECT w.host, w.port, w.one, w.two, t.success, t.result
    FROM pg_citus_practice.run_tasks((SELECT coalesce(jsonb_agg(jsonb_build_object('host', w.host, 'port', w.port,
           'command', pg_citus_practice.fill_two(command,
             shard_name(table_name1, w.one), shard_name(table_name2, w.two))) ORDER BY w.place), '[]') FROM w), parallel) t
    JOIN w USING (place) ORDER BY place;
END $$;

-- The first %s is a shard of the first table, the second one of the second.
CREATE FUNCTION pg_citus_practice.fill_two(command text, first text, second text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE at int := strpos(command, '%s');
BEGIN
  IF at = 0 THEN RETURN command; END IF;
  RETURN left(command, at - 1) || first || replace(substr(command, at + 2), '%s', second);
END $$;
