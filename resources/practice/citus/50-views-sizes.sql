-- Sizes, and the views made of them.

CREATE VIEW pg_citus_practice.shard_sizes AS
  SELECT shardid, pg_catalog.pg_total_relation_size(reloid) AS size, pg_catalog.pg_table_size(reloid) AS table_size,
         pg_catalog.pg_relation_size(reloid) AS main_size
  FROM pg_citus_practice.local_shards();

-- One row for every placement on every node that answers; the others are warned about.
CREATE FUNCTION pg_citus_practice.all_sizes(fail boolean DEFAULT false)
RETURNS TABLE (groupid int, shardid bigint, size bigint, table_size bigint, main_size bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE n pg_dist_node; detail text; closed text;
BEGIN
  FOR n IN SELECT * FROM pg_dist_node WHERE noderole = 'primary' AND isactive ORDER BY nodeid LOOP
    -- Citus asks as the caller, and one schema that is closed to him costs him the whole node
    SELECT s.nspname INTO closed FROM pg_dist_placement p JOIN pg_dist_shard d USING (shardid)
    JOIN pg_class c ON c.oid = d.logicalrelid JOIN pg_namespace s ON s.oid = c.relnamespace
    WHERE p.groupid = n.groupid AND NOT has_schema_privilege(pg_citus_practice.calling_role(), s.oid, 'USAGE') LIMIT 1;
    IF FOUND THEN
      RAISE WARNING 'permission denied for schema %', closed USING ERRCODE = '42501';
      CONTINUE;
    END IF;
    BEGIN
      RETURN QUERY EXECUTE format('SELECT %s, shardid, size, table_size, main_size FROM pg_citus_practice.%I', n.groupid, 'sizes_' || n.groupid);
    EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection OR connection_failure THEN
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      IF fail THEN
        PERFORM pg_citus_practice.raise_unreachable(n.nodename, n.nodeport, pg_citus_practice.connection_reason(detail));
      END IF;
      RAISE WARNING 'connection to the remote node postgres@%:% failed with the following error: %',
        n.nodename, n.nodeport, pg_citus_practice.connection_reason(detail) USING ERRCODE = '08006';
    END;
  END LOOP;
END $$;

CREATE FUNCTION pg_catalog.citus_shard_sizes(OUT shard_id int, OUT size bigint) RETURNS SETOF record
LANGUAGE sql STRICT AS 'SELECT shardid::int, size FROM pg_citus_practice.all_sizes()';

CREATE FUNCTION pg_citus_practice.table_size(rel oid, which text, fail boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE answer bigint; total numeric := 0; n pg_dist_node; part numeric; detail text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = rel) THEN
    RAISE EXCEPTION 'cannot calculate the size because relation % is not distributed', quote_literal(pg_citus_practice.relname(rel))
      USING ERRCODE = '42P16';
  END IF;
  FOR n IN SELECT DISTINCT o.* FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
           JOIN pg_dist_node o ON o.groupid = p.groupid AND o.noderole = 'primary' WHERE s.logicalrelid = rel ORDER BY o.nodeid LOOP
    BEGIN
      EXECUTE format('SELECT sum(%I) FROM pg_citus_practice.%I WHERE shardid = ANY ($1)', which, 'sizes_' || n.groupid) INTO part
      USING ARRAY(SELECT shardid FROM pg_dist_shard WHERE logicalrelid = rel);
      total := total + coalesce(part, 0);
    EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection OR connection_failure THEN
      IF NOT fail THEN RETURN NULL; END IF;
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      PERFORM pg_citus_practice.raise_unreachable(n.nodename, n.nodeport, pg_citus_practice.connection_reason(detail));
    END;
  END LOOP;
  RETURN total::bigint;
END $$;
CREATE FUNCTION pg_catalog.citus_table_size(logicalrelid regclass) RETURNS bigint
LANGUAGE sql STRICT AS $$SELECT pg_citus_practice.table_size($1, 'table_size', true)$$;
CREATE FUNCTION pg_catalog.citus_relation_size(logicalrelid regclass) RETURNS bigint
LANGUAGE sql STRICT AS $$SELECT pg_citus_practice.table_size($1, 'main_size', true)$$;
CREATE FUNCTION pg_catalog.citus_total_relation_size(logicalrelid regclass, fail_on_error boolean DEFAULT true) RETURNS bigint
LANGUAGE sql STRICT AS $$SELECT pg_citus_practice.table_size($1, 'size', $2)$$;

CREATE FUNCTION pg_catalog.citus_update_shard_statistics(shard_id bigint) RETURNS bigint
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE found_size bigint;
BEGIN
  SELECT max(size) INTO found_size FROM pg_citus_practice.all_sizes() WHERE shardid = shard_id;
  UPDATE pg_dist_placement SET shardlength = coalesce(found_size, 0) WHERE shardid = shard_id;
  RETURN found_size;
END $$;
CREATE FUNCTION pg_catalog.citus_update_table_statistics(relation regclass) RETURNS void
LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
  UPDATE pg_dist_placement p SET shardlength = a.size
  FROM pg_citus_practice.all_sizes() a JOIN pg_dist_shard s USING (shardid)
  WHERE s.logicalrelid = relation AND p.shardid = a.shardid AND p.groupid = a.groupid
$$;
CREATE FUNCTION pg_catalog.master_update_shard_statistics(shard_id bigint) RETURNS bigint
LANGUAGE sql STRICT AS 'SELECT pg_catalog.citus_update_shard_statistics($1)';
CREATE FUNCTION pg_catalog.master_update_table_statistics(relation regclass) RETURNS void
LANGUAGE sql STRICT AS 'SELECT pg_catalog.citus_update_table_statistics($1)';

CREATE VIEW pg_catalog.pg_dist_shard_placement AS
  SELECT p.shardid, p.shardstate, p.shardlength, n.nodename, n.nodeport, p.placementid
  FROM pg_catalog.pg_dist_placement p
  JOIN pg_catalog.pg_dist_node n ON p.groupid = n.groupid AND n.noderole = 'primary';

CREATE FUNCTION pg_citus_practice.table_kind(colocation int, key text, model "char") RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN EXISTS (SELECT FROM pg_dist_schema s WHERE s.colocationid = colocation) THEN 'schema'
              WHEN key IS NOT NULL THEN 'distributed'
              WHEN model = 't' THEN 'reference'
              WHEN colocation = 0 THEN 'local'
              ELSE 'distributed' END
$$;

CREATE VIEW pg_catalog.citus_shards AS
  SELECT s.logicalrelid AS table_name, s.shardid, shard_name(s.logicalrelid, s.shardid) AS shard_name,
         pg_citus_practice.table_kind(t.colocationid, t.partkey, t.repmodel) AS citus_table_type,
         t.colocationid AS colocation_id, n.nodename, n.nodeport, sizes.size AS shard_size
  FROM pg_catalog.pg_dist_shard s
  JOIN pg_catalog.pg_dist_placement p USING (shardid)
  JOIN pg_catalog.pg_dist_node n ON n.groupid = p.groupid
  JOIN pg_catalog.pg_dist_partition t ON t.logicalrelid = s.logicalrelid
  LEFT JOIN (SELECT shard_id, max(size) AS size FROM pg_catalog.citus_shard_sizes() GROUP BY shard_id) sizes
    ON sizes.shard_id = s.shardid
  WHERE p.shardstate = 1
  ORDER BY s.logicalrelid::text, s.shardid;

DO $$
DECLARE home text := CASE WHEN to_regnamespace('public') IS NULL THEN 'pg_catalog' ELSE 'public' END;
BEGIN
  EXECUTE format($v$
    CREATE VIEW %I.citus_tables AS
    SELECT p.logicalrelid AS table_name,
           pg_citus_practice.table_kind(p.colocationid, p.partkey, p.repmodel) AS citus_table_type,
           coalesce(pg_catalog.column_to_column_name(p.logicalrelid, p.partkey), '<none>') AS distribution_column,
           p.colocationid AS colocation_id,
           pg_catalog.pg_size_pretty(sizes.table_size) AS table_size,
           (SELECT count(*) FROM pg_catalog.pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid) AS shard_count,
           pg_catalog.pg_get_userbyid(c.relowner) AS table_owner,
           -- the shell is partitioned and has none; what the shards have is what Citus would show
           b.accessmethod AS access_method
    FROM pg_catalog.pg_dist_partition p
    JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
    LEFT JOIN pg_citus_practice.shell b ON b.relid = p.logicalrelid
    JOIN (SELECT s.logicalrelid AS rel, sum(z.size) AS table_size
          FROM pg_catalog.citus_shard_sizes() z JOIN pg_catalog.pg_dist_shard s ON s.shardid = z.shard_id
          GROUP BY s.logicalrelid) sizes ON sizes.rel = p.logicalrelid
    ORDER BY p.logicalrelid::text$v$, home);
  EXECUTE format($v$
    CREATE VIEW %I.citus_schemas AS
    SELECT ds.schemaid::regnamespace AS schema_name, ds.colocationid AS colocation_id,
           CASE WHEN pg_catalog.has_schema_privilege(CURRENT_USER, ds.schemaid, 'USAGE')
                THEN pg_catalog.pg_size_pretty(coalesce(sizes.schema_size, 0)) END AS schema_size,
           pg_catalog.pg_get_userbyid(n.nspowner) AS schema_owner
    FROM pg_catalog.pg_dist_schema ds
    JOIN pg_catalog.pg_namespace n ON n.oid = ds.schemaid
    LEFT JOIN (SELECT c.relnamespace, sum(z.size) AS schema_size
               FROM pg_catalog.citus_shard_sizes() z JOIN pg_catalog.pg_dist_shard s ON s.shardid = z.shard_id
               JOIN pg_catalog.pg_class c ON c.oid = s.logicalrelid GROUP BY c.relnamespace) sizes
      ON sizes.relnamespace = ds.schemaid$v$, home);
  EXECUTE format('GRANT SELECT ON %I.citus_tables, %1$I.citus_schemas TO PUBLIC', home);
END $$;
GRANT SELECT ON pg_catalog.pg_dist_shard_placement, pg_catalog.citus_shards TO PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- Keys and indexes of the shells, as pg_constraint and pg_index would show them on Citus. The rows are
-- the twins', so they are seen on the coordinator only.

CREATE VIEW pg_catalog.citus_practice_keys AS
  SELECT s.relid::regclass AS relid, k.conname AS name, k.contype, pg_catalog.pg_get_constraintdef(k.oid) AS definition_on_twin,
         CASE WHEN k.contype = 'f' THEN
           replace(pg_catalog.pg_get_constraintdef(k.oid),
                   'REFERENCES ' || k.confrelid::regclass::text || '(', 'REFERENCES ' || r.relid::regclass::text || '(')
         ELSE pg_catalog.pg_get_constraintdef(k.oid) END AS definition,
         ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY AS c (n, place)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.n ORDER BY c.place) AS columns,
         coalesce(r.relid, nullif(k.confrelid, 0))::regclass AS referenced,
         ARRAY(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY AS c (n, place)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = c.n ORDER BY c.place) AS referenced_columns,
         k.confdeltype, k.confupdtype, k.convalidated, nullif(k.conindid, 0)::regclass AS indexrelid,
         k.oid AS constraint_oid, k.conparentid
  FROM pg_citus_practice.shell s
  JOIN pg_catalog.pg_constraint k ON k.conrelid = s.twinid AND k.contype IN ('p', 'u', 'f', 'c', 'x')
  LEFT JOIN pg_citus_practice.shell r ON r.twinid = k.confrelid;

CREATE VIEW pg_catalog.citus_practice_indexes AS
  SELECT s.relid::regclass AS relid, i.relname AS name,
         replace(pg_catalog.pg_get_indexdef(x.indexrelid), pg_citus_practice.qualified(s.twinid), pg_citus_practice.qualified(s.relid)) AS definition,
         x.indisunique AS is_unique, x.indisprimary AS is_primary, x.indisreplident AS is_replica_identity, x.indexrelid
  FROM pg_citus_practice.shell s
  JOIN pg_catalog.pg_index x ON x.indrelid = s.twinid
  JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid;

-- How a table tells its rows apart: what pg_class.relreplident and its primary key say on Citus.
CREATE VIEW pg_catalog.citus_practice_replica_identity AS
  SELECT s.relid::regclass AS relid, c.relreplident,
         EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.indisprimary) AS has_primary_key,
         c.relkind = 'p' OR c.relreplident IN ('f', 'i') OR (c.relreplident = 'd'
           AND EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.indisprimary)) AS can_be_replicated
  FROM pg_citus_practice.shell s JOIN pg_catalog.pg_class c ON c.oid = coalesce(s.twinid, s.relid);
GRANT SELECT ON pg_catalog.citus_practice_keys, pg_catalog.citus_practice_indexes, pg_catalog.citus_practice_replica_identity TO PUBLIC;
