import type { Reader, StatementOptions } from '../connections/database';

/** Names of everybody who may log in or own something, without the roles that every server has. */
export async function readRoleNames(reader: Reader, options?: StatementOptions): Promise<readonly string[]> {
  const rows = await reader.read<{ readonly name: string }>(
    {
      text: `SELECT rolname::text AS name FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname`,
    },
    options,
  );
  return rows.map(({ name }) => name);
}
