-- Nodes: who is in the cluster, how one node speaks to another, and what travels between them.
--
-- Two ways to another node:
--   the channel   pg_citus_practice.on_group(group, command) and ask_group(group, query). Runs inside
--                 the caller's transaction: the command goes through postgres_fdw, into a view with an
--                 INSTEAD OF trigger that executes it. What the caller rolls back is rolled back there
--                 too, and it shares its session with the data, so it never waits for itself.
--   a connection  pg_citus_practice.dial(host, port). A session of its own that commits by itself: what
--                 Citus does for run_command_on_*, and for asking a node that is not yet known.

CREATE FUNCTION pg_citus_practice.local_group() RETURNS int
LANGUAGE sql STABLE AS 'SELECT coalesce((SELECT groupid FROM pg_catalog.pg_dist_local_group LIMIT 1), 0)';

-- True in a session another node opened: what arrives there is not sent on again.
CREATE FUNCTION pg_citus_practice.applying() RETURNS boolean
LANGUAGE sql STABLE AS $$SELECT coalesce(current_setting('citus_practice.applying', true), '') = 'on'$$;

-- True while the emulator itself runs DDL: its event triggers look away.
CREATE FUNCTION pg_citus_practice.internal() RETURNS boolean
LANGUAGE sql STABLE AS $$SELECT coalesce(current_setting('citus_practice.internal', true), '') = 'on'$$;

CREATE FUNCTION pg_citus_practice.setting(name text, otherwise text) RETURNS text
LANGUAGE sql STABLE AS $$SELECT coalesce(nullif(current_setting(name, true), ''), otherwise)$$;

CREATE FUNCTION pg_citus_practice.refuse(what text, hint text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is not supported by the practice emulator', what
    USING ERRCODE = '0A000',
          HINT = coalesce(hint, 'This cluster is the practice emulator and not Citus itself; use a real Citus cluster for this.');
END $$;

CREATE FUNCTION pg_citus_practice.require_coordinator() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF pg_citus_practice.local_group() <> 0 THEN
    RAISE EXCEPTION 'operation is not allowed on this node'
      USING ERRCODE = 'XX000', HINT = 'Connect to the coordinator and run it again.';
  END IF;
END $$;

CREATE FUNCTION pg_citus_practice.require_superuser() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('is_superuser') <> 'on' THEN
    RAISE EXCEPTION 'operation is not allowed'
      USING ERRCODE = '42501', HINT = 'Run the command with a superuser.';
  END IF;
END $$;

-- ---------------------------------------------------------------------------------------------------
-- Connections

CREATE FUNCTION pg_citus_practice.conninfo(host text, port int, as_role text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE AS $$
  -- libpq reads '...' with backslash escapes
  SELECT pg_catalog.string_agg(key || '=''' || replace(replace(value, '\', '\\'), '''', '\''') || '''', ' ')
  FROM (VALUES
    ('host', host), ('port', port::text), ('dbname', current_database()::text),
    ('user', 'postgres'), ('password', pg_citus_practice.setting('shardboard.practice_password', 'postgres')),
    ('connect_timeout', greatest(2, pg_citus_practice.setting('citus.node_connection_timeout', '30000')::int / 1000)::text),
    ('application_name', 'citus_run_command'),
    ('options', CASE WHEN as_role IS NOT NULL
       THEN '-c role=' || replace(replace(as_role, '\', '\\'), ' ', '\ ') END)) AS part (key, value)
  WHERE value IS NOT NULL
$$;

-- libpq names the server before the reason; Citus tells only the reason.
CREATE FUNCTION pg_citus_practice.connection_reason(detail text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT rtrim(regexp_replace(coalesce(detail, 'unknown reason'),
    '^(could not connect to server: )?(connection to server (at|on) "[^"]*"(, port \d+| \([^)]*\), port \d+)? failed: )?', ''), E'\n')
$$;

CREATE FUNCTION pg_citus_practice.raise_unreachable(host text, port int, reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'connection to the remote node postgres@%:% failed with the following error: %', host, port, reason
    USING ERRCODE = '08006';
END $$;

-- Opens a session of its own on a node and gives its name; raises what Citus raises when it cannot.
CREATE FUNCTION pg_citus_practice.dial(host text, port int, as_role text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  name text := 'citus_' || gen_random_uuid();
  detail text;
BEGIN
  PERFORM pg_citus_practice.remote_connect(name, pg_citus_practice.conninfo(host, port, as_role));
  RETURN name;
EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  PERFORM pg_citus_practice.raise_unreachable(host, port, pg_citus_practice.connection_reason(detail));
END $$;

CREATE FUNCTION pg_citus_practice.hang_up(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF name = ANY (pg_citus_practice.remote_connections()) THEN
    PERFORM pg_citus_practice.remote_disconnect(name);
  END IF;
EXCEPTION WHEN OTHERS THEN NULL; -- it is gone already
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.dial(text, int, text), pg_citus_practice.hang_up(text) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- The channel

CREATE VIEW pg_citus_practice.channel AS SELECT ''::text AS command, ''::text AS answer WHERE false;

CREATE FUNCTION pg_citus_practice.channel_run() RETURNS trigger
LANGUAGE plpgsql SET citus_practice.internal = 'on' SET search_path = pg_catalog SET client_min_messages = warning AS $$
BEGIN
  IF NEW.answer = 'wanted' THEN
    EXECUTE NEW.command INTO NEW.answer;
  ELSE
    EXECUTE NEW.command;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER channel_run INSTEAD OF INSERT ON pg_citus_practice.channel
  FOR EACH ROW EXECUTE FUNCTION pg_citus_practice.channel_run();

-- Sizes of the shards this node holds. Read by the others as a foreign table, which works in a
-- read-only transaction where the channel would not.
CREATE FUNCTION pg_citus_practice.local_shards() RETURNS TABLE (shardid bigint, reloid oid)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT s.shardid, c.oid
  FROM pg_dist_placement p
  JOIN pg_dist_shard s USING (shardid)
  JOIN pg_class shell ON shell.oid = s.logicalrelid
  JOIN pg_class c ON c.relnamespace = shell.relnamespace
    AND c.relname = pg_citus_practice.shard_relname(shell.relname, s.shardid)
  WHERE p.groupid = pg_citus_practice.local_group()
$$;

-- What one group's primary is, and everything this node needs to reach it: a server, a channel, a
-- window on its shard sizes. Called whenever pg_dist_node changes, on every node.
CREATE FUNCTION pg_citus_practice.keep_server(of_group int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET client_min_messages = warning AS $$
DECLARE
  node pg_dist_node;
  server text := 'citus_group_' || of_group;
BEGIN
  SELECT * INTO node FROM pg_dist_node WHERE groupid = of_group AND noderole = 'primary';
  IF NOT FOUND THEN
    EXECUTE format('DROP SERVER IF EXISTS %I CASCADE', server);
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM pg_foreign_server WHERE srvname = server) THEN
    EXECUTE format('ALTER SERVER %I OPTIONS (SET host %L, SET port %L)', server, node.nodename, node.nodeport);
    RETURN;
  END IF;
  -- The costs make one trip to a node cheaper than two, and every row that travels dear enough: without
  -- statistics PostgreSQL would rather fetch two shards than let the node join them, and of plans whose costs
  -- are within 1 % it takes the one with sorted rows, which counts groups here.
  EXECUTE format($f$CREATE SERVER %I FOREIGN DATA WRAPPER citus_practice OPTIONS (
      host %L, port %L, dbname %L, async_capable 'true', fetch_size '2000', batch_size '500',
      fdw_startup_cost '10000', fdw_tuple_cost '0.5', connect_timeout '5', application_name %L, parallel_commit 'true', parallel_abort 'true',
      options '-c citus_practice.applying=on -c lock_timeout=300s -c cpu_operator_cost=0.0025')$f$,
    server, node.nodename, node.nodeport, current_database(), format('citus_internal group=%s pid=%%p', pg_citus_practice.local_group()));
  EXECUTE format('CREATE USER MAPPING FOR PUBLIC SERVER %I OPTIONS (user %L, password %L)',
    server, 'postgres', pg_citus_practice.setting('shardboard.practice_password', 'postgres'));
  EXECUTE format($f$CREATE FOREIGN TABLE pg_citus_practice.%I (command text, answer text)
      SERVER %I OPTIONS (schema_name 'pg_citus_practice', table_name 'channel', batch_size '1')$f$, 'channel_' || of_group, server);
  EXECUTE format($f$CREATE FOREIGN TABLE pg_citus_practice.%I (shardid bigint, size bigint, table_size bigint, main_size bigint)
      SERVER %I OPTIONS (schema_name 'pg_citus_practice', table_name 'shard_sizes')$f$, 'sizes_' || of_group, server);
END $$;

CREATE FUNCTION pg_citus_practice.on_node_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR OLD.groupid IS DISTINCT FROM NEW.groupid) THEN
    PERFORM pg_citus_practice.keep_server(OLD.groupid);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM pg_citus_practice.keep_server(NEW.groupid);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER citus_practice_servers
  AFTER INSERT OR DELETE OR UPDATE OF nodename, nodeport, groupid, noderole ON pg_catalog.pg_dist_node
  FOR EACH ROW EXECUTE FUNCTION pg_citus_practice.on_node_change();

CREATE FUNCTION pg_citus_practice.on_group(of_group int, command text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE detail text; node pg_dist_node;
BEGIN
  EXECUTE format('INSERT INTO pg_citus_practice.%I (command) VALUES ($1)', 'channel_' || of_group) USING command;
EXCEPTION
  WHEN sqlclient_unable_to_establish_sqlconnection OR connection_failure THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    SELECT * INTO node FROM pg_dist_node WHERE groupid = of_group AND noderole = 'primary';
    PERFORM pg_citus_practice.raise_unreachable(node.nodename, node.nodeport, pg_citus_practice.connection_reason(detail));
  WHEN undefined_table THEN
    IF to_regclass('pg_citus_practice.channel_' || of_group) IS NULL THEN
      RAISE EXCEPTION 'there is no node in group %', of_group USING ERRCODE = 'XX000';
    END IF;
    RAISE;
END $$;

CREATE FUNCTION pg_citus_practice.ask_group(of_group int, query text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE answer text; detail text; node pg_dist_node;
BEGIN
  EXECUTE format('INSERT INTO pg_citus_practice.%I AS c (command, answer) VALUES ($1, ''wanted'') RETURNING c.answer',
    'channel_' || of_group) INTO answer USING query;
  RETURN answer;
EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection OR connection_failure THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  SELECT * INTO node FROM pg_dist_node WHERE groupid = of_group AND noderole = 'primary';
  PERFORM pg_citus_practice.raise_unreachable(node.nodename, node.nodeport, pg_citus_practice.connection_reason(detail));
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.on_group(int, text), pg_citus_practice.ask_group(int, text) FROM PUBLIC;

-- The groups that receive metadata from here: every active primary but this one.
CREATE FUNCTION pg_citus_practice.other_groups() RETURNS SETOF int
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT groupid FROM pg_dist_node
  WHERE noderole = 'primary' AND isactive AND groupid <> pg_citus_practice.local_group()
  ORDER BY groupid
$$;

CREATE FUNCTION pg_citus_practice.on_other_groups(command text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE g int;
BEGIN
  FOR g IN SELECT * FROM pg_citus_practice.other_groups() LOOP
    PERFORM pg_citus_practice.on_group(g, command);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.on_other_groups(text) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- Metadata: written here, carried to the others. OIDs differ between nodes, so names travel.

-- Under search_path = pg_catalog a regclass prints qualified, which is what makes the rows portable.
CREATE FUNCTION pg_citus_practice.portable(catalog text, r jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  CASE catalog
    WHEN 'pg_dist_colocation' THEN
      RETURN r || jsonb_build_object(
        'distributioncolumntype', CASE WHEN (r->>'distributioncolumntype')::oid <> 0
           THEN format_type((r->>'distributioncolumntype')::oid, NULL) END,
        'distributioncolumncollation', (SELECT format('%I.%I', n.nspname, c.collname)
           FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
           WHERE c.oid = (r->>'distributioncolumncollation')::oid));
    WHEN 'pg_dist_schema' THEN
      RETURN r || jsonb_build_object('schemaname',
        (SELECT quote_ident(nspname) FROM pg_namespace WHERE oid = (r->>'schemaid')::oid));
    WHEN 'pg_dist_object' THEN
      RETURN r || (SELECT jsonb_build_object('address_type', a.type, 'address_names', to_jsonb(a.object_names),
                                             'address_args', to_jsonb(a.object_args))
                   FROM pg_identify_object_as_address((r->>'classid')::oid, (r->>'objid')::oid, (r->>'objsubid')::int) a);
    ELSE RETURN r;
  END CASE;
END $$;

CREATE FUNCTION pg_citus_practice.apply_metadata(catalog text, op text, rows jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.applying = 'on' AS $$
BEGIN
  CASE catalog
    WHEN 'pg_dist_partition' THEN
      IF op IN ('DELETE', 'UPDATE') THEN
        DELETE FROM pg_dist_partition p USING jsonb_array_elements(rows) r
        WHERE p.logicalrelid = to_regclass(r->>'logicalrelid');
      END IF;
      IF op IN ('INSERT', 'UPDATE') THEN
        INSERT INTO pg_dist_partition
        SELECT (r->>'logicalrelid')::regclass, (r->>'partmethod')::"char", r->>'partkey', (r->>'colocationid')::int,
               (r->>'repmodel')::"char", (r->>'autoconverted')::boolean
        FROM jsonb_array_elements(rows) r;
      END IF;
    WHEN 'pg_dist_shard' THEN
      IF op IN ('DELETE', 'UPDATE') THEN
        DELETE FROM pg_dist_shard s USING jsonb_array_elements(rows) r WHERE s.shardid = (r->>'shardid')::bigint;
      END IF;
      IF op IN ('INSERT', 'UPDATE') THEN
        INSERT INTO pg_dist_shard
        SELECT (r->>'logicalrelid')::regclass, (r->>'shardid')::bigint, (r->>'shardstorage')::"char",
               r->>'shardminvalue', r->>'shardmaxvalue'
        FROM jsonb_array_elements(rows) r;
      END IF;
    WHEN 'pg_dist_placement' THEN
      IF op = 'UPDATE' THEN
        -- an UPDATE here too: the trigger that points foreign tables at another node waits for it
        UPDATE pg_dist_placement p
        SET shardid = (r->>'shardid')::bigint, shardstate = (r->>'shardstate')::int,
            shardlength = (r->>'shardlength')::bigint, groupid = (r->>'groupid')::int
        FROM jsonb_array_elements(rows) r WHERE p.placementid = (r->>'placementid')::bigint;
      ELSIF op = 'DELETE' THEN
        DELETE FROM pg_dist_placement p USING jsonb_array_elements(rows) r
        WHERE p.placementid = (r->>'placementid')::bigint;
      ELSE
        INSERT INTO pg_dist_placement (placementid, shardid, shardstate, shardlength, groupid)
        SELECT (r->>'placementid')::bigint, (r->>'shardid')::bigint, (r->>'shardstate')::int,
               (r->>'shardlength')::bigint, (r->>'groupid')::int
        FROM jsonb_array_elements(rows) r;
      END IF;
    WHEN 'pg_dist_colocation' THEN
      IF op IN ('DELETE', 'UPDATE') THEN
        DELETE FROM pg_dist_colocation c USING jsonb_array_elements(rows) r
        WHERE c.colocationid = (r->>'colocationid')::int;
      END IF;
      IF op IN ('INSERT', 'UPDATE') THEN
        INSERT INTO pg_dist_colocation
        SELECT (r->>'colocationid')::int, (r->>'shardcount')::int, (r->>'replicationfactor')::int,
               coalesce(to_regtype(r->>'distributioncolumntype')::oid, 0),
               coalesce(to_regcollation(r->>'distributioncolumncollation')::oid, 0)
        FROM jsonb_array_elements(rows) r;
      END IF;
    WHEN 'pg_dist_schema' THEN
      IF op IN ('DELETE', 'UPDATE') THEN
        DELETE FROM pg_dist_schema s USING jsonb_array_elements(rows) r
        WHERE s.colocationid = (r->>'colocationid')::int;
      END IF;
      IF op IN ('INSERT', 'UPDATE') THEN
        INSERT INTO pg_dist_schema
        SELECT (r->>'schemaname')::regnamespace, (r->>'colocationid')::int FROM jsonb_array_elements(rows) r;
      END IF;
    WHEN 'pg_dist_object' THEN
      IF op = 'INSERT' THEN
        -- an object this node does not have is left out; the shells it needs were sent before
        DECLARE r jsonb; a record;
        BEGIN
          FOR r IN SELECT * FROM jsonb_array_elements(rows) LOOP
            BEGIN
              SELECT * INTO a FROM pg_get_object_address(r->>'address_type',
                ARRAY(SELECT jsonb_array_elements_text(r->'address_names')),
                ARRAY(SELECT jsonb_array_elements_text(r->'address_args')));
              INSERT INTO pg_dist_object (classid, objid, objsubid, colocationid)
              VALUES (a.classid, a.objid, a.objsubid, (r->>'colocationid')::int) ON CONFLICT DO NOTHING;
            EXCEPTION WHEN OTHERS THEN NULL;
            END;
          END LOOP;
        END;
      END IF;
    ELSE NULL;
  END CASE;
END $$;

-- Held back while a function writes many catalogs and then sends the whole at once.
CREATE FUNCTION pg_citus_practice.carries() RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT NOT pg_citus_practice.applying()
     AND coalesce(current_setting('citus_practice.hold', true), '') <> 'on'
     AND pg_citus_practice.local_group() = 0
     AND EXISTS (SELECT FROM pg_citus_practice.other_groups())
$$;

CREATE FUNCTION pg_citus_practice.carry_metadata() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE rows jsonb;
BEGIN
  IF NOT pg_citus_practice.carries() THEN RETURN NULL; END IF;
  SELECT jsonb_agg(pg_citus_practice.portable(TG_TABLE_NAME, to_jsonb(c))) INTO rows FROM changed c;
  IF rows IS NOT NULL THEN
    PERFORM pg_citus_practice.on_other_groups(
      format('SELECT pg_citus_practice.apply_metadata(%L, %L, %L)', TG_TABLE_NAME, TG_OP, rows));
  END IF;
  RETURN NULL;
END $$;

DO $$
DECLARE catalog text;
BEGIN
  FOREACH catalog IN ARRAY ARRAY['pg_dist_partition', 'pg_dist_shard', 'pg_dist_placement',
                                 'pg_dist_colocation', 'pg_dist_schema', 'pg_dist_object'] LOOP
    EXECUTE format('CREATE TRIGGER citus_practice_carry_insert AFTER INSERT ON pg_catalog.%I REFERENCING NEW TABLE AS changed
                    FOR EACH STATEMENT EXECUTE FUNCTION pg_citus_practice.carry_metadata()', catalog);
    EXECUTE format('CREATE TRIGGER citus_practice_carry_update AFTER UPDATE ON pg_catalog.%I REFERENCING NEW TABLE AS changed
                    FOR EACH STATEMENT EXECUTE FUNCTION pg_citus_practice.carry_metadata()', catalog);
    EXECUTE format('CREATE TRIGGER citus_practice_carry_delete AFTER DELETE ON pg_catalog.%I REFERENCING OLD TABLE AS changed
                    FOR EACH STATEMENT EXECUTE FUNCTION pg_citus_practice.carry_metadata()', catalog);
  END LOOP;
END $$;

-- The whole of pg_dist_node, replaced on another node by what is written here.
CREATE FUNCTION pg_citus_practice.apply_nodes(nodes jsonb, its_group int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE pg_dist_local_group SET groupid = its_group WHERE groupid <> its_group;
  DELETE FROM pg_dist_node n WHERE NOT EXISTS (
    SELECT FROM jsonb_to_recordset(nodes) AS r (nodeid int) WHERE r.nodeid = n.nodeid);
  MERGE INTO pg_dist_node n USING jsonb_populate_recordset(NULL::pg_dist_node, nodes) r ON n.nodeid = r.nodeid
  WHEN MATCHED AND n IS DISTINCT FROM r THEN UPDATE SET
    groupid = r.groupid, nodename = r.nodename, nodeport = r.nodeport, noderack = r.noderack, hasmetadata = r.hasmetadata,
    isactive = r.isactive, noderole = r.noderole, nodecluster = r.nodecluster, metadatasynced = r.metadatasynced,
    shouldhaveshards = r.shouldhaveshards, nodeisclone = r.nodeisclone, nodeprimarynodeid = r.nodeprimarynodeid
  WHEN NOT MATCHED THEN INSERT VALUES (r.*);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.apply_nodes(jsonb, int), pg_citus_practice.apply_metadata(text, text, jsonb) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.send_nodes(to_group int DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE nodes jsonb; g int;
BEGIN
  SELECT coalesce(jsonb_agg(to_jsonb(n) ORDER BY nodeid), '[]') INTO nodes FROM pg_dist_node n;
  FOR g IN SELECT o FROM pg_citus_practice.other_groups() o WHERE to_group IS NULL OR o = to_group LOOP
    PERFORM pg_citus_practice.on_group(g, format('SELECT pg_citus_practice.apply_nodes(%L, %s)', nodes, g));
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.send_nodes(int) FROM PUBLIC;

-- Everything a node has to know, sent to it in one command.
CREATE FUNCTION pg_citus_practice.receive_cluster(cluster jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET citus_practice.applying = 'on' SET client_min_messages = warning AS $$
DECLARE r record; t jsonb;
BEGIN
  FOR r IN SELECT relid::regclass::text AS name FROM pg_citus_practice.shell
           WHERE EXISTS (SELECT FROM pg_class WHERE oid = relid AND NOT relispartition) LOOP
    EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', r.name);
  END LOOP;
  DELETE FROM pg_citus_practice.shell;
  DELETE FROM pg_dist_placement;
  DELETE FROM pg_dist_shard;
  DELETE FROM pg_dist_partition;
  DELETE FROM pg_dist_schema;
  DELETE FROM pg_dist_colocation;
  DELETE FROM pg_dist_object;
  PERFORM pg_citus_practice.apply_nodes(cluster->'nodes', (cluster->>'group')::int);
  PERFORM pg_citus_practice.ensure_role(x->>'name', x->'flags', x->>'password') FROM jsonb_array_elements(cluster->'roles') x;
  FOR t IN SELECT * FROM jsonb_array_elements(cluster->'schemas') LOOP
    PERFORM pg_citus_practice.ensure_schema(t->>'name', t->>'owner');
  END LOOP;
  PERFORM pg_citus_practice.apply_metadata('pg_dist_colocation', 'INSERT', cluster->'colocation');
  FOR t IN SELECT * FROM jsonb_array_elements(cluster->'tables') LOOP
    PERFORM pg_citus_practice.receive_table(t);
  END LOOP;
  PERFORM pg_citus_practice.apply_metadata('pg_dist_schema', 'INSERT', cluster->'distributed_schemas');
  PERFORM pg_citus_practice.apply_metadata('pg_dist_object', 'INSERT', cluster->'objects');
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.receive_cluster(jsonb) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.ensure_role(rolename text, flags jsonb, secret text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = rolename) THEN RETURN; END IF;
  EXECUTE format('CREATE ROLE %I %s%s', rolename,
    (SELECT coalesce(string_agg(f, ' '), '') FROM jsonb_array_elements_text(flags) f
     WHERE f IN ('SUPERUSER', 'CREATEROLE', 'CREATEDB', 'LOGIN', 'BYPASSRLS', 'REPLICATION', 'NOINHERIT')),
    CASE WHEN secret IS NOT NULL THEN format(' PASSWORD %L', secret) ELSE '' END);
END $$;

CREATE FUNCTION pg_citus_practice.role_spec(role oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT jsonb_build_object('name', rolname, 'password', rolpassword, 'flags', to_jsonb(array_remove(ARRAY[
    CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
    CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolcanlogin THEN 'LOGIN' END,
    CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
    CASE WHEN NOT rolinherit THEN 'NOINHERIT' END], NULL)))
  FROM pg_authid WHERE oid = role
$$;

CREATE FUNCTION pg_citus_practice.ensure_schema(schemaname text, ownername text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_namespace WHERE nspname = schemaname) THEN RETURN; END IF;
  EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', schemaname,
    CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = ownername) THEN ownername ELSE current_user END);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.ensure_role(text, jsonb, text), pg_citus_practice.role_spec(oid),
  pg_citus_practice.ensure_schema(text, text) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.send_cluster(to_group int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE cluster jsonb;
BEGIN
  cluster := jsonb_build_object(
    'group', to_group,
    'nodes', (SELECT jsonb_agg(to_jsonb(n)) FROM pg_dist_node n),
    'roles', (SELECT coalesce(jsonb_agg(pg_citus_practice.role_spec(oid)), '[]') FROM pg_roles WHERE oid >= 16384),
    'schemas', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', nspname, 'owner', pg_get_userbyid(nspowner))), '[]')
                FROM pg_namespace n
                WHERE oid IN (SELECT relnamespace FROM pg_class WHERE oid IN (SELECT logicalrelid FROM pg_dist_partition))
                   OR oid IN (SELECT schemaid FROM pg_dist_schema)),
    'colocation', (SELECT coalesce(jsonb_agg(pg_citus_practice.portable('pg_dist_colocation', to_jsonb(c))), '[]')
                   FROM pg_dist_colocation c),
    -- a partition is built after the table it belongs to
    'tables', (SELECT coalesce(jsonb_agg(pg_citus_practice.table_spec(logicalrelid) ORDER BY c.relispartition, p.ctid), '[]')
               FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid WHERE p.partmethod NOT IN ('a', 'r')),
    'distributed_schemas', (SELECT coalesce(jsonb_agg(pg_citus_practice.portable('pg_dist_schema', to_jsonb(s))), '[]')
                            FROM pg_dist_schema s),
    'objects', (SELECT coalesce(jsonb_agg(pg_citus_practice.portable('pg_dist_object', to_jsonb(o))), '[]')
                FROM pg_dist_object o));
  PERFORM pg_citus_practice.on_group(to_group, format('SELECT pg_citus_practice.receive_cluster(%L)', cluster));
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.send_cluster(int) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- Node functions

CREATE FUNCTION pg_citus_practice.node_at(name text, port int) RETURNS pg_catalog.pg_dist_node
LANGUAGE sql STABLE AS 'SELECT * FROM pg_catalog.pg_dist_node WHERE nodename = name AND nodeport = port';

CREATE FUNCTION pg_citus_practice.require_node(name text, port int) RETURNS pg_catalog.pg_dist_node
LANGUAGE plpgsql STABLE AS $$
DECLARE node pg_catalog.pg_dist_node := pg_citus_practice.node_at(name, port);
BEGIN
  IF node.nodeid IS NULL THEN
    RAISE EXCEPTION 'node at "%:%" does not exist', name, port USING ERRCODE = 'XX000';
  END IF;
  RETURN node;
END $$;

-- A node that may join: it answers, it has the extension, it is not in another cluster.
CREATE FUNCTION pg_citus_practice.examine_newcomer(host text, port int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  line text := pg_citus_practice.dial(host, port);
  version text;
  same boolean;
BEGIN
  SELECT v, s INTO version, same FROM pg_citus_practice.remote_query(line, format(
    'SELECT (SELECT extversion FROM pg_extension WHERE extname = ''citus''),
            (SELECT system_identifier = %s FROM pg_control_system()) AND current_setting(''port'') = %L',
    (SELECT system_identifier FROM pg_control_system()), current_setting('port'))) AS t (v text, s boolean);
  PERFORM pg_citus_practice.hang_up(line);
  IF same THEN
    RAISE EXCEPTION 'Node cannot add itself as a worker.'
      USING ERRCODE = 'XX000',
        HINT = format('Add the node as a coordinator by using: SELECT citus_set_coordinator_host(''%s'', %s);', host, port);
  END IF;
  IF version IS NULL THEN
    RAISE EXCEPTION 'citus extension does not exist on remote node %:%', host, port
      USING ERRCODE = 'XX000', HINT = 'Run CREATE EXTENSION citus on that node first.';
  END IF;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.examine_newcomer(text, int) FROM PUBLIC;

-- Objects Citus keeps track of from the moment there is a cluster.
CREATE FUNCTION pg_citus_practice.mark_objects() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO pg_dist_object (classid, objid, objsubid)
  SELECT 'pg_database'::regclass, oid, 0 FROM pg_database WHERE datname = current_database()
  UNION ALL SELECT 'pg_authid'::regclass, oid, 0 FROM pg_roles WHERE oid >= 16384 OR oid = 10
  UNION ALL SELECT 'pg_namespace'::regclass, oid, 0 FROM pg_namespace WHERE nspname = 'public'
  UNION ALL SELECT 'pg_extension'::regclass, oid, 0 FROM pg_extension WHERE extname NOT IN ('plpgsql', 'citus')
  ON CONFLICT DO NOTHING
$$;
REVOKE ALL ON FUNCTION pg_citus_practice.mark_objects() FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.activate(of_node int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE node pg_dist_node;
BEGIN
  UPDATE pg_dist_node SET isactive = true, hasmetadata = true, metadatasynced = true
  WHERE nodeid = of_node RETURNING * INTO node;
  PERFORM pg_citus_practice.mark_objects();
  PERFORM pg_citus_practice.send_nodes();
  IF node.noderole = 'primary' AND node.groupid <> 0 THEN
    PERFORM pg_citus_practice.send_cluster(node.groupid);
  END IF;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.activate(int) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.add_node(
  name text, port int, wanted_group int, role noderole, cluster name, activate boolean) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  node pg_dist_node;
  new_group int := wanted_group;
  id int;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  LOCK TABLE pg_dist_node IN EXCLUSIVE MODE;
  node := pg_citus_practice.node_at(name, port);
  IF node.nodeid IS NOT NULL THEN
    IF activate AND NOT node.isactive THEN
      PERFORM pg_citus_practice.examine_newcomer(name, port);
      PERFORM pg_citus_practice.activate(node.nodeid);
    END IF;
    RETURN node.nodeid;
  END IF;
  IF role = 'primary' AND cluster <> 'default' THEN
    RAISE EXCEPTION 'primaries must be added to the default cluster' USING ERRCODE = 'XX000';
  END IF;
  IF wanted_group <> 0 AND name NOT IN ('localhost', '127.0.0.1', '::1')
     AND EXISTS (SELECT FROM pg_dist_node WHERE groupid = 0 AND nodename = 'localhost') THEN
    RAISE EXCEPTION 'cannot add a worker node when the coordinator hostname is set to localhost'
      USING ERRCODE = 'XX000', DETAIL = 'Worker nodes need to be able to connect to the coordinator to transfer data.',
            HINT = 'Use SELECT citus_set_coordinator_host(''<hostname>'') to configure the coordinator hostname';
  END IF;
  IF role = 'primary' AND wanted_group >= 0 THEN
    IF EXISTS (SELECT FROM pg_dist_node WHERE groupid = wanted_group AND noderole = 'primary') THEN
      RAISE EXCEPTION 'group % already has a primary node', wanted_group USING ERRCODE = 'XX000';
    END IF;
  END IF;
  -- an inactive node is a note for later: it is asked when it is activated
  IF role = 'primary' AND wanted_group <> 0 AND activate THEN
    PERFORM pg_citus_practice.examine_newcomer(name, port);
  END IF;
  IF new_group = -1 THEN new_group := nextval('pg_dist_groupid_seq'); END IF;
  id := nextval('pg_dist_node_nodeid_seq');
  INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport, noderole, nodecluster, isactive, hasmetadata, metadatasynced, shouldhaveshards)
  VALUES (id, new_group, name, port, role, cluster, activate OR wanted_group = 0 OR role <> 'primary',
          new_group = 0 OR role <> 'primary', new_group = 0 OR role <> 'primary', new_group <> 0);
  IF activate AND role = 'primary' THEN
    PERFORM pg_citus_practice.activate(id);
  ELSE
    PERFORM pg_citus_practice.send_nodes();
  END IF;
  RETURN id;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.add_node(text, int, int, noderole, name, boolean) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_add_node(nodename text, nodeport int, groupid int DEFAULT -1,
  noderole noderole DEFAULT 'primary', nodecluster name DEFAULT 'default') RETURNS int
LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog AS
'SELECT pg_citus_practice.add_node($1, $2, $3, $4, $5, true)';

CREATE FUNCTION pg_catalog.citus_add_inactive_node(nodename text, nodeport int, groupid int DEFAULT -1,
  noderole noderole DEFAULT 'primary', nodecluster name DEFAULT 'default') RETURNS int
LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog AS
'SELECT pg_citus_practice.add_node($1, $2, $3, $4, $5, false)';

CREATE FUNCTION pg_catalog.citus_add_secondary_node(nodename text, nodeport int, primaryname text, primaryport int,
  nodecluster name DEFAULT 'default') RETURNS int
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE primary_node pg_dist_node := pg_citus_practice.node_at($3, $4);
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  IF primary_node.nodeid IS NULL OR primary_node.noderole <> 'primary' THEN
    RAISE EXCEPTION 'node at "%:%" does not exist', $3, $4 USING ERRCODE = 'XX000';
  END IF;
  RETURN pg_citus_practice.add_node($1, $2, primary_node.groupid, 'secondary', $5, true);
END $$;

CREATE FUNCTION pg_catalog.citus_set_coordinator_host(host text, port int DEFAULT current_setting('port')::int,
  node_role noderole DEFAULT 'primary', node_cluster name DEFAULT 'default') RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE known pg_dist_node;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  SELECT * INTO known FROM pg_dist_node n WHERE n.groupid = 0 AND n.noderole = node_role;
  IF known.nodeid IS NULL THEN
    PERFORM pg_citus_practice.add_node(host, port, 0, node_role, node_cluster, true);
    PERFORM pg_citus_practice.mark_objects();
  ELSE
    UPDATE pg_dist_node n SET nodename = host, nodeport = port WHERE n.nodeid = known.nodeid;
    PERFORM pg_citus_practice.send_nodes();
  END IF;
END $$;

CREATE FUNCTION pg_catalog.citus_activate_node(nodename text, nodeport int) RETURNS int
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE node pg_dist_node;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  node := pg_citus_practice.require_node($1, $2);
  PERFORM pg_citus_practice.examine_newcomer($1, $2) WHERE node.groupid <> 0;
  PERFORM pg_citus_practice.activate(node.nodeid);
  RETURN node.nodeid;
END $$;

-- A node may go only when no shard has its last copy there.
CREATE FUNCTION pg_citus_practice.require_dispensable(node pg_catalog.pg_dist_node) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE only_copy record;
BEGIN
  SELECT s.shardid, s.logicalrelid INTO only_copy
  FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid)
  WHERE p.groupid = node.groupid
    AND NOT EXISTS (SELECT FROM pg_dist_placement o WHERE o.shardid = p.shardid AND o.groupid <> p.groupid)
  ORDER BY p.placementid LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'cannot remove or disable the node %:% because because it contains the only shard placement for shard %',
        node.nodename, node.nodeport, only_copy.shardid
      USING ERRCODE = 'XX000',
            DETAIL = format('One of the table(s) that prevents the operation complete successfully is %s', only_copy.logicalrelid::text),
            HINT = 'To proceed, either drop the tables or use undistribute_table() function to convert them to local tables';
  END IF;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.require_dispensable(pg_catalog.pg_dist_node) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_disable_node(nodename text, nodeport int, synchronous boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE node pg_dist_node; first_worker int;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  LOCK TABLE pg_dist_node IN EXCLUSIVE MODE;
  node := pg_citus_practice.require_node($1, $2);
  IF node.groupid = 0 THEN
    RAISE EXCEPTION 'cannot change "isactive" field of the coordinator node' USING ERRCODE = 'XX000';
  END IF;
  IF node.noderole = 'primary' THEN
    PERFORM pg_citus_practice.require_dispensable(node);
  END IF;
  SELECT nodeid INTO first_worker FROM pg_dist_node n
  WHERE n.groupid <> 0 AND n.noderole = 'primary' AND n.isactive ORDER BY n.nodename COLLATE "C", n.nodeport LIMIT 1;
  IF node.nodeid = first_worker AND NOT synchronous THEN
    RAISE EXCEPTION 'disabling the first worker node in the metadata is not allowed'
      USING ERRCODE = '55000',
            DETAIL = 'Citus uses the first worker node in the metadata for certain internal operations when replicated tables are modified. Synchronous mode ensures that all nodes have the same view of the first worker node, which is used for certain locking operations.',
            HINT = format('You can force disabling node, SELECT citus_disable_node(''%s'', %s, synchronous:=true);', $1, $2);
  END IF;
  DELETE FROM pg_dist_placement p WHERE p.groupid = node.groupid AND node.noderole = 'primary';
  UPDATE pg_dist_node n SET isactive = false, metadatasynced = false WHERE n.nodeid = node.nodeid;
  PERFORM pg_citus_practice.send_nodes();
END $$;

CREATE FUNCTION pg_catalog.citus_remove_node(nodename text, nodeport int) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE node pg_dist_node;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  LOCK TABLE pg_dist_node IN EXCLUSIVE MODE;
  node := pg_citus_practice.require_node($1, $2);
  IF node.noderole = 'primary' THEN
    PERFORM pg_citus_practice.require_dispensable(node);
    -- the node keeps what it holds; the others forget it
    DELETE FROM pg_dist_placement p WHERE p.groupid = node.groupid;
  END IF;
  DELETE FROM pg_dist_node n WHERE n.nodeid = node.nodeid;
  PERFORM pg_citus_practice.send_nodes();
END $$;

CREATE FUNCTION pg_catalog.citus_set_node_property(nodename text, nodeport int, property text, value boolean) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE node pg_dist_node;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  node := pg_citus_practice.require_node($1, $2);
  IF property <> 'shouldhaveshards' THEN
    RAISE EXCEPTION 'only the ''shouldhaveshards'' property can be set using this function' USING ERRCODE = 'XX000';
  END IF;
  UPDATE pg_dist_node n SET shouldhaveshards = value WHERE n.nodeid = node.nodeid;
  PERFORM pg_citus_practice.send_nodes();
END $$;

CREATE FUNCTION pg_catalog.citus_update_node(node_id int, new_node_name text, new_node_port int,
  force boolean DEFAULT false, lock_cooldown int DEFAULT 10000) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE node pg_dist_node; other pg_dist_node;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  other := pg_citus_practice.node_at(new_node_name, new_node_port);
  IF other.nodeid = node_id THEN RETURN; END IF;
  IF other.nodeid IS NOT NULL THEN
    RAISE EXCEPTION 'there is already another node with the specified hostname and port' USING ERRCODE = '42710';
  END IF;
  SELECT * INTO node FROM pg_dist_node n WHERE n.nodeid = node_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'node % not found', node_id USING ERRCODE = 'P0002';
  END IF;
  UPDATE pg_dist_node n SET nodename = new_node_name, nodeport = new_node_port WHERE n.nodeid = node_id;
  -- Citus lets its daemon tell the others after the commit, because the old address no longer answers.
  -- Here they are told at once, over their own addresses.
  PERFORM pg_citus_practice.send_nodes();
END $$;

CREATE FUNCTION pg_catalog.citus_get_active_worker_nodes(OUT node_name text, OUT node_port bigint) RETURNS SETOF record
LANGUAGE sql STRICT SET search_path = pg_catalog AS $$
  SELECT nodename, nodeport::bigint FROM pg_dist_node
  WHERE groupid <> 0 AND noderole = 'primary' AND isactive ORDER BY nodeid DESC
$$;
CREATE FUNCTION pg_catalog.citus_is_coordinator() RETURNS boolean
LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog AS
'SELECT pg_citus_practice.local_group() = 0 AND EXISTS (SELECT FROM pg_dist_node)';
CREATE FUNCTION pg_catalog.citus_coordinator_nodeid() RETURNS int
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog AS
$$SELECT coalesce((SELECT nodeid FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary'), 0)$$;
CREATE FUNCTION pg_catalog.citus_is_primary_node() RETURNS boolean
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
DECLARE found_primary boolean;
BEGIN
  SELECT noderole = 'primary' INTO found_primary FROM pg_dist_node
  WHERE groupid = pg_citus_practice.local_group() AND nodeport = current_setting('port')::int LIMIT 1;
  IF NOT FOUND THEN
    RAISE WARNING 'node is not found' USING ERRCODE = '01000';
  END IF;
  RETURN found_primary;
END $$;
CREATE FUNCTION pg_catalog.citus_nodename_for_nodeid(nodeid int) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog AS 'SELECT n.nodename FROM pg_dist_node n WHERE n.nodeid = $1';
CREATE FUNCTION pg_catalog.citus_nodeport_for_nodeid(nodeid int) RETURNS int
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog AS 'SELECT n.nodeport FROM pg_dist_node n WHERE n.nodeid = $1';
CREATE FUNCTION pg_catalog.get_nodeid_for_groupid(groupidinput int) RETURNS int
LANGUAGE sql SET search_path = pg_catalog AS
$$SELECT n.nodeid FROM pg_dist_node n WHERE n.groupid = $1 AND n.noderole = 'primary'$$;

CREATE FUNCTION pg_catalog.citus_check_connection_to_node(nodename text, nodeport int DEFAULT 5432) RETURNS boolean
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_citus_practice.hang_up(pg_citus_practice.dial($1, $2));
  RETURN true;
EXCEPTION WHEN OTHERS THEN
  RETURN false;
END $$;

CREATE FUNCTION pg_catalog.citus_check_cluster_node_health(OUT from_nodename text, OUT from_nodeport int,
  OUT to_nodename text, OUT to_nodeport int, OUT result boolean) RETURNS SETOF record
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE n pg_dist_node; m record; line text;
BEGIN
  FOR n IN SELECT * FROM pg_dist_node WHERE isactive AND noderole = 'primary' ORDER BY nodeid LOOP
    from_nodename := n.nodename;
    from_nodeport := n.nodeport;
    BEGIN
      line := pg_citus_practice.dial(n.nodename, n.nodeport);
    EXCEPTION WHEN OTHERS THEN line := NULL;
    END;
    IF line IS NULL THEN
      -- nobody knows what it could reach
      RETURN QUERY SELECT n.nodename, n.nodeport, o.nodename, o.nodeport, NULL::boolean
        FROM pg_dist_node o WHERE o.isactive AND o.noderole = 'primary' ORDER BY o.nodeid;
      CONTINUE;
    END IF;
    RETURN QUERY SELECT n.nodename, n.nodeport, r.h, r.p, r.ok FROM pg_citus_practice.remote_query(line, format(
      'SELECT h, p, pg_catalog.citus_check_connection_to_node(h, p) FROM (VALUES %s) AS v (h, p)',
      (SELECT string_agg(format('(%L::text, %s)', o.nodename, o.nodeport), ', ' ORDER BY o.nodeid)
       FROM pg_dist_node o WHERE o.isactive AND o.noderole = 'primary'))) AS r (h text, p int, ok boolean);
    PERFORM pg_citus_practice.hang_up(line);
  END LOOP;
END $$;

CREATE FUNCTION pg_catalog.start_metadata_sync_to_node(nodename text, nodeport int) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_catalog.citus_activate_node($1, $2);
END $$;
CREATE FUNCTION pg_catalog.start_metadata_sync_to_all_nodes() RETURNS boolean
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE id int;
BEGIN
  PERFORM pg_citus_practice.require_coordinator();
  FOR id IN SELECT nodeid FROM pg_dist_node WHERE noderole = 'primary' AND isactive AND groupid <> 0 ORDER BY nodeid LOOP
    PERFORM pg_citus_practice.activate(id);
  END LOOP;
  RETURN true;
END $$;

CREATE VIEW pg_catalog.citus_nodes AS
  SELECT nodename, nodeport, CASE WHEN groupid = 0 THEN 'coordinator' ELSE 'worker' END AS role, isactive AS active
  FROM pg_catalog.pg_dist_node;
GRANT SELECT ON pg_catalog.citus_nodes TO PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- Versions

CREATE FUNCTION pg_catalog.citus_version() RETURNS text
LANGUAGE sql STABLE STRICT AS
$$SELECT 'Citus 13.2.2 on x86_64-pc-linux-gnu, PostgreSQL ' || current_setting('server_version') || ' (practice emulator)'$$;

-- The older names of the node functions.
DO $$
DECLARE f record;
BEGIN
  FOR f IN
    SELECT p.proname, pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result,
           (SELECT string_agg('$' || i, ', ') FROM generate_series(1, p.pronargs) i) AS handed_on
    FROM pg_proc p
    WHERE p.proname IN ('citus_add_node', 'citus_add_inactive_node', 'citus_activate_node', 'citus_add_secondary_node',
                        'citus_remove_node', 'citus_set_node_property', 'citus_update_node')
  LOOP
    EXECUTE format('CREATE FUNCTION pg_catalog.%I(%s) RETURNS %s LANGUAGE sql STRICT AS %L',
      replace(f.proname, 'citus_', 'master_'), f.arguments, f.result,
      format('SELECT pg_catalog.%I(%s)', f.proname, f.handed_on));
  END LOOP;
END $$;
