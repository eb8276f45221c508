-- create_distributed_table and its relatives.

-- The nodes that take shards, in Citus's order.
CREATE FUNCTION pg_citus_practice.shard_groups() RETURNS int[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT coalesce(array_agg(groupid ORDER BY nodename COLLATE "C", nodeport), '{}') FROM pg_dist_node
  WHERE noderole = 'primary' AND isactive AND shouldhaveshards
$$;

CREATE FUNCTION pg_citus_practice.ensure_cluster() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  -- like Citus: the first table makes a lone server a cluster of one
  IF NOT EXISTS (SELECT FROM pg_dist_node) THEN
    PERFORM pg_citus_practice.add_node('127.0.0.1', current_setting('port')::int, 0, 'primary', 'default', true);
    UPDATE pg_dist_node SET shouldhaveshards = true;
    PERFORM pg_citus_practice.mark_objects();
  END IF;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.ensure_cluster() FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.require_owner(rel oid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_catalog.pg_has_role(current_user, (SELECT relowner FROM pg_catalog.pg_class WHERE oid = rel), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of table %', pg_citus_practice.relname(rel) USING ERRCODE = '42501';
  END IF;
END $$;

-- Every reason a table cannot become a Citus table of any kind. Only a local table keeps its triggers.
CREATE FUNCTION pg_citus_practice.require_eligible(rel oid, as_local boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  c pg_class;
  parent oid;
  -- a local table in the metadata is a shell, and its twin is what it is
  def oid := pg_citus_practice.definition_of(rel);
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = def;
  IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = rel AND NOT (partmethod = 'n' AND repmodel <> 't' AND colocationid = 0)) THEN
    RAISE EXCEPTION 'table "%" is already distributed', c.relname USING ERRCODE = '42P16';
  END IF;
  IF rel < 16384 OR c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) THEN
    RAISE EXCEPTION 'cannot create a citus table from a catalog table' USING ERRCODE = '0A000';
  END IF;
  IF c.relpersistence = 't' THEN
    RAISE EXCEPTION 'cannot distribute a temporary table' USING ERRCODE = '0A000';
  END IF;
  IF c.relkind NOT IN ('r', 'f', 'p')
     OR EXISTS (SELECT FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                WHERE i.inhrelid = def AND p.relkind = 'r')
     OR c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = def) THEN
    RAISE EXCEPTION '% is not a regular, foreign or partitioned table', c.relname USING ERRCODE = '42809';
  END IF;
  IF c.relkind = 'f' THEN
    PERFORM pg_citus_practice.refuse('distributing a foreign table');
  END IF;
  SELECT i.inhparent INTO parent FROM pg_inherits i WHERE i.inhrelid = rel;
  IF c.relispartition AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = parent) THEN
    RAISE EXCEPTION 'cannot distribute relation "%" which is partition of "%"', c.relname, pg_citus_practice.relname(parent)
      USING ERRCODE = 'XX000', DETAIL = 'Citus does not support distributing partitions if their parent is not distributed table.',
            HINT = format('Distribute the partitioned table "%s" instead.', pg_citus_practice.relname(parent));
  END IF;
  IF c.relkind = 'p' AND EXISTS (SELECT FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid WHERE i.inhparent = def AND p.relkind = 'p') THEN
    RAISE EXCEPTION 'distributing multi-level partitioned tables is not supported'
      USING ERRCODE = 'XX000', DETAIL = format('Relation "%s" is partitioned table itself so cannot be partition of relation "%s".',
        (SELECT p.relname FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid WHERE i.inhparent = def AND p.relkind = 'p' LIMIT 1), c.relname);
  END IF;
  IF NOT as_local AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = def AND NOT tgisinternal)
     AND pg_citus_practice.setting('citus.enable_unsafe_triggers', 'off') <> 'on' THEN
    RAISE EXCEPTION 'cannot distribute relation "%" because it has triggers', c.relname
      USING ERRCODE = 'XX000', HINT = format('Consider dropping all the triggers on "%s" and retry.', c.relname);
  END IF;
END $$;

-- Keys have to contain the distribution column, else no single shard could enforce them.
CREATE FUNCTION pg_citus_practice.require_key_in_constraints(def oid, shown text, key name) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE n int;
BEGIN
  SELECT attnum INTO n FROM pg_attribute WHERE attrelid = def AND attname = key;
  IF pg_citus_practice.setting('citus.allow_unsafe_constraints', 'off') = 'on' THEN RETURN; END IF;
  IF EXISTS (
    SELECT FROM pg_constraint k WHERE k.conrelid = def AND (
      k.contype IN ('p', 'u') AND n <> ALL (k.conkey)
      OR k.contype = 'x' AND NOT EXISTS (
        SELECT FROM unnest(k.conkey, k.conexclop) AS e (col, op) JOIN pg_operator o ON o.oid = e.op
        WHERE e.col = n AND o.oprname = '='))) THEN
    RAISE EXCEPTION 'cannot create constraint on "%"', shown USING ERRCODE = '0A000',
      DETAIL = 'Distributed relations cannot have UNIQUE, EXCLUDE, or PRIMARY KEY constraints that do not include the partition column (with an equality operator if EXCLUDE).';
  END IF;
  IF EXISTS (
    SELECT FROM pg_index x WHERE x.indrelid = def AND x.indisunique AND n <> ALL (x.indkey::int2[])
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid)) THEN
    RAISE EXCEPTION 'creating unique indexes on non-partition columns is currently unsupported' USING ERRCODE = '0A000';
  END IF;
END $$;

-- Foreign keys a Citus table may have. "of_kind" is h (hash), s (single shard), t (reference), l (local).
CREATE FUNCTION pg_citus_practice.require_foreign_keys(def oid, self oid, of_kind "char", key name, of_colocation int,
                                                       added_only oid[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE k record; other record; key_place int; n int;
BEGIN
  SELECT attnum INTO n FROM pg_attribute WHERE attrelid = def AND attname = key;
  FOR k IN SELECT * FROM pg_constraint WHERE conrelid = def AND contype = 'f' AND conparentid = 0
           AND (added_only IS NULL OR oid = ANY (added_only)) ORDER BY oid LOOP
    CONTINUE WHEN k.confrelid = def;
    SELECT p.*, s.twinid INTO other FROM pg_citus_practice.shell s JOIN pg_dist_partition p ON p.logicalrelid = s.relid
    WHERE s.twinid = k.confrelid;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'referenced table "%" must be a distributed table or a reference table', pg_citus_practice.relname(k.confrelid)
        USING ERRCODE = '42P16',
          DETAIL = 'To enforce foreign keys, the referencing and referenced rows need to be stored on the same node.',
          HINT = format('You could use SELECT create_reference_table(''%s'') to replicate the referenced table to all nodes or consider dropping the foreign key',
            CASE WHEN pg_table_is_visible(k.confrelid) OR starts_with(pg_citus_practice.qualified(k.confrelid), 'public.')
                 THEN pg_citus_practice.relname(k.confrelid) ELSE pg_citus_practice.qualified(k.confrelid) END);
    END IF;
    CONTINUE WHEN other.repmodel = 't';
    IF of_kind IN ('t', 'l') THEN
      CONTINUE WHEN other.partmethod = 'n' AND other.colocationid = 0;
      RAISE EXCEPTION 'cannot create foreign key constraint since foreign keys from reference tables and local tables to distributed tables are not supported'
        USING ERRCODE = '0A000', DETAIL = 'Reference tables and local tables can only have foreign keys to reference tables and local tables';
    END IF;
    IF other.colocationid <> of_colocation THEN
      RAISE EXCEPTION 'cannot create foreign key constraint since relations are not colocated or not referencing a reference table'
        USING ERRCODE = '0A000',
          DETAIL = 'A distributed table can only have foreign keys if it is referencing another colocated hash distributed table or a reference table';
    END IF;
    CONTINUE WHEN of_kind = 's';
    -- the distribution columns have to stand opposite each other
    IF NOT EXISTS (
      SELECT FROM unnest(k.conkey, k.confkey) AS pair (mine, theirs)
      WHERE mine = n AND theirs = (SELECT attnum FROM pg_attribute WHERE attrelid = k.confrelid
                                   AND attname = pg_citus_practice.key_column(other.logicalrelid))) THEN
      RAISE EXCEPTION 'cannot create foreign key constraint'
        USING ERRCODE = '0A000',
          DETAIL = 'Foreign keys are supported in two cases, either in between two colocated tables including partition column in the same ordinal in the both tables or from distributed to reference tables';
    END IF;
    IF n = ANY (k.conkey) AND (k.confdeltype IN ('n', 'd') OR k.confupdtype IN ('n', 'd', 'c')) THEN
      RAISE EXCEPTION 'cannot create foreign key constraint'
        USING ERRCODE = '0A000',
          DETAIL = CASE WHEN k.confdeltype IN ('n', 'd')
            THEN 'SET NULL or SET DEFAULT is not supported in ON DELETE operation when distribution key is included in the foreign key constraint'
            ELSE 'SET NULL, SET DEFAULT or CASCADE is not supported in ON UPDATE operation when distribution key included in the foreign constraint.' END;
    END IF;
  END LOOP;
END $$;

-- Puts the shell in the place of a table, which becomes its twin. Answers the shell.
CREATE FUNCTION pg_citus_practice.replace_with_shell(rel oid, spec jsonb) RETURNS oid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET client_min_messages = warning AS $$
DECLARE
  twin_schema name := 'pg_citus_twin_' || rel;
  twin text;
  made oid;
  v record;
  c jsonb;
  q jsonb;
  drawn jsonb := '{}';
  last record;
BEGIN
  PERFORM pg_citus_practice.take_views_off(spec->'views');
  FOR c IN SELECT * FROM jsonb_array_elements(spec->'columns') LOOP
    IF c->>'identity' IS NOT NULL AND spec->>'parent' IS NULL THEN
      EXECUTE format('SELECT last_value, is_called FROM %s', pg_get_serial_sequence(pg_citus_practice.qualified(rel), c->>'name')) INTO last;
      drawn := drawn || jsonb_build_object(c->>'name', jsonb_build_array(last.last_value, last.is_called));
      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP IDENTITY', pg_citus_practice.qualified(rel), c->>'name');
    END IF;
  END LOOP;
  FOR q IN SELECT * FROM jsonb_array_elements(spec->'sequences') LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', pg_citus_practice.qualified(rel), q->>'column');
    IF (q->>'owned')::boolean THEN
      EXECUTE format('ALTER SEQUENCE %I.%I OWNED BY NONE', q->>'schema', q->>'name');
    END IF;
  END LOOP;
  EXECUTE format('CREATE SCHEMA %I', twin_schema);
  EXECUTE format('ALTER TABLE %s SET SCHEMA %I', pg_citus_practice.qualified(rel), twin_schema);
  twin := pg_citus_practice.qualified(rel);

  made := pg_citus_practice.make_shell(spec);
  UPDATE pg_citus_practice.shell SET twinid = rel, twinschema = twin_schema WHERE relid = made;

  FOR q IN SELECT * FROM jsonb_array_elements(spec->'sequences') LOOP
    IF (q->>'owned')::boolean THEN
      EXECUTE format('ALTER SEQUENCE %I.%I OWNED BY %I.%I.%I', q->>'schema', q->>'name', spec->>'schema', spec->>'name', q->>'column');
    END IF;
  END LOOP;
  FOR v IN SELECT key, value FROM jsonb_each(drawn) LOOP
    PERFORM setval(pg_get_serial_sequence(pg_citus_practice.qualified(made), v.key), (v.value->>0)::bigint, (v.value->>1)::boolean);
  END LOOP;
  PERFORM pg_citus_practice.turn_views(spec->'views');
  -- rights, policies and remarks belong to the table people see
  FOR v IN SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee,
                  string_agg(a.privilege_type, ', ') AS rights, a.is_grantable
           FROM pg_class t, aclexplode(t.relacl) a WHERE t.oid = rel AND a.grantee <> t.relowner GROUP BY a.grantee, a.is_grantable LOOP
    EXECUTE format('GRANT %s ON %s TO %s%s', v.rights, pg_citus_practice.qualified(made), v.grantee,
                   CASE WHEN v.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;
  PERFORM pg_citus_practice.copy_policies(rel, made);
  FOR v IN SELECT d.objsubid, d.description, a.attname FROM pg_description d
           LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
           WHERE d.classoid = 'pg_class'::regclass AND d.objoid = rel LOOP
    IF v.objsubid = 0 THEN
      EXECUTE format('COMMENT ON TABLE %s IS %L', pg_citus_practice.qualified(made), v.description);
    ELSE
      EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', pg_citus_practice.qualified(made), v.attname, v.description);
    END IF;
  END LOOP;
  RETURN made;
END $$;

CREATE FUNCTION pg_citus_practice.copy_policies(from_rel oid, to_rel oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE p record; c pg_class; target text := pg_citus_practice.qualified(to_rel);
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = from_rel;
  FOR p IN SELECT * FROM pg_policy WHERE polrelid = to_rel LOOP
    EXECUTE format('DROP POLICY %I ON %s', p.polname, target);
  END LOOP;
  FOR p IN SELECT * FROM pg_policy WHERE polrelid = from_rel LOOP
    EXECUTE format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname, target,
      CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
      CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
      (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ') FROM unnest(p.polroles) r),
      coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''),
      coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''));
  END LOOP;
  EXECUTE format('ALTER TABLE %s %s ROW LEVEL SECURITY, %s ROW LEVEL SECURITY', target,
    CASE WHEN c.relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END, CASE WHEN c.relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.replace_with_shell(oid, jsonb), pg_citus_practice.copy_policies(oid, oid) FROM PUBLIC;

-- Moves the rows of a twin into the shards and keeps them aside until a person truncates them.
CREATE FUNCTION pg_citus_practice.move_rows(rel oid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
DECLARE
  s pg_citus_practice.shell;
  twin text;
  names text;
  any_rows boolean;
BEGIN
  SELECT * INTO s FROM pg_citus_practice.shell WHERE relid = rel;
  twin := pg_citus_practice.qualified(s.twinid);
  EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s)', twin) INTO any_rows;
  IF NOT any_rows THEN RETURN false; END IF;
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO names
  FROM pg_attribute WHERE attrelid = s.twinid AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
  EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM ONLY %s', pg_citus_practice.qualified(rel), names, twin);
  EXECUTE format('CREATE TABLE %I.citus_local_copy AS SELECT %s FROM ONLY %s', s.twinschema, names, twin);
  UPDATE pg_citus_practice.shell SET localcopy = format('%I.citus_local_copy', s.twinschema)::regclass WHERE relid = rel;
  PERFORM pg_citus_practice.empty_twin(s.twinid);
  RETURN true;
END $$;

-- Without foreign key triggers: a local table may still refer to rows that now live on the shards.
CREATE FUNCTION pg_citus_practice.empty_twin(twinid oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET session_replication_role = replica
SET citus_practice.internal = 'on' AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_constraint WHERE confrelid = twinid AND conrelid <> twinid) THEN
    EXECUTE format('DELETE FROM %s', pg_citus_practice.qualified(twinid));
  ELSE
    EXECUTE format('TRUNCATE ONLY %s', pg_citus_practice.qualified(twinid));
  END IF;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.move_rows(oid), pg_citus_practice.empty_twin(oid) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.mark_table(rel oid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO pg_dist_object (classid, objid, objsubid)
  SELECT 'pg_class'::regclass, rel, 0
  UNION ALL SELECT 'pg_namespace'::regclass, relnamespace, 0 FROM pg_class WHERE oid = rel
  UNION ALL SELECT 'pg_authid'::regclass, relowner, 0 FROM pg_class WHERE oid = rel
  UNION ALL SELECT 'pg_class'::regclass, format('%I.%I', q->>'schema', q->>'name')::regclass, 0
            FROM jsonb_array_elements(pg_citus_practice.sequences_of(rel)) q
  ON CONFLICT DO NOTHING
$$;
REVOKE ALL ON FUNCTION pg_citus_practice.mark_table(oid) FROM PUBLIC;

-- The one place where a table becomes a Citus table. "layout" says the shards:
--   [{"min": text, "max": text, "groups": [int]}]
CREATE FUNCTION pg_citus_practice.convert(rel oid, of_shape "char", method "char", key name, of_colocation int,
  model "char", layout jsonb, said boolean DEFAULT true, auto boolean DEFAULT false) RETURNS oid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.hold = 'on' AS $body$
DECLARE
  spec jsonb;
  made oid;
  c pg_class;
  shard jsonb;
  id bigint;
  child oid;
  children jsonb := '[]';
  child_def record;
  full_name text;
  carried boolean;
  had_rows boolean;
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = rel;
  full_name := pg_citus_practice.qualified(rel);
  spec := jsonb_build_object(
    'schema', c.relnamespace::regnamespace::text, 'name', c.relname, 'owner', pg_get_userbyid(c.relowner),
    'shape', CASE WHEN c.relkind = 'p' THEN 'p' ELSE of_shape END,
    'accessmethod', (SELECT amname FROM pg_am WHERE oid = c.relam),
    'columns', pg_citus_practice.columns_of(rel), 'sequences', pg_citus_practice.sequences_of(rel), 'key', key,
    'partkey', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(rel) END,
    'router', CASE WHEN of_shape = 'h' THEN jsonb_build_object('colocationid', of_colocation,
        'type', (SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = rel AND attname = key),
        'mins', (SELECT jsonb_agg((l->>'min')::int ORDER BY (l->>'min')::int) FROM jsonb_array_elements(layout) l)) END,
    'parent', (SELECT pg_citus_practice.qualified(s.relid) FROM pg_inherits i JOIN pg_citus_practice.shell s ON s.twinid = i.inhparent
               WHERE i.inhrelid = rel),
    'bound', pg_get_expr(c.relpartbound, c.oid),
    -- their text has to be read while it says the name
    'views', pg_citus_practice.views_on(rel));
  spec := spec || jsonb_build_object('schema', (SELECT nspname FROM pg_namespace WHERE oid = c.relnamespace));

  made := pg_citus_practice.replace_with_shell(rel, spec);
  INSERT INTO pg_dist_partition VALUES (made, method,
    CASE WHEN key IS NOT NULL THEN pg_catalog.column_name_to_column(made, key) END,
    of_colocation, model, auto);
  -- ids in the order of the layout, which is the order of the hash ranges
  FOR shard IN SELECT * FROM jsonb_array_elements(layout) LOOP
    id := nextval('pg_dist_shardid_seq');
    INSERT INTO pg_dist_shard VALUES (made, id, 't', shard->>'min', shard->>'max');
    INSERT INTO pg_dist_placement (shardid, shardstate, shardlength, groupid)
    SELECT id, 1, 0, g::int FROM jsonb_array_elements_text(shard->'groups') g;
  END LOOP;
  PERFORM pg_citus_practice.make_shards(made);
  PERFORM pg_citus_practice.attach_shards(made);
  PERFORM pg_citus_practice.mark_table(made);
  -- like Citus, which keeps append and range tables to the coordinator
  carried := method NOT IN ('a', 'r') AND EXISTS (SELECT FROM pg_citus_practice.other_groups());
  IF carried THEN
    PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.receive_table(%L)', pg_citus_practice.table_spec(made)));
    PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.apply_metadata(''pg_dist_object'', ''INSERT'', %L)',
      (SELECT jsonb_agg(pg_citus_practice.portable('pg_dist_object', to_jsonb(o))) FROM pg_dist_object o
       WHERE objid = made OR objid = c.relnamespace OR objid IN (
         SELECT format('%I.%I', q->>'schema', q->>'name')::regclass FROM jsonb_array_elements(spec->'sequences') q))));
  END IF;
  -- partitions are distributed like the table they belong to
  IF c.relkind = 'p' THEN
    FOR child IN SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = rel ORDER BY i.inhrelid LOOP
      PERFORM pg_citus_practice.convert(child, of_shape, method, key, of_colocation, model, layout, said, auto);
    END LOOP;
  ELSE
    EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s)', pg_citus_practice.qualified(rel)) INTO had_rows;
    IF had_rows THEN
      IF said THEN RAISE NOTICE 'Copying data from local table...'; END IF;
      PERFORM pg_citus_practice.move_rows(made);
      IF said THEN
        RAISE NOTICE 'copying the data has completed'
          USING DETAIL = 'The local data in the table is no longer visible, but is still on disk.',
                HINT = format('To remove the local data, run: SELECT truncate_local_data_after_distributing_table($$%s$$)', full_name);
      END IF;
    END IF;
  END IF;
  PERFORM pg_citus_practice.put_views_back(spec->'views');
  RETURN made;
END $body$;
REVOKE ALL ON FUNCTION pg_citus_practice.convert(oid, "char", "char", name, int, "char", jsonb, boolean, boolean) FROM PUBLIC;

-- A colocation group with this shape, or a new one. Written at once to every node.
CREATE FUNCTION pg_citus_practice.new_colocation(shards int, factor int, typeid oid, collation_id oid) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE id int := nextval('pg_dist_colocationid_seq');
BEGIN
  INSERT INTO pg_dist_colocation VALUES (id, shards, factor, typeid, collation_id);
  RETURN id;
END $$;
CREATE FUNCTION pg_citus_practice.find_colocation(shards int, factor int, typeid oid, collation_id oid, exact boolean) RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT min(c.colocationid) FROM pg_dist_colocation c
  WHERE c.shardcount = shards AND c.replicationfactor = factor AND c.distributioncolumntype = typeid
    AND c.distributioncolumncollation = collation_id
    AND c.colocationid NOT IN (SELECT colocationid FROM pg_dist_schema)
    AND (NOT exact OR NOT EXISTS (
      SELECT FROM pg_dist_partition p WHERE p.colocationid = c.colocationid
        AND (SELECT count(*) FROM pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid) <> shards))
$$;
-- Colocation groups whose last table went are forgotten, but not those of a distributed schema.
CREATE FUNCTION pg_citus_practice.forget_colocation(of_colocation int) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  DELETE FROM pg_dist_colocation c WHERE c.colocationid = of_colocation
    AND NOT EXISTS (SELECT FROM pg_dist_partition p WHERE p.colocationid = c.colocationid)
    AND NOT EXISTS (SELECT FROM pg_dist_schema s WHERE s.colocationid = c.colocationid)
$$;
REVOKE ALL ON FUNCTION pg_citus_practice.new_colocation(int, int, oid, oid), pg_citus_practice.forget_colocation(int) FROM PUBLIC;

-- The layout of a group that has tables already.
CREATE FUNCTION pg_citus_practice.layout_of(rel oid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT jsonb_agg(jsonb_build_object('min', s.shardminvalue, 'max', s.shardmaxvalue, 'groups',
           (SELECT jsonb_agg(p.groupid ORDER BY p.placementid) FROM pg_dist_placement p WHERE p.shardid = s.shardid))
         ORDER BY s.shardminvalue::int NULLS FIRST)
  FROM pg_dist_shard s WHERE s.logicalrelid = rel
$$;
CREATE FUNCTION pg_citus_practice.new_layout(shards int, factor int) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  groups int[] := pg_citus_practice.shard_groups();
  step bigint := 4294967296 / shards;
BEGIN
  IF factor > cardinality(groups) THEN
    RAISE EXCEPTION 'replication_factor (%) exceeds number of worker nodes (%)', factor, cardinality(groups)
      USING ERRCODE = '22023', HINT = 'Add more worker nodes or try again with a lower replication factor.';
  END IF;
  RETURN (SELECT jsonb_agg(jsonb_build_object(
      'min', (-2147483648 + i * step)::text,
      'max', CASE WHEN i = shards - 1 THEN '2147483647' ELSE (-2147483648 + (i + 1) * step - 1)::text END,
      'groups', (SELECT jsonb_agg(groups[1 + ((i + r) % cardinality(groups))::int] ORDER BY r) FROM generate_series(0, factor - 1) r))
    ORDER BY i) FROM generate_series(0::bigint, shards - 1) i);
END $$;

-- "into_group" is the colocation group, with its layout, of a table that is made anew: {"id", "layout"}.
CREATE FUNCTION pg_citus_practice.distribute(rel oid, key_name text, method citus.distribution_type, with_table oid,
  colocation_word text, wanted_shards int, said boolean DEFAULT true, into_group jsonb DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  shown text := pg_citus_practice.relname(rel);
  key pg_attribute;
  colocation int;
  layout jsonb;
  shards int;
  factor int := pg_citus_practice.setting('citus.shard_replication_factor', '1')::int;
  other record;
  class record;
  key_commands jsonb;
BEGIN
  IF factor <> 1 THEN
    PERFORM pg_citus_practice.refuse('citus.shard_replication_factor > 1');
  END IF;
  PERFORM pg_citus_practice.require_eligible(rel);
  IF EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = with_table AND (
       p.partmethod IN ('a', 'r') OR p.partmethod = 'n' AND p.repmodel <> 't' AND p.colocationid = 0)) THEN
    RAISE EXCEPTION 'cannot distribute relation' USING ERRCODE = '0A000',
      DETAIL = 'Currently, colocate_with option is not supported with append / range distributed tables and local tables added to metadata.';
  END IF;
  -- Citus undistributes a local table of its metadata first, except where it splits its one shard concurrently
  IF said AND key_name IS NOT NULL AND EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = rel) THEN
    PERFORM pg_citus_practice.require_no_identity(rel);
  END IF;
  SELECT * INTO rel, key_commands FROM pg_citus_practice.leave_metadata(rel);
  IF key_name IS NULL THEN
    PERFORM pg_citus_practice.distribute_single(rel, with_table, colocation_word);
    PERFORM pg_citus_practice.put_keys_back(key_commands);
    RETURN;
  END IF;
  SELECT * INTO key FROM pg_attribute WHERE attrelid = rel AND attname = key_name AND attnum > 0 AND NOT attisdropped;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'column "%" of relation "%" does not exist', key_name, shown USING ERRCODE = '42703';
  END IF;
  IF key.attgenerated <> '' THEN
    RAISE EXCEPTION 'cannot distribute relation: %', shown
      USING ERRCODE = '0A000', DETAIL = 'Distribution column must not use GENERATED ALWAYS AS (...) STORED.';
  END IF;
  IF method = 'hash' THEN
    SELECT * INTO class FROM pg_citus_practice.hash_class(key.atttypid);
    IF class.opcfamily IS NULL THEN
      RAISE EXCEPTION 'data type % has no default operator class for specified partition method', format_type(key.atttypid, NULL)
        USING ERRCODE = '42704', DETAIL = 'Partition column types must have a default operator class defined.';
    END IF;
    IF EXISTS (SELECT FROM pg_collation WHERE oid = key.attcollation AND NOT collisdeterministic) THEN
      RAISE EXCEPTION 'Hash distributed partition columns may not use a non deterministic collation' USING ERRCODE = '0A000';
    END IF;
    IF key.atttypid = 'numeric'::regtype AND key.atttypmod <> -1 AND (((key.atttypmod - 4) & 2047) # 1024) - 1024 < 0 THEN
      RAISE EXCEPTION 'cannot distribute relation: %', shown
        USING ERRCODE = '0A000', DETAIL = 'Distribution column must not use numeric type with negative scale';
    END IF;
  END IF;
  PERFORM pg_citus_practice.require_key_in_constraints(rel, shown, key.attname);

  IF method <> 'hash' THEN
    IF EXISTS (SELECT FROM pg_class WHERE oid = rel AND relkind = 'p') THEN
      RAISE EXCEPTION 'distributing partitioned tables in only supported for hash-distributed tables' USING ERRCODE = '0A000';
    ELSIF key_commands <> '[]' OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = rel AND contype = 'f') THEN
      RAISE EXCEPTION 'cannot create foreign key constraint' USING ERRCODE = '0A000',
        DETAIL = 'Foreign keys are supported in two cases, either in between two colocated tables including partition column in the same ordinal in the both tables or from distributed to reference tables';
    END IF;
    IF with_table IS NOT NULL THEN
      RAISE EXCEPTION 'colocate_with option is not supported for append / range distributed tables' USING ERRCODE = '42601';
    END IF;
    PERFORM pg_citus_practice.convert(rel, 'e', CASE method WHEN 'append' THEN 'a' ELSE 'r' END::"char", key.attname, 0, 'c', '[]');
    PERFORM pg_citus_practice.put_keys_back(key_commands);
    RETURN;
  END IF;

  IF into_group IS NOT NULL THEN
    colocation := (into_group->>'id')::int;
    layout := into_group->'layout';
    PERFORM pg_citus_practice.require_foreign_keys(rel, rel, 'h', key.attname, colocation);
  ELSIF with_table IS NOT NULL THEN
    SELECT p.*, pg_citus_practice.relname(with_table) AS shown INTO other FROM pg_dist_partition p WHERE p.logicalrelid = with_table;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'relation % is not distributed', pg_citus_practice.relname(with_table) USING ERRCODE = 'XX000';
    END IF;
    IF other.partmethod <> 'h' THEN
      RAISE EXCEPTION 'cannot colocate tables % and %', other.shown, shown
        USING ERRCODE = 'XX000', DETAIL = CASE WHEN other.repmodel = 't' THEN format('Replication models don''t match for %s and %s.', other.shown, shown)
          ELSE format('Distribution column types don''t match for %s and %s.', other.shown, shown) END;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = with_table AND attname = pg_citus_practice.key_column(with_table)
                   AND atttypid = key.atttypid) THEN
      RAISE EXCEPTION 'cannot colocate tables % and %', other.shown, shown
        USING ERRCODE = 'XX000', DETAIL = format('Distribution column types don''t match for %s and %s.', other.shown, shown);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = with_table AND attname = pg_citus_practice.key_column(with_table)
                   AND attcollation = key.attcollation) THEN
      RAISE EXCEPTION 'cannot colocate tables % and %', other.shown, shown
        USING ERRCODE = 'XX000', DETAIL = format('Distribution column collations don''t match for %s and %s.', other.shown, shown);
    END IF;
    colocation := other.colocationid;
    PERFORM pg_citus_practice.require_foreign_keys(rel, rel, 'h', key.attname, colocation);
    layout := pg_citus_practice.layout_of(with_table);
  ELSE
    shards := coalesce(wanted_shards, pg_citus_practice.setting('citus.shard_count', '32')::int);
    IF colocation_word = 'default' THEN
      colocation := pg_citus_practice.find_colocation(shards, factor, key.atttypid, key.attcollation, wanted_shards IS NOT NULL);
    END IF;
    PERFORM pg_citus_practice.require_foreign_keys(rel, rel, 'h', key.attname, coalesce(colocation, -1));
    SELECT pg_citus_practice.layout_of(p.logicalrelid) INTO layout FROM pg_dist_partition p
    WHERE p.colocationid = colocation ORDER BY p.ctid LIMIT 1;
    layout := coalesce(layout, pg_citus_practice.new_layout(shards, factor));
    colocation := coalesce(colocation, pg_citus_practice.new_colocation(shards, factor, key.atttypid, key.attcollation));
  END IF;
  PERFORM pg_citus_practice.convert(rel, 'h', 'h', key.attname, colocation, 's', layout, said);
  PERFORM pg_citus_practice.put_keys_back(key_commands);
END $$;

-- A table without distribution column: one shard, on a node chosen by its group's number.
CREATE FUNCTION pg_citus_practice.distribute_single(rel oid, with_table oid, colocation_word text, of_colocation int DEFAULT NULL,
                                                    said boolean DEFAULT true) RETURNS oid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  colocation int := of_colocation;
  layout jsonb;
  groups int[] := pg_citus_practice.shard_groups();
  other pg_dist_partition;
  key_commands jsonb;
  made oid;
BEGIN
  SELECT * INTO rel, key_commands FROM pg_citus_practice.leave_metadata(rel);
  IF with_table IS NOT NULL THEN
    SELECT * INTO other FROM pg_dist_partition WHERE logicalrelid = with_table;
    IF other.partmethod IS DISTINCT FROM 'n' OR other.repmodel = 't' OR other.colocationid = 0 THEN
      RAISE EXCEPTION 'cannot colocate tables % and %', pg_citus_practice.relname(with_table), pg_citus_practice.relname(rel)
        USING ERRCODE = 'XX000', DETAIL = format('Distribution column types don''t match for %s and %s.',
          pg_citus_practice.relname(with_table), pg_citus_practice.relname(rel));
    END IF;
    colocation := other.colocationid;
  ELSIF colocation IS NULL AND colocation_word = 'default' THEN
    colocation := pg_citus_practice.find_colocation(1, 1, 0, 0, false);
  END IF;
  PERFORM pg_citus_practice.require_foreign_keys(rel, rel, 's', NULL, coalesce(colocation, -1));
  colocation := coalesce(colocation, pg_citus_practice.new_colocation(1, 1, 0, 0));
  SELECT pg_citus_practice.layout_of(p.logicalrelid) INTO layout FROM pg_dist_partition p
  WHERE p.colocationid = colocation ORDER BY p.ctid LIMIT 1;
  IF layout IS NULL THEN
    IF cardinality(groups) = 0 THEN
      RAISE EXCEPTION 'couldn''t find any worker nodes' USING ERRCODE = '55000', HINT = 'Add more worker nodes';
    END IF;
    layout := jsonb_build_array(jsonb_build_object('min', NULL, 'max', NULL, 'groups', jsonb_build_array(groups[1 + colocation % cardinality(groups)])));
  END IF;
  made := pg_citus_practice.convert(rel, 'o', 'n', NULL, colocation, 's', layout, said);
  PERFORM pg_citus_practice.put_keys_back(key_commands);
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.distribute(oid, text, citus.distribution_type, oid, text, int, boolean, jsonb),
  pg_citus_practice.distribute_single(oid, oid, text, int, boolean) FROM PUBLIC;

-- A local table in the metadata is taken out first when it is to become something else. Its foreign keys go,
-- and come back at the end by the commands this answers: then Citus may find that one is not allowed.
CREATE FUNCTION pg_citus_practice.leave_metadata(INOUT rel oid, OUT key_commands jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE keys oid[];
BEGIN
  key_commands := '[]';
  IF NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = rel) THEN RETURN; END IF;
  keys := ARRAY(SELECT f.oid FROM pg_citus_practice.foreign_keys f WHERE rel IN (f.relid, f.referenced));
  key_commands := pg_citus_practice.foreign_key_commands(keys);
  PERFORM pg_citus_practice.take_keys_off(keys);
  rel := pg_citus_practice.unconvert(rel);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.leave_metadata(oid) FROM PUBLIC;

CREATE FUNCTION pg_catalog.create_distributed_table(table_name regclass, distribution_column text,
  distribution_type citus.distribution_type DEFAULT 'hash', colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE with_table oid;
BEGIN
  IF table_name IS NULL OR distribution_type IS NULL OR colocate_with IS NULL THEN RETURN; END IF;
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_owner(table_name);
  IF colocate_with NOT IN ('default', 'none') AND shard_count IS NOT NULL THEN
    RAISE EXCEPTION 'Cannot use colocate_with with a table and shard_count at the same time' USING ERRCODE = 'XX000';
  END IF;
  IF distribution_column IS NULL AND shard_count IS NOT NULL THEN
    RAISE EXCEPTION 'shard_count can''t be specified when the distribution column is null because in that case it''s automatically set to 1'
      USING ERRCODE = '0A000';
  END IF;
  IF shard_count NOT BETWEEN 1 AND 64000 THEN
    RAISE EXCEPTION '% is outside the valid range for parameter "shard_count" (1 .. 64000)', shard_count USING ERRCODE = 'XX000';
  END IF;
  IF colocate_with NOT IN ('default', 'none') THEN with_table := colocate_with::regclass; END IF;
  PERFORM pg_citus_practice.distribute_as_owner(table_name, distribution_column, distribution_type, with_table, colocate_with, shard_count);
END $$;

-- Owners may distribute their tables, though what it takes is a superuser's work.
CREATE FUNCTION pg_citus_practice.distribute_as_owner(rel oid, key_name text, method citus.distribution_type, with_table oid,
  colocation_word text, wanted_shards int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT pg_has_role(pg_citus_practice.calling_role(), (SELECT relowner FROM pg_class WHERE oid = rel), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of table %', pg_citus_practice.relname(rel) USING ERRCODE = '42501';
  END IF;
  PERFORM pg_citus_practice.ensure_cluster();
  PERFORM pg_citus_practice.distribute(rel, key_name, method, with_table, colocation_word, wanted_shards);
END $$;

CREATE FUNCTION pg_catalog.create_distributed_table_concurrently(table_name regclass, distribution_column text,
  distribution_type citus.distribution_type DEFAULT 'hash', colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE with_table oid;
BEGIN
  IF table_name IS NULL OR distribution_type IS NULL OR colocate_with IS NULL THEN RETURN; END IF;
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_owner(table_name);
  IF distribution_column IS NULL THEN
    RAISE EXCEPTION 'cannot use create_distributed_table_concurrently to create a distributed table with a null shard key, consider using create_distributed_table()'
      USING ERRCODE = 'XX000';
  END IF;
  IF lower(colocate_with) NOT IN ('default', 'none') THEN
    IF shard_count IS NOT NULL THEN
      RAISE EXCEPTION 'Cannot use colocate_with with a table and shard_count at the same time' USING ERRCODE = 'XX000';
    END IF;
    with_table := colocate_with::regclass;
  END IF;
  -- SQL cannot see every transaction block, only one in which something was written
  IF pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'create_distributed_table_concurrently cannot run inside a transaction block' USING ERRCODE = '25001';
  END IF;
  IF distribution_type <> 'hash' THEN
    RAISE EXCEPTION 'only hash-distributed tables can be distributed without blocking writes' USING ERRCODE = '22023';
  END IF;
  PERFORM pg_citus_practice.distribute_concurrently(table_name, distribution_column, with_table, lower(colocate_with), shard_count);
END $$;

-- What Citus leaves behind differs from create_distributed_table in one thing: no hidden local copy.
CREATE FUNCTION pg_citus_practice.distribute_concurrently(rel oid, key_name text, with_table oid, colocation_word text,
                                                          wanted_shards int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  c pg_class;
  name text := pg_citus_practice.qualified(rel);
BEGIN
  PERFORM pg_citus_practice.require_ownership(rel);
  PERFORM pg_citus_practice.ensure_cluster();
  PERFORM pg_citus_practice.require_eligible(rel);
  SELECT * INTO c FROM pg_class WHERE oid = rel;
  -- it becomes a local table in the metadata on its way
  IF NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = rel) THEN
    PERFORM pg_citus_practice.require_no_outer_keys(rel);
  END IF;
  IF c.relkind <> 'p' AND (c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS (
       SELECT FROM pg_index WHERE indrelid = rel AND indisprimary)) THEN
    RAISE NOTICE 'relation % does not have a REPLICA IDENTITY or PRIMARY KEY', c.relname
      USING ERRCODE = '0A000', DETAIL = 'UPDATE and DELETE commands on the relation will error out during create_distributed_table_concurrently unless there is a REPLICA IDENTITY or PRIMARY KEY. INSERT commands will still work.';
  END IF;
  PERFORM pg_citus_practice.distribute(rel, key_name, 'hash', with_table, colocation_word, wanted_shards, false);
  PERFORM pg_citus_practice.drop_local_copies(name::regclass);
END $$;

CREATE FUNCTION pg_catalog.create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql STRICT AS $$
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_owner(table_name);
  PERFORM pg_citus_practice.make_reference(table_name);
END $$;

CREATE FUNCTION pg_citus_practice.make_reference(rel oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE colocation int; groups jsonb; key_commands jsonb;
BEGIN
  IF NOT pg_has_role(pg_citus_practice.calling_role(), (SELECT relowner FROM pg_class WHERE oid = rel), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of table %', pg_citus_practice.relname(rel) USING ERRCODE = '42501';
  END IF;
  PERFORM pg_citus_practice.require_eligible(rel);
  PERFORM pg_citus_practice.ensure_cluster();
  IF (SELECT relkind FROM pg_class WHERE oid = pg_citus_practice.definition_of(rel)) = 'p' THEN
    RAISE EXCEPTION 'distributing partitioned tables in only supported for hash-distributed tables' USING ERRCODE = '0A000';
  END IF;
  SELECT * INTO rel, key_commands FROM pg_citus_practice.leave_metadata(rel);
  PERFORM pg_citus_practice.require_foreign_keys(rel, rel, 't', NULL, 0);
  SELECT colocationid INTO colocation FROM pg_dist_colocation WHERE replicationfactor = -1;
  SELECT jsonb_agg(groupid ORDER BY groupid) INTO groups FROM pg_dist_node WHERE noderole = 'primary' AND isactive;
  colocation := coalesce(colocation, pg_citus_practice.new_colocation(1, -1, 0, 0));
  PERFORM pg_citus_practice.convert(rel, 'o', 'n', NULL, colocation, 't',
    jsonb_build_array(jsonb_build_object('min', NULL, 'max', NULL, 'groups', groups)));
  PERFORM pg_citus_practice.put_keys_back(key_commands);
  PERFORM pg_citus_practice.adopt_referring((SELECT relid FROM pg_citus_practice.shell WHERE twinid = rel));
END $$;

CREATE FUNCTION pg_citus_practice.tell_adoption(rel oid) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $body$
BEGIN
  RAISE NOTICE 'local tables that are added to metadata automatically by citus, but not chained with reference tables via foreign keys might be automatically converted back to postgres tables'
    USING HINT = format('Executing citus_add_local_table_to_metadata($$%s$$) prevents this for the given relation, and all of the connected relations',
                        pg_citus_practice.qualified(rel));
END $body$;

-- Plain tables that are tied to a reference table join it in the metadata.
CREATE FUNCTION pg_citus_practice.adopt_referring(rel oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $body$
DECLARE t oid;
BEGIN
  IF pg_citus_practice.setting('citus.enable_local_reference_table_foreign_keys', 'on') <> 'on' THEN RETURN; END IF;
  FOREACH t IN ARRAY ARRAY(SELECT DISTINCT f.relid FROM pg_citus_practice.foreign_keys f
                           JOIN pg_class c ON c.oid = f.relid
                           WHERE f.referenced = rel AND NOT f.from_citus
                             AND c.relnamespace NOT IN (SELECT schemaid FROM pg_dist_schema) ORDER BY f.relid) LOOP
    -- an earlier one may have brought it along
    CONTINUE WHEN EXISTS (SELECT FROM pg_citus_practice.shell WHERE twinid = t);
    PERFORM pg_citus_practice.tell_adoption(t);
    PERFORM pg_citus_practice.make_local(t, true, true);
  END LOOP;
END $body$;
REVOKE ALL ON FUNCTION pg_citus_practice.adopt_referring(oid) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_add_local_table_to_metadata(table_name regclass, cascade_via_foreign_keys boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql STRICT AS $$
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_owner(table_name);
  PERFORM pg_citus_practice.make_local(table_name, cascade_via_foreign_keys);
END $$;

CREATE FUNCTION pg_citus_practice.require_no_outer_keys(rel oid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $body$
DECLARE name text := pg_citus_practice.qualified(rel);
BEGIN
  IF EXISTS (SELECT FROM pg_citus_practice.foreign_keys f WHERE rel IN (f.relid, f.referenced) AND f.relid <> f.referenced) THEN
    RAISE EXCEPTION 'relation % is involved in a foreign key relationship with another table', name
      USING ERRCODE = '0A000', HINT = format('Use cascade_via_foreign_keys option to add all the relations involved in a foreign key relationship with %s to citus metadata by executing SELECT citus_add_local_table_to_metadata($$%1$s$$, cascade_via_foreign_keys=>true)', name);
  END IF;
END $body$;

-- The triggers of a local table stand on its twin and fire on its shell: what is written through the coordinator.
CREATE FUNCTION pg_citus_practice.carry_triggers(rel oid, twin oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
DECLARE t record;
BEGIN
  FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = rel AND NOT tgisinternal
           EXCEPT SELECT tgname FROM pg_trigger WHERE tgrelid = twin AND NOT tgisinternal LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, pg_citus_practice.qualified(rel));
  END LOOP;
  FOR t IN SELECT pg_get_triggerdef(g.oid) AS definition FROM pg_trigger g
           WHERE g.tgrelid = twin AND NOT g.tgisinternal AND g.tgparentid = 0
             AND NOT EXISTS (SELECT FROM pg_trigger o WHERE o.tgrelid = rel AND o.tgname = g.tgname) ORDER BY g.tgname LOOP
    EXECUTE replace(t.definition, format(' ON %s ', pg_citus_practice.qualified(twin)), format(' ON %s ', pg_citus_practice.qualified(rel)));
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.carry_triggers(oid, oid) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.make_local(rel oid, cascades boolean, auto boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $body$
DECLARE
  family oid[];
  keys oid[];
  key_commands jsonb;
  t oid;
BEGIN
  IF NOT pg_has_role(pg_citus_practice.calling_role(), (SELECT relowner FROM pg_class WHERE oid = rel), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of table %', pg_citus_practice.relname(rel) USING ERRCODE = '42501';
  END IF;
  IF NOT auto AND EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = rel
                          AND partmethod = 'n' AND repmodel <> 't' AND colocationid = 0) THEN
    -- asked for by a person now: it stays when the reference table goes
    UPDATE pg_dist_partition SET autoconverted = false
    WHERE logicalrelid::oid = ANY (pg_citus_practice.foreign_key_family(rel)) AND autoconverted;
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = rel) THEN
    RAISE EXCEPTION 'table "%" is already distributed', pg_citus_practice.relname(rel) USING ERRCODE = '42P16';
  END IF;
  PERFORM pg_citus_practice.ensure_cluster();
  IF NOT EXISTS (SELECT FROM pg_dist_node WHERE groupid = 0) THEN
    RAISE EXCEPTION 'could not find the coordinator node in metadata as it is not added'
      USING ERRCODE = 'XX000', HINT = 'Use SELECT citus_set_coordinator_host(''<hostname>'') to configure the coordinator hostname';
  END IF;
  IF NOT cascades THEN PERFORM pg_citus_practice.require_no_outer_keys(rel); END IF;
  family := ARRAY(SELECT m FROM unnest(pg_citus_practice.foreign_key_family(rel)) WITH ORDINALITY u (m, place)
                  WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = m) ORDER BY place);
  FOREACH t IN ARRAY family LOOP
    PERFORM pg_citus_practice.require_eligible(t, true);
    IF auto AND cardinality(family) > 1 THEN PERFORM pg_citus_practice.tell_adoption(t); END IF;
    IF EXISTS (SELECT FROM pg_citus_practice.foreign_keys f JOIN pg_dist_partition p ON p.logicalrelid = f.referenced
               WHERE f.relid = t AND (p.partmethod <> 'n' OR p.repmodel <> 't' AND p.colocationid <> 0)) THEN
      RAISE EXCEPTION 'cannot create foreign key constraint since foreign keys from reference tables and local tables to distributed tables are not supported'
        USING ERRCODE = '0A000', DETAIL = CASE WHEN auto
          THEN 'When adding a foreign key from a local table to a reference table, Citus applies a conversion to all the local tables in the foreign key graph'
          ELSE 'Reference tables and local tables can only have foreign keys to reference tables and local tables' END;
    END IF;
  END LOOP;
  keys := ARRAY(SELECT f.oid FROM pg_citus_practice.foreign_keys f WHERE f.relid = ANY (family) OR f.referenced = ANY (family));
  key_commands := pg_citus_practice.foreign_key_commands(keys);
  PERFORM pg_citus_practice.take_keys_off(keys);
  FOREACH t IN ARRAY family LOOP
    PERFORM pg_citus_practice.convert(t, 'o', 'n', NULL, 0, 's',
      '[{"min": null, "max": null, "groups": [0]}]', false, auto);
    -- a local table's rows are where they always were
    PERFORM pg_citus_practice.drop_local_copies((SELECT relid FROM pg_citus_practice.shell WHERE twinid = t));
    PERFORM pg_citus_practice.carry_triggers((SELECT relid FROM pg_citus_practice.shell WHERE twinid = t), t);
  END LOOP;
  PERFORM pg_citus_practice.put_keys_back(key_commands);
END $body$;

-- ---------------------------------------------------------------------------------------------------
-- The local copy of what was distributed

CREATE FUNCTION pg_citus_practice.drop_local_copy(rel oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
DECLARE copy oid;
BEGIN
  SELECT localcopy INTO copy FROM pg_citus_practice.shell WHERE relid = rel;
  IF copy IS NOT NULL THEN
    EXECUTE format('DROP TABLE %s', pg_citus_practice.qualified(copy));
    UPDATE pg_citus_practice.shell SET localcopy = NULL WHERE relid = rel;
  END IF;
END $$;
-- Of a table and its partitions.
CREATE FUNCTION pg_citus_practice.drop_local_copies(rel oid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT pg_citus_practice.drop_local_copy(t) FROM unnest(rel || pg_citus_practice.partitions_of(rel)) t
$$;
REVOKE ALL ON FUNCTION pg_citus_practice.drop_local_copy(oid), pg_citus_practice.drop_local_copies(oid) FROM PUBLIC;

CREATE FUNCTION pg_catalog.truncate_local_data_after_distributing_table(function_name regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_owner(function_name);
  PERFORM pg_citus_practice.truncate_local_copies(function_name);
END $$;
CREATE FUNCTION pg_citus_practice.truncate_local_copies(rel oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE shown text := pg_citus_practice.relname(rel); other oid;
BEGIN
  IF NOT pg_has_role(pg_citus_practice.calling_role(), (SELECT relowner FROM pg_class WHERE oid = rel), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of table %', shown USING ERRCODE = '42501';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = rel) THEN
    RAISE EXCEPTION 'supplied parameter is not a distributed relation'
      USING ERRCODE = 'XX000', DETAIL = 'This UDF only truncates local records of distributed tables.';
  END IF;
  SELECT f.relid INTO other FROM pg_citus_practice.foreign_keys f WHERE f.referenced = rel AND NOT f.from_citus LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'cannot truncate a table referenced in a foreign key constraint by a local table' USING ERRCODE = 'XX000',
      DETAIL = format('Table "%s" references "%s"', pg_citus_practice.relname(other), shown);
  END IF;
  -- PostgreSQL says so of the tables that hang on it, though they are as empty as this one
  FOR other IN SELECT DISTINCT f.relid FROM pg_citus_practice.foreign_keys f WHERE f.referenced = rel AND f.relid <> rel LOOP
    RAISE NOTICE 'truncate cascades to table "%"', pg_citus_practice.relname(other);
  END LOOP;
  PERFORM pg_citus_practice.drop_local_copies(rel);
END $$;

-- Bytes of local rows still on disk after distributing, 0 when they were truncated: what
-- pg_total_relation_size answers on the coordinator of a real cluster.
CREATE FUNCTION pg_catalog.citus_practice_local_data_size(relid regclass) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT coalesce((SELECT pg_total_relation_size(localcopy) FROM pg_citus_practice.shell s WHERE s.relid = $1 AND localcopy IS NOT NULL), 0)
$$;

-- ---------------------------------------------------------------------------------------------------
-- Back to a local table

-- Takes a shell away and puts the twin, with the rows, back in its place. Answers the table.
CREATE FUNCTION pg_citus_practice.unconvert(rel oid, keep_rows boolean DEFAULT true) RETURNS oid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET client_min_messages = warning AS $$
DECLARE
  s pg_citus_practice.shell;
  spec jsonb;
  name text := pg_citus_practice.qualified(rel);
  twin text;
  names text;
  c jsonb;
  q jsonb;
  views jsonb;
  child oid;
  drawn jsonb := '{}';
  last record;
  drops jsonb;
BEGIN
  SELECT * INTO s FROM pg_citus_practice.shell WHERE relid = rel;
  spec := pg_citus_practice.table_spec(rel);
  twin := pg_citus_practice.qualified(s.twinid);
  PERFORM pg_citus_practice.drop_local_copy(rel);
  IF s.shape = 'p' THEN
    FOR child IN SELECT inhrelid FROM pg_inherits WHERE inhparent = rel ORDER BY inhrelid LOOP
      PERFORM pg_citus_practice.unconvert(child, keep_rows);
    END LOOP;
  ELSIF keep_rows THEN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO names
    FROM pg_attribute WHERE attrelid = s.twinid AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    -- the shards have checked every row
    PERFORM set_config('session_replication_role', 'replica', true);
    EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %s', twin, names, name);
    PERFORM set_config('session_replication_role', 'origin', true);
  END IF;
  views := pg_citus_practice.views_on(rel);
  PERFORM pg_citus_practice.take_views_off(views);
  FOR c IN SELECT * FROM jsonb_array_elements(spec->'columns') WHERE value->>'identity' IS NOT NULL LOOP
    CONTINUE WHEN spec->>'parent' IS NOT NULL;
    EXECUTE format('SELECT last_value, is_called FROM %s', pg_get_serial_sequence(name, c->>'name')) INTO last;
    drawn := drawn || jsonb_build_object(c->>'name', jsonb_build_array(last.last_value, last.is_called));
  END LOOP;
  FOR q IN SELECT * FROM jsonb_array_elements(spec->'sequences') LOOP
    IF (q->>'owned')::boolean THEN
      EXECUTE format('ALTER SEQUENCE %I.%I OWNED BY NONE', q->>'schema', q->>'name');
    END IF;
  END LOOP;
  drops := pg_citus_practice.drop_shards_sql(rel);
  -- the views go onto the twin before the shell goes
  EXECUTE format('ALTER TABLE %s RENAME TO %I', name, 'citus_leaving_' || rel);
  EXECUTE format('ALTER TABLE %s SET SCHEMA %I', twin, spec->>'schema');
  PERFORM pg_citus_practice.turn_views(views);
  PERFORM pg_citus_practice.drop_remains(spec->>'schema', spec->>'name', s, drops, format('%I.%I', spec->>'schema', 'citus_leaving_' || rel));
  FOR c IN SELECT * FROM jsonb_array_elements(spec->'columns') LOOP
    IF c->>'identity' IS NOT NULL AND spec->>'parent' IS NULL THEN
      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (%s)', name, c->>'name',
        CASE c->>'identity' WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, c->>'numbers');
      PERFORM setval(pg_get_serial_sequence(name, c->>'name'), (drawn->(c->>'name')->>0)::bigint, (drawn->(c->>'name')->>1)::boolean);
    END IF;
  END LOOP;
  FOR q IN SELECT * FROM jsonb_array_elements(spec->'sequences') LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT nextval(%L::regclass)', name, q->>'column', format('%I.%I', q->>'schema', q->>'name'));
    IF (q->>'owned')::boolean THEN
      EXECUTE format('ALTER SEQUENCE %I.%I OWNED BY %s.%I', q->>'schema', q->>'name', name, q->>'column');
    END IF;
  END LOOP;
  PERFORM pg_citus_practice.put_views_back(views);
  RETURN s.twinid;
END $$;

-- Commands that drop the shards, by group; read before the metadata goes.
CREATE FUNCTION pg_citus_practice.drop_shards_sql(rel oid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT coalesce(jsonb_object_agg(groupid::text, sql), '{}') FROM (
    SELECT p.groupid, string_agg(format('DROP TABLE IF EXISTS %s CASCADE;', pg_citus_practice.qualified_shard(rel, s.shardid)), ' ') AS sql
    FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) WHERE s.logicalrelid = rel GROUP BY p.groupid) g
$$;

-- Drops what is left of a Citus table: shell and metadata on every node, then the shards.
CREATE FUNCTION pg_citus_practice.drop_remains(schema_name text, table_name text, s pg_citus_practice.shell, drops jsonb,
                                               shell_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET client_min_messages = warning AS $$
DECLARE g record; colocation int; direct boolean;
BEGIN
  SELECT colocationid, repmodel = 't' OR (partmethod = 'n' AND colocationid = 0) INTO colocation, direct
  FROM pg_dist_partition WHERE logicalrelid = s.relid;
  PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.drop_shell(%L)', format('%I.%I', schema_name, table_name)));
  IF shell_name IS NOT NULL THEN EXECUTE format('DROP TABLE %s', shell_name); END IF;
  PERFORM pg_citus_practice.forget_table(s.relid);
  FOR g IN SELECT key::int AS groupid, value #>> '{}' AS sql FROM jsonb_each(drops) ORDER BY 1 LOOP
    IF NOT EXISTS (SELECT FROM pg_dist_node WHERE groupid = g.groupid) THEN CONTINUE; END IF;
    IF g.groupid = pg_citus_practice.local_group() AND direct THEN EXECUTE g.sql;
    ELSE PERFORM pg_citus_practice.on_group(g.groupid, g.sql); END IF;
  END LOOP;
  PERFORM pg_citus_practice.forget_colocation(colocation);
  IF s.twinschema IS NOT NULL THEN EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', s.twinschema); END IF;
END $$;

-- Only the catalogs of this node: the others drop their shells themselves.
CREATE FUNCTION pg_citus_practice.forget_table(rel oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.applying = 'on' AS $$
BEGIN
  DELETE FROM pg_dist_placement WHERE shardid IN (SELECT shardid FROM pg_dist_shard WHERE logicalrelid = rel);
  DELETE FROM pg_dist_shard WHERE logicalrelid = rel;
  DELETE FROM pg_dist_partition WHERE logicalrelid = rel;
  DELETE FROM pg_dist_object WHERE classid = 'pg_class'::regclass AND objid = rel;
  DELETE FROM pg_citus_practice.shell WHERE relid = rel;
END $$;

CREATE FUNCTION pg_citus_practice.drop_shell(shell_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET client_min_messages = warning AS $$
DECLARE rel oid := to_regclass(shell_name);
BEGIN
  IF rel IS NULL THEN RETURN; END IF;
  PERFORM pg_citus_practice.forget_table(inhrelid) FROM pg_inherits WHERE inhparent = rel;
  EXECUTE format('DROP TABLE %s CASCADE', shell_name);
  PERFORM pg_citus_practice.forget_table(rel);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.unconvert(oid, boolean), pg_citus_practice.drop_shards_sql(oid),
  pg_citus_practice.drop_remains(text, text, pg_citus_practice.shell, jsonb, text),
  pg_citus_practice.forget_table(oid), pg_citus_practice.drop_shell(text) FROM PUBLIC;
