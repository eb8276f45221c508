/** What speaks against adding a node, and what to mind. */
import type { ClusterSnapshot, ClusterTable } from '../contract/cluster';
import type { Finding, RefusalReason, RequestOf, ShardTransferMode } from '../contract/operations';
import { activePrimaries, addressOf, counted, isLoopback, listed, readable } from './plan';
import type { NodeAnswer, PlanContext } from './plan';
import { refuseOffCoordinator, refuseWhileJobRuns, refuseWhileNodesAreDown } from './preconditions';

/** What the node to be added says about itself, over a session of the app. */
export type NewNodeFacts =
  | {
      readonly state: 'known';
      /** As in 150020: PostgreSQL's own number. */
      readonly postgresVersionNumber: number;
      /** As in "13.2-1"; null when the extension is not created in this database. */
      readonly extension: string | null;
      /** Whether shared_preload_libraries names citus. */
      readonly isPreloaded: boolean;
      readonly isStandby: boolean;
      readonly walLevel: string;
      readonly maxPreparedTransactions: number;
      /** Setting output_plugin_libraries; null on servers that have no such setting. */
      readonly outputPluginLibraries: string | null;
      /** Rows of pg_dist_node there. */
      readonly knownNodes: number;
      /** Rows of pg_dist_partition there. */
      readonly citusTables: number;
      /** Ordinary tables outside the system's and the extensions' schemas. */
      readonly userTables: number;
    }
  | { readonly state: 'unknown'; readonly reason: string };

export interface AddNodeFacts {
  readonly snapshot: ClusterSnapshot;
  /** PostgreSQL's version number of the coordinator. */
  readonly postgresVersionNumber: number;
  /** The coordinator as this workstation dials it. */
  readonly dialled: { readonly host: string; readonly port: number };
  readonly newNode: NewNodeFacts;
  /** Whether the coordinator itself reaches the new node (citus_check_connection_to_node); null when not known. */
  readonly coordinatorReachesIt: boolean | null;
  readonly answers: readonly NodeAnswer[];
  /** Bytes of one copy of all reference tables; null when not known. */
  readonly referenceBytes: number | null;
}

export function coordinatorRow(snapshot: ClusterSnapshot): ClusterSnapshot['nodes'][number] | undefined {
  return snapshot.nodes.find((node) => node.groupId === 0 && node.role === 'primary');
}

/** The other nodes must be able to dial the coordinator; an address that means "this machine" only serves one machine. */
export function needsCoordinatorHost(facts: AddNodeFacts, host: string): boolean {
  const coordinator = coordinatorRow(facts.snapshot);
  if (!coordinator) return true;
  return isLoopback(coordinator.name) && !isLoopback(host);
}

export function addNodeRefusals(
  facts: AddNodeFacts,
  request: RequestOf<'add-node'>,
  context: PlanContext,
): readonly RefusalReason[] {
  const { snapshot } = facts;
  const { sql } = context;
  const target = addressOf({ name: request.host, port: request.port });
  const reasons: RefusalReason[] = [...refuseOffCoordinator(snapshot)];

  if (!snapshot.capabilities.isSuperuser) {
    reasons.push({
      code: 'not-superuser',
      message: `citus_add_node needs a superuser; ${snapshot.capabilities.role} is none.`,
      fix: 'Connect as a superuser, or have one run the statement.',
      fixSql: `SELECT citus_add_node(${sql.literal(request.host)}, ${request.port});`,
    });
  }

  const existing = snapshot.nodes.find(
    (node) => node.name.toLowerCase() === request.host.toLowerCase() && node.port === request.port,
  );
  if (existing && existing.groupId === 0) {
    reasons.push({
      code: 'is-coordinator',
      message: `${target} is this cluster's coordinator.`,
      fix: 'Name the host and port of the server that shall join. To place shards on the coordinator, let it take shards.',
      fixSql: `SELECT citus_set_node_property(${sql.literal(existing.name)}, ${existing.port}, 'shouldhaveshards', true);`,
    });
  } else if (existing && existing.isActive) {
    reasons.push({
      code: 'already-a-node',
      message: `${target} is already node ${existing.nodeId} of this cluster.`,
      fix: existing.shouldHaveShards
        ? 'Nothing has to be added. Plan a rebalance to move shards to it.'
        : 'Nothing has to be added. It takes no shards at present; let it take them if it should.',
      fixSql: existing.shouldHaveShards
        ? undefined
        : `SELECT citus_set_node_property(${sql.literal(existing.name)}, ${existing.port}, 'shouldhaveshards', true);`,
    });
  } else if (existing) {
    reasons.push({
      code: 'node-not-active',
      message: `${target} is node ${existing.nodeId} of this cluster and is not active.`,
      fix: 'Activate it instead of adding it.',
      fixSql: `SELECT citus_activate_node(${sql.literal(existing.name)}, ${existing.port});`,
    });
  }

  if (
    needsCoordinatorHost(facts, request.host)
    && isLoopback(facts.dialled.host)
    && !isLoopback(request.host)
  ) {
    const coordinator = coordinatorRow(snapshot);
    reasons.push({
      code: 'coordinator-is-local',
      message: coordinator
        ? `The coordinator is registered as ${addressOf(coordinator)}, which means another machine on ${request.host}.`
        : 'The coordinator is not registered, and this session dials it by an address that no other machine can use.',
      fix: 'Register the coordinator under a name or address that every node can dial, then plan again.',
      fixSql: `SELECT citus_set_coordinator_host('<host name>', ${coordinator?.port ?? facts.dialled.port});`,
    });
  }

  const remote = activePrimaries(snapshot).filter((node) => !isLoopback(node.name));
  if (isLoopback(request.host) && remote.length > 0) {
    reasons.push({
      code: 'loopback-address',
      message: `${request.host} means another machine on each node, and ${listed(remote.map(addressOf))} would dial themselves.`,
      fix: 'Name the node by a host name or address that every node can dial.',
    });
  }

  if (facts.coordinatorReachesIt === false) {
    reasons.push({
      code: 'not-reached',
      message: `The coordinator cannot open a connection to ${target}.`,
      fix:
        'Check on the new node that PostgreSQL runs, listen_addresses, pg_hba.conf and the firewall; on the coordinator that the name '
        + 'resolves and the password is known (pgpass or pg_dist_authinfo).',
      fixSql: `SELECT citus_check_connection_to_node(${sql.literal(request.host)}, ${request.port});`,
    });
  }

  reasons.push(
    ...newNodeRefusals(facts, target),
    ...refuseWhileJobRuns(snapshot, 'adding a node changes what it works on.'),
    ...refuseWhileNodesAreDown(snapshot, facts.answers, 'citus_add_node writes to every active node.'),
  );
  return reasons;
}

function newNodeRefusals(facts: AddNodeFacts, target: string): readonly RefusalReason[] {
  const node = facts.newNode;
  if (node.state === 'unknown') return [];
  const reasons: RefusalReason[] = [];
  if (node.isStandby) {
    reasons.push({
      code: 'is-standby',
      message: `${target} is a standby in recovery and takes no writes.`,
      fix: 'Promote it first if it shall be a node of its own.',
      fixSql: 'SELECT pg_promote();',
    });
  }
  if (!node.isPreloaded) {
    reasons.push({
      code: 'not-preloaded',
      message: `shared_preload_libraries of ${target} does not name citus.`,
      fix: 'Put citus first in shared_preload_libraries on the new node and restart PostgreSQL there.',
      fixSql: "ALTER SYSTEM SET shared_preload_libraries = 'citus';",
    });
  }
  if (node.extension === null) {
    reasons.push({
      code: 'no-extension',
      message: `The extension citus does not exist in this database on ${target}.`,
      fix: 'Create it there, in the database of the same name.',
      fixSql: 'CREATE EXTENSION citus;',
    });
  } else if (node.extension !== facts.snapshot.versions.extension) {
    reasons.push({
      code: 'citus-version-differs',
      message: `${target} has Citus ${node.extension}, the coordinator has ${facts.snapshot.versions.extension}.`,
      fix: `Install the packages of Citus ${facts.snapshot.versions.citus} on the new node, restart PostgreSQL and update the extension.`,
      fixSql: 'ALTER EXTENSION citus UPDATE;',
    });
  }
  if (node.maxPreparedTransactions === 0) {
    reasons.push({
      code: 'no-prepared-transactions',
      message: `max_prepared_transactions is 0 on ${target}; writes to several nodes need prepared transactions.`,
      fix: 'Set it to twice max_connections and restart PostgreSQL on the new node.',
      fixSql: "ALTER SYSTEM SET max_prepared_transactions = '200';",
    });
  }
  if (node.knownNodes > 0 || node.citusTables > 0) {
    reasons.push({
      code: 'has-metadata',
      message: `${target} holds Citus metadata already: ${counted(node.knownNodes, 'node')}, ${counted(node.citusTables, 'table')}. It belongs, or belonged, to a cluster.`,
      fix: 'Use an empty server. If nothing there is needed any more, drop and create the extension on it.',
      fixSql: 'DROP EXTENSION citus CASCADE; CREATE EXTENSION citus;',
    });
  }
  return reasons;
}

export function addNodeFindings(
  facts: AddNodeFacts,
  request: RequestOf<'add-node'>,
  references: readonly ClusterTable[],
): readonly Finding[] {
  const target = addressOf({ name: request.host, port: request.port });
  const findings: Finding[] = [];
  const node = facts.newNode;
  if (node.state === 'unknown') {
    findings.push({
      level: 'mind',
      code: 'new-node-unseen',
      message: `This workstation cannot look at ${target} itself: ${node.reason}`,
      remedy:
        'Version, extension and settings there were not checked. Citus checks the version while it registers the node.',
    });
  } else {
    findings.push({
      level: 'fine',
      code: 'new-node-seen',
      message: `${target} runs Citus ${node.extension ?? ''} and holds no metadata.`,
    });
    const major = Math.floor(node.postgresVersionNumber / 10_000);
    const coordinatorMajor = Math.floor(facts.postgresVersionNumber / 10_000);
    if (major !== coordinatorMajor) {
      findings.push({
        level: 'mind',
        code: 'postgres-major-differs',
        message: `${target} runs PostgreSQL ${major}, the coordinator ${coordinatorMajor}.`,
        remedy: 'Keep every node on one major version, but for the time of an upgrade.',
      });
    }
    if (node.walLevel !== 'logical') {
      findings.push({
        level: 'mind',
        code: 'wal-level',
        message: `wal_level is ${node.walLevel} on ${target}: shards can come to it, and can leave it only with writes blocked.`,
        remedy: 'Set wal_level = logical there and restart PostgreSQL before the node holds data.',
      });
    }
    if (
      node.outputPluginLibraries !== null
      && !/(^|[\s,"'])citus([\s,"']|$)/.test(node.outputPluginLibraries)
    ) {
      findings.push({
        level: 'mind',
        code: 'output-plugin',
        message: `output_plugin_libraries on ${target} does not name citus: online shard splits and tenant isolation fail there.`,
        remedy: `ALTER SYSTEM SET output_plugin_libraries = pgoutput, test_decoding, citus; then reload.`,
      });
    }
    if (node.userTables > 0) {
      findings.push({
        level: 'mind',
        code: 'tables-there',
        message: `${target} holds ${counted(node.userTables, 'table')} of its own; a name that also exists in this cluster makes the step fail.`,
        remedy: 'Prefer an empty database.',
      });
    }
  }
  if (facts.coordinatorReachesIt === true) {
    findings.push({ level: 'fine', code: 'reached', message: `The coordinator reaches ${target}.` });
  } else {
    findings.push({
      level: 'mind',
      code: 'reach-unknown',
      message: `Whether the coordinator reaches ${target} is not known.`,
      remedy: 'The first step fails without a change if it does not.',
    });
  }
  if (facts.dialled.host && needsCoordinatorHost(facts, request.host)) {
    findings.push({
      level: 'mind',
      code: 'coordinator-host',
      message: `The coordinator will be registered as ${addressOf({ name: facts.dialled.host, port: facts.dialled.port })}, as this session dials it.`,
      remedy:
        'Every node must be able to dial it by that address; if another name is needed, run citus_set_coordinator_host with it first.',
    });
  }
  const notSynced = facts.snapshot.nodes.filter(
    (one) => one.isActive && one.hasMetadata && !one.metadataSynced,
  );
  if (notSynced.length > 0) {
    findings.push({
      level: 'mind',
      code: 'metadata-not-synced',
      message: `${listed(notSynced.map(addressOf))} ${notSynced.length === 1 ? 'waits' : 'wait'} for metadata of an earlier change.`,
      remedy: 'The maintenance daemon sends it by itself once a minute.',
    });
  }
  if (references.length > 0 && transferModeFor(facts, references) === 'block_writes') {
    findings.push({
      level: 'mind',
      code: 'reference-blocks-writes',
      message: `Reference tables are copied with writes to them blocked: ${whyBlocked(facts, references)}`,
      remedy: 'Give every reference table a primary key and set wal_level = logical to copy them online.',
    });
  }
  return findings;
}

/** Online copying needs a replica identity for each table and logical decoding where the rows come from. */
export function transferModeFor(facts: AddNodeFacts, references: readonly ClusterTable[]): ShardTransferMode {
  return whyBlocked(facts, references) === null ? 'auto' : 'block_writes';
}

function whyBlocked(facts: AddNodeFacts, references: readonly ClusterTable[]): string | null {
  const without = references.filter((table) => !table.hasReplicaIdentity);
  if (without.length > 0) return `${listed(without.map(readable))} without primary key or replica identity.`;
  const notLogical = facts.answers.filter(
    (answer) => answer.walLevel !== null && answer.walLevel !== 'logical',
  );
  if (notLogical.length > 0) return 'wal_level is not logical on every node.';
  return null;
}
