-- What a running move shows to everybody else. Written through a session of its own, since a
-- transaction that lasts as long as the move would show nothing until it is over.

CREATE UNLOGGED TABLE pg_citus_practice.move_progress (
  pid int NOT NULL,
  shardid bigint NOT NULL,
  relname text NOT NULL,
  source_node int NOT NULL,
  target_node int NOT NULL,
  operation text NOT NULL,
  -- 0 waiting, 1 moving, 2 moved
  progress bigint NOT NULL,
  status text NOT NULL,
  PRIMARY KEY (pid, shardid));

-- Milliseconds a move rests in each of its longer phases. A practice move is over in a blink otherwise.
CREATE FUNCTION pg_citus_practice.rest(share float8) RETURNS void
LANGUAGE sql AS $$
  SELECT pg_catalog.pg_sleep(share * pg_citus_practice.setting('shardboard.practice_move_delay_ms', '400')::float8 / 1000)
$$;

-- Sizes and the place in the write-ahead log, of one node, for the shards that are moving there.
CREATE FUNCTION pg_citus_practice.progress_of_node(of_node int, names text[])
RETURNS TABLE (name text, size bigint, lsn pg_lsn)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  node pg_dist_node;
  line text;
BEGIN
  SELECT * INTO node FROM pg_dist_node WHERE nodeid = of_node;
  line := pg_citus_practice.dial(node.nodename, node.nodeport);
  RETURN QUERY SELECT r.name, r.size, r.lsn FROM pg_citus_practice.remote_query(line, format(
    'SELECT n, coalesce(pg_total_relation_size(to_regclass(n)), 0), pg_current_wal_lsn() FROM unnest(%L::text[]) n', names))
    AS r (name text, size bigint, lsn pg_lsn);
  PERFORM pg_citus_practice.hang_up(line);
EXCEPTION WHEN query_canceled THEN
  PERFORM pg_citus_practice.hang_up(line);
  RAISE;
WHEN OTHERS THEN
  -- a node that is down has no sizes; the move itself will say so
  PERFORM pg_citus_practice.hang_up(line);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.progress_of_node(int, text[]) FROM PUBLIC;

CREATE FUNCTION pg_catalog.get_rebalance_progress()
RETURNS TABLE (sessionid int, table_name regclass, shardid bigint, shard_size bigint, sourcename text, sourceport int,
  targetname text, targetport int, progress bigint, source_shard_size bigint, target_shard_size bigint, operation_type text,
  source_lsn pg_lsn, target_lsn pg_lsn, status text)
LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH moving AS MATERIALIZED (
    SELECT m.*, s.logicalrelid, pg_citus_practice.qualified_shard(s.logicalrelid, m.shardid) AS name
    FROM pg_citus_practice.move_progress m
    JOIN pg_dist_shard s USING (shardid)
    JOIN pg_stat_activity a ON a.pid = m.pid
  ), nodes AS (
    SELECT m.source_node AS nodeid, array_agg(m.name) AS names FROM moving m GROUP BY 1
    UNION ALL SELECT m.target_node, array_agg(m.name) FROM moving m GROUP BY 1
  ), seen AS MATERIALIZED (
    SELECT n.nodeid, p.* FROM nodes n, pg_citus_practice.progress_of_node(n.nodeid, n.names) p
  )
  SELECT m.pid, m.logicalrelid::regclass, m.shardid, coalesce(a.size, 0), s.nodename, s.nodeport, t.nodename, t.nodeport, m.progress,
    coalesce(a.size, 0), coalesce(b.size, 0), m.operation, a.lsn,
    CASE WHEN m.status IN ('Creating Constraints', 'Final Catchup', 'Creating Foreign Keys', 'Completing') THEN a.lsn END,
    m.status
  FROM moving m
  JOIN pg_dist_node s ON s.nodeid = m.source_node
  JOIN pg_dist_node t ON t.nodeid = m.target_node
  LEFT JOIN seen a ON a.nodeid = m.source_node AND a.name = m.name
  LEFT JOIN seen b ON b.nodeid = m.target_node AND b.name = m.name
  ORDER BY m.pid, m.shardid
$$;
