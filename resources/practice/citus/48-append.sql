-- Append and range distribution: tables that begin without a shard and are given one after another. Only the
-- coordinator knows them.
--
-- The shell is partitioned by an expression that says where a new row goes. PostgreSQL asks it for each
-- row that is inserted and never for others, since the partitions are foreign tables; so it may answer
-- what it likes. Here: the first shard, which is the default partition.
-- PL/pgSQL, since the body of an SQL function would show PostgreSQL a constant, which it refuses as a key.
CREATE FUNCTION pg_citus_practice.first_shard(boolean) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS 'BEGIN RETURN 0; END';

CREATE FUNCTION pg_citus_practice.shards_exist() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_dist_shard WHERE logicalrelid = TG_RELID) THEN
    RAISE EXCEPTION 'could not find any shards' USING ERRCODE = '55000',
      DETAIL = format('No shards exist for distributed table "%s".', TG_TABLE_NAME),
      HINT = 'Run master_create_worker_shards to create shards and try again.';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION pg_catalog.master_create_empty_shard(text) RETURNS bigint
LANGUAGE plpgsql STRICT AS $$
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_owner($1::regclass);
  RETURN pg_citus_practice.add_shard($1::regclass);
END $$;

CREATE FUNCTION pg_citus_practice.add_shard(rel oid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.hold = 'on' AS $$
DECLARE
  p pg_dist_partition;
  shown text := pg_citus_practice.relname(rel);
  groups int[] := pg_citus_practice.shard_groups();
  id bigint;
BEGIN
  PERFORM pg_citus_practice.require_ownership(rel);
  p := pg_citus_practice.require_citus_table(rel);
  IF p.partmethod = 'h' THEN
    RAISE EXCEPTION 'relation "%" is a hash partitioned table', shown
      USING ERRCODE = 'XX000', DETAIL = 'We currently don''t support creating shards on hash-partitioned tables';
  ELSIF p.repmodel = 't' THEN
    RAISE EXCEPTION 'relation "%" is a reference table', shown
      USING ERRCODE = 'XX000', DETAIL = 'We currently don''t support creating shards on reference tables';
  ELSIF p.partmethod = 'n' AND p.colocationid <> 0 THEN
    RAISE EXCEPTION 'relation "%" is a single shard table', shown
      USING ERRCODE = 'XX000', DETAIL = 'We currently don''t support creating shards on single shard tables';
  ELSIF p.partmethod = 'n' THEN
    RAISE EXCEPTION 'relation "%" is a local table', shown
      USING ERRCODE = 'XX000', DETAIL = 'We currently don''t support creating shards on local tables';
  END IF;
  IF cardinality(groups) = 0 THEN
    RAISE EXCEPTION 'could only find 0 of 1 possible nodes' USING ERRCODE = 'XX000';
  END IF;
  id := nextval('pg_dist_shardid_seq');
  INSERT INTO pg_dist_shard VALUES (rel, id, 't', NULL, NULL);
  INSERT INTO pg_dist_placement (shardid, shardstate, shardlength, groupid)
  VALUES (id, 1, 0, groups[1 + id % cardinality(groups)]);
  PERFORM pg_citus_practice.make_shards(rel, id);
  PERFORM pg_citus_practice.attach_shards(rel);
  RETURN id;
END $$;
