/** Rebalancing: Citus's own plan, shown move by move, and what would stop it as a whole. */
import type { ClusterSnapshot, ClusterTable, RebalanceStrategy } from '../contract/cluster';
import type { Finding, PlannedMove, PlanReply, RefusalReason, RequestOf } from '../contract/operations';
import { addressOf, counted, listed, planReply, readable, refusalReply, shardNodes, sizeWords } from './plan';
import type { NodeAnswer, PlanContext, StepDraft } from './plan';
import { groupMoves, movedTables, nodeLoads } from './rebalance-moves';
import type { PlanRow, ShardBytes } from './rebalance-moves';
import {
  nodesWords,
  refuseOffCoordinator,
  refuseWhileJobRuns,
  refuseWhileNodesAreDown,
} from './preconditions';

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
}

export function planRebalance(facts: RebalanceFacts, request: Request, context: PlanContext): PlanReply {
  const { snapshot } = facts;
  const rows = facts.rows ?? [];
  const title = request.drainOnly ? 'Drain nodes that take no shards' : 'Rebalance the shards';
  const strategy = strategyOf(snapshot, request);
  const moves = groupMoves(snapshot, rows, facts.shardBytes);
  const reasons = refusals(facts, request, rows, strategy, context);
  if (reasons.length > 0) return refusalReply(title, reasons);

  const bytes = totalBytes(moves);
  const missing = nodesWithoutReferences(snapshot);
  return planReply(context, request, {
    title: `${title}: ${counted(moves.length, 'move')}`,
    summary: summaryOf(moves, bytes, missing),
    steps: stepsOf(request, moves, bytes, context),
    findings: findingsOf(facts, request, moves, missing),
    details: {
      kind: 'rebalance',
      strategy: strategy?.name ?? 'default',
      moves,
      nodes: nodeLoads(snapshot, rows, facts.shardBytes),
    },
    basis: {
      Nodes: nodesWords(snapshot),
      Strategy: strategy?.name ?? 'default',
      Moves: listed(
        moves.map((move) => `shard ${move.shardId} from ${move.sourceNode} to ${move.targetNode}`),
        Number.MAX_SAFE_INTEGER,
      ),
      'Tables that move': listed(
        movedTables(snapshot, rows)
          .map((table) => `${readable(table)}${table.hasReplicaIdentity ? '' : ' (no replica identity)'}`)
          .toSorted(),
        Number.MAX_SAFE_INTEGER,
      ),
      'Nodes without reference tables': listed(missing, Number.MAX_SAFE_INTEGER),
    },
  });
}

function strategyOf(snapshot: ClusterSnapshot, request: Request): RebalanceStrategy | undefined {
  return snapshot.rebalanceStrategies.find((one) =>
    request.strategy === null ? one.isDefault : one.name === request.strategy,
  );
}

function refusals(
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
function identityRefusals(
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

function walRefusals(facts: RebalanceFacts, rows: readonly PlanRow[]): readonly RefusalReason[] {
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
function nodesWithoutReferences(snapshot: ClusterSnapshot): readonly string[] {
  const references = new Set(
    snapshot.tables.filter((table) => table.type === 'reference').map((table: ClusterTable) => table.oid),
  );
  const shards = snapshot.shards.filter((shard) => references.has(shard.tableOid));
  return snapshot.nodes
    .filter((node) => node.role === 'primary' && node.isActive && node.groupId !== 0)
    .filter((node) => shards.some((shard) => !shard.groupIds.includes(node.groupId)))
    .map(addressOf);
}

function totalBytes(moves: readonly PlannedMove[]): number | null {
  return moves.reduce<number | null>(
    (sum, move) => (sum === null || move.bytes === null ? null : sum + move.bytes),
    0,
  );
}

function findingsOf(
  facts: RebalanceFacts,
  request: Request,
  moves: readonly PlannedMove[],
  missing: readonly string[],
): readonly Finding[] {
  const findings: Finding[] = [];
  if (request.transferMode === 'block_writes') {
    findings.push({
      level: 'mind',
      code: 'blocks-writes',
      message: 'While a shard moves, writes to it and to its colocated shards wait.',
      remedy: 'Choose auto where every table has a primary key.',
    });
  }
  if (request.transferMode === 'force_logical') {
    const without = facts.snapshot.tables.filter(
      (table) => table.type === 'distributed' && !table.hasReplicaIdentity && !table.isPartitioned,
    );
    if (without.length > 0) {
      findings.push({
        level: 'mind',
        code: 'updates-fail',
        message: `Updates and deletes of ${listed(without.map(readable))} fail while a shard of theirs moves.`,
        remedy: 'Give them a primary key or a replica identity.',
      });
    }
  }
  if (missing.length > 0) {
    findings.push({
      level: 'mind',
      code: 'reference-first',
      message: `Reference tables are copied to ${listed(missing)} before the first move.`,
    });
  }
  if (facts.snapshot.cleanupRecords > 0) {
    findings.push({
      level: 'mind',
      code: 'cleanup-pending',
      message: `${counted(facts.snapshot.cleanupRecords, 'record')} of earlier moves still to be cleaned up; a shard that has one is not moved before.`,
      remedy:
        'Citus cleans up by itself every 15 seconds; CALL citus_cleanup_orphaned_resources() does it now.',
    });
  }
  if (moves.some((move) => move.bytes === null)) {
    findings.push({
      level: 'mind',
      code: 'sizes-unknown',
      message: 'Not every size is known, so bytes and time cannot be told for all moves.',
    });
  }
  findings.push({
    level: 'fine',
    code: 'goes-on-without',
    message: 'The moves run in the background of the cluster; closing this app does not stop them.',
  });
  return findings;
}

function stepsOf(
  request: Request,
  moves: readonly PlannedMove[],
  bytes: number | null,
  context: PlanContext,
): readonly StepDraft[] {
  const blocks =
    request.transferMode === 'block_writes'
      ? 'writes to the shards of each move while they are copied'
      : 'writes to the shards of each move, for a moment at its end';
  return [
    {
      stepId: 'start',
      title: `Schedule ${counted(moves.length, 'move')} as a background job`,
      where: context.coordinator,
      blocks: 'nothing',
      undo: 'Cancel stops the job with SELECT citus_rebalance_stop()',
      expectedMs: [100, 10_000],
      countsAsDoneWhen: 'pg_dist_background_job lists a new rebalance, and its number is in the journal.',
      ifInterrupted:
        'The next start looks for a job newer than the last one known before, and starts none beside it.',
      action: {
        type: 'start-rebalance',
        strategy: request.strategy,
        drainOnly: request.drainOnly,
        transferMode: request.transferMode,
      },
    },
    {
      stepId: 'follow',
      title: 'Follow the job to its end',
      where: context.coordinator,
      blocks,
      undo: 'Cancel stops it with SELECT citus_rebalance_stop(); finished moves stay, and a new rebalance can move them back',
      expectedMs:
        bytes === null
          ? null
          : [moves.length * 1_500 + bytes / 100_000, moves.length * 15_000 + bytes / 5_000],
      countsAsDoneWhen: 'The job reads "finished" in pg_dist_background_job.',
      ifInterrupted: 'The job goes on by itself; the next start finds it by its number and follows it again.',
      action: { type: 'follow-job' },
    },
  ];
}

function summaryOf(moves: readonly PlannedMove[], bytes: number | null, missing: readonly string[]): string {
  const nodes = new Set(moves.map((move) => move.targetNode));
  const size = bytes === null ? '' : `, ${sizeWords(bytes)}`;
  const references = missing.length > 0 ? ' Reference tables are copied first.' : '';
  return `${counted(moves.length, 'move')} of shard groups${size} to ${listed([...nodes])}.${references}`;
}
