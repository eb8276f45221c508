/** The connection budget: whether what all open sessions may ask for at a time fits on every node. */
import { counted } from '../plan';
import type { HealthFacts, NodeHealthFacts } from './facts';
import { evidence, nodesDo, numberOf, onEachNode, unknownFor } from './judgement';
import type { Judged } from './judgement';

interface Budget {
  readonly node: NodeHealthFacts;
  /** All of the following together. */
  readonly needs: number;
  /** Clients of this node itself. */
  readonly own: number;
  /** Sessions of this app here, and the one that the coordinator opens for it. */
  readonly app: number;
  /** What each other node may open here, those that open none left out. */
  readonly incoming: readonly { readonly from: string; readonly connections: number }[];
  /** What the node may open to itself for the shards it holds. */
  readonly local: number;
  readonly open: number;
  readonly limit: number;
}

/**
 * What the sessions that are open now may ask of each node, summed over all nodes where statements may start: each
 * session opens up to citus.max_adaptive_executor_pool_size connections to a node, never more than that has shards, and
 * all sessions of one node together no more than citus.max_shared_pool_size (0: its max_connections) to another, and
 * citus.local_shared_pool_size (0: half of its max_connections) to itself.
 */
export function connectionBudgets(facts: HealthFacts): readonly Budget[] {
  const known = facts.nodes.flatMap((node) =>
    node.settings.known && node.connections.known
      ? [{ node, settings: node.settings.value, connections: node.connections.value }]
      : [],
  );
  const shardsOf = new Map<number, number>();
  for (const { groupIds } of facts.snapshot.shards) {
    for (const groupId of groupIds) shardsOf.set(groupId, (shardsOf.get(groupId) ?? 0) + 1);
  }
  const relays = known.some(({ node, connections }) => node.groupId === 0 && connections.app > 0) ? 1 : 0;
  return known.map(({ node, settings, connections }) => {
    const shards = shardsOf.get(node.groupId) ?? 0;
    const incoming = known
      .filter((origin) => origin.node.address !== node.address)
      .map((origin) => ({
        from: origin.node.address,
        connections: Math.min(
          origin.connections.own * perSession(origin.settings, shards),
          poolOf(origin.settings, 'citus.max_shared_pool_size', 1),
        ),
      }))
      .filter((origin) => origin.connections > 0);
    const local = Math.min(
      connections.own * perSession(settings, shards),
      poolOf(settings, 'citus.local_shared_pool_size', 0.5),
    );
    const app = connections.app + (node.groupId === 0 ? 0 : relays);
    const most = numberOf(settings['max_connections']) ?? 0;
    const kept = numberOf(settings['superuser_reserved_connections']) ?? 0;
    return {
      node,
      needs: incoming.reduce((sum, origin) => sum + origin.connections, connections.own + app + local),
      own: connections.own,
      app,
      incoming,
      local,
      open: connections.all,
      limit: most - kept,
    };
  });
}

function perSession(settings: Readonly<Record<string, string | null>>, shards: number): number {
  return Math.min(numberOf(settings['citus.max_adaptive_executor_pool_size']) ?? 16, shards);
}

/** @param share of max_connections that 0 stands for. */
function poolOf(settings: Readonly<Record<string, string | null>>, name: string, share: number): number {
  const limit = numberOf(settings[name]) ?? 0;
  if (limit < 0) return Number.POSITIVE_INFINITY;
  return limit > 0 ? limit : Math.floor((numberOf(settings['max_connections']) ?? 100) * share);
}

function budgetWords({ needs, limit, own, app, incoming, local, open }: Budget): string {
  const parts = [
    `${own} of its own clients`,
    `${app} of this app`,
    ...(local > 0 ? [`${local} to itself`] : []),
    ...[...incoming]
      .sort((one, other) => other.connections - one.connections)
      .slice(0, 4)
      .map((origin) => `${origin.connections} from ${origin.from}`),
    ...(incoming.length > 4 ? [`the rest from ${counted(incoming.length - 4, 'more node')}`] : []),
  ];
  return `may need ${needs} of ${limit}: ${parts.join(', ')}; ${open} open now`;
}

export function judgeConnectionBudget(facts: HealthFacts): Judged {
  const budgets = connectionBudgets(facts);
  const silent = facts.nodes.flatMap((node) => {
    const missing = [node.settings, node.connections].find((fact) => !fact.known);
    return missing && !missing.known ? [{ node, why: missing.why }] : [];
  });
  const full = budgets.filter(({ open, limit }) => open >= limit);
  const tight = budgets.filter(({ needs, limit }) => needs > limit);
  const base = {
    id: 'connection-budget',
    asksNodes: true,
    means:
      'When a node has no connection left, statements that need one more fail there, whoever sends them. Joins that exchange rows (repartition joins) heed no pool and may need more.',
    how: {
      words: `${onEachNode} Summed over all nodes where statements start: their client sessions, times what one session may open to a node; plus the sessions of the node itself and of this app.`,
      statement: facts.statements.connections,
    },
    evidence: [
      ...budgets
        .map((budget) =>
          evidence(
            budget.node.address,
            budgetWords(budget),
            budget.needs > budget.limit || budget.open >= budget.limit,
          ),
        )
        .sort((one, other) => Number(other.isFinding) - Number(one.isFinding)),
      ...silent.map(({ node, why }) => evidence(node.address, `not known: ${why}`)),
    ],
  };
  const mend = {
    text: 'Put a pooler in front of the coordinator, lower citus.max_shared_pool_size where statements start, or raise max_connections on the node and restart it.',
    sql: 'ALTER SYSTEM SET citus.max_shared_pool_size = 80;',
  };
  if (full.length > 0) {
    return {
      ...base,
      level: 'stops',
      title: `${nodesDo(
        full.map(({ node }) => node.address),
        'has',
        'have',
      )} no connection left`,
      found: `${full[0]?.open ?? 0} of ${full[0]?.limit ?? 0} are open.`,
      mend,
    };
  }
  if (tight.length > 0) {
    const worst = tight.reduce((most, one) => (one.needs - one.limit > most.needs - most.limit ? one : most));
    return {
      ...base,
      level: 'mind',
      title: `Connections: ${worst.node.address} may need ${worst.needs} of ${worst.limit}`,
      found: `${counted(tight.length, 'node')} may run out when every open session asks for all shards at once.`,
      mend,
    };
  }
  if (silent.length > 0)
    return { ...base, ...unknownFor('Connection budget', silent, facts.nodes.length), mend: null };
  return {
    ...base,
    level: 'fine',
    title: 'Connections suffice',
    found: 'What the open sessions may ask for fits on every node.',
    mend: null,
  };
}
