-- The catalogs of the emulator.
--
-- Two groups of objects:
--
--   pg_catalog, citus, citus_internal   what Citus 13.2.2 shows, with its names, columns and types.
--   pg_citus_practice                   what the emulator needs for itself. The "pg_" prefix makes
--                                       tools treat the schema as a system schema.
--
-- HOW A DISTRIBUTED TABLE IS BUILT
--   shell   the table people see. A partitioned table whose partitions are foreign tables (one per
--           shard, in pg_citus_practice, named like the shard). PostgreSQL plans, prunes, pushes down.
--   shard   an ordinary table "name_shardid" on a node, in the same schema as the shell.
--   twin    the original local table, emptied, kept in a schema of its own (pg_citus_twin_<oid>) on
--           the coordinator. PostgreSQL refuses unique and foreign keys on a partitioned table with
--           foreign partitions, so the twin is where keys, checks, indexes and policies live.
--           DDL on the shell is run against the twin first (see 60-ddl-triggers.sql).
--
-- WHERE KEYS ARE READ
--   pg_catalog.citus_practice_keys(relid, name, contype, definition, columns, referenced, indexrelid)
--   pg_catalog.citus_practice_indexes(relid, name, definition, is_unique, is_primary)
--   hold, on the coordinator, for every shell what pg_constraint and pg_index would hold on Citus.
--
-- WHAT TRAVELS
--   pg_dist_partition, _shard, _placement, _colocation, _schema, _object are written on the
--   coordinator; triggers carry every change to the other nodes within the same transaction
--   (20-nodes.sql). pg_dist_node is carried by the node functions themselves.

-- WHAT DIFFERS FROM CITUS
--   Splits and isolation block writes in every transfer mode. A local table that refers to a distributed one
--   is checked against its old local rows. create_distributed_table_concurrently blocks, and is refused in a
--   transaction block only once something was written there. COPY cannot name the shard of an append table.
--   ON CONFLICT with a target needs a unique index, which the shell cannot have. Two sessions that update
--   the same row: the second gets 40001 where on Citus it would wait and go on, because postgres_fdw works
--   in REPEATABLE READ. No two-phase commit. Aggregates go to the shards where they group by the
--   distribution column; others, and joins with reference tables, are done where the query runs. "SET key =
--   key" is refused like any change of the key. Queries Citus refuses (grouping sets, FOR UPDATE over many
--   shards, correlated subqueries) run here. CONCURRENTLY, triggers, inheritance, foreign tables, and
--   replication factors above 1 are refused. Comparisons with a bare boolean column are not pruned.

-- Functions call each other across the parts of this script.
SET LOCAL check_function_bodies = off;

CREATE SCHEMA citus;
CREATE SCHEMA citus_internal;
CREATE SCHEMA pg_citus_practice;
GRANT USAGE ON SCHEMA citus, citus_internal, pg_citus_practice TO PUBLIC;

CREATE TYPE citus.distribution_type AS ENUM ('hash', 'range', 'append');
CREATE TYPE citus.shard_transfer_mode AS ENUM ('auto', 'force_logical', 'block_writes');
CREATE TYPE pg_catalog.citus_copy_format AS ENUM ('csv', 'binary', 'text');
CREATE TYPE pg_catalog.citus_job_status AS ENUM
  ('scheduled', 'running', 'finished', 'cancelling', 'cancelled', 'failing', 'failed');
CREATE TYPE pg_catalog.citus_task_status AS ENUM
  ('blocked', 'runnable', 'running', 'done', 'cancelling', 'error', 'unscheduled', 'cancelled');
CREATE TYPE pg_catalog.noderole AS ENUM ('primary', 'secondary', 'unavailable');

CREATE SEQUENCE pg_catalog.pg_dist_node_nodeid_seq MINVALUE 1 MAXVALUE 4294967296;
CREATE SEQUENCE pg_catalog.pg_dist_groupid_seq MINVALUE 1 MAXVALUE 4294967296;
CREATE SEQUENCE pg_catalog.pg_dist_shardid_seq MINVALUE 102008 NO CYCLE;
CREATE SEQUENCE pg_catalog.pg_dist_placement_placementid_seq NO CYCLE;
CREATE SEQUENCE pg_catalog.pg_dist_colocationid_seq MINVALUE 1 MAXVALUE 4294967296;
CREATE SEQUENCE pg_catalog.pg_dist_background_job_job_id_seq;
CREATE SEQUENCE pg_catalog.pg_dist_background_task_task_id_seq;
CREATE SEQUENCE pg_catalog.pg_dist_cleanup_recordid_seq;
CREATE SEQUENCE pg_catalog.pg_dist_operationid_seq;

CREATE TABLE pg_catalog.pg_dist_node (
  nodeid int NOT NULL DEFAULT nextval('pg_catalog.pg_dist_node_nodeid_seq') PRIMARY KEY,
  groupid int NOT NULL DEFAULT nextval('pg_catalog.pg_dist_groupid_seq'),
  nodename text NOT NULL,
  nodeport int NOT NULL DEFAULT 5432,
  noderack text NOT NULL DEFAULT 'default',
  hasmetadata boolean NOT NULL DEFAULT false,
  isactive boolean NOT NULL DEFAULT true,
  noderole pg_catalog.noderole NOT NULL DEFAULT 'primary',
  nodecluster name NOT NULL DEFAULT 'default',
  metadatasynced boolean DEFAULT false,
  shouldhaveshards boolean NOT NULL DEFAULT true,
  nodeisclone boolean NOT NULL DEFAULT false,
  nodeprimarynodeid int NOT NULL DEFAULT 0,
  UNIQUE (nodename, nodeport),
  CONSTRAINT primaries_are_only_allowed_in_the_default_cluster
    CHECK (NOT (nodecluster <> 'default' AND noderole = 'primary')));

CREATE TABLE pg_catalog.pg_dist_local_group (groupid int NOT NULL PRIMARY KEY);
INSERT INTO pg_catalog.pg_dist_local_group VALUES (0);

CREATE TABLE pg_catalog.pg_dist_node_metadata (metadata jsonb NOT NULL);
INSERT INTO pg_catalog.pg_dist_node_metadata
VALUES ('{"last_upgrade_version": "13.2-1", "partitioned_citus_table_exists_pre_11": false}');

CREATE TABLE pg_catalog.pg_dist_partition (
  logicalrelid regclass NOT NULL UNIQUE,
  partmethod "char" NOT NULL,
  -- A serialised Var, as column_name_to_column writes it.
  partkey text,
  colocationid int NOT NULL DEFAULT 0,
  repmodel "char" NOT NULL DEFAULT 'c',
  autoconverted boolean DEFAULT false);
CREATE INDEX pg_dist_partition_colocationid_index ON pg_catalog.pg_dist_partition (colocationid);

CREATE TABLE pg_catalog.pg_dist_shard (
  logicalrelid regclass NOT NULL,
  shardid bigint NOT NULL PRIMARY KEY,
  shardstorage "char" NOT NULL,
  shardminvalue text,
  shardmaxvalue text);
CREATE INDEX pg_dist_shard_logicalrelid_index ON pg_catalog.pg_dist_shard (logicalrelid);

CREATE TABLE pg_catalog.pg_dist_placement (
  placementid bigint NOT NULL DEFAULT nextval('pg_catalog.pg_dist_placement_placementid_seq') PRIMARY KEY,
  shardid bigint NOT NULL,
  shardstate int NOT NULL,
  shardlength bigint NOT NULL,
  groupid int NOT NULL,
  UNIQUE (shardid, groupid));
CREATE INDEX pg_dist_placement_groupid_index ON pg_catalog.pg_dist_placement (groupid);

CREATE TABLE pg_catalog.pg_dist_colocation (
  colocationid int NOT NULL PRIMARY KEY,
  shardcount int NOT NULL,
  replicationfactor int NOT NULL,
  distributioncolumntype oid NOT NULL,
  distributioncolumncollation oid NOT NULL);

CREATE TABLE pg_catalog.pg_dist_schema (
  schemaid oid NOT NULL PRIMARY KEY,
  colocationid int NOT NULL UNIQUE);

CREATE TABLE pg_catalog.pg_dist_object (
  classid oid NOT NULL,
  objid oid NOT NULL,
  objsubid int NOT NULL,
  type text,
  object_names text[],
  object_args text[],
  distribution_argument_index int,
  colocationid int,
  force_delegation boolean,
  PRIMARY KEY (classid, objid, objsubid));

CREATE TABLE pg_catalog.pg_dist_transaction (
  groupid int NOT NULL,
  gid text NOT NULL,
  outer_xid xid8,
  UNIQUE (groupid, gid));

CREATE TABLE pg_catalog.pg_dist_authinfo (
  nodeid int NOT NULL,
  rolename name NOT NULL,
  authinfo text NOT NULL,
  PRIMARY KEY (rolename, nodeid));

CREATE TABLE pg_catalog.pg_dist_poolinfo (
  nodeid int NOT NULL PRIMARY KEY,
  poolinfo text NOT NULL);

CREATE TABLE pg_catalog.pg_dist_rebalance_strategy (
  name name NOT NULL PRIMARY KEY,
  default_strategy boolean NOT NULL DEFAULT false,
  shard_cost_function regproc NOT NULL,
  node_capacity_function regproc NOT NULL,
  shard_allowed_on_node_function regproc NOT NULL,
  default_threshold real NOT NULL,
  minimum_threshold real NOT NULL DEFAULT 0,
  improvement_threshold real NOT NULL DEFAULT 0);

CREATE TABLE pg_catalog.pg_dist_background_job (
  job_id bigint NOT NULL DEFAULT nextval('pg_catalog.pg_dist_background_job_job_id_seq') PRIMARY KEY,
  state pg_catalog.citus_job_status NOT NULL DEFAULT 'scheduled',
  job_type name NOT NULL,
  description text NOT NULL,
  started_at timestamptz,
  finished_at timestamptz);

CREATE TABLE pg_catalog.pg_dist_background_task (
  job_id bigint NOT NULL REFERENCES pg_catalog.pg_dist_background_job (job_id),
  task_id bigint NOT NULL DEFAULT nextval('pg_catalog.pg_dist_background_task_task_id_seq') PRIMARY KEY,
  owner regrole NOT NULL DEFAULT CURRENT_USER::regrole,
  pid int,
  status pg_catalog.citus_task_status NOT NULL DEFAULT 'runnable',
  command text NOT NULL,
  retry_count int,
  not_before timestamptz,
  message text NOT NULL DEFAULT '',
  nodes_involved int[],
  UNIQUE (job_id, task_id));
CREATE INDEX pg_dist_background_task_status_task_id_index
  ON pg_catalog.pg_dist_background_task (status, task_id);

CREATE TABLE pg_catalog.pg_dist_background_task_depend (
  job_id bigint NOT NULL REFERENCES pg_catalog.pg_dist_background_job (job_id) ON DELETE CASCADE,
  task_id bigint NOT NULL,
  depends_on bigint NOT NULL,
  PRIMARY KEY (job_id, task_id, depends_on),
  FOREIGN KEY (job_id, task_id)
    REFERENCES pg_catalog.pg_dist_background_task (job_id, task_id) ON DELETE CASCADE,
  FOREIGN KEY (job_id, depends_on)
    REFERENCES pg_catalog.pg_dist_background_task (job_id, task_id) ON DELETE CASCADE);

CREATE TABLE pg_catalog.pg_dist_cleanup (
  record_id bigint NOT NULL DEFAULT nextval('pg_catalog.pg_dist_cleanup_recordid_seq') PRIMARY KEY,
  operation_id bigint NOT NULL,
  object_type int NOT NULL,
  object_name text NOT NULL,
  node_group_id int NOT NULL,
  policy_type int NOT NULL);

GRANT SELECT ON
  pg_catalog.pg_dist_node, pg_catalog.pg_dist_local_group, pg_catalog.pg_dist_node_metadata,
  pg_catalog.pg_dist_partition, pg_catalog.pg_dist_shard, pg_catalog.pg_dist_placement,
  pg_catalog.pg_dist_colocation, pg_catalog.pg_dist_schema, pg_catalog.pg_dist_object,
  pg_catalog.pg_dist_transaction, pg_catalog.pg_dist_rebalance_strategy,
  pg_catalog.pg_dist_background_job, pg_catalog.pg_dist_background_task,
  pg_catalog.pg_dist_background_task_depend, pg_catalog.pg_dist_cleanup
TO PUBLIC;

-- What the emulator remembers of a shell, on every node. twinid, twinschema and localcopy are set
-- on the coordinator only.
CREATE TABLE pg_citus_practice.shell (
  relid oid NOT NULL PRIMARY KEY,
  -- h: hash partitions, one foreign table per shard. o: one shard. p: partitioned by its owner, the
  -- partitions are shells themselves. e: partitions only as shards are made (append and range).
  shape "char" NOT NULL,
  accessmethod name,
  twinid oid,
  twinschema name,
  -- rows that were in the table when it was distributed, kept until they are truncated
  localcopy oid);
GRANT SELECT ON pg_citus_practice.shell TO PUBLIC;

-- The hash operator family of a colocation group: what sends a value to its shard. One per group,
-- since PostgreSQL joins two tables partition by partition only where the families are the same.
CREATE TABLE pg_citus_practice.router (
  colocationid int NOT NULL PRIMARY KEY,
  typeid oid NOT NULL,
  collationid oid NOT NULL,
  opclass name NOT NULL,
  mins int[] NOT NULL);
GRANT SELECT ON pg_citus_practice.router TO PUBLIC;

-- Tables whose twin stands in their place while a DDL command runs.
CREATE TABLE pg_citus_practice.swapped (
  relid oid NOT NULL PRIMARY KEY,
  before jsonb NOT NULL);

-- postgres_fdw and dblink are loaded by their libraries and not as extensions, so that installing
-- "citus" needs no CASCADE and does not stand in the way of a person's own use of either.
CREATE FUNCTION pg_citus_practice.fdw_handler() RETURNS fdw_handler
  LANGUAGE c STRICT AS '$libdir/postgres_fdw', 'postgres_fdw_handler';
CREATE FUNCTION pg_citus_practice.fdw_validator(text[], oid) RETURNS void
  LANGUAGE c STRICT AS '$libdir/postgres_fdw', 'postgres_fdw_validator';
CREATE FOREIGN DATA WRAPPER citus_practice
  HANDLER pg_citus_practice.fdw_handler VALIDATOR pg_citus_practice.fdw_validator;

CREATE FUNCTION pg_citus_practice.remote_connect(text, text) RETURNS text
  LANGUAGE c STRICT AS '$libdir/dblink', 'dblink_connect';
CREATE FUNCTION pg_citus_practice.remote_disconnect(text) RETURNS text
  LANGUAGE c STRICT AS '$libdir/dblink', 'dblink_disconnect';
CREATE FUNCTION pg_citus_practice.remote_send(text, text) RETURNS int
  LANGUAGE c STRICT AS '$libdir/dblink', 'dblink_send_query';
CREATE FUNCTION pg_citus_practice.remote_result(text) RETURNS SETOF record
  LANGUAGE c STRICT AS '$libdir/dblink', 'dblink_get_result';
CREATE FUNCTION pg_citus_practice.remote_query(text, text) RETURNS SETOF record
  LANGUAGE c STRICT AS '$libdir/dblink', 'dblink_record';
CREATE FUNCTION pg_citus_practice.remote_exec(text, text) RETURNS text
  LANGUAGE c STRICT AS '$libdir/dblink', 'dblink_exec';
CREATE FUNCTION pg_citus_practice.remote_connections() RETURNS text[]
  LANGUAGE c STRICT AS '$libdir/dblink', 'dblink_get_connections';
CREATE FUNCTION pg_citus_practice.remote_cancel(text) RETURNS text
  LANGUAGE c STRICT AS '$libdir/dblink', 'dblink_cancel_query';
REVOKE ALL ON FUNCTION
  pg_citus_practice.remote_connect(text, text), pg_citus_practice.remote_disconnect(text),
  pg_citus_practice.remote_send(text, text), pg_citus_practice.remote_result(text),
  pg_citus_practice.remote_query(text, text), pg_citus_practice.remote_exec(text, text),
  pg_citus_practice.remote_connections(), pg_citus_practice.remote_cancel(text)
FROM PUBLIC;
