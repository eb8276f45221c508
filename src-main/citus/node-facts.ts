/** What a server says of itself before it may join, and what the coordinator hears from the nodes it has. */
import type { Reader, StatementOptions } from '../connections/database';

export interface NewNodeRow {
  readonly postgresVersionNumber: number;
  readonly extension: string | null;
  readonly isPreloaded: boolean;
  readonly isStandby: boolean;
  readonly walLevel: string;
  readonly maxPreparedTransactions: number;
  readonly outputPluginLibraries: string | null;
  readonly knownNodes: number;
  readonly citusTables: number;
  readonly userTables: number;
}

const newNodeText = `
SELECT current_setting('server_version_num')::int AS "postgresVersionNumber",
       (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus') AS extension,
       current_setting('citus.version', true) IS NOT NULL
         OR current_setting('shared_preload_libraries') ~ '(^|[ ,"/])citus([ ,"]|$)' AS "isPreloaded",
       pg_is_in_recovery() AS "isStandby",
       current_setting('wal_level') AS "walLevel",
       current_setting('max_prepared_transactions')::int AS "maxPreparedTransactions",
       current_setting('output_plugin_libraries', true) AS "outputPluginLibraries",
       to_regclass('pg_catalog.pg_dist_node') IS NOT NULL AS "hasCatalogs",
       (SELECT count(*)::int FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
           AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')) AS "userTables"`;

/** Asked on the new node itself, over a session of its own; changes nothing and needs no Citus there. */
export async function readNewNode(reader: Reader, options?: StatementOptions): Promise<NewNodeRow> {
  type OwnRow = Omit<NewNodeRow, 'knownNodes' | 'citusTables'> & { readonly hasCatalogs: boolean };
  const [own] = await reader.read<OwnRow>({ text: newNodeText }, options);
  if (!own) throw new Error('the server answered no row');
  const { hasCatalogs, ...row } = own;
  // The catalogs of Citus exist only where its extension does, so they cannot stand in the same statement.
  if (!hasCatalogs) return { ...row, knownNodes: 0, citusTables: 0 };
  const [counts] = await reader.read<{ readonly nodes: number; readonly tables: number }>(
    {
      text: `SELECT (SELECT count(*)::int FROM pg_catalog.pg_dist_node) AS nodes,
       (SELECT count(*)::int FROM pg_catalog.pg_dist_partition) AS tables`,
    },
    options,
  );
  return { ...row, knownNodes: counts?.nodes ?? 0, citusTables: counts?.tables ?? 0 };
}

export interface NodeAnswerRow {
  readonly nodeId: number;
  readonly reached: boolean;
  readonly walLevel: string | null;
  readonly words: string;
}

/** One small statement to every active node, in parallel, over the coordinator's own connections; a row for each, reached or not. */
export function readNodeAnswers(
  reader: Reader,
  options?: StatementOptions,
): Promise<readonly NodeAnswerRow[]> {
  return reader.read<NodeAnswerRow>(
    {
      text: `SELECT nodeid AS "nodeId", success AS reached, CASE WHEN success THEN result END AS "walLevel", result AS words
  FROM run_command_on_all_nodes($$SELECT current_setting('wal_level')$$)`,
    },
    options,
  );
}

export async function readPostgresVersionNumber(reader: Reader, options?: StatementOptions): Promise<number> {
  const rows = await reader.read<{ readonly number: number }>(
    { text: `SELECT current_setting('server_version_num')::int AS number` },
    options,
  );
  return rows[0]?.number ?? 0;
}

/** Distributed tables whose owner this session may not act as, as schema and name. */
export function readTablesNotOwned(
  reader: Reader,
  options?: StatementOptions,
): Promise<readonly { readonly schema: string; readonly name: string }[]> {
  return reader.read(
    {
      text: `SELECT n.nspname AS schema, c.relname AS name
  FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE (p.partmethod <> 'n' OR p.repmodel <> 't' AND p.colocationid <> 0)
   AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1, 2`,
    },
    options,
  );
}
