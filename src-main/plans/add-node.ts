/** Adding a node by its address: what speaks against it, and the steps that register it without a gap. */
import type { ClusterSnapshot, ClusterTable } from '../contract/cluster';
import type { PlanReply, RequestOf, StepAction } from '../contract/operations';
import {
  addNodeFindings,
  addNodeRefusals,
  coordinatorRow,
  needsCoordinatorHost,
  transferModeFor,
} from './add-node-checks';
import type { AddNodeFacts } from './add-node-checks';
import { addressOf, counted, listed, planReply, readable, refusalReply, sizeWords } from './plan';
import type { PlanContext, StepDraft } from './plan';
import { jobWords, nodesWords } from './preconditions';

export type { AddNodeFacts, NewNodeFacts } from './add-node-checks';

export function planAddNode(
  facts: AddNodeFacts,
  request: RequestOf<'add-node'>,
  context: PlanContext,
): PlanReply {
  const target = addressOf({ name: request.host, port: request.port });
  const title = `Add node ${target}`;
  const reasons = addNodeRefusals(facts, request, context);
  if (reasons.length > 0) return refusalReply(title, reasons);

  const references = facts.snapshot.tables.filter((table) => table.type === 'reference');
  const steps = stepsOf(facts, request, context, references);
  return planReply(context, request, {
    title,
    summary: summaryOf(facts, request, target),
    steps,
    findings: addNodeFindings(facts, request, references),
    details: { kind: 'add-node', node: target, referenceTables: references.map(readable) },
    basis: {
      Nodes: nodesWords(facts.snapshot),
      'Reference tables': listed(references.map(readable).toSorted(), Number.MAX_SAFE_INTEGER),
      'Running jobs': jobWords(facts.snapshot),
      'Citus on the coordinator': facts.snapshot.versions.extension,
      'The new node': newNodeWords(facts),
    },
  });
}

function stepsOf(
  facts: AddNodeFacts,
  request: RequestOf<'add-node'>,
  context: PlanContext,
  references: readonly ClusterTable[],
): readonly StepDraft[] {
  const { host, port } = request;
  const target = addressOf({ name: host, port });
  const coordinator = context.coordinator;
  const steps: StepDraft[] = [];
  if (needsCoordinatorHost(facts, host)) {
    const { dialled } = facts;
    const row = coordinatorRow(facts.snapshot);
    steps.push({
      stepId: 'coordinator-host',
      title: `Register the coordinator as ${addressOf({ name: dialled.host, port: dialled.port })}`,
      where: coordinator,
      blocks: 'changes of nodes, under 2 s',
      undo: row
        ? `SELECT citus_set_coordinator_host(${context.sql.literal(row.name)}, ${row.port})`
        : 'citus_remove_node, while no other node exists',
      expectedMs: [50, 2_000],
      countsAsDoneWhen: `pg_dist_node shows group 0 as ${addressOf({ name: dialled.host, port: dialled.port })}.`,
      ifInterrupted: 'The next start looks at pg_dist_node first and goes on from what it finds.',
      action: { type: 'set-coordinator-host', host: dialled.host, port: dialled.port },
    });
  }
  const copies = references.length > 0;
  const registersWithout = copies || !request.shouldHaveShards;
  steps.push({
    stepId: 'register',
    title: 'Register the node',
    where: coordinator,
    blocks: 'DDL and other changes of nodes, under 10 s',
    undo: 'citus_remove_node, as long as it holds no shard',
    expectedMs: metadataMs(facts.snapshot),
    countsAsDoneWhen: `pg_dist_node shows ${target} active with its metadata synced, and the coordinator reaches it.`,
    ifInterrupted:
      'Citus registers a node in one transaction: afterwards it is there or it is not. The next start looks at pg_dist_node first.',
    action: { type: 'add-node', host, port },
  });
  if (registersWithout) {
    steps.push(shardsStep('no-shards', 'Keep shards away from it', host, port, false, coordinator));
  }
  if (copies) {
    steps.push({
      stepId: 'reference-tables',
      title: `Copy ${counted(references.length, 'reference table')}, compare row counts`,
      where: `${coordinator} → ${target}`,
      blocks:
        transferModeFor(facts, references) === 'auto'
          ? 'writes to them, for a moment at the end'
          : `writes to ${listed(references.map(readable))}`,
      undo: 'citus_remove_node drops the copies',
      expectedMs: copyMs(facts.referenceBytes, references.length),
      countsAsDoneWhen: `Every reference table has a placement on ${target} with as many rows as the others.`,
      ifInterrupted:
        'Tables copied so far stay; the next start counts placements and copies only what is missing.',
      action: referenceAction(facts, references, host, port),
    });
  }
  if (registersWithout && request.shouldHaveShards) {
    steps.push(shardsStep('take-shards', 'Let it take shards', host, port, true, coordinator));
  }
  return steps;
}

function referenceAction(
  facts: AddNodeFacts,
  references: readonly ClusterTable[],
  host: string,
  port: number,
): StepAction {
  return {
    type: 'replicate-reference-tables',
    host,
    port,
    transferMode: transferModeFor(facts, references),
    tables: references.map(({ schema, name }) => ({ schema, name })),
  };
}

function shardsStep(
  stepId: string,
  title: string,
  host: string,
  port: number,
  value: boolean,
  coordinator: string,
): StepDraft {
  return {
    stepId,
    title,
    where: coordinator,
    blocks: 'nothing',
    undo: 'sets it back',
    expectedMs: [20, 1_000],
    countsAsDoneWhen: `pg_dist_node.shouldhaveshards of ${addressOf({ name: host, port })} is ${value}.`,
    ifInterrupted: 'The next start looks at pg_dist_node first; setting it twice does no harm.',
    action: { type: 'set-should-have-shards', host, port, value },
  };
}

/** Every table's metadata is sent to the new node; the range is wide because nobody has measured it on a large cluster. */
function metadataMs(snapshot: ClusterSnapshot): readonly [number, number] {
  const objects = snapshot.tables.length + snapshot.shards.length / 50;
  return [300 + objects * 2, 5_000 + objects * 25];
}

function copyMs(bytes: number | null, tables: number): readonly [number, number] | null {
  if (bytes === null) return null;
  return [tables * 500 + bytes / 100_000, tables * 6_000 + bytes / 10_000];
}

function summaryOf(facts: AddNodeFacts, request: RequestOf<'add-node'>, target: string): string {
  const references = facts.snapshot.tables.filter((table) => table.type === 'reference');
  const copies =
    references.length === 0
      ? ''
      : ` with ${counted(references.length, 'reference table')}${facts.referenceBytes === null ? '' : ` (${sizeWords(facts.referenceBytes)})`}`;
  const shards = request.shouldHaveShards
    ? 'It is empty and takes shards; a rebalance moves existing ones to it.'
    : 'It takes no shards.';
  return `${target} belongs to the cluster${copies}. ${shards}`;
}

function newNodeWords(facts: AddNodeFacts): string {
  const node = facts.newNode;
  const reached =
    facts.coordinatorReachesIt === null
      ? 'reach unknown'
      : facts.coordinatorReachesIt
        ? 'reached'
        : 'not reached';
  if (node.state === 'unknown') return `not seen, ${reached}`;
  return `Citus ${node.extension ?? 'missing'}, ${counted(node.knownNodes, 'node')} known, ${reached}`;
}
