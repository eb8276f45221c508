/** Rebalancing: Citus's own plan, shown move by move, and what would stop it as a whole. */
import type { RebalanceStrategy } from '../contract/cluster';
import type { Finding, PlannedMove, PlanReply, RequestOf } from '../contract/operations';
import { balanceCheck } from './move-shards';
import { preflight } from './move-preflight';
import { expectedMovesMs } from './move-estimate';
import { counted, listed, planReply, readable, refusalReply, sizeWords } from './plan';
import type { PlanContext, StepDraft } from './plan';
import { groupMoves, movedTables, nodeLoads } from './rebalance-moves';
import { nodesWithoutReferences, rebalanceRefusals, strategyOf } from './rebalance-refusals';
import type { RebalanceFacts } from './rebalance-refusals';
import { nodesWords } from './preconditions';

export type { RebalanceFacts } from './rebalance-refusals';

type Request = RequestOf<'rebalance'>;

export function planRebalance(facts: RebalanceFacts, request: Request, context: PlanContext): PlanReply {
  const { snapshot } = facts;
  const rows = facts.rows ?? [];
  const title = request.drainOnly ? 'Drain nodes that take no shards' : 'Rebalance the shards';
  const strategy = strategyOf(snapshot, request);
  const moves = groupMoves(snapshot, rows, facts.shardBytes);
  const checked = preflight(facts.preflight, moves, request.transferMode);
  const reasons = [...rebalanceRefusals(facts, request, rows, strategy, context), ...checked.reasons];
  if (reasons.length > 0) return refusalReply(title, reasons);

  const bytes = totalBytes(moves);
  const missing = nodesWithoutReferences(snapshot);
  const nodes = nodeLoads(snapshot, rows, facts.shardBytes);
  return planReply(context, request, {
    title: `${title}: ${counted(moves.length, 'move')}`,
    summary: summaryOf(moves, bytes, missing),
    steps: [...stepsOf(facts, request, moves, context), balanceCheck(measuredBy(strategy), nodes, context)],
    findings: [...findingsOf(facts, request, moves, missing), ...checked.findings],
    details: {
      kind: 'rebalance',
      strategy: strategy?.name ?? 'default',
      moves,
      nodes,
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

/** Only by_disk_size looks at bytes; what a strategy of somebody's own evens out is not known, groups are counted. */
function measuredBy(strategy: RebalanceStrategy | undefined): 'bytes' | 'groups' {
  return strategy?.name === 'by_disk_size' ? 'bytes' : 'groups';
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
  facts: RebalanceFacts,
  request: Request,
  moves: readonly PlannedMove[],
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
      // Citus runs one task at a time unless it is told otherwise.
      expectedMs: expectedMovesMs(facts.moveTimes, request.transferMode, moves, 1),
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
