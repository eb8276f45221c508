-- Splitting shards and isolating tenants. The transfer mode decides what is checked beforehand; what is done
-- is the same in all of them: the rows of the old shards are read once, the ranges change on all nodes, and
-- the rows are written again where they belong now. It blocks writes, whatever was asked for.

-- The new ranges of a colocation group, on one node: windows, metadata and routing change together.
CREATE FUNCTION pg_citus_practice.take_ranges(change jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET citus_practice.applying = 'on' SET client_min_messages = warning AS $$
DECLARE
  t text; s bigint; rel oid; f record; class name; mins int[];
BEGIN
  FOR t IN SELECT * FROM jsonb_array_elements_text(change->'tables') LOOP
    rel := t::regclass;
    FOR s IN SELECT shardid FROM pg_dist_shard WHERE logicalrelid = rel LOOP
      EXECUTE format('DROP FOREIGN TABLE IF EXISTS %s', pg_citus_practice.window_name(rel, s));
    END LOOP;
  END LOOP;
  DELETE FROM pg_dist_placement WHERE shardid IN (SELECT x::bigint FROM jsonb_array_elements_text(change->'old') x);
  DELETE FROM pg_dist_shard WHERE shardid IN (SELECT x::bigint FROM jsonb_array_elements_text(change->'old') x);
  PERFORM pg_citus_practice.apply_metadata('pg_dist_shard', 'INSERT', change->'shards');
  PERFORM pg_citus_practice.apply_metadata('pg_dist_placement', 'INSERT', change->'placements');
  -- the family stays, since a partition key cannot be given another; what its functions answer changes
  mins := pg_citus_practice.shard_mins(rel);
  SELECT opclass INTO class FROM pg_citus_practice.router WHERE colocationid = (change->>'colocationid')::int;
  FOR f IN SELECT p.oid, format_type(p.proargtypes[0], NULL) AS arg, substring(p.prosrc FROM 'width_bucket\(([^(]+)\(\$1\)') AS hash
           FROM pg_proc p WHERE p.proname = class AND p.pronamespace = 'pg_citus_practice'::regnamespace LOOP
    EXECUTE format($f$CREATE OR REPLACE FUNCTION pg_citus_practice.%I(%s, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $body$SELECT pg_catalog.width_bucket(%s($1), %L::int[])::bigint - 1 - 5305509591434766563$body$ $f$, class, f.arg, f.hash, mins);
  END LOOP;
  UPDATE pg_citus_practice.router r SET mins = pg_citus_practice.shard_mins(rel) WHERE r.colocationid = (change->>'colocationid')::int;
  FOR t IN SELECT * FROM jsonb_array_elements_text(change->'tables') LOOP
    PERFORM pg_citus_practice.attach_shards(t::regclass);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.take_ranges(jsonb) FROM PUBLIC;

-- pieces: [{"min": int, "max": int, "group": int}], covering the range of the shard. Answers the ids
-- that the pieces of the given shard got.
CREATE FUNCTION pg_citus_practice.split(of_shard bigint, pieces jsonb) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.hold = 'on'
SET citus_practice.internal = 'on' SET client_min_messages = warning AS $$
DECLARE
  origin pg_dist_shard;
  colocation int;
  t record; piece jsonb; id bigint; names text;
  operation bigint := nextval('pg_dist_operationid_seq');
  shards jsonb := '[]'; placements jsonb := '[]';
  made bigint[] := '{}'; mine bigint[] := '{}';
  change jsonb;
  own text;
BEGIN
  -- what earlier operations left is removed first, in a transaction of its own, as before a move
  own := pg_citus_practice.dial('127.0.0.1', current_setting('port')::int);
  PERFORM * FROM pg_citus_practice.remote_query(own, 'SELECT pg_citus_practice.clean_up()::text') AS r (a text);
  PERFORM pg_citus_practice.hang_up(own);
  SELECT * INTO origin FROM pg_dist_shard WHERE shardid = of_shard;
  SELECT colocationid INTO colocation FROM pg_dist_partition WHERE logicalrelid = origin.logicalrelid;
  CREATE TEMPORARY TABLE citus_split_shards ON COMMIT DROP AS
    SELECT s.shardid AS old_shard, s.logicalrelid AS rel, b.shape, 'citus_split_' || s.shardid AS rows_kept,
           (SELECT groupid FROM pg_dist_placement p WHERE p.shardid = s.shardid ORDER BY placementid LIMIT 1) AS groupid,
           pg_citus_practice.qualified_shard(s.logicalrelid, s.shardid) AS shard
    FROM pg_dist_shard s JOIN pg_dist_partition p USING (logicalrelid) JOIN pg_citus_practice.shell b ON b.relid = s.logicalrelid
    WHERE p.colocationid = colocation AND s.shardminvalue = origin.shardminvalue;
  FOR t IN SELECT * FROM pg_temp.citus_split_shards ORDER BY old_shard LOOP
    IF t.shape = 'h' THEN
      EXECUTE format('CREATE TEMPORARY TABLE %I ON COMMIT DROP AS SELECT %s FROM %s', t.rows_kept, pg_citus_practice.stored_names(t.rel),
        pg_citus_practice.window_name(t.rel, t.old_shard));
    END IF;
    FOR piece IN SELECT * FROM jsonb_array_elements(pieces) LOOP
      id := nextval('pg_dist_shardid_seq');
      made := made || id;
      IF t.old_shard = of_shard THEN mine := mine || id; END IF;
      shards := shards || jsonb_build_object('logicalrelid', t.rel::text, 'shardid', id, 'shardstorage', 't',
                                             'shardminvalue', piece->>'min', 'shardmaxvalue', piece->>'max');
      placements := placements || jsonb_build_object('placementid', nextval('pg_dist_placement_placementid_seq'), 'shardid', id,
                                             'shardstate', 1, 'shardlength', 0, 'groupid', (piece->>'group')::int);
    END LOOP;
  END LOOP;
  change := jsonb_build_object('colocationid', colocation, 'shards', shards, 'placements', placements,
    'old', (SELECT jsonb_agg(old_shard) FROM pg_temp.citus_split_shards),
    'tables', (SELECT jsonb_agg(rel::text ORDER BY shape = 'h', old_shard) FROM pg_temp.citus_split_shards));
  -- old shards are dropped later, by the clean-up, as after a move
  INSERT INTO pg_dist_cleanup (operation_id, object_type, object_name, node_group_id, policy_type)
  SELECT operation, 1, shard, groupid, 2 FROM pg_temp.citus_split_shards ORDER BY shape = 'p', old_shard;
  PERFORM pg_citus_practice.take_ranges(change);
  PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.take_ranges(%L)', change));
  -- parents of partitions before the partitions, keys between tables last
  FOR t IN SELECT p.groupid, string_agg(pg_citus_practice.shard_create_sql(s.shardid), ' ' ORDER BY b.shape = 'h', s.shardid) AS sql
           FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) JOIN pg_citus_practice.shell b ON b.relid = s.logicalrelid
           WHERE s.shardid = ANY (made) GROUP BY p.groupid LOOP
    PERFORM pg_citus_practice.on_group(t.groupid, t.sql);
  END LOOP;
  FOR t IN SELECT * FROM pg_temp.citus_split_shards WHERE shape = 'h' LOOP
    EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM pg_temp.%I', pg_citus_practice.qualified(t.rel),
      pg_citus_practice.stored_names(t.rel), t.rows_kept);
    EXECUTE format('DROP TABLE pg_temp.%I', t.rows_kept);
  END LOOP;
  DROP TABLE pg_temp.citus_split_shards;
  FOR t IN SELECT p.groupid, string_agg(pg_citus_practice.shard_foreign_keys_sql(s.shardid), ' ' ORDER BY s.shardid) AS sql
           FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) WHERE s.shardid = ANY (made) GROUP BY p.groupid LOOP
    IF btrim(t.sql) <> '' THEN PERFORM pg_citus_practice.on_group(t.groupid, t.sql); END IF;
  END LOOP;
  RETURN mine;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.split(bigint, jsonb) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.stored_names(rel oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
  WHERE attrelid = rel AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

-- What a transfer mode asks of a split, before anything is done.
CREATE FUNCTION pg_citus_practice.prepare_split(of_table oid, mode citus.shard_transfer_mode) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE tables regclass[];
BEGIN
  tables := ARRAY(SELECT o.logicalrelid FROM pg_dist_partition p JOIN pg_dist_partition o USING (colocationid)
                  WHERE p.logicalrelid = of_table ORDER BY o.logicalrelid::oid);
  PERFORM pg_citus_practice.require_ownership(t) FROM unnest(tables) t;
  IF mode = 'auto' THEN
    PERFORM pg_citus_practice.require_replica_identity(tables);
  END IF;
  IF mode <> 'block_writes' THEN
    IF pg_citus_practice.setting('citus_practice.moved', 'off') = 'on' THEN
      RAISE EXCEPTION 'multiple shard movements/splits via logical replication in the same transaction is currently not supported'
        USING ERRCODE = '0A000';
    END IF;
    PERFORM set_config('citus_practice.moved', 'on', true);
  END IF;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.prepare_split(oid, citus.shard_transfer_mode) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.isolate(rel oid, tenant text, cascade_option text, mode citus.shard_transfer_mode) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  p pg_dist_partition;
  s pg_dist_shard;
  h int;
  shown text := pg_citus_practice.relname(rel);
  home int;
  pieces jsonb := '[]';
  ids bigint[];
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_ownership(rel);
  p := pg_citus_practice.require_citus_table(rel);
  IF p.partmethod <> 'h' THEN
    RAISE EXCEPTION 'cannot isolate tenant because tenant isolation is only support for hash distributed tables' USING ERRCODE = '0A000';
  END IF;
  IF upper(cascade_option) <> 'CASCADE' AND EXISTS (SELECT FROM pg_dist_partition o WHERE o.colocationid = p.colocationid AND o.logicalrelid <> rel) THEN
    RAISE EXCEPTION 'cannot isolate tenant because "%" has colocated tables', shown USING ERRCODE = '0A000',
      HINT = format('Use CASCADE option to isolate tenants for the colocated tables too. Example usage: isolate_tenant_to_new_shard(''%s'', ''%s'', ''CASCADE'')', shown, tenant);
  END IF;
  h := pg_citus_practice.hash_value((SELECT atttypid FROM pg_attribute WHERE attrelid = rel AND attname = pg_citus_practice.key_column(rel)), tenant);
  SELECT * INTO s FROM pg_dist_shard WHERE logicalrelid = rel AND h BETWEEN shardminvalue::int AND shardmaxvalue::int;
  IF s.shardminvalue = s.shardmaxvalue THEN
    RAISE EXCEPTION 'table % has already been isolated for the given value', quote_ident(shown) USING ERRCODE = '55000';
  END IF;
  PERFORM pg_citus_practice.prepare_split(rel, mode);
  SELECT groupid INTO home FROM pg_dist_placement WHERE shardid = s.shardid ORDER BY placementid LIMIT 1;
  IF s.shardminvalue::int < h THEN
    pieces := pieces || jsonb_build_object('min', s.shardminvalue, 'max', (h - 1)::text, 'group', home);
  END IF;
  pieces := pieces || jsonb_build_object('min', h::text, 'max', h::text, 'group', home);
  IF s.shardmaxvalue::int > h THEN
    pieces := pieces || jsonb_build_object('min', (h::bigint + 1)::text, 'max', s.shardmaxvalue, 'group', home);
  END IF;
  ids := pg_citus_practice.split(s.shardid, pieces);
  RETURN ids[CASE WHEN s.shardminvalue::int < h THEN 2 ELSE 1 END];
END $$;
CREATE FUNCTION pg_catalog.isolate_tenant_to_new_shard(table_name regclass, tenant_id anyelement, cascade_option text DEFAULT '',
  shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS bigint
LANGUAGE sql STRICT AS 'SELECT pg_citus_practice.isolate($1, $2::text, $3, $4)';
CREATE FUNCTION pg_catalog.isolate_tenant_to_new_shard(table_name regclass, tenant_id text, cascade_option text DEFAULT '',
  shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS bigint
LANGUAGE sql STRICT AS 'SELECT pg_citus_practice.isolate($1, $2, $3, $4)';

CREATE FUNCTION pg_catalog.citus_split_shard_by_split_points(shard_id bigint, split_points text[], node_ids int[],
  shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  s pg_dist_shard;
  p pg_dist_partition;
  points int[];
  lower_bound bigint;
  pieces jsonb := '[]';
  i int;
  node pg_dist_node;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  points := split_points::int[];
  SELECT * INTO s FROM pg_dist_shard WHERE shardid = shard_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'could not find valid entry for shard %', shard_id USING ERRCODE = 'XX000';
  END IF;
  PERFORM pg_citus_practice.require_ownership(s.logicalrelid);
  SELECT * INTO p FROM pg_dist_partition WHERE logicalrelid = s.logicalrelid;
  IF p.partmethod <> 'h' THEN
    RAISE EXCEPTION 'Cannot split shard as operation is only supported for hash distributed tables.' USING ERRCODE = '0A000';
  END IF;
  IF cardinality(node_ids) <> cardinality(points) + 1 THEN
    RAISE EXCEPTION 'Number of worker node ids should be one greater split points. NodeId count is ''%'' and SplitPoint count is ''%''.',
      cardinality(node_ids), cardinality(points) USING ERRCODE = '42601';
  END IF;
  IF s.shardminvalue = s.shardmaxvalue THEN
    RAISE EXCEPTION 'Cannot split shard id "%" as min/max range are equal: (''%'', ''%'').', shard_id, s.shardminvalue, s.shardmaxvalue
      USING ERRCODE = '42601';
  END IF;
  lower_bound := s.shardminvalue::int;
  FOR i IN 1 .. cardinality(points) LOOP
    IF points[i] NOT BETWEEN s.shardminvalue::int AND s.shardmaxvalue::int THEN
      RAISE EXCEPTION 'Split point % is outside the min/max range(%, %) for shard id %.', points[i], s.shardminvalue, s.shardmaxvalue, shard_id
        USING ERRCODE = '42601';
    ELSIF points[i] = s.shardmaxvalue::int THEN
      RAISE EXCEPTION 'Invalid split point %, as split points should be inclusive. Please use % instead.', points[i], points[i] - 1
        USING ERRCODE = '42601';
    ELSIF i > 1 AND points[i] <= points[i - 1] THEN
      RAISE EXCEPTION 'Invalid Split Points ''%'' followed by ''%''. All split points should be strictly increasing.', points[i - 1], points[i]
        USING ERRCODE = '42601';
    END IF;
  END LOOP;
  FOR i IN 1 .. cardinality(node_ids) LOOP
    SELECT * INTO node FROM pg_dist_node WHERE nodeid = node_ids[i] AND isactive AND noderole = 'primary';
    IF NOT FOUND THEN
      RAISE EXCEPTION 'Invalid Node Id ''%''.', node_ids[i] USING ERRCODE = '25001';
    END IF;
    pieces := pieces || jsonb_build_object('min', lower_bound::text, 'max', coalesce(points[i]::text, s.shardmaxvalue), 'group', node.groupid);
    lower_bound := points[i]::bigint + 1;
  END LOOP;
  PERFORM pg_citus_practice.prepare_split(s.logicalrelid, shard_transfer_mode);
  PERFORM pg_citus_practice.split(shard_id, pieces);
END $$;
