/** What a server is and what it can do: the only place that looks at versions. */
import type { Reader, StatementOptions } from '../connections/database';
import type { Capabilities } from '../contract/cluster';
import type { ClusterVersions } from '../contract/sessions';

/** What the statements of this folder need to know about the catalogs they read. */
export interface CatalogFacts {
  /** pg_dist_background_job and its tasks (Citus 11.1). */
  readonly hasBackgroundJobs: boolean;
  /** pg_dist_cleanup (Citus 11.1). */
  readonly hasCleanupRecords: boolean;
  /** citus_shard_sizes() answers with shard ids (Citus 11.3.1); before, with the shards' names. */
  readonly sizesByShardId: boolean;
  /** Statistics of tables tell of a change within seconds (PostgreSQL 15), where they are kept at all. */
  readonly countsPromptly: boolean;
  /** The practice emulator, which keeps the keys of distributed tables in catalogs of its own. */
  readonly isPracticeEmulator: boolean;
}

export interface ServerFacts {
  readonly versions: ClusterVersions;
  readonly capabilities: Capabilities;
  readonly catalog: CatalogFacts;
  /** pg_dist_local_group: 0 on a coordinator; null while a PostgreSQL upgrade has emptied it. */
  readonly localGroupId: number | null;
  /** A standby: it answers reads and refuses every change. */
  readonly isInRecovery: boolean;
}

/** The oldest Citus whose catalogs this app reads. */
export const oldestCitus = '11.0';

interface FactsRow {
  readonly citus: string;
  readonly extension: string;
  readonly postgres: string;
  readonly role: string;
  readonly superuser: boolean;
  readonly recovery: boolean;
  readonly local_group: number | null;
  readonly rebalance: boolean;
  readonly job_status: boolean;
  readonly move_by_id: boolean;
  readonly schemas: boolean;
  readonly clones: boolean;
  readonly parallel: boolean;
  readonly jobs: boolean;
  readonly cleanup: boolean;
  readonly sizes_by_id: boolean;
  readonly prompt_counts: boolean;
}

// Functions are looked for by name and number of arguments: to_regprocedure would need the type citus.shard_transfer_mode,
// and an ordinary role has no USAGE on the schema it is in.
const factsText = `
WITH calls AS (
  SELECT proname, pronargs, proargtypes, proargnames FROM pg_catalog.pg_proc
   WHERE pronamespace = 'pg_catalog'::regnamespace
     AND proname IN ('citus_rebalance_start', 'citus_job_status', 'citus_move_shard_placement', 'citus_shard_sizes')
)
SELECT pg_catalog.citus_version() AS citus,
       (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus') AS extension,
       pg_catalog.current_setting('server_version') AS postgres,
       current_user::text AS role,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
       pg_catalog.pg_is_in_recovery() AS recovery,
       (SELECT groupid FROM pg_catalog.pg_dist_local_group) AS local_group,
       EXISTS (SELECT FROM calls WHERE proname = 'citus_rebalance_start') AS rebalance,
       EXISTS (SELECT FROM calls WHERE proname = 'citus_job_status') AS job_status,
       EXISTS (SELECT FROM calls WHERE proname = 'citus_move_shard_placement' AND pronargs = 4
                 AND proargtypes[1] = 'int4'::regtype) AS move_by_id,
       to_regclass('pg_catalog.pg_dist_schema') IS NOT NULL AS schemas,
       EXISTS (SELECT FROM pg_catalog.pg_attribute
                WHERE attrelid = 'pg_catalog.pg_dist_node'::regclass AND attname = 'nodeisclone'
              ) AS clones,
       EXISTS (SELECT FROM calls WHERE proname = 'citus_rebalance_start' AND pronargs = 5) AS parallel,
       to_regclass('pg_catalog.pg_dist_background_job') IS NOT NULL AS jobs,
       to_regclass('pg_catalog.pg_dist_cleanup') IS NOT NULL AS cleanup,
       EXISTS (SELECT FROM calls WHERE proname = 'citus_shard_sizes' AND 'shard_id' = ANY (proargnames)
              ) AS sizes_by_id,
       pg_catalog.current_setting('server_version_num')::int >= 150000
         AND pg_catalog.current_setting('track_counts')::bool AS prompt_counts`;

/** One statement, on the node itself. Fails with Citus's own error where its library and its extension do not match. */
export async function readServerFacts(reader: Reader, options?: StatementOptions): Promise<ServerFacts> {
  const [row] = await reader.read<FactsRow>({ text: factsText }, options);
  if (!row) throw new Error('a SELECT without FROM answered with no row');
  const versions = parseVersions(row.citus, row.extension, row.postgres);
  return {
    versions,
    capabilities: {
      backgroundRebalance: row.rebalance,
      jobStatus: row.job_status,
      moveByNodeId: row.move_by_id,
      schemaSharding: row.schemas,
      clones: row.clones,
      parallelTransfer: row.parallel,
      isSuperuser: row.superuser,
      role: row.role,
      isCoordinator: row.local_group === 0,
    },
    catalog: {
      hasBackgroundJobs: row.jobs,
      hasCleanupRecords: row.cleanup,
      sizesByShardId: row.sizes_by_id,
      countsPromptly: row.prompt_counts,
      isPracticeEmulator: versions.isPracticeEmulator,
    },
    localGroupId: row.local_group,
    isInRecovery: row.recovery,
  };
}

/**
 * @param citus citus_version(), as in "Citus 13.2.2 on x86_64-pc-linux-gnu, ..."
 * @param extension pg_extension.extversion, as in "13.2-1"
 * @param postgres server_version, as in "15.20 (Debian 15.20-0+deb12u1)"
 */
export function parseVersions(citus: string, extension: string, postgres: string): ClusterVersions {
  return {
    citus: /^\S+\s+(\d[^\s,]*)/.exec(citus)?.[1] ?? citus,
    extension,
    postgres: /^\S+/.exec(postgres)?.[0] ?? postgres,
    isPracticeEmulator: /\(practice emulator\)\s*$/.test(citus),
  };
}

/** Negative when `a` is older than `b`; compares the leading numbers of each ("13.2-1" is newer than "13.2"). */
export function compareVersions(a: string, b: string): number {
  const left = numbersOf(a);
  const right = numbersOf(b);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): readonly number[] {
  return (/^\d+(?:[.-]\d+)*/.exec(version)?.[0] ?? '').split(/[.-]/).map(Number);
}

/** True for a Citus extension version that this app cannot read. */
export function isTooOld(extension: string): boolean {
  return compareVersions(extension, oldestCitus) < 0;
}

/**
 * Before 11.1.3 `alter_distributed_table` took the distribution column by its number, and after a DROP COLUMN that was
 * another one (citusdata/citus issue 5137, mended by pull request 6387). From 11.2 on every release has the mend.
 */
export function altersByColumnName(citus: string): boolean {
  return compareVersions(citus, '11.2') >= 0;
}
