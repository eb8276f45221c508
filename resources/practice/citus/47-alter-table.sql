-- alter_distributed_table and its relatives: tables made anew with other properties.

CREATE FUNCTION pg_catalog.alter_distributed_table(table_name regclass, distribution_column text DEFAULT NULL,
  shard_count int DEFAULT NULL, colocate_with text DEFAULT NULL, cascade_to_colocated boolean DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE with_table oid;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_ownership(table_name);
  PERFORM pg_citus_practice.require_alterable(table_name);
  -- names are looked up where the caller would look
  IF lower(colocate_with) NOT IN ('default', 'none') THEN
    with_table := colocate_with::regclass;
    PERFORM pg_citus_practice.refuse_schema_table(with_table, 'colocate_with');
  END IF;
  PERFORM pg_citus_practice.alter_distribution(table_name, distribution_column, shard_count, with_table, colocate_with, cascade_to_colocated);
END $$;

CREATE FUNCTION pg_citus_practice.require_alterable(rel oid) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE p pg_dist_partition;
BEGIN
  SELECT * INTO p FROM pg_dist_partition WHERE logicalrelid = rel;
  IF p.logicalrelid IS NULL OR p.repmodel = 't' OR (p.partmethod = 'n' AND p.colocationid = 0) THEN
    RAISE EXCEPTION 'cannot alter table because the table is not distributed' USING ERRCODE = 'XX000';
  END IF;
  PERFORM pg_citus_practice.refuse_schema_table(rel, 'alter_distributed_table');
  PERFORM pg_citus_practice.require_no_partition(rel);
  IF p.partmethod <> 'h' THEN
    RAISE EXCEPTION 'relation % should be a hash distributed table', pg_citus_practice.relname(rel) USING ERRCODE = '0A000';
  END IF;
END $$;

CREATE FUNCTION pg_citus_practice.key_type(rel oid) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog AS
'SELECT atttypid FROM pg_attribute WHERE attrelid = rel AND attname = pg_citus_practice.key_column(rel)';

-- Citus's checks of the arguments, in its order. Answers the number of shards the table is to have, NULL for as many as now.
CREATE FUNCTION pg_citus_practice.check_alteration(rel oid, key_name text, shards int, with_table oid, colocation_word text,
                                                   cascades boolean, mates oid[]) RETURNS int
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  current_shards int := (SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = rel);
  other_shards int := (SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = with_table);
  other pg_dist_partition;
  new_type oid := pg_citus_practice.key_type(rel);
  same_key boolean := key_name = pg_citus_practice.key_column(rel);
  same_count boolean := shards = current_shards;
  same_place boolean := with_table = ANY (mates || rel);
BEGIN
  IF key_name IS NOT NULL THEN
    SELECT atttypid INTO new_type FROM pg_attribute WHERE attrelid = rel AND attname = key_name AND attnum > 0 AND NOT attisdropped;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'column "%" of relation "%" does not exist', key_name, pg_citus_practice.relname(rel) USING ERRCODE = '42703';
    END IF;
  END IF;
  IF key_name IS NULL AND shards IS NULL AND colocation_word IS NULL AND cascades IS NOT TRUE THEN
    RAISE EXCEPTION 'you have to specify at least one of the distribution_column, shard_count or colocate_with parameters' USING ERRCODE = 'XX000';
  END IF;
  IF with_table IS NOT NULL THEN
    SELECT * INTO other FROM pg_dist_partition WHERE logicalrelid = with_table;
    IF other.logicalrelid IS NULL OR other.repmodel = 't' OR (other.partmethod = 'n' AND other.colocationid = 0) THEN
      RAISE EXCEPTION 'cannot colocate with % because it is not a distributed table', colocation_word USING ERRCODE = 'XX000';
    ELSIF other.partmethod = 'n' THEN
      RAISE EXCEPTION 'cannot colocate with % because it is a single shard distributed table', colocation_word USING ERRCODE = 'XX000';
    END IF;
  END IF;
  IF shards = 0 THEN
    RAISE EXCEPTION 'shard_count cannot be 0' USING ERRCODE = 'XX000',
      HINT = 'if you no longer want this to be a distributed table you can try undistribute_table() function';
  END IF;
  IF cascades AND key_name IS NOT NULL THEN
    RAISE EXCEPTION 'distribution_column cannot be cascaded to colocated tables' USING ERRCODE = 'XX000';
  END IF;
  IF cascades AND shards IS NULL AND colocation_word IS NULL THEN
    RAISE EXCEPTION 'shard_count or colocate_with is necessary for cascading to colocated tables' USING ERRCODE = 'XX000';
  END IF;
  IF (key_name IS NULL OR same_key) AND (shards IS NULL OR same_count) AND (colocation_word IS NULL OR coalesce(same_place, false)) THEN
    RAISE EXCEPTION 'this call doesn''t change any properties of the table'
      USING ERRCODE = 'XX000', HINT = 'check citus_tables view to see current properties of the table';
  END IF;
  IF cascades AND lower(colocation_word) = 'none' THEN
    RAISE EXCEPTION 'colocate_with := ''none'' cannot be cascaded to colocated tables' USING ERRCODE = 'XX000';
  END IF;
  IF cardinality(mates) > 0 AND shards IS NOT NULL AND NOT same_count AND cascades IS NULL THEN
    RAISE EXCEPTION 'cascade_to_colocated parameter is necessary'
      USING ERRCODE = 'XX000', DETAIL = 'this table is colocated with some other tables',
            HINT = 'cascade_to_colocated := false will break the current colocation, cascade_to_colocated := true will change the shard count of colocated tables too.';
  END IF;
  IF with_table IS NOT NULL THEN
    IF shards <> other_shards THEN
      RAISE EXCEPTION 'shard_count cannot be different than the shard count of the table in colocate_with'
        USING ERRCODE = 'XX000', HINT = 'if no shard_count is specified shard count will be same with colocate_with table''s';
    END IF;
    IF pg_citus_practice.key_type(with_table) <> new_type THEN
      RAISE EXCEPTION '%', CASE WHEN key_name IS NULL
        THEN format('cannot colocate with %s because data type of its distribution column is different than %s', colocation_word, pg_citus_practice.relname(rel))
        ELSE format('cannot colocate with %s and change distribution column to %s because data type of column %2$s is different then the distribution column of the %1$s',
                    colocation_word, key_name) END USING ERRCODE = 'XX000';
    END IF;
    IF other_shards <> current_shards THEN shards := other_shards; END IF;
  END IF;
  IF same_key THEN RAISE NOTICE 'table is already distributed by %', key_name; END IF;
  IF same_count THEN RAISE NOTICE 'shard count of the table is already %', shards; END IF;
  IF same_place THEN RAISE NOTICE 'table is already colocated with %', colocation_word; END IF;
  RETURN shards;
END $$;

CREATE FUNCTION pg_citus_practice.alter_distribution(rel oid, key_name text, shards int, with_table oid, colocation_word text,
                                                     cascades boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  mates oid[];
  t oid;
  first_table oid;
  keys oid[];
  commands jsonb := '[]';
  k record;
BEGIN
  PERFORM pg_citus_practice.require_ownership(rel);
  mates := ARRAY(SELECT o.logicalrelid::oid FROM pg_dist_partition o JOIN pg_class c ON c.oid = o.logicalrelid
                 WHERE o.colocationid = (SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = rel)
                   AND o.logicalrelid <> rel AND NOT c.relispartition ORDER BY o.logicalrelid::oid);
  shards := pg_citus_practice.check_alteration(rel, key_name, shards, with_table, colocation_word, cascades, mates);
  PERFORM pg_citus_practice.require_no_identity(rel);
  IF cascades IS NOT TRUE THEN
    mates := '{}';
    FOR k IN SELECT f.conname FROM pg_citus_practice.foreign_keys f WHERE f.relid = rel AND NOT f.to_reference ORDER BY f.oid LOOP
      RAISE WARNING 'foreign key % will be dropped', k.conname;
    END LOOP;
    FOR k IN SELECT f.conname FROM pg_citus_practice.foreign_keys f WHERE f.referenced = rel ORDER BY f.oid LOOP
      RAISE WARNING 'foreign key % will be dropped', k.conname;
    END LOOP;
  END IF;
  PERFORM pg_citus_practice.require_ownership(m) FROM unnest(mates) m;

  FOREACH t IN ARRAY ARRAY[rel] || mates LOOP
    PERFORM pg_citus_practice.require_no_identity(t);
    PERFORM pg_citus_practice.tell_remake(t, true);
    -- keys to reference tables stay on; those between the tables of the group go, and come back where the whole group changes
    keys := ARRAY(SELECT f.oid FROM pg_citus_practice.foreign_keys f WHERE f.relid = t AND NOT f.to_reference OR f.referenced = t);
    IF cascades THEN commands := commands || pg_citus_practice.foreign_key_commands(keys); END IF;
    PERFORM pg_citus_practice.take_keys_off(keys);
    IF t = rel THEN
      first_table := pg_citus_practice.remake(t, key_name, shards, with_table, colocation_word);
    ELSE
      PERFORM pg_citus_practice.remake(t, NULL, NULL, first_table, NULL);
    END IF;
  END LOOP;
  PERFORM pg_citus_practice.put_keys_back(commands);
END $$;

-- One table anew. Answers the new one.
CREATE FUNCTION pg_citus_practice.remake(rel oid, key_name text, shards int, with_table oid, colocation_word text) RETURNS oid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  key text := coalesce(key_name, pg_citus_practice.key_column(rel));
  current_shards int := (SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = rel);
  its_group pg_dist_colocation;
  stays boolean;
  same_group jsonb;
  twin oid;
  made oid;
BEGIN
  SELECT c.* INTO its_group FROM pg_dist_colocation c JOIN pg_dist_partition p USING (colocationid) WHERE p.logicalrelid = rel;
  -- with no other number of shards and a column of the same type it stays in its group
  stays := colocation_word IS NULL AND with_table IS NULL AND shards IS NULL AND pg_citus_practice.key_type(rel) =
    (SELECT atttypid FROM pg_attribute WHERE attrelid = rel AND attname = key);
  IF stays THEN
    same_group := jsonb_build_object('id', its_group.colocationid, 'layout', pg_citus_practice.layout_of(rel));
  END IF;
  twin := pg_citus_practice.unconvert(rel);
  IF stays AND NOT EXISTS (SELECT FROM pg_dist_colocation WHERE colocationid = its_group.colocationid) THEN
    INSERT INTO pg_dist_colocation SELECT (its_group).*;
  END IF;
  PERFORM pg_citus_practice.distribute(twin, key, 'hash', with_table, coalesce(lower(colocation_word), 'default'),
    coalesce(shards, current_shards), false, same_group);
  SELECT relid INTO made FROM pg_citus_practice.shell WHERE twinid = twin;
  PERFORM pg_citus_practice.drop_local_copies(made);
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.remake(oid, text, int, oid, text) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- Access methods: PostgreSQL has heap and nothing else here

CREATE FUNCTION pg_catalog.alter_table_set_access_method(table_name regclass, access_method text) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  c pg_class;
  name text := pg_citus_practice.qualified(table_name);
  current_method name;
BEGIN
  PERFORM pg_citus_practice.require_ownership(table_name);
  IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = table_name) THEN
    PERFORM pg_citus_practice.require_coordinator();
  END IF;
  PERFORM pg_citus_practice.require_no_foreign_keys(table_name);
  SELECT * INTO c FROM pg_class WHERE oid = pg_citus_practice.definition_of(table_name);
  IF c.relkind = 'f' THEN
    RAISE EXCEPTION 'cannot complete operation because it is a foreign table' USING ERRCODE = 'XX000';
  ELSIF c.relkind = 'p' THEN
    RAISE EXCEPTION 'you cannot alter access method of a partitioned table' USING ERRCODE = 'XX000';
  ELSIF c.relkind = 'v' THEN
    RAISE EXCEPTION 'you cannot alter access method of a view' USING ERRCODE = 'XX000';
  END IF;
  SELECT amname INTO current_method FROM pg_am WHERE oid = c.relam;
  IF current_method = access_method THEN
    RAISE EXCEPTION 'the access method of % is already %', name, access_method USING ERRCODE = 'XX000';
  END IF;
  PERFORM pg_citus_practice.require_no_identity(table_name);
  RAISE NOTICE 'creating a new table for %', name;
  IF NOT EXISTS (SELECT FROM pg_am WHERE amname = access_method) THEN
    RAISE EXCEPTION 'access method "%" does not exist', access_method USING ERRCODE = '42704';
  ELSIF NOT EXISTS (SELECT FROM pg_am WHERE amname = access_method AND amtype = 't') THEN
    RAISE EXCEPTION 'access method "%" is not of type TABLE', access_method USING ERRCODE = '55000';
  END IF;
  PERFORM pg_citus_practice.refuse(format('access method "%s"', access_method));
END $$;

CREATE PROCEDURE pg_catalog.alter_old_partitions_set_access_method(IN parent_table_name regclass, IN older_than timestamptz,
  IN new_access_method name)
LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  FOR r IN SELECT partition, from_value, to_value FROM pg_catalog.time_partitions
           WHERE parent_table = parent_table_name AND to_value IS NOT NULL AND to_value::timestamptz <= older_than
             AND access_method <> new_access_method ORDER BY to_value::timestamptz LOOP
    RAISE NOTICE 'converting % with start time % and end time %',
      (SELECT pg_catalog.quote_ident(relname) FROM pg_catalog.pg_class WHERE oid = r.partition), r.from_value, r.to_value;
    PERFORM pg_catalog.alter_table_set_access_method(r.partition, new_access_method::text);
    COMMIT;
  END LOOP;
END $$;
