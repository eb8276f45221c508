/** The sample data of a practice cluster as ordinary PostgreSQL tables: the same statements without those of Citus. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Database } from '../../src-main/connections/database';

const folder = resolve(import.meta.dirname, '../../resources/practice/sample');

export const plainSampleTables = [
  'agencies',
  'permit_types',
  'permits',
  'inspections',
  'audit_events',
] as const;

export async function createPlainSample(database: Database): Promise<void> {
  const text = await readFile(resolve(folder, '10-permits.sql'), 'utf8');
  const plain = text
    .split('\n')
    .filter((line) => !/^SELECT (create_|truncate_local)/.test(line))
    .join('\n');
  await database.change({ text: plain });
}

/** Rows and a sum over all their text, which no lost or doubled row leaves alike. */
export async function fingerprint(database: Database, table: string): Promise<string> {
  const [row] = await database.read<{ readonly rows: string; readonly sum: string }>({
    text: `SELECT count(*)::text AS rows, sum(hashtextextended(t::text, 0)::numeric)::text AS sum FROM ${table} t`,
  });
  return `${row?.rows ?? ''} rows ${row?.sum ?? ''}`;
}
