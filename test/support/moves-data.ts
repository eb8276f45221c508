/** A small distributed schema for tests of moves, and what they ask of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../src-main/connections/database';
import { FailureError } from '../../src-main/contract/failure';
import { runDaemon } from '../../src-main/practice/daemon';
import type { DaemonEvent } from '../../src-main/practice/daemon';
import type { PracticeClusterForTest } from './practice';

export const agencies = 40;
/** Names that break what does not quote: quotes, dots, a semicolon, letters of two bytes, 63 bytes. */
const hostile = '"se.lect ""é"""."Tâ;b-- drop"';
const longName = `"${'n'.repeat(61)}é"`;
export const movesSchema = `
  CREATE SCHEMA "se.lect ""é""";
  CREATE TABLE ${hostile} ("k""ey é" bigint PRIMARY KEY, "select" text, kind "char", at timestamptz, list text[], data jsonb);
  CREATE TABLE ${longName} (a bigint PRIMARY KEY, b text);
  CREATE TABLE events (agency_id bigint NOT NULL, at date NOT NULL, what text, PRIMARY KEY (agency_id, at, what)) PARTITION BY RANGE (at);
  CREATE TABLE events_01 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
  CREATE TABLE events_02 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
  CREATE SCHEMA tenant;
  CREATE TABLE tenant.notes (id int PRIMARY KEY, body text);
  CREATE TABLE permit_types (code text PRIMARY KEY, title text NOT NULL);
  INSERT INTO permit_types VALUES ('BLD', 'Building'), ('ELE', 'Electrical'), ('EVT', 'Event');
  SELECT create_reference_table('permit_types');
  CREATE TABLE agencies (agency_id bigint PRIMARY KEY, name text NOT NULL, region text);
  SELECT create_distributed_table('agencies', 'agency_id', shard_count := 8);
  CREATE TABLE permits (permit_id bigint, agency_id bigint NOT NULL, code text NOT NULL REFERENCES permit_types (code),
    fee numeric(10,2), doubled numeric GENERATED ALWAYS AS (fee * 2) STORED, note text, PRIMARY KEY (agency_id, permit_id));
  CREATE INDEX permits_by_fee ON permits (fee);
  SELECT create_distributed_table('permits', 'agency_id', colocate_with := 'agencies');
  CREATE TABLE inspections (inspection_id bigint, agency_id bigint NOT NULL, permit_id bigint NOT NULL,
    PRIMARY KEY (agency_id, inspection_id), FOREIGN KEY (agency_id, permit_id) REFERENCES permits (agency_id, permit_id));
  SELECT create_distributed_table('inspections', 'agency_id', colocate_with := 'agencies');
  SELECT create_distributed_table('events', 'agency_id', colocate_with := 'agencies');
  SELECT create_distributed_table('${hostile}', 'k"ey é', colocate_with := 'agencies');
  SELECT create_distributed_table('${longName}', 'a', colocate_with := 'agencies');
  SELECT citus_schema_distribute('tenant');
  INSERT INTO tenant.notes SELECT i, 'note ' || i FROM generate_series(1, 50) i;
  INSERT INTO events SELECT 1 + i % ${agencies}, date '2026-01-01' + i % 59, 'e' || i FROM generate_series(1, 500) i;
  INSERT INTO ${hostile} SELECT i, chr(92) || ' '' " ' || chr(10) || i, 'x', now(), ARRAY['a', NULL, '{"'], '{"a": [1, null]}'
    FROM generate_series(1, 200) i;
  INSERT INTO ${longName} SELECT i, repeat('é', 50) FROM generate_series(1, 200) i;
  CREATE TABLE norid (a bigint, b text);
  SELECT create_distributed_table('norid', 'a', shard_count := 4, colocate_with := 'none');
  INSERT INTO agencies SELECT i, 'Agency ' || i, 'North' FROM generate_series(1, ${agencies}) i;
  INSERT INTO permits (permit_id, agency_id, code, fee, note) SELECT i, 1 + i % ${agencies}, (ARRAY['BLD', 'ELE', 'EVT'])[1 + i % 3], i % 97,
    CASE WHEN i % 7 = 0 THEN NULL ELSE 'quote '' and "double", line' || chr(10) || i END FROM generate_series(1, 6000) i;
  INSERT INTO inspections SELECT i, 1 + i % ${agencies}, i FROM generate_series(1, 600) i;
  INSERT INTO norid SELECT i, 'x' || i FROM generate_series(1, 100) i`;

/** One value. */
export async function value(database: Database, text: string): Promise<unknown> {
  const [row] = await database.read<Record<string, unknown>>({ text });
  return Object.values(row ?? {})[0];
}

export async function rows(database: Database, text: string): Promise<readonly unknown[][]> {
  return (await database.read<Record<string, unknown>>({ text })).map((row) => Object.values(row));
}

export async function refusal(database: Database, text: string): Promise<unknown> {
  try {
    await database.change({ text });
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { sqlState: code, serverMessage: message, detail, hint } = error.failure;
    return { code, message, ...(detail ? { detail } : {}), ...(hint ? { hint } : {}) };
  }
  throw new Error(`was not refused: ${text}`);
}

/** Every row of every table, as one text that differs when any does. */
export const everything = `SELECT string_agg(f, ' ' ORDER BY f) FROM (
  SELECT 'agencies ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) AS f FROM agencies t
  UNION ALL SELECT 'permits ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM permits t
  UNION ALL SELECT 'inspections ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM inspections t
  UNION ALL SELECT 'norid ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM norid t
  UNION ALL SELECT 'events ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM events t
  UNION ALL SELECT 'hostile ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM ${hostile} t
  UNION ALL SELECT 'long ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM ${longName} t
  UNION ALL SELECT 'notes ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM tenant.notes t
  UNION ALL SELECT 'permit_types ' || count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM permit_types t) x`;

export const spread = `SELECT n.nodeid, count(*)::int FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
  JOIN pg_dist_shard s USING (shardid) WHERE s.logicalrelid <> 'permit_types'::regclass GROUP BY 1 ORDER BY 1`;

const recorded = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../support/recordings/errors.json'), 'utf8')) as {
    recorded: readonly {
      id: string;
      error?: Record<string, string>;
      notices?: readonly Record<string, string>[];
    }[];
  }
).recorded;

export function recordedError(id: string): Record<string, string> {
  const { severity: _severity, ...error } = recorded.find((entry) => entry.id === id)?.error ?? {};
  if (!error['message']) throw new Error(`nothing is recorded as ${id}`);
  return error;
}

export interface DaemonForTest {
  readonly events: readonly DaemonEvent[];
  stop(): Promise<void>;
}

export function startDaemonOn(cluster: PracticeClusterForTest): DaemonForTest {
  const ending = new AbortController();
  const events: DaemonEvent[] = [];
  const ended = runDaemon({
    connect: () => cluster.connect('coordinator'),
    signal: ending.signal,
    onEvent: (event) => events.push(event),
    idleBeatMs: 100,
    activeBeatMs: 50,
  });
  return {
    events,
    async stop() {
      ending.abort();
      await ended;
    },
  };
}

/** Milliseconds that moves rest in a phase, for sessions opened from now on. */
export async function setMoveDelay(coordinator: Database, ms: number): Promise<void> {
  await coordinator.change({
    text: `ALTER DATABASE postgres SET shardboard.practice_move_delay_ms = '${ms}'`,
  });
}

export async function nodeIds(coordinator: Database): Promise<readonly number[]> {
  const found = await rows(coordinator, 'SELECT nodeid FROM pg_dist_node ORDER BY nodeid');
  return found.map(([id]) => Number(id));
}
