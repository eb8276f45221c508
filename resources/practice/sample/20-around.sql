-- What an administrator finds beside distributed tables: a local table in the metadata, a schema that is a
-- tenant of its own, and a large table that nobody has distributed yet.

-- step: Adding holidays to the metadata
CREATE TABLE holidays (
  day date PRIMARY KEY,
  title text
);
INSERT INTO holidays
SELECT date '2026-01-01' + i * 30, 'Holiday ' || i + 1 FROM generate_series(0, 11) AS i;
SELECT citus_add_local_table_to_metadata('holidays');

-- step: Distributing the schema of a tenant
CREATE SCHEMA tenant_a;
CREATE TABLE tenant_a.notes (
  id int PRIMARY KEY,
  body text
);
INSERT INTO tenant_a.notes SELECT i, 'Note ' || i FROM generate_series(1, 500) AS i;
SELECT citus_schema_distribute('tenant_a');

-- step: Filling payments, which are not distributed yet
CREATE TABLE payments (
  payment_id bigint NOT NULL,
  agency_id bigint NOT NULL,
  amount numeric(10,2) NOT NULL,
  paid_at timestamptz NOT NULL,
  PRIMARY KEY (agency_id, payment_id)
);
INSERT INTO payments
SELECT i, CASE WHEN i % 5 < 2 THEN 7 ELSE 1 + (i * 37) % 60 END, 25 + (i * 37) % 900,
       timestamptz '2026-01-01 09:00:00+00' + i * interval '11 minutes'
  FROM generate_series(1, 12000) AS i;
ANALYZE payments;

-- step: Gathering statistics
-- Autovacuum would come within a minute; until then the nodes would join the new shards row by row.
SELECT run_command_on_shards(t, 'ANALYZE %s')
  FROM unnest(ARRAY['agencies', 'permits', 'inspections', 'audit_events_2026_01', 'audit_events_2026_02']::regclass[]) AS t;
