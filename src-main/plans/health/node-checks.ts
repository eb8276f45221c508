/** Nodes: do they answer, do they reach each other, are they what the catalogs say. */
import type { ClusterNode } from '../../contract/cluster';
import { activePrimaries, addressOf, counted, isLoopback, listed } from '../plan';
import type { HealthFacts } from './facts';
import { evidence, fromCatalogs, judgeNodes, nodesDo } from './judgement';
import type { Judged } from './judgement';

/** Shards that have a placement on the node, and those of them that have none elsewhere. */
function shardsOn(facts: HealthFacts, node: ClusterNode): { readonly all: number; readonly only: number } {
  const here = facts.snapshot.shards.filter((shard) => shard.groupIds.includes(node.groupId));
  return { all: here.length, only: here.filter((shard) => shard.groupIds.length === 1).length };
}

export function judgeReachability(facts: HealthFacts): Judged {
  const base = {
    id: 'reachability',
    how: {
      words:
        'Sent to every node from this workstation; where it fails, the coordinator is asked whether it reaches the node.',
      statement: facts.statements.heartbeat,
    },
    means:
      'A node that does not answer holds up every statement that touches its shards, and every change of the schema.',
  };
  const { reachability, snapshot } = facts;
  if (!reachability.known) {
    return {
      ...base,
      level: 'unknown',
      title: 'Which nodes answer',
      found: reachability.why,
      mend: null,
      evidence: [],
    };
  }
  const byId = new Map(reachability.value.map((one) => [one.nodeId, one]));
  const looked = snapshot.nodes
    .filter((node) => node.isActive)
    .map((node) => ({ node, seen: byId.get(node.nodeId) }));
  const away = looked.filter(({ seen }) => seen?.state === 'unreachable');
  const untold = looked.filter(({ seen }) => seen === undefined || seen.state === 'unknown');
  const indirect = looked.filter(({ seen }) => seen?.state === 'indirect');
  const rows = looked
    .map(({ node, seen }) => {
      const state = seen?.state ?? 'unknown';
      const words = {
        reachable: `answers${seen === undefined || seen.latencyMs === null ? '' : ` in ${Math.max(1, Math.round(seen.latencyMs))} ms`}`,
        indirect: 'answers the coordinator, not this workstation',
        unreachable: seen?.failure?.message ?? 'does not answer',
        unknown: `not known${seen?.failure ? `: ${seen.failure.message}` : ''}`,
      }[state];
      return evidence(addressOf(node), words, state === 'unreachable');
    })
    .sort((one, other) => Number(other.isFinding) - Number(one.isFinding));
  if (away.length > 0) {
    const only = away.reduce((sum, { node }) => sum + shardsOn(facts, node).only, 0);
    const names = away.map(({ node }) => addressOf(node));
    const sinces = away.flatMap(({ seen }) => (seen ? [seen.since] : [])).sort();
    return {
      ...base,
      level: 'stops',
      title: nodesDo(names, 'does not answer', 'do not answer'),
      found:
        only > 0
          ? `${counted(only, 'shard has', 'shards have')} the only copy there; statements that touch ${only === 1 ? 'it' : 'them'} fail.`
          : 'No shard has its only copy there; changes of the schema and of the nodes fail.',
      mend: {
        text: `Start PostgreSQL on ${listed(names)}, or mend the network between. The node's page shows the server's own text.`,
        page: 'nodes',
      },
      evidence: rows,
      since: sinces[0],
    };
  }
  if (untold.length > 0) {
    return {
      ...base,
      level: 'unknown',
      title: `Whether ${nodesDo(
        untold.map(({ node }) => addressOf(node)),
        'answers',
        'answer',
      )}`,
      found: untold.find(({ seen }) => seen?.failure)?.seen?.failure?.message ?? 'Not tried yet.',
      mend: null,
      evidence: rows,
    };
  }
  return {
    ...base,
    level: 'fine',
    title: 'Every node answers',
    found:
      indirect.length === 0
        ? `${counted(looked.length, 'node answers', 'nodes answer')} this workstation.`
        : `${counted(indirect.length, 'node answers', 'nodes answer')} through the coordinator alone; this workstation has no way to ${indirect.length === 1 ? 'it' : 'them'}.`,
    mend: null,
    evidence: rows,
  };
}

export function judgeConnectivity(facts: HealthFacts): Judged {
  const base = {
    id: 'connectivity',
    how: {
      words:
        'Asked on every node that answers, about every other that answers; a pair is asked again when one of the two changed, and all on "Check again".',
      statement: facts.statements.connectivity,
    },
    means:
      'Nodes open connections to each other for moves, for joins that exchange rows, and for statements that start on a worker.',
  };
  const fact = facts.connectivity;
  if (!fact.known) {
    return {
      ...base,
      level: 'unknown',
      title: 'Which nodes reach each other',
      found: fact.why,
      mend: null,
      evidence: [],
    };
  }
  const { pairs, silent } = fact.value;
  const broken = pairs.filter(({ reached }) => !reached);
  const rows = [
    ...broken.map(({ from, to }) => evidence(from, `does not reach ${to}`, true)),
    ...silent.map(({ from, why }) => evidence(from, `not known: ${why}`)),
  ];
  if (broken.length > 0) {
    const first = broken[0];
    return {
      ...base,
      level: 'stops',
      word: 'will fail',
      title:
        broken.length === 1 && first
          ? `${first.from} does not reach ${first.to}`
          : `${broken.length} connections between nodes fail`,
      found: `${broken.length} of ${counted(pairs.length, 'connection')} between nodes could not be opened.`,
      mend: {
        text: 'On the node that is not reached: pg_hba.conf, listen_addresses, the firewall. On the one that asks: name resolution, and the password in pgpass or pg_dist_authinfo.',
        sql: first ? connectionSql(facts, first.to) : undefined,
      },
      evidence: rows,
    };
  }
  if (silent.length > 0) {
    return {
      ...base,
      level: 'unknown',
      title: `Whom ${nodesDo(
        silent.map(({ from }) => from),
        'reaches',
        'reach',
      )}`,
      found: silent[0]?.why ?? '',
      mend: null,
      evidence: rows,
    };
  }
  return {
    ...base,
    level: 'fine',
    title: 'Nodes reach each other',
    found:
      pairs.length === 0
        ? 'There are no two nodes.'
        : `${counted(pairs.length, 'connection')} between nodes could be opened.`,
    mend: null,
    evidence: rows,
  };
}

function connectionSql(facts: HealthFacts, to: string): string {
  const at = to.lastIndexOf(':');
  const host = to.slice(0, at).replace(/^\[|\]$/g, '');
  return `SELECT citus_check_connection_to_node(${facts.sql.literal(host)}, ${to.slice(at + 1)});`;
}

export function judgeMetadata(facts: HealthFacts): Judged {
  const nodes = activePrimaries(facts.snapshot);
  const late = nodes.filter((node) => !node.hasMetadata || !node.metadataSynced);
  return {
    id: 'metadata',
    level: late.length > 0 ? 'mind' : 'fine',
    title:
      late.length > 0
        ? `${nodesDo(late.map(addressOf), 'waits', 'wait')} for metadata`
        : 'Metadata is synced',
    found:
      late.length > 0
        ? 'The maintenance daemon has not brought the last changes there.'
        : `${counted(nodes.length, 'node has', 'nodes have')} the catalogs of the coordinator.`,
    means: 'Statements that start on such a node see older nodes and tables than the coordinator does.',
    how: { words: fromCatalogs, statement: facts.statements.nodes },
    mend:
      late.length > 0
        ? {
            text: 'The daemon tries again every minute. If it stays, send the metadata by hand; this waits for every node and locks pg_dist_node meanwhile.',
            sql: 'SELECT start_metadata_sync_to_all_nodes();',
          }
        : null,
    evidence: nodes.map((node) =>
      evidence(
        addressOf(node),
        !node.hasMetadata ? 'has no metadata' : node.metadataSynced ? 'synced' : 'not synced',
        late.includes(node),
      ),
    ),
  };
}

export function judgeInactive(facts: HealthFacts): Judged {
  const nodes = facts.snapshot.nodes.filter((node) => !node.isClone);
  const inactive = nodes.filter((node) => !node.isActive);
  const held = inactive.reduce((sum, node) => sum + shardsOn(facts, node).only, 0);
  const first = inactive[0];
  return {
    id: 'inactive',
    level: inactive.length === 0 ? 'fine' : held > 0 ? 'stops' : 'mind',
    title:
      inactive.length === 0
        ? 'Every node is active'
        : nodesDo(inactive.map(addressOf), 'is not active', 'are not active'),
    found:
      inactive.length === 0
        ? `${counted(nodes.length, 'node is', 'nodes are')} registered and active.`
        : held > 0
          ? `${counted(held, 'shard has', 'shards have')} the only copy there.`
          : 'No shard has its only copy there.',
    means: 'An inactive node gets no statements, no shards and no metadata.',
    how: { words: fromCatalogs, statement: facts.statements.nodes },
    mend:
      first === undefined
        ? null
        : {
            text: 'Activate it when its server runs again, or remove it from the cluster. Activation copies the metadata to it.',
            sql: `SELECT citus_activate_node(${facts.sql.literal(first.name)}, ${first.port});`,
            page: 'nodes',
          },
    evidence: nodes.map((node) =>
      evidence(addressOf(node), node.isActive ? 'active' : 'not active', !node.isActive),
    ),
  };
}

export function judgeCoordinator(facts: HealthFacts): Judged {
  const { snapshot } = facts;
  const own = snapshot.nodes.find((node) => node.groupId === 0 && node.role === 'primary');
  const workers = snapshot.nodes.filter((node) => node.groupId !== 0);
  const remote = workers.filter((node) => !isLoopback(node.name));
  const base = {
    id: 'coordinator',
    means:
      'Other nodes dial the coordinator by the address it is registered under: for metadata, reference tables and statements from workers.',
    how: { words: fromCatalogs, statement: facts.statements.nodes },
    evidence: snapshot.nodes.map((node) =>
      evidence(addressOf(node), node.groupId === 0 ? 'coordinator' : 'worker'),
    ),
  };
  if (own === undefined && workers.length > 0) {
    return {
      ...base,
      level: 'mind',
      title: 'The coordinator is not registered',
      found: 'pg_dist_node has no row of group 0.',
      mend: {
        text: 'Register it under a name or address that every node can dial. Nothing is blocked.',
        sql: "SELECT citus_set_coordinator_host('<host name>');",
      },
    };
  }
  if (own !== undefined && isLoopback(own.name) && remote.length > 0) {
    return {
      ...base,
      level: 'stops',
      word: 'will fail',
      title: `The coordinator is registered as ${own.name}`,
      found: `On ${listed(remote.map(addressOf))} that name means the node itself.`,
      mend: {
        text: 'Register it under a name or address that every node can dial. Nothing is blocked.',
        sql: `SELECT citus_set_coordinator_host('<host name>', ${own.port});`,
      },
    };
  }
  return {
    ...base,
    level: 'fine',
    title: own === undefined ? 'The coordinator works alone' : 'The coordinator is registered',
    found:
      own === undefined
        ? 'No node is registered; it registers itself with the first distributed table.'
        : `Other nodes dial it as ${own.name}, port ${own.port}.`,
    mend: null,
  };
}

export function judgeExtension(facts: HealthFacts): Judged {
  return judgeNodes(facts, {
    id: 'extension',
    subject: 'Whether the extension citus is there',
    pick: ({ versions }) => versions,
    judge: ({ extension }) => ({ value: extension ?? 'not there', isFinding: extension === null }),
    level: 'stops',
    title: (names) =>
      `The extension citus is missing ${names.length > 2 ? `on ${names.length} nodes` : `on ${listed(names)}`}`,
    found: () => 'It does not exist in the database of this session there.',
    fine: {
      title: 'The extension is on every node',
      found: 'Every node has citus in the database of this session.',
    },
    means: 'Without it a node keeps no metadata and takes no part in anything but plain SQL.',
    how: { words: 'Asked on every node, each over its own session.', statement: facts.statements.versions },
    mend: {
      text: 'Where the node was set up anew, create the extension, remove the node and add it again. Where it was dropped, restore the node from its backup.',
      sql: 'CREATE EXTENSION citus;',
      page: 'nodes',
    },
  });
}
