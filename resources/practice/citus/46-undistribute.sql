-- Back to a plain table, with every row.

CREATE FUNCTION pg_citus_practice.require_ownership(rel oid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT pg_has_role(pg_citus_practice.calling_role(), (SELECT relowner FROM pg_class WHERE oid = rel), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of table %', pg_citus_practice.relname(rel) USING ERRCODE = '42501';
  END IF;
END $$;

CREATE FUNCTION pg_citus_practice.require_no_identity(rel oid) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = rel AND attnum > 0 AND attidentity <> '' AND NOT attisdropped) THEN
    RAISE EXCEPTION 'cannot complete operation on a table with identity column' USING ERRCODE = '0A000';
  END IF;
END $$;

CREATE FUNCTION pg_citus_practice.require_no_partition(rel oid) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE oid = rel AND relispartition) THEN
    RAISE EXCEPTION 'cannot complete operation because table is a partition'
      USING ERRCODE = 'XX000', HINT = format('the parent table is "%s"',
        (SELECT pg_citus_practice.relname(inhparent) FROM pg_inherits WHERE inhrelid = rel));
  END IF;
END $$;

CREATE FUNCTION pg_citus_practice.require_no_foreign_keys(rel oid, hint text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE k record;
BEGIN
  SELECT relid INTO k FROM pg_citus_practice.foreign_keys WHERE rel IN (relid, referenced) AND relid <> referenced
  ORDER BY relid <> rel LIMIT 1;
  IF NOT FOUND THEN RETURN; END IF;
  IF hint IS NULL THEN
    RAISE EXCEPTION 'cannot complete operation because table % %', pg_citus_practice.relname(rel),
      CASE WHEN k.relid = rel THEN 'has a foreign key' ELSE 'is referenced by a foreign key' END USING ERRCODE = 'XX000';
  END IF;
  RAISE EXCEPTION 'cannot complete operation because table % %', pg_citus_practice.relname(rel),
    CASE WHEN k.relid = rel THEN 'has a foreign key' ELSE 'is referenced by a foreign key' END USING ERRCODE = 'XX000', HINT = hint;
END $$;

CREATE FUNCTION pg_citus_practice.cascade_hint(rel oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $body$
  SELECT format('Use cascade option to undistribute all the relations involved in a foreign key relationship with %s by executing SELECT undistribute_table($$%1$s$$, cascade_via_foreign_keys=>true)',
    pg_citus_practice.qualified(rel))
$body$;

-- The partitions people see: those that stand for shards are none.
CREATE FUNCTION pg_citus_practice.partitions_of(rel oid) RETURNS oid[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT ARRAY(SELECT i.inhrelid FROM pg_inherits i JOIN pg_citus_practice.shell s ON s.relid = i.inhrelid
               WHERE i.inhparent = rel ORDER BY i.inhrelid)
$$;

-- Citus makes a table anew and drops the old one, and tells so; "talks" is false where it keeps silent
-- about its own steps. What PostgreSQL drops with the old table is told in any case.
CREATE FUNCTION pg_citus_practice.tell_remake(rel oid, talks boolean) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  name text := pg_citus_practice.qualified(rel);
  partition oid;
  gone text[];
BEGIN
  IF pg_citus_practice.partitions_of(rel) <> '{}' THEN
    IF talks THEN RAISE NOTICE 'converting the partitions of %', name; END IF;
    FOREACH partition IN ARRAY pg_citus_practice.partitions_of(rel) LOOP
      PERFORM pg_citus_practice.tell_remake(partition, talks);
    END LOOP;
  END IF;
  IF talks THEN
    RAISE NOTICE 'creating a new table for %', name;
    IF NOT pg_citus_practice.is_partition_parent(rel) THEN
      RAISE NOTICE 'moving the data of %', name;
    END IF;
    RAISE NOTICE 'dropping the old %', name;
  END IF;
  gone := ARRAY(SELECT format('drop cascades to constraint %s on table %s', quote_ident(f.conname), pg_citus_practice.shown(f.relid))
                FROM pg_citus_practice.foreign_keys f WHERE f.referenced = rel AND f.relid <> rel ORDER BY f.oid)
       || ARRAY(SELECT format('drop cascades to %s %s', CASE v->>'kind' WHEN 'm' THEN 'materialized view' ELSE 'view' END,
                  pg_citus_practice.shown((v->>'name')::regclass))
                FROM jsonb_array_elements(pg_citus_practice.views_on(rel)) v);
  IF cardinality(gone) = 1 THEN
    RAISE NOTICE '%', gone[1];
  ELSIF cardinality(gone) > 1 THEN
    RAISE NOTICE 'drop cascades to % other objects', cardinality(gone) USING DETAIL = array_to_string(gone, E'\n');
  END IF;
  IF talks THEN RAISE NOTICE 'renaming the new table to %', name; END IF;
END $$;

-- A name as PostgreSQL's messages say it to one whose search path is the usual one.
CREATE FUNCTION pg_citus_practice.shown(rel oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS 'SELECT rel::regclass::text';

CREATE FUNCTION pg_citus_practice.undistribute(rel oid, talks boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_citus_practice.require_no_identity(rel);
  PERFORM pg_citus_practice.tell_remake(rel, talks);
  PERFORM pg_citus_practice.unconvert(rel);
END $$;

CREATE FUNCTION pg_catalog.undistribute_table(table_name regclass, cascade_via_foreign_keys boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $body$
DECLARE
  keys oid[];
  commands jsonb;
  family oid[];
  t oid;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_ownership(table_name);
  IF NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = table_name) THEN
    RAISE EXCEPTION 'cannot undistribute table because the table is not distributed' USING ERRCODE = 'XX000';
  END IF;
  PERFORM pg_citus_practice.refuse_schema_table(table_name, 'undistribute_table');
  IF NOT cascade_via_foreign_keys THEN
    PERFORM pg_citus_practice.require_no_foreign_keys(table_name, pg_citus_practice.cascade_hint(table_name));
  END IF;
  PERFORM pg_citus_practice.require_no_partition(table_name);
  family := ARRAY(SELECT f FROM unnest(pg_citus_practice.foreign_key_family(table_name)) WITH ORDINALITY u (f, place)
                  JOIN pg_dist_partition p ON p.logicalrelid = f ORDER BY place);
  PERFORM pg_citus_practice.require_ownership(f) FROM unnest(family) f;
  -- before anything is taken off, like Citus
  PERFORM pg_citus_practice.require_no_identity(table_name);
  keys := ARRAY(SELECT f.oid FROM pg_citus_practice.foreign_keys f WHERE f.relid = ANY (family) OR f.referenced = ANY (family));
  commands := pg_citus_practice.foreign_key_commands(keys);
  PERFORM pg_citus_practice.take_keys_off(keys);
  FOREACH t IN ARRAY family LOOP
    PERFORM pg_citus_practice.undistribute(t, true);
  END LOOP;
  PERFORM pg_citus_practice.put_keys_back(commands);
END $body$;
REVOKE ALL ON FUNCTION pg_citus_practice.undistribute(oid, boolean), pg_citus_practice.tell_remake(oid, boolean) FROM PUBLIC;

-- Local tables in the metadata that no reference table needs.
CREATE FUNCTION pg_citus_practice.disconnected_tables(auto_only boolean) RETURNS oid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT ARRAY(SELECT p.logicalrelid::oid FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
    WHERE p.partmethod = 'n' AND p.repmodel <> 't' AND p.colocationid = 0 AND NOT c.relispartition AND (p.autoconverted OR NOT auto_only)
      AND NOT EXISTS (SELECT FROM unnest(pg_citus_practice.foreign_key_family(p.logicalrelid)) f
                      JOIN pg_dist_partition o ON o.logicalrelid = f WHERE o.repmodel = 't')
    ORDER BY 1)
$$;

-- Their keys go first: a shard that another one refers to could not leave its shell.
CREATE FUNCTION pg_citus_practice.take_out(rels oid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  keys oid[] := ARRAY(SELECT f.oid FROM pg_citus_practice.foreign_keys f WHERE f.relid = ANY (rels) OR f.referenced = ANY (rels));
  commands jsonb := pg_citus_practice.foreign_key_commands(keys);
  t oid;
BEGIN
  PERFORM pg_citus_practice.take_keys_off(keys);
  FOREACH t IN ARRAY rels LOOP
    PERFORM pg_citus_practice.unconvert(t);
  END LOOP;
  PERFORM pg_citus_practice.put_keys_back(commands);
END $$;

CREATE FUNCTION pg_catalog.remove_local_tables_from_metadata() RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.take_out(pg_citus_practice.disconnected_tables(false));
END $$;

-- Those that came into the metadata by a foreign key leave it when no reference table is left at its end.
CREATE FUNCTION pg_citus_practice.release_disconnected() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  leaving oid[];
  t oid;
BEGIN
  IF pg_citus_practice.setting('citus.enable_local_reference_table_foreign_keys', 'on') <> 'on' THEN RETURN; END IF;
  leaving := pg_citus_practice.disconnected_tables(true);
  FOREACH t IN ARRAY leaving LOOP
    RAISE NOTICE 'removing table % from metadata as it is not connected to any reference tables via foreign keys', pg_citus_practice.qualified(t);
  END LOOP;
  PERFORM pg_citus_practice.take_out(leaving);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.take_out(oid[]), pg_citus_practice.release_disconnected() FROM PUBLIC;
