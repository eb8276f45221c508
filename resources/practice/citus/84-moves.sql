-- citus_move_shard_placement, citus_copy_shard_placement, replicate_reference_tables: the checks, in
-- Citus's order, and then the transfer.

CREATE FUNCTION pg_citus_practice.is_partition_parent(relation regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS
$$SELECT EXISTS (SELECT FROM pg_class WHERE oid = pg_citus_practice.definition_of(relation) AND relkind = 'p')$$;

CREATE FUNCTION pg_citus_practice.replica_identity(relation regclass) RETURNS "char"
LANGUAGE sql STABLE SET search_path = pg_catalog AS
'SELECT relreplident FROM pg_class WHERE oid = pg_citus_practice.definition_of(relation)';

CREATE FUNCTION pg_citus_practice.has_primary_key(relation regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS
'SELECT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_citus_practice.definition_of(relation) AND indisprimary)';

CREATE FUNCTION pg_citus_practice.node_with_id(id int) RETURNS pg_catalog.pg_dist_node
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  node pg_dist_node;
BEGIN
  SELECT * INTO node FROM pg_dist_node WHERE nodeid = id AND isactive;
  IF node.nodeid IS NULL THEN
    RAISE EXCEPTION 'node with node id % could not be found', id USING ERRCODE = 'XX000';
  END IF;
  RETURN node;
END $$;

CREATE FUNCTION pg_citus_practice.move_or_copy(of_shard bigint, source_name text, source_port int, target_name text, target_port int,
  mode citus.shard_transfer_mode, operation text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  doing text := CASE operation WHEN 'move' THEN 'Moving' ELSE 'Copying' END;
  relation regclass;
  kind pg_dist_partition;
  source pg_dist_node;
  target pg_dist_node;
  shards bigint[];
  tables regclass[];
  id bigint;
BEGIN
  IF source_name = target_name AND source_port = target_port THEN
    RAISE EXCEPTION 'cannot % shard to the same node', operation USING ERRCODE = '22023';
  END IF;
  SELECT logicalrelid INTO relation FROM pg_dist_shard WHERE shardid = of_shard;
  IF relation IS NULL THEN
    RAISE EXCEPTION 'could not find valid entry for shard %', of_shard USING ERRCODE = 'XX000';
  END IF;
  SELECT * INTO kind FROM pg_dist_partition WHERE logicalrelid = relation;
  IF operation = 'move' THEN
    PERFORM pg_citus_practice.require_movable(relation);
  ELSIF kind.partmethod = 'n' AND kind.repmodel <> 't' AND kind.colocationid = 0 THEN
    RAISE EXCEPTION 'Table % is a local table. Replicating shard of a local table added to metadata currently is not supported',
      quote_literal(pg_citus_practice.relname(relation)) USING ERRCODE = 'XX000';
  ELSIF kind.repmodel = 's' THEN
    RAISE EXCEPTION 'Table % is streaming replicated. Shards of streaming replicated tables cannot be copied',
      quote_literal(pg_citus_practice.relname(relation)) USING ERRCODE = 'XX000';
  END IF;

  target := pg_citus_practice.node_at(target_name, target_port);
  IF target.nodeid IS NULL THEN
    RAISE EXCEPTION '% shards to a non-existing node is not supported', doing USING ERRCODE = '0A000',
      HINT = format('Add the target node via SELECT citus_add_node(''%s'', %s);', target_name, target_port);
  ELSIF NOT target.isactive THEN
    RAISE EXCEPTION '% shards to a non-active node is not supported', doing USING ERRCODE = '0A000',
      HINT = format('Activate the target node via SELECT citus_activate_node(''%s'', %s);', target_name, target_port);
  ELSIF operation = 'move' AND NOT target.shouldhaveshards THEN
    RAISE EXCEPTION 'Moving shards to a node that shouldn''t have a shard is not supported' USING ERRCODE = '0A000',
      HINT = format('Allow shards on the target node via SELECT * FROM citus_set_node_property(''%s'', %s, ''shouldhaveshards'', true);',
        target_name, target_port);
  ELSIF target.noderole <> 'primary' THEN
    RAISE EXCEPTION '% shards to a secondary (e.g., replica) node is not supported', doing USING ERRCODE = '0A000';
  END IF;

  IF operation = 'move' THEN
    SELECT array_agg(c.shardid ORDER BY c.shardid), array_agg(c.relid ORDER BY c.shardid) INTO shards, tables
    FROM pg_citus_practice.companions(of_shard) c;
  ELSE
    shards := ARRAY[of_shard];
    tables := ARRAY[relation];
  END IF;
  PERFORM pg_citus_practice.require_table_owner(t) FROM unnest(tables) t;
  FOREACH id IN ARRAY shards LOOP
    IF NOT pg_try_advisory_xact_lock(hashtextextended('pg_citus_practice.shard', id)) THEN
      RAISE EXCEPTION 'could not acquire the lock required to % %', operation, pg_citus_practice.qualified(relation)
        USING ERRCODE = 'XX000',
          DETAIL = 'It means that either a concurrent shard move or colocated distributed table creation is happening.',
          HINT = 'Make sure that the concurrent operation has finished and re-run the command';
    END IF;
  END LOOP;

  source := pg_citus_practice.node_at(source_name, source_port);
  IF operation = 'move' AND source.nodeid IS NULL THEN
    RAISE EXCEPTION 'Moving shards to a non-existing node is not supported' USING ERRCODE = '0A000';
  END IF;
  IF NOT EXISTS (
      SELECT FROM unnest(shards) s WHERE NOT EXISTS (
        SELECT FROM pg_dist_placement p WHERE p.shardid = s AND p.groupid = target.groupid))
     AND (operation = 'copy' OR NOT EXISTS (
        SELECT FROM pg_dist_placement p WHERE p.shardid = of_shard AND p.groupid = source.groupid)) THEN
    RAISE WARNING 'shard is already present on node %:%', target_name, target_port
      USING DETAIL = format('%s may have already completed.', initcap(operation));
    RETURN;
  END IF;
  IF source.nodeid IS NULL OR EXISTS (
      SELECT FROM unnest(shards) s WHERE NOT EXISTS (
        SELECT FROM pg_dist_placement p WHERE p.shardid = s AND p.groupid = source.groupid)) THEN
    RAISE EXCEPTION 'could not find placement matching "%:%"', source_name, source_port USING ERRCODE = '22000',
      HINT = 'Confirm the placement still exists and try again.';
  END IF;
  IF EXISTS (SELECT FROM pg_dist_placement p WHERE p.shardid = ANY (shards) AND p.groupid = target.groupid) THEN
    RAISE EXCEPTION 'shard % already exists in the target node', of_shard USING ERRCODE = '55000';
  END IF;
  IF mode = 'auto' THEN
    PERFORM pg_citus_practice.require_replica_identity(tables);
  END IF;
  IF mode <> 'block_writes' AND operation = 'move' THEN
    IF pg_citus_practice.setting('citus_practice.moved', 'off') = 'on' THEN
      RAISE EXCEPTION 'moving multiple shard placements via logical replication in the same transaction is currently not supported'
        USING ERRCODE = '0A000',
          HINT = 'If you wish to move multiple shard placements in a single transaction set the shard_transfer_mode to ''block_writes''.';
    END IF;
    PERFORM set_config('citus_practice.moved', 'on', true);
  END IF;
  PERFORM pg_citus_practice.transfer(shards, source, target, mode, operation);
END $$;
-- Callable by everybody, since what it may do depends on who owns the tables, which it checks itself.

CREATE FUNCTION pg_citus_practice.require_reference_copies() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_citus_practice.missing_reference_copies()) THEN
    RAISE EXCEPTION 'there are missing reference tables on some nodes' USING ERRCODE = 'XX000',
      HINT = 'Copy reference tables first with replicate_reference_tables() or use citus_rebalance_start() that will do it automatically.';
  END IF;
END $$;

CREATE FUNCTION pg_catalog.citus_move_shard_placement(shard_id bigint, source_node_name text, source_node_port int,
  target_node_name text, target_node_port int, shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.require_reference_copies();
  PERFORM pg_citus_practice.move_or_copy(shard_id, source_node_name, source_node_port, target_node_name, target_node_port,
    shard_transfer_mode, 'move');
END $$;

CREATE FUNCTION pg_catalog.citus_move_shard_placement(shard_id bigint, source_node_id int, target_node_id int,
  transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
DECLARE
  source pg_dist_node;
  target pg_dist_node;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  source := pg_citus_practice.node_with_id(source_node_id);
  target := pg_citus_practice.node_with_id(target_node_id);
  PERFORM pg_citus_practice.move_or_copy(shard_id, source.nodename, source.nodeport, target.nodename, target.nodeport, transfer_mode, 'move');
END $$;

CREATE FUNCTION pg_catalog.citus_copy_shard_placement(shard_id bigint, source_node_name text, source_node_port int,
  target_node_name text, target_node_port int, transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  PERFORM pg_citus_practice.move_or_copy(shard_id, source_node_name, source_node_port, target_node_name, target_node_port,
    transfer_mode, 'copy');
END $$;

CREATE FUNCTION pg_catalog.citus_copy_shard_placement(shard_id bigint, source_node_id int, target_node_id int,
  transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
DECLARE
  source pg_dist_node;
  target pg_dist_node;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  source := pg_citus_practice.node_with_id(source_node_id);
  target := pg_citus_practice.node_with_id(target_node_id);
  PERFORM pg_citus_practice.move_or_copy(shard_id, source.nodename, source.nodeport, target.nodename, target.nodeport, transfer_mode, 'copy');
END $$;

CREATE FUNCTION pg_catalog.master_move_shard_placement(shard_id bigint, source_node_name text, source_node_port int,
  target_node_name text, target_node_port int, shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE sql STRICT AS 'SELECT pg_catalog.citus_move_shard_placement($1, $2, $3, $4, $5, $6)';

CREATE FUNCTION pg_catalog.master_copy_shard_placement(shard_id bigint, source_node_name text, source_node_port int,
  target_node_name text, target_node_port int, do_repair boolean DEFAULT true,
  transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE sql STRICT AS 'SELECT pg_catalog.citus_copy_shard_placement($1, $2, $3, $4, $5, $7)';

-- All the reference tables a node lacks travel together, so that keys between them can be made.
CREATE FUNCTION pg_catalog.replicate_reference_tables(shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  batch record;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  IF shard_transfer_mode = 'auto' THEN
    PERFORM pg_citus_practice.require_replica_identity(ARRAY(
      SELECT DISTINCT m.relid FROM pg_citus_practice.missing_reference_copies() m));
  END IF;
  FOR batch IN
    SELECT m.source_node, m.target_node, array_agg(m.shardid ORDER BY m.shardid) AS shards
    FROM pg_citus_practice.missing_reference_copies() m GROUP BY m.target_node, m.source_node ORDER BY m.target_node
  LOOP
    PERFORM pg_citus_practice.transfer(batch.shards, pg_citus_practice.node_with_id(batch.source_node),
      pg_citus_practice.node_with_id(batch.target_node), shard_transfer_mode, 'copy');
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_catalog.replicate_reference_tables(citus.shard_transfer_mode) FROM PUBLIC;
