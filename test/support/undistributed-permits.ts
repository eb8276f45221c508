/** The permits schema as it was before anybody distributed it: plain PostgreSQL tables, and an application that uses them. */
import type { Database } from '../../src-main/connections/database';

export const permitsSchema = 'archive';

const create = `
CREATE SCHEMA ${permitsSchema};
SET search_path = ${permitsSchema};
CREATE TABLE agencies (agency_id bigint PRIMARY KEY, title text NOT NULL, region text);
CREATE TABLE permit_types (code text PRIMARY KEY, title text NOT NULL);
CREATE TABLE holidays (day date PRIMARY KEY, title text);
CREATE TABLE permits (
  permit_id bigint GENERATED ALWAYS AS IDENTITY,
  agency_id bigint NOT NULL REFERENCES agencies,
  code text NOT NULL REFERENCES permit_types,
  status text NOT NULL,
  filed_at timestamptz NOT NULL,
  fee numeric(10,2),
  PRIMARY KEY (agency_id, permit_id)
);
CREATE TABLE inspections (
  inspection_id bigint GENERATED ALWAYS AS IDENTITY,
  agency_id bigint NOT NULL,
  permit_id bigint NOT NULL,
  inspector text,
  passed boolean,
  PRIMARY KEY (agency_id, inspection_id),
  FOREIGN KEY (agency_id, permit_id) REFERENCES permits
);
CREATE TABLE documents (
  document_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  agency_id bigint NOT NULL,
  permit_id bigint NOT NULL,
  title text,
  FOREIGN KEY (agency_id, permit_id) REFERENCES permits
);
INSERT INTO agencies SELECT i, 'Agency ' || i, (ARRAY['North', 'South', 'East', 'West'])[1 + i % 4] FROM generate_series(1, 240) i;
INSERT INTO permit_types SELECT 'T' || i, 'Type ' || i FROM generate_series(1, 41) i;
INSERT INTO holidays SELECT date '2026-01-01' + i * 30, 'Holiday ' || i FROM generate_series(0, 11) i;
INSERT INTO permits (agency_id, code, status, filed_at, fee)
SELECT CASE WHEN i % 10 = 0 THEN 7 ELSE 1 + (i * 37) % 240 END, 'T' || 1 + i % 41,
       (ARRAY['open', 'granted', 'refused'])[1 + i % 3], timestamptz '2026-01-01' + i * interval '5 minutes', 25 + i % 900
  FROM generate_series(1, 24000) i;
INSERT INTO inspections (agency_id, permit_id, inspector, passed)
SELECT agency_id, permit_id, 'Inspector ' || permit_id % 40, permit_id % 7 <> 0 FROM permits;
INSERT INTO documents (agency_id, permit_id, title) SELECT agency_id, permit_id, 'Plan ' || permit_id FROM permits;
RESET search_path;`;

/** Each is run some times, as an application would. */
const used: readonly (readonly [text: string, times: number])[] = [
  [`SELECT * FROM ${permitsSchema}.permits WHERE agency_id = 12 AND status = 'open'`, 30],
  [
    `SELECT i.* FROM ${permitsSchema}.inspections i JOIN ${permitsSchema}.permits p ON p.agency_id = i.agency_id AND p.permit_id = i.permit_id WHERE i.agency_id = 12 AND p.status = 'open'`,
    20,
  ],
  [
    `SELECT p.permit_id, t.title FROM ${permitsSchema}.permits p JOIN ${permitsSchema}.permit_types t ON t.code = p.code WHERE p.agency_id = 12`,
    20,
  ],
  [
    `SELECT a.region, count(*) FROM ${permitsSchema}.permits p JOIN ${permitsSchema}.agencies a ON a.agency_id = p.agency_id GROUP BY a.region`,
    3,
  ],
  [`SELECT * FROM ${permitsSchema}.documents WHERE document_id = 1200`, 2],
];

export async function loadUndistributedPermits(database: Database): Promise<void> {
  const run = (text: string): Promise<unknown> => database.change({ text }, { timeoutMs: 60_000 });
  await run(create);
  for (const table of ['agencies', 'permit_types', 'holidays', 'permits', 'inspections', 'documents'])
    await run(`ANALYZE ${permitsSchema}.${table}`);
  await run('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  for (const [text, times] of used) for (let time = 0; time < times; time += 1) await run(text);
}

export async function dropUndistributedPermits(database: Database): Promise<void> {
  await database.change({ text: `DROP SCHEMA IF EXISTS ${permitsSchema} CASCADE` }, { timeoutMs: 60_000 });
  await database.change({ text: 'DROP EXTENSION IF EXISTS pg_stat_statements' });
}
