/** Moves that a person or a plan of ours has listed, carried out one by one. */
import type { ClusterNode, ClusterSnapshot } from '../contract/cluster';
import type { Finding, NodeLoad, PlanReply, RefusalReason, RequestOf } from '../contract/operations';
import type { OrderedMove } from '../contract/rebalance';
import {
  refuseOffCoordinator,
  refuseWhileJobRuns,
  refuseWhileNodesAreDown,
  nodesWords,
} from './preconditions';
import { addressOf, counted, listed, planReply, readable, refusalReply, sizeWords } from './plan';
import type { NodeAnswer, PlanContext, StepDraft } from './plan';
import { preflight } from './move-preflight';
import type { PreflightFacts } from './move-preflight';
import { checkMoves, rowsOf } from './listed-moves';
import { expectedMovesMs } from './move-estimate';
import type { MoveSample } from './move-estimate';
import { groupMoves, movedTables, nodeLoads } from './rebalance-moves';
import type { PlanRow, ShardBytes } from './rebalance-moves';
import { identityRefusals, nodesWithoutReferences, walRefusals } from './rebalance-refusals';

type Request = RequestOf<'rebalance-moves'>;

export interface MoveShardsFacts {
  readonly snapshot: ClusterSnapshot;
  readonly shardBytes: ShardBytes;
  /** Tables whose owner this session's role may not act as. */
  readonly notOwned: readonly string[];
  readonly answers: readonly NodeAnswer[];
  readonly preflight: PreflightFacts;
  /** Moves that this cluster has made, oldest first. */
  readonly moveTimes: readonly MoveSample[];
}

export function planMoveShards(facts: MoveShardsFacts, request: Request, context: PlanContext): PlanReply {
  const { snapshot } = facts;
  const title = `Move ${counted(request.moves.length, 'shard group')}`;
  const ordered = checkMoves(facts, request.moves);
  const rows = ordered.moves.flatMap((move) => rowsOf(snapshot, move));
  const planned = groupMoves(snapshot, rows, facts.shardBytes);
  const checked = preflight(facts.preflight, planned, request.transferMode);
  const reasons = [
    ...refuseOffCoordinator(snapshot),
    ...refuseWhileJobRuns(snapshot, 'it moves shards too, and each would spoil what the other counts on.'),
    ...refuseWhileNodesAreDown(snapshot, facts.answers, 'a move to or from it would fail.'),
    ...ordered.reasons,
    ...ownerRefusals(facts, rows),
    ...(request.transferMode === 'auto' ? identityRefusals(snapshot, rows, context) : []),
    ...(request.transferMode === 'block_writes' ? [] : walRefusals(facts, rows)),
    ...checked.reasons,
  ];
  if (reasons.length > 0) return refusalReply(title, reasons);

  const bytes = ordered.moves.reduce<number | null>(
    (sum, move) => (sum === null || move.bytes === null ? null : sum + move.bytes),
    0,
  );
  const nodes = nodeLoads(snapshot, rows, facts.shardBytes);
  const missing = snapshot.nodes.filter((node) => nodesWithoutReferences(snapshot).includes(addressOf(node)));
  const targets = [...new Set(ordered.moves.map((move) => addressOf(nameOf(move.target))))];
  return planReply(context, request, {
    title,
    summary: `${counted(ordered.moves.length, 'move')}${bytes === null ? '' : `, ${sizeWords(bytes)}`} to ${listed(targets)}.`,
    steps: [
      ...missing.map((node) => referenceStep(snapshot, node, request, context)),
      movesStep(facts, request, ordered.moves, context),
      checkStep(request, nodes, context),
    ],
    findings: [...findingsOf(request, ordered.moves, snapshot), ...checked.findings],
    details: {
      kind: 'rebalance',
      strategy: null,
      moves: planned,
      nodes,
    },
    basis: {
      Nodes: nodesWords(snapshot),
      Moves: listed(
        ordered.moves.map(
          (move) =>
            `shard ${move.shardId} from ${addressOf(nameOf(move.source))} to ${addressOf(nameOf(move.target))}`,
        ),
        Number.MAX_SAFE_INTEGER,
      ),
      'Tables that move': listed(
        movedTables(snapshot, rows)
          .map((table) => `${readable(table)}${table.hasReplicaIdentity ? '' : ' (no replica identity)'}`)
          .toSorted(),
        Number.MAX_SAFE_INTEGER,
      ),
    },
  });
}

function ownerRefusals(facts: MoveShardsFacts, rows: readonly PlanRow[]): readonly RefusalReason[] {
  const moved = new Set(movedTables(facts.snapshot, rows).map(readable));
  const foreign = facts.notOwned.filter((table) => moved.has(table));
  if (foreign.length === 0) return [];
  return [
    {
      code: 'not-owner',
      message: `A move needs the owner of the table; ${facts.snapshot.capabilities.role} does not own ${listed(foreign)}.`,
      fix: 'Connect as a superuser, or as a role that is a member of every owner.',
    },
  ];
}

function nameOf(address: OrderedMove['source']): { readonly name: string; readonly port: number } {
  return { name: address.host, port: address.port };
}

function referenceStep(
  snapshot: ClusterSnapshot,
  node: ClusterNode,
  request: Request,
  context: PlanContext,
): StepDraft {
  const references = snapshot.tables.filter((table) => table.type === 'reference');
  return {
    stepId: `reference-tables-${node.nodeId}`,
    title: `Copy ${counted(references.length, 'reference table')} to ${addressOf(node)}, compare row counts`,
    where: `${context.coordinator} → ${addressOf(node)}`,
    blocks:
      request.transferMode === 'block_writes' ? 'writes to them' : 'writes to them, for a moment at the end',
    undo: 'the copies stay; they are dropped with the node',
    canBeUndone: false,
    expectedMs: null,
    countsAsDoneWhen: `Every reference table has a placement on ${addressOf(node)} with as many rows as the others.`,
    ifInterrupted: 'Tables copied so far stay; the next start copies only what is missing.',
    action: {
      type: 'replicate-reference-tables',
      host: node.name,
      port: node.port,
      transferMode: request.transferMode,
      tables: references.map(({ schema, name }) => ({ schema, name })),
    },
  };
}

function movesStep(
  facts: MoveShardsFacts,
  request: Request,
  moves: readonly OrderedMove[],
  context: PlanContext,
): StepDraft {
  const { capabilities } = facts.snapshot;
  const atATime =
    request.parallelMoves > 1
      ? `up to ${request.parallelMoves} at a time, ${request.movesPerNode} a node`
      : 'one after the other';
  return {
    stepId: 'moves',
    title: `Move ${counted(moves.length, 'shard group')}, ${atATime}`,
    where: context.coordinator,
    blocks:
      request.transferMode === 'block_writes'
        ? 'writes to the shards of each move while they are copied'
        : 'writes to the shards of each move, for a moment at its end',
    undo: 'the same moves the other way, offered in the report',
    expectedMs: expectedMovesMs(facts.moveTimes, request.transferMode, moves, request.parallelMoves),
    countsAsDoneWhen: 'pg_dist_placement shows each shard on its target and no longer on its source.',
    ifInterrupted:
      'A move that is cut off leaves the shard where it was; Citus removes what was copied. The next start looks where each shard lies and goes on with the rest when it is resumed.',
    items: moves.map((move) => ({
      itemId: move.shardId,
      title: `${listed(move.tables, 1)}: ${addressOf(nameOf(move.source))} → ${addressOf(nameOf(move.target))}`,
      bytes: move.bytes,
    })),
    action: {
      type: 'move-shards',
      moves,
      transferMode: request.transferMode,
      parallelMoves: request.parallelMoves,
      movesPerNode: request.movesPerNode,
      window: request.window,
      oneOfGroupAtATime: !capabilities.parallelTransfer,
      byNodeId: capabilities.moveByNodeId,
    },
  };
}

function checkStep(request: Request, nodes: readonly NodeLoad[], context: PlanContext): StepDraft {
  const measure = request.constraints?.measure ?? 'bytes';
  // What a strategy of somebody's own evens out is compared with the plan by its shard groups.
  return balanceCheck(measure === 'cost' ? 'groups' : measure, nodes, context);
}

/** The last step of every rebalance. */
export function balanceCheck(
  measure: 'bytes' | 'groups',
  nodes: readonly NodeLoad[],
  context: PlanContext,
): StepDraft {
  return {
    stepId: 'check',
    title: 'Compare the balance with the plan, and list what is left over',
    where: context.coordinator,
    blocks: 'nothing',
    undo: 'nothing to take back: it only reads',
    expectedMs: [50, 10_000],
    countsAsDoneWhen:
      'No node is fuller than before, none that should hold shards is empty, none to be emptied holds any.',
    ifInterrupted: 'The next start reads again.',
    action: { type: 'check-balance', measure, nodes },
  };
}

function findingsOf(
  request: Request,
  moves: readonly OrderedMove[],
  snapshot: ClusterSnapshot,
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
  if (request.window !== null) {
    findings.push({
      level: 'mind',
      code: 'window',
      message: `Moves are begun from ${request.window.from} to ${request.window.to} by this machine's clock; one that was begun before the end is finished after it.`,
      remedy: 'Leave the app open until then: it begins the moves.',
    });
  }
  if (request.parallelMoves > 1 && !snapshot.capabilities.parallelTransfer) {
    findings.push({
      level: 'mind',
      code: 'one-of-group',
      message: `Citus ${snapshot.versions.citus} locks a colocation group while one of its shards moves, so moves of one group run one after the other.`,
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
    level: 'mind',
    code: 'needs-app',
    message: 'The moves are begun by this app: closing it holds them back after the ones that run.',
    remedy: "Citus's own plan runs in the background of the cluster without it.",
  });
  return findings;
}
