/** Settings that must agree between the nodes, or suffice on each. */
import type { HealthFacts, NodeHealthFacts } from './facts';
import {
  answersOf,
  evidence,
  judgeNodes,
  nodesDo,
  numberOf,
  onEachNode,
  onNodes,
  unknownFor,
} from './judgement';
import type { Judged } from './judgement';

const how = (facts: HealthFacts) => ({ words: onEachNode, statement: facts.statements.settings });
const settingsOf = ({ settings }: NodeHealthFacts) => settings;

/** Each owner of tables in a moved group needs a slot, a sender and an apply worker of its own. */
function ownersPerMove(facts: HealthFacts): number {
  const byGroup = new Map<number, Set<string>>();
  for (const table of facts.snapshot.tables) {
    if (table.type !== 'distributed' && table.type !== 'schema') continue;
    const owners = byGroup.get(table.colocationId) ?? new Set<string>();
    byGroup.set(table.colocationId, owners.add(table.owner));
  }
  return Math.max(1, ...[...byGroup.values()].map((owners) => owners.size));
}

/** Moves that one node takes part in at a time, and moves of the whole cluster, by the settings of the coordinator. */
function executors(facts: HealthFacts): { readonly perNode: number; readonly all: number } {
  const coordinator = facts.nodes.find(({ groupId }) => groupId === 0);
  const settings = coordinator?.settings.known ? coordinator.settings.value : {};
  return {
    perNode: numberOf(settings['citus.max_background_task_executors_per_node']) ?? 1,
    all: numberOf(settings['citus.max_background_task_executors']) ?? 1,
  };
}

export function judgeWalLevel(facts: HealthFacts): Judged {
  return judgeNodes(facts, {
    id: 'wal-level',
    subject: 'wal_level',
    pick: settingsOf,
    judge: (settings) => ({
      value: settings['wal_level'] ?? 'no such setting',
      isFinding: settings['wal_level'] !== 'logical',
    }),
    level: 'mind',
    title: (names) => `wal_level is not logical ${onNodes(names)}`,
    found: (names) =>
      `Shards cannot leave ${names.length === 1 ? 'this node' : 'these nodes'} while they are written to.`,
    fine: { title: 'wal_level is logical everywhere', found: 'Shards can be moved online from every node.' },
    means:
      'Moving shards online decodes the log of the node they leave. Without it a move is refused, or blocks writes with block_writes.',
    how: how(facts),
    mend: {
      text: 'Set it on the node, then restart PostgreSQL there.',
      sql: "ALTER SYSTEM SET wal_level = 'logical';",
    },
  });
}

export function judgeWorkerProcesses(facts: HealthFacts): Judged {
  const { all } = executors(facts);
  const owners = ownersPerMove(facts);
  return judgeNodes(facts, {
    id: 'worker-processes',
    subject: 'max_worker_processes',
    pick: settingsOf,
    judge: (settings, node) => {
      const has = numberOf(settings['max_worker_processes']);
      // The launcher of logical replication, the maintenance daemon, the apply workers of a move; the coordinator runs the queue too.
      const needs = 2 + owners + (node.groupId === 0 ? 1 + all : 0);
      return { value: `${has ?? 'unknown'}, needs ${needs}`, isFinding: has !== null && has < needs };
    },
    level: 'mind',
    word: 'will fail',
    title: (names) => `max_worker_processes is too low ${onNodes(names)}`,
    found: () => 'Background jobs or the apply workers of a move will not find a free process.',
    fine: {
      title: 'max_worker_processes suffices',
      found: 'Every node has room for the maintenance daemon, background jobs and a move.',
    },
    means:
      'The maintenance daemon, the job queue, its executors and the apply workers of online moves are background workers.',
    how: how(facts),
    mend: {
      text: 'Raise it on the node, then restart PostgreSQL there.',
      sql: 'ALTER SYSTEM SET max_worker_processes = 32;',
    },
  });
}

interface Room {
  readonly id: string;
  readonly setting: string;
  readonly taken: (node: NodeHealthFacts) => number;
  readonly means: string;
}

function judgeRoom(facts: HealthFacts, room: Room): Judged {
  const needs = ownersPerMove(facts) * executors(facts).perNode;
  return judgeNodes(facts, {
    id: room.id,
    subject: room.setting,
    pick: settingsOf,
    judge: (settings, node) => {
      const has = numberOf(settings[room.setting]);
      const taken = room.taken(node);
      return {
        value: `${has ?? 'unknown'}, ${taken} in use, a move needs ${needs}`,
        isFinding: has !== null && has - taken < needs,
      };
    },
    level: 'mind',
    word: 'will fail',
    title: (names) => `${room.setting} leaves no room for a move ${onNodes(names)}`,
    found: () => `An online move needs ${needs}; fewer are free.`,
    fine: {
      title: `${room.setting} suffices`,
      found: `Every node has room for the ${needs} that a move needs.`,
    },
    means: room.means,
    how: how(facts),
    mend: {
      text: 'Raise it on the node and restart PostgreSQL there, or drop what is not used any more.',
      sql: `ALTER SYSTEM SET ${room.setting} = 20;`,
    },
  });
}

export function judgeReplicationSlots(facts: HealthFacts): Judged {
  return judgeRoom(facts, {
    id: 'replication-slots',
    setting: 'max_replication_slots',
    taken: ({ slots }) => (slots.known ? slots.value.length : 0),
    means:
      'An online move makes a slot on the node it leaves for each owner of the tables that travel together.',
  });
}

export function judgeWalSenders(facts: HealthFacts): Judged {
  return judgeRoom(facts, {
    id: 'wal-senders',
    setting: 'max_wal_senders',
    taken: ({ slots }) => (slots.known ? slots.value.filter(({ isActive }) => isActive).length : 0),
    means:
      'An online move opens a WAL sender on the node it leaves for each owner of the tables that travel together.',
  });
}

export function judgePreparedTransactionsSetting(facts: HealthFacts): Judged {
  return judgeNodes(facts, {
    id: 'max-prepared-transactions',
    subject: 'max_prepared_transactions',
    pick: settingsOf,
    judge: (settings) => ({
      value: settings['max_prepared_transactions'] ?? 'no such setting',
      isFinding: settings['max_prepared_transactions'] === '0',
    }),
    level: 'stops',
    title: (names) => `max_prepared_transactions is 0 ${onNodes(names)}`,
    found: () => 'Transactions that write there and elsewhere fail.',
    fine: {
      title: 'Prepared transactions are allowed',
      found: 'max_prepared_transactions is above 0 on every node.',
    },
    means:
      'What writes to several nodes is committed in two phases, and the first prepares a transaction on each.',
    how: how(facts),
    mend: {
      text: 'Set it to twice max_connections on the node, then restart PostgreSQL there.',
      sql: 'ALTER SYSTEM SET max_prepared_transactions = 200;',
    },
  });
}

/** Minors of PostgreSQL since 15.19 and its siblings have the setting; older ones allow every plugin. */
export function judgeOutputPlugins(facts: HealthFacts): Judged {
  return judgeNodes(facts, {
    id: 'output-plugins',
    subject: 'output_plugin_libraries',
    pick: settingsOf,
    judge: (settings) => {
      const list = settings['output_plugin_libraries'] ?? null;
      return {
        value: list ?? 'no such setting, every plugin is allowed',
        isFinding: list !== null && !/(^|[\s,"'])citus([\s,"']|$)/.test(list),
      };
    },
    level: 'stops',
    word: 'will fail',
    title: (names) => `output_plugin_libraries lacks citus ${onNodes(names)}`,
    found: () =>
      'Online splits, tenant isolation and create_distributed_table_concurrently are refused there.',
    fine: {
      title: "Citus's output plugin is allowed",
      found: 'output_plugin_libraries names citus wherever the setting exists.',
    },
    means:
      "Recent minor versions of PostgreSQL load only listed libraries as logical decoding plugins, and Citus's is not in the default list. Moves of whole shards use another plugin and are not affected.",
    how: how(facts),
    mend: {
      text: 'Set it on the node and reload; no restart, nothing blocks. Then: SELECT pg_reload_conf();',
      sql: 'ALTER SYSTEM SET output_plugin_libraries = pgoutput, test_decoding, citus;',
    },
  });
}

const mustAgree = ['server_encoding', 'max_connections'] as const;

export function judgeAgreement(facts: HealthFacts): Judged {
  const { answers, silent } = answersOf(facts.nodes, settingsOf);
  const coordinator = answers.find(({ node }) => node.groupId === 0)?.value ?? answers[0]?.value ?? {};
  const rows = answers.map(({ node, value }) => {
    const differing = mustAgree.filter((name) =>
      name === 'max_connections'
        ? (numberOf(value[name]) ?? 0) < (numberOf(coordinator[name]) ?? 0)
        : value[name] !== coordinator[name],
    );
    const words = mustAgree.map((name) => `${name} ${value[name] ?? 'unknown'}`).join(', ');
    return evidence(node.address, words, differing.length > 0);
  });
  const base = {
    id: 'settings-agree',
    asksNodes: true,
    means:
      'A worker with fewer connections than the coordinator refuses some of what the coordinator opens; another encoding changes what text means.',
    how: how(facts),
    evidence: [...rows, ...silent.map(({ node, why }) => evidence(node.address, `not known: ${why}`))].sort(
      (one, other) => Number(other.isFinding) - Number(one.isFinding),
    ),
  };
  const differing = rows.filter(({ isFinding }) => isFinding).map(({ subject }) => subject);
  if (differing.length > 0) {
    return {
      ...base,
      level: 'mind',
      title: `${nodesDo(differing, 'differs', 'differ')} from the coordinator`,
      found: `${mustAgree.join(' and ')} are compared.`,
      mend: {
        text: 'Give every node the same max_connections and restart PostgreSQL there. An encoding is chosen when the database is created.',
      },
    };
  }
  if (silent.length > 0)
    return { ...base, ...unknownFor('Whether settings agree', silent, facts.nodes.length), mend: null };
  return {
    ...base,
    level: 'fine',
    title: 'Settings agree',
    found: `${mustAgree.join(' and ')} are the same or sufficient everywhere.`,
    mend: null,
  };
}
