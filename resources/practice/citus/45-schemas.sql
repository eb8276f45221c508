-- Distributed schemas: every table in one has a single shard, and all of them lie on one node.

CREATE FUNCTION pg_citus_practice.require_schema_owner(schema_oid oid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT pg_has_role(pg_citus_practice.calling_role(), (SELECT nspowner FROM pg_namespace WHERE oid = schema_oid), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of schema %', schema_oid::regnamespace USING ERRCODE = '42501';
  END IF;
END $$;

-- What a table in a distributed schema may not be asked for.
CREATE FUNCTION pg_citus_practice.refuse_schema_table(rel oid, operation text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_dist_partition p JOIN pg_dist_schema s USING (colocationid) WHERE p.logicalrelid = rel) THEN
    RAISE EXCEPTION '% is not allowed for % because it belongs to a distributed schema', pg_citus_practice.qualified(rel), operation
      USING ERRCODE = 'XX000';
  END IF;
END $$;

CREATE FUNCTION pg_citus_practice.tables_of_schema(schema_id oid) RETURNS oid[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT ARRAY(SELECT c.oid FROM pg_class c WHERE c.relnamespace = schema_id AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    AND NOT EXISTS (SELECT FROM pg_citus_practice.local_shards() s WHERE s.reloid = c.oid)
    ORDER BY c.relname COLLATE "C")
$$;

CREATE FUNCTION pg_citus_practice.require_tenant_table(rel oid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  k record;
  home oid := (SELECT relnamespace FROM pg_class WHERE oid = rel);
BEGIN
  PERFORM pg_citus_practice.require_ownership(rel);
  IF (SELECT relkind FROM pg_class WHERE oid = rel) = 'f' THEN
    RAISE EXCEPTION 'cannot create a foreign table in a distributed schema' USING ERRCODE = 'XX000';
  END IF;
  FOR k IN SELECT f.*, CASE WHEN f.relid = rel THEN o.relnamespace ELSE c.relnamespace END AS other_home
           FROM pg_citus_practice.foreign_keys f JOIN pg_class c ON c.oid = f.relid JOIN pg_class o ON o.oid = f.referenced
           WHERE rel IN (f.relid, f.referenced) ORDER BY f.relid <> rel, f.oid LOOP
    CONTINUE WHEN k.other_home = home OR k.relid = rel AND k.to_reference;
    RAISE EXCEPTION '%', CASE WHEN k.relid = rel
        THEN 'foreign keys from distributed schemas can only point to the same distributed schema or reference tables in regular schemas'
        ELSE 'cannot create foreign keys to tables in a distributed schema from another schema' END
      USING ERRCODE = 'XX000', DETAIL = format('"%s" references "%s" via foreign key constraint "%s"',
        pg_citus_practice.qualified(k.relid), pg_citus_practice.qualified(k.referenced), k.conname);
  END LOOP;
  IF EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = rel AND (p.partmethod <> 'n' OR p.colocationid <> 0)) THEN
    RAISE EXCEPTION 'distributed schema cannot have distributed tables'
      USING ERRCODE = 'XX000', HINT = 'Undistribute distributed tables before ''citus_schema_distribute''.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = rel) THEN
    PERFORM pg_citus_practice.require_eligible(rel);
  END IF;
END $$;

CREATE FUNCTION pg_catalog.citus_schema_distribute(schemaname regnamespace) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  name text := (SELECT nspname FROM pg_namespace WHERE oid = schemaname);
  colocation int;
  tables oid[];
  keys oid[];
  commands jsonb;
  t oid;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_schema_owner(schemaname);
  IF EXISTS (SELECT FROM pg_dist_schema WHERE schemaid = schemaname) THEN
    RAISE NOTICE 'schema % is already distributed', name;
    RETURN;
  END IF;
  IF name = 'public' THEN
    RAISE EXCEPTION 'public schema cannot be distributed' USING ERRCODE = 'XX000';
  ELSIF name IN ('information_schema', 'citus', 'citus_internal') OR name LIKE 'pg\_%' THEN
    RAISE EXCEPTION '% schema cannot be distributed', name USING ERRCODE = 'XX000';
  END IF;
  PERFORM pg_citus_practice.ensure_cluster();
  -- every reason first, so that nothing is half done
  tables := pg_citus_practice.tables_of_schema(schemaname);
  PERFORM pg_citus_practice.require_tenant_table(u.t) FROM unnest(tables) u (t);
  RAISE NOTICE 'distributing the schema %', name;
  keys := ARRAY(SELECT f.oid FROM pg_citus_practice.foreign_keys f WHERE f.relid = ANY (tables) AND f.referenced = ANY (tables));
  commands := pg_citus_practice.foreign_key_commands(keys);
  PERFORM pg_citus_practice.take_keys_off(keys);
  colocation := pg_citus_practice.new_colocation(1, 1, 0, 0);
  PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.ensure_schema(%L, %L)', name,
    (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE oid = schemaname)));
  INSERT INTO pg_dist_schema VALUES (schemaname, colocation);
  INSERT INTO pg_dist_object (classid, objid, objsubid) VALUES ('pg_namespace'::regclass, schemaname, 0) ON CONFLICT DO NOTHING;
  FOREACH t IN ARRAY tables LOOP
    PERFORM pg_citus_practice.distribute_single(t, NULL, 'default', colocation);
  END LOOP;
  PERFORM pg_citus_practice.put_keys_back(commands);
END $$;

CREATE FUNCTION pg_catalog.citus_schema_undistribute(schemaname regnamespace) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  name text := (SELECT nspname FROM pg_namespace WHERE oid = schemaname);
  of_colocation int;
  tables oid[];
  keys oid[];
  commands jsonb;
  t oid;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_schema_owner(schemaname);
  SELECT colocationid INTO of_colocation FROM pg_dist_schema WHERE schemaid = schemaname;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'schema % is not distributed', name USING ERRCODE = 'XX000';
  END IF;
  RAISE NOTICE 'undistributing schema %', name;
  tables := ARRAY(SELECT u.t FROM unnest(pg_citus_practice.tables_of_schema(schemaname)) WITH ORDINALITY u (t, place)
                  JOIN pg_dist_partition p ON p.logicalrelid = u.t AND p.colocationid = of_colocation ORDER BY place);
  keys := ARRAY(SELECT f.oid FROM pg_citus_practice.foreign_keys f WHERE f.relid = ANY (tables) OR f.referenced = ANY (tables));
  commands := pg_citus_practice.foreign_key_commands(keys);
  PERFORM pg_citus_practice.take_keys_off(keys);
  FOREACH t IN ARRAY tables LOOP
    PERFORM pg_citus_practice.undistribute(t, false);
  END LOOP;
  DELETE FROM pg_dist_schema s WHERE s.colocationid = of_colocation;
  PERFORM pg_citus_practice.forget_colocation(of_colocation);
  PERFORM pg_citus_practice.put_keys_back(commands);
END $$;
-- A table of a distributed schema that ALTER TABLE SET SCHEMA takes elsewhere.
CREATE FUNCTION pg_citus_practice.leave_schema(rel oid, new_schema name) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  name text := pg_citus_practice.qualified(rel);
  home name;
  plain oid;
  colocation int;
BEGIN
  SELECT n.nspname INTO home FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rel;
  RAISE NOTICE 'undistributing table % in distributed schema % before altering its schema', pg_citus_practice.relname(rel), home;
  PERFORM pg_citus_practice.require_no_foreign_keys(rel, pg_citus_practice.cascade_hint(rel));
  PERFORM pg_citus_practice.require_no_identity(rel);
  plain := pg_citus_practice.unconvert(rel);
  PERFORM pg_citus_practice.ddl_inside(format('ALTER TABLE %s SET SCHEMA %I', name, new_schema));
  SELECT s.colocationid INTO colocation FROM pg_dist_schema s WHERE s.schemaid = new_schema::text::regnamespace;
  IF FOUND THEN
    PERFORM pg_citus_practice.distribute_single(plain, NULL, 'default', colocation, false);
    PERFORM pg_citus_practice.drop_local_copies((SELECT relid FROM pg_citus_practice.shell WHERE twinid = plain));
  END IF;
END $$;

CREATE FUNCTION pg_citus_practice.ddl_inside(command text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
BEGIN
  EXECUTE command;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.leave_schema(oid, name), pg_citus_practice.ddl_inside(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_citus_practice.require_tenant_table(oid) FROM PUBLIC;
