-- Foreign keys as edges between tables: who hangs together, and taking keys off while tables are made anew.

-- Keys between tables, seen as people see them: a shell in the place of its twin. Keys that a partition
-- has from its parent are left out.
CREATE VIEW pg_citus_practice.foreign_keys AS
  SELECT k.oid, k.conname, coalesce(a.relid, k.conrelid) AS relid, coalesce(b.relid, k.confrelid) AS referenced,
         a.relid IS NOT NULL AS from_citus, b.relid IS NOT NULL AS to_citus, p.repmodel = 't' AS to_reference
  FROM pg_catalog.pg_constraint k
  LEFT JOIN pg_citus_practice.shell a ON a.twinid = k.conrelid
  LEFT JOIN pg_citus_practice.shell b ON b.twinid = k.confrelid
  LEFT JOIN pg_catalog.pg_dist_partition p ON p.logicalrelid = b.relid
  WHERE k.contype = 'f' AND k.conparentid = 0
    -- not those of shards that lie on this node
    AND NOT EXISTS (SELECT FROM pg_citus_practice.local_shards() s WHERE s.reloid = k.conrelid);

-- Every table tied to this one by foreign keys, in both directions, itself first.
CREATE FUNCTION pg_citus_practice.foreign_key_family(rel oid) RETURNS oid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  family oid[] := '{}';
  waiting oid[] := ARRAY[rel];
  edges oid[][];
  member oid;
BEGIN
  edges := ARRAY(SELECT ARRAY[k.relid, k.referenced] FROM pg_citus_practice.foreign_keys k WHERE k.relid <> k.referenced ORDER BY k.oid);
  WHILE cardinality(waiting) > 0 LOOP
    member := waiting[1];
    waiting := waiting[2:];
    CONTINUE WHEN member = ANY (family);
    family := family || member;
    waiting := ARRAY(
      SELECT CASE WHEN edges[i][1] = member THEN edges[i][2] ELSE edges[i][1] END
      FROM generate_subscripts(edges, 1) i WHERE member IN (edges[i][1], edges[i][2])) || waiting;
  END LOOP;
  RETURN family;
END $$;

-- Commands that make these keys, for when both tables are back under their names.
CREATE FUNCTION pg_citus_practice.foreign_key_commands(keys oid[]) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
    'relid', pg_citus_practice.qualified(f.relid), 'referenced', pg_citus_practice.qualified(f.referenced),
    'command', format('ALTER TABLE %s ADD CONSTRAINT %I %s', pg_citus_practice.qualified(f.relid), f.conname,
      overlay(d.def PLACING pg_citus_practice.qualified(f.referenced) FROM strpos(d.def, ' REFERENCES ' || d.aim || '(') + 12 FOR length(d.aim))))
    ORDER BY f.oid), '[]')
  FROM pg_citus_practice.foreign_keys f JOIN pg_constraint k ON k.oid = f.oid
  CROSS JOIN LATERAL (SELECT pg_get_constraintdef(k.oid) AS def, pg_citus_practice.qualified(k.confrelid) AS aim) d
  WHERE f.oid = ANY (keys)
$$;

CREATE FUNCTION pg_citus_practice.take_keys_off(keys oid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE f record;
BEGIN
  FOR f IN SELECT * FROM pg_citus_practice.foreign_keys WHERE oid = ANY (keys) ORDER BY oid LOOP
    PERFORM pg_citus_practice.ddl_about(ARRAY[f.relid, f.referenced],
      format('ALTER TABLE %s DROP CONSTRAINT %I', pg_citus_practice.qualified(f.relid), f.conname));
  END LOOP;
END $$;

CREATE FUNCTION pg_citus_practice.put_keys_back(commands jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE c jsonb;
BEGIN
  FOR c IN SELECT * FROM jsonb_array_elements(commands) LOOP
    PERFORM pg_citus_practice.ddl_about(ARRAY[(c->>'relid')::regclass::oid, (c->>'referenced')::regclass::oid], c->>'command');
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.foreign_key_commands(oid[]), pg_citus_practice.take_keys_off(oid[]),
  pg_citus_practice.put_keys_back(jsonb) FROM PUBLIC;
