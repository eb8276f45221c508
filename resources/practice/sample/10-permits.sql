-- Sample data of a practice cluster: agencies and the permits they grant. Everything in it is made up.
-- Each "step" is sent as one message, so it happens whole or not at all. Runs on real Citus as well.
-- Agency 7 is the large tenant: it has about 40 % of the permits and of what hangs on them.

-- step: Distributing agencies
CREATE TABLE agencies (
  agency_id bigint PRIMARY KEY,
  name text NOT NULL,
  region text
);
INSERT INTO agencies
SELECT i, 'Agency ' || i, (ARRAY['North', 'South', 'East', 'West'])[1 + i % 4]
  FROM generate_series(1, 60) AS i;
SELECT create_distributed_table('agencies', 'agency_id', shard_count := 12);
SELECT truncate_local_data_after_distributing_table('agencies');

-- step: Copying permit types to every node
CREATE TABLE permit_types (
  code text PRIMARY KEY,
  title text NOT NULL
);
INSERT INTO permit_types VALUES
  ('BLD', 'Building'), ('DEM', 'Demolition'), ('ELE', 'Electrical'), ('EVT', 'Event'),
  ('FIR', 'Fire safety'), ('PLB', 'Plumbing'), ('SGN', 'Sign'), ('TRD', 'Street trade');
SELECT create_reference_table('permit_types');
SELECT truncate_local_data_after_distributing_table('permit_types');

-- step: Distributing permits
CREATE TABLE permits (
  permit_id bigint GENERATED ALWAYS AS IDENTITY,
  agency_id bigint NOT NULL,
  code text NOT NULL,
  status text NOT NULL DEFAULT 'open',
  filed_at timestamptz NOT NULL DEFAULT now(),
  fee numeric(10,2),
  PRIMARY KEY (agency_id, permit_id)
);
INSERT INTO permits (agency_id, code, status, filed_at, fee)
SELECT CASE WHEN i % 5 < 2 THEN 7 ELSE 1 + (i * 37) % 60 END,
       (ARRAY['BLD', 'DEM', 'ELE', 'EVT', 'FIR', 'PLB', 'SGN', 'TRD'])[1 + i % 8],
       (ARRAY['open', 'granted', 'granted', 'granted', 'refused', 'withdrawn'])[1 + i % 6],
       timestamptz '2026-01-01 08:00:00+00' + i * interval '5 minutes',
       25 + (i * 37) % 900
  FROM generate_series(1, 24000) AS i;
SELECT create_distributed_table('permits', 'agency_id', colocate_with := 'agencies');
SELECT truncate_local_data_after_distributing_table('permits');

-- step: Tying permits to their types
ALTER TABLE permits ADD CONSTRAINT permits_code_fk FOREIGN KEY (code) REFERENCES permit_types (code);

-- step: Distributing inspections
CREATE TABLE inspections (
  inspection_id bigserial,
  agency_id bigint NOT NULL,
  permit_id bigint NOT NULL,
  inspector text,
  passed boolean,
  at timestamptz,
  PRIMARY KEY (agency_id, inspection_id)
);
INSERT INTO inspections (agency_id, permit_id, inspector, passed, at)
SELECT agency_id, permit_id, 'Inspector ' || 1 + permit_id % 40, permit_id % 7 <> 0, filed_at + interval '9 days'
  FROM permits;
SELECT create_distributed_table('inspections', 'agency_id', colocate_with := 'agencies');
SELECT truncate_local_data_after_distributing_table('inspections');

-- step: Tying inspections to their permits
ALTER TABLE inspections ADD CONSTRAINT inspections_permit_fk
  FOREIGN KEY (agency_id, permit_id) REFERENCES permits (agency_id, permit_id);

-- step: Distributing audit events by month
-- The key makes every partition's shards movable while they are written to.
CREATE TABLE audit_events (
  event_id bigint NOT NULL,
  agency_id bigint NOT NULL,
  at timestamptz NOT NULL,
  what text,
  PRIMARY KEY (agency_id, event_id, at)
) PARTITION BY RANGE (at);
CREATE TABLE audit_events_2026_01 PARTITION OF audit_events
  FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
CREATE TABLE audit_events_2026_02 PARTITION OF audit_events
  FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00');
SELECT create_distributed_table('audit_events', 'agency_id', colocate_with := 'agencies');

-- step: Writing audit events
INSERT INTO audit_events
SELECT i, CASE WHEN i % 5 < 2 THEN 7 ELSE 1 + (i * 37) % 60 END,
       timestamptz '2026-01-01 00:00:00+00' + i * interval '14 minutes',
       (ARRAY['permit filed', 'permit granted', 'inspection booked', 'fee paid'])[1 + i % 4]
  FROM generate_series(1, 6000) AS i;
