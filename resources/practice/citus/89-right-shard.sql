-- PostgreSQL 18 (18.4 at least) mixes up the foreign tables of an UPDATE or DELETE whose partitions are
-- pruned only when it starts to run: rows are found in the right shard and changed, by their ctid, in
-- another one. That happens where the distribution column is compared with what is only known then, as
-- current_setting('app.tenant')::bigint, or with a parameter of a generic plan; settings.conf switches the
-- latter off, and this refuses the former.
--
-- How a shard can tell: a row that is changed by its ctid was read FOR UPDATE before, in the same
-- transaction of the same session, which left a lock on the shard it was read from.
CREATE FUNCTION pg_citus_practice.right_shard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  -- asked once a transaction: looking through pg_locks takes a millisecond
  known constant text := 'citus_practice.read_' || TG_RELID;
  verb constant text := CASE TG_OP WHEN 'UPDATE' THEN 'UPDATE' ELSE 'DELETE FROM' END;
BEGIN
  IF strpos(current_query(), ' WHERE ctid = $1') > 0
     AND starts_with(current_query(), format('%s %I.%I ', verb, TG_TABLE_SCHEMA, TG_TABLE_NAME))
     AND current_setting(known, true) IS DISTINCT FROM 'on'
  THEN
    IF NOT EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = TG_RELID AND mode = 'RowShareLock') THEN
      RAISE EXCEPTION 'an UPDATE or DELETE that finds its shard only while it runs is not supported by the practice emulator'
        USING ERRCODE = '0A000', HINT = 'Write the value of the distribution column into the statement, or pass it as a parameter.';
    END IF;
    PERFORM set_config(known, 'on', true);
  END IF;
  RETURN NULL;
END $$;
