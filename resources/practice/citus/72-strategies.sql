-- Rebalance strategies: what a shard costs, what a node holds, what may lie where.

CREATE FUNCTION pg_catalog.citus_shard_cost_1(bigint) RETURNS real
LANGUAGE sql AS 'SELECT 1.0::real';
CREATE FUNCTION pg_catalog.citus_node_capacity_1(int) RETURNS real
LANGUAGE sql AS 'SELECT 1.0::real';
CREATE FUNCTION pg_catalog.citus_shard_allowed_on_node_true(bigint, int) RETURNS boolean
LANGUAGE sql AS 'SELECT true';

-- The shards that lie and move together with one: same index in every table of its colocation group.
-- Partitions are tables of their own here.
CREATE FUNCTION pg_citus_practice.companions(of_shard bigint)
RETURNS TABLE (relid regclass, shardid bigint, schemaname name, relname name, shardname name)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  WITH own AS (
    SELECT s.logicalrelid, s.shardminvalue, s.shardmaxvalue, p.colocationid, p.partmethod, s.shardid
    FROM pg_dist_shard s JOIN pg_dist_partition p USING (logicalrelid)
    WHERE s.shardid = of_shard
  )
  SELECT s.logicalrelid, s.shardid, n.nspname, c.relname, pg_citus_practice.shard_relname(c.relname, s.shardid)
  FROM own o
  JOIN pg_dist_partition p ON p.logicalrelid = o.logicalrelid
    OR (o.colocationid <> 0 AND p.colocationid = o.colocationid AND o.partmethod IN ('h', 'n') AND p.partmethod = o.partmethod)
  JOIN pg_dist_shard s ON s.logicalrelid = p.logicalrelid
  JOIN pg_class c ON c.oid = s.logicalrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE s.shardid = o.shardid
     OR (s.logicalrelid <> o.logicalrelid
         AND s.shardminvalue IS NOT DISTINCT FROM o.shardminvalue AND s.shardmaxvalue IS NOT DISTINCT FROM o.shardmaxvalue)
  ORDER BY s.shardid
$$;

-- What lies on a node, in bytes, for the given relations; asked with a session of its own so that it
-- neither needs nor disturbs the caller's transaction.
CREATE FUNCTION pg_citus_practice.remote_sizes(of_group int, names text[]) RETURNS TABLE (name text, size bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  node pg_dist_node;
  line text;
BEGIN
  SELECT * INTO node FROM pg_dist_node WHERE groupid = of_group AND noderole = 'primary';
  IF NOT FOUND OR coalesce(cardinality(names), 0) = 0 THEN
    RETURN;
  END IF;
  line := pg_citus_practice.dial(node.nodename, node.nodeport);
  BEGIN
    RETURN QUERY SELECT r.name, r.size FROM pg_citus_practice.remote_query(line, format(
      'SELECT n, coalesce(pg_total_relation_size(to_regclass(n)), 0) FROM unnest(%L::text[]) n', names)) AS r (name text, size bigint);
    PERFORM pg_citus_practice.hang_up(line);
  EXCEPTION WHEN OTHERS THEN
    PERFORM pg_citus_practice.hang_up(line);
    RAISE;
  END;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.remote_sizes(int, text[]) FROM PUBLIC;

-- Costs by disk size of many shards, with one question per node. Partitions are not counted beside
-- their parent, and every group has a base cost, so that empty shards spread too.
CREATE FUNCTION pg_citus_practice.disk_costs(shards bigint[]) RETURNS TABLE (shardid bigint, cost real)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  base bigint := pg_citus_practice.setting('citus.rebalancer_by_disk_size_base_cost', '104857600')::bigint;
BEGIN
  RETURN QUERY
  WITH wanted AS (
    SELECT w.id, f.shardid AS part, format('%I.%I', f.schemaname, f.shardname) AS name,
      (SELECT min(p.groupid) FROM pg_dist_placement p WHERE p.shardid = w.id
         AND p.placementid = (SELECT min(q.placementid) FROM pg_dist_placement q WHERE q.shardid = w.id)) AS groupid
    FROM unnest(shards) w (id), pg_citus_practice.companions(w.id) f
  ), sizes AS (
    SELECT g.groupid, s.name, s.size
    FROM (SELECT x.groupid, array_agg(DISTINCT x.name) AS names FROM wanted x GROUP BY x.groupid) g,
      pg_citus_practice.remote_sizes(g.groupid, g.names) s
  )
  SELECT w.id, (coalesce(sum(s.size), 0) + base)::real
  FROM wanted w LEFT JOIN sizes s ON s.groupid = w.groupid AND s.name = w.name
  GROUP BY w.id;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.disk_costs(bigint[]) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_shard_cost_by_disk_size(bigint) RETURNS real
LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog AS
'SELECT c.cost FROM pg_citus_practice.disk_costs(ARRAY[$1]) c';

CREATE FUNCTION pg_catalog.citus_validate_rebalance_strategy_functions(
  shard_cost_function regproc, node_capacity_function regproc, shard_allowed_on_node_function regproc)
RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
DECLARE
  f record;
BEGIN
  FOR f IN SELECT * FROM (VALUES
    (shard_cost_function, 'shard_cost_function', '20', 700, 'real', '(bigint)'),
    (node_capacity_function, 'node_capacity_function', '23', 700, 'real', '(int)'),
    (shard_allowed_on_node_function, 'shard_allowed_on_node_function', '20 23', 16, 'boolean', '(bigint, int)'))
    AS v (proc, name, arguments, result, result_name, argument_names)
  LOOP
    IF NOT EXISTS (SELECT FROM pg_proc WHERE oid = f.proc AND proargtypes::text = f.arguments AND prorettype = f.result) THEN
      RAISE EXCEPTION 'signature for % is incorrect', f.name
        USING ERRCODE = 'XX000', DETAIL = format('It should take %s and return %s', f.argument_names, f.result_name);
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION citus_internal.pg_dist_rebalance_strategy_trigger_func() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM citus_validate_rebalance_strategy_functions(
    NEW.shard_cost_function, NEW.node_capacity_function, NEW.shard_allowed_on_node_function);
  IF NEW.default_threshold < NEW.minimum_threshold THEN
    RAISE EXCEPTION 'default_threshold cannot be smaller than minimum_threshold' USING ERRCODE = 'P0001';
  END IF;
  IF NEW.default_strategy
     AND EXISTS (SELECT FROM pg_dist_rebalance_strategy s WHERE s.default_strategy AND s.name <> NEW.name
                 AND (TG_OP = 'INSERT' OR s.name <> OLD.name)) THEN
    RAISE EXCEPTION 'there cannot be two default strategies' USING ERRCODE = 'P0001';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION citus_internal.pg_dist_rebalance_strategy_trigger_func() FROM PUBLIC;
CREATE TRIGGER pg_dist_rebalance_strategy_validation_trigger
  BEFORE INSERT OR UPDATE ON pg_catalog.pg_dist_rebalance_strategy
  FOR EACH ROW EXECUTE FUNCTION citus_internal.pg_dist_rebalance_strategy_trigger_func();

INSERT INTO pg_catalog.pg_dist_rebalance_strategy VALUES
  ('by_shard_count', false, 'citus_shard_cost_1', 'citus_node_capacity_1', 'citus_shard_allowed_on_node_true', 0, 0, 0),
  ('by_disk_size', true, 'citus_shard_cost_by_disk_size', 'citus_node_capacity_1', 'citus_shard_allowed_on_node_true',
   0.1, 0.01, 0.5);

CREATE FUNCTION pg_catalog.citus_add_rebalance_strategy(name name, shard_cost_function regproc,
  node_capacity_function regproc, shard_allowed_on_node_function regproc, default_threshold real,
  minimum_threshold real DEFAULT 0, improvement_threshold real DEFAULT 0) RETURNS void
LANGUAGE sql AS
'INSERT INTO pg_catalog.pg_dist_rebalance_strategy VALUES ($1, false, $2, $3, $4, $5, $6, $7)';

CREATE FUNCTION pg_catalog.citus_set_default_rebalance_strategy(name text) RETURNS void
LANGUAGE plpgsql STRICT AS $$
BEGIN
  -- locked so that two callers cannot both leave a default behind
  LOCK TABLE pg_catalog.pg_dist_rebalance_strategy IN SHARE ROW EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_dist_rebalance_strategy t WHERE t.name = $1) THEN
    RAISE EXCEPTION 'strategy with specified name does not exist' USING ERRCODE = 'P0001';
  END IF;
  UPDATE pg_catalog.pg_dist_rebalance_strategy SET default_strategy = false WHERE default_strategy;
  UPDATE pg_catalog.pg_dist_rebalance_strategy t SET default_strategy = true WHERE t.name = $1;
END $$;
