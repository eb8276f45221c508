-- What moves leave behind: the old copy after a success, a half-made one after a failure.

-- Drops what pg_dist_cleanup names, and answers how many were dropped. A record whose operation still
-- runs is left alone, and so is a node that cannot be reached: both are met again at the next round.
CREATE FUNCTION pg_citus_practice.clean_up(OUT dropped int, OUT failed int) RETURNS record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  place record;
  r record;
  node pg_dist_node;
  line text;
BEGIN
  dropped := 0;
  failed := 0;
  FOR place IN SELECT c.node_group_id AS groupid FROM pg_dist_cleanup c GROUP BY 1 ORDER BY 1 LOOP
    line := NULL;
    -- of a node that was removed the records stay
    SELECT * INTO node FROM pg_dist_node n WHERE n.groupid = place.groupid AND n.noderole = 'primary';
    CONTINUE WHEN node.nodeid IS NULL;
    FOR r IN SELECT * FROM pg_dist_cleanup c WHERE c.node_group_id = place.groupid ORDER BY c.record_id LOOP
      CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('pg_citus_practice.operation', r.operation_id));
      BEGIN
        IF NOT EXISTS (
          -- never what the catalogs say is in use
          SELECT FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid)
          WHERE r.object_type = 1 AND p.groupid = r.node_group_id
            AND p.shardid = coalesce(substring(r.object_name FROM '_(\d+)"?$'), '0')::bigint
            AND pg_citus_practice.qualified_shard(s.logicalrelid, s.shardid) = r.object_name)
        THEN
          IF line IS NULL THEN
            line := pg_citus_practice.dial(node.nodename, node.nodeport);
            PERFORM pg_citus_practice.remote_exec(line, 'SET citus_practice.internal = ''on''; SET citus_practice.applying = ''on'';
              SET client_min_messages = warning; SET lock_timeout = ''2s''');
          END IF;
          IF r.object_type = 1 THEN
            PERFORM pg_citus_practice.remote_exec(line, format('DROP TABLE IF EXISTS %s CASCADE', r.object_name));
          END IF;
        END IF;
        DELETE FROM pg_dist_cleanup c WHERE c.record_id = r.record_id;
        dropped := dropped + 1;
      EXCEPTION WHEN query_canceled THEN
        PERFORM pg_citus_practice.hang_up(line);
        RAISE;
      WHEN OTHERS THEN
        failed := failed + 1;
        -- a node that is down is not asked again for each of its records
        EXIT WHEN line IS NULL OR SQLSTATE LIKE '08%';
      END;
    END LOOP;
    PERFORM pg_citus_practice.hang_up(line);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.clean_up() FROM PUBLIC;

CREATE PROCEDURE pg_catalog.citus_cleanup_orphaned_resources()
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  outcome record;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  SELECT * INTO outcome FROM pg_citus_practice.clean_up();
  IF outcome.failed > 0 THEN
    RAISE WARNING 'failed to clean up % orphaned resources out of %', outcome.failed, outcome.failed + outcome.dropped;
  END IF;
  IF outcome.dropped > 0 THEN
    RAISE NOTICE 'cleaned up % orphaned resources', outcome.dropped;
  END IF;
END $$;

CREATE PROCEDURE pg_catalog.citus_cleanup_orphaned_shards()
LANGUAGE plpgsql AS $$
BEGIN
  RAISE WARNING 'citus_cleanup_orphaned_shards is deprecated. Use citus_cleanup_orphaned_resources instead';
END $$;
