-- Partitions by time: what there are, what is missing, which are old.

CREATE VIEW pg_catalog.time_partitions AS
  SELECT i.inhparent::regclass AS parent_table, a.attname AS partition_column, i.inhrelid::regclass AS partition,
         substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''([^'']*)''\)') AS from_value,
         substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']*)''\)') AS to_value,
         coalesce((SELECT s.accessmethod FROM pg_citus_practice.shell s WHERE s.relid = c.oid),
                  (SELECT m.amname FROM pg_catalog.pg_am m WHERE m.oid = c.relam)) AS access_method
  FROM pg_catalog.pg_inherits i
  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
  JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = i.inhparent AND p.partstrat = 'r' AND p.partnatts = 1
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.inhparent AND a.attnum = p.partattrs[0]
  JOIN pg_catalog.pg_class parent ON parent.oid = i.inhparent
  JOIN pg_catalog.pg_namespace n ON n.oid = parent.relnamespace
  WHERE a.atttypid IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) AND n.nspname NOT LIKE 'pg\_citus\_%'
  ORDER BY i.inhparent::regclass::text, 4;
GRANT SELECT ON pg_catalog.time_partitions TO PUBLIC;

-- The type of the column that a table is partitioned by; raises where partitions by time cannot be made.
CREATE FUNCTION pg_citus_practice.time_key(parent regclass, shown text) RETURNS regtype
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE p pg_partitioned_table; key_type regtype;
BEGIN
  SELECT * INTO p FROM pg_partitioned_table WHERE partrelid = parent;
  -- a Citus table is always partitioned here; what people see of it is in its twin
  IF NOT FOUND OR (SELECT relkind FROM pg_class WHERE oid = pg_citus_practice.definition_of(parent)) <> 'p' THEN
    RAISE EXCEPTION '% is not partitioned', shown USING ERRCODE = 'P0001';
  ELSIF p.partnatts > 1 THEN
    RAISE EXCEPTION 'partitioned tables with multiple partition columns are not supported' USING ERRCODE = 'P0001';
  END IF;
  SELECT atttypid INTO key_type FROM pg_attribute WHERE attrelid = parent AND attnum = p.partattrs[0];
  IF key_type IS NULL OR key_type NOT IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) THEN
    RAISE EXCEPTION 'type of the partition column of the table % must be date, timestamp or timestamptz', shown USING ERRCODE = 'P0001';
  END IF;
  RETURN key_type;
END $$;

CREATE FUNCTION pg_catalog.create_time_partitions(table_name regclass, partition_interval interval, end_at timestamptz,
  start_from timestamptz DEFAULT now()) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE r record; any_made boolean := false;
BEGIN
  IF start_from >= end_at THEN
    RAISE EXCEPTION 'start_from (%) must be older than end_at (%)', start_from, end_at USING ERRCODE = 'P0001';
  END IF;
  FOR r IN SELECT * FROM pg_catalog.get_missing_time_partition_ranges(table_name, partition_interval, end_at, start_from) LOOP
    -- the parent is named in the command itself, which is how the emulator knows whom it concerns
    EXECUTE pg_catalog.format('CREATE TABLE %s.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
      (SELECT relnamespace::regnamespace FROM pg_catalog.pg_class WHERE oid = table_name),
      r.partition_name, table_name, r.range_from_value, r.range_to_value);
    any_made := true;
  END LOOP;
  RETURN any_made;
END $$;

CREATE FUNCTION pg_catalog.get_missing_time_partition_ranges(table_name regclass, partition_interval interval, to_value timestamptz,
  from_value timestamptz DEFAULT now()) RETURNS TABLE (partition_name text, range_from_value text, range_to_value text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT * FROM pg_citus_practice.missing_ranges(table_name, table_name::text, partition_interval, to_value, from_value);
END $$;

CREATE FUNCTION pg_citus_practice.missing_ranges(parent regclass, shown text, width interval, until timestamptz, since timestamptz)
RETURNS TABLE (partition_name text, range_from_value text, range_to_value text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  key_type regtype := pg_citus_practice.time_key(parent, shown);
  unit text; pattern text;
  at timestamptz; following timestamptz;
  there record;
BEGIN
  IF key_type = 'date'::regtype AND date_trunc('day', width) <> width THEN
    RAISE EXCEPTION 'partition interval of date partitioned table must be day or multiple days' USING ERRCODE = 'P0001';
  END IF;
  unit := CASE WHEN width < interval '1 hour' THEN 'minute' WHEN width < interval '1 day' THEN 'hour'
               WHEN width < interval '1 month' AND extract(day FROM width)::int % 7 = 0 THEN 'week' WHEN width < interval '1 month' THEN 'day' WHEN width = interval '3 months' THEN 'quarter'
               WHEN width < interval '1 year' THEN 'month' ELSE 'year' END;
  pattern := CASE unit WHEN 'minute' THEN 'YYYY_MM_DD_HH24MI' WHEN 'hour' THEN 'YYYY_MM_DD_HH24MI' WHEN 'year' THEN 'YYYY'
                       WHEN 'month' THEN 'YYYY_MM' WHEN 'quarter' THEN 'YYYY"q"Q' ELSE 'YYYY_MM_DD' END;
  IF width = interval '1 week' THEN pattern := 'IYYY"w"IW'; END IF;
  -- the grid is that of the partitions there are, of the calendar where there are none
  SELECT t.partition, t.from_value, t.to_value, t.from_value::timestamptz AS begins, t.to_value::timestamptz AS ends INTO there
  FROM time_partitions t WHERE t.parent_table = parent AND t.from_value IS NOT NULL ORDER BY t.from_value::timestamptz LIMIT 1;
  IF FOUND THEN
    IF there.begins + width <> there.ends THEN
      RAISE EXCEPTION 'partition % with the range from % to % does not align with the initial partition given the partition interval',
        pg_citus_practice.shown(there.partition), there.from_value, there.to_value
        USING ERRCODE = 'P0001', HINT = 'Only use partitions of the same size, without gaps between partitions.';
    END IF;
    at := there.begins;
    WHILE at > since LOOP at := at - width; END LOOP;
    WHILE at + width <= since LOOP at := at + width; END LOOP;
  ELSE
    at := date_trunc(unit, since);
  END IF;
  WHILE at < until LOOP
    following := at + width;
    IF NOT EXISTS (SELECT FROM time_partitions t WHERE t.parent_table = parent
                   AND t.from_value::timestamptz < following AND t.to_value::timestamptz > at) THEN
      partition_name := pg_citus_practice.relname(parent) || '_p' || to_char(at, pattern);
      range_from_value := CASE key_type WHEN 'date'::regtype THEN at::date::text WHEN 'timestamp'::regtype THEN at::timestamp::text ELSE at::text END;
      range_to_value := CASE key_type WHEN 'date'::regtype THEN following::date::text WHEN 'timestamp'::regtype THEN following::timestamp::text ELSE following::text END;
      RETURN NEXT;
    END IF;
    at := following;
  END LOOP;
END $$;

CREATE PROCEDURE pg_catalog.drop_old_time_partitions(IN table_name regclass, IN older_than timestamptz)
LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  PERFORM pg_citus_practice.time_key(table_name, table_name::text);
  FOR r IN SELECT partition, from_value, to_value FROM pg_catalog.time_partitions
           WHERE parent_table = table_name AND to_value IS NOT NULL AND to_value::timestamptz <= older_than ORDER BY to_value::timestamptz LOOP
    RAISE NOTICE 'dropping % with start time % and end time %',
      (SELECT pg_catalog.quote_ident(relname) FROM pg_catalog.pg_class WHERE oid = r.partition), r.from_value, r.to_value;
    EXECUTE pg_catalog.format('DROP TABLE %s', r.partition);
  END LOOP;
END $$;
