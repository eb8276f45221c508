/** Says what a freshly connected server is, and where it is no cluster this app can show, why and what to do. */
import type { Reader, StatementOptions } from '../connections/database';
import type { Capabilities } from '../contract/cluster';
import { FailureError } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { Finding } from '../contract/operations';
import type { ClusterVersions, ConnectStage } from '../contract/sessions';
import { isTooOld, oldestCitus, readServerFacts } from './capabilities';
import type { ServerFacts } from './capabilities';
import { explainCitusError } from './citus-errors';

export interface Recognition {
  readonly versions: ClusterVersions;
  /** Rows of pg_dist_node. */
  readonly nodeCount: number;
  readonly capabilities: Capabilities;
  /** What limits the session although it is open: rights, a standby, a coordinator that is not registered. */
  readonly findings: readonly Finding[];
}

/**
 * Three statements at most, on this node only.
 * @throws FailureError `not-citus`, `unsupported-version`, `not-coordinator`, `permission`, `conflict`, or what the connection met.
 */
export async function recognise(
  reader: Reader,
  onStage: (stage: ConnectStage) => void,
  signal?: AbortSignal,
): Promise<Recognition> {
  const options = { signal };
  onStage('citus');
  const server = await readPlainServer(reader, options);
  const refusal = refusePlainServer(reader.address, server);
  if (refusal) throw new FailureError(refusal);
  const facts = await readServerFacts(reader, options).catch((error: unknown) => {
    throw explainCitusError(error, server.database);
  });
  onStage('topology');
  const topology = await readTopology(reader, options).catch((error: unknown) => {
    throw explainCitusError(error, server.database);
  });
  const wrongNode = refuseWrongNode(reader.address, facts, topology);
  if (wrongNode) throw new FailureError(wrongNode);
  return {
    versions: facts.versions,
    nodeCount: topology.nodeCount,
    capabilities: facts.capabilities,
    findings: findLimits(facts, topology),
  };
}

export interface PlainServer {
  readonly database: string;
  /** Major version, as in "15". */
  readonly postgresMajor: string;
  /** pg_extension.extversion; null where the database has no citus extension. */
  readonly extension: string | null;
  /** pg_available_extensions.default_version: what lies on the server's disk. */
  readonly available: string | null;
  /** citus.version of the loaded library; null where it is not loaded. */
  readonly library: string | null;
}

/** Touches nothing of Citus, so it works on every PostgreSQL. */
export async function readPlainServer(reader: Reader, options?: StatementOptions): Promise<PlainServer> {
  const [row] = await reader.read<{
    database: string;
    version: number;
    extension: string | null;
    available: string | null;
    library: string | null;
  }>(
    {
      text: `
SELECT pg_catalog.current_database()::text AS database,
       pg_catalog.current_setting('server_version_num')::int AS version,
       (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus') AS extension,
       (SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name = 'citus') AS available,
       pg_catalog.current_setting('citus.version', true) AS library`,
    },
    options,
  );
  if (!row) throw new Error('a SELECT without FROM answered with no row');
  return {
    database: row.database,
    postgresMajor: String(Math.floor(row.version / 10_000)),
    extension: row.extension,
    available: row.available,
    library: row.library,
  };
}

/** Null where the server has a Citus that this app can read. */
export function refusePlainServer(address: string, server: PlainServer): Failure | null {
  const preload =
    server.library === null
      ? 'put citus first into shared_preload_libraries, restart PostgreSQL, then run '
      : '';
  if (server.extension === null && server.available === null) {
    return {
      kind: 'not-citus',
      message: `${address} is PostgreSQL ${server.postgresMajor} without Citus.`,
      meaning: 'Citus is not installed on that server, so there is no cluster to show.',
      remedy:
        `Check host and port. To make it a Citus node: install the Citus package for PostgreSQL ${server.postgresMajor}, `
        + 'put citus first into shared_preload_libraries, restart PostgreSQL, then run CREATE EXTENSION citus; in the database.',
      node: address,
    };
  }
  if (server.extension === null) {
    return {
      kind: 'not-citus',
      message: `Database "${server.database}" on ${address} has no Citus extension.`,
      meaning:
        `Citus ${server.available ?? ''} is installed on the server. `
        + 'Each database is a cluster of its own, and this one is none.',
      remedy: `Check the database of the profile. To begin a cluster in this one: ${preload || 'run '}CREATE EXTENSION citus;`,
      node: address,
    };
  }
  if (isTooOld(server.extension)) {
    return {
      kind: 'unsupported-version',
      message: `${address} has Citus ${server.extension}; this app reads Citus ${oldestCitus} and later.`,
      meaning: 'The catalogs of older versions differ in ways that would be shown wrongly.',
      remedy: `Upgrade Citus on every node to ${oldestCitus} or later, one major version at a time.`,
      node: address,
    };
  }
  return null;
}

export interface Topology {
  readonly nodeCount: number;
  /** `host:port` of group 0; null where pg_dist_node does not hold it. */
  readonly coordinator: string | null;
  /** Functions that change nodes and that the role may not execute. */
  readonly forbidden: readonly string[];
  readonly tableCount: number;
  /** Citus tables whose owner the role is not, nor a member of. */
  readonly foreignTableCount: number;
}

/** Calls one function of Citus for its own sake: it is what checks that library and extension match. */
async function readTopology(reader: Reader, options: StatementOptions): Promise<Topology> {
  const [row] = await reader.read<{
    node_count: number;
    registered: boolean;
    coordinator: string | null;
    forbidden: string[] | null;
    table_count: number;
    foreign_count: number;
  }>(
    {
      text: `
SELECT pg_catalog.citus_is_coordinator() AS registered,
       (SELECT count(*)::int FROM pg_catalog.pg_dist_node) AS node_count,
       (SELECT nodename || ':' || nodeport FROM pg_catalog.pg_dist_node
         WHERE groupid = 0 ORDER BY noderole = 'primary' DESC LIMIT 1) AS coordinator,
       (SELECT array_agg(DISTINCT proname::text ORDER BY proname::text) FROM pg_catalog.pg_proc
         WHERE pronamespace = 'pg_catalog'::regnamespace
           AND proname IN ('citus_add_node', 'citus_remove_node', 'citus_update_node',
                           'citus_set_node_property', 'citus_drain_node')
           AND NOT pg_catalog.has_function_privilege(oid, 'EXECUTE')) AS forbidden,
       (SELECT count(*)::int FROM pg_catalog.pg_dist_partition) AS table_count,
       (SELECT count(*)::int FROM pg_catalog.pg_dist_partition p
          JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
         WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')) AS foreign_count`,
    },
    options,
  );
  if (!row) throw new Error('a SELECT without FROM answered with no row');
  return {
    nodeCount: row.node_count,
    coordinator: row.coordinator,
    forbidden: row.forbidden ?? [],
    tableCount: row.table_count,
    foreignTableCount: row.foreign_count,
  };
}

/** Null where the node is the coordinator. */
export function refuseWrongNode(address: string, facts: ServerFacts, topology: Topology): Failure | null {
  if (facts.localGroupId === 0) return null;
  if (facts.localGroupId === null) {
    return {
      kind: 'conflict',
      message: `The PostgreSQL upgrade of ${address} is not finished.`,
      meaning: 'The catalogs of Citus are empty until it is, and Citus refuses every call.',
      remedy: 'Run SELECT citus_finish_pg_upgrade(); on that node, then connect again.',
      node: address,
    };
  }
  const { coordinator } = topology;
  const isLoopback = coordinator !== null && /^(localhost|127\.|::1)/i.test(coordinator);
  const wayForward =
    coordinator === null
      ? 'It does not know its coordinator either; ask whoever runs the cluster, or look at pg_dist_node on another node.'
      : isLoopback
        ? `Connect to the coordinator instead. This worker knows it as ${coordinator}, an address on its own machine.`
        : `Connect to the coordinator instead: ${coordinator}.`;
  return {
    kind: 'not-coordinator',
    message: `${address} is a worker (group ${facts.localGroupId}), not the coordinator.`,
    meaning:
      'Nodes, tables and shards are changed on the coordinator only, and background jobs are known only there.',
    remedy: wayForward,
    node: address,
  };
}

/** What the session cannot do although it can look at everything. */
export function findLimits(facts: ServerFacts, topology: Topology): readonly Finding[] {
  const findings: Finding[] = [];
  const { role, isSuperuser } = facts.capabilities;
  if (facts.isInRecovery) {
    findings.push({
      level: 'mind',
      code: 'standby',
      message: 'This coordinator is a standby: it shows the cluster and refuses every change.',
      remedy: 'Connect to the primary to change something.',
    });
  }
  if (topology.coordinator === null) {
    findings.push({
      level: 'mind',
      code: 'coordinator-not-registered',
      message:
        'The coordinator is not registered in pg_dist_node, so workers on other machines cannot reach it.',
      remedy:
        "Run SELECT citus_set_coordinator_host('<its address as the workers see it>'); before nodes are added.",
    });
  }
  if (!isSuperuser) {
    findings.push({
      level: 'mind',
      code: 'role-not-superuser',
      message:
        topology.forbidden.length > 0
          ? `Role "${role}" can look at the cluster and not change its nodes: it may not execute ${topology.forbidden.join(', ')}.`
          : `Role "${role}" can look at the cluster; adding a node still needs a superuser.`,
      remedy: 'Connect as a superuser to change nodes.',
    });
    if (topology.foreignTableCount > 0) {
      findings.push({
        level: 'mind',
        code: 'role-owns-too-little',
        message:
          `Role "${role}" owns ${topology.tableCount - topology.foreignTableCount} of ${topology.tableCount} Citus tables; `
          + 'shards are moved and rebalanced by the owner of all of them.',
        remedy: 'Connect as a superuser, or as a member of the roles that own the tables.',
      });
    }
  }
  return findings;
}
