-- Changing what kind of table a table is: distributed schemas, undistribute, alter.

CREATE FUNCTION pg_citus_practice.require_schema_owner(schema_oid oid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT pg_has_role(pg_citus_practice.calling_role(), (SELECT nspowner FROM pg_namespace WHERE oid = schema_oid), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of schema %', schema_oid::regnamespace USING ERRCODE = '42501';
  END IF;
END $$;

CREATE FUNCTION pg_catalog.citus_schema_distribute(schemaname regnamespace) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  name text := (SELECT nspname FROM pg_namespace WHERE oid = schemaname);
  colocation int;
  t record;
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
  FOR t IN SELECT c.oid, c.relname, c.relkind FROM pg_class c
           WHERE c.relnamespace = schemaname AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition ORDER BY c.oid LOOP
    IF EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = t.oid AND (p.partmethod <> 'n' OR p.colocationid <> 0)) THEN
      RAISE EXCEPTION 'distributed schema cannot have distributed tables'
        USING ERRCODE = 'XX000', HINT = 'Undistribute distributed tables before ''citus_schema_distribute''.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = t.oid) THEN
      PERFORM pg_citus_practice.require_eligible(t.oid);
    END IF;
    IF EXISTS (SELECT FROM pg_constraint k JOIN pg_class r ON r.oid = k.confrelid
               WHERE k.conrelid = t.oid AND k.contype = 'f' AND r.relnamespace <> schemaname
                 AND NOT EXISTS (SELECT FROM pg_citus_practice.shell s JOIN pg_dist_partition p ON p.logicalrelid = s.relid
                                 JOIN pg_class sc ON sc.oid = s.relid
                                 WHERE s.twinid = k.confrelid AND (p.repmodel = 't' OR sc.relnamespace = schemaname))) THEN
      RAISE EXCEPTION 'foreign keys from distributed schemas can only point to the same distributed schema or reference tables in regular schemas'
        USING ERRCODE = 'XX000', DETAIL = format('"%s" references another table with a foreign key', pg_citus_practice.qualified(t.oid));
    END IF;
  END LOOP;
  RAISE NOTICE 'distributing the schema %', name;
  colocation := pg_citus_practice.new_colocation(1, 1, 0, 0);
  PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.ensure_schema(%L, %L)', name,
    (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE oid = schemaname)));
  INSERT INTO pg_dist_schema VALUES (schemaname, colocation);
  INSERT INTO pg_dist_object (classid, objid, objsubid) VALUES ('pg_namespace'::regclass, schemaname, 0) ON CONFLICT DO NOTHING;
  -- a table before those that refer to it
  PERFORM pg_citus_practice.distribute_in_order(ARRAY(
    SELECT c.oid FROM pg_class c WHERE c.relnamespace = schemaname AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.oid), colocation);
END $$;

CREATE FUNCTION pg_citus_practice.distribute_in_order(tables oid[], colocation int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE pending oid[] := tables; t oid; before int;
BEGIN
  WHILE cardinality(pending) > 0 LOOP
    before := cardinality(pending);
    FOREACH t IN ARRAY pending LOOP
      CONTINUE WHEN EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = t AND k.contype = 'f' AND k.confrelid <> t
                            AND k.confrelid = ANY (pending));
      PERFORM pg_citus_practice.distribute_single(t, NULL, 'default', colocation, false);
      pending := array_remove(pending, t);
    END LOOP;
    IF cardinality(pending) = before THEN
      PERFORM pg_citus_practice.refuse('distributing tables whose foreign keys form a ring');
    END IF;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.distribute_in_order(oid[], int) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_schema_undistribute(schemaname regnamespace) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  name text := (SELECT nspname FROM pg_namespace WHERE oid = schemaname);
  of_colocation int;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_schema_owner(schemaname);
  SELECT colocationid INTO of_colocation FROM pg_dist_schema WHERE schemaid = schemaname;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'schema % is not distributed', name USING ERRCODE = 'XX000';
  END IF;
  RAISE NOTICE 'undistributing schema %', name;
  PERFORM pg_citus_practice.undistribute_all(ARRAY(
    SELECT p.logicalrelid::oid FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
    WHERE c.relnamespace = schemaname AND p.colocationid = of_colocation AND NOT c.relispartition));
  DELETE FROM pg_dist_schema s WHERE s.colocationid = of_colocation;
  PERFORM pg_citus_practice.forget_colocation(of_colocation);
END $$;

-- The children of foreign keys leave before their parents.
CREATE FUNCTION pg_citus_practice.undistribute_all(rels oid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE pending oid[] := rels; t oid; before int;
BEGIN
  WHILE cardinality(pending) > 0 LOOP
    before := cardinality(pending);
    FOREACH t IN ARRAY pending LOOP
      CONTINUE WHEN EXISTS (
        SELECT FROM pg_constraint k JOIN pg_citus_practice.shell me ON me.twinid = k.confrelid AND me.relid = t
        JOIN pg_citus_practice.shell o ON o.twinid = k.conrelid
        WHERE k.contype = 'f' AND o.relid <> t AND o.relid = ANY (pending));
      PERFORM pg_citus_practice.unconvert(t);
      pending := array_remove(pending, t);
    END LOOP;
    IF cardinality(pending) = before THEN
      PERFORM pg_citus_practice.refuse('undistributing tables whose foreign keys form a ring');
    END IF;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.undistribute_all(oid[]) FROM PUBLIC;

-- Every Citus table tied to this one by foreign keys, in both directions, itself included.
CREATE FUNCTION pg_citus_practice.foreign_key_family(rel oid) RETURNS oid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH RECURSIVE edge AS (
    SELECT a.relid AS one, b.relid AS two FROM pg_constraint k
    JOIN pg_citus_practice.shell a ON a.twinid = k.conrelid JOIN pg_citus_practice.shell b ON b.twinid = k.confrelid
    WHERE k.contype = 'f' AND k.conrelid <> k.confrelid),
  family AS (
    SELECT rel AS member UNION
    SELECT CASE WHEN e.one = f.member THEN e.two ELSE e.one END FROM family f JOIN edge e ON f.member IN (e.one, e.two))
  SELECT array_agg(member) FROM family
$$;

CREATE FUNCTION pg_catalog.undistribute_table(table_name regclass, cascade_via_foreign_keys boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  family oid[];
  shown text := pg_citus_practice.relname(table_name);
  full_name text := pg_citus_practice.qualified(table_name);
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_ownership(table_name);
  IF NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = table_name) THEN
    RAISE EXCEPTION 'cannot undistribute table because the table is not distributed' USING ERRCODE = 'XX000';
  END IF;
  IF EXISTS (SELECT FROM pg_dist_partition p JOIN pg_dist_schema s USING (colocationid) WHERE p.logicalrelid = table_name) THEN
    RAISE EXCEPTION 'cannot undistribute table "%" as it belongs to a distributed schema', shown
      USING ERRCODE = '0A000', HINT = format('use citus_schema_undistribute(''%s'') instead or move the table to another schema',
        (SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = table_name));
  END IF;
  IF EXISTS (SELECT FROM pg_class WHERE oid = table_name AND relispartition) THEN
    RAISE EXCEPTION 'cannot complete operation because table is a partition'
      USING ERRCODE = 'XX000', HINT = format('the parent table is "%s"',
        (SELECT pg_citus_practice.relname(inhparent) FROM pg_inherits WHERE inhrelid = table_name));
  END IF;
  family := pg_citus_practice.foreign_key_family(table_name);
  IF cardinality(family) > 1 AND NOT cascade_via_foreign_keys THEN
    RAISE EXCEPTION 'cannot complete operation because table % %', shown,
        CASE WHEN EXISTS (SELECT FROM pg_constraint k JOIN pg_citus_practice.shell s ON s.twinid = k.conrelid
                          WHERE s.relid = table_name AND k.contype = 'f' AND k.confrelid <> k.conrelid)
             THEN 'has a foreign key' ELSE 'is referenced by a foreign key' END
      USING ERRCODE = 'XX000', HINT = format('Use cascade option to undistribute all the relations involved in a foreign key relationship with %s by executing SELECT undistribute_table(%s, cascade_via_foreign_keys=>true)',
        full_name, '$' || '$' || full_name || '$' || '$');
  END IF;
  IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = ANY (family) AND attidentity <> '' AND NOT attisdropped) THEN
    RAISE EXCEPTION 'cannot complete operation on a table with identity column' USING ERRCODE = '0A000';
  END IF;
  RAISE NOTICE 'creating a new table for %', full_name;
  RAISE NOTICE 'moving the data of %', full_name;
  PERFORM pg_citus_practice.undistribute_all(family);
  RAISE NOTICE 'dropping the old %', full_name;
  RAISE NOTICE 'renaming the new table to %', full_name;
END $$;

CREATE FUNCTION pg_citus_practice.require_ownership(rel oid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT pg_has_role(pg_citus_practice.calling_role(), (SELECT relowner FROM pg_class WHERE oid = rel), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of table %', pg_citus_practice.relname(rel) USING ERRCODE = '42501';
  END IF;
END $$;

CREATE FUNCTION pg_catalog.remove_local_tables_from_metadata() RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE rels oid[];
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  -- those a reference table needs stay
  rels := ARRAY(SELECT p.logicalrelid::oid FROM pg_dist_partition p
    WHERE p.partmethod = 'n' AND p.repmodel <> 't' AND p.colocationid = 0
      AND NOT EXISTS (SELECT FROM unnest(pg_citus_practice.foreign_key_family(p.logicalrelid)) f
                      JOIN pg_dist_partition o ON o.logicalrelid = f WHERE o.repmodel = 't'));
  PERFORM pg_citus_practice.undistribute_all(rels);
END $$;

CREATE FUNCTION pg_catalog.alter_distributed_table(table_name regclass, distribution_column text DEFAULT NULL,
  shard_count int DEFAULT NULL, colocate_with text DEFAULT NULL, cascade_to_colocated boolean DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE with_table oid;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_ownership(table_name);
  IF colocate_with NOT IN ('default', 'none') THEN with_table := colocate_with::regclass; END IF;
  PERFORM pg_citus_practice.alter_distribution(table_name, distribution_column, shard_count, with_table, colocate_with, cascade_to_colocated);
END $$;

CREATE FUNCTION pg_citus_practice.alter_distribution(rel oid, key_name text, shards int, with_table oid, colocation_word text,
                                                     cascades boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $body$
DECLARE
  p pg_dist_partition;
  current_shards bigint;
  current_key name := pg_citus_practice.key_column(rel);
  mates oid[];
  t oid;
  keys jsonb := '{}';
  plain oid[] := '{}';
  first_table oid;
BEGIN
  PERFORM pg_citus_practice.require_ownership(rel);
  SELECT * INTO p FROM pg_dist_partition WHERE logicalrelid = rel;
  IF p.logicalrelid IS NULL OR p.partmethod NOT IN ('h', 'n') OR p.repmodel = 't' OR (p.partmethod = 'n' AND p.colocationid = 0) THEN
    RAISE EXCEPTION 'cannot alter table because the table is not distributed' USING ERRCODE = 'XX000';
  END IF;
  SELECT count(*) INTO current_shards FROM pg_dist_shard WHERE logicalrelid = rel;
  IF with_table IS NOT NULL AND shards IS NOT NULL THEN
    RAISE EXCEPTION 'shard_count cannot be given together with colocate_with' USING ERRCODE = 'XX000';
  END IF;
  IF (key_name IS NULL OR key_name = current_key) AND (shards IS NULL OR shards = current_shards)
     AND (colocation_word IS NULL OR EXISTS (SELECT FROM pg_dist_partition o WHERE o.logicalrelid = with_table AND o.colocationid = p.colocationid)) THEN
    RAISE EXCEPTION 'this call doesn''t change any properties of the table'
      USING ERRCODE = 'XX000', HINT = 'check citus_tables view to see current properties of the table';
  END IF;
  mates := ARRAY(SELECT o.logicalrelid::oid FROM pg_dist_partition o JOIN pg_class c ON c.oid = o.logicalrelid
                 WHERE o.colocationid = p.colocationid AND o.logicalrelid <> rel AND NOT c.relispartition ORDER BY o.ctid);
  IF cardinality(mates) > 0 AND cascades IS NULL AND (shards IS NOT NULL OR colocation_word IS NOT NULL) THEN
    RAISE EXCEPTION 'cascade_to_colocated parameter is necessary'
      USING ERRCODE = 'XX000', DETAIL = 'this table is colocated with some other tables',
            HINT = format('cascade_to_colocated := false will break the current colocation, cascade_to_colocated := true will change the %s of colocated tables too.',
              CASE WHEN shards IS NOT NULL THEN 'shard count' ELSE 'colocation' END);
  END IF;
  IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = rel AND attidentity <> '' AND NOT attisdropped) THEN
    RAISE EXCEPTION 'cannot complete operation on a table with identity column' USING ERRCODE = '0A000';
  END IF;
  IF cascades IS NOT TRUE THEN mates := '{}'; END IF;
  FOREACH t IN ARRAY ARRAY[rel] || mates LOOP
    IF EXISTS (SELECT FROM unnest(pg_citus_practice.foreign_key_family(t)) f
               JOIN pg_dist_partition o ON o.logicalrelid = f WHERE f <> t AND f <> ALL (mates || rel) AND o.repmodel <> 't') THEN
      RAISE EXCEPTION 'cannot complete operation because table % has a foreign key', pg_citus_practice.relname(t) USING ERRCODE = 'XX000';
    END IF;
    keys := keys || jsonb_build_object(t::text, CASE WHEN t = rel THEN coalesce(key_name, current_key) ELSE pg_citus_practice.key_column(t) END);
  END LOOP;
  FOR t IN SELECT unnest(ARRAY[rel] || mates) LOOP
    plain := plain || (SELECT twinid FROM pg_citus_practice.shell WHERE relid = t);
    keys := keys || jsonb_build_object((SELECT twinid::text FROM pg_citus_practice.shell WHERE relid = t), keys->>(t::text));
  END LOOP;
  PERFORM pg_citus_practice.undistribute_all(ARRAY[rel] || mates);
  -- parents of foreign keys first
  WHILE cardinality(plain) > 0 LOOP
    SELECT x INTO t FROM unnest(plain) WITH ORDINALITY u (x, place)
    WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = x AND k.contype = 'f' AND k.confrelid <> x AND k.confrelid = ANY (plain))
    ORDER BY place LIMIT 1;
    IF t IS NULL THEN PERFORM pg_citus_practice.refuse('altering tables whose foreign keys form a ring'); END IF;
    PERFORM pg_citus_practice.distribute(t, keys->>(t::text), 'hash',
      coalesce(first_table, with_table, CASE WHEN shards IS NULL AND colocation_word IS NULL THEN NULL END),
      CASE WHEN coalesce(first_table, with_table) IS NOT NULL THEN NULL ELSE coalesce(colocation_word, 'default') END,
      CASE WHEN coalesce(first_table, with_table) IS NULL THEN coalesce(shards, current_shards::int) END);
    IF first_table IS NULL AND with_table IS NULL THEN
      SELECT relid INTO first_table FROM pg_citus_practice.shell WHERE twinid = t;
    END IF;
    PERFORM pg_citus_practice.truncate_local_copies((SELECT relid FROM pg_citus_practice.shell WHERE twinid = t));
    plain := array_remove(plain, t);
  END LOOP;
END $body$;
REVOKE ALL ON FUNCTION pg_citus_practice.alter_distribution(oid, text, int, oid, text, boolean) FROM PUBLIC;
