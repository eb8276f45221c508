-- From the catalogs to the planner and back: get_rebalance_table_shards_plan.

CREATE FUNCTION pg_citus_practice.strategy(wanted name) RETURNS pg_catalog.pg_dist_rebalance_strategy
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  s pg_dist_rebalance_strategy;
BEGIN
  SELECT * INTO s FROM pg_dist_rebalance_strategy t
  WHERE CASE WHEN wanted IS NULL THEN t.default_strategy ELSE t.name = wanted END;
  IF s.name IS NULL THEN
    IF wanted IS NULL THEN
      RAISE EXCEPTION 'no rebalance_strategy was provided, but there is also no default strategy set' USING ERRCODE = 'XX000';
    END IF;
    RAISE EXCEPTION 'could not find rebalance strategy with name %', wanted USING ERRCODE = 'XX000';
  END IF;
  RETURN s;
END $$;

-- Distributed tables: hash, range and append, and those with a single shard (no key, a group of their
-- own, not a reference table).
CREATE FUNCTION pg_citus_practice.is_distributed(relation regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = relation
    AND (p.partmethod IN ('h', 'r', 'a') OR (p.partmethod = 'n' AND p.repmodel <> 't' AND p.colocationid <> 0)))
$$;

CREATE FUNCTION pg_citus_practice.require_movable(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  p pg_dist_partition;
BEGIN
  SELECT * INTO p FROM pg_dist_partition WHERE logicalrelid = relation;
  IF p.logicalrelid IS NULL THEN
    RAISE EXCEPTION 'table % is a regular postgres table, you can only move shards of a citus table', relation
      USING ERRCODE = '0A000';
  ELSIF p.partmethod = 'n' AND p.repmodel = 't' THEN
    RAISE EXCEPTION 'table % is a reference table, moving shard of a reference table is not supported', relation
      USING ERRCODE = '0A000';
  ELSIF p.partmethod = 'n' AND p.colocationid = 0 THEN
    RAISE EXCEPTION 'table % is a local table, moving shard of a local table added to metadata is currently not supported', relation
      USING ERRCODE = '0A000';
  END IF;
END $$;

-- One table per colocation group, the first in the order of the catalog's heap, as Citus scans it.
CREATE FUNCTION pg_citus_practice.rebalanced_tables() RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT t.logicalrelid FROM (
    SELECT DISTINCT ON (CASE WHEN p.colocationid = 0 THEN -p.logicalrelid::oid::bigint ELSE p.colocationid END)
      p.logicalrelid, p.ctid AS place
    FROM pg_dist_partition p WHERE pg_citus_practice.is_distributed(p.logicalrelid)
    ORDER BY CASE WHEN p.colocationid = 0 THEN -p.logicalrelid::oid::bigint ELSE p.colocationid END, p.ctid) t
  ORDER BY t.place
$$;

-- The group moves Citus would make, each by its representative shard. only_node: what lies on that
-- node is all that is looked at, as citus_drain_node does.
CREATE FUNCTION pg_citus_practice.rebalance_steps(
  relations regclass[], strategy pg_catalog.pg_dist_rebalance_strategy, threshold real, max_shard_moves int,
  excluded bigint[], drain_only boolean, improvement_threshold real, only_node int DEFAULT NULL)
RETURNS TABLE (step bigint, shardid bigint, source_node int, target_node int)
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  factor int := pg_citus_practice.setting('citus.shard_replication_factor', '1')::int;
  used_threshold real := threshold;
  eligible int;
  node_ids int[]; node_groups int[]; labels text[]; takes boolean[]; capacities real[];
  shards bigint[]; shard_groups int[]; shard_nodes int[]; costs real[]; allowed boolean[];
BEGIN
  SELECT array_agg(n.nodeid ORDER BY o), array_agg(n.groupid ORDER BY o), array_agg(n.nodename || ':' || n.nodeport ORDER BY o),
    array_agg(n.shouldhaveshards ORDER BY o), count(*) FILTER (WHERE n.shouldhaveshards)
  INTO node_ids, node_groups, labels, takes, eligible
  FROM (SELECT *, row_number() OVER (ORDER BY x.nodename COLLATE "C", x.nodeport) AS o FROM pg_dist_node x
        WHERE x.isactive AND x.noderole = 'primary') n;
  IF eligible < factor THEN
    RAISE EXCEPTION 'Shard replication factor (%) cannot be greater than number of nodes with should_have_shards=true (%).',
      factor, eligible USING ERRCODE = 'XX000';
  END IF;
  IF used_threshold < strategy.minimum_threshold THEN
    RAISE WARNING 'the given threshold is lower than the minimum threshold allowed by the rebalance strategy, using the minimum allowed threshold instead'
      USING DETAIL = 'Using threshold of ' || to_char(strategy.minimum_threshold, 'FM99990.00');
    used_threshold := strategy.minimum_threshold;
  END IF;

  EXECUTE format('SELECT array_agg(CASE WHEN t THEN %s(n) ELSE 0 END ORDER BY o) FROM unnest($1, $2) WITH ORDINALITY u (n, t, o)',
    strategy.node_capacity_function::text) INTO capacities USING node_ids, takes;

  SELECT array_agg(s.shardid ORDER BY r.o, p.placementid), array_agg(r.o ORDER BY r.o, p.placementid),
    array_agg(array_position(node_groups, p.groupid) ORDER BY r.o, p.placementid)
  INTO shards, shard_groups, shard_nodes
  FROM unnest(relations) WITH ORDINALITY r (relid, o)
  JOIN pg_dist_shard s ON s.logicalrelid = r.relid
  JOIN pg_dist_placement p ON p.shardid = s.shardid
  WHERE p.groupid = ANY (node_groups) AND NOT s.shardid = ANY (excluded)
    AND (only_node IS NULL OR p.groupid = (SELECT x.groupid FROM pg_dist_node x WHERE x.nodeid = only_node));
  IF shards IS NULL THEN
    RETURN;
  END IF;

  IF strategy.shard_cost_function = 'citus_shard_cost_by_disk_size'::regproc THEN
    SELECT array_agg(c.cost ORDER BY u.o) INTO costs
    FROM unnest(shards) WITH ORDINALITY u (id, o) JOIN pg_citus_practice.disk_costs(shards) c ON c.shardid = u.id;
  ELSE
    EXECUTE format('SELECT array_agg(%s(id) ORDER BY o) FROM unnest($1) WITH ORDINALITY u (id, o)',
      strategy.shard_cost_function::text) INTO costs USING shards;
  END IF;
  EXECUTE format('SELECT array_agg(t AND %s(id, n) ORDER BY o, m)
      FROM unnest($1) WITH ORDINALITY u (id, o), unnest($2, $3) WITH ORDINALITY v (n, t, m)',
    strategy.shard_allowed_on_node_function::text) INTO allowed USING shards, node_ids, takes;

  RETURN QUERY
  SELECT m.ordinality, m.shardid, m.source_node, m.target_node
  FROM pg_citus_practice.plan_moves(node_ids, labels, capacities, eligible, shards, shard_groups, shard_nodes, costs, allowed,
    used_threshold, max_shard_moves, drain_only, improvement_threshold,
    pg_citus_practice.setting('citus.max_rebalancer_logged_ignored_moves', '5')::int) WITH ORDINALITY m;
END $$;

CREATE FUNCTION pg_catalog.get_rebalance_table_shards_plan(
  relation regclass DEFAULT NULL, threshold real DEFAULT NULL, max_shard_moves int DEFAULT 1000000,
  excluded_shard_list bigint[] DEFAULT '{}', drain_only boolean DEFAULT false, rebalance_strategy name DEFAULT NULL,
  improvement_threshold real DEFAULT NULL)
RETURNS TABLE (table_name regclass, shardid bigint, shard_size bigint, sourcename text, sourceport int,
  targetname text, targetport int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
  relations regclass[];
  s pg_dist_rebalance_strategy;
  missing text := CASE WHEN max_shard_moves IS NULL THEN 'max_shard_moves'
    WHEN excluded_shard_list IS NULL THEN 'excluded_shard_list' WHEN drain_only IS NULL THEN 'drain_only' END;
BEGIN
  IF relation IS NOT NULL THEN
    PERFORM pg_citus_practice.require_movable(relation);
    relations := ARRAY[relation];
  ELSE
    relations := ARRAY(SELECT pg_citus_practice.rebalanced_tables());
  END IF;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION '% cannot be NULL', missing USING ERRCODE = '22004';
  END IF;
  s := pg_citus_practice.strategy(rebalance_strategy);
  RETURN QUERY
  SELECT c.relid, c.shardid, coalesce(p.shardlength, 0), a.nodename, a.nodeport, b.nodename, b.nodeport
  FROM pg_citus_practice.rebalance_steps(relations, s, coalesce(threshold, s.default_threshold), max_shard_moves,
      excluded_shard_list, drain_only, coalesce(improvement_threshold, s.improvement_threshold)) m
  CROSS JOIN LATERAL pg_citus_practice.companions(m.shardid) c
  JOIN pg_dist_node a ON a.nodeid = m.source_node
  JOIN pg_dist_node b ON b.nodeid = m.target_node
  LEFT JOIN pg_dist_placement p ON p.shardid = c.shardid AND p.groupid = a.groupid
  ORDER BY m.step, c.shardid;
END $$;
