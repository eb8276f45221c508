-- Views that hang on a table which is about to be made anew. A plain view is written onto the new table
-- under its name; a materialised one, and whatever hangs on it, has to be dropped and made again.

CREATE FUNCTION pg_citus_practice.views_on(rel oid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH RECURSIVE edge AS (
    SELECT DISTINCT d.refobjid AS below, r.ev_class AS above
    FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND r.ev_class <> d.refobjid),
  hanging AS (
    SELECT e.above AS view FROM edge e WHERE e.below = rel
    UNION SELECT e.above FROM hanging h JOIN edge e ON e.below = h.view),
  anew AS (
    SELECT h.view FROM hanging h JOIN pg_class c ON c.oid = h.view WHERE c.relkind = 'm'
    UNION SELECT e.above FROM anew a JOIN edge e ON e.below = a.view)
  SELECT coalesce(jsonb_agg(jsonb_build_object(
    'name', pg_citus_practice.qualified(c.oid), 'shown', c.oid::regclass::text, 'kind', c.relkind,
    'query', rtrim(pg_get_viewdef(c.oid), ';'),
    'options', ' WITH (' || array_to_string(c.reloptions, ', ') || ')',
    'owner', pg_get_userbyid(c.relowner), 'filled', c.relispopulated,
    'direct', EXISTS (SELECT FROM edge e WHERE e.below = rel AND e.above = c.oid),
    'anew', EXISTS (SELECT FROM anew a WHERE a.view = c.oid),
    'indexes', (SELECT coalesce(jsonb_agg(pg_get_indexdef(x.indexrelid) ORDER BY x.indexrelid), '[]')
                FROM pg_index x WHERE x.indrelid = c.oid)) ORDER BY c.oid), '[]')
  FROM hanging h JOIN pg_class c ON c.oid = h.view
$$;

CREATE FUNCTION pg_citus_practice.take_views_off(views jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' SET client_min_messages = warning AS $$
DECLARE v jsonb;
BEGIN
  FOR v IN SELECT value FROM jsonb_array_elements(views) WITH ORDINALITY WHERE (value->>'anew')::boolean ORDER BY ordinality DESC LOOP
    EXECUTE format('DROP %s %s', CASE v->>'kind' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, v->>'name');
  END LOOP;
END $$;

-- Onto what has the table's name now.
CREATE FUNCTION pg_citus_practice.turn_views(views jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' SET client_min_messages = warning AS $$
DECLARE v jsonb;
BEGIN
  FOR v IN SELECT * FROM jsonb_array_elements(views) LOOP
    IF (v->>'direct')::boolean AND NOT (v->>'anew')::boolean THEN
      EXECUTE format('CREATE OR REPLACE VIEW %s%s AS %s', v->>'name', coalesce(v->>'options', ''), v->>'query');
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION pg_citus_practice.put_views_back(views jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' SET client_min_messages = warning AS $$
DECLARE v jsonb; x text; kind text;
BEGIN
  FOR v IN SELECT * FROM jsonb_array_elements(views) LOOP
    CONTINUE WHEN NOT (v->>'anew')::boolean;
    kind := CASE v->>'kind' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END;
    EXECUTE format('CREATE %s %s%s AS %s%s', kind, v->>'name', coalesce(v->>'options', ''), v->>'query',
      CASE WHEN v->>'kind' = 'm' AND NOT (v->>'filled')::boolean THEN ' WITH NO DATA' ELSE '' END);
    EXECUTE format('ALTER %s %s OWNER TO %I', kind, v->>'name', v->>'owner');
    FOR x IN SELECT * FROM jsonb_array_elements_text(v->'indexes') LOOP
      EXECUTE x;
    END LOOP;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.views_on(oid), pg_citus_practice.take_views_off(jsonb), pg_citus_practice.turn_views(jsonb),
  pg_citus_practice.put_views_back(jsonb) FROM PUBLIC;
