-- A distributed schema moves as a whole: its tables are one colocation group with a single shard each.

CREATE FUNCTION pg_citus_practice.schema_anchor(schema_id regnamespace, OUT anchor bigint, OUT node pg_catalog.pg_dist_node)
RETURNS record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  name text := (SELECT nspname FROM pg_namespace WHERE oid = schema_id);
BEGIN
  IF NOT pg_has_role(pg_citus_practice.acting_role(), (SELECT nspowner FROM pg_namespace WHERE oid = schema_id), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of schema %', name USING ERRCODE = '42501';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_dist_schema WHERE schemaid = schema_id) THEN
    RAISE EXCEPTION 'schema % is not a distributed schema', name USING ERRCODE = 'XX000';
  END IF;
  SELECT s.shardid, p.groupid INTO anchor, node.groupid
  FROM pg_dist_schema d JOIN pg_dist_partition t USING (colocationid)
  JOIN pg_dist_shard s USING (logicalrelid) JOIN pg_dist_placement p USING (shardid)
  WHERE d.schemaid = schema_id ORDER BY s.shardid LIMIT 1;
  IF anchor IS NULL THEN
    RAISE EXCEPTION 'cannot move distributed schema % because it is empty', name USING ERRCODE = 'XX000';
  END IF;
  SELECT * INTO node FROM pg_dist_node n WHERE n.groupid = node.groupid AND n.noderole = 'primary';
END $$;

CREATE FUNCTION pg_catalog.citus_schema_move(schema_id regnamespace, target_node_name text, target_node_port int,
  shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
DECLARE
  a record;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  SELECT * INTO a FROM pg_citus_practice.schema_anchor(schema_id);
  PERFORM citus_move_shard_placement(a.anchor, (a.node).nodename, (a.node).nodeport, target_node_name, target_node_port,
    shard_transfer_mode);
END $$;

CREATE FUNCTION pg_catalog.citus_schema_move(schema_id regnamespace, target_node_id int,
  shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
DECLARE
  a record;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  SELECT * INTO a FROM pg_citus_practice.schema_anchor(schema_id);
  PERFORM citus_move_shard_placement(a.anchor, (a.node).nodeid, target_node_id, shard_transfer_mode);
END $$;
