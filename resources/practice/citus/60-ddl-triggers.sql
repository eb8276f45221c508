-- DDL on Citus tables.
--
-- PostgreSQL offers no hook that could take over a command, and it refuses keys on a table with foreign
-- partitions. So, when a command starts, the twins of the tables it may be about step into their places
-- (they change schemas with the shells); PostgreSQL runs the command on the twin with all its own rules
-- and messages; when it ends, they step back, what changed on the twin is read from the catalogs, and
-- is said again for the shells of all nodes and for the shards. An error undoes all of it.
--
-- Which tables a command is about is not known at its start. Every shell whose name occurs in the text
-- of the query steps aside; where the text does not contain the command (it was put together in a
-- function), all of them do. The emulator's own functions name them in a setting (ddl_about).

CREATE SCHEMA pg_citus_swap;

CREATE FUNCTION pg_citus_practice.snapshot(twin oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT jsonb_build_object(
    'schema', n.nspname, 'name', c.relname, 'owner', pg_get_userbyid(c.relowner), 'replident', c.relreplident,
    'replindex', (SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = twin AND x.indisreplident),
    'columns', (SELECT coalesce(jsonb_object_agg(col->>'attnum', col), '{}') FROM jsonb_array_elements(pg_citus_practice.columns_of(twin)) col),
    'constraints', (SELECT coalesce(jsonb_object_agg(k.oid::text, jsonb_build_object('name', k.conname, 'type', k.contype,
        'validated', k.convalidated, 'index', k.conindid, 'inherited', k.coninhcount > 0 OR k.conparentid <> 0)), '{}')
      FROM pg_constraint k WHERE k.conrelid = twin AND k.contype IN ('p', 'u', 'c', 'x', 'f')),
    'indexes', (SELECT coalesce(jsonb_object_agg(x.indexrelid::text, jsonb_build_object('name', i.relname,
        'constraint', EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.conrelid = twin),
        'inherited', i.relispartition)), '{}')
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = twin),
    'triggers', (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = twin AND NOT t.tgisinternal),
    'policies', (SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.polname), '[]') FROM pg_policy p WHERE p.polrelid = twin)
                || jsonb_build_array(c.relrowsecurity, c.relforcerowsecurity),
    'referenced_by', (SELECT coalesce(jsonb_agg(k.oid ORDER BY k.oid), '[]') FROM pg_constraint k
      WHERE k.confrelid = twin AND k.contype = 'f' AND NOT EXISTS (SELECT FROM pg_citus_practice.shell s WHERE s.twinid = k.conrelid)),
    'partitions', (SELECT coalesce(jsonb_agg(i.inhrelid ORDER BY i.inhrelid), '[]') FROM pg_inherits i WHERE i.inhparent = twin))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = twin
$$;

-- Exchanges the schemas of a shell and its twin.
CREATE FUNCTION pg_citus_practice.step_aside(stays oid, goes oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' SET client_min_messages = warning AS $$
DECLARE
  here name := (SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = goes);
  there name := (SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = stays);
BEGIN
  EXECUTE format('ALTER TABLE %s SET SCHEMA pg_citus_swap', pg_citus_practice.qualified(goes));
  EXECUTE format('ALTER TABLE %s SET SCHEMA %I', pg_citus_practice.qualified(stays), here);
  EXECUTE format('ALTER TABLE %s SET SCHEMA %I', pg_citus_practice.qualified(goes), there);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.step_aside(oid, oid) FROM PUBLIC;

-- Plain names as whole words, so that a table called "a" does not step aside for every command.
CREATE FUNCTION pg_citus_practice.mentions(query text, name text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN name ~ '^[A-Za-z0-9_]+$' THEN query ~ ('\m' || lower(name) || '\M')
              ELSE strpos(query, lower(replace(name, '"', '""'))) > 0 END
$$;

-- As Citus: without propagation a command is about the shell of this node alone.
CREATE FUNCTION pg_citus_practice.stays_here() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT pg_citus_practice.setting('citus.enable_ddl_propagation', 'on') IN ('off', 'false', '0', 'no')
$$;

CREATE FUNCTION pg_citus_practice.on_ddl_start() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  q text := lower(coalesce(current_query(), ''));
  s pg_citus_practice.shell;
  everything boolean;
  about oid[] := nullif(current_setting('citus_practice.about', true), '')::oid[];
BEGIN
  IF pg_citus_practice.internal() OR pg_citus_practice.applying() OR pg_citus_practice.local_group() <> 0
     OR pg_citus_practice.stays_here() THEN RETURN; END IF;
  everything := about IS NULL AND q !~ (CASE tg_tag WHEN 'CREATE TABLE' THEN '\mcreate\M.*\mtable\M'
                      WHEN 'CREATE INDEX' THEN '\mcreate\M.*\mindex\M'
                      ELSE '\m' || replace(lower(tg_tag), ' ', '\M\s+.*\m') || '\M' END);
  FOR s IN SELECT h.* FROM pg_citus_practice.shell h JOIN pg_class c ON c.oid = h.relid
           -- a new table made in a function concerns nobody, unless it is to be a partition
           WHERE h.twinid IS NOT NULL AND CASE WHEN about IS NOT NULL THEN h.relid = ANY (about) ELSE everything AND (tg_tag <> 'CREATE TABLE' OR h.shape = 'p')
             OR pg_citus_practice.mentions(q, c.relname)
             OR tg_tag IN ('DROP INDEX', 'ALTER INDEX') AND EXISTS (
                  SELECT FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                  WHERE x.indrelid = h.twinid AND pg_citus_practice.mentions(q, i.relname)) END
           ORDER BY h.relid LOOP
    IF tg_tag IN ('CREATE INDEX', 'DROP INDEX') AND q ~ '\mindex\s+concurrently\M' AND q !~ ';\s*\S' THEN
      PERFORM pg_citus_practice.refuse('CONCURRENTLY on a Citus table', 'Leave out CONCURRENTLY: practice tables are small.');
    END IF;
    INSERT INTO pg_citus_practice.swapped VALUES (s.relid, pg_citus_practice.snapshot(s.twinid)) ON CONFLICT DO NOTHING;
    IF FOUND THEN
      PERFORM pg_citus_practice.step_aside(s.twinid, s.relid);
      -- the schema in the snapshot is where the table is seen
      UPDATE pg_citus_practice.swapped w SET before = before || jsonb_build_object('schema',
        (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = s.twinid))
      WHERE w.relid = s.relid;
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION pg_citus_practice.on_ddl_end() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $body$
DECLARE
  w record;
  c record;
  changes jsonb := '[]';
  change jsonb;
  after jsonb;
BEGIN
  IF pg_citus_practice.internal() OR pg_citus_practice.stays_here() THEN RETURN; END IF;
  IF pg_citus_practice.local_group() <> 0 THEN
    IF pg_citus_practice.applying() THEN RETURN; END IF;
    IF tg_tag NOT IN ('GRANT', 'REVOKE', 'COMMENT') AND EXISTS (
         SELECT FROM pg_event_trigger_ddl_commands() d LEFT JOIN pg_index x ON x.indexrelid = d.objid
         JOIN pg_dist_partition p ON p.logicalrelid IN (d.objid, x.indrelid)
         WHERE d.classid = 'pg_class'::regclass) THEN
      RAISE EXCEPTION 'operation is not allowed on this node'
        USING ERRCODE = 'XX000', HINT = 'Connect to the coordinator and run it again.';
    END IF;
    RETURN;
  END IF;
  IF pg_citus_practice.applying() THEN RETURN; END IF;

  -- everything steps back before anything is said again
  FOR w IN SELECT x.relid, x.before, s.twinid FROM pg_citus_practice.swapped x JOIN pg_citus_practice.shell s USING (relid) ORDER BY x.relid LOOP
    after := pg_citus_practice.snapshot(w.twinid);
    changes := changes || jsonb_build_array(jsonb_build_object('relid', w.relid, 'twin', w.twinid, 'before', w.before, 'after', after));
    PERFORM pg_citus_practice.step_back(w.relid, w.twinid, w.before, after);
  END LOOP;
  DELETE FROM pg_citus_practice.swapped;

  FOR change IN SELECT * FROM jsonb_array_elements(changes) LOOP
    CONTINUE WHEN change->'before' = change->'after';
    PERFORM pg_citus_practice.say_again((change->>'relid')::oid, (change->>'twin')::oid, change->'before', change->'after',
      EXISTS (SELECT FROM pg_inherits i, jsonb_array_elements(changes) o
              WHERE i.inhrelid = (change->>'relid')::oid AND i.inhparent = (o->>'relid')::oid));
  END LOOP;

  -- a plain table that now refers to a reference table, or to a local one in the metadata, joins them
  PERFORM pg_citus_practice.adopt_referring(p.logicalrelid) FROM jsonb_array_elements(changes) o
  JOIN pg_dist_partition p ON p.logicalrelid = (o->>'relid')::oid AND p.partmethod = 'n' AND (p.repmodel = 't' OR p.colocationid = 0)
  -- a key that goes, as for a moment while its table is taken along, brings nobody
  WHERE NOT o->'before'->'referenced_by' @> (o->'after'->'referenced_by');
  IF tg_tag = 'ALTER TABLE' AND pg_citus_practice.setting('citus_practice.about', '') = '' AND EXISTS (
       SELECT FROM jsonb_array_elements(changes) o, jsonb_object_keys(o->'before'->'constraints') k
       WHERE o->'after'->'constraints'->k IS NULL) THEN
    PERFORM pg_citus_practice.release_disconnected();
  END IF;

  IF tg_tag IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE TABLE AS', 'SELECT INTO') THEN
    FOR c IN SELECT DISTINCT d.objid AS oid, k.relkind, k.relispartition, s.colocationid,
               (SELECT i.inhparent FROM pg_inherits i JOIN pg_citus_practice.shell b ON b.relid = i.inhparent WHERE i.inhrelid = d.objid) AS in_shell
             FROM pg_event_trigger_ddl_commands() d JOIN pg_class k ON k.oid = d.objid AND k.relkind IN ('r', 'p')
             LEFT JOIN pg_dist_schema s ON s.schemaid = k.relnamespace
             WHERE d.classid = 'pg_class'::regclass AND k.relpersistence <> 't'
               AND NOT EXISTS (SELECT FROM pg_citus_practice.shell x WHERE d.objid IN (x.relid, x.twinid)) LOOP
      IF c.in_shell IS NOT NULL THEN
        PERFORM pg_citus_practice.refuse('a partition made in a way that hides its parent''s name',
          'Name the partitioned table in the text of the command.');
      ELSIF c.colocationid IS NOT NULL AND NOT c.relispartition THEN
        PERFORM pg_citus_practice.distribute_single(c.oid, NULL, 'default', c.colocationid, tg_tag <> 'CREATE TABLE');
      END IF;
    END LOOP;
  ELSIF tg_tag = 'CREATE EXTENSION' AND EXISTS (SELECT FROM pg_citus_practice.other_groups()) THEN
    FOR c IN SELECT e.oid, e.extname FROM pg_event_trigger_ddl_commands() d JOIN pg_extension e ON e.oid = d.objid
             WHERE d.classid = 'pg_extension'::regclass AND NOT d.in_extension AND e.extname <> 'citus' LOOP
      PERFORM pg_citus_practice.on_other_groups(format('CREATE EXTENSION IF NOT EXISTS %I', c.extname));
      INSERT INTO pg_dist_object (classid, objid, objsubid) VALUES ('pg_extension'::regclass, c.oid, 0) ON CONFLICT DO NOTHING;
    END LOOP;
  ELSIF tg_tag = 'CREATE SCHEMA' AND EXISTS (SELECT FROM pg_citus_practice.other_groups()) THEN
    FOR c IN SELECT n.oid, n.nspname, pg_get_userbyid(n.nspowner) AS owner FROM pg_event_trigger_ddl_commands() d
             JOIN pg_namespace n ON n.oid = d.objid WHERE d.classid = 'pg_namespace'::regclass AND n.nspname NOT LIKE 'pg\_%' LOOP
      PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.ensure_schema(%L, %L)', c.nspname, c.owner));
      INSERT INTO pg_dist_object (classid, objid, objsubid) VALUES ('pg_namespace'::regclass, c.oid, 0) ON CONFLICT DO NOTHING;
      IF pg_citus_practice.setting('citus.enable_schema_based_sharding', 'off') IN ('on', 'true', '1', 'yes') THEN
        PERFORM set_config('client_min_messages', 'warning', true);
        PERFORM pg_catalog.citus_schema_distribute(c.oid::regnamespace);
      END IF;
    END LOOP;
  END IF;
END $body$;

-- Runs a command that is about these tables and no others.
CREATE FUNCTION pg_citus_practice.ddl_about(rels oid[], command text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM set_config('citus_practice.about', rels::text, true);
  EXECUTE command;
  PERFORM set_config('citus_practice.about', '', true);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.ddl_about(oid[], text) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.step_back(rel oid, twin oid, before jsonb, after jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' SET client_min_messages = warning AS $$
BEGIN
  IF after IS NULL THEN RETURN; END IF;
  -- whatever the command made of name and schema, the twin goes home under its new name; the shell
  -- comes back under the old one and is renamed with the shards
  EXECUTE format('ALTER TABLE %s SET SCHEMA pg_citus_swap', pg_citus_practice.qualified(rel));
  EXECUTE format('ALTER TABLE %s SET SCHEMA %I', pg_citus_practice.qualified(twin), (SELECT twinschema FROM pg_citus_practice.shell WHERE relid = rel));
  EXECUTE format('ALTER TABLE %s SET SCHEMA %I', pg_citus_practice.qualified(rel), before->>'schema');
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.step_back(oid, oid, jsonb, jsonb) FROM PUBLIC;

-- A shell under a new name, with its windows. Runs on every node.
CREATE FUNCTION pg_citus_practice.rename_shell(old_name text, new_schema text, new_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' SET client_min_messages = warning AS $$
DECLARE rel oid := old_name::regclass; s record;
BEGIN
  FOR s IN SELECT d.shardid, pg_citus_practice.window_name(rel, d.shardid) AS old_window,
                  pg_citus_practice.shard_relname(new_name, d.shardid) AS new_shard
           FROM pg_dist_shard d WHERE d.logicalrelid = rel LOOP
    CONTINUE WHEN to_regclass(s.old_window) IS NULL;
    EXECUTE format('ALTER FOREIGN TABLE %s OPTIONS (SET schema_name %L, SET table_name %L)', s.old_window, new_schema, s.new_shard);
    IF s.old_window <> format('pg_citus_practice.%I', s.new_shard) THEN
      EXECUTE format('ALTER FOREIGN TABLE %s RENAME TO %I', s.old_window, s.new_shard);
    END IF;
  END LOOP;
  IF pg_citus_practice.relname(rel) <> new_name THEN
    EXECUTE format('ALTER TABLE %s RENAME TO %I', pg_citus_practice.qualified(rel), new_name);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rel AND n.nspname = new_schema) THEN
    EXECUTE format('ALTER TABLE %s SET SCHEMA %I', pg_citus_practice.qualified(rel), new_schema);
  END IF;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.rename_shell(text, text, text) FROM PUBLIC;

-- ALTER TABLE with this action, on the shell here and on every other node.
CREATE FUNCTION pg_citus_practice.on_shells(rel oid, action text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' SET client_min_messages = warning AS $$
DECLARE said text := format('ALTER TABLE %s %s', pg_citus_practice.qualified(rel), action);
BEGIN
  EXECUTE said;
  PERFORM pg_citus_practice.on_other_groups(said);
END $$;
-- ALTER TABLE with this action, on every shard. The names are those of the table: on the shard they
-- carry its id. The action is put together around them, never searched for them.
CREATE FUNCTION pg_citus_practice.on_each_shard(rel oid, action text, first_name text DEFAULT NULL, rest text DEFAULT '',
                                                second_name text DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT pg_citus_practice.on_shards(rel, jsonb_object_agg(s.shardid::text, format('ALTER TABLE %s %s%s%s%s;',
      pg_citus_practice.qualified_shard(rel, s.shardid), action, quote_ident(pg_citus_practice.shard_relname(first_name, s.shardid)),
      rest, quote_ident(pg_citus_practice.shard_relname(second_name, s.shardid)))))
  FROM pg_dist_shard s WHERE s.logicalrelid = rel HAVING count(*) > 0
$$;
REVOKE ALL ON FUNCTION pg_citus_practice.on_shells(oid, text), pg_citus_practice.on_each_shard(oid, text, text, text, text) FROM PUBLIC;

-- What a command did to a twin, said again for the shells and the shards.
CREATE FUNCTION pg_citus_practice.say_again(rel oid, twin oid, before jsonb, after jsonb, parent_says boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  p pg_dist_partition;
  key name := pg_citus_practice.key_column(rel);
  -- where the shard hangs in the shell itself, columns change with the shell
  attached boolean;
  old_col jsonb; new_col jsonb; n text; k record; x record;
  added oid[];
  kind "char";
  nsp oid;
BEGIN
  SELECT * INTO p FROM pg_dist_partition WHERE logicalrelid = rel;
  attached := p.partmethod = 'n' AND (p.repmodel = 't' OR p.colocationid = 0);

  IF after->>'triggers' <> before->>'triggers' AND attached AND p.repmodel <> 't' THEN
    PERFORM pg_citus_practice.carry_triggers(rel, twin);
  ELSIF (after->>'triggers')::int > (before->>'triggers')::int THEN
    RAISE EXCEPTION 'triggers are not supported on % tables', CASE WHEN p.repmodel = 't' THEN 'reference' ELSE 'distributed' END
      USING ERRCODE = 'XX000';
  END IF;

  -- name and schema
  IF before->>'name' <> after->>'name' OR before->>'schema' <> after->>'schema' THEN
    nsp := (SELECT oid FROM pg_namespace WHERE nspname = after->>'schema');
    IF before->>'schema' <> after->>'schema' AND (EXISTS (SELECT FROM pg_dist_schema WHERE schemaid = nsp)
         OR EXISTS (SELECT FROM pg_dist_schema s JOIN pg_namespace o ON o.oid = s.schemaid WHERE o.nspname = before->>'schema')) THEN
      PERFORM pg_citus_practice.leave_schema(rel, (after->>'schema')::name);
      RETURN;
    END IF;
    PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.ensure_schema(%L, %L)', after->>'schema', 'postgres'));
    PERFORM pg_citus_practice.on_shards(rel, (SELECT jsonb_object_agg(s.shardid::text,
        CASE WHEN before->>'name' <> after->>'name' THEN format('ALTER TABLE %s RENAME TO %I;', pg_citus_practice.qualified_shard(rel, s.shardid),
             pg_citus_practice.shard_relname(after->>'name', s.shardid)) ELSE '' END
        || CASE WHEN before->>'schema' <> after->>'schema' THEN format('ALTER TABLE %I.%I SET SCHEMA %I;', before->>'schema',
             pg_citus_practice.shard_relname(after->>'name', s.shardid), after->>'schema') ELSE '' END)
      FROM pg_dist_shard s WHERE s.logicalrelid = rel));
    PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.rename_shell(%L, %L, %L)',
      pg_citus_practice.qualified(rel), after->>'schema', after->>'name'));
    PERFORM pg_citus_practice.rename_shell(pg_citus_practice.qualified(rel), after->>'schema', after->>'name');
  END IF;

  -- columns
  IF NOT parent_says THEN
    FOR n IN SELECT jsonb_object_keys(before->'columns') LOOP
      old_col := before->'columns'->n;
      new_col := after->'columns'->n;
      CONTINUE WHEN old_col = new_col;
      IF old_col->>'name' = key AND (new_col IS NULL OR new_col->>'type' <> old_col->>'type'
                                     OR new_col->>'collation' IS DISTINCT FROM old_col->>'collation') THEN
        RAISE EXCEPTION 'cannot execute ALTER TABLE command involving partition column' USING ERRCODE = 'XX000';
      END IF;
      IF new_col IS NULL THEN
        PERFORM pg_citus_practice.on_shells(rel, format('DROP COLUMN %I', old_col->>'name'));
        IF NOT attached THEN
          PERFORM pg_citus_practice.on_each_shard(rel, format('DROP COLUMN %I CASCADE', old_col->>'name'));
        END IF;
        CONTINUE;
      END IF;
      IF new_col->>'name' <> old_col->>'name' THEN
        PERFORM pg_citus_practice.on_shells(rel, format('RENAME COLUMN %I TO %I', old_col->>'name', new_col->>'name'));
        IF NOT attached THEN
          PERFORM pg_citus_practice.on_each_shard(rel, format('RENAME COLUMN %I TO %I', old_col->>'name', new_col->>'name'));
        END IF;
      END IF;
      IF new_col->>'identity' IS DISTINCT FROM old_col->>'identity' OR new_col->>'generated' IS DISTINCT FROM old_col->>'generated' THEN
        PERFORM pg_citus_practice.refuse('changing identity or generation of a column of a Citus table');
      END IF;
      IF new_col->>'type' <> old_col->>'type' OR new_col->>'collation' IS DISTINCT FROM old_col->>'collation' THEN
        -- a table with foreign partitions takes no USING; it holds no rows, so the shards alone need it
        PERFORM pg_citus_practice.on_shells(rel, format('ALTER COLUMN %I TYPE %s%s', new_col->>'name', new_col->>'type',
          coalesce(' COLLATE ' || (new_col->>'collation'), '')));
        IF NOT attached THEN
          PERFORM pg_citus_practice.on_each_shard(rel, format('ALTER COLUMN %I TYPE %s%s USING %1$I::%2$s', new_col->>'name', new_col->>'type',
            coalesce(' COLLATE ' || (new_col->>'collation'), '')));
        END IF;
      END IF;
      IF new_col->'notnull' <> old_col->'notnull' THEN
        IF NOT attached THEN
          PERFORM pg_citus_practice.on_each_shard(rel, format('ALTER COLUMN %I %s NOT NULL', new_col->>'name',
            CASE WHEN (new_col->>'notnull')::boolean THEN 'SET' ELSE 'DROP' END));
        END IF;
        PERFORM pg_citus_practice.on_shells(rel, format('ALTER COLUMN %I %s NOT NULL', new_col->>'name',
          CASE WHEN (new_col->>'notnull')::boolean THEN 'SET' ELSE 'DROP' END));
      END IF;
      IF new_col->>'default' IS DISTINCT FROM old_col->>'default' THEN
        PERFORM pg_citus_practice.on_shells(rel, format('ALTER COLUMN %I %s', new_col->>'name',
          coalesce('SET DEFAULT ' || (new_col->>'default'), 'DROP DEFAULT')));
      END IF;
    END LOOP;
    FOR n IN SELECT key_n FROM jsonb_object_keys(after->'columns') key_n WHERE before->'columns'->key_n IS NULL ORDER BY key_n::int LOOP
      new_col := after->'columns'->n;
      IF new_col->>'identity' IS NOT NULL THEN
        RAISE EXCEPTION 'cannot execute ADD COLUMN commands involving identity columns when metadata is synchronized to workers' USING ERRCODE = '0A000';
      ELSIF new_col->>'default' LIKE 'nextval(%' THEN
        RAISE EXCEPTION 'cannot execute ADD COLUMN commands involving serial pseudotypes when metadata is synchronized to workers' USING ERRCODE = '0A000';
      END IF;
      PERFORM pg_citus_practice.on_shells(rel, 'ADD COLUMN ' || pg_citus_practice.column_clause(new_col, true));
      IF NOT attached THEN
        -- with the default, so that rows that are there get it
        PERFORM pg_citus_practice.on_each_shard(rel, 'ADD COLUMN ' || pg_citus_practice.column_clause(new_col, true));
      END IF;
    END LOOP;
  END IF;

  -- constraints: gone, renamed, validated, new
  FOR n IN SELECT jsonb_object_keys(before->'constraints') LOOP
    old_col := before->'constraints'->n;
    new_col := after->'constraints'->n;
    CONTINUE WHEN old_col = new_col OR (old_col->>'inherited')::boolean;
    IF new_col IS NULL THEN
      PERFORM pg_citus_practice.on_each_shard(rel, 'DROP CONSTRAINT IF EXISTS ', old_col->>'name', ' CASCADE');
    ELSE
      IF old_col->>'name' <> new_col->>'name' THEN
        RAISE EXCEPTION 'renaming constraints belonging to distributed tables is currently unsupported' USING ERRCODE = '0A000';
      END IF;
      IF NOT (old_col->>'validated')::boolean AND (new_col->>'validated')::boolean THEN
        PERFORM pg_citus_practice.on_each_shard(rel, 'VALIDATE CONSTRAINT ', new_col->>'name');
      END IF;
    END IF;
  END LOOP;
  added := ARRAY(SELECT key_n::oid FROM jsonb_object_keys(after->'constraints') key_n
                 WHERE before->'constraints'->key_n IS NULL AND NOT (after->'constraints'->key_n->>'inherited')::boolean ORDER BY key_n::oid);
  IF key IS NOT NULL AND (cardinality(added) > 0 OR before->'indexes' <> after->'indexes') THEN
    PERFORM pg_citus_practice.require_key_in_constraints(twin, after->>'name', key);
  END IF;
  IF cardinality(added) > 0 THEN
    kind := CASE WHEN p.repmodel = 't' THEN 't' WHEN p.partmethod = 'n' AND p.colocationid = 0 THEN 'l' WHEN p.partmethod = 'n' THEN 's' ELSE 'h' END;
    PERFORM pg_citus_practice.require_foreign_keys(twin, rel, kind, key, p.colocationid, added);
    FOR k IN SELECT * FROM pg_constraint WHERE oid = ANY (added) ORDER BY contype = 'f', oid LOOP
      IF k.contype = 'f' THEN
        IF EXISTS (SELECT FROM pg_dist_shard WHERE logicalrelid = rel) THEN
          PERFORM pg_citus_practice.on_shards(rel, (SELECT jsonb_object_agg(s.shardid::text,
            pg_citus_practice.shard_foreign_key_sql(k.oid, rel, s.shardid)) FROM pg_dist_shard s WHERE s.logicalrelid = rel));
        END IF;
      ELSIF before->'indexes'->(k.conindid::text) IS NOT NULL THEN
        PERFORM pg_citus_practice.on_each_shard(rel, 'ADD CONSTRAINT ', k.conname::text,
          CASE k.contype WHEN 'p' THEN ' PRIMARY KEY' ELSE ' UNIQUE' END || ' USING INDEX ', before->'indexes'->(k.conindid::text)->>'name');
      ELSE
        PERFORM pg_citus_practice.on_each_shard(rel, 'ADD CONSTRAINT ', k.conname::text, ' ' || pg_get_constraintdef(k.oid));
      END IF;
    END LOOP;
  END IF;

  -- indexes that no constraint owns
  FOR n IN SELECT jsonb_object_keys(before->'indexes') LOOP
    old_col := before->'indexes'->n;
    new_col := after->'indexes'->n;
    CONTINUE WHEN old_col = new_col OR (old_col->>'inherited')::boolean OR (old_col->>'constraint')::boolean OR (new_col->>'constraint')::boolean;
    IF new_col IS NULL THEN
      PERFORM pg_citus_practice.on_shards(rel, (SELECT jsonb_object_agg(s.shardid::text, format('DROP INDEX IF EXISTS %I.%I;',
        after->>'schema', pg_citus_practice.shard_relname(old_col->>'name', s.shardid))) FROM pg_dist_shard s WHERE s.logicalrelid = rel));
    ELSIF old_col->>'name' <> new_col->>'name' THEN
      PERFORM pg_citus_practice.on_shards(rel, (SELECT jsonb_object_agg(s.shardid::text, format('ALTER INDEX %I.%I RENAME TO %I;',
        after->>'schema', pg_citus_practice.shard_relname(old_col->>'name', s.shardid), pg_citus_practice.shard_relname(new_col->>'name', s.shardid)))
        FROM pg_dist_shard s WHERE s.logicalrelid = rel));
    END IF;
  END LOOP;
  FOR x IN SELECT key_n::oid AS oid FROM jsonb_object_keys(after->'indexes') key_n
           WHERE before->'indexes'->key_n IS NULL AND NOT (after->'indexes'->key_n->>'constraint')::boolean
             AND NOT (after->'indexes'->key_n->>'inherited')::boolean ORDER BY 1 LOOP
    PERFORM pg_citus_practice.on_shards(rel, (SELECT jsonb_object_agg(s.shardid::text,
      pg_citus_practice.shard_index_sql(x.oid, pg_citus_practice.qualified_shard(rel, s.shardid), s.shardid) || ';')
      FROM pg_dist_shard s WHERE s.logicalrelid = rel));
  END LOOP;

  -- an identity whose index was dropped went with the index, on the shards too
  IF (before->>'replident' <> after->>'replident' OR before->>'replindex' IS DISTINCT FROM after->>'replindex')
     AND (after->>'replident' <> 'i' OR after->>'replindex' IS NOT NULL) THEN
    PERFORM pg_citus_practice.on_each_shard(rel, 'REPLICA IDENTITY ' || CASE after->>'replident'
      WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' WHEN 'i' THEN 'USING INDEX ' ELSE 'DEFAULT' END,
      CASE WHEN after->>'replident' = 'i' THEN after->>'replindex' END);
  END IF;
  IF before->>'owner' <> after->>'owner' THEN
    PERFORM pg_citus_practice.on_other_groups(format('SELECT pg_citus_practice.ensure_role(%L, %L, %L)', after->>'owner',
      pg_citus_practice.role_spec((SELECT relowner FROM pg_class WHERE oid = twin))->'flags',
      pg_citus_practice.role_spec((SELECT relowner FROM pg_class WHERE oid = twin))->>'password'));
    PERFORM pg_citus_practice.on_shells(rel, format('OWNER TO %I', after->>'owner'));
    IF NOT attached THEN
      PERFORM pg_citus_practice.on_each_shard(rel, format('OWNER TO %I', after->>'owner'));
    END IF;
  END IF;
  IF before->'policies' <> after->'policies' THEN
    PERFORM pg_citus_practice.as_itself('copy_policies', twin, rel);
  END IF;
  -- partitions that left, and those that came
  FOR n IN SELECT o FROM jsonb_array_elements_text(before->'partitions') o WHERE NOT EXISTS (
           SELECT FROM jsonb_array_elements_text(after->'partitions') a WHERE a = o) LOOP
    IF EXISTS (SELECT FROM pg_class WHERE oid = n::oid) THEN
      PERFORM pg_citus_practice.release_partition(rel, n::oid);
    END IF;
  END LOOP;
  IF (SELECT relkind FROM pg_class WHERE oid = twin) = 'p' THEN
    FOR n IN SELECT a FROM jsonb_array_elements_text(after->'partitions') a
             WHERE NOT EXISTS (SELECT FROM pg_citus_practice.shell s WHERE s.twinid = a::oid) LOOP
      PERFORM pg_citus_practice.adopt_partition(rel, n::oid);
    END LOOP;
  END IF;
  -- what is still an inheritance child of a plain shell has no place to go
  IF p.partmethod IS NOT NULL AND (SELECT relkind FROM pg_class WHERE oid = twin) = 'r' AND after->'partitions' <> '[]' THEN
    PERFORM pg_citus_practice.refuse('inheriting from a Citus table');
  END IF;
END $$;

CREATE FUNCTION pg_citus_practice.as_itself(what text, twin oid, rel oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
BEGIN
  PERFORM pg_citus_practice.copy_policies(twin, rel);
END $$;

-- A new partition of a distributed table is distributed like it.
CREATE FUNCTION pg_citus_practice.adopt_partition(parent oid, child oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE p pg_dist_partition;
BEGIN
  SELECT * INTO p FROM pg_dist_partition WHERE logicalrelid = parent;
  PERFORM pg_citus_practice.convert(child, CASE p.partmethod WHEN 'h' THEN 'h' ELSE 'o' END::"char", p.partmethod,
    pg_citus_practice.key_column(parent), p.colocationid, p.repmodel, pg_citus_practice.layout_of(parent), false);
  PERFORM pg_citus_practice.drop_local_copy((SELECT relid FROM pg_citus_practice.shell WHERE twinid = child));
END $$;

CREATE FUNCTION pg_citus_practice.release_partition(parent oid, child_twin oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
DECLARE child oid := (SELECT relid FROM pg_citus_practice.shell WHERE twinid = child_twin);
BEGIN
  IF child IS NULL THEN RETURN; END IF;
  PERFORM pg_citus_practice.on_shells(parent, format('DETACH PARTITION %s', pg_citus_practice.qualified(child)));
  -- shards of a local table hang in the shells only
  IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = parent AND partmethod = 'n' AND colocationid = 0) THEN RETURN; END IF;
  PERFORM pg_citus_practice.on_shards(parent, (SELECT jsonb_object_agg(s.shardid::text, format('ALTER TABLE %s DETACH PARTITION %s;',
      pg_citus_practice.qualified_shard(parent, s.shardid), pg_citus_practice.qualified_shard(child, c.shardid)))
    FROM pg_dist_shard s JOIN pg_dist_shard c ON c.logicalrelid = child AND c.shardminvalue IS NOT DISTINCT FROM s.shardminvalue
    WHERE s.logicalrelid = parent));
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.say_again(oid, oid, jsonb, jsonb, boolean), pg_citus_practice.as_itself(text, oid, oid),
  pg_citus_practice.adopt_partition(oid, oid), pg_citus_practice.release_partition(oid, oid) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- DROP: the shell is dropped by PostgreSQL itself, with its windows; shards, twin, metadata follow

CREATE FUNCTION pg_citus_practice.on_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  d record;
  k record;
  dropped oid[];
  drops jsonb;
  g record;
  s pg_citus_practice.shell;
  p pg_dist_partition;
BEGIN
  IF pg_citus_practice.internal() THEN RETURN; END IF;
  dropped := ARRAY(SELECT o.objid FROM pg_event_trigger_dropped_objects() o WHERE o.classid = 'pg_class'::regclass AND o.objsubid = 0);
  IF NOT EXISTS (SELECT FROM pg_citus_practice.shell h WHERE h.relid = ANY (dropped) OR h.twinid = ANY (dropped))
     AND NOT EXISTS (SELECT FROM pg_event_trigger_dropped_objects() o WHERE o.classid = 'pg_namespace'::regclass) THEN
    RETURN;
  END IF;
  IF pg_citus_practice.local_group() <> 0 THEN
    IF EXISTS (SELECT FROM pg_citus_practice.shell h WHERE h.relid = ANY (dropped)) THEN
      RAISE EXCEPTION 'operation is not allowed on this node'
        USING ERRCODE = 'XX000', HINT = 'Connect to the coordinator and run it again.';
    END IF;
    RETURN;
  END IF;
  -- the twins' foreign keys are the tables' foreign keys
  SELECT min(v.object_name) AS object_name, string_agg(format('constraint %s on table %s depends on table %s', k2.conname,
           pg_citus_practice.relname(coalesce(o.relid, k2.conrelid)), v.object_name), E'\n' ORDER BY k2.oid) AS detail INTO k
  FROM pg_citus_practice.shell h JOIN pg_constraint k2 ON k2.confrelid = h.twinid AND k2.contype = 'f'
  LEFT JOIN pg_citus_practice.shell o ON o.twinid = k2.conrelid
  JOIN pg_event_trigger_dropped_objects() v ON v.classid = 'pg_class'::regclass AND v.objid = h.relid AND v.objsubid = 0
  WHERE h.relid = ANY (dropped) AND k2.conrelid <> h.twinid AND k2.conparentid = 0 AND coalesce(o.relid, k2.conrelid) <> ALL (dropped);
  IF k.object_name IS NOT NULL AND lower(current_query()) !~ '\mcascade\M' THEN
    RAISE EXCEPTION 'cannot drop table % because other objects depend on it', k.object_name
      USING ERRCODE = '2BP01', DETAIL = k.detail, HINT = 'Use DROP ... CASCADE to drop the dependent objects too.';
  END IF;
  -- partitions first: their shards hang in the shards of their parents
  FOR d IN SELECT o.objid, o.schema_name, o.object_name FROM pg_event_trigger_dropped_objects() o
           JOIN pg_citus_practice.shell h ON h.relid = o.objid
           WHERE o.classid = 'pg_class'::regclass AND o.objsubid = 0 ORDER BY h.shape = 'p', o.objid LOOP
    SELECT * INTO s FROM pg_citus_practice.shell WHERE relid = d.objid;
    SELECT jsonb_object_agg(x.groupid::text, x.sql) INTO drops FROM (
      SELECT l.groupid, string_agg(format('DROP TABLE IF EXISTS %I.%I CASCADE;', d.schema_name,
               pg_citus_practice.shard_relname(d.object_name, h.shardid)), ' ') AS sql
      FROM pg_dist_shard h JOIN pg_dist_placement l USING (shardid) WHERE h.logicalrelid = d.objid GROUP BY l.groupid) x;
    PERFORM pg_citus_practice.drop_remains(d.schema_name, d.object_name, s, coalesce(drops, '{}'), NULL);
  END LOOP;
  FOR d IN SELECT o.objid, o.object_name FROM pg_event_trigger_dropped_objects() o WHERE o.classid = 'pg_namespace'::regclass LOOP
    SELECT colocationid INTO g FROM pg_dist_schema WHERE schemaid = d.objid;
    IF FOUND THEN
      DELETE FROM pg_dist_schema WHERE schemaid = d.objid;
      PERFORM pg_citus_practice.forget_colocation(g.colocationid);
    END IF;
    IF EXISTS (SELECT FROM pg_dist_object WHERE classid = 'pg_namespace'::regclass AND objid = d.objid) THEN
      PERFORM pg_citus_practice.on_other_groups(format('DROP SCHEMA IF EXISTS %I CASCADE', d.object_name));
      DELETE FROM pg_dist_object WHERE classid = 'pg_namespace'::regclass AND objid = d.objid;
    END IF;
  END LOOP;
  DELETE FROM pg_dist_object x USING pg_event_trigger_dropped_objects() o WHERE x.classid = o.classid AND x.objid = o.objid;
  PERFORM pg_citus_practice.release_disconnected();
END $$;

CREATE EVENT TRIGGER citus_practice_ddl_start ON ddl_command_start
  WHEN TAG IN ('ALTER TABLE', 'CREATE INDEX', 'DROP INDEX', 'ALTER INDEX', 'CREATE TABLE', 'CREATE TRIGGER', 'DROP TRIGGER',
               'CREATE POLICY', 'ALTER POLICY', 'DROP POLICY')
  EXECUTE FUNCTION pg_citus_practice.on_ddl_start();
CREATE EVENT TRIGGER citus_practice_ddl_end ON ddl_command_end
  WHEN TAG IN ('ALTER TABLE', 'CREATE INDEX', 'DROP INDEX', 'ALTER INDEX', 'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE SCHEMA',
               'CREATE EXTENSION', 'CREATE TRIGGER', 'DROP TRIGGER', 'CREATE POLICY', 'ALTER POLICY', 'DROP POLICY')
  EXECUTE FUNCTION pg_citus_practice.on_ddl_end();
CREATE EVENT TRIGGER citus_practice_drop ON sql_drop EXECUTE FUNCTION pg_citus_practice.on_drop();
