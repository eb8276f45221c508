/** What changed between two readings of a cluster, in words. Pure. */
import type {
  BackgroundJob,
  ClusterNode,
  ClusterReachability,
  ClusterSnapshot,
  NodeReachability,
} from '../contract/cluster';
import type { HistoryEvent } from '../contract/history';
import type { ClusterNodeStates, NodeCondition, NodeStateName } from '../contract/node-states';
import type { Operation, OperationState } from '../contract/operations';
import { nodeStates, wordOf } from '../contract/words';
import { placementChanges } from './placement-changes';
import { tableChanges } from './table-changes';
import { addressOf } from './words';

/** An event before it is numbered and dated. */
export type Change = Pick<HistoryEvent, 'kind' | 'level' | 'subject' | 'text' | 'nodes'>;

export function snapshotChanges(before: ClusterSnapshot, after: ClusterSnapshot): readonly Change[] {
  return [
    ...versionChanges(before, after),
    ...nodeChanges(before.nodes, after.nodes),
    ...tableChanges(before.tables, after.tables),
    ...(before.shards === after.shards ? [] : placementChanges(before, after)),
    ...jobChanges(before.jobs, after.jobs),
    ...settingChanges(before, after),
  ];
}

function versionChanges({ versions: before }: ClusterSnapshot, after: ClusterSnapshot): readonly Change[] {
  const parts = [
    ['PostgreSQL', before.postgres, after.versions.postgres],
    ['Citus', before.citus, after.versions.citus],
    ['extension citus', before.extension, after.versions.extension],
  ] as const;
  return parts
    .filter(([, old, now]) => old !== now)
    .map(([subject, old, now]) => ({
      kind: 'version',
      level: 'mute',
      subject,
      text: `changed from ${old} to ${now} on the coordinator`,
      nodes: [],
    }));
}

function nodeChanges(before: readonly ClusterNode[], after: readonly ClusterNode[]): readonly Change[] {
  const known = new Map(before.map((node) => [node.nodeId, node]));
  const changes: Change[] = [];
  for (const node of after) {
    const old = known.get(node.nodeId);
    known.delete(node.nodeId);
    if (old === undefined) {
      const takesNone = node.groupId !== 0 && !node.shouldHaveShards ? ', takes no shards' : '';
      changes.push(ofNode(node, 'ok', `added as ${roleWords(node)}${takesNone}`));
    } else changes.push(...attributeChanges(old, node));
  }
  for (const node of known.values()) changes.push(ofNode(node, 'mind', 'removed from the cluster'));
  return changes;
}

function attributeChanges(old: ClusterNode, node: ClusterNode): readonly Change[] {
  const changes: Change[] = [];
  const oldAddress = addressOf(old);
  if (oldAddress !== addressOf(node)) {
    const change = ofNode(node, 'mind', `took the place of ${oldAddress}`);
    changes.push({ ...change, nodes: [oldAddress, ...change.nodes] });
  }
  if (old.isActive !== node.isActive) {
    changes.push(
      node.isActive
        ? ofNode(node, 'ok', 'enabled')
        : ofNode(node, 'mind', 'disabled: the coordinator sends it no statements'),
    );
  }
  if (old.role !== node.role || old.isClone !== node.isClone) {
    changes.push(ofNode(node, 'mind', `became ${roleWords(node)}, was ${roleWords(old)}`));
  }
  if (old.shouldHaveShards !== node.shouldHaveShards) {
    changes.push(
      ofNode(node, 'mute', node.shouldHaveShards ? 'takes shards from now on' : 'takes no more shards'),
    );
  }
  const wasSynced = old.hasMetadata && old.metadataSynced;
  const isSynced = node.hasMetadata && node.metadataSynced;
  if (wasSynced !== isSynced) {
    changes.push(
      isSynced ? ofNode(node, 'ok', 'metadata synced') : ofNode(node, 'mind', 'metadata not synced'),
    );
  }
  if (old.rack !== node.rack) {
    changes.push(ofNode(node, 'mute', `rack changed from ${old.rack} to ${node.rack}`));
  }
  return changes;
}

function ofNode(node: ClusterNode, level: Change['level'], text: string): Change {
  const address = addressOf(node);
  return { kind: 'node', level, subject: address, text, nodes: [address] };
}

function roleWords(node: ClusterNode): string {
  if (node.groupId === 0) return node.role === 'primary' ? 'coordinator' : 'replica of the coordinator';
  if (node.isClone) return 'clone';
  return node.role === 'primary' ? 'worker' : 'replica';
}

const endedJob: ReadonlySet<string> = new Set(['finished', 'cancelled', 'failed']);

function jobChanges(before: readonly BackgroundJob[], after: readonly BackgroundJob[]): readonly Change[] {
  const known = new Map(before.map((job) => [job.jobId, job.state]));
  return after.flatMap(({ jobId, state, description }): Change[] => {
    const old = known.get(jobId);
    if (old === state) return [];
    const job = { kind: 'job', subject: `job ${jobId}`, nodes: [] } as const;
    const about = description === '' ? '' : `: ${description}`;
    if (endedJob.has(state)) {
      return [{ ...job, level: state === 'finished' ? 'ok' : 'bad', text: `${state}${about}` }];
    }
    if (old === undefined) return [{ ...job, level: 'busy', text: `started${about}` }];
    return state === 'failing' || state === 'cancelling' ? [{ ...job, level: 'mind', text: state }] : [];
  });
}

function settingChanges(before: ClusterSnapshot, after: ClusterSnapshot): readonly Change[] {
  const changes: Change[] = [];
  const strategyOf = ({ rebalanceStrategies }: ClusterSnapshot): string | undefined =>
    rebalanceStrategies.find(({ isDefault }) => isDefault)?.name;
  const [old, now] = [strategyOf(before), strategyOf(after)];
  if (old !== undefined && now !== undefined && old !== now) {
    changes.push({
      kind: 'version',
      level: 'mute',
      subject: 'rebalance strategy',
      text: `default changed from ${old} to ${now}`,
      nodes: [],
    });
  }
  const [was, is] = [before.capabilities, after.capabilities];
  if (was.role !== is.role || was.isSuperuser !== is.isSuperuser) {
    const words = (one: typeof is): string => `${one.role}${one.isSuperuser ? ', a superuser' : ''}`;
    changes.push({
      kind: 'connection',
      level: 'mute',
      subject: 'role of the session',
      text: `changed from ${words(was)} to ${words(is)}`,
      nodes: [],
    });
  }
  return changes;
}

/** `before` holds of every node the last state that was known; nodes that are not tried yet say nothing. */
export function reachChanges(
  nodes: readonly ClusterNode[],
  before: readonly NodeReachability[],
  after: ClusterReachability,
): readonly Change[] {
  const known = new Map(before.map((node) => [node.nodeId, node.state]));
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  return after.nodes.flatMap(({ nodeId, state, failure }): Change[] => {
    const node = byId.get(nodeId);
    const old = known.get(nodeId) ?? 'unknown';
    if (node === undefined || state === 'unknown' || state === old) return [];
    if (state === 'unreachable') {
      const why = failure === null ? '' : `: ${failure.message.replace(/\.$/, '')}`;
      return [ofNode(node, 'bad', `went away${why}`)];
    }
    if (old === 'unreachable') return [ofNode(node, 'ok', 'came back')];
    if (old === 'unknown') return [];
    return [
      state === 'indirect'
        ? ofNode(node, 'mind', 'is reached by the coordinator alone, not by this workstation')
        : ofNode(node, 'ok', 'is reached by this workstation again'),
    ];
  });
}

/** States that are told by what causes them: reach, and what the catalogs say of the node. */
const toldElsewhere: ReadonlySet<NodeStateName> = new Set([
  'unreachable',
  'inactive',
  'not-synced',
  'removed',
  'unknown',
]);

export function conditionChanges(
  nodes: readonly ClusterNode[],
  before: readonly NodeCondition[],
  after: ClusterNodeStates,
): readonly Change[] {
  const known = new Map(before.map((one) => [one.nodeId, one.state]));
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  return after.nodes.flatMap(({ nodeId, state }): Change[] => {
    const node = byId.get(nodeId);
    const old = known.get(nodeId);
    if (node === undefined || state === old || toldElsewhere.has(state)) return [];
    const word = wordOf(nodeStates, state);
    if (state !== 'active') return [ofNode(node, state === 'suspect' ? 'mind' : 'mute', `is ${word} now`)];
    if (old === undefined || toldElsewhere.has(old)) return [];
    return [ofNode(node, 'ok', `is ${word} again, was ${wordOf(nodeStates, old)}`)];
  });
}

export function connectionChange(address: string, isConnected: boolean, why: string | null): Change {
  return {
    kind: 'connection',
    level: isConnected ? 'ok' : 'bad',
    subject: 'coordinator',
    text: isConnected
      ? 'answers again'
      : `does not answer${why === null ? '' : `: ${why.replace(/\.$/, '')}`}`,
    nodes: [address],
  };
}

const operationWords: Readonly<Partial<Record<OperationState, readonly [Change['level'], string]>>> = {
  running: ['busy', 'began'],
  paused: ['mind', 'paused'],
  'needs-person': ['mind', 'waits for a decision'],
  interrupted: ['mind', 'was interrupted'],
  cancelled: ['mind', 'cancelled'],
  done: ['ok', 'done'],
  failed: ['bad', 'failed'],
};

/** Null where the new state is no news. `before` is undefined for an operation that was not seen before. */
export function operationChange(before: OperationState | undefined, operation: Operation): Change | null {
  const words = operationWords[operation.state];
  if (words === undefined || before === operation.state) return null;
  const [level, word] = words;
  const isResumed = operation.state === 'running' && before !== undefined;
  if (isResumed && (before === 'pausing' || before === 'cancelling')) return null;
  const why = operation.state === 'failed' ? failureOf(operation) : '';
  return {
    kind: 'operation',
    level,
    subject: operation.title,
    text: `${isResumed ? 'goes on' : word}${why}`,
    nodes: [],
  };
}

function failureOf(operation: Operation): string {
  const step = operation.steps.find(({ failure }) => failure !== null);
  return step?.failure ? ` at "${step.title}": ${step.failure.message.replace(/\.$/, '')}` : '';
}
