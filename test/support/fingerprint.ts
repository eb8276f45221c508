import type { Database } from '../../src-main/connections/database';

/** Rows and a sum over all their text, which no lost or doubled row leaves alike. */
export async function fingerprint(database: Database, table: string): Promise<string> {
  const [row] = await database.read<{ readonly rows: string; readonly sum: string }>({
    text: `SELECT count(*)::text AS rows, sum(hashtextextended(t::text, 0)::numeric)::text AS sum FROM ${table} t`,
  });
  return `${row?.rows ?? ''} rows ${row?.sum ?? ''}`;
}
