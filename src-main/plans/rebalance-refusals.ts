/** Why a rebalance would not start, or would stop as a whole, or has nothing to move. */
import type { ClusterSnapshot, RebalanceStrategy } from '../contract/cluster';
import type { RefusalReason, RequestOf } from '../contract/operations';
import type { PreflightFacts } from './move-preflight';
import type { MoveSample } from './move-estimate';
import { addressOf, counted, listed, readable, shardNodes } from './plan';
import type { NodeAnswer, PlanContext } from './plan';
import { movedTables } from './rebalance-moves';
import type { PlanRow, ShardBytes } from './rebalance-moves';
import { refuseOffCoordinator, refuseWhileJobRuns, refuseWhileNodesAreDown } from './preconditions';

type Request = RequestOf<'rebalance'>;

export interface RebalanceFacts {
  readonly snapshot: ClusterSnapshot;
  /** Citus's plan for the request, in its order; null when it could not be asked (its words are in `planFailure`). */
  readonly rows: readonly PlanRow[] | null;
  readonly planFailure: string | null;
  /** Asked only when `rows` is empty: moves Citus would make without the improvement threshold, and without any threshold. */
  readonly whenEmpty: { readonly withoutImprovement: number; readonly withoutThresholds: number } | null;
  readonly shardBytes: ShardBytes;
  /** Tables whose owner this session's role may not act as; Citus wants the owner of every distributed table. */
  readonly notOwned: readonly string[];
  /** citus.shard_replication_factor */
  readonly replicationFactor: number;
  readonly answers: readonly NodeAnswer[];
  readonly preflight: PreflightFacts;
  /** Moves that this cluster has made, oldest first. */
  readonly moveTimes: readonly MoveSample[];
}

export function strategyOf(snapshot: ClusterSnapshot, request: Request): RebalanceStrategy | undefined {
  return snapshot.rebalanceStrategies.find((one) =>
    request.strategy === null ? one.isDefault : one.name === request.strategy,
  );
}

export function rebalanceRefusals(
  facts: RebalanceFacts,
  request: Request,
  rows: readonly PlanRow[],
  strategy: RebalanceStrategy | undefined,
  context: PlanContext,
): readonly RefusalReason[] {
  const { snapshot } = facts;
  const reasons: RefusalReason[] = [
    ...refuseOffCoordinator(snapshot),
    ...refuseWhileJobRuns(snapshot, 'Citus runs one rebalance at a time.'),
    ...refuseWhileNodesAreDown(
      snapshot,
      facts.answers,
      'a move to or from it would fail and be tried again for half an hour.',
    ),
  ];
  if (!snapshot.capabilities.backgroundRebalance) {
    reasons.push({
      code: 'no-background-rebalance',
      message: `Citus ${snapshot.versions.citus} has no citus_rebalance_start.`,
      fix: 'Update Citus to 11.1 or later.',
    });
  }
  if (request.strategy !== null && !strategy) {
    reasons.push({
      code: 'no-strategy',
      message: `There is no rebalance strategy ${request.strategy}.`,
      fix: `Choose one of ${listed(snapshot.rebalanceStrategies.map((one) => one.name))}.`,
    });
  }
  if (facts.notOwned.length > 0) {
    reasons.push({
      code: 'not-owner',
      message: `A rebalance needs the owner of every distributed table; ${snapshot.capabilities.role} does not own ${listed(facts.notOwned)}.`,
      fix: 'Connect as a superuser, or as a role that is a member of every owner.',
    });
  }
  const takers = shardNodes(snapshot);
  if (takers.length < facts.replicationFactor) {
    reasons.push({
      code: 'too-few-nodes',
      message: `${counted(takers.length, 'node')} ${takers.length === 1 ? 'takes' : 'take'} shards; citus.shard_replication_factor is ${facts.replicationFactor}.`,
      fix: 'Let more nodes take shards, or add one.',
    });
  }
  if (facts.rows === null) {
    // Whatever is listed above explains the failure better than the server's words do.
    if (reasons.length === 0) {
      reasons.push({
        code: 'plan-failed',
        message: 'Citus could not make a plan.',
        fix: `Mend what the server names and plan again. Server: ${facts.planFailure ?? 'no answer'}`,
      });
    }
    return reasons;
  }
  if (rows.length === 0 && reasons.length === 0) reasons.push(nothingToMove(facts, request, strategy));
  if (request.transferMode === 'auto') reasons.push(...identityRefusals(snapshot, rows, context));
  if (request.transferMode !== 'block_writes') reasons.push(...walRefusals(facts, rows));
  return reasons;
}

/** A table without identity stops the whole rebalance at its start, and Citus's plan does not say so. */
export function identityRefusals(
  snapshot: ClusterSnapshot,
  rows: readonly PlanRow[],
  context: PlanContext,
): readonly RefusalReason[] {
  const groups = new Set(movedTables(snapshot, rows).map((table) => table.colocationId));
  const moving = snapshot.tables.filter(
    (table) =>
      (table.type === 'distributed' || table.type === 'schema')
      && groups.has(table.colocationId)
      && table.colocationId !== 0,
  );
  const copied =
    rows.length > 0 && nodesWithoutReferences(snapshot).length > 0
      ? snapshot.tables.filter((table) => table.type === 'reference')
      : [];
  const without = [...moving, ...copied, ...movedTables(snapshot, rows)].filter(
    (table) => !table.hasReplicaIdentity && !table.isPartitioned,
  );
  const tables = [...new Map(without.map((table) => [table.oid, table])).values()];
  if (tables.length === 0) return [];
  return [
    {
      code: 'no-replica-identity',
      message: `${listed(tables.map(readable), 12)} ${tables.length === 1 ? 'has' : 'have'} neither primary key nor replica identity; in auto mode the whole rebalance would stop at that.`,
      fix: 'Add a primary key that contains the distribution column, or set REPLICA IDENTITY FULL (more WAL for updates), or choose block_writes.',
      fixSql: tables
        .map((table) => `ALTER TABLE ${context.sql.qualified(table)} REPLICA IDENTITY FULL;`)
        .join('\n'),
    },
  ];
}

export function walRefusals(
  facts: Pick<RebalanceFacts, 'snapshot' | 'answers'>,
  rows: readonly PlanRow[],
): readonly RefusalReason[] {
  const sources = new Set(rows.map((row) => addressOf({ name: row.sourceName, port: row.sourcePort })));
  const byId = new Map(facts.answers.map((answer) => [answer.nodeId, answer]));
  const nodes = facts.snapshot.nodes.filter((node) => {
    const level = byId.get(node.nodeId)?.walLevel ?? null;
    return sources.has(addressOf(node)) && level !== null && level !== 'logical';
  });
  if (nodes.length === 0) return [];
  return [
    {
      code: 'wal-level',
      message: `wal_level is not logical on ${listed(nodes.map(addressOf))}; shards cannot leave online.`,
      fix: 'Set it there and restart PostgreSQL, or choose block_writes.',
      fixSql: "ALTER SYSTEM SET wal_level = 'logical';",
    },
  ];
}

function nothingToMove(
  facts: RebalanceFacts,
  request: Request,
  strategy: RebalanceStrategy | undefined,
): RefusalReason {
  const { snapshot } = facts;
  const name = strategy?.name ?? 'the default strategy';
  if (!snapshot.tables.some((table) => table.type === 'distributed' || table.type === 'schema')) {
    return {
      code: 'no-tables',
      message: 'No table is distributed, so there is nothing to move.',
      fix: 'Distribute a table first.',
    };
  }
  if (request.drainOnly) {
    const keepsAway = snapshot.nodes.filter((node) => node.isActive && !node.shouldHaveShards);
    return {
      code: 'nothing-to-drain',
      message:
        keepsAway.length === 0
          ? 'Every node takes shards, so none is to be drained.'
          : `${listed(keepsAway.map(addressOf))} ${keepsAway.length === 1 ? 'takes' : 'take'} no shards and ${keepsAway.length === 1 ? 'holds' : 'hold'} none.`,
      fix: 'Set shouldhaveshards to false on the node that shall be emptied, then plan again.',
      fixSql: "SELECT citus_set_node_property('<host>', 5432, 'shouldhaveshards', false);",
    };
  }
  if (shardNodes(snapshot).length < 2) {
    return {
      code: 'one-node',
      message: 'Only one node takes shards; there is nowhere to move them.',
      fix: 'Add a node, or let another one take shards.',
    };
  }
  if (facts.whenEmpty && facts.whenEmpty.withoutImprovement > 0 && strategy) {
    return {
      code: 'improvement-threshold',
      message: `${counted(facts.whenEmpty.withoutImprovement, 'row')} could move, but each gains less than the improvement threshold of ${name} (${percent(strategy.improvementThreshold)}).`,
      fix: 'Nothing needs to be done. To move all the same, use a strategy with a lower improvement threshold.',
    };
  }
  if (facts.whenEmpty && facts.whenEmpty.withoutThresholds > 0 && strategy) {
    return {
      code: 'within-threshold',
      message: `Every node is within ${percent(strategy.defaultThreshold)} of the average by ${name}.`,
      fix: 'Nothing needs to be done. To move all the same, use a strategy with a lower threshold, such as by_shard_count.',
    };
  }
  return {
    code: 'balanced',
    message: `By ${name} the shards lie as evenly as whole shards allow.`,
    fix: 'Nothing needs to be done. If one shard is far larger than the others, isolate its largest tenant or split it.',
  };
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** Nodes on which a reference table has no copy: Citus makes it before the first move. */
export function nodesWithoutReferences(snapshot: ClusterSnapshot): readonly string[] {
  const references = new Set(
    snapshot.tables.filter((table) => table.type === 'reference').map((table) => table.oid),
  );
  const shards = snapshot.shards.filter((shard) => references.has(shard.tableOid));
  return snapshot.nodes
    .filter((node) => node.role === 'primary' && node.isActive && node.groupId !== 0)
    .filter((node) => shards.some((shard) => !shard.groupIds.includes(node.groupId)))
    .map(addressOf);
}
