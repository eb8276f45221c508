-- Making tables distributed, reference, local in the metadata; and undoing it.

-- ---------------------------------------------------------------------------------------------------
-- Names

-- The name of a shard, or of a key or index on it. Names that would grow past 63 bytes are cut and
-- carry a hash of the whole, as Citus does it.
CREATE FUNCTION pg_citus_practice.shard_relname(base text, shardid bigint) RETURNS name
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog AS $$
DECLARE
  suffix text := '_' || shardid;
  room int := 64 - length(suffix) - 10;
  head text := base;
BEGIN
  IF octet_length(base) < 64 - length(suffix) THEN RETURN base || suffix; END IF;
  WHILE octet_length(head) > room LOOP head := left(head, -1); END LOOP;
  RETURN head || '_' || lpad(to_hex(hashtext(base COLLATE "C")), 8, '0') || suffix;
END $$;

CREATE FUNCTION pg_citus_practice.qualified(rel oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rel
$$;
CREATE FUNCTION pg_citus_practice.qualified_shard(rel oid, shardid bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT format('%I.%I', n.nspname, pg_citus_practice.shard_relname(c.relname, shardid))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rel
$$;
CREATE FUNCTION pg_citus_practice.relname(rel oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS 'SELECT relname::text FROM pg_class WHERE oid = rel';

-- ---------------------------------------------------------------------------------------------------
-- Routing: the hash Citus uses, and an operator family that makes PostgreSQL route by it

-- The default hash operator class of a type: what Citus hashes with.
CREATE FUNCTION pg_citus_practice.hash_class(typeid oid, OUT opcfamily oid, OUT opcintype oid) RETURNS record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  base oid := typeid;
  t pg_type;
BEGIN
  LOOP
    SELECT * INTO t FROM pg_type WHERE oid = base;
    EXIT WHEN t.typtype <> 'd';
    base := t.typbasetype;
  END LOOP;
  SELECT c.opcfamily, c.opcintype INTO opcfamily, opcintype
  FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod
  WHERE a.amname = 'hash' AND c.opcdefault AND c.opcintype = ANY (ARRAY[base,
    CASE WHEN base = 'varchar'::regtype THEN 'text'::regtype END,
    CASE WHEN t.typtype = 'e' THEN 'anyenum'::regtype END,
    CASE WHEN t.typtype = 'r' THEN 'anyrange'::regtype END,
    CASE WHEN t.typtype = 'm' THEN 'anymultirange'::regtype END,
    CASE WHEN t.typtype = 'c' THEN 'record'::regtype END,
    CASE WHEN t.typsubscript = 'array_subscript_handler'::regproc THEN 'anyarray'::regtype END]::oid[])
  ORDER BY (c.opcintype = base) DESC LIMIT 1;
END $$;

-- The hash function of one type of a family, callable with that very type: where PostgreSQL lends a
-- function of another type (date hashed by hashint4 in older servers), a namesake with the right
-- argument is made of the same built-in.
CREATE FUNCTION pg_citus_practice.hash_function(family oid, typeid oid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on' AS $$
DECLARE
  p record;
  made text;
BEGIN
  SELECT f.oid, f.proname, n.nspname, f.prosrc, f.prolang, f.proargtypes[0] AS argument INTO p
  FROM pg_amproc a JOIN pg_proc f ON f.oid = a.amproc JOIN pg_namespace n ON n.oid = f.pronamespace
  WHERE a.amprocfamily = family AND a.amproclefttype = typeid AND a.amprocrighttype = typeid AND a.amprocnum = 1;
  IF p.oid IS NULL THEN RETURN NULL; END IF;
  IF p.argument = typeid OR EXISTS (SELECT FROM pg_cast WHERE castsource = typeid AND casttarget = p.argument AND castmethod = 'b') THEN
    RETURN format('%I.%I', p.nspname, p.proname);
  END IF;
  made := format('pg_citus_practice.%I', 'hash_of_' || typeid);
  IF to_regproc(made) IS NULL THEN
    EXECUTE format('CREATE FUNCTION %s(%s) RETURNS int LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS %L',
      made, format_type(typeid, NULL), p.prosrc);
  END IF;
  RETURN made;
END $$;

CREATE FUNCTION pg_citus_practice.base_type(typeid oid) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  WITH RECURSIVE t AS (
    SELECT oid, typtype, typbasetype FROM pg_type WHERE oid = typeid
    UNION ALL SELECT b.oid, b.typtype, b.typbasetype FROM t JOIN pg_type b ON b.oid = t.typbasetype WHERE t.typtype = 'd')
  SELECT oid FROM t WHERE typtype <> 'd'
$$;
CREATE FUNCTION pg_citus_practice.spoken_type(typeid oid, concrete oid) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog AS
$$SELECT CASE WHEN typtype = 'p' THEN concrete ELSE typeid END FROM pg_type WHERE oid = typeid$$;

-- Makes, or finds, the operator class that sends a value to the index of its shard. PostgreSQL adds
-- 5305509591434766563 (its hash-combining constant) to what support function 2 answers and takes the
-- remainder, so the function answers the index less that constant. The members for the family's other
-- types are what lets "bigint_column = 7" be pruned, 7 being an integer.
CREATE FUNCTION pg_citus_practice.ensure_router(of_colocation int, of_type oid, of_collation oid, of_mins int[]) RETURNS name
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET client_min_messages = warning AS $$
DECLARE
  known pg_citus_practice.router;
  made name;
  class record;
  f record;
  -- of a polymorphic family (enums, arrays, ranges) the function is made for the very type: PostgreSQL
  -- calls it without saying which type it has in hand
  concrete oid := pg_citus_practice.base_type(of_type);
BEGIN
  SELECT * INTO known FROM pg_citus_practice.router WHERE colocationid = of_colocation;
  IF known.mins = of_mins AND known.typeid = of_type
     AND EXISTS (SELECT FROM pg_opclass WHERE opcname = known.opclass AND opcnamespace = 'pg_citus_practice'::regnamespace) THEN
    RETURN known.opclass;
  END IF;
  SELECT * INTO class FROM pg_citus_practice.hash_class(of_type);
  -- a name never used before: tables may still stand on the family of an older layout
  made := 'route_' || of_colocation;
  WHILE EXISTS (SELECT FROM pg_opfamily WHERE opfname = made AND opfnamespace = 'pg_citus_practice'::regnamespace) LOOP
    made := 'route_' || of_colocation || '_' || (coalesce(substring(made FROM '^route_\d+_(\d+)$')::int, 1) + 1);
  END LOOP;
  EXECUTE format('CREATE OPERATOR FAMILY pg_citus_practice.%I USING hash', made);
  FOR f IN SELECT DISTINCT amproclefttype AS t FROM pg_amproc
           WHERE amprocfamily = class.opcfamily AND amprocnum = 1 AND amproclefttype = amprocrighttype LOOP
    EXECUTE format($f$CREATE FUNCTION pg_citus_practice.%I(%s, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $body$SELECT pg_catalog.width_bucket(%s($1), %L::int[])::bigint - 1 - 5305509591434766563$body$ $f$,
      made, format_type(pg_citus_practice.spoken_type(f.t, concrete), -1), pg_citus_practice.hash_function(class.opcfamily, f.t), of_mins);
  END LOOP;
  EXECUTE format('CREATE OPERATOR CLASS pg_citus_practice.%I FOR TYPE %s USING hash FAMILY pg_citus_practice.%I AS
                    OPERATOR 1 %s, FUNCTION 1 (%2$s, %2$s) %5$s(%6$s), FUNCTION 2 (%2$s, %2$s) pg_citus_practice.%3$I(%7$s, bigint)',
    made, format_type(class.opcintype, -1), made,
    (SELECT format('%I.%s (%s, %s)', n.nspname, o.oprname, format_type(amoplefttype, NULL), format_type(amoprighttype, NULL))
     FROM pg_amop a JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace
     WHERE a.amopfamily = class.opcfamily AND a.amopstrategy = 1
       AND a.amoplefttype = class.opcintype AND a.amoprighttype = class.opcintype),
    pg_citus_practice.hash_function(class.opcfamily, class.opcintype),
    format_type((SELECT p.proargtypes[0] FROM pg_amproc ap JOIN pg_proc p ON p.oid = ap.amproc
                 WHERE ap.amprocfamily = class.opcfamily AND ap.amproclefttype = class.opcintype
                   AND ap.amprocrighttype = class.opcintype AND ap.amprocnum = 1), -1),
    format_type(pg_citus_practice.spoken_type(class.opcintype, concrete), -1));
  FOR f IN SELECT amoplefttype AS l, amoprighttype AS r, n.nspname, o.oprname
           FROM pg_amop a JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace
           WHERE a.amopfamily = class.opcfamily AND a.amopstrategy = 1
             AND NOT (amoplefttype = class.opcintype AND amoprighttype = class.opcintype) LOOP
    EXECUTE format('ALTER OPERATOR FAMILY pg_citus_practice.%I USING hash ADD OPERATOR 1 %I.%s (%s, %s)',
      made, f.nspname, f.oprname, format_type(f.l, NULL), format_type(f.r, NULL));
  END LOOP;
  FOR f IN SELECT amproclefttype AS t FROM pg_amproc
           WHERE amprocfamily = class.opcfamily AND amprocnum = 1 AND amproclefttype = amprocrighttype
             AND amproclefttype <> class.opcintype LOOP
    EXECUTE format('ALTER OPERATOR FAMILY pg_citus_practice.%I USING hash ADD FUNCTION 2 (%s, %s) pg_citus_practice.%I(%s, bigint)',
      made, format_type(f.t, -1), format_type(f.t, -1), made, format_type(pg_citus_practice.spoken_type(f.t, concrete), -1));
  END LOOP;
  INSERT INTO pg_citus_practice.router VALUES (of_colocation, of_type, of_collation, made, of_mins)
  ON CONFLICT (colocationid) DO UPDATE SET typeid = EXCLUDED.typeid, collationid = EXCLUDED.collationid,
    opclass = EXCLUDED.opclass, mins = EXCLUDED.mins;
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.ensure_router(int, oid, oid, int[]) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.shard_mins(relid oid) RETURNS int[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS
'SELECT array_agg(shardminvalue::int ORDER BY shardminvalue::int) FROM pg_dist_shard WHERE logicalrelid = relid';

-- ---------------------------------------------------------------------------------------------------
-- What a table looks like, as data

CREATE FUNCTION pg_citus_practice.columns_of(rel oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT jsonb_agg(jsonb_build_object(
    'name', a.attname, 'attnum', a.attnum, 'type', format_type(a.atttypid, a.atttypmod), 'notnull', a.attnotnull,
    'collation', CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0
                      THEN (SELECT format('%I.%I', n.nspname, c.collname) FROM pg_collation c
                            JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.oid = a.attcollation) END,
    'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'virtual', a.attgenerated = 'v',
    'identity', nullif(a.attidentity, ''),
    'numbers', (SELECT format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s', q.seqstart, q.seqincrement,
                              q.seqmin, q.seqmax, q.seqcache, CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END)
                FROM pg_depend o JOIN pg_sequence q ON q.seqrelid = o.objid
                WHERE a.attidentity <> '' AND o.deptype = 'i' AND o.classid = 'pg_class'::regclass
                  AND o.refclassid = 'pg_class'::regclass AND o.refobjid = rel AND o.refobjsubid = a.attnum)) ORDER BY a.attnum)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = rel AND a.attnum > 0 AND NOT a.attisdropped
$$;

-- The sequences a table draws from: serial columns and defaults that call nextval.
CREATE FUNCTION pg_citus_practice.sequences_of(rel oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('schema', n.nspname, 'name', s.relname,
                  'type', format_type(q.seqtypid, NULL), 'column', a.attname,
                  'owned', EXISTS (SELECT FROM pg_depend o WHERE o.classid = 'pg_class'::regclass AND o.objid = s.oid
                                   AND o.refclassid = 'pg_class'::regclass AND o.refobjid = rel AND o.deptype = 'a'))), '[]')
  FROM pg_attrdef ad
  JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = ad.oid AND d.refclassid = 'pg_class'::regclass
  JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
  JOIN pg_sequence q ON q.seqrelid = s.oid
  JOIN pg_namespace n ON n.oid = s.relnamespace
  JOIN pg_attribute a ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
  WHERE ad.adrelid = rel
$$;

CREATE FUNCTION pg_citus_practice.table_spec(rel oid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT jsonb_build_object(
    'schema', n.nspname, 'name', c.relname, 'owner', pg_get_userbyid(c.relowner), 'schema_owner', pg_get_userbyid(n.nspowner),
    'role', pg_citus_practice.role_spec(c.relowner),
    'shape', s.shape, 'accessmethod', s.accessmethod,
    'columns', pg_citus_practice.columns_of(rel),
    'sequences', pg_citus_practice.sequences_of(rel),
    'types', pg_citus_practice.types_of(rel),
    'key', pg_citus_practice.key_column(rel),
    'router', (SELECT jsonb_build_object('type', format_type(r.typeid, NULL), 'mins', to_jsonb(r.mins), 'colocationid', r.colocationid)
               FROM pg_citus_practice.router r WHERE r.colocationid = p.colocationid AND s.shape = 'h'),
    'partkey', CASE WHEN s.shape = 'p' THEN pg_get_partkeydef(rel) END,
    'parent', (SELECT pg_citus_practice.qualified(i.inhparent) FROM pg_inherits i WHERE i.inhrelid = rel),
    'bound', pg_get_expr(c.relpartbound, c.oid),
    'partition', to_jsonb(p),
    'shards', (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.shardid), '[]') FROM pg_dist_shard d WHERE d.logicalrelid = rel),
    'placements', (SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.placementid), '[]')
                   FROM pg_dist_placement l JOIN pg_dist_shard d USING (shardid) WHERE d.logicalrelid = rel))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_dist_partition p ON p.logicalrelid = c.oid
  JOIN pg_citus_practice.shell s ON s.relid = c.oid
  WHERE c.oid = rel
$$;
REVOKE ALL ON FUNCTION pg_citus_practice.table_spec(oid) FROM PUBLIC;

-- Enums, domains and composites of a table's columns, as commands that make them elsewhere.
CREATE FUNCTION pg_citus_practice.types_of(rel oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('schema', n.nspname, 'name', format('%I.%I', n.nspname, t.typname), 'command',
    CASE t.typtype
      WHEN 'e' THEN format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
        (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
      WHEN 'd' THEN format('CREATE DOMAIN %I.%I AS %s%s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod),
        CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END)
      WHEN 'c' THEN format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
        (SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
         FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped))
    END)), '[]')
  FROM pg_attribute a
  JOIN pg_type u ON u.oid = a.atttypid
  JOIN pg_type t ON t.oid = CASE WHEN u.typelem <> 0 AND u.typcategory = 'A' THEN u.typelem ELSE u.oid END
  JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE a.attrelid = rel AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype IN ('e', 'd', 'c') AND t.oid >= 16384
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e')
$$;

CREATE FUNCTION pg_citus_practice.key_column(rel oid) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT a.attname FROM pg_dist_partition p
  JOIN pg_attribute a ON a.attrelid = p.logicalrelid AND a.attnum = substring(p.partkey FROM ':varattno (\d+) ')::int
  WHERE p.logicalrelid = rel
$$;

CREATE FUNCTION pg_catalog.column_to_column_name(table_name regclass, column_var_text text) RETURNS text
LANGUAGE sql STRICT SET search_path = pg_catalog AS $$
  SELECT attname::text FROM pg_attribute
  WHERE attrelid = table_name AND attnum = substring(column_var_text FROM ':varattno (\d+) ')::int
$$;
-- The text of a PostgreSQL expression node, as Citus keeps it, so that a reader of pg_dist_partition.partkey finds the form that Citus writes.
CREATE FUNCTION pg_catalog.column_name_to_column(table_name regclass, column_name text) RETURNS text
LANGUAGE plpgsql STRICT SET search_path = pg_catalog AS $$
DECLARE a pg_attribute;
BEGIN
  SELECT * INTO a FROM pg_attribute WHERE attrelid = table_name AND attname = column_name AND NOT attisdropped AND attnum > 0;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'column "%" of relation "%" does not exist', column_name, pg_citus_practice.relname(table_name) USING ERRCODE = '42703';
  END IF;
  RETURN format('{VAR :varno 1 :varattno %1$s :vartype %2$s :vartypmod %3$s :varcollid %4$s :varnullingrels (b) :varlevelsup 0 :varnosyn 1 :varattnosyn %1$s :location -1}',
                a.attnum, a.atttypid, a.atttypmod, a.attcollation);
END $$;

-- ---------------------------------------------------------------------------------------------------
-- Shells

CREATE FUNCTION pg_citus_practice.column_clause(c jsonb, for_shell boolean, of_group int DEFAULT 0) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT format('%I %s', c->>'name', c->>'type')
    || coalesce(' COLLATE ' || (c->>'collation'), '')
    || CASE
         WHEN c->>'generated' IS NOT NULL
           THEN format(' GENERATED ALWAYS AS (%s) %s', c->>'generated', CASE WHEN (c->>'virtual')::boolean THEN 'VIRTUAL' ELSE 'STORED' END)
         WHEN NOT for_shell THEN ''
         WHEN c->>'identity' IS NOT NULL
           THEN format(' GENERATED %s AS IDENTITY%s', CASE c->>'identity' WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
             -- every node draws from a range of its own
             CASE WHEN of_group = 0 THEN format(' (%s)', c->>'numbers')
                  WHEN c->>'type' = 'bigint' THEN format(' (START %s MINVALUE %1$s)', (of_group::bigint << 48) + 1)
                  WHEN c->>'type' = 'integer' THEN format(' (START %s MINVALUE %1$s)', (of_group::bigint << 28) + 1) ELSE '' END)
         WHEN c->>'default' IS NOT NULL THEN ' DEFAULT ' || (c->>'default')
         ELSE '' END
    || CASE WHEN (c->>'notnull')::boolean THEN ' NOT NULL' ELSE '' END
$$;

-- The shell itself, still without partitions.
CREATE FUNCTION pg_citus_practice.make_shell(spec jsonb) RETURNS oid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET client_min_messages = warning AS $$
DECLARE
  shell_name text := format('%I.%I', spec->>'schema', spec->>'name');
  opclass name;
  partition_by text;
  made oid;
  here int := pg_citus_practice.local_group();
BEGIN
  CASE spec->>'shape'
    WHEN 'h' THEN
      opclass := pg_citus_practice.ensure_router((spec->'router'->>'colocationid')::int, (spec->'router'->>'type')::regtype,
        0, ARRAY(SELECT jsonb_array_elements_text(spec->'router'->'mins')::int));
      partition_by := format('HASH (%I pg_citus_practice.%I)', spec->>'key', opclass);
    WHEN 'p' THEN partition_by := spec->>'partkey';
    -- see 48-append.sql
    WHEN 'e' THEN partition_by := format('LIST (pg_citus_practice.first_shard(%I IS NULL))', spec->'columns'->0->>'name');
    -- any expression does: there is one partition, and it is the default
    ELSE partition_by := format('LIST ((%I IS NULL))', spec->'columns'->0->>'name');
  END CASE;
  IF spec->>'parent' IS NOT NULL THEN
    EXECUTE format('CREATE TABLE %s PARTITION OF %s %s PARTITION BY %s', shell_name, spec->>'parent', spec->>'bound', partition_by);
  ELSE
    EXECUTE format('CREATE TABLE %s (%s) PARTITION BY %s', shell_name,
      (SELECT string_agg(pg_citus_practice.column_clause(c, true, here), ', ' ORDER BY (c->>'attnum')::int)
       FROM jsonb_array_elements(spec->'columns') c), partition_by);
  END IF;
  made := shell_name::regclass;
  INSERT INTO pg_citus_practice.shell (relid, shape, accessmethod) VALUES (made, (spec->>'shape')::"char", spec->>'accessmethod');
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = spec->>'owner') AND spec->>'owner' <> current_user THEN
    EXECUTE format('ALTER TABLE %s OWNER TO %I', shell_name, spec->>'owner');
  END IF;
  IF spec->>'key' IS NOT NULL THEN
    EXECUTE format('CREATE TRIGGER citus_practice_key_stays BEFORE UPDATE OF %I ON %s
                    FOR EACH STATEMENT EXECUTE FUNCTION pg_citus_practice.key_stays()', spec->>'key', shell_name);
  END IF;
  IF spec->>'shape' = 'e' THEN
    EXECUTE format('CREATE TRIGGER citus_practice_shards_exist BEFORE INSERT ON %s
                    FOR EACH STATEMENT EXECUTE FUNCTION pg_citus_practice.shards_exist()', shell_name);
  END IF;
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.make_shell(jsonb) FROM PUBLIC;

-- The foreign table that stands for a shard.
CREATE FUNCTION pg_citus_practice.window_name(rel oid, of_shard bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS
$$SELECT format('pg_citus_practice.%I', pg_citus_practice.shard_relname(pg_citus_practice.relname(rel), of_shard))$$;

-- Hangs the shards of a shell into it, as this node's catalogs say.
CREATE FUNCTION pg_citus_practice.attach_shards(rel oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET client_min_messages = warning AS $$
DECLARE
  shell pg_citus_practice.shell;
  shell_name text := pg_citus_practice.qualified(rel);
  schema_name text;
  s record;
  total int;
  here int := pg_citus_practice.local_group();
BEGIN
  SELECT * INTO shell FROM pg_citus_practice.shell WHERE relid = rel;
  SELECT n.nspname INTO schema_name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rel;
  IF shell.shape = 'h' THEN
    SELECT count(*) INTO total FROM pg_dist_shard WHERE logicalrelid = rel;
    FOR s IN
      SELECT d.shardid, row_number() OVER (ORDER BY d.shardminvalue::int) - 1 AS index,
             (SELECT groupid FROM pg_dist_placement p WHERE p.shardid = d.shardid ORDER BY placementid LIMIT 1) AS groupid
      FROM pg_dist_shard d WHERE d.logicalrelid = rel ORDER BY 2
    LOOP
      EXECUTE format('CREATE FOREIGN TABLE %s PARTITION OF %s FOR VALUES WITH (MODULUS %s, REMAINDER %s)
                      SERVER %I OPTIONS (schema_name %L, table_name %L)',
        pg_citus_practice.window_name(rel, s.shardid), shell_name, total, s.index, 'citus_group_' || s.groupid,
        schema_name, pg_citus_practice.shard_relname(pg_citus_practice.relname(rel), s.shardid));
    END LOOP;
  ELSIF shell.shape = 'o' THEN
    SELECT d.shardid, (SELECT groupid FROM pg_dist_placement p WHERE p.shardid = d.shardid
                       ORDER BY groupid = here DESC, placementid LIMIT 1) AS groupid,
           part.repmodel = 't' AS reference, part.colocationid = 0 AS local INTO s
    FROM pg_dist_shard d JOIN pg_dist_partition part USING (logicalrelid) WHERE d.logicalrelid = rel;
    IF NOT FOUND THEN RETURN; END IF;
    IF s.groupid = here AND (s.reference OR s.local) THEN
      EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', shell_name, pg_citus_practice.qualified_shard(rel, s.shardid));
    ELSE
      EXECUTE format('CREATE FOREIGN TABLE %s PARTITION OF %s DEFAULT SERVER %I OPTIONS (schema_name %L, table_name %L)',
        pg_citus_practice.window_name(rel, s.shardid), shell_name, 'citus_group_' || s.groupid,
        schema_name, pg_citus_practice.shard_relname(pg_citus_practice.relname(rel), s.shardid));
    END IF;
    IF s.reference THEN PERFORM pg_citus_practice.make_reference_triggers(rel); END IF;
  ELSIF shell.shape = 'e' THEN
    FOR s IN SELECT d.shardid, row_number() OVER (ORDER BY d.shardid) AS place, l.groupid
             FROM pg_dist_shard d JOIN pg_dist_placement l USING (shardid) WHERE d.logicalrelid = rel ORDER BY 1 LOOP
      CONTINUE WHEN to_regclass(pg_citus_practice.window_name(rel, s.shardid)) IS NOT NULL;
      EXECUTE format('CREATE FOREIGN TABLE %s PARTITION OF %s %s SERVER %I OPTIONS (schema_name %L, table_name %L)',
        pg_citus_practice.window_name(rel, s.shardid), shell_name,
        CASE WHEN s.place = 1 THEN 'DEFAULT' ELSE format('FOR VALUES IN (%s)', s.shardid) END, 'citus_group_' || s.groupid,
        schema_name, pg_citus_practice.shard_relname(pg_citus_practice.relname(rel), s.shardid));
    END LOOP;
  END IF;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.attach_shards(oid) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.key_given() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'cannot perform an INSERT with NULL in the partition column' USING ERRCODE = '22004';
END $$;
CREATE FUNCTION pg_citus_practice.key_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'modifying the partition value of rows is not allowed' USING ERRCODE = '0A000';
END $$;

-- A shell on a node other than the coordinator, with its metadata.
CREATE FUNCTION pg_citus_practice.receive_table(spec jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET citus_practice.applying = 'on' SET client_min_messages = warning AS $$
DECLARE
  q jsonb;
  made oid;
  here int := pg_citus_practice.local_group();
BEGIN
  PERFORM pg_citus_practice.ensure_role(spec->'role'->>'name', spec->'role'->'flags', spec->'role'->>'password');
  PERFORM pg_citus_practice.ensure_schema(spec->>'schema', spec->>'schema_owner');
  FOR q IN SELECT * FROM jsonb_array_elements(spec->'types') LOOP
    PERFORM pg_citus_practice.ensure_schema(q->>'schema', 'postgres');
    IF to_regtype(q->>'name') IS NULL THEN EXECUTE q->>'command'; END IF;
  END LOOP;
  FOR q IN SELECT * FROM jsonb_array_elements(spec->'sequences') LOOP
    PERFORM pg_citus_practice.ensure_schema(q->>'schema', 'postgres');
    IF to_regclass(format('%I.%I', q->>'schema', q->>'name')) IS NULL THEN
      EXECUTE format('CREATE SEQUENCE %I.%I AS %s%s', q->>'schema', q->>'name', q->>'type',
        CASE q->>'type' WHEN 'bigint' THEN format(' MINVALUE %s', (here::bigint << 48) + 1)
                        WHEN 'integer' THEN format(' MINVALUE %s', (here::bigint << 28) + 1) ELSE '' END);
    END IF;
  END LOOP;
  IF to_regclass(format('%I.%I', spec->>'schema', spec->>'name')) IS NOT NULL THEN
    RAISE EXCEPTION 'relation "%" already exists', spec->>'name' USING ERRCODE = '42P07';
  END IF;
  made := pg_citus_practice.make_shell(spec);
  PERFORM pg_citus_practice.apply_metadata('pg_dist_partition', 'INSERT', jsonb_build_array(spec->'partition'));
  PERFORM pg_citus_practice.apply_metadata('pg_dist_shard', 'INSERT', spec->'shards');
  PERFORM pg_citus_practice.apply_metadata('pg_dist_placement', 'INSERT', spec->'placements');
  PERFORM pg_citus_practice.attach_shards(made);
  FOR q IN SELECT * FROM jsonb_array_elements(spec->'sequences') LOOP
    IF (q->>'owned')::boolean THEN
      EXECUTE format('ALTER SEQUENCE %I.%I OWNED BY %I.%I.%I', q->>'schema', q->>'name', spec->>'schema', spec->>'name', q->>'column');
    END IF;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.receive_table(jsonb) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- Reference tables: written where one stands, and in the same transaction on every other node

CREATE FUNCTION pg_citus_practice.make_reference_triggers(rel oid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE shell_name text := pg_citus_practice.qualified(rel);
BEGIN
  IF NOT EXISTS (SELECT FROM pg_dist_placement JOIN pg_dist_shard USING (shardid)
                 WHERE logicalrelid = rel AND groupid = pg_citus_practice.local_group()) THEN RETURN; END IF;
  EXECUTE format('CREATE TRIGGER citus_practice_spread_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows
                  FOR EACH STATEMENT EXECUTE FUNCTION pg_citus_practice.spread_rows()', shell_name);
  EXECUTE format('CREATE TRIGGER citus_practice_spread_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
                  FOR EACH STATEMENT EXECUTE FUNCTION pg_citus_practice.spread_rows()', shell_name);
  EXECUTE format('CREATE TRIGGER citus_practice_spread_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows
                  FOR EACH STATEMENT EXECUTE FUNCTION pg_citus_practice.spread_rows()', shell_name);
  EXECUTE format('CREATE TRIGGER citus_practice_spread_truncate AFTER TRUNCATE ON %s
                  FOR EACH STATEMENT EXECUTE FUNCTION pg_citus_practice.spread_rows()', shell_name);
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.make_reference_triggers(oid) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.spread_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET datestyle = 'ISO' SET intervalstyle = 'postgres'
SET extra_float_digits = 3 AS $$
DECLARE old_rows_sent jsonb; new_rows_sent jsonb; shard bigint; g int;
BEGIN
  -- both transition tables hold their rows in the same order, which is how old and new are paired
  IF TG_OP IN ('UPDATE', 'DELETE') THEN SELECT jsonb_agg(to_jsonb(o)) INTO old_rows_sent FROM old_rows o; END IF;
  IF TG_OP IN ('UPDATE', 'INSERT') THEN SELECT jsonb_agg(to_jsonb(n)) INTO new_rows_sent FROM new_rows n; END IF;
  IF TG_OP <> 'TRUNCATE' AND old_rows_sent IS NULL AND new_rows_sent IS NULL THEN RETURN NULL; END IF;
  SELECT shardid INTO shard FROM pg_dist_shard WHERE logicalrelid = TG_RELID;
  FOR g IN SELECT groupid FROM pg_dist_placement
           WHERE shardid = shard AND groupid <> pg_citus_practice.local_group() ORDER BY groupid LOOP
    PERFORM pg_citus_practice.on_group(g, format('SELECT pg_citus_practice.take_rows(%L, %L, %L, %L)',
      pg_citus_practice.qualified_shard(TG_RELID, shard), TG_OP, old_rows_sent, new_rows_sent));
  END LOOP;
  RETURN NULL;
END $$;

CREATE FUNCTION pg_citus_practice.take_rows(shard text, op text, old_rows jsonb, new_rows jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  rel oid := shard::regclass;
  stored text;
  changeable text;
  key_match text;
  i int;
BEGIN
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
         string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attidentity <> 'a') INTO stored, changeable
  FROM pg_attribute WHERE attrelid = rel AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
  SELECT string_agg(format('t.%I = o.%1$I', a.attname), ' AND ') INTO key_match
  FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey)
  WHERE x.indrelid = rel AND x.indisprimary;
  -- without a key rows are told apart by all they hold, and one of several equal ones is as good as another
  IF key_match IS NULL THEN
    key_match := 't.ctid = (SELECT u.ctid FROM ' || shard || ' u WHERE to_jsonb(u) = to_jsonb(o) LIMIT 1)';
  END IF;
  IF op = 'TRUNCATE' THEN
    EXECUTE 'TRUNCATE ' || shard;
  ELSIF op = 'INSERT' THEN
    EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM jsonb_populate_recordset(NULL::%1$s, $1)', shard, stored) USING new_rows;
  ELSE
    FOR i IN 0 .. jsonb_array_length(old_rows) - 1 LOOP
      IF op = 'DELETE' THEN
        EXECUTE format('DELETE FROM %s t USING jsonb_populate_record(NULL::%1$s, $1) o WHERE %s', shard, key_match) USING old_rows->i;
      ELSE
        EXECUTE format('UPDATE %s t SET (%s) = ROW(%s) FROM jsonb_populate_record(NULL::%1$s, $1) o, jsonb_populate_record(NULL::%1$s, $2) n WHERE %4$s',
          shard, changeable, (SELECT string_agg('n.' || quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
                              WHERE attrelid = rel AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity <> 'a'), key_match)
        USING old_rows->i, new_rows->i;
      END IF;
    END LOOP;
  END IF;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.take_rows(text, text, jsonb, jsonb) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------
-- Shards, as commands. Read from the twin, so only the coordinator can say them.

-- What a shard with this id is called and where its definition is.
CREATE FUNCTION pg_citus_practice.definition_of(rel oid) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog AS 'SELECT coalesce((SELECT twinid FROM pg_citus_practice.shell WHERE relid = rel), rel)';

-- An index of the twin, said for a shard.
CREATE FUNCTION pg_citus_practice.shard_index_sql(index_oid oid, shard text, of_shard bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT format('CREATE %sINDEX %I ON %s', CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END,
                pg_citus_practice.shard_relname(i.relname, of_shard), shard)
      || substr(pg_get_indexdef(index_oid), 1 + strpos(pg_get_indexdef(index_oid),
           format(' ON %s%I.%I USING ', CASE WHEN t.relkind = 'p' THEN 'ONLY ' ELSE '' END, n.nspname, t.relname))
           + length(format(' ON %s%I.%I', CASE WHEN t.relkind = 'p' THEN 'ONLY ' ELSE '' END, n.nspname, t.relname)) - 1)
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
  JOIN pg_namespace n ON n.oid = t.relnamespace
  WHERE x.indexrelid = index_oid
$$;

-- Everything about a shard but its foreign keys: those need every table of the group to be there.
CREATE FUNCTION pg_citus_practice.shard_create_sql(of_shard bigint) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  rel oid;
  def oid;
  shard text;
  sql text;
  c pg_class;
  parent_rel oid;
  parent_shard bigint;
  owner text;
BEGIN
  SELECT logicalrelid INTO rel FROM pg_dist_shard WHERE shardid = of_shard;
  def := pg_citus_practice.definition_of(rel);
  shard := pg_citus_practice.qualified_shard(rel, of_shard);
  SELECT * INTO c FROM pg_class WHERE oid = def;
  sql := format('CREATE TABLE %s (%s)%s;', shard,
    (SELECT string_agg(line, ', ' ORDER BY place) FROM (
       SELECT (x->>'attnum')::int AS place, pg_citus_practice.column_clause(x, false) AS line
       FROM jsonb_array_elements(pg_citus_practice.columns_of(def)) x
       UNION ALL
       SELECT 10000 + row_number() OVER (ORDER BY k.oid), format('CONSTRAINT %I %s',
         pg_citus_practice.shard_relname(k.conname, of_shard), pg_get_constraintdef(k.oid))
       FROM pg_constraint k WHERE k.conrelid = def AND k.contype IN ('p', 'u', 'c', 'x')) l),
    CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(def) ELSE '' END);
  sql := sql || coalesce((SELECT string_agg(pg_citus_practice.shard_index_sql(x.indexrelid, shard, of_shard) || ';', '' ORDER BY x.indexrelid)
    FROM pg_index x WHERE x.indrelid = def AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.conrelid = def)), '');
  IF c.relreplident <> 'd' THEN
    sql := sql || format('ALTER TABLE %s REPLICA IDENTITY %s;', shard, CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING'
      ELSE format('USING INDEX %I', pg_citus_practice.shard_relname(
        (SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = def AND x.indisreplident), of_shard)) END);
  END IF;
  IF c.relkind <> 'p' THEN
    -- see 89-right-shard.sql
    sql := sql || format('CREATE TRIGGER citus_practice_right_shard BEFORE UPDATE OR DELETE ON %s
                          FOR EACH STATEMENT EXECUTE FUNCTION pg_citus_practice.right_shard();', shard);
  END IF;
  owner := pg_get_userbyid(c.relowner);
  IF owner <> 'postgres' THEN
    sql := format('SELECT pg_citus_practice.ensure_role(%L, %L, %L);', owner,
                  pg_citus_practice.role_spec(c.relowner)->'flags', pg_citus_practice.role_spec(c.relowner)->>'password')
        || sql || format('ALTER TABLE %s OWNER TO %I;', shard, owner);
  END IF;
  -- PostgreSQL gives NULL the hash 0, so rows without a key arrive in the first shard and nowhere else.
  -- The check is there and not on the window: a window with a row trigger would be sent row by row.
  IF c.relkind = 'r' AND EXISTS (SELECT FROM pg_dist_shard WHERE shardid = of_shard AND shardminvalue = '-2147483648') THEN
    sql := sql || format('CREATE TRIGGER citus_practice_key_given BEFORE INSERT ON %s FOR EACH ROW WHEN (NEW.%I IS NULL)
                          EXECUTE FUNCTION pg_citus_practice.key_given();', shard, pg_citus_practice.key_column(rel));
  END IF;
  -- a partition hangs in the shard of its parent that has the same range; that of a local table hangs in the
  -- shell itself and cannot hang in two places
  SELECT i.inhparent INTO parent_rel FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
  JOIN pg_dist_partition d ON d.logicalrelid = rel AND (d.partmethod <> 'n' OR d.colocationid <> 0)
  WHERE i.inhrelid = rel AND p.relkind = 'p';
  IF parent_rel IS NOT NULL THEN
    SELECT o.shardid INTO parent_shard FROM pg_dist_shard o JOIN pg_dist_shard s ON s.shardid = of_shard
    WHERE o.logicalrelid = parent_rel AND o.shardminvalue IS NOT DISTINCT FROM s.shardminvalue;
    sql := sql || format('ALTER TABLE %s ATTACH PARTITION %s %s;', pg_citus_practice.qualified_shard(parent_rel, parent_shard), shard,
      (SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = def));
  END IF;
  RETURN sql;
END $$;

-- A foreign key of the twin, said for a shard: it points at the co-located shard of the other table. That of
-- a local table is on the coordinator alone, so the copies of a reference table on other nodes do without.
CREATE FUNCTION pg_citus_practice.shard_foreign_key_sql(constraint_oid oid, rel oid, of_shard bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT CASE WHEN p.partmethod = 'n' AND p.repmodel <> 't' AND p.colocationid = 0
              THEN format('DO %L;', format('BEGIN IF to_regclass(%L) IS NOT NULL THEN %s END IF; END', d.target, d.command))
              ELSE d.command END
  FROM pg_constraint k
  JOIN pg_citus_practice.shell other ON other.twinid = k.confrelid
  JOIN pg_dist_partition p ON p.logicalrelid = other.relid
  JOIN pg_dist_shard self ON self.shardid = of_shard
  JOIN pg_dist_shard target ON target.logicalrelid = other.relid
   AND (target.shardminvalue IS NULL OR target.shardminvalue = self.shardminvalue)
  CROSS JOIN LATERAL (SELECT pg_get_constraintdef(k.oid) AS def, pg_citus_practice.qualified(k.confrelid) AS aim,
                             pg_citus_practice.qualified_shard(other.relid, target.shardid) AS shard) t
  CROSS JOIN LATERAL (SELECT t.shard AS target, format('ALTER TABLE %s ADD CONSTRAINT %I %s;', pg_citus_practice.qualified_shard(rel, of_shard),
           pg_citus_practice.shard_relname(k.conname, of_shard),
           overlay(t.def PLACING t.shard FROM strpos(t.def, ' REFERENCES ' || t.aim || '(') + 12 FOR length(t.aim))) AS command) d
  WHERE k.oid = constraint_oid
$$;
CREATE FUNCTION pg_citus_practice.shard_foreign_keys_sql(of_shard bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT coalesce(string_agg(pg_citus_practice.shard_foreign_key_sql(k.oid, s.logicalrelid, of_shard), '' ORDER BY k.oid), '')
  FROM pg_dist_shard s JOIN pg_constraint k ON k.conrelid = pg_citus_practice.definition_of(s.logicalrelid)
  WHERE s.shardid = of_shard AND k.contype = 'f' AND k.conparentid = 0
$$;
REVOKE ALL ON FUNCTION pg_citus_practice.shard_create_sql(bigint), pg_citus_practice.shard_foreign_key_sql(oid, oid, bigint),
  pg_citus_practice.shard_foreign_keys_sql(bigint) FROM PUBLIC;

-- Runs, on every node that holds a shard of the table, what "said" makes of each shard.
-- A shard of a reference or local table on this node is worked on directly, every other one through
-- the channel, so that one session per node does all the work of a transaction.
CREATE FUNCTION pg_citus_practice.on_shards(rel oid, commands jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET citus_practice.internal = 'on'
SET client_min_messages = warning AS $$
DECLARE
  r record;
  direct boolean;
BEGIN
  SELECT p.repmodel = 't' OR (p.partmethod = 'n' AND p.colocationid = 0) INTO direct FROM pg_dist_partition p WHERE p.logicalrelid = rel;
  FOR r IN
    SELECT p.groupid, string_agg(commands->>(s.shardid::text), ' ' ORDER BY s.shardid) AS sql
    FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
    WHERE s.logicalrelid = rel GROUP BY p.groupid ORDER BY p.groupid
  LOOP
    CONTINUE WHEN coalesce(r.sql, '') = '';
    IF r.groupid = pg_citus_practice.local_group() AND direct THEN
      EXECUTE r.sql;
    ELSE
      PERFORM pg_citus_practice.on_group(r.groupid, r.sql);
    END IF;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.on_shards(oid, jsonb) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.make_shards(rel oid, only_shard bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE schema_name text; schema_owner text; g int;
BEGIN
  SELECT n.nspname, pg_get_userbyid(n.nspowner) INTO schema_name, schema_owner
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rel;
  PERFORM pg_citus_practice.on_shards(rel, (SELECT jsonb_object_agg(s.shardid::text,
    CASE WHEN schema_name <> 'public' THEN format('SELECT pg_citus_practice.ensure_schema(%L, %L);', schema_name, schema_owner) ELSE '' END
    || (SELECT coalesce(string_agg(format('SELECT pg_citus_practice.make_type(%L, %L, %L) WHERE to_regtype(%1$L) IS NULL;',
          t->>'name', t->>'schema', t->>'command'), ''), '') FROM jsonb_array_elements(pg_citus_practice.types_of(pg_citus_practice.definition_of(rel))) t)
    || pg_citus_practice.shard_create_sql(s.shardid) || pg_citus_practice.shard_foreign_keys_sql(s.shardid))
    FROM pg_dist_shard s WHERE s.logicalrelid = rel AND (only_shard IS NULL OR s.shardid = only_shard)));
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.make_shards(oid, bigint) FROM PUBLIC;

CREATE FUNCTION pg_citus_practice.make_type(type_name text, schema_name text, command text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_citus_practice.ensure_schema(schema_name, 'postgres');
  EXECUTE command;
END $$;
REVOKE ALL ON FUNCTION pg_citus_practice.make_type(text, text, text) FROM PUBLIC;
