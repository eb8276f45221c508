-- Windows: the foreign tables that stand for a shard in the shell of each node. Where they look, and how
-- writers are kept off them.

CREATE FUNCTION pg_citus_practice.window_of(of_shard bigint) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT to_regclass(pg_citus_practice.window_name(s.logicalrelid, s.shardid)) FROM pg_dist_shard s WHERE s.shardid = of_shard
$$;

-- Points a window at another node. The server of a foreign table has no ALTER, so its catalog entry is
-- changed; touching pg_class makes every session forget plans that still know the old one.
CREATE FUNCTION pg_citus_practice.point_window(of_shard bigint, to_group int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
DECLARE
  pane regclass := pg_citus_practice.window_of(of_shard);
  new_server oid;
  old_server oid;
BEGIN
  SELECT f.ftserver INTO old_server FROM pg_foreign_table f WHERE f.ftrelid = pane;
  SELECT oid INTO new_server FROM pg_foreign_server WHERE srvname = 'citus_group_' || to_group;
  IF old_server IS NULL OR new_server IS NULL OR old_server = new_server THEN
    RETURN;
  END IF;
  UPDATE pg_foreign_table SET ftserver = new_server WHERE ftrelid = pane;
  UPDATE pg_depend SET refobjid = new_server
  WHERE classid = 'pg_class'::regclass AND objid = pane AND refclassid = 'pg_foreign_server'::regclass AND refobjid = old_server;
  UPDATE pg_class SET relname = relname WHERE oid = pane;
END $$;

-- A node that got its own copy of a reference table looks at it instead of at another node's.
CREATE FUNCTION pg_citus_practice.take_up_copy(of_shard bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET client_min_messages = warning AS $$
DECLARE
  pane regclass := pg_citus_practice.window_of(of_shard);
  shell oid;
  own regclass;
BEGIN
  SELECT s.logicalrelid INTO shell FROM pg_dist_shard s JOIN pg_dist_partition p USING (logicalrelid)
  WHERE s.shardid = of_shard AND p.partmethod = 'n' AND p.repmodel = 't';
  own := to_regclass(pg_citus_practice.qualified_shard(shell, of_shard));
  IF shell IS NULL OR own IS NULL OR NOT EXISTS (SELECT FROM pg_foreign_table WHERE ftrelid = pane) THEN
    RETURN;
  END IF;
  EXECUTE format('DROP FOREIGN TABLE %s', pane);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', pg_citus_practice.qualified(shell),
    pg_citus_practice.qualified_shard(shell, of_shard));
  PERFORM pg_citus_practice.make_reference_triggers(shell);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.point_window(bigint, int), pg_citus_practice.take_up_copy(bigint) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.on_placement_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    PERFORM pg_citus_practice.point_window(NEW.shardid, NEW.groupid);
  ELSIF NEW.groupid = pg_citus_practice.local_group() THEN
    PERFORM pg_citus_practice.take_up_copy(NEW.shardid);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER citus_practice_windows_insert AFTER INSERT ON pg_catalog.pg_dist_placement
  FOR EACH ROW EXECUTE FUNCTION pg_citus_practice.on_placement_change();
CREATE TRIGGER citus_practice_windows_update AFTER UPDATE OF groupid ON pg_catalog.pg_dist_placement
  FOR EACH ROW WHEN (OLD.groupid <> NEW.groupid) EXECUTE FUNCTION pg_citus_practice.on_placement_change();

-- Holds writers off the shards until the transaction ends, on this node. LOCK TABLE refuses foreign
-- tables; enabling triggers takes just the lock that is wanted, and changes nothing.
CREATE FUNCTION pg_citus_practice.fence(shards bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
DECLARE
  s record;
BEGIN
  FOR s IN
    SELECT pg_citus_practice.window_of(u.id) AS pane,
      (SELECT to_regclass(pg_citus_practice.qualified_shard(d.logicalrelid, u.id)) FROM pg_dist_placement p
       WHERE p.shardid = u.id AND p.groupid = pg_citus_practice.local_group()) AS own
    FROM unnest(shards) u (id) JOIN pg_dist_shard d ON d.shardid = u.id ORDER BY u.id
  LOOP
    IF s.pane IS NOT NULL THEN
      EXECUTE format('ALTER FOREIGN TABLE %s ENABLE TRIGGER USER', s.pane);
    END IF;
    IF s.own IS NOT NULL THEN
      EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', s.own);
    END IF;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.fence(bigint[]) FROM PUBLIC;
