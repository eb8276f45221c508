/** The one judgement of a node: its state and role, and why. Pure. */
import type { ClusterNode, ClusterSnapshot, NodePace, NodeReachability } from '../contract/cluster';
import type { NodeCondition, NodeRoleName } from '../contract/node-states';
import { recentProbes, slowFactor, slowFromMs, slowProbes } from '../contract/words';
import { counted } from './plan';

/** Shards of distributed tables on a node group; copies of reference tables do not count. */
export interface HeldShards {
  readonly shards: number;
  /** Those of them that have no other copy. */
  readonly onlyCopies: number;
}

export interface NodeFacts {
  readonly node: ClusterNode;
  readonly reachability: NodeReachability | undefined;
  readonly held: HeldShards;
  /** Any node holds shards of distributed tables. */
  readonly clusterHasShards: boolean;
  /** A running job moves shards away from it. */
  readonly isGivingAway: boolean;
}

export type JudgedNode = Pick<NodeCondition, 'state' | 'role' | 'why'>;

export const holdsNothing: HeldShards = { shards: 0, onlyCopies: 0 };

/** By group. Runs once per changed catalogs, in time linear in the shards. */
export function heldShards(
  snapshot: Pick<ClusterSnapshot, 'tables' | 'shards'>,
): ReadonlyMap<number, HeldShards> {
  const counted = new Set(
    snapshot.tables.filter(({ type }) => type === 'distributed' || type === 'schema').map(({ oid }) => oid),
  );
  const held = new Map<number, { shards: number; onlyCopies: number }>();
  for (const { tableOid, groupIds } of snapshot.shards) {
    if (!counted.has(tableOid)) continue;
    for (const groupId of groupIds) {
      const known = held.get(groupId) ?? { shards: 0, onlyCopies: 0 };
      known.shards += 1;
      if (groupIds.length === 1) known.onlyCopies += 1;
      held.set(groupId, known);
    }
  }
  return held;
}

export function judgeNode(facts: NodeFacts): JudgedNode {
  const { node, reachability, held } = facts;
  const role = roleOf(node, held);
  const answer = reachability?.state ?? 'unknown';
  if (role === 'clone')
    return {
      role,
      state: answer === 'unreachable' ? 'unreachable' : 'inactive',
      why:
        answer === 'unreachable'
          ? `${causeOf(reachability)} A copy of another worker, so no statement fails.`
          : 'A copy of another worker. It takes no statements until it is promoted.',
    };
  if (!node.isActive) return { role, state: 'inactive', why: inactiveWords(held, answer) };
  if (answer === 'unreachable') return { role, state: 'unreachable', why: causeOf(reachability) };
  const slow = slowWords(reachability?.pace);
  if (slow !== null && answer !== 'unknown') return { role, state: 'suspect', why: slow };
  if (role === 'primary') {
    const special = judgeWorker(facts);
    if (special !== null) return { role, ...special };
  }
  if (answer === 'unknown')
    return {
      role,
      state: 'unknown',
      why: reachability?.failure
        ? `Whether it answers could not be found out: ${reachability.failure.message}`
        : 'Active in the catalogs of the coordinator; whether it answers was not tried yet.',
    };
  return { role, state: 'active', why: activeWords(facts, role) };
}

export function roleOf(node: ClusterNode, held: HeldShards): NodeRoleName {
  if (node.isClone) return 'clone';
  if (node.role === 'unavailable') return 'unavailable';
  if (node.groupId === 0) {
    if (node.role === 'secondary') return 'coordinator-secondary';
    return node.shouldHaveShards || held.shards > 0 ? 'coordinator-with-shards' : 'coordinator';
  }
  return node.role;
}

function judgeWorker(facts: NodeFacts): Pick<JudgedNode, 'state' | 'why'> | null {
  const { node, held } = facts;
  if (!node.hasMetadata)
    return {
      state: 'not-synced',
      why: 'It has no metadata: statements cannot start on it, and shards of newer tables may fail there.',
    };
  if (!node.metadataSynced)
    return {
      state: 'not-synced',
      why: 'The metadata on this node is behind. The coordinator sends it again by itself; until then statements that are sent to this node may fail.',
    };
  if (!node.shouldHaveShards && held.shards > 0) {
    const left = `Marked to hold no shards, and holds ${counted(held.shards, 'shard')} still.`;
    return facts.isGivingAway
      ? { state: 'draining', why: `${left} A job moves them away.` }
      : { state: 'to-be-drained', why: `${left} Nothing moves them away; a rebalance would.` };
  }
  if (!node.shouldHaveShards)
    return {
      state: 'drained',
      why: 'Marked to hold no shards, and holds none but copies of reference tables. It can be removed without loss.',
    };
  if (held.shards === 0 && facts.clusterHasShards)
    return {
      state: 'added',
      why: 'Takes part, and holds no shards of distributed tables yet. A rebalance would bring it some.',
    };
  return null;
}

function inactiveWords(held: HeldShards, answer: NodeReachability['state']): string {
  const base = 'Registered and disabled: the coordinator sends it no statements.';
  const answers =
    answer === 'unreachable' ? ' It does not answer either.' : answer === 'unknown' ? '' : ' It answers.';
  return held.onlyCopies > 0
    ? `${base}${answers} ${counted(held.onlyCopies, 'shard has', 'shards have')} the only copy there, so statements that touch ${held.onlyCopies === 1 ? 'it' : 'them'} fail.`
    : `${base}${answers}`;
}

function activeWords({ node, reachability }: NodeFacts, role: NodeRoleName): string {
  const reached =
    reachability?.state === 'indirect'
      ? 'The coordinator reaches it. This workstation does not, so nothing can be read from it directly.'
      : 'Answers.';
  switch (role) {
    case 'secondary':
    case 'coordinator-secondary':
      return `${reached} A streaming replica; it holds the same shards as its primary.`;
    case 'coordinator':
      return `${reached} It keeps the metadata.`;
    case 'coordinator-with-shards':
      return `${reached} It keeps the metadata, and ${node.shouldHaveShards ? 'may hold' : 'still holds'} shards.`;
    case 'primary':
    case 'clone':
    case 'unavailable':
      return reachability?.state === 'indirect' ? reached : 'Answers, and its metadata is synced.';
  }
}

function causeOf(reachability: NodeReachability | undefined): string {
  const message = reachability?.failure?.message ?? 'It does not answer.';
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

/** Above this a probe of a node counts as slow. */
export function slowAboveMs(usualMs: number | null): number {
  return Math.max(slowFromMs, slowFactor * (usualMs ?? 0));
}

/** Why a node that answers is suspect; null where it is not. */
export function slowWords(pace: NodePace | undefined): string | null {
  if (pace === undefined) return null;
  const recent = pace.recent.slice(-recentProbes);
  // Where no probe was answered, this workstation has no way to it: nothing is known of its pace.
  if (!recent.some((probe) => typeof probe === 'number')) return null;
  const limitMs = slowAboveMs(pace.usualMs);
  const late = recent.filter((probe) => probe === 'late').length;
  const slow = recent.filter((probe) => probe === 'late' || (typeof probe === 'number' && probe > limitMs));
  if (late === 0 && slow.length < slowProbes) return null;
  const usual = pace.usualMs === null ? '' : `; usual is ${msWords(pace.usualMs)}`;
  const answers = recent.filter((probe) => typeof probe === 'number');
  const last = answers.at(-1);
  const lastWords = last === undefined ? '' : ` The last answer took ${msWords(last)}${usual}.`;
  return late > 0
    ? `${counted(late, 'probe')} of the last ${recent.length} ran into the time limit.${lastWords}`
    : `${slow.length} of the last ${recent.length} probes took longer than ${msWords(limitMs)}.${lastWords}`;
}

function msWords(ms: number): string {
  return ms < 1 ? 'under 1 ms' : `${Math.round(ms)} ms`;
}
